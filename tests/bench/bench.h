/* What the benchmarks share: time, percentiles, directories, dying. */
#ifndef DTF_BENCH_BENCH_H
#define DTF_BENCH_BENCH_H

#include <stddef.h>
#include <stdint.h>

#include <dtf/dtf.h>

#include "commands.h"

int64_t bench_now_ns(void);
int64_t bench_cpu_ns(void); /* of all threads of the process */
/* Sorts; the value below which that share of them lies. */
double bench_percentile(double *values, size_t count, double share);
/* Says what went wrong, for people, and exits. */
void bench_die(const char *format, ...)
#ifdef __GNUC__
	__attribute__((format(printf, 1, 2), noreturn))
#endif
	;
/* 0 or it dies with dtf's text. */
void bench_must(int rc, const char *what);
void *bench_alloc(size_t count, size_t size); /* zeroed, or it dies */
/* A fresh directory inside this one, removed with all that is in it. */
char *bench_dir_create(const char *where);
void bench_dir_remove(char *dir);
/* An engine with bench.dtf that runs; dir NULL: in memory. */
struct dtf_engine *bench_engine_open(const char *dir, const struct options *options);
/* A number of the command line, or it dies. */
uint64_t bench_number(const char *option, const char *text);
/* A line that a terminal sees and a file does not. */
void bench_progress(const char *format, ...)
#ifdef __GNUC__
	__attribute__((format(printf, 1, 2)))
#endif
	;
/* Most memory that the process ever had, and what malloc has given out now. */
uint64_t bench_peak_rss(void);
uint64_t bench_rss(void);
uint64_t bench_heap(void);

#endif
