/*
 * Reading strands, and all that hangs from them: the mirror of snapshot_write.c,
 * function by function.
 *
 * Nothing is trusted: numbers are held against the tables they index, lists
 * against the bytes that are left.  The first thing that does not fit sticks in
 * the reader, from there on all reads as zero, and every loop ends with a zero.
 */
#include "snapshot.h"

#include <string.h>

#include "list.h"
#include "pack.h"
#include "wire.h"

struct loader {
	struct dtf_ctx *ctx;
	struct wire_reader *reader;
	unsigned depth; /* of strands */
};

static uint64_t get(struct loader *l) {
	return dtf__wire_get(l->reader);
}

static bool get_bool(struct loader *l) {
	return dtf__wire_get_upto(l->reader, 1) == 1;
}

static uint32_t get_u32(struct loader *l) {
	return dtf__wire_get_u32(l->reader);
}

static int64_t get_signed(struct loader *l) {
	return dtf__wire_get_signed(l->reader);
}

static void bad(struct loader *l) {
	dtf__wire_bad(l->reader);
}

/* Of an element of a list: is there one more? */
static bool more(struct loader *l) {
	return get_bool(l) && !l->reader->bad;
}

static void *new (struct loader *l, size_t size) {
	return dtf__wire_alloc(l->reader, size);
}

static void *get_value(struct loader *l, const struct dtf_type *type) {
	void *value = new (l, type->size + 1);
	if (value != NULL) {
		dtf__unpack(l->reader, type, value);
	}
	return value;
}

static void *get_optional(struct loader *l, const struct dtf_type *type) {
	if (!more(l)) {
		return NULL;
	}
	if (type == NULL) {
		bad(l);
		return NULL;
	}
	return get_value(l, type);
}

#define GET_DEF(l, table) get_place((l), (const void *const *)(table))

/* NULL: there is no such place. */
static const void *get_place(struct loader *l, const void *const *table) {
	size_t count = 0;
	while (table[count] != NULL) {
		count++;
	}
	uint64_t at = get(l);
	if (l->reader->bad || at >= count) {
		bad(l);
		return NULL;
	}
	return table[at];
}

static const struct dtf_strand_def *get_strand_def(struct loader *l) {
	return GET_DEF(l, l->ctx->workflow->strands);
}

/* ---- undos and ops ---- */

static struct undo *get_undo(struct loader *l) {
	const struct dtf_strand_def *def = get_strand_def(l);
	struct undo *undo = new (l, sizeof(*undo));
	void *frame = def == NULL ? NULL : new (l, def->frame_size);
	if (undo == NULL || frame == NULL) {
		return NULL;
	}
	undo->def = def;
	undo->frame = frame;
	undo->order = get(l);
	undo->op = get_u32(l);
	undo->impossible = get_bool(l);
	if (def->captured != NULL) {
		dtf__unpack(l->reader, def->captured, frame);
	}
	return undo;
}

static struct undo *get_undos(struct loader *l) {
	struct undo *first = NULL, **tail = &first;
	while (more(l)) {
		struct undo *undo = get_undo(l);
		if (undo == NULL) {
			break;
		}
		*tail = undo;
		tail = &undo->next;
	}
	return first;
}

static void get_op_def(struct loader *l, struct op *op) {
	const struct dtf_workflow_def *workflow = l->ctx->workflow;
	switch (op->kind) {
	case OP_ACTIVITY:
		op->activity = GET_DEF(l, workflow->activities);
		dtf__policy_get(l->reader, &op->policy);
		break;
	case OP_WAIT:
		op->event = GET_DEF(l, workflow->events);
		break;
	case OP_CHILD:
		op->child = GET_DEF(l, workflow->children);
		op->child_id = dtf__wire_get_text(l->reader);
		break;
	case OP_TIMER:
		break;
	}
}

/* NULL: it does not read as one. */
static struct op *get_op(struct loader *l, struct strand *strand) {
	struct op op = { .strand = strand, .number = get_u32(l) };
	op.kind = (enum op_kind)dtf__wire_get_upto(l->reader, OP_CHILD);
	op.state = (enum op_state)dtf__wire_get_upto(l->reader, OP_SETTLED);
	op.site = get_u32(l);
	get_op_def(l, &op);
	op.args = dtf__wire_get_bytes(l->reader);
	op.issued_ms = get_signed(l);
	op.due_ms = get_signed(l);
	op.attempt_ms = get_signed(l);
	op.attempt = get_u32(l);
	op.running = get_bool(l);
	op.unknown = get_bool(l);
	op.failed = get_bool(l);
	dtf__unpack_failure(l->reader, &op.error);
	dtf__unpack_failure(l->reader, &op.last);
	if (op.number == 0 || op.number > l->ctx->commands ||
		dtf__op_find(l->ctx, op.number) != NULL) {
		bad(l);
	}
	if (l->reader->bad) {
		return NULL;
	}
	op.value = get_optional(l, dtf__op_value_type(&op));
	op.undo = more(l) ? get_undo(l) : NULL;
	struct op *kept = l->reader->bad ? NULL : dtf__op_add(l->ctx, &op);
	if (kept == NULL) {
		l->reader->no_memory = l->reader->no_memory || !l->reader->bad;
		bad(l);
	}
	return kept;
}

/* ---- what a strand is in ---- */

static void get_deadlines(struct loader *l, struct strand *strand) {
	struct deadline **tail = &strand->deadlines;
	while (more(l)) {
		struct deadline *deadline = new (l, sizeof(*deadline));
		if (deadline == NULL) {
			return;
		}
		deadline->shield = get_u32(l);
		deadline->expired = get_bool(l);
		deadline->op = more(l) ? get_op(l, strand) : NULL;
		if (deadline->op != NULL) {
			deadline->op->deadline = deadline;
		}
		*tail = deadline;
		tail = &deadline->outer;
	}
}

static struct deadline *get_deadline(struct loader *l, struct strand *strand) {
	uint64_t place = get(l);
	struct deadline *deadline = strand->deadlines;
	if (place == 0) {
		return NULL;
	}
	for (; place > 1 && deadline != NULL; place--) {
		deadline = deadline->outer;
	}
	if (deadline == NULL) {
		bad(l);
	}
	return deadline;
}

static void get_scopes(struct loader *l, struct strand *strand) {
	struct scope *scopes = NULL, **tail = &scopes;
	uint64_t count = 0;
	while (more(l)) {
		struct scope *scope = new (l, sizeof(*scope));
		if (scope == NULL) {
			return;
		}
		scope->depth = get_u32(l);
		scope->shield = get_u32(l);
		scope->undos = get_undos(l);
		*tail = scope;
		tail = &scope->outer;
		count++;
	}
	if (get_bool(l) && strand->parent != NULL) {
		*tail = strand->parent->scope;
	}
	strand->scope = scopes;
	uint64_t own = dtf__wire_get_upto(l->reader, count);
	for (; own > 0; own--) {
		strand->own = scopes;
		scopes = scopes->outer;
	}
	if (strand->scope == NULL || (strand->parent == NULL && strand->own == NULL)) {
		bad(l); /* undos need a place to go to */
	}
}

static void get_held(struct loader *l, struct strand *strand) {
	struct held **tail = &strand->held;
	while (more(l)) {
		struct held *held = new (l, sizeof(*held));
		if (held == NULL) {
			return;
		}
		held->depth = get_u32(l);
		held->raised = get_bool(l);
		held->cancelled = get_bool(l);
		held->leaving = get_deadline(l, strand);
		if (held->raised) {
			dtf__unpack_failure(l->reader, &held->error);
		}
		*tail = held;
		tail = &held->outer;
	}
}

/* ---- what it waits for ---- */

static void get_select(struct loader *l, struct strand *strand) {
	struct select *select = new (l, sizeof(*select));
	if (select == NULL) {
		return;
	}
	select->tail = &select->first;
	while (more(l)) {
		struct arm *arm = new (l, sizeof(*arm));
		if (arm == NULL) {
			return;
		}
		arm->index = (int)get_signed(l);
		arm->op = more(l) ? get_op(l, strand) : NULL;
		*select->tail = arm;
		select->tail = &arm->next;
	}
	uint64_t won = get(l);
	select->won = won == 0 ? NULL : select->first;
	for (; won > 1 && select->won != NULL; won--) {
		select->won = select->won->next;
	}
	if (won > 0 && select->won == NULL) {
		bad(l);
	}
	select->decided = get_bool(l);
	select->leaving = get_bool(l);
	select->losers.undos = get_undos(l);
	strand->select = select;
}

static void get_ends(struct loader *l, struct block *block, struct branch_end ***tail) {
	while (more(l)) {
		struct branch_end *end = new (l, sizeof(*end));
		if (end == NULL) {
			return;
		}
		end->index = (size_t)get(l);
		end->def = get_strand_def(l);
		if (end->def == NULL || end->index >= block->count) {
			bad(l);
			return;
		}
		end->value = get_optional(l, end->def->yields);
		end->error = get_optional(l, &dtf_type_failure);
		**tail = end;
		*tail = &end->next;
	}
}

static struct strand *get_strand(struct loader *l, struct strand *parent);

static void get_branches(struct loader *l, struct strand *holder, struct block *block) {
	while (more(l)) {
		struct strand *branch = get_strand(l, holder);
		if (branch == NULL) {
			return;
		}
		if (branch->index >= block->started || branch->undo != NULL) {
			bad(l);
		}
		*block->tail = branch;
		block->tail = &branch->next;
		block->live++;
	}
}

static void get_items(struct loader *l, struct block *block) {
	const struct dtf_type *type = block->each->element;
	size_t count = block->count - block->started;
	if (type == NULL || count > dtf__wire_left(l->reader) ||
		(type->size > 0 && count > VALUE_MAX / type->size)) {
		bad(l);
		return;
	}
	char *items = new (l, count * type->size + 1);
	for (size_t i = 0; items != NULL && i < count && !l->reader->bad; i++) {
		dtf__unpack(l->reader, type, items + i * type->size);
	}
	block->items = items;
}

static void get_waiting_branches(struct loader *l, struct block *block) {
	while (more(l)) {
		struct seat *seat = new (l, sizeof(*seat));
		if (seat == NULL) {
			return;
		}
		seat->def = get_strand_def(l);
		*block->seats_tail = seat;
		block->seats_tail = &seat->next;
	}
	if (more(l)) {
		block->each = get_strand_def(l);
		if (block->each != NULL) {
			get_items(l, block);
		}
	}
}

static void get_block(struct loader *l, struct strand *strand) {
	struct block *block = new (l, sizeof(*block));
	if (block == NULL) {
		return;
	}
	block->tail = &block->first;
	block->seats_tail = &block->seats;
	block->outcomes_tail = &block->outcomes;
	block->errors_tail = &block->errors;
	block->count = (size_t)dtf__wire_get_upto(l->reader, SIZE_MAX);
	block->started = (size_t)dtf__wire_get_upto(l->reader, block->count);
	get_waiting_branches(l, block);
	block->limit = get_signed(l);
	block->until = get_signed(l);
	block->until_of = (size_t)dtf__wire_get_upto(l->reader, SIZE_MAX);
	block->settles = get_bool(l);
	block->succeeded = get_signed(l);
	block->lost = get_signed(l);
	block->decided = get_bool(l);
	block->cancelled = get_bool(l);
	block->failed = get_bool(l);
	get_ends(l, block, &block->outcomes_tail);
	get_ends(l, block, &block->errors_tail);
	strand->block = block;
	get_branches(l, strand, block);
}

static void get_wait(struct loader *l, struct strand *strand) {
	strand->wait = (enum wait_kind)dtf__wire_get_upto(l->reader, WAIT_UNWIND);
	switch (strand->wait) {
	case WAIT_OP:
		strand->op = get_op(l, strand);
		break;
	case WAIT_SELECT:
		get_select(l, strand);
		break;
	case WAIT_JOIN:
		get_block(l, strand);
		break;
	case WAIT_NONE:
	case WAIT_UNWIND:
		break;
	}
}

/* ---- strands ---- */

static void get_frame(struct loader *l, const struct dtf_strand_def *def, char *frame) {
	int at = (int)get_signed(l);
	memcpy(frame + def->at, &at, sizeof(at));
	if (def->captured != NULL) {
		dtf__unpack(l->reader, def->captured, frame);
	}
	dtf__unpack(l->reader, def->frame, frame);
}

static void get_flags(struct loader *l, struct strand *strand) {
	if (get_bool(l)) {
		dtf__strand_wake(l->ctx, strand);
	}
	strand->finishing = get_bool(l);
	strand->cancel = get_bool(l);
	strand->cancel_delivered = get_bool(l);
	strand->raised = get_bool(l);
	strand->cancelled = get_bool(l);
	strand->leaving = get_deadline(l, strand);
	if (strand->raised) {
		dtf__unpack_failure(l->reader, &strand->error);
	}
}

static void get_undone(struct loader *l, struct strand *strand) {
	if (!more(l)) {
		return;
	}
	struct undo *undo = new (l, sizeof(*undo));
	if (undo != NULL) {
		undo->def = strand->def;
		undo->frame = strand->frame;
		undo->order = get(l);
		undo->op = get_u32(l);
		strand->undo = undo;
	}
}

/* NULL: it does not read as one. */
static struct strand *get_strand(struct loader *l, struct strand *parent) {
	uint32_t serial = get_u32(l);
	const struct dtf_strand_def *def = get_strand_def(l);
	if (def == NULL || ++l->depth > SNAPSHOT_DEPTH_MAX) {
		bad(l);
		return NULL;
	}
	struct strand *strand = new (l, sizeof(*strand));
	char *frame = new (l, def->frame_size);
	if (strand == NULL || frame == NULL) {
		return NULL;
	}
	*strand = (struct strand){ .serial = serial, .def = def, .frame = frame, .parent = parent };
	strand->index = (size_t)dtf__wire_get_upto(l->reader, SIZE_MAX);
	strand->shield = get_u32(l);
	get_frame(l, def, frame);
	get_deadlines(l, strand);
	get_scopes(l, strand);
	get_held(l, strand);
	get_flags(l, strand);
	get_undone(l, strand);
	get_wait(l, strand);
	strand->undoing = more(l) ? get_strand(l, strand) : NULL;
	if (strand->undoing != NULL && strand->undoing->undo == NULL) {
		bad(l);
	}
	l->depth--;
	return l->reader->bad ? NULL : strand;
}

struct strand *dtf__snapshot_strands(struct dtf_ctx *ctx, struct wire_reader *reader) {
	struct loader l = { .ctx = ctx, .reader = reader };
	return get_strand(&l, NULL);
}
