/* Growth doubles; running out of memory sticks and is asked for once. */
#include "buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "utf8.h"

#define CAPACITY_MIN ((size_t)128)

bool dtf__buf_reserve(struct buf *buf, size_t size) {
	if (buf->failed || size > SIZE_MAX / 4 - buf->size) {
		buf->failed = true;
		return false;
	}
	size_t need = buf->size + size + 1;
	if (need <= buf->capacity) {
		return true;
	}
	size_t capacity = buf->capacity < CAPACITY_MIN ? CAPACITY_MIN : buf->capacity;
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

void dtf__buf_text(struct buf *buf, const char *text) {
	dtf__buf_add(buf, text, strlen(text));
}

void dtf__buf_int(struct buf *buf, int64_t value) {
	char text[20]; /* -9223372036854775808 */
	size_t at = sizeof(text);
	uint64_t left = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
	do {
		text[--at] = (char)('0' + left % 10);
		left /= 10;
	} while (left > 0);
	if (value < 0) {
		text[--at] = '-';
	}
	dtf__buf_add(buf, text + at, sizeof(text) - at);
}

void dtf__buf_printf(struct buf *buf, const char *format, ...) {
	va_list args, again;
	va_start(args, format);
	va_copy(again, args);
	int size = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (size >= 0 && dtf__buf_reserve(buf, (size_t)size)) {
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
	const char *at = text == NULL ? "" : text;
	size_t left = strlen(at);
	if (!dtf__buf_reserve(buf, left + 2)) {
		return;
	}
	dtf__buf_add(buf, "\"", 1);
	while (left > 0) {
		size_t size = dtf__utf8_unescaped(at, left);
		while (size < left && (unsigned char)at[size] >= 0x80) {
			size++;
		}
		dtf__buf_add(buf, at, size);
		at += size;
		left -= size;
		if (left > 0 && dtf__utf8_unescaped(at, 1) == 0) {
			escape(buf, (unsigned char)*at++);
			left--;
		}
	}
	dtf__buf_add(buf, "\"", 1);
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

bool dtf__slice_same(struct slice a, struct slice b) {
	return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}
