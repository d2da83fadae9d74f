/*
 * How an attempt of real user code ends, and what follows for its undo: whether
 * it is known that the step did not happen is what everything turns on
 * (LANGUAGE 9 and 10).
 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "../support/lab.h"
#include "../support/one_step.h"
#include "../support/suite.h"

static const struct dtf_module *const modules[] = { &one_step_module, NULL };
static struct lab lab;

static void setup(void) {
	lab_init(&lab, modules);
	lab.options.verify = true;
	lab.snapshot_events = 3;
	lab.options.payload_max = 1000;
	lab_open(&lab);
	one_step_reset();
	one_step.policy.attempts = 2;
}

static void teardown(void) {
	lab_finish(&lab);
}

static void cancel(void) {
	ck_assert_int_eq(lab_do(&lab, REQUEST_CANCEL, "i", NULL, "stop", NULL), 0);
}

/* Runs whatever is there to run, on this thread, until the instance has ended. */
static void run(bool cancelled) {
	ck_assert_int_eq(lab_do(&lab, REQUEST_START, "i", "w.w", NULL, "[]"), 0);
	if (cancelled) {
		cancel();
	}
	unsigned rounds = 0;
	while (lab_status(&lab, "i") == DTF_RUNNING) {
		ck_assert_uint_lt(rounds++, 20);
		while (lab.nrunning > 0) {
			struct dtf_activity *attempt = lab.running[--lab.nrunning];
			dtf__attempt_run(attempt);
		}
		lab_pass(&lab, 1000);
	}
}

static void assert_end(enum dtf_status status, const char *error, unsigned attempts) {
	struct arena arena = { 0 };
	struct row row;
	uint64_t number;
	struct slice bytes;
	struct store *store = lab.store;
	ck_assert_int_eq(store->ops->find(store, "i", &number), 0);
	ck_assert_int_eq(store->ops->row(store, &arena, number, &bytes), 0);
	ck_assert_int_eq(dtf__row_decode(&arena, bytes, &row), 0);
	ck_assert_int_eq(row.status, status);
	ck_assert_msg(strncmp(row.error, error, strlen(error)) == 0, "the error is %s", row.error);
	ck_assert_uint_eq(lab_count(&lab, "i", EVENT_ATTEMPT_ENDED), attempts + one_step_backs);
	dtf__arena_finish(&arena);
}

static char keys[2][64];

static int fails_and_keeps_its_key(struct dtf_activity *act, const void *args, void *ret) {
	(void)snprintf(
		keys[dtf_activity_attempt(act) - 1], sizeof(keys[0]), "%s", dtf_activity_key(act));
	return dtf_activity_fail(act, NULL, "no");
}

/* Instance, execution, command, and what no other store has. */
START_TEST(all_attempts_have_one_key) {
	one_step_does = fails_and_keeps_its_key;
	run(false);
	ck_assert_str_eq(keys[0], keys[1]);
	ck_assert_msg(strncmp(keys[0], "i/1/1-", 6) == 0, "the key is %s", keys[0]);
	ck_assert_uint_eq(strspn(keys[0] + 6, "0123456789abcdef"), 8);
	ck_assert_uint_eq(strlen(keys[0]), 6 + 8);
}
END_TEST

static int answers_no(struct dtf_activity *act, const void *args, void *ret) {
	return dtf_activity_fail_typed(act, &one_step_declared, NULL, "no");
}

START_TEST(a_declared_error_is_an_answer) {
	one_step_does = answers_no;
	run(false);
	assert_end(DTF_FAILED, "w.no", 1);
	ck_assert_uint_eq(one_step_backs, 0);
}
END_TEST

static int answers_other(struct dtf_activity *act, const void *args, void *ret) {
	return dtf_activity_fail_typed(act, &one_step_undeclared, NULL, "other");
}

/* The workflow was checked against what the activity declares: it is no such error. */
START_TEST(an_error_that_is_not_declared_is_an_ordinary_failure) {
	one_step_does = answers_other;
	run(false);
	assert_end(DTF_FAILED, "activity_failed: other", 2);
	ck_assert_uint_eq(one_step_backs, 0);
}
END_TEST

static int returns_much(struct dtf_activity *act, const void *args, void *ret) {
	char *text = dtf_activity_alloc(act, 2000);
	memset(text, 'x', 1999);
	memcpy(ret, &text, sizeof(text));
	return 0;
}

/* It happened; trying again would not make it smaller. */
START_TEST(a_result_over_the_limit_is_not_retried_and_undone) {
	one_step_does = returns_much;
	run(false);
	assert_end(DTF_FAILED, "payload_too_large", 1);
	ck_assert_uint_eq(one_step_backs, 1);
}
END_TEST

static int returns_bytes(struct dtf_activity *act, const void *args, void *ret) {
	const char *text = "\xff\xfe";
	memcpy(ret, &text, sizeof(text));
	return 0;
}

START_TEST(a_result_that_is_no_value_is_undone) {
	one_step_does = returns_bytes;
	run(false);
	assert_end(DTF_FAILED, "bad_value", 1);
	ck_assert_uint_eq(one_step_backs, 1);
}
END_TEST

static int gives_up(struct dtf_activity *act, const void *args, void *ret) {
	cancel();
	ck_assert(dtf_activity_cancelled(act));
	return dtf_activity_fail(act, NULL, "as you wish");
}

/* Cancelled in flight: how far it had come is unknown. */
START_TEST(an_attempt_that_gives_up_when_cancelled_is_undone) {
	one_step_does = gives_up;
	run(false);
	assert_end(DTF_CANCELLED, "", 1);
	ck_assert_uint_eq(one_step_backs, 1);
}
END_TEST

static unsigned begun;

static int counts(struct dtf_activity *act, const void *args, void *ret) {
	begun++;
	return dtf_activity_fail(act, NULL, "no");
}

/* It waited for a thread when the cancel was granted: its effect is known not to stand. */
START_TEST(what_is_cancelled_before_it_begins_does_not_begin) {
	begun = 0;
	one_step_does = counts;
	run(true);
	assert_end(DTF_CANCELLED, "", 1);
	ck_assert_uint_eq(begun, 0);
	ck_assert_uint_eq(one_step_backs, 0);
}
END_TEST

static int answers_no_when_cancelled(struct dtf_activity *act, const void *args, void *ret) {
	cancel();
	return answers_no(act, args, ret);
}

/* Cancelled, but it says for certain that it did not happen. */
START_TEST(a_declared_error_when_cancelled_is_not_undone) {
	one_step_does = answers_no_when_cancelled;
	run(false);
	assert_end(DTF_CANCELLED, "", 1);
	ck_assert_uint_eq(one_step_backs, 0);
}
END_TEST

static int is_lost(struct dtf_activity *act, const void *args, void *ret) {
	return dtf_activity_lost(act, "the line is dead");
}

START_TEST(a_lost_attempt_is_retried_and_then_undone) {
	one_step_does = is_lost;
	run(false);
	assert_end(DTF_FAILED, "lost: the line is dead", 2);
	ck_assert_uint_eq(one_step_backs, 1);
}
END_TEST

static int returns_nothing(struct dtf_activity *act, const void *args, void *ret) {
	return dtf_activity_attempt(act) == 1 ? 17 : 0;
}

START_TEST(any_other_value_is_a_failure) {
	one_step_does = returns_nothing;
	run(false);
	assert_end(DTF_COMPLETED, "", 2);
	ck_assert_uint_eq(one_step_backs, 0);
}
END_TEST

/* ---- names and JSON instead of types: what struct dtf_engine_options' run answers with ---- */

static const char *answer;

static int returns_json(struct dtf_activity *act, const void *args, void *ret) {
	ck_assert_str_eq(dtf_activity_name(act), "w.step");
	ck_assert_str_eq(dtf_activity_args(act), "[]");
	return dtf_activity_return_json(act, answer);
}

START_TEST(a_result_in_json) {
	one_step_does = returns_json;
	answer = "\"fine\"";
	run(false);
	assert_end(DTF_COMPLETED, "", 1);
}
END_TEST

/* It happened, and trying again would do it twice. */
START_TEST(a_result_of_another_type_is_not_retried_and_undone) {
	one_step_does = returns_json;
	answer = "[1, 2]";
	run(false);
	assert_end(DTF_FAILED, "bad_payload: result: expected string, got ", 1);
	ck_assert_uint_eq(one_step_backs, 1);
}
END_TEST

START_TEST(a_result_that_is_no_json_is_not_retried_and_undone) {
	one_step_does = returns_json;
	answer = "fine";
	run(false);
	assert_end(DTF_FAILED, "bad_payload: ", 1);
	ck_assert_uint_eq(one_step_backs, 1);
}
END_TEST

static const char *error_name, *error_fields;

static int fails_json(struct dtf_activity *act, const void *args, void *ret) {
	return dtf_activity_fail_json(act, error_name, error_fields, "so it is");
}

START_TEST(a_declared_error_by_name) {
	static const char *const names[] = { "full", "w.full" };
	one_step_does = fails_json;
	error_name = names[_i];
	error_fields = "{\"room\":7}";
	run(false);
	assert_end(DTF_FAILED, "w.full: so it is", 1);
	ck_assert_uint_eq(one_step_backs, 0);
}
END_TEST

START_TEST(a_declared_error_with_fields_that_are_not_its_own) {
	one_step_does = fails_json;
	error_name = "full";
	error_fields = "{\"room\":\"seven\"}";
	run(false);
	assert_end(DTF_FAILED, "activity_failed: w.full.room: expected int, got \"seven\"", 1);
}
END_TEST

START_TEST(a_name_that_is_not_declared_is_an_ordinary_failure) {
	one_step_does = fails_json;
	error_name = "gateway";
	error_fields = NULL;
	run(false);
	assert_end(DTF_FAILED, "activity_failed: so it is", 2);
}
END_TEST

int main(void) {
	Suite *suite = suite_create("attempt");
	TCase *tc = tcase_create("attempt");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, all_attempts_have_one_key);
	tcase_add_test(tc, a_declared_error_is_an_answer);
	tcase_add_test(tc, an_error_that_is_not_declared_is_an_ordinary_failure);
	tcase_add_test(tc, a_result_over_the_limit_is_not_retried_and_undone);
	tcase_add_test(tc, a_result_that_is_no_value_is_undone);
	tcase_add_test(tc, an_attempt_that_gives_up_when_cancelled_is_undone);
	tcase_add_test(tc, what_is_cancelled_before_it_begins_does_not_begin);
	tcase_add_test(tc, a_declared_error_when_cancelled_is_not_undone);
	tcase_add_test(tc, a_lost_attempt_is_retried_and_then_undone);
	tcase_add_test(tc, any_other_value_is_a_failure);
	tcase_add_test(tc, a_result_in_json);
	tcase_add_test(tc, a_result_of_another_type_is_not_retried_and_undone);
	tcase_add_test(tc, a_result_that_is_no_json_is_not_retried_and_undone);
	tcase_add_loop_test(tc, a_declared_error_by_name, 0, 2);
	tcase_add_test(tc, a_declared_error_with_fields_that_are_not_its_own);
	tcase_add_test(tc, a_name_that_is_not_declared_is_an_ordinary_failure);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
