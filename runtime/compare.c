/*
 * The order of values, by type table: codec.h says what it is.
 *
 * Values can nest as deeply as a loop in a workflow builds them, and this walk
 * recurses.  So there is an end to it, and a result of its own for what lies
 * beyond: nobody may be told that such values are equal, nor that they are not.
 */
#include "codec.h"

#include "list.h"
#include "optional.h"

static int compare(const struct dtf_type *type, const void *a, const void *b, unsigned depth);

static int order(bool less, bool greater) {
	return less ? -1 : greater ? 1 : 0;
}

static int compare_int(int64_t a, int64_t b) {
	return order(a<b, a> b);
}

static int compare_bytes(const struct dtf_bytes *a, const struct dtf_bytes *b) {
	size_t na = a->data == NULL ? 0 : a->size;
	size_t nb = b->data == NULL ? 0 : b->size;
	size_t both = na < nb ? na : nb;
	int result = both == 0 ? 0 : memcmp(a->data, b->data, both);
	return result != 0 ? order(result < 0, true) : order(na<nb, na> nb);
}

static int compare_json(const char *a, const char *b) {
	return dtf_string_compare(a == NULL ? "null" : a, b == NULL ? "null" : b);
}

static int compare_list(const struct dtf_type *type, const void *a, const void *b, unsigned depth) {
	struct list_value x = dtf__list_read(a), y = dtf__list_read(b);
	bool map = type->kind == DTF_KIND_MAP;
	size_t size = map ? type->entry_size : type->of->size;
	size_t both = x.count < y.count ? x.count : y.count;
	if (x.items == y.items) {
		both = 0; /* the same memory */
	}
	for (size_t i = 0; i < both; i++) {
		const char *p = (const char *)x.items + i * size;
		const char *q = (const char *)y.items + i * size;
		int result = 0;
		if (map) {
			result = dtf_string_compare(*(const char *const *)(const void *)p,
				*(const char *const *)(const void *)q);
			p += type->value_at;
			q += type->value_at;
		}
		if (result == 0) {
			result = compare(type->of, p, q, depth);
		}
		if (result != 0) {
			return result;
		}
	}
	return order(x.count<y.count, x.count> y.count);
}

static int compare_optional(
	const struct dtf_type *type, const void *a, const void *b, unsigned depth) {
	const void *x = dtf__optional_read(type, a), *y = dtf__optional_read(type, b);
	if (x == NULL || y == NULL) {
		return order(x == NULL && y != NULL, x != NULL && y == NULL);
	}
	return x == y ? 0 : compare(type->of, x, y, depth);
}

static int compare_fields(
	const struct dtf_type *type, const void *a, const void *b, unsigned depth) {
	for (size_t i = 0; i < type->count; i++) {
		const struct dtf_field *field = &type->fields[i];
		int result = compare(field->type, (const char *)a + field->offset,
			(const char *)b + field->offset, depth);
		if (result != 0) {
			return result;
		}
	}
	return 0;
}

static int compare(const struct dtf_type *type, const void *a, const void *b, unsigned depth) {
	if (dtf__nests(type) && ++depth > COMPARE_DEPTH_MAX) {
		return COMPARE_TOO_DEEP;
	}
	switch (type->kind) {
	case DTF_KIND_UNIT:
		return 0;
	case DTF_KIND_BOOL:
		return compare_int(*(const bool *)a, *(const bool *)b);
	case DTF_KIND_INT:
	case DTF_KIND_DURATION:
	case DTF_KIND_TIME:
		return compare_int(*(const int64_t *)a, *(const int64_t *)b);
	case DTF_KIND_FLOAT: {
		double x = *(const double *)a, y = *(const double *)b;
		return order(x<y, x> y);
	}
	case DTF_KIND_STRING:
		return dtf_string_compare(*(const char *const *)a, *(const char *const *)b);
	case DTF_KIND_BYTES:
		return compare_bytes(a, b);
	case DTF_KIND_JSON:
		return compare_json(*(const char *const *)a, *(const char *const *)b);
	case DTF_KIND_LIST:
	case DTF_KIND_MAP:
		return compare_list(type, a, b, depth);
	case DTF_KIND_OPTIONAL:
		return compare_optional(type, a, b, depth);
	case DTF_KIND_RECORD:
	case DTF_KIND_TUPLE:
		return compare_fields(type, a, b, depth);
	case DTF_KIND_ENUM:
		return compare_int(*(const int *)a, *(const int *)b);
	}
	return -1;
}

int dtf__compare(const struct dtf_type *type, const void *a, const void *b) {
	return compare(type, a, b, 0);
}

int dtf_string_compare(const char *a, const char *b) {
	int result = strcmp(a == NULL ? "" : a, b == NULL ? "" : b);
	return order(result<0, result> 0);
}

bool dtf_string_equal(const char *a, const char *b) {
	return dtf_string_compare(a, b) == 0;
}
