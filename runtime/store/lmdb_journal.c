/*
 * The journal: what commits put into rows, names and marks.
 *
 * Rewriting a row in its place costs a page for each row; a commit that only
 * appends is several times faster.  So a commit appends its puts, all in one
 * journal entry, and memory holds the newest of each key until a checkpoint
 * has written it into its table (lmdb_checkpoint.c).  Who opens the store reads
 * the journal and knows the same; who shares it reads on, entry by entry.
 *
 * Entries are taken away from the oldest on, and only when all that they put
 * is in the tables.  What is left therefore always says the newest of whatever
 * it mentions: reading it again over tables that are further on does no harm.  How
 * far the tables are is written with the end of a checkpoint: entries up to there are
 * not read any more, and no obstacle if they are damaged.  Any other that is damaged
 * or missing ends all reading: what it put is in no table.
 */
#include "lmdb_impl.h"

#include <stdlib.h>
#include <string.h>

#include "../error.h"

#define FORGET_MIN 1024 /* puts: fewer are not worth a look */

int dtf__lmdb_journal_put(
	struct lmdb_env *env, MDB_txn *txn, uint64_t number, const struct staged *staged) {
	struct lmdb_key key = dtf__lmdb_number_key(number);
	struct slice bytes = { staged->entry.data, staged->entry.size };
	int rc = dtf__lmdb_put(env, txn, TABLE_JOURNAL, &key, bytes, MDB_APPEND);
	return rc == MDB_KEYEXIST
		? dtf__fail(DTF_ECORRUPT, "%s: the journal goes beyond its end", env->dir)
		: rc;
}

/* Bytes in the entry itself. */
static struct slice get_bytes(struct wire_reader *reader) {
	uint64_t size = dtf__wire_get_upto(reader, (uint64_t)(reader->end - reader->at));
	struct slice bytes = { reader->at, (size_t)size };
	if (size > (uint64_t)(reader->end - reader->at)) {
		reader->bad = true;
		return (struct slice){ 0 };
	}
	reader->at += size;
	return bytes;
}

static void get_state(struct wire_reader *reader, struct lmdb_state *ret) {
	ret->next = dtf__wire_get(reader);
	ret->next_instance = dtf__wire_get(reader);
	ret->clock_ms = dtf__wire_get_signed(reader);
}

static bool is_put(unsigned table, struct slice key, struct slice value) {
	switch (table) {
	case TABLE_INST:
		return key.size == 8 && (value.size == 0 || value.size >= ROW_KEYS_SIZE);
	case TABLE_NAME:
		return key.size <= STORE_ID_MAX;
	case TABLE_MARK:
		return key.size >= 8 && key.size <= STORE_ID_MAX &&
			(key.size > 8 || value.size == 0);
	default:
		return false;
	}
}

/* Enters what the entry puts. */
static int take_in(struct lmdb_store *lmdb, uint64_t number, struct slice entry) {
	struct wire_reader reader = { .at = entry.data, .end = entry.data + entry.size };
	struct lmdb_state state;
	get_state(&reader, &state);
	while (!reader.bad && reader.at < reader.end) {
		unsigned table = (unsigned)dtf__wire_get_upto(&reader, NTABLES - 1);
		struct slice key = get_bytes(&reader), value = get_bytes(&reader);
		if (reader.bad || !is_put(table, key, value)) {
			reader.bad = true;
			break;
		}
		struct pending_put *put = dtf__pending_make(
			table, key, dtf__pending_hash(table, key), value.size);
		if (put == NULL || !dtf__pending_reserve(&lmdb->young, 1)) {
			free(put);
			return dtf__fail(DTF_ENOMEM, "%s: out of memory", lmdb->env->dir);
		}
		dtf__pending_set(put, value, number);
		dtf__pending_enter(&lmdb->young, put);
		if (table == TABLE_INST) {
			dtf__pending_row(&lmdb->young, dtf__lmdb_load_big(key.data, 8));
		}
		lmdb->checkpoint.puts++;
	}
	return reader.bad ? DTF_ECORRUPT : 0; /* the caller says more */
}

/* What the entry says where the store stood after it; 0: it is not there or damaged. */
static uint64_t next_after(struct lmdb_env *env, MDB_txn *txn, uint64_t number) {
	struct arena arena = { 0 };
	struct slice entry;
	struct lmdb_state state = { 0 };
	struct lmdb_key key = dtf__lmdb_number_key(number);
	if (dtf__lmdb_get(env, txn, TABLE_JOURNAL, &key, &arena, &entry) == 0) {
		struct wire_reader reader = { .at = entry.data, .end = entry.data + entry.size };
		get_state(&reader, &state);
		state.next = reader.bad ? 0 : state.next;
	}
	dtf__arena_finish(&arena);
	return state.next;
}

/* Nothing can be guessed of it; the log tells whom it concerned. */
static int damaged(struct lmdb_env *env, MDB_txn *txn, uint64_t number) {
	uint64_t from = next_after(env, txn, number - 1);
	uint64_t to = next_after(env, txn, number + 1);
	if (to == 0) {
		int rc = dtf__lmdb_last(env, txn, TABLE_LOG, &to);
		if (rc != 0) {
			return rc;
		}
		to++;
	}
	return dtf__fail(DTF_ECORRUPT,
		"%s: journal entry %llu is damaged: rows, names and marks of commit %llu are lost; "
		"its log records are among those from %llu to %llu",
		env->dir, (unsigned long long)number, (unsigned long long)number,
		(unsigned long long)(from == 0 ? 1 : from), (unsigned long long)to - 1);
}

/* Rows are noted anew: all that are left were noted before, so there is room. */
static void forget(struct lmdb_store *lmdb, uint64_t through) {
	struct pending *young = &lmdb->young;
	dtf__pending_forget(young, through);
	for (size_t i = 0; i < young->nslots; i++) {
		for (const struct pending_put *put = young->slots[i]; put != NULL;
			put = put->next) {
			if (put->table == TABLE_INST) {
				dtf__pending_row(young, dtf__lmdb_load_big(put->bytes, 8));
			}
		}
	}
	lmdb->forget_at = 2 * young->count;
}

/* What the tables have need not be remembered; if they have more than was read, what
 * is remembered may be older than they are.  All of it is looked through whenever it
 * has doubled. */
static int forget_covered(struct lmdb_store *lmdb, MDB_txn *txn) {
	uint64_t first, covered;
	int rc = dtf__lmdb_covered_read(lmdb->env, txn, &covered);
	rc = rc == 0 ? dtf__lmdb_first(lmdb->env, txn, TABLE_JOURNAL, &first) : rc;
	if (rc != 0) {
		return rc;
	}
	if (first > covered + 1) {
		covered = first - 1;
	}
	if (covered > lmdb->journal) {
		dtf__pending_finish(&lmdb->young);
		lmdb->journal = covered;
		lmdb->forget_at = 0;
	} else if (lmdb->young.count >= lmdb->forget_at + FORGET_MIN) {
		forget(lmdb, covered);
	}
	return 0;
}

static int follow_one(struct lmdb_store *lmdb, MDB_txn *txn, uint64_t number) {
	struct arena arena = { 0 };
	struct slice entry;
	struct lmdb_key key = dtf__lmdb_number_key(number);
	int rc = dtf__lmdb_get(lmdb->env, txn, TABLE_JOURNAL, &key, &arena, &entry);
	rc = rc == 0 ? take_in(lmdb, number, entry) : rc;
	if (rc == 0) {
		lmdb->journal = number;
	} else if (rc == MDB_NOTFOUND || rc == DTF_ECORRUPT) {
		rc = damaged(lmdb->env, txn, number);
	}
	dtf__arena_finish(&arena);
	return rc;
}

int dtf__lmdb_journal_follow(struct lmdb_store *lmdb, MDB_txn *txn) {
	uint64_t last = 0;
	int rc = forget_covered(lmdb, txn);
	rc = rc == 0 ? dtf__lmdb_last(lmdb->env, txn, TABLE_JOURNAL, &last) : rc;
	while (rc == 0 && lmdb->journal < last) {
		rc = follow_one(lmdb, txn, lmdb->journal + 1);
	}
	return rc;
}

int dtf__lmdb_journal_state(struct lmdb_env *env, MDB_txn *txn, struct lmdb_state *state) {
	uint64_t last;
	int rc = dtf__lmdb_last(env, txn, TABLE_JOURNAL, &last);
	if (rc != 0 || last == 0) {
		return rc; /* nothing was committed since the store was made */
	}
	struct arena arena = { 0 };
	struct slice entry;
	struct lmdb_key key = dtf__lmdb_number_key(last);
	rc = dtf__lmdb_get(env, txn, TABLE_JOURNAL, &key, &arena, &entry);
	if (rc == 0) {
		struct wire_reader reader = { .at = entry.data, .end = entry.data + entry.size };
		get_state(&reader, state);
		rc = dtf__wire_result(&reader, "a journal entry");
	}
	dtf__arena_finish(&arena);
	return rc == MDB_NOTFOUND || rc == DTF_ECORRUPT ? damaged(env, txn, last) : rc;
}
