#include "buffer.h"

enum { PIECE = 64 * 1024 };

static struct buffer_piece *new_piece(struct buffer *buffer, size_t size) {
	struct buffer_piece *piece = buffer->spare;

	if (piece != NULL && piece->room >= size) {
		buffer->spare = piece->next;
		piece->next = NULL;
		return piece;
	}
	size_t usual = buffer->last == NULL && piece == NULL ? PIECE / 16 : PIECE;
	size_t room = size > usual ? size : usual;
	piece = mem_alloc(buffer->arena, sizeof(*piece) + room);
	piece->room = room;
	return piece;
}

char *buffer_grow(struct buffer *buffer, size_t size) {
	struct buffer_piece *piece = new_piece(buffer, size);

	*(buffer->last == NULL ? &buffer->first : &buffer->last->next) = piece;
	buffer->last = piece;
	return piece->data;
}

void buffer_drain(struct buffer *buffer, buffer_take *take, void *arg) {
	for (struct buffer_piece *p = buffer->first, *next; p != NULL; p = next) {
		next = p->next;
		take(arg, p->data, p->size);
		p->size = 0;
		p->next = buffer->spare;
		buffer->spare = p;
	}
	buffer->first = buffer->last = NULL;
	buffer->size = 0;
}

struct buffer_mark buffer_end(const struct buffer *buffer) {
	return (struct buffer_mark){ buffer->last, buffer->last == NULL ? 0 : buffer->last->size };
}

/* Over whatever is empty or done. */
static const struct buffer_piece *settle(const struct buffer *buffer, struct buffer_mark *mark) {
	if (mark->piece == NULL) {
		mark->piece = buffer->first;
	}
	while (mark->piece != NULL && mark->at == mark->piece->size) {
		*mark = (struct buffer_mark){ mark->piece->next, 0 };
	}
	return mark->piece;
}

const char *buffer_line(const struct buffer *buffer, struct buffer_mark *mark, size_t *ret_len) {
	struct buffer joined = { .arena = buffer->arena };
	const struct buffer_piece *p;

	while ((p = settle(buffer, mark)) != NULL) {
		const char *from = p->data + mark->at;
		const char *newline = memchr(from, '\n', p->size - mark->at);
		size_t len = newline == NULL ? p->size - mark->at : (size_t)(newline - from) + 1;
		mark->at += len;
		if (newline != NULL && joined.size == 0) {
			*ret_len = len;
			return from;
		}
		buffer_add(&joined, from, len);
		if (newline != NULL) {
			break;
		}
	}
	*ret_len = joined.size;
	return joined.size == 0 ? NULL : buffer_text(&joined);
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
