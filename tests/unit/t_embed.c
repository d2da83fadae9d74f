/*
 * An engine in a program with a loop of its own: one descriptor says when there is
 * work, one call does it.  Every case runs with pool threads and without threads.
 * A case that would wait for ever is ended by Check.
 */
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <dtf/dtf.h>

#include "../support/one_step.h"
#include "../support/suite.h"

static struct dtf_engine *engine;
static struct dtf_client *client;
static char dir[64]; /* "" = memory */
static _Atomic unsigned runs;

static int says_done(struct dtf_activity *act, const void *args, void *ret) {
	const char *text = "done";
	memcpy(ret, &text, sizeof(text));
	runs++;
	return 0;
}

static void open_engine(int threads, struct dtf_engine_options options) {
	options.dir = dir[0] == '\0' ? NULL : dir;
	options.workers = threads > 0 ? 2 : DTF_NO_WORKERS;
	options.verify = true;
	ck_assert_msg(dtf_engine_open(&options, &engine) == 0, "%s", dtf_errmsg());
	ck_assert_int_eq(dtf_engine_register(engine, &one_step_module), 0);
	ck_assert_msg(dtf_engine_attach(engine) == 0, "%s", dtf_errmsg());
	client = dtf_engine_client(engine);
}

static void make_world(int threads) {
	one_step_reset();
	one_step_does = says_done;
	runs = 0;
	dir[0] = '\0';
	open_engine(threads, (struct dtf_engine_options){ 0 });
}

static void close_world(void) {
	ck_assert_msg(dtf_engine_stop(engine) == 0, "%s", dtf_errmsg());
	dtf_engine_close(engine);
}

static bool is_readable(void) {
	struct pollfd fd = { .fd = dtf_engine_fd(engine), .events = POLLIN };
	return poll(&fd, 1, 0) == 1;
}

/* One turn of the program's loop. */
static void turn(void) {
	struct pollfd fd = { .fd = dtf_engine_fd(engine), .events = POLLIN };
	ck_assert_int_eq(poll(&fd, 1, -1), 1);
	ck_assert_int_ge(dtf_engine_run_once(engine), 0);
}

struct answer {
	unsigned count;
	int rc;
	enum dtf_status status;
};

static void hear(void *arg, int rc, const struct dtf_result *result) {
	struct answer *answer = arg;
	answer->count++;
	answer->rc = rc;
	answer->status = result == NULL ? DTF_RUNNING : result->status;
}

static struct answer ask(enum dtf_verb verb, const char *id) {
	struct answer answer = { 0 };
	struct dtf_request request = { .verb = verb,
		.id = id,
		.workflow = "w.w",
		.input = "[]",
		.done = hear,
		.arg = &answer };
	ck_assert_int_eq(dtf_ask(client, &request), 0);
	while (answer.count == 0) {
		turn();
	}
	return answer;
}

START_TEST(the_descriptor_says_when_there_is_work) {
	make_world(_i);
	ck_assert_int_eq(ask(DTF_ASK_START, "i").rc, 0);
	ck_assert_int_eq(ask(DTF_ASK_WAIT, "i").status, DTF_COMPLETED);
	ck_assert_uint_eq(runs, 1);
	while (is_readable()) {
		turn();
	}
	/* Nothing is due: it says so, and stays quiet. */
	ck_assert_int_eq(dtf_engine_run_once(engine), 0);
	ck_assert(!is_readable());
	struct dtf_request start = {
		.verb = DTF_ASK_START, .id = "j", .workflow = "w.w", .input = "[]"
	};
	ck_assert_int_eq(dtf_ask(client, &start), 0);
	ck_assert(is_readable());
	close_world();
}
END_TEST

static int fails_twice(struct dtf_activity *act, const void *args, void *ret) {
	if (dtf_activity_attempt(act) < 3) {
		return dtf_activity_fail(act, NULL, "not yet");
	}
	return says_done(act, args, ret);
}

START_TEST(the_descriptor_says_when_a_time_has_come) {
	make_world(_i);
	one_step_does = fails_twice;
	one_step.policy.backoff_min_ms = one_step.policy.backoff_max_ms = 5;
	ck_assert_int_eq(ask(DTF_ASK_START, "i").rc, 0);
	ck_assert_int_eq(ask(DTF_ASK_WAIT, "i").status, DTF_COMPLETED);
	ck_assert_uint_eq(runs, 1);
	close_world();
}
END_TEST

static _Atomic int64_t clock_ms;

static int64_t read_clock(void *user) {
	return clock_ms;
}

START_TEST(a_program_may_bring_its_own_clock) {
	one_step_reset();
	one_step_does = fails_twice;
	one_step.policy.backoff_min_ms = one_step.policy.backoff_max_ms = 3600000;
	runs = 0;
	dir[0] = '\0';
	clock_ms = INT64_C(1000000000000);
	open_engine(_i, (struct dtf_engine_options){ .now_ms = read_clock });
	ck_assert_int_eq(ask(DTF_ASK_START, "i").rc, 0);
	struct answer answer = { 0 };
	struct dtf_request wait = { .verb = DTF_ASK_WAIT, .id = "i", .done = hear, .arg = &answer };
	ck_assert_int_eq(dtf_ask(client, &wait), 0);
	/* Two pauses of at least an hour each, in no time. */
	while (answer.count == 0) {
		clock_ms += 60000;
		ck_assert_int_ge(dtf_engine_run_once(engine), 0);
	}
	ck_assert_int_eq(answer.status, DTF_COMPLETED);
	ck_assert_int_ge(clock_ms, INT64_C(1000000000000) + 2 * 3600000);
	close_world();
}
END_TEST

START_TEST(calls_that_wait_drive_it) {
	make_world(_i);
	ck_assert_int_eq(dtf_start(client, "w.w", "i", "[]"), 0);
	ck_assert_int_eq(dtf_start(client, "w.w", "i", "[]"), DTF_EEXISTS);
	struct dtf_result result;
	ck_assert_int_eq(dtf_wait_result(client, "i", -1, &result), 0);
	ck_assert_int_eq(result.status, DTF_COMPLETED);
	dtf_result_free(&result);
	/* As long as it was told to, and no longer. */
	one_step_does = fails_twice;
	one_step.policy.backoff_min_ms = one_step.policy.backoff_max_ms = 3600000;
	ck_assert_int_eq(dtf_start(client, "w.w", "j", "[]"), 0);
	ck_assert_int_eq(dtf_wait_result(client, "j", 1, NULL), DTF_ETIMEOUT);
	ck_assert_int_eq(dtf_wait_result(client, "j", 0, NULL), DTF_ETIMEOUT);
	close_world();
}
END_TEST

static int returns_nothing(struct dtf_activity *act, const void *args, void *ret) {
	runs++;
	return strcmp(dtf_activity_instance(act), "i") == 0
		? dtf_activity_return_json(act, NULL)
		: dtf_activity_fail_json(act, NULL, NULL, NULL);
}

START_TEST(an_activity_that_says_nothing_has_failed) {
	make_world(_i);
	one_step_does = returns_nothing;
	one_step.policy.attempts = 1;
	static const char *const ids[] = { "i", "j" };
	for (size_t i = 0; i < 2; i++) {
		struct dtf_result result;
		ck_assert_int_eq(dtf_start(client, "w.w", ids[i], "[]"), 0);
		ck_assert_str_eq(dtf_errmsg(), ""); /* nor does a round leave a text behind */
		ck_assert_int_eq(dtf_wait_result(client, ids[i], -1, &result), 0);
		ck_assert_int_eq(result.status, DTF_FAILED);
		ck_assert_str_eq(result.error.name, "activity_failed");
		dtf_result_free(&result);
	}
	ck_assert_uint_eq(runs, 2);
	ck_assert_int_ge(dtf_engine_run_once(engine), 0);
	ck_assert_str_eq(dtf_errmsg(), "");
	close_world();
}
END_TEST

static void *start_and_wait(void *arg) {
	bool ok = dtf_start(client, "w.w", "i", "[]") == 0 &&
		dtf_wait_result(client, "i", -1, NULL) == 0;
	*(_Atomic bool *)arg = true;
	return ok ? NULL : arg;
}

START_TEST(other_threads_wait_for_the_one_that_drives) {
	make_world(_i);
	pthread_t thread;
	_Atomic bool through = false;
	void *trouble;
	ck_assert_int_eq(pthread_create(&thread, NULL, start_and_wait, &through), 0);
	while (!through) {
		struct pollfd fd = { .fd = dtf_engine_fd(engine), .events = POLLIN };
		ck_assert_int_ge(poll(&fd, 1, 1), 0);
		ck_assert_int_ge(dtf_engine_run_once(engine), 0);
	}
	ck_assert_int_eq(pthread_join(thread, &trouble), 0);
	ck_assert_ptr_null(trouble);
	close_world();
}
END_TEST

static int inside[3];

static void call_from_inside(void *arg, int rc, const struct dtf_result *result) {
	inside[0] = dtf_engine_run_once(engine);
	inside[1] = dtf_engine_stop(engine);
	inside[2] = dtf_start(client, "w.w", "j", "[]");
	hear(arg, rc, result);
}

START_TEST(what_it_calls_cannot_drive_it) {
	make_world(_i);
	struct answer answer = { 0 };
	struct dtf_request start = { .verb = DTF_ASK_START,
		.id = "i",
		.workflow = "w.w",
		.input = "[]",
		.done = call_from_inside,
		.arg = &answer };
	ck_assert_int_eq(dtf_ask(client, &start), 0);
	while (answer.count == 0) {
		turn();
	}
	for (size_t i = 0; i < 3; i++) {
		ck_assert_int_eq(inside[i], DTF_EINVAL);
	}
	close_world();
}
END_TEST

START_TEST(stopping_drives_it_until_what_runs_is_recorded) {
	make_world(_i);
	struct answer started = { 0 }, ended = { 0 };
	struct dtf_request request = { .verb = DTF_ASK_START,
		.id = "i",
		.workflow = "w.w",
		.input = "[]",
		.done = hear,
		.arg = &started };
	ck_assert_int_eq(dtf_ask(client, &request), 0);
	request.verb = DTF_ASK_WAIT;
	request.arg = &ended;
	ck_assert_int_eq(dtf_ask(client, &request), 0);
	ck_assert_int_eq(dtf_engine_stop(engine), 0);
	ck_assert_uint_eq(started.count, 1);
	ck_assert_int_eq(started.rc, 0);
	ck_assert_uint_eq(ended.count, 1);
	ck_assert_int_eq(ended.rc, DTF_ECLOSED);
	ck_assert_int_eq(dtf_engine_run_once(engine), DTF_ECLOSED);
	ck_assert_int_eq(dtf_ask(client, &request), DTF_ECLOSED);
	ck_assert_int_eq(dtf_engine_stop(engine), 0); /* once more does no harm */
	dtf_engine_close(engine);
}
END_TEST

START_TEST(it_is_attached_or_started_and_not_both) {
	make_world(_i);
	ck_assert_int_eq(dtf_engine_attach(engine), DTF_EINVAL);
	ck_assert_int_eq(dtf_engine_start(engine), DTF_EINVAL);
	ck_assert_int_eq(dtf_engine_register(engine, &one_step_module), DTF_EINVAL);
	close_world();
	struct dtf_engine_options options = { .workers = _i > 0 ? 1 : DTF_NO_WORKERS };
	ck_assert_int_eq(dtf_engine_open(&options, &engine), 0);
	ck_assert_int_eq(dtf_engine_register(engine, &one_step_module), 0);
	ck_assert_int_eq(dtf_engine_fd(engine), DTF_EINVAL);
	ck_assert_int_eq(dtf_engine_run_once(engine), DTF_EINVAL);
	ck_assert_int_eq(dtf_engine_start(engine), 0);
	ck_assert_int_eq(dtf_engine_attach(engine), DTF_EINVAL);
	ck_assert_int_eq(dtf_engine_fd(engine), DTF_EINVAL);
	ck_assert_int_eq(dtf_engine_run_once(engine), DTF_EINVAL);
	/* And works with a thread of its own and none for activities. */
	ck_assert_int_eq(dtf_start(dtf_engine_client(engine), "w.w", "i", "[]"), 0);
	ck_assert_int_eq(dtf_wait_result(dtf_engine_client(engine), "i", -1, NULL), 0);
	close_world();
}
END_TEST

/* The other process: it asks before the engine is up, and again when it is told that
 * it is. */
static int ask_as_another_process(int queued_fd, int up_fd) {
	struct dtf_engine_options options = { .dir = dir };
	struct dtf_engine *maker;
	struct dtf_client *other;
	char up;
	int rc = dtf_engine_open(&options, &maker);
	dtf_engine_close(maker); /* there is a store now */
	rc = rc == 0 ? dtf_client_open(dir, &other) : rc;
	rc = rc == 0 ? dtf_start(other, "w.w", "early", "[]") : rc;
	if (rc != DTF_EQUEUED || write(queued_fd, "", 1) != 1 || read(up_fd, &up, 1) != 1) {
		return 1;
	}
	rc = dtf_start(other, "w.w", "late", "[]");
	rc = rc == 0 ? dtf_wait_result(other, "early", -1, NULL) : rc;
	rc = rc == 0 ? dtf_wait_result(other, "late", -1, NULL) : rc;
	dtf_client_close(other);
	return rc == 0 ? 0 : 2;
}

START_TEST(another_process_is_heard_and_what_was_stored_goes_on) {
	one_step_reset();
	one_step_does = says_done;
	(void)snprintf(dir, sizeof(dir), "/tmp/dtf-embed-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	int up[2], queued[2], status;
	char byte = 0;
	ck_assert_int_eq(pipe(up), 0);
	ck_assert_int_eq(pipe(queued), 0);
	pid_t pid = fork();
	if (pid == 0) {
		_exit(ask_as_another_process(queued[1], up[0]));
	}
	ck_assert_int_eq(read(queued[0], &byte, 1), 1);
	open_engine(_i, (struct dtf_engine_options){ 0 });
	ck_assert_int_eq(write(up[1], &byte, 1), 1);
	while (waitpid(pid, &status, WNOHANG) == 0) {
		struct pollfd fd = { .fd = dtf_engine_fd(engine), .events = POLLIN };
		ck_assert_int_ge(poll(&fd, 1, 1), 0);
		ck_assert_int_ge(dtf_engine_run_once(engine), 0);
	}
	ck_assert_int_eq(status, 0);
	close_world();
	char command[100];
	(void)snprintf(command, sizeof(command), "rm -rf %s", dir);
	ck_assert_int_eq(system(command), 0);
}
END_TEST

int main(void) {
	Suite *suite = suite_create("embed");
	TCase *tc = tcase_create("embed");
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, the_descriptor_says_when_there_is_work, 0, 2);
	tcase_add_loop_test(tc, the_descriptor_says_when_a_time_has_come, 0, 2);
	tcase_add_loop_test(tc, a_program_may_bring_its_own_clock, 0, 2);
	tcase_add_loop_test(tc, calls_that_wait_drive_it, 0, 2);
	tcase_add_loop_test(tc, an_activity_that_says_nothing_has_failed, 0, 2);
	tcase_add_loop_test(tc, other_threads_wait_for_the_one_that_drives, 0, 2);
	tcase_add_loop_test(tc, what_it_calls_cannot_drive_it, 0, 2);
	tcase_add_loop_test(tc, stopping_drives_it_until_what_runs_is_recorded, 0, 2);
	tcase_add_loop_test(tc, it_is_attached_or_started_and_not_both, 0, 2);
	tcase_add_loop_test(tc, another_process_is_heard_and_what_was_stored_goes_on, 0, 2);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
