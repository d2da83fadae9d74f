/*
 * The binary form of events, records and rows: what is written reads back, and
 * whatever else the bytes are, they are refused and nothing is read beyond them.
 */
#include "../support/suite.h"

#include <stdlib.h>
#include <string.h>

#include <dtf/dtf.h>
#include <jansson.h>

#include "../../runtime/event.h"
#include "../../runtime/wire.h"

#define SLICE(text) ((struct slice){ (text), sizeof(text) - 1 })

static const struct event_policy policy = {
	.timeout_ms = 30000,
	.deadline_ms = INT64_MAX,
	.heartbeat_ms = -1,
	.attempts = 5,
	.backoff_min_ms = 200,
	.backoff_max_ms = 30000,
	.factor = 2.5,
	.tag = "payments",
	.priority = -3,
};

static const struct event_unread unread[] = {
	{ "shop.approval", { "\"approved\"", 10 } },
	{ "shop.hint", { NULL, 0 } },
};

static const struct event_started begin = {
	.id = "order-1",
	.workflow = "shop.fulfil",
	.version = 2,
	.fingerprint = UINT64_MAX,
	.manifest = "00112233445566778899aabbccddeeff",
	.seed = { 1, 2, 3, 0, 255, 16, 0, 0, 7, 8, 9, 10, 11, 12, 13, 14 },
	.execution = 3,
	.created_ms = 1709208000000,
	.deadline_ms = INT64_MIN,
	.payload_max = 1048576,
	.history_max = 1000000,
	.grace_ms = 30000,
	.input = { "[{\"id\":\"a\"}]", 12 },
	.status = { "\"x\"", 3 },
	.parent = 77,
	.parent_execution = 1,
	.parent_op = UINT32_MAX,
	.unread = unread,
	.nunread = 2,
};

/* One of every kind, each field of it with a value of its own. */
static const struct event all[] = {
	{ .kind = EVENT_STARTED, .time_ms = 1709208000001, .begin = &begin },
	{ .kind = EVENT_ATTEMPT_STARTED, .time_ms = -5, .op = 1, .attempt = 2 },
	{ .kind = EVENT_ATTEMPT_ENDED,
		.time_ms = INT64_MAX,
		.op = UINT32_MAX,
		.attempt = 1,
		.outcome = OUTCOME_CANCELLED,
		.payload = { "null", 4 },
		.due_ms = INT64_MIN },
	{ .kind = EVENT_TIMER_FIRED, .time_ms = INT64_MIN, .op = 128 },
	{ .kind = EVENT_RAISED,
		.name = "shop.approval",
		.text = "event-1",
		.payload = { "\"approved\"", 10 } },
	{ .kind = EVENT_RAISED, .name = "shop.approval", .payload = { "null", 4 } },
	{ .kind = EVENT_CANCEL_REQUESTED, .text = "too late \xe2\x82\xac" },
	{ .kind = EVENT_GRACE_EXPIRED, .op = 4 },
	{ .kind = EVENT_CHILD_ENDED,
		.op = 5,
		.outcome = OUTCOME_FAILED,
		.text = "terminated",
		.payload = { "{\"name\":\"x\"}", 12 } },
	{ .kind = EVENT_SUSPENDED, .text = "" },
	{ .kind = EVENT_RESUMED },
	{ .kind = EVENT_ADOPTED, .hash = 0x123456789abcdef0, .name = "ff00" },
	{ .kind = EVENT_TERMINATED, .text = NULL },
	{ .kind = EVENT_ACTIVITY_SCHEDULED,
		.op = 6,
		.strand = 2,
		.site = 7,
		.name = "shop.charge",
		.hash = 8,
		.payload = { "[1]", 3 },
		.policy = &policy,
		.started = true },
	{ .kind = EVENT_TIMER_SET, .op = 7, .strand = 1, .site = 0, .due_ms = 1 },
	{ .kind = EVENT_WAIT_OPENED,
		.op = 8,
		.strand = 1,
		.site = 2,
		.name = "shop.approval",
		.hash = UINT64_MAX },
	{ .kind = EVENT_TAKEN, .op = 8, .ref = 5 },
	{ .kind = EVENT_CLOSED, .op = 7 },
	{ .kind = EVENT_SETTLING, .op = 6, .due_ms = 30000 },
	{ .kind = EVENT_STATUS, .strand = 1, .site = 3, .payload = { "\"shipping\"", 10 } },
	{ .kind = EVENT_UNDO_STARTED, .op = 0, .strand = 9, .site = 4 },
	{ .kind = EVENT_UNDO_ENDED, .strand = 9 },
	{ .kind = EVENT_UNDO_FAILED,
		.op = 6,
		.strand = 9,
		.site = 4,
		.payload = { "{}", 2 },
		.extra = { "[2]", 3 } },
	{ .kind = EVENT_CHILD_STARTED,
		.op = 10,
		.strand = 1,
		.site = 5,
		.name = "shop.ship",
		.text = "order-1/ship",
		.hash = 11,
		.payload = { "[]", 2 } },
	{ .kind = EVENT_CHILD_SPAWNED,
		.op = 11,
		.strand = 1,
		.site = 5,
		.name = "shop.ship",
		.text = "order-1/1/11",
		.hash = 11,
		.payload = { "[]", 2 },
		.admission = REFUSED_NO_WORKFLOW },
	{ .kind = EVENT_COMPLETED, .payload = { "{\"order\":\"a\"}", 13 } },
	{ .kind = EVENT_FAILED, .payload = { "{\"name\":\"lost\"}", 15 } },
	{ .kind = EVENT_CANCELLED, .text = "because" },
	{ .kind = EVENT_CONTINUED, .strand = 1, .site = 6, .payload = { "[3]", 3 } },
	{ .kind = EVENT_DEADLINE_PASSED, .op = 7 },
};
#define NALL (sizeof(all) / sizeof(*all))

static void same_text(const char *a, const char *b) {
	ck_assert_int_eq(a == NULL, b == NULL);
	if (a != NULL) {
		ck_assert_str_eq(a, b);
	}
}

static void same_bytes(struct slice a, struct slice b) {
	ck_assert_uint_eq(a.size, b.size);
	if (a.size > 0) {
		ck_assert_mem_eq(a.data, b.data, a.size);
	}
}

static void same_begin(const struct event_started *a, const struct event_started *b) {
	same_text(a->id, b->id);
	same_text(a->workflow, b->workflow);
	ck_assert_int_eq(a->version, b->version);
	ck_assert_uint_eq(a->fingerprint, b->fingerprint);
	same_text(a->manifest, b->manifest);
	ck_assert_mem_eq(a->seed, b->seed, sizeof(a->seed));
	ck_assert_int_eq(a->execution, b->execution);
	ck_assert_int_eq(a->created_ms, b->created_ms);
	ck_assert_int_eq(a->deadline_ms, b->deadline_ms);
	ck_assert_int_eq(a->payload_max, b->payload_max);
	ck_assert_int_eq(a->history_max, b->history_max);
	ck_assert_int_eq(a->grace_ms, b->grace_ms);
	same_bytes(a->input, b->input);
	same_bytes(a->status, b->status);
	ck_assert_uint_eq(a->parent, b->parent);
	ck_assert_int_eq(a->parent_execution, b->parent_execution);
	ck_assert_uint_eq(a->parent_op, b->parent_op);
	ck_assert_uint_eq(a->nunread, b->nunread);
	for (size_t i = 0; i < a->nunread; i++) {
		same_text(a->unread[i].name, b->unread[i].name);
		same_bytes(a->unread[i].payload, b->unread[i].payload);
	}
}

static void same_policy(const struct event_policy *a, const struct event_policy *b) {
	ck_assert_int_eq(a->timeout_ms, b->timeout_ms);
	ck_assert_int_eq(a->deadline_ms, b->deadline_ms);
	ck_assert_int_eq(a->heartbeat_ms, b->heartbeat_ms);
	ck_assert_int_eq(a->attempts, b->attempts);
	ck_assert_int_eq(a->backoff_min_ms, b->backoff_min_ms);
	ck_assert_int_eq(a->backoff_max_ms, b->backoff_max_ms);
	ck_assert_double_eq(a->factor, b->factor);
	same_text(a->tag, b->tag);
	ck_assert_int_eq(a->priority, b->priority);
}

static void same_event(const struct event *a, const struct event *b) {
	ck_assert_int_eq(a->kind, b->kind);
	ck_assert_int_eq(a->time_ms, b->time_ms);
	ck_assert_uint_eq(a->op, b->op);
	ck_assert_uint_eq(a->strand, b->strand);
	ck_assert_uint_eq(a->site, b->site);
	ck_assert_uint_eq(a->attempt, b->attempt);
	ck_assert_uint_eq(a->ref, b->ref);
	ck_assert_int_eq(a->outcome, b->outcome);
	ck_assert_int_eq(a->started, b->started);
	ck_assert_int_eq(a->admission, b->admission);
	ck_assert_int_eq(a->due_ms, b->due_ms);
	ck_assert_uint_eq(a->hash, b->hash);
	same_text(a->name, b->name);
	same_text(a->text, b->text);
	same_bytes(a->payload, b->payload);
	same_bytes(a->extra, b->extra);
	ck_assert_int_eq(a->policy == NULL, b->policy == NULL);
	ck_assert_int_eq(a->begin == NULL, b->begin == NULL);
	if (a->policy != NULL && b->policy != NULL) {
		same_policy(a->policy, b->policy);
	}
	if (a->begin != NULL && b->begin != NULL) {
		same_begin(a->begin, b->begin);
	}
}

/* Exactly as many bytes on the heap, so that the sanitizer sees one too many. */
static char *exact(const char *bytes, size_t size) {
	char *copy = malloc(size > 0 ? size : 1);
	ck_assert_ptr_nonnull(copy);
	memcpy(copy, bytes, size);
	return copy;
}

START_TEST(every_kind_reads_back) {
	struct buf buf = { 0 };
	for (size_t i = 0; i < NALL; i++) {
		dtf__event_encode(&buf, &all[i]);
	}
	ck_assert(!buf.failed);
	struct arena arena = { 0 };
	char *bytes = exact(buf.data, buf.size);
	struct slice rest = { bytes, buf.size };
	for (size_t i = 0; i < NALL; i++) {
		struct event event;
		ck_assert_int_eq(dtf__event_decode(&arena, &rest, &event), 0);
		same_event(&all[i], &event);
	}
	ck_assert_uint_eq(rest.size, 0);
	free(bytes); /* nothing points into it */
	dtf__arena_finish(&arena);
	dtf__buf_finish(&buf);
}
END_TEST

START_TEST(every_kind_is_covered) {
	for (int kind = 0; kind < 64; kind++) {
		bool known = strcmp(dtf__event_name((enum event_kind)kind), "unknown") != 0;
		bool here = false;
		for (size_t i = 0; i < NALL; i++) {
			here = here || (int)all[i].kind == kind;
		}
		ck_assert_msg(known == here, "kind %d", kind);
	}
}
END_TEST

START_TEST(the_numbers_are_the_format) {
	struct buf buf = { 0 };
	dtf__event_encode(
		&buf, &(struct event){ .kind = EVENT_TIMER_FIRED, .time_ms = -1, .op = 300 });
	ck_assert_uint_eq(buf.size, 4);
	ck_assert_mem_eq(buf.data, "\x04\x01\xac\x02", 4);
	dtf__buf_finish(&buf);
}
END_TEST

START_TEST(an_event_cut_anywhere_is_corrupt) {
	const struct event *event = &all[_i];
	struct buf buf = { 0 };
	dtf__event_encode(&buf, event);
	for (size_t size = 0; size < buf.size; size++) {
		struct arena arena = { 0 };
		char *bytes = exact(buf.data, size);
		struct slice rest = { bytes, size };
		struct event ret = { .op = 4711 };
		ck_assert_int_eq(dtf__event_decode(&arena, &rest, &ret), DTF_ECORRUPT);
		ck_assert_ptr_eq(rest.data, bytes); /* untouched on failure */
		ck_assert_uint_eq(ret.op, 4711);
		ck_assert_str_ne(dtf_errmsg(), "");
		free(bytes);
		dtf__arena_finish(&arena);
	}
	dtf__buf_finish(&buf);
}
END_TEST

/* Without a record's checksum a changed byte may still be an event; then writing
 * it again gives the same bytes: there is one encoding of each value. */
START_TEST(a_changed_event_is_refused_or_is_another_event) {
	const struct event *event = &all[_i];
	struct buf buf = { 0 };
	dtf__event_encode(&buf, event);
	for (size_t at = 0; at < buf.size; at++) {
		for (int bit = 0; bit < 8; bit++) {
			struct arena arena = { 0 };
			char *bytes = exact(buf.data, buf.size);
			bytes[at] = (char)(bytes[at] ^ (1 << bit));
			struct slice rest = { bytes, buf.size };
			struct event ret;
			int rc = dtf__event_decode(&arena, &rest, &ret);
			if (rc == 0) {
				struct buf again = { 0 };
				dtf__event_encode(&again, &ret);
				ck_assert_uint_eq(again.size, buf.size - rest.size);
				ck_assert_mem_eq(again.data, bytes, again.size);
				dtf__buf_finish(&again);
			} else {
				ck_assert_int_eq(rc, DTF_ECORRUPT);
			}
			free(bytes);
			dtf__arena_finish(&arena);
		}
	}
	dtf__buf_finish(&buf);
}
END_TEST

static void refused(const char *bytes, size_t size) {
	struct arena arena = { 0 };
	struct slice rest = { bytes, size };
	struct event event;
	ck_assert_int_eq(dtf__event_decode(&arena, &rest, &event), DTF_ECORRUPT);
	dtf__arena_finish(&arena);
}

START_TEST(hostile_lengths_and_numbers) {
	refused("\x00\x00", 2); /* no such kind */
	refused("\x0d\x00", 2);
	refused("\xff\xff\xff\xff\x0f\x00", 6);
	refused("\x84\x00\x00\x01", 4);             /* a longer varint than need be */
	refused("\x04\x00\xff\xff\xff\xff\x1f", 7); /* op over 32 bits */
	refused("\x04\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02\x01", 12); /* over 64 bits */
	refused("\x03\x00\x01\x01\x06\x00\x00", 7);                      /* no such outcome */
	refused("\x06\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 12); /* text longer than all */
	refused("\x06\x00\x03"
		"a\0",
		5); /* NUL in a text */
	refused("\x30\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
		12);                        /* payload longer than all */
	refused("\x05\x00\x00\x00\x00", 5); /* an event without a name */
}
END_TEST

/* Unread events are counted first: the count must not be believed. */
START_TEST(a_huge_count_of_unread_events_allocates_nothing) {
	struct event_started few = begin;
	few.nunread = 0;
	struct buf buf = { 0 };
	dtf__event_encode(&buf, &(struct event){ .kind = EVENT_STARTED, .begin = &few });
	buf.size--; /* its count */
	dtf__wire_put(&buf, UINT64_C(1) << 60);
	struct arena arena = { 0 };
	struct slice rest = { buf.data, buf.size };
	struct event event;
	ck_assert_int_eq(dtf__event_decode(&arena, &rest, &event), DTF_ECORRUPT);
	ck_assert_uint_lt(arena.used, 4096);
	dtf__arena_finish(&arena);
	dtf__buf_finish(&buf);
}
END_TEST

START_TEST(arrivals_and_ends) {
	ck_assert(dtf__event_is_arrival(EVENT_STARTED));
	ck_assert(dtf__event_is_arrival(EVENT_TERMINATED));
	ck_assert(!dtf__event_is_arrival(EVENT_ACTIVITY_SCHEDULED));
	ck_assert(!dtf__event_is_arrival(EVENT_CONTINUED));
	static const enum event_kind ends[] = { EVENT_TERMINATED, EVENT_COMPLETED, EVENT_FAILED,
		EVENT_CANCELLED, EVENT_CONTINUED };
	size_t count = 0;
	for (int kind = 0; kind < 64; kind++) {
		count += dtf__event_is_end((enum event_kind)kind);
	}
	ck_assert_uint_eq(count, sizeof(ends) / sizeof(*ends));
	for (size_t i = 0; i < count; i++) {
		ck_assert(dtf__event_is_end(ends[i]));
	}
}
END_TEST

START_TEST(every_kind_has_json) {
	struct buf buf = { 0 };
	dtf__event_json(&buf, &all[_i]);
	json_error_t error;
	json_t *json = json_loadb(buf.data, buf.size, JSON_REJECT_DUPLICATES, &error);
	ck_assert_msg(json != NULL, "%s: %s", buf.data, error.text);
	ck_assert_str_eq(
		json_string_value(json_object_get(json, "kind")), dtf__event_name(all[_i].kind));
	json_decref(json);
	dtf__buf_finish(&buf);
}
END_TEST

static void json_is(const struct event *event, const char *expected) {
	struct buf buf = { 0 };
	dtf__event_json(&buf, event);
	ck_assert_str_eq(buf.data, expected);
	dtf__buf_finish(&buf);
}

START_TEST(json_says_everything) {
	json_is(&all[2],
		"{\"kind\":\"attempt_ended\",\"time_ms\":9223372036854775807,\"op\":4294967295,"
		"\"attempt\":1,\"outcome\":\"cancelled\",\"next_attempt_ms\":-9223372036854775808,"
		"\"payload\":null}");
	json_is(&all[13],
		"{\"kind\":\"activity_scheduled\",\"time_ms\":0,\"op\":6,\"strand\":2,\"site\":7,"
		"\"started\":true,\"types\":\"0000000000000008\",\"name\":\"shop.charge\","
		"\"arguments\":[1],\"timeout_ms\":30000,\"deadline_ms\":9223372036854775807,"
		"\"heartbeat_ms\":-1,\"attempts\":5,\"backoff_min_ms\":200,"
		"\"backoff_max_ms\":30000,\"factor\":2.5,\"tag\":\"payments\",\"priority\":-3}");
	json_is(&all[0],
		"{\"kind\":\"started\",\"time_ms\":1709208000001,\"id\":\"order-1\","
		"\"workflow\":\"shop.fulfil\",\"version\":2,\"fingerprint\":\"ffffffffffffffff\","
		"\"manifest\":\"00112233445566778899aabbccddeeff\","
		"\"seed\":\"01020300ff100000"
		"0708090a0b0c0d0e\",\"execution\":3,\"created_ms\":1709208000000,"
		"\"deadline_ms\":-9223372036854775808,\"payload_max\":1048576,"
		"\"history_max\":1000000,\"grace_ms\":30000,\"input\":[{\"id\":\"a\"}],"
		"\"status\":\"x\",\"parent\":77,\"parent_execution\":1,\"parent_op\":4294967295,"
		"\"unread\":[{\"name\":\"shop.approval\",\"payload\":\"approved\"},"
		"{\"name\":\"shop.hint\"}]}");
}
END_TEST

/* ---- records ---- */

static const struct record record = { UINT64_MAX, INT64_MAX, 7, 2, 12345 };

static void encode_record(struct buf *ret) {
	struct buf events = { 0 };
	dtf__event_encode(&events, &all[2]);
	dtf__event_encode(&events, &all[13]);
	dtf__record_encode(ret, &record, (struct slice){ events.data, events.size });
	dtf__buf_finish(&events);
}

static bool record_same(struct slice bytes) {
	struct record ret = { 0 };
	struct slice events;
	int rc = dtf__record_decode(bytes, &ret, &events);
	if (rc != 0) {
		ck_assert_int_eq(rc, DTF_ECORRUPT);
		return false;
	}
	ck_assert_uint_eq(ret.instance, record.instance);
	ck_assert_int_eq(ret.execution, record.execution);
	ck_assert_uint_eq(ret.first, record.first);
	ck_assert_uint_eq(ret.count, record.count);
	ck_assert_uint_eq(ret.previous, record.previous);
	struct arena arena = { 0 };
	struct event event;
	ck_assert_int_eq(dtf__event_decode(&arena, &events, &event), 0);
	same_event(&all[2], &event);
	ck_assert_int_eq(dtf__event_decode(&arena, &events, &event), 0);
	same_event(&all[13], &event);
	ck_assert_uint_eq(events.size, 0);
	dtf__arena_finish(&arena);
	return true;
}

START_TEST(a_record_reads_back) {
	struct buf buf = { 0 };
	dtf__buf_text(&buf, "before"); /* appended, not overwritten */
	encode_record(&buf);
	ck_assert(record_same((struct slice){ buf.data + 6, buf.size - 6 }));
	dtf__buf_finish(&buf);
}
END_TEST

START_TEST(a_record_changed_or_cut_anywhere_is_corrupt) {
	struct buf buf = { 0 };
	encode_record(&buf);
	for (size_t at = 0; at < buf.size; at++) {
		for (int bit = 0; bit < 8; bit++) {
			char *bytes = exact(buf.data, buf.size);
			bytes[at] = (char)(bytes[at] ^ (1 << bit));
			ck_assert(!record_same((struct slice){ bytes, buf.size }));
			free(bytes);
		}
	}
	for (size_t size = 0; size < buf.size; size++) {
		char *bytes = exact(buf.data, size);
		ck_assert(!record_same((struct slice){ bytes, size }));
		free(bytes);
	}
	dtf__buf_text(&buf, "x");
	ck_assert(!record_same((struct slice){ buf.data, buf.size }));
	dtf__buf_finish(&buf);
}
END_TEST

/* A newer dtf's record is whole, only not ours to read: not damage. */
START_TEST(a_newer_record_is_told_from_a_damaged_one) {
	struct buf buf = { 0 };
	size_t at = dtf__wire_open(&buf, 2);
	dtf__buf_text(&buf, "whatever that version writes");
	dtf__wire_seal(&buf, at, WIRE_RECORD);
	struct record ret;
	struct slice events;
	struct slice bytes = { buf.data, buf.size };
	ck_assert_int_eq(dtf__record_decode(bytes, &ret, &events), DTF_EFORMAT);
	struct arena arena = { 0 };
	struct row row;
	ck_assert_int_eq(dtf__row_decode(&arena, bytes, &row), DTF_ECORRUPT); /* another kind */
	dtf__buf_finish(&buf);
}
END_TEST

START_TEST(a_record_with_more_events_than_numbers_is_corrupt) {
	struct buf buf = { 0 };
	dtf__record_encode(&buf, &(struct record){ 1, 1, UINT32_MAX, 2, 0 }, SLICE("x"));
	struct record ret;
	struct slice events;
	ck_assert_int_eq(dtf__record_decode((struct slice){ buf.data, buf.size }, &ret, &events),
		DTF_ECORRUPT);
	dtf__buf_finish(&buf);
}
END_TEST

/* ---- rows ---- */

static const struct row row = {
	.id = "order-1",
	.workflow = "shop.fulfil",
	.version = 2,
	.fingerprint = UINT64_MAX,
	.status = DTF_TERMINATED,
	.suspended = "",
	.error = "shop.card_declined: no",
	.execution = 9,
	.events = 4711,
	.last = UINT64_C(1) << 40,
	.status_at = 3,
	.parent = 12,
	.parent_execution = 3,
	.parent_op = 4,
	.created_ms = -1,
	.updated_ms = 1709208000000,
	.next_timer_ms = INT64_MAX,
	.busy = true,
	.owes_end = true,
};

START_TEST(a_row_reads_back) {
	struct buf buf = { 0 };
	dtf__row_encode(&buf, &row);
	struct arena arena = { 0 };
	struct row ret;
	ck_assert_int_eq(dtf__row_decode(&arena, (struct slice){ buf.data, buf.size }, &ret), 0);
	same_text(ret.id, row.id);
	same_text(ret.workflow, row.workflow);
	ck_assert_int_eq(ret.version, row.version);
	ck_assert_uint_eq(ret.fingerprint, row.fingerprint);
	ck_assert_int_eq(ret.status, row.status);
	same_text(ret.suspended, row.suspended);
	same_text(ret.error, row.error);
	ck_assert_int_eq(ret.execution, row.execution);
	ck_assert_uint_eq(ret.events, row.events);
	ck_assert_uint_eq(ret.last, row.last);
	ck_assert_uint_eq(ret.status_at, row.status_at);
	ck_assert_uint_eq(ret.parent, row.parent);
	ck_assert_int_eq(ret.parent_execution, row.parent_execution);
	ck_assert_uint_eq(ret.parent_op, row.parent_op);
	ck_assert_int_eq(ret.created_ms, row.created_ms);
	ck_assert_int_eq(ret.updated_ms, row.updated_ms);
	ck_assert_int_eq(ret.next_timer_ms, row.next_timer_ms);
	ck_assert(ret.busy && ret.owes_end && !ret.cancelling && !ret.has_orphans);
	dtf__arena_finish(&arena);
	dtf__buf_finish(&buf);
}
END_TEST

START_TEST(a_row_changed_or_cut_anywhere_is_corrupt) {
	struct buf buf = { 0 };
	dtf__row_encode(&buf, &row);
	struct arena arena = { 0 };
	struct row ret;
	for (size_t at = 0; at < buf.size; at++) {
		char *bytes = exact(buf.data, buf.size);
		bytes[at] = (char)(bytes[at] ^ 0x55);
		struct slice changed = { bytes, buf.size }, cut = { bytes, at };
		ck_assert_int_eq(dtf__row_decode(&arena, changed, &ret), DTF_ECORRUPT);
		ck_assert_int_eq(dtf__row_decode(&arena, cut, &ret), DTF_ECORRUPT);
		free(bytes);
	}
	dtf__arena_finish(&arena);
	dtf__buf_finish(&buf);
}
END_TEST

/* Sealed, but not what a row is: a status that is none, something after its end. */
START_TEST(a_sealed_row_is_not_believed_either) {
	struct row wrong = row;
	wrong.status = DTF_TERMINATED + 1;
	struct buf buf = { 0 };
	dtf__row_encode(&buf, &wrong);
	struct arena arena = { 0 };
	struct row ret;
	ck_assert_int_eq(
		dtf__row_decode(&arena, (struct slice){ buf.data, buf.size }, &ret), DTF_ECORRUPT);
	dtf__buf_clear(&buf);
	dtf__row_encode(&buf, &row);
	dtf__buf_text(&buf, "x");
	dtf__wire_seal(&buf, 0, WIRE_ROW);
	ck_assert_int_eq(
		dtf__row_decode(&arena, (struct slice){ buf.data, buf.size }, &ret), DTF_ECORRUPT);
	dtf__arena_finish(&arena);
	dtf__buf_finish(&buf);
}
END_TEST

int main(void) {
	Suite *suite = suite_create("event");
	TCase *events = tcase_create("events");
	tcase_add_test(events, every_kind_reads_back);
	tcase_add_test(events, every_kind_is_covered);
	tcase_add_test(events, the_numbers_are_the_format);
	tcase_add_loop_test(events, an_event_cut_anywhere_is_corrupt, 0, NALL);
	tcase_add_loop_test(events, a_changed_event_is_refused_or_is_another_event, 0, NALL);
	tcase_add_test(events, hostile_lengths_and_numbers);
	tcase_add_test(events, a_huge_count_of_unread_events_allocates_nothing);
	tcase_add_test(events, arrivals_and_ends);
	tcase_add_loop_test(events, every_kind_has_json, 0, NALL);
	tcase_add_test(events, json_says_everything);
	suite_add_tcase(suite, events);
	TCase *records = tcase_create("records");
	tcase_add_test(records, a_record_reads_back);
	tcase_add_test(records, a_record_changed_or_cut_anywhere_is_corrupt);
	tcase_add_test(records, a_newer_record_is_told_from_a_damaged_one);
	tcase_add_test(records, a_record_with_more_events_than_numbers_is_corrupt);
	suite_add_tcase(suite, records);
	TCase *rows = tcase_create("rows");
	tcase_add_test(rows, a_row_reads_back);
	tcase_add_test(rows, a_row_changed_or_cut_anywhere_is_corrupt);
	tcase_add_test(rows, a_sealed_row_is_not_believed_either);
	suite_add_tcase(suite, rows);
	return suite_run(suite);
}
