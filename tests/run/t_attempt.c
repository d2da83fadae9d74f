/*
 * How an attempt of real user code ends, and what follows for its undo: whether
 * it is known that the step did not happen is what everything turns on
 * (LANGUAGE 9 and 10).
 *
 *	workflow w() { do step() undo back() }
 */
#include <check.h>
#include <string.h>

#include <dtf/abi.h>

#include "../support/lab.h"
#include "../support/suite.h"

static const struct dtf_error_def declared = { "w.no", &dtf_type_unit };
struct full_fields {
	int64_t room;
};
static const struct dtf_field full_fields[] = {
	{ "room", &dtf_type_int, offsetof(struct full_fields, room) },
};
static const struct dtf_type full_type = DTF_RECORD("w.full", struct full_fields, full_fields);
static const struct dtf_error_def full = { "w.full", &full_type };
static const struct dtf_error_def undeclared = { "w.other", &dtf_type_unit };

static int (*step_does)(struct dtf_activity *act, const void *args, void *ret);
static unsigned backs;

static int step_run(struct dtf_activity *act, const void *args, void *ret) {
	return step_does(act, args, ret);
}

static int back_run(struct dtf_activity *act, const void *args, void *ret) {
	backs++;
	return 0;
}

static const struct dtf_activity_def step = { .name = "w.step",
	.args = &dtf_type_no_args,
	.result = &dtf_type_string,
	.policy = { .attempts = 2, .backoff_min_ms = 1000, .backoff_max_ms = 1000, .tag = "" },
	.fails = (const struct dtf_error_def *const[]){ &declared, &full, NULL },
	.run = step_run };
static const struct dtf_activity_def back = { .name = "w.back",
	.args = &dtf_type_no_args,
	.result = &dtf_type_unit,
	.policy = { .attempts = 1, .tag = "" },
	.fails = (const struct dtf_error_def *const[]){ NULL },
	.run = back_run };

struct frame {
	int at;
};

static enum dtf_step undo(struct dtf_ctx *ctx, void *frame) {
	struct frame *f = frame;
	if (f->at == 0) {
		dtf_do(ctx, 0, &back, NULL, NULL);
		f->at = 1;
	}
	enum dtf_step is = dtf_await(ctx, NULL);
	return is == DTF_READY ? DTF_DONE : is;
}
static const struct dtf_strand_def undo_strand = { .name = "w/undo_1",
	.frame_size = sizeof(struct frame),
	.at = offsetof(struct frame, at),
	.frame = &dtf_type_no_args,
	.run = undo };

static enum dtf_step body(struct dtf_ctx *ctx, void *frame) {
	struct frame *f = frame;
	if (f->at == 0) {
		dtf_do(ctx, 0, &step, NULL, NULL);
		dtf_undo(ctx, &undo_strand, NULL);
		f->at = 1;
	}
	enum dtf_step is = dtf_await(ctx, NULL);
	return is == DTF_READY ? dtf_return(ctx, NULL) : is;
}
static const struct dtf_strand_def body_strand = { .name = "w",
	.frame_size = sizeof(struct frame),
	.at = offsetof(struct frame, at),
	.frame = &dtf_type_no_args,
	.run = body };
static const struct dtf_site sites[] = { { 1, 1, "do step() undo back()" } };
static const struct dtf_workflow_def workflow = { .name = "w.w",
	.version = 1,
	.fingerprint = 1,
	.input = &dtf_type_no_args,
	.output = &dtf_type_unit,
	.body = &body_strand,
	.sites = sites,
	.nsites = 1,
	.events = (const struct dtf_event_def *const[]){ NULL } };
static const struct dtf_module module = { .abi = DTF_ABI,
	.name = "w",
	.file = "w.dtf",
	.manifest = (const char *const[]){ "{}", NULL },
	.activities = (const struct dtf_activity_def *const[]){ &step, &back, NULL },
	.events = (const struct dtf_event_def *const[]){ NULL },
	.workflows = (const struct dtf_workflow_def *const[]){ &workflow, NULL } };
static const struct dtf_module *const modules[] = { &module, NULL };

static struct lab lab;

static void setup(void) {
	lab_init(&lab, modules);
	lab.options.verify = true;
	lab.options.payload_max = 1000;
	lab_open(&lab);
	backs = 0;
}

static void teardown(void) {
	lab_finish(&lab);
}

/* Runs whatever is there to run, on this thread, until the instance has ended. */
static void run(bool cancelled) {
	ck_assert_int_eq(lab_do(&lab, REQUEST_START, "i", "w.w", NULL, "[]"), 0);
	if (cancelled) {
		ck_assert_int_eq(lab_do(&lab, REQUEST_CANCEL, "i", NULL, "stop", NULL), 0);
	}
	unsigned rounds = 0;
	while (lab_status(&lab, "i") == DTF_RUNNING) {
		ck_assert_uint_lt(rounds++, 20);
		while (lab.nrunning > 0) {
			struct dtf_activity *attempt = lab.running[--lab.nrunning];
			dtf__attempt_run(attempt);
			attempt->finished(attempt->finished_arg, attempt);
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
	ck_assert_uint_eq(lab_count(&lab, "i", EVENT_ATTEMPT_ENDED), attempts + backs);
	dtf__arena_finish(&arena);
}

static int answers_no(struct dtf_activity *act, const void *args, void *ret) {
	return dtf_activity_fail_typed(act, &declared, NULL, "no");
}

START_TEST(a_declared_error_is_an_answer) {
	step_does = answers_no;
	run(false);
	assert_end(DTF_FAILED, "w.no", 1);
	ck_assert_uint_eq(backs, 0);
}
END_TEST

static int answers_other(struct dtf_activity *act, const void *args, void *ret) {
	return dtf_activity_fail_typed(act, &undeclared, NULL, "other");
}

/* The workflow was checked against what the activity declares: it is no such error. */
START_TEST(an_error_that_is_not_declared_is_an_ordinary_failure) {
	step_does = answers_other;
	run(false);
	assert_end(DTF_FAILED, "activity_failed: other", 2);
	ck_assert_uint_eq(backs, 0);
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
	step_does = returns_much;
	run(false);
	assert_end(DTF_FAILED, "payload_too_large", 1);
	ck_assert_uint_eq(backs, 1);
}
END_TEST

static int returns_bytes(struct dtf_activity *act, const void *args, void *ret) {
	const char *text = "\xff\xfe";
	memcpy(ret, &text, sizeof(text));
	return 0;
}

START_TEST(a_result_that_is_no_value_is_undone) {
	step_does = returns_bytes;
	run(false);
	assert_end(DTF_FAILED, "bad_value", 1);
	ck_assert_uint_eq(backs, 1);
}
END_TEST

static int gives_up(struct dtf_activity *act, const void *args, void *ret) {
	ck_assert(dtf_activity_cancelled(act));
	return dtf_activity_fail(act, NULL, "as you wish");
}

/* Cancelled in flight: how far it had come is unknown. */
START_TEST(an_attempt_that_gives_up_when_cancelled_is_undone) {
	step_does = gives_up;
	run(true);
	assert_end(DTF_CANCELLED, "", 1);
	ck_assert_uint_eq(backs, 1);
}
END_TEST

/* Cancelled, but it says for certain that it did not happen. */
START_TEST(a_declared_error_when_cancelled_is_not_undone) {
	step_does = answers_no;
	run(true);
	assert_end(DTF_CANCELLED, "", 1);
	ck_assert_uint_eq(backs, 0);
}
END_TEST

static int is_lost(struct dtf_activity *act, const void *args, void *ret) {
	return dtf_activity_lost(act, "the line is dead");
}

START_TEST(a_lost_attempt_is_retried_and_then_undone) {
	step_does = is_lost;
	run(false);
	assert_end(DTF_FAILED, "lost: the line is dead", 2);
	ck_assert_uint_eq(backs, 1);
}
END_TEST

static int returns_nothing(struct dtf_activity *act, const void *args, void *ret) {
	return dtf_activity_attempt(act) == 1 ? 17 : 0;
}

START_TEST(any_other_value_is_a_failure) {
	step_does = returns_nothing;
	run(false);
	assert_end(DTF_COMPLETED, "", 2);
	ck_assert_uint_eq(backs, 0);
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
	step_does = returns_json;
	answer = "\"fine\"";
	run(false);
	assert_end(DTF_COMPLETED, "", 1);
}
END_TEST

/* It happened, and trying again would do it twice. */
START_TEST(a_result_of_another_type_is_not_retried_and_undone) {
	step_does = returns_json;
	answer = "[1, 2]";
	run(false);
	assert_end(DTF_FAILED, "bad_payload: result: expected string, got ", 1);
	ck_assert_uint_eq(backs, 1);
}
END_TEST

START_TEST(a_result_that_is_no_json_is_not_retried_and_undone) {
	step_does = returns_json;
	answer = "fine";
	run(false);
	assert_end(DTF_FAILED, "bad_payload: ", 1);
	ck_assert_uint_eq(backs, 1);
}
END_TEST

static const char *error_name, *error_fields;

static int fails_json(struct dtf_activity *act, const void *args, void *ret) {
	return dtf_activity_fail_json(act, error_name, error_fields, "so it is");
}

START_TEST(a_declared_error_by_name) {
	static const char *const names[] = { "full", "w.full" };
	step_does = fails_json;
	error_name = names[_i];
	error_fields = "{\"room\":7}";
	run(false);
	assert_end(DTF_FAILED, "w.full: so it is", 1);
	ck_assert_uint_eq(backs, 0);
}
END_TEST

START_TEST(a_declared_error_with_fields_that_are_not_its_own) {
	step_does = fails_json;
	error_name = "full";
	error_fields = "{\"room\":\"seven\"}";
	run(false);
	assert_end(DTF_FAILED, "activity_failed: w.full.room: expected int, got \"seven\"", 1);
}
END_TEST

START_TEST(a_name_that_is_not_declared_is_an_ordinary_failure) {
	step_does = fails_json;
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
	tcase_add_test(tc, a_declared_error_is_an_answer);
	tcase_add_test(tc, an_error_that_is_not_declared_is_an_ordinary_failure);
	tcase_add_test(tc, a_result_over_the_limit_is_not_retried_and_undone);
	tcase_add_test(tc, a_result_that_is_no_value_is_undone);
	tcase_add_test(tc, an_attempt_that_gives_up_when_cancelled_is_undone);
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
