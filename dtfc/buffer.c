#include "buffer.h"

#include <string.h>

enum { PIECE = 64 * 1024 };

char *buffer_room(struct buffer *buffer, size_t size) {
	struct buffer_piece *last = buffer->last;

	if (last == NULL || last->room - last->size < size) {
		size_t usual = last == NULL ? PIECE / 16 : PIECE;
		size_t room = size > usual ? size : usual;
		struct buffer_piece *piece = mem_alloc(buffer->arena, sizeof(*piece) + room);
		piece->room = room;
		*(last == NULL ? &buffer->first : &last->next) = piece;
		buffer->last = last = piece;
	}
	return last->data + last->size;
}

void buffer_used(struct buffer *buffer, size_t size) {
	buffer->last->size += size;
	buffer->size += size;
}

void buffer_add(struct buffer *buffer, const char *text, size_t size) {
	memcpy(buffer_room(buffer, size), text, size);
	buffer_used(buffer, size);
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
