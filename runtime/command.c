/*
 * Commands: issuing ops, awaiting them, taking what they brought.
 *
 * Nothing here fails in the caller's sight: what goes wrong is raised in the
 * strand, where the next await reports it.  An op stays in the table until its
 * strand has taken its outcome or nobody waits for it any more; a completion
 * that finds no op is late and changes nothing.
 */
#include "execution.h"

#include <stdlib.h>
#include <string.h>

#include "codec.h"
#include "ctx.h"

/* ---- the table of open ops ---- */

static bool grow_table(struct dtf_ctx *ctx) {
	size_t size = ctx->ops_size == 0 ? 16 : ctx->ops_size * 2;
	struct op **table = calloc(size, sizeof(struct op *));
	if (table == NULL) {
		ctx->out_of_memory = true;
		return false;
	}
	for (size_t i = 0; i < ctx->ops_size; i++) {
		struct op *next;
		for (struct op *op = ctx->ops[i]; op != NULL; op = next) {
			next = op->next;
			op->next = table[op->number % size];
			table[op->number % size] = op;
		}
	}
	free(ctx->ops);
	ctx->ops = table;
	ctx->ops_size = size;
	return true;
}

struct op *dtf__op_find(struct dtf_ctx *ctx, uint32_t number) {
	if (ctx->ops_size == 0) {
		return NULL;
	}
	struct op *op = ctx->ops[number % ctx->ops_size];
	while (op != NULL && op->number != number) {
		op = op->next;
	}
	return op;
}

struct op *dtf__op_add(struct dtf_ctx *ctx, const struct op *like) {
	struct op *op = ctx->free_ops;
	if (op != NULL) {
		ctx->free_ops = op->next;
	} else {
		op = dtf__ctx_alloc(ctx, sizeof(*op));
	}
	if (ctx->out_of_memory || (ctx->nops >= ctx->ops_size && !grow_table(ctx))) {
		return NULL;
	}
	*op = *like;
	op->next = ctx->ops[op->number % ctx->ops_size];
	ctx->ops[op->number % ctx->ops_size] = op;
	ctx->nops++;
	return op;
}

struct op *dtf__op_open(struct dtf_ctx *ctx, enum op_kind kind, uint32_t site) {
	return dtf__op_add(ctx,
		&(struct op){ .kind = kind,
			.site = site,
			.strand = ctx->strand,
			.number = ++ctx->commands,
			.issued_ms = ctx->now_ms });
}

void dtf__op_close(struct dtf_ctx *ctx, struct op *op) {
	if (op->kind == OP_WAIT) {
		dtf__mailbox_leave(ctx, op);
	}
	struct op **at = &ctx->ops[op->number % ctx->ops_size];
	while (*at != op) {
		at = &(*at)->next;
	}
	*at = op->next;
	ctx->nops--;
	op->next = ctx->free_ops;
	ctx->free_ops = op;
}

static int by_number(const void *a, const void *b) {
	const struct op *const *left = a, *const *right = b;
	return ((*left)->number > (*right)->number) - ((*left)->number < (*right)->number);
}

void dtf__op_each(struct dtf_ctx *ctx, void (*f)(void *arg, struct op *op), void *arg) {
	struct op **all = calloc(ctx->nops + 1, sizeof(struct op *));
	if (all == NULL) {
		ctx->out_of_memory = true;
		return;
	}
	size_t n = 0;
	for (size_t i = 0; i < ctx->ops_size; i++) {
		for (struct op *op = ctx->ops[i]; op != NULL; op = op->next) {
			all[n++] = op;
		}
	}
	qsort(all, n, sizeof(struct op *), by_number);
	for (size_t i = 0; i < n; i++) {
		f(arg, all[i]);
	}
	free(all);
}

/* ---- issuing ---- */

bool dtf__may_issue(struct dtf_ctx *ctx) {
	struct strand *strand = ctx->strand;
	if (!strand->raised && !dtf__stopped(ctx) && dtf__strand_interrupted(strand)) {
		dtf__strand_raise_interrupt(strand);
	}
	return dtf__may_record(ctx);
}

/* A micro-step is one piece of a record: it must not grow without end.  Raised
 * once in a step, so that undos and finallies can still do something. */
static bool fits_step(struct dtf_ctx *ctx) {
	unsigned factor = ctx->step_full ? 2 : 1;
	if (ctx->step_commands >= factor * STEP_COMMANDS_MAX) {
		ctx->step_full = true;
		dtf__ctx_fault(
			ctx, &dtf_runaway, "%u commands without waiting", ctx->step_commands);
		return false;
	}
	if (ctx->step_size >= factor * STEP_SIZE_MAX) {
		ctx->step_full = true;
		dtf__ctx_fault(
			ctx, &dtf_payload_too_large, "%zu bytes without waiting", ctx->step_size);
		return false;
	}
	return true;
}

bool dtf__may_record(struct dtf_ctx *ctx) {
	if (ctx->strand->raised || dtf__stopped(ctx)) {
		return false;
	}
	int64_t limit = ctx->begin.history_max;
	if (!ctx->history_full && (int64_t)ctx->events >= limit) {
		ctx->history_full = true; /* raised once: unwinding has its own reserve */
		dtf__ctx_fault(ctx, &dtf_history_full,
			"the history has %u events, its limit is %lld", ctx->events,
			(long long)limit);
		return false;
	}
	if ((int64_t)ctx->events >= limit + HISTORY_RESERVE) {
		dtf__ctx_fault(ctx, &dtf_history_full,
			"the history has %u events, %d over its limit", ctx->events,
			HISTORY_RESERVE);
		return false;
	}
	return fits_step(ctx);
}

bool dtf__encode_args(
	struct dtf_ctx *ctx, const struct dtf_type *type, const void *value, struct slice *ret) {
	dtf__buf_clear(&ctx->scratch);
	int rc = dtf__encode(&ctx->scratch, type, value);
	if (rc == CODEC_OVERFLOW) {
		dtf__ctx_fault(ctx, &dtf_overflow, "%s", dtf_errmsg());
	} else if (rc == CODEC_BAD_VALUE) {
		dtf__ctx_fault(ctx, &dtf_bad_value, "%s", dtf_errmsg());
	} else if (rc < 0 || ctx->scratch.failed) {
		ctx->out_of_memory = true;
	} else if ((int64_t)ctx->scratch.size > ctx->begin.payload_max) {
		dtf__ctx_fault(ctx, &dtf_payload_too_large, "%zu bytes, the limit is %lld",
			ctx->scratch.size, (long long)ctx->begin.payload_max);
	} else {
		char *copy = dtf__ctx_alloc(ctx, ctx->scratch.size + 1);
		if (!ctx->out_of_memory) {
			memcpy(copy, ctx->scratch.data, ctx->scratch.size);
			*ret = (struct slice){ copy, ctx->scratch.size };
			return true;
		}
	}
	return false;
}

/* A loop issues the same commands again and again. */
static uint64_t hash_type(struct dtf_ctx *ctx, const struct dtf_type *type) {
	struct known_type *known = &ctx->types[(uintptr_t)type / sizeof(*type) % KNOWN_TYPES];
	if (known->type != type) {
		*known = (struct known_type){ type, dtf__type_hash(type) };
	}
	ctx->out_of_memory = ctx->out_of_memory || known->hash == 0;
	return known->hash;
}

uint64_t dtf__hash_types(
	struct dtf_ctx *ctx, const struct dtf_type *arguments, const struct dtf_type *result) {
	return hash_type(ctx, arguments) * 31 + hash_type(ctx, result);
}

void dtf__op_issue_activity(struct dtf_ctx *ctx, struct op *op) {
	const struct dtf_activity_def *activity = op->activity;
	struct event event = { .kind = EVENT_ACTIVITY_SCHEDULED,
		.op = op->number,
		.strand = op->strand->serial,
		.site = op->site,
		.name = activity->name,
		.hash = dtf__hash_types(ctx, activity->args, activity->result),
		.payload = op->args,
		.policy = &op->policy };
	if (ctx->replay == NULL && !dtf__stopped(ctx)) {
		event.started = ctx->host->claim(ctx->host->arg, activity, &op->policy);
	}
	dtf__decide(ctx, &event);
	if (event.started) {
		op->attempt = 1;
		op->attempt_ms = ctx->now_ms;
		op->running = true;
	}
}

void dtf__op_issue_timer(struct dtf_ctx *ctx, struct op *op) {
	struct event event = { .kind = EVENT_TIMER_SET,
		.op = op->number,
		.strand = op->strand->serial,
		.site = op->site,
		.due_ms = op->due_ms };
	dtf__decide(ctx, &event);
}

void dtf__op_issue_wait(struct dtf_ctx *ctx, struct op *op) {
	struct event event = { .kind = EVENT_WAIT_OPENED,
		.op = op->number,
		.strand = op->strand->serial,
		.site = op->site,
		.name = op->event->name,
		.hash = hash_type(ctx, op->event->payload) };
	dtf__decide(ctx, &event);
	if (!dtf__mailbox_take(ctx, op)) {
		dtf__mailbox_wait(ctx, op);
	}
}

static void await(struct dtf_ctx *ctx, struct op *op) {
	ctx->strand->wait = WAIT_OP;
	ctx->strand->op = op;
}

struct event_policy dtf__policy_of(const struct dtf_policy *policy) {
	const struct dtf_policy *p = policy;
	return (struct event_policy){ p->timeout_ms, p->deadline_ms, p->heartbeat_ms, p->attempts,
		p->backoff_min_ms, p->backoff_max_ms, p->factor, p->tag, p->priority };
}

void dtf__op_set_activity(struct op *op, const struct dtf_activity_def *activity,
	const struct dtf_policy *policy, struct slice args) {
	const struct dtf_policy *p = policy == NULL ? &activity->policy : policy;
	op->activity = activity;
	op->args = args;
	op->policy = dtf__policy_of(p);
}

void dtf_do(struct dtf_ctx *ctx, uint32_t site, const struct dtf_activity_def *activity,
	const void *args, const struct dtf_policy *policy) {
	struct slice input;
	if (!dtf__may_issue(ctx) || !dtf__encode_args(ctx, activity->args, args, &input)) {
		return;
	}
	struct op *op = dtf__op_open(ctx, OP_ACTIVITY, site);
	if (op == NULL) {
		return;
	}
	dtf__op_set_activity(op, activity, policy, input);
	dtf__op_issue_activity(ctx, op);
	await(ctx, op);
}

void dtf_wait(struct dtf_ctx *ctx, uint32_t site, const struct dtf_event_def *event) {
	if (!dtf__may_issue(ctx)) {
		return;
	}
	struct op *op = dtf__op_open(ctx, OP_WAIT, site);
	if (op != NULL) {
		op->event = event;
		dtf__op_issue_wait(ctx, op);
		await(ctx, op);
	}
}

void dtf_sleep_until(struct dtf_ctx *ctx, uint32_t site, int64_t time_ms) {
	if (!dtf__may_issue(ctx)) {
		return;
	}
	struct op *op = dtf__op_open(ctx, OP_TIMER, site);
	if (op != NULL) {
		op->due_ms = time_ms < ctx->now_ms ? ctx->now_ms : time_ms;
		dtf__op_issue_timer(ctx, op);
		await(ctx, op);
	}
}

void dtf_sleep(struct dtf_ctx *ctx, uint32_t site, int64_t ms) {
	int64_t due_ms;
	if (__builtin_add_overflow(ctx->now_ms, ms < 0 ? 0 : ms, &due_ms)) {
		dtf__ctx_fault(ctx, &dtf_overflow, "a sleep of %lld ms ends after the end of time",
			(long long)ms);
		return;
	}
	dtf_sleep_until(ctx, site, due_ms);
}

/* ---- awaiting ---- */

const struct dtf_type *dtf__op_value_type(const struct op *op) {
	switch (op->kind) {
	case OP_ACTIVITY:
		return op->activity->result;
	case OP_WAIT:
		return op->event->payload;
	case OP_CHILD:
		return op->child->output;
	case OP_TIMER:
		break;
	}
	return &dtf_type_unit;
}

enum dtf_step dtf__op_take(struct dtf_ctx *ctx, struct op *op, struct scope *scope, void *ret) {
	struct strand *strand = ctx->strand;
	size_t size = dtf__op_value_type(op)->size;
	bool failed = op->failed;
	if (failed) {
		dtf__strand_raise(strand, &op->error);
	} else if (ret != NULL && op->value != NULL && size > 0) {
		memcpy(ret, op->value, size);
	}
	if (op->undo != NULL && (!failed || op->unknown)) {
		dtf__undo_arm(ctx, scope, op->undo, op);
	}
	dtf__op_close(ctx, op);
	return failed ? DTF_RAISED : DTF_READY;
}

void dtf__op_abandon(struct dtf_ctx *ctx, struct op *op) {
	struct event event = { .kind = EVENT_CLOSED, .op = op->number };
	dtf__decide(ctx, &event);
	dtf__op_close(ctx, op);
}

/* Asks it to cancel and goes on waiting for it; a child ends in its own time. */
static void settle(struct dtf_ctx *ctx, struct op *op) {
	bool endless = __builtin_add_overflow(ctx->now_ms, ctx->begin.grace_ms, &op->due_ms);
	if (op->kind == OP_CHILD) {
		op->due_ms = 0;
	} else if (endless) {
		op->due_ms = INT64_MAX;
	}
	op->state = OP_SETTLING;
	struct event event = { .kind = EVENT_SETTLING, .op = op->number, .due_ms = op->due_ms };
	dtf__decide(ctx, &event);
}

bool dtf__op_give_up(struct dtf_ctx *ctx, struct op *op, struct scope *scope) {
	bool settles = op->kind == OP_ACTIVITY && op->undo != NULL;
	bool in_flight = op->kind == OP_CHILD || (settles && op->running);
	if (op->state == OP_OPEN && in_flight) {
		settle(ctx, op);
		return false;
	}
	if (op->state == OP_SETTLING) {
		return false;
	}
	/* Settled, between attempts, or never started: what is known now counts. */
	bool happened = op->state != OP_OPEN && !op->failed;
	if (settles && (happened || op->unknown)) {
		dtf__undo_arm(ctx, scope, op->undo, op);
	}
	dtf__op_abandon(ctx, op);
	return true;
}

enum dtf_step dtf_await(struct dtf_ctx *ctx, void *ret) {
	struct strand *strand = ctx->strand;
	if (dtf__stopped(ctx)) {
		return DTF_WAIT;
	}
	if (strand->wait != WAIT_OP) {
		return strand->raised ? DTF_RAISED : DTF_WAIT;
	}
	struct op *op = strand->op;
	if (op->state == OP_DONE) {
		strand->wait = WAIT_NONE;
		strand->op = NULL;
		return dtf__op_take(ctx, op, strand->scope, ret);
	}
	bool leaving = op->state == OP_SETTLED || dtf__strand_interrupted(strand);
	if (!leaving || !dtf__op_give_up(ctx, op, strand->scope)) {
		return DTF_WAIT;
	}
	strand->wait = WAIT_NONE;
	strand->op = NULL;
	dtf__strand_raise_interrupt(strand);
	return DTF_RAISED;
}
