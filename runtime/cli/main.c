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
	OPTION_DB,
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
	OPTION_QUIET,
	OPTION_INPUT,
	OPTION_ID,
	OPTION_ACTIVITY,
	OPTION_GRACE,
	OPTION_PARENT,
};
#define TAKES(option) (1u << OPTION_##option)
#define LONG_OPTIONS  256     /* what getopt_long calls the first */
#define MANY          1000000 /* operands */

static const struct command {
	const char *name, *operands;
	int least, most;  /* number of operands */
	unsigned options; /* beside --json */
	bool with_db;     /* it works on a directory that is there */
	int (*run)(struct cli *cli);
	const char *help, *more; /* a line, and what `dtf help` adds; or NULL */
} commands[] = {
	{ "run", "FILE.dtf [WORKFLOW]", 1, 2,
		TAKES(DB) | TAKES(INPUT) | TAKES(ID) | TAKES(ACTIVITY) | TAKES(GRACE) |
			TAKES(QUIET),
		false, cmd_run, "runs a workflow, with commands as its activities", help_run },
	{ "test", "FILE.dtf [FILE.json]...", 1, MANY,
		TAKES(NAME) | TAKES(SEED) | TAKES(RUNS) | TAKES(VERBOSE), false, cmd_test,
		"runs a workflow file's scenarios in virtual time", help_test },
	{ "list", "", 0, 0, TAKES(STATUS) | TAKES(WORKFLOW) | TAKES(PARENT), true, cmd_list,
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

/* How a value is read, and where it goes. */
enum value { FLAG, TEXT, SPAN, NUMBER, EXECUTION, LIST };

static const struct {
	const char *name, *argument; /* NULL: it takes none */
	enum value value;
	size_t at; /* in struct cli */
	const char *help;
} options[] = {
	[OPTION_DB] = { "db", "DIR", TEXT, offsetof(struct cli, db),
		"the directory; else $DTF_DB" },
	[OPTION_JSON] = { "json", NULL, FLAG, offsetof(struct cli, json),
		"machine-readable output" },
	[OPTION_STATUS] = { "status", "STATUS", TEXT, offsetof(struct cli, status),
		"only running, suspended, completed, failed, cancelled, terminated" },
	[OPTION_WORKFLOW] = { "workflow", "NAME", TEXT, offsetof(struct cli, workflow),
		"only of this workflow" },
	[OPTION_EXECUTION] = { "execution", "N|all", EXECUTION, offsetof(struct cli, execution),
		"not only the current one" },
	[OPTION_EVENT_ID] = { "event-id", "ID", TEXT, offsetof(struct cli, event_id),
		"an ID that was seen before makes it harmless" },
	[OPTION_REASON] = { "reason", "TEXT", TEXT, offsetof(struct cli, reason),
		"kept in its history" },
	[OPTION_TIMEOUT] = { "timeout", "TIME", SPAN, offsetof(struct cli, timeout_ms),
		"250ms, 30s, 5m, 2h; else as long as it takes" },
	[OPTION_NAME] = { "name", "TEXT", TEXT, offsetof(struct cli, name),
		"only scenarios whose name contains this" },
	[OPTION_SEED] = { "seed", "N", NUMBER, offsetof(struct cli, seed),
		"the first seed of runs that permute what is concurrent" },
	[OPTION_RUNS] = { "runs", "K", NUMBER, offsetof(struct cli, runs),
		"how many of those; else none, or one with --seed" },
	[OPTION_VERBOSE] = { "verbose", NULL, FLAG, offsetof(struct cli, verbose),
		"what happened, also when it was as expected" },
	[OPTION_INPUT] = { "input", "JSON", TEXT, offsetof(struct cli, input),
		"an array of the arguments, - reads it; else []" },
	[OPTION_ID] = { "id", "ID", TEXT, offsetof(struct cli, id),
		"of the instance; else the workflow's name" },
	[OPTION_ACTIVITY] = { "activity", "NAME=COMMAND", LIST, offsetof(struct cli, activities),
		"the shell command that runs it" },
	[OPTION_GRACE] = { "grace", "TIME", SPAN, offsetof(struct cli, grace_ms),
		"from SIGTERM to SIGKILL when it is unwanted; else 5s" },
	[OPTION_QUIET] = { "quiet", NULL, FLAG, offsetof(struct cli, quiet),
		"no progress, only how it ends" },
	[OPTION_PARENT] = { "parent", "ID", TEXT, offsetof(struct cli, parent),
		"only those that this instance has called" },
	[OPTION_HELP] = { "help", NULL, FLAG, offsetof(struct cli, help), NULL },
	[OPTION_VERSION] = { "version", NULL, FLAG, offsetof(struct cli, version), NULL },
};
#define NOPTIONS (sizeof(options) / sizeof(*options))

/* ---- help ---- */

static void usage(FILE *out) {
	fputs("usage: dtf COMMAND [OPTION]... [OPERAND]...\n\n", out);
	for (size_t i = 0; i < NCOMMANDS; i++) {
		const struct command *it = &commands[i];
		if (it->with_db && !commands[i - 1].with_db) {
			fputs("\nOn a directory, --db DIR, else $DTF_DB, else ./dtf.db:\n", out);
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

/* "--db DIR" */
static int name_option(char *name, size_t size, size_t i) {
	return snprintf(name, size, "--%s%s%s", options[i].name,
		options[i].argument == NULL ? "" : " ",
		options[i].argument == NULL ? "" : options[i].argument);
}

static void help(const struct command *command) {
	int width = 0;
	char name[64];
	usage_of(command, stdout);
	printf("\n%s.\n%s%s\n", command->help, command->more == NULL ? "" : "\n",
		command->more == NULL ? "" : command->more);
	for (size_t i = 0; i < NOPTIONS; i++) {
		int n = (options_of(command) & 1u << i) == 0 ? 0
							     : name_option(name, sizeof(name), i);
		width = n > width ? n : width;
	}
	for (size_t i = 0; i < NOPTIONS; i++) {
		if ((options_of(command) & 1u << i) != 0) {
			(void)name_option(name, sizeof(name), i);
			printf("  %-*s  %s\n", width, name, options[i].help);
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
static bool take_option(struct cli *cli, size_t i, const char *value) {
	void *at = (char *)cli + options[i].at;
	bool ok = true;
	switch (options[i].value) {
	case FLAG:
		*(bool *)at = true;
		break;
	case TEXT:
		*(const char **)at = value;
		break;
	case SPAN:
		ok = parse_span(value, at);
		break;
	case NUMBER:
		ok = parse_number(value, at);
		break;
	case EXECUTION:
		ok = parse_execution(value, at);
		break;
	case LIST:
		cli->activities[cli->nactivities++] = value;
		break;
	}
	if (!ok) {
		fprintf(stderr, "dtf: --%s: '%s' makes no sense\n", options[i].name, value);
	}
	return ok;
}

/* For getopt_long. */
static void list_options(struct option list[NOPTIONS + 1]) {
	for (size_t i = 0; i < NOPTIONS; i++) {
		list[i] = (struct option){ options[i].name,
			options[i].argument == NULL ? no_argument : required_argument, NULL,
			LONG_OPTIONS + (int)i };
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
	while ((option = getopt_long(argc, argv, "vq", list, NULL)) != -1) {
		int i = option == 'v'   ? OPTION_VERBOSE
			: option == 'q' ? OPTION_QUIET
					: option - LONG_OPTIONS;
		if (option == '?' || !take_option(cli, (size_t)i, optarg)) {
			return EXIT_USAGE;
		}
		given |= 1u << i;
	}
	if (cli->version) {
		printf("dtf %s\n", dtf_version());
		return EXIT_OK;
	}
	if (optind < argc && strcmp(argv[optind], "help") == 0) {
		cli->help = true;
		optind++;
	}
	if (cli->help) {
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

static int run(struct cli *cli, const struct command *command) {
	if (command->with_db) {
		cli->db = cli->db == NULL ? "dtf.db" : cli->db;
		int rc = dtf_client_open(cli->db, &cli->client);
		if (rc < 0) {
			return cli_failed(cli->db, rc);
		}
	}
	int status = command->run(cli);
	dtf_client_close(cli->client);
	return status;
}

int main(int argc, char **argv) {
	const char *db = getenv("DTF_DB");
	struct cli cli = {
		.db = db == NULL || *db == '\0' ? NULL : db,
		.color = look_wanted(STDOUT_FILENO),
		.timeout_ms = -1,
		.grace_ms = 5000,
		.activities = calloc((size_t)argc, sizeof(char *)),
	};
	if (cli.activities == NULL) {
		fputs("dtf: out of memory\n", stderr);
		return EXIT_FAILED;
	}
	const struct command *command = NULL;
	int status = parse(&cli, argc, argv, &command);
	status = status < 0 ? run(&cli, command) : status;
	free(cli.activities);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		fputs("dtf: the output could not be written\n", stderr);
		return EXIT_FAILED;
	}
	return status;
}
