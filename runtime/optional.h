/*
 * How optionals lie in memory: a bool and the value behind it, or, of a record
 * that can contain itself, a pointer to the value.
 */
#ifndef DTF_OPTIONAL_H
#define DTF_OPTIONAL_H

#include <string.h>

#include <dtf/abi.h>

/* The value, or NULL for none. */
static inline const void *dtf__optional_read(const struct dtf_type *type, const void *optional) {
	if (type->value_at > 0) {
		return *(const bool *)optional ? (const char *)optional + type->value_at : NULL;
	}
	const void *value; /* memcpy: the struct's member is a pointer of another type */
	memcpy(&value, optional, sizeof(value));
	return value;
}

#endif
