/* history: what has happened to an instance, with the source beside it. */
#include <inttypes.h>
#include <string.h>

#include "cli.h"
#include "table.h"

/* Characters that are shown; --json has all of them. */
#define SOURCE_MAX 40
#define WHAT_MAX   60
#define SPARE      512 /* room for more than any of these, in bytes */

struct telling {
	struct cli *cli;
	struct table *table;
	size_t count;
	int64_t execution; /* last one told of */
};

static void print_json(const struct telling *telling, const struct dtf_history_event *event) {
	struct json json;
	fputs(telling->count == 1 ? "" : ",", stdout);
	json_begin(&json, stdout);
	json_int(&json, "execution", event->execution);
	json_int(&json, "number", event->number);
	json_text(&json, "name", event->name);
	if (event->file != NULL) {
		json_text(&json, "file", event->file);
		json_int(&json, "line", event->line);
		json_int(&json, "column", event->column);
		json_text(&json, "source", event->source);
	}
	json_raw(&json, "event", event->json);
	json_end(&json);
}

/* "shop.charge ok {…}", "shop.charge lost: …" */
static void describe(char *text, size_t size, const struct dtf_history_event *event) {
	const char *const good[] = { event->name, event->text, event->payload };
	const char *const bad[] = { event->name, event->error, NULL };
	const char *const *parts = event->error == NULL ? good : bad;
	size_t used = 0;
	text[0] = '\0';
	for (size_t i = 0; i < 3; i++) {
		if (parts[i] != NULL && used < size) {
			int n = snprintf(
				text + used, size - used, "%s%s", used == 0 ? "" : " ", parts[i]);
			used += n < 0 ? 0 : (size_t)n;
		}
	}
}

static enum look look_of(const struct dtf_history_event *event) {
	if (strcmp(event->kind, "failed") == 0 || strcmp(event->kind, "undo_failed") == 0) {
		return LOOK_BAD;
	}
	if (strcmp(event->kind, "attempt_ended") == 0) {
		return strcmp(event->text, "ok") == 0 ? LOOK_GOOD : LOOK_BAD;
	}
	if (event->error != NULL) {
		return LOOK_BAD;
	}
	bool good = strcmp(event->kind, "completed") == 0 ||
		strcmp(event->kind, "child_ended") == 0;
	return good ? LOOK_GOOD : LOOK_PLAIN;
}

static bool tell(void *arg, const struct dtf_history_event *event) {
	struct telling *telling = arg;
	telling->count++;
	if (telling->cli->json) {
		print_json(telling, event);
		return true;
	}
	char number[48], clock[SHOW_TIME_MAX], what[SPARE], place[64], kind[48], source[SPARE];
	if (telling->cli->execution == 0) {
		(void)snprintf(number, sizeof(number), "%" PRId64, event->number);
	} else {
		(void)snprintf(number, sizeof(number), "%" PRId64 ".%" PRId64, event->execution,
			event->number);
	}
	show_clock(clock, event->time_ms);
	(void)snprintf(kind, sizeof(kind), "%s", event->kind);
	for (char *at = strchr(kind, '_'); at != NULL; at = strchr(at, '_')) {
		*at = ' ';
	}
	describe(what, sizeof(what), event);
	show_cut(what, WHAT_MAX);
	(void)snprintf(source, sizeof(source), "%s", event->source == NULL ? "" : event->source);
	show_cut(source, SOURCE_MAX);
	place[0] = '\0';
	if (event->file != NULL) {
		(void)snprintf(place, sizeof(place), "%s:%" PRIu32, event->file, event->line);
	}
	table_row(telling->table, (const char *[]){ number, clock, kind, place, source, what });
	table_color(telling->table, 2, look_of(event));
	return true;
}

int cmd_history(struct cli *cli) {
	static const struct table_column columns[] = { { .name = "#", .right = true },
		{ .name = "TIME" }, { .name = "EVENT" }, { .name = "PLACE" },
		{ .name = "SOURCE", .gives_way = true }, { .name = "WHAT", .gives_way = true } };
	const char *id = cli->operands[0];
	struct telling telling = { .cli = cli };
	if (cli->json) {
		fputs("[", stdout);
	} else {
		telling.table = table_create(cli, columns, sizeof(columns) / sizeof(*columns));
	}
	int rc = dtf_history(cli->client, id, cli->execution, tell, &telling);
	if (cli->json) {
		fputs("]\n", stdout);
	} else if (!table_finish(telling.table) && rc == 0) {
		rc = DTF_ENOMEM;
	}
	return rc == 0 ? EXIT_OK : cli_failed(id, rc);
}
