/*
 * Runs scenario files against compiled workflows: scenarios MODULE.so FILE.json…
 * Every scenario is a TAP line for each of the three ways it is run.  The
 * module is loaded lazily, so the activities it names need not exist.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../runtime/scenario/scenario.h"

static const char *const mode_names[] = { "straight", "restart after every commit",
	"differential replay" };

static unsigned run_file(
	const char *path, const struct dtf_module *const *modules, unsigned number) {
	json_error_t error;
	json_t *file = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
	if (file == NULL) {
		printf("Bail out! %s:%d: %s\n", path, error.line, error.text);
		exit(1);
	}
	json_t *list = json_is_array(file) ? json_incref(file) : json_pack("[O]", file), *scenario;
	size_t i;
	json_array_foreach(list, i, scenario) {
		const char *name = json_string_value(json_object_get(scenario, "name"));
		for (int mode = 0; mode < SCENARIO_MODES; mode++) {
			char *trouble;
			bool ok = scenario_run(
				scenario, modules, (enum scenario_mode)mode, &trouble);
			printf("%s %u - %s (%s)\n", ok ? "ok" : "not ok", ++number,
				name == NULL ? "?" : name, mode_names[mode]);
			for (char *line = ok ? NULL : strtok(trouble, "\n"); line != NULL;
				line = strtok(NULL, "\n")) {
				printf("# %s\n", line);
			}
			free(trouble);
		}
	}
	json_decref(list);
	json_decref(file);
	return number;
}

int main(int argc, char **argv) {
	if (argc < 4) {
		fprintf(stderr, "usage: scenarios MODULE.so SYMBOL FILE.json...\n");
		return 2;
	}
	void *library = dlopen(argv[1], RTLD_LAZY | RTLD_LOCAL);
	const struct dtf_module *module = library == NULL ? NULL : dlsym(library, argv[2]);
	if (module == NULL) {
		printf("Bail out! %s\n", dlerror());
		return 1;
	}
	const struct dtf_module *modules[] = { module, NULL };
	unsigned number = 0;
	for (int i = 3; i < argc; i++) {
		number = run_file(argv[i], modules, number);
	}
	printf("1..%u\n", number);
	/* The library stays loaded: leak reports name its symbols. */
	return 0;
}
