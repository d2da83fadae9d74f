/*
 * Diagnostics: collected during a run, sorted by position, printed with carets.
 *
 * A message says what is wrong in the user's words, present tense, names
 * quoted.  Each has a stable code: DTF01xx text and syntax, DTF02xx names and
 * declarations, DTF03xx types, DTF04xx flow and durable operations, DTF05xx
 * errors and undo, DTF09xx warnings (which have a
 * name for -WNAME and -Wno-NAME).  codes.h lists them all: code, name, severity.
 */
#ifndef DTFC_DIAG_H
#define DTFC_DIAG_H

#include <stdio.h>

#include "codes.h"
#include "src.h"

struct diagnostic;

/* About a warning; the last one said counts. */
enum diag_choice {
	DIAG_AS_USUAL, /* as codes.h has it */
	DIAG_WANTED,   /* -WNAME */
	DIAG_SILENCED, /* -Wno-NAME */
};

struct diag {
	struct arena *arena;
	struct diagnostic *first, **tail;
	unsigned errors, warnings;
	bool warnings_are_errors;
	enum diag_choice choices[DIAG_COUNT];
};

/*
 * Reports at a span.  `label` (may be NULL) stands under the caret, e.g. "did
 * you mean 'charge'?".  Returns the diagnostic so that notes can be added.
 * The severity comes from the code.
 */
struct diagnostic *diag_report(struct diag *diag, enum diag_code code, const struct source *source,
	struct span span, const char *label, const char *format, ...)
	__attribute__((format(printf, 6, 7)));
/* The second place that matters: "'charge' is declared here". */
void diag_note(struct diag *diag, struct diagnostic *to, const struct source *source,
	struct span span, const char *format, ...) __attribute__((format(printf, 5, 6)));

/* What a code is printed as; a warning's name, or NULL of an error. */
unsigned diag_number(enum diag_code code);
const char *diag_warning(enum diag_code code);

/* Sorts, drops equal ones, stops after 20 errors, ends with a count and where to read more. */
void diag_print(struct diag *diag, FILE *out, bool colour);
/* The same as a JSON array. */
void diag_print_json(struct diag *diag, FILE *out);

#endif
