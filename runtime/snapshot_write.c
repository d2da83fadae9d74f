/*
 * Writing a machine.
 *
 * Pointers become places: a definition is its index in the workflow's tables, a
 * deadline or a scope how far it is from the innermost one of its strand.  All
 * else hangs from the strands: an op is written where it is waited for, an undo
 * where it is attached, armed or running, a branch in its block.  So there is
 * nothing to look up when it is read, and an op that hangs from nothing is
 * noticed by its number being too few.
 *
 * What only lives within a micro-step is not written, nor what is dead: ended
 * branches, memory to use again, a select whose winner has been taken.  What this
 * file does not know how to write makes it say no, never guess.
 */
#include "snapshot.h"

#include <string.h>

#include "error.h"
#include "pack.h"
#include "wire.h"

struct writer {
	struct dtf_ctx *ctx;
	struct buf *buf;
	size_t size_max;
	size_t nops;    /* written */
	bool cannot;    /* it cannot be written */
	unsigned depth; /* of strands */
};

static void put(struct writer *w, uint64_t value) {
	dtf__wire_put(w->buf, value);
}

static void put_value(struct writer *w, const struct dtf_type *type, const void *value) {
	w->cannot = w->cannot || !dtf__pack(w->buf, w->size_max, type, value);
}

/* Absent: NULL. */
static void put_optional(struct writer *w, const struct dtf_type *type, const void *value) {
	put(w, value != NULL);
	if (value != NULL) {
		put_value(w, type, value);
	}
}

#define PUT_DEF(w, table, def) put_place((w), (const void *const *)(table), (def))

static void put_place(struct writer *w, const void *const *table, const void *def) {
	size_t at = 0;
	while (table[at] != NULL && table[at] != def) {
		at++;
	}
	w->cannot = w->cannot || table[at] == NULL;
	put(w, at);
}

static void put_strand_def(struct writer *w, const struct dtf_strand_def *def) {
	PUT_DEF(w, w->ctx->workflow->strands, def);
}

/* ---- undos and ops ---- */

static void put_undo(struct writer *w, const struct undo *undo) {
	put_strand_def(w, undo->def);
	put(w, undo->order);
	put(w, undo->op);
	put(w, undo->impossible);
	if (undo->def->captured != NULL) {
		put_value(w, undo->def->captured, undo->frame);
	}
}

static void put_undos(struct writer *w, const struct undo *undos) {
	for (; undos != NULL; undos = undos->next) {
		put(w, 1);
		put_undo(w, undos);
	}
	put(w, 0);
}

static void put_op_def(struct writer *w, const struct op *op) {
	const struct dtf_workflow_def *workflow = w->ctx->workflow;
	switch (op->kind) {
	case OP_ACTIVITY:
		PUT_DEF(w, workflow->activities, op->activity);
		dtf__policy_put(w->buf, &op->policy);
		break;
	case OP_WAIT:
		PUT_DEF(w, workflow->events, op->event);
		break;
	case OP_CHILD:
		PUT_DEF(w, workflow->children, op->child);
		dtf__wire_put_text(w->buf, op->child_id);
		break;
	case OP_TIMER:
		break;
	}
}

static void put_op(struct writer *w, const struct strand *strand, const struct op *op) {
	w->cannot = w->cannot || op->strand != strand;
	w->nops++;
	put(w, op->number);
	put(w, (uint64_t)op->kind);
	put(w, (uint64_t)op->state);
	put(w, op->site);
	put_op_def(w, op);
	dtf__wire_put_bytes(w->buf, op->args);
	dtf__wire_put_signed(w->buf, op->issued_ms);
	dtf__wire_put_signed(w->buf, op->due_ms);
	dtf__wire_put_signed(w->buf, op->attempt_ms);
	put(w, op->attempt);
	put(w, op->running);
	put(w, op->unknown);
	put(w, op->failed);
	dtf__pack_failure(w->buf, &op->error);
	dtf__pack_failure(w->buf, &op->last);
	put_optional(w, dtf__op_value_type(op), op->value);
	put(w, op->undo != NULL);
	if (op->undo != NULL) {
		put_undo(w, op->undo);
	}
}

static void put_optional_op(struct writer *w, const struct strand *strand, const struct op *op) {
	put(w, op != NULL);
	if (op != NULL) {
		put_op(w, strand, op);
	}
}

/* ---- what a strand is in ---- */

static void put_deadlines(struct writer *w, const struct strand *strand) {
	for (const struct deadline *d = strand->deadlines; d != NULL; d = d->outer) {
		put(w, 1);
		put(w, d->shield);
		put(w, d->expired);
		w->cannot = w->cannot || (d->op != NULL && d->op->deadline != d);
		put_optional_op(w, strand, d->op);
	}
	put(w, 0);
}

/* 0: none; 1: the innermost one. */
static void put_deadline(struct writer *w, const struct strand *strand, const struct deadline *of) {
	uint64_t place = of == NULL ? 0 : 1;
	const struct deadline *d = strand->deadlines;
	for (; of != NULL && d != NULL && d != of; d = d->outer) {
		place++;
	}
	w->cannot = w->cannot || (of != NULL && d == NULL);
	put(w, place);
}

/* A branch's scopes end in the one that its parent has been in since. */
static void put_scopes(struct writer *w, const struct strand *strand) {
	const struct scope *end = strand->parent == NULL ? NULL : strand->parent->scope;
	uint64_t place = 0, own = 0;
	const struct scope *s = strand->scope;
	for (; s != NULL && s != end; s = s->outer) {
		place++;
		own = s == strand->own ? place : own;
		put(w, 1);
		put(w, s->depth);
		put(w, s->shield);
		put_undos(w, s->undos);
	}
	put(w, 0);
	put(w, s != NULL);
	put(w, own);
	w->cannot = w->cannot || (strand->own != NULL && own == 0);
}

static void put_held(struct writer *w, const struct strand *strand) {
	for (const struct held *h = strand->held; h != NULL; h = h->outer) {
		put(w, 1);
		put(w, h->depth);
		put(w, h->raised);
		put(w, h->cancelled);
		put_deadline(w, strand, h->leaving);
		if (h->raised) {
			dtf__pack_failure(w->buf, &h->error);
		}
	}
	put(w, 0);
}

/* ---- what it waits for ---- */

static void put_select(struct writer *w, const struct strand *strand) {
	const struct select *select = strand->select;
	uint64_t place = 0, won = 0;
	for (const struct arm *arm = select->first; arm != NULL; arm = arm->next) {
		place++;
		won = arm == select->won ? place : won;
		put(w, 1);
		dtf__wire_put_signed(w->buf, arm->index);
		put_optional_op(w, strand, arm->op);
	}
	put(w, 0);
	put(w, won);
	put(w, select->decided);
	put(w, select->leaving);
	put_undos(w, select->losers.undos);
	w->cannot = w->cannot || select->building || select->value != NULL;
}

static void put_ends(struct writer *w, const struct branch_end *ends) {
	for (; ends != NULL; ends = ends->next) {
		put(w, 1);
		put(w, ends->index);
		put_strand_def(w, ends->def);
		put_optional(w, ends->def->yields, ends->value);
		put_optional(w, &dtf_type_failure, ends->error);
	}
	put(w, 0);
}

static void put_strand(struct writer *w, const struct strand *strand);

static void put_branches(struct writer *w, const struct block *block) {
	unsigned live = 0;
	for (const struct strand *s = block->first; s != NULL; s = s->next) {
		if (!s->ended) {
			live++;
			put(w, 1);
			put_strand(w, s);
		}
	}
	put(w, 0);
	w->cannot = w->cannot || live != block->live || block->starting;
}

static void put_waiting_branches(struct writer *w, const struct block *block) {
	for (const struct seat *seat = block->seats; seat != NULL; seat = seat->next) {
		put(w, 1);
		put_strand_def(w, seat->def);
	}
	put(w, 0);
	put(w, block->each != NULL);
	if (block->each == NULL) {
		return;
	}
	const struct dtf_type *element = block->each->element;
	put_strand_def(w, block->each);
	for (size_t i = 0; i < block->count - block->started && !w->cannot; i++) {
		put_value(w, element, block->items + i * element->size);
	}
}

static void put_block(struct writer *w, const struct block *block) {
	put(w, block->count);
	put(w, block->started);
	put_waiting_branches(w, block);
	dtf__wire_put_signed(w->buf, block->limit);
	dtf__wire_put_signed(w->buf, block->until);
	put(w, block->until_of);
	put(w, block->settles);
	dtf__wire_put_signed(w->buf, block->succeeded);
	dtf__wire_put_signed(w->buf, block->lost);
	put(w, block->decided);
	put(w, block->cancelled);
	put(w, block->failed);
	put_ends(w, block->outcomes);
	put_ends(w, block->errors);
	put_branches(w, block);
}

static void put_wait(struct writer *w, const struct strand *strand) {
	put(w, (uint64_t)strand->wait);
	switch (strand->wait) {
	case WAIT_OP:
		put_op(w, strand, strand->op);
		break;
	case WAIT_SELECT:
		put_select(w, strand);
		break;
	case WAIT_JOIN:
		put_block(w, strand->block);
		break;
	case WAIT_NONE:
	case WAIT_UNWIND:
		break;
	}
}

/* ---- strands ---- */

static void put_frame(struct writer *w, const struct strand *strand) {
	const struct dtf_strand_def *def = strand->def;
	int at;
	memcpy(&at, (const char *)strand->frame + def->at, sizeof(at));
	dtf__wire_put_signed(w->buf, at);
	if (def->captured != NULL) {
		put_value(w, def->captured, strand->frame);
	}
	put_value(w, def->frame, strand->frame);
}

static void put_flags(struct writer *w, const struct strand *strand) {
	put(w, strand->is_ready);
	put(w, strand->finishing);
	put(w, strand->cancel);
	put(w, strand->cancel_delivered);
	put(w, strand->raised);
	put(w, strand->cancelled);
	put_deadline(w, strand, strand->leaving);
	if (strand->raised) {
		dtf__pack_failure(w->buf, &strand->error);
	}
}

static void put_strand(struct writer *w, const struct strand *strand) {
	if (strand->ended || ++w->depth > SNAPSHOT_DEPTH_MAX || w->buf->size > w->size_max) {
		w->cannot = true;
	}
	if (w->cannot) {
		return;
	}
	put(w, strand->serial);
	put_strand_def(w, strand->def);
	put(w, strand->index);
	put(w, strand->shield);
	put_frame(w, strand);
	put_deadlines(w, strand);
	put_scopes(w, strand);
	put_held(w, strand);
	put_flags(w, strand);
	put(w, strand->undo != NULL);
	if (strand->undo != NULL) {
		put(w, strand->undo->order);
		put(w, strand->undo->op);
		w->cannot = w->cannot || strand->undo->frame != strand->frame;
	}
	put_wait(w, strand);
	put(w, strand->undoing != NULL);
	if (strand->undoing != NULL) {
		put_strand(w, strand->undoing);
	}
	w->depth--;
}

/* ---- the whole ---- */

static void put_mailboxes(struct writer *w) {
	for (const struct mailbox *box = w->ctx->mailboxes; box != NULL; box = box->next) {
		dtf__wire_put_text(w->buf, box->name);
		for (const struct message *m = box->first; m != NULL; m = m->next) {
			put(w, 1);
			put(w, m->number);
			dtf__wire_put_bytes(w->buf, m->payload);
		}
		put(w, 0);
	}
	dtf__wire_put_text(w->buf, NULL);
}

static void put_parked(struct writer *w) {
	for (const struct parked *p = w->ctx->parked; p != NULL; p = p->next) {
		put(w, 1);
		put(w, p->event.ref);
		dtf__event_encode(w->buf, &p->event);
	}
	put(w, 0);
}

static void put_undo_failures(struct writer *w) {
	for (const struct undo_failure *f = w->ctx->undo_failures; f != NULL; f = f->next) {
		put(w, 1);
		dtf__wire_put_text(w->buf, f->name);
		put(w, f->site);
		dtf__pack_failure(w->buf, &f->error);
	}
	put(w, 0);
}

static void put_machine(struct writer *w) {
	const struct dtf_ctx *ctx = w->ctx;
	dtf__event_encode(w->buf, &(struct event){ .kind = EVENT_STARTED, .begin = &ctx->begin });
	dtf__wire_put_signed(w->buf, ctx->now_ms);
	put(w, ctx->strands);
	put(w, ctx->commands);
	put(w, ctx->undo_order);
	put(w, ctx->derived);
	dtf__wire_put_text(w->buf, ctx->cancel_reason);
	dtf__wire_put_bytes(w->buf, ctx->status);
	put(w, ctx->history_full);
	put(w, ctx->suspended);
	dtf__wire_put_text(w->buf, ctx->suspend_reason);
	put_undo_failures(w);
	put_strand(w, ctx->root);
	put_mailboxes(w);
	put_parked(w);
	w->cannot = w->cannot || w->nops != ctx->nops;
}

int dtf__snapshot_encode(struct dtf_ctx *ctx, uint64_t instance, uint64_t position, size_t size_max,
	struct buf *buf) {
	uint64_t shape;
	if (ctx->workflow->strands == NULL || ctx->root == NULL || ctx->end != END_NONE ||
		ctx->replay != NULL || dtf__stopped(ctx)) {
		return SNAPSHOT_NONE;
	}
	if (!dtf__snapshot_shape(ctx->workflow, &shape)) {
		return dtf__fail(DTF_ENOMEM, "out of memory for a snapshot");
	}
	struct writer w = { .ctx = ctx, .buf = buf, .size_max = buf->size + size_max };
	size_t at = dtf__wire_open(buf, SNAPSHOT_FORMAT);
	put(&w, shape);
	put(&w, instance);
	put(&w, position);
	dtf__wire_put_signed(buf, ctx->begin.execution);
	put(&w, ctx->events);
	put_machine(&w);
	dtf__wire_seal(buf, at, WIRE_SNAPSHOT);
	if (buf->failed) {
		return dtf__fail(DTF_ENOMEM, "out of memory for a snapshot");
	}
	if (w.cannot || buf->size > w.size_max) {
		buf->size = at;
		buf->data[at] = '\0';
		return SNAPSHOT_NONE;
	}
	return 0;
}
