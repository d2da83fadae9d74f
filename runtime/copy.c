/*
 * Deep copies, by type table.  Lists get their hidden header here as they do
 * when they are decoded.
 *
 * Values can nest as deeply as a loop in a workflow builds them, though only 64
 * levels can be written, and this walk recurses: a value deeper than a C stack
 * can be trusted with is refused.
 */
#include "codec.h"

#include "list.h"
#include "optional.h"

#define DEPTH_MAX 1000

static bool copy(struct arena *arena, const struct dtf_type *type, const void *value, void *ret,
	unsigned depth);

static bool copy_string(struct arena *arena, const void *value, void *ret) {
	const char *s = *(const char *const *)value;
	if (s != NULL) {
		s = dtf__arena_copy(arena, s, strlen(s));
		if (s == NULL) {
			return false;
		}
	}
	memcpy(ret, &s, sizeof(s));
	return true;
}

static bool copy_bytes(struct arena *arena, const struct dtf_bytes *value, struct dtf_bytes *ret) {
	struct dtf_bytes bytes = { NULL, 0 };
	if (value->data != NULL) {
		const void *data = dtf__arena_copy(arena, value->data, value->size);
		if (data == NULL) {
			return false;
		}
		bytes = (struct dtf_bytes){ data, value->size };
	}
	*ret = bytes;
	return true;
}

static bool copy_list(struct arena *arena, const struct dtf_type *of, const void *value, void *ret,
	unsigned depth) {
	struct list_value list = dtf__list_read(value);
	if (list.count == 0) {
		dtf__list_write(ret, NULL, 0);
		return true;
	}
	char *items = dtf__list_new(arena, of->size, list.count);
	if (items == NULL) {
		return false;
	}
	for (size_t i = 0; i < list.count; i++) {
		size_t at = i * of->size;
		if (!copy(arena, of, (const char *)list.items + at, items + at, depth)) {
			return false;
		}
	}
	dtf__list_write(ret, items, list.count);
	return true;
}

static bool copy_map(struct arena *arena, const struct dtf_type *type, const void *value, void *ret,
	unsigned depth) {
	struct list_value map = dtf__list_read(value);
	if (map.count == 0) {
		dtf__list_write(ret, NULL, 0);
		return true;
	}
	char *entries = dtf__list_new(arena, type->entry_size, map.count);
	if (entries == NULL) {
		return false;
	}
	for (size_t i = 0; i < map.count; i++) {
		const char *from = (const char *)map.items + i * type->entry_size;
		char *to = entries + i * type->entry_size;
		if (!copy_string(arena, from, to) ||
			!copy(arena, type->of, from + type->value_at, to + type->value_at, depth)) {
			return false;
		}
	}
	dtf__list_write(ret, entries, map.count);
	return true;
}

static bool copy_fields(struct arena *arena, const struct dtf_type *type, const void *value,
	void *ret, unsigned depth) {
	for (size_t i = 0; i < type->count; i++) {
		const struct dtf_field *field = &type->fields[i];
		if (!copy(arena, field->type, (const char *)value + field->offset,
			    (char *)ret + field->offset, depth)) {
			return false;
		}
	}
	return true;
}

static bool copy_optional(struct arena *arena, const struct dtf_type *type, const void *value,
	void *ret, unsigned depth) {
	const void *from = dtf__optional_read(type, value);
	memset(ret, 0, type->size);
	if (from == NULL) {
		return true;
	}
	if (type->value_at > 0) {
		*(bool *)ret = true;
		return copy(arena, type->of, from, (char *)ret + type->value_at, depth);
	}
	void *to = dtf__arena_alloc(arena, type->of->size);
	memcpy(ret, &to, sizeof(to));
	return to != NULL && copy(arena, type->of, from, to, depth);
}

static bool copy(struct arena *arena, const struct dtf_type *type, const void *value, void *ret,
	unsigned depth) {
	if (dtf__nests(type) && ++depth > DEPTH_MAX) {
		return false;
	}
	switch (type->kind) {
	case DTF_KIND_UNIT:
	case DTF_KIND_BOOL:
	case DTF_KIND_INT:
	case DTF_KIND_FLOAT:
	case DTF_KIND_DURATION:
	case DTF_KIND_TIME:
	case DTF_KIND_ENUM:
		if (type->size > 0) {
			memcpy(ret, value, type->size);
		}
		return true;
	case DTF_KIND_STRING:
	case DTF_KIND_JSON:
		return copy_string(arena, value, ret);
	case DTF_KIND_BYTES:
		return copy_bytes(arena, value, ret);
	case DTF_KIND_LIST:
		return copy_list(arena, type->of, value, ret, depth);
	case DTF_KIND_MAP:
		return copy_map(arena, type, value, ret, depth);
	case DTF_KIND_OPTIONAL:
		return copy_optional(arena, type, value, ret, depth);
	case DTF_KIND_RECORD:
	case DTF_KIND_TUPLE:
		return copy_fields(arena, type, value, ret, depth);
	}
	return false;
}

bool dtf__copy(struct arena *arena, const struct dtf_type *type, const void *value, void *ret) {
	return copy(arena, type, value, ret, 0);
}
