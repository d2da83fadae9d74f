/*
 * Blocks grow geometrically, so that an arena of n bytes costs O(log n) calls
 * of malloc, up to a bound, so that a large one wastes little.  An allocation
 * larger than a block gets a block of its own.
 */
#include "arena.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* Most arenas have one block only: an attempt fits into it, with its arguments. */
#define BLOCK_MIN ((size_t)960)
#define BLOCK_MAX ((size_t)256 * 1024)
#define HUGE_MIN  ((size_t)4 * 1024 * 1024)

/* ---- blocks that a thread keeps ---- */

/* Memory that is used again hides a use after its end from the sanitizer. */
#ifndef __has_feature
#define __has_feature(feature) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#define KEPT_OF(blocks) 0
#else
#define KEPT_OF(blocks) (blocks)
#endif

static _Thread_local struct {
	struct arena_block *blocks; /* zeroed */
	size_t count, max;
} kept;

static struct arena_block *take_kept(void) {
	struct arena_block *block = kept.blocks;
	if (block != NULL) {
		kept.blocks = block->next;
		kept.count--;
	}
	return block;
}

static void keep_or_free(struct arena_block *block) {
	if (block->size != BLOCK_MIN || kept.count >= kept.max) {
		free(block);
		return;
	}
	memset(block->data, 0, block->used);
	block->used = 0;
	block->next = kept.blocks;
	kept.blocks = block;
	kept.count++;
}

void dtf__arena_keep(size_t blocks) {
	kept.max = KEPT_OF(blocks);
	while (kept.count > kept.max) {
		free(take_kept());
	}
}

/* ---- arenas ---- */

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
	struct arena_block *block = want == BLOCK_MIN ? take_kept() : NULL;
	block = block != NULL ? block : calloc(1, sizeof(*block) + want);
	if (block == NULL) {
		return NULL;
	}
	if (want >= HUGE_MIN) { /* faults of small pages would cost more than what is done there */
		uintptr_t from = ((uintptr_t)block + 4095) & ~(uintptr_t)4095;
		uintptr_t to = ((uintptr_t)block + want) & ~(uintptr_t)4095;
		(void)madvise((char *)block + (from - (uintptr_t)block), to - from, MADV_HUGEPAGE);
	}
	block->size = want;
	block->next = arena->blocks;
	arena->blocks = block;
	return block;
}

void *dtf__arena_alloc_block(struct arena *arena, size_t size, size_t alignment) {
	if (size > SIZE_MAX / 2 || add_block(arena, size + alignment - 1) == NULL) {
		return NULL;
	}
	return dtf__arena_alloc_aligned(arena, size, alignment);
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
		keep_or_free(block);
		block = next;
	}
	*arena = (struct arena){ 0 };
}
