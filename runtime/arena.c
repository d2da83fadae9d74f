/*
 * Blocks grow geometrically, so that an arena of n bytes costs O(log n) calls
 * of malloc, up to a bound, so that a large one wastes little.  An allocation
 * larger than a block gets a block of its own.
 */
#include "arena.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* Most arenas have one block only, and are made and finished very often: of this size
 * and from malloc it comes out of a thread's own cache. */
#define BLOCK_MIN ((size_t)960)
#define BLOCK_MAX ((size_t)256 * 1024)
#define HUGE_MIN  ((size_t)4 * 1024 * 1024)
#define ALIGNMENT _Alignof(max_align_t)

struct arena_block {
	struct arena_block *next;
	size_t size, used;
	_Alignas(max_align_t) char data[];
};

static struct arena_block *add_block(struct arena *arena, size_t size) {
	size_t want = BLOCK_MIN;
	if (arena->blocks != NULL) {
		want = arena->blocks->size * 2;
	}
	size_t max = arena->block_max == 0 ? BLOCK_MAX : arena->block_max;
	if (want > max) {
		want = max;
	}
	if (want < size) {
		want = size;
	}
	bool small = want <= BLOCK_MIN;
	size_t bytes = sizeof(struct arena_block) + want;
	struct arena_block *block = small ? malloc(bytes) : calloc(1, bytes);
	if (block == NULL) {
		return NULL;
	}
	if (small) {
		memset(block->data, 0, want);
	}
	if (want >= HUGE_MIN) { /* faults of small pages would cost more than what is done there */
		uintptr_t from = ((uintptr_t)block + 4095) & ~(uintptr_t)4095;
		uintptr_t to = ((uintptr_t)block + want) & ~(uintptr_t)4095;
		(void)madvise((char *)block + (from - (uintptr_t)block), to - from, MADV_HUGEPAGE);
	}
	block->size = want;
	block->used = 0;
	block->next = arena->blocks;
	arena->blocks = block;
	return block;
}

void *dtf__arena_alloc(struct arena *arena, size_t size) {
	if (size > SIZE_MAX / 2) {
		return NULL;
	}
	size = (size + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
	struct arena_block *block = arena->blocks;
	if (block == NULL || block->size - block->used < size) {
		block = add_block(arena, size);
		if (block == NULL) {
			return NULL;
		}
	}
	void *memory = block->data + block->used;
	block->used += size;
	arena->used += size;
	return memory;
}

char *dtf__arena_copy(struct arena *arena, const void *bytes, size_t size) {
	char *copy = dtf__arena_alloc(arena, size + 1);
	if (copy != NULL && size > 0) {
		memcpy(copy, bytes, size);
	}
	return copy;
}

char *dtf__arena_vprintf(struct arena *arena, const char *format, va_list args) {
	va_list measure;
	va_copy(measure, args);
	int size = vsnprintf(NULL, 0, format, measure);
	va_end(measure);
	if (size < 0) {
		return NULL;
	}
	char *text = dtf__arena_alloc(arena, (size_t)size + 1);
	if (text != NULL) {
		(void)vsnprintf(text, (size_t)size + 1, format, args);
	}
	return text;
}

char *dtf__arena_printf(struct arena *arena, const char *format, ...) {
	va_list args;
	va_start(args, format);
	char *text = dtf__arena_vprintf(arena, format, args);
	va_end(args);
	return text;
}

void dtf__arena_finish(struct arena *arena) {
	struct arena_block *block = arena->blocks;
	while (block != NULL) {
		struct arena_block *next = block->next;
		free(block);
		block = next;
	}
	*arena = (struct arena){ 0 };
}
