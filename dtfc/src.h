/*
 * Source text and its lines.
 *
 * Tokens and nodes carry byte offsets; line and column are computed from a line
 * map only when something is printed.
 */
#ifndef DTFC_SRC_H
#define DTFC_SRC_H

#include "ast.h"
#include "mem.h"

#define SRC_SIZE_MAX ((uint32_t)8 * 1024 * 1024)

struct source {
	const char *name; /* as printed and as given on the command line */
	const char *text; /* UTF-8, NUL-terminated */
	uint32_t size;
	uint32_t *lines; /* offset of each line's first byte */
	uint32_t nlines;
	uint32_t *near; /* index of the line that was asked for last: the next is not far */
};

struct position {
	uint32_t line, column; /* from 1; column in bytes */
};

/* Takes a copy of text without a byte order mark; NUL-terminates it and maps its lines. */
struct source *src_create(struct arena *arena, const char *name, const char *text, uint32_t size);
/* Reads a file; NULL with a message in *ret_error (arena) when it cannot. */
struct source *src_read(struct arena *arena, const char *path, const char **ret_error);
struct position src_position(const struct source *source, uint32_t at);
/* The line's text without its newline; its length in *ret_len. */
const char *src_line(const struct source *source, uint32_t line, uint32_t *ret_len);

#endif
