/*
 * What a step's limits do when things come in the worst order: its deadline with
 * a result, a cancel or a free slot in one round, a beat just before the engine
 * looks, clocks that are set, a store that is full.
 */
#include <check.h>
#include <stdio.h>

#include "../../runtime/inspect.h"
#include "../support/lab.h"
#include "../support/one_step.h"
#include "../support/suite.h"

static const struct dtf_module *const modules[] = { &one_step_module, NULL };
static struct lab lab;

static void setup(void) {
	lab_init(&lab, modules);
	lab.options.verify = true;
	one_step_reset();
}

static void teardown(void) {
	lab_finish(&lab);
}

static void start(const char *id) {
	ck_assert_int_eq(lab_do(&lab, REQUEST_START, id, "w.w", NULL, "[]"), 0);
}

static struct dtf_activity *running(unsigned attempt) {
	struct dtf_activity *newest = lab.nrunning == 0 ? NULL : lab.running[lab.nrunning - 1];
	ck_assert_ptr_nonnull(newest);
	ck_assert_uint_eq(newest->attempt, attempt);
	return newest;
}

/* The very next commit finds the store full. */
static void fill_store(void) {
	faulty_store_plan(
		lab.store, &(struct fault){ .at = 1, .when = FAULT_BEFORE, .code = DTF_EFULL });
}

static void undo(const char *id) {
	lab_end(&lab, "w.back", id, "null");
	lab_settle(&lab);
}

/* ---- deadline ---- */

START_TEST(a_result_that_comes_with_the_deadline_counts) {
	one_step.policy.deadline_ms = 10000;
	lab_open(&lab);
	start("i");
	lab_end(&lab, "w.step", "i", "\"x\"");
	lab_pass(&lab, 10000);
	ck_assert_int_eq(lab_status(&lab, "i"), DTF_COMPLETED);
}
END_TEST

static bool count_settling(void *arg, const struct dtf_waiting *waiting) {
	*(unsigned *)arg += waiting->settling ? 1 : 100;
	return true;
}

/* Cancelled in the round in which its deadline passes: it settles, and is still there. */
START_TEST(a_step_that_settles_obeys_its_grace_period) {
	one_step.policy.deadline_ms = 10000;
	lab_open(&lab);
	start("i");
	struct asked asked;
	lab_ask(&lab, &asked, REQUEST_CANCEL, "i", NULL, "no", NULL);
	lab_pass(&lab, 10000);
	ck_assert_uint_eq(lab_count(&lab, "i", EVENT_DEADLINE_PASSED), 1);
	unsigned settling = 0;
	ck_assert_int_eq(dtf__inspect_where(lab.store, "i", count_settling, &settling), 0);
	ck_assert_uint_eq(settling, 1);
	lab_pass(&lab, 29999);
	ck_assert_ptr_null(lab_running(&lab, "w.back", "i"));
	lab_pass(&lab, 1);
	undo("i");
	ck_assert_int_eq(lab_status(&lab, "i"), DTF_CANCELLED);
}
END_TEST

START_TEST(a_deadline_that_was_not_recorded_comes_again) {
	one_step.policy.deadline_ms = 10000;
	lab_open(&lab);
	start("i");
	fill_store();
	lab_pass(&lab, 10000);
	ck_assert_uint_eq(lab_count(&lab, "i", EVENT_DEADLINE_PASSED), 0);
	ck_assert(!running(1)->cancelled);
	lab_pass(&lab, 1000);
	ck_assert_uint_eq(lab_count(&lab, "i", EVENT_DEADLINE_PASSED), 1);
	ck_assert(lab.running[0]->cancelled);
	undo("i");
	ck_assert_int_eq(lab_status(&lab, "i"), DTF_FAILED);
}
END_TEST

/* The slot comes free in the very round: what never started is known not done. */
START_TEST(nothing_starts_after_its_deadline) {
	one_step.policy.deadline_ms = 10000;
	lab.options.workers = 1;
	lab_open(&lab);
	start("a");
	start("b");
	lab_end(&lab, "w.step", "a", "\"x\"");
	/* So much is due that the round does not come to it. */
	for (unsigned i = 0; i < TURNS_MAX; i++) {
		struct due nobody = { .key = 1, .instance = 1000000 };
		ck_assert_int_eq(dtf__heap_push(&lab.engine->timers, nobody), 0);
	}
	lab_pass(&lab, 10000);
	ck_assert_int_eq(lab_status(&lab, "a"), DTF_COMPLETED);
	ck_assert_int_eq(lab_status(&lab, "b"), DTF_FAILED);
	ck_assert_uint_eq(lab_count(&lab, "b", EVENT_ATTEMPT_STARTED), 0);
	ck_assert_uint_eq(lab_count(&lab, "b", EVENT_UNDO_STARTED), 0);
	ck_assert_uint_eq(lab.engine->slots_used, 0);
}
END_TEST

START_TEST(an_attempt_is_told_of_whichever_limit_is_over_first) {
	one_step.policy.timeout_ms = 8000;
	one_step.policy.deadline_ms = 10000;
	lab_open(&lab);
	start("i");
	int64_t started_ms = lab.now_ms;
	ck_assert_int_eq(dtf_activity_remaining_ms(running(1)), 8000);
	lab_pass(&lab, 4000);
	ck_assert_int_eq(dtf_activity_remaining_ms(running(1)), 4000);
	lab_end(&lab, "w.step", "i", NULL);
	lab_settle(&lab);
	lab_pass(&lab, 1100);
	ck_assert_int_eq(dtf_activity_remaining_ms(running(2)), started_ms + 10000 - lab.now_ms);
}
END_TEST

START_TEST(a_deadline_after_the_end_of_time_is_none) {
	one_step.policy.deadline_ms = INT64_MAX;
	one_step.policy.heartbeat_ms = INT64_MAX;
	lab_open(&lab);
	start("i");
	lab_pass(&lab, INT64_C(1) << 40);
	ck_assert_int_eq(dtf_activity_remaining_ms(running(1)), INT64_MAX);
	lab_crash(&lab);
	lab_open(&lab);
	lab_settle(&lab);
	lab_pass(&lab, 1100);
	lab_end(&lab, "w.step", "i", "\"x\"");
	lab_settle(&lab);
	ck_assert_int_eq(lab_status(&lab, "i"), DTF_COMPLETED);
}
END_TEST

/* ---- heartbeat ---- */

START_TEST(a_beat_puts_the_end_of_patience_off) {
	one_step.policy.heartbeat_ms = 5000;
	lab_open(&lab);
	start("i");
	lab_pass(&lab, 4999);
	ck_assert(!dtf_activity_heartbeat(running(1)));
	lab_pass(&lab, 4999);
	ck_assert(!running(1)->cancelled);
	lab_pass(&lab, 1);
	ck_assert(running(1)->cancelled);
	ck_assert(dtf_activity_heartbeat(running(1)));
	ck_assert_uint_eq(lab_count(&lab, "i", EVENT_ATTEMPT_ENDED), 1);
	lab_pass(&lab, 1100);
	(void)running(2);
	ck_assert_uint_eq(lab.engine->slots_used, 2);
}
END_TEST

/* Whoever sets the wall's clock must not make attempts look dead, nor alive. */
START_TEST(silence_is_measured_by_the_steady_clock) {
	one_step.policy.heartbeat_ms = 5000;
	lab_open(&lab);
	start("i");
	lab.now_ms += 3600000;
	lab_settle(&lab);
	ck_assert(!running(1)->cancelled);
	lab.now_ms -= 7200000;
	lab_settle(&lab);
	ck_assert(!dtf_activity_heartbeat(running(1)));
	lab_pass(&lab, 4999);
	ck_assert(!running(1)->cancelled);
	lab_pass(&lab, 1);
	ck_assert(running(1)->cancelled);
}
END_TEST

START_TEST(of_two_beats_the_later_one_counts) {
	one_step.policy.heartbeat_ms = 5000;
	lab_open(&lab);
	start("i");
	lab_pass(&lab, 4000);
	(void)dtf_activity_heartbeat(running(1));
	lab.steady_ms -= 3000; /* a thread that had read the clock before, and was slow */
	(void)dtf_activity_heartbeat(running(1));
	lab.steady_ms += 3000;
	lab_pass(&lab, 4999);
	ck_assert(!running(1)->cancelled);
}
END_TEST

/* As a thread of the pool would, which takes it only now. */
static void take_at_last(struct dtf_activity *attempt) {
	attempt->beat_ms = lab.steady_ms;
	attempt->held_ms = lab.steady_ms - attempt->made_ms;
	attempt->waits = false;
}

START_TEST(waiting_for_a_thread_is_not_of_its_time) {
	one_step.policy.heartbeat_ms = 3000;
	one_step.policy.timeout_ms = 4000;
	lab_open(&lab);
	start("i");
	struct dtf_activity *attempt = running(1);
	attempt->waits = true;
	for (unsigned i = 0; i < 5; i++) {
		lab_pass(&lab, 3700);
		lab.engine->sweep_at = 0;
		ck_assert(!attempt->cancelled);
		ck_assert_int_eq(dtf_activity_remaining_ms(attempt), 4000);
	}
	take_at_last(attempt);
	ck_assert_int_eq(dtf_activity_remaining_ms(attempt), 4000);
	lab_pass(&lab, 2999);
	ck_assert(!dtf_activity_heartbeat(attempt));
	lab_pass(&lab, 1000);
	ck_assert(!attempt->cancelled);
	lab_pass(&lab, 1);
	ck_assert(attempt->cancelled); /* its timeout */
}
END_TEST

START_TEST(silence_counts_from_when_a_thread_took_it) {
	one_step.policy.heartbeat_ms = 3000;
	lab_open(&lab);
	start("i");
	struct dtf_activity *attempt = running(1);
	attempt->waits = true;
	lab_pass(&lab, 10000);
	take_at_last(attempt);
	lab_pass(&lab, 2999);
	ck_assert(!attempt->cancelled);
	lab_pass(&lab, 3000); /* whenever it looks: soon after */
	ck_assert(attempt->cancelled);
}
END_TEST

/* When timers are looked through for those that concern nothing any more. */
START_TEST(a_sweep_leaves_what_is_still_to_come) {
	one_step.policy.heartbeat_ms = 3000;
	one_step.policy.timeout_ms = 4000;
	one_step.policy.deadline_ms = 10000;
	lab_open(&lab);
	start("i");
	for (unsigned i = 0; i < 5; i++) {
		lab.engine->sweep_at = 0;
		lab_pass(&lab, 500);
		(void)dtf_activity_heartbeat(running(1));
		lab.engine->sweep_at = 0;
		lab_pass(&lab, 300);
	}
	ck_assert(running(1)->cancelled); /* its timeout */
	lab_pass(&lab, 1100);
	lab.engine->sweep_at = 0;
	lab_pass(&lab, 2999);
	ck_assert(!running(2)->cancelled);
	lab_pass(&lab, 1);
	ck_assert(running(2)->cancelled); /* its silence */
	lab.engine->sweep_at = 0;
	lab_pass(&lab, 1900);
	ck_assert_uint_eq(lab_count(&lab, "i", EVENT_DEADLINE_PASSED), 1);
}
END_TEST

/* However often it beats, and however many attempts there are. */
START_TEST(an_attempt_has_one_timer_for_its_beats) {
	one_step.policy.heartbeat_ms = 5000;
	lab_open(&lab);
	start("i");
	for (unsigned i = 0; i < 100; i++) {
		lab_pass(&lab, 3000);
		(void)dtf_activity_heartbeat(running(1));
	}
	ck_assert_uint_le(lab.engine->timers.count, 1);
	for (unsigned i = 1; i < 100; i++) {
		lab_pass(&lab, 3000);
		(void)dtf_activity_heartbeat(running(i));
		lab_pass(&lab, 3000);
		lab_end(&lab, "w.step", "i", NULL);
		lab_settle(&lab);
		lab_pass(&lab, 1100);
	}
	ck_assert_uint_le(lab.engine->timers.count, 6);
}
END_TEST

START_TEST(silence_that_was_not_recorded_is_found_again) {
	one_step.policy.heartbeat_ms = 5000;
	lab_open(&lab);
	start("i");
	fill_store();
	lab_pass(&lab, 5000);
	ck_assert_uint_eq(lab_count(&lab, "i", EVENT_ATTEMPT_ENDED), 0);
	lab_pass(&lab, 1000);
	ck_assert_uint_eq(lab_count(&lab, "i", EVENT_ATTEMPT_ENDED), 1);
	ck_assert(running(1)->cancelled);
}
END_TEST

/* The late end of one attempt and the time limit of the next, in one round. */
START_TEST(a_late_end_does_not_hide_what_is_due) {
	one_step.policy.heartbeat_ms = 5000;
	one_step.policy.timeout_ms = 7000;
	lab_open(&lab);
	start("i");
	lab_pass(&lab, 5000);
	lab_pass(&lab, 1100);
	const struct dtf_activity *second = running(2);
	(void)dtf_activity_heartbeat(running(2));
	lab_pass(&lab, 4000);
	(void)dtf_activity_heartbeat(running(2));
	lab_end(&lab, "w.step", "i", "\"late\"");
	lab_pass(&lab, 3000);
	ck_assert(second->cancelled);
	ck_assert_uint_eq(lab_count(&lab, "i", EVENT_ATTEMPT_ENDED), 3);
	ck_assert_int_eq(lab_status(&lab, "i"), DTF_RUNNING);
}
END_TEST

START_TEST(patience_goes_on_while_suspended) {
	one_step.policy.heartbeat_ms = 5000;
	lab_open(&lab);
	start("beats");
	start("silent");
	for (unsigned i = 0; i < 2; i++) {
		const char *id = i == 0 ? "beats" : "silent";
		ck_assert_int_eq(lab_do(&lab, REQUEST_SUSPEND, id, NULL, NULL, NULL), 0);
	}
	lab_pass(&lab, 60000);
	ck_assert(!lab.running[0]->cancelled && !lab.running[1]->cancelled);
	(void)dtf_activity_heartbeat(lab_running(&lab, "w.step", "beats"));
	lab_pass(&lab, 1000);
	for (unsigned i = 0; i < 2; i++) {
		const char *id = i == 0 ? "beats" : "silent";
		ck_assert_int_eq(lab_do(&lab, REQUEST_RESUME, id, NULL, NULL, NULL), 0);
	}
	ck_assert(!lab_running(&lab, "w.step", "beats")->cancelled);
	ck_assert(lab_running(&lab, "w.step", "silent")->cancelled);
	lab_pass(&lab, 3999);
	ck_assert(!lab_running(&lab, "w.step", "beats")->cancelled);
	lab_pass(&lab, 1);
	ck_assert(lab_running(&lab, "w.step", "beats")->cancelled);
}
END_TEST

int main(void) {
	Suite *suite = suite_create("limits");
	TCase *tc = tcase_create("limits");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_result_that_comes_with_the_deadline_counts);
	tcase_add_test(tc, a_step_that_settles_obeys_its_grace_period);
	tcase_add_test(tc, a_deadline_that_was_not_recorded_comes_again);
	tcase_add_test(tc, nothing_starts_after_its_deadline);
	tcase_add_test(tc, an_attempt_is_told_of_whichever_limit_is_over_first);
	tcase_add_test(tc, a_deadline_after_the_end_of_time_is_none);
	tcase_add_test(tc, a_beat_puts_the_end_of_patience_off);
	tcase_add_test(tc, silence_is_measured_by_the_steady_clock);
	tcase_add_test(tc, of_two_beats_the_later_one_counts);
	tcase_add_test(tc, waiting_for_a_thread_is_not_of_its_time);
	tcase_add_test(tc, silence_counts_from_when_a_thread_took_it);
	tcase_add_test(tc, a_sweep_leaves_what_is_still_to_come);
	tcase_add_test(tc, an_attempt_has_one_timer_for_its_beats);
	tcase_add_test(tc, silence_that_was_not_recorded_is_found_again);
	tcase_add_test(tc, a_late_end_does_not_hide_what_is_due);
	tcase_add_test(tc, patience_goes_on_while_suspended);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
