/*
 * where: what an instance waits for, each wait as a compiler would point at it.
 *
 *	order.dtf:33:9: event shop.approval, waiting for 3m12s
 *	   33 |         on approval as d { … }
 *	      |         ^
 */
#include <inttypes.h>
#include <string.h>

#include "cli.h"

struct pointing {
	struct cli *cli;
	size_t count;
	int64_t now_ms;
};

static void print_json(const struct pointing *pointing, const struct dtf_waiting *waiting) {
	struct json json;
	fputs(pointing->count == 1 ? "" : ",", stdout);
	json_begin(&json, stdout);
	json_text(&json, "kind", waiting->kind);
	json_text(&json, "name", waiting->name);
	json_text(&json, "id", waiting->id);
	json_int(&json, "number", waiting->number);
	json_int(&json, "since_ms", waiting->since_ms);
	if (waiting->due_ms != 0) {
		json_int(&json, "due_ms", waiting->due_ms);
	}
	if (strcmp(waiting->kind, "activity") == 0) {
		json_int(&json, "attempt", waiting->attempt);
		json_int(&json, "attempts", waiting->attempts);
		json_bool(&json, "running", waiting->running);
		json_bool(&json, "settling", waiting->settling);
		if (waiting->deadline_ms != 0) {
			json_int(&json, "deadline_ms", waiting->deadline_ms);
		}
		json_text(&json, "error", waiting->error);
	}
	if (waiting->file != NULL) {
		json_text(&json, "file", waiting->file);
		json_int(&json, "line", waiting->line);
		json_int(&json, "column", waiting->column);
		json_text(&json, "source", waiting->source);
	}
	json_end(&json);
}

/* ", due in 2d23h" or ", due 5s ago" */
static void print_due(const char *what, int64_t due_ms, int64_t now_ms) {
	char span[SHOW_TIME_MAX];
	show_span(span, due_ms > now_ms ? due_ms - now_ms : now_ms - due_ms);
	printf(due_ms > now_ms ? ", %s in %s" : ", %s %s ago", what, span);
}

static void print_activity(const struct dtf_waiting *waiting, int64_t now_ms) {
	if (waiting->attempt == 0) {
		printf(", not started yet");
	} else {
		printf(", attempt %" PRId64, waiting->attempt);
		if (waiting->attempts > 0) {
			printf(" of %" PRId64, waiting->attempts);
		}
		printf(waiting->running ? " has not ended" : " failed");
	}
	if (waiting->settling) {
		printf(", cancelled");
		print_due("given up", waiting->due_ms, now_ms);
		return;
	}
	if (waiting->due_ms != 0) {
		print_due("next", waiting->due_ms, now_ms);
	}
	if (waiting->deadline_ms != 0) {
		print_due("deadline", waiting->deadline_ms, now_ms);
	}
}

static void print_source(const struct cli *cli, const struct dtf_waiting *waiting) {
	if (waiting->source == NULL || waiting->source[0] == '\0') {
		return;
	}
	/* The text is trimmed; its own column says how far it stood to the right. */
	unsigned indent = waiting->source_column > 0 ? waiting->source_column - 1 : 0;
	printf("%s%5" PRIu32 " |%s %*s", look_on(cli, LOOK_DIM), waiting->line, look_off(cli),
		(int)indent, "");
	show_text(stdout, waiting->source);
	putchar('\n');
	size_t end = indent + strlen(waiting->source);
	if (waiting->source_column > 0 && waiting->column > indent && waiting->column <= end) {
		printf("%s      |%s %*s%s^%s\n", look_on(cli, LOOK_DIM), look_off(cli),
			(int)waiting->column - 1, "", look_on(cli, LOOK_WAIT), look_off(cli));
	}
}

static bool point(void *arg, const struct dtf_waiting *waiting) {
	struct pointing *pointing = arg;
	const struct cli *cli = pointing->cli;
	pointing->count++;
	if (cli->json) {
		print_json(pointing, waiting);
		return true;
	}
	char span[SHOW_TIME_MAX];
	show_span(span, pointing->now_ms - waiting->since_ms);
	if (waiting->file != NULL) {
		printf("%s%s:%" PRIu32 ":%" PRIu32 ":%s ", look_on(cli, LOOK_STRONG), waiting->file,
			waiting->line, waiting->column, look_off(cli));
	}
	printf("%s%s%s%s", look_on(cli, LOOK_WAIT), waiting->kind,
		waiting->name[0] == '\0' ? "" : " ", waiting->name);
	if (waiting->id != NULL) {
		putchar(' ');
		show_text(stdout, waiting->id);
	}
	printf(", waiting for %s", span);
	printf("%s", look_off(cli));
	if (strcmp(waiting->kind, "activity") == 0) {
		print_activity(waiting, pointing->now_ms);
	} else if (waiting->settling) {
		printf(", cancelled");
	} else if (waiting->due_ms != 0) {
		print_due("due", waiting->due_ms, pointing->now_ms);
	}
	putchar('\n');
	print_source(cli, waiting);
	if (waiting->error != NULL) {
		printf("      %s=%s last error: ", look_on(cli, LOOK_DIM), look_off(cli));
		show_text(stdout, waiting->error);
		putchar('\n');
	}
	return true;
}

static void headline(void *arg, const struct dtf_instance_info *info) {
	const struct cli *cli = arg;
	if (cli->json) {
		return;
	}
	printf("%s%s%s %s, %s%s%s", look_on(cli, LOOK_STRONG), info->id, look_off(cli),
		info->workflow, look_on(cli, look_of_status(info->status)),
		dtf_status_name(info->status), look_off(cli));
	if (info->suspended != NULL) {
		printf(" (%s)", info->suspended);
	}
	/* What an ended one said last is not how it ended. */
	const char *says = info->status > DTF_SUSPENDED ? NULL : info->custom_status;
	if (info->error != NULL || says != NULL) {
		fputs(": ", stdout);
		show_text(stdout, info->error != NULL ? info->error : says);
	}
	if (info->status == DTF_RUNNING && dtf_client_has_engine(cli->client) == 0) {
		fputs("; no engine is up", stdout);
	}
	putchar('\n');
}

int cmd_where(struct cli *cli) {
	const char *id = cli->operands[0];
	struct pointing pointing = { .cli = cli, .now_ms = show_now_ms() };
	int rc = dtf_info(cli->client, id, headline, cli);
	if (rc < 0) {
		return cli_failed(id, rc);
	}
	fputs(cli->json ? "[" : "", stdout);
	rc = dtf_where(cli->client, id, point, &pointing);
	fputs(cli->json ? "]\n" : "", stdout);
	if (rc == 0 && pointing.count == 0) {
		fprintf(stderr, "it waits for nothing\n");
	}
	return rc == 0 ? EXIT_OK : cli_failed(id, rc);
}
