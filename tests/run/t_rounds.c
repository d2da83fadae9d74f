/*
 * The engine round by round: what happens when a commit is refused, when things
 * arrive in the worst order, when there are fewer slots than work, and that in
 * all of it every request is answered once and nothing is lost or doubled.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "../../runtime/error.h"
#include "../support/lab.h"
#include "../support/steps.h"
#include "../support/suite.h"

static const struct dtf_module *const modules[] = { &hello_module, &shop_module, NULL };

#define HELLO "hello.hello"
#define GREET "hello.greet"

static struct lab lab;

static void setup(void) {
	lab_init(&lab, modules);
	lab.options.verify = true;
	lab.snapshot_events = 3;
}

static void teardown(void) {
	lab_finish(&lab);
}

static int start_hello(const char *id) {
	return lab_do(&lab, REQUEST_START, id, HELLO, NULL, "[\"ada\"]");
}

/* The very next commit finds the store full. */
static void fill_store(void) {
	faulty_store_plan(
		lab.store, &(struct fault){ .at = 1, .when = FAULT_BEFORE, .code = DTF_EFULL });
}

static const char *order(const char *customer, long cents) {
	static char json[512];
	return order_json(json, sizeof(json), "o1", customer, cents, 1);
}

/* ---- slots ---- */

/* One slot, and a cancel that comes in the round in which a queued attempt would start. */
START_TEST(a_start_that_came_to_nothing_gives_its_slot_back) {
	lab.options.workers = 1;
	lab_open(&lab);
	ck_assert_int_eq(start_hello("a"), 0);
	ck_assert_int_eq(start_hello("b"), 0);
	ck_assert_ptr_nonnull(lab_running(&lab, GREET, "a"));
	ck_assert_ptr_null(lab_running(&lab, GREET, "b"));
	struct asked asked;
	lab_ask(&lab, &asked, REQUEST_CANCEL, "b", NULL, "no", NULL);
	lab_end(&lab, GREET, "a", "\"hi\"");
	lab_settle(&lab);
	ck_assert_int_eq(asked.rc, 0);
	ck_assert_int_eq(lab_status(&lab, "b"), DTF_CANCELLED);
	ck_assert_uint_eq(lab.engine->slots_used, 0);
	ck_assert_int_eq(start_hello("c"), 0);
	ck_assert_ptr_nonnull(lab_running(&lab, GREET, "c"));
}
END_TEST

/* The same, suspended: the start must not be recorded, for nobody would run it. */
START_TEST(nothing_starts_while_suspended) {
	lab.options.workers = 1;
	lab_open(&lab);
	ck_assert_int_eq(start_hello("a"), 0);
	ck_assert_int_eq(start_hello("b"), 0);
	struct asked asked;
	lab_ask(&lab, &asked, REQUEST_SUSPEND, "b", NULL, "wait", NULL);
	lab_end(&lab, GREET, "a", "\"hi\"");
	lab_settle(&lab);
	ck_assert_ptr_null(lab_running(&lab, GREET, "b"));
	ck_assert_uint_eq(lab.engine->slots_used, 0);
	ck_assert_int_eq(lab_do(&lab, REQUEST_RESUME, "b", NULL, NULL, NULL), 0);
	ck_assert_ptr_nonnull(lab_running(&lab, GREET, "b"));
	lab_end(&lab, GREET, "b", "\"hi\"");
	lab_settle(&lab);
	ck_assert_int_eq(lab_status(&lab, "b"), DTF_COMPLETED);
}
END_TEST

START_TEST(slots_survive_a_full_store) {
	lab.options.workers = 1;
	lab_open(&lab);
	fill_store();
	ck_assert_int_eq(start_hello("a"), DTF_EFULL);
	ck_assert_uint_eq(lab.engine->slots_used, 0);
	ck_assert_int_eq(start_hello("b"), 0);
	ck_assert_int_eq(start_hello("c"), 0);
	/* c waits for the slot; the commit of its start is refused. */
	lab_end(&lab, GREET, "b", "\"hi\"");
	fill_store();
	lab_settle(&lab);
	lab_pass(&lab, 1000);
	ck_assert_int_eq(lab_status(&lab, "b"), DTF_COMPLETED);
	ck_assert_ptr_nonnull(lab_running(&lab, GREET, "c"));
	ck_assert_uint_eq(lab.engine->slots_used, 1);
}
END_TEST

/* ---- a full store ---- */

/* b waits for a slot, and has to be loaded before it can have one. */
START_TEST(a_free_slot_does_not_make_the_engine_spin) {
	lab.options.workers = 1;
	lab_open(&lab);
	ck_assert_int_eq(start_hello("a"), 0);
	ck_assert_int_eq(start_hello("b"), 0);
	fill_store();
	ck_assert_int_eq(lab_do(&lab, REQUEST_CANCEL, "b", NULL, NULL, NULL), DTF_EFULL);
	lab_end(&lab, GREET, "a", "\"hi\"");
	ck_assert_int_eq(lab_round(&lab), 0);
	ck_assert_int_gt(lab.next_ms, lab.now_ms);
	lab_pass(&lab, 1000);
	ck_assert_int_eq(lab_status(&lab, "a"), DTF_COMPLETED);
	ck_assert_ptr_nonnull(lab_running(&lab, GREET, "b"));
}
END_TEST

/* The result of an attempt is kept until there is room: it does not run again. */
START_TEST(a_result_waits_for_room) {
	lab_open(&lab);
	ck_assert_int_eq(start_hello("a"), 0);
	lab_end(&lab, GREET, "a", "\"hi\"");
	fill_store();
	lab_settle(&lab);
	ck_assert_int_eq(lab_status(&lab, "a"), DTF_RUNNING);
	ck_assert_uint_eq(lab.nrunning, 0);
	lab_pass(&lab, 1000);
	ck_assert_int_eq(lab_status(&lab, "a"), DTF_COMPLETED);
	ck_assert_uint_eq(lab_count(&lab, "a", EVENT_ATTEMPT_ENDED), 1);
}
END_TEST

/* A store over its limit refuses what is new; it does not hold up what is there. */
START_TEST(new_work_that_is_refused_holds_nothing_up) {
	lab_open(&lab);
	ck_assert_int_eq(start_hello("a"), 0);
	struct asked asked;
	lab_ask(&lab, &asked, REQUEST_START, "b", HELLO, NULL, "[\"ada\"]");
	lab_end(&lab, GREET, "a", "\"hi\"");
	fill_store();
	ck_assert_int_eq(lab_round(&lab), 0);
	ck_assert_int_eq(asked.rc, DTF_EFULL);
	ck_assert_uint_eq(asked.answers, 1);
	ck_assert_int_eq(lab_status(&lab, "a"), DTF_COMPLETED);
}
END_TEST

START_TEST(who_waits_for_what_is_not_recorded_is_told) {
	lab_open(&lab);
	struct asked start, wait;
	lab_ask(&lab, &start, REQUEST_START, "a", HELLO, NULL, "[\"ada\"]");
	lab_ask(&lab, &wait, REQUEST_WAIT, "a", NULL, NULL, NULL);
	fill_store();
	lab_settle(&lab);
	ck_assert_uint_eq(start.answers, 1);
	ck_assert_uint_eq(wait.answers, 1);
	ck_assert_int_lt(wait.rc, 0);
}
END_TEST

START_TEST(a_timer_that_was_due_comes_again) {
	lab_open(&lab);
	ck_assert_int_eq(
		lab_do(&lab, REQUEST_START, "a", "shop.fulfil", NULL, order("ada", 500000)), 0);
	lab_end(&lab, "shop.reserve", "a", "null");
	lab_settle(&lab);
	fill_store();
	lab_pass(&lab, INT64_C(3) * 86400000);
	ck_assert_uint_eq(lab_count(&lab, "a", EVENT_TIMER_FIRED), 0);
	lab_pass(&lab, 1000);
	ck_assert_uint_eq(lab_count(&lab, "a", EVENT_TIMER_FIRED), 1);
}
END_TEST

/* ESTORE is for good, for everybody, and nothing half-done shows. */
START_TEST(a_store_that_fails_is_fail_stop) {
	lab_open(&lab);
	ck_assert_int_eq(start_hello("a"), 0);
	struct asked start, wait, raise;
	lab_ask(&lab, &wait, REQUEST_WAIT, "a", NULL, NULL, NULL);
	lab_ask(&lab, &start, REQUEST_START, "b", HELLO, NULL, "[\"ada\"]");
	lab_ask(&lab, &raise, REQUEST_CANCEL, "a", NULL, "x", NULL);
	faulty_store_plan(
		lab.store, &(struct fault){ .at = 1, .when = FAULT_BEFORE, .code = DTF_ESTORE });
	ck_assert_int_eq(lab_round(&lab), DTF_ESTORE);
	ck_assert_int_eq(lab_round(&lab), DTF_ESTORE);
	ck_assert_int_eq(start.rc, DTF_ESTORE);
	ck_assert_int_eq(wait.rc, DTF_ESTORE);
	ck_assert_int_eq(raise.rc, DTF_ESTORE);
	ck_assert_uint_eq(start.answers + wait.answers + raise.answers, 3);
	uint64_t number;
	ck_assert_int_eq(lab.store->ops->find(lab.store, "b", &number), STORE_NOT_FOUND);
	ck_assert_int_eq(lab_status(&lab, "a"), DTF_RUNNING);
}
END_TEST

/* ---- the durable inbox ---- */

static bool count_entry(void *arg, uint64_t sequence, struct slice command) {
	(void)sequence;
	(void)command;
	++*(unsigned *)arg;
	return true;
}

static unsigned inbox_size(void) {
	unsigned count = 0;
	ck_assert_int_eq(lab.store->ops->inbox(lab.store, 0, count_entry, &count), 0);
	return count;
}

/* It is durable there: memory is what may not grow. */
START_TEST(the_inbox_waits_while_the_engine_is_behind) {
	lab.options.workers = 1;
	lab.options.backlog_max = 2;
	lab_open(&lab);
	ck_assert_int_eq(start_hello("a"), 0);
	ck_assert_int_eq(start_hello("b"), 0);
	lab_append(&lab, REQUEST_START, "r1", "c", HELLO, NULL, "[\"ada\"]");
	lab_settle(&lab);
	ck_assert_int_eq(lab_answer(&lab, "r1"), 0);
	lab_append(&lab, REQUEST_START, "r2", "d", HELLO, NULL, "[\"ada\"]");
	lab_settle(&lab);
	ck_assert_int_eq(lab_answer(&lab, "r2"), STORE_NOT_FOUND);
	lab_end(&lab, GREET, "a", "\"hi\"");
	lab_settle(&lab);
	ck_assert_int_eq(lab_answer(&lab, "r2"), 0);
}
END_TEST

START_TEST(commands_are_carried_out_and_answered_in_one_commit) {
	lab_open(&lab);
	lab_append(&lab, REQUEST_START, "r1", "a", HELLO, NULL, "[\"ada\"]");
	lab_append(&lab, REQUEST_START, "r2", "a", HELLO, NULL, "[\"ada\"]");
	lab_append(&lab, REQUEST_CANCEL, "r3", "nobody", NULL, "x", NULL);
	lab_append(&lab, REQUEST_RAISE, "r4", "a", "e", NULL, "1");
	lab_settle(&lab);
	ck_assert_int_eq(lab_answer(&lab, "r1"), 0);
	ck_assert_int_eq(lab_answer(&lab, "r2"), DTF_EEXISTS);
	ck_assert_int_eq(lab_answer(&lab, "r3"), DTF_EUNKNOWN_INSTANCE);
	ck_assert_int_eq(lab_answer(&lab, "r4"), DTF_EUNKNOWN_EVENT);
	ck_assert_uint_eq(inbox_size(), 0);
	ck_assert_ptr_null(lab.engine->commands);
}
END_TEST

/* Whatever the commit refuses, each command takes effect once, in order. */
START_TEST(commands_survive_a_full_store) {
	lab_open(&lab);
	ck_assert_int_eq(
		lab_do(&lab, REQUEST_START, "o", "shop.fulfil", NULL, order("ada", 500000)), 0);
	lab_append(&lab, REQUEST_START, "r1", "a", HELLO, NULL, "[\"ada\"]");
	lab_append(&lab, REQUEST_RAISE, "r2", "o", "approval", NULL, "\"approved\"");
	lab_append(&lab, REQUEST_CANCEL, "r3", "nobody", NULL, "x", NULL);
	fill_store();
	ck_assert_int_eq(lab_round(&lab), 0);
	ck_assert_int_eq(lab_answer(&lab, "r1"), STORE_NOT_FOUND);
	ck_assert_uint_eq(inbox_size(), 3);
	lab_settle(&lab);
	lab_pass(&lab, 1000);
	ck_assert_int_eq(lab_answer(&lab, "r1"), 0);
	ck_assert_int_eq(lab_answer(&lab, "r2"), 0);
	ck_assert_int_eq(lab_answer(&lab, "r3"), DTF_EUNKNOWN_INSTANCE);
	ck_assert_uint_eq(inbox_size(), 0);
	ck_assert_uint_eq(lab_count(&lab, "o", EVENT_RAISED), 1);
	ck_assert_ptr_null(lab.engine->commands);
}
END_TEST

/* While nothing is recorded no entry goes, though the round commits other things. */
START_TEST(an_entry_stays_until_what_it_did_is_durable) {
	lab_open(&lab);
	ck_assert_int_eq(start_hello("a"), 0);
	lab_end(&lab, GREET, "a", "\"hi\"");
	fill_store();
	lab_settle(&lab); /* the engine will try again in a second */
	lab_append(&lab, REQUEST_START, "r1", "b", HELLO, NULL, "[\"ada\"]");
	ck_assert_int_eq(lab_round(&lab), 0);
	bool answered = lab_answer(&lab, "r1") == 0;
	ck_assert_uint_eq(inbox_size(), answered ? 0 : 1);
	lab_crash(&lab);
	lab_open(&lab);
	lab_settle(&lab);
	ck_assert_int_eq(lab_answer(&lab, "r1"), 0);
	ck_assert_int_eq(lab_status(&lab, "b"), DTF_RUNNING);
}
END_TEST

/* More turns than a round has: the first command's turn does not come, the second's
 * does.  Neither is lost when the process dies then, and neither is done twice. */
START_TEST(an_entry_that_is_answered_waits_for_those_before_it) {
	static struct asked asked[TURNS_MAX + 1];
	static char ids[TURNS_MAX][8];
	lab_open(&lab);
	ck_assert_int_eq(
		lab_do(&lab, REQUEST_START, "o", "shop.fulfil", NULL, order("ada", 500000)), 0);
	lab_ask(&lab, &asked[TURNS_MAX], REQUEST_SUSPEND, "o", NULL, NULL, NULL);
	for (unsigned i = 0; i < TURNS_MAX; i++) {
		(void)snprintf(ids[i], sizeof(ids[i]), "h%u", i);
		lab_ask(&lab, &asked[i], REQUEST_START, ids[i], HELLO, NULL, "[\"ada\"]");
	}
	lab_append(&lab, REQUEST_START, "r1", "late", HELLO, NULL, "[\"ada\"]");
	lab_append(&lab, REQUEST_RAISE, "r2", "o", "approval", NULL, "\"approved\"");
	ck_assert_int_eq(lab_round(&lab), 0);
	ck_assert_int_eq(lab_answer(&lab, "r1"), STORE_NOT_FOUND);
	ck_assert_int_eq(lab_answer(&lab, "r2"), 0);
	ck_assert_uint_eq(inbox_size(), 2);
	lab_crash(&lab);
	lab_open(&lab);
	lab.engine->inbox_due = true;
	lab_settle(&lab);
	ck_assert_int_eq(lab_answer(&lab, "r1"), 0);
	ck_assert_int_eq(lab_status(&lab, "late"), DTF_RUNNING);
	ck_assert_uint_eq(inbox_size(), 0);
	ck_assert_uint_eq(lab_count(&lab, "o", EVENT_RAISED), 1);
}
END_TEST

START_TEST(a_command_that_makes_no_sense_is_dropped) {
	lab_open(&lab);
	char id[STORE_ID_MAX + 2];
	memset(id, 'x', sizeof(id) - 1);
	id[sizeof(id) - 1] = '\0';
	lab_append(&lab, REQUEST_START, "r1", id, HELLO, NULL, "[\"ada\"]");
	lab_append(&lab, REQUEST_CANCEL, id, "a", NULL, NULL, NULL);
	lab_append(&lab, REQUEST_START, "r2", "ok", HELLO, NULL, "[\"ada\"]");
	lab_settle(&lab);
	ck_assert_int_eq(lab_answer(&lab, "r2"), 0);
	ck_assert_uint_eq(inbox_size(), 0);
	ck_assert_ptr_nonnull(strstr(lab.log.data, "makes no sense"));
}
END_TEST

/* ---- time ---- */

/* T18: set back by an hour, timers still come, and not early. */
START_TEST(a_clock_set_back_does_not_stop_time) {
	lab_open(&lab);
	ck_assert_int_eq(
		lab_do(&lab, REQUEST_START, "a", "shop.fulfil", NULL, order("ada", 100)), 0);
	lab_end(&lab, "shop.reserve", "a", "null");
	lab_settle(&lab);
	lab_end(&lab, "shop.charge", "a", "\"ch\"");
	lab_settle(&lab);
	lab_end(&lab, "shop.print_label", "a", "\"l\"");
	lab_settle(&lab);
	lab_end(&lab, "shop.notify", "a", "null");
	lab.now_ms -= 3600000;
	lab_settle(&lab);
	lab_pass(&lab, 999);
	ck_assert_int_eq(lab_status(&lab, "a"), DTF_RUNNING);
	lab_pass(&lab, 1);
	ck_assert_int_eq(lab_status(&lab, "a"), DTF_COMPLETED);
}
END_TEST

/* ---- late and double ---- */

/* trap_22: an attempt that reports after its time limit, and another in its place. */
START_TEST(trap_22_a_late_result_changes_nothing) {
	lab_open(&lab);
	ck_assert_int_eq(start_hello("a"), 0);
	lab_pass(&lab, 300000); /* timed out */
	lab_pass(&lab, 1100);   /* and again */
	ck_assert_uint_eq(lab.nrunning, 2);
	ck_assert(lab.running[0]->cancelled);
	ck_assert_int_eq(lab.running[1]->attempt, 2);
	lab_end(&lab, GREET, "a", "\"late\"");
	lab_settle(&lab);
	ck_assert_int_eq(lab_status(&lab, "a"), DTF_RUNNING);
	lab_end(&lab, GREET, "a", "\"in time\"");
	lab_settle(&lab);
	ck_assert_int_eq(lab_status(&lab, "a"), DTF_COMPLETED);
	ck_assert_uint_eq(lab_count(&lab, "a", EVENT_ATTEMPT_ENDED), 3);
}
END_TEST

/* DTF_EEXISTS says that the instance is recorded: not before it is. */
START_TEST(a_refusal_waits_for_what_it_rests_on) {
	lab_open(&lab);
	struct asked first, second;
	struct fault fault = { .at = 1, .when = FAULT_BEFORE, .code = DTF_EFULL };
	for (int works = 0; works < 2; works++) {
		faulty_store_plan(lab.store, works ? NULL : &fault);
		lab_ask(&lab, &first, REQUEST_START, "x", "hello.hello", NULL, "[\"ada\"]");
		lab_ask(&lab, &second, REQUEST_START, "x", "hello.hello", NULL, "[\"ada\"]");
		ck_assert_int_eq(lab_round(&lab), 0);
		ck_assert_uint_eq(first.answers, 1);
		ck_assert_uint_eq(second.answers, 1);
		ck_assert_int_eq(first.rc, works ? 0 : DTF_EFULL);
		ck_assert_int_eq(second.rc, works ? DTF_EEXISTS : DTF_EFULL);
	}
	ck_assert(strstr(second.text, "exists") != NULL);
	lab_settle(&lab);
	for (int works = 0; works < 2; works++) {
		faulty_store_plan(lab.store, works ? NULL : &fault);
		lab_ask(&lab, &first, REQUEST_TERMINATE, "x", NULL, "enough", NULL);
		lab_ask(&lab, &second, REQUEST_CANCEL, "x", NULL, "stop", NULL);
		ck_assert_int_eq(lab_round(&lab), 0);
		ck_assert_int_eq(first.rc, works ? 0 : DTF_EFULL);
		ck_assert_int_eq(second.rc, works ? DTF_EENDED : DTF_EFULL);
		lab_pass(&lab, 2000);
	}
	ck_assert(strstr(second.text, "ended") != NULL);
}
END_TEST

/* More idle instances than are kept: those with waiters stay, and all can be found. */
START_TEST(who_waits_is_not_forgotten_with_the_instance) {
	lab.options.hot_max = 64 * 1024;
	lab_open(&lab);
	ck_assert_int_eq(
		lab_do(&lab, REQUEST_START, "o", "shop.fulfil", NULL, order("ada", 500000)), 0);
	lab_end(&lab, "shop.reserve", "o", "null");
	lab_settle(&lab);
	struct asked wait;
	lab_ask(&lab, &wait, REQUEST_WAIT, "o", NULL, NULL, NULL);
	lab_settle(&lab);
	for (unsigned i = 0; i < 300; i++) {
		char id[32];
		(void)snprintf(id, sizeof(id), "h%u", i);
		ck_assert_int_eq(start_hello(id), 0);
		lab_end(&lab, GREET, id, "\"hi\"");
		lab_settle(&lab);
	}
	ck_assert_uint_lt(lab.engine->ninstances, 150);
	ck_assert_uint_le(lab.engine->hot_size, 64 * 1024);
	ck_assert_uint_eq(wait.answers, 0);
	ck_assert_int_eq(lab_do(&lab, REQUEST_CANCEL, "o", NULL, "enough", NULL), 0);
	lab_end(&lab, "shop.release", "o", "null");
	lab_settle(&lab);
	ck_assert_uint_eq(wait.answers, 1);
	ck_assert_int_eq(lab_do(&lab, REQUEST_CANCEL, "h3", NULL, "x", NULL), DTF_EENDED);
}
END_TEST

int main(void) {
	Suite *suite = suite_create("rounds");
	TCase *tc = tcase_create("rounds");
	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_refusal_waits_for_what_it_rests_on);
	tcase_add_test(tc, a_start_that_came_to_nothing_gives_its_slot_back);
	tcase_add_test(tc, nothing_starts_while_suspended);
	tcase_add_test(tc, slots_survive_a_full_store);
	tcase_add_test(tc, a_free_slot_does_not_make_the_engine_spin);
	tcase_add_test(tc, a_result_waits_for_room);
	tcase_add_test(tc, new_work_that_is_refused_holds_nothing_up);
	tcase_add_test(tc, who_waits_for_what_is_not_recorded_is_told);
	tcase_add_test(tc, a_timer_that_was_due_comes_again);
	tcase_add_test(tc, a_store_that_fails_is_fail_stop);
	tcase_add_test(tc, the_inbox_waits_while_the_engine_is_behind);
	tcase_add_test(tc, commands_are_carried_out_and_answered_in_one_commit);
	tcase_add_test(tc, commands_survive_a_full_store);
	tcase_add_test(tc, an_entry_stays_until_what_it_did_is_durable);
	tcase_add_test(tc, an_entry_that_is_answered_waits_for_those_before_it);
	tcase_add_test(tc, a_command_that_makes_no_sense_is_dropped);
	tcase_add_test(tc, a_clock_set_back_does_not_stop_time);
	tcase_add_test(tc, trap_22_a_late_result_changes_nothing);
	tcase_add_test(tc, who_waits_is_not_forgotten_with_the_instance);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
