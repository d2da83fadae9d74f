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
	const struct stores *stores, struct arena *arena, const struct row *row, const char **ret) {
	struct slice bytes;
	struct row parent;
	struct store *store = dtf__stores_of(stores, row->parent);
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

static int describe(const struct stores *stores, struct store *store, struct arena *arena,
	uint64_t number, struct row *row, struct dtf_instance_info *ret) {
	const char *parent, *status = NULL;
	int rc = parent_of(stores, arena, row, &parent);
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

int dtf__inspect_info(const struct stores *stores, const char *id,
	void (*f)(void *arg, const struct dtf_instance_info *info), void *arg) {
	struct store *store = dtf__stores_of_id(stores, id);
	struct arena arena = { 0 };
	struct row row;
	uint64_t number;
	struct dtf_instance_info info;
	int rc = dtf__walk_locate(store, &arena, id, &number, &row);
	if (rc == 0) {
		rc = describe(stores, store, &arena, number, &row, &info);
	}
	if (rc == 0) {
		f(arg, &info);
	}
	dtf__arena_finish(&arena);
	return rc;
}

/* ---- all instances ---- */

/* Of one partition: rows that were read and not yet told. */
struct scan {
	struct store *store;
	struct arena arena;
	struct row rows[SLICE];
	uint64_t numbers[SLICE];
	size_t count, told;
	uint64_t last;
	bool ended;
	int rc;
	struct damage *damage;
};

struct damage {
	char text[256]; /* the first that was met; "" = none */
};

/* Damage hides one instance, or its status; all others can be shown. */
static int pass_damage(struct damage *damage, int rc) {
	if (rc != DTF_ECORRUPT && rc != DTF_EFORMAT) {
		return rc;
	}
	if (damage->text[0] == '\0') {
		(void)snprintf(damage->text, sizeof(damage->text), "%s", dtf_errmsg());
	}
	return 0;
}

static bool take_row(void *arg, uint64_t instance, struct slice bytes) {
	struct scan *scan = arg;
	int rc = dtf__row_decode(&scan->arena, bytes, &scan->rows[scan->count]);
	scan->numbers[scan->count] = instance;
	scan->count += rc == 0;
	scan->rc = pass_damage(scan->damage, rc);
	scan->last = instance;
	return scan->rc == 0 && scan->count < SLICE;
}

/* Reads on when all that was read has been told. */
static int fill(struct scan *scan) {
	if (scan->told < scan->count || scan->ended) {
		return 0;
	}
	dtf__arena_finish(&scan->arena);
	scan->count = scan->told = 0;
	int rc = scan->store->ops->rows(scan->store, scan->last, take_row, scan);
	scan->ended = scan->count < SLICE;
	return rc == 0 ? scan->rc : rc;
}

/* The scan whose next row is the oldest; NULL: there is none.  In each they are in order. */
static int find_oldest(struct scan *scans, unsigned count, struct scan **ret) {
	*ret = NULL;
	for (unsigned i = 0; i < count; i++) {
		struct scan *scan = &scans[i];
		int rc = fill(scan);
		if (rc < 0) {
			return rc;
		}
		if (scan->told < scan->count &&
			(*ret == NULL ||
				scan->rows[scan->told].created_ms <
					(*ret)->rows[(*ret)->told].created_ms)) {
			*ret = scan;
		}
	}
	return 0;
}

static int tell_all(const struct stores *stores, struct scan *scans, struct damage *damage,
	bool (*f)(void *arg, const struct dtf_instance_info *info), void *arg) {
	struct scan *scan;
	bool wanted = true;
	int rc;
	while ((rc = find_oldest(scans, stores->count, &scan)) == 0 && scan != NULL && wanted) {
		struct dtf_instance_info info;
		size_t at = scan->told++;
		rc = describe(stores, scan->store, &scan->arena, scan->numbers[at], &scan->rows[at],
			&info);
		if (rc == DTF_EUNKNOWN_INSTANCE) {
			continue; /* it was taken away since */
		}
		rc = pass_damage(damage, rc);
		if (rc < 0) {
			return rc;
		}
		wanted = f(arg, &info);
	}
	return rc == 0 && wanted && damage->text[0] != '\0'
		? dtf__fail(DTF_ECORRUPT, "%s", damage->text)
		: rc;
}

int dtf__inspect_list(const struct stores *stores,
	bool (*f)(void *arg, const struct dtf_instance_info *info), void *arg) {
	struct damage damage = { "" };
	struct scan *scans = calloc(stores->count, sizeof(*scans));
	if (scans == NULL) {
		return dtf__fail(DTF_ENOMEM, "out of memory");
	}
	for (unsigned i = 0; i < stores->count; i++) {
		scans[i].store = stores->stores[i];
		scans[i].damage = &damage;
	}
	int rc = tell_all(stores, scans, &damage, f, arg);
	for (unsigned i = 0; i < stores->count; i++) {
		dtf__arena_finish(&scans[i].arena);
	}
	free(scans);
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
	if (starts && !dtf__may_run(event->admission)) {
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
