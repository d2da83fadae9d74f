/* --emit=ast: the tree as the parser made it. */
#ifndef DTFC_DUMP_H
#define DTFC_DUMP_H

#include <stdio.h>

#include "ast.h"

void dump_file(const struct file *file, FILE *out);

#endif
