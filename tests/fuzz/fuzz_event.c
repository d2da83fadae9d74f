/*
 * Any bytes as events, as a record, as a row, and as the inside of a sealed one:
 * refused, or what is written again gives the same bytes.
 */
#include "fuzz.h"

#include <string.h>

#include <dtf/dtf.h>

#include "../../runtime/event.h"
#include "../../runtime/wire.h"

static void demand_same(const struct buf *again, struct slice bytes) {
	fuzz_demand(again->size == bytes.size);
	fuzz_demand(memcmp(again->data, bytes.data, bytes.size) == 0);
}

static void try_events(struct slice bytes) {
	struct arena arena = { 0 };
	struct event event;
	while (bytes.size > 0) {
		struct slice rest = bytes;
		int rc = dtf__event_decode(&arena, &rest, &event);
		if (rc != 0) {
			fuzz_demand(rc == DTF_ECORRUPT);
			fuzz_demand(rest.data == bytes.data && rest.size == bytes.size);
			break;
		}
		struct buf again = { 0 };
		dtf__event_encode(&again, &event);
		demand_same(&again, (struct slice){ bytes.data, bytes.size - rest.size });
		dtf__event_json(&again, &event);
		dtf__buf_finish(&again);
		bytes = rest;
	}
	dtf__arena_finish(&arena);
}

static void try_record(struct slice bytes) {
	struct record record;
	struct slice events;
	int rc = dtf__record_decode(bytes, &record, &events);
	fuzz_demand(rc == 0 || rc == DTF_ECORRUPT || rc == DTF_EFORMAT);
	if (rc == 0) {
		struct buf again = { 0 };
		dtf__record_encode(&again, &record, events);
		demand_same(&again, bytes);
		dtf__buf_finish(&again);
		try_events(events);
	}
}

static void try_row(struct slice bytes) {
	struct arena arena = { 0 };
	struct row row;
	int rc = dtf__row_decode(&arena, bytes, &row);
	fuzz_demand(rc == 0 || rc == DTF_ECORRUPT || rc == DTF_EFORMAT);
	if (rc == 0) {
		struct buf again = { 0 };
		dtf__row_encode(&again, &row);
		demand_same(&again, bytes);
		dtf__buf_finish(&again);
	}
	dtf__arena_finish(&arena);
}

static struct buf sealed(struct slice body, enum wire_kind kind) {
	struct buf buf = { 0 };
	size_t at = dtf__wire_open(&buf, 1);
	dtf__buf_add(&buf, body.data, body.size);
	dtf__wire_seal(&buf, at, kind);
	return buf;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	if (size == 0) {
		return 0;
	}
	struct slice bytes = { (const char *)data + 1, size - 1 };
	if (data[0] % 3 == 0) {
		try_events(bytes);
		return 0;
	}
	bool row = data[0] % 3 == 1;
	(row ? try_row : try_record)(bytes);
	struct buf block = sealed(bytes, row ? WIRE_ROW : WIRE_RECORD);
	(row ? try_row : try_record)((struct slice){ block.data, block.size });
	dtf__buf_finish(&block);
	return 0;
}

static void add_event(struct buf *ret, enum event_kind kind) {
	static const struct event_policy policy = {
		.timeout_ms = 1000, .attempts = 3, .factor = 2, .tag = ""
	};
	static const struct event_unread unread[] = { { "t.e", { "1", 1 } },
		{ "t.f", { NULL, 0 } } };
	static const struct event_started begin = { .id = "i",
		.workflow = "t.w",
		.manifest = "",
		.seed = { 1, 2 },
		.execution = 1,
		.input = { "[1]", 3 },
		.unread = unread,
		.nunread = 2 };
	dtf__event_encode(ret,
		&(struct event){ .kind = kind,
			.time_ms = 1709208000000,
			.op = 1,
			.strand = 1,
			.site = 2,
			.attempt = 1,
			.due_ms = 5,
			.hash = 300,
			.name = "t.a",
			.text = "x",
			.payload = { "null", 4 },
			.policy = &policy,
			.begin = &begin });
}

bool fuzz_seed(size_t index, struct buf *ret) {
	unsigned char mode = (unsigned char)(index % 3);
	dtf__buf_add(ret, &mode, 1);
	if (index == 1) {
		dtf__row_encode(ret,
			&(struct row){
				.id = "i", .workflow = "t.w", .execution = 1, .busy = true });
		return true;
	}
	struct buf events = { 0 };
	if (index == 0 || index == 2) {
		for (int kind = 0; kind < 64; kind++) {
			if (strcmp(dtf__event_name((enum event_kind)kind), "unknown") != 0) {
				add_event(&events, (enum event_kind)kind);
			}
		}
		if (index == 0) {
			dtf__buf_add(ret, events.data, events.size);
		} else {
			dtf__record_encode(ret, &(struct record){ 1, 1, 1, 27, 0 },
				(struct slice){ events.data, events.size });
		}
	} else if (index == 4 || index == 5) { /* the insides, to be sealed */
		struct buf whole = { 0 };
		(void)fuzz_seed(index - 3, &whole);
		size_t skip = 1 + WIRE_HEAD;
		dtf__buf_add(ret, whole.data + skip, whole.size - skip);
		dtf__buf_finish(&whole);
	} else if (index == 3) {
		add_event(&events, EVENT_STARTED);
		dtf__buf_add(ret, events.data, events.size);
	}
	dtf__buf_finish(&events);
	return index <= 5;
}
