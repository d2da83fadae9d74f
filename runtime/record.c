/*
 * A turn record: head and checksum (wire.h), whose it is, which events, then
 * the events one after the other.  The checksum is verified before anything
 * else is read, so a record that reads at all is what was written, and a newer
 * format is told apart from damage.
 */
#include "event.h"

#include "error.h"
#include "wire.h"

#define RECORD_VERSION 1

void dtf__record_encode(struct buf *buf, const struct record *record, struct slice events) {
	size_t at = dtf__wire_open(buf, RECORD_VERSION);
	dtf__wire_put(buf, record->instance);
	dtf__wire_put_signed(buf, record->execution);
	dtf__wire_put(buf, record->first);
	dtf__wire_put(buf, record->count);
	dtf__wire_put(buf, record->previous);
	dtf__buf_add(buf, events.data, events.size);
	dtf__wire_seal(buf, at, WIRE_RECORD);
}

int dtf__record_decode(struct slice bytes, struct record *ret, struct slice *ret_events) {
	struct slice body;
	int rc = dtf__wire_check(bytes, WIRE_RECORD, RECORD_VERSION, "a record", &body);
	if (rc != 0) {
		return rc;
	}
	struct wire_reader reader = { .at = body.data, .end = body.data + body.size };
	struct record record = { 0 };
	record.instance = dtf__wire_get(&reader);
	record.execution = dtf__wire_get_signed(&reader);
	record.first = dtf__wire_get_u32(&reader);
	record.count = dtf__wire_get_u32(&reader);
	record.previous = dtf__wire_get(&reader);
	if (record.count > UINT32_MAX - record.first) {
		reader.bad = true;
	}
	rc = dtf__wire_result(&reader, "a record's header");
	if (rc != 0) {
		return rc;
	}
	*ret = record;
	*ret_events = (struct slice){ reader.at, (size_t)(reader.end - reader.at) };
	return 0;
}
