/* start, raise, cancel, terminate, suspend, resume: commands to an instance; wait. */
#include <stdlib.h>
#include <string.h>

#include "cli.h"

bool cli_payload(const char *operand, const char *absent, const char **ret, char **ret_memory) {
	*ret_memory = NULL;
	*ret = operand == NULL ? absent : operand;
	if (operand == NULL || strcmp(operand, "-") != 0) {
		return true;
	}
	size_t capacity = 0;
	if (getdelim(ret_memory, &capacity, '\0', stdin) < 0) {
		fputs("dtf: nothing could be read from stdin\n", stderr);
		free(*ret_memory);
		return false;
	}
	*ret = *ret_memory;
	return true;
}

int cmd_start(struct cli *cli) {
	const char *workflow = cli->operands[0], *id = cli->operands[1], *input;
	char *memory;
	if (!cli_payload(cli->operands[2], "[]", &input, &memory)) {
		return EXIT_FAILED;
	}
	int rc = dtf_start(cli->client, workflow, id, input);
	free(memory);
	return cli_done(cli, "started", rc);
}

int cmd_raise(struct cli *cli) {
	const char *id = cli->operands[0], *event = cli->operands[1], *value;
	char *memory;
	if (!cli_payload(cli->operands[2], "null", &value, &memory)) {
		return EXIT_FAILED;
	}
	int rc = dtf_raise(cli->client, id, event, value, cli->event_id);
	free(memory);
	return cli_done(cli, "raised", rc);
}

static const char *reason(const struct cli *cli) {
	return cli->reason == NULL ? "" : cli->reason;
}

int cmd_cancel(struct cli *cli) {
	return cli_done(
		cli, "cancel requested", dtf_cancel(cli->client, cli->operands[0], reason(cli)));
}

int cmd_terminate(struct cli *cli) {
	return cli_done(
		cli, "terminated", dtf_terminate(cli->client, cli->operands[0], reason(cli)));
}

int cmd_suspend(struct cli *cli) {
	return cli_done(cli, "suspended", dtf_suspend(cli->client, cli->operands[0], reason(cli)));
}

int cmd_resume(struct cli *cli) {
	return cli_done(cli, "resumed", dtf_resume(cli->client, cli->operands[0]));
}

int cli_result(const struct cli *cli, const struct dtf_result *result) {
	const struct dtf_failure *error = &result->error;
	const char *status = dtf_status_name(result->status);
	if (cli->json) {
		struct json json;
		json_begin(&json, stdout);
		json_text(&json, "status", status);
		json_raw(&json, "output", result->output);
		json_text(&json, "error", error->name);
		json_text(&json, "message", error->message);
		json_raw(&json, "data", error->data);
		json_end(&json);
	} else if (result->status == DTF_COMPLETED) {
		printf("%s\n", result->output == NULL ? "null" : result->output);
	} else {
		const char *const parts[] = { error->name, error->message, error->data };
		fputs(status, stderr);
		for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
			if (parts[i] != NULL && parts[i][0] != '\0') {
				fputs(": ", stderr);
				show_text(stderr, parts[i]);
			}
		}
		putc('\n', stderr);
	}
	return result->status == DTF_COMPLETED ? EXIT_OK : EXIT_FAILED;
}

int cmd_wait(struct cli *cli) {
	const char *id = cli->operands[0];
	struct dtf_result result = { 0 };
	int rc = dtf_wait_result(cli->client, id, cli->timeout_ms, &result);
	if (rc < 0) {
		return cli_failed(id, rc);
	}
	int status = cli_result(cli, &result);
	dtf_result_free(&result);
	return status;
}
