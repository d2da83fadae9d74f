/*
 * A value is written by walking its type table; there is no tree in between.
 * What comes from an activity's C code is not trusted to be a value of its type
 * in every respect: strings are checked to be UTF-8, enums to have a member,
 * json texts to be JSON (and made canonical), nesting to be readable again.
 */
#include "codec.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base64.h"
#include "error.h"
#include "json.h"
#include "list.h"
#include "number.h"
#include "optional.h"
#include "path.h"
#include "utf8.h"

static int encode(struct buf *buf, const struct path *path, const struct dtf_type *type,
	const void *value, unsigned depth);

static int encode_float(struct buf *buf, const struct path *path, double x) {
	if (!isfinite(x)) {
		return dtf__path_fail(CODEC_OVERFLOW, path, "a float that is not finite");
	}
	char text[FLOAT_TEXT_MAX];
	dtf__float_text(text, x);
	dtf__buf_text(buf, text);
	return 0;
}

static int encode_string(struct buf *buf, const struct path *path, const char *s) {
	size_t size = s == NULL ? 0 : strlen(s);
	if (dtf__utf8_unescaped(s, size) == size) { /* most are: one look is enough */
		dtf__buf_text(buf, "\"");
		dtf__buf_add(buf, s, size);
		dtf__buf_text(buf, "\"");
		return 0;
	}
	if (!dtf__utf8_valid(s, size)) {
		return dtf__path_fail(CODEC_BAD_VALUE, path, "a string that is not UTF-8");
	}
	dtf__buf_json_string(buf, s);
	return 0;
}

static void encode_bytes(struct buf *buf, struct dtf_bytes bytes) {
	dtf__buf_text(buf, "\"");
	dtf__base64_write(buf, bytes.data, bytes.data == NULL ? 0 : bytes.size);
	dtf__buf_text(buf, "\"");
}

static int encode_json(struct buf *buf, const struct path *path, const char *text, unsigned depth) {
	if (text == NULL) {
		dtf__buf_text(buf, "null");
		return 0;
	}
	json_t *json;
	int rc = dtf__json_read(
		(struct slice){ text, strlen(text) }, "", NULL, JSON_DEPTH_MAX - depth, &json);
	if (rc == DTF_EPAYLOAD) {
		char why[160];
		(void)snprintf(why, sizeof(why), "%s", dtf_errmsg());
		return dtf__path_fail(CODEC_BAD_VALUE, path, "no JSON: %s", why);
	}
	if (rc != 0) {
		return rc;
	}
	(void)dtf__json_write(buf, json); /* exhausted memory sticks in the buffer */
	json_decref(json);
	return 0;
}

static int encode_list(struct buf *buf, const struct path *path, const struct dtf_type *of,
	const void *value, unsigned depth) {
	struct list_value list = dtf__list_read(value);
	const char *item = list.items;
	dtf__buf_text(buf, "[");
	for (size_t i = 0; i < list.count; i++, item += of->size) {
		if (i > 0) {
			dtf__buf_text(buf, ",");
		}
		struct path here = { .up = path, .index = i };
		int rc = encode(buf, &here, of, item, depth);
		if (rc != 0) {
			return rc;
		}
	}
	dtf__buf_text(buf, "]");
	return 0;
}

static int encode_map(struct buf *buf, const struct path *path, const struct dtf_type *type,
	const void *value, unsigned depth) {
	struct list_value map = dtf__list_read(value);
	const char *entry = map.items;
	const char *before = NULL;
	dtf__buf_text(buf, "{");
	for (size_t i = 0; i < map.count; i++, entry += type->entry_size) {
		const char *key;
		memcpy(&key, entry, sizeof(key));
		key = key == NULL ? "" : key;
		struct path here = { .up = path, .name = key };
		if (before != NULL && strcmp(before, key) >= 0) {
			return dtf__path_fail(
				CODEC_BAD_VALUE, &here, "keys of a map that are not in order");
		}
		before = key;
		if (i > 0) {
			dtf__buf_text(buf, ",");
		}
		int rc = encode_string(buf, &here, key);
		if (rc == 0) {
			dtf__buf_text(buf, ":");
			rc = encode(buf, &here, type->of, entry + type->value_at, depth);
		}
		if (rc != 0) {
			return rc;
		}
	}
	dtf__buf_text(buf, "}");
	return 0;
}

static int encode_optional(struct buf *buf, const struct path *path, const struct dtf_type *type,
	const void *value, unsigned depth) {
	const void *inner = dtf__optional_read(type, value);
	if (inner == NULL) {
		dtf__buf_text(buf, "null");
		return 0;
	}
	return encode(buf, path, type->of, inner, depth);
}

static bool is_none(const struct dtf_type *type, const void *value) {
	return type->kind == DTF_KIND_OPTIONAL && dtf__optional_read(type, value) == NULL;
}

static int encode_fields(struct buf *buf, const struct path *path, const struct dtf_type *type,
	const void *value, unsigned depth) {
	bool record = type->kind == DTF_KIND_RECORD;
	const char *separator = "";
	dtf__buf_text(buf, record ? "{" : "[");
	for (size_t i = 0; i < type->count; i++) {
		const struct dtf_field *field = &type->fields[i];
		const void *at = (const char *)value + field->offset;
		if (record && is_none(field->type, at)) {
			continue;
		}
		dtf__buf_text(buf, separator);
		separator = ",";
		if (record) {
			dtf__buf_json_string(buf, field->name);
			dtf__buf_text(buf, ":");
		}
		struct path here = { .up = path, .name = field->name };
		int rc = encode(buf, &here, field->type, at, depth);
		if (rc != 0) {
			return rc;
		}
	}
	dtf__buf_text(buf, record ? "}" : "]");
	return 0;
}

static int encode_enum(
	struct buf *buf, const struct path *path, const struct dtf_type *type, int value) {
	if (value < 0 || (size_t)value >= type->count) {
		return dtf__path_fail(
			CODEC_BAD_VALUE, path, "%s has no member of value %d", type->name, value);
	}
	dtf__buf_json_string(buf, type->members[value]);
	return 0;
}

static int encode(struct buf *buf, const struct path *path, const struct dtf_type *type,
	const void *value, unsigned depth) {
	if (dtf__nests(type) && ++depth > JSON_DEPTH_MAX) {
		return dtf__path_fail(
			CODEC_BAD_VALUE, path, "nested deeper than %d levels", JSON_DEPTH_MAX);
	}
	switch (type->kind) {
	case DTF_KIND_UNIT:
		dtf__buf_text(buf, "null");
		return 0;
	case DTF_KIND_BOOL:
		dtf__buf_text(buf, *(const bool *)value ? "true" : "false");
		return 0;
	case DTF_KIND_INT:
	case DTF_KIND_DURATION:
	case DTF_KIND_TIME:
		dtf__buf_int(buf, *(const int64_t *)value);
		return 0;
	case DTF_KIND_FLOAT:
		return encode_float(buf, path, *(const double *)value);
	case DTF_KIND_STRING:
		return encode_string(buf, path, *(const char *const *)value);
	case DTF_KIND_BYTES:
		encode_bytes(buf, *(const struct dtf_bytes *)value);
		return 0;
	case DTF_KIND_JSON:
		return encode_json(buf, path, *(const char *const *)value, depth);
	case DTF_KIND_LIST:
		return encode_list(buf, path, type->of, value, depth);
	case DTF_KIND_MAP:
		return encode_map(buf, path, type, value, depth);
	case DTF_KIND_OPTIONAL:
		return encode_optional(buf, path, type, value, depth);
	case DTF_KIND_RECORD:
	case DTF_KIND_TUPLE:
		return encode_fields(buf, path, type, value, depth);
	case DTF_KIND_ENUM:
		return encode_enum(buf, path, type, *(const int *)value);
	}
	return dtf__path_fail(CODEC_BAD_VALUE, path, "a type of unknown kind");
}

int dtf__encode(struct buf *buf, const struct dtf_type *type, const void *value) {
	size_t start = buf->size;
	int rc = encode(buf, NULL, type, value, 0);
	if (rc == 0 && buf->failed) {
		rc = dtf__fail(DTF_ENOMEM, "out of memory");
	}
	if (rc != 0 && buf->data != NULL) {
		buf->size = start;
		buf->data[start] = '\0';
	}
	return rc;
}
