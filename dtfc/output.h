/* Writing output files: all of them, or none. */
#ifndef DTFC_OUTPUT_H
#define DTFC_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

#include "mem.h"

struct output {
	const char *path;
	const char *banner; /* how a file that may be replaced begins; NULL: any may be */
	struct arena *arena;
	int fd;
	char *temp;        /* is to be renamed; NULL: path is a device */
	const char *error; /* the first that came up, or NULL */
};

/* Begins one beside its path.  NULL, or what went wrong: then it has nothing to finish. */
const char *output_open(
	struct output *output, struct arena *arena, const char *path, const char *banner);
/* Once that failed, nothing more is written. */
void output_write(struct output *output, const char *text, size_t size);
/*
 * Puts all of them where they belong, if `error` is NULL and no writing failed.  NULL, or
 * what went wrong, `error` included; then no file was touched.
 */
const char *output_finish_all(struct output *outputs, size_t count, const char *error);

#endif
