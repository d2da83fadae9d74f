/*
 * JSON to values without a tree in between, for text that is as plain as the
 * encoder writes it: fields in declared order and no others, maps in order, no
 * escapes but for what must be escaped.  That is nearly all that an engine reads.
 *
 * It decides nothing by itself.  Whatever is not so plain, and whatever is wrong,
 * is left to decode.c, which reads all of JSON and has the words for errors.  So
 * this may be as narrow as it likes, but what it accepts must be the value that
 * decode.c reads: the fuzzer of the codec compares the two.
 */
#include "codec.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base64.h"
#include "error.h"
#include "json.h"
#include "list.h"
#include "number.h"
#include "utf8.h"

#define INT_DIGITS_MAX 18 /* never more than an int64_t holds */

struct plain {
	struct arena *arena;
	const char *at, *end;
	unsigned depth;
	bool no_memory;
};

/* False: not plain, or no memory. */
static bool read_value(struct plain *plain, const struct dtf_type *type, void *ret);

static bool give_up_memory(struct plain *plain) {
	plain->no_memory = true;
	return false;
}

/* The next byte that is no white space; 0 at the end. */
static char peek(struct plain *plain) {
	while (plain->at < plain->end) {
		char c = *plain->at;
		if (c != ' ' && c != '\t' && c != '\n' && c != '\r') {
			return c;
		}
		plain->at++;
	}
	return '\0';
}

static bool take(struct plain *plain, char c) {
	if (peek(plain) != c) {
		return false;
	}
	plain->at++;
	return true;
}

static bool take_word(struct plain *plain, const char *word, size_t size) {
	(void)peek(plain);
	if ((size_t)(plain->end - plain->at) < size || memcmp(plain->at, word, size) != 0) {
		return false;
	}
	plain->at += size;
	return true;
}

/* ---- strings ---- */

static int hex(char c) {
	if (c >= '0' && c <= '9') {
		return c - '0';
	}
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* What stands behind a backslash; 0: something that needs a closer look. */
static char unescape(const char **at, const char *end) {
	static const char escapes[] = "\"\\/nrtbf", meant[] = "\"\\/\n\r\t\b\f";
	const char *found = *at == end || **at == '\0' ? NULL : strchr(escapes, **at);
	if (found != NULL) {
		(*at)++;
		return meant[found - escapes];
	}
	if (end - *at < 5 || memcmp(*at, "u00", 3) != 0) {
		return '\0';
	}
	int high = hex((*at)[3]), low = hex((*at)[4]);
	if (high < 0 || high > 7 || low < 0) {
		return '\0';
	}
	*at += 5;
	return (char)(high * 16 + low);
}

/* One with escapes, or not in ASCII; `at` is behind its quote. */
static bool read_escaped(struct plain *plain, struct slice *ret) {
	const char *start = plain->at, *close = start;
	while (close < plain->end && *close != '"') {
		close += *close == '\\' ? 2 : 1;
	}
	if (close >= plain->end) {
		return false;
	}
	char *text = dtf__arena_alloc(plain->arena, (size_t)(close - start) + 1);
	if (text == NULL) {
		return give_up_memory(plain);
	}
	size_t size = 0;
	for (const char *at = start; at < close;) {
		char c = *at++;
		if ((unsigned char)c < 0x20) {
			return false;
		}
		if (c == '\\' && (c = unescape(&at, close)) == '\0') {
			return false;
		}
		text[size++] = c;
	}
	if (!dtf__utf8_valid(text, size)) {
		return false;
	}
	plain->at = close + 1;
	*ret = (struct slice){ text, size };
	return true;
}

/* In the text or in the arena; not terminated if it is in the text. */
static bool read_slice(struct plain *plain, struct slice *ret) {
	if (!take(plain, '"')) {
		return false;
	}
	size_t size = dtf__utf8_unescaped(plain->at, (size_t)(plain->end - plain->at));
	if (plain->at + size == plain->end || plain->at[size] != '"') {
		return read_escaped(plain, ret);
	}
	*ret = (struct slice){ plain->at, size };
	plain->at += size + 1;
	return true;
}

static bool read_string(struct plain *plain, const char **ret) {
	struct slice text;
	if (!read_slice(plain, &text)) {
		return false;
	}
	*ret = dtf__arena_copy(plain->arena, text.data, text.size);
	return *ret != NULL || give_up_memory(plain);
}

static bool read_bytes(struct plain *plain, struct dtf_bytes *ret) {
	struct slice text;
	if (!read_slice(plain, &text)) {
		return false;
	}
	unsigned char *data = dtf__arena_alloc(plain->arena, dtf__base64_room(text.size));
	if (data == NULL) {
		return give_up_memory(plain);
	}
	ret->data = data;
	return dtf__base64_read(text.data, text.size, data, &ret->size);
}

static bool read_enum(struct plain *plain, const struct dtf_type *type, int *ret) {
	struct slice name;
	if (!read_slice(plain, &name)) {
		return false;
	}
	for (size_t i = 0; i < type->count; i++) {
		const char *member = type->members[i];
		if (strncmp(member, name.data, name.size) == 0 && member[name.size] == '\0') {
			*ret = (int)i;
			return true;
		}
	}
	return false;
}

/* ---- numbers: what comes behind them is seen by who goes on ---- */

static size_t count_digits(const char *at, const char *end) {
	const char *digits = at;
	while (at < end && *at >= '0' && *at <= '9') {
		at++;
	}
	return (size_t)(at - digits);
}

static bool read_int(struct plain *plain, int64_t *ret) {
	bool negative = take(plain, '-');
	size_t digits = count_digits(plain->at, plain->end);
	if (digits == 0 || digits > INT_DIGITS_MAX || (digits > 1 && *plain->at == '0')) {
		return false;
	}
	int64_t value = 0;
	for (size_t i = 0; i < digits; i++) {
		value = value * 10 + (*plain->at++ - '0');
	}
	*ret = negative ? -value : value;
	return true;
}

/* With a point or an exponent, as the encoder writes it. */
static bool read_float(struct plain *plain, double *ret) {
	(void)peek(plain);
	const char *start = plain->at + (plain->at < plain->end && *plain->at == '-');
	size_t digits = count_digits(start, plain->end);
	size_t size = 0, room = (size_t)(plain->end - plain->at);
	char text[FLOAT_TEXT_MAX];
	while (size < room && size < sizeof(text) - 1 && plain->at[size] != '\0' &&
		strchr("+-.0123456789eE", plain->at[size]) != NULL) {
		text[size] = plain->at[size];
		size++;
	}
	text[size] = '\0';
	bool other = digits == 0 || (digits > 1 && *start == '0') || strpbrk(text, ".eE") == NULL;
	if (other || !dtf__float_read(text, ret)) {
		return false;
	}
	plain->at += size;
	return true;
}

/* ---- what holds other values ---- */

/* Elements of a list or a map that are not yet counted. */
struct items {
	char *data;
	size_t size, count, capacity;
};

/* A zeroed one more. */
static void *push(struct plain *plain, struct items *items) {
	size_t most = items->size == 0 ? SIZE_MAX : VALUE_MAX / items->size;
	if (items->count == most) {
		return NULL;
	}
	if (items->count == items->capacity) {
		size_t capacity = items->capacity == 0 ? 8 : items->capacity * 2;
		char *grown = realloc(items->data, capacity * items->size + 1);
		if (grown == NULL) {
			plain->no_memory = true;
			return NULL;
		}
		items->data = grown;
		items->capacity = capacity;
	}
	char *item = items->data + items->count++ * items->size;
	memset(item, 0, items->size);
	return item;
}

static bool keep(struct plain *plain, const struct items *items, void *ret) {
	void *kept = dtf__list_new(plain->arena, items->size, items->count);
	if (kept == NULL) {
		return give_up_memory(plain);
	}
	if (items->count > 0) {
		memcpy(kept, items->data, items->count * items->size);
	}
	dtf__list_write(ret, kept, items->count);
	return true;
}

static bool read_items(struct plain *plain, const struct dtf_type *of, struct items *items) {
	if (take(plain, ']')) {
		return true;
	}
	do {
		void *item = push(plain, items);
		if (item == NULL || !read_value(plain, of, item)) {
			return false;
		}
	} while (take(plain, ','));
	return take(plain, ']');
}

static bool read_entries(struct plain *plain, const struct dtf_type *type, struct items *items) {
	const char *key, *before = NULL;
	if (take(plain, '}')) {
		return true;
	}
	do {
		char *entry = push(plain, items);
		if (entry == NULL || !read_string(plain, &key) || !take(plain, ':') ||
			(before != NULL && strcmp(before, key) >= 0)) {
			return false;
		}
		memcpy(entry, &key, sizeof(key));
		before = key;
		if (!read_value(plain, type->of, entry + type->value_at)) {
			return false;
		}
	} while (take(plain, ','));
	return take(plain, '}');
}

static bool read_list(struct plain *plain, const struct dtf_type *type, void *ret) {
	bool map = type->kind == DTF_KIND_MAP;
	struct items items = { .size = map ? type->entry_size : type->of->size };
	bool ok = take(plain, map ? '{' : '[');
	ok = ok && (map ? read_entries(plain, type, &items) : read_items(plain, type->of, &items));
	ok = ok && keep(plain, &items, ret);
	free(items.data);
	return ok;
}

static bool read_some(struct plain *plain, const struct dtf_type *type, void *ret) {
	if (type->value_at > 0) {
		*(bool *)ret = true;
		return read_value(plain, type->of, (char *)ret + type->value_at);
	}
	void *value = dtf__arena_alloc(plain->arena, type->of->size);
	if (value == NULL) {
		return give_up_memory(plain);
	}
	memcpy(ret, &value, sizeof(value));
	return read_value(plain, type->of, value);
}

static bool may_be_absent(const struct dtf_type *type) {
	return type->kind == DTF_KIND_OPTIONAL || type->kind == DTF_KIND_UNIT;
}

/* Fields that may be absent are passed over until one has the name that is there. */
static bool read_record(struct plain *plain, const struct dtf_type *type, void *ret) {
	if (!take(plain, '{')) {
		return false;
	}
	size_t i = 0;
	bool first = true;
	while (!take(plain, '}')) {
		struct slice name;
		if ((!first && !take(plain, ',')) || !read_slice(plain, &name) ||
			!take(plain, ':')) {
			return false;
		}
		first = false;
		while (i < type->count &&
			(strlen(type->fields[i].name) != name.size ||
				memcmp(type->fields[i].name, name.data, name.size) != 0)) {
			if (!may_be_absent(type->fields[i++].type)) {
				return false;
			}
		}
		if (i == type->count) {
			return false;
		}
		const struct dtf_field *field = &type->fields[i++];
		if (!read_value(plain, field->type, (char *)ret + field->offset)) {
			return false;
		}
	}
	while (i < type->count && may_be_absent(type->fields[i].type)) {
		i++;
	}
	return i == type->count;
}

static bool read_tuple(struct plain *plain, const struct dtf_type *type, void *ret) {
	bool ok = take(plain, '[');
	for (size_t i = 0; ok && i < type->count; i++) {
		const struct dtf_field *field = &type->fields[i];
		ok = (i == 0 || take(plain, ',')) &&
			read_value(plain, field->type, (char *)ret + field->offset);
	}
	return ok && take(plain, ']');
}

static bool read_nested(struct plain *plain, const struct dtf_type *type, void *ret) {
	if (++plain->depth > JSON_DEPTH_MAX) {
		return false;
	}
	bool ok;
	if (type->kind == DTF_KIND_RECORD) {
		ok = read_record(plain, type, ret);
	} else if (type->kind == DTF_KIND_TUPLE) {
		ok = read_tuple(plain, type, ret);
	} else {
		ok = read_list(plain, type, ret);
	}
	plain->depth--;
	return ok;
}

static bool read_value(struct plain *plain, const struct dtf_type *type, void *ret) {
	switch (type->kind) {
	case DTF_KIND_UNIT:
		return take_word(plain, "null", 4);
	case DTF_KIND_BOOL:
		*(bool *)ret = peek(plain) == 't';
		return *(bool *)ret ? take_word(plain, "true", 4) : take_word(plain, "false", 5);
	case DTF_KIND_INT:
	case DTF_KIND_DURATION:
	case DTF_KIND_TIME:
		return read_int(plain, ret);
	case DTF_KIND_FLOAT:
		return read_float(plain, ret);
	case DTF_KIND_STRING:
		return read_string(plain, ret);
	case DTF_KIND_BYTES:
		return read_bytes(plain, ret);
	case DTF_KIND_OPTIONAL:
		return peek(plain) == 'n' ? take_word(plain, "null", 4)
					  : read_some(plain, type, ret);
	case DTF_KIND_ENUM:
		return read_enum(plain, type, ret);
	case DTF_KIND_LIST:
	case DTF_KIND_MAP:
	case DTF_KIND_RECORD:
	case DTF_KIND_TUPLE:
		return read_nested(plain, type, ret);
	case DTF_KIND_JSON:
		break; /* has to be made canonical */
	}
	return false;
}

int dtf__decode_plain(
	struct arena *arena, const struct dtf_type *type, struct slice text, void *ret) {
	if (text.size == 0) {
		return CODEC_NOT_PLAIN; /* and no address either, it may be */
	}
	struct plain plain = { .arena = arena, .at = text.data, .end = text.data + text.size };
	if (read_value(&plain, type, ret) && peek(&plain) == '\0' && plain.at == plain.end) {
		return 0;
	}
	return plain.no_memory ? dtf__fail(DTF_ENOMEM, "out of memory") : CODEC_NOT_PLAIN;
}
