/*
 * T8: memory runs out in the engine at the first allocation, at the second, and
 * so on until a whole run needs no more, once or for a whole round.  Each time
 * requests are answered, with DTF_ENOMEM at worst, nothing leaks, and the
 * instance comes to the same end by the same steps.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "../../runtime/error.h"
#include "../support/failing.h"
#include "../support/lab.h"
#include "../support/steps.h"
#include "../support/suite.h"
#include "children.dtf.h"

#define RUNS_MAX 5000

static const struct dtf_module *const modules[] = { &hello_module, &shop_module, &children_module,
	NULL };
static struct lab lab;

/* ---- rounds in which memory may run out ---- */

static void round_once(void) {
	failing_resume();
	int rc = lab_round(&lab);
	failing_pause();
	if (failing_has_failed()) {
		failing_after(-1); /* the drought ends with the round */
	}
	ck_assert_msg(rc == 0, "the engine failed: %d %s", rc, dtf_errmsg());
}

static void settle(void) {
	unsigned rounds = 0;
	do {
		ck_assert_uint_lt(rounds++, 1000);
		round_once();
	} while (lab.next_ms <= lab.now_ms);
}

static void pass(int64_t ms) {
	lab.now_ms += ms;
	lab.steady_ms += ms;
	settle();
}

/* Asks until it is not for want of memory that it is refused. */
static int insist(enum request_kind kind, const char *name, const char *text, const char *payload) {
	struct asked asked;
	unsigned tries = 0;
	do {
		ck_assert_uint_lt(tries++, 100);
		lab_ask(&lab, &asked, kind, "o", name, text, payload);
		settle();
		ck_assert_uint_eq(asked.answers, 1);
		if (asked.rc == DTF_ENOMEM) {
			pass(1000);
		}
	} while (asked.rc == DTF_ENOMEM);
	return asked.rc;
}

/* Waits until one of them runs; is it the first? */
static bool runs_first(const char *activity, const char *other) {
	unsigned tries = 0;
	while (lab_running(&lab, activity, "o") == NULL && lab_running(&lab, other, "o") == NULL) {
		ck_assert_msg(tries++ < 100, "%s never runs", activity);
		pass(1000);
	}
	return lab_running(&lab, activity, "o") != NULL;
}

/* Waits for the activity to run there, and ends it. */
static void end_in(const char *id, const char *activity, const char *json) {
	unsigned tries = 0;
	while (lab_running(&lab, activity, id) == NULL) {
		ck_assert_msg(tries++ < 100, "%s of %s never runs", activity, id);
		pass(1000);
	}
	lab_end(&lab, activity, id, json);
	settle();
}

static void end(const char *activity, const char *json) {
	end_in("o", activity, json);
}

static void wait_for(enum dtf_status status) {
	unsigned tries = 0;
	while (lab_status(&lab, "o") != status) {
		ck_assert_msg(tries++ < 100, "is never %s", dtf_status_name(status));
		pass(1000);
	}
}

static void wait_recorded(enum event_kind kind, unsigned count) {
	unsigned tries = 0;
	while (lab_count(&lab, "o", kind) < count) {
		ck_assert_msg(tries++ < 100, "no %s", dtf__event_name(kind));
		pass(1000);
	}
}

static void assert_once(enum event_kind kind, unsigned count) {
	ck_assert_msg(lab_count(&lab, "o", kind) == count, "%s: %u times", dtf__event_name(kind),
		lab_count(&lab, "o", kind));
}

/* ---- what is run ---- */

static void order_to_its_end(void) {
	char json[512];
	(void)order_json(json, sizeof(json), "o", "ada", 500000, 2);
	ck_assert_int_eq(insist(REQUEST_START, "shop.fulfil", NULL, json), 0);
	ck_assert_int_eq(insist(REQUEST_RAISE, "approval", "e1", "\"approved\""), 0);
	ck_assert_int_eq(insist(REQUEST_RAISE, "approval", "e1", "\"approved\""), 0);
	end("shop.reserve", "null");
	end("shop.charge", "\"ch\"");
	end("shop.print_label", "\"a\"");
	end("shop.print_label", "\"b\"");
	end("shop.notify", "null");
	wait_for(DTF_COMPLETED);
	assert_once(EVENT_RAISED, 1);
	assert_once(EVENT_TAKEN, 1);
	assert_once(EVENT_TIMER_FIRED, 1);
}

static void order_that_is_cancelled(void) {
	char json[512];
	(void)order_json(json, sizeof(json), "o", "ada", 500, 1);
	ck_assert_int_eq(insist(REQUEST_START, "shop.fulfil", NULL, json), 0);
	end("shop.reserve", "null");
	ck_assert_int_eq(insist(REQUEST_SUSPEND, NULL, "look", NULL), 0);
	ck_assert_int_eq(insist(REQUEST_CANCEL, NULL, "no", NULL), 0);
	ck_assert_int_eq(insist(REQUEST_RESUME, NULL, NULL, NULL), 0);
	/* Without memory for an attempt that was recorded as started, it is lost: then
	 * whether it happened is as unknown as after a crash, and it is undone. */
	if (runs_first("shop.charge", "shop.refund")) {
		end("shop.charge", "\"ch\"");
	}
	end("shop.refund", "null");
	end("shop.release", "null");
	wait_for(DTF_CANCELLED);
	assert_once(EVENT_CANCEL_REQUESTED, 1);
	assert_once(EVENT_UNDO_ENDED, 2);
}

static void crash(void) {
	lab_crash(&lab);
	failing_resume();
	int rc = lab_try_open(&lab);
	failing_pause();
	if (rc != 0) {
		ck_assert_int_eq(rc, DTF_ENOMEM);
		lab_open(&lab);
	}
}

static void order_after_a_crash(void) {
	char json[512];
	(void)order_json(json, sizeof(json), "o", "ada", 500, 0);
	ck_assert_int_eq(insist(REQUEST_START, "shop.fulfil", NULL, json), 0);
	end("shop.reserve", "null");
	wait_recorded(EVENT_ACTIVITY_SCHEDULED, 2);
	crash();
	end("shop.charge", "\"ch\"");
	wait_recorded(EVENT_ACTIVITY_SCHEDULED, 3);
	crash();
	end("shop.notify", "null");
	wait_for(DTF_COMPLETED);
	assert_once(EVENT_ACTIVITY_SCHEDULED, 3);
}

typedef void run_function(void);

static int answer(const char *request_id) {
	unsigned tries = 0;
	while (lab_answer(&lab, request_id) == STORE_NOT_FOUND) {
		ck_assert_msg(tries++ < 100, "%s is never answered", request_id);
		pass(1000);
	}
	return lab_answer(&lab, request_id);
}

/* In order, whatever had to wait. */
static void order_by_the_inbox(void) {
	char json[512];
	(void)order_json(json, sizeof(json), "o", "ada", 500000, 0);
	lab_append(&lab, REQUEST_START, "r1", "o", "shop.fulfil", NULL, json);
	lab_append(&lab, REQUEST_CANCEL, "r2", "nobody", NULL, "x", NULL);
	lab_append(&lab, REQUEST_RAISE, "r3", "o", "approval", NULL, "\"rejected\"");
	lab_append(&lab, REQUEST_RAISE, "r4", "o", "approval", NULL, "17");
	settle();
	ck_assert_int_eq(answer("r1"), 0);
	ck_assert_int_eq(answer("r2"), DTF_EUNKNOWN_INSTANCE);
	ck_assert_int_eq(answer("r3"), 0);
	ck_assert_int_eq(answer("r4"), DTF_EPAYLOAD);
	end("shop.reserve", "null");
	end("shop.release", "null");
	wait_for(DTF_FAILED);
	assert_once(EVENT_RAISED, 1);
}

static bool owes(const char *id) {
	struct instance *instance;
	ck_assert_int_eq(dtf__instance_get(lab.engine, id, &instance), 0);
	return instance->row.owes_end || instance->row.has_orphans;
}

/* The child has ended so, and in time nobody owes anything. */
static void assert_family(const char *child, enum dtf_status status) {
	unsigned tries = 0;
	while (lab_status(&lab, child) != status || owes(child) || owes("o")) {
		ck_assert_msg(tries++ < 100, "%s is never %s", child, dtf_status_name(status));
		pass(1000);
	}
	assert_once(EVENT_CHILD_STARTED, 1);
}

static void parent_that_is_cancelled(void) {
	ck_assert_int_eq(insist(REQUEST_START, "children.cancelled_parent", NULL, "[]"), 0);
	end("children.step", "\"x\"");
	end_in("o/1/2", "children.step", "\"x\"");
	ck_assert_int_eq(insist(REQUEST_CANCEL, NULL, "no", NULL), 0);
	end_in("o/1/2", "children.undone", "null");
	end("children.undone", "null");
	wait_for(DTF_CANCELLED);
	assert_once(EVENT_CHILD_ENDED, 1);
	assert_family("o/1/2", DTF_CANCELLED);
}

static void parent_that_is_terminated(void) {
	ck_assert_int_eq(insist(REQUEST_START, "children.cancelled_parent", NULL, "[]"), 0);
	end("children.step", "\"x\"");
	end_in("o/1/2", "children.step", "\"x\"");
	ck_assert_int_eq(insist(REQUEST_TERMINATE, NULL, "no", NULL), 0);
	wait_for(DTF_TERMINATED);
	assert_family("o/1/2", DTF_TERMINATED);
}

/* The spawn comes first; then a call whose id is taken. */
static void parent_that_is_refused(void) {
	ck_assert_int_eq(insist(REQUEST_START, "children.taken", NULL, "[\"kid\"]"), 0);
	end_in("kid", "children.step", "\"x\"");
	wait_for(DTF_COMPLETED);
	assert_once(EVENT_CHILD_SPAWNED, 1);
	assert_family("kid", DTF_COMPLETED);
}

static run_function *const runs[] = { order_to_its_end, order_that_is_cancelled,
	order_after_a_crash, order_by_the_inbox, parent_that_is_cancelled,
	parent_that_is_terminated, parent_that_is_refused };
#define NRUNS 7

static void exhaust(run_function *run, void (*plan)(long count)) {
	long n = 0;
	bool failed;
	do {
		ck_assert_int_lt(n, RUNS_MAX);
		lab_init(&lab, modules);
		lab.options.verify = true;
		lab.snapshot_events = 3;
		lab.options.workers = 1;
		lab_open(&lab);
		plan(n++);
		run();
		failed = failing_has_failed();
		failing_after(-1);
		lab_finish(&lab);
	} while (failed);
	ck_assert_int_gt(n, 100);
}

START_TEST(one_allocation_fails) {
	failing_pause();
	exhaust(runs[_i], failing_once_after);
}
END_TEST

START_TEST(memory_is_out_for_a_round) {
	failing_pause();
	exhaust(runs[_i], failing_after);
}
END_TEST

/* ---- memory that is out for longer ---- */

/* What waits for memory is not tried again at once, and is when there is some. */
static void assert_pauses(void) {
	unsigned rounds = 0;
	do {
		ck_assert_msg(rounds++ < 10, "it is tried again and again");
		failing_after(0);
		failing_resume();
		int rc = lab_round(&lab);
		failing_pause();
		failing_after(-1);
		ck_assert_int_eq(rc, 0);
		ck_assert(failing_has_failed());
	} while (lab.next_ms <= lab.now_ms);
	ck_assert_int_le(lab.next_ms, lab.now_ms + 1000);
}

static void open_forgetful(void) {
	lab_init(&lab, modules);
	lab.options.hot_max = 1;
	lab.options.workers = 1;
	lab_open(&lab);
}

static void forget(size_t left) {
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(lab_round(&lab), 0);
	}
	ck_assert_uint_eq(lab.engine->ninstances, left);
}

START_TEST(who_sleeps_and_cannot_be_woken_is_woken_later) {
	char json[512];
	failing_pause();
	open_forgetful();
	(void)order_json(json, sizeof(json), "o", "ada", 500000, 1);
	ck_assert_int_eq(lab_do(&lab, REQUEST_START, "o", "shop.fulfil", NULL, json), 0);
	lab_end(&lab, "shop.reserve", "o", "null");
	lab_settle(&lab);
	forget(0);
	lab.now_ms += INT64_C(4) * 24 * 3600000;
	assert_pauses();
	ck_assert_ptr_null(lab_running(&lab, "shop.release", "o"));
	lab_pass(&lab, 1000);
	ck_assert_ptr_nonnull(lab_running(&lab, "shop.release", "o"));
	lab_finish(&lab);
}
END_TEST

START_TEST(who_waits_for_a_worker_and_cannot_be_loaded_waits_on) {
	failing_pause();
	open_forgetful();
	ck_assert_int_eq(lab_do(&lab, REQUEST_START, "a", "hello.hello", NULL, "[\"x\"]"), 0);
	ck_assert_int_eq(lab_do(&lab, REQUEST_START, "o", "hello.hello", NULL, "[\"x\"]"), 0);
	ck_assert_int_eq(lab_do(&lab, REQUEST_TERMINATE, "a", NULL, NULL, NULL), 0);
	forget(1); /* the one whose attempt is in flight */
	lab_end(&lab, "hello.greet", "a", "\"y\"");
	assert_pauses();
	ck_assert_ptr_null(lab_running(&lab, "hello.greet", "o"));
	lab_pass(&lab, 1000);
	ck_assert_ptr_nonnull(lab_running(&lab, "hello.greet", "o"));
	lab_finish(&lab);
}
END_TEST

int main(void) {
	Suite *suite = suite_create("memory");
	TCase *tc = tcase_create("memory");
	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, one_allocation_fails, 0, NRUNS);
	tcase_add_loop_test(tc, memory_is_out_for_a_round, 0, NRUNS);
	tcase_add_test(tc, who_sleeps_and_cannot_be_woken_is_woken_later);
	tcase_add_test(tc, who_waits_for_a_worker_and_cannot_be_loaded_waits_on);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
