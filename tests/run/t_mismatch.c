/*
 * A history and code that is not what wrote it: the instance is suspended,
 * nothing is written, both sides are named, and it goes on when the right code
 * is back, with what arrived meanwhile.  Traps 18, 29, 46.
 *
 * The other code is the golden's with its tables patched, or a body of our own.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include <dtf/abi.h>

#include "../../runtime/error.h"
#include "../../runtime/inspect.h"
#include "../support/lab.h"
#include "../support/steps.h"
#include "../support/suite.h"

/* ---- code in variants ---- */

static int run_nothing(struct dtf_activity *act, const void *args, void *ret) {
	return 0;
}

struct frame {
	int at;
	const char *text;
};

#define ACTIVITY(variable, activity_name, arguments, answer)                                \
	static const struct dtf_activity_def variable = { .name = (activity_name),          \
		.args = (arguments),                                                        \
		.result = (answer),                                                         \
		.policy = { .timeout_ms = 60000, .attempts = 3, .factor = 1.0, .tag = "" }, \
		.fails = (const struct dtf_error_def *const[]){ NULL },                     \
		.run = run_nothing }

ACTIVITY(first, "v.first", &hello_greet_args_type, &dtf_type_unit);
ACTIVITY(second, "v.second", &hello_greet_args_type, &dtf_type_unit);
ACTIVITY(first_of_order, "v.first", &shop_reserve_args_type, &dtf_type_unit);

/* record note { id: int }, and as it was later: with `by: string?`, with `by: int?` */
struct note {
	int64_t id;
	struct dtf_string_opt by;
	struct dtf_int_opt by_number;
};
static const struct dtf_type string_opt = DTF_OPTIONAL(
	"string?", struct dtf_string_opt, &dtf_type_string);
static const struct dtf_type int_opt = DTF_OPTIONAL("int?", struct dtf_int_opt, &dtf_type_int);
static const struct dtf_field note_fields[] = { { "id", &dtf_type_int, 0 } };
static const struct dtf_field with_by_fields[] = { { "id", &dtf_type_int, 0 },
	{ "by", &string_opt, offsetof(struct note, by) } };
static const struct dtf_field with_number_fields[] = { { "id", &dtf_type_int, 0 },
	{ "by", &int_opt, offsetof(struct note, by_number) } };

#define NOTE_TYPE(variable)                                                                    \
	static const struct dtf_type variable##_note = DTF_RECORD(                             \
		"v.note", struct note, variable##_fields);                                     \
	static const struct dtf_field variable##_args_fields[] = { { "note", &variable##_note, \
		0 } };                                                                         \
	static const struct dtf_type variable##_args = DTF_TUPLE(                              \
		"(v.note)", struct note, variable##_args_fields);                              \
	ACTIVITY(variable, "v.first", &variable##_args, &variable##_note)

NOTE_TYPE(note);
NOTE_TYPE(with_by);
NOTE_TYPE(with_number);
static const struct dtf_event_def go = { "v.go", &dtf_type_int, 2 };

/* What a variant does, in order; 0 ends. */
enum move {
	END,
	FIRST,
	SECOND,
	OTHER_ARGS,
	OTHER_TYPE,
	NOTE,
	SIGNED,
	SIGNED_BY,
	NUMBERED,
	SLEEP_1,
	SLEEP_2,
	WAIT,
	LONGER,
	CALL,
	CALL_OTHER,
	SPAWN,
	BAD
};

/* A child that waits for nothing that comes soon. */
static enum dtf_step kid_run(struct dtf_ctx *ctx, void *frame) {
	struct frame *f = frame;
	if (f->at == 0) {
		dtf_sleep(ctx, 0, 1000000);
		f->at = 1;
	}
	enum dtf_step step = dtf_await(ctx, NULL);
	return step == DTF_READY ? dtf_return(ctx, NULL) : step;
}

static const struct dtf_strand_def kid_body = { .name = "kid",
	.frame_size = sizeof(struct frame),
	.at = offsetof(struct frame, at),
	.frame = &dtf_type_no_args,
	.run = kid_run };
static const struct dtf_workflow_def kid = { .name = "v.kid",
	.version = 1,
	.fingerprint = 9,
	.input = &dtf_type_no_args,
	.output = &dtf_type_unit,
	.body = &kid_body,
	.events = (const struct dtf_event_def *const[]){ NULL },
	.fails = (const struct dtf_error_def *const[]){ NULL } };

static void issue(struct dtf_ctx *ctx, enum move command) {
	const struct dtf_policy longer = {
		.timeout_ms = 61000, .attempts = 3, .factor = 1.0, .tag = ""
	};
	const struct hello_greet_args ada = { "ada" }, bob = { "bob" };
	const struct shop_reserve_args order = { 0 };
	switch (command) {
	case FIRST:
		dtf_do(ctx, 0, &first, &ada, NULL);
		break;
	case SECOND:
		dtf_do(ctx, 1, &second, &ada, NULL);
		break;
	case OTHER_ARGS:
		dtf_do(ctx, 0, &first, &bob, NULL);
		break;
	case OTHER_TYPE:
		dtf_do(ctx, 0, &first_of_order, &order, NULL);
		break;
	case NOTE:
		dtf_do(ctx, 0, &note, &(struct note){ .id = 1 }, NULL);
		break;
	case SIGNED:
		dtf_do(ctx, 0, &with_by, &(struct note){ .id = 1 }, NULL);
		break;
	case SIGNED_BY:
		dtf_do(ctx, 0, &with_by, &(struct note){ .id = 1, .by = { true, "ada" } }, NULL);
		break;
	case NUMBERED:
		dtf_do(ctx, 0, &with_number, &(struct note){ .id = 1 }, NULL);
		break;
	case LONGER:
		dtf_do(ctx, 0, &first, &ada, &longer);
		break;
	case SLEEP_1:
		dtf_sleep(ctx, 2, 1000);
		break;
	case SLEEP_2:
		dtf_sleep(ctx, 2, 2000);
		break;
	case WAIT:
		dtf_wait(ctx, 3, &go);
		break;
	case CALL:
		dtf_call(ctx, 4, &kid, NULL, "kid");
		break;
	case CALL_OTHER:
		dtf_call(ctx, 4, &kid, NULL, "other");
		break;
	case SPAWN:
		(void)dtf_spawn(ctx, 4, &kid, NULL, "kid");
		dtf_sleep(ctx, 2, 1000);
		break;
	case END:
	case BAD:
		break;
	}
}

static enum dtf_step run(struct dtf_ctx *ctx, void *frame, const enum move *program) {
	struct frame *f = frame;
	union {
		int64_t number;
		struct note note;
	} value;
	for (;;) {
		if (f->at % 2 == 1) {
			enum dtf_step step = dtf_await(ctx, &value);
			if (step != DTF_READY) {
				return step;
			}
			f->at++;
		}
		enum move command = program[f->at / 2];
		if (command == END) {
			return dtf_return(ctx, NULL);
		}
		if (command == BAD) {
			return dtf_bad_state(ctx, f->at);
		}
		issue(ctx, command);
		f->at++;
	}
}

static const struct dtf_site sites[] = { { 10, 1, "do first(\"ada\")" },
	{ 11, 1, "do second(\"ada\")" }, { 12, 1, "sleep 1s" }, { 13, 1, "wait go" },
	{ 14, 1, "call kid()" } };

#define VARIANT(variant, number, print, ...)                                          \
	static enum dtf_step variant##_run(struct dtf_ctx *ctx, void *frame) {        \
		static const enum move program[] = { __VA_ARGS__, END };              \
		return run(ctx, frame, program);                                      \
	}                                                                             \
	static const struct dtf_strand_def variant##_body = { .name = "flow",         \
		.frame_size = sizeof(struct frame),                                   \
		.at = offsetof(struct frame, at),                                     \
		.frame = &dtf_type_no_args,                                           \
		.run = variant##_run };                                               \
	static const struct dtf_workflow_def variant##_workflow = { .name = "v.flow", \
		.version = (number),                                                  \
		.fingerprint = (print),                                               \
		.input = &dtf_type_no_args,                                           \
		.output = &dtf_type_unit,                                             \
		.body = &variant##_body,                                              \
		.sites = sites,                                                       \
		.nsites = 5,                                                          \
		.events = (const struct dtf_event_def *const[]){ &go, NULL } };       \
	static const struct dtf_module variant##_module = { .abi = DTF_ABI,           \
		.name = "v",                                                          \
		.file = "v.dtf",                                                      \
		.manifest = (const char *const[]){ "{\"file\":\"v.dtf\"}", NULL },    \
		.activities = (const struct dtf_activity_def *const[]){ NULL },       \
		.events = (const struct dtf_event_def *const[]){ &go, NULL },         \
		.workflows = (const struct dtf_workflow_def *const[]){                \
			&variant##_workflow, &kid, NULL } };                          \
	static const struct dtf_module *const variant[] = { &variant##_module, NULL }

VARIANT(right, 1, 1, FIRST, SLEEP_1, WAIT);
VARIANT(another_activity, 1, 2, SECOND, SLEEP_1, WAIT);
VARIANT(another_order, 1, 2, SLEEP_1, FIRST, WAIT);
VARIANT(one_more, 1, 2, FIRST, SECOND, SLEEP_1, WAIT);
VARIANT(one_fewer, 1, 2, FIRST, WAIT);
VARIANT(another_timer, 1, 2, FIRST, SLEEP_2, WAIT);
VARIANT(another_input, 1, 2, OTHER_ARGS, SLEEP_1, WAIT);
VARIANT(another_type, 1, 2, OTHER_TYPE, SLEEP_1, WAIT);
VARIANT(other_options, 1, 2, LONGER, SLEEP_1, WAIT);
VARIANT(ends_early, 1, 2, FIRST);
VARIANT(longer_after, 1, 2, FIRST, SLEEP_1, WAIT, SLEEP_1);
VARIANT(plain, 1, 1, NOTE, SLEEP_1, WAIT);
VARIANT(grown, 1, 2, SIGNED, SLEEP_1, WAIT);
VARIANT(grown_and_used, 1, 2, SIGNED_BY, SLEEP_1, WAIT);
VARIANT(grown_otherwise, 1, 2, NUMBERED, SLEEP_1, WAIT);
VARIANT(version_2, 2, 3, SECOND);
VARIANT(bad_from_the_start, 1, 2, BAD);
VARIANT(bad_later, 1, 1, FIRST, BAD);

VARIANT(calls, 1, 1, CALL);
VARIANT(calls_another, 1, 2, CALL_OTHER);
VARIANT(spawns, 1, 2, SPAWN);
VARIANT(calls_later, 1, 2, SLEEP_1, CALL);

static const struct dtf_module *const nothing[] = { NULL };

static struct lab lab;

static void setup(void) {
	lab_init(&lab, right);
	lab.options.verify = true;
	lab_open(&lab);
}

static void teardown(void) {
	lab_finish(&lab);
}

static void reopen(const struct dtf_module *const *modules) {
	lab_crash(&lab);
	dtf__buf_clear(&lab.log);
	lab.modules = modules;
	lab_open(&lab);
	lab_settle(&lab);
}

static int ask(enum request_kind kind, const char *name, const char *text, const char *payload) {
	return lab_do(&lab, kind, "i", name, text, payload);
}

/* first() is done, and the timer after it is set. */
static void begin(void) {
	ck_assert_int_eq(ask(REQUEST_START, "v.flow", NULL, "[]"), 0);
	lab_end(&lab, "v.first", "i", "null");
	lab_settle(&lab);
	ck_assert_uint_eq(lab_count(&lab, "i", EVENT_TIMER_SET), 1);
}

static void assert_goes_on(void) {
	reopen(right);
	lab_pass(&lab, 1000);
	ck_assert_int_eq(ask(REQUEST_RAISE, "go", NULL, "7"), 0);
	ck_assert_int_eq(lab_status(&lab, "i"), DTF_COMPLETED);
	ck_assert_uint_eq(lab_count(&lab, "i", EVENT_ACTIVITY_SCHEDULED), 1);
}

static void assert_says(const char *text) {
	ck_assert_msg(lab.log.data != NULL && strstr(lab.log.data, text) != NULL,
		"the log does not say \"%s\": %s", text, lab.log.data);
}

/* What people are told of it; error is part of the text, or NULL: there is none. */
static struct {
	enum dtf_status status;
	const char *suspended, *error;
} wanted;

static void compare_info(void *arg, const struct dtf_instance_info *info) {
	ck_assert_int_eq(info->status, wanted.status);
	ck_assert_pstr_eq(info->suspended, wanted.suspended);
	ck_assert_msg((info->error == NULL) == (wanted.error == NULL), "%s", info->error);
	ck_assert_msg(wanted.error == NULL || strstr(info->error, wanted.error) != NULL, "%s",
		info->error);
}

static void assert_info(enum dtf_status status, const char *suspended, const char *error) {
	wanted.status = status;
	wanted.suspended = suspended;
	wanted.error = error;
	ck_assert_int_eq(
		dtf__inspect_info(&(struct stores){ &lab.store, 1 }, "i", compare_info, NULL), 0);
}

static const struct {
	const struct dtf_module *const *modules;
	const char *says[2];
} others[] = {
	{ another_activity,
		{ "recorded: activity_scheduled v.first",
			"current code: activity_scheduled v.second "
			"at line 11" } },
	{ another_order,
		{ "recorded: activity_scheduled v.first",
			"current code: timer_set at line "
			"12" } },
	{ one_more, { "recorded: timer_set", "current code: activity_scheduled v.second" } },
	{ one_fewer, { "recorded: timer_set", "current code: wait_opened v.go" } },
	{ another_timer, { "timer_set", "(time differs)" } },
	{ another_input, { "v.first", "(values differs)" } },
	{ another_type, { "v.first", "(types differs)" } },
	{ other_options, { "v.first", "(options differs)" } },
	{ ends_early, { "recorded: timer_set", "current code: completed" } },
};

START_TEST(trap_29_any_difference_suspends_and_writes_nothing) {
	begin();
	uint64_t before = lab.store->ops->next(lab.store);
	reopen(others[_i].modules);
	lab_pass(&lab, 5000); /* the timer is due; nobody may act on it */
	ck_assert_uint_eq(lab.store->ops->next(lab.store), before);
	assert_says(others[_i].says[0]);
	assert_says(others[_i].says[1]);
	assert_info(DTF_SUSPENDED, "mismatch", others[_i].says[1]);
	reopen(right);
	assert_info(DTF_RUNNING, NULL, NULL);
	assert_goes_on();
}
END_TEST

START_TEST(trap_46_mismatch_after_mismatch_grows_nothing) {
	begin();
	uint64_t before = lab.store->ops->next(lab.store);
	for (unsigned i = 0; i < 5; i++) {
		reopen(another_order);
		lab_pass(&lab, 1000);
	}
	ck_assert_uint_eq(lab.store->ops->next(lab.store), before);
	assert_goes_on();
}
END_TEST

/* More code after what was recorded is no difference: the execution adopts it. */
START_TEST(other_code_that_matches_is_adopted) {
	begin();
	reopen(longer_after);
	lab_pass(&lab, 1000);
	ck_assert_uint_eq(lab_count(&lab, "i", EVENT_ADOPTED), 1);
	ck_assert_int_eq(ask(REQUEST_RAISE, "go", NULL, "7"), 0);
	ck_assert_int_eq(lab_status(&lab, "i"), DTF_RUNNING);
	reopen(longer_after);
	ck_assert_uint_eq(lab_count(&lab, "i", EVENT_ADOPTED), 1);
	lab_pass(&lab, 1000);
	ck_assert_int_eq(lab_status(&lab, "i"), DTF_COMPLETED);
}
END_TEST

/* The child knows nothing of it: it is there once, and waits for its parent's code. */
START_TEST(another_child_suspends_its_parent) {
	static const struct {
		const struct dtf_module *const *modules;
		const char *says;
	} other_children[] = {
		{ calls_another, "child_started v.kid at line 14 (content differs)" },
		{ spawns, "current code: child_spawned v.kid at line 14 (kind differs)" },
		{ calls_later, "current code: timer_set at line 12" },
	};
	reopen(calls);
	ck_assert_int_eq(ask(REQUEST_START, "v.flow", NULL, "[]"), 0);
	reopen(other_children[_i].modules);
	lab_pass(&lab, 2000000);
	ck_assert_int_eq(lab_status(&lab, "kid"), DTF_COMPLETED);
	assert_says(other_children[_i].says);
	ck_assert_uint_eq(lab_count(&lab, "i", EVENT_CHILD_ENDED), 1);
	reopen(calls);
	ck_assert_int_eq(lab_status(&lab, "i"), DTF_COMPLETED);
}
END_TEST

/* ---- a record gains an optional field (LANGUAGE.md 4) ---- */

static void begin_with_note(const struct dtf_module *const *modules, const char *result) {
	reopen(modules);
	ck_assert_int_eq(ask(REQUEST_START, "v.flow", NULL, "[]"), 0);
	lab_end(&lab, "v.first", "i", result);
	lab_settle(&lab);
	ck_assert_uint_eq(lab_count(&lab, "i", EVENT_TIMER_SET), 1);
}

static void assert_ends_under(const struct dtf_module *const *modules) {
	reopen(modules);
	lab_pass(&lab, 1000);
	ck_assert_int_eq(ask(REQUEST_RAISE, "go", NULL, "7"), 0);
	ck_assert_int_eq(lab_status(&lab, "i"), DTF_COMPLETED);
	ck_assert_uint_eq(lab_count(&lab, "i", EVENT_ACTIVITY_SCHEDULED), 1);
}

START_TEST(a_record_gains_and_loses_an_optional_field) {
	begin_with_note(plain, "{\"id\":1}");
	assert_ends_under(grown);
	teardown();
	setup();
	begin_with_note(grown, "{\"id\":1,\"by\":\"ada\"}");
	assert_ends_under(plain);
}
END_TEST

START_TEST(the_new_field_counts_once_it_is_used) {
	begin_with_note(plain, "{\"id\":1}");
	reopen(grown_and_used);
	lab_pass(&lab, 5000);
	assert_says("(values differs)");
	assert_ends_under(plain);
}
END_TEST

/* What was recorded cannot be read as the new type: no bad_payload, a mismatch. */
START_TEST(an_optional_field_of_another_type_suspends) {
	begin_with_note(grown, "{\"id\":1,\"by\":\"ada\"}");
	uint64_t before = lab.store->ops->next(lab.store);
	reopen(grown_otherwise);
	lab_pass(&lab, 5000);
	ck_assert_uint_eq(lab.store->ops->next(lab.store), before);
	assert_says("recorded: timer_set");
	assert_ends_under(grown);
}
END_TEST

/* ---- what arrives meanwhile ---- */

START_TEST(arrivals_are_kept_and_delivered) {
	begin();
	reopen(another_activity);
	ck_assert_int_eq(ask(REQUEST_RAISE, "go", "e1", "7"), 0);
	ck_assert_int_eq(ask(REQUEST_RAISE, "v.go", "e1", "7"), 0); /* once */
	ck_assert_int_eq(ask(REQUEST_RAISE, "go", NULL, "\"no int\""), DTF_EPAYLOAD);
	ck_assert_int_eq(lab_status(&lab, "i"), DTF_SUSPENDED);
	reopen(another_activity);
	ck_assert_uint_eq(lab_count(&lab, "i", EVENT_RAISED), 1);
	ck_assert_uint_eq(lab_count(&lab, "i", EVENT_SUSPENDED), 1);
	reopen(right);
	ck_assert_uint_eq(lab_count(&lab, "i", EVENT_RESUMED), 1);
	lab_pass(&lab, 1000);
	ck_assert_int_eq(lab_status(&lab, "i"), DTF_COMPLETED);
}
END_TEST

/* A version that is not linked: nothing is known of its events but their names. */
START_TEST(a_version_that_is_not_linked_suspends) {
	begin();
	const struct dtf_module *const *without = _i == 0 ? version_2 : nothing;
	uint64_t before = lab.store->ops->next(lab.store);
	reopen(without);
	ck_assert_uint_eq(lab.store->ops->next(lab.store), before);
	ck_assert_int_eq(ask(REQUEST_RAISE, "go", "e1", "7"), 0);
	ck_assert_int_eq(ask(REQUEST_RAISE, "v.go", "e1", "7"), 0);
	ck_assert_int_eq(ask(REQUEST_RAISE, "go", NULL, "{"), DTF_EPAYLOAD);
	assert_says("v.flow version 1 is not linked");
	ck_assert_uint_eq(lab_count(&lab, "i", EVENT_RAISED), 1);
	reopen(right);
	lab_pass(&lab, 1000);
	ck_assert_int_eq(lab_status(&lab, "i"), DTF_COMPLETED);
}
END_TEST

/* ---- an operator and missing code ---- */

/* DECISIONS 8: the operator's suspension is the instance's, the other is found anew. */
START_TEST(suspended_without_code_it_stays_so_with_it) {
	begin();
	reopen(nothing);
	assert_info(DTF_SUSPENDED, "version", "not linked");
	ck_assert_int_eq(ask(REQUEST_SUSPEND, NULL, "hold", NULL), 0);
	ck_assert_int_eq(ask(REQUEST_SUSPEND, NULL, "hold", NULL), 0);
	assert_info(DTF_SUSPENDED, "operator", "not linked");
	ck_assert_uint_eq(lab_count(&lab, "i", EVENT_SUSPENDED), 1);
	ck_assert_int_eq(ask(REQUEST_RAISE, "go", NULL, "7"), 0);
	reopen(right);
	lab_pass(&lab, 1000);
	assert_info(DTF_SUSPENDED, "operator", NULL);
	ck_assert_int_eq(ask(REQUEST_RESUME, NULL, NULL, NULL), 0);
	ck_assert_int_eq(lab_status(&lab, "i"), DTF_COMPLETED);
}
END_TEST

START_TEST(resumed_without_code_it_goes_on_with_it) {
	begin();
	ck_assert_int_eq(ask(REQUEST_SUSPEND, NULL, "hold", NULL), 0);
	reopen(_i == 0 ? nothing : another_order);
	const char *why = _i == 0 ? "version" : "mismatch";
	ck_assert_int_eq(ask(REQUEST_RAISE, "go", NULL, "7"), 0);
	ck_assert_int_eq(ask(REQUEST_RESUME, NULL, NULL, NULL), 0);
	assert_info(DTF_SUSPENDED, why, "");
	/* Nothing but the code is missing now, and that is said. */
	struct asked again;
	lab_ask(&lab, &again, REQUEST_RESUME, "i", NULL, NULL, NULL);
	lab_settle(&lab);
	ck_assert_int_eq(again.rc, DTF_EVERSION);
	ck_assert_ptr_nonnull(strstr(again.text, _i == 0 ? "not linked" : "current code"));
	reopen(right);
	assert_info(DTF_RUNNING, NULL, NULL);
	lab_pass(&lab, 1000);
	ck_assert_int_eq(lab_status(&lab, "i"), DTF_COMPLETED);
}
END_TEST

START_TEST(terminate_works_without_code) {
	begin();
	reopen(nothing);
	struct asked end, late;
	lab_ask(&lab, &end, REQUEST_TERMINATE, "i", NULL, "enough", NULL);
	lab_ask(&lab, &late, REQUEST_CANCEL, "i", NULL, "late", NULL);
	lab_settle(&lab);
	ck_assert_int_eq(end.rc, 0);
	ck_assert_int_eq(late.rc, DTF_EENDED);
	ck_assert_int_eq(lab_status(&lab, "i"), DTF_TERMINATED);
	ck_assert_uint_eq(lab_count(&lab, "i", EVENT_CANCEL_REQUESTED), 0);
}
END_TEST

/* ---- code that contradicts itself ---- */

START_TEST(a_start_that_breaks_is_kept_for_better_code) {
	reopen(bad_from_the_start);
	ck_assert_int_eq(ask(REQUEST_START, "v.flow", NULL, "[]"), 0);
	assert_says("which is no state");
	if (_i == 1) {
		reopen(bad_from_the_start);
		ck_assert_int_eq(ask(REQUEST_RAISE, "go", NULL, "7"), 0);
		ck_assert_int_eq(lab_status(&lab, "i"), DTF_SUSPENDED);
	}
	reopen(right);
	lab_end(&lab, "v.first", "i", "null");
	lab_settle(&lab);
	lab_pass(&lab, 1000);
	if (_i == 0) {
		ck_assert_int_eq(ask(REQUEST_RAISE, "go", NULL, "7"), 0);
	}
	ck_assert_int_eq(lab_status(&lab, "i"), DTF_COMPLETED);
}
END_TEST

/* Its result is not lost with the turn that broke. */
START_TEST(a_turn_that_breaks_keeps_what_arrived) {
	reopen(bad_later);
	ck_assert_int_eq(ask(REQUEST_START, "v.flow", NULL, "[]"), 0);
	lab_end(&lab, "v.first", "i", "null");
	lab_settle(&lab);
	ck_assert_int_eq(lab_status(&lab, "i"), DTF_SUSPENDED);
	ck_assert_uint_eq(lab_count(&lab, "i", EVENT_ATTEMPT_ENDED), 1);
	assert_goes_on();
}
END_TEST

/* ---- bytes ---- */

START_TEST(a_history_that_is_damaged_is_set_aside) {
	begin();
	ck_assert_int_eq(lab_do(&lab, REQUEST_START, "j", "v.flow", NULL, "[]"), 0);
	struct arena arena = { 0 };
	struct store *store = lab.store;
	struct slice bytes;
	struct row row;
	uint64_t number;
	ck_assert_int_eq(store->ops->find(store, "i", &number), 0);
	ck_assert_int_eq(store->ops->row(store, &arena, number, &bytes), 0);
	ck_assert_int_eq(dtf__row_decode(&arena, bytes, &row), 0);
	row.last = _i == 0 ? row.last + 1 : 99999; /* another's record; none */
	struct buf damaged = { 0 };
	dtf__row_encode(&damaged, &row);
	struct store_put_row put = { .instance = number,
		.value = { damaged.data, damaged.size },
		.keys = { .due_ms = (uint64_t)row.next_timer_ms } };
	ck_assert_int_eq(
		store->ops->commit(store, &(struct store_batch){ .rows = &put, .nrows = 1 }), 0);
	dtf__buf_finish(&damaged);
	dtf__arena_finish(&arena);
	reopen(right);
	lab_pass(&lab, 1000);
	assert_says("i: ");
	ck_assert_int_eq(lab_status(&lab, "j"), DTF_RUNNING);
	ck_assert_ptr_nonnull(lab_running(&lab, "v.first", "j"));
}
END_TEST

int main(void) {
	Suite *suite = suite_create("mismatch");
	TCase *tc = tcase_create("mismatch");
	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(
		tc, trap_29_any_difference_suspends_and_writes_nothing, 0, (int)DTF_COUNT(others));
	tcase_add_test(tc, trap_46_mismatch_after_mismatch_grows_nothing);
	tcase_add_loop_test(tc, another_child_suspends_its_parent, 0, 3);
	tcase_add_test(tc, other_code_that_matches_is_adopted);
	tcase_add_test(tc, a_record_gains_and_loses_an_optional_field);
	tcase_add_test(tc, the_new_field_counts_once_it_is_used);
	tcase_add_test(tc, an_optional_field_of_another_type_suspends);
	tcase_add_test(tc, arrivals_are_kept_and_delivered);
	tcase_add_loop_test(tc, a_version_that_is_not_linked_suspends, 0, 2);
	tcase_add_test(tc, suspended_without_code_it_stays_so_with_it);
	tcase_add_loop_test(tc, resumed_without_code_it_goes_on_with_it, 0, 2);
	tcase_add_test(tc, terminate_works_without_code);
	tcase_add_loop_test(tc, a_start_that_breaks_is_kept_for_better_code, 0, 2);
	tcase_add_test(tc, a_turn_that_breaks_keeps_what_arrived);
	tcase_add_loop_test(tc, a_history_that_is_damaged_is_set_aside, 0, 2);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
