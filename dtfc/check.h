/*
 * Checking: names, types and flow of all files of a unit.  Fills in the fields
 * marked "checked:" in ast.h and reports what is wrong.
 */
#ifndef DTFC_CHECK_H
#define DTFC_CHECK_H

#include "diag.h"
#include "type.h"

struct unit {
	struct arena *arena;
	struct diag *diag;
	struct types *types;
	struct file *files; /* the root first; every import once, dependencies after users */
	struct decl *builtin_errors; /* activity_failed, timeout, lost, … */
};

/* Every file has been parsed and its imports resolved.  False if an error was reported. */
bool check_unit(struct unit *unit);

#endif
