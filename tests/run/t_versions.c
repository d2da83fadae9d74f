/*
 * Several versions of a workflow in one program (LANGUAGE.md 13): what runs
 * keeps its own, what starts or continues takes the newest.  And a record of
 * what a recorded version needs: its code.
 */
#include <check.h>
#include <string.h>

#include "../golden/versions.dtf.h"
#include "../support/lab.h"
#include "../support/suite.h"

int versions_greet(struct dtf_activity *act, const char *name, const char **ret) {
	*ret = name;
	return 0;
}

int versions_announce(struct dtf_activity *act, const char *text) {
	return 0;
}

/* The program as it was before version 2. */
static const struct dtf_module before = { .abi = DTF_ABI,
	.name = "versions",
	.file = "versions.dtf",
	.manifest = (const char *const[]){ "{\"file\":\"versions.dtf\"}", NULL },
	.activities = (const struct dtf_activity_def *const[]){ &versions_greet_activity, NULL },
	.events = (const struct dtf_event_def *const[]){ &versions_next_event, NULL },
	.workflows = (const struct dtf_workflow_def *const[]){
		&versions_welcome_v1_workflow, NULL } };
static const struct dtf_module *const old[] = { &before, NULL };
static const struct dtf_module *const new[] = { &versions_module, NULL };
static const struct dtf_module *const none[] = { NULL };

static struct lab lab;

static void setup(void) {
	lab_init(&lab, old);
	lab.options.verify = true;
	lab.snapshot_events = 3;
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

static void start(const char *id) {
	ck_assert_int_eq(lab_do(&lab, REQUEST_START, id, "versions.welcome", NULL, "[\"ada\"]"), 0);
}

static void end(const char *activity, const char *id, const char *json) {
	ck_assert_ptr_nonnull(lab_running(&lab, activity, id));
	lab_end(&lab, activity, id, json);
	lab_settle(&lab);
}

static void next(const char *id, const char *json) {
	ck_assert_int_eq(lab_do(&lab, REQUEST_RAISE, id, "next", NULL, json), 0);
}

START_TEST(a_running_one_keeps_its_version) {
	start("i");
	reopen(new);
	lab_crash(&lab); /* the attempt was lost */
	lab_open(&lab);
	lab_pass(&lab, 60000);
	end("versions.greet", "i", "\"hello\"");
	ck_assert_ptr_null(lab_running(&lab, "versions.announce", "i"));
	next("i", "\"\"");
	ck_assert_int_eq(lab_status(&lab, "i"), DTF_COMPLETED);
	ck_assert_uint_eq(lab_count(&lab, "i", EVENT_ADOPTED), 0);
}
END_TEST

START_TEST(a_new_one_takes_the_newest) {
	reopen(new);
	start("i");
	end("versions.greet", "i", "\"hello\"");
	end("versions.announce", "i", "null");
	next("i", "\"\"");
	ck_assert_int_eq(lab_status(&lab, "i"), DTF_COMPLETED);
}
END_TEST

/* With the parameters that its version knows; those that were added are none. */
START_TEST(continue_with_takes_the_newest) {
	start("i");
	end("versions.greet", "i", "\"hello\"");
	reopen(new);
	next("i", "\"bob\"");
	end("versions.greet", "i", "\"hello bob\"");
	end("versions.announce", "i", "null");
	ck_assert_int_eq(lab_status(&lab, "i"), DTF_RUNNING);
	next("i", "\"\"");
	ck_assert_int_eq(lab_status(&lab, "i"), DTF_COMPLETED);
}
END_TEST

/* Not the nearest, and no guess: it stands still until its code is there. */
START_TEST(a_version_that_is_missing_is_waited_for) {
	reopen(new);
	start("i");
	end("versions.greet", "i", "\"hello\"");
	end("versions.announce", "i", "null");
	uint64_t before_it = lab.store->ops->next(lab.store);
	reopen(_i == 0 ? old : none);
	lab_pass(&lab, 1000);
	ck_assert_uint_eq(lab.store->ops->next(lab.store), before_it);
	reopen(new);
	next("i", "\"\"");
	ck_assert_int_eq(lab_status(&lab, "i"), DTF_COMPLETED);
}
END_TEST

int main(void) {
	Suite *suite = suite_create("versions");
	TCase *tc = tcase_create("versions");
	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_running_one_keeps_its_version);
	tcase_add_test(tc, a_new_one_takes_the_newest);
	tcase_add_test(tc, continue_with_takes_the_newest);
	tcase_add_loop_test(tc, a_version_that_is_missing_is_waited_for, 0, 2);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
