/* A growing byte buffer. */
#ifndef DTF_BUF_H
#define DTF_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct buf {
	char *data; /* owned; NUL-terminated once anything was added */
	size_t size, capacity;
	bool failed; /* memory ran out: sticky, checked once at the end */
};

/* Bytes that somebody else owns. */
struct slice {
	const char *data;
	size_t size;
};
bool dtf__slice_same(struct slice a, struct slice b);

/* Room for so many bytes and a NUL behind them. */
bool dtf__buf_reserve(struct buf *buf, size_t size);

static inline void dtf__buf_add(struct buf *buf, const void *bytes, size_t size) {
	bool fits = !buf->failed && size < buf->capacity - buf->size;
	if (!fits && !dtf__buf_reserve(buf, size)) {
		return;
	}
	if (size > 0) {
		memcpy(buf->data + buf->size, bytes, size);
	}
	buf->size += size;
	buf->data[buf->size] = '\0';
}

void dtf__buf_text(struct buf *buf, const char *text);
void dtf__buf_int(struct buf *buf, int64_t value); /* decimal */
void dtf__buf_printf(struct buf *buf, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void dtf__buf_json_string(struct buf *buf, const char *text); /* quoted, escaped */
void dtf__buf_clear(struct buf *buf);                         /* keeps its memory */
void dtf__buf_finish(struct buf *buf);

#endif
