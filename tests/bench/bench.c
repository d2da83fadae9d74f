#include "bench.h"

#include <ftw.h>
#include <malloc.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "bench.dtf.h"

int64_t bench_now_ns(void) {
	struct timespec now;
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t bench_cpu_ns(void) {
	struct timespec now;
	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int by_value(const void *a, const void *b) {
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

double bench_percentile(double *values, size_t count, double share) {
	if (count == 0) {
		return 0;
	}
	qsort(values, count, sizeof(*values), by_value);
	return values[(size_t)(share * (double)(count - 1))];
}

void bench_die(const char *format, ...) {
	va_list args;
	va_start(args, format);
	(void)vfprintf(stderr, format, args);
	va_end(args);
	(void)fputc('\n', stderr);
	exit(1);
}

void bench_must(int rc, const char *what) {
	if (rc < 0) {
		bench_die("%s: %s", what, dtf_errmsg());
	}
}

void *bench_alloc(size_t count, size_t size) {
	void *memory = calloc(count == 0 ? 1 : count, size);
	if (memory == NULL) {
		bench_die("out of memory");
	}
	return memory;
}

struct dtf_engine *bench_engine_open(const char *dir, const struct options *options) {
	struct dtf_engine *engine;
	struct dtf_engine_options how = { .dir = options->memory ? NULL : dir,
		.workers = options->workers,
		.partitions = options->partitions == 0 ? DTF_PER_CORE : options->partitions,
		.history_max = INT64_C(16000000) };
	bench_must(dtf_engine_open(&how, &engine), "open");
	bench_must(dtf_engine_register(engine, &bench_module), "register");
	bench_must(dtf_engine_start(engine), "start");
	return engine;
}

/* ---- directories ---- */

char *bench_dir_create(const char *where) {
	size_t size = strlen(where) + sizeof("/bench.XXXXXX");
	char *dir = bench_alloc(size, 1);
	(void)snprintf(dir, size, "%s/bench.XXXXXX", where);
	if (mkdtemp(dir) == NULL) {
		bench_die("no directory can be made in %s", where);
	}
	return dir;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at) {
	(void)st;
	(void)kind;
	(void)at;
	return remove(path);
}

void bench_dir_remove(char *dir) {
	(void)nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	free(dir);
}

/* ---- talking ---- */

uint64_t bench_number(const char *option, const char *text) {
	char *end = NULL;
	unsigned long long number = text == NULL ? 0 : strtoull(text, &end, 10);
	if (end == NULL || end == text || *end != '\0') {
		bench_die("%s takes a number", option);
	}
	return number;
}

void bench_progress(const char *format, ...) {
	if (!isatty(STDERR_FILENO)) {
		return;
	}
	va_list args;
	va_start(args, format);
	(void)fputs("\r\033[K", stderr);
	(void)vfprintf(stderr, format, args);
	va_end(args);
}

/* ---- memory ---- */

uint64_t bench_peak_rss(void) {
	struct rusage usage;
	(void)getrusage(RUSAGE_SELF, &usage);
	return (uint64_t)usage.ru_maxrss * 1024;
}

uint64_t bench_rss(void) {
	unsigned long long size = 0, resident = 0;
	FILE *file = fopen("/proc/self/statm", "r");
	if (file == NULL || fscanf(file, "%llu %llu", &size, &resident) != 2) {
		resident = 0;
	}
	if (file != NULL) {
		(void)fclose(file);
	}
	return resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

uint64_t bench_heap(void) {
	struct mallinfo2 info = mallinfo2();
	return info.uordblks + info.hblkhd;
}
