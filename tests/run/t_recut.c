/*
 * DECISIONS 1: history order decides everything.  Stored histories are cut into
 * other records, one event each, all in one, anywhere, and replayed: the code
 * takes the same decisions and becomes the same machine.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "../../runtime/error.h"
#include "../support/lab.h"
#include "../support/steps.h"
#include "../support/suite.h"

static const struct dtf_module *const modules[] = { &hello_module, &shop_module, NULL };
static struct lab lab;

static void setup(void) {
	lab_init(&lab, modules);
	lab_open(&lab);
}

static void teardown(void) {
	lab_finish(&lab);
}

/* ---- another cut of the same events ---- */

struct cut {
	struct arena arena;
	struct history history;
};

static uint64_t next_random(uint64_t *state) {
	*state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return *state >> 33;
}

static void close_record(struct cut *cut, struct record *record, struct buf *events) {
	struct buf bytes = { 0 };
	if (record->count == 0) {
		return;
	}
	dtf__record_encode(&bytes, record, (struct slice){ events->data, events->size });
	ck_assert(!bytes.failed);
	cut->history.records[cut->history.count].data = dtf__arena_copy(
		&cut->arena, bytes.data, bytes.size);
	cut->history.records[cut->history.count++].size = bytes.size;
	dtf__buf_finish(&bytes);
	dtf__buf_clear(events);
	record->first += record->count;
	record->count = 0;
}

/* Ends a record after `most` events at the latest, sooner as the seed says (0: never). */
static struct cut recut(const struct history *history, unsigned most, uint64_t seed) {
	struct cut cut = { 0 };
	struct buf events = { 0 };
	struct record record = { .first = 1 };
	struct record old;
	size_t count = 0;
	for (size_t i = 0; i < history->count; i++) {
		struct slice rest;
		ck_assert_int_eq(dtf__record_decode(history->records[i], &old, &rest), 0);
		count += old.count;
	}
	cut.history.records = dtf__arena_alloc(&cut.arena, (count + 1) * sizeof(struct slice));
	for (size_t i = 0; i < history->count; i++) {
		struct slice rest;
		ck_assert_int_eq(dtf__record_decode(history->records[i], &old, &rest), 0);
		record.instance = old.instance;
		record.execution = old.execution;
		while (rest.size > 0) {
			struct event event;
			ck_assert_int_eq(dtf__event_decode(&cut.arena, &rest, &event), 0);
			dtf__event_encode(&events, &event);
			record.count++;
			if (record.count >= most || (seed != 0 && next_random(&seed) % 3 == 0)) {
				close_record(&cut, &record, &events);
			}
		}
	}
	close_record(&cut, &record, &events);
	dtf__buf_finish(&events);
	return cut;
}

/* ---- replaying ---- */

static bool no_claim(
	void *arg, const struct dtf_activity_def *activity, const struct event_policy *policy) {
	return false;
}

static void decided(void *arg, const struct event *event) {
	ck_abort_msg("replay decided something of its own: %s", dtf__event_name(event->kind));
}

static void logged(void *arg, enum dtf_log_level level, const char *text) {
	ck_abort_msg("replay logged %s", text);
}

static const struct execution_host host = { .claim = no_claim, .decided = decided, .log = logged };

static struct dtf_ctx *replay(const struct history *history) {
	struct dtf_ctx *ctx = dtf__execution_create(&shop_fulfil_workflow, &host);
	int rc = dtf__replay(ctx, history, FIRST_LATER);
	ck_assert_msg(rc == 0 && !ctx->broken, "%d %s %s", rc, dtf_errmsg(), ctx->broken_text);
	return ctx;
}

static void assert_same(
	struct dtf_ctx *as_stored, const struct history *history, unsigned most, uint64_t seed) {
	struct cut cut = recut(history, most, seed);
	struct dtf_ctx *ctx = replay(&cut.history);
	const char *what = dtf__execution_difference(as_stored, ctx);
	ck_assert_msg(
		what[0] == '\0', "cut %u/%llu: %s differs", most, (unsigned long long)seed, what);
	dtf__execution_destroy(ctx);
	dtf__arena_finish(&cut.arena);
}

static void assert_any_cut(const char *id) {
	struct arena arena = { 0 };
	struct history history = lab_history(&lab, id, &arena);
	struct dtf_ctx *as_stored = replay(&history);
	assert_same(as_stored, &history, 1, 0);
	assert_same(as_stored, &history, UINT32_MAX, 0);
	for (uint64_t seed = 1; seed <= 50; seed++) {
		assert_same(as_stored, &history, UINT32_MAX, seed);
	}
	dtf__execution_destroy(as_stored);
	dtf__arena_finish(&arena);
}

/* ---- histories of all sorts, at every point of their lives ---- */

static int ask(enum request_kind kind, const char *name, const char *text, const char *payload) {
	int rc = lab_do(&lab, kind, "o", name, text, payload);
	assert_any_cut("o");
	return rc;
}

static void end(const char *activity, const char *json) {
	lab_end(&lab, activity, "o", json);
	lab_settle(&lab);
	assert_any_cut("o");
}

static void start(long cents, unsigned labels) {
	char json[512];
	ck_assert_int_eq(ask(REQUEST_START, "shop.fulfil", NULL,
				 order_json(json, sizeof(json), "o", "ada", cents, labels)),
		0);
}

START_TEST(a_run_to_its_end) {
	start(500000, 2);
	ck_assert_int_eq(ask(REQUEST_RAISE, "approval", "e1", "\"approved\""), 0);
	end("shop.reserve", "null");
	end("shop.charge", NULL);
	lab_pass(&lab, 200);
	end("shop.charge", "\"ch\"");
	end("shop.print_label", "\"a\"");
	end("shop.print_label", "\"b\"");
	end("shop.notify", "null");
	lab_pass(&lab, 1000);
	assert_any_cut("o");
	ck_assert_int_eq(lab_status(&lab, "o"), DTF_COMPLETED);
}
END_TEST

START_TEST(a_cancel_that_waits_for_an_attempt) {
	start(500, 1);
	end("shop.reserve", "null");
	ck_assert_int_eq(ask(REQUEST_CANCEL, NULL, "no", NULL), 0);
	end("shop.charge", "\"ch\"");
	end("shop.refund", NULL);
	lab_pass(&lab, 2000);
	end("shop.refund", "null");
	end("shop.release", "null");
	ck_assert_int_eq(lab_status(&lab, "o"), DTF_CANCELLED);
}
END_TEST

/* Much at once: all of it is one record in the log. */
START_TEST(everything_in_one_round) {
	start(500000, 1);
	struct asked asked[3];
	lab_end(&lab, "shop.reserve", "o", "null");
	lab_ask(&lab, &asked[0], REQUEST_RAISE, "o", "approval", NULL, "\"approved\"");
	lab_ask(&lab, &asked[1], REQUEST_RAISE, "o", "approval", NULL, "\"rejected\"");
	lab_ask(&lab, &asked[2], REQUEST_CANCEL, "o", NULL, "no", NULL);
	lab_settle(&lab);
	assert_any_cut("o");
	end("shop.charge", NULL);
	end("shop.release", "null");
	ck_assert_int_eq(lab_status(&lab, "o"), DTF_CANCELLED);
}
END_TEST

START_TEST(suspended_and_resumed) {
	start(500000, 1);
	ck_assert_int_eq(ask(REQUEST_SUSPEND, NULL, "look", NULL), 0);
	ck_assert_int_eq(ask(REQUEST_RAISE, "approval", NULL, "\"rejected\""), 0);
	end("shop.reserve", "null");
	ck_assert_int_eq(ask(REQUEST_RESUME, NULL, NULL, NULL), 0);
	end("shop.release", "null");
	ck_assert_int_eq(lab_status(&lab, "o"), DTF_FAILED);
}
END_TEST

START_TEST(attempts_lost_in_a_crash) {
	start(500, 1);
	end("shop.reserve", "null");
	lab_crash(&lab);
	lab_open(&lab);
	lab_settle(&lab);
	assert_any_cut("o");
	lab_pass(&lab, 200);
	end("shop.charge", "\"ch\"");
	ck_assert_int_eq(ask(REQUEST_TERMINATE, NULL, "now", NULL), 0);
	ck_assert_int_eq(lab_status(&lab, "o"), DTF_TERMINATED);
}
END_TEST

int main(void) {
	Suite *suite = suite_create("recut");
	TCase *tc = tcase_create("recut");
	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_run_to_its_end);
	tcase_add_test(tc, a_cancel_that_waits_for_an_attempt);
	tcase_add_test(tc, everything_in_one_round);
	tcase_add_test(tc, suspended_and_resumed);
	tcase_add_test(tc, attempts_lost_in_a_crash);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
