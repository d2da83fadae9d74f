/* Bytes of heap for one more instance that sleeps, and for one that waits for a worker. */
#include <stdio.h>
#include <stdlib.h>

#include "bench.h"
#include "echo.h"
#include "many.h"

#define FIRST    20000 /* what is kept for speed has its size by then */
#define SLEEPING 200000
#define HOT      4000

static double grow(struct dtf_client *client, const char *workflow, const char *prefix,
	size_t first, size_t count) {
	uint64_t before = bench_heap();
	many_ask(client,
		&(struct dtf_request){
			.verb = DTF_ASK_START, .workflow = workflow, .input = many_input() },
		prefix, first, count);
	return ((double)bench_heap() - (double)before) / (double)count;
}

void run_memory(const char *name, const struct options *options) {
	size_t sleeping = options->count == 0 ? SLEEPING : options->count;
	char *dir = bench_dir_create(options->dir);
	struct dtf_engine *engine = bench_engine_open(dir, options);
	struct dtf_client *client = dtf_engine_client(engine);
	echo_hold(true);
	double hot = grow(client, "bench.busy", "hot", 0, HOT);
	(void)grow(client, "bench.sleeper", "sleeper", 0, FIRST);
	double asleep = grow(client, "bench.sleeper", "sleeper", FIRST, sleeping);
	printf("{\"workload\":\"%s\",\"sleeping_bytes\":%.0f,\"hot_bytes\":%.0f}\n", name, asleep,
		hot);
	echo_hold(false);
	dtf_engine_close(engine);
	bench_dir_remove(dir);
}
