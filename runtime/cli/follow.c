/*
 * Progress is read from the history, as any other process could: what is told
 * is durable.  Log lines and what commands say come from their own threads and
 * are put between the events by their time.  The more there is to read the less
 * often it is looked at, so that telling costs at most a small part of the time.
 */
#include "follow.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "say.h"

#define VALUE_MAX 100 /* characters that are shown */
#define REST      10  /* after looking for 1 ms, this many without */

static const char *on(const struct follow *follow, enum look look) {
	return look_on(&follow->look, look);
}

static const char *off(const struct follow *follow) {
	return look_off(&follow->look);
}

static int64_t steady_ms(void) {
	struct timespec now;
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void begin_line(const struct follow *follow, int64_t time_ms) {
	char clock[SHOW_TIME_MAX];
	show_clock(clock, time_ms);
	fprintf(stderr, "%s%s%s  ", on(follow, LOOK_DIM), clock, off(follow));
}

void follow_note(const struct follow *follow, enum look look, const char *format, ...) {
	va_list args;
	va_start(args, format);
	begin_line(follow, show_now_ms());
	fputs(on(follow, look), stderr);
	(void)vfprintf(stderr, format, args);
	fprintf(stderr, "%s\n", off(follow));
	va_end(args);
}

/* ---- what others said ---- */

/* Up to this time; all of it if it is INT64_MAX. */
static struct said *tell_said(const struct follow *follow, struct said *said, int64_t until_ms) {
	while (said != NULL && said->time_ms < until_ms) {
		struct said *next = said->next;
		if (!follow->quiet || strcmp(said->who, "error") == 0) {
			begin_line(follow, said->time_ms);
			fprintf(stderr, "%s%s:%s ", on(follow, LOOK_DIM), said->who, off(follow));
			show_text(stderr, said->text);
			putc('\n', stderr);
		}
		free(said);
		said = next;
	}
	return said;
}

/* ---- events ---- */

struct telling {
	struct follow *follow;
	struct said *said; /* not yet told of */
	bool news;
};

/* How an event is told: what it is called, and what of it is shown. */
static const struct word {
	const char *kind, *word;
	enum look look;
	bool name, payload;
} words[] = {
	{ "started", "started", LOOK_STRONG, true, true },
	{ "activity_scheduled", "step", LOOK_PLAIN, true, true },
	{ "attempt_started", "again", LOOK_PLAIN, true, false },
	{ "attempt_ended", "done", LOOK_GOOD, true, true },
	{ "timer_set", "timer", LOOK_PLAIN, false, false },
	{ "timer_fired", "timer is due", LOOK_PLAIN, false, false },
	{ "wait_opened", "waits for", LOOK_WAIT, true, false },
	{ "raised", "event", LOOK_PLAIN, true, true },
	{ "status", "status", LOOK_STRONG, false, true },
	{ "undo_started", "undoes", LOOK_WAIT, true, false },
	{ "undo_failed", "undo failed:", LOOK_BAD, true, false },
	{ "child_started", "starts", LOOK_PLAIN, true, true },
	{ "child_ended", "ended", LOOK_GOOD, true, true },
	{ "settling", "waits how it ends:", LOOK_WAIT, true, false },
	{ "grace_expired", "no longer waits for", LOOK_WAIT, true, false },
	{ "cancel_requested", "cancel is asked for", LOOK_WAIT, false, false },
	{ "suspended", "suspended", LOOK_WAIT, false, false },
	{ "resumed", "resumed", LOOK_PLAIN, false, false },
	{ "continued", "continues with", LOOK_STRONG, false, true },
};

static const struct word *find_word(const char *kind) {
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		if (strcmp(words[i].kind, kind) == 0) {
			return &words[i];
		}
	}
	return NULL; /* it means nothing to whoever looks on, or is the end */
}

static void put_cut(const char *text) {
	char *copy = strdup(text);
	if (copy != NULL) {
		show_cut(copy, VALUE_MAX);
		show_text(stderr, copy);
		free(copy);
	}
}

/* ", due in 1h" of a timer, ", again in 200ms" of an attempt. */
static void put_due(const char *what, json_t *all, const char *key, int64_t now_ms) {
	int64_t due_ms = json_integer_value(json_object_get(all, key));
	if (due_ms > now_ms) {
		char span[SHOW_TIME_MAX];
		show_span(span, due_ms - now_ms);
		fprintf(stderr, ", %s in %s", what, span);
	}
}

static void put_details(
	const struct follow *follow, const struct dtf_history_event *event, json_t *all) {
	if (strcmp(event->kind, "timer_set") == 0) {
		put_due("due", all, "due_ms", event->time_ms);
	} else if (strcmp(event->kind, "attempt_ended") == 0) {
		put_due("again", all, "next_attempt_ms", event->time_ms);
	} else if (strcmp(event->kind, "attempt_started") == 0) {
		fprintf(stderr, ", attempt %" JSON_INTEGER_FORMAT,
			json_integer_value(json_object_get(all, "attempt")));
	} else if (strcmp(event->kind, "wait_opened") == 0) {
		fprintf(stderr, "  %sdtf --db %s raise %s %s JSON%s", on(follow, LOOK_DIM),
			follow->db, follow->id, event->name, off(follow));
	}
}

static void tell_event(const struct follow *follow, const struct dtf_history_event *event) {
	const struct word *word = find_word(event->kind);
	if (word == NULL || follow->quiet) {
		return;
	}
	begin_line(follow, event->time_ms);
	bool bad = event->error != NULL;
	int width = word->name || word->payload ? 7 : 0; /* what follows stands below its like */
	fprintf(stderr, "%s%-*s%s", on(follow, bad ? LOOK_BAD : word->look), width,
		bad && word->look == LOOK_GOOD ? "failed" : word->word, off(follow));
	if (word->name && event->name != NULL) {
		putc(' ', stderr);
		show_text(stderr, event->name);
	}
	if (bad) {
		fputs(word->name ? ": " : " ", stderr);
		put_cut(event->error);
	} else if (word->payload && event->payload != NULL) {
		putc(' ', stderr);
		put_cut(event->payload);
	} else if (event->text != NULL && strcmp(event->text, "ok") != 0) {
		fputs(": ", stderr);
		put_cut(event->text);
	}
	json_t *all = json_loads(event->json, 0, NULL);
	put_details(follow, event, all);
	json_decref(all);
	if (event->file != NULL) {
		fprintf(stderr, "  %s%s:%" PRIu32 "%s", on(follow, LOOK_DIM), event->file,
			event->line, off(follow));
	}
	putc('\n', stderr);
}

static bool tell(void *arg, const struct dtf_history_event *event) {
	struct telling *telling = arg;
	struct follow *follow = telling->follow;
	if (event->execution < follow->execution ||
		(event->execution == follow->execution && event->number <= follow->number)) {
		return true;
	}
	telling->said = tell_said(follow, telling->said, event->time_ms);
	tell_event(follow, event);
	follow->execution = event->execution;
	follow->number = event->number;
	telling->news = true;
	return true;
}

struct state {
	struct follow *follow;
	int64_t execution, events;
};

static void take_state(void *arg, const struct dtf_instance_info *info) {
	struct state *state = arg;
	state->execution = info->execution;
	state->events = info->events;
	state->follow->status = info->status;
	(void)snprintf(state->follow->suspended, sizeof(state->follow->suspended), "%s",
		info->suspended == NULL ? "" : info->suspended);
	(void)snprintf(state->follow->why, sizeof(state->follow->why), "%s",
		info->error == NULL ? "" : info->error);
}

int follow_look(struct follow *follow, bool *ret_news) {
	struct state state = { .follow = follow };
	struct telling telling = { .follow = follow };
	int rc = dtf_info(follow->client, follow->id, take_state, &state);
	bool ended = follow->status > DTF_SUSPENDED;
	bool changed = state.execution != follow->execution || state.events != follow->number;
	bool rested = steady_ms() - follow->told_ms >= follow->cost_ms * REST;
	*ret_news = false;
	if (rc < 0 || !(rested || ended)) {
		return rc;
	}
	telling.said = say_take();
	int64_t begun_ms = steady_ms(), execution = follow->execution < 1 ? 1 : follow->execution;
	for (; changed && rc == 0 && execution <= state.execution; execution++) {
		rc = dtf_history(follow->client, follow->id, execution, tell, &telling);
	}
	(void)tell_said(follow, telling.said, INT64_MAX);
	follow->told_ms = steady_ms();
	follow->cost_ms = follow->told_ms - begun_ms;
	*ret_news = telling.news;
	return rc;
}
