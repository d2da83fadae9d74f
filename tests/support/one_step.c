#include "one_step.h"

#include <stddef.h>

const struct dtf_error_def one_step_declared = { "w.no", &dtf_type_unit };
static const struct dtf_field full_fields[] = {
	{ "room", &dtf_type_int, offsetof(struct one_step_full, room) },
};
static const struct dtf_type full_type = DTF_RECORD("w.full", struct one_step_full, full_fields);
const struct dtf_error_def one_step_full = { "w.full", &full_type };
const struct dtf_error_def one_step_undeclared = { "w.other", &dtf_type_unit };

int (*one_step_does)(struct dtf_activity *act, const void *args, void *ret);
_Atomic unsigned one_step_backs;

static int step_run(struct dtf_activity *act, const void *args, void *ret) {
	return one_step_does(act, args, ret);
}

static int back_run(struct dtf_activity *act, const void *args, void *ret) {
	one_step_backs++;
	return 0;
}

struct dtf_activity_def one_step = { .name = "w.step",
	.args = &dtf_type_no_args,
	.result = &dtf_type_string,
	.fails = (const struct dtf_error_def *const[]){ &one_step_declared, &one_step_full, NULL },
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
		dtf_do(ctx, 0, &one_step, NULL, NULL);
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
const struct dtf_module one_step_module = { .abi = DTF_ABI,
	.name = "w",
	.file = "w.dtf",
	.manifest = (const char *const[]){ "{}", NULL },
	.activities = (const struct dtf_activity_def *const[]){ &one_step, &back, NULL },
	.events = (const struct dtf_event_def *const[]){ NULL },
	.workflows = (const struct dtf_workflow_def *const[]){ &workflow, NULL } };

void one_step_reset(void) {
	one_step.policy = (struct dtf_policy){
		.backoff_min_ms = 1000, .backoff_max_ms = 1000, .factor = 1.0, .tag = ""
	};
	one_step_does = NULL;
	one_step_backs = 0;
}
