/* What dtf-bench can be told to do; each prints one JSON object on a line. */
#ifndef DTF_BENCH_COMMANDS_H
#define DTF_BENCH_COMMANDS_H

#include <stdbool.h>
#include <stddef.h>

struct options {
	const char *dir; /* where a directory is made */
	bool memory;
	unsigned workers;
	unsigned partitions;     /* 0: one for each core */
	size_t count, in_flight; /* 0: what the command thinks right */
};

/* workload.c: one of those in load.c, by its name */
void run_workload(const char *name, const struct options *options);
/* replay.c: events a second of histories with 10, 100 and 1,000 steps */
void run_replay(const char *name, const struct options *options);
/* restart.c: until the first request is served, and until all that was busy has gone on */
void run_restart(const char *name, const struct options *options);
/* memory.c: bytes of a sleeping instance and of one that waits for a worker */
void run_memory(const char *name, const struct options *options);
/* length.c: what a step costs far along a chain */
void run_length(const char *name, const struct options *options);
/* life.c: one instance and very many events, and how it comes back */
void run_life(const char *name, const struct options *options);

#endif
