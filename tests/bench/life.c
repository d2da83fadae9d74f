/*
 * One instance that reads a million events.  After each power of ten the process
 * opens the store anew and raises one more: how long that takes is how long the
 * instance takes to come back.
 */
#include <stdio.h>

#include "bench.h"
#include "many.h"

#define EVENTS 1000000

static double now_s(void) {
	return (double)bench_now_ns() / 1e9;
}

/* Until its answer, which is given when the instance has been loaded. */
static double come_back(const char *dir, const struct options *options,
	const struct dtf_request *raise, struct dtf_engine **engine) {
	dtf_engine_close(*engine);
	double began_s = now_s();
	*engine = bench_engine_open(dir, options);
	many_repeat(dtf_engine_client(*engine), raise, 1);
	return (now_s() - began_s) * 1e3;
}

void run_life(const char *name, const struct options *options) {
	size_t events = options->count == 0 ? EVENTS : options->count, raised = 0;
	struct dtf_request raise = {
		.verb = DTF_ASK_RAISE, .id = "life", .event = "go", .payload = many_text()
	};
	char *dir = bench_dir_create(options->dir), input[32];
	struct dtf_engine *engine = bench_engine_open(dir, options);
	(void)snprintf(input, sizeof(input), "[%zu]", 2 * events);
	bench_must(dtf_start(dtf_engine_client(engine), "bench.reader", "life", input), "life");
	printf("{\"workload\":\"%s\",\"events\":%zu", name, events);
	for (size_t goal = 1000; goal <= events; goal *= 10) {
		double began_s = now_s();
		many_repeat(dtf_engine_client(engine), &raise, goal - raised);
		double rate = (double)(goal - raised) / (now_s() - began_s);
		double back_ms = come_back(dir, options, &raise, &engine);
		raised = goal + 1;
		printf(",\"events_per_s_to_%zu\":%.0f,\"back_ms_at_%zu\":%.1f", goal, rate, goal,
			back_ms);
	}
	printf(",\"peak_rss_bytes\":%llu}\n", (unsigned long long)bench_peak_rss());
	dtf_engine_close(engine);
	bench_dir_remove(dir);
}
