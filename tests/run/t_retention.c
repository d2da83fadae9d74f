/*
 * What has ended goes when retention is over, at once for whoever asks and piece
 * by piece from the log; what replay needs never goes.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "../../runtime/error.h"
#include "../support/lab.h"
#include "../support/suite.h"
#include "../support/turn.h"

#define HOUR INT64_C(3600000)

static struct lab lab;

static void setup(void) {
	lab_init(&lab, turn_modules);
	lab.options.retention_ms = HOUR;
	lab_open(&lab);
}

static void teardown(void) {
	lab_finish(&lab);
}

static int start(const char *id) {
	return lab_do(&lab, REQUEST_START, id, "r.turn", NULL, "[1]");
}

static int raise_to(const char *id, const char *event, const char *event_id) {
	return lab_do(&lab, REQUEST_RAISE, id, event, event_id, "null");
}

static unsigned count_records(void) {
	unsigned count = 0;
	struct arena arena = { 0 };
	struct slice bytes;
	for (uint64_t i = 1; i < lab.store->ops->next(lab.store); i++) {
		count += lab.store->ops->record(lab.store, &arena, i, &bytes) == 0;
	}
	dtf__arena_finish(&arena);
	return count;
}

static bool is_there(const char *id) {
	uint64_t number;
	return lab.store->ops->find(lab.store, id, &number) == 0;
}

/* Nothing is before its time, all is after it; the id is free again, and so are event ids. */
START_TEST(what_has_ended_goes_when_retention_is_over) {
	ck_assert_int_eq(start("a"), 0);
	ck_assert_int_eq(start("b"), 0);
	ck_assert_int_eq(raise_to("a", "stop", "once"), 0);
	uint64_t number;
	ck_assert_int_eq(lab.store->ops->find(lab.store, "a", &number), 0);
	lab_pass(&lab, HOUR - 1);
	ck_assert_int_eq(lab_status(&lab, "a"), DTF_COMPLETED);
	ck_assert_int_eq(lab.next_ms, lab.now_ms + 1); /* nobody polls */
	lab_pass(&lab, 1);
	ck_assert(!is_there("a"));
	ck_assert_int_eq(
		lab.store->ops->mark(lab.store, number, "r.stop", "once"), STORE_NOT_FOUND);
	ck_assert_int_eq(lab.store->ops->trash(lab.store, &number), STORE_NOT_FOUND);
	ck_assert_uint_eq(count_records(), 1);
	ck_assert_int_eq(raise_to("a", "stop", NULL), DTF_EUNKNOWN_INSTANCE);
	ck_assert_int_eq(start("a"), 0);
	ck_assert_int_eq(raise_to("a", "stop", "once"), 0);
	ck_assert_int_eq(lab_status(&lab, "a"), DTF_COMPLETED);
	lab_pass(&lab, 100 * HOUR);
	ck_assert_int_eq(lab_status(&lab, "b"), DTF_RUNNING);
	ck_assert_int_eq(raise_to("b", "stop", NULL), 0);
}
END_TEST

START_TEST(without_retention_all_stays) {
	lab.options.retention_ms = 0;
	lab_crash(&lab);
	lab_open(&lab);
	ck_assert_int_eq(start("a"), 0);
	ck_assert_int_eq(raise_to("a", "stop", NULL), 0);
	lab_pass(&lab, 1000 * HOUR);
	ck_assert_int_eq(lab_status(&lab, "a"), DTF_COMPLETED);
	lab.options.retention_ms = HOUR; /* what ended before is found as well */
	lab_crash(&lab);
	lab_open(&lab);
	lab_settle(&lab);
	ck_assert(!is_there("a"));
	ck_assert_uint_eq(count_records(), 0);
}
END_TEST

/* More than one commit takes away. */
START_TEST(many_go_in_pieces) {
	char id[32];
	for (unsigned i = 0; i < 600; i++) {
		(void)snprintf(id, sizeof(id), "i%u", i);
		ck_assert_int_eq(start(id), 0);
		ck_assert_int_eq(raise_to(id, "stop", NULL), 0);
	}
	lab_pass(&lab, HOUR);
	ck_assert(!is_there("i0"));
	ck_assert(!is_there("i599"));
	ck_assert_uint_eq(count_records(), 0);
	ck_assert_uint_eq(lab.engine->ninstances, 0);
}
END_TEST

/* Those that must stay for now, as many as one commit takes, hold up nobody else. */
START_TEST(who_has_to_stay_holds_up_nobody) {
	static struct dtf_activity lost[300]; /* given up, and never heard of again */
	struct instance *instance;
	char id[32];
	for (unsigned i = 0; i < 300; i++) {
		(void)snprintf(id, sizeof(id), "i%u", i);
		ck_assert_int_eq(start(id), 0);
		ck_assert_int_eq(raise_to(id, "stop", NULL), 0);
		ck_assert_int_eq(dtf__instance_get(lab.engine, id, &instance), 0);
		instance->attempts = &lost[i];
	}
	lab_pass(&lab, 1);
	ck_assert_int_eq(start("other"), 0);
	ck_assert_int_eq(raise_to("other", "stop", NULL), 0);
	lab_pass(&lab, HOUR);
	ck_assert(is_there("i0"));
	ck_assert(!is_there("other"));
	ck_assert_int_gt(lab.next_ms, lab.now_ms); /* and the engine rests */
	for (unsigned i = 0; i < 300; i++) {
		(void)snprintf(id, sizeof(id), "i%u", i);
		ck_assert_int_eq(dtf__instance_get(lab.engine, id, &instance), 0);
		instance->attempts = NULL;
	}
	lab_pass(&lab, 1000);
	ck_assert(!is_there("i0"));
	ck_assert(!is_there("i299"));
}
END_TEST

/* An instance that continues for ever has a bounded history, which replays. */
START_TEST(earlier_executions_go) {
	lab.options.verify = true;
	lab_crash(&lab);
	lab_open(&lab);
	ck_assert_int_eq(start("a"), 0);
	for (unsigned i = 0; i < 500; i++) {
		lab_pass(&lab, HOUR / 10);
		ck_assert_int_eq(raise_to("a", "go", NULL), 0);
		ck_assert_uint_le(count_records(), 3 * 22);
		if (i % 50 == 49) {
			lab_crash(&lab);
			lab_open(&lab);
			lab_settle(&lab);
		}
	}
	ck_assert_uint_ge(count_records(), 10); /* an hour of it is kept */
	ck_assert_uint_eq(lab_count(&lab, "a", EVENT_STATUS), 1);
	ck_assert_int_eq(raise_to("a", "stop", NULL), 0);
	ck_assert_int_eq(lab_status(&lab, "a"), DTF_COMPLETED);
	lab_pass(&lab, HOUR);
	ck_assert_uint_eq(count_records(), 0);
}
END_TEST

/* The process dies at the Nth commit of it, for every N: nothing is left over. */
START_TEST(a_crash_forgets_nothing) {
	unsigned deaths = 0;
	for (uint64_t n = 1; deaths == n - 1; n++) {
		lab_finish(&lab);
		setup();
		ck_assert_int_eq(start("a"), 0);
		for (unsigned i = 0; i < 700; i++) {
			ck_assert_int_eq(raise_to("a", "go", NULL), 0);
		}
		ck_assert_int_eq(raise_to("a", "stop", "once"), 0);
		struct fault fault = { .at = n,
			.when = n % 2 == 0 ? FAULT_BEFORE : FAULT_AFTER,
			.code = DTF_ESTORE,
			.for_good = true };
		faulty_store_plan(lab.store, &fault);
		lab.now_ms += HOUR;
		int rc = 0;
		for (unsigned rounds = 0; rounds < 20 && rc == 0; rounds++) {
			rc = lab_round(&lab);
		}
		deaths += rc != 0;
		faulty_store_plan(lab.store, NULL);
		lab_crash(&lab);
		lab_open(&lab);
		lab_settle(&lab);
		ck_assert(!is_there("a"));
		ck_assert_uint_eq(count_records(), 0);
	}
	ck_assert_uint_ge(deaths, 2);
}
END_TEST

/* The store takes nothing at the Nth commit, and somebody asks for new work meanwhile: what
 * makes room is tried again, and is not taken back for good. */
START_TEST(a_full_store_makes_room_sooner_or_later) {
	for (uint64_t n = 1; n <= 6; n++) {
		lab_finish(&lab);
		setup();
		ck_assert_int_eq(start("a"), 0);
		for (unsigned i = 0; i < 300; i++) {
			ck_assert_int_eq(raise_to("a", "go", NULL), 0);
		}
		ck_assert_int_eq(raise_to("a", "stop", "once"), 0);
		struct fault fault = { .at = n, .when = FAULT_BEFORE, .code = DTF_EFULL };
		faulty_store_plan(lab.store, &fault);
		lab.now_ms += HOUR;
		struct asked asked;
		lab_ask(&lab, &asked, REQUEST_START, "b", "r.turn", NULL, "[1]");
		for (unsigned rounds = 0; rounds < 20; rounds++) {
			lab_pass(&lab, 1000);
		}
		ck_assert_uint_eq(asked.answers, 1);
		ck_assert_int_eq(asked.rc, n == 1 ? DTF_EFULL : 0);
		ck_assert(!is_there("a"));
		ck_assert(is_there("b") == (asked.rc == 0));
		ck_assert_uint_eq(count_records(), is_there("b") ? 1 : 0);
	}
}
END_TEST

int main(void) {
	Suite *suite = suite_create("retention");
	TCase *tc = tcase_create("retention");
	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, what_has_ended_goes_when_retention_is_over);
	tcase_add_test(tc, without_retention_all_stays);
	tcase_add_test(tc, many_go_in_pieces);
	tcase_add_test(tc, who_has_to_stay_holds_up_nobody);
	tcase_add_test(tc, earlier_executions_go);
	tcase_add_test(tc, a_crash_forgets_nothing);
	tcase_add_test(tc, a_full_store_makes_room_sooner_or_later);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
