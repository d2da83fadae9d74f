/*
 * Strings are UTF-8 and immutable, so what is part of one is found by bytes and
 * only counted in code points.  NULL reads as "".
 */
#include <inttypes.h>
#include <string.h>

#include "utf8.h"
#include "value.h"

static const char *text_of(const char *s) {
	return s == NULL ? "" : s;
}

static int64_t points(const char *s, size_t size) {
	int64_t count = 0;
	for (size_t i = 0; i < size; i++) {
		count += ((unsigned char)s[i] & 0xc0) != 0x80;
	}
	return count;
}

int64_t dtf_string_length(const char *s) {
	s = text_of(s);
	return points(s, strlen(s));
}

/* Pieces with a separator between them. */
static const char *join(
	struct dtf_ctx *ctx, size_t count, const char *const *parts, const char *separator) {
	size_t size = 0, between = strlen(separator);
	for (size_t i = 0; i < count; i++) {
		/* Each part is at most VALUE_MAX: the sum stops far from overflow. */
		size += strlen(text_of(parts[i])) + (i > 0 ? between : 0);
		if (size > VALUE_MAX) {
			break;
		}
	}
	char *text = dtf__value_text(ctx, size);
	if (text == NULL) {
		return "";
	}
	char *at = text;
	for (size_t i = 0; i < count; i++) {
		if (i > 0) {
			memcpy(at, separator, between);
			at += between;
		}
		size_t part = strlen(text_of(parts[i]));
		memcpy(at, text_of(parts[i]), part);
		at += part;
	}
	return text;
}

const char *dtf_concat(struct dtf_ctx *ctx, size_t count, const char *const *parts) {
	return join(ctx, count, parts, "");
}

const char *dtf_string_join(
	struct dtf_ctx *ctx, const char *const *items, size_t count, const char *separator) {
	return join(ctx, items == NULL ? 0 : count, items, text_of(separator));
}

bool dtf_string_contains(const char *s, const char *part) {
	return strstr(text_of(s), text_of(part)) != NULL;
}

bool dtf_string_starts_with(const char *s, const char *part) {
	part = text_of(part);
	return strncmp(text_of(s), part, strlen(part)) == 0;
}

bool dtf_string_ends_with(const char *s, const char *part) {
	s = text_of(s);
	part = text_of(part);
	size_t size = strlen(s), tail = strlen(part);
	return tail <= size && memcmp(s + size - tail, part, tail) == 0;
}

static const char *map_ascii(struct dtf_ctx *ctx, const char *s, char from, char to, int shift) {
	s = text_of(s);
	size_t size = strlen(s);
	char *text = dtf__value_text(ctx, size);
	if (text == NULL) {
		return "";
	}
	for (size_t i = 0; i < size; i++) {
		text[i] = s[i] >= from && s[i] <= to ? (char)(s[i] + shift) : s[i];
	}
	return text;
}

const char *dtf_string_lower(struct dtf_ctx *ctx, const char *s) {
	return map_ascii(ctx, s, 'A', 'Z', 'a' - 'A');
}

const char *dtf_string_upper(struct dtf_ctx *ctx, const char *s) {
	return map_ascii(ctx, s, 'a', 'z', 'A' - 'a');
}

static bool is_space(char c) {
	return c == ' ' || (c >= '\t' && c <= '\r');
}

const char *dtf_string_trim(struct dtf_ctx *ctx, const char *s) {
	s = text_of(s);
	while (is_space(*s)) {
		s++;
	}
	size_t size = strlen(s);
	while (size > 0 && is_space(s[size - 1])) {
		size--;
	}
	return s[size] == '\0' ? s : dtf__value_copy(ctx, s, size);
}

/* Where the count-th code point begins. */
static size_t offset_of(const char *s, size_t size, int64_t count) {
	size_t at = 0;
	for (; count > 0 && at < size; count--) {
		at++;
		while (at < size && ((unsigned char)s[at] & 0xc0) == 0x80) {
			at++;
		}
	}
	return at;
}

const char *dtf_string_slice(struct dtf_ctx *ctx, const char *s, int64_t from, int64_t to) {
	s = text_of(s);
	size_t size = strlen(s);
	int64_t length = points(s, size);
	if (from < 0 || to < from || to > length) {
		dtf__ctx_fault(ctx, &dtf_out_of_range,
			"code points %" PRId64 " to %" PRId64 " of a string of %" PRId64, from, to,
			length);
		return "";
	}
	size_t start = offset_of(s, size, from);
	return dtf__value_copy(ctx, s + start, offset_of(s + start, size - start, to - from));
}

const char *dtf_string_replace(
	struct dtf_ctx *ctx, const char *s, const char *part, const char *with) {
	s = text_of(s);
	part = text_of(part);
	with = text_of(with);
	size_t old = strlen(part), new = strlen(with), size = strlen(s);
	if (old == 0) {
		dtf__ctx_fault(ctx, &dtf_bad_value, "replace: nothing to look for");
		return "";
	}
	size_t count = 0;
	for (const char *at = strstr(s, part); at != NULL; at = strstr(at + old, part)) {
		count++;
	}
	/* count <= 2^24 and new <= 2^24: no overflow */
	char *text = dtf__value_text(ctx, size - count * old + count * new);
	if (text == NULL) {
		return "";
	}
	char *to = text;
	for (const char *at = strstr(s, part); at != NULL; at = strstr(s, part)) {
		memcpy(to, s, (size_t)(at - s));
		to += at - s;
		memcpy(to, with, new);
		to += new;
		s = at + old;
	}
	memcpy(to, s, strlen(s));
	return text;
}

struct dtf_int_opt dtf_string_find(const char *s, const char *part) {
	s = text_of(s);
	const char *at = strstr(s, text_of(part));
	if (at == NULL) {
		return (struct dtf_int_opt){ false, 0 };
	}
	return (struct dtf_int_opt){ true, points(s, (size_t)(at - s)) };
}

/* The bytes of the next piece; *ret_next begins the one after it, NULL: the last. */
static size_t next_piece(
	const char *s, const char *separator, size_t separator_size, const char **ret_next) {
	if (separator_size == 0) {
		size_t step = offset_of(s, strnlen(s, 4), 1);
		*ret_next = s[step] == '\0' ? NULL : s + step;
		return step;
	}
	const char *at = strstr(s, separator);
	*ret_next = at == NULL ? NULL : at + separator_size;
	return at == NULL ? strlen(s) : (size_t)(at - s);
}

struct dtf_string_list dtf_string_split(struct dtf_ctx *ctx, const char *s, const char *separator) {
	struct dtf_string_list list = { NULL, 0 };
	s = text_of(s);
	separator = text_of(separator);
	size_t between = strlen(separator), count = 0;
	if (between == 0 && s[0] == '\0') {
		return list;
	}
	for (const char *at = s; at != NULL; count++) {
		(void)next_piece(at, separator, between, &at);
	}
	if (count > VALUE_MAX / sizeof(*list.items)) {
		dtf__ctx_fault(
			ctx, &dtf_payload_too_large, "split: %zu pieces are too many", count);
		return list;
	}
	const char **items = dtf__value_items(ctx, sizeof(*items), count, count);
	if (items == NULL) {
		return list;
	}
	const char *at = s;
	for (size_t i = 0; i < count; i++) {
		const char *piece = at;
		size_t size = next_piece(piece, separator, between, &at);
		items[i] = dtf__value_copy(ctx, piece, size);
	}
	list.items = (const char *const *)items;
	list.count = count;
	return list;
}
