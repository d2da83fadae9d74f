/* JSON text to jansson's values under our limits, and canonical text of them. */
#ifndef DTF_JSON_H
#define DTF_JSON_H

#include <jansson.h>

#include <dtf/abi.h>

#include "buf.h"

/* Nested arrays and objects: what is written can be read again. */
#define JSON_DEPTH_MAX 64

/*
 * Strict: duplicate keys, U+0000, integers beyond 64 bits and trailing text are
 * errors.  At most `depth` levels.  0, DTF_EPAYLOAD with the path in the text,
 * DTF_ENOMEM.  `type` gives the names of a root tuple's elements; may be NULL.
 */
int dtf__json_read(struct slice text, const char *root, const struct dtf_type *type, unsigned depth,
	json_t **ret);

/* Appends it: keys in byte order, shortest floats, no white space.  False:
 * memory is exhausted (or sticks in the buffer). */
bool dtf__json_write(struct buf *buf, json_t *json);

#endif
