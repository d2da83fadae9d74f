/*
 * How lists lie in an instance's memory.
 *
 * A list value is items and count.  In front of the items, unseen by generated
 * code, stands how many of them the block holds and how many it could: the
 * newest list can grow in place while older values of it, with a smaller count,
 * stay what they were.  Everything that makes lists for workflow code (decoding,
 * copying, the operations of list.c) makes them here.
 */
#ifndef DTF_LIST_H
#define DTF_LIST_H

#include <stddef.h>
#include <string.h>

#include "arena.h"

/* A string, list or map of a workflow has at most so many bytes. */
#define VALUE_MAX ((size_t)16 * 1024 * 1024)

/* Any list struct, and any map struct: the same shape for all types. */
struct list_value {
	const void *items;
	size_t count;
};

struct list_header {
	_Alignas(max_align_t) size_t used;
	size_t capacity;
};

/* The generated structs differ in the type of items only; going through memcpy
 * keeps the compiler's rules on aliasing.  Items NULL: empty, whatever count says. */
static inline struct list_value dtf__list_read(const void *value) {
	struct list_value list;
	memcpy(&list, value, sizeof(list));
	if (list.items == NULL) {
		list.count = 0;
	}
	return list;
}

static inline void dtf__list_write(void *ret, const void *items, size_t count) {
	struct list_value list = { items, items == NULL ? 0 : count };
	memcpy(ret, &list, sizeof(list));
}

static inline struct list_header *dtf__list_header(void *items) {
	return (struct list_header *)items - 1;
}

/* Bytes that a block for so many items needs. */
static inline size_t dtf__list_size(size_t size, size_t capacity) {
	return sizeof(struct list_header) + size * capacity;
}

/* Zeroed items, all used.  NULL: memory is exhausted.  size * count <= VALUE_MAX. */
static inline void *dtf__list_new(struct arena *arena, size_t size, size_t count) {
	struct list_header *header = dtf__arena_alloc(arena, dtf__list_size(size, count));
	if (header == NULL) {
		return NULL;
	}
	header->used = count;
	header->capacity = count;
	return header + 1;
}

#endif
