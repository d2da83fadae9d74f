/*
 * A compiler that writes text spends its time in printf: half of it when C's own
 * did this.  Nearly all formats here are names and small numbers put together, so
 * those conversions are made in place; a format with any other goes to vsnprintf
 * as a whole, which decides what is right.
 */
#include "format.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "mem.h"

struct out {
	char *text;
	size_t room, size; /* size counts what did not fit too */
};

static inline void add(struct out *out, const char *text, size_t len) {
	if (out->size < out->room) {
		size_t left = out->room - out->size;
		memcpy(out->text + out->size, text, len < left ? len : left);
	}
	out->size += len;
}

static void add_number(struct out *out, uint64_t value, bool negative) {
	char digits[24];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + value % 10);
		value /= 10;
	} while (value > 0);
	if (negative) {
		digits[--at] = '-';
	}
	add(out, digits + at, sizeof(digits) - at);
}

static void add_signed(struct out *out, int64_t value) {
	add_number(out, value < 0 ? 0 - (uint64_t)value : (uint64_t)value, value < 0);
}

/*
 * One conversion but %s, from behind its %: what follows it, or NULL if it is none of these.
 * The list is in a struct: only so does every ABI let a function take from it.
 */
struct arguments {
	va_list list;
};

static const char *convert(struct out *out, const char *at, struct arguments *args) {
	if (strncmp(at, ".*s", 3) == 0) {
		int len = va_arg(args->list, int);
		const char *text = va_arg(args->list, const char *);
		add(out, text, strnlen(text, (size_t)len));
		return at + 3;
	}
	bool is_long = *at == 'l', is_size = *at == 'z';
	at += is_long || is_size;
	switch (*at++) {
	case 'd':
		if (is_size) {
			return NULL;
		}
		add_signed(out, is_long ? va_arg(args->list, long) : va_arg(args->list, int));
		return at;
	case 'u':
		add_number(out,
			is_size           ? va_arg(args->list, size_t)
				: is_long ? va_arg(args->list, unsigned long)
					  : va_arg(args->list, unsigned),
			false);
		return at;
	case '%':
		add(out, "%", 1);
		return is_long || is_size ? NULL : at;
	default:
		return NULL;
	}
}

/* What stands between conversions is a few characters: not worth a call of memcpy. */
static const char *add_literal(struct out *out, const char *at) {
	char *const text = out->text;
	const size_t room = out->room;
	size_t size = out->size;
	char c;

	for (; (c = *at) != '\0' && c != '%'; at++) {
		if (size < room) {
			text[size] = c;
		}
		size++;
	}
	out->size = size;
	return at;
}

size_t format_text(char *out, size_t room, const char *format, va_list args) {
	struct out o = { out, room, 0 };
	struct arguments mine;
	const char *at = format;

	va_copy(mine.list, args);
	while (at != NULL && *(at = add_literal(&o, at)) != '\0') {
		if (at[1] == 's') {
			const char *text = va_arg(mine.list, const char *);
			add(&o, text, strlen(text));
			at += 2;
		} else {
			at = convert(&o, at + 1, &mine);
		}
	}
	va_end(mine.list);
	if (at == NULL) {
		int size = vsnprintf(out, room, format, args);
		if (size < 0) {
			bug("a format that cannot be printed");
		}
		return (size_t)size;
	}
	if (room > 0) {
		out[o.size < room ? o.size : room - 1] = '\0';
	}
	return o.size;
}
