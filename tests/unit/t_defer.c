/*
 * Attempts that their function leaves to be completed later, from any thread.  Who
 * completes them here is the test itself, from a list of all that are held.
 */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <dtf/dtf.h>

#include "../support/one_step.h"
#include "../support/suite.h"

static struct dtf_engine *engine;
static struct dtf_client *client;
static char dir[64]; /* "" = memory */

enum { HELD_MAX = 10000 };
static struct {
	pthread_mutex_t lock;
	pthread_cond_t more;
	/* guarded by lock: */
	size_t count, most;
	struct held {
		struct dtf_activity *act;
		void *ret;
	} held[HELD_MAX];
} keeper = { .lock = PTHREAD_MUTEX_INITIALIZER, .more = PTHREAD_COND_INITIALIZER };

static int defers(struct dtf_activity *act, const void *args, void *ret) {
	(void)pthread_mutex_lock(&keeper.lock);
	keeper.held[keeper.count++] = (struct held){ act, ret };
	keeper.most = keeper.count > keeper.most ? keeper.count : keeper.most;
	(void)pthread_cond_signal(&keeper.more);
	(void)pthread_mutex_unlock(&keeper.lock);
	return DTF_DEFERRED;
}

/* Waits until one is held, and takes the one that is for the longest time. */
static struct held take(void) {
	(void)pthread_mutex_lock(&keeper.lock);
	while (keeper.count == 0) {
		(void)pthread_cond_wait(&keeper.more, &keeper.lock);
	}
	struct held held = keeper.held[0];
	keeper.count--;
	memmove(&keeper.held[0], &keeper.held[1], keeper.count * sizeof(held));
	(void)pthread_mutex_unlock(&keeper.lock);
	return held;
}

static void wait_for(size_t count) {
	(void)pthread_mutex_lock(&keeper.lock);
	while (keeper.count < count) {
		(void)pthread_cond_wait(&keeper.more, &keeper.lock);
	}
	(void)pthread_mutex_unlock(&keeper.lock);
}

static void complete(struct held held) {
	const char *text = dtf_activity_printf(
		held.act, "late %s", dtf_activity_instance(held.act));
	memcpy(held.ret, &text, sizeof(text));
	dtf_activity_complete(held.act, 0);
}

static void open_engine(struct dtf_engine_options options) {
	options.dir = dir[0] == '\0' ? NULL : dir;
	options.workers = options.workers == 0 ? 1 : options.workers;
	ck_assert_msg(dtf_engine_open(&options, &engine) == 0, "%s", dtf_errmsg());
	ck_assert_int_eq(dtf_engine_register(engine, &one_step_module), 0);
	ck_assert_int_eq(dtf_engine_start(engine), 0);
	client = dtf_engine_client(engine);
}

static void make_world(struct dtf_engine_options options) {
	one_step_reset();
	one_step_does = defers;
	keeper.count = keeper.most = 0;
	dir[0] = '\0';
	open_engine(options);
}

static void close_world(void) {
	ck_assert_int_eq(dtf_engine_stop(engine), 0);
	dtf_engine_close(engine);
}

static void start(const char *id) {
	ck_assert_msg(dtf_start(client, "w.w", id, "[]") == 0, "%s", dtf_errmsg());
}

static enum dtf_status end_of(const char *id) {
	struct dtf_result result;
	ck_assert_msg(dtf_wait_result(client, id, -1, &result) == 0, "%s", dtf_errmsg());
	enum dtf_status status = result.status;
	dtf_result_free(&result);
	return status;
}

/* The payload of the last attempt's end. */
static bool find_result(void *arg, const struct dtf_history_event *event) {
	if (strcmp(event->kind, "attempt_ended") == 0 && event->payload != NULL) {
		(void)snprintf(arg, 256, "%s %s", event->text, event->payload);
	}
	return true;
}

static const char *result_of(const char *id) {
	static char text[256];
	text[0] = '\0';
	ck_assert_int_eq(dtf_history(client, id, 0, find_result, text), 0);
	return text;
}

START_TEST(it_is_completed_later_with_its_result) {
	make_world((struct dtf_engine_options){ .verify = true });
	start("i");
	struct held held = take();
	ck_assert_int_eq(dtf_wait_result(client, "i", 1, NULL), DTF_ETIMEOUT);
	ck_assert_str_eq(dtf_activity_instance(held.act), "i");
	ck_assert(!dtf_activity_heartbeat(held.act));
	complete(held);
	ck_assert_int_eq(end_of("i"), DTF_COMPLETED);
	ck_assert_ptr_nonnull(strstr(result_of("i"), "\"late i\""));
	close_world();
}
END_TEST

static int completes_at_once(struct dtf_activity *act, const void *args, void *ret) {
	complete((struct held){ act, ret });
	return DTF_DEFERRED;
}

START_TEST(it_may_be_completed_before_its_function_returns) {
	make_world((struct dtf_engine_options){ .verify = true });
	one_step_does = completes_at_once;
	start("i");
	ck_assert_int_eq(end_of("i"), DTF_COMPLETED);
	ck_assert_ptr_nonnull(strstr(result_of("i"), "\"late i\""));
	close_world();
}
END_TEST

START_TEST(it_fails_as_its_function_would) {
	make_world((struct dtf_engine_options){ .verify = true });
	one_step.policy.attempts = 2;
	one_step.policy.backoff_min_ms = one_step.policy.backoff_max_ms = 1;
	start("i");
	struct held held = take();
	dtf_activity_complete(held.act, dtf_activity_fail(held.act, NULL, "no"));
	held = take(); /* the policy decides, as always */
	ck_assert_int_eq(dtf_activity_attempt(held.act), 2);
	dtf_activity_complete(held.act, dtf_activity_fail_final(held.act, NULL, "never"));
	ck_assert_int_eq(end_of("i"), DTF_FAILED);
	ck_assert_ptr_nonnull(strstr(result_of("i"), "never"));
	start("j");
	held = take();
	dtf_activity_complete(held.act, dtf_activity_fail_json(held.act, "w.no", NULL, "declared"));
	ck_assert_int_eq(end_of("j"), DTF_FAILED);
	ck_assert_ptr_nonnull(strstr(result_of("j"), "w.no"));
	start("k");
	held = take();
	dtf_activity_complete(held.act, dtf_activity_return_json(held.act, "\"text\""));
	ck_assert_int_eq(end_of("k"), DTF_COMPLETED);
	start("l");
	held = take();
	dtf_activity_complete(held.act, DTF_DEFERRED); /* it makes no sense twice */
	held = take();
	complete(held);
	ck_assert_int_eq(end_of("l"), DTF_COMPLETED);
	close_world();
}
END_TEST

START_TEST(ten_thousand_are_in_flight_on_one_thread) {
	make_world((struct dtf_engine_options){ 0 });
	char id[16];
	for (int i = 0; i < HELD_MAX; i++) {
		(void)snprintf(id, sizeof(id), "i-%d", i);
		struct dtf_request request = {
			.verb = DTF_ASK_START, .id = id, .workflow = "w.w", .input = "[]"
		};
		ck_assert_int_eq(dtf_ask(client, &request), 0);
	}
	wait_for(HELD_MAX);
	for (int i = 0; i < HELD_MAX; i++) {
		complete(keeper.held[i]);
	}
	for (int i = 0; i < HELD_MAX; i++) {
		(void)snprintf(id, sizeof(id), "i-%d", i);
		ck_assert_int_eq(end_of(id), DTF_COMPLETED);
	}
	close_world();
}
END_TEST

static _Atomic bool may_return;

static int defers_at_last(struct dtf_activity *act, const void *args, void *ret) {
	int rc = defers(act, args, ret);
	while (!may_return) {
		(void)sched_yield();
	}
	return rc;
}

/* The engine has nothing else to do, and must hear of it. */
START_TEST(its_thread_is_free_when_its_function_returns) {
	make_world((struct dtf_engine_options){ .verify = true });
	may_return = false;
	one_step_does = defers_at_last;
	start("i");
	struct held first = take();
	start("j");
	ck_assert_int_eq(dtf_wait_result(client, "j", 20, NULL), DTF_ETIMEOUT);
	may_return = true;
	complete(take());
	ck_assert_int_eq(end_of("j"), DTF_COMPLETED);
	complete(first);
	ck_assert_int_eq(end_of("i"), DTF_COMPLETED);
	close_world();
}
END_TEST

START_TEST(no_more_are_in_flight_than_the_setting_says) {
	make_world((struct dtf_engine_options){ .in_flight_max = 3, .workers = 2 });
	char id[16];
	for (int i = 0; i < 30; i++) {
		(void)snprintf(id, sizeof(id), "i-%d", i);
		start(id);
	}
	for (int i = 0; i < 30; i++) {
		complete(take());
	}
	for (int i = 0; i < 30; i++) {
		(void)snprintf(id, sizeof(id), "i-%d", i);
		ck_assert_int_eq(end_of(id), DTF_COMPLETED);
	}
	ck_assert_uint_le(keeper.most, 3);
	close_world();
}
END_TEST

START_TEST(its_time_limit_goes_on_and_a_late_end_changes_nothing) {
	make_world((struct dtf_engine_options){ .verify = true });
	one_step.policy.timeout_ms = 20;
	one_step.policy.backoff_min_ms = one_step.policy.backoff_max_ms = 1;
	start("i");
	struct held first = take(), second = take();
	ck_assert_int_eq(dtf_activity_attempt(second.act), 2);
	ck_assert(dtf_activity_cancelled(first.act));
	ck_assert_int_eq(dtf_activity_remaining_ms(first.act), 0);
	dtf_activity_complete(first.act, dtf_activity_fail_final(first.act, NULL, "too late"));
	/* The second may be given up too: whichever comes next is soon enough. */
	complete(second);
	one_step_does = completes_at_once;
	while (dtf_wait_result(client, "i", 1, NULL) == DTF_ETIMEOUT) {
		(void)pthread_mutex_lock(&keeper.lock);
		bool some = keeper.count > 0;
		(void)pthread_mutex_unlock(&keeper.lock);
		if (some) {
			complete(take());
		}
	}
	ck_assert_int_eq(end_of("i"), DTF_COMPLETED);
	close_world();
}
END_TEST

START_TEST(it_hears_that_it_is_cancelled) {
	make_world((struct dtf_engine_options){ .verify = true });
	start("i");
	struct held held = take();
	ck_assert_int_eq(dtf_cancel(client, "i", "enough"), 0);
	while (!dtf_activity_cancelled(held.act)) {
		(void)sched_yield();
	}
	dtf_activity_complete(held.act, dtf_activity_fail(held.act, NULL, "as you wish"));
	ck_assert_int_eq(end_of("i"), DTF_CANCELLED);
	ck_assert_uint_eq(one_step_backs, 1);
	close_world();
}
END_TEST

/* A stop does not wait for it: as after a crash it is tried again. */
START_TEST(stopping_gives_it_up) {
	make_world((struct dtf_engine_options){ 0 });
	close_world();
	(void)snprintf(dir, sizeof(dir), "/tmp/dtf-defer-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	open_engine((struct dtf_engine_options){ 0 });
	start("i");
	start("j");
	struct held i = take(), j = take();
	ck_assert(!dtf_activity_cancelled(i.act));
	ck_assert_int_eq(dtf_engine_stop(engine), 0);
	ck_assert(dtf_activity_cancelled(i.act));
	ck_assert(dtf_activity_heartbeat(i.act));
	complete(i);
	dtf_engine_close(engine);
	/* All it could ask is still there. */
	ck_assert(dtf_activity_heartbeat(j.act));
	ck_assert_int_eq(dtf_activity_remaining_ms(j.act), INT64_MAX);
	ck_assert_ptr_nonnull(dtf_activity_key(j.act));
	dtf_activity_complete(j.act, dtf_activity_fail(j.act, NULL, "no"));
	open_engine((struct dtf_engine_options){ 0 });
	for (int n = 0; n < 2; n++) {
		struct held again = take();
		ck_assert_int_eq(dtf_activity_attempt(again.act), 2);
		complete(again);
	}
	ck_assert_int_eq(end_of("i"), DTF_COMPLETED);
	ck_assert_int_eq(end_of("j"), DTF_COMPLETED);
	close_world();
	char command[100];
	(void)snprintf(command, sizeof(command), "rm -rf %s", dir);
	ck_assert_int_eq(system(command), 0);
}
END_TEST

static void *complete_all(void *arg) {
	for (int i = 0; i < 100; i++) {
		complete(take());
	}
	return arg;
}

/* Each is recorded or given up, and its completer never knows which. */
START_TEST(stopping_while_they_are_completed) {
	for (int round = 0; round < 10; round++) {
		make_world((struct dtf_engine_options){ .workers = 2 });
		pthread_t threads[2];
		char id[16];
		for (int i = 0; i < 200; i++) {
			(void)snprintf(id, sizeof(id), "i-%d", i);
			start(id);
		}
		wait_for(200);
		for (size_t i = 0; i < 2; i++) {
			ck_assert_int_eq(pthread_create(&threads[i], NULL, complete_all, NULL), 0);
		}
		close_world();
		for (size_t i = 0; i < 2; i++) {
			ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
		}
	}
}
END_TEST

int main(void) {
	Suite *suite = suite_create("defer");
	TCase *tc = tcase_create("defer");
	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, it_is_completed_later_with_its_result);
	tcase_add_test(tc, it_may_be_completed_before_its_function_returns);
	tcase_add_test(tc, it_fails_as_its_function_would);
	tcase_add_test(tc, ten_thousand_are_in_flight_on_one_thread);
	tcase_add_test(tc, its_thread_is_free_when_its_function_returns);
	tcase_add_test(tc, no_more_are_in_flight_than_the_setting_says);
	tcase_add_test(tc, its_time_limit_goes_on_and_a_late_end_changes_nothing);
	tcase_add_test(tc, it_hears_that_it_is_cancelled);
	tcase_add_test(tc, stopping_gives_it_up);
	tcase_add_test(tc, stopping_while_they_are_completed);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
