/*
 * Progress is read from the histories, as any other process could: what is told
 * is durable.  Log lines and what commands say come from their own threads.  All
 * that is new at one look is put in order by its time.  The more there is to
 * read the less often it is looked at, so that telling costs at most a small
 * part of the time.
 */
#include "follow.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "event.h"
#include "say.h"

#define REST 10 /* after looking for 1 ms, this many without */

static void begin_line(const struct follow *follow, int64_t time_ms) {
	char clock[SHOW_TIME_MAX];
	show_clock(clock, time_ms);
	fprintf(stderr, "%s%s%s  ", look_on(&follow->look, LOOK_DIM), clock,
		look_off(&follow->look));
}

void follow_note(const struct follow *follow, enum look look, const char *format, ...) {
	va_list args;
	va_start(args, format);
	begin_line(follow, show_now_ms());
	fputs(look_on(&follow->look, look), stderr);
	(void)vfprintf(stderr, format, args);
	fprintf(stderr, "%s\n", look_off(&follow->look));
	va_end(args);
}

/* ---- lines, until they are printed in order ---- */

struct line {
	int64_t time_ms;
	size_t order; /* of coming, among those of one time */
	char *text;   /* owned */
};

struct page {
	struct follow *follow;
	struct line *lines;
	size_t count, capacity;
	size_t at; /* which of those that are followed is read */
	bool news, failed;
};

/* Takes the text over. */
static void add_line(struct page *page, int64_t time_ms, char *text) {
	if (page->count == page->capacity) {
		size_t capacity = page->capacity == 0 ? 64 : page->capacity * 2;
		struct line *grown = realloc(page->lines, capacity * sizeof(*grown));
		if (grown == NULL) {
			page->failed = true;
			free(text);
			return;
		}
		page->lines = grown;
		page->capacity = capacity;
	}
	page->lines[page->count] = (struct line){ time_ms, page->count, text };
	page->count++;
}

static int by_time(const void *left, const void *right) {
	const struct line *a = left, *b = right;
	return a->time_ms != b->time_ms ? (a->time_ms > b->time_ms) - (a->time_ms < b->time_ms)
					: (a->order > b->order) - (a->order < b->order);
}

static void print_page(struct page *page) {
	if (page->count > 0) {
		qsort(page->lines, page->count, sizeof(*page->lines), by_time);
	}
	for (size_t i = 0; i < page->count; i++) {
		begin_line(page->follow, page->lines[i].time_ms);
		fprintf(stderr, "%s\n", page->lines[i].text);
		free(page->lines[i].text);
	}
	free(page->lines);
	if (page->failed) {
		fputs("dtf: out of memory, not everything is shown\n", stderr);
	}
}

/* ---- what others said ---- */

static void add_said(struct page *page) {
	const struct cli *look = &page->follow->look;
	struct said *said = say_take();
	while (said != NULL) {
		struct said *next = said->next;
		char *text = NULL;
		size_t size = 0;
		bool wanted = !page->follow->quiet || strcmp(said->who, "error") == 0;
		FILE *out = wanted ? open_memstream(&text, &size) : NULL;
		if (out != NULL) {
			fprintf(out, "%s%s:%s ", look_on(look, LOOK_DIM), said->who,
				look_off(look));
			show_text(out, said->text);
			(void)fclose(out);
			add_line(page, said->time_ms, text);
		}
		page->failed = page->failed || (wanted && out == NULL);
		free(said);
		said = next;
	}
}

/* ---- events ---- */

static bool add_followed(struct follow *follow, const char *id) {
	for (size_t i = 0; i < follow->count; i++) {
		if (strcmp(follow->all[i].id, id) == 0) {
			return true;
		}
	}
	if (follow->count == follow->capacity) {
		size_t capacity = follow->capacity == 0 ? 8 : follow->capacity * 2;
		struct followed *grown = realloc(follow->all, capacity * sizeof(*grown));
		if (grown == NULL) {
			return false;
		}
		follow->all = grown;
		follow->capacity = capacity;
	}
	char *copy = strdup(id);
	if (copy == NULL) {
		return false;
	}
	follow->all[follow->count++] = (struct followed){ .id = copy };
	return true;
}

static void tell_event(struct page *page, const char *id, const struct dtf_history_event *event) {
	const struct follow *follow = page->follow;
	struct teller teller = { &follow->look, follow->db, id, page->at > 0 };
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	bool told = out != NULL && event_tell(out, &teller, event);
	page->failed = page->failed || out == NULL;
	if (out != NULL) {
		(void)fclose(out);
	}
	if (told) {
		add_line(page, event->time_ms, text);
	} else {
		free(text);
	}
}

static bool tell(void *arg, const struct dtf_history_event *event) {
	struct page *page = arg;
	struct follow *follow = page->follow;
	struct followed *it = &follow->all[page->at];
	if (event->execution < it->execution ||
		(event->execution == it->execution && event->number <= it->number)) {
		return true;
	}
	it->execution = event->execution;
	it->number = event->number;
	page->news = true;
	bool child = strcmp(event->kind, "child_started") == 0 ||
		strcmp(event->kind, "child_spawned") == 0;
	if (!follow->quiet && event->time_ms >= follow->since_ms) {
		tell_event(page, it->id, event);
	}
	if (child && event->text != NULL && !add_followed(follow, event->text)) {
		page->failed = true;
	}
	return true;
}

struct state {
	struct follow *follow;
	struct followed *of;
	int64_t execution, events;
};

static void take_state(void *arg, const struct dtf_instance_info *info) {
	struct state *state = arg;
	state->execution = info->execution;
	state->events = info->events;
	state->of->status = info->status;
	if (state->of != &state->follow->all[0]) {
		return;
	}
	state->follow->status = info->status;
	(void)snprintf(state->follow->suspended, sizeof(state->follow->suspended), "%s",
		info->suspended == NULL ? "" : info->suspended);
	(void)snprintf(state->follow->why, sizeof(state->follow->why), "%s",
		info->error == NULL ? "" : info->error);
}

/* A child whose start was refused is not there. */
static int look_at(struct page *page) {
	struct follow *follow = page->follow;
	struct followed *it = &follow->all[page->at];
	struct state state = { .follow = follow, .of = it };
	int rc = dtf_info(follow->client, it->id, take_state, &state);
	if (rc == DTF_EUNKNOWN_INSTANCE && page->at > 0) {
		return 0;
	}
	int64_t execution = it->execution < 1 ? 1 : it->execution;
	bool changed = state.execution != it->execution || state.events != it->number;
	for (; rc == 0 && changed && execution <= state.execution; execution++) {
		/* Children that it starts may move all that are followed. */
		rc = dtf_history(follow->client, follow->all[page->at].id, execution, tell, page);
	}
	return rc;
}

int follow_look(struct follow *follow, bool *ret_news) {
	struct page page = { .follow = follow };
	*ret_news = false;
	int64_t begun_ms = show_steady_ms();
	if (follow->count > 0 && begun_ms - follow->told_ms < follow->cost_ms * REST) {
		return 0;
	}
	if (follow->count == 0 && !add_followed(follow, follow->id)) {
		return DTF_ENOMEM;
	}
	add_said(&page);
	int rc = 0;
	for (; rc == 0 && page.at < follow->count; page.at++) {
		if (page.at == 0 || follow->all[page.at].status <= DTF_SUSPENDED) {
			rc = look_at(&page);
		}
	}
	print_page(&page);
	follow->told_ms = show_steady_ms();
	follow->cost_ms = follow->told_ms - begun_ms;
	*ret_news = page.news;
	return rc;
}

void follow_finish(struct follow *follow) {
	for (size_t i = 0; i < follow->count; i++) {
		free(follow->all[i].id);
	}
	free(follow->all);
	follow->all = NULL;
	follow->count = follow->capacity = 0;
}
