/*
 * Memory that runs out: the linker sends the library's allocations here
 * (-Wl,--wrap), see tests/unit/meson.build.
 */
#ifndef DTF_TESTS_FAILING_H
#define DTF_TESTS_FAILING_H

#include <stdbool.h>
#include <stddef.h>

/* So many allocations still succeed, all after them fail; -1: none fails. */
void failing_after(long count);
/* So many still succeed, then one fails, and all after it succeed. */
void failing_once_after(long count);
/* Between these nothing is counted and nothing fails. */
void failing_pause(void);
void failing_resume(void);
/* Has one failed since? */
bool failing_has_failed(void);
void *failing_malloc(size_t size); /* for libraries that take a function */

#endif
