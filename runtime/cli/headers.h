/*
 * The headers that generated C includes, as they were when this tool was built:
 * what it compiles fits the library inside it, wherever either is installed.
 */
#ifndef DTF_CLI_HEADERS_H
#define DTF_CLI_HEADERS_H

struct header {
	const char *name;         /* "abi.h" */
	const char *const *lines; /* NULL-terminated */
};
extern const struct header headers[]; /* the last has no name */

#endif
