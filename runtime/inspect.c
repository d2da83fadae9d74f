/*
 * Instances and histories as people and tools see them: rows and records of a
 * store, decoded.  Nothing here writes, and nothing needs the workflow's code.
 *
 * A scan of all rows may not read anything else of the store while it is in
 * the store's hands, so it takes rows in slices: copy some, stop the scan, look
 * up what belongs to them, go on after the last.
 */
#include "inspect.h"

#include <stdio.h>
#include <stdlib.h>

#include "codec.h"
#include "error.h"
#include "walk.h"

#define SLICE 256 /* rows copied at a time */

/* ---- one instance ---- */

/* The last `status` of a record, as text in the arena; NULL if it has none.
 * STORE_NOT_FOUND: the record is missing. */
static int last_status(
	struct store *store, struct arena *arena, uint64_t position, const char **ret) {
	struct slice bytes, events;
	struct record record;
	int rc = store->ops->record(store, arena, position, &bytes);
	if (rc == 0) {
		rc = dtf__record_decode(bytes, &record, &events);
	}
	const char *status = NULL;
	for (uint32_t i = 0; rc == 0 && i < record.count; i++) {
		struct event event;
		rc = dtf__event_decode(arena, &events, &event);
		struct slice found = { 0 };
		if (rc == 0 && event.kind == EVENT_STATUS) {
			found = event.payload;
		} else if (rc == 0 && event.kind == EVENT_STARTED) {
			found = event.begin->status; /* carried over by `continue with` */
		}
		if (found.size > 0) {
			status = dtf__arena_copy(arena, found.data, found.size);
			rc = status == NULL ? dtf__fail(DTF_ENOMEM, "out of memory") : 0;
		}
	}
	if (rc == 0) {
		*ret = status;
	}
	return rc;
}

static const char *unless_empty(const char *text) {
	return text == NULL || text[0] == '\0' ? NULL : text;
}

/* Its history may not know that it cannot run. */
static enum dtf_status status_of(const struct row *row) {
	bool suspended = row->status == DTF_RUNNING && row->suspended[0] != '\0';
	return suspended ? DTF_SUSPENDED : (enum dtf_status)row->status;
}

/* Its id; NULL also when it cannot be read: that is no damage of this one. */
static int parent_of(
	struct store *store, struct arena *arena, const struct row *row, const char **ret) {
	struct slice bytes;
	struct row parent;
	*ret = NULL;
	int rc = row->parent == 0 ? STORE_NOT_FOUND
				  : store->ops->row(store, arena, row->parent, &bytes);
	if (rc == 0) {
		rc = dtf__row_decode(arena, bytes, &parent);
	}
	if (rc == 0) {
		*ret = parent.id;
	}
	return rc == DTF_ENOMEM || rc == DTF_ESTORE ? rc : 0;
}

/* 1: the row is another now, and *row is what it is. */
static int read_again(struct store *store, struct arena *arena, uint64_t number, struct row *row) {
	struct slice bytes;
	struct row now;
	int rc = store->ops->row(store, arena, number, &bytes);
	if (rc > 0) {
		return dtf__fail(DTF_EUNKNOWN_INSTANCE,
			"instance %s was taken away while it was read", row->id);
	}
	rc = rc == 0 ? dtf__row_decode(arena, bytes, &now) : rc;
	if (rc == 0) {
		rc = now.status_at != row->status_at;
		*row = now;
	}
	return rc;
}

/* The record that has it may have been taken away since the row was read. */
static int custom_status(struct store *store, struct arena *arena, uint64_t number, struct row *row,
	const char **ret) {
	int rc = 1;
	*ret = NULL;
	while (rc > 0 && row->status_at != 0) {
		rc = last_status(store, arena, row->status_at, ret);
		if (rc > 0) {
			rc = read_again(store, arena, number, row);
			rc = rc == 0 ? dtf__fail(DTF_ECORRUPT, "the record of a status is missing")
				     : rc;
		}
	}
	return rc < 0 ? rc : 0;
}

static int describe(struct store *store, struct arena *arena, uint64_t number, struct row *row,
	struct dtf_instance_info *ret) {
	const char *parent, *status = NULL;
	int rc = parent_of(store, arena, row, &parent);
	rc = rc == 0 ? custom_status(store, arena, number, row, &status) : rc;
	*ret = (struct dtf_instance_info){
		.id = row->id,
		.workflow = row->workflow,
		.version = row->version,
		.status = status_of(row),
		.suspended = unless_empty(row->suspended),
		.error = unless_empty(row->error),
		.execution = row->execution,
		.events = row->events,
		.created_ms = row->created_ms,
		.updated_ms = row->updated_ms,
		.next_timer_ms = row->next_timer_ms,
		.custom_status = status,
		.parent = parent,
	};
	return rc;
}

int dtf__inspect_info(struct store *store, const char *id,
	void (*f)(void *arg, const struct dtf_instance_info *info), void *arg) {
	struct arena arena = { 0 };
	struct row row;
	uint64_t number;
	struct dtf_instance_info info;
	int rc = dtf__walk_locate(store, &arena, id, &number, &row);
	if (rc == 0) {
		rc = describe(store, &arena, number, &row, &info);
	}
	if (rc == 0) {
		f(arg, &info);
	}
	dtf__arena_finish(&arena);
	return rc;
}

/* ---- all instances ---- */

struct scan {
	struct arena arena;
	struct row rows[SLICE];
	uint64_t numbers[SLICE];
	size_t count;
	uint64_t last;
	int rc;
	char damage[256]; /* the first that was met; "" = none */
};

/* Damage hides one instance, or its status; all others can be shown. */
static int pass_damage(struct scan *scan, int rc) {
	if (rc != DTF_ECORRUPT && rc != DTF_EFORMAT) {
		return rc;
	}
	if (scan->damage[0] == '\0') {
		(void)snprintf(scan->damage, sizeof(scan->damage), "%s", dtf_errmsg());
	}
	return 0;
}

static bool take_row(void *arg, uint64_t instance, struct slice bytes) {
	struct scan *scan = arg;
	int rc = dtf__row_decode(&scan->arena, bytes, &scan->rows[scan->count]);
	scan->numbers[scan->count] = instance;
	scan->count += rc == 0;
	scan->rc = pass_damage(scan, rc);
	scan->last = instance;
	return scan->rc == 0 && scan->count < SLICE;
}

int dtf__inspect_list(struct store *store,
	bool (*f)(void *arg, const struct dtf_instance_info *info), void *arg) {
	struct scan *scan = calloc(1, sizeof(*scan));
	if (scan == NULL) {
		return dtf__fail(DTF_ENOMEM, "out of memory");
	}
	bool wanted = true, more = true;
	int rc = 0;
	while (rc == 0 && wanted && more) {
		scan->count = 0;
		rc = store->ops->rows(store, scan->last, take_row, scan);
		rc = rc == 0 ? scan->rc : rc;
		more = scan->count == SLICE;
		for (size_t i = 0; rc == 0 && wanted && i < scan->count; i++) {
			struct dtf_instance_info info;
			rc = describe(store, &scan->arena, scan->numbers[i], &scan->rows[i], &info);
			if (rc == DTF_EUNKNOWN_INSTANCE) {
				rc = 0; /* it was taken away since */
				continue;
			}
			rc = pass_damage(scan, rc);
			wanted = rc == 0 && f(arg, &info);
		}
		dtf__arena_finish(&scan->arena);
	}
	if (rc == 0 && wanted && scan->damage[0] != '\0') {
		rc = dtf__fail(DTF_ECORRUPT, "%s", scan->damage);
	}
	free(scan);
	return rc;
}

/* ---- a history ---- */

struct show {
	bool (*f)(void *arg, const struct dtf_history_event *event);
	void *arg;
	struct buf json;
	struct arena memory; /* of one event's texts */
};

static const char *outcome_name(enum event_outcome outcome) {
	static const char *const names[] = {
		[OUTCOME_OK] = "ok",
		[OUTCOME_FAILED] = "failed",
		[OUTCOME_TIMED_OUT] = "timed out",
		[OUTCOME_LOST] = "lost",
		[OUTCOME_CANCELLED] = "cancelled",
		[OUTCOME_UNUSABLE] = "unusable result",
	};
	return names[outcome];
}

/* "timeout: …" when the event says that something failed, else NULL; in the arena. */
static int failure_text(struct arena *arena, const struct event *event, const char **ret) {
	bool attempt = event->kind == EVENT_ATTEMPT_ENDED || event->kind == EVENT_CHILD_ENDED;
	bool starts = event->kind == EVENT_CHILD_STARTED || event->kind == EVENT_CHILD_SPAWNED;
	bool failed = event->kind == EVENT_FAILED || event->kind == EVENT_UNDO_FAILED ||
		(attempt && event->outcome != OUTCOME_OK);
	*ret = NULL;
	if (starts && event->admission != ADMITTED) {
		*ret = dtf__arena_printf(arena, "%s: %s", dtf__admission_name(event->admission),
			event->text == NULL ? "" : event->text);
		return *ret == NULL ? dtf__fail(DTF_ENOMEM, "out of memory") : 0;
	}
	if (!failed || event->payload.size == 0) {
		return 0;
	}
	struct dtf_failure failure = { 0 };
	int rc = dtf__failure_decode(arena, event->payload, &failure);
	if (rc == 0) {
		*ret = dtf__arena_printf(arena, "%s%s%s", failure.name,
			failure.message == NULL ? "" : ": ",
			failure.message == NULL ? "" : failure.message);
		rc = *ret == NULL ? dtf__fail(DTF_ENOMEM, "out of memory") : 0;
	}
	return rc;
}

static int show_event(void *arg, const struct visit *visit) {
	struct show *show = arg;
	dtf__buf_clear(&show->json);
	dtf__event_json(&show->json, visit->event);
	if (show->json.failed) {
		return dtf__fail(DTF_ENOMEM, "out of memory");
	}
	const struct event *from = visit->event;
	const char *error;
	dtf__arena_finish(&show->memory);
	int rc = failure_text(&show->memory, from, &error);
	if (rc < 0) {
		return rc;
	}
	bool has_outcome = from->kind == EVENT_ATTEMPT_ENDED;
	struct slice payload = from->kind == EVENT_STARTED ? from->begin->input : from->payload;
	struct dtf_history_event event = {
		.execution = visit->execution,
		.number = visit->number,
		.time_ms = from->time_ms,
		.kind = dtf__event_name(from->kind),
		.json = show->json.data,
		.name = visit->name,
		.text = has_outcome ? outcome_name(from->outcome) : unless_empty(from->text),
		.payload = unless_empty(payload.data),
		.error = error,
		.file = visit->place.file,
		.line = visit->place.line,
		.column = visit->place.column,
		.source = visit->place.source,
		.source_column = visit->place.source_column,
	};
	return show->f(show->arg, &event) ? WALK_ON : WALK_STOP;
}

int dtf__inspect_history(struct store *store, const char *id, int64_t execution,
	bool (*f)(void *arg, const struct dtf_history_event *event), void *arg) {
	struct arena arena = { 0 };
	struct show show = { .f = f, .arg = arg };
	struct row row;
	int rc = dtf__walk_find(store, &arena, id, &row);
	if (rc == 0) {
		rc = dtf__walk(store, &row, execution, show_event, &show);
	}
	dtf__buf_finish(&show.json);
	dtf__arena_finish(&show.memory);
	dtf__arena_finish(&arena);
	return rc;
}
