/*
 * Durable steps a second, beside what the disk and LMDB can do in the same run.
 *
 * A machine's disk is never twice the same, so the figures to keep are those
 * that compare: ratio_to_limit, p50_to_commit, flushes and bytes.
 */
#include <stdio.h>
#include <stdlib.h>

#include "bench.h"
#include "device.h"
#include "limit.h"
#include "load.h"

struct outcome {
	struct load load;
	struct device device;
	int64_t cpu_ns;          /* client and activities too */
	uint64_t peak_rss, heap; /* with all that has run */
	struct kept kept;
	struct limit limit;
};

static void run(const char *dir, const struct options *options, struct outcome *outcome) {
	struct dtf_engine *engine = bench_engine_open(dir, options);
	struct device before = device_now();
	int64_t cpu_ns = bench_cpu_ns();
	load_run(engine, &outcome->load);
	outcome->cpu_ns = bench_cpu_ns() - cpu_ns;
	outcome->device = device_since(&before);
	outcome->heap = bench_heap();
	bench_must(dtf_engine_stop(engine), "stop");
	dtf_engine_close(engine);
	outcome->peak_rss = bench_peak_rss();
}

static double ratio(double a, double b) {
	return b > 0 ? a / b : 0;
}

static void print_limits(const struct outcome *outcome, double steps_per_s, double p50) {
	const struct kept *kept = &outcome->kept;
	printf(",\"record_bytes\":%.0f", ratio((double)kept->record_bytes, (double)kept->records));
	printf(",\"limit_puts_per_s\":%.0f", outcome->limit.puts_per_s);
	printf(",\"limit_commit_ms\":%.3f", outcome->limit.commit_ms);
	printf(",\"ratio_to_limit\":%.4f", ratio(steps_per_s, outcome->limit.puts_per_s));
	printf(",\"p50_to_commit\":%.2f", ratio(p50, outcome->limit.commit_ms));
}

static void print(struct outcome *outcome) {
	struct load *load = &outcome->load;
	const struct device *device = &outcome->device;
	double n = (double)load->instances, steps = n * load->workload->steps;
	double p50 = bench_percentile(load->ms, load->instances, 0.5);
	double p99 = bench_percentile(load->ms, load->instances, 0.99);
	printf("{\"workload\":\"%s\",\"instances\":%zu,\"in_flight\":%zu", load->workload->name,
		load->instances, load->in_flight);
	printf(",\"seconds\":%.3f,\"workflows_per_s\":%.0f,\"steps_per_s\":%.0f", load->seconds,
		n / load->seconds, steps / load->seconds);
	printf(",\"p50_ms\":%.3f,\"p99_ms\":%.3f", p50, p99);
	printf(",\"cpu_us_per_step\":%.2f", (double)outcome->cpu_ns / 1e3 / steps);
	printf(",\"peak_rss_bytes\":%llu,\"heap_bytes\":%llu",
		(unsigned long long)outcome->peak_rss, (unsigned long long)outcome->heap);
	printf(",\"bytes_per_step\":%.0f", (double)outcome->kept.used_bytes / steps);
	printf(",\"written_per_workflow\":%.0f", (double)device->bytes / n);
	printf(",\"flushes_per_workflow\":%.4f,\"commits\":%llu", (double)device->flushes / n,
		(unsigned long long)device->commits);
	printf(",\"mean_batch\":%.1f",
		ratio((double)outcome->kept.records, (double)device->commits));
	print_limits(outcome, steps / load->seconds, p50);
	printf("}\n");
}

void run_workload(const char *name, const struct options *options) {
	const struct workload *workload = load_workload(name);
	struct outcome outcome = {
		.load = { .workload = workload,
			.instances = options->count != 0 ? options->count : workload->instances,
			.in_flight = options->in_flight != 0 ? options->in_flight
							     : workload->in_flight }
	};
	char *dir = bench_dir_create(options->dir);
	run(dir, options, &outcome);
	if (!options->memory) {
		outcome.kept = limit_kept(dir);
		size_t size = outcome.kept.records == 0
			? 0
			: outcome.kept.record_bytes / outcome.kept.records;
		outcome.limit = limit_measure(dir, size);
	}
	bench_dir_remove(dir);
	print(&outcome);
	free(outcome.load.ms);
}
