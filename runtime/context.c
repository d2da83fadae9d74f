/*
 * What a workflow's code can ask and say besides its durable steps: faults,
 * memory, identity, time, derived randomness, status, log, ends.
 *
 * uuid and random derive from the instance's recorded seed, the execution and
 * a counter, so nothing is recorded and replay gives the same (DECISIONS 6).
 * Memory exhaustion sticks: a spare block is handed out so that the code can
 * run on to its next wait, and the whole turn is then thrown away.
 */
#include "execution.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "codec.h"
#include "ctx.h"
#include "utf8.h"

void dtf__ctx_exhausted(struct dtf_ctx *ctx) {
	ctx->out_of_memory = true;
}

struct arena *dtf__ctx_arena(struct dtf_ctx *ctx) {
	return &ctx->arena;
}

void *dtf__ctx_alloc(struct dtf_ctx *ctx, size_t size) {
	static _Alignas(max_align_t) _Thread_local char spare[CTX_SPARE_SIZE];
	void *memory = dtf__arena_alloc(&ctx->arena, size);
	if (memory != NULL) {
		return memory;
	}
	dtf__ctx_exhausted(ctx);
	if (size > sizeof(spare)) {
		return NULL;
	}
	memset(spare, 0, size);
	return spare;
}

void dtf__ctx_fault(
	struct dtf_ctx *ctx, const struct dtf_error_def *error, const char *format, ...) {
	if (ctx->strand->raised) {
		return;
	}
	va_list args;
	va_start(args, format);
	char *message = dtf__arena_vprintf(&ctx->arena, format, args);
	va_end(args);
	if (message == NULL) {
		ctx->out_of_memory = true;
		return;
	}
	dtf__utf8_repair(message);
	dtf__strand_raise(
		ctx->strand, &(struct dtf_failure){ .name = error->name, .message = message });
}

bool dtf_raised(struct dtf_ctx *ctx) {
	return ctx->strand->raised || dtf__stopped(ctx);
}

void dtf_fail(
	struct dtf_ctx *ctx, uint32_t site, const struct dtf_error_def *error, const void *fields) {
	struct dtf_failure failure = { .name = error->name,
		.message = dtf__arena_copy(&ctx->arena, error->name, strlen(error->name)) };
	struct slice data;
	if (fields != NULL && error->fields->kind == DTF_KIND_RECORD) {
		if (!dtf__encode_args(ctx, error->fields, fields, &data)) {
			return;
		}
		failure.data = data.data;
		failure.message = dtf__arena_printf(&ctx->arena, "%s %s", error->name, data.data);
	}
	if (failure.message == NULL) {
		ctx->out_of_memory = true;
		return;
	}
	dtf__strand_raise(ctx->strand, &failure);
}

void dtf_fail_again(struct dtf_ctx *ctx, const struct dtf_failure *failure) {
	dtf__strand_raise(ctx->strand, failure);
}

bool dtf_tick(struct dtf_ctx *ctx) {
	if (dtf_raised(ctx)) {
		return false;
	}
	if (ctx->fuel > 0) {
		ctx->fuel--;
		return true;
	}
	dtf__ctx_fault(ctx, &dtf_runaway, "a loop turned %d times without waiting", FUEL_MAX);
	return false;
}

/* ---- time, identity, randomness ---- */

int64_t dtf_now(struct dtf_ctx *ctx) {
	return ctx->now_ms;
}

const char *dtf_self_id(struct dtf_ctx *ctx) {
	return ctx->begin.id;
}

int64_t dtf_self_execution(struct dtf_ctx *ctx) {
	return ctx->begin.execution;
}

const char *dtf_self_workflow(struct dtf_ctx *ctx) {
	return ctx->begin.workflow;
}

int64_t dtf_self_history(struct dtf_ctx *ctx) {
	return ctx->events;
}

/* 16 bytes that only this call of this execution of this instance gets. */
static void derive(struct dtf_ctx *ctx, unsigned char ret[16]) {
	unsigned char source[32];
	memcpy(source, ctx->begin.seed, 16);
	uint64_t numbers[2] = { (uint64_t)ctx->begin.execution, ++ctx->derived };
	for (size_t i = 0; i < 16; i++) {
		source[16 + i] = (unsigned char)(numbers[i / 8] >> (8 * (i % 8)));
	}
	XXH128_canonical_t hash;
	XXH128_canonicalFromHash(&hash, XXH3_128bits(source, sizeof(source)));
	memcpy(ret, hash.digest, 16);
}

const char *dtf_uuid(struct dtf_ctx *ctx) {
	unsigned char b[16];
	derive(ctx, b);
	b[6] = (unsigned char)((b[6] & 0x0f) | 0x80); /* version 8: RFC 9562, custom */
	b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
	char *text = dtf__ctx_alloc(ctx, 37);
	(void)snprintf(text, 37,
		"%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1],
		b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14],
		b[15]);
	return text;
}

static uint64_t random_bits(struct dtf_ctx *ctx) {
	unsigned char b[16];
	derive(ctx, b);
	uint64_t bits = 0;
	for (size_t i = 0; i < 8; i++) {
		bits = bits << 8 | b[i];
	}
	return bits;
}

double dtf_random(struct dtf_ctx *ctx) {
	return (double)(random_bits(ctx) >> 11) * 0x1p-53;
}

int64_t dtf_random_below(struct dtf_ctx *ctx, int64_t n) {
	if (n < 1) {
		dtf__ctx_fault(ctx, &dtf_bad_value, "random(%lld): the bound must be at least 1",
			(long long)n);
		return 0;
	}
	/* Numbers of the last, incomplete run of n are drawn again: no bias. */
	uint64_t bound = (uint64_t)n, limit = UINT64_MAX - UINT64_MAX % bound, bits;
	do {
		bits = random_bits(ctx);
	} while (bits >= limit);
	return (int64_t)(bits % bound);
}

/* ---- status, log, ends ---- */

void dtf_status(
	struct dtf_ctx *ctx, uint32_t site, const struct dtf_type *type, const void *value) {
	struct slice json;
	if (!dtf__may_record(ctx) || !dtf__encode_args(ctx, type, value, &json)) {
		return;
	}
	ctx->status = json;
	struct event event = {
		.kind = EVENT_STATUS, .strand = ctx->strand->serial, .site = site, .payload = json
	};
	dtf__decide(ctx, &event);
}

void dtf_log(struct dtf_ctx *ctx, enum dtf_log_level level, const char *text) {
	if (ctx->replay == NULL && !ctx->strand->raised) {
		ctx->host->log(ctx->host->arg, level, text);
	}
}

enum dtf_step dtf_return(struct dtf_ctx *ctx, const void *value) {
	struct slice output = { "null", 4 };
	const struct dtf_type *type = ctx->workflow->output;
	if (ctx->strand->raised ||
		(type->kind != DTF_KIND_UNIT && !dtf__encode_args(ctx, type, value, &output))) {
		return DTF_RAISED;
	}
	ctx->result = output;
	return DTF_DONE;
}

enum dtf_step dtf_continue_with(struct dtf_ctx *ctx, uint32_t site, const void *args) {
	struct slice input;
	if (!dtf__may_issue(ctx) || !dtf__encode_args(ctx, ctx->workflow->input, args, &input)) {
		return DTF_RAISED;
	}
	ctx->result = input;
	ctx->end = END_CONTINUED;
	struct event event = { .kind = EVENT_CONTINUED,
		.strand = ctx->strand->serial,
		.site = site,
		.payload = input };
	dtf__decide(ctx, &event);
	return DTF_DONE;
}

enum dtf_step dtf_bad_state(struct dtf_ctx *ctx, int at) {
	dtf__broken(ctx, "strand %s is at %d, which is no state", ctx->strand->def->name, at);
	return DTF_WAIT;
}
