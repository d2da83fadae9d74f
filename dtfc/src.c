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
#include <sys/stat.h>

static uint32_t count_lines(const struct source *source) {
	const char *at = source->text, *end = at + source->size;
	uint32_t n = 1;

	while ((at = memchr(at, '\n', (size_t)(end - at))) != NULL) {
		at++;
		n++;
	}
	return n;
}

static void map_lines(struct arena *arena, struct source *source) {
	const char *at = source->text, *end = at + source->size;

	source->nlines = count_lines(source);
	source->lines = mem_alloc(arena, source->nlines * sizeof(source->lines[0]));
	for (uint32_t i = 1; i < source->nlines; i++) {
		at = (const char *)memchr(at, '\n', (size_t)(end - at)) + 1;
		source->lines[i] = (uint32_t)(at - source->text);
	}
}

/* Of a text in the arena with a NUL behind it. */
static struct source *new_source(
	struct arena *arena, const char *name, const char *text, uint32_t size) {
	bool marked = size >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0;
	struct source *source = mem_new(arena, struct source);

	source->name = mem_copy(arena, name, strlen(name));
	source->text = marked ? text + 3 : text;
	source->size = marked ? size - 3 : size;
	source->near = mem_new(arena, uint32_t);
	map_lines(arena, source);
	return source;
}

struct source *src_create(struct arena *arena, const char *name, const char *text, uint32_t size) {
	return new_source(arena, name, mem_copy(arena, text, size), size);
}

/* All of it, or more than is allowed; at first into room for what is said to be there. */
static char *read_all(struct arena *arena, FILE *file, size_t *ret_size) {
	struct stat st;
	size_t room = fstat(fileno(file), &st) == 0 && st.st_size > 0 ? (size_t)st.st_size + 2
								      : 4096;
	size_t size = 0, n;
	char *text;

	room = room < SRC_SIZE_MAX ? room : SRC_SIZE_MAX;
	text = mem_alloc(arena, room);
	while ((n = fread(text + size, 1, room - 1 - size, file)) > 0 && size <= SRC_SIZE_MAX) {
		size += n;
		if (size == room - 1) {
			room *= 2;
			char *more = mem_alloc(arena, room);
			memcpy(more, text, size);
			text = more;
		}
	}
	*ret_size = size;
	return text;
}

struct source *src_read(struct arena *arena, const char *path, const char **ret_error) {
	FILE *file = fopen(path, "rb");
	if (file == NULL) {
		*ret_error = mem_printf(arena, "cannot open '%s': %s", path, strerror(errno));
		return NULL;
	}
	size_t size;
	const char *text = read_all(arena, file, &size);
	int error = ferror(file) ? errno : 0;
	(void)fclose(file);
	if (error != 0) {
		*ret_error = mem_printf(arena, "cannot read '%s': %s", path, strerror(error));
		return NULL;
	}
	if (size > SRC_SIZE_MAX) {
		*ret_error = mem_printf(arena, "'%s' is larger than 8 MiB", path);
		return NULL;
	}
	return new_source(arena, path, text, (uint32_t)size);
}

/* Whether the line of that index starts behind `at`; there is one behind the last. */
static bool is_behind(const struct source *source, uint32_t line, uint32_t at) {
	return line >= source->nlines || source->lines[line] > at;
}

struct position src_position(const struct source *source, uint32_t at) {
	enum { NEAR = 8 };
	uint32_t low = *source->near, high = low + NEAR; /* the line starts in [low, high) */

	if (is_behind(source, low, at) || !is_behind(source, high, at)) {
		low = 0;
		high = source->nlines;
	}
	while (high - low > 1) {
		uint32_t middle = low + (high - low) / 2;
		if (is_behind(source, middle, at)) {
			high = middle;
		} else {
			low = middle;
		}
	}
	*source->near = low;
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
