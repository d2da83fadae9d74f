/*
 * A decision meets the record.
 *
 * Live, it becomes the next event of the history.  In replay it must equal the
 * next recorded one in everything that decides: strand, command number, kind,
 * name, types by content, input, options, due times.  Where it stands in the
 * source (site) is for people and is not compared, so that moving code about
 * breaks nothing.  The first difference breaks the machine: it stands still,
 * nothing is written, and both sides are named.
 */
#include "execution.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "replay.h"

void dtf__broken(struct dtf_ctx *ctx, const char *format, ...) {
	if (ctx->broken) {
		return;
	}
	ctx->broken = true;
	va_list args;
	va_start(args, format);
	(void)vsnprintf(ctx->broken_text, sizeof(ctx->broken_text), format, args);
	va_end(args);
}

static bool same_text(const char *a, const char *b) {
	return strcmp(a == NULL ? "" : a, b == NULL ? "" : b) == 0;
}

static bool same_policy(const struct event_policy *a, const struct event_policy *b) {
	if (a == NULL || b == NULL) {
		return a == b;
	}
	return a->timeout_ms == b->timeout_ms && a->deadline_ms == b->deadline_ms &&
		a->heartbeat_ms == b->heartbeat_ms && a->attempts == b->attempts &&
		a->backoff_min_ms == b->backoff_min_ms && a->backoff_max_ms == b->backoff_max_ms &&
		!(a->factor < b->factor) && !(a->factor > b->factor) && same_text(a->tag, b->tag) &&
		a->priority == b->priority;
}

/* What differs, in a word for people; NULL when nothing does. */
static const char *difference(const struct event *recorded, const struct event *now) {
	if (recorded->kind != now->kind) {
		return "kind";
	}
	if (!same_text(recorded->name, now->name)) {
		return "name";
	}
	if (recorded->op != now->op) {
		return "command number";
	}
	if (recorded->strand != now->strand) {
		return "strand";
	}
	if (recorded->hash != now->hash) {
		return "types";
	}
	if (!dtf__slice_same(recorded->payload, now->payload)) {
		return "values";
	}
	if (recorded->due_ms != now->due_ms) {
		return "time";
	}
	if (recorded->ref != now->ref) {
		return "event taken";
	}
	if (!same_policy(recorded->policy, now->policy)) {
		return "options";
	}
	if (!same_text(recorded->text, now->text) ||
		!dtf__slice_same(recorded->extra, now->extra)) {
		return "content";
	}
	return NULL;
}

/* "activity_scheduled shop.charge at order.dtf:31" */
static void describe(
	struct dtf_ctx *ctx, const struct event *event, bool current, char *text, size_t size) {
	int n = snprintf(text, size, "%s%s%s", dtf__event_name(event->kind),
		event->name == NULL ? "" : " ", event->name == NULL ? "" : event->name);
	/* The record's site indexes the manifest of its time, not this code's. */
	bool placed = event->strand != 0 && current && event->site < ctx->workflow->nsites;
	if (placed && n > 0 && (size_t)n < size) {
		(void)snprintf(text + n, size - (size_t)n, " at line %u",
			ctx->workflow->sites[event->site].line);
	}
}

static void mismatch(struct dtf_ctx *ctx, const struct event *recorded, const struct event *now,
	const char *what) {
	char theirs[120], ours[120];
	describe(ctx, recorded, recorded->hash == now->hash && recorded->kind == now->kind, theirs,
		sizeof(theirs));
	describe(ctx, now, true, ours, sizeof(ours));
	dtf__broken(ctx, "event %u: recorded: %s; current code: %s (%s differs)", ctx->events,
		theirs, ours, what);
}

void dtf__decide(struct dtf_ctx *ctx, struct event *event) {
	if (dtf__stopped(ctx)) {
		return;
	}
	event->time_ms = ctx->now_ms;
	ctx->events++;
	ctx->step_commands++;
	ctx->step_size += event->payload.size;
	if (ctx->replay == NULL) {
		ctx->host->decided(ctx->host->arg, event);
		return;
	}
	struct event recorded;
	if (!dtf__replay_next_decision(ctx->replay, ctx, &recorded)) {
		if (!ctx->broken) {
			char ours[120];
			describe(ctx, event, true, ours, sizeof(ours));
			dtf__broken(ctx, "event %u: recorded: nothing; current code: %s",
				ctx->events, ours);
		}
		return;
	}
	const char *what = difference(&recorded, event);
	if (what != NULL) {
		mismatch(ctx, &recorded, event, what);
		return;
	}
	event->started = recorded.started;
	event->admission = recorded.admission;
}
