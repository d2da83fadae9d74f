/*
 * A snapshot and the records behind it are the history from its start: at every
 * record of histories of all sorts.  And one that is damaged, or by other code, is
 * not read.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "../../runtime/error.h"
#include "../../runtime/snapshot.h"
#include "../support/lab.h"
#include "../support/steps.h"
#include "../support/suite.h"

#define SIZE_ENOUGH ((size_t)1 << 20)

static const struct dtf_module *const modules[] = { &hello_module, &shop_module, NULL };
static struct lab lab;
static unsigned tried; /* snapshots */

static void setup(void) {
	tried = 0;
	lab_init(&lab, modules);
	lab_open(&lab);
}

static void teardown(void) {
	lab_finish(&lab);
}

/* ---- a machine that decides nothing of its own ---- */

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

static void replay(struct dtf_ctx *ctx, struct slice *records, size_t count) {
	struct history history = { records, count };
	int rc = dtf__replay(ctx, &history, FIRST_HAS_RUN);
	ck_assert_msg(rc == 0 && !ctx->broken, "%d %s %s", rc, dtf_errmsg(), ctx->broken_text);
}

static struct buf encode(struct dtf_ctx *ctx, int expected) {
	struct buf bytes = { 0 };
	ck_assert_int_eq(dtf__snapshot_encode(ctx, 1, 7, SIZE_ENOUGH, &bytes), expected);
	ck_assert(!bytes.failed);
	return bytes;
}

static struct dtf_ctx *decode(const struct buf *bytes) {
	struct snapshot snapshot;
	struct dtf_ctx *ctx;
	ck_assert_int_eq(dtf__snapshot_open(&shop_fulfil_workflow,
				 (struct slice){ bytes->data, bytes->size }, &snapshot),
		0);
	ck_assert_uint_eq(snapshot.instance, 1);
	ck_assert_uint_eq(snapshot.position, 7);
	ck_assert_int_eq(dtf__snapshot_decode(&shop_fulfil_workflow, &host, &snapshot, &ctx), 0);
	return ctx;
}

static void assert_same(struct dtf_ctx *a, struct dtf_ctx *b) {
	ck_assert_str_eq(dtf__execution_difference(a, b), "");
	ck_assert_str_eq(dtf__execution_difference(b, a), "");
	int expected = a->end == END_NONE ? 0 : SNAPSHOT_NONE;
	struct buf one = encode(a, expected), other = encode(b, expected);
	ck_assert_uint_eq(one.size, other.size);
	ck_assert(one.size == 0 || memcmp(one.data, other.data, one.size) == 0);
	dtf__buf_finish(&one);
	dtf__buf_finish(&other);
}

/* The snapshot after so many records, and what comes then. */
static void from_there(const struct history *history, size_t count, struct dtf_ctx *whole) {
	struct dtf_ctx *ctx = dtf__execution_create(&shop_fulfil_workflow, &host);
	replay(ctx, history->records, count);
	if (ctx->end == END_NONE) {
		struct buf bytes = encode(ctx, 0);
		struct dtf_ctx *read = decode(&bytes);
		assert_same(ctx, read);
		replay(read, history->records + count, history->count - count);
		assert_same(read, whole);
		dtf__buf_finish(&bytes);
		dtf__execution_destroy(read);
		tried++;
	}
	dtf__execution_destroy(ctx);
}

static void assert_any_snapshot(void) {
	struct arena arena = { 0 };
	struct history history = lab_history(&lab, "o", &arena);
	struct dtf_ctx *whole = dtf__execution_create(&shop_fulfil_workflow, &host);
	replay(whole, history.records, history.count);
	for (size_t i = 1; i <= history.count; i++) {
		from_there(&history, i, whole);
	}
	dtf__execution_destroy(whole);
	dtf__arena_finish(&arena);
}

/* ---- histories of all sorts ---- */

static int ask(enum request_kind kind, const char *name, const char *payload) {
	int rc = lab_do(&lab, kind, "o", name, NULL, payload);
	assert_any_snapshot();
	return rc;
}

static void end(const char *activity, const char *json) {
	lab_end(&lab, activity, "o", json);
	lab_settle(&lab);
	assert_any_snapshot();
}

static void start(long cents, unsigned labels) {
	char json[512];
	ck_assert_int_eq(ask(REQUEST_START, "shop.fulfil",
				 order_json(json, sizeof(json), "o", "ada", cents, labels)),
		0);
}

START_TEST(a_run_to_its_end) {
	start(500000, 2);
	ck_assert_int_eq(ask(REQUEST_RAISE, "approval", "\"approved\""), 0);
	end("shop.reserve", "null");
	end("shop.charge", NULL);
	lab_pass(&lab, 200);
	end("shop.charge", "\"ch\"");
	end("shop.print_label", "\"a\"");
	end("shop.print_label", "\"b\"");
	end("shop.notify", "null");
	lab_pass(&lab, 1000);
	assert_any_snapshot();
	ck_assert_int_eq(lab_status(&lab, "o"), DTF_COMPLETED);
	ck_assert_uint_gt(tried, 40);
}
END_TEST

START_TEST(a_cancel_that_waits_for_an_attempt) {
	start(500, 1);
	end("shop.reserve", "null");
	ck_assert_int_eq(ask(REQUEST_CANCEL, NULL, NULL), 0);
	end("shop.charge", "\"ch\"");
	end("shop.refund", NULL);
	lab_pass(&lab, 2000);
	end("shop.refund", "null");
	end("shop.release", "null");
	ck_assert_int_eq(lab_status(&lab, "o"), DTF_CANCELLED);
}
END_TEST

START_TEST(suspended_and_resumed) {
	start(500000, 1);
	ck_assert_int_eq(ask(REQUEST_SUSPEND, NULL, NULL), 0);
	ck_assert_int_eq(ask(REQUEST_RAISE, "approval", "\"rejected\""), 0);
	end("shop.reserve", "null");
	ck_assert_int_eq(ask(REQUEST_RESUME, NULL, NULL), 0);
	end("shop.release", "null");
	ck_assert_int_eq(lab_status(&lab, "o"), DTF_FAILED);
}
END_TEST

/* ---- what is not read ---- */

static struct buf any_snapshot(void) {
	struct arena arena = { 0 };
	start(500000, 2);
	end("shop.reserve", "null");
	struct history history = lab_history(&lab, "o", &arena);
	struct dtf_ctx *ctx = dtf__execution_create(&shop_fulfil_workflow, &host);
	replay(ctx, history.records, history.count);
	struct buf bytes = encode(ctx, 0);
	dtf__execution_destroy(ctx);
	dtf__arena_finish(&arena);
	return bytes;
}

START_TEST(a_damaged_one_is_refused) {
	struct buf bytes = any_snapshot();
	struct snapshot snapshot;
	for (size_t i = 0; i < bytes.size; i++) {
		bytes.data[i] ^= 4;
		ck_assert_int_eq(dtf__snapshot_open(&shop_fulfil_workflow,
					 (struct slice){ bytes.data, bytes.size }, &snapshot),
			DTF_ECORRUPT);
		bytes.data[i] ^= 4;
		ck_assert_int_eq(dtf__snapshot_open(&shop_fulfil_workflow,
					 (struct slice){ bytes.data, i }, &snapshot),
			DTF_ECORRUPT);
	}
	dtf__buf_finish(&bytes);
}
END_TEST

START_TEST(one_by_other_code_is_not_read) {
	struct buf bytes = any_snapshot();
	struct slice slice = { bytes.data, bytes.size };
	struct snapshot snapshot;
	struct dtf_workflow_def other = shop_fulfil_workflow;
	other.code++;
	ck_assert_int_eq(dtf__snapshot_open(&other, slice, &snapshot), SNAPSHOT_OTHER);
	other = shop_fulfil_workflow;
	other.fingerprint++;
	ck_assert_int_eq(dtf__snapshot_open(&other, slice, &snapshot), SNAPSHOT_OTHER);
	/* Another file's activity gives something else, or is tried less often. */
	struct dtf_activity_def charge = *shop_fulfil_workflow.activities[0];
	const struct dtf_activity_def *activities[8] = { &charge };
	for (size_t i = 1; shop_fulfil_workflow.activities[i] != NULL; i++) {
		activities[i] = shop_fulfil_workflow.activities[i];
	}
	other = shop_fulfil_workflow;
	other.activities = activities;
	ck_assert_int_eq(dtf__snapshot_open(&other, slice, &snapshot), 0);
	charge.policy.attempts++;
	ck_assert_int_eq(dtf__snapshot_open(&other, slice, &snapshot), SNAPSHOT_OTHER);
	charge.policy.attempts--;
	charge.result = &dtf_type_time;
	ck_assert_int_eq(dtf__snapshot_open(&other, slice, &snapshot), SNAPSHOT_OTHER);
	dtf__buf_finish(&bytes);
}
END_TEST

/* No larger than is asked for; nothing is left of what was begun. */
START_TEST(one_that_is_too_large_is_not_made) {
	struct buf whole = any_snapshot(), bytes = { 0 };
	struct dtf_ctx *ctx = decode(&whole);
	dtf__buf_text(&bytes, "before");
	for (size_t most = 0; most < whole.size; most += 7) {
		ck_assert_int_eq(dtf__snapshot_encode(ctx, 1, 7, most, &bytes), SNAPSHOT_NONE);
		ck_assert_str_eq(bytes.data, "before");
	}
	ck_assert_int_eq(dtf__snapshot_encode(ctx, 1, 7, whole.size, &bytes), 0);
	dtf__buf_finish(&bytes);
	dtf__buf_finish(&whole);
	dtf__execution_destroy(ctx);
}
END_TEST

int main(void) {
	Suite *suite = suite_create("snapshot");
	TCase *tc = tcase_create("snapshot");
	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_run_to_its_end);
	tcase_add_test(tc, a_cancel_that_waits_for_an_attempt);
	tcase_add_test(tc, suspended_and_resumed);
	tcase_add_test(tc, a_damaged_one_is_refused);
	tcase_add_test(tc, one_by_other_code_is_not_read);
	tcase_add_test(tc, one_that_is_too_large_is_not_made);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
