/*
 * The pool by itself: every attempt runs once, and how many it takes follows from how
 * many were begun.
 */
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "../../runtime/pool.h"
#include "../support/suite.h"

enum { COUNT = 100 };

static struct dtf_activity attempts[COUNT];
static atomic_uint runs[COUNT], ended;
static atomic_bool holds, inside;
static struct pool *pool;
static struct watch *watch;

static int run(struct dtf_activity *act, const void *args, void *ret) {
	runs[act->op]++;
	inside = dtf__pool_is_worker(pool);
	while (holds) {
		(void)sched_yield();
	}
	return 0;
}

static void finished(void *arg, struct dtf_activity *attempt) {
	ended++;
}

static const struct dtf_activity_def step = { .name = "w.step",
	.args = &dtf_type_no_args,
	.result = &dtf_type_unit,
	.policy = { .tag = "" },
	.fails = (const struct dtf_error_def *const[]){ NULL },
	.run = run };

static void make_pool(unsigned workers) {
	watch = dtf__watch_create(&dtf__clock_system);
	ended = 0;
	holds = inside = false;
	for (uint32_t i = 0; i < COUNT; i++) {
		runs[i] = 0;
		attempts[i] = (struct dtf_activity){ .op = i,
			.def = &step,
			.id = "i",
			.args = { "[]", 2 },
			.limit_ms = INT64_MAX,
			.deadline_ms = INT64_MAX,
			.payload_max = 1000,
			.watch = watch,
			.finished = finished };
	}
	ck_assert_int_eq(dtf__pool_create(workers, &pool), 0);
}

static void finish(void) {
	for (uint32_t i = 0; i < COUNT; i++) {
		dtf__arena_finish(&attempts[i].memory);
		dtf__buf_finish(&attempts[i].payload);
	}
	dtf__watch_drop(watch);
}

static void submit(uint32_t from, uint32_t to) {
	for (uint32_t i = from; i < to; i++) {
		dtf__pool_submit(pool, &attempts[i]);
	}
	dtf__pool_hand_over(pool);
}

static void wait_for(unsigned count) {
	while (ended < count) {
		(void)sched_yield();
	}
}

START_TEST(each_attempt_runs_once) {
	make_pool(4);
	for (uint32_t i = 0; i < COUNT; i += 10) {
		submit(i, i + 10);
	}
	wait_for(COUNT);
	ck_assert(inside);
	ck_assert(!dtf__pool_is_worker(pool));
	dtf__pool_destroy(pool);
	for (uint32_t i = 0; i < COUNT; i++) {
		ck_assert_uint_eq(runs[i], 1);
		ck_assert_int_eq(attempts[i].outcome, OUTCOME_OK);
	}
	finish();
}
END_TEST

START_TEST(what_was_submitted_has_run_when_it_is_gone) {
	make_pool(2);
	submit(0, COUNT);
	dtf__pool_destroy(pool);
	ck_assert_uint_eq(ended, COUNT);
	finish();
}
END_TEST

/* The one that is woken wakes the next: long ones soon have all threads. */
START_TEST(long_ones_have_all_threads) {
	make_pool(4);
	holds = true;
	submit(0, 4);
	while (runs[0] + runs[1] + runs[2] + runs[3] < 4) {
		(void)sched_yield();
	}
	ck_assert_uint_eq(ended, 0);
	holds = false;
	dtf__pool_destroy(pool);
	finish();
}
END_TEST

START_TEST(it_takes_twice_as_many_as_were_begun) {
	make_pool(2);
	ck_assert_uint_eq(dtf__pool_window(pool), 2); /* one a thread at least */
	submit(0, 2);
	wait_for(2);
	ck_assert_uint_eq(dtf__pool_window(pool), 4);
	submit(2, 42);
	wait_for(42);
	ck_assert_uint_eq(dtf__pool_window(pool), 80);
	/* Long ones: the threads are busy, and what waits is not begun. */
	holds = true;
	submit(42, 62);
	while (runs[42] + runs[43] < 2) {
		(void)sched_yield();
	}
	size_t window = dtf__pool_window(pool), before = 80;
	for (unsigned i = 0; i < 20; i++) {
		ck_assert_uint_le(window, before);
		before = window;
		window = dtf__pool_window(pool);
	}
	ck_assert_uint_eq(window, 2);
	ck_assert(attempts[61].waits);
	holds = false;
	dtf__pool_destroy(pool);
	ck_assert(!attempts[61].waits);
	finish();
}
END_TEST

int main(void) {
	Suite *suite = suite_create("pool");
	TCase *tc = tcase_create("pool");
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, each_attempt_runs_once);
	tcase_add_test(tc, what_was_submitted_has_run_when_it_is_gone);
	tcase_add_test(tc, long_ones_have_all_threads);
	tcase_add_test(tc, it_takes_twice_as_many_as_were_begun);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
