/*
 * Are two machines the same?  For differential replay: after a turn the
 * machine that lived through it and one rebuilt from the log must agree in
 * every strand, frame variable, open op and mailbox.
 */
#include "execution.h"

#include <stdio.h>
#include <string.h>

#include "pack.h"

/* More of a frame is not compared. */
#define FRAME_MAX ((size_t)64 * 1024 * 1024)

struct comparison {
	struct dtf_ctx *a, *b;
	const char *found;
	struct buf left, right;
};

static int frame_at(const struct strand *strand) {
	int at;
	memcpy(&at, (const char *)strand->frame + strand->def->at, sizeof(at));
	return at;
}

static bool same_frame(struct comparison *c, const struct strand *a, const struct strand *b) {
	if (a->def->frame == NULL) {
		return true;
	}
	dtf__buf_clear(&c->left);
	dtf__buf_clear(&c->right);
	bool left = dtf__pack(&c->left, FRAME_MAX, a->def->frame, a->frame);
	bool right = dtf__pack(&c->right, FRAME_MAX, b->def->frame, b->frame);
	if (c->left.failed || c->right.failed) {
		return true; /* nobody can say */
	}
	return left == right && c->left.size == c->right.size &&
		memcmp(c->left.data, c->right.data, c->left.size) == 0;
}

static bool same_text(const char *a, const char *b) {
	return (a == NULL) == (b == NULL) && (a == NULL || strcmp(a, b) == 0);
}

/* What would be undone, all the way out. */
static bool same_scopes(const struct scope *a, const struct scope *b) {
	for (; a != NULL && b != NULL; a = a->outer, b = b->outer) {
		const struct undo *u = a->undos, *v = b->undos;
		for (; u != NULL && v != NULL; u = u->next, v = v->next) {
			if (u->def != v->def || u->op != v->op || u->order != v->order ||
				u->impossible != v->impossible) {
				return false;
			}
		}
		if (u != v || a->depth != b->depth) {
			return false;
		}
	}
	return a == b;
}

static bool same_held(const struct held *a, const struct held *b) {
	for (; a != NULL && b != NULL; a = a->outer, b = b->outer) {
		if (a->depth != b->depth || a->raised != b->raised ||
			a->cancelled != b->cancelled) {
			return false;
		}
	}
	return a == b;
}

static bool same_deadlines(const struct deadline *a, const struct deadline *b) {
	for (; a != NULL && b != NULL; a = a->outer, b = b->outer) {
		if (a->expired != b->expired || (a->op == NULL) != (b->op == NULL)) {
			return false;
		}
	}
	return a == b;
}

static bool same_block(const struct block *a, const struct block *b) {
	return a->live == b->live && a->started == b->started && a->count == b->count &&
		a->succeeded == b->succeeded && a->lost == b->lost && a->decided == b->decided &&
		a->failed == b->failed && a->cancelled == b->cancelled;
}

/* It, or the next that has not ended: nothing is left of those but what the block has. */
static const struct strand *live(const struct strand *strand) {
	while (strand != NULL && strand->ended) {
		strand = strand->next;
	}
	return strand;
}

static const char *strands_differ(
	struct comparison *c, const struct strand *a, const struct strand *b) {
	for (a = live(a), b = live(b); a != NULL && b != NULL;
		a = live(a->next), b = live(b->next)) {
		if (a->serial != b->serial || a->def != b->def) {
			return "strands";
		}
		if (a->wait != b->wait || a->cancel != b->cancel || a->raised != b->raised ||
			a->shield != b->shield || a->finishing != b->finishing ||
			a->cancelled != b->cancelled ||
			(a->leaving == NULL) != (b->leaving == NULL) ||
			a->cancel_delivered != b->cancel_delivered) {
			return "what a strand waits for";
		}
		if (!same_scopes(a->scope, b->scope) || !same_held(a->held, b->held)) {
			return "what a strand would undo";
		}
		if (frame_at(a) != frame_at(b) || !same_frame(c, a, b)) {
			return "a frame";
		}
		const char *found = NULL;
		if (!same_deadlines(a->deadlines, b->deadlines)) {
			return "a deadline";
		}
		if (a->wait == WAIT_JOIN) {
			if (!same_block(a->block, b->block)) {
				return "a parallel block";
			}
			found = strands_differ(c, a->block->first, b->block->first);
		}
		if (found == NULL) {
			found = strands_differ(c, a->undoing, b->undoing);
		}
		if (found != NULL) {
			return found;
		}
	}
	return a == b ? NULL : "the number of strands";
}

static void op_differs(void *arg, struct op *op) {
	struct comparison *c = arg;
	const struct op *other = dtf__op_find(c->b, op->number);
	if (other == NULL || other->kind != op->kind || other->state != op->state ||
		other->attempt != op->attempt || other->running != op->running ||
		other->due_ms != op->due_ms || other->issued_ms != op->issued_ms ||
		other->unknown != op->unknown || other->child != op->child ||
		!same_text(other->child_id, op->child_id)) {
		c->found = "an open operation";
	}
}

static const char *mailboxes_differ(struct dtf_ctx *a, struct dtf_ctx *b) {
	for (const struct mailbox *box = a->mailboxes; box != NULL; box = box->next) {
		const struct mailbox *other = dtf__mailbox(b, box->name);
		if (b->out_of_memory) {
			return NULL; /* nobody can say */
		}
		const struct message *m = box->first, *n = other->first;
		for (; m != NULL && n != NULL; m = m->next, n = n->next) {
			if (m->number != n->number || !dtf__slice_same(m->payload, n->payload)) {
				return "a message";
			}
		}
		const struct op *v = box->waiting, *w = other->waiting;
		while (v != NULL && w != NULL && v->number == w->number) {
			v = v->next_waiting;
			w = w->next_waiting;
		}
		if (m != NULL || n != NULL || v != NULL || w != NULL) {
			return "a mailbox";
		}
	}
	return NULL;
}

static const char *rest_differs(const struct dtf_ctx *a, const struct dtf_ctx *b) {
	const struct parked *p = a->parked, *q = b->parked;
	while (p != NULL && q != NULL && p->event.ref == q->event.ref) {
		p = p->next;
		q = q->next;
	}
	const struct undo_failure *f = a->undo_failures, *g = b->undo_failures;
	while (f != NULL && g != NULL && f->site == g->site) {
		f = f->next;
		g = g->next;
	}
	bool same = p == NULL && q == NULL && f == NULL && g == NULL &&
		dtf__slice_same(a->status, b->status) &&
		same_text(a->cancel_reason, b->cancel_reason) &&
		a->history_full == b->history_full && a->unread_size == b->unread_size;
	return same ? NULL : "what is parked, failed or said";
}

const char *dtf__execution_difference(struct dtf_ctx *a, struct dtf_ctx *b) {
	struct comparison c = { .a = a, .b = b };
	if (a->events != b->events || a->commands != b->commands || a->end != b->end ||
		a->suspended != b->suspended || a->derived != b->derived) {
		return "the number of events or commands";
	}
	if (a->end != END_NONE) {
		return "";
	}
	c.found = strands_differ(&c, a->root, b->root);
	if (c.found == NULL && a->nops != b->nops) {
		c.found = "the number of open operations";
	}
	if (c.found == NULL) {
		dtf__op_each(a, op_differs, &c);
	}
	if (c.found == NULL) {
		c.found = mailboxes_differ(a, b);
	}
	if (c.found == NULL) {
		c.found = rest_differs(a, b);
	}
	dtf__buf_finish(&c.left);
	dtf__buf_finish(&c.right);
	return c.found == NULL ? "" : c.found;
}
