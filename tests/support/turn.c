#include "turn.h"

#include <stddef.h>

struct args {
	int64_t n;
};
static const struct dtf_field args_fields[] = { { "n", &dtf_type_int, offsetof(struct args, n) } };
static const struct dtf_type args_type = DTF_TUPLE("r.turn", struct args, args_fields);
static const struct dtf_event_def go = { "r.go", &dtf_type_unit, 1000 };
static const struct dtf_event_def stop = { "r.stop", &dtf_type_unit, 5 };

struct frame {
	int at;
	struct args in;
};

static enum dtf_step turn(struct dtf_ctx *ctx, void *frame) {
	struct frame *f = frame;
	int arm;
	if (f->at == 0) {
		dtf_status(ctx, 0, &dtf_type_int, &f->in.n);
		dtf_select_begin(ctx);
		dtf_arm_event(ctx, 0, 0, &go);
		dtf_arm_event(ctx, 1, 0, &stop);
		dtf_select(ctx, false);
		f->at = 1;
	}
	enum dtf_step step = dtf_select_await(ctx, &arm);
	if (step != DTF_READY) {
		return step;
	}
	return arm == 0 ? dtf_continue_with(ctx, 0, &(struct args){ f->in.n + 1 })
			: dtf_return(ctx, NULL);
}

static const struct dtf_strand_def body = { .name = "turn",
	.frame_size = sizeof(struct frame),
	.at = offsetof(struct frame, at),
	.frame = &dtf_type_no_args,
	.run = turn };
static const struct dtf_site sites[] = { { 1, 1, "select {" } };
static const struct dtf_workflow_def workflow = { .name = "r.turn",
	.version = 1,
	.fingerprint = 1,
	.input = &args_type,
	.output = &dtf_type_unit,
	.input_at = offsetof(struct frame, in),
	.body = &body,
	.sites = sites,
	.nsites = 1,
	.events = (const struct dtf_event_def *const[]){ &go, &stop, NULL } };
static const struct dtf_module module = { .abi = DTF_ABI,
	.name = "r",
	.file = "r.dtf",
	.manifest = (const char *const[]){ "{}", NULL },
	.activities = (const struct dtf_activity_def *const[]){ NULL },
	.events = (const struct dtf_event_def *const[]){ &go, &stop, NULL },
	.workflows = (const struct dtf_workflow_def *const[]){ &workflow, NULL } };
const struct dtf_module *const turn_modules[] = { &module, NULL };
