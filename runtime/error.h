/* How the library reports: a negative code and a thread-local text. */
#ifndef DTF_ERROR_H
#define DTF_ERROR_H

#include <stdnoreturn.h>

#include <dtf/dtf.h>

/* Sets dtf_errmsg() and returns code: return dtf__fail(DTF_ESTORE, "…", …). */
int dtf__fail(int code, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Puts a text back that dtf_errmsg() gave, or one that a request was answered with. */
#define ERROR_TEXT_MAX 256
void dtf__error_put(const char *text);
/* Clears the text at the door of a public call. */
void dtf__error_clear(void);

/* Programmer errors and invariants only; stays on in release builds. */
noreturn void dtf__assert_failed(const char *file, int line, const char *what);
#define dtf__assert(condition) \
	((condition) ? (void)0 : dtf__assert_failed(__FILE__, __LINE__, #condition))

#endif
