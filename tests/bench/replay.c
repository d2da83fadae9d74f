/*
 * Events a second when stored histories are replayed.
 *
 * A query of an instance that has ended reads its history from the store and
 * replays all of it; nothing else is asked of the engine meanwhile.
 */
#include <stdio.h>
#include <stdlib.h>

#include "bench.h"
#include "many.h"

#define STEPS   100000 /* of all instances of one length */
#define LEAST_S 1.0

static void add_events(void *arg, const struct dtf_instance_info *info) {
	*(double *)arg += (double)info->events;
}

static void make(struct dtf_client *client, const char *prefix, unsigned length, size_t count) {
	char input[128];
	(void)snprintf(input, sizeof(input), "[%s,%u]", many_text(), length);
	many_ask(client,
		&(struct dtf_request){
			.verb = DTF_ASK_START, .workflow = "bench.chain", .input = input },
		prefix, 0, count);
	many_ask(client, &(struct dtf_request){ .verb = DTF_ASK_WAIT }, prefix, 0, count);
}

/* Over all of them, again and again. */
static double replay(struct dtf_client *client, const char *prefix, size_t count) {
	double events = 0, seconds;
	int64_t began_ns = bench_now_ns();
	do {
		for (size_t i = 0; i < count; i++) {
			char id[64];
			struct dtf_result result;
			(void)snprintf(id, sizeof(id), "%s-%zu", prefix, i);
			bench_must(dtf_query(client, id, "size", &result), id);
			dtf_result_free(&result);
			bench_must(dtf_info(client, id, add_events, &events), id);
		}
		seconds = (double)(bench_now_ns() - began_ns) / 1e9;
	} while (seconds < LEAST_S);
	return events / seconds;
}

void run_replay(const char *name, const struct options *options) {
	static const unsigned lengths[] = { 10, 100, 1000 };
	size_t steps = options->count == 0 ? STEPS : options->count;
	char *dir = bench_dir_create(options->dir);
	struct dtf_engine *engine = bench_engine_open(dir, options);
	struct dtf_client *client = dtf_engine_client(engine);
	printf("{\"workload\":\"%s\"", name);
	for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
		size_t count = steps / lengths[i] == 0 ? 1 : steps / lengths[i];
		char prefix[32];
		(void)snprintf(prefix, sizeof(prefix), "chain-of-%u", lengths[i]);
		make(client, prefix, lengths[i], count);
		printf(",\"events_per_s_%u\":%.0f", lengths[i], replay(client, prefix, count));
	}
	printf("}\n");
	dtf_engine_close(engine);
	bench_dir_remove(dir);
}
