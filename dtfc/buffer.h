/*
 * Text that grows by pieces, which stay where they are: nothing is copied, and as
 * much memory is used as there is text.
 */
#ifndef DTFC_BUFFER_H
#define DTFC_BUFFER_H

#include <stdbool.h>
#include <string.h>

#include "mem.h"

struct buffer_piece {
	struct buffer_piece *next;
	size_t size, room;
	char data[];
};

/* Zeroed but for the arena, it is empty. */
struct buffer {
	struct arena *arena;
	struct buffer_piece *first, *last;
	struct buffer_piece *spare; /* emptied, to be used again */
	size_t size;                /* of all */
};

char *buffer_grow(struct buffer *buffer, size_t size);

/* Where `size` bytes more can be written; buffer_used says how many were. */
static inline char *buffer_room(struct buffer *buffer, size_t size) {
	struct buffer_piece *last = buffer->last;
	bool fits = last != NULL && last->room - last->size >= size;
	return fits ? last->data + last->size : buffer_grow(buffer, size);
}

static inline void buffer_used(struct buffer *buffer, size_t size) {
	buffer->last->size += size;
	buffer->size += size;
}

static inline void buffer_add(struct buffer *buffer, const char *text, size_t size) {
	memcpy(buffer_room(buffer, size), text, size);
	buffer_used(buffer, size);
}

/* A place in it. */
struct buffer_mark {
	const struct buffer_piece *piece; /* NULL: before the first */
	size_t at;
};

struct buffer_mark buffer_end(const struct buffer *buffer);
/* The line at the mark, with its newline, and the mark behind it; NULL at the end. */
const char *buffer_line(const struct buffer *buffer, struct buffer_mark *mark, size_t *ret_len);
/* Hands all of it over, a piece at a time, and is empty then. */
typedef void buffer_take(void *arg, const char *text, size_t size);
void buffer_drain(struct buffer *buffer, buffer_take *take, void *arg);
/* All of it in one piece, with a NUL; in the arena. */
const char *buffer_text(const struct buffer *buffer);

#endif
