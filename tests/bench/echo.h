/* What the activities of bench.dtf do besides returning. */
#ifndef DTF_BENCH_ECHO_H
#define DTF_BENCH_ECHO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* While true, `held` does not return. */
void echo_hold(bool hold);

/* When each attempt of `echo` began, and the process's own time then. */
struct echo_moment {
	int64_t at_ns, cpu_ns;
};
/* Notes so many from now on; room for them is the caller's.  NULL: no more. */
void echo_note(struct echo_moment *moments, size_t count);

#endif
