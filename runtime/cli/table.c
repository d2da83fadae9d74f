/*
 * The one door to libsmartcols, which aligns, cuts what does not fit on the
 * terminal and makes control characters harmless.  Errors of it stick to the
 * table and are asked for once, at the end.
 */
#include "table.h"

#include <libsmartcols.h>
#include <stdlib.h>
#include <unistd.h>

struct table {
	struct libscols_table *table;
	struct libscols_line *last; /* borrowed from table */
	size_t columns;
	bool failed;
};

struct table *table_create(
	const struct cli *cli, const struct table_column *columns, size_t count) {
	struct table *table = calloc(1, sizeof(*table));
	if (table == NULL) {
		return NULL;
	}
	table->columns = count;
	table->table = scols_new_table();
	if (table->table == NULL) {
		table->failed = true;
		return table;
	}
	(void)scols_table_enable_colors(table->table, cli->color);
	/* into a pipe nothing is ever cut */
	(void)scols_table_enable_maxout(table->table, 0);
	bool terminal = isatty(STDOUT_FILENO) == 1;
	for (size_t i = 0; i < count; i++) {
		int flags = columns[i].right ? SCOLS_FL_RIGHT : 0;
		if (columns[i].gives_way && terminal) {
			flags |= SCOLS_FL_TRUNC;
		}
		if (scols_table_new_column(table->table, columns[i].name, 0, flags) == NULL) {
			table->failed = true;
		}
	}
	return table;
}

void table_row(struct table *table, const char *const *cells) {
	if (table == NULL || table->failed) {
		return;
	}
	table->last = scols_table_new_line(table->table, NULL);
	if (table->last == NULL) {
		table->failed = true;
		return;
	}
	for (size_t i = 0; i < table->columns; i++) {
		if (cells[i] != NULL && scols_line_set_data(table->last, i, cells[i]) != 0) {
			table->failed = true;
		}
	}
}

void table_color(struct table *table, size_t column, enum look look) {
	if (table == NULL || table->failed || look_cell(look) == NULL) {
		return;
	}
	struct libscols_cell *cell = scols_line_get_cell(table->last, column);
	if (cell == NULL || scols_cell_set_color(cell, look_cell(look)) != 0) {
		table->failed = true;
	}
}

bool table_finish(struct table *table) {
	if (table == NULL) {
		return false;
	}
	if (!table->failed) {
		table->failed = scols_print_table(table->table) != 0;
	}
	bool ok = !table->failed;
	scols_unref_table(table->table);
	free(table);
	return ok;
}
