/*
 * What the parts of the LMDB store share.  Nothing outside store/lmdb*.c
 * includes this, and lmdb.h is included here alone.
 *
 *	lmdb_dir.c      the directory: its files, locks and format; no LMDB
 *	lmdb_partitions.c   a directory of several stores
 *	lmdb_env.c      LMDB environments: one per directory and process
 *	lmdb_table.c    keys and values: chunks, checksums, byte order
 *	lmdb_meta.c     the store's own rows, sizes
 *	lmdb_stage.c    what a commit puts beside the log
 *	lmdb_journal.c  where that is until a checkpoint
 *	lmdb_checkpoint.c   from the journal into the tables
 *	lmdb_scan.c     reading what is in a table or in the journal
 *	lmdb_index.c    finding rows by their keys
 *	lmdb_commit.c   what a commit does
 *	lmdb.c          the other operations of store.h
 *
 * A code inside these files is 0, or LMDB's (an errno, or below -30000), or a
 * DTF_E… whose text is set.  dtf__lmdb_result() makes the second the third at
 * the door, so that LMDB's codes are judged in one place.
 */
#ifndef DTF_LMDB_IMPL_H
#define DTF_LMDB_IMPL_H

#include <lmdb.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include <dtf/version.h>

#include "../wire.h"
#include "index.h"
#include "pending.h"
#include "store.h"

/* ---- lmdb_dir.c ---- */

#define LMDB_DATA       "data.mdb"
#define LMDB_DATA_NEW   "data.new" /* while it is being made */
#define LMDB_PARTITIONS "dtf.partitions"

/*
 * Opens the directory, made first if we are to own it.  Refuses one in which
 * others may write, and file systems on which LMDB cannot work.
 */
int dtf__lmdb_dir_open(const char *dir, enum store_mode mode, int *ret_fd);
/*
 * The gate: held while a store is made, opened, closed or asked for its owner,
 * by one process at a time.
 */
int dtf__lmdb_gate_lock(int dir_fd);
void dtf__lmdb_gate_unlock(int dir_fd);
/* There is no store yet, and one may be made. */
#define LMDB_DIR_EMPTY 1
/* Is there a store that we can read?  Touches nothing.  Under the gate. */
int dtf__lmdb_dir_check(int dir_fd, const char *dir, const struct store_options *options);
/* May the directory have partitions made in it? */
int dtf__lmdb_dir_check_partitions(int dir_fd, const char *dir);
/* Up to size bytes of a small file; -1 when there is none. */
ssize_t dtf__lmdb_dir_read(int dir_fd, const char *name, char *bytes, size_t size);
/* Writes dtf.format, durably. */
int dtf__lmdb_dir_write_format(int dir_fd, const char *dir, const struct store_options *options);
/* Makes LMDB_DATA_NEW, complete and closed, LMDB_DATA. */
int dtf__lmdb_dir_publish(int dir_fd, const char *dir);
/* The owner's lock; DTF_EOWNED names the process that has it.  Under the gate. */
int dtf__lmdb_own(int dir_fd, const char *dir, int *ret_lock_fd);
void dtf__lmdb_disown(int lock_fd);
/* 1, 0 or DTF_ESTORE.  Under the gate. */
int dtf__lmdb_is_owned(int dir_fd, const char *dir);
/* The FIFO that wakes the owner; -1 where the file system has none. */
int dtf__lmdb_wake_open(int dir_fd, const char *dir, int *ret_fd);
/* No room for a commit's pages? */
bool dtf__lmdb_dir_is_full(int dir_fd);

/* ---- lmdb_env.c ---- */

enum lmdb_table {
	TABLE_LOG,      /* position -> record; not checked: its records are */
	TABLE_INST,     /* instance -> its row's keys, and the row; not checked either */
	TABLE_NAME,     /* id -> instance */
	TABLE_MARK,     /* instance and hash -> what was marked; an empty put of the
			 * instance alone takes all of its marks away */
	TABLE_JOURNAL,  /* commit -> what it put into the three above and is not there yet */
	TABLE_INDEX,    /* index, key and instance -> nothing: where rows are found */
	TABLE_TRASH,    /* position -> nothing: the chain from there on is to be taken away */
	TABLE_OUTBOX,   /* sequence -> message to another partition */
	TABLE_RECEIVED, /* partition -> how far its messages have been taken in */
	TABLE_INBOX,    /* sequence -> command */
	TABLE_ANSWER,   /* request id -> time and answer */
	TABLE_MANIFEST, /* hash -> text */
	TABLE_SNAPSHOT, /* instance -> its last one; not checked: it has a checksum */
	TABLE_META,     /* format, state, inbox, covered */
	NTABLES,
};

/* Two threads may share one: it has the only reference count. */
struct lmdb_env {
	struct lmdb_env *next; /* in the registry */
	unsigned references;   /* guarded by the registry, as is `owned` */
	bool owned;            /* by a handle of this process */
	dev_t device;          /* with inode: the directory's identity */
	ino_t inode;
	pid_t pid;    /* LMDB must not cross fork() */
	int dir_fd;   /* owned */
	char *dir;    /* owned; as it was given, for messages */
	MDB_env *mdb; /* owned */
	MDB_dbi tables[NTABLES];
	size_t map_size_max;
	pthread_rwlock_t map_lock; /* read: a transaction runs; write: the map moves */
	MDB_txn *_Atomic spare;    /* a reader's, reset: to be renewed; or NULL */
	atomic_int failed;         /* enum lmdb_failed; once set it stays */
	char why[160];             /* written once, before failed is FAILED_TOLD */
};

/* The registry's mutex; held around open and close. */
void dtf__lmdb_registry_lock(void);
void dtf__lmdb_registry_unlock(void);
/* This process's environment of the directory, or NULL. */
struct lmdb_env *dtf__lmdb_env_find(int dir_fd);
/* Makes a store that is not there yet.  Under the gate, as are the next two. */
int dtf__lmdb_env_create(int dir_fd, const char *dir, const struct store_options *options);
int dtf__lmdb_env_open(const char *dir, const struct store_options *options, struct lmdb_env **ret);
/* One reference less; the last closes. */
void dtf__lmdb_env_release(struct lmdb_env *env);
/* DTF_EFORK in a child, DTF_ESTORE after a failure. */
int dtf__lmdb_env_check(struct lmdb_env *env);

/* A read transaction; ends with dtf__lmdb_end(). */
int dtf__lmdb_begin(struct lmdb_env *env, MDB_txn **ret);
void dtf__lmdb_end(struct lmdb_env *env, MDB_txn *txn);
/*
 * Runs f in a write transaction and commits it if it returns 0.  When the map
 * is full it grows and f runs again: f must not keep what the first run did.
 */
int dtf__lmdb_update(
	struct lmdb_env *env, int (*f)(struct lmdb_env *env, MDB_txn *txn, void *arg), void *arg);
/* Frees the reader slots of processes that died. */
void dtf__lmdb_reap(struct lmdb_env *env);
/* Any code to one for the caller; `what` was being done. */
int dtf__lmdb_result(struct lmdb_env *env, int code, const char *what);

/* ---- lmdb_table.c ---- */

#define LMDB_KEY_MAX (STORE_ID_MAX + 4)

struct lmdb_key {
	unsigned char bytes[STORE_ID_MAX + 8]; /* with room for the chunk's number */
	size_t size;                           /* without it */
};

/* Where a sweep is: the last key that it saw, with the chunk's number. */
struct lmdb_place {
	unsigned char bytes[STORE_ID_MAX + 8];
	size_t size; /* 0 = at the beginning */
};

struct lmdb_item {
	uint64_t number;
	struct slice value; /* in the arena */
};

void dtf__lmdb_store32(unsigned char *to, uint32_t value);
uint32_t dtf__lmdb_load32(const void *from);

void dtf__lmdb_store_big(unsigned char *to, uint64_t value, int size);
uint64_t dtf__lmdb_load_big(const void *from, size_t size);

struct lmdb_key dtf__lmdb_number_key(uint64_t number);
struct lmdb_key dtf__lmdb_text_key(const char *text); /* at most STORE_ID_MAX bytes */

/* `flags`: 0, or MDB_APPEND for a key beyond all others. */
int dtf__lmdb_put(struct lmdb_env *env, MDB_txn *txn, enum lmdb_table table, struct lmdb_key *key,
	struct slice value, unsigned flags);
/* Values under this number and those that follow, beyond all others. */
int dtf__lmdb_append(struct lmdb_env *env, MDB_txn *txn, enum lmdb_table table, uint64_t number,
	const struct slice *values, size_t count);
/* Copies into the arena.  MDB_NOTFOUND, DTF_ECORRUPT. */
int dtf__lmdb_get(struct lmdb_env *env, MDB_txn *txn, enum lmdb_table table, struct lmdb_key *key,
	struct arena *arena, struct slice *ret);
/* Deletes what an instance has in a table whose keys begin with its number. */
int dtf__lmdb_del_all(struct lmdb_env *env, MDB_txn *txn, enum lmdb_table table, uint64_t instance);
/* The first bytes of a value, where they lie.  MDB_NOTFOUND, DTF_ECORRUPT. */
int dtf__lmdb_peek(struct lmdb_env *env, MDB_txn *txn, enum lmdb_table table, struct lmdb_key *key,
	size_t size, struct slice *ret);
/* Deletes all chunks; nothing there is fine. */
int dtf__lmdb_del(struct lmdb_env *env, MDB_txn *txn, enum lmdb_table table, struct lmdb_key *key);
/* Up to `room` items whose key is a number > after, and not too many bytes. */
int dtf__lmdb_scan(struct lmdb_env *env, MDB_txn *txn, enum lmdb_table table, uint64_t after,
	struct arena *arena, struct lmdb_item *items, size_t room, size_t *ret_count);
/* The greatest number in the table; 0 when it is empty. */
int dtf__lmdb_last(struct lmdb_env *env, MDB_txn *txn, enum lmdb_table table, uint64_t *ret);
/* The same of the least. */
int dtf__lmdb_first(struct lmdb_env *env, MDB_txn *txn, enum lmdb_table table, uint64_t *ret);
/* Deletes up to `most` items whose number is at most `through`; are there more? */
int dtf__lmdb_drop(struct lmdb_env *env, MDB_txn *txn, enum lmdb_table table, uint64_t through,
	size_t most, bool *ret_more);
/*
 * Looks at the answer behind the place, moves there, and deletes it if it is as
 * old as through_ms.  MDB_NOTFOUND at the end.
 */
int dtf__lmdb_sweep(
	struct lmdb_env *env, MDB_txn *txn, struct lmdb_place *place, int64_t through_ms);
/* What is damaged, and where, for people: DTF_ECORRUPT. */
int dtf__lmdb_damaged(struct lmdb_env *env, enum lmdb_table table, const struct lmdb_key *key);

/* ---- lmdb_meta.c ---- */

/* Where the store stands: a row of `meta`, overridden by the newest journal entry. */
struct lmdb_state {
	uint64_t epoch, next, next_instance;
	int64_t clock_ms;
};

int dtf__lmdb_meta_init(struct lmdb_env *env, MDB_txn *txn);
/* DTF_EFORMAT when the database itself says that it is of another format. */
int dtf__lmdb_meta_check(struct lmdb_env *env, MDB_txn *txn);
int dtf__lmdb_epoch_read(struct lmdb_env *env, MDB_txn *txn, uint64_t *ret);
int dtf__lmdb_state_read(struct lmdb_env *env, MDB_txn *txn, struct lmdb_state *ret);
int dtf__lmdb_state_write(struct lmdb_env *env, MDB_txn *txn, const struct lmdb_state *state);
/* The newest journal entry whose puts, and those of all before it, are in their
 * tables; 0 in a store that has had no checkpoint, or whose last was by a dtf that
 * did not say so. */
int dtf__lmdb_covered_read(struct lmdb_env *env, MDB_txn *txn, uint64_t *ret);
int dtf__lmdb_covered_write(struct lmdb_env *env, MDB_txn *txn, uint64_t entry);
/* The number of the next inbox entry; each call takes one. */
int dtf__lmdb_inbox_number(struct lmdb_env *env, MDB_txn *txn, uint64_t *ret);
/* Bytes in pages that hold something. */
int dtf__lmdb_used(struct lmdb_env *env, MDB_txn *txn, uint64_t *ret);

/* ---- the store ---- */

struct checkpoint {
	size_t every; /* puts */
	size_t puts;  /* since the last began */
	/* What is being written, of `old`; NULL: none is running. */
	struct pending_put **sorted; /* owned array */
	size_t count, done;
	uint64_t through; /* journal entries up to this are in `old` */
	uint64_t drop;    /* entries up to this may go; 0 = none */
};

/* What a commit is going to put.  An empty value takes the key away. */
struct staged {
	struct buf entry; /* for the journal */
	struct staged_put {
		enum lmdb_table table;
		bool overtaken; /* by one of the same key behind it */
		uint64_t hash;
		size_t key_at, key_size, value_at, value_size; /* in the entry */
		size_t slot;
		struct pending_put *kept; /* where it goes */
		struct pending_put *made; /* the same, if it is new and not yet entered; owned */
	} * puts;                         /* owned */
	size_t count, capacity;
	uint32_t *slots; /* owned: 1 + the number of a key's last put; 0 = free */
	size_t nslots;   /* a power of two */
};

struct lmdb_store {
	struct store base;
	struct lmdb_env *env; /* one reference */
	enum store_mode mode;
	size_t size_max;
	int lock_fd; /* owned; -1 when shared */
	int wake_fd; /* owned; -1 = none */
	uint64_t epoch;
	/* What the owner's last commit left, read by any thread. */
	_Atomic uint64_t next, next_instance;
	_Atomic int64_t clock_ms;
	/* What the journal has and the tables have not: what was put since the last
	 * checkpoint began, and what that one writes.  Guarded by the lock, as are
	 * the two numbers; the owner's engine thread reads it without. */
	pthread_mutex_t lock;
	struct pending young, old;
	uint64_t journal; /* the newest entry that is in them */
	size_t forget_at; /* puts in `young` */
	/* The engine's thread only. */
	struct staged staged;
	struct checkpoint checkpoint;
	struct lmdb_place sweep;
	time_t reaped_s;
};

/* ---- lmdb_stage.c ---- */

/* DTF_ENOMEM, or what reading says.  Then drop what was staged. */
int dtf__lmdb_stage(
	struct lmdb_store *lmdb, const struct store_batch *batch, const struct lmdb_state *state);
/* The commit is durable.  Under the lock. */
void dtf__lmdb_staged_enter(struct lmdb_store *lmdb);
/* It is not. */
void dtf__lmdb_staged_drop(struct lmdb_store *lmdb);
void dtf__lmdb_staged_finish(struct staged *staged);

/* ---- lmdb_journal.c ---- */

int dtf__lmdb_journal_put(
	struct lmdb_env *env, MDB_txn *txn, uint64_t number, const struct staged *staged);
/* Takes in the entries that were not read yet.  Under the lock, but at opening. */
int dtf__lmdb_journal_follow(struct lmdb_store *lmdb, MDB_txn *txn);
/* Overrides the state with what the newest entry says. */
int dtf__lmdb_journal_state(struct lmdb_env *env, MDB_txn *txn, struct lmdb_state *state);

/* ---- lmdb_checkpoint.c ---- */

/* How far a checkpoint will be when the commit is durable. */
struct checkpoint_step {
	size_t done;
	uint64_t drop;
};

/* A slice of the running checkpoint, as part of a commit that puts nputs itself. */
int dtf__lmdb_checkpoint_in(
	struct lmdb_store *lmdb, MDB_txn *txn, size_t nputs, struct checkpoint_step *ret);
/* The commit is durable; takes over what was staged. */
void dtf__lmdb_checkpoint_after(struct lmdb_store *lmdb, const struct checkpoint_step *step);
/* ---- lmdb_index.c ---- */

/* Orders of pending rows: by each index, and by number alone, with 0 as the key. */
enum { ORDER_NUMBER = STORE_NINDEXES };

/* In the table: from where the instance was, if it was anywhere, to where it is, if it is. */
int dtf__lmdb_index_move(struct lmdb_env *env, MDB_txn *txn, uint64_t instance,
	const struct store_keys *before, const struct store_keys *now);
/* Places behind `after` of pending rows, the newest of each.  Under the lock. */
int dtf__lmdb_pending_places(struct lmdb_store *lmdb, unsigned order, struct index_place after,
	struct index_place *places, size_t room, size_t *ret_count);
int dtf__lmdb_index(struct store *store, enum store_index index, uint64_t key, uint64_t instance,
	bool (*f)(void *arg, uint64_t key, uint64_t instance), void *arg);

/* ---- lmdb_scan.c ---- */

/* A key's value, wherever the newest is.  STORE_NOT_FOUND. */
int dtf__lmdb_fetch(struct lmdb_store *lmdb, struct arena *arena, enum lmdb_table table,
	struct lmdb_key *key, struct slice *ret);
/* The newest put that says something of the key, or NULL.  Under the lock. */
const struct pending_put *dtf__lmdb_pending(
	const struct lmdb_store *lmdb, enum lmdb_table table, const struct lmdb_key *key);
/* The same of a mark, in one generation. */
const struct pending_put *dtf__lmdb_pending_mark(const struct pending *pending, struct slice key);
int dtf__lmdb_rows(struct store *store, uint64_t after,
	bool (*f)(void *arg, uint64_t instance, struct slice row), void *arg);
/* What the journal has, up to now.  Under the lock. */
int dtf__lmdb_catch_up(struct lmdb_store *lmdb, MDB_txn *txn);

/* ---- lmdb_commit.c, lmdb.c ---- */

int dtf__lmdb_commit(struct store *store, const struct store_batch *batch);
/* Keeps what next, next_instance and clock_ms answer. */
void dtf__lmdb_remember(struct lmdb_store *lmdb, const struct lmdb_state *state);
/* Under which key marks of that hash lie, and whether this one is among them. */
struct lmdb_key dtf__lmdb_mark_key(uint64_t instance, const struct buf *mark);
void dtf__lmdb_mark_bytes(struct buf *buf, const char *event, const char *event_id);
bool dtf__lmdb_holds_mark(struct slice marks, const struct buf *mark);

#endif
