/*
 * A closed loop: so many instances at once, and when one has ended the next
 * begins, until all have run.
 */
#ifndef DTF_BENCH_LOAD_H
#define DTF_BENCH_LOAD_H

#include <stddef.h>

#include <dtf/dtf.h>

struct workload {
	const char *name;
	const char *workflow;
	const char *input; /* of which %s is the text */
	const char *event; /* raised to each when it has started, or NULL */
	unsigned steps;
	size_t instances, in_flight; /* if nothing is said */
};

/* NULL: there is none of that name. */
const struct workload *load_workload(const char *name);

struct load {
	const struct workload *workload;
	size_t instances, in_flight;
	double seconds; /* from the first start to the last end */
	double *ms;     /* of each instance, start to end; owned by the caller */
};

/* Fills in seconds and ms.  An instance that does not complete is the end of it. */
void load_run(struct dtf_engine *engine, struct load *load);

#endif
