/*
 * dtf: tests workflow files; lists, inspects and steers the instances of a
 * directory.
 *
 * One table says what the commands are, what operands and options they take,
 * and how the help describes them; everything else follows from it.  What was
 * asked for goes to stdout, all that is said about it to stderr; exit statuses
 * are in cli.h.  But for scenarios, which run on the inside of the engine, the
 * tool uses the public interface only: whatever it can do, a program can.
 */
#include <errno.h>
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
	OPTION_NAME,
	OPTION_SEED,
	OPTION_RUNS,
	OPTION_VERBOSE,
};
#define TAKES(option) (1u << (OPTION_##option - OPTION_DB))
#define MANY          1000000 /* operands */

static const struct command {
	const char *name, *operands;
	int least, most;  /* number of operands */
	unsigned options; /* beside --json */
	bool with_db;     /* it works on a directory that is there */
	int (*run)(struct cli *cli);
	const char *help, *more; /* a line, and what `dtf help` adds; or NULL */
} commands[] = {
	{ "test", "FILE.dtf [FILE.json]...", 1, MANY,
		TAKES(NAME) | TAKES(SEED) | TAKES(RUNS) | TAKES(VERBOSE), false, cmd_test,
		"a workflow file against its scenarios", help_test },
	{ "list", "", 0, 0, TAKES(STATUS) | TAKES(WORKFLOW), true, cmd_list,
		"all instances, oldest first", NULL },
	{ "show", "ID", 1, 1, 0, true, cmd_show, "one instance: what is known of it, how it ended",
		NULL },
	{ "where", "ID", 1, 1, 0, true, cmd_where, "what it waits for, in the source", NULL },
	{ "history", "ID", 1, 1, TAKES(EXECUTION), true, cmd_history, "what has happened to it",
		NULL },
	{ "start", "WORKFLOW ID [INPUT]", 2, 3, 0, true, cmd_start,
		"a new instance; INPUT: a JSON array of arguments, - reads it", NULL },
	{ "raise", "ID EVENT [PAYLOAD]", 2, 3, TAKES(EVENT_ID), true, cmd_raise,
		"an event for it; PAYLOAD: JSON, - reads it", NULL },
	{ "cancel", "ID", 1, 1, TAKES(REASON), true, cmd_cancel, "unwinds it: its undos run",
		NULL },
	{ "terminate", "ID", 1, 1, TAKES(REASON), true, cmd_terminate, "ends it, nothing is undone",
		NULL },
	{ "suspend", "ID", 1, 1, TAKES(REASON), true, cmd_suspend, "stops it; what arrives is kept",
		NULL },
	{ "resume", "ID", 1, 1, 0, true, cmd_resume, "lets it go on", NULL },
	{ "wait", "ID", 1, 1, TAKES(TIMEOUT), true, cmd_wait,
		"waits for its end and shows the result", NULL },
};
#define NCOMMANDS (sizeof(commands) / sizeof(*commands))

static const struct {
	const char *name, *argument; /* NULL: it takes none */
	int id;
	const char *help;
} options[] = {
	{ "db", "DIR", OPTION_DB, "the directory; else $DTF_DB, else ./dtf.db" },
	{ "json", NULL, OPTION_JSON, "machine-readable output" },
	{ "status", "STATUS", OPTION_STATUS,
		"only running, suspended, completed, failed, cancelled, terminated" },
	{ "workflow", "NAME", OPTION_WORKFLOW, "only of this workflow" },
	{ "execution", "N|all", OPTION_EXECUTION, "not only the current one" },
	{ "event-id", "ID", OPTION_EVENT_ID, "an ID that was seen before makes it harmless" },
	{ "reason", "TEXT", OPTION_REASON, "kept in its history" },
	{ "timeout", "TIME", OPTION_TIMEOUT, "250ms, 30s, 5m, 2h; else as long as it takes" },
	{ "name", "TEXT", OPTION_NAME, "only scenarios whose name contains this" },
	{ "seed", "N", OPTION_SEED, "the first seed of runs that permute what is concurrent" },
	{ "runs", "K", OPTION_RUNS, "how many of those; else none, or one with --seed" },
	{ "verbose", NULL, OPTION_VERBOSE, "what happened, also when it was as expected" },
	{ "help", NULL, OPTION_HELP, NULL },
	{ "version", NULL, OPTION_VERSION, NULL },
};
#define NOPTIONS (sizeof(options) / sizeof(*options))

/* ---- help ---- */

static void usage(FILE *out) {
	fputs("usage: dtf COMMAND [OPTION]... [OPERAND]...\n\n", out);
	for (size_t i = 0; i < NCOMMANDS; i++) {
		const struct command *it = &commands[i];
		if (strcmp(it->name, "list") == 0) {
			fputs("\nOn a directory (--db DIR, else $DTF_DB, else ./dtf.db):\n", out);
		}
		fprintf(out, "  %-9s %-25s %s\n", it->name, it->operands, it->help);
	}
	fputs("\n"
	      "  dtf help COMMAND, dtf --version\n\n"
	      "Exit status: 0 ok, 1 failed, 2 usage, 3 not found, 4 wrong state, 5 store,\n"
	      "124 timed out.\n",
		out);
}

static unsigned options_of(const struct command *command) {
	return command->options | TAKES(JSON) | (command->with_db ? TAKES(DB) : 0);
}

static void usage_of(const struct command *command, FILE *out) {
	fprintf(out, "usage: dtf %s [OPTION]...%s%s\n", command->name,
		command->operands[0] == '\0' ? "" : " ", command->operands);
}

static void help(const struct command *command) {
	usage_of(command, stdout);
	printf("\n%s%s\n\n", command->help, command->more == NULL ? "" : command->more);
	for (size_t i = 0; i < NOPTIONS; i++) {
		unsigned bit = 1u << (options[i].id - OPTION_DB);
		char name[64];
		(void)snprintf(name, sizeof(name), "--%s %s", options[i].name,
			options[i].argument == NULL ? "" : options[i].argument);
		if ((options_of(command) & bit) != 0) {
			printf("  %-18s %s\n", name, options[i].help);
		}
	}
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

static bool parse_number(const char *text, uint64_t *ret) {
	char *end;
	errno = 0;
	*ret = strtoull(text, &end, 10);
	return *text >= '0' && *text <= '9' && *end == '\0' && errno == 0;
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
	case OPTION_NAME:
		cli->name = value;
		break;
	case OPTION_SEED:
		ok = parse_number(value, &cli->seed);
		break;
	case OPTION_RUNS:
		ok = parse_number(value, &cli->runs);
		break;
	case OPTION_VERBOSE:
		cli->verbose = true;
		break;
	}
	if (!ok) {
		fprintf(stderr, "dtf: '%s' makes no sense here\n", value);
	}
	return ok;
}

/* For getopt_long. */
static void list_options(struct option list[NOPTIONS + 1]) {
	for (size_t i = 0; i < NOPTIONS; i++) {
		list[i] = (struct option){ options[i].name,
			options[i].argument == NULL ? no_argument : required_argument, NULL,
			options[i].id };
	}
	list[NOPTIONS] = (struct option){ 0 };
}

static const struct command *look_up(const char *name) {
	const struct command *command = find(name);
	if (command == NULL) {
		fprintf(stderr, "dtf: there is no command '%s'; see dtf --help\n", name);
	}
	return command;
}

/* `dtf help [COMMAND]`, `dtf [COMMAND] --help`; name may be NULL. */
static int show_help(const char *name) {
	if (name == NULL) {
		usage(stdout);
		return EXIT_OK;
	}
	const struct command *command = look_up(name);
	if (command == NULL) {
		return EXIT_USAGE;
	}
	help(command);
	return EXIT_OK;
}

/* Reads everything; 0, or the status to exit with (EXIT_OK too: < 0 goes on). */
static int parse(struct cli *cli, int argc, char **argv, const struct command **ret) {
	struct option list[NOPTIONS + 1];
	unsigned given = 0;
	int option;
	list_options(list);
	while ((option = getopt_long(argc, argv, "v", list, NULL)) != -1) {
		option = option == 'v' ? OPTION_VERBOSE : option;
		if (option == OPTION_VERSION) {
			printf("dtf %s\n", dtf_version());
			return EXIT_OK;
		}
		if (option == '?' || !take_option(cli, option, optarg)) {
			return EXIT_USAGE;
		}
		given |= 1u << (option - OPTION_DB);
	}
	bool help_wanted = (given & TAKES(HELP)) != 0;
	if (optind < argc && strcmp(argv[optind], "help") == 0) {
		help_wanted = true;
		optind++;
	}
	if (help_wanted) {
		return show_help(argv[optind]);
	}
	if (optind == argc) {
		usage(stderr);
		return EXIT_USAGE;
	}
	const struct command *command = look_up(argv[optind]);
	if (command == NULL) {
		return EXIT_USAGE;
	}
	int count = argc - optind - 1;
	bool fits = (given & ~options_of(command)) == 0;
	if (count < command->least || count > command->most || !fits) {
		usage_of(command, stderr);
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
	int rc = command->with_db ? dtf_client_open(cli.db, &cli.client) : 0;
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
