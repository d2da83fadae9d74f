/*
 * Many requests at once, whose answers only have to come: a burst is asked for,
 * with a bound on how many are open, and ends when all have been answered.
 */
#ifndef DTF_BENCH_MANY_H
#define DTF_BENCH_MANY_H

#include <stddef.h>

#include <dtf/dtf.h>

/* ids are PREFIX-0, PREFIX-1, … from `first`; the request's own id is not looked at. */
void many_ask(struct dtf_client *client, const struct dtf_request *request, const char *prefix,
	size_t first, size_t count);
/* The same request `count` times, of one instance. */
void many_repeat(struct dtf_client *client, const struct dtf_request *request, size_t count);

/* A text of 100 bytes, as JSON; as a list of one argument. */
const char *many_text(void);
const char *many_input(void);

#endif
