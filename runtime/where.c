/*
 * Where an instance stands, from its history alone: a command that was issued
 * and neither answered nor closed is what it waits for.  That needs none of
 * the workflow's code, so it works while no worker is up, or when the only one
 * that is up cannot run the instance.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "codec.h"
#include "error.h"
#include "inspect.h"
#include "walk.h"

struct open_op {
	struct dtf_waiting waiting; /* its strings are in memory */
	struct arena memory;
};

struct where {
	struct open_op **ops; /* by command number, NULL when not open; owned */
	size_t nops, capacity;
};

static int no_memory(void) {
	return dtf__fail(DTF_ENOMEM, "out of memory");
}

static struct open_op *find(struct where *where, uint32_t op) {
	return op >= 1 && op <= where->nops ? where->ops[op - 1] : NULL;
}

static void close_op(struct where *where, uint32_t op) {
	struct open_op *it = find(where, op);
	if (it != NULL) {
		dtf__arena_finish(&it->memory);
		free(it);
		where->ops[op - 1] = NULL;
	}
}

static void close_all(struct where *where) {
	for (size_t i = 1; i <= where->nops; i++) {
		close_op(where, (uint32_t)i);
	}
	where->nops = 0;
}

static int make_room(struct where *where, size_t count) {
	if (count > where->capacity) {
		size_t capacity = where->capacity * 2 < count ? count + 64 : where->capacity * 2;
		struct open_op **grown = realloc(where->ops, capacity * sizeof(*grown));
		if (grown == NULL) {
			return no_memory();
		}
		where->ops = grown;
		where->capacity = capacity;
	}
	while (where->nops < count) {
		where->ops[where->nops++] = NULL;
	}
	return 0;
}

static char *keep(struct open_op *op, const char *text) {
	return text == NULL ? NULL : dtf__arena_printf(&op->memory, "%s", text);
}

static int64_t deadline(const struct event *event) {
	int64_t limit_ms = event->policy == NULL ? 0 : event->policy->deadline_ms;
	int64_t end_ms = dtf__limit_end(event->time_ms, limit_ms);
	return end_ms == INT64_MAX ? 0 : end_ms;
}

static int open_op(struct where *where, const struct visit *visit, const char *kind) {
	const struct event *event = visit->event;
	const struct place *place = &visit->place;
	int rc = make_room(where, event->op);
	if (rc < 0) {
		return rc;
	}
	if (event->op == 0 || find(where, event->op) != NULL) {
		return dtf__fail(DTF_ECORRUPT, "command %" PRIu32 " is there twice", event->op);
	}
	struct open_op *op = calloc(1, sizeof(*op));
	if (op == NULL) {
		return no_memory();
	}
	where->ops[event->op - 1] = op;
	op->waiting = (struct dtf_waiting){
		.kind = kind,
		.name = keep(op, event->name == NULL ? "" : event->name),
		.id = event->kind == EVENT_CHILD_STARTED ? keep(op, event->text) : NULL,
		.number = event->op,
		.since_ms = event->time_ms,
		.due_ms = event->due_ms,
		.attempt = event->started ? 1 : 0,
		.attempts = event->policy == NULL ? 0 : event->policy->attempts,
		.deadline_ms = deadline(event),
		.running = event->started,
		.file = keep(op, place->file),
		.line = place->line,
		.column = place->column,
		.source = keep(op, place->source),
		.source_column = place->source_column,
	};
	bool kept = op->waiting.name != NULL &&
		(event->kind != EVENT_CHILD_STARTED || op->waiting.id != NULL) &&
		(place->file == NULL || (op->waiting.file != NULL && op->waiting.source != NULL));
	return kept ? 0 : no_memory();
}

static int attempt_ended(struct where *where, const struct event *event) {
	struct open_op *op = find(where, event->op);
	if (op == NULL || !op->waiting.running || op->waiting.attempt != event->attempt) {
		return 0; /* late: nobody waits for it */
	}
	if (event->due_ms == 0) {
		close_op(where, event->op);
		return 0;
	}
	struct dtf_failure failure = { 0 };
	int rc = dtf__failure_decode(&op->memory, event->payload, &failure);
	if (rc < 0) {
		return rc;
	}
	op->waiting.running = false;
	op->waiting.due_ms = event->due_ms;
	op->waiting.error = dtf__arena_printf(&op->memory, "%s: %s", failure.name,
		failure.message == NULL ? "" : failure.message);
	return op->waiting.error == NULL ? no_memory() : 0;
}

static void attempt_started(struct where *where, const struct event *event) {
	struct open_op *op = find(where, event->op);
	if (op != NULL) {
		op->waiting.running = true;
		op->waiting.attempt = event->attempt;
		op->waiting.due_ms = 0;
	}
}

static void settling(struct where *where, const struct event *event) {
	struct open_op *op = find(where, event->op);
	if (op != NULL) {
		op->waiting.settling = true;
		op->waiting.due_ms = event->due_ms;
	}
}

/* Of a step that settles nothing is asked but its grace period. */
static void deadline_passed(struct where *where, const struct event *event) {
	const struct open_op *op = find(where, event->op);
	if (op != NULL && !op->waiting.settling) {
		close_op(where, event->op);
	}
}

static int follow(void *arg, const struct visit *visit) {
	struct where *where = arg;
	const struct event *event = visit->event;
	switch (event->kind) {
	case EVENT_ACTIVITY_SCHEDULED:
		return open_op(where, visit, "activity");
	case EVENT_TIMER_SET:
		return open_op(where, visit, "timer");
	case EVENT_WAIT_OPENED:
		return open_op(where, visit, "event");
	case EVENT_CHILD_STARTED:
		return dtf__may_run(event->admission) ? open_op(where, visit, "child") : 0;
	case EVENT_ATTEMPT_STARTED:
		attempt_started(where, event);
		return 0;
	case EVENT_ATTEMPT_ENDED:
		return attempt_ended(where, event);
	case EVENT_SETTLING:
		settling(where, event);
		return 0;
	case EVENT_DEADLINE_PASSED:
		deadline_passed(where, event);
		return 0;
	case EVENT_TIMER_FIRED:
	case EVENT_TAKEN:
	case EVENT_CLOSED:
	case EVENT_GRACE_EXPIRED:
	case EVENT_CHILD_ENDED:
		close_op(where, event->op);
		return 0;
	case EVENT_COMPLETED:
	case EVENT_FAILED:
	case EVENT_CANCELLED:
	case EVENT_TERMINATED:
	case EVENT_CONTINUED:
		close_all(where);
		return 0;
	case EVENT_STARTED:
	case EVENT_RAISED:
	case EVENT_CHILD_SPAWNED:
	case EVENT_CANCEL_REQUESTED:
	case EVENT_SUSPENDED:
	case EVENT_RESUMED:
	case EVENT_ADOPTED:
	case EVENT_STATUS:
	case EVENT_UNDO_STARTED:
	case EVENT_UNDO_ENDED:
	case EVENT_UNDO_FAILED:
		break;
	}
	return 0;
}

int dtf__inspect_where(struct store *store, const char *id,
	bool (*f)(void *arg, const struct dtf_waiting *waiting), void *arg) {
	struct arena arena = { 0 };
	struct where where = { 0 };
	struct row row;
	int rc = dtf__walk_find(store, &arena, id, &row);
	if (rc == 0) {
		rc = dtf__walk(store, &row, 0, follow, &where);
	}
	for (size_t i = 0; rc == 0 && i < where.nops; i++) {
		if (where.ops[i] != NULL && !f(arg, &where.ops[i]->waiting)) {
			break;
		}
	}
	close_all(&where);
	free(where.ops);
	dtf__arena_finish(&arena);
	return rc;
}
