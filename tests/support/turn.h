/* A workflow that goes round as long as it is told to. */
#ifndef DTF_TESTS_TURN_H
#define DTF_TESTS_TURN_H

#include <dtf/abi.h>

/*
 *	workflow turn(n: int) {
 *		status n
 *		select { on go { continue with (n + 1) }  on stop { } }
 *	}
 *
 * in module r: "r.turn", "[1]", "go", "stop".
 */
extern const struct dtf_module *const turn_modules[];

#endif
