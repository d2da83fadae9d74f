/*
 * JSON to values; what is as plain as our own text is read by plain.c.  jansson has checked the
 * text; here each value is held against its type.  Every error names the path and what stood there,
 * since the person who reads it has the payload before him and not this code.
 *
 * An int is an int: 1.0 is refused, for a reader that rounds would make two
 * programs disagree about one text.  A float may be written without a point.
 */
#include "codec.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base64.h"
#include "error.h"
#include "json.h"
#include "list.h"
#include "number.h"
#include "path.h"
#include "utf8.h"

#define SHOWN_MAX 40

struct decoder {
	struct arena *arena;
	const struct path *path; /* of the value at hand */
};

static int decode(
	const struct decoder *decoder, const struct dtf_type *type, json_t *json, void *ret);

static int no_memory(void) {
	return dtf__fail(DTF_ENOMEM, "out of memory");
}

/* What stands there, abbreviated: "x", 1.5, a list. */
static void show(char ret[SHOWN_MAX + 8], const json_t *json) {
	switch (json_typeof(json)) {
	case JSON_STRING: {
		const char *s = json_string_value(json);
		size_t size = json_string_length(json), keep = 0;
		while (keep < size && keep < SHOWN_MAX) {
			keep += dtf__utf8_step(s + keep, size - keep);
		}
		(void)snprintf(
			ret, SHOWN_MAX + 8, "\"%.*s%s\"", (int)keep, s, keep < size ? "…" : "");
		break;
	}
	case JSON_INTEGER:
		(void)snprintf(ret, SHOWN_MAX, "%" JSON_INTEGER_FORMAT, json_integer_value(json));
		break;
	case JSON_REAL:
		dtf__float_text(ret, json_real_value(json));
		break;
	case JSON_OBJECT:
		(void)snprintf(ret, SHOWN_MAX, "an object");
		break;
	case JSON_ARRAY:
		(void)snprintf(ret, SHOWN_MAX, "a list");
		break;
	case JSON_TRUE:
	case JSON_FALSE:
		(void)snprintf(ret, SHOWN_MAX, json_is_true(json) ? "true" : "false");
		break;
	case JSON_NULL:
		(void)snprintf(ret, SHOWN_MAX, "null");
		break;
	}
}

static int expected(const struct decoder *decoder, const char *what, const json_t *json) {
	char shown[SHOWN_MAX + 8];
	show(shown, json);
	return dtf__path_fail(DTF_EPAYLOAD, decoder->path, "expected %s, got %s", what, shown);
}

static int decode_int(
	const struct decoder *decoder, const char *what, const json_t *json, int64_t *ret) {
	if (!json_is_integer(json)) {
		return expected(decoder, what, json);
	}
	*ret = json_integer_value(json);
	return 0;
}

static int decode_string(const struct decoder *decoder, const json_t *json, const char **ret) {
	if (!json_is_string(json)) {
		return expected(decoder, "string", json);
	}
	const char *copy = dtf__arena_copy(
		decoder->arena, json_string_value(json), json_string_length(json));
	if (copy == NULL) {
		return no_memory();
	}
	*ret = copy;
	return 0;
}

static int decode_bytes(const struct decoder *decoder, const json_t *json, struct dtf_bytes *ret) {
	if (!json_is_string(json)) {
		return expected(decoder, "base64", json);
	}
	size_t length = json_string_length(json), size;
	unsigned char *data = dtf__arena_alloc(decoder->arena, dtf__base64_room(length));
	if (data == NULL) {
		return no_memory();
	}
	if (!dtf__base64_read(json_string_value(json), length, data, &size)) {
		return expected(decoder, "base64", json);
	}
	*ret = (struct dtf_bytes){ data, size };
	return 0;
}

static int decode_json(const struct decoder *decoder, json_t *json, const char **ret) {
	struct buf buf = { 0 };
	const char *copy = NULL;
	if (dtf__json_write(&buf, json)) {
		copy = dtf__arena_copy(decoder->arena, buf.data, buf.size);
	}
	dtf__buf_finish(&buf);
	if (copy == NULL) {
		return no_memory();
	}
	*ret = copy;
	return 0;
}

/* Room for the items of a list or the entries of a map. */
static int make_items(const struct decoder *decoder, size_t size, size_t count, void **ret) {
	if (size > 0 && count > VALUE_MAX / size) {
		return dtf__path_fail(
			DTF_EPAYLOAD, decoder->path, "%zu elements are too many", count);
	}
	*ret = dtf__list_new(decoder->arena, size, count);
	return *ret == NULL ? no_memory() : 0;
}

static int decode_list(
	const struct decoder *decoder, const struct dtf_type *of, json_t *json, void *ret) {
	if (!json_is_array(json)) {
		return expected(decoder, "a list", json);
	}
	size_t count = json_array_size(json);
	void *items;
	int rc = make_items(decoder, of->size, count, &items);
	for (size_t i = 0; rc == 0 && i < count; i++) {
		struct path here = { .up = decoder->path, .index = i };
		struct decoder inner = { decoder->arena, &here };
		rc = decode(&inner, of, json_array_get(json, i), (char *)items + i * of->size);
	}
	if (rc == 0) {
		dtf__list_write(ret, items, count);
	}
	return rc;
}

/* Entries begin with their key. */
static int by_key(const void *a, const void *b) {
	const char *x, *y;
	memcpy(&x, a, sizeof(x));
	memcpy(&y, b, sizeof(y));
	return strcmp(x, y);
}

static int decode_map(
	const struct decoder *decoder, const struct dtf_type *type, json_t *json, void *ret) {
	if (!json_is_object(json)) {
		return expected(decoder, "an object", json);
	}
	size_t count = json_object_size(json);
	void *entries;
	int rc = make_items(decoder, type->entry_size, count, &entries);
	if (rc != 0) {
		return rc;
	}
	char *entry = entries;
	for (void *at = json_object_iter(json); at != NULL;
		at = json_object_iter_next(json, at), entry += type->entry_size) {
		const char *key = json_object_iter_key(at);
		key = dtf__arena_copy(decoder->arena, key, strlen(key));
		if (key == NULL) {
			return no_memory();
		}
		memcpy(entry, &key, sizeof(key));
		struct path here = { .up = decoder->path, .name = key };
		struct decoder inner = { decoder->arena, &here };
		rc = decode(&inner, type->of, json_object_iter_value(at), entry + type->value_at);
		if (rc != 0) {
			return rc;
		}
	}
	if (count > 1) {
		qsort(entries, count, type->entry_size, by_key);
	}
	dtf__list_write(ret, entries, count);
	return 0;
}

static int decode_some(
	const struct decoder *decoder, const struct dtf_type *type, json_t *json, void *ret) {
	if (type->value_at > 0) {
		*(bool *)ret = true;
		return decode(decoder, type->of, json, (char *)ret + type->value_at);
	}
	void *value = dtf__arena_alloc(decoder->arena, type->of->size);
	if (value == NULL) {
		return no_memory();
	}
	memcpy(ret, &value, sizeof(value));
	return decode(decoder, type->of, json, value);
}

static int decode_field(
	const struct decoder *decoder, const struct dtf_field *field, json_t *json, void *ret) {
	struct path here = { .up = decoder->path, .name = field->name };
	struct decoder inner = { decoder->arena, &here };
	if (json != NULL) {
		return decode(&inner, field->type, json, (char *)ret + field->offset);
	}
	if (field->type->kind == DTF_KIND_OPTIONAL || field->type->kind == DTF_KIND_UNIT) {
		return 0; /* none: *ret was cleared */
	}
	return dtf__path_fail(DTF_EPAYLOAD, &here, "missing");
}

static int decode_record(
	const struct decoder *decoder, const struct dtf_type *type, json_t *json, void *ret) {
	if (!json_is_object(json)) {
		return expected(decoder, type->name, json);
	}
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < type->count; i++) {
		const struct dtf_field *field = &type->fields[i];
		rc = decode_field(decoder, field, json_object_get(json, field->name), ret);
	}
	return rc;
}

static int decode_tuple(
	const struct decoder *decoder, const struct dtf_type *type, json_t *json, void *ret) {
	if (!json_is_array(json)) {
		return expected(decoder, "a list of arguments", json);
	}
	if (json_array_size(json) > type->count) {
		return dtf__path_fail(DTF_EPAYLOAD, decoder->path,
			"expected %zu arguments, got %zu", type->count, json_array_size(json));
	}
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < type->count; i++) {
		rc = decode_field(decoder, &type->fields[i], json_array_get(json, i), ret);
	}
	return rc;
}

static int decode_enum(
	const struct decoder *decoder, const struct dtf_type *type, const json_t *json, int *ret) {
	const char *name = json_string_value(json);
	for (size_t i = 0; name != NULL && i < type->count; i++) {
		if (strcmp(name, type->members[i]) == 0) {
			*ret = (int)i;
			return 0;
		}
	}
	char what[96];
	size_t used = (size_t)snprintf(what, sizeof(what), "%.40s (", type->name);
	for (size_t i = 0; i < type->count && used < sizeof(what) - 36; i++) {
		bool last = i == 3;
		used += (size_t)snprintf(what + used, sizeof(what) - used, "%s%.24s",
			i > 0 ? ", " : "", last ? "…" : type->members[i]);
		if (last) {
			break;
		}
	}
	(void)snprintf(what + used, sizeof(what) - used, ")");
	return expected(decoder, what, json);
}

static int decode(
	const struct decoder *decoder, const struct dtf_type *type, json_t *json, void *ret) {
	switch (type->kind) {
	case DTF_KIND_UNIT:
		return json_is_null(json) ? 0 : expected(decoder, "null", json);
	case DTF_KIND_BOOL:
		if (!json_is_boolean(json)) {
			return expected(decoder, "bool", json);
		}
		*(bool *)ret = json_is_true(json);
		return 0;
	case DTF_KIND_INT:
		return decode_int(decoder, "int", json, ret);
	case DTF_KIND_DURATION:
		return decode_int(decoder, "milliseconds", json, ret);
	case DTF_KIND_TIME:
		return decode_int(decoder, "milliseconds since 1970", json, ret);
	case DTF_KIND_FLOAT:
		if (!json_is_number(json)) {
			return expected(decoder, "float", json);
		}
		*(double *)ret = json_number_value(json);
		return 0;
	case DTF_KIND_STRING:
		return decode_string(decoder, json, ret);
	case DTF_KIND_BYTES:
		return decode_bytes(decoder, json, ret);
	case DTF_KIND_JSON:
		return decode_json(decoder, json, ret);
	case DTF_KIND_LIST:
		return decode_list(decoder, type->of, json, ret);
	case DTF_KIND_MAP:
		return decode_map(decoder, type, json, ret);
	case DTF_KIND_OPTIONAL:
		return json_is_null(json) ? 0 : decode_some(decoder, type, json, ret);
	case DTF_KIND_RECORD:
		return decode_record(decoder, type, json, ret);
	case DTF_KIND_TUPLE:
		return decode_tuple(decoder, type, json, ret);
	case DTF_KIND_ENUM:
		return decode_enum(decoder, type, json, ret);
	}
	return dtf__path_fail(DTF_EPAYLOAD, decoder->path, "a type of unknown kind");
}

static void clear(const struct dtf_type *type, void *ret) {
	if (type->size > 0) {
		memset(ret, 0, type->size);
	}
}

int dtf__decode(struct arena *arena, const struct dtf_type *type, const char *root,
	struct slice text, void *ret) {
	clear(type, ret);
	int rc = dtf__decode_plain(arena, type, text, ret);
	if (rc < 0) {
		clear(type, ret);
	}
	return rc == CODEC_NOT_PLAIN ? dtf__decode_any(arena, type, root, text, ret) : rc;
}

int dtf__decode_any(struct arena *arena, const struct dtf_type *type, const char *root,
	struct slice text, void *ret) {
	clear(type, ret);
	json_t *json;
	int rc = dtf__json_read(text, root, type, JSON_DEPTH_MAX, &json);
	if (rc != 0) {
		return rc;
	}
	struct path path = { .name = root == NULL ? "" : root };
	struct decoder decoder = { arena, &path };
	rc = decode(&decoder, type, json, ret);
	json_decref(json);
	if (rc != 0) {
		clear(type, ret); /* not half of it */
	}
	return rc;
}
