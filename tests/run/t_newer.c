/*
 * Rows that cannot be read, because a newer dtf wrote them or because they are damaged:
 * they stay as they are, hold up nothing, and are told of once.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "../../runtime/error.h"
#include "../../runtime/wire.h"
#include "../support/lab.h"
#include "../support/suite.h"
#include "../support/turn.h"

#define HOUR INT64_C(3600000)

static struct lab lab;

static void setup(void) {
	lab_init(&lab, turn_modules);
	lab.options.retention_ms = HOUR;
	lab_open(&lab);
}

static void teardown(void) {
	lab_finish(&lab);
}

static int start(const char *id) {
	return lab_do(&lab, REQUEST_START, id, "r.turn", NULL, "[1]");
}

static int stop(const char *id) {
	return lab_do(&lab, REQUEST_RAISE, id, "stop", NULL, "null");
}

static uint64_t number_of(const char *id) {
	uint64_t number = 0;
	ck_assert_int_eq(lab.store->ops->find(lab.store, id, &number), 0);
	return number;
}

/* Its row as a dtf of the next century writes it, or as a bad disk does. */
static void overwrite(uint64_t number, bool newer, struct store_keys keys) {
	struct buf row = { 0 };
	size_t at = dtf__wire_open(&row, 250);
	dtf__wire_put_text(&row, "who knows");
	dtf__wire_seal(&row, at, WIRE_ROW);
	if (!newer) {
		row.data[row.size - 1] ^= 1;
	}
	const struct store_put_row put = { number, { row.data, row.size }, keys };
	struct store_batch batch = { .rows = &put, .nrows = 1 };
	ck_assert_int_eq(lab.store->ops->commit(lab.store, &batch), 0);
	dtf__buf_finish(&row);
}

static void assert_untouched(uint64_t number, const char *id) {
	struct arena arena = { 0 };
	struct slice bytes;
	ck_assert_int_eq(lab.store->ops->row(lab.store, &arena, number, &bytes), 0);
	ck_assert_uint_gt(bytes.size, 9);
	ck_assert_int_eq(memcmp(bytes.data + bytes.size - 9, "who knows", 8), 0);
	ck_assert_uint_eq(number_of(id), number);
	dtf__arena_finish(&arena);
}

/* Lines of the log that name the instance. */
static unsigned count_lines(uint64_t number) {
	char want[64];
	unsigned count = 0;
	(void)snprintf(want, sizeof(want), "instance number %llu:", (unsigned long long)number);
	dtf__buf_add(&lab.log, "", 1);
	lab.log.size--;
	for (const char *at = lab.log.data; (at = strstr(at, want)) != NULL; at++) {
		count++;
	}
	return count;
}

/* _i: 0 damaged, 1 newer */
START_TEST(one_that_has_ended_is_not_purged) {
	uint64_t numbers[3];
	for (int i = 0; i < 3; i++) {
		char id[8];
		(void)snprintf(id, sizeof(id), "%d", i);
		ck_assert_int_eq(start(id), 0);
		ck_assert_int_eq(stop(id), 0);
		numbers[i] = number_of(id);
	}
	lab_crash(&lab);
	struct store_keys keys = {
		.due_ms = (uint64_t)lab.now_ms, .ended = true, .status = DTF_COMPLETED
	};
	overwrite(numbers[0], _i == 1, keys);
	overwrite(numbers[1], _i == 1, keys);
	lab_open(&lab);
	lab_settle(&lab);
	for (int i = 0; i < 5; i++) {
		lab_pass(&lab, HOUR);
		ck_assert_int_eq(start("other"), 0); /* something else ends every hour */
		ck_assert_int_eq(stop("other"), 0);
	}
	uint64_t number;
	ck_assert_int_eq(lab.store->ops->find(lab.store, "2", &number), STORE_NOT_FOUND);
	assert_untouched(numbers[0], "0");
	assert_untouched(numbers[1], "1");
	ck_assert_uint_eq(count_lines(numbers[0]), 1);
	ck_assert_uint_eq(count_lines(numbers[1]), 1);
}
END_TEST

static const struct store_keys kept[] = {
	{ .busy = true, .status = DTF_RUNNING },
	{ .kind = 1, .status = DTF_RUNNING },                             /* not linked */
	{ .kind = 1, .busy = true, .due_ms = 10, .status = DTF_RUNNING }, /* all at once */
	{ .due_ms = 10, .status = DTF_RUNNING },
	{ .due_ms = 10, .kind = 1, .status = DTF_RUNNING },
};

/* _i: which, damaged and newer */
START_TEST(one_that_runs_holds_up_nobody) {
	ck_assert_int_eq(start("a"), 0);
	ck_assert_int_eq(start("b"), 0);
	uint64_t a = number_of("a");
	lab_crash(&lab);
	overwrite(a, _i % 2 == 1, kept[_i / 2]);
	lab_open(&lab);
	lab_settle(&lab);
	lab_pass(&lab, 1000);
	int code = _i % 2 == 1 ? DTF_EFORMAT : DTF_ECORRUPT;
	ck_assert_int_eq(stop("a"), code);
	ck_assert_int_eq(lab_do(&lab, REQUEST_CANCEL, "a", NULL, "why", NULL), code);
	ck_assert_int_ne(start("a"), 0);
	ck_assert_int_eq(stop("b"), 0);
	lab_pass(&lab, 10 * HOUR);
	assert_untouched(a, "a");
	ck_assert_uint_eq(count_lines(a), 1);
}
END_TEST

int main(void) {
	Suite *suite = suite_create("newer");
	TCase *tc = tcase_create("newer");
	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, one_that_has_ended_is_not_purged, 0, 2);
	tcase_add_loop_test(tc, one_that_runs_holds_up_nobody, 0, 10);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
