/* Writing output files: all of them, or none. */
#ifndef DTFC_OUTPUT_H
#define DTFC_OUTPUT_H

#include <stdbool.h>

#include "buffer.h"

struct output {
	const char *path;
	const struct buffer *text;
	const char *banner; /* how a file that may be replaced begins; NULL: any may be */
};

/* NULL, or what went wrong; then no file was touched. */
const char *output_write_all(struct arena *arena, const struct output *outputs, size_t count);

#endif
