/*
 * Waits for an end: what is left of one that was given up, and what one brings that was
 * not.  What is in memory is counted by the engine's own counts.
 */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "../../runtime/engine.h"
#include "../support/one_step.h"
#include "../support/suite.h"

#include <dtf/dtf.h>

static struct dtf_engine *handle;
static struct dtf_client *client;
static struct dtf_activity *_Atomic held;

static int sleeps_long(struct dtf_activity *act, const void *args, void *ret) {
	return dtf_activity_fail(act, NULL, "not yet");
}

static int is_done_if_short(struct dtf_activity *act, const void *args, void *ret) {
	return dtf_activity_instance(act)[0] == 's' ? dtf_activity_return_json(act, "\"done\"")
						    : sleeps_long(act, args, ret);
}

static int defers(struct dtf_activity *act, const void *args, void *ret) {
	held = act;
	return DTF_DEFERRED;
}

static void open_engine(struct dtf_engine_options options,
	int (*does)(struct dtf_activity *act, const void *args, void *ret)) {
	one_step_reset();
	one_step_does = does;
	one_step.policy.backoff_min_ms = one_step.policy.backoff_max_ms = 3600000;
	ck_assert_int_eq(dtf_engine_open(&options, &handle), 0);
	ck_assert_int_eq(dtf_engine_register(handle, &one_step_module), 0);
	client = dtf_engine_client(handle);
}

static void close_engine(void) {
	ck_assert_int_eq(dtf_engine_stop(handle), 0);
	dtf_engine_close(handle);
}

static void start(const char *prefix, int number) {
	char id[32];
	(void)snprintf(id, sizeof(id), "%s-%d", prefix, number);
	ck_assert_int_eq(dtf_start(client, "w.w", id, "[]"), 0);
}

static int wait_for(const char *prefix, int number, int64_t timeout_ms, struct dtf_result *ret) {
	char id[32];
	(void)snprintf(id, sizeof(id), "%s-%d", prefix, number);
	return dtf_wait_result(client, id, timeout_ms, ret);
}

static size_t waiters(void) {
	const struct engine *engine = handle->engines[0];
	size_t count = 0;
	for (size_t i = 0; i < engine->table_size; i++) {
		const struct instance *instance = engine->by_number[i];
		for (; instance != NULL; instance = instance->next_number) {
			for (const struct request *w = instance->waiters; w != NULL; w = w->next) {
				count++;
			}
		}
	}
	return count;
}

/* With pool threads and without. */
START_TEST(a_wait_that_was_given_up_leaves_nothing_in_memory) {
	enum { MANY = 100 };
	open_engine(
		(struct dtf_engine_options){ .hot_max = 1, .workers = _i > 0 ? 2 : DTF_NO_WORKERS },
		sleeps_long);
	ck_assert_int_eq(dtf_engine_attach(handle), 0);
	for (int i = 0; i < MANY; i++) {
		start("i", i);
	}
	for (int i = 0; i < MANY; i++) {
		ck_assert_int_eq(wait_for("i", i, 1, NULL), DTF_ETIMEOUT);
		ck_assert_int_eq(wait_for("i", 0, 1, NULL), DTF_ETIMEOUT);
	}
	while (dtf_engine_run_once(handle) > 0) {
	}
	const struct engine *engine = handle->engines[0];
	ck_assert_uint_eq(waiters(), 0);
	ck_assert_uint_le(engine->ninstances, 2);
	close_engine();
}
END_TEST

START_TEST(a_wait_of_no_time_is_a_look_and_no_more) {
	open_engine((struct dtf_engine_options){ .workers = DTF_NO_WORKERS }, sleeps_long);
	ck_assert_int_eq(dtf_engine_attach(handle), 0);
	start("i", 0);
	uint64_t round = handle->engines[0]->round;
	for (int i = 0; i < 1000; i++) {
		ck_assert_int_eq(wait_for("i", 0, 0, NULL), DTF_ETIMEOUT);
	}
	ck_assert_uint_eq(handle->engines[0]->round, round);
	ck_assert_int_eq(wait_for("j", 0, 0, NULL), DTF_EUNKNOWN_INSTANCE);
	ck_assert_int_eq(dtf_terminate(client, "i-0", "enough"), 0);
	struct dtf_result result;
	ck_assert_int_eq(wait_for("i", 0, 0, &result), 0);
	ck_assert_int_eq(result.status, DTF_TERMINATED);
	dtf_result_free(&result);
	close_engine();
}
END_TEST

/* ---- what it brings ---- */

static _Atomic int64_t clock_ms = INT64_C(1000000000000);

/* Each look at the clock is a second: what has ended is purged in the next round. */
static int64_t runaway_clock(void *user) {
	clock_ms += 1000;
	return clock_ms;
}

struct waiter {
	int number, rc;
	struct dtf_result result;
};

static void *wait_long(void *arg) {
	struct waiter *waiter = arg;
	waiter->rc = wait_for("i", waiter->number, -1, &waiter->result);
	return NULL;
}

static void nothing(void *arg, const struct dtf_instance_info *info) {
}

/* By the time that it looks, the instance is gone, or another one has its id. */
START_TEST(an_end_is_told_whatever_comes_after_it) {
	open_engine(
		(struct dtf_engine_options){
			.workers = DTF_NO_WORKERS, .retention_ms = 1, .now_ms = runaway_clock },
		defers);
	ck_assert_int_eq(dtf_engine_attach(handle), 0);
	for (int i = 0; i < 50; i++) {
		struct waiter waiter = { .number = i };
		pthread_t thread;
		char id[32];
		start("i", i);
		ck_assert_int_eq(pthread_create(&thread, NULL, wait_long, &waiter), 0);
		while (waiters() == 0 || held == NULL) {
			ck_assert_int_ge(dtf_engine_run_once(handle), 0);
		}
		struct dtf_activity *act = held;
		held = NULL;
		dtf_activity_complete(act, dtf_activity_return_json(act, "\"done\""));
		(void)snprintf(id, sizeof(id), "i-%d", i);
		while (dtf_info(client, id, nothing, NULL) != DTF_EUNKNOWN_INSTANCE) {
			ck_assert_int_ge(dtf_engine_run_once(handle), 0);
		}
		start("i", i);
		ck_assert_int_eq(pthread_join(thread, NULL), 0);
		ck_assert_int_eq(waiter.rc, 0);
		ck_assert_int_eq(waiter.result.status, DTF_COMPLETED);
		ck_assert_str_eq(waiter.result.output, "null");
		dtf_result_free(&waiter.result);
		while (held == NULL) {
			ck_assert_int_ge(dtf_engine_run_once(handle), 0);
		}
		act = held;
		held = NULL;
		dtf_activity_complete(act, dtf_activity_return_json(act, "\"done\""));
	}
	close_engine();
}
END_TEST

/* ---- many at once ---- */

enum { THREADS = 4, SHORT = 50 };
static _Atomic unsigned timeouts, ends;

static void *wait_again_and_again(void *arg) {
	const int *first = arg;
	for (int i = *first;; i = (i + 1) % SHORT) {
		struct dtf_result result = { 0 };
		int rc = wait_for("short", i, 1, &result);
		ends += rc == 0;
		if (rc == 0 && result.status != DTF_COMPLETED) {
			return arg; /* trouble */
		}
		dtf_result_free(&result);
		rc = wait_for("long", 0, 1, &result);
		timeouts += rc == DTF_ETIMEOUT;
		if (rc != DTF_ETIMEOUT) {
			return rc == DTF_ECLOSED ? NULL : arg;
		}
	}
}

/* Answers and withdrawals cross on their way, and the engine stops in the midst. */
START_TEST(answers_and_withdrawals_may_cross) {
	static int firsts[THREADS] = { 0, 10, 20, 30 };
	pthread_t threads[THREADS];
	open_engine((struct dtf_engine_options){ .hot_max = 1 }, is_done_if_short);
	ck_assert_int_eq(dtf_engine_start(handle), 0);
	start("long", 0);
	for (int i = 0; i < THREADS; i++) {
		ck_assert_int_eq(
			pthread_create(&threads[i], NULL, wait_again_and_again, &firsts[i]), 0);
	}
	for (int i = 0; i < SHORT; i++) {
		start("short", i);
	}
	while (timeouts < 100 || ends < 100) {
		(void)sched_yield();
	}
	ck_assert_int_eq(dtf_engine_stop(handle), 0);
	for (int i = 0; i < THREADS; i++) {
		void *trouble;
		ck_assert_int_eq(pthread_join(threads[i], &trouble), 0);
		ck_assert_ptr_null(trouble);
	}
	ck_assert_uint_eq(waiters(), 0);
	dtf_engine_close(handle);
}
END_TEST

int main(void) {
	Suite *suite = suite_create("wait");
	TCase *tc = tcase_create("wait");
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, a_wait_that_was_given_up_leaves_nothing_in_memory, 0, 2);
	tcase_add_test(tc, a_wait_of_no_time_is_a_look_and_no_more);
	tcase_add_test(tc, an_end_is_told_whatever_comes_after_it);
	tcase_add_test(tc, answers_and_withdrawals_may_cross);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
