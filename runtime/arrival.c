/* What has happened to an instance, from when the engine hears of it until it is recorded. */
#include "engine.h"

#include <string.h>

static bool keep(struct arena *arena, const char **text) {
	if (*text != NULL) {
		*text = dtf__arena_copy(arena, *text, strlen(*text));
		return *text != NULL;
	}
	return true;
}

static bool keep_bytes(struct arena *arena, struct slice *bytes) {
	if (bytes->size > 0) {
		bytes->data = dtf__arena_copy(arena, bytes->data, bytes->size);
		return bytes->data != NULL;
	}
	return true;
}

static bool keep_unread(struct arena *arena, struct event_started *begin) {
	if (begin->nunread == 0) {
		return true;
	}
	struct event_unread *unread = dtf__arena_alloc(arena, begin->nunread * sizeof(*unread));
	bool kept = unread != NULL;
	for (size_t i = 0; kept && i < begin->nunread; i++) {
		unread[i] = begin->unread[i];
		kept = keep(arena, &unread[i].name) && keep_bytes(arena, &unread[i].payload);
	}
	begin->unread = unread;
	return kept;
}

static bool keep_begin(struct arena *arena, struct event *event) {
	if (event->begin == NULL) {
		return true;
	}
	struct event_started *begin = dtf__arena_alloc(arena, sizeof(*begin));
	if (begin == NULL) {
		return false;
	}
	*begin = *event->begin;
	event->begin = begin;
	return keep(arena, &begin->id) && keep(arena, &begin->workflow) &&
		keep(arena, &begin->manifest) && keep_bytes(arena, &begin->input) &&
		keep_bytes(arena, &begin->status) && keep_unread(arena, begin);
}

static void add(struct instance *instance, struct arrival *arrival) {
	*instance->tail = arrival;
	instance->tail = &arrival->next;
	dtf__instance_dirty(instance);
}

struct arrival *dtf__arrival_add(struct instance *instance, const struct event *event) {
	struct arena memory = { 0 };
	struct arrival *arrival = dtf__arena_alloc(&memory, sizeof(*arrival));
	if (arrival == NULL) {
		return NULL;
	}
	arrival->memory = memory;
	arrival->event = *event;
	struct event *copy = &arrival->event;
	if (!keep(&arrival->memory, &copy->name) || !keep(&arrival->memory, &copy->text) ||
		!keep_bytes(&arrival->memory, &copy->payload) ||
		!keep_begin(&arrival->memory, copy)) {
		dtf__arrival_free(arrival);
		return NULL;
	}
	add(instance, arrival);
	return arrival;
}

void dtf__arrival_report(struct instance *instance, struct dtf_activity *attempt) {
	struct arrival *arrival = attempt->report;
	attempt->report = NULL;
	*arrival = (struct arrival){
		.event = { .kind = EVENT_ATTEMPT_ENDED,
			.op = attempt->op,
			.attempt = attempt->attempt,
			.outcome = attempt->outcome,
			.due_ms = -1,
			.payload = { attempt->payload.data, attempt->payload.size } },
		.attempt = attempt
	};
	add(instance, arrival);
}

bool dtf__arrival_waits(const struct instance *instance, const struct event *event) {
	for (const struct arrival *a = instance->first; a != NULL; a = a->next) {
		if (a->event.kind == event->kind && a->event.op == event->op &&
			a->event.attempt == event->attempt) {
			return true;
		}
	}
	return false;
}

void dtf__arrival_free(struct arrival *arrival) {
	if (arrival == NULL) {
		return;
	}
	struct arena memory = arrival->memory;
	dtf__attempt_free(arrival->attempt); /* a report lies in its attempt's memory */
	dtf__arena_finish(&memory);
}
