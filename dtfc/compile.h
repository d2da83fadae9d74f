/* The pipeline: a file and its imports in, output files out. */
#ifndef DTFC_COMPILE_H
#define DTFC_COMPILE_H

#include "check.h"

/* What dtfc exits with; documented in its --help. */
enum compile_exit {
	COMPILE_OK = 0,
	COMPILE_ERRORS = 1, /* in the source */
	COMPILE_USAGE = 2,
	COMPILE_NO_INPUT = 66, /* unreadable */
	COMPILE_BUG = 70,
	COMPILE_NO_OUTPUT = 73, /* not writable */
};

enum compile_dump {
	COMPILE_DUMP_NONE,
	COMPILE_DUMP_TOKENS,
	COMPILE_DUMP_AST,
	COMPILE_DUMP_IR,
	COMPILE_DUMP_DOT,
};

struct compile_options {
	const char *input;
	/* output paths; NULL: not written */
	const char *c, *header, *manifest, *depfile;
	bool check_only;
	bool no_line;
	bool no_functions;      /* C whose activities another program runs */
	enum compile_dump dump; /* to stdout, instead of outputs */
	bool json, colour;      /* of the diagnostics */
	bool warnings_are_errors;
	enum diag_choice choices[DIAG_COUNT];
};

enum compile_exit compile_run(const struct compile_options *options);

/* The last part of a path. */
const char *compile_base_name(const char *path);

#endif
