/* A .dtf file and what it imports, compiled and loaded into this process. */
#ifndef DTF_CLI_PROGRAM_H
#define DTF_CLI_PROGRAM_H

#include <dtf/dtf.h>
#include <jansson.h>

struct program {
	const struct dtf_module **modules; /* NULL-terminated; the file's own is the first */
	json_t **manifests;                /* by module */
	size_t count;
	void *library; /* stays loaded to the end: the modules are in it */
};

/* EXIT_OK, or what to exit with; then it was said what is wrong. */
int program_load(const char *file, struct program *ret);
void program_finish(struct program *program);

#endif
