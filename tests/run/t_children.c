/*
 * Parents and children when things go wrong between them: the process dies at
 * any commit, the store is full, code is missing or contradicts itself, a turn is
 * taken back.  There is never one without the other, each hears once of what
 * concerns it, and in the end nobody owes anything.  Traps 16, 36 to 40.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include <dtf/abi.h>

#include "../../runtime/error.h"
#include "../support/lab.h"
#include "../support/suite.h"
#include "children.dtf.h"

#define FAULTS_MAX 200

static struct lab lab;
static bool crashed;
static struct buf calls; /* "step parent\nundone child\n": attempts that ended, in order */

static const struct dtf_module *const with_children[] = { &children_module, NULL };
static const struct dtf_module *const nothing[] = { NULL };

/* ---- a run that goes on whatever happens ---- */

static void reopen(void) {
	crashed = true;
	lab_crash(&lab);
	lab_open(&lab);
	lab.next_ms = lab.now_ms; /* the new engine has to look */
}

/* Rounds until nothing is left to do now, over crashes. */
static void settle(void) {
	unsigned rounds = 0;
	do {
		ck_assert_uint_lt(rounds++, 10000);
		if (lab_round(&lab) < 0) {
			reopen();
		}
	} while (lab.next_ms <= lab.now_ms);
}

/* Asks until it is recorded: what was not answered may have been, before a crash. */
static void insist(enum request_kind kind, const char *id, const char *name, const char *payload) {
	struct asked asked;
	unsigned tries = 0;
	bool done = false;
	while (!done) {
		ck_assert_uint_lt(tries++, 100);
		lab_ask(&lab, &asked, kind, id, name, NULL, payload);
		settle();
		ck_assert_uint_eq(asked.answers, 1);
		done = asked.rc == 0 || asked.rc == DTF_EEXISTS || asked.rc == DTF_EENDED;
		if (!done) {
			lab.now_ms += 1000; /* a full store is tried again */
			settle();
		}
	}
}

static void end_one(void) {
	const struct dtf_activity *attempt = lab.running[0];
	const char *name = attempt->def->name, *id = attempt->id;
	char said[64];
	(void)snprintf(said, sizeof(said), "%.*s", (int)attempt->args.size, attempt->args.data);
	dtf__buf_printf(&calls, "%s%s\n", strrchr(name, '.') + 1, said);
	lab_end(&lab, name, id, strcmp(name, "children.step") == 0 ? "\"x\"" : "null");
}

/* Ends what runs, in order of starting, and lets time pass, until nothing is to come or
 * so many attempts have ended. */
static void drive(unsigned attempts) {
	settle();
	for (unsigned steps = 0; attempts > 0; steps++) {
		ck_assert_uint_lt(steps, 10000);
		if (lab.nrunning > 0) {
			end_one();
			attempts--;
		} else if (lab.next_ms < INT64_MAX) {
			lab.now_ms = lab.next_ms > lab.now_ms ? lab.next_ms : lab.now_ms;
		} else {
			return;
		}
		settle();
	}
}

/* ---- what must be true in the end ---- */

static bool exists(const char *id) {
	uint64_t number;
	return lab.store->ops->find(lab.store, id, &number) == 0;
}

static bool owes_nothing(void *arg, uint64_t number, struct slice bytes) {
	struct arena arena = { 0 };
	struct row row;
	unsigned *count = arg;
	++*count;
	ck_assert_int_eq(dtf__row_decode(&arena, bytes, &row), 0);
	ck_assert_msg(!row.owes_end, "%s owes its end", row.id);
	ck_assert_msg(!row.has_orphans, "%s has orphans", row.id);
	dtf__arena_finish(&arena);
	return true;
}

static void assert_settled(unsigned instances) {
	unsigned count = 0;
	ck_assert_int_eq(lab.store->ops->rows(lab.store, 0, owes_nothing, &count), 0);
	ck_assert_uint_eq(count, instances);
	ck_assert_uint_eq(lab.engine->slots_used, 0);
}

static void assert_status(const char *id, enum dtf_status status) {
	ck_assert_msg(lab_status(&lab, id) == status, "%s is %s", id,
		dtf_status_name(lab_status(&lab, id)));
}

static void assert_count(const char *id, enum event_kind kind, unsigned count) {
	ck_assert_msg(lab_count(&lab, id, kind) == count, "%s: %s %u times", id,
		dtf__event_name(kind), lab_count(&lab, id, kind));
}

/* That call was made, after this one. */
static void assert_order(const char *first, const char *then) {
	const char *a = calls.data == NULL ? NULL : strstr(calls.data, first);
	const char *b = a == NULL ? NULL : strstr(a, then);
	ck_assert_msg(b != NULL, "no %s before %s in:\n%s", first, then, calls.data);
}

/* ---- the runs ---- */

static void chain_to_its_end(void) {
	insist(REQUEST_START, "p", "children.chain", "[2,\"deep\"]");
	drive(1000);
	assert_status("p", DTF_COMPLETED);
	assert_status("p/1/1", DTF_COMPLETED);
	assert_status("p/1/1/1/1", DTF_COMPLETED);
	assert_count("p", EVENT_CHILD_STARTED, 1);
	assert_count("p", EVENT_CHILD_ENDED, 1);
	assert_count("p/1/1", EVENT_CHILD_ENDED, 1);
	assert_settled(3);
}

static void cancelled_with_its_children(void) {
	insist(REQUEST_START, "p", "children.grandparent", "[]");
	drive(3);
	insist(REQUEST_CANCEL, "p", NULL, NULL);
	drive(1000);
	assert_status("p", DTF_CANCELLED);
	assert_status("p/1/2", DTF_CANCELLED);
	assert_status("p/1/2/1/2", DTF_CANCELLED);
	assert_count("p", EVENT_CHILD_ENDED, 1);
	assert_count("p/1/2", EVENT_CHILD_ENDED, 1);
	assert_count("p/1/2", EVENT_CANCEL_REQUESTED, 1);
	assert_count("p/1/2/1/2", EVENT_CANCEL_REQUESTED, 1);
	assert_order("undone[\"child\"]", "undone[\"parent\"]");
	assert_order("undone[\"parent\"]", "undone[\"top\"]");
	assert_settled(3);
}

static void terminated_with_its_children(void) {
	insist(REQUEST_START, "p", "children.grandparent", "[]");
	drive(3);
	insist(REQUEST_TERMINATE, "p", NULL, NULL);
	drive(1000);
	assert_status("p", DTF_TERMINATED);
	assert_status("p/1/2", DTF_TERMINATED);
	assert_status("p/1/2/1/2", DTF_TERMINATED);
	assert_count("p/1/2", EVENT_TERMINATED, 1);
	assert_settled(3);
}

static void failing_child(void) {
	insist(REQUEST_START, "p", "children.own_error", "[1]");
	struct dtf_activity *attempt = lab_running(&lab, "children.fails", "p/1/1");
	for (unsigned tries = 0; attempt == NULL; tries++) {
		ck_assert_uint_lt(tries, 100);
		if (lab.nrunning > 0) {
			end_one(); /* the step before it */
		}
		lab.now_ms += 1000;
		settle();
		attempt = lab_running(&lab, "children.fails", "p/1/1");
	}
	ck_assert_ptr_eq(attempt, lab.running[0]);
	dtf__buf_text(&attempt->payload, "{\"name\":\"children.sour\",\"data\":{\"n\":9}}");
	attempt->outcome = OUTCOME_FAILED;
	lab.nrunning--;
	attempt->finished(attempt->finished_arg, attempt);
	drive(1000);
	assert_status("p", DTF_COMPLETED);
	assert_count("p", EVENT_CHILD_ENDED, 1);
	assert_settled(2);
}

static void detached_ones(void) {
	insist(REQUEST_START, "p", "children.detached", "[]");
	drive(1000);
	assert_status("p", DTF_COMPLETED);
	assert_status("p/1/1", DTF_COMPLETED);
	assert_status("named", DTF_COMPLETED);
	assert_count("p", EVENT_CHILD_SPAWNED, 3);
	assert_settled(3);
}

static void over_executions(void) {
	insist(REQUEST_START, "p", "children.rounds", "[1]");
	drive(1000);
	assert_status("p", DTF_COMPLETED);
	assert_status("p/1/1", DTF_COMPLETED);
	assert_status("p/2/1", DTF_COMPLETED);
	assert_status("p/3/1", DTF_COMPLETED);
	assert_settled(4);
}

typedef void run_function(void);

static run_function *const runs[] = { chain_to_its_end, cancelled_with_its_children,
	terminated_with_its_children, failing_child, detached_ones, over_executions };
#define NRUNS 6

static void begin(void) {
	lab_init(&lab, with_children);
	lab.options.verify = true;
	lab.snapshot_events = 3;
	lab_open(&lab);
	dtf__buf_clear(&calls);
	crashed = false;
}

static void finish(void) {
	lab_finish(&lab);
	dtf__buf_finish(&calls);
}

/* Each commit in turn meets the fault; the loop ends with the first that is never reached. */
static void at_every_commit(run_function *run, struct fault fault) {
	bool met = true;
	for (fault.at = 1; met; fault.at++) {
		ck_assert_uint_lt(fault.at, FAULTS_MAX);
		begin();
		faulty_store_plan(lab.store, &fault);
		run();
		met = crashed || faulty_store_commits(lab.store) >= fault.at;
		finish();
	}
	ck_assert_uint_gt(fault.at, 5);
}

/* ---- cases ---- */

START_TEST(killed_before_any_commit) {
	at_every_commit(runs[_i],
		(struct fault){ .when = FAULT_BEFORE, .code = DTF_ESTORE, .for_good = true });
}
END_TEST

START_TEST(killed_after_any_commit) {
	at_every_commit(runs[_i],
		(struct fault){ .when = FAULT_AFTER, .code = DTF_ESTORE, .for_good = true });
}
END_TEST

/* Nothing of the batch was written: children go with their parent's turn and come again. */
START_TEST(the_store_is_full_at_any_commit) {
	at_every_commit(runs[_i], (struct fault){ .when = FAULT_BEFORE, .code = DTF_EFULL });
}
END_TEST

/* ---- a turn that is taken back takes the children with it ---- */

struct frame {
	int at;
};

/* Starts two, and then contradicts itself. */
static enum dtf_step contradict(struct dtf_ctx *ctx, void *frame) {
	const struct frame *f = frame;
	if (f->at == 0) {
		(void)dtf_spawn(ctx, 0, &children_nothing_workflow, NULL, "free");
		dtf_call(ctx, 0, &children_nothing_workflow, NULL, "kid");
	}
	return dtf_bad_state(ctx, f->at);
}

/* Gives up a child of the module that is registered, or not. */
static enum dtf_step patient(struct dtf_ctx *ctx, void *frame) {
	struct frame *f = frame;
	if (f->at == 0) {
		dtf_call(ctx, 0, &children_slow_workflow, &(struct children_slow_input){ "kid" },
			"kid");
		f->at = 1;
	}
	enum dtf_step step = dtf_await(ctx, NULL);
	return step == DTF_READY ? dtf_return(ctx, NULL) : step;
}

static const struct dtf_site sites[] = { { 1, 1, "call nothing()" } };

#define WORKFLOW(function)                                                                     \
	static const struct dtf_strand_def function##_body = { .name = "own",                  \
		.frame_size = sizeof(struct frame),                                            \
		.at = offsetof(struct frame, at),                                              \
		.frame = &dtf_type_no_args,                                                    \
		.run = (function) };                                                           \
	static const struct dtf_workflow_def function##_workflow = { .name = "own." #function, \
		.version = 1,                                                                  \
		.fingerprint = 1,                                                              \
		.input = &dtf_type_no_args,                                                    \
		.output = &dtf_type_unit,                                                      \
		.body = &function##_body,                                                      \
		.sites = sites,                                                                \
		.nsites = 1,                                                                   \
		.events = (const struct dtf_event_def *const[]){ NULL },                       \
		.fails = (const struct dtf_error_def *const[]){ NULL } }
WORKFLOW(contradict);
WORKFLOW(patient);

static const struct dtf_module own_module = { .abi = DTF_ABI,
	.name = "own",
	.file = "own.dtf",
	.manifest = (const char *const[]){ "{\"file\":\"own.dtf\"}", NULL },
	.activities = (const struct dtf_activity_def *const[]){ NULL },
	.events = (const struct dtf_event_def *const[]){ NULL },
	.workflows = (const struct dtf_workflow_def *const[]){
		&contradict_workflow, &patient_workflow, NULL } };
static const struct dtf_module *const own[] = { &own_module, NULL };
static const struct dtf_module *const both[] = { &own_module, &children_module, NULL };

static void register_these(const struct dtf_module *const *modules) {
	lab.modules = modules;
	reopen();
	settle();
}

START_TEST(code_that_contradicts_itself_has_started_nobody) {
	register_these(both);
	insist(REQUEST_START, "p", "own.contradict", "[]");
	assert_count("p", EVENT_CHILD_STARTED, 0);
	ck_assert(!exists("kid") && !exists("free"));
	insist(REQUEST_START, "kid", "children.nothing", "[]");
	drive(1000);
	assert_status("kid", DTF_COMPLETED);
}
END_TEST

/* ---- without code ---- */

START_TEST(terminate_needs_no_code) {
	insist(REQUEST_START, "p", "children.grandparent", "[]");
	drive(3);
	register_these(nothing);
	insist(REQUEST_TERMINATE, "p", NULL, NULL);
	drive(1000);
	assert_status("p", DTF_TERMINATED);
	assert_status("p/1/2", DTF_TERMINATED);
	assert_status("p/1/2/1/2", DTF_TERMINATED);
	assert_settled(3);
}
END_TEST

/* Its parent waits; however often that is loaded, one cancel is in the child's history. */
START_TEST(a_child_without_code_keeps_the_cancel) {
	register_these(both);
	insist(REQUEST_START, "p", "own.patient", "[]");
	drive(1);
	register_these(own);
	insist(REQUEST_CANCEL, "p", NULL, NULL);
	for (unsigned i = 0; i < 5; i++) {
		register_these(own);
	}
	assert_status("p", DTF_RUNNING);
	assert_count("kid", EVENT_CANCEL_REQUESTED, 1);
	register_these(both);
	drive(1000);
	assert_status("p", DTF_CANCELLED);
	assert_status("kid", DTF_CANCELLED);
	assert_settled(2);
}
END_TEST

/* What it brings is kept for the parent, whose code is missing. */
START_TEST(a_parent_without_code_is_told) {
	register_these(both);
	insist(REQUEST_START, "p", "own.patient", "[]");
	drive(1);
	register_these(with_children);
	drive(1000);
	assert_status("kid", DTF_COMPLETED);
	assert_count("p", EVENT_CHILD_ENDED, 1);
	assert_settled(2);
	register_these(both);
	assert_status("p", DTF_COMPLETED);
}
END_TEST

/* ---- at the same time ---- */

START_TEST(a_start_of_that_id_in_the_same_round) {
	struct asked first, second;
	lab_ask(&lab, &first, REQUEST_START, "dup", "children.one", NULL, "[\"client's\"]");
	lab_ask(&lab, &second, REQUEST_START, "p", "children.taken", NULL, "[\"dup\"]");
	settle();
	ck_assert_int_eq(first.rc, 0);
	ck_assert_int_eq(second.rc, 0);
	drive(1000);
	assert_status("p", DTF_COMPLETED);
	assert_status("dup", DTF_COMPLETED);
	ck_assert_str_eq(calls.data, "step[\"client's\"]\n");
	assert_settled(2);
}
END_TEST

/* The child is cancelled before it has run: it does not begin its first step's effect. */
START_TEST(a_cancel_in_the_round_of_the_start) {
	register_these(both);
	struct asked start, cancel;
	lab_ask(&lab, &start, REQUEST_START, "p", "own.patient", NULL, "[]");
	lab_ask(&lab, &cancel, REQUEST_CANCEL, "p", NULL, "no", NULL);
	drive(1000);
	ck_assert_int_eq(cancel.rc, 0);
	assert_status("p", DTF_CANCELLED);
	assert_status("kid", DTF_CANCELLED);
	assert_settled(2);
}
END_TEST

/* As by a child of another execution, or told twice: nothing waits for it. */
START_TEST(an_end_that_nobody_waits_for_changes_nothing) {
	register_these(both);
	insist(REQUEST_START, "p", "own.patient", "[]");
	drive(1);
	struct instance *parent;
	ck_assert_int_eq(dtf__instance_get(lab.engine, "p", &parent), 0);
	const struct event other = {
		.kind = EVENT_CHILD_ENDED, .op = 7, .text = "completed", .payload = { "null", 4 }
	};
	struct event early = other;
	early.op = 1;
	ck_assert_ptr_nonnull(dtf__arrival_add(parent, &other));
	settle();
	assert_status("p", DTF_RUNNING);
	ck_assert_ptr_nonnull(dtf__arrival_add(parent, &early));
	settle();
	assert_status("p", DTF_COMPLETED);
	drive(1000);
	assert_status("kid", DTF_COMPLETED); /* and nobody is told */
	assert_settled(2);
}
END_TEST

/* ---- many ---- */

/* More than a round's turns, and more than are kept in memory. */
START_TEST(thousands_in_one_turn) {
	lab.options.verify = false;
	lab.options.hot_max = 1 << 20;
	register_these(with_children);
	insist(REQUEST_START, "p", "children.many", "[5000]");
	drive(10000);
	assert_status("p", DTF_COMPLETED);
	assert_status("m4999", DTF_COMPLETED);
	assert_settled(5001);
	ck_assert_uint_lt(lab.engine->ninstances, 2000);
}
END_TEST

/* Looking through the timers keeps what is still to be done after an end. */
START_TEST(a_duty_outlives_a_sweep_of_the_timers) {
	insist(REQUEST_START, "p", "children.chain", "[3,\"deep\"]");
	for (unsigned rounds = 0; lab_status(&lab, "p") == DTF_RUNNING; rounds++) {
		ck_assert_uint_lt(rounds, 100);
		lab.engine->sweep_at = 1;
		ck_assert_int_eq(lab_round(&lab), 0);
		if (lab.nrunning > 0) {
			end_one();
		}
	}
	assert_status("p", DTF_COMPLETED);
	assert_settled(4);
}
END_TEST

/* ---- whatever may happen, in any order ---- */

#define SEEDS     60
#define STEPS     120
#define ASKED_MAX (STEPS + 16)

static const struct {
	const char *id, *workflow, *input;
} several[] = {
	{ "p", "children.grandparent", "[]" },
	{ "q", "children.both_ways", "[]" },
	{ "r", "children.racing", "[20000]" },
	{ "s", "children.limited", "[]" },
	{ "t", "children.fastest", "[[\"a\",\"b\",\"c\"]]" },
	{ "u", "children.child_continues", "[]" },
};
#define NSEVERAL (sizeof(several) / sizeof(*several))

static uint64_t random_state;
static struct asked all_asked[ASKED_MAX];
static char ids[ASKED_MAX][STORE_ID_MAX + 1];
static size_t nasked;

static unsigned pick(unsigned below) {
	random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned)(random_state >> 33) % below;
}

struct choice {
	unsigned left;
	char *id;
};

static bool choose(void *arg, uint64_t number, struct slice bytes) {
	struct choice *choice = arg;
	struct arena arena = { 0 };
	struct row row;
	ck_assert_int_eq(dtf__row_decode(&arena, bytes, &row), 0);
	(void)snprintf(choice->id, STORE_ID_MAX + 1, "%s", row.id);
	dtf__arena_finish(&arena);
	return choice->left-- > 0;
}

/* Of any instance, parent or child. */
static void ask_something(void) {
	static const enum request_kind kinds[] = { REQUEST_CANCEL, REQUEST_TERMINATE,
		REQUEST_SUSPEND, REQUEST_RESUME, REQUEST_RESUME, REQUEST_RAISE };
	unsigned kind = pick(6);
	if (kind == 1 && pick(4) > 0) {
		kind = 4;
	}
	struct choice choice = { pick(16), ids[nasked] };
	ck_assert_int_eq(lab.store->ops->rows(lab.store, 0, choose, &choice), 0);
	lab_ask(&lab, &all_asked[nasked], kinds[kind], ids[nasked], "go", "no", "1");
	nasked++;
}

static void start_several(void) {
	for (size_t i = 0; i < NSEVERAL; i++) {
		insist(REQUEST_START, several[i].id, several[i].workflow, several[i].input);
	}
}

static void end_any(void) {
	if (lab.nrunning > 0) {
		struct dtf_activity *attempt = lab.running[pick((unsigned)lab.nrunning)];
		const char *name = attempt->def->name;
		const char *json = strcmp(name, "children.step") == 0 ? "\"x\"" : "null";
		lab_end(&lab, name, attempt->id, pick(4) == 0 ? NULL : json);
	}
}

static void happen(void) {
	static const int64_t spans_ms[] = { 1, 150, 1100, 6000, 31000, 3600000 };
	switch (pick(12)) {
	case 0:
		faulty_store_plan(lab.store,
			&(struct fault){
				.at = 1 + pick(2), .when = FAULT_BEFORE, .code = DTF_EFULL });
		break;
	case 1:
		if (pick(3) == 0) {
			reopen();
		}
		break;
	case 2:
	case 3:
	case 4:
		ask_something();
		break;
	case 5:
	case 6:
		lab.now_ms += spans_ms[pick(6)];
		lab.steady_ms = lab.now_ms;
		break;
	default:
		end_any();
		break;
	}
	if (pick(3) > 0) {
		ck_assert_int_eq(lab_round(&lab), 0);
	}
}

static bool resume(void *arg, uint64_t number, struct slice bytes) {
	struct arena arena = { 0 };
	struct row row;
	bool *all_ended = arg;
	ck_assert_int_eq(dtf__row_decode(&arena, bytes, &row), 0);
	if (row.status <= DTF_SUSPENDED) {
		struct instance *instance;
		*all_ended = false;
		ck_assert_int_eq(dtf__instance_by_number(lab.engine, number, &instance), 0);
		if (row.status == DTF_SUSPENDED) {
			const struct event resumed = { .kind = EVENT_RESUMED };
			ck_assert_ptr_nonnull(dtf__arrival_add(instance, &resumed));
		}
	}
	dtf__arena_finish(&arena);
	return true;
}

/* A parent that was not terminated has outlived all that it called. */
static bool has_seen_all_ends(void *arg, uint64_t number, struct slice bytes) {
	struct arena arena = { 0 };
	struct row row;
	ck_assert_int_eq(dtf__row_decode(&arena, bytes, &row), 0);
	if (row.status != DTF_TERMINATED) {
		ck_assert_uint_eq(lab_count(&lab, row.id, EVENT_CHILD_STARTED),
			lab_count(&lab, row.id, EVENT_CHILD_ENDED));
	}
	dtf__arena_finish(&arena);
	return true;
}

static void calm_down(void) {
	bool all_ended = false;
	faulty_store_plan(lab.store, NULL);
	for (unsigned tries = 0; !all_ended; tries++) {
		ck_assert_uint_lt(tries, 100);
		lab.now_ms += 1000;
		drive(1000);
		all_ended = true;
		ck_assert_int_eq(lab.store->ops->rows(lab.store, 0, resume, &all_ended), 0);
	}
	drive(1000);
}

START_TEST(all_come_to_an_end_and_owe_nothing) {
	unsigned count = 0;
	nasked = 0;
	random_state = (uint64_t)_i * 7919 + 1;
	start_several();
	for (unsigned i = 0; i < STEPS; i++) {
		happen();
	}
	calm_down();
	for (size_t i = 0; i < nasked; i++) {
		ck_assert_uint_eq(all_asked[i].answers, 1);
	}
	ck_assert_int_eq(lab.store->ops->rows(lab.store, 0, has_seen_all_ends, NULL), 0);
	ck_assert_int_eq(lab.store->ops->rows(lab.store, 0, owes_nothing, &count), 0);
	ck_assert_uint_ge(count, NSEVERAL);
	ck_assert_uint_eq(lab.engine->slots_used, 0);
}
END_TEST

int main(void) {
	Suite *suite = suite_create("children");
	TCase *faults = tcase_create("faults"), *tc = tcase_create("children");
	tcase_set_timeout(faults, 120);
	tcase_add_loop_test(faults, killed_before_any_commit, 0, NRUNS);
	tcase_add_loop_test(faults, killed_after_any_commit, 0, NRUNS);
	tcase_add_loop_test(faults, the_store_is_full_at_any_commit, 0, NRUNS);
	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, begin, finish);
	tcase_add_test(tc, code_that_contradicts_itself_has_started_nobody);
	tcase_add_test(tc, terminate_needs_no_code);
	tcase_add_test(tc, a_child_without_code_keeps_the_cancel);
	tcase_add_test(tc, a_parent_without_code_is_told);
	tcase_add_test(tc, a_start_of_that_id_in_the_same_round);
	tcase_add_test(tc, a_cancel_in_the_round_of_the_start);
	tcase_add_test(tc, an_end_that_nobody_waits_for_changes_nothing);
	tcase_add_test(tc, thousands_in_one_turn);
	tcase_add_test(tc, a_duty_outlives_a_sweep_of_the_timers);
	TCase *random = tcase_create("random");
	tcase_set_timeout(random, 60);
	tcase_add_checked_fixture(random, begin, finish);
	tcase_add_loop_test(random, all_come_to_an_end_and_owe_nothing, 0, SEEDS);
	suite_add_tcase(suite, random);
	suite_add_tcase(suite, faults);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
