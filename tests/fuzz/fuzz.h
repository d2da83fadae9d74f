/*
 * A fuzz target: libFuzzer's entry point, and the inputs it starts from.  It
 * aborts when what it looks for is broken; the sanitizers do the rest.
 */
#ifndef DTF_TESTS_FUZZ_H
#define DTF_TESTS_FUZZ_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "../../runtime/buf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
/* Appends the index-th seed; false: there is none. */
bool fuzz_seed(size_t index, struct buf *ret);

#define fuzz_demand(condition)                                                                  \
	((condition) ? (void)0                                                                  \
		     : (fprintf(stderr, "%s:%d: broken: %s\n", __FILE__, __LINE__, #condition), \
			       abort()))

#endif
