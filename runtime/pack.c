/*
 * The type table is walked as in encode.c, but nothing is made canonical: json
 * is its text, a failure has all its members.  Every value takes at least one
 * byte, so that bytes which are not what was written cannot ask for much more
 * memory than they are long.
 */
#include "pack.h"

#include <math.h>
#include <string.h>

#include "codec.h"
#include "list.h"
#include "optional.h"

struct packer {
	struct buf *buf;
	size_t size_max;
	unsigned depth;
};

/* ---- writing ---- */

static bool pack(struct packer *p, const struct dtf_type *type, const void *value);

void dtf__pack_failure(struct buf *buf, const struct dtf_failure *failure) {
	dtf__wire_put_text(buf, failure->name);
	dtf__wire_put_text(buf, failure->message);
	dtf__wire_put_text(buf, failure->data);
	dtf__wire_put(buf, failure->retryable);
	dtf__wire_put_text(buf, failure->kind);
	dtf__wire_put_signed(buf, failure->attempts);
	dtf__wire_put_text(buf, failure->code);
	dtf__wire_put_text(buf, failure->id);
	dtf__wire_put_text(buf, failure->status);
	dtf__wire_put_text(buf, failure->suppressed);
}

static bool pack_float(struct packer *p, double value) {
	if (!isfinite(value)) {
		return false;
	}
	dtf__wire_put_double(p->buf, value);
	return true;
}

static bool pack_list(struct packer *p, const struct dtf_type *of, const void *value) {
	struct list_value list = dtf__list_read(value);
	const char *item = list.items;
	if (of->size > 0 && list.count > VALUE_MAX / of->size) {
		return false;
	}
	dtf__wire_put(p->buf, list.count);
	for (size_t i = 0; i < list.count; i++, item += of->size) {
		if (!pack(p, of, item)) {
			return false;
		}
	}
	return true;
}

static bool pack_map(struct packer *p, const struct dtf_type *type, const void *value) {
	struct list_value map = dtf__list_read(value);
	const char *entry = map.items;
	if (map.count > VALUE_MAX / type->entry_size) {
		return false;
	}
	dtf__wire_put(p->buf, map.count);
	for (size_t i = 0; i < map.count; i++, entry += type->entry_size) {
		const char *key;
		memcpy(&key, entry, sizeof(key));
		dtf__wire_put_text(p->buf, key);
		if (!pack(p, type->of, entry + type->value_at)) {
			return false;
		}
	}
	return true;
}

static bool pack_optional(struct packer *p, const struct dtf_type *type, const void *value) {
	const void *inner = dtf__optional_read(type, value);
	dtf__wire_put(p->buf, inner != NULL);
	return inner == NULL || pack(p, type->of, inner);
}

static bool pack_fields(struct packer *p, const struct dtf_type *type, const void *value) {
	if (type == &dtf_type_failure) {
		dtf__pack_failure(p->buf, value);
		return true;
	}
	if (type->count == 0) {
		dtf__wire_put(p->buf, 0);
	}
	for (size_t i = 0; i < type->count; i++) {
		const struct dtf_field *field = &type->fields[i];
		if (!pack(p, field->type, (const char *)value + field->offset)) {
			return false;
		}
	}
	return true;
}

static bool pack_enum(struct packer *p, const struct dtf_type *type, int value) {
	if (value < 0 || (size_t)value >= type->count) {
		return false;
	}
	dtf__wire_put(p->buf, (uint64_t)value);
	return true;
}

static bool pack_kind(struct packer *p, const struct dtf_type *type, const void *value) {
	switch (type->kind) {
	case DTF_KIND_UNIT:
		dtf__wire_put(p->buf, 0);
		return true;
	case DTF_KIND_BOOL:
		dtf__wire_put(p->buf, *(const bool *)value);
		return true;
	case DTF_KIND_INT:
	case DTF_KIND_DURATION:
	case DTF_KIND_TIME:
		dtf__wire_put_signed(p->buf, *(const int64_t *)value);
		return true;
	case DTF_KIND_FLOAT:
		return pack_float(p, *(const double *)value);
	case DTF_KIND_STRING:
	case DTF_KIND_JSON:
		dtf__wire_put_text(p->buf, *(const char *const *)value);
		return true;
	case DTF_KIND_BYTES: {
		const struct dtf_bytes *bytes = value;
		const char *data = (const char *)bytes->data;
		dtf__wire_put_bytes(p->buf, (struct slice){ data, data == NULL ? 0 : bytes->size });
		return true;
	}
	case DTF_KIND_LIST:
		return pack_list(p, type->of, value);
	case DTF_KIND_MAP:
		return pack_map(p, type, value);
	case DTF_KIND_OPTIONAL:
		return pack_optional(p, type, value);
	case DTF_KIND_RECORD:
	case DTF_KIND_TUPLE:
		return pack_fields(p, type, value);
	case DTF_KIND_ENUM:
		return pack_enum(p, type, *(const int *)value);
	}
	return false;
}

static bool pack(struct packer *p, const struct dtf_type *type, const void *value) {
	if (p->depth == COMPARE_DEPTH_MAX) {
		return false;
	}
	p->depth++;
	bool packed = pack_kind(p, type, value);
	p->depth--;
	return packed && p->buf->size <= p->size_max;
}

bool dtf__pack(struct buf *buf, size_t size_max, const struct dtf_type *type, const void *value) {
	struct packer p = { .buf = buf, .size_max = size_max };
	return pack(&p, type, value);
}

/* ---- reading ---- */

static void unpack(
	struct wire_reader *reader, const struct dtf_type *type, void *ret, unsigned depth);

void dtf__unpack_failure(struct wire_reader *reader, struct dtf_failure *ret) {
	ret->name = dtf__wire_get_text(reader);
	ret->message = dtf__wire_get_text(reader);
	ret->data = dtf__wire_get_text(reader);
	ret->retryable = dtf__wire_get_upto(reader, 1) == 1;
	ret->kind = dtf__wire_get_text(reader);
	ret->attempts = dtf__wire_get_signed(reader);
	ret->code = dtf__wire_get_text(reader);
	ret->id = dtf__wire_get_text(reader);
	ret->status = dtf__wire_get_text(reader);
	ret->suppressed = dtf__wire_get_text(reader);
}

/* Room for as many as it says; NULL: none, or that cannot be. */
static char *unpack_items(struct wire_reader *reader, size_t size, size_t *ret_count) {
	size_t count = (size_t)dtf__wire_get_upto(reader, dtf__wire_left(reader));
	*ret_count = 0;
	if (size > 0 && count > VALUE_MAX / size) {
		dtf__wire_bad(reader);
	}
	if (reader->bad || count == 0) {
		return NULL;
	}
	char *items = dtf__list_new(reader->arena, size, count);
	if (items == NULL) {
		reader->no_memory = true;
		dtf__wire_bad(reader);
		return NULL;
	}
	*ret_count = count;
	return items;
}

static void unpack_list(
	struct wire_reader *reader, const struct dtf_type *of, void *ret, unsigned depth) {
	size_t count;
	char *items = unpack_items(reader, of->size, &count);
	for (size_t i = 0; i < count && !reader->bad; i++) {
		unpack(reader, of, items + i * of->size, depth);
	}
	dtf__list_write(ret, items, count);
}

static void unpack_map(
	struct wire_reader *reader, const struct dtf_type *type, void *ret, unsigned depth) {
	size_t count;
	char *entries = unpack_items(reader, type->entry_size, &count);
	const char *before = NULL;
	for (size_t i = 0; i < count && !reader->bad; i++) {
		char *entry = entries + i * type->entry_size;
		const char *key = dtf__wire_get_text(reader);
		const char *text = key == NULL ? "" : key;
		if (before != NULL && strcmp(before, text) >= 0) {
			dtf__wire_bad(reader);
		}
		before = text;
		memcpy(entry, &key, sizeof(key));
		unpack(reader, type->of, entry + type->value_at, depth);
	}
	dtf__list_write(ret, entries, count);
}

static void unpack_optional(
	struct wire_reader *reader, const struct dtf_type *type, void *ret, unsigned depth) {
	if (dtf__wire_get_upto(reader, 1) == 0) {
		return;
	}
	if (type->value_at > 0) {
		*(bool *)ret = true;
		unpack(reader, type->of, (char *)ret + type->value_at, depth);
		return;
	}
	void *value = dtf__wire_alloc(reader, type->of->size);
	memcpy(ret, &value, sizeof(value));
	if (value != NULL) {
		unpack(reader, type->of, value, depth);
	}
}

static void unpack_fields(
	struct wire_reader *reader, const struct dtf_type *type, void *ret, unsigned depth) {
	if (type == &dtf_type_failure) {
		dtf__unpack_failure(reader, ret);
		return;
	}
	if (type->count == 0) {
		(void)dtf__wire_get_upto(reader, 0);
	}
	for (size_t i = 0; i < type->count; i++) {
		const struct dtf_field *field = &type->fields[i];
		unpack(reader, field->type, (char *)ret + field->offset, depth);
	}
}

static void unpack_text(struct wire_reader *reader, void *ret) {
	const char *text = dtf__wire_get_text(reader);
	memcpy(ret, &text, sizeof(text));
}

static void unpack(
	struct wire_reader *reader, const struct dtf_type *type, void *ret, unsigned depth) {
	if (depth == COMPARE_DEPTH_MAX) {
		dtf__wire_bad(reader);
	}
	depth++;
	switch (type->kind) {
	case DTF_KIND_UNIT:
		(void)dtf__wire_get_upto(reader, 0);
		return;
	case DTF_KIND_BOOL:
		*(bool *)ret = dtf__wire_get_upto(reader, 1) == 1;
		return;
	case DTF_KIND_INT:
	case DTF_KIND_DURATION:
	case DTF_KIND_TIME:
		*(int64_t *)ret = dtf__wire_get_signed(reader);
		return;
	case DTF_KIND_FLOAT:
		*(double *)ret = dtf__wire_get_double(reader);
		return;
	case DTF_KIND_STRING:
	case DTF_KIND_JSON:
		unpack_text(reader, ret);
		return;
	case DTF_KIND_BYTES: {
		struct slice bytes = dtf__wire_get_bytes(reader);
		*(struct dtf_bytes *)ret = (struct dtf_bytes){ (const void *)bytes.data,
			bytes.size };
		return;
	}
	case DTF_KIND_LIST:
		unpack_list(reader, type->of, ret, depth);
		return;
	case DTF_KIND_MAP:
		unpack_map(reader, type, ret, depth);
		return;
	case DTF_KIND_OPTIONAL:
		unpack_optional(reader, type, ret, depth);
		return;
	case DTF_KIND_RECORD:
	case DTF_KIND_TUPLE:
		unpack_fields(reader, type, ret, depth);
		return;
	case DTF_KIND_ENUM:
		*(int *)ret = type->count == 0 ? 0
					       : (int)dtf__wire_get_upto(reader, type->count - 1);
		return;
	}
}

void dtf__unpack(struct wire_reader *reader, const struct dtf_type *type, void *ret) {
	unpack(reader, type, ret, 0);
}
