/*
 * An attached engine and several threads that would drive it: rounds are made one at a
 * time, and whoever waits for an answer gets it, whoever makes the round.
 */
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include <dtf/dtf.h>

#include "../support/one_step.h"
#include "../support/suite.h"

static struct dtf_engine *engine;
static struct dtf_client *client;
static _Atomic int inside; /* threads in a round */
static _Atomic bool at_once;

/* Called in rounds, without a thread of its own: never by two at once. */
static int says_done(struct dtf_activity *act, const void *args, void *ret) {
	at_once = at_once || ++inside > 1;
	(void)sched_yield();
	inside--;
	return dtf_activity_return_json(act, "\"done\"");
}

static int fails(struct dtf_activity *act, const void *args, void *ret) {
	return dtf_activity_fail(act, NULL, "not yet");
}

static void attach(int (*does)(struct dtf_activity *act, const void *args, void *ret)) {
	one_step_reset();
	one_step_does = does;
	one_step.policy.backoff_min_ms = one_step.policy.backoff_max_ms = 3600000;
	inside = 0;
	at_once = false;
	struct dtf_engine_options options = { .workers = DTF_NO_WORKERS };
	ck_assert_int_eq(dtf_engine_open(&options, &engine), 0);
	ck_assert_int_eq(dtf_engine_register(engine, &one_step_module), 0);
	ck_assert_int_eq(dtf_engine_attach(engine), 0);
	client = dtf_engine_client(engine);
}

static void close_engine(void) {
	ck_assert_int_eq(dtf_engine_stop(engine), 0);
	dtf_engine_close(engine);
}

/* ---- a round of another thread ---- */

static _Atomic bool in_round, may_go_on;

static void stay_in_round(void *arg, int rc, const struct dtf_result *result) {
	in_round = true;
	while (!may_go_on) {
		(void)sched_yield();
	}
}

/* NULL: no trouble. */
static void *drive_once(void *arg) {
	int rc = 0;
	while (!in_round && rc >= 0) {
		rc = dtf_engine_run_once(engine);
	}
	return rc < 0 ? arg : NULL;
}

static void join(pthread_t thread) {
	void *trouble;
	ck_assert_int_eq(pthread_join(thread, &trouble), 0);
	ck_assert_ptr_null(trouble);
}

/* Another thread makes a round and stays in there. */
static void begin_round(pthread_t *thread) {
	static char trouble;
	struct dtf_request start = { .verb = DTF_ASK_START,
		.id = "first",
		.workflow = "w.w",
		.input = "[]",
		.done = stay_in_round };
	in_round = may_go_on = false;
	ck_assert_int_eq(dtf_ask(client, &start), 0);
	ck_assert_int_eq(pthread_create(thread, NULL, drive_once, &trouble), 0);
	while (!in_round) {
		(void)sched_yield();
	}
}

START_TEST(while_one_is_in_a_round_another_is_told_so) {
	pthread_t thread;
	attach(says_done);
	begin_round(&thread);
	ck_assert_int_eq(dtf_engine_run_once(engine), DTF_EBUSY);
	ck_assert_ptr_nonnull(strstr(dtf_errmsg(), "another thread"));
	may_go_on = true;
	join(thread);
	ck_assert_int_ge(dtf_engine_run_once(engine), 0);
	close_engine();
}
END_TEST

static void *let_go_on(void *arg) {
	may_go_on = true;
	return NULL;
}

/* The round that is under way is not the one that answers: nobody makes the next. */
START_TEST(who_attached_it_drives_when_the_other_has_gone) {
	pthread_t thread, other;
	attach(says_done);
	begin_round(&thread);
	ck_assert_int_eq(pthread_create(&other, NULL, let_go_on, NULL), 0);
	ck_assert_int_eq(dtf_start(client, "w.w", "i", "[]"), 0);
	ck_assert_int_eq(dtf_wait_result(client, "i", -1, NULL), 0);
	ck_assert_int_eq(dtf_wait_result(client, "first", -1, NULL), 0);
	join(other);
	join(thread);
	close_engine();
}
END_TEST

START_TEST(a_wait_is_not_held_up_by_the_round_of_another) {
	pthread_t thread;
	attach(fails);
	ck_assert_int_eq(dtf_start(client, "w.w", "i", "[]"), 0);
	begin_round(&thread);
	ck_assert_int_eq(dtf_wait_result(client, "i", 1, NULL), DTF_ETIMEOUT);
	may_go_on = true;
	join(thread);
	close_engine();
}
END_TEST

START_TEST(stopping_waits_for_the_round_of_another) {
	pthread_t thread, other;
	attach(says_done);
	begin_round(&thread);
	ck_assert_int_eq(pthread_create(&other, NULL, let_go_on, NULL), 0);
	ck_assert_int_eq(dtf_engine_stop(engine), 0);
	ck_assert_int_eq(dtf_engine_run_once(engine), DTF_ECLOSED);
	join(other);
	join(thread);
	dtf_engine_close(engine);
}
END_TEST

/* ---- two that drive all the time ---- */

static _Atomic bool enough;
static _Atomic unsigned busy;

/* As a program's loop does. */
static void *drive(void *arg) {
	while (!enough) {
		struct pollfd fd = { .fd = dtf_engine_fd(engine), .events = POLLIN };
		(void)poll(&fd, 1, 1);
		int rc = dtf_engine_run_once(engine);
		busy += rc == DTF_EBUSY;
		if (rc < 0 && rc != DTF_EBUSY) {
			return arg; /* trouble */
		}
	}
	return NULL;
}

enum { MANY = 200 };

static void start_and_wait(const char *prefix) {
	for (int i = 0; i < MANY; i++) {
		char id[32];
		(void)snprintf(id, sizeof(id), "%s-%d", prefix, i);
		ck_assert_int_eq(dtf_start(client, "w.w", id, "[]"), 0);
		struct dtf_result result;
		ck_assert_int_eq(dtf_wait_result(client, id, -1, &result), 0);
		ck_assert_int_eq(result.status, DTF_COMPLETED);
		dtf_result_free(&result);
	}
}

static void end_driver(pthread_t thread) {
	enough = true;
	join(thread);
	ck_assert(!at_once);
}

/* The thread that attached it makes calls that wait; one more loop, or two. */
START_TEST(calls_that_wait_go_on_while_others_drive) {
	static char trouble;
	pthread_t threads[2];
	attach(says_done);
	enough = false;
	for (int i = 0; i <= _i; i++) {
		ck_assert_int_eq(pthread_create(&threads[i], NULL, drive, &trouble), 0);
	}
	start_and_wait("i");
	for (int i = 0; i <= _i; i++) {
		end_driver(threads[i]);
	}
	/* They have gone: it drives itself again. */
	ck_assert_int_eq(dtf_start(client, "w.w", "last", "[]"), 0);
	ck_assert_int_eq(dtf_wait_result(client, "last", -1, NULL), 0);
	close_engine();
}
END_TEST

static void *wait_for_the_end(void *arg) {
	int *rc = arg;
	(void)dtf_engine_run_once(engine); /* now it is a driver too */
	*rc = dtf_wait_result(client, "i", -1, NULL);
	return NULL;
}

static _Atomic int drivers; /* that have made a round */

static void *drive_then_wait(void *arg) {
	int rc = dtf_engine_run_once(engine);
	drivers++;
	while (drivers < 2) {
		(void)sched_yield();
	}
	rc = rc < 0 ? rc : dtf_start(client, "w.w", "i", "[]");
	rc = rc < 0 ? rc : dtf_wait_result(client, "i", -1, NULL);
	return rc < 0 ? arg : NULL;
}

/* It drove, then another did, and does no more. */
START_TEST(who_has_driven_before_is_not_left_to_wait) {
	static char trouble;
	pthread_t thread;
	attach(says_done);
	drivers = 0;
	ck_assert_int_eq(pthread_create(&thread, NULL, drive_then_wait, &trouble), 0);
	while (drivers < 1) {
		(void)sched_yield();
	}
	ck_assert_int_ge(dtf_engine_run_once(engine), 0);
	drivers++;
	join(thread);
	close_engine();
}
END_TEST

/* Both sleep at the descriptor; a third one stops the engine, or ends the instance. */
START_TEST(two_that_wait_are_both_woken) {
	pthread_t thread;
	int rc = 0;
	attach(fails);
	ck_assert_int_eq(dtf_start(client, "w.w", "i", "[]"), 0);
	ck_assert_int_eq(pthread_create(&thread, NULL, wait_for_the_end, &rc), 0);
	struct dtf_request end = { .verb = DTF_ASK_TERMINATE, .id = "i" };
	ck_assert_int_eq(dtf_ask(client, &end), 0);
	ck_assert_int_eq(dtf_wait_result(client, "i", -1, NULL), 0);
	join(thread);
	ck_assert_int_eq(rc, 0);
	close_engine();
}
END_TEST

START_TEST(who_waits_is_told_when_another_stops_it) {
	pthread_t thread;
	int rc = 0;
	attach(fails);
	ck_assert_int_eq(dtf_start(client, "w.w", "i", "[]"), 0);
	ck_assert_int_eq(pthread_create(&thread, NULL, wait_for_the_end, &rc), 0);
	ck_assert_int_eq(dtf_wait_result(client, "i", _i, NULL), DTF_ETIMEOUT);
	ck_assert_int_eq(dtf_engine_stop(engine), 0);
	join(thread);
	ck_assert_int_eq(rc, DTF_ECLOSED);
	dtf_engine_close(engine);
}
END_TEST

int main(void) {
	Suite *suite = suite_create("wheel");
	TCase *tc = tcase_create("wheel");
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, while_one_is_in_a_round_another_is_told_so);
	tcase_add_test(tc, who_attached_it_drives_when_the_other_has_gone);
	tcase_add_test(tc, a_wait_is_not_held_up_by_the_round_of_another);
	tcase_add_test(tc, stopping_waits_for_the_round_of_another);
	tcase_add_loop_test(tc, calls_that_wait_go_on_while_others_drive, 0, 2);
	tcase_add_test(tc, who_has_driven_before_is_not_left_to_wait);
	tcase_add_test(tc, two_that_wait_are_both_woken);
	tcase_add_loop_test(tc, who_waits_is_told_when_another_stops_it, 0, 5);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
