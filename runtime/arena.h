/*
 * A growing region of memory that is freed as a whole.
 *
 * The compiler has one for each compilation, the runtime one for each instance
 * and each activity run.  Allocation never fails in the caller's sight in the
 * compiler (dtfc's mem.h dies with a message); the runtime gets NULL and says
 * DTF_ENOMEM.  Memory is zeroed and aligned for any type.
 */
#ifndef DTF_ARENA_H
#define DTF_ARENA_H

#include <stdarg.h>
#include <stddef.h>

struct arena_block {
	struct arena_block *next;
	size_t size, used;
	_Alignas(max_align_t) char data[];
};

struct arena {
	struct arena_block *blocks; /* owned; newest first */
	size_t used;                /* bytes handed out, for limits and statistics */
	size_t block_max;           /* how large blocks get; 0: 256 KiB */
};

/* The same where the newest block has no room. */
void *dtf__arena_alloc_block(struct arena *arena, size_t size, size_t alignment);

/* For types that want no more than `alignment`, as all others from this arena. */
static inline void *dtf__arena_alloc_aligned(struct arena *arena, size_t size, size_t alignment) {
	struct arena_block *block = arena->blocks;
	size_t rounded = (size + alignment - 1) & ~(alignment - 1);

	if (block == NULL || rounded < size || block->size - block->used < rounded) {
		return dtf__arena_alloc_block(arena, size, alignment);
	}
	void *memory = block->data + block->used;
	block->used += rounded;
	arena->used += rounded;
	return memory;
}

/* A zeroed struct arena is an empty arena.  NULL when memory is exhausted. */
static inline void *dtf__arena_alloc(struct arena *arena, size_t size) {
	return dtf__arena_alloc_aligned(arena, size, _Alignof(max_align_t));
}

/* Gives back the end of what was allocated last, as long as it is zero. */
static inline void dtf__arena_give_back(struct arena *arena, size_t size) {
	arena->blocks->used -= size;
	arena->used -= size;
}

char *dtf__arena_copy(struct arena *arena, const void *bytes, size_t size); /* adds a NUL */
char *dtf__arena_printf(struct arena *arena, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
char *dtf__arena_vprintf(struct arena *arena, const char *format, va_list args)
	__attribute__((format(printf, 2, 0)));
/* Frees everything; the arena is empty and can be used again. */
void dtf__arena_finish(struct arena *arena);

/*
 * For a thread that makes and finishes small arenas all the time: from now on it keeps
 * up to so many of their blocks for the next ones.  0, as for every other thread: none;
 * a thread that keeps some must say that before it ends.
 */
void dtf__arena_keep(size_t blocks);

#endif
