/*
 * Mailboxes: one FIFO for each event name, of the instance, not of a wait.
 *
 * A message goes to the oldest open wait or stays until a wait opens.  A wait
 * that is closed has consumed nothing.  Which message a wait got is recorded
 * (TAKEN), so that tools need not derive it.
 */
#include "execution.h"

#include <string.h>

#include "codec.h"
#include "ctx.h"

struct mailbox *dtf__mailbox(struct dtf_ctx *ctx, const char *name) {
	struct mailbox **at = &ctx->mailboxes;
	for (; *at != NULL; at = &(*at)->next) {
		if (strcmp((*at)->name, name) == 0) {
			return *at;
		}
	}
	struct mailbox *box = dtf__ctx_alloc(ctx, sizeof(*box));
	size_t size = strlen(name) + 1;
	char *copy = dtf__ctx_alloc(ctx, size);
	if (ctx->out_of_memory) {
		return box;
	}
	memcpy(copy, name, size);
	*box = (struct mailbox){ .name = copy };
	box->tail = &box->first;
	box->waiting_tail = &box->waiting;
	*at = box;
	return box;
}

uint32_t dtf__mailbox_count(struct dtf_ctx *ctx, const char *name) {
	const struct mailbox *box = ctx->mailboxes;
	while (box != NULL && strcmp(box->name, name) != 0) {
		box = box->next;
	}
	return box == NULL ? 0 : box->count;
}

uint32_t dtf__mailbox_load(struct dtf_ctx *ctx, const char *name) {
	uint32_t count = dtf__mailbox_count(ctx, name);
	for (const struct parked *p = ctx->parked; p != NULL; p = p->next) {
		bool for_it = p->event.kind == EVENT_RAISED &&
			strcmp(dtf__event_full_name(ctx->workflow, p->event.name), name) == 0;
		count += for_it ? 1 : 0;
	}
	return count;
}

/* The op has got this message: its value, or that it does not decode. */
static void hand_over(struct dtf_ctx *ctx, struct op *op, uint32_t number, struct slice payload) {
	struct event event = { .kind = EVENT_TAKEN, .op = op->number, .ref = number };
	dtf__decide(ctx, &event);
	op->state = OP_DONE;
	op->value = dtf__ctx_alloc(ctx, op->event->payload->size + 1);
	if (ctx->out_of_memory) {
		return;
	}
	int rc = dtf__decode(&ctx->arena, op->event->payload, op->event->name, payload, op->value);
	if (rc == DTF_ENOMEM) {
		ctx->out_of_memory = true;
	} else if (rc < 0) {
		op->failed = true;
		op->error = (struct dtf_failure){ .name = dtf_bad_payload.name,
			.message = dtf__arena_copy(
				&ctx->arena, dtf_errmsg(), strlen(dtf_errmsg())) };
	}
}

bool dtf__mailbox_take(struct dtf_ctx *ctx, struct op *op) {
	struct mailbox *box = dtf__mailbox(ctx, op->event->name);
	struct message *message = box->first;
	if (message == NULL || ctx->out_of_memory) {
		return false;
	}
	box->first = message->next;
	if (box->first == NULL) {
		box->tail = &box->first;
	}
	box->count--;
	ctx->unread_size -= message->payload.size;
	hand_over(ctx, op, message->number, message->payload);
	return true;
}

void dtf__mailbox_wait(struct dtf_ctx *ctx, struct op *op) {
	struct mailbox *box = dtf__mailbox(ctx, op->event->name);
	if (ctx->out_of_memory) {
		return;
	}
	op->next_waiting = NULL;
	*box->waiting_tail = op;
	box->waiting_tail = &op->next_waiting;
}

void dtf__mailbox_leave(struct dtf_ctx *ctx, struct op *op) {
	struct mailbox *box = dtf__mailbox(ctx, op->event->name);
	for (struct op **at = &box->waiting; *at != NULL; at = &(*at)->next_waiting) {
		if (*at != op) {
			continue;
		}
		*at = op->next_waiting;
		if (*at == NULL) {
			box->waiting_tail = at;
		}
		return;
	}
}

void dtf__mailbox_put(
	struct dtf_ctx *ctx, const char *name, uint32_t number, struct slice payload) {
	struct mailbox *box = dtf__mailbox(ctx, name);
	if (ctx->out_of_memory) {
		return;
	}
	struct op *op = box->waiting;
	if (op != NULL) {
		dtf__mailbox_leave(ctx, op);
		hand_over(ctx, op, number, payload);
		dtf__strand_wake(ctx, op->strand);
		return;
	}
	struct message *message = dtf__ctx_alloc(ctx, sizeof(*message));
	if (ctx->out_of_memory) {
		return;
	}
	*message = (struct message){ .number = number, .payload = payload };
	*box->tail = message;
	box->tail = &message->next;
	box->count++;
	ctx->unread_size += payload.size;
}
