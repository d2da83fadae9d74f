/*
 * Timers that are set and cancelled all day are forgotten long before their time,
 * and none that counts is.
 *
 *	workflow actor() {
 *		loop { select { on hit { }  after 30d { return } } }
 *	}
 */
#include <check.h>
#include <stdio.h>

#include <dtf/abi.h>

#include "../support/lab.h"
#include "../support/suite.h"

#define DAYS_30 (INT64_C(30) * 24 * 60 * 60 * 1000)

static const struct dtf_event_def hit = { "t.hit", &dtf_type_unit, 5 };

struct frame {
	int at;
};

static enum dtf_step actor(struct dtf_ctx *ctx, void *frame) {
	struct frame *f = frame;
	for (;;) {
		int arm;
		if (f->at == 0) {
			dtf_select_begin(ctx);
			dtf_arm_event(ctx, 0, 0, &hit);
			dtf_arm_after(ctx, 1, 0, DAYS_30);
			dtf_select(ctx, false);
			f->at = 1;
		}
		enum dtf_step step = dtf_select_await(ctx, &arm);
		if (step != DTF_READY) {
			return step;
		}
		if (arm == 1) {
			return dtf_return(ctx, NULL);
		}
		f->at = 0;
	}
}

static const struct dtf_strand_def body = { .name = "actor",
	.frame_size = sizeof(struct frame),
	.at = offsetof(struct frame, at),
	.frame = &dtf_type_no_args,
	.run = actor };
static const struct dtf_site sites[] = { { 1, 1, "select {" } };
static const struct dtf_workflow_def workflow = { .name = "t.actor",
	.version = 1,
	.fingerprint = 1,
	.input = &dtf_type_no_args,
	.output = &dtf_type_unit,
	.body = &body,
	.sites = sites,
	.nsites = 1,
	.events = (const struct dtf_event_def *const[]){ &hit, NULL } };
static const struct dtf_module module = { .abi = DTF_ABI,
	.name = "t",
	.file = "t.dtf",
	.manifest = (const char *const[]){ "{}", NULL },
	.activities = (const struct dtf_activity_def *const[]){ NULL },
	.events = (const struct dtf_event_def *const[]){ &hit, NULL },
	.workflows = (const struct dtf_workflow_def *const[]){ &workflow, NULL } };
static const struct dtf_module *const modules[] = { &module, NULL };

static struct lab lab;

static void setup(void) {
	lab_init(&lab, modules);
	lab_open(&lab);
	ck_assert_int_eq(lab_do(&lab, REQUEST_START, "i", "t.actor", NULL, "[]"), 0);
	ck_assert_int_eq(lab_do(&lab, REQUEST_START, "j", "t.actor", NULL, "[]"), 0);
}

static void teardown(void) {
	lab_finish(&lab);
}

/* i is hit again and again; with _i it is forgotten each time, as when it has been idle. */
START_TEST(cancelled_timers_do_not_heap_up) {
	lab.engine->sweep_min = 1024;
	lab.engine->sweep_at = 0; /* it is set anew */
	for (unsigned n = 0; n < (_i == 0 ? 3000 : 1200); n++) {
		lab_pass(&lab, 1);
		ck_assert_int_eq(lab_do(&lab, REQUEST_RAISE, "i", "hit", NULL, "null"), 0);
		if (_i == 1) {
			dtf__instance_remove(dtf__instance_loaded(lab.engine, 1));
		}
	}
	ck_assert_uint_lt(lab.engine->timers.count, 1100);
	lab_pass(&lab, DAYS_30 - 1);
	ck_assert_int_eq(lab_status(&lab, "i"), DTF_RUNNING);
	ck_assert_int_eq(lab_status(&lab, "j"), DTF_COMPLETED);
	lab_pass(&lab, 1);
	ck_assert_int_eq(lab_status(&lab, "i"), DTF_COMPLETED);
	ck_assert_int_eq(lab.next_ms, INT64_MAX);
}
END_TEST

static void each(const char *prefix, enum request_kind kind, int64_t pause_ms) {
	for (unsigned n = 0; n < 8; n++) {
		char id[16];
		bool starts = kind == REQUEST_START;
		(void)snprintf(id, sizeof(id), "%s%u", prefix, n);
		ck_assert_int_eq(lab_do(&lab, kind, id, starts ? "t.actor" : "hit", NULL,
					 starts ? "[]" : "null"),
			0);
		lab_pass(&lab, pause_ms);
	}
}

/* The store knows who sleeps; memory only the next of them.  What those in memory wait
 * for comes later, and is no reason to skip who has not been read. */
START_TEST(many_in_memory_hide_nobody_who_sleeps) {
	each("asleep", REQUEST_START, 1000);
	each("awake", REQUEST_START, 1000);
	lab_crash(&lab);
	lab_open(&lab);
	lab.engine->window_size = 1;
	lab.engine->window = (struct due_window){ 0, 0 };
	lab.engine->timers.count = 0;
	ck_assert_int_eq(dtf__due_window(lab.engine), 0);
	each("awake", REQUEST_RAISE, 0);
	lab.engine->sweep_at = 0;
	lab_pass(&lab, 1);
	lab_pass(&lab, DAYS_30);
	for (unsigned n = 0; n < 8; n++) {
		char id[16];
		(void)snprintf(id, sizeof(id), "asleep%u", n);
		ck_assert_int_eq(lab_status(&lab, id), DTF_COMPLETED);
		(void)snprintf(id, sizeof(id), "awake%u", n);
		ck_assert_int_eq(lab_status(&lab, id), DTF_COMPLETED);
	}
}
END_TEST

int main(void) {
	Suite *suite = suite_create("timers");
	TCase *tc = tcase_create("timers");
	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, cancelled_timers_do_not_heap_up, 0, 2);
	tcase_add_test(tc, many_in_memory_hide_nobody_who_sleeps);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
