/*
 * Records of an instance are chained backwards: each names the position of the
 * one before.  A walk follows the chain from the row to the first record it
 * wants, remembers the positions, and goes through them forward.  It shows the
 * instance as of the moment its row was read: the log grows at its end.  What is taken
 * away from it meanwhile, because retention is over, is no damage: before anything was
 * shown the walk begins again with the row as it is now, and later that is left out.
 *
 * An arrival says which command it answers, not where that stands; so the walk
 * keeps the site of every command of the execution it is in.
 */
#include "walk.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"

/* So often a walk begins again; a row may change for other reasons. */
#define TRIES 3

/* Command numbers grow, but not each one is recorded.  More than this is damage. */
#define GAP_MAX 1000000

/* A command: its name, and its site under the code that the execution then ran. */
struct origin {
	const char *name; /* in names */
	const struct sites_workflow *workflow;
	uint32_t site;
};

struct walk {
	struct store *store;
	int64_t execution; /* wanted; -1 = all */
	const char *id;
	uint64_t instance;   /* of what was collected */
	uint64_t *positions; /* newest first; owned */
	size_t npositions, capacity;
	struct sites sites;
	const struct sites_workflow *workflow; /* that the execution runs now */
	const char *name;                      /* of the workflow, in memory */
	int64_t version;
	struct origin *origins; /* by command number; owned */
	size_t norigins, origins_capacity;
	struct arena memory; /* of one record's events */
	struct arena names;  /* that outlive their record */
	const char *recent;  /* the name kept last */
	int (*f)(void *arg, const struct visit *visit);
	void *arg;
};

static int no_memory(void) {
	return dtf__fail(DTF_ENOMEM, "out of memory");
}

/* STORE_NOT_FOUND: it is missing. */
static int read_record(
	struct walk *walk, uint64_t position, struct record *ret, struct slice *ret_events) {
	struct slice bytes;
	dtf__arena_finish(&walk->memory);
	int rc = walk->store->ops->record(walk->store, &walk->memory, position, &bytes);
	return rc != 0 ? rc : dtf__record_decode(bytes, ret, ret_events);
}

static int missing(uint64_t position) {
	return dtf__fail(DTF_ECORRUPT, "record %" PRIu64 " is missing", position);
}

static int add_position(struct walk *walk, uint64_t position) {
	if (walk->npositions == walk->capacity) {
		size_t capacity = walk->capacity == 0 ? 64 : walk->capacity * 2;
		uint64_t *grown = realloc(walk->positions, capacity * sizeof(*grown));
		if (grown == NULL) {
			return no_memory();
		}
		walk->positions = grown;
		walk->capacity = capacity;
	}
	walk->positions[walk->npositions++] = position;
	return 0;
}

/* Positions of the wanted records; a chain only ever leads to older ones, and ends
 * where they are not kept any more.  STORE_NOT_FOUND: one is missing. */
static int collect(struct walk *walk, const struct row *row) {
	uint64_t position = row->last;
	walk->npositions = 0;
	while (position > row->forgotten) {
		struct record record;
		struct slice events;
		int rc = read_record(walk, position, &record, &events);
		if (rc > 0) {
			rc = dtf__walk_changed(walk->store, row);
			rc = rc == 0 ? missing(position) : rc;
		}
		if (rc != 0) {
			return rc;
		}
		walk->instance = record.instance;
		if (record.previous >= position) {
			return dtf__fail(
				DTF_ECORRUPT, "record %" PRIu64 " names a later one", position);
		}
		if (walk->execution < 0 || record.execution == walk->execution) {
			rc = add_position(walk, position);
		} else if (record.execution < walk->execution) {
			break;
		}
		if (rc < 0) {
			return rc;
		}
		position = record.previous;
	}
	if (walk->npositions == 0) {
		return dtf__fail(DTF_EINVAL, "there is no execution %" PRId64, walk->execution);
	}
	return 0;
}

/* ---- places ---- */

static int begin_execution(struct walk *walk, const struct event_started *begin) {
	walk->norigins = 0;
	walk->recent = NULL;
	dtf__arena_finish(&walk->names);
	walk->name = dtf__arena_printf(&walk->names, "%s", begin->workflow);
	walk->version = begin->version;
	if (walk->name == NULL) {
		return no_memory();
	}
	return dtf__sites_find(
		&walk->sites, begin->manifest, walk->name, walk->version, &walk->workflow);
}

static int grow_origins(struct walk *walk, size_t count) {
	if (count <= walk->origins_capacity) {
		return 0;
	}
	size_t capacity = walk->origins_capacity == 0 ? 64 : walk->origins_capacity * 2;
	capacity = capacity < count ? count : capacity;
	struct origin *grown = realloc(walk->origins, capacity * sizeof(*grown));
	if (grown == NULL) {
		return no_memory();
	}
	walk->origins = grown;
	walk->origins_capacity = capacity;
	return 0;
}

static int remember(struct walk *walk, uint32_t op, struct origin origin) {
	if (op > walk->norigins + GAP_MAX) {
		return dtf__fail(DTF_ECORRUPT, "command %" PRIu32 " comes out of order", op);
	}
	int rc = grow_origins(walk, op);
	while (rc == 0 && walk->norigins < op) {
		walk->origins[walk->norigins++] = (struct origin){ 0 };
	}
	if (rc == 0) {
		walk->origins[op - 1] = origin;
	}
	return rc;
}

/* Loops issue the same command again and again: most names are like the last. */
static const char *keep_name(struct walk *walk, const char *name) {
	if (walk->recent == NULL || strcmp(walk->recent, name) != 0) {
		walk->recent = dtf__arena_printf(&walk->names, "%s", name);
	}
	return walk->recent;
}

static int issued(struct walk *walk, const struct event *event) {
	const char *name = NULL;
	if (event->name != NULL) {
		name = keep_name(walk, event->name);
		if (name == NULL) {
			return no_memory();
		}
	}
	return remember(walk, event->op, (struct origin){ name, walk->workflow, event->site });
}

/* The command that an event is or belongs to; a zero one if there is none. */
static struct origin origin_of(const struct walk *walk, const struct event *event) {
	switch (event->kind) {
	case EVENT_ACTIVITY_SCHEDULED:
	case EVENT_TIMER_SET:
	case EVENT_WAIT_OPENED:
	case EVENT_CHILD_STARTED:
	case EVENT_CHILD_SPAWNED:
	case EVENT_STATUS:
	case EVENT_CONTINUED:
		return (struct origin){ event->name, walk->workflow, event->site };
	case EVENT_UNDO_STARTED:
	case EVENT_UNDO_FAILED:
	case EVENT_ATTEMPT_STARTED:
	case EVENT_ATTEMPT_ENDED:
	case EVENT_TIMER_FIRED:
	case EVENT_GRACE_EXPIRED:
	case EVENT_DEADLINE_PASSED:
	case EVENT_CHILD_ENDED:
	case EVENT_TAKEN:
	case EVENT_CLOSED:
	case EVENT_SETTLING: {
		struct origin origin = { 0 };
		if (event->op >= 1 && event->op <= walk->norigins) {
			origin = walk->origins[event->op - 1];
		}
		if (event->kind == EVENT_UNDO_STARTED || event->kind == EVENT_UNDO_FAILED) {
			origin.workflow = walk->workflow; /* the undo, not what it undoes */
			origin.site = event->site;
		}
		return origin;
	}
	case EVENT_STARTED:
		return (struct origin){ .name = walk->name };
	case EVENT_RAISED:
		return (struct origin){ .name = event->name };
	case EVENT_CANCEL_REQUESTED:
	case EVENT_SUSPENDED:
	case EVENT_RESUMED:
	case EVENT_ADOPTED:
	case EVENT_TERMINATED:
	case EVENT_UNDO_ENDED:
	case EVENT_COMPLETED:
	case EVENT_FAILED:
	case EVENT_CANCELLED:
		break;
	}
	return (struct origin){ 0 };
}

/* What the event means for the places of those that follow. */
static int follow(struct walk *walk, const struct event *event) {
	switch ((int)event->kind) {
	case EVENT_STARTED:
		return begin_execution(walk, event->begin);
	case EVENT_ADOPTED:
		return walk->name == NULL ? 0
					  : dtf__sites_find(&walk->sites, event->name, walk->name,
						    walk->version, &walk->workflow);
	case EVENT_ACTIVITY_SCHEDULED:
	case EVENT_TIMER_SET:
	case EVENT_WAIT_OPENED:
	case EVENT_CHILD_STARTED:
		return issued(walk, event);
	default:
		return 0;
	}
}

/* 0: a record that was there is not kept any more; else all are gone, or it is damage. */
static int check_taken(const struct walk *walk, uint64_t position) {
	struct arena arena = { 0 };
	struct row now;
	uint64_t number;
	int rc = dtf__walk_locate(walk->store, &arena, walk->id, &number, &now);
	if (rc == 0 && number != walk->instance) {
		rc = dtf__fail(DTF_EUNKNOWN_INSTANCE,
			"instance %s was taken away while it was read", walk->id);
	}
	if (rc == 0 && position > now.forgotten) {
		rc = missing(position);
	}
	dtf__arena_finish(&arena);
	return rc;
}

static int visit_record(struct walk *walk, uint64_t position) {
	struct record record;
	struct slice events;
	int rc = read_record(walk, position, &record, &events);
	if (rc > 0) {
		return check_taken(walk, position);
	}
	for (uint32_t i = 0; rc == 0 && i < record.count; i++) {
		struct event event;
		rc = dtf__event_decode(&walk->memory, &events, &event);
		if (rc == 0) {
			rc = follow(walk, &event);
		}
		if (rc == 0) {
			struct origin origin = origin_of(walk, &event);
			struct visit visit = { record.execution, record.first + i, &event,
				origin.name, dtf__sites_place(origin.workflow, origin.site) };
			rc = walk->f(walk->arg, &visit);
		}
	}
	return rc;
}

int dtf__walk(struct store *store, const struct row *row, int64_t execution,
	int (*f)(void *arg, const struct visit *visit), void *arg) {
	struct walk walk = {
		.store = store,
		.execution = execution == 0 ? row->execution : execution,
		.id = row->id,
		.sites = { .store = store },
		.f = f,
		.arg = arg,
	};
	struct arena arena = { 0 };
	struct row now;
	int rc = collect(&walk, row);
	for (int tries = 1; rc > 0 && tries < TRIES; tries++) {
		rc = dtf__walk_find(store, &arena, row->id, &now);
		if (rc == 0) {
			walk.execution = execution == 0 ? now.execution : execution;
			rc = collect(&walk, &now);
		}
	}
	rc = rc > 0 ? missing(row->last) : rc;
	while (rc == 0 && walk.npositions > 0) {
		rc = visit_record(&walk, walk.positions[--walk.npositions]);
	}
	free(walk.positions);
	free(walk.origins);
	dtf__sites_finish(&walk.sites);
	dtf__arena_finish(&walk.memory);
	dtf__arena_finish(&walk.names);
	dtf__arena_finish(&arena);
	return rc < 0 ? rc : 0;
}

/* ---- rows ---- */

/* A row that is missing was purged after the name was found: then the name is gone as
 * well, or leads to the next instance of it. */
int dtf__walk_locate(struct store *store, struct arena *arena, const char *id, uint64_t *ret_number,
	struct row *ret) {
	uint64_t number, before = 0;
	struct slice bytes;
	int rc;
	do {
		rc = store->ops->find(store, id, &number);
		if (rc > 0) {
			return dtf__fail(DTF_EUNKNOWN_INSTANCE, "there is no instance '%s'", id);
		}
		if (rc == 0 && number == before) {
			return dtf__fail(DTF_ECORRUPT, "instance %s has a name and no row", id);
		}
		if (rc == 0) {
			before = number;
			rc = store->ops->row(store, arena, number, &bytes);
		}
	} while (rc > 0);
	rc = rc < 0 ? rc : dtf__row_decode(arena, bytes, ret);
	if (rc == 0) {
		*ret_number = number;
	}
	return rc;
}

int dtf__walk_find(struct store *store, struct arena *arena, const char *id, struct row *ret) {
	uint64_t number;
	return dtf__walk_locate(store, arena, id, &number, ret);
}

int dtf__walk_changed(struct store *store, const struct row *row) {
	struct arena arena = { 0 };
	struct row now;
	int rc = dtf__walk_find(store, &arena, row->id, &now);
	if (rc == 0) {
		/* No two records have one position. */
		rc = now.last != row->last || now.forgotten != row->forgotten;
	} else if (rc == DTF_EUNKNOWN_INSTANCE) {
		rc = 1;
	}
	dtf__arena_finish(&arena);
	return rc;
}
