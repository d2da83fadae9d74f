/*
 * The cursor walks the records; the machine pulls decisions from it while an
 * arrival is applied, and afterwards the next event must be an arrival again:
 * a decision left over means that the current code does less than was
 * recorded.  Events are decoded one by one into an arena that is emptied with
 * each micro-step, so that replay needs no memory for the history itself.
 */
#include "replay.h"

#include <string.h>

#include "error.h"

struct replay {
	const struct history *history;
	size_t record;       /* index of the next one to open */
	struct slice events; /* what is left of the open one */
	uint32_t number;     /* of the next event */
	struct arena arena;  /* of the current micro-step */
	struct event ahead;
	bool has_ahead;
	int rc; /* the bytes were bad */
};

static int open_record(struct replay *replay) {
	struct record record;
	struct slice events;
	int rc = dtf__record_decode(replay->history->records[replay->record], &record, &events);
	if (rc < 0) {
		return rc;
	}
	if (record.first != replay->number) {
		return dtf__fail(DTF_ECORRUPT, "history has a gap: event %u follows %u",
			record.first, replay->number - 1);
	}
	replay->record++;
	replay->events = events;
	return 0;
}

/* Fills `ahead`; false at the end or when the bytes are bad. */
static bool look_ahead(struct replay *replay) {
	if (replay->has_ahead) {
		return true;
	}
	while (replay->rc == 0 && replay->events.size == 0) {
		if (replay->record == replay->history->count) {
			return false;
		}
		replay->rc = open_record(replay);
	}
	if (replay->rc == 0) {
		replay->rc = dtf__event_decode(&replay->arena, &replay->events, &replay->ahead);
	}
	replay->has_ahead = replay->rc == 0;
	return replay->has_ahead;
}

bool dtf__replay_next_decision(struct replay *replay, struct dtf_ctx *ctx, struct event *ret) {
	if (!look_ahead(replay)) {
		if (replay->rc != 0) {
			dtf__broken(ctx, "%s", dtf_errmsg());
		}
		return false;
	}
	if (dtf__event_is_arrival(replay->ahead.kind)) {
		return false;
	}
	*ret = replay->ahead;
	replay->has_ahead = false;
	replay->number++;
	return true;
}

static void step(struct replay *replay, struct dtf_ctx *ctx, enum first_step first) {
	struct event arrival = replay->ahead;
	if (!dtf__event_is_arrival(arrival.kind)) {
		dtf__broken(ctx, "event %u: recorded: %s %s; current code: nothing", replay->number,
			dtf__event_name(arrival.kind), arrival.name == NULL ? "" : arrival.name);
		return;
	}
	replay->has_ahead = false;
	replay->number++;
	bool alone = arrival.kind == EVENT_STARTED && !look_ahead(replay) && replay->rc == 0;
	if (alone && first == FIRST_LATER) {
		ctx->events++;
		return;
	}
	if (alone && first == FIRST_NOW) {
		ctx->replay = NULL;
	}
	/* No code could run it then: it runs when the execution is resumed. */
	ctx->start_deferred = arrival.kind == EVENT_STARTED && replay->has_ahead &&
		replay->ahead.kind == EVENT_SUSPENDED;
	dtf__execution_apply(ctx, &arrival);
	if (!replay->has_ahead) {
		dtf__arena_finish(&replay->arena);
	}
}

int dtf__replay(struct dtf_ctx *ctx, const struct history *history, enum first_step first) {
	struct replay replay = { .history = history, .number = ctx->events + 1 };
	ctx->replay = &replay;
	while (!dtf__stopped(ctx) && look_ahead(&replay)) {
		step(&replay, ctx, first);
		dtf__execution_compact(ctx);
	}
	ctx->replay = NULL;
	dtf__arena_finish(&replay.arena);
	if (replay.rc < 0) {
		return replay.rc;
	}
	if (ctx->out_of_memory) {
		return dtf__fail(DTF_ENOMEM, "out of memory in replay");
	}
	return 0;
}

int dtf__history_begin(
	struct arena *arena, const struct history *history, struct event_started *ret) {
	struct record record;
	struct slice events;
	if (history->count == 0) {
		return dtf__fail(DTF_ECORRUPT, "history is empty");
	}
	int rc = dtf__record_decode(history->records[0], &record, &events);
	struct event event = { 0 };
	if (rc == 0) {
		rc = dtf__event_decode(arena, &events, &event);
	}
	if (rc < 0) {
		return rc;
	}
	if (event.kind != EVENT_STARTED || event.begin == NULL) {
		return dtf__fail(DTF_ECORRUPT, "history does not begin with its start");
	}
	*ret = *event.begin;
	return 0;
}
