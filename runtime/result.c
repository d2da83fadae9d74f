/* How an instance ended, read from the last record of its history. */
#include "engine.h"

#include <stdlib.h>
#include <string.h>

#include "codec.h"
#include "error.h"
#include "walk.h"

const char *dtf_status_name(enum dtf_status status) {
	static const char *const names[] = { "running", "suspended", "completed", "failed",
		"cancelled", "terminated" };
	return (unsigned)status < sizeof(names) / sizeof(*names) ? names[status] : "unknown";
}

void dtf_result_free(struct dtf_result *result) {
	if (result == NULL || result->memory == NULL) {
		return;
	}
	struct arena *arena = result->memory;
	dtf__arena_finish(arena);
	free(arena);
	*result = (struct dtf_result){ 0 };
}

static int fill(struct arena *arena, const struct event *event, struct dtf_result *ret) {
	if (event->kind == EVENT_COMPLETED) {
		ret->output = event->payload.data;
		return 0;
	}
	if (event->kind == EVENT_FAILED) {
		return dtf__failure_decode(arena, event->payload, &ret->error);
	}
	ret->error.message = event->text == NULL ? "" : event->text;
	return 0;
}

static int find_end(
	const struct row *row, struct slice bytes, struct arena *arena, struct event *ret) {
	struct slice events;
	struct record record;
	int rc = dtf__record_decode(bytes, &record, &events);
	while (rc == 0 && events.size > 0) {
		struct event event;
		rc = dtf__event_decode(arena, &events, &event);
		if (rc == 0 && dtf__event_is_end(event.kind)) {
			*ret = event;
			return 0;
		}
	}
	return rc != 0 ? rc : dtf__fail(DTF_ECORRUPT, "the history of %s has no end", row->id);
}

int dtf__end_read(
	struct store *store, const struct row *row, struct arena *arena, struct event *ret) {
	struct slice bytes;
	int rc = store->ops->record(store, arena, row->last, &bytes);
	if (rc == STORE_NOT_FOUND) {
		rc = dtf__walk_changed(store, row);
		if (rc > 0) {
			return dtf__fail(DTF_EUNKNOWN_INSTANCE,
				"instance %s was taken away while it was read", row->id);
		}
		return rc < 0
			? rc
			: dtf__fail(DTF_ECORRUPT, "the last record of %s is missing", row->id);
	}
	return rc == 0 ? find_end(row, bytes, arena, ret) : rc;
}

int dtf__result_read(
	struct store *store, const struct row *row, struct slice record, struct dtf_result *ret) {
	struct arena *arena = calloc(1, sizeof(*arena));
	if (arena == NULL) {
		return dtf__fail(DTF_ENOMEM, "out of memory for a result");
	}
	struct dtf_result result = { .status = (enum dtf_status)row->status, .memory = arena };
	struct event end;
	int rc = record.size > 0 ? find_end(row, record, arena, &end)
				 : dtf__end_read(store, row, arena, &end);
	rc = rc == 0 ? fill(arena, &end, &result) : rc;
	if (rc != 0) {
		dtf_result_free(&result);
		return rc;
	}
	*ret = result;
	return 0;
}
