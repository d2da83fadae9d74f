/* list and show: instances. */
#include <inttypes.h>
#include <string.h>

#include "cli.h"
#include "table.h"

static void print_info(
	FILE *out, const struct dtf_instance_info *info, const struct dtf_result *result) {
	struct json json;
	json_begin(&json, out);
	json_text(&json, "id", info->id);
	json_text(&json, "workflow", info->workflow);
	json_text(&json, "parent", info->parent);
	json_int(&json, "version", info->version);
	json_text(&json, "status", dtf_status_name(info->status));
	json_text(&json, "suspended", info->suspended);
	json_raw(&json, "custom_status", info->custom_status);
	json_text(&json, "error", info->error);
	if (result != NULL) {
		json_raw(&json, "output", result->output);
		json_text(&json, "message", result->error.message);
		json_raw(&json, "error_data", result->error.data);
	}
	json_int(&json, "execution", info->execution);
	json_int(&json, "events", info->events);
	json_int(&json, "created_ms", info->created_ms);
	json_int(&json, "updated_ms", info->updated_ms);
	if (info->next_timer_ms != 0) {
		json_int(&json, "next_timer_ms", info->next_timer_ms);
	}
	json_end(&json);
}

/* ---- list ---- */

struct listing {
	struct cli *cli;
	struct table *table;
	size_t count;
};

static void status_text(char *text, size_t size, const struct dtf_instance_info *info) {
	const char *name = dtf_status_name(info->status);
	if (info->suspended == NULL) {
		(void)snprintf(text, size, "%s", name);
	} else {
		(void)snprintf(text, size, "%s (%s)", name, info->suspended);
	}
}

static bool list_one(void *arg, const struct dtf_instance_info *info) {
	struct listing *listing = arg;
	const struct cli *cli = listing->cli;
	if ((cli->status != NULL && strcmp(cli->status, dtf_status_name(info->status)) != 0) ||
		(cli->workflow != NULL && strcmp(cli->workflow, info->workflow) != 0) ||
		(cli->parent != NULL &&
			(info->parent == NULL || strcmp(cli->parent, info->parent) != 0))) {
		return true;
	}
	listing->count++;
	if (cli->json) {
		fputs(listing->count == 1 ? "" : ",", stdout);
		print_info(stdout, info, NULL);
		return true;
	}
	char status[64], since[SHOW_TIME_MAX], age[SHOW_TIME_MAX];
	status_text(status, sizeof(status), info);
	show_time(since, info->created_ms);
	show_span(age, show_now_ms() - info->updated_ms);
	const char *said = info->error != NULL ? info->error : info->custom_status;
	table_row(listing->table,
		(const char *[]){ info->id, info->workflow, status, since, age, said });
	table_color(listing->table, 2, look_of_status(info->status));
	return true;
}

static bool is_status(const char *name) {
	for (int i = DTF_RUNNING; i <= DTF_TERMINATED; i++) {
		if (strcmp(name, dtf_status_name((enum dtf_status)i)) == 0) {
			return true;
		}
	}
	return false;
}

int cmd_list(struct cli *cli) {
	static const struct table_column columns[] = { { .name = "ID" }, { .name = "WORKFLOW" },
		{ .name = "STATUS" }, { .name = "CREATED" }, { .name = "IDLE", .right = true },
		{ .name = "SAYS", .gives_way = true } };
	if (cli->status != NULL && !is_status(cli->status)) {
		fprintf(stderr, "dtf: '%s' is no status\n", cli->status);
		return EXIT_USAGE;
	}
	struct listing listing = { .cli = cli };
	if (cli->json) {
		fputs("[", stdout);
	} else {
		listing.table = table_create(cli, columns, sizeof(columns) / sizeof(*columns));
	}
	int rc = dtf_list(cli->client, list_one, &listing);
	if (cli->json) {
		fputs("]\n", stdout);
	} else if (!table_finish(listing.table) && rc == 0) {
		rc = DTF_ENOMEM;
	}
	return rc == 0 ? EXIT_OK : cli_failed("list", rc);
}

/* ---- show ---- */

struct showing {
	struct cli *cli;
	const struct dtf_result *result; /* NULL while it has not ended */
};

static void line(const struct cli *cli, const char *name, const char *value) {
	if (value != NULL) {
		printf("%s%-10s%s ", look_on(cli, LOOK_DIM), name, look_off(cli));
		show_text(stdout, value);
		putchar('\n');
	}
}

static void show_one(void *arg, const struct dtf_instance_info *info) {
	const struct showing *showing = arg;
	const struct cli *cli = showing->cli;
	const struct dtf_result *result = showing->result;
	if (cli->json) {
		print_info(stdout, info, result);
		return;
	}
	char text[64], time[SHOW_TIME_MAX];
	line(cli, "id", info->id);
	(void)snprintf(text, sizeof(text),
		"version %" PRId64 ", execution %" PRId64 ", %" PRId64 " events", info->version,
		info->execution, info->events);
	line(cli, "workflow", info->workflow);
	line(cli, "", text);
	line(cli, "parent", info->parent);
	status_text(text, sizeof(text), info);
	printf("%s%-10s%s %s%s%s\n", look_on(cli, LOOK_DIM), "status", look_off(cli),
		look_on(cli, look_of_status(info->status)), text, look_off(cli));
	line(cli, "says", info->custom_status);
	line(cli, "error", info->error);
	if (result != NULL) {
		line(cli, "output", result->output);
		line(cli, "reason", result->error.name == NULL ? result->error.message : NULL);
		line(cli, "data", result->error.data);
	}
	show_time(time, info->created_ms);
	line(cli, "created", time);
	show_time(time, info->updated_ms);
	line(cli, "updated", time);
	if (info->next_timer_ms != 0) {
		show_time(time, info->next_timer_ms);
		line(cli, "next timer", time);
	}
}

int cmd_show(struct cli *cli) {
	const char *id = cli->operands[0];
	struct dtf_result result = { 0 };
	int rc = dtf_wait_result(cli->client, id, 0, &result);
	if (rc < 0 && rc != DTF_ETIMEOUT) {
		return cli_failed(id, rc);
	}
	struct showing showing = { cli, rc == 0 ? &result : NULL };
	rc = dtf_info(cli->client, id, show_one, &showing);
	dtf_result_free(&result);
	return rc == 0 ? EXIT_OK : cli_failed(id, rc);
}
