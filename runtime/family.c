/*
 * Parents and children: starting them, and how each hears of the other.
 *
 * A child is a new instance whose first record stands in the commit that holds
 * its parent's command; so neither is ever without the other.  From then on
 * they are two instances with turns of their own, and a message between them
 * is sent again until it is in the receiver's history:
 *
 *	start	in the parent's commit; the child's first turn is in the next round
 *	cancel	from when the parent's history says that the child is settling;
 *		sent again whenever the parent is loaded
 *	end	from the child's last commit, whose row says that it owes its end,
 *		until the parent's commit that has it: this one strikes that off
 *	terminate	likewise from the parent's last commit, whose row says that it
 *		has orphans, until all of them have ended
 *
 * What is sent twice changes nothing: an end finds no op that waits for it, a
 * cancel is known by the child's row, and who has ended cannot be terminated.
 * spawn makes no family: the two do not know each other.
 *
 * Those in another partition are told by a message in the commit that decides on it
 * (distant.c); the one that sends an end or a terminate strikes it off.
 */
#include "engine.h"

#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "codec.h"
#include "error.h"
#include "walk.h"

/* When duties are looked at again: soon, for those that a turn of this round does. */
#define SOON_MS  1
#define LATER_MS 1000

#define ORPHANED "its parent was terminated"

static int later(struct instance *instance, int64_t due_ms) {
	struct due due = { .key = due_ms, .instance = instance->number, .op = DUE_DUTY };
	return dtf__heap_push(&instance->engine->timers, due);
}

/* ---- start ---- */

/* Of the parent's and the command: so the same start is the same instance. */
static void derive_seed(const struct dtf_ctx *parent, uint32_t op, unsigned char ret[16]) {
	unsigned char source[33] = "child";
	const uint64_t numbers[] = { (uint64_t)parent->begin.execution, op };
	memcpy(source + 5, parent->begin.seed, 16);
	for (size_t i = 0; i < 12; i++) {
		source[21 + i] = (unsigned char)(numbers[i / 8] >> (8 * (i % 8)));
	}
	XXH128_canonical_t hash;
	XXH128_canonicalFromHash(&hash, XXH3_128bits(source, sizeof(source)));
	memcpy(ret, hash.digest, 16);
}

static int record_start(struct instance *child, const struct event_started *begin) {
	struct event event = {
		.kind = EVENT_STARTED, .time_ms = child->engine->now_ms, .begin = begin
	};
	struct row *row = &child->row;
	row->parent = begin->parent;
	row->parent_execution = begin->parent_execution;
	row->parent_op = begin->parent_op;
	row->events = 1;
	row->busy = true;
	dtf__event_encode(&child->events, &event);
	if (child->events.failed) {
		return dtf__fail(DTF_ENOMEM, "out of memory for instance %s", row->id);
	}
	struct record record = {
		.instance = child->number, .execution = row->execution, .first = 1, .count = 1
	};
	struct slice events = { child->events.data, child->events.size };
	int rc = dtf__batch_record(child, &record, events, &row->last);
	dtf__buf_clear(&child->events);
	return rc == 0 ? dtf__batch_turned(child) : rc;
}

int dtf__family_admit(struct instance *parent, const struct event *event) {
	struct engine *engine = parent->engine;
	const struct dtf_workflow_def *workflow = dtf__registry_newest(engine, event->name);
	if (workflow == NULL) {
		return REFUSED_NO_WORKFLOW;
	}
	if (dtf__distant_has(engine, event->text)) {
		unsigned char seed[16];
		derive_seed(parent->ctx, event->op, seed);
		int rc = dtf__distant_start(parent, event, seed);
		return rc < 0 ? rc : ASKED;
	}
	int rc = dtf__instance_exists(engine, event->text);
	if (rc != 0) {
		return rc < 0 ? rc : REFUSED_ID_TAKEN;
	}
	struct event_started begin;
	struct instance *child;
	rc = dtf__instance_create(engine, event->text, workflow, event->payload, &begin, &child);
	if (rc < 0) {
		return rc;
	}
	derive_seed(parent->ctx, event->op, begin.seed);
	if (event->kind == EVENT_CHILD_STARTED) {
		begin.parent = parent->number;
		begin.parent_execution = parent->row.execution;
		begin.parent_op = event->op;
	}
	rc = record_start(child, &begin);
	if (rc < 0) {
		dtf__instance_remove(child);
		return rc;
	}
	child->born = true;
	dtf__instance_dirty(child); /* its first micro-step: next round */
	return ADMITTED;
}

/* ---- cancel ---- */

/* As it is in the store: what a turn of this round says of it may yet be taken back. */
static const struct row *recorded(const struct instance *instance) {
	return instance->turned ? &instance->before : &instance->row;
}

bool dtf__family_is_child(
	const struct instance *child, uint64_t parent, int64_t execution, uint32_t op) {
	return child->row.parent == parent && child->row.parent_execution == execution &&
		child->row.parent_op == op;
}

static bool is_child(const struct instance *child, const struct instance *parent, uint32_t op) {
	return dtf__family_is_child(child, parent->number, parent->row.execution, op);
}

const char *dtf__family_reason(const struct instance *parent) {
	const char *reason = parent->ctx->cancel_reason;
	return reason == NULL ? "its parent gave it up" : reason;
}

void dtf__family_cancel(struct instance *parent, const struct op *op) {
	struct instance *child;
	if (dtf__distant_has(parent->engine, op->child_id)) {
		return; /* a message has told it */
	}
	int rc = dtf__instance_get(parent->engine, op->child_id, &child);
	if (rc == DTF_ENOMEM) {
		dtf__instance_reload(parent);
	}
	struct event event = { .kind = EVENT_CANCEL_REQUESTED, .text = dtf__family_reason(parent) };
	if (rc != 0 || child->ended || !is_child(child, parent, op->number) ||
		recorded(child)->cancelling || dtf__arrival_waits(child, &event)) {
		return;
	}
	if (dtf__arrival_add(child, &event) == NULL) {
		dtf__instance_reload(parent);
	}
}

/* ---- end ---- */

/* The commit strikes it off; should that be refused, it is there again later. */
static int do_duty(struct instance *instance, enum duty duty) {
	int rc = later(instance, instance->engine->now_ms + LATER_MS);
	return rc == 0 ? dtf__batch_note(instance, duty) : rc;
}

static bool has_open_children(struct dtf_ctx *ctx) {
	for (size_t i = 0; i < ctx->ops_size; i++) {
		for (const struct op *op = ctx->ops[i]; op != NULL; op = op->next) {
			if (op->kind == OP_CHILD &&
				(op->state == OP_OPEN || op->state == OP_SETTLING)) {
				return true;
			}
		}
	}
	return false;
}

int dtf__family_ends(struct instance *instance) {
	struct row *row = &instance->row;
	row->owes_end = row->parent != 0;
	/* Only terminate leaves children behind; without a machine nobody knows. */
	row->has_orphans = row->status == DTF_TERMINATED &&
		(instance->ctx == NULL || has_open_children(instance->ctx));
	if (!row->owes_end && !row->has_orphans) {
		return 0;
	}
	return later(instance, instance->engine->now_ms) == 0
		? 0
		: dtf__fail(DTF_ENOMEM, "out of memory for a turn");
}

/* What the parent is told of this end; the payload is in the arena or in buf. */
static int describe_end(
	struct instance *child, struct arena *arena, struct buf *buf, struct event *ret) {
	const struct row *row = &child->row;
	struct event end;
	int rc = dtf__end_read(child->engine->store, row, arena, &end);
	*ret = (struct event){ .kind = EVENT_CHILD_ENDED,
		.op = row->parent_op,
		.outcome = OUTCOME_FAILED,
		.text = dtf_status_name((enum dtf_status)row->status) };
	if (rc == 0 && (end.kind == EVENT_COMPLETED || end.kind == EVENT_FAILED)) {
		ret->outcome = end.kind == EVENT_COMPLETED ? OUTCOME_OK : OUTCOME_FAILED;
		ret->payload = end.payload;
		return 0;
	}
	if (rc < 0 && rc != DTF_ECORRUPT) {
		return rc;
	}
	/* It has ended; that nobody can read how must not keep the parent waiting. */
	const char *message = rc < 0 ? dtf_errmsg() : end.text;
	dtf__failure_encode(buf,
		&(struct dtf_failure){
			.name = ret->text, .message = message == NULL ? "" : message });
	ret->payload = (struct slice){ buf->data, buf->size };
	return buf->failed ? dtf__fail(DTF_ENOMEM, "out of memory for an end") : 0;
}

static int send_end(struct instance *child, struct instance *parent) {
	struct event event = { .kind = EVENT_CHILD_ENDED, .op = child->row.parent_op };
	if (dtf__arrival_waits(parent, &event)) {
		return 0;
	}
	struct arena arena = { 0 };
	struct buf buf = { 0 };
	int rc = describe_end(child, &arena, &buf, &event);
	struct arrival *arrival = rc == 0 ? dtf__arrival_add(parent, &event) : NULL;
	if (arrival != NULL) {
		arrival->child = child->number;
	} else if (rc == 0) {
		rc = dtf__fail(DTF_ENOMEM, "out of memory for an end");
	}
	dtf__buf_finish(&buf);
	dtf__arena_finish(&arena);
	return rc;
}

/* In the commit that strikes it off. */
static int send_end_away(struct instance *child) {
	if ((child->notes & DUTY_TELL_PARENT) != 0) {
		return 0;
	}
	struct arena arena = { 0 };
	struct buf buf = { 0 };
	struct event event;
	int rc = describe_end(child, &arena, &buf, &event);
	rc = rc == 0 ? dtf__distant_end(child->engine, child->row.parent,
			       child->row.parent_execution, &event)
		     : rc;
	rc = rc == 0 ? do_duty(child, DUTY_TELL_PARENT) : rc;
	dtf__buf_finish(&buf);
	dtf__arena_finish(&arena);
	return rc;
}

static int tell_parent(struct instance *child) {
	struct instance *parent;
	if (dtf__distant_is(child->engine, child->row.parent)) {
		return send_end_away(child);
	}
	int rc = dtf__instance_by_number(child->engine, child->row.parent, &parent);
	bool gone = rc == STORE_NOT_FOUND ||
		(rc == 0 &&
			(parent->ended || parent->row.execution != child->row.parent_execution));
	if (gone) {
		return do_duty(child, DUTY_TELL_PARENT);
	}
	return rc == 0 ? send_end(child, parent) : rc;
}

int dtf__family_told(struct engine *engine, uint64_t number) {
	struct instance *child;
	int rc = dtf__instance_by_number(engine, number, &child);
	if (rc != 0) {
		return rc < 0 ? rc : 0;
	}
	return child->row.owes_end ? dtf__batch_note(child, DUTY_TELL_PARENT) : 0;
}

/* ---- orphans ---- */

/* The calls of an execution whose end is not in its history, by command. */
struct calls {
	struct call {
		uint32_t op;
		const char *id; /* in the arena; NULL: it has ended */
	} * calls;              /* owned */
	size_t count, capacity;
	struct arena arena;
};

static int add_call(struct calls *calls, const struct event *event) {
	if (calls->count == calls->capacity) {
		size_t capacity = calls->capacity == 0 ? 16 : calls->capacity * 2;
		struct call *grown = realloc(calls->calls, capacity * sizeof(*grown));
		if (grown == NULL) {
			return dtf__fail(DTF_ENOMEM, "out of memory for children");
		}
		calls->calls = grown;
		calls->capacity = capacity;
	}
	const char *id = event->text == NULL ? "" : event->text;
	id = dtf__arena_copy(&calls->arena, id, strlen(id));
	calls->calls[calls->count++] = (struct call){ event->op, id };
	return id == NULL ? dtf__fail(DTF_ENOMEM, "out of memory for children") : 0;
}

/* Commands are recorded in order of their numbers. */
static void end_call(struct calls *calls, uint32_t op) {
	size_t low = 0, high = calls->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (calls->calls[middle].op == op) {
			calls->calls[middle].id = NULL;
			return;
		}
		if (calls->calls[middle].op < op) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
}

static int find_calls(void *arg, const struct visit *visit) {
	struct calls *calls = arg;
	const struct event *event = visit->event;
	if (event->kind == EVENT_CHILD_STARTED && dtf__may_run(event->admission)) {
		return add_call(calls, event);
	}
	if (event->kind == EVENT_CHILD_ENDED) {
		end_call(calls, event->op);
	}
	return WALK_ON;
}

/* Adds to *alive if it has not ended; terminates it unless that is under way. */
static int end_orphan(
	struct instance *parent, const struct call *call, size_t *alive, size_t *ended) {
	struct instance *child;
	if (call->id == NULL || dtf__distant_has(parent->engine, call->id)) {
		return 0;
	}
	int rc = dtf__instance_get(parent->engine, call->id, &child);
	if (rc != 0 || child->ended || !is_child(child, parent, call->op)) {
		return rc == DTF_ECORRUPT || rc > 0 ? 0 : rc; /* what is damaged does not run */
	}
	struct event event = { .kind = EVENT_TERMINATED, .text = ORPHANED };
	++*alive;
	if (dtf__arrival_waits(child, &event)) {
		return 0;
	}
	++*ended;
	return dtf__arrival_add(child, &event) != NULL
		? 0
		: dtf__fail(DTF_ENOMEM, "out of memory for a child's end");
}

/* In the commit that strikes off that there are any. */
static int end_distant(struct instance *parent, const struct calls *calls) {
	int rc = 0;
	bool told = (parent->notes & DUTY_END_ORPHANS) != 0;
	for (size_t i = 0; rc == 0 && !told && i < calls->count; i++) {
		const struct call *call = &calls->calls[i];
		if (call->id != NULL && dtf__distant_has(parent->engine, call->id)) {
			rc = dtf__distant_terminate(parent, call->id, call->op, ORPHANED);
		}
	}
	return rc;
}

static int end_orphans(struct instance *parent) {
	struct engine *engine = parent->engine;
	struct calls calls = { 0 };
	size_t alive = 0, ended = 0;
	int rc = dtf__walk(engine->store, &parent->row, 0, find_calls, &calls);
	for (size_t i = 0; rc == 0 && i < calls.count; i++) {
		rc = end_orphan(parent, &calls.calls[i], &alive, &ended);
	}
	if (rc == 0 && alive == 0) {
		rc = end_distant(parent, &calls);
	}
	free(calls.calls);
	dtf__arena_finish(&calls.arena);
	if (rc == 0 && alive == 0) {
		return do_duty(parent, DUTY_END_ORPHANS);
	}
	int64_t again_ms = engine->now_ms + (ended > 0 ? SOON_MS : LATER_MS);
	return rc == 0 ? later(parent, again_ms) : rc;
}

bool dtf__family_after_end(struct instance *instance) {
	int rc = 0;
	if (instance->row.owes_end) {
		rc = tell_parent(instance);
	}
	if (rc == 0 && instance->row.has_orphans) {
		rc = end_orphans(instance);
	}
	if (rc < 0 && rc != DTF_ENOMEM) {
		/* The next engine tries it again. */
		dtf__engine_log(instance->engine, DTF_LOG_ERROR, instance->row.id, dtf_errmsg());
	}
	return rc != DTF_ENOMEM;
}
