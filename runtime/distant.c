/*
 * Families across partitions: a parent and a child that cannot share a commit.
 *
 * Each thing that family.c says to an instance of its own store is here a message,
 * sent with the commit that decides on it and taken in exactly once (post.c), in the
 * order of sending: so a cancel meets the child that was started before it.
 *
 * Whether the child's id is free is known in its partition alone.  The parent records
 * that it asked; a refusal comes back as that call's end and reads like one that was
 * known at once.  Nobody hears of a refused spawn but the log.
 */
#include "engine.h"

#include <string.h>

#include "codec.h"
#include "error.h"

bool dtf__distant_has(const struct engine *engine, const char *id) {
	const struct post *post = &engine->post;
	return dtf__partition_of_id(id, post->count) != post->partition;
}

bool dtf__distant_is(const struct engine *engine, uint64_t number) {
	const struct post *post = &engine->post;
	return dtf__partition_of(number, post->count) != post->partition;
}

/* ---- telling ---- */

static int send_to_child(struct instance *parent, const char *id, struct letter *letter) {
	letter->id = id;
	letter->parent = parent->number;
	letter->execution = parent->row.execution;
	letter->event.time_ms = parent->engine->now_ms;
	unsigned to = dtf__partition_of_id(id, parent->engine->post.count);
	return dtf__post_send(parent->engine, to, letter);
}

int dtf__distant_start(
	struct instance *parent, const struct event *event, const unsigned char seed[16]) {
	struct letter letter = { .op = event->op, .event = *event };
	memcpy(letter.seed, seed, sizeof(letter.seed));
	return send_to_child(parent, event->text, &letter);
}

void dtf__distant_cancel(struct instance *parent, uint32_t number) {
	struct engine *engine = parent->engine;
	const struct op *op = dtf__op_find(parent->ctx, number);
	if (op == NULL || op->kind != OP_CHILD || !dtf__distant_has(engine, op->child_id)) {
		return;
	}
	struct letter letter = { .op = number,
		.event = { .kind = EVENT_CANCEL_REQUESTED, .text = dtf__family_reason(parent) } };
	if (send_to_child(parent, op->child_id, &letter) < 0) {
		engine->batch.failed = true;
	}
}

int dtf__distant_terminate(
	struct instance *parent, const char *id, uint32_t op, const char *reason) {
	struct letter letter = { .op = op, .event = { .kind = EVENT_TERMINATED, .text = reason } };
	return send_to_child(parent, id, &letter);
}

int dtf__distant_end(
	struct engine *engine, uint64_t parent, int64_t execution, const struct event *event) {
	struct letter letter = {
		.id = "", .parent = parent, .execution = execution, .op = event->op, .event = *event
	};
	letter.event.time_ms = engine->now_ms;
	return dtf__post_send(engine, dtf__partition_of(parent, engine->post.count), &letter);
}

/* ---- hearing ---- */

/* It changes nothing, or has been done: the commit says that it was heard. */
static int done(struct engine *engine, struct request *request) {
	dtf__request_answer(engine, NULL, request, 0, "");
	return 0;
}

static int arrive(struct instance *instance, struct request *request, const struct event *event) {
	struct arrival *arrival = dtf__arrival_add(instance, event);
	if (arrival == NULL) {
		return dtf__fail(DTF_ENOMEM, "out of memory for a message");
	}
	arrival->request = request;
	return 0;
}

/* As the caller would have been told at once by family.c. */
static int refuse(struct engine *engine, struct request *request, enum event_admission admission) {
	const struct letter *letter = request->letter;
	const char *status = dtf__admission_name(admission);
	bool taken = admission == REFUSED_ID_TAKEN;
	int rc = 0;
	if (letter->event.kind == EVENT_CHILD_STARTED) {
		struct arena arena = { 0 };
		struct buf failure = { 0 };
		const char *message = dtf__arena_printf(&arena,
			taken ? "an instance %s exists"
			      : "no workflow %s is linked into this program",
			taken ? letter->id : letter->event.name);
		dtf__failure_encode(&failure,
			&(struct dtf_failure){ .name = dtf_child_failed.name, .message = message });
		const struct event event = { .kind = EVENT_CHILD_ENDED,
			.op = letter->op,
			.outcome = OUTCOME_FAILED,
			.text = status,
			.payload = { failure.data, failure.size } };
		rc = message == NULL || failure.failed
			? dtf__fail(DTF_ENOMEM, "out of memory for a message")
			: dtf__distant_end(engine, letter->parent, letter->execution, &event);
		dtf__buf_finish(&failure);
		dtf__arena_finish(&arena);
	} else {
		dtf__engine_log(engine, DTF_LOG_WARN, letter->id,
			taken ? "not spawned: there is an instance of that id"
			      : "not spawned: its workflow is not linked into this program");
	}
	return rc == 0 ? done(engine, request) : rc;
}

static int start(struct engine *engine, struct request *request) {
	const struct letter *letter = request->letter;
	const struct event *event = &letter->event;
	const struct dtf_workflow_def *workflow = dtf__registry_newest(engine, event->name);
	if (workflow == NULL) {
		return refuse(engine, request, REFUSED_NO_WORKFLOW);
	}
	int rc = dtf__instance_exists(engine, letter->id);
	if (rc != 0) {
		return rc < 0 ? rc : refuse(engine, request, REFUSED_ID_TAKEN);
	}
	struct event_started begin;
	struct instance *child;
	rc = dtf__instance_create(engine, letter->id, workflow, event->payload, &begin, &child);
	if (rc < 0) {
		return rc;
	}
	memcpy(begin.seed, letter->seed, sizeof(begin.seed));
	if (event->kind == EVENT_CHILD_STARTED) {
		begin.parent = child->row.parent = letter->parent;
		begin.parent_execution = child->row.parent_execution = letter->execution;
		begin.parent_op = child->row.parent_op = letter->op;
	}
	rc = arrive(child, request, &(struct event){ .kind = EVENT_STARTED, .begin = &begin });
	if (rc < 0) {
		dtf__instance_remove(child);
	}
	return rc;
}

/* A child is asked to cancel, or terminated. */
static int steer(struct engine *engine, struct request *request) {
	const struct letter *letter = request->letter;
	struct instance *child;
	int rc = dtf__instance_get(engine, letter->id, &child);
	if (rc < 0) {
		return rc;
	}
	bool runs = rc == 0 && !child->ended &&
		dtf__family_is_child(child, letter->parent, letter->execution, letter->op);
	return runs ? arrive(child, request, &letter->event) : done(engine, request);
}

static int hear_end(struct engine *engine, struct request *request) {
	const struct letter *letter = request->letter;
	struct instance *parent;
	int rc = dtf__instance_by_number(engine, letter->parent, &parent);
	if (rc < 0) {
		return rc;
	}
	bool runs = rc == 0 && !parent->ended && parent->row.execution == letter->execution;
	return runs ? arrive(parent, request, &letter->event) : done(engine, request);
}

int dtf__distant_receive(struct engine *engine, struct request *request) {
	switch ((int)request->letter->event.kind) {
	case EVENT_CHILD_STARTED:
	case EVENT_CHILD_SPAWNED:
		return start(engine, request);
	case EVENT_CANCEL_REQUESTED:
	case EVENT_TERMINATED:
		return steer(engine, request);
	case EVENT_CHILD_ENDED:
		return hear_end(engine, request);
	default:
		return dtf__fail(DTF_EINVAL, "a message of another partition makes no sense");
	}
}
