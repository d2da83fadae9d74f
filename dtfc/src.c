/*
 * A source is held as one NUL-terminated copy, so that the scanner needs no
 * bounds: it stops at the NUL at text[size] and takes any other NUL for the
 * error that it is.  A byte order mark is dropped here, once, so that neither
 * the scanner nor any column has to know about it.
 *
 * A line ends at "\n"; a "\r" before it belongs to the line's end, not its text.
 */
#include "src.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "buffer.h"

static void map_lines(struct arena *arena, struct source *source) {
	uint32_t nlines = 1;
	for (uint32_t i = 0; i < source->size; i++) {
		nlines += source->text[i] == '\n';
	}
	source->lines = mem_alloc(arena, nlines * sizeof(source->lines[0]));
	source->lines[source->nlines++] = 0;
	for (uint32_t i = 0; i < source->size; i++) {
		if (source->text[i] == '\n') {
			source->lines[source->nlines++] = i + 1;
		}
	}
}

struct source *src_create(struct arena *arena, const char *name, const char *text, uint32_t size) {
	if (size >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) {
		text += 3;
		size -= 3;
	}
	struct source *source = mem_new(arena, struct source);
	source->name = mem_copy(arena, name, strlen(name));
	source->text = mem_copy(arena, text, size);
	source->size = size;
	map_lines(arena, source);
	return source;
}

struct source *src_read(struct arena *arena, const char *path, const char **ret_error) {
	FILE *file = fopen(path, "rb");
	if (file == NULL) {
		*ret_error = mem_printf(arena, "cannot open '%s': %s", path, strerror(errno));
		return NULL;
	}
	enum { PIECE = 32 * 1024 };
	struct arena scratch = { 0 };
	struct buffer text = { .arena = &scratch };
	size_t n;
	do { /* one byte more than allowed would be enough to tell that it is too large */
		n = fread(buffer_room(&text, PIECE), 1, PIECE, file);
		buffer_used(&text, n);
	} while (n > 0 && text.size <= SRC_SIZE_MAX);
	int error = ferror(file) ? errno : 0;
	(void)fclose(file);
	struct source *source = NULL;
	if (error != 0) {
		*ret_error = mem_printf(arena, "cannot read '%s': %s", path, strerror(error));
	} else if (text.size > SRC_SIZE_MAX) {
		*ret_error = mem_printf(arena, "'%s' is larger than 8 MiB", path);
	} else {
		source = src_create(arena, path, buffer_text(&text), (uint32_t)text.size);
	}
	dtf__arena_finish(&scratch);
	return source;
}

struct position src_position(const struct source *source, uint32_t at) {
	uint32_t low = 0, high = source->nlines; /* the line starts in [low, high) */
	while (high - low > 1) {
		uint32_t middle = low + (high - low) / 2;
		if (source->lines[middle] <= at) {
			low = middle;
		} else {
			high = middle;
		}
	}
	return (struct position){ low + 1, at - source->lines[low] + 1 };
}

const char *src_line(const struct source *source, uint32_t line, uint32_t *ret_len) {
	uint32_t from = source->lines[line - 1];
	uint32_t to = source->size;
	if (line < source->nlines) {
		to = source->lines[line] - 1;
		if (to > from && source->text[to - 1] == '\r') {
			to--;
		}
	}
	*ret_len = to - from;
	return source->text + from;
}
