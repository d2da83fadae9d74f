/* Which command runs which activity: --activity NAME=COMMAND. */
#ifndef DTF_CLI_BIND_H
#define DTF_CLI_BIND_H

#include <stdbool.h>
#include <stddef.h>

#include "program.h"

struct binding {
	const char *name;    /* "shop.charge"; borrowed from the manifest, as is `activity` */
	const char *command; /* borrowed; NULL: none was given */
	json_t *activity;    /* the manifest's entry */
	bool needed;
};

struct bindings {
	struct binding *items; /* owned */
	size_t count;
};

/* Reads NAME=COMMAND of each of the arguments.  False: it was said what is wrong. */
bool bindings_make(const struct program *program, const char *const *arguments, size_t count,
	struct bindings *ret);
void bindings_finish(struct bindings *bindings);
const struct binding *bindings_find(const struct bindings *bindings, const char *name);
/* Marks what this workflow may run, and what those that it starts may run. */
void bindings_need(struct bindings *bindings, const struct program *program, const char *workflow);
/* False: some that are needed have no command; they were listed. */
bool bindings_complete(const struct bindings *bindings);

/*
 * The full name of a workflow of the program, by its full or bare name; NULL
 * stands for the only one of the file.  NULL: it was said what is wrong.
 */
const char *find_workflow(const struct program *program, const char *name);

#endif
