/*
 * Text that grows by pieces, which stay where they are: nothing is copied, and as
 * much memory is used as there is text.
 */
#ifndef DTFC_BUFFER_H
#define DTFC_BUFFER_H

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
	size_t size; /* of all */
};

/* Where `size` bytes more can be written; buffer_used says how many were. */
char *buffer_room(struct buffer *buffer, size_t size);
void buffer_used(struct buffer *buffer, size_t size);
void buffer_add(struct buffer *buffer, const char *text, size_t size);
/* All of it in one piece, with a NUL; in the arena. */
const char *buffer_text(const struct buffer *buffer);

#endif
