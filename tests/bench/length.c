/*
 * What a step costs far along a chain, with one instance and nothing else: the
 * time between two attempts, of which a step near the beginning and one far
 * along should take the same.
 */
#include <stdio.h>
#include <stdlib.h>

#include "bench.h"
#include "echo.h"
#include "many.h"

#define STEPS 2000
#define LIVES 3 /* chains; steps near the beginning are few */

struct window {
	size_t from, to; /* steps */
};

/* Half as many steps before and behind it as it has before itself, at most a hundred. */
static struct window around(size_t step) {
	size_t half = step / 2 < 100 ? step / 2 : 100;
	return (struct window){ step - half, step + half };
}

static double middle(const struct echo_moment *moments, size_t steps, size_t step, bool cpu) {
	struct window window = around(step);
	size_t count = 0;
	double *us = bench_alloc(LIVES * (window.to - window.from), sizeof(*us));
	for (size_t life = 0; life < LIVES; life++) {
		for (size_t i = window.from; i < window.to && i + 1 < steps; i++) {
			const struct echo_moment *at = &moments[life * steps + i];
			int64_t ns = cpu ? at[1].cpu_ns - at->cpu_ns : at[1].at_ns - at->at_ns;
			us[count++] = (double)ns / 1e3;
		}
	}
	double value = bench_percentile(us, count, 0.5);
	free(us);
	return value;
}

void run_length(const char *name, const struct options *options) {
	size_t steps = options->count == 0 ? STEPS : options->count;
	char *dir = bench_dir_create(options->dir);
	struct dtf_engine *engine = bench_engine_open(dir, options);
	struct dtf_client *client = dtf_engine_client(engine);
	struct echo_moment *moments = bench_alloc(LIVES * steps, sizeof(*moments));
	char input[128], id[32];
	(void)snprintf(input, sizeof(input), "[%s,%zu]", many_text(), steps);
	for (size_t life = 0; life < LIVES; life++) {
		(void)snprintf(id, sizeof(id), "chain-%zu", life);
		echo_note(moments + life * steps, steps);
		bench_must(dtf_start(client, "bench.chain", id, input), id);
		bench_must(dtf_wait_result(client, id, -1, NULL), id);
	}
	echo_note(NULL, 0);
	printf("{\"workload\":\"%s\",\"steps\":%zu", name, steps);
	for (size_t step = 10; step + 10 <= steps; step *= 10) {
		printf(",\"us_at_%zu\":%.1f,\"cpu_us_at_%zu\":%.1f", step,
			middle(moments, steps, step, false), step,
			middle(moments, steps, step, true));
	}
	printf("}\n");
	dtf_engine_close(engine);
	free(moments);
	bench_dir_remove(dir);
}
