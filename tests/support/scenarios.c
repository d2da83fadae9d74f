/*
 * Runs scenario files against compiled workflows:
 * scenarios MODULE.so SYMBOL[,SYMBOL…] FILE.json…
 * Every scenario is a TAP line for each of the three ways it is run, one for runs
 * that permute what is truly concurrent, and one for a run on two partitions.  The module is loaded
 * lazily, so the activities it names need not exist.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../runtime/scenario/scenario.h"

#define MODULES_MAX 8
#define PERMUTED    5 /* runs of each scenario */

struct tally {
	const struct dtf_module *const *modules;
	unsigned number;
};

static void report(
	struct tally *tally, json_t *scenario, const char *how, const struct scenario_run *run) {
	const char *name = json_string_value(json_object_get(scenario, "name"));
	json_t *difference;
	size_t i;
	printf("%s %u - %s (%s)\n", json_array_size(run->differences) == 0 ? "ok" : "not ok",
		++tally->number, name == NULL ? "?" : name, how);
	json_array_foreach(run->differences, i, difference) {
		char *text = json_dumps(difference, JSON_COMPACT);
		printf("# %s\n", text == NULL ? "?" : text);
		free(text);
	}
}

static void run_permuted(struct tally *tally, json_t *scenario) {
	for (uint64_t seed = 1; seed <= PERMUTED; seed++) {
		struct scenario_run run = { .mode = SCENARIO_VERIFY,
			.seed = seed,
			.partitions = (unsigned)(seed % 3 + 1) };
		scenario_run(scenario, tally->modules, &run);
		if (json_array_size(run.differences) > 0 || seed == PERMUTED) {
			report(tally, scenario, "permuted", &run);
			seed = PERMUTED;
		}
		scenario_finish(&run);
	}
}

/* Parents and children that cannot share a commit, and a crash after each of those. */
static void run_partitioned(struct tally *tally, json_t *scenario) {
	struct scenario_run run = { .mode = SCENARIO_RESTART, .partitions = 2 };
	scenario_run(scenario, tally->modules, &run);
	report(tally, scenario, "two partitions, restart after every commit", &run);
	scenario_finish(&run);
}

static void run_scenario(struct tally *tally, json_t *scenario) {
	char *trouble = scenario_check(scenario, tally->modules);
	if (trouble != NULL) {
		const char *name = json_string_value(json_object_get(scenario, "name"));
		printf("not ok %u - %s\n# %s\n", ++tally->number, name == NULL ? "?" : name,
			trouble);
		free(trouble);
		return;
	}
	struct scenario_run straight = { .mode = SCENARIO_STRAIGHT };
	scenario_run(scenario, tally->modules, &straight);
	report(tally, scenario, scenario_mode_name(straight.mode), &straight);
	for (int mode = SCENARIO_STRAIGHT + 1; mode < SCENARIO_MODES; mode++) {
		struct scenario_run run = { .mode = (enum scenario_mode)mode };
		scenario_run(scenario, tally->modules, &run);
		scenario_agree(&straight, &run);
		report(tally, scenario, scenario_mode_name(run.mode), &run);
		scenario_finish(&run);
	}
	scenario_finish(&straight);
	if (json_object_get(scenario, "order") == NULL) {
		run_permuted(tally, scenario);
		run_partitioned(tally, scenario);
	}
}

static void run_file(struct tally *tally, const char *path) {
	json_error_t error;
	json_t *file = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
	if (file == NULL) {
		printf("Bail out! %s:%d: %s\n", path, error.line, error.text);
		exit(1);
	}
	json_t *list = json_is_array(file) ? json_incref(file) : json_pack("[O]", file), *scenario;
	size_t i;
	json_array_foreach(list, i, scenario) {
		run_scenario(tally, scenario);
	}
	json_decref(list);
	json_decref(file);
}

int main(int argc, char **argv) {
	if (argc < 4) {
		fprintf(stderr, "usage: scenarios MODULE.so SYMBOL FILE.json...\n");
		return 2;
	}
	void *library = dlopen(argv[1], RTLD_LAZY | RTLD_LOCAL);
	const struct dtf_module *modules[MODULES_MAX + 1] = { NULL };
	size_t count = 0;
	for (char *name = strtok(argv[2], ","); name != NULL && count < MODULES_MAX;
		name = strtok(NULL, ",")) {
		modules[count] = library == NULL ? NULL : dlsym(library, name);
		if (modules[count++] == NULL) {
			printf("Bail out! %s\n", dlerror());
			return 1;
		}
	}
	struct tally tally = { .modules = modules };
	for (int i = 3; i < argc; i++) {
		run_file(&tally, argv[i]);
	}
	printf("1..%u\n", tally.number);
	/* The library stays loaded: leak reports name its symbols. */
	return 0;
}
