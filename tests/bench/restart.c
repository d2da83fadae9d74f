/*
 * How long a store with many instances takes to be served again.
 *
 * A process of its own starts them all and dies without a word, its attempts in
 * flight and its queue full, as in a crash; then this one opens the store.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"
#include "echo.h"
#include "many.h"

#define SLEEPING 1000000
#define BUSY     10000

static void start(
	struct dtf_client *client, const char *workflow, const char *prefix, size_t count) {
	many_ask(client,
		&(struct dtf_request){
			.verb = DTF_ASK_START, .workflow = workflow, .input = many_input() },
		prefix, 0, count);
}

static void live_and_die(const char *dir, const struct options *options, size_t sleeping) {
	pid_t child = fork();
	if (child < 0) {
		bench_die("no process");
	}
	if (child == 0) {
		echo_hold(true);
		struct dtf_engine *engine = bench_engine_open(dir, options);
		start(dtf_engine_client(engine), "bench.sleeper", "sleeper", sleeping);
		start(dtf_engine_client(engine), "bench.busy", "busy", BUSY);
		_exit(0);
	}
	int status;
	if (waitpid(child, &status, 0) != child || status != 0) {
		bench_die("the first life ended badly");
	}
}

static double since_ms(int64_t began_ns) {
	return (double)(bench_now_ns() - began_ns) / 1e6;
}

void run_restart(const char *name, const struct options *options) {
	size_t sleeping = options->count == 0 ? SLEEPING : options->count;
	char *dir = bench_dir_create(options->dir);
	live_and_die(dir, options, sleeping);
	uint64_t heap = bench_heap(), rss = bench_rss();
	int64_t began_ns = bench_now_ns();
	struct dtf_engine *engine = bench_engine_open(dir, options);
	struct dtf_client *client = dtf_engine_client(engine);
	double started_ms = since_ms(began_ns);
	bench_must(dtf_start(client, "bench.hello", "first", many_input()), "start");
	double served_ms = since_ms(began_ns);
	uint64_t heap_served = bench_heap() - heap, rss_served = bench_rss() - rss;
	many_ask(client, &(struct dtf_request){ .verb = DTF_ASK_WAIT }, "busy", 0, BUSY);
	double busy_s = (since_ms(began_ns) - started_ms) / 1e3;
	bench_must(dtf_wait_result(client, "first", -1, NULL), "first");
	printf("{\"workload\":\"%s\",\"sleeping\":%zu,\"busy\":%d", name, sleeping, BUSY);
	printf(",\"started_ms\":%.0f,\"served_ms\":%.0f,\"busy_per_s\":%.0f", started_ms, served_ms,
		(double)BUSY / busy_s);
	printf(",\"heap_bytes\":%llu,\"rss_bytes\":%llu,\"heap_bytes_after\":%llu}\n",
		(unsigned long long)heap_served, (unsigned long long)rss_served,
		(unsigned long long)(bench_heap() - heap));
	dtf_engine_close(engine);
	bench_dir_remove(dir);
}
