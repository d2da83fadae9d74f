/* printf's formats without printf: see format.c. */
#ifndef DTFC_FORMAT_H
#define DTFC_FORMAT_H

#include <stdarg.h>
#include <stddef.h>

/* As vsnprintf: how long the text is, of which what fits is written, with a NUL. */
size_t format_text(char *out, size_t room, const char *format, va_list args)
	__attribute__((format(printf, 3, 0)));

#endif
