/*
 * An instance's row: what listing and starting need without reading the log.
 * Derived from the log, but checked like it: a damaged row must be noticed
 * before it leads to the wrong record.
 */
#include "event.h"

#include "error.h"
#include "wire.h"

#define ROW_VERSION 3

/* Bits of one number. */
enum { BUSY = 1, CANCELLING = 2, OWES_END = 4, HAS_ORPHANS = 8, FLAGS = 15 };

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
	dtf__wire_put_signed(buf, row->parent_execution);
	dtf__wire_put(buf, row->parent_op);
	dtf__wire_put(buf, row->forgotten);
	dtf__wire_put(buf, row->cut);
	dtf__wire_put_signed(buf, row->cut_ms);
	dtf__wire_put_signed(buf, row->created_ms);
	dtf__wire_put_signed(buf, row->updated_ms);
	dtf__wire_put_signed(buf, row->next_timer_ms);
	dtf__wire_put(buf,
		(uint64_t)((row->busy ? BUSY : 0) | (row->cancelling ? CANCELLING : 0) |
			(row->owes_end ? OWES_END : 0) | (row->has_orphans ? HAS_ORPHANS : 0)));
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
	row.parent_execution = dtf__wire_get_signed(&reader);
	row.parent_op = dtf__wire_get_u32(&reader);
	row.forgotten = dtf__wire_get(&reader);
	row.cut = dtf__wire_get(&reader);
	row.cut_ms = dtf__wire_get_signed(&reader);
	row.created_ms = dtf__wire_get_signed(&reader);
	row.updated_ms = dtf__wire_get_signed(&reader);
	row.next_timer_ms = dtf__wire_get_signed(&reader);
	uint64_t flags = dtf__wire_get_upto(&reader, FLAGS);
	row.busy = (flags & BUSY) != 0;
	row.cancelling = (flags & CANCELLING) != 0;
	row.owes_end = (flags & OWES_END) != 0;
	row.has_orphans = (flags & HAS_ORPHANS) != 0;
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
