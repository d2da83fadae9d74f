/* A table on stdout, or nothing but its heading's absence when it has no rows. */
#ifndef DTF_CLI_TABLE_H
#define DTF_CLI_TABLE_H

#include "cli.h"

struct table;

struct table_column {
	const char *name;
	bool right;     /* aligned */
	bool gives_way; /* is cut where the terminal is too narrow */
};

/* NULL when memory is exhausted; every function takes that. */
struct table *table_create(const struct cli *cli, const struct table_column *columns, size_t count);
/* One row; the texts are copied, NULL is an empty cell. */
void table_row(struct table *table, const char *const *cells);
/* Colours a cell of the last row. */
void table_color(struct table *table, size_t column, enum look look);
/* Prints and frees it.  False: memory was exhausted on the way, nothing was printed. */
bool table_finish(struct table *table);

#endif
