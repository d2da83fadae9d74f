/*
 * The gate alone: who has to wait, and in which order they are let in.  That
 * somebody stands in the line is seen from outside: who would fit is refused.
 */
#include <pthread.h>
#include <sched.h>
#include <string.h>

#include "../../runtime/engine.h"
#include "../support/suite.h"

#include <dtf/dtf.h>

enum { SIZE_MAX_OF_ALL = 100, BACKLOG_MAX = 5 };

static struct gate *gate;

struct visitor {
	pthread_t thread;
	enum request_kind kind;
	size_t size;
	int rc;
};

static void *enter(void *arg) {
	struct visitor *visitor = arg;
	visitor->rc = dtf__gate_enter(gate, visitor->kind, visitor->size, true);
	return NULL;
}

static void send(struct visitor *visitor, enum request_kind kind, size_t size) {
	*visitor = (struct visitor){ .kind = kind, .size = size };
	ck_assert_int_eq(pthread_create(&visitor->thread, NULL, enter, visitor), 0);
}

static int join(struct visitor *visitor) {
	ck_assert_int_eq(pthread_join(visitor->thread, NULL), 0);
	return visitor->rc;
}

static int try(enum request_kind kind, size_t size) {
	return dtf__gate_enter(gate, kind, size, false);
}

/* Until somebody in the line keeps out who would fit. */
static void await_line(void) {
	while (try(REQUEST_RAISE, 1) == 0) {
		dtf__gate_leave(gate, REQUEST_RAISE, 1);
		(void)sched_yield();
	}
}

static void open_gate(void) {
	gate = dtf__gate_create(SIZE_MAX_OF_ALL, BACKLOG_MAX);
	ck_assert_ptr_nonnull(gate);
}

START_TEST(small_ones_do_not_pass_a_large_one_that_waits) {
	struct visitor large, small;
	open_gate();
	ck_assert_int_eq(try(REQUEST_RAISE, 60), 0);
	send(&large, REQUEST_RAISE, 80);
	await_line();
	ck_assert_int_eq(try(REQUEST_RAISE, 10), DTF_EBUSY);
	ck_assert_ptr_nonnull(strstr(dtf_errmsg(), "too many requests"));
	ck_assert_int_eq(try(REQUEST_START, 10), DTF_EBUSY);
	ck_assert_int_eq(try(REQUEST_WAIT, 10), 0); /* waits have their own room */
	send(&small, REQUEST_RAISE, 30);
	dtf__gate_leave(gate, REQUEST_RAISE, 60);
	ck_assert_int_eq(join(&large), 0);
	/* Now it is the small one's turn, and there is no room for it. */
	ck_assert_int_eq(try(REQUEST_RAISE, 30), DTF_EBUSY);
	dtf__gate_leave(gate, REQUEST_RAISE, 80);
	ck_assert_int_eq(join(&small), 0);
	ck_assert_int_eq(try(REQUEST_RAISE, 70), 0);
	dtf__gate_destroy(gate);
}
END_TEST

START_TEST(one_who_leaves_lets_in_as_many_as_there_is_room_for) {
	struct visitor visitors[4];
	open_gate();
	ck_assert_int_eq(try(REQUEST_RAISE, 100), 0);
	for (size_t i = 0; i < 4; i++) {
		send(&visitors[i], REQUEST_RAISE, 25);
	}
	dtf__gate_leave(gate, REQUEST_RAISE, 100);
	for (size_t i = 0; i < 4; i++) {
		ck_assert_int_eq(join(&visitors[i]), 0);
	}
	ck_assert_int_eq(try(REQUEST_RAISE, 1), DTF_EBUSY);
	dtf__gate_leave(gate, REQUEST_RAISE, 25);
	ck_assert_int_eq(try(REQUEST_RAISE, 25), 0);
	dtf__gate_destroy(gate);
}
END_TEST

START_TEST(starts_that_wait_for_activities_hold_up_starts_only) {
	struct visitor start, large;
	open_gate();
	dtf__gate_backlog(gate, BACKLOG_MAX);
	send(&start, REQUEST_START, 10);
	ck_assert_int_eq(try(REQUEST_START, 10), DTF_EBUSY);
	ck_assert_ptr_nonnull(strstr(dtf_errmsg(), "activities"));
	ck_assert_int_eq(try(REQUEST_RAISE, 90), 0);
	/* Behind it somebody waits for room: it is let in all the same. */
	send(&large, REQUEST_RAISE, 50);
	await_line();
	dtf__gate_leave(gate, REQUEST_RAISE, 90);
	ck_assert_int_eq(join(&large), 0);
	dtf__gate_backlog(gate, BACKLOG_MAX - 1);
	ck_assert_int_eq(join(&start), 0);
	dtf__gate_destroy(gate);
}
END_TEST

START_TEST(who_is_larger_than_all_there_is_goes_alone) {
	struct visitor larger;
	open_gate();
	ck_assert_int_eq(try(REQUEST_RAISE, 1), 0);
	send(&larger, REQUEST_RAISE, 1000);
	await_line();
	dtf__gate_leave(gate, REQUEST_RAISE, 1);
	ck_assert_int_eq(join(&larger), 0);
	ck_assert_int_eq(try(REQUEST_RAISE, 1), DTF_EBUSY);
	dtf__gate_destroy(gate);
}
END_TEST

START_TEST(who_waits_is_told_that_it_closes) {
	struct visitor first, second;
	open_gate();
	ck_assert_int_eq(try(REQUEST_RAISE, 100), 0);
	send(&first, REQUEST_RAISE, 1);
	send(&second, REQUEST_RAISE, 1);
	dtf__gate_close(gate);
	ck_assert_int_eq(join(&first), DTF_ECLOSED);
	ck_assert_int_eq(join(&second), DTF_ECLOSED);
	dtf__gate_destroy(gate);
}
END_TEST

/* Each leaves as soon as it is in: whoever is forgotten in the line stays there. */
static void *come_and_go(void *arg) {
	const size_t *size = arg;
	for (int i = 0; i < 2000; i++) {
		if (dtf__gate_enter(gate, REQUEST_RAISE, *size, true) != 0) {
			return arg;
		}
		dtf__gate_leave(gate, REQUEST_RAISE, *size);
	}
	return NULL;
}

START_TEST(nobody_is_forgotten) {
	static size_t sizes[] = { 10, 40, 70, 100 };
	pthread_t threads[4];
	open_gate();
	for (size_t i = 0; i < 4; i++) {
		ck_assert_int_eq(pthread_create(&threads[i], NULL, come_and_go, &sizes[i]), 0);
	}
	for (size_t i = 0; i < 4; i++) {
		void *trouble;
		ck_assert_int_eq(pthread_join(threads[i], &trouble), 0);
		ck_assert_ptr_null(trouble);
	}
	ck_assert_int_eq(try(REQUEST_RAISE, 100), 0);
	dtf__gate_destroy(gate);
}
END_TEST

int main(void) {
	Suite *suite = suite_create("gate");
	TCase *tc = tcase_create("gate");
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, small_ones_do_not_pass_a_large_one_that_waits);
	tcase_add_test(tc, one_who_leaves_lets_in_as_many_as_there_is_room_for);
	tcase_add_test(tc, starts_that_wait_for_activities_hold_up_starts_only);
	tcase_add_test(tc, who_is_larger_than_all_there_is_goes_alone);
	tcase_add_test(tc, who_waits_is_told_that_it_closes);
	tcase_add_test(tc, nobody_is_forgotten);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
