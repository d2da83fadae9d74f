#include "buffer.h"

enum { PIECE = 64 * 1024 };

char *buffer_grow(struct buffer *buffer, size_t size) {
	struct buffer_piece *last = buffer->last;
	size_t usual = last == NULL ? PIECE / 16 : PIECE;
	size_t room = size > usual ? size : usual;
	struct buffer_piece *piece = mem_alloc(buffer->arena, sizeof(*piece) + room);

	piece->room = room;
	*(last == NULL ? &buffer->first : &last->next) = piece;
	buffer->last = piece;
	return piece->data;
}

const char *buffer_text(const struct buffer *buffer) {
	char *text = mem_alloc(buffer->arena, buffer->size + 1);
	size_t at = 0;

	for (const struct buffer_piece *p = buffer->first; p != NULL; p = p->next) {
		memcpy(text + at, p->data, p->size);
		at += p->size;
	}
	return text;
}
