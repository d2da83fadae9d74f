/*
 * What a program does to the files of a store, written down.
 *
 * Linked into a program, this stands before the C library for whatever LMDB and the
 * store call to write, sync, create and rename; outside of the directory that is
 * recorded it only passes the call on.
 */
#ifndef DTF_TESTS_RECORD_H
#define DTF_TESTS_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum disk_op_kind {
	OP_WRITE,
	OP_TRUNCATE, /* to `at` bytes */
	OP_SYNC,
	OP_LOST,  /* a sync failed: what it was to cover will not be written any more */
	OP_FOUND, /* a file that was there before, seen for the first time */
	OP_CREATE,
	OP_RENAME,
	OP_UNLINK,
	OP_MKDIR,
	OP_SYNC_DIR, /* `name`: as below, "" or "p000/" */
	OP_MARK,     /* the program was told that something is durable */
};

struct disk_op {
	enum disk_op_kind kind;
	uint32_t file; /* which: a number of its own, as names change */
	bool durable;  /* WRITE: of a descriptor that syncs each */
	uint64_t at;   /* WRITE, TRUNCATE; MARK: which */
	size_t size;
	char *data;            /* WRITE; owned */
	char name[32], to[32]; /* from the directory that is recorded on: "p000/data.mdb" */
};

struct disk_record {
	struct disk_op *ops;
	size_t count, capacity;
};

/* Writes down what is done in `dir`, and in directories there, from here on.  Descriptors that were
 * open before are not seen.  What is random to the program comes from the seed. */
void record_begin(const char *dir, uint64_t seed);
void record_mark(uint64_t mark);
void record_end(struct disk_record *ret);
void record_finish(struct disk_record *record);

/* From now on: the nth write or sync of the directory fails with `error`; only this
 * one, or all from there on.  0: none does.  Error 0: of a write, half is made. */
void record_fail(unsigned long nth, int error, bool all);
/* How many there were since record_begin(). */
unsigned long record_count(void);
bool record_failed(void);

#endif
