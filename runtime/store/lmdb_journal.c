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
 * it mentions: reading it again over tables that are further on does no harm.
 */
#include "lmdb_impl.h"

#include <stdlib.h>
#include <string.h>

#include "../error.h"

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
		lmdb->checkpoint.puts++;
	}
	return reader.bad ? dtf__fail(DTF_ECORRUPT, "%s: a damaged journal entry", lmdb->env->dir)
			  : 0;
}

/* Entries in the journal behind what was read were written into the tables and
 * taken away: then what is remembered may be older than the tables. */
static int forget_if_behind(struct lmdb_store *lmdb, MDB_txn *txn) {
	uint64_t first;
	int rc = dtf__lmdb_first(lmdb->env, txn, TABLE_JOURNAL, &first);
	if (rc == 0 && first > lmdb->journal + 1) {
		dtf__pending_finish(&lmdb->young);
		lmdb->journal = first - 1;
	}
	return rc;
}

int dtf__lmdb_journal_follow(struct lmdb_store *lmdb, MDB_txn *txn) {
	struct lmdb_item items[16];
	size_t count = 1;
	int rc = forget_if_behind(lmdb, txn);
	while (rc == 0 && count > 0) {
		struct arena arena = { 0 };
		rc = dtf__lmdb_scan(lmdb->env, txn, TABLE_JOURNAL, lmdb->journal, &arena, items,
			sizeof(items) / sizeof(*items), &count);
		for (size_t i = 0; i < count && rc == 0; i++) {
			rc = take_in(lmdb, items[i].number, items[i].value);
			if (rc == 0) {
				lmdb->journal = items[i].number;
				lmdb->changes++;
			}
		}
		dtf__arena_finish(&arena);
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
	return rc;
}
