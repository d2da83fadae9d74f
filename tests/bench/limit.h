/*
 * What LMDB itself can do: the same directory, the same settings, records of the
 * same size, and nothing else of a workflow engine.
 */
#ifndef DTF_BENCH_LIMIT_H
#define DTF_BENCH_LIMIT_H

#include <stddef.h>
#include <stdint.h>

struct limit {
	double puts_per_s; /* appended, LIMIT_PUTS in a commit */
	double commit_ms;  /* of one put, p50 */
};

#define LIMIT_PUTS 1000

/* Makes and removes a database in dir.  Dies when it cannot. */
struct limit limit_measure(const char *dir, size_t record_bytes);

/* What an engine left in its directory. */
struct kept {
	uint64_t used_bytes;   /* pages that hold something */
	uint64_t records;      /* in the log */
	uint64_t record_bytes; /* all of them */
};

struct kept limit_kept(const char *dir);

#endif
