/*
 * The compiler runs once and ends, so memory comes from one arena that is never
 * freed piece by piece (only printing has another, a declaration's at a time), and
 * running out of it is the end: no stage has an error path for it.  The arena itself
 * is the runtime's, which returns NULL instead.
 *
 * The two exits here, 70 for a contradiction and 71 for memory, are sysexits'
 * EX_SOFTWARE and EX_OSERR: a build system sees that it was not the source's fault.
 */
#include "mem.h"

#include <stdio.h>
#include <stdlib.h>

#include "format.h"

noreturn void mem_exhausted(void) {
	(void)fputs("dtfc: out of memory\n", stderr);
	exit(71);
}

char *mem_vprintf(struct arena *arena, const char *format, va_list args) {
	enum { USUAL = 256, ALIGNMENT = _Alignof(int64_t) };
	char *text = mem_alloc(arena, USUAL);
	va_list again;

	va_copy(again, args);
	size_t size = format_text(text, USUAL, format, args);
	if (size < USUAL) {
		dtf__arena_give_back(arena, (USUAL - 1 - size) / ALIGNMENT * ALIGNMENT);
	} else {
		text = mem_alloc(arena, size + 1);
		(void)format_text(text, size + 1, format, again);
	}
	va_end(again);
	return text;
}

char *mem_printf(struct arena *arena, const char *format, ...) {
	va_list args;
	va_start(args, format);
	char *text = mem_vprintf(arena, format, args);
	va_end(args);
	return text;
}

noreturn void bug_at(const char *file, int line, const char *what) {
	(void)fprintf(stderr, "dtfc: internal error: %s (%s:%d)\n", what, file, line);
	exit(70);
}
