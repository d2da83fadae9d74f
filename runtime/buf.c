/* Growth doubles; running out of memory sticks and is asked for once. */
#include "buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool reserve(struct buf *buf, size_t size) {
	if (buf->failed || size > SIZE_MAX / 4 - buf->size) {
		buf->failed = true;
		return false;
	}
	size_t need = buf->size + size + 1;
	if (need <= buf->capacity) {
		return true;
	}
	size_t capacity = buf->capacity < 64 ? 64 : buf->capacity;
	while (capacity < need) {
		capacity *= 2;
	}
	char *data = realloc(buf->data, capacity);
	if (data == NULL) {
		buf->failed = true;
		return false;
	}
	buf->data = data;
	buf->capacity = capacity;
	return true;
}

void dtf__buf_add(struct buf *buf, const void *bytes, size_t size) {
	if (!reserve(buf, size)) {
		return;
	}
	if (size > 0) {
		memcpy(buf->data + buf->size, bytes, size);
	}
	buf->size += size;
	buf->data[buf->size] = '\0';
}

void dtf__buf_text(struct buf *buf, const char *text) {
	dtf__buf_add(buf, text, strlen(text));
}

void dtf__buf_printf(struct buf *buf, const char *format, ...) {
	va_list args, again;
	va_start(args, format);
	va_copy(again, args);
	int size = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (size >= 0 && reserve(buf, (size_t)size)) {
		(void)vsnprintf(buf->data + buf->size, (size_t)size + 1, format, again);
		buf->size += (size_t)size;
	}
	va_end(again);
}

static void escape(struct buf *buf, unsigned char c) {
	switch (c) {
	case '"':
		dtf__buf_text(buf, "\\\"");
		break;
	case '\\':
		dtf__buf_text(buf, "\\\\");
		break;
	case '\n':
		dtf__buf_text(buf, "\\n");
		break;
	case '\t':
		dtf__buf_text(buf, "\\t");
		break;
	case '\r':
		dtf__buf_text(buf, "\\r");
		break;
	default:
		dtf__buf_printf(buf, "\\u%04x", c);
		break;
	}
}

void dtf__buf_json_string(struct buf *buf, const char *text) {
	dtf__buf_text(buf, "\"");
	const char *start = text == NULL ? "" : text;
	const char *at = start;
	for (; *at != '\0'; at++) {
		unsigned char c = (unsigned char)*at;
		if (c >= 0x20 && c != '"' && c != '\\') {
			continue;
		}
		dtf__buf_add(buf, start, (size_t)(at - start));
		escape(buf, c);
		start = at + 1;
	}
	dtf__buf_add(buf, start, (size_t)(at - start));
	dtf__buf_text(buf, "\"");
}

void dtf__buf_clear(struct buf *buf) {
	buf->size = 0;
	buf->failed = false;
	if (buf->data != NULL) {
		buf->data[0] = '\0';
	}
}

void dtf__buf_finish(struct buf *buf) {
	free(buf->data);
	*buf = (struct buf){ 0 };
}
