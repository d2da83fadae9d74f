/*
 * One table says which fields each kind of event has and what they are called
 * when people read them; encoding, decoding and JSON walk it.  A field's place
 * in an encoded event is its place in `enum`, so a kind's row says everything
 * about its bytes.  A row is the format: to change what a kind holds, give the
 * new form a new number.
 */
#include "event.h"

#include <inttypes.h>
#include <stdio.h>

#include "error.h"
#include "number.h"
#include "wire.h"

enum {
	OP = 1 << 0,
	STRAND = 1 << 1,
	SITE = 1 << 2,
	ATTEMPT = 1 << 3,
	REF = 1 << 4,
	OUTCOME = 1 << 5,
	FIRST = 1 << 6, /* its attempt 1 has started */
	DUE = 1 << 7,
	HASH = 1 << 8,
	NAME = 1 << 9,
	TEXT = 1 << 10,
	PAYLOAD = 1 << 11,
	EXTRA = 1 << 12,
	POLICY = 1 << 13,
	BEGIN = 1 << 14,
	ADMISSION = 1 << 15,
};
#define COMMAND (OP | STRAND | SITE)
#define CHILD   (COMMAND | ADMISSION | HASH | NAME | TEXT | PAYLOAD)

/* What people call a field, where its general name says too little. */
struct labels {
	const char *name, *text, *hash, *due, *payload;
};

struct kind {
	const char *name;
	unsigned fields;
	struct labels labels;
};

static const struct labels plain = { "name", "text", "types", "due_ms", "payload" };

static const struct kind kinds[] = {
	[EVENT_STARTED] = { "started", BEGIN, { 0 } },
	[EVENT_ATTEMPT_STARTED] = { "attempt_started", OP | ATTEMPT, { 0 } },
	[EVENT_ATTEMPT_ENDED] = { "attempt_ended", OP | ATTEMPT | OUTCOME | PAYLOAD | DUE,
		{ .due = "next_attempt_ms" } },
	[EVENT_TIMER_FIRED] = { "timer_fired", OP, { 0 } },
	[EVENT_RAISED] = { "raised", NAME | TEXT | PAYLOAD, { .text = "event_id" } },
	[EVENT_CANCEL_REQUESTED] = { "cancel_requested", TEXT, { .text = "reason" } },
	[EVENT_GRACE_EXPIRED] = { "grace_expired", OP, { 0 } },
	[EVENT_CHILD_ENDED] = { "child_ended", OP | OUTCOME | TEXT | PAYLOAD,
		{ .text = "status" } },
	[EVENT_SUSPENDED] = { "suspended", TEXT, { .text = "reason" } },
	[EVENT_RESUMED] = { "resumed", 0, { 0 } },
	[EVENT_ADOPTED] = { "adopted", HASH | NAME, { .hash = "fingerprint", .name = "manifest" } },
	[EVENT_TERMINATED] = { "terminated", TEXT, { .text = "reason" } },
	[EVENT_DEADLINE_PASSED] = { "deadline_passed", OP, { 0 } },
	[EVENT_ACTIVITY_SCHEDULED] = { "activity_scheduled",
		COMMAND | NAME | HASH | PAYLOAD | POLICY | FIRST, { .payload = "arguments" } },
	[EVENT_TIMER_SET] = { "timer_set", COMMAND | DUE, { 0 } },
	[EVENT_WAIT_OPENED] = { "wait_opened", COMMAND | NAME | HASH, { 0 } },
	[EVENT_TAKEN] = { "taken", OP | REF, { 0 } },
	[EVENT_CLOSED] = { "closed", OP, { 0 } },
	[EVENT_SETTLING] = { "settling", OP | DUE, { .due = "grace_until_ms" } },
	[EVENT_STATUS] = { "status", STRAND | SITE | PAYLOAD, { .payload = "status" } },
	[EVENT_UNDO_STARTED] = { "undo_started", COMMAND, { 0 } },
	[EVENT_UNDO_ENDED] = { "undo_ended", STRAND, { 0 } },
	[EVENT_UNDO_FAILED] = { "undo_failed", COMMAND | PAYLOAD | EXTRA, { .payload = "error" } },
	[EVENT_CHILD_STARTED] = { "child_started", CHILD,
		{ .text = "id", .payload = "arguments" } },
	[EVENT_CHILD_SPAWNED] = { "child_spawned", CHILD,
		{ .text = "id", .payload = "arguments" } },
	[EVENT_COMPLETED] = { "completed", PAYLOAD, { .payload = "output" } },
	[EVENT_FAILED] = { "failed", PAYLOAD, { .payload = "error" } },
	[EVENT_CANCELLED] = { "cancelled", TEXT, { .text = "reason" } },
	[EVENT_CONTINUED] = { "continued", STRAND | SITE | PAYLOAD, { .payload = "input" } },
};

static const char *const outcomes[] = {
	[OUTCOME_OK] = "ok",
	[OUTCOME_FAILED] = "failed",
	[OUTCOME_TIMED_OUT] = "timed_out",
	[OUTCOME_LOST] = "lost",
	[OUTCOME_CANCELLED] = "cancelled",
	[OUTCOME_UNUSABLE] = "unusable",
};
#define NOUTCOMES (sizeof(outcomes) / sizeof(*outcomes))

static const char *const admissions[] = {
	[ADMITTED] = "admitted",
	[REFUSED_ID_TAKEN] = "conflict",
	[REFUSED_NO_WORKFLOW] = "unknown",
	[ASKED] = "asked",
};
#define NADMISSIONS (sizeof(admissions) / sizeof(*admissions))

static const struct kind *kind_of(unsigned number) {
	if (number >= sizeof(kinds) / sizeof(*kinds) || kinds[number].name == NULL) {
		return NULL;
	}
	return &kinds[number];
}

bool dtf__event_is_arrival(enum event_kind kind) {
	return kind < EVENT_ACTIVITY_SCHEDULED;
}

bool dtf__event_is_end(enum event_kind kind) {
	return kind == EVENT_TERMINATED || kind == EVENT_COMPLETED || kind == EVENT_FAILED ||
		kind == EVENT_CANCELLED || kind == EVENT_CONTINUED;
}

const char *dtf__event_name(enum event_kind kind) {
	const struct kind *found = kind_of((unsigned)kind);
	return found == NULL ? "unknown" : found->name;
}

const char *dtf__admission_name(enum event_admission admission) {
	return admissions[admission];
}

/* Texts that are always there: NULL is written as "" and never read. */
static void put_name(struct buf *buf, const char *name) {
	dtf__wire_put_text(buf, name == NULL ? "" : name);
}

static const char *get_name(struct wire_reader *reader) {
	const char *name = dtf__wire_get_text(reader);
	if (name == NULL && !reader->no_memory) {
		reader->bad = true;
		reader->at = reader->end;
	}
	return name;
}

static void put_begin(struct buf *buf, const struct event_started *begin) {
	put_name(buf, begin->id);
	put_name(buf, begin->workflow);
	dtf__wire_put_signed(buf, begin->version);
	dtf__wire_put(buf, begin->fingerprint);
	put_name(buf, begin->manifest);
	dtf__buf_add(buf, begin->seed, sizeof(begin->seed));
	dtf__wire_put_signed(buf, begin->execution);
	dtf__wire_put_signed(buf, begin->created_ms);
	dtf__wire_put_signed(buf, begin->deadline_ms);
	dtf__wire_put_signed(buf, begin->payload_max);
	dtf__wire_put_signed(buf, begin->history_max);
	dtf__wire_put_signed(buf, begin->grace_ms);
	dtf__wire_put_bytes(buf, begin->input);
	dtf__wire_put_bytes(buf, begin->status);
	dtf__wire_put(buf, begin->parent);
	dtf__wire_put_signed(buf, begin->parent_execution);
	dtf__wire_put(buf, begin->parent_op);
	dtf__wire_put(buf, begin->nunread);
	for (size_t i = 0; i < begin->nunread; i++) {
		put_name(buf, begin->unread[i].name);
		dtf__wire_put_bytes(buf, begin->unread[i].payload);
	}
}

static void get_unread(struct wire_reader *reader, struct event_started *begin) {
	/* Each has at least its two lengths: more than that are not there. */
	uint64_t most = (uint64_t)(reader->end - reader->at) / 2;
	size_t count = (size_t)dtf__wire_get_upto(reader, most);
	if (count == 0) {
		return;
	}
	struct event_unread *unread = dtf__arena_alloc(
		reader->arena, count * sizeof(*begin->unread));
	if (unread == NULL) {
		reader->no_memory = true;
		return;
	}
	for (size_t i = 0; i < count; i++) {
		unread[i].name = get_name(reader);
		unread[i].payload = dtf__wire_get_bytes(reader);
	}
	begin->unread = unread;
	begin->nunread = count;
}

static struct event_started *get_begin(struct wire_reader *reader) {
	struct event_started *begin = dtf__arena_alloc(reader->arena, sizeof(*begin));
	if (begin == NULL) {
		reader->no_memory = true;
		return NULL;
	}
	begin->id = get_name(reader);
	begin->workflow = get_name(reader);
	begin->version = dtf__wire_get_signed(reader);
	begin->fingerprint = dtf__wire_get(reader);
	begin->manifest = get_name(reader);
	dtf__wire_get_raw(reader, begin->seed, sizeof(begin->seed));
	begin->execution = dtf__wire_get_signed(reader);
	begin->created_ms = dtf__wire_get_signed(reader);
	begin->deadline_ms = dtf__wire_get_signed(reader);
	begin->payload_max = dtf__wire_get_signed(reader);
	begin->history_max = dtf__wire_get_signed(reader);
	begin->grace_ms = dtf__wire_get_signed(reader);
	begin->input = dtf__wire_get_bytes(reader);
	begin->status = dtf__wire_get_bytes(reader);
	begin->parent = dtf__wire_get(reader);
	begin->parent_execution = dtf__wire_get_signed(reader);
	begin->parent_op = dtf__wire_get_u32(reader);
	get_unread(reader, begin);
	return begin;
}

void dtf__policy_put(struct buf *buf, const struct event_policy *policy) {
	dtf__wire_put_signed(buf, policy->timeout_ms);
	dtf__wire_put_signed(buf, policy->deadline_ms);
	dtf__wire_put_signed(buf, policy->heartbeat_ms);
	dtf__wire_put_signed(buf, policy->attempts);
	dtf__wire_put_signed(buf, policy->backoff_min_ms);
	dtf__wire_put_signed(buf, policy->backoff_max_ms);
	dtf__wire_put_double(buf, policy->factor);
	put_name(buf, policy->tag);
	dtf__wire_put_signed(buf, policy->priority);
}

void dtf__policy_get(struct wire_reader *reader, struct event_policy *ret) {
	ret->timeout_ms = dtf__wire_get_signed(reader);
	ret->deadline_ms = dtf__wire_get_signed(reader);
	ret->heartbeat_ms = dtf__wire_get_signed(reader);
	ret->attempts = dtf__wire_get_signed(reader);
	ret->backoff_min_ms = dtf__wire_get_signed(reader);
	ret->backoff_max_ms = dtf__wire_get_signed(reader);
	ret->factor = dtf__wire_get_double(reader);
	ret->tag = get_name(reader);
	ret->priority = dtf__wire_get_signed(reader);
}

static struct event_policy *get_policy(struct wire_reader *reader) {
	struct event_policy *policy = dtf__wire_alloc(reader, sizeof(*policy));
	if (policy != NULL) {
		dtf__policy_get(reader, policy);
	}
	return policy;
}

static void put_numbers(struct buf *buf, unsigned fields, const struct event *event) {
	const uint32_t numbers[] = { event->op, event->strand, event->site, event->attempt,
		event->ref };
	for (unsigned i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		if ((fields & (unsigned)OP << i) != 0) {
			dtf__wire_put(buf, numbers[i]);
		}
	}
}

void dtf__event_encode(struct buf *buf, const struct event *event) {
	const struct kind *kind = kind_of((unsigned)event->kind);
	dtf__assert(kind != NULL);
	unsigned fields = kind->fields;
	dtf__wire_put(buf, (uint64_t)event->kind);
	dtf__wire_put_signed(buf, event->time_ms);
	put_numbers(buf, fields, event);
	if ((fields & OUTCOME) != 0) {
		dtf__wire_put(buf, (uint64_t)event->outcome);
	}
	if ((fields & FIRST) != 0) {
		dtf__wire_put(buf, event->started);
	}
	if ((fields & DUE) != 0) {
		dtf__wire_put_signed(buf, event->due_ms);
	}
	if ((fields & HASH) != 0) {
		dtf__wire_put(buf, event->hash);
	}
	if ((fields & NAME) != 0) {
		put_name(buf, event->name);
	}
	if ((fields & TEXT) != 0) {
		dtf__wire_put_text(buf, event->text);
	}
	if ((fields & PAYLOAD) != 0) {
		dtf__wire_put_bytes(buf, event->payload);
	}
	if ((fields & EXTRA) != 0) {
		dtf__wire_put_bytes(buf, event->extra);
	}
	if ((fields & POLICY) != 0) {
		dtf__assert(event->policy != NULL);
		dtf__policy_put(buf, event->policy);
	}
	if ((fields & BEGIN) != 0) {
		dtf__assert(event->begin != NULL);
		put_begin(buf, event->begin);
	}
	if ((fields & ADMISSION) != 0) {
		dtf__wire_put(buf, (uint64_t)event->admission);
	}
}

static void get_numbers(struct wire_reader *reader, unsigned fields, struct event *event) {
	uint32_t *const numbers[] = { &event->op, &event->strand, &event->site, &event->attempt,
		&event->ref };
	for (unsigned i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		if ((fields & (unsigned)OP << i) != 0) {
			*numbers[i] = dtf__wire_get_u32(reader);
		}
	}
}

static void get_fields(struct wire_reader *reader, unsigned fields, struct event *event) {
	event->time_ms = dtf__wire_get_signed(reader);
	get_numbers(reader, fields, event);
	if ((fields & OUTCOME) != 0) {
		event->outcome = (enum event_outcome)dtf__wire_get_upto(reader, NOUTCOMES - 1);
	}
	if ((fields & FIRST) != 0) {
		event->started = dtf__wire_get_upto(reader, 1) == 1;
	}
	if ((fields & DUE) != 0) {
		event->due_ms = dtf__wire_get_signed(reader);
	}
	if ((fields & HASH) != 0) {
		event->hash = dtf__wire_get(reader);
	}
	if ((fields & NAME) != 0) {
		event->name = get_name(reader);
	}
	if ((fields & TEXT) != 0) {
		event->text = dtf__wire_get_text(reader);
	}
	if ((fields & PAYLOAD) != 0) {
		event->payload = dtf__wire_get_bytes(reader);
	}
	if ((fields & EXTRA) != 0) {
		event->extra = dtf__wire_get_bytes(reader);
	}
	if ((fields & POLICY) != 0) {
		event->policy = get_policy(reader);
	}
	if ((fields & BEGIN) != 0) {
		event->begin = get_begin(reader);
	}
	if ((fields & ADMISSION) != 0) {
		event->admission = (enum event_admission)dtf__wire_get_upto(
			reader, NADMISSIONS - 1);
	}
}

int dtf__event_decode(struct arena *arena, struct slice *events, struct event *ret) {
	struct wire_reader reader = { .at = events->data, .arena = arena };
	if (events->size == 0) {
		return dtf__fail(DTF_ECORRUPT, "an event is cut short");
	}
	reader.end = reader.at + events->size;
	struct event event = { 0 };
	unsigned number = dtf__wire_get_u32(&reader);
	const struct kind *kind = kind_of(number);
	if (kind == NULL) {
		return dtf__fail(DTF_ECORRUPT, "an event is of unknown kind %u", number);
	}
	event.kind = (enum event_kind)number;
	get_fields(&reader, kind->fields, &event);
	int rc = dtf__wire_result(&reader, "an event");
	if (rc != 0) {
		return rc;
	}
	*events = (struct slice){ reader.at, (size_t)(reader.end - reader.at) };
	*ret = event;
	return 0;
}

/* ---- for people ---- */

static const char *label(const char *own, const char *general) {
	return own != NULL ? own : general;
}

static void json_key(struct buf *buf, const char *key) {
	dtf__buf_printf(buf, ",\"%s\":", key);
}

static void json_int(struct buf *buf, const char *key, int64_t value) {
	json_key(buf, key);
	dtf__buf_printf(buf, "%" PRId64, value);
}

/* 64 bits do not fit the integers of all JSON readers. */
static void json_hash(struct buf *buf, const char *key, uint64_t value) {
	json_key(buf, key);
	dtf__buf_printf(buf, "\"%016" PRIx64 "\"", value);
}

static void json_text(struct buf *buf, const char *key, const char *value) {
	if (value != NULL) {
		json_key(buf, key);
		dtf__buf_json_string(buf, value);
	}
}

static void json_payload(struct buf *buf, const char *key, struct slice json) {
	if (json.size > 0) {
		json_key(buf, key);
		dtf__buf_add(buf, json.data, json.size);
	}
}

static void json_policy(struct buf *buf, const struct event_policy *policy) {
	json_int(buf, "timeout_ms", policy->timeout_ms);
	json_int(buf, "deadline_ms", policy->deadline_ms);
	json_int(buf, "heartbeat_ms", policy->heartbeat_ms);
	json_int(buf, "attempts", policy->attempts);
	json_int(buf, "backoff_min_ms", policy->backoff_min_ms);
	json_int(buf, "backoff_max_ms", policy->backoff_max_ms);
	char factor[FLOAT_TEXT_MAX];
	dtf__float_text(factor, policy->factor);
	json_key(buf, "factor");
	dtf__buf_text(buf, factor);
	json_text(buf, "tag", policy->tag);
	json_int(buf, "priority", policy->priority);
}

static void json_begin(struct buf *buf, const struct event_started *begin) {
	json_text(buf, "id", begin->id);
	json_text(buf, "workflow", begin->workflow);
	json_int(buf, "version", begin->version);
	json_hash(buf, "fingerprint", begin->fingerprint);
	json_text(buf, "manifest", begin->manifest);
	json_key(buf, "seed");
	dtf__buf_text(buf, "\"");
	for (size_t i = 0; i < sizeof(begin->seed); i++) {
		dtf__buf_printf(buf, "%02x", begin->seed[i]);
	}
	dtf__buf_text(buf, "\"");
	json_int(buf, "execution", begin->execution);
	json_int(buf, "created_ms", begin->created_ms);
	json_int(buf, "deadline_ms", begin->deadline_ms);
	json_int(buf, "payload_max", begin->payload_max);
	json_int(buf, "history_max", begin->history_max);
	json_int(buf, "grace_ms", begin->grace_ms);
	json_payload(buf, "input", begin->input);
	json_payload(buf, "status", begin->status);
	if (begin->parent != 0) {
		json_key(buf, "parent");
		dtf__buf_printf(buf, "%" PRIu64, begin->parent);
		json_int(buf, "parent_execution", begin->parent_execution);
		json_int(buf, "parent_op", begin->parent_op);
	}
	if (begin->nunread == 0) {
		return;
	}
	json_key(buf, "unread");
	for (size_t i = 0; i < begin->nunread; i++) {
		dtf__buf_text(buf, i == 0 ? "[{\"name\":" : ",{\"name\":");
		dtf__buf_json_string(buf, begin->unread[i].name);
		json_payload(buf, "payload", begin->unread[i].payload);
		dtf__buf_text(buf, "}");
	}
	dtf__buf_text(buf, "]");
}

static void json_numbers(struct buf *buf, unsigned fields, const struct event *event) {
	static const char *const names[] = { "op", "strand", "site", "attempt", "ref" };
	const uint32_t numbers[] = { event->op, event->strand, event->site, event->attempt,
		event->ref };
	for (unsigned i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		if ((fields & (unsigned)OP << i) != 0) {
			json_int(buf, names[i], numbers[i]);
		}
	}
}

void dtf__event_json(struct buf *buf, const struct event *event) {
	const struct kind *kind = kind_of((unsigned)event->kind);
	dtf__assert(kind != NULL);
	const struct labels *own = &kind->labels;
	unsigned fields = kind->fields;
	dtf__buf_printf(buf, "{\"kind\":\"%s\"", kind->name);
	json_int(buf, "time_ms", event->time_ms);
	json_numbers(buf, fields, event);
	if ((fields & OUTCOME) != 0) {
		json_text(buf, "outcome", outcomes[event->outcome]);
	}
	if ((fields & FIRST) != 0) {
		json_key(buf, "started");
		dtf__buf_text(buf, event->started ? "true" : "false");
	}
	if ((fields & DUE) != 0) {
		json_int(buf, label(own->due, plain.due), event->due_ms);
	}
	if ((fields & HASH) != 0) {
		json_hash(buf, label(own->hash, plain.hash), event->hash);
	}
	if ((fields & NAME) != 0) {
		json_text(buf, label(own->name, plain.name), event->name);
	}
	if ((fields & TEXT) != 0) {
		json_text(buf, label(own->text, plain.text), event->text);
	}
	if ((fields & PAYLOAD) != 0) {
		json_payload(buf, label(own->payload, plain.payload), event->payload);
	}
	if ((fields & EXTRA) != 0) {
		json_payload(buf, "captured", event->extra);
	}
	if ((fields & POLICY) != 0) {
		json_policy(buf, event->policy);
	}
	if ((fields & BEGIN) != 0) {
		json_begin(buf, event->begin);
	}
	if ((fields & ADMISSION) != 0) {
		json_text(buf, "admission", admissions[event->admission]);
	}
	dtf__buf_text(buf, "}");
}
