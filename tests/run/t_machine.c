/*
 * Corners of the execution machine that are easier to reach with strands
 * written by hand than with a .dtf file: each is a workflow of a few states, run
 * on the real engine the three ways a scenario is run.
 */
#include <check.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include <dtf/abi.h>

#include "../../runtime/engine.h"
#include "../../runtime/scenario/scenario.h"
#include "../support/suite.h"

/* ---- what all of them are made of ---- */

struct frame {
	int at;
};

static int run_nothing(struct dtf_activity *act, const void *args, void *ret) {
	(void)act;
	(void)args;
	(void)ret;
	return 0;
}

static const struct dtf_error_def x_error = { "m.x", &dtf_type_unit };

static const struct dtf_activity_def a_activity = { .name = "m.a",
	.args = &dtf_type_no_args,
	.result = &dtf_type_unit,
	.policy = { .timeout_ms = 60000,
		.attempts = 3,
		.backoff_min_ms = 1000,
		.backoff_max_ms = 60000,
		.factor = 2.0,
		.tag = "" },
	.fails = (const struct dtf_error_def *const[]){ &x_error, NULL },
	.run = run_nothing };

static const struct dtf_activity_def b_activity = { .name = "m.b",
	.args = &dtf_type_no_args,
	.result = &dtf_type_unit,
	.policy = { .attempts = 1, .factor = 1.0, .tag = "" },
	.fails = (const struct dtf_error_def *const[]){ NULL },
	.run = run_nothing };

static const struct dtf_event_def e_event = { "m.e", &dtf_type_unit, 3 };

#define STRAND(function)                                                                      \
	{                                                                                     \
		.name = #function, .frame_size = sizeof(struct frame),                        \
		.at = offsetof(struct frame, at), .frame = &dtf_type_no_args, .run = function \
	}

static const struct dtf_site sites[] = { { 1, 1, "undo a()" }, { 2, 1, "do b()" } };

#define WORKFLOW(function)                                                                   \
	static const struct dtf_strand_def function##_body = { .name = #function,            \
		.frame_size = sizeof(struct frame),                                          \
		.at = offsetof(struct frame, at),                                            \
		.frame = &dtf_type_no_args,                                                  \
		.run = function };                                                           \
	static const struct dtf_workflow_def function##_workflow = { .name = "m." #function, \
		.version = 1,                                                                \
		.fingerprint = 1,                                                            \
		.input = &dtf_type_no_args,                                                  \
		.output = &dtf_type_unit,                                                    \
		.body = &function##_body,                                                    \
		.sites = sites,                                                              \
		.nsites = 2,                                                                 \
		.events = (const struct dtf_event_def *const[]){ &e_event, NULL } }

static void say(struct dtf_ctx *ctx, const char *text) {
	dtf_status(ctx, 0, &dtf_type_string, &text);
}

/* Runs the workflow, the scenario without its braces, all three ways. */
static void play(const struct dtf_workflow_def *workflow, const char *scenario) {
	const struct dtf_module module = { .abi = DTF_ABI,
		.name = "m",
		.file = "m.dtf",
		.manifest = (const char *const[]){ "{}", NULL },
		.activities = (const struct dtf_activity_def *const[]){ &a_activity, &b_activity,
			NULL },
		.events = (const struct dtf_event_def *const[]){ &e_event, NULL },
		.workflows = (const struct dtf_workflow_def *const[]){ workflow, NULL } };
	const struct dtf_module *modules[] = { &module, NULL };
	struct buf text = { 0 };
	dtf__buf_printf(&text, "{%s}", scenario);
	json_error_t error;
	json_t *json = json_loads(text.data, JSON_REJECT_DUPLICATES, &error);
	ck_assert_msg(json != NULL, "%s in %s", error.text, text.data);
	char *trouble = scenario_check(json, modules);
	ck_assert_msg(trouble == NULL, "%s in %s", trouble, text.data);
	for (int mode = 0; mode < SCENARIO_MODES; mode++) {
		struct scenario_run run = { .mode = (enum scenario_mode)mode };
		scenario_run(json, modules, &run);
		trouble = json_dumps(run.differences, JSON_COMPACT);
		ck_assert_msg(json_array_size(run.differences) == 0, "mode %d: %s", mode, trouble);
		free(trouble);
		scenario_finish(&run);
	}
	json_decref(json);
	dtf__buf_finish(&text);
}

/* ---- parallel { parallel { log  log }  sleep 1s } ---- */

static enum dtf_step just_log(struct dtf_ctx *ctx, void *frame) {
	(void)frame;
	dtf_log(ctx, DTF_LOG_INFO, "here");
	return DTF_DONE;
}
static const struct dtf_strand_def just_log_strand = STRAND(just_log);

static enum dtf_step inner(struct dtf_ctx *ctx, void *frame) {
	struct frame *f = frame;
	if (f->at == 0) {
		dtf_parallel(ctx, 0);
		dtf_branch(ctx, &just_log_strand, f);
		dtf_branch(ctx, &just_log_strand, f);
		f->at = 1;
	}
	enum dtf_step step = dtf_join(ctx);
	return step == DTF_READY ? DTF_DONE : step;
}
static const struct dtf_strand_def inner_strand = STRAND(inner);

static enum dtf_step one_second(struct dtf_ctx *ctx, void *frame) {
	struct frame *f = frame;
	if (f->at == 0) {
		dtf_sleep(ctx, 0, 1000);
		f->at = 1;
	}
	enum dtf_step step = dtf_await(ctx, NULL);
	return step == DTF_READY ? DTF_DONE : step;
}
static const struct dtf_strand_def one_second_strand = STRAND(one_second);

static enum dtf_step nested(struct dtf_ctx *ctx, void *frame) {
	struct frame *f = frame;
	if (f->at == 0) {
		dtf_parallel(ctx, 0);
		dtf_branch(ctx, &inner_strand, f);
		dtf_branch(ctx, &one_second_strand, f);
		f->at = 1;
	}
	enum dtf_step step = dtf_join(ctx);
	return step == DTF_READY ? dtf_return(ctx, NULL) : step;
}
WORKFLOW(nested);

START_TEST(a_branch_that_never_waits_ends_once) {
	play(&nested_workflow, "\"expect\": {\"status\": \"completed\", \"elapsed\": \"1s\"}");
}
END_TEST

/* ---- parallel { try { undo { status } fail x } catch x { }  sleep 1s } ---- */

static enum dtf_step undo_status(struct dtf_ctx *ctx, void *frame) {
	(void)frame;
	say(ctx, "undone");
	return DTF_DONE;
}
static const struct dtf_strand_def undo_status_strand = STRAND(undo_status);

static enum dtf_step undoing(struct dtf_ctx *ctx, void *frame) {
	struct frame *f = frame;
	if (f->at == 0) {
		dtf_try(ctx);
		dtf_undo_block(ctx, &undo_status_strand, NULL);
		dtf_fail(ctx, 0, &x_error, NULL);
		f->at = 1;
	}
	enum dtf_step step = dtf_unwind(ctx);
	if (step == DTF_READY) {
		dtf_catch(ctx, NULL, NULL, NULL);
		return DTF_DONE;
	}
	return step;
}
static const struct dtf_strand_def undoing_strand = STRAND(undoing);

static enum dtf_step undo_in_branch(struct dtf_ctx *ctx, void *frame) {
	struct frame *f = frame;
	if (f->at == 0) {
		dtf_parallel(ctx, 0);
		dtf_branch(ctx, &undoing_strand, f);
		dtf_branch(ctx, &one_second_strand, f);
		f->at = 1;
	}
	enum dtf_step step = dtf_join(ctx);
	return step == DTF_READY ? dtf_return(ctx, NULL) : step;
}
WORKFLOW(undo_in_branch);

START_TEST(an_undo_that_never_waits_wakes_nobody_who_has_ended) {
	play(&undo_in_branch_workflow,
		"\"expect\": {\"status\": \"completed\", \"elapsed\": \"1s\","
		"\"custom_status\": \"undone\", \"undo_failed\": []}");
}
END_TEST

/* ---- try { try { sleep 1h } finally { fail x } } catch x { status } ---- */

static enum dtf_step failing_finally(struct dtf_ctx *ctx, void *frame) {
	struct frame *f = frame;
	enum dtf_step step = DTF_RAISED;
	switch (f->at) {
	case 0:
		dtf_try(ctx);
		dtf_try(ctx);
		dtf_sleep(ctx, 0, 3600000);
		f->at = 1;
		DTF_FALLTHROUGH;
	case 1:
		step = dtf_await(ctx, NULL);
		if (step != DTF_RAISED) {
			return step;
		}
		f->at = 2;
		DTF_FALLTHROUGH;
	case 2:
		step = dtf_unwind(ctx);
		if (step != DTF_READY) {
			return step;
		}
		dtf_finally_begin(ctx);
		dtf_fail(ctx, 0, &x_error, NULL);
		f->at = 3;
		DTF_FALLTHROUGH;
	default:
		step = dtf_unwind(ctx);
		if (step != DTF_READY) {
			return step;
		}
		if (!dtf_raised_is(ctx, &x_error)) {
			return DTF_RAISED;
		}
		dtf_catch(ctx, NULL, &x_error, NULL);
		say(ctx, "caught");
		return dtf_return(ctx, NULL);
	}
}
WORKFLOW(failing_finally);

START_TEST(cancellation_survives_a_finally_that_fails) {
	play(&failing_finally_workflow,
		"\"at\": [{\"time\": \"5s\", \"cancel\": \"enough\"}],"
		"\"expect\": {\"status\": \"cancelled\", \"elapsed\": \"5s\","
		"\"error\": {\"message\": \"enough\"}, \"custom_status\": null}");
}
END_TEST

/* ---- try { sleep 1h } finally { fail x }, nothing around it ---- */

static enum dtf_step bare_finally(struct dtf_ctx *ctx, void *frame) {
	struct frame *f = frame;
	enum dtf_step step;
	if (f->at == 0) {
		dtf_try(ctx);
		dtf_sleep(ctx, 0, 3600000);
		f->at = 1;
	}
	if (f->at == 1) {
		step = dtf_await(ctx, NULL);
		if (step != DTF_RAISED) {
			return step;
		}
		f->at = 2;
	}
	step = dtf_unwind(ctx);
	if (step != DTF_READY) {
		return step;
	}
	dtf_finally_begin(ctx);
	dtf_fail(ctx, 0, &x_error, NULL);
	return DTF_RAISED;
}
WORKFLOW(bare_finally);

START_TEST(cancellation_survives_the_last_finally_too) {
	play(&bare_finally_workflow,
		"\"at\": [{\"time\": \"5s\", \"cancel\": \"enough\"}],"
		"\"expect\": {\"status\": \"cancelled\", \"elapsed\": \"5s\"}");
}
END_TEST

/* ---- try { undo { sleep 10s } fail x } catch { }  status "after"  return ---- */

static enum dtf_step ten_seconds(struct dtf_ctx *ctx, void *frame) {
	struct frame *f = frame;
	if (f->at == 0) {
		dtf_sleep(ctx, 0, 10000);
		f->at = 1;
	}
	enum dtf_step step = dtf_await(ctx, NULL);
	return step == DTF_READY ? DTF_DONE : step;
}
static const struct dtf_strand_def ten_seconds_strand = STRAND(ten_seconds);

static enum dtf_step status_then_return(struct dtf_ctx *ctx, void *frame) {
	struct frame *f = frame;
	if (f->at == 0) {
		dtf_try(ctx);
		dtf_undo_block(ctx, &ten_seconds_strand, NULL);
		dtf_fail(ctx, 0, &x_error, NULL);
		f->at = 1;
	}
	enum dtf_step step = dtf_unwind(ctx);
	if (step != DTF_READY) {
		return step;
	}
	dtf_catch(ctx, NULL, NULL, NULL);
	say(ctx, "after");
	return dtf_return(ctx, NULL);
}
WORKFLOW(status_then_return);

/* LANGUAGE 6: `status` does not wait; DECISIONS 11: cancel is met at waits. */
START_TEST(cancel_is_not_met_at_a_status) {
	play(&status_then_return_workflow,
		"\"at\": [{\"time\": \"5s\", \"cancel\": \"too late\"}],"
		"\"expect\": {\"status\": \"completed\", \"elapsed\": \"10s\","
		"\"custom_status\": \"after\"}");
}
END_TEST

/* ---- too much at once ---- */

static enum dtf_step talkative(struct dtf_ctx *ctx, void *frame) {
	(void)frame;
	for (int i = 0; i < STEP_COMMANDS_MAX * 3 && !dtf_raised(ctx); i++) {
		say(ctx, "again");
	}
	return dtf_return(ctx, NULL);
}
WORKFLOW(talkative);

/* DECISIONS 18: what one micro-step records is bounded, by an error with a name. */
START_TEST(commands_without_a_wait_are_bounded) {
	play(&talkative_workflow,
		"\"expect\": {\"status\": \"failed\", \"error\": {\"name\": \"runaway\"}}");
}
END_TEST

static enum dtf_step voluminous(struct dtf_ctx *ctx, void *frame) {
	(void)frame;
	char *text = calloc(1, 1000001);
	ck_assert_ptr_nonnull(text);
	memset(text, 'x', 1000000);
	for (int i = 0; i < 100 && !dtf_raised(ctx); i++) {
		say(ctx, text);
	}
	free(text);
	return dtf_return(ctx, NULL);
}
WORKFLOW(voluminous);

START_TEST(bytes_without_a_wait_are_bounded) {
	play(&voluminous_workflow,
		"\"expect\": {\"status\": \"failed\","
		"\"error\": {\"name\": \"payload_too_large\"}}");
}
END_TEST

/* ---- three times: wait e, then many turns of a loop and many statuses ---- */

struct diligent_frame {
	int at, round;
};

static enum dtf_step diligent(struct dtf_ctx *ctx, void *frame) {
	struct diligent_frame *f = frame;
	for (;;) {
		if (f->at == 0) {
			dtf_wait(ctx, 0, &e_event);
			f->at = 1;
		}
		enum dtf_step step = dtf_await(ctx, NULL);
		if (step != DTF_READY) {
			return step;
		}
		for (int i = 0; i < FUEL_MAX / 2 && dtf_tick(ctx); i++) {
		}
		for (int i = 0; i < STEP_COMMANDS_MAX / 2; i++) {
			say(ctx, "at it");
		}
		f->at = 0;
		if (++f->round == 3) {
			return dtf_return(ctx, NULL);
		}
	}
}
static const struct dtf_strand_def diligent_body = { .name = "diligent",
	.frame_size = sizeof(struct diligent_frame),
	.at = offsetof(struct diligent_frame, at),
	.frame = &dtf_type_no_args,
	.run = diligent };
static const struct dtf_workflow_def diligent_workflow = { .name = "m.diligent",
	.version = 1,
	.fingerprint = 1,
	.input = &dtf_type_no_args,
	.output = &dtf_type_unit,
	.body = &diligent_body,
	.sites = sites,
	.nsites = 2,
	.events = (const struct dtf_event_def *const[]){ &e_event, NULL } };

/* DECISIONS 1: what events mean does not depend on whether it was suspended meanwhile. */
START_TEST(events_that_were_kept_are_a_step_each) {
	play(&diligent_workflow,
		"\"at\": [{\"time\": \"1s\", \"suspend\": true},"
		"{\"time\": \"2s\", \"raise\": \"e\"},"
		"{\"time\": \"3s\", \"raise\": \"e\"},"
		"{\"time\": \"4s\", \"raise\": \"e\"},"
		"{\"time\": \"5s\", \"resume\": true}],"
		"\"expect\": {\"status\": \"completed\", \"elapsed\": \"5s\"}");
}
END_TEST

int main(void) {
	Suite *suite = suite_create("machine");
	TCase *tc = tcase_create("corners");
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, a_branch_that_never_waits_ends_once);
	tcase_add_test(tc, an_undo_that_never_waits_wakes_nobody_who_has_ended);
	tcase_add_test(tc, cancellation_survives_a_finally_that_fails);
	tcase_add_test(tc, cancellation_survives_the_last_finally_too);
	tcase_add_test(tc, cancel_is_not_met_at_a_status);
	tcase_add_test(tc, commands_without_a_wait_are_bounded);
	tcase_add_test(tc, bytes_without_a_wait_are_bounded);
	tcase_add_test(tc, events_that_were_kept_are_a_step_each);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
