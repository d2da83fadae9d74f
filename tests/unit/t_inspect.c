/*
 * What tools read of a store that no engine runs on: rows, histories with
 * their places in the source, and what an instance waits for (trap 53: every
 * waiting instance can say what it waits for and since when).
 */
#include "../support/suite.h"

#include <stdio.h>
#include <string.h>

#include "../../runtime/event.h"
#include "../../runtime/inspect.h"

#define TEXT(text) ((struct slice){ (text), sizeof(text) - 1 })
#define MANIFEST   "aa"

static const char manifest
	[] = "{\"file\":\"order.dtf\",\"workflows\":["
	     "{\"name\":\"shop.other\",\"version\":1,\"sites\":[]},"
	     "{\"name\":\"shop.fulfil\",\"version\":2,\"sites\":["
	     "{\"kind\":\"do\",\"name\":\"shop.charge\",\"line\":13,\"column\":17,"
	     "\"text_column\":5,\"text\":\"let c = do charge(1)\"},"
	     "{\"kind\":\"on\",\"name\":\"shop.approval\",\"line\":15,\"column\":9,"
	     "\"text\":\"on approval { }\"},"
	     "{\"kind\":\"after\",\"name\":\"\",\"line\":16,\"column\":9,\"text\":\"after 3d { }\"}"
	     "]}]}";

static const struct event_policy policy = { .attempts = 8, .tag = "" };
static const struct event_started first = {
	.id = "order-1",
	.workflow = "shop.fulfil",
	.version = 2,
	.manifest = MANIFEST,
	.execution = 1,
	.input = { "[]", 2 },
};
static const struct event started = { .kind = EVENT_STARTED, .time_ms = 100, .begin = &first };
static const struct event charge = {
	.kind = EVENT_ACTIVITY_SCHEDULED,
	.time_ms = 100,
	.op = 1,
	.strand = 1,
	.site = 0,
	.name = "shop.charge",
	.payload = { "[1]", 3 },
	.policy = &policy,
	.started = true,
};
static const struct event opened = { .kind = EVENT_WAIT_OPENED,
	.time_ms = 200,
	.op = 2,
	.strand = 1,
	.site = 1,
	.name = "shop.approval" };
static const struct event called = { .kind = EVENT_CHILD_STARTED,
	.time_ms = 200,
	.op = 2,
	.strand = 1,
	.site = 1,
	.name = "shop.ship",
	.text = "order-1/1/2",
	.payload = { "[]", 2 } };
static const struct event timer = {
	.kind = EVENT_TIMER_SET, .time_ms = 200, .op = 3, .strand = 1, .site = 2, .due_ms = 9000
};

/* ---- a store with one instance, written record by record ---- */

static struct store *store;
static struct row row;
static uint32_t total; /* events of the execution */

static void commit(const struct store_batch *batch) {
	ck_assert_int_eq(store->ops->commit(store, batch), 0);
}

static void put_row(uint64_t number, const struct row *value) {
	struct buf buf = { 0 };
	dtf__row_encode(&buf, value);
	struct store_put_row put = { .instance = number, .value = { buf.data, buf.size } };
	struct store_put_name name = { value->id, number };
	commit(&(struct store_batch){ .rows = &put, .nrows = 1, .names = &name, .nnames = 1 });
	dtf__buf_finish(&buf);
}

static const struct stores stores = { &store, 1 };

static void setup(void) {
	ck_assert_int_eq(dtf__store_memory_open(&store), 0);
	struct store_put_manifest put = { MANIFEST, TEXT(manifest) };
	commit(&(struct store_batch){ .manifests = &put, .nmanifests = 1 });
	row = (struct row){ .id = "order-1",
		.workflow = "shop.fulfil",
		.version = 2,
		.suspended = "",
		.error = "",
		.execution = 1,
		.created_ms = 100,
		.updated_ms = 300 };
	total = 0;
}

static void teardown(void) {
	store->ops->close(store);
}

/* One record; returns its position. */
static uint64_t record_after(uint64_t previous, size_t count, const struct event *const *events) {
	struct buf encoded = { 0 }, bytes = { 0 };
	for (size_t i = 0; i < count; i++) {
		dtf__event_encode(&encoded, events[i]);
	}
	struct record record = { 1, row.execution, total + 1, (uint32_t)count, previous };
	dtf__record_encode(&bytes, &record, (struct slice){ encoded.data, encoded.size });
	struct slice put = { bytes.data, bytes.size };
	uint64_t position = store->ops->next(store);
	commit(&(struct store_batch){ .records = &put, .nrecords = 1 });
	dtf__buf_finish(&encoded);
	dtf__buf_finish(&bytes);
	total += (uint32_t)count;
	return position;
}

static void record(size_t count, const struct event *const *events) {
	row.last = record_after(row.last, count, events);
	row.events = total;
	put_row(1, &row);
}
#define RECORD(...)                                                                           \
	record(sizeof((const struct event *const[]){ __VA_ARGS__ }) / sizeof(struct event *), \
		(const struct event *const[]){ __VA_ARGS__ })

/* ---- what the tool would print, one line each ---- */

static char said[4096];

static void say(const char *line) {
	size_t size = strlen(said);
	(void)snprintf(said + size, sizeof(said) - size, "%s\n", line);
}

static bool say_waiting(void *arg, const struct dtf_waiting *w) {
	char line[512];
	(void)snprintf(line, sizeof(line),
		"%s %s%s%s #%d since %d due %d attempt %d/%d%s%s %s:%u:%u %s%s%s", w->kind, w->name,
		w->id == NULL ? "" : " ", w->id == NULL ? "" : w->id, (int)w->number,
		(int)w->since_ms, (int)w->due_ms, (int)w->attempt, (int)w->attempts,
		w->running ? " running" : "", w->settling ? " settling" : "",
		w->file == NULL ? "?" : w->file, w->line, w->column,
		w->source == NULL ? "?" : w->source, w->error == NULL ? "" : " | ",
		w->error == NULL ? "" : w->error);
	say(line);
	return arg == NULL;
}

static bool say_event(void *arg, const struct dtf_history_event *e) {
	char line[512];
	(void)snprintf(line, sizeof(line), "%d.%d %s %s:%u %s%s%s%s%s", (int)e->execution,
		(int)e->number, e->kind, e->file == NULL ? "-" : e->file, e->line,
		e->name == NULL ? "-" : e->name, e->text == NULL ? "" : " ",
		e->text == NULL ? "" : e->text, e->error == NULL ? "" : " | ",
		e->error == NULL ? "" : e->error);
	say(line);
	return arg == NULL;
}

static const char *where(void) {
	said[0] = '\0';
	ck_assert_int_eq(dtf__inspect_where(store, "order-1", say_waiting, NULL), 0);
	return said;
}

static const char *history(int64_t execution) {
	said[0] = '\0';
	ck_assert_int_eq(dtf__inspect_history(store, "order-1", execution, say_event, NULL), 0);
	return said;
}

/* ---- where ---- */

START_TEST(trap_53_a_running_attempt_is_named_with_its_place) {
	RECORD(&started, &charge);
	ck_assert_str_eq(where(),
		"activity shop.charge #1 since 100 due 0 attempt 1/8 running "
		"order.dtf:13:17 let c = do charge(1)\n");
}
END_TEST

START_TEST(a_retry_shows_the_last_error_and_when_the_next_attempt_is_due) {
	struct event ended = { .kind = EVENT_ATTEMPT_ENDED,
		.time_ms = 150,
		.op = 1,
		.attempt = 1,
		.outcome = OUTCOME_FAILED,
		.due_ms = 400,
		.payload = TEXT("{\"name\":\"activity_failed\",\"message\":\"no route\"}") };
	RECORD(&started, &charge);
	RECORD(&ended);
	ck_assert_str_eq(where(),
		"activity shop.charge #1 since 100 due 400 attempt 1/8 "
		"order.dtf:13:17 let c = do charge(1) | activity_failed: no route\n");
	struct event again = {
		.kind = EVENT_ATTEMPT_STARTED, .time_ms = 400, .op = 1, .attempt = 2
	};
	RECORD(&again);
	ck_assert_ptr_nonnull(strstr(where(), "due 0 attempt 2/8 running"));
	ck_assert_ptr_nonnull(strstr(history(0),
		"attempt_ended order.dtf:13 shop.charge failed | "
		"activity_failed: no route\n"));
	ended.attempt = 2;
	ended.due_ms = 0;
	RECORD(&ended);
	ck_assert_str_eq(where(), "");
}
END_TEST

/* An attempt that was given up and says something after all is not the one awaited. */
START_TEST(a_late_end_of_an_earlier_attempt_ends_nothing) {
	struct event ended = { .kind = EVENT_ATTEMPT_ENDED,
		.op = 1,
		.attempt = 1,
		.outcome = OUTCOME_TIMED_OUT,
		.due_ms = 400,
		.payload = TEXT("{\"name\":\"timeout\",\"message\":\"silent\"}") };
	struct event again = { .kind = EVENT_ATTEMPT_STARTED, .op = 1, .attempt = 2 };
	struct event late = {
		.kind = EVENT_ATTEMPT_ENDED, .op = 1, .attempt = 1, .payload = TEXT("\"c\"")
	};
	RECORD(&started, &charge);
	RECORD(&ended, &late);
	ck_assert_ptr_nonnull(strstr(where(), "due 400 attempt 1/8"));
	RECORD(&again, &late);
	ck_assert_ptr_nonnull(strstr(where(), "due 0 attempt 2/8 running"));
}
END_TEST

static int64_t deadline_ms;

static bool keep_deadline(void *arg, const struct dtf_waiting *w) {
	deadline_ms = w->deadline_ms;
	return true;
}

START_TEST(a_step_shows_its_deadline_until_that_has_passed) {
	struct event_policy limits = { .deadline_ms = 5000, .tag = "" };
	struct event bounded = charge;
	struct event passed = { .kind = EVENT_DEADLINE_PASSED, .op = 1 };
	bounded.policy = &limits;
	RECORD(&started, &bounded);
	ck_assert_int_eq(dtf__inspect_where(store, "order-1", keep_deadline, NULL), 0);
	ck_assert_int_eq(deadline_ms, charge.time_ms + 5000);
	RECORD(&passed);
	ck_assert_str_eq(where(), "");
}
END_TEST

START_TEST(arms_of_a_select_wait_together_and_end_together) {
	struct event answer = {
		.kind = EVENT_ATTEMPT_ENDED, .op = 1, .attempt = 1, .payload = TEXT("\"c\"")
	};
	RECORD(&started, &charge);
	RECORD(&answer, &opened, &timer);
	ck_assert_str_eq(where(),
		"event shop.approval #2 since 200 due 0 attempt 0/0 "
		"order.dtf:15:9 on approval { }\n"
		"timer  #3 since 200 due 9000 attempt 0/0 order.dtf:16:9 after 3d { }\n");
	struct event raised = {
		.kind = EVENT_RAISED, .name = "shop.approval", .payload = TEXT("1")
	};
	struct event taken = { .kind = EVENT_TAKEN, .op = 2, .ref = 6 };
	struct event closed = { .kind = EVENT_CLOSED, .op = 3 };
	RECORD(&raised, &taken, &closed);
	ck_assert_str_eq(where(), "");
}
END_TEST

START_TEST(a_cancelled_step_that_must_settle_says_so) {
	struct event settling = { .kind = EVENT_SETTLING, .op = 1, .due_ms = 777 };
	struct event expired = { .kind = EVENT_GRACE_EXPIRED, .op = 1 };
	RECORD(&started, &charge, &settling);
	ck_assert_ptr_nonnull(strstr(where(), "due 777 attempt 1/8 running settling"));
	RECORD(&expired);
	ck_assert_str_eq(where(), "");
}
END_TEST

START_TEST(a_child_is_waited_for_until_its_end) {
	struct event spawned = called, refused = called;
	spawned.kind = EVENT_CHILD_SPAWNED;
	spawned.op = 3;
	refused.op = 4;
	refused.admission = REFUSED_ID_TAKEN;
	struct event settling = { .kind = EVENT_SETTLING, .op = 2 };
	struct event ended = { .kind = EVENT_CHILD_ENDED,
		.op = 2,
		.outcome = OUTCOME_FAILED,
		.text = "cancelled",
		.payload = TEXT("{\"name\":\"cancelled\",\"message\":\"no\"}") };
	RECORD(&started, &called, &spawned, &refused);
	ck_assert_str_eq(where(),
		"child shop.ship order-1/1/2 #2 since 200 due 0 attempt 0/0 "
		"order.dtf:15:9 on approval { }\n");
	RECORD(&settling);
	ck_assert_ptr_nonnull(strstr(where(), "#2 since 200 due 0 attempt 0/0 settling"));
	RECORD(&ended);
	ck_assert_str_eq(where(), "");
	ck_assert_str_eq(history(0),
		"1.1 started -:0 shop.fulfil\n"
		"1.2 child_started order.dtf:15 shop.ship order-1/1/2\n"
		"1.3 child_spawned order.dtf:15 shop.ship order-1/1/2\n"
		"1.4 child_started order.dtf:15 shop.ship order-1/1/2 | conflict: order-1/1/2\n"
		"1.5 settling order.dtf:15 shop.ship\n"
		"1.6 child_ended order.dtf:15 shop.ship cancelled | cancelled: no\n");
}
END_TEST

START_TEST(an_ended_instance_waits_for_nothing) {
	struct event end = { .kind = EVENT_TERMINATED, .text = "enough" };
	RECORD(&started, &charge);
	RECORD(&end);
	ck_assert_str_eq(where(), "");
}
END_TEST

START_TEST(without_its_manifest_an_instance_still_says_what_it_waits_for) {
	struct event_started strange = first;
	strange.manifest = "nowhere";
	struct event begin = { .kind = EVENT_STARTED, .begin = &strange };
	RECORD(&begin, &charge);
	ck_assert_ptr_nonnull(strstr(where(), "activity shop.charge #1"));
	ck_assert_ptr_nonnull(strstr(where(), "?:0:0 ?"));
}
END_TEST

/* ---- history ---- */

START_TEST(a_history_shows_where_each_command_and_its_answer_stands) {
	struct event answer = {
		.kind = EVENT_ATTEMPT_ENDED, .op = 1, .attempt = 1, .payload = TEXT("\"c\"")
	};
	RECORD(&started, &charge);
	RECORD(&answer, &opened);
	ck_assert_str_eq(history(0),
		"1.1 started -:0 shop.fulfil\n1.2 activity_scheduled order.dtf:13 shop.charge\n"
		"1.3 attempt_ended order.dtf:13 shop.charge ok\n"
		"1.4 wait_opened order.dtf:15 shop.approval\n");
}
END_TEST

START_TEST(executions_are_shown_one_by_one_or_all_oldest_first) {
	struct event_started second = first;
	second.execution = 2;
	struct event begin = { .kind = EVENT_STARTED, .begin = &second };
	struct event continued = {
		.kind = EVENT_CONTINUED, .strand = 1, .site = 2, .payload = TEXT("[]")
	};
	RECORD(&started, &continued);
	row.execution = 2;
	total = 0;
	RECORD(&begin, &charge);
	ck_assert_str_eq(history(0),
		"2.1 started -:0 shop.fulfil\n2.2 activity_scheduled order.dtf:13 shop.charge\n");
	ck_assert_str_eq(history(1), "1.1 started -:0 shop.fulfil\n1.2 continued order.dtf:16 -\n");
	ck_assert_str_eq(history(-1),
		"1.1 started -:0 shop.fulfil\n1.2 continued order.dtf:16 -\n"
		"2.1 started -:0 shop.fulfil\n2.2 activity_scheduled order.dtf:13 shop.charge\n");
	ck_assert_ptr_nonnull(strstr(where(), "shop.charge #1"));
	ck_assert_int_eq(dtf__inspect_history(store, "order-1", 3, say_event, NULL), DTF_EINVAL);
}
END_TEST

START_TEST(a_reader_may_stop) {
	RECORD(&started, &charge, &opened);
	said[0] = '\0';
	ck_assert_int_eq(dtf__inspect_history(store, "order-1", 0, say_event, said), 0);
	ck_assert_str_eq(said, "1.1 started -:0 shop.fulfil\n");
	said[0] = '\0';
	ck_assert_int_eq(dtf__inspect_where(store, "order-1", say_waiting, said), 0);
	ck_assert_ptr_null(strstr(said, "approval"));
}
END_TEST

START_TEST(a_chain_that_does_not_lead_back_is_damage_not_a_loop) {
	RECORD(&started, &charge);
	row.last = record_after(
		store->ops->next(store), 1, (const struct event *const[]){ &opened });
	put_row(1, &row);
	ck_assert_int_eq(dtf__inspect_where(store, "order-1", say_waiting, NULL), DTF_ECORRUPT);
	row.last += 7;
	put_row(1, &row);
	ck_assert_int_eq(dtf__inspect_history(store, "order-1", 0, say_event, NULL), DTF_ECORRUPT);
}
END_TEST

/* ---- rows ---- */

static void say_info(void *arg, const struct dtf_instance_info *info) {
	char line[512];
	(void)snprintf(line, sizeof(line), "%s %s %s", info->id,
		info->custom_status == NULL ? "-" : info->custom_status,
		info->suspended == NULL ? "-" : info->suspended);
	say(line);
}

START_TEST(the_last_status_of_its_record_counts) {
	struct event one = { .kind = EVENT_STATUS, .strand = 1, .payload = TEXT("\"one\"") };
	struct event two = { .kind = EVENT_STATUS, .strand = 1, .payload = TEXT("\"two\"") };
	RECORD(&started, &one, &two, &charge);
	row.status_at = row.last;
	row.suspended = "operator";
	put_row(1, &row);
	said[0] = '\0';
	ck_assert_int_eq(dtf__inspect_info(&stores, "order-1", say_info, NULL), 0);
	ck_assert_str_eq(said, "order-1 \"two\" operator\n");
}
END_TEST

static bool count_instance(void *arg, const struct dtf_instance_info *info) {
	unsigned *count = arg;
	(*count)++;
	ck_assert_ptr_null(info->custom_status);
	return true;
}

static void keep_parent(void *arg, const struct dtf_instance_info *info) {
	(void)arg;
	say(info->parent == NULL ? "-" : info->parent);
}

/* It is named by number; one that cannot be read is no damage of its child. */
START_TEST(a_child_knows_its_parent) {
	put_row(1, &row);
	row.id = "kid";
	row.parent = 1;
	put_row(2, &row);
	row.id = "orphan";
	row.parent = 9;
	put_row(3, &row);
	said[0] = '\0';
	ck_assert_int_eq(dtf__inspect_info(&stores, "order-1", keep_parent, NULL), 0);
	ck_assert_int_eq(dtf__inspect_info(&stores, "kid", keep_parent, NULL), 0);
	ck_assert_int_eq(dtf__inspect_info(&stores, "orphan", keep_parent, NULL), 0);
	ck_assert_str_eq(said, "-\norder-1\n-\n");
}
END_TEST

START_TEST(one_damaged_instance_does_not_hide_the_others) {
	struct store_put_row put = { .instance = 2, .value = TEXT("no row at all") };
	put_row(1, &row);
	commit(&(struct store_batch){ .rows = &put, .nrows = 1 });
	row.id = "order-3";
	row.status_at = 12345; /* a status that is not there */
	put_row(3, &row);
	row.id = "order-4";
	row.status_at = 0;
	put_row(4, &row);
	unsigned count = 0;
	ck_assert_int_eq(dtf__inspect_list(&stores, count_instance, &count), DTF_ECORRUPT);
	ck_assert_uint_eq(count, 3);
}
END_TEST

START_TEST(an_unknown_instance_is_an_error_of_its_own) {
	ck_assert_int_eq(dtf__inspect_info(&stores, "x", say_info, NULL), DTF_EUNKNOWN_INSTANCE);
	ck_assert_int_eq(dtf__inspect_where(store, "x", say_waiting, NULL), DTF_EUNKNOWN_INSTANCE);
	ck_assert_int_eq(
		dtf__inspect_history(store, "x", 0, say_event, NULL), DTF_EUNKNOWN_INSTANCE);
	ck_assert_ptr_nonnull(strstr(dtf_errmsg(), "'x'"));
}
END_TEST

struct counted {
	int count, most;
	char last[16];
};

static bool count_info(void *arg, const struct dtf_instance_info *info) {
	struct counted *counted = arg;
	ck_assert_str_gt(info->id, counted->last);
	(void)snprintf(counted->last, sizeof(counted->last), "%s", info->id);
	return ++counted->count < counted->most;
}

START_TEST(a_list_goes_on_beyond_one_slice_of_rows_and_stops_when_told) {
	enum { ROWS = 600 };
	char id[16];
	for (uint64_t i = 1; i <= ROWS; i++) {
		(void)snprintf(id, sizeof(id), "order-%03d", (int)i);
		row.id = id;
		put_row(i, &row);
	}
	struct counted all = { .most = ROWS + 1 }, some = { .most = 300 };
	ck_assert_int_eq(dtf__inspect_list(&stores, count_info, &all), 0);
	ck_assert_int_eq(all.count, ROWS);
	ck_assert_int_eq(dtf__inspect_list(&stores, count_info, &some), 0);
	ck_assert_int_eq(some.count, 300);
}
END_TEST

int main(void) {
	Suite *suite = suite_create("inspect");
	TCase *cases = tcase_create("inspect");
	tcase_add_checked_fixture(cases, setup, teardown);
	tcase_add_test(cases, trap_53_a_running_attempt_is_named_with_its_place);
	tcase_add_test(cases, a_retry_shows_the_last_error_and_when_the_next_attempt_is_due);
	tcase_add_test(cases, a_late_end_of_an_earlier_attempt_ends_nothing);
	tcase_add_test(cases, a_step_shows_its_deadline_until_that_has_passed);
	tcase_add_test(cases, arms_of_a_select_wait_together_and_end_together);
	tcase_add_test(cases, a_cancelled_step_that_must_settle_says_so);
	tcase_add_test(cases, a_child_is_waited_for_until_its_end);
	tcase_add_test(cases, an_ended_instance_waits_for_nothing);
	tcase_add_test(cases, without_its_manifest_an_instance_still_says_what_it_waits_for);
	tcase_add_test(cases, a_history_shows_where_each_command_and_its_answer_stands);
	tcase_add_test(cases, executions_are_shown_one_by_one_or_all_oldest_first);
	tcase_add_test(cases, a_reader_may_stop);
	tcase_add_test(cases, a_child_knows_its_parent);
	tcase_add_test(cases, one_damaged_instance_does_not_hide_the_others);
	tcase_add_test(cases, a_chain_that_does_not_lead_back_is_damage_not_a_loop);
	tcase_add_test(cases, the_last_status_of_its_record_counts);
	tcase_add_test(cases, an_unknown_instance_is_an_error_of_its_own);
	tcase_add_test(cases, a_list_goes_on_beyond_one_slice_of_rows_and_stops_when_told);
	suite_add_tcase(suite, cases);
	return suite_run(suite);
}
