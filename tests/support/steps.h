/*
 * The activities of the goldens hello and order, for tests that link them.  They
 * do at once what they should, but for what the arguments ask for: a customer
 * "gate" waits at the gate before it is charged, "poor" is declined, "moody"
 * fails at the first attempt.
 */
#ifndef DTF_TESTS_STEPS_H
#define DTF_TESTS_STEPS_H

#include <stdbool.h>

#include "../golden/hello.dtf.h"
#include "../golden/order.dtf.h"

/* How many activities stand at the gate; opening it lets all pass from then on. */
unsigned gate_waiting(void);
void gate_open(void);
void gate_close(void);
/* Returns when so many stand there. */
void gate_await(unsigned count);

/* What an attempt did is appended to this file, a line each: "name key attempt". */
extern const char *effects_path;

/* Input of shop.fulfil as JSON; labels: how many items. */
const char *order_json(
	char *ret, size_t size, const char *id, const char *customer, long cents, unsigned labels);

#endif
