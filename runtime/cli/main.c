/*
 * dtf: lists, inspects and steers the instances of a dtf directory.
 *
 * One table says what the commands are, what operands and options they take,
 * and how the help describes them; everything else follows from it.  What was
 * asked for goes to stdout, all that is said about it to stderr; exit statuses
 * are in cli.h.  The tool uses the public interface only: whatever it can do,
 * a program can.
 */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

enum {
	OPTION_DB = 256,
	OPTION_JSON,
	OPTION_HELP,
	OPTION_VERSION,
	OPTION_STATUS,
	OPTION_WORKFLOW,
	OPTION_EXECUTION,
	OPTION_EVENT_ID,
	OPTION_REASON,
	OPTION_TIMEOUT,
};
#define TAKES(option) (1u << (OPTION_##option - OPTION_DB))

static const struct command {
	const char *name, *operands;
	int least, most;  /* number of operands */
	unsigned options; /* beside --db and --json */
	int (*run)(struct cli *cli);
	const char *help;
} commands[] = {
	{ "list", "", 0, 0, TAKES(STATUS) | TAKES(WORKFLOW), cmd_list,
		"all instances, oldest first" },
	{ "show", "ID", 1, 1, 0, cmd_show, "one instance: what is known of it, how it ended" },
	{ "where", "ID", 1, 1, 0, cmd_where, "what it waits for, in the source" },
	{ "history", "ID", 1, 1, TAKES(EXECUTION), cmd_history, "what has happened to it" },
	{ "start", "WORKFLOW ID [INPUT]", 2, 3, 0, cmd_start,
		"a new instance; INPUT is a JSON array of the arguments, - reads it" },
	{ "raise", "ID EVENT [PAYLOAD]", 2, 3, TAKES(EVENT_ID), cmd_raise,
		"an event for it; PAYLOAD is JSON, - reads it" },
	{ "cancel", "ID", 1, 1, TAKES(REASON), cmd_cancel, "unwinds it: its undos run" },
	{ "terminate", "ID", 1, 1, TAKES(REASON), cmd_terminate, "ends it, nothing is undone" },
	{ "suspend", "ID", 1, 1, TAKES(REASON), cmd_suspend, "stops it; what arrives is kept" },
	{ "resume", "ID", 1, 1, 0, cmd_resume, "lets it go on" },
	{ "wait", "ID", 1, 1, TAKES(TIMEOUT), cmd_wait, "waits for its end and shows the result" },
};
#define NCOMMANDS (sizeof(commands) / sizeof(*commands))

static const struct option options[] = {
	{ "db", required_argument, NULL, OPTION_DB },
	{ "json", no_argument, NULL, OPTION_JSON },
	{ "help", no_argument, NULL, OPTION_HELP },
	{ "version", no_argument, NULL, OPTION_VERSION },
	{ "status", required_argument, NULL, OPTION_STATUS },
	{ "workflow", required_argument, NULL, OPTION_WORKFLOW },
	{ "execution", required_argument, NULL, OPTION_EXECUTION },
	{ "event-id", required_argument, NULL, OPTION_EVENT_ID },
	{ "reason", required_argument, NULL, OPTION_REASON },
	{ "timeout", required_argument, NULL, OPTION_TIMEOUT },
	{ 0 },
};

static void usage(FILE *out) {
	fputs("usage: dtf COMMAND [OPTION]... [OPERAND]...\n\n", out);
	for (size_t i = 0; i < NCOMMANDS; i++) {
		const struct command *it = &commands[i];
		fprintf(out, "  %-9s %-20s %s\n", it->name, it->operands, it->help);
	}
	fputs("\n"
	      "  --db DIR           the directory; else $DTF_DB, else ./dtf.db\n"
	      "  --json             machine-readable output\n"
	      "  --status STATUS    list: only running, suspended, completed, failed, cancelled,\n"
	      "                     terminated\n"
	      "  --workflow NAME    list: only of this workflow\n"
	      "  --execution N|all  history: not only the current one\n"
	      "  --event-id ID      raise: an ID that was seen before makes it harmless\n"
	      "  --reason TEXT      cancel, terminate, suspend\n"
	      "  --timeout TIME     wait: 250ms, 30s, 5m, 2h\n"
	      "  --help, --version\n\n"
	      "Exit status: 0 ok, 1 failed, 2 usage, 3 not found, 4 wrong state, 5 store,\n"
	      "124 timed out.\n",
		out);
}

static const struct command *find(const char *name) {
	for (size_t i = 0; i < NCOMMANDS; i++) {
		if (strcmp(commands[i].name, name) == 0) {
			return &commands[i];
		}
	}
	return NULL;
}

/* "5m" in milliseconds; false: it makes no sense. */
static bool parse_span(const char *text, int64_t *ret) {
	static const struct {
		const char *name;
		int64_t ms;
	} units[] = { { "ms", 1 }, { "s", 1000 }, { "m", 60000 }, { "h", 3600000 }, { "", 1000 } };
	char *end;
	long long count = strtoll(text, &end, 10);
	if (end == text || count < 0 || count > INT64_MAX / 3600000) {
		return false;
	}
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
		if (strcmp(end, units[i].name) == 0) {
			*ret = count * units[i].ms;
			return true;
		}
	}
	return false;
}

static bool parse_execution(const char *text, int64_t *ret) {
	if (strcmp(text, "all") == 0) {
		*ret = -1;
		return true;
	}
	char *end;
	*ret = strtoll(text, &end, 10);
	return end != text && *end == '\0' && *ret > 0;
}

/* False: the value makes no sense, and that was said. */
static bool take_option(struct cli *cli, int option, const char *value) {
	bool ok = true;
	switch (option) {
	case OPTION_DB:
		cli->db = value;
		break;
	case OPTION_JSON:
		cli->json = true;
		break;
	case OPTION_STATUS:
		cli->status = value;
		break;
	case OPTION_WORKFLOW:
		cli->workflow = value;
		break;
	case OPTION_EVENT_ID:
		cli->event_id = value;
		break;
	case OPTION_REASON:
		cli->reason = value;
		break;
	case OPTION_EXECUTION:
		ok = parse_execution(value, &cli->execution);
		break;
	case OPTION_TIMEOUT:
		ok = parse_span(value, &cli->timeout_ms);
		break;
	}
	if (!ok) {
		fprintf(stderr, "dtf: '%s' makes no sense here\n", value);
	}
	return ok;
}

/* Reads everything; 0, or the status to exit with (EXIT_OK too: < 0 goes on). */
static int parse(struct cli *cli, int argc, char **argv, const struct command **ret) {
	unsigned given = 0;
	int option;
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == OPTION_HELP) {
			usage(stdout);
			return EXIT_OK;
		}
		if (option == OPTION_VERSION) {
			printf("dtf %s\n", dtf_version());
			return EXIT_OK;
		}
		if (option == '?' || !take_option(cli, option, optarg)) {
			return EXIT_USAGE;
		}
		given |= 1u << (option - OPTION_DB);
	}
	if (optind == argc) {
		usage(stderr);
		return EXIT_USAGE;
	}
	const struct command *command = find(argv[optind]);
	if (command == NULL) {
		fprintf(stderr, "dtf: there is no command '%s'; see dtf --help\n", argv[optind]);
		return EXIT_USAGE;
	}
	int count = argc - optind - 1;
	bool fits = (given & ~(command->options | TAKES(DB) | TAKES(JSON))) == 0;
	if (count < command->least || count > command->most || !fits) {
		fprintf(stderr, "usage: dtf %s %s\n", command->name, command->operands);
		return EXIT_USAGE;
	}
	cli->operands = argv + optind + 1;
	*ret = command;
	return -1;
}

static bool wants_color(void) {
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");
	return isatty(STDOUT_FILENO) == 1 && (no == NULL || *no == '\0') &&
		(term == NULL || strcmp(term, "dumb") != 0);
}

int main(int argc, char **argv) {
	const char *db = getenv("DTF_DB");
	struct cli cli = {
		.db = db == NULL || *db == '\0' ? "dtf.db" : db,
		.color = wants_color(),
		.timeout_ms = -1,
	};
	const struct command *command = NULL;
	int status = parse(&cli, argc, argv, &command);
	if (status >= 0) {
		return status;
	}
	int rc = dtf_client_open(cli.db, &cli.client);
	if (rc < 0) {
		return cli_failed(cli.db, rc);
	}
	status = command->run(&cli);
	dtf_client_close(cli.client);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		fputs("dtf: the output could not be written\n", stderr);
		return EXIT_FAILED;
	}
	return status;
}
