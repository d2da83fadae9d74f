/*
 * How events look to whoever follows an instance: a word, what it is about, what
 * it gave, and where it stands in the source.
 */
#include "event.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define VALUE_MAX 100 /* characters that are shown */

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
	{ "deadline_passed", "deadline has passed", LOOK_WAIT, true, false },
	{ "wait_opened", "waits for", LOOK_WAIT, true, false },
	{ "raised", "event", LOOK_PLAIN, true, true },
	{ "status", "status", LOOK_STRONG, false, true },
	{ "undo_started", "undoes", LOOK_WAIT, true, false },
	{ "undo_failed", "undo failed:", LOOK_BAD, true, false },
	{ "child_started", "calls", LOOK_PLAIN, true, true },
	{ "child_spawned", "spawns", LOOK_PLAIN, true, true },
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

static void put_cut(FILE *out, const char *text) {
	char *copy = strdup(text);
	if (copy != NULL) {
		show_cut(copy, VALUE_MAX);
		show_text(out, copy);
		free(copy);
	}
}

/* ", due in 1h" of a timer, ", again in 200ms" of an attempt. */
static void put_due(FILE *out, const char *what, json_t *all, const char *key, int64_t now_ms) {
	int64_t due_ms = json_integer_value(json_object_get(all, key));
	if (due_ms > now_ms) {
		char span[SHOW_TIME_MAX];
		show_span(span, due_ms - now_ms);
		fprintf(out, ", %s in %s", what, span);
	}
}

static void put_details(
	FILE *out, const struct teller *teller, const struct dtf_history_event *event) {
	json_t *all = json_loads(event->json, 0, NULL);
	if (strcmp(event->kind, "timer_set") == 0) {
		put_due(out, "due", all, "due_ms", event->time_ms);
	} else if (strcmp(event->kind, "attempt_ended") == 0) {
		put_due(out, "again", all, "next_attempt_ms", event->time_ms);
	} else if (strcmp(event->kind, "attempt_started") == 0) {
		fprintf(out, ", attempt %" JSON_INTEGER_FORMAT,
			json_integer_value(json_object_get(all, "attempt")));
	} else if (strncmp(event->kind, "child_s", 7) == 0 && event->text != NULL) {
		fprintf(out, "  %s", look_on(teller->look, LOOK_DIM));
		show_text(out, event->text);
		fputs(look_off(teller->look), out);
	} else if (strcmp(event->kind, "wait_opened") == 0) {
		fprintf(out, "  %sdtf --db %s raise %s %s JSON%s", look_on(teller->look, LOOK_DIM),
			teller->db, teller->id, event->name, look_off(teller->look));
	}
	json_decref(all);
}

/* What it says, beside its name. */
static void put_text(FILE *out, const struct word *word, const struct dtf_history_event *event) {
	if (event->error != NULL) {
		fputs(word->name ? ": " : " ", out);
		put_cut(out, event->error);
	} else if (word->payload && event->payload != NULL) {
		putc(' ', out);
		put_cut(out, event->payload);
	} else if (event->text != NULL && strcmp(event->text, "ok") != 0) {
		fputs(": ", out);
		put_cut(out, event->text);
	}
}

bool event_tell(FILE *out, const struct teller *teller, const struct dtf_history_event *event) {
	const struct cli *look = teller->look;
	const struct word *word = find_word(event->kind);
	if (word == NULL) {
		return false;
	}
	bool bad = event->error != NULL;
	if (teller->is_child) {
		fputs(look_on(look, LOOK_DIM), out);
		show_text(out, teller->id);
		fprintf(out, ":%s ", look_off(look));
	}
	int width = word->name || word->payload ? 7 : 0; /* what follows stands below its like */
	fprintf(out, "%s%-*s%s", look_on(look, bad ? LOOK_BAD : word->look), width,
		bad && word->look == LOOK_GOOD ? "failed" : word->word, look_off(look));
	if (word->name && event->name != NULL) {
		putc(' ', out);
		show_text(out, event->name);
	}
	put_text(out, word, event);
	put_details(out, teller, event);
	if (event->file != NULL) {
		fprintf(out, "  %s%s:%" PRIu32 "%s", look_on(look, LOOK_DIM), event->file,
			event->line, look_off(look));
	}
	return true;
}
