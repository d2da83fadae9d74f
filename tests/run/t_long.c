/*
 * Long lives: a loop that goes on for tens of thousands of events costs the same
 * memory all the time, and loading it reads what came after its last snapshot.  What
 * is wrong with a snapshot costs time only.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "../../runtime/client.h"
#include "../../runtime/error.h"
#include "../../runtime/snapshot.h"
#include "../support/lab.h"
#include "../support/suite.h"
#include "long.dtf.h"

#define EVENTS    20000
#define ARENA_MAX ((size_t)128 * 1024)

static const struct dtf_module *const modules[] = { &long_module, NULL };
static struct lab lab;
static unsigned poked;

static void setup(void) {
	poked = 0;
	lab_init(&lab, modules);
	lab_open(&lab);
	ck_assert_int_eq(lab_do(&lab, REQUEST_START, "i", "long.keeper", NULL, "[]"), 0);
}

static void teardown(void) {
	lab_finish(&lab);
}

static struct row row_of(struct arena *arena) {
	struct slice bytes;
	struct row row;
	ck_assert_int_eq(lab.store->ops->row(lab.store, arena, 1, &bytes), 0);
	ck_assert_int_eq(dtf__row_decode(arena, bytes, &row), 0);
	return row;
}

static uint32_t events(void) {
	struct arena arena = { 0 };
	uint32_t count = row_of(&arena).events;
	dtf__arena_finish(&arena);
	return count;
}

static void assert_answer(const char *query, const char *expected) {
	struct arena arena = { 0 };
	struct row row = row_of(&arena);
	struct dtf_result result;
	int rc = dtf__query(lab.engine, &row, query, &result);
	ck_assert_msg(rc == 0, "%d %s", rc, dtf_errmsg());
	ck_assert_str_eq(result.output, expected);
	dtf_result_free(&result);
	dtf__arena_finish(&arena);
}

static void assert_pokes(void) {
	char text[32];
	(void)snprintf(text, sizeof(text), "%u", poked);
	assert_answer("pokes", text);
	(void)snprintf(text, sizeof(text), "\"x %u\"", poked);
	assert_answer("latest", text);
}

static void poke(void) {
	int rc = lab_do(&lab, REQUEST_RAISE, "i", "poke", NULL, "\"x\"");
	ck_assert_msg(rc == 0, "%d %s", rc, dtf_errmsg());
	poked++;
}

static void live_until(uint32_t count) {
	while (events() < count) {
		poke();
		lab_pass(&lab, 1000);
		const struct instance *instance = dtf__instance_loaded(lab.engine, 1);
		ck_assert(instance != NULL && instance->ctx != NULL);
		ck_assert_uint_lt(instance->ctx->arena.used, ARENA_MAX);
	}
}

/* The next process loads it: the records that this reads. */
static uint64_t reads_of_a_start(void) {
	lab_crash(&lab);
	uint64_t before = faulty_store_reads(lab.store);
	lab_open(&lab);
	poke();
	return faulty_store_reads(lab.store) - before;
}

static bool has_snapshot(void) {
	struct arena arena = { 0 };
	struct slice bytes;
	int rc = lab.store->ops->snapshot(lab.store, &arena, 1, &bytes);
	ck_assert(rc == 0 || rc == STORE_NOT_FOUND);
	dtf__arena_finish(&arena);
	return rc == 0;
}

static void put_snapshot(struct slice value) {
	const struct store_put_snapshot put = { 1, value };
	const struct store_batch batch = { .snapshots = &put, .nsnapshots = 1 };
	ck_assert_int_eq(lab.store->ops->commit(lab.store, &batch), 0);
}

START_TEST(a_loop_costs_the_same_for_ever) {
	live_until(EVENTS);
	assert_pokes();
	uint64_t reads = reads_of_a_start();
	ck_assert_uint_gt(reads, 0);
	ck_assert_uint_le(reads, SNAPSHOT_EVENTS);
	assert_pokes();
	live_until(EVENTS + 2 * SNAPSHOT_EVENTS);
	assert_pokes();
}
END_TEST

START_TEST(a_query_reads_no_more_than_a_start) {
	live_until(3 * SNAPSHOT_EVENTS);
	uint64_t before = faulty_store_reads(lab.store);
	assert_pokes();
	ck_assert_uint_le(faulty_store_reads(lab.store) - before, SNAPSHOT_EVENTS);
}
END_TEST

/* ---- snapshots that do not fit ---- */

static struct slice snapshot_of(struct dtf_ctx *ctx, struct arena *arena, uint64_t position) {
	struct buf bytes = { 0 };
	ck_assert_int_eq(dtf__snapshot_encode(ctx, 1, position, SIZE_MAX / 2, &bytes), 0);
	struct slice slice = { dtf__arena_copy(arena, bytes.data, bytes.size), bytes.size };
	dtf__buf_finish(&bytes);
	return slice;
}

/* What comes after it does not follow from it. */
static void put_wrong_machine(struct arena *arena) {
	struct dtf_ctx *ctx = dtf__instance_loaded(lab.engine, 1)->ctx;
	ctx->commands++;
	put_snapshot(snapshot_of(ctx, arena, row_of(arena).last));
	ctx->commands--;
	poke();
}

/* It has not seen all events that it says it has. */
static void put_one_behind(struct arena *arena) {
	struct dtf_ctx *ctx = dtf__instance_loaded(lab.engine, 1)->ctx;
	ctx->events--;
	put_snapshot(snapshot_of(ctx, arena, row_of(arena).last));
	ctx->events++;
}

static void put_damaged(struct arena *arena) {
	struct slice bytes;
	ck_assert_int_eq(lab.store->ops->snapshot(lab.store, arena, 1, &bytes), 0);
	char *copy = dtf__arena_copy(arena, bytes.data, bytes.size);
	copy[bytes.size / 2] ^= 1;
	put_snapshot((struct slice){ copy, bytes.size });
}

static void put_off_the_chain(struct arena *arena) {
	struct dtf_ctx *ctx = dtf__instance_loaded(lab.engine, 1)->ctx;
	put_snapshot(snapshot_of(ctx, arena, row_of(arena).last - 1));
}

static void put_of_another_instance(struct arena *arena) {
	ck_assert_int_eq(lab_do(&lab, REQUEST_START, "j", "long.keeper", NULL, "[]"), 0);
	struct dtf_ctx *ctx = dtf__instance_loaded(lab.engine, 2)->ctx;
	struct buf bytes = { 0 };
	ck_assert_int_eq(dtf__snapshot_encode(ctx, 2, row_of(arena).last, 4096, &bytes), 0);
	put_snapshot((struct slice){ bytes.data, bytes.size });
	dtf__buf_finish(&bytes);
}

START_TEST(one_that_does_not_fit_is_as_good_as_none) {
	static void (*const puts[])(struct arena * arena) = { put_wrong_machine, put_one_behind,
		put_damaged, put_off_the_chain, put_of_another_instance };
	struct arena arena = { 0 };
	live_until(SNAPSHOT_EVENTS + 100);
	if (puts[_i] == put_off_the_chain) { /* its record is the other's */
		ck_assert_int_eq(lab_do(&lab, REQUEST_START, "k", "long.keeper", NULL, "[]"), 0);
		poke();
	}
	puts[_i](&arena);
	assert_pokes();
	size_t records = lab_history(&lab, "i", &arena).count;
	ck_assert_uint_ge(reads_of_a_start(), records);
	assert_pokes();
	lab_crash(&lab);
	lab_open(&lab);
	lab_settle(&lab);
	assert_pokes();
	dtf__arena_finish(&arena);
}
END_TEST

/* ---- when one is made, and when it goes ---- */

START_TEST(none_is_left_behind) {
	live_until(SNAPSHOT_EVENTS - 10);
	ck_assert(!has_snapshot());
	live_until(SNAPSHOT_EVENTS + 10);
	ck_assert(has_snapshot());
	const char *text = _i == 0 ? "\"stop\"" : "\"renew\"";
	if (_i == 2) {
		ck_assert_int_eq(lab_do(&lab, REQUEST_TERMINATE, "i", NULL, "x", NULL), 0);
	} else {
		ck_assert_int_eq(lab_do(&lab, REQUEST_RAISE, "i", "poke", NULL, text), 0);
	}
	ck_assert(!has_snapshot());
	ck_assert_int_eq(lab_status(&lab, "i"),
		_i == 0           ? DTF_COMPLETED
			: _i == 1 ? DTF_RUNNING
				  : DTF_TERMINATED);
}
END_TEST

/* A commit that was refused had the snapshot in it: it comes with a later one. */
START_TEST(a_full_disk_loses_none) {
	lab.engine->snapshot_events = 7;
	lab.snapshot_events = 7;
	for (unsigned i = 1; i <= 60; i++) {
		if (i % 3 == 0) {
			faulty_store_plan(lab.store,
				&(struct fault){
					.at = 1, .when = FAULT_BEFORE, .code = DTF_EFULL });
			lab_pass(&lab, 1000);
			lab_pass(&lab, 5000);
		}
		poke();
		assert_pokes();
	}
	ck_assert(has_snapshot());
	ck_assert_uint_le(reads_of_a_start(), 7);
	assert_pokes();
}
END_TEST

int main(void) {
	Suite *suite = suite_create("long");
	TCase *tc = tcase_create("long");
	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_loop_costs_the_same_for_ever);
	tcase_add_test(tc, a_query_reads_no_more_than_a_start);
	tcase_add_loop_test(tc, one_that_does_not_fit_is_as_good_as_none, 0, 5);
	tcase_add_loop_test(tc, none_is_left_behind, 0, 3);
	tcase_add_test(tc, a_full_disk_loses_none);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
