/*
 * Snapshots in the store: when one is made, and when it goes.
 *
 * One is made with every so many events, in the commit of the turn that it goes up
 * to, so that loading replays no more than that.  It must be worth it: no larger
 * than what it spares reading.  One that cannot be made, for want of memory too, is
 * tried again as many events later; nothing but time is lost.
 */
#include "engine.h"

#include "snapshot.h"

#define SIZE_ALWAYS ((size_t)16 * 1024) /* worth it whatever it spares */
#define SIZE_MOST   ((size_t)256 * 1024)

static void put(struct instance *instance) {
	struct buf bytes = { 0 };
	size_t most = instance->behind_snapshot;
	most = most < SIZE_ALWAYS ? SIZE_ALWAYS : most > SIZE_MOST ? SIZE_MOST : most;
	instance->snapshot_events = instance->row.events;
	int rc = dtf__snapshot_encode(
		instance->ctx, instance->number, instance->row.last, most, &bytes);
	if (rc == 0) {
		struct slice value = { bytes.data, bytes.size };
		dtf__batch_snapshot(instance->engine, instance->number, value);
		instance->behind_snapshot = 0;
	}
	dtf__buf_finish(&bytes);
}

void dtf__keep(struct instance *instance, size_t size) {
	const struct engine *engine = instance->engine;
	const struct row *row = &instance->row;
	const struct dtf_ctx *ctx = instance->ctx;
	bool over = row->status > DTF_SUSPENDED || (ctx != NULL && ctx->end != END_NONE);
	if (over && row->events >= engine->snapshot_events) {
		dtf__batch_snapshot(instance->engine, instance->number, (struct slice){ 0 });
	}
	if (over || ctx == NULL) {
		return;
	}
	instance->behind_snapshot += size;
	if (row->events - instance->snapshot_events >= engine->snapshot_events) {
		put(instance);
	}
}
