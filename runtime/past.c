/*
 * Reading back.
 *
 * The records of an instance are a chain through the log, newest first.  It is
 * followed to the start of the current execution, or to the record up to which a
 * snapshot goes.  One that does not fit (another build of the code, another
 * execution, a position that is not on the chain, damage) is as good as none.
 */
#include "past.h"

#include <stdlib.h>

#include "error.h"
#include "snapshot.h"

/* Newest first, down to the start of the execution or, before that, to this position. */
static int read_chain(struct store *store, const struct row *row, uint64_t until,
	struct arena *arena, struct slice **ret, size_t *ret_count, bool *ret_reached) {
	size_t capacity = 64, count = 0;
	struct slice *records = malloc(capacity * sizeof(*records));
	uint64_t position = row->last, instance = 0;
	int rc = records == NULL ? DTF_ENOMEM : 0;
	while (rc == 0 && position > row->forgotten && position != until) {
		struct record record;
		struct slice bytes, events;
		rc = store->ops->record(store, arena, position, &bytes);
		if (rc == STORE_NOT_FOUND) {
			rc = dtf__fail(DTF_ECORRUPT, "instance %s: record %llu is missing", row->id,
				(unsigned long long)position);
		}
		if (rc == 0) {
			rc = dtf__record_decode(bytes, &record, &events);
		}
		if (rc != 0 || record.execution != row->execution) {
			break;
		}
		instance = count == 0 ? record.instance : instance;
		if (record.previous >= position || record.instance != instance) {
			rc = dtf__fail(DTF_ECORRUPT, "instance %s: record %llu is not of its chain",
				row->id, (unsigned long long)position);
			break;
		}
		if (count == capacity) {
			capacity *= 2;
			struct slice *more = realloc(records, capacity * sizeof(*records));
			if (more == NULL) {
				rc = dtf__fail(DTF_ENOMEM, "out of memory for a history");
				break;
			}
			records = more;
		}
		records[count++] = bytes;
		position = record.previous;
	}
	if (rc != 0) {
		free(records);
		return rc;
	}
	*ret = records;
	*ret_count = count;
	*ret_reached = position == until;
	return 0;
}

static int read_history(struct store *store, const struct row *row, uint64_t until,
	struct arena *arena, struct history *ret, bool *ret_reached) {
	struct slice *newest_first;
	size_t count;
	int rc = read_chain(store, row, until, arena, &newest_first, &count, ret_reached);
	if (rc != 0) {
		return rc;
	}
	struct slice *records = dtf__arena_alloc(arena, (count + 1) * sizeof(*records));
	for (size_t i = 0; records != NULL && i < count; i++) {
		records[i] = newest_first[count - 1 - i];
	}
	free(newest_first);
	if (records == NULL) {
		return dtf__fail(DTF_ENOMEM, "out of memory for a history");
	}
	*ret = (struct history){ records, count };
	return 0;
}

int dtf__history_read(
	struct store *store, const struct row *row, struct arena *arena, struct history *ret) {
	bool reached;
	return read_history(store, row, 0, arena, ret, &reached);
}

/* 1: there is one that fits; 0; negative. */
static int read_snapshot(struct store *store, const struct row *row, uint64_t instance,
	const struct dtf_workflow_def *workflow, struct arena *arena, struct snapshot *ret) {
	struct slice bytes;
	int rc = store->ops->snapshot(store, arena, instance, &bytes);
	if (rc == 0) {
		rc = dtf__snapshot_open(workflow, bytes, ret);
	}
	if (rc > 0 || rc == DTF_ECORRUPT) {
		return 0;
	}
	if (rc < 0) {
		return rc;
	}
	bool is_last = ret->position == row->last;
	return ret->instance == instance && ret->execution == row->execution &&
		(is_last ? ret->events == row->events : ret->position < row->last);
}

/* 1: it goes on from there; 0; negative. */
static int from_snapshot(struct store *store, const struct row *row, uint64_t instance,
	const struct code *code, struct arena *arena, struct past *past) {
	struct snapshot snapshot;
	bool reached;
	int rc = read_snapshot(store, row, instance, code->workflow, arena, &snapshot);
	if (rc <= 0) {
		return rc;
	}
	rc = read_history(store, row, snapshot.position, arena, &past->history, &reached);
	if (rc == 0 && reached) {
		rc = dtf__snapshot_decode(code->workflow, code->host, &snapshot, &past->ctx);
		past->covered = snapshot.events;
	}
	return rc == 0 ? reached : rc == DTF_ECORRUPT ? 0 : rc;
}

int dtf__past_read(struct store *store, const struct row *row, uint64_t instance,
	const struct code *code, struct arena *arena, struct past *ret) {
	struct past past = { 0 };
	int rc = instance == 0 ? 0 : from_snapshot(store, row, instance, code, arena, &past);
	if (rc == 0) {
		past = (struct past){ 0 };
		rc = dtf__history_read(store, row, arena, &past.history);
	}
	if (rc >= 0 && past.ctx == NULL) {
		past.ctx = dtf__execution_create(code->workflow, code->host);
	}
	if (rc >= 0 && past.ctx == NULL) {
		rc = dtf__fail(DTF_ENOMEM, "out of memory for instance %s", row->id);
	}
	if (rc < 0) {
		return rc;
	}
	for (size_t i = 0; i < past.history.count; i++) {
		past.size += past.history.records[i].size;
	}
	*ret = past;
	return 0;
}
