/*
 * From the checked tree to the IR: every decision about the generated C falls
 * here.
 */
#ifndef DTFC_LOWER_H
#define DTFC_LOWER_H

#include "ir.h"

struct lower_options {
	const char *file; /* the root as the generated code names it: "order.dtf" */
	const char *(*header_of)(struct arena *arena, const struct file *import);
};

struct ir_module *lower_unit(struct unit *unit, const struct lower_options *options);

#endif
