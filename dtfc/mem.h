/* The compiler's memory: one arena per compilation; running out is fatal. */
#ifndef DTFC_MEM_H
#define DTFC_MEM_H

#include <stdint.h>
#include <stdnoreturn.h>
#include <string.h>

#include "../runtime/arena.h"

noreturn void mem_exhausted(void);

/* The compiler has no type that wants more than a pointer, or 64 bits, do. */
static inline void *mem_alloc(struct arena *arena, size_t size) {
	void *memory = dtf__arena_alloc_aligned(arena, size, _Alignof(int64_t));
	if (memory == NULL) {
		mem_exhausted();
	}
	return memory;
}

#define mem_new(arena, type) ((type *)mem_alloc((arena), sizeof(type)))

/* Adds a NUL. */
static inline char *mem_copy(struct arena *arena, const void *bytes, size_t size) {
	char *copy = mem_alloc(arena, size + 1);
	return memcpy(copy, bytes, size);
}

char *mem_vprintf(struct arena *arena, const char *format, va_list args)
	__attribute__((format(printf, 2, 0)));
char *mem_printf(struct arena *arena, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* A contradiction inside the compiler: prints file and line, exits 70. */
noreturn void bug_at(const char *file, int line, const char *what);
#define bug(what) bug_at(__FILE__, __LINE__, (what))

#endif
