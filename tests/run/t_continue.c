/*
 * continue with: the next execution begins in the commit that ends the one
 * before, takes over all that is the instance's, and nothing of what was the
 * execution's.  Traps 34 to 36, 48.
 *
 *	workflow turn(n: int) {
 *		select { do a()  do b()  on go { }  on more { status uuid() } }
 *		if n < 3 { continue with (n + 1) }
 *	}
 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include <dtf/abi.h>

#include "../../runtime/error.h"
#include "../support/lab.h"
#include "../support/suite.h"

struct args {
	int64_t n;
};
static const struct dtf_field args_fields[] = { { "n", &dtf_type_int, offsetof(struct args, n) } };
static const struct dtf_type args_type = DTF_TUPLE("c.turn", struct args, args_fields);

static int run_nothing(struct dtf_activity *act, const void *args, void *ret) {
	return 0;
}

#define ACTIVITY(variable, activity_name)                                          \
	static const struct dtf_activity_def variable = { .name = (activity_name), \
		.args = &dtf_type_no_args,                                         \
		.result = &dtf_type_unit,                                          \
		.policy = { .attempts = 2, .factor = 1.0, .tag = "" },             \
		.fails = (const struct dtf_error_def *const[]){ NULL },            \
		.run = run_nothing }
ACTIVITY(a, "c.a");
ACTIVITY(b, "c.b");

static const struct dtf_event_def go = { "c.go", &dtf_type_unit, 5 };
static const struct dtf_event_def more = { "c.more", &dtf_type_unit, 5 };

struct frame {
	int at;
	struct args in;
};

static enum dtf_step turn(struct dtf_ctx *ctx, void *frame) {
	struct frame *f = frame;
	int arm;
	if (f->at == 0) {
		dtf_select_begin(ctx);
		dtf_arm_do(ctx, 0, 0, &a, NULL, NULL);
		dtf_arm_do(ctx, 1, 0, &b, NULL, NULL);
		dtf_arm_event(ctx, 2, 0, &go);
		dtf_arm_event(ctx, 3, 0, &more);
		dtf_select(ctx, false);
		f->at = 1;
	}
	enum dtf_step step = dtf_select_await(ctx, &arm);
	if (step != DTF_READY) {
		return step;
	}
	if (arm == 3) {
		const char *id = dtf_uuid(ctx);
		dtf_status(ctx, 0, &dtf_type_string, &id);
	}
	if (f->in.n < 3) {
		return dtf_continue_with(ctx, 0, &(struct args){ f->in.n + 1 });
	}
	return dtf_return(ctx, NULL);
}

static const struct dtf_strand_def body = { .name = "turn",
	.frame_size = sizeof(struct frame),
	.at = offsetof(struct frame, at),
	.frame = &dtf_type_no_args,
	.run = turn };
static const struct dtf_site sites[] = { { 1, 1, "select {" } };

#define WORKFLOW(variable, number)                                                      \
	static const struct dtf_workflow_def variable##_workflow = { .name = "c.turn",  \
		.version = (number),                                                    \
		.fingerprint = (number),                                                \
		.input = &args_type,                                                    \
		.output = &dtf_type_unit,                                               \
		.input_at = offsetof(struct frame, in),                                 \
		.body = &body,                                                          \
		.sites = sites,                                                         \
		.nsites = 1,                                                            \
		.events = (const struct dtf_event_def *const[]){ &go, &more, NULL } };  \
	static const struct dtf_module variable = { .abi = DTF_ABI,                     \
		.name = "c",                                                            \
		.file = "c.dtf",                                                        \
		.manifest = (const char *const[]){ "{}", NULL },                        \
		.activities = (const struct dtf_activity_def *const[]){ &a, &b, NULL }, \
		.events = (const struct dtf_event_def *const[]){ &go, &more, NULL },    \
		.workflows = (const struct dtf_workflow_def *const[]){                  \
			&variable##_workflow, NULL } }
WORKFLOW(version_1, 1);
WORKFLOW(version_2, 2);

static const struct dtf_module *const only_1[] = { &version_1, NULL };
static const struct dtf_module *const both[] = { &version_1, &version_2, NULL };
static const struct dtf_module *const only_2[] = { &version_2, NULL };

static struct lab lab;

static void setup(void) {
	lab_init(&lab, only_1);
	lab.options.verify = true;
	lab_open(&lab);
}

static void teardown(void) {
	lab_finish(&lab);
}

static void reopen(const struct dtf_module *const *modules) {
	lab_crash(&lab);
	lab.modules = modules;
	lab_open(&lab);
	lab_settle(&lab);
}

static int ask(enum request_kind kind, const char *name, const char *text, const char *payload) {
	return lab_do(&lab, kind, "i", name, text, payload);
}

static void start(const char *input) {
	ck_assert_int_eq(ask(REQUEST_START, "c.turn", NULL, input), 0);
}

static struct event_started begin_of(struct arena *arena) {
	struct history history = lab_history(&lab, "i", arena);
	struct event_started begin;
	ck_assert_int_eq(dtf__history_begin(arena, &history, &begin), 0);
	return begin;
}

static void assert_execution(int64_t number) {
	struct arena arena = { 0 };
	ck_assert_int_eq(begin_of(&arena).execution, number);
	dtf__arena_finish(&arena);
}

static void fill_store(void) {
	faulty_store_plan(
		lab.store, &(struct fault){ .at = 1, .when = FAULT_BEFORE, .code = DTF_EFULL });
}

/* Both arms end in one round: the second result is of an execution that is over. */
START_TEST(trap_36_a_late_result_does_not_meet_the_next_execution) {
	start("[1]");
	lab_end(&lab, "c.a", "i", "null");
	lab_end(&lab, "c.b", "i", "null");
	lab_settle(&lab);
	assert_execution(2);
	ck_assert_uint_eq(lab_count(&lab, "i", EVENT_ATTEMPT_ENDED), 0);
	ck_assert_ptr_nonnull(lab_running(&lab, "c.a", "i"));
	ck_assert_ptr_nonnull(lab_running(&lab, "c.b", "i"));
	ck_assert_uint_eq(lab.engine->slots_used, 2);
}
END_TEST

/* The loser of execution 1 reports when execution 2 has an op of the same number. */
START_TEST(trap_36_nor_does_one_that_comes_later_still) {
	start("[1]");
	lab_end(&lab, "c.a", "i", "null");
	lab_settle(&lab);
	ck_assert_uint_eq(lab.nrunning, 3);
	ck_assert_int_eq(lab_running(&lab, "c.b", "i")->execution, 1);
	lab_end(&lab, "c.b", "i", "null");
	lab_settle(&lab);
	assert_execution(2);
	ck_assert_int_eq(lab_running(&lab, "c.b", "i")->execution, 2);
}
END_TEST

START_TEST(trap_48_mailbox_marks_status_and_seed_carry_over) {
	struct arena arena = { 0 };
	start("[1]");
	struct event_started first = begin_of(&arena);
	struct asked asked[5];
	lab_ask(&lab, &asked[0], REQUEST_RAISE, "i", "more", NULL, "null");
	lab_ask(&lab, &asked[1], REQUEST_RAISE, "i", "go", "e1", "null");
	lab_ask(&lab, &asked[2], REQUEST_RAISE, "i", "c.go", "e2", "null");
	lab_ask(&lab, &asked[3], REQUEST_RAISE, "i", "go", "e1", "null");
	lab_ask(&lab, &asked[4], REQUEST_CANCEL, "i", NULL, "no", NULL);
	ck_assert_int_eq(lab_round(&lab), 0); /* `more` continues; the rest is for the next */
	lab_settle(&lab);
	for (unsigned i = 0; i < 5; i++) {
		ck_assert_uint_eq(asked[i].answers, 1);
		ck_assert(asked[i].rc == 0 || asked[i].rc == DTF_EENDED);
	}
	ck_assert_int_ne(lab_status(&lab, "i"), DTF_RUNNING);
	struct event_started last = begin_of(&arena);
	ck_assert_int_gt(last.execution, 1);
	ck_assert_int_eq(memcmp(first.seed, last.seed, sizeof(first.seed)), 0);
	ck_assert_int_eq(last.created_ms, first.created_ms);
	ck_assert_uint_gt(last.status.size, 30); /* the uuid that execution 1 set */
	dtf__arena_finish(&arena);
}
END_TEST

/* Events that nobody has read are there in each next execution, in order, once. */
START_TEST(unread_events_go_along) {
	start("[1]");
	ck_assert_int_eq(ask(REQUEST_SUSPEND, NULL, NULL, NULL), 0);
	for (unsigned i = 0; i < 5; i++) {
		ck_assert_int_eq(ask(REQUEST_RAISE, "go", NULL, "null"), 0);
	}
	ck_assert_int_eq(ask(REQUEST_RAISE, "go", NULL, "null"), DTF_EMAILBOX);
	ck_assert_int_eq(ask(REQUEST_RESUME, NULL, NULL, NULL), 0);
	ck_assert_int_eq(lab_status(&lab, "i"), DTF_COMPLETED);
	struct arena arena = { 0 };
	ck_assert_int_eq(begin_of(&arena).execution, 3);
	ck_assert_uint_eq(begin_of(&arena).nunread, 3);
	dtf__arena_finish(&arena);
}
END_TEST

/* The start of the next execution holds them all, so they are bounded by bytes too. */
START_TEST(unread_events_are_bounded_together) {
	start("[3]");
	ck_assert_int_eq(ask(REQUEST_SUSPEND, NULL, NULL, NULL), 0);
	ck_assert_int_eq(ask(REQUEST_RAISE, "go", NULL, "null"), 0);
	ck_assert_int_eq(ask(REQUEST_RAISE, "more", NULL, "null"), 0);
	struct instance *instance = dtf__instance_loaded(lab.engine, 1);
	ck_assert_uint_eq(instance->ctx->unread_size, 8);
	instance->ctx->unread_size = UNREAD_SIZE_MAX - 3;
	lab.engine->options.verify = false; /* it would see that this is not so */
	ck_assert_int_eq(ask(REQUEST_RAISE, "go", NULL, "null"), DTF_EMAILBOX);
	lab.engine->options.verify = true;
	instance->ctx->unread_size = 8;
	ck_assert_int_eq(ask(REQUEST_RAISE, "go", NULL, "null"), 0);
	ck_assert_int_eq(ask(REQUEST_RESUME, NULL, NULL, NULL), 0);
	ck_assert_int_eq(lab_status(&lab, "i"), DTF_COMPLETED);
}
END_TEST

START_TEST(an_event_that_was_read_counts_no_more) {
	start("[1]");
	ck_assert_int_eq(ask(REQUEST_SUSPEND, NULL, NULL, NULL), 0);
	ck_assert_int_eq(ask(REQUEST_RAISE, "go", NULL, "null"), 0);
	ck_assert_int_eq(ask(REQUEST_RESUME, NULL, NULL, NULL), 0);
	assert_execution(2);
	ck_assert_uint_eq(dtf__instance_loaded(lab.engine, 1)->ctx->unread_size, 0);
}
END_TEST

/* So does a cancel that came while it was suspended and that it has not met. */
START_TEST(a_cancel_goes_along) {
	start("[1]");
	ck_assert_int_eq(ask(REQUEST_SUSPEND, NULL, NULL, NULL), 0);
	ck_assert_int_eq(ask(REQUEST_RAISE, "go", NULL, "null"), 0);
	ck_assert_int_eq(ask(REQUEST_CANCEL, NULL, "enough", NULL), 0);
	ck_assert_int_eq(ask(REQUEST_RESUME, NULL, NULL, NULL), 0);
	assert_execution(2);
	ck_assert_int_eq(lab_status(&lab, "i"), DTF_CANCELLED);
}
END_TEST

/* Recorded, and dead before its first micro-step. */
START_TEST(trap_35_the_next_execution_is_there_with_the_end_of_the_last) {
	start("[1]");
	lab_end(&lab, "c.a", "i", "null");
	ck_assert_int_eq(lab_round(&lab), 0);
	assert_execution(2);
	ck_assert_uint_eq(lab_count(&lab, "i", EVENT_ACTIVITY_SCHEDULED), 0);
	reopen(only_1);
	ck_assert_uint_eq(lab_count(&lab, "i", EVENT_ACTIVITY_SCHEDULED), 2);
	ck_assert_ptr_nonnull(lab_running(&lab, "c.a", "i"));
}
END_TEST

START_TEST(a_full_store_takes_back_both_executions) {
	start("[1]");
	lab_end(&lab, "c.a", "i", "null");
	lab_end(&lab, "c.b", "i", "null");
	fill_store();
	lab_settle(&lab);
	assert_execution(1);
	lab_pass(&lab, 1000);
	assert_execution(2);
	ck_assert_uint_eq(lab.engine->slots_used, 2);
	/* A new instance that continues at once, and is not recorded. */
	struct asked asked[2];
	lab_ask(&lab, &asked[0], REQUEST_START, "j", "c.turn", NULL, "[1]");
	lab_ask(&lab, &asked[1], REQUEST_RAISE, "j", "go", NULL, "null");
	fill_store();
	lab_settle(&lab);
	ck_assert_int_eq(asked[0].rc, DTF_EFULL);
	ck_assert_int_eq(asked[1].rc, DTF_EFULL);
	ck_assert_ptr_null(dtf__instance_loaded(lab.engine, 2));
	ck_assert_uint_eq(lab.engine->slots_used, 2);
}
END_TEST

START_TEST(the_next_execution_takes_the_newest_version) {
	struct arena arena = { 0 };
	start("[1]");
	reopen(both);
	ck_assert_int_eq(begin_of(&arena).version, 1);
	ck_assert_int_eq(ask(REQUEST_RAISE, "go", NULL, "null"), 0);
	ck_assert_int_eq(begin_of(&arena).version, 2);
	dtf__arena_finish(&arena);
}
END_TEST

/* DECISIONS 4: limits are an execution's.  What is raised is obeyed from the next on. */
START_TEST(the_next_execution_takes_the_limits_of_today) {
	struct arena arena = { 0 };
	lab.options.history_max = 500;
	reopen(only_1);
	start("[1]");
	lab.options.history_max = 600;
	lab.options.payload_max = 700;
	lab.options.grace_ms = 800;
	reopen(only_1);
	ck_assert_int_eq(begin_of(&arena).history_max, 500);
	ck_assert_int_eq(ask(REQUEST_RAISE, "go", NULL, "null"), 0);
	struct event_started begin = begin_of(&arena);
	ck_assert_int_eq(begin.execution, 2);
	ck_assert_int_eq(begin.history_max, 600);
	ck_assert_int_eq(begin.payload_max, 700);
	ck_assert_int_eq(begin.grace_ms, 800);
	dtf__arena_finish(&arena);
}
END_TEST

/* The next execution was recorded, its code then taken away before it ran. */
START_TEST(a_start_without_its_code_waits_for_it) {
	lab_finish(&lab);
	lab_init(&lab, only_2);
	lab_open(&lab);
	start("[2]");
	ck_assert_int_eq(ask(REQUEST_SUSPEND, NULL, NULL, NULL), 0);
	ck_assert_int_eq(ask(REQUEST_RESUME, NULL, NULL, NULL), 0);
	struct asked asked;
	lab_ask(&lab, &asked, REQUEST_RAISE, "i", "go", NULL, "null");
	ck_assert_int_eq(lab_round(&lab), 0);
	assert_execution(2);
	reopen(only_1);
	ck_assert_int_eq(ask(REQUEST_RAISE, "go", NULL, "null"), 0);
	ck_assert_int_eq(ask(REQUEST_CANCEL, NULL, "no", NULL), 0);
	ck_assert_int_eq(lab_status(&lab, "i"), DTF_SUSPENDED);
	reopen(only_2);
	ck_assert_int_eq(lab_status(&lab, "i"), DTF_COMPLETED);
	ck_assert_uint_eq(lab_count(&lab, "i", EVENT_SUSPENDED), 1);
}
END_TEST

int main(void) {
	Suite *suite = suite_create("continue");
	TCase *tc = tcase_create("continue");
	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, trap_36_a_late_result_does_not_meet_the_next_execution);
	tcase_add_test(tc, trap_36_nor_does_one_that_comes_later_still);
	tcase_add_test(tc, trap_48_mailbox_marks_status_and_seed_carry_over);
	tcase_add_test(tc, unread_events_go_along);
	tcase_add_test(tc, unread_events_are_bounded_together);
	tcase_add_test(tc, an_event_that_was_read_counts_no_more);
	tcase_add_test(tc, a_cancel_goes_along);
	tcase_add_test(tc, trap_35_the_next_execution_is_there_with_the_end_of_the_last);
	tcase_add_test(tc, a_full_store_takes_back_both_executions);
	tcase_add_test(tc, the_next_execution_takes_the_newest_version);
	tcase_add_test(tc, the_next_execution_takes_the_limits_of_today);
	tcase_add_test(tc, a_start_without_its_code_waits_for_it);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
