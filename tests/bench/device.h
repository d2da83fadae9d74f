/*
 * What goes to the disk, counted where the process asks for it.
 *
 * The C library's calls that write at a place and that sync are replaced by ones
 * that count; LMDB uses them like everybody else.  A write to a descriptor that
 * was opened with O_DSYNC is a flush too.  So LMDB writes the page that makes a
 * commit valid, one for each: that is how commits are counted.
 */
#ifndef DTF_BENCH_DEVICE_H
#define DTF_BENCH_DEVICE_H

#include <stdint.h>

struct device {
	uint64_t flushes, commits;
	uint64_t bytes; /* written to files */
};

/* Since the process began. */
struct device device_now(void);
struct device device_since(const struct device *before);

#endif
