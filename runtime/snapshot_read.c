/*
 * Reading a machine: its head, what belongs to no strand, and the strands by
 * snapshot_strand.c.
 */
#include "snapshot.h"

#include "error.h"
#include "pack.h"
#include "wire.h"

static bool get_bool(struct wire_reader *r) {
	return dtf__wire_get_upto(r, 1) == 1;
}

/* Of an element of a list: is there one more? */
static bool more(struct wire_reader *r) {
	return get_bool(r) && !r->bad;
}

static void get_mailboxes(struct dtf_ctx *ctx, struct wire_reader *r) {
	const char *name = dtf__wire_get_text(r);
	for (; name != NULL; name = dtf__wire_get_text(r)) {
		(void)dtf__mailbox(ctx, name); /* also an empty one has its place */
		while (more(r) && !ctx->out_of_memory) {
			uint32_t number = dtf__wire_get_u32(r);
			struct slice payload = dtf__wire_get_bytes(r);
			dtf__mailbox_put(ctx, name, number, payload);
		}
	}
}

/* It waits for its event where others may have waited longer. */
static void queue_wait(void *arg, struct op *op) {
	struct dtf_ctx *ctx = arg;
	if (op->kind == OP_WAIT && op->state == OP_OPEN) {
		dtf__mailbox_wait(ctx, op);
	}
}

static void get_parked(struct dtf_ctx *ctx, struct wire_reader *r) {
	while (more(r)) {
		struct parked *parked = dtf__wire_alloc(r, sizeof(*parked));
		if (parked == NULL) {
			return;
		}
		uint32_t ref = dtf__wire_get_u32(r);
		struct slice rest = { r->at, dtf__wire_left(r) };
		int rc = dtf__event_decode(&ctx->arena, &rest, &parked->event);
		if (rc < 0) {
			r->no_memory = rc == DTF_ENOMEM;
			dtf__wire_bad(r);
			return;
		}
		r->at = rest.data;
		parked->event.ref = ref;
		*ctx->parked_tail = parked;
		ctx->parked_tail = &parked->next;
		bool unread = parked->event.kind == EVENT_RAISED;
		ctx->unread_size += unread ? parked->event.payload.size : 0;
	}
}

static void get_undo_failures(struct dtf_ctx *ctx, struct wire_reader *r) {
	while (more(r)) {
		struct undo_failure *failure = dtf__wire_alloc(r, sizeof(*failure));
		if (failure == NULL) {
			return;
		}
		failure->name = dtf__wire_get_text(r);
		failure->site = dtf__wire_get_u32(r);
		dtf__unpack_failure(r, &failure->error);
		*ctx->undo_failures_tail = failure;
		ctx->undo_failures_tail = &failure->next;
	}
}

static int get_begin(struct dtf_ctx *ctx, struct wire_reader *r) {
	struct slice rest = { r->at, dtf__wire_left(r) };
	struct event event = { 0 };
	int rc = dtf__event_decode(&ctx->arena, &rest, &event);
	if (rc == 0 && (event.kind != EVENT_STARTED || event.begin == NULL)) {
		rc = dtf__fail(DTF_ECORRUPT, "a snapshot does not begin with its start");
	}
	if (rc == 0) {
		ctx->begin = *event.begin;
		r->at = rest.data;
	}
	return rc;
}

static void get_machine(struct dtf_ctx *ctx, struct wire_reader *r) {
	ctx->now_ms = dtf__wire_get_signed(r);
	ctx->strands = dtf__wire_get_u32(r);
	ctx->commands = dtf__wire_get_u32(r);
	ctx->undo_order = dtf__wire_get(r);
	ctx->derived = dtf__wire_get(r);
	ctx->fuel = FUEL_MAX;
	ctx->cancel_reason = dtf__wire_get_text(r);
	ctx->status = dtf__wire_get_bytes(r);
	ctx->history_full = get_bool(r);
	ctx->suspended = get_bool(r);
	ctx->suspend_reason = dtf__wire_get_text(r);
	get_undo_failures(ctx, r);
	ctx->root = dtf__snapshot_strands(ctx, r);
	get_mailboxes(ctx, r);
	get_parked(ctx, r);
	dtf__op_each(ctx, queue_wait, ctx);
	if (ctx->root == NULL || r->at != r->end) {
		dtf__wire_bad(r);
	}
}

int dtf__snapshot_open(
	const struct dtf_workflow_def *workflow, struct slice bytes, struct snapshot *ret) {
	uint64_t shape;
	struct slice body;
	if (workflow->strands == NULL) {
		return SNAPSHOT_OTHER;
	}
	int rc = dtf__wire_check(bytes, WIRE_SNAPSHOT, SNAPSHOT_FORMAT, "a snapshot", &body);
	if (rc == DTF_EFORMAT) {
		return SNAPSHOT_OTHER;
	}
	if (rc == 0 && !dtf__snapshot_shape(workflow, &shape)) {
		rc = dtf__fail(DTF_ENOMEM, "out of memory for a snapshot");
	}
	if (rc < 0) {
		return rc;
	}
	struct wire_reader reader = { .at = body.data, .end = body.data + body.size };
	bool own = dtf__wire_get(&reader) == shape;
	struct snapshot snapshot = { .instance = dtf__wire_get(&reader),
		.position = dtf__wire_get(&reader),
		.execution = dtf__wire_get_signed(&reader),
		.events = dtf__wire_get_u32(&reader),
		.body = { reader.at, (size_t)(reader.end - reader.at) } };
	rc = dtf__wire_result(&reader, "a snapshot");
	if (rc < 0) {
		return rc;
	}
	*ret = snapshot;
	return own ? 0 : SNAPSHOT_OTHER;
}

int dtf__snapshot_decode(const struct dtf_workflow_def *workflow, const struct execution_host *host,
	const struct snapshot *snapshot, struct dtf_ctx **ret) {
	struct dtf_ctx *ctx = dtf__execution_create(workflow, host);
	if (ctx == NULL) {
		return dtf__fail(DTF_ENOMEM, "out of memory for a snapshot");
	}
	struct slice body = snapshot->body;
	struct wire_reader reader = {
		.at = body.data, .end = body.data + body.size, .arena = &ctx->arena
	};
	ctx->events = snapshot->events;
	int rc = get_begin(ctx, &reader);
	if (rc == 0) {
		get_machine(ctx, &reader);
		reader.no_memory = reader.no_memory || ctx->out_of_memory;
		rc = dtf__wire_result(&reader, "a snapshot");
	}
	if (rc < 0) {
		dtf__execution_destroy(ctx);
		return rc;
	}
	ctx->compacted = ctx->arena.used;
	*ret = ctx;
	return 0;
}
