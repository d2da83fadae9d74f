/* test: a workflow file and its scenarios, in virtual time. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "program.h"
#include "verdict.h"

#define RUNS_MAX 100000

const char help_test[] =
	"It is the engine that runs in production, with a clock that jumps: a sleep of 30 days\n"
	"takes no time.  No C is needed, activities do what the scenario says.\n"
	"\n"
	"The scenarios of FILE.dtf are in FILE.json, or in the files that are named behind\n"
	"it.  A scenario says how a workflow is started, what each activity does, what\n"
	"happens when, and what is expected:\n"
	"\n"
	"  { \"name\": \"a declined card releases the stock\", \"workflow\": \"fulfil\",\n"
	"    \"input\": [ { \"id\": \"o1\", \"cents\": 500 } ],\n"
	"    \"activities\": { \"reserve\": null, \"release\": null,\n"
	"      \"charge\": [ { \"error\": \"busy\" }, { \"error\": \"card_declined\" } ] },\n"
	"    \"expect\": { \"status\": \"failed\", \"error\": { \"name\": \"card_declined\" },\n"
	"      \"calls\": [ [\"reserve\"], [\"charge\", \"o1\"], [\"charge\"],\n"
	"                 [\"release\"] ] } }\n"
	"\n"
	"Each is run three ways that must agree: straight, with a restart after every commit,\n"
	"and with differential replay.  docs/SCENARIOS.md has every key.\n";

struct testing {
	struct cli *cli;
	struct program program;
	size_t passed, failed;
};

static void run_all(struct testing *testing, json_t *scenario, struct verdict *verdict,
	struct scenario_run *runs) {
	const struct dtf_module *const *modules = testing->program.modules;
	const struct cli *cli = testing->cli;
	bool fixed = json_object_get(scenario, "order") != NULL;
	verdict->count = SCENARIO_MODES + (fixed ? 0 : (size_t)cli->runs);
	for (size_t i = 0; i < verdict->count; i++) {
		bool permuted = i >= SCENARIO_MODES;
		runs[i] = (struct scenario_run){
			.mode = permuted ? SCENARIO_VERIFY : (enum scenario_mode)i,
			.seed = permuted ? cli->seed + i - SCENARIO_MODES : 0,
			.traced = i == 0 && cli->verbose,
		};
		scenario_run(scenario, modules, &runs[i]);
		if (i > 0 && !permuted) {
			scenario_agree(&runs[0], &runs[i]);
		}
	}
}

static int run_scenario(
	struct testing *testing, const char *file, json_t *scenario, size_t number) {
	const struct cli *cli = testing->cli;
	char numbered[32];
	(void)snprintf(numbered, sizeof(numbered), "scenario %zu", number);
	const char *name = json_string_value(json_object_get(scenario, "name"));
	name = name == NULL ? numbered : name;
	if (cli->name != NULL && strstr(name, cli->name) == NULL) {
		return EXIT_OK;
	}
	struct scenario_run *runs = calloc(SCENARIO_MODES + (size_t)cli->runs, sizeof(*runs));
	char *trouble = scenario_check(scenario, testing->program.modules);
	if (runs == NULL) {
		fputs("dtf: out of memory\n", stderr);
		free(trouble);
		return EXIT_FAILED;
	}
	struct verdict verdict = { .file = file, .name = name, .trouble = trouble, .runs = runs };
	if (trouble == NULL) {
		run_all(testing, scenario, &verdict, runs);
	}
	if (cli->json) {
		fputs(testing->passed + testing->failed == 0 ? "" : ",", stdout);
		verdict_json(&verdict);
	} else {
		verdict_show(cli, &verdict);
	}
	bool ok = verdict_ok(&verdict);
	testing->passed += ok;
	testing->failed += !ok;
	for (size_t i = 0; i < verdict.count; i++) {
		scenario_finish(&runs[i]);
	}
	free(runs);
	free(trouble);
	return EXIT_OK;
}

static int run_file(struct testing *testing, const char *path) {
	json_error_t error;
	json_t *file = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
	if (file == NULL && error.line < 0) {
		fprintf(stderr, "dtf: %s\n", error.text);
		return EXIT_USAGE;
	}
	if (file == NULL) {
		fprintf(stderr, "%s:%d:%d: error: %s\n", path, error.line, error.column,
			error.text);
		return EXIT_USAGE;
	}
	json_t *list = json_is_array(file) ? json_incref(file) : json_pack("[O]", file), *scenario;
	size_t i;
	int status = EXIT_OK;
	json_array_foreach(list, i, scenario) {
		if (status == EXIT_OK) {
			status = run_scenario(testing, path, scenario, i + 1);
		}
	}
	json_decref(list);
	json_decref(file);
	return status;
}

static bool ends_in(const char *text, const char *end) {
	size_t size = strlen(text), tail = strlen(end);
	return size > tail && strcmp(text + size - tail, end) == 0;
}

/* "order.json" of "order.dtf" */
static int run_beside(struct testing *testing, const char *source) {
	char *path;
	if (asprintf(&path, "%.*s.json", (int)strlen(source) - 4, source) < 0) {
		fputs("dtf: out of memory\n", stderr);
		return EXIT_FAILED;
	}
	int status = EXIT_USAGE;
	if (access(path, F_OK) == 0) {
		status = run_file(testing, path);
	} else {
		fprintf(stderr, "dtf: there is no %s; name the scenarios of %s\n", path, source);
	}
	free(path);
	return status;
}

/* A .dtf file and the scenario files that follow it among the operands. */
static int run_source(struct testing *testing, char **operands) {
	int status = program_load(operands[0], &testing->program);
	size_t i = 1;
	for (; status == EXIT_OK && operands[i] != NULL && !ends_in(operands[i], ".dtf"); i++) {
		status = run_file(testing, operands[i]);
	}
	if (status == EXIT_OK && i == 1) {
		status = run_beside(testing, operands[0]);
	}
	program_finish(&testing->program);
	return status;
}

static int summary(const struct testing *testing) {
	const struct cli *cli = testing->cli;
	if (testing->passed + testing->failed == 0) {
		fputs("dtf: there is no scenario of that name\n", stderr);
		return EXIT_USAGE;
	}
	if (!cli->json) {
		bool ok = testing->failed == 0;
		printf("%s%zu passed, %zu failed%s\n", look_on(cli, ok ? LOOK_GOOD : LOOK_BAD),
			testing->passed, testing->failed, look_off(cli));
	}
	return testing->failed == 0 ? EXIT_OK : EXIT_FAILED;
}

int cmd_test(struct cli *cli) {
	struct testing testing = { .cli = cli };
	if (!ends_in(cli->operands[0], ".dtf")) {
		fprintf(stderr, "dtf: '%s' is no .dtf file\n", cli->operands[0]);
		return EXIT_USAGE;
	}
	if (cli->runs > RUNS_MAX) {
		fprintf(stderr, "dtf: at most %d runs\n", RUNS_MAX);
		return EXIT_USAGE;
	}
	cli->runs = cli->seed != 0 && cli->runs == 0 ? 1 : cli->runs;
	cli->seed = cli->seed == 0 ? 1 : cli->seed;
	int status = EXIT_OK;
	fputs(cli->json ? "[" : "", stdout);
	for (size_t i = 0; status == EXIT_OK && cli->operands[i] != NULL; i++) {
		if (ends_in(cli->operands[i], ".dtf")) {
			status = run_source(&testing, &cli->operands[i]);
		}
	}
	fputs(cli->json ? "]\n" : "", stdout);
	return status == EXIT_OK ? summary(&testing) : status;
}
