/* What every Check program's main does. */
#ifndef DTF_TESTS_SUITE_H
#define DTF_TESTS_SUITE_H

#include <check.h>

/*
 * Runs the suite and frees it.  Under meson, which reads TAP, the exit status
 * is 0 whatever the tests say: another would hide which of them failed.
 */
int suite_run(Suite *suite);

#endif
