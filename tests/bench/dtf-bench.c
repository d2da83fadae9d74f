/*
 * Measures dtf on this machine.
 *
 *	dtf-bench WHAT [-n COUNT] [-c IN_FLIGHT] [--workers N] [--partitions N]
 *		[--dir DIR] [--memory]
 *
 * One JSON object on one line.  Stores are made in a fresh directory inside DIR,
 * which is this one if nothing is said, with every commit synced, and removed.
 */
#include <string.h>

#include "bench.h"
#include "commands.h"

static const struct command {
	const char *name;
	void (*run)(const char *name, const struct options *options);
} commands[] = {
	{ "hello", run_workload },
	{ "chain5", run_workload },
	{ "chain100", run_workload },
	{ "chain1000", run_workload },
	{ "fan50", run_workload },
	{ "wait", run_workload },
	{ "replay", run_replay },
	{ "restart", run_restart },
	{ "memory", run_memory },
	{ "length", run_length },
	{ "life", run_life },
};

static void usage(void) {
	bench_die("usage: dtf-bench hello|chain5|chain100|chain1000|fan50|wait|\n"
		  "           replay|restart|memory|length|life\n"
		  "       [-n COUNT] [-c IN_FLIGHT] [--workers N] [--partitions N]\n"
		  "       [--dir DIR] [--memory]");
}

static void parse(int argc, char **argv, struct options *options) {
	for (int i = 2; i < argc; i++) {
		const char *option = argv[i];
		if (strcmp(option, "--memory") == 0) {
			options->memory = true;
			continue;
		}
		if (i + 1 == argc) {
			usage();
		}
		const char *value = argv[++i];
		if (strcmp(option, "--dir") == 0) {
			options->dir = value;
		} else if (strcmp(option, "-n") == 0) {
			options->count = bench_number(option, value);
		} else if (strcmp(option, "-c") == 0) {
			options->in_flight = bench_number(option, value);
		} else if (strcmp(option, "--workers") == 0) {
			options->workers = (unsigned)bench_number(option, value);
		} else if (strcmp(option, "--partitions") == 0) {
			options->partitions = (unsigned)bench_number(option, value);
		} else {
			usage();
		}
	}
}

int main(int argc, char **argv) {
	struct options options = { .dir = "." };
	parse(argc, argv, &options);
	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
		if (argc > 1 && strcmp(argv[1], commands[i].name) == 0) {
			commands[i].run(argv[1], &options);
			return 0;
		}
	}
	usage();
}
