/*
 * The narrow waist: what the engine needs of a store.
 *
 * A store keeps bytes and knows nothing of workflows.  The log is the truth
 * and append-only; rows, names and marks go with it in the same commit.  All
 * of a batch becomes durable or nothing does.  One thread writes (the engine);
 * reading is safe from any thread and, with LMDB, from any process.
 */
#ifndef DTF_STORE_H
#define DTF_STORE_H

#include <stdbool.h>

#include "../arena.h"
#include "../buf.h"

struct store;

/* Positive: the caller's own business, handled on the spot. */
#define STORE_NOT_FOUND 1

/* Bytes in an id, a manifest's hash or a request id; they are keys. */
#define STORE_ID_MAX 400

enum store_mode {
	STORE_OWN,   /* create if absent, take the owner's lock, write */
	STORE_SHARE, /* another process owns it: read, and append to the inbox */
};

struct store_options {
	size_t map_size;     /* 0 = 1 TiB, halved until the system gives it; grows by itself */
	size_t map_size_max; /* the map grows no further; 0 = as far as the system goes */
	size_t size_max;     /* refuse commits marked `admit` beyond this; 0 = none */
	unsigned partition, partitions; /* this is that one of several; 0 = the only one */
	size_t checkpoint;              /* rows, names and marks put between two checkpoints; 0: */
#define CHECKPOINT_PUTS 65536
};

/* What a row is found by; a store knows no more of it. */
struct store_keys {
	uint64_t due_ms;      /* when it has to be looked at; 0 = never by itself */
	bool ended;           /* then that is when it ended */
	uint64_t kind;        /* of its code, while it has not ended; 0 = none */
	bool busy;            /* look at it at every start */
	unsigned char status; /* for listings */
};

enum store_index { STORE_DUE, STORE_BUSY, STORE_KIND, STORE_STATUS, STORE_ENDED };
#define STORE_NINDEXES 5

struct store_put_row {
	uint64_t instance;
	struct slice value;
	struct store_keys keys;
};
struct store_put_name {
	const char *id;
	uint64_t instance;
};
/* An event id that was accepted once: (instance, event name, event id). */
struct store_put_mark {
	uint64_t instance;
	const char *event, *event_id;
};
struct store_put_manifest {
	const char *hash; /* hex */
	struct slice text;
};
/* The answer to an inbox command, kept for a day; its time is the engine's clock. */
struct store_put_answer {
	const char *request; /* the sender's request id */
	struct slice value;
	int64_t time_ms;
};

/* The last snapshot of an instance; an empty value takes it away. */
struct store_put_snapshot {
	uint64_t instance;
	struct slice value;
};
/* How far messages of another partition have been taken in, in the engine's words. */
struct store_put_received {
	uint64_t from;
	struct slice value;
};
/* An instance that is taken away: its row, its name if it has it, its marks. */
struct store_purge {
	uint64_t instance;
	const char *id;
};

/* One commit.  Arrays are the caller's and only borrowed.  What it takes away goes
 * before what it puts; of two puts of one key the last counts. */
struct store_batch {
	const struct slice *records; /* appended; positions are store_next(), +1, … */
	size_t nrecords;
	const struct store_put_row *rows;
	size_t nrows;
	const struct store_put_name *names;
	size_t nnames;
	const struct store_put_mark *marks;
	size_t nmarks;
	const struct store_put_manifest *manifests;
	size_t nmanifests;
	const struct store_put_answer *answers;
	size_t nanswers;
	const struct store_put_snapshot *snapshots;
	size_t nsnapshots;
	const struct store_purge *purges;
	size_t npurges;
	/* Of the log: records to take away, and positions to keep in mind because of
	 * what is still to be taken away from there on, or not any more. */
	const uint64_t *forgets, *trash, *emptied;
	size_t nforgets, ntrash, nemptied;
	/* To other partitions: kept under first_message and what follows until they are
	 * delivered.  The last of all is never deleted, so that numbers go on from there. */
	const struct slice *messages;
	size_t nmessages;
	uint64_t first_message;
	const uint64_t *delivered;
	size_t ndelivered;
	const struct store_put_received *received;
	size_t nreceived;
	uint64_t inbox_through; /* delete inbox entries up to this; 0 = none */
	uint64_t next_instance; /* counter to keep; 0 = unchanged */
	int64_t clock_ms;       /* durable clock to keep; 0 = unchanged */
	bool admit;             /* holds new work: refuse with DTF_EFULL when over size_max */
};

struct store_ops {
	void (*close)(struct store *store);
	/* Position that the next record will get; from 1. */
	uint64_t (*next)(struct store *store);
	uint64_t (*next_instance)(struct store *store); /* 1 in a new store */
	int64_t (*clock_ms)(struct store *store);
	/* Grows with each open as owner; in every commit it is checked to be ours. */
	uint64_t (*epoch)(struct store *store);
	/*
	 * Durable when it returns 0.  DTF_EFULL (disk or map full: nothing was
	 * written, the store goes on working), DTF_ETOO_LARGE (more than one
	 * commit can hold: nothing was written), DTF_EOWNED (another epoch),
	 * DTF_ESTORE (an I/O error: fail-stop, every later call returns it).
	 * DTF_EINVAL: an id over STORE_ID_MAX bytes, or a store opened to share.
	 */
	int (*commit)(struct store *store, const struct store_batch *batch);
	/* Copies into the arena.  STORE_NOT_FOUND, DTF_ESTORE, DTF_ECORRUPT. */
	int (*record)(
		struct store *store, struct arena *arena, uint64_t position, struct slice *ret);
	int (*row)(struct store *store, struct arena *arena, uint64_t instance, struct slice *ret);
	int (*snapshot)(
		struct store *store, struct arena *arena, uint64_t instance, struct slice *ret);
	int (*find)(struct store *store, const char *id, uint64_t *ret_instance);
	/* 0 when it was accepted before, else STORE_NOT_FOUND. */
	int (*mark)(
		struct store *store, uint64_t instance, const char *event, const char *event_id);
	int (*manifest)(
		struct store *store, struct arena *arena, const char *hash, struct slice *ret);
	/* Rows with number > after, in order, until f returns false; the slice is
	 * valid inside f only.  Long scans are cut into short read transactions, so
	 * that f may take its time, call the store, and see what was committed since. */
	int (*rows)(struct store *store, uint64_t after,
		bool (*f)(void *arg, uint64_t instance, struct slice row), void *arg);
	/*
	 * Instances in an index behind (key, instance), in order of key and number,
	 * until f returns false: by time (STORE_DUE, STORE_ENDED), key 0 (STORE_BUSY), by
	 * kind or by status.  What is committed meanwhile may be seen or not, so an entry is
	 * a hint: the row says how it is.  Cut like `rows`.
	 */
	int (*index)(struct store *store, enum store_index index, uint64_t key, uint64_t instance,
		bool (*f)(void *arg, uint64_t key, uint64_t instance), void *arg);
	/* One of the positions kept in mind.  STORE_NOT_FOUND: there is none. */
	int (*trash)(struct store *store, uint64_t *ret_position);
	/* Messages with sequence > after, in order, until f returns false. */
	int (*outbox)(struct store *store, uint64_t after,
		bool (*f)(void *arg, uint64_t sequence, struct slice message), void *arg);
	/* STORE_NOT_FOUND: nothing yet. */
	int (*received)(struct store *store, struct arena *arena, uint64_t from, struct slice *ret);
	/* The inbox.  Append is durable and wakes the owner; it may be called by a
	 * process that shares the store.  A sequence number never comes twice. */
	int (*inbox_append)(struct store *store, struct slice command, uint64_t *ret_sequence);
	/* Entries with sequence > after, in order, until f returns false. */
	int (*inbox)(struct store *store, uint64_t after,
		bool (*f)(void *arg, uint64_t sequence, struct slice command), void *arg);
	int (*answer)(
		struct store *store, struct arena *arena, const char *request, struct slice *ret);
	/* Is there an owner now?  1 or 0. */
	int (*owned)(struct store *store);
	/* Readable when another process may have written the inbox; -1 = none.
	 * The owner polls it, then calls drain. */
	int (*wake_fd)(struct store *store);
	void (*drain)(struct store *store);
};

/* The first member of every store. */
struct store {
	const struct store_ops *ops;
};

/* DTF_EOWNED names the owner's process; DTF_EFORMAT leaves the files untouched. */
int dtf__store_lmdb_open(const char *dir, enum store_mode mode, const struct store_options *options,
	struct store **ret);
/* A new, empty store, owned.  Nothing is durable. */
int dtf__store_memory_open(struct store **ret);
/*
 * Another handle to the same contents, which live until the last is closed.
 * STORE_OWN takes them over, as after a crash of the owner before: its handle
 * is fenced from now on, whether it is closed or not.
 */
int dtf__store_memory_again(struct store *store, enum store_mode mode, struct store **ret);

#endif
