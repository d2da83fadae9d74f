/*
 * An instance's row: what listing and starting need without reading the log.
 * Derived from the log, but checked like it: a damaged row must be noticed
 * before it leads to the wrong record.
 */
#include "event.h"

#include "error.h"
#include "wire.h"

#define ROW_VERSION 1

void dtf__row_encode(struct buf *buf, const struct row *row) {
	size_t at = dtf__wire_open(buf, ROW_VERSION);
	dtf__wire_put_text(buf, row->id == NULL ? "" : row->id);
	dtf__wire_put_text(buf, row->workflow == NULL ? "" : row->workflow);
	dtf__wire_put_signed(buf, row->version);
	dtf__wire_put(buf, row->fingerprint);
	dtf__wire_put_signed(buf, row->status);
	dtf__wire_put_text(buf, row->suspended == NULL ? "" : row->suspended);
	dtf__wire_put_text(buf, row->error == NULL ? "" : row->error);
	dtf__wire_put_signed(buf, row->execution);
	dtf__wire_put(buf, row->events);
	dtf__wire_put(buf, row->last);
	dtf__wire_put(buf, row->status_at);
	dtf__wire_put(buf, row->parent);
	dtf__wire_put_signed(buf, row->created_ms);
	dtf__wire_put_signed(buf, row->updated_ms);
	dtf__wire_put_signed(buf, row->next_timer_ms);
	dtf__wire_put(buf, row->busy);
	dtf__wire_seal(buf, at, WIRE_ROW);
}

int dtf__row_decode(struct arena *arena, struct slice bytes, struct row *ret) {
	struct slice body;
	int rc = dtf__wire_check(bytes, WIRE_ROW, ROW_VERSION, "an instance's row", &body);
	if (rc != 0) {
		return rc;
	}
	struct wire_reader reader = {
		.at = body.data,
		.end = body.data + body.size,
		.arena = arena,
	};
	struct row row = { 0 };
	row.id = dtf__wire_get_text(&reader);
	row.workflow = dtf__wire_get_text(&reader);
	row.version = dtf__wire_get_signed(&reader);
	row.fingerprint = dtf__wire_get(&reader);
	int64_t status = dtf__wire_get_signed(&reader);
	row.suspended = dtf__wire_get_text(&reader);
	row.error = dtf__wire_get_text(&reader);
	row.execution = dtf__wire_get_signed(&reader);
	row.events = dtf__wire_get_u32(&reader);
	row.last = dtf__wire_get(&reader);
	row.status_at = dtf__wire_get(&reader);
	row.parent = dtf__wire_get(&reader);
	row.created_ms = dtf__wire_get_signed(&reader);
	row.updated_ms = dtf__wire_get_signed(&reader);
	row.next_timer_ms = dtf__wire_get_signed(&reader);
	row.busy = dtf__wire_get_upto(&reader, 1) == 1;
	bool missing = row.id == NULL || row.workflow == NULL || row.suspended == NULL ||
		row.error == NULL;
	if ((missing && !reader.no_memory) || reader.at != reader.end || status < DTF_RUNNING ||
		status > DTF_TERMINATED) {
		reader.bad = true;
	}
	rc = dtf__wire_result(&reader, "an instance's row");
	if (rc != 0) {
		return rc;
	}
	row.status = (int)status;
	*ret = row;
	return 0;
}
