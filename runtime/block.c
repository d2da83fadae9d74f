/*
 * parallel: branches are strands that start in source order, or in the order
 * of a list's elements, each to its first wait.
 *
 * A block is decided once.  Fail fast: by the first error in history order.
 * `until K`: by the Kth success, or by the error that makes K successes
 * impossible.  `settle`: never, errors are outcomes.  Once it is decided no
 * branch starts any more, the others are cancelled, and the join waits until
 * each has settled.
 *
 * In an until or settle block each branch is an undo scope of its own: one
 * that ends well hands its undos to the scope around the block, any other runs
 * them before it has ended.  An ended strand's memory is used again for the
 * next element, so a list of any length needs no more strands than `limit`.
 */
#include "execution.h"

#include <string.h>

#include "codec.h"
#include "ctx.h"
#include "error.h"
#include "list.h"

/* As many errors of one block are raised together; all are in the history. */
#define ERRORS_MAX 100

/* Nothing starts, and the join reports what is raised. */
static void give_up(struct strand *strand) {
	strand->block->decided = true;
	strand->wait = WAIT_NONE;
}

void dtf_parallel(struct dtf_ctx *ctx, uint32_t site) {
	struct strand *strand = ctx->strand;
	struct block *block = dtf__ctx_alloc(ctx, sizeof(*block));
	if (dtf__stopped(ctx)) {
		return;
	}
	block->tail = &block->first;
	block->seats_tail = &block->seats;
	block->outcomes_tail = &block->outcomes;
	block->errors_tail = &block->errors;
	strand->block = block;
	strand->wait = WAIT_JOIN;
	if (!dtf__may_issue(ctx)) {
		give_up(strand);
	}
}

/* A fault in what the block is given comes before its branches. */
static bool is_open(struct dtf_ctx *ctx) {
	struct strand *strand = ctx->strand;
	if (dtf__stopped(ctx)) {
		return false;
	}
	if (strand->raised && !strand->block->decided) {
		give_up(strand);
	}
	return !strand->block->decided;
}

void dtf_limit(struct dtf_ctx *ctx, int64_t limit) {
	if (!is_open(ctx)) {
		return;
	}
	ctx->strand->block->limit = limit;
	if (limit < 1) {
		dtf__ctx_fault(ctx, &dtf_out_of_range, "`limit` is %lld, it must be at least 1",
			(long long)limit);
		give_up(ctx->strand);
	}
}

void dtf_until(struct dtf_ctx *ctx, int64_t until, size_t count) {
	if (!is_open(ctx)) {
		return;
	}
	ctx->strand->block->until = until;
	ctx->strand->block->until_of = count;
	if (until < 1 || (uint64_t)until > count) {
		dtf__ctx_fault(ctx, &dtf_out_of_range, "`until` is %lld, there are %zu branches",
			(long long)until, count);
		give_up(ctx->strand);
	}
}

void dtf_settle(struct dtf_ctx *ctx) {
	if (is_open(ctx)) {
		ctx->strand->block->settles = true;
	}
}

/* ---- starting ---- */

static bool has_own_scope(const struct block *block) {
	return block->settles || block->until > 0;
}

/* Memory for one more: of a branch that has ended, if there is one. */
static struct strand *make(
	struct dtf_ctx *ctx, struct strand *holder, const struct dtf_strand_def *def) {
	struct block *block = holder->block;
	struct strand *strand = block->spare;
	struct scope *own;
	void *frame;
	if (strand != NULL) {
		block->spare = strand->next;
		frame = strand->frame;
		own = strand->own;
		memset(frame, 0, def->frame_size);
	} else {
		strand = dtf__ctx_alloc(ctx, sizeof(*strand));
		frame = dtf__ctx_alloc(ctx, def->frame_size);
		own = has_own_scope(block) ? dtf__ctx_alloc(ctx, sizeof(*own)) : NULL;
	}
	if (ctx->out_of_memory) {
		return NULL;
	}
	dtf__strand_init(ctx, strand, def, frame, holder);
	if (own != NULL) {
		*own = (struct scope){ 0 };
		strand->own = own;
		strand->scope = own;
	}
	return strand;
}

static void start_next(struct dtf_ctx *ctx, struct strand *holder) {
	struct block *block = holder->block;
	struct seat *seat = block->seats;
	const struct dtf_strand_def *def = seat == NULL ? block->each : seat->def;
	struct strand *branch = make(ctx, holder, def);
	if (branch == NULL) {
		return;
	}
	branch->index = block->started++;
	if (seat != NULL) {
		block->seats = seat->next;
	} else {
		memcpy((char *)branch->frame + def->element_at, block->items, def->element->size);
		block->items += def->element->size;
	}
	*block->tail = branch;
	block->tail = &branch->next;
	block->live++;
	dtf__strand_run(ctx, branch);
}

/* As many as may run.  One that ends at once makes room without going deeper. */
static void fill(struct dtf_ctx *ctx, struct strand *holder) {
	struct block *block = holder->block;
	if (block->starting) {
		return;
	}
	block->starting = true;
	while (!block->decided && block->started < block->count && !dtf__stopped(ctx) &&
		(block->limit == 0 || (int64_t)block->live < block->limit)) {
		start_next(ctx, holder);
	}
	block->starting = false;
}

void dtf_branch(struct dtf_ctx *ctx, const struct dtf_strand_def *def, void *up) {
	dtf__assert(up == ctx->strand->frame);
	if (!is_open(ctx)) {
		return;
	}
	struct block *block = ctx->strand->block;
	struct seat *seat = dtf__ctx_alloc(ctx, sizeof(*seat));
	if (dtf__stopped(ctx)) {
		return;
	}
	*seat = (struct seat){ .def = def };
	*(block->seats == NULL ? &block->seats : block->seats_tail) = seat;
	block->seats_tail = &seat->next;
	block->count++;
	fill(ctx, ctx->strand);
}

void dtf_elements(struct dtf_ctx *ctx, const struct dtf_strand_def *def, void *up,
	const void *items, size_t count) {
	dtf__assert(up == ctx->strand->frame);
	if (!is_open(ctx)) {
		return;
	}
	struct block *block = ctx->strand->block;
	block->each = def;
	block->items = items;
	block->count = items == NULL ? 0 : count;
	fill(ctx, ctx->strand);
}

/* ---- ends ---- */

static void decide(struct dtf_ctx *ctx, struct block *block) {
	block->decided = true;
	for (struct strand *s = block->first; s != NULL; s = s->next) {
		dtf__strand_cancel(ctx, s);
	}
}

static void add_outcome(
	struct dtf_ctx *ctx, struct block *block, const struct strand *branch, bool failed) {
	struct branch_end *outcome = dtf__ctx_alloc(ctx, sizeof(*outcome));
	struct dtf_failure *error = failed ? dtf__ctx_alloc(ctx, sizeof(*error)) : NULL;
	if (dtf__stopped(ctx)) {
		return;
	}
	if (failed) {
		*error = branch->error;
	}
	*outcome = (struct branch_end){ .index = branch->index,
		.def = branch->def,
		.value = failed ? NULL : branch->yielded,
		.error = error };
	struct branch_end ***tail = failed && !block->settles ? &block->errors_tail
							      : &block->outcomes_tail;
	**tail = outcome;
	*tail = &outcome->next;
}

static void succeeded(struct dtf_ctx *ctx, struct block *block, struct strand *branch) {
	if (branch->own != NULL) {
		dtf__scope_hand_over(branch->own, branch->parent->scope);
	}
	if (block->settles || branch->yielded != NULL) {
		add_outcome(ctx, block, branch, false);
	}
	if (++block->succeeded == block->until) {
		decide(ctx, block);
	}
}

static void failed(struct dtf_ctx *ctx, struct block *block, const struct strand *branch) {
	if (block->decided && !block->failed) {
		return; /* it has what it wants, or is left */
	}
	if (block->settles || block->lost < ERRORS_MAX) {
		add_outcome(ctx, block, branch, true);
	}
	block->lost++;
	bool possible = block->settles ||
		(block->until > 0 && (int64_t)block->until_of - block->lost >= block->until);
	if (!block->decided && !possible) {
		block->failed = true;
		decide(ctx, block);
	}
}

/* Only with a limit: then it is found soon. */
static void recycle(struct block *block, struct strand *branch) {
	if (block->each == NULL || block->limit == 0 || branch->is_ready) {
		return;
	}
	struct strand **at = &block->first;
	while (*at != branch) {
		at = &(*at)->next;
	}
	*at = branch->next;
	if (block->tail == &branch->next) {
		block->tail = at;
	}
	branch->next = block->spare;
	block->spare = branch;
}

bool dtf__block_lost(const struct strand *branch) {
	bool is_branch = branch->parent != NULL && branch->undo == NULL;
	const struct block *block = is_branch ? branch->parent->block : NULL;
	return block != NULL && block->until > 0 && block->decided;
}

void dtf__block_ended(struct dtf_ctx *ctx, struct strand *branch) {
	struct strand *holder = branch->parent;
	struct block *block = holder->block;
	block->live--;
	if (!branch->raised) {
		succeeded(ctx, block, branch);
	} else if (!branch->cancelled) {
		failed(ctx, block, branch);
	}
	recycle(block, branch);
	fill(ctx, holder);
	if (block->live == 0) {
		dtf__strand_wake(ctx, holder);
	}
}

enum dtf_step dtf_yield(struct dtf_ctx *ctx, const void *value) {
	struct strand *strand = ctx->strand;
	size_t size = strand->def->yields->size;
	void *copy = dtf__ctx_alloc(ctx, size);
	if (strand->raised || dtf__stopped(ctx)) {
		return DTF_RAISED;
	}
	memcpy(copy, value, size);
	strand->yielded = copy;
	return DTF_DONE;
}

/* ---- joining ---- */

/* An outcome[T] is a record: ok, value (unless T is nothing), error.  The value
 * is a T?, so of an optional T it is what was yielded. */
static void write_outcome(const struct dtf_type *type, char *at, const struct branch_end *outcome) {
	const struct dtf_field *fields = type->fields;
	bool ok = outcome->error == NULL;
	memcpy(at + fields[0].offset, &ok, sizeof(ok));
	if (outcome->value != NULL) {
		const struct dtf_type *value = fields[1].type;
		char *to = at + fields[1].offset;
		if (outcome->def->yields->kind == DTF_KIND_OPTIONAL) {
			memcpy(to, outcome->value, value->size);
		} else if (value->value_at == 0) {
			memcpy(to, &outcome->value, sizeof(outcome->value));
		} else {
			memcpy(to, &ok, sizeof(ok));
			memcpy(to + value->value_at, outcome->value, value->of->size);
		}
	}
	if (!ok) {
		memcpy(at + fields[type->count - 1].offset, outcome->error,
			sizeof(*outcome->error));
	}
}

/* In source order; those of an until in the order of their success. */
static void collect(
	struct dtf_ctx *ctx, const struct block *block, const struct dtf_type *type, void *ret) {
	size_t count = block->until > 0 ? (size_t)block->until : block->count, n = 0;
	if (count > VALUE_MAX / type->size) {
		dtf__ctx_fault(ctx, &dtf_payload_too_large,
			"the value of a parallel of %zu branches is too large", count);
		return;
	}
	char *items = dtf__list_new(&ctx->arena, type->size, count);
	if (items == NULL) {
		dtf__ctx_exhausted(ctx);
		return;
	}
	for (const struct branch_end *o = block->outcomes; o != NULL && n < count; o = o->next) {
		char *at = items + (block->until > 0 ? n : o->index) * type->size;
		if (block->settles) {
			write_outcome(type, at, o);
		} else {
			memcpy(at, o->value, type->size);
		}
		n++;
	}
	dtf__list_write(ret, items, count);
}

/* The first error in history order; those that came after it are attached, up to the
 * size of a payload: all together must fit into the event that ends the execution. */
static void raise_errors(struct dtf_ctx *ctx, struct strand *strand, const struct block *block) {
	struct dtf_failure error = *block->errors->error;
	struct buf *buf = &ctx->scratch;
	int64_t size_max = ctx->begin.payload_max;
	dtf__buf_clear(buf);
	for (const struct branch_end *o = block->errors->next;
		o != NULL && (int64_t)buf->size < size_max; o = o->next) {
		dtf__buf_text(buf, buf->size == 0 ? "[" : ",");
		dtf__failure_encode(buf, o->error);
	}
	if (block->errors->next != NULL) {
		dtf__buf_text(buf, "]");
		error.suppressed = buf->failed ? NULL
					       : dtf__arena_copy(&ctx->arena, buf->data, buf->size);
		if (error.suppressed == NULL) {
			dtf__ctx_exhausted(ctx);
		}
	}
	dtf__strand_raise(strand, &error);
}

enum dtf_step dtf_join_values(struct dtf_ctx *ctx, const struct dtf_type *type, void *ret) {
	struct strand *strand = ctx->strand;
	struct block *block = strand->block;
	if (dtf__stopped(ctx)) {
		return DTF_WAIT;
	}
	if (strand->wait != WAIT_JOIN) {
		return strand->raised ? DTF_RAISED : DTF_WAIT;
	}
	if (block->live > 0) {
		if (!block->decided && dtf__strand_interrupted(strand)) {
			block->cancelled = true;
			decide(ctx, block);
		}
		return DTF_WAIT;
	}
	strand->wait = WAIT_NONE;
	strand->block = NULL;
	if (block->failed) {
		raise_errors(ctx, strand, block);
	} else if (block->cancelled) {
		dtf__strand_raise_interrupt(strand);
	} else if (type != NULL) {
		collect(ctx, block, type, ret);
	}
	return strand->raised ? DTF_RAISED : DTF_READY;
}

enum dtf_step dtf_join(struct dtf_ctx *ctx) {
	return dtf_join_values(ctx, NULL, NULL);
}

void *dtf_up(struct dtf_ctx *ctx, unsigned levels) {
	struct strand *strand = ctx->strand;
	for (unsigned i = 0; i < levels; i++) {
		dtf__assert(strand->parent != NULL);
		strand = strand->parent;
	}
	return strand->frame;
}
