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
#include "../wire.h"

/* ---- staging: what a commit will put ---- */

static bool stage_put(struct staged *staged, enum lmdb_table table, const struct lmdb_key *key,
	struct slice value) {
	struct slice bytes = { (const char *)key->bytes, key->size };
	struct pending_put *put = dtf__pending_make(table, bytes, value);
	if (put == NULL) {
		return false;
	}
	*staged->tail = put;
	staged->tail = &put->next;
	staged->count++;
	return true;
}

static bool stage_rows(struct staged *staged, const struct store_batch *batch) {
	bool ok = true;
	for (size_t i = 0; i < batch->nrows && ok; i++) {
		const struct store_put_row *row = &batch->rows[i];
		unsigned char keys[ROW_KEYS_SIZE];
		struct lmdb_key key = dtf__lmdb_number_key(row->instance);
		dtf__row_keys_write(keys, &row->keys);
		dtf__buf_clear(&staged->scratch);
		dtf__buf_add(&staged->scratch, keys, sizeof(keys));
		dtf__buf_add(&staged->scratch, row->value.data, row->value.size);
		struct slice value = { staged->scratch.data, staged->scratch.size };
		ok = !staged->scratch.failed && stage_put(staged, TABLE_INST, &key, value);
	}
	for (size_t i = 0; i < batch->nnames && ok; i++) {
		unsigned char number[8];
		struct lmdb_key key = dtf__lmdb_text_key(batch->names[i].id);
		dtf__lmdb_store64(number, batch->names[i].instance);
		struct slice value = { (const char *)number, sizeof(number) };
		ok = stage_put(staged, TABLE_NAME, &key, value);
	}
	return ok;
}

/*
 * A mark's key is a hash, its value what was marked: "event\0event id", each
 * with its length before it, because two may have the same hash.
 */
static int stage_mark(
	struct lmdb_store *lmdb, struct staged *staged, const struct store_put_mark *mark) {
	struct buf bytes = { 0 }, value = { 0 };
	struct arena arena = { 0 };
	struct slice others = { 0 };
	dtf__lmdb_mark_bytes(&bytes, mark->event, mark->event_id);
	int rc = bytes.failed ? dtf__fail(DTF_ENOMEM, "out of memory") : 0;
	if (rc == 0) {
		struct lmdb_key key = dtf__lmdb_mark_key(mark->instance, &bytes);
		rc = dtf__lmdb_fetch(lmdb, &arena, TABLE_MARK, &key, &others);
		for (struct pending_put *put = staged->first; put != NULL; put = put->next) {
			struct slice at = dtf__pending_key(put);
			if (put->table == TABLE_MARK && at.size == key.size &&
				memcmp(at.data, key.bytes, key.size) == 0) {
				others = dtf__pending_value(put);
				rc = 0;
			}
		}
		if (rc == 0 && dtf__lmdb_holds_mark(others, &bytes)) {
			goto out;
		}
		if (rc == 0 || rc == STORE_NOT_FOUND) {
			unsigned char size[4];
			dtf__lmdb_store32(size, (uint32_t)bytes.size);
			dtf__buf_add(&value, others.data, others.size);
			dtf__buf_add(&value, size, sizeof(size));
			dtf__buf_add(&value, bytes.data, bytes.size);
			struct slice all = { value.data, value.size };
			bool ok = !value.failed && stage_put(staged, TABLE_MARK, &key, all);
			rc = ok ? 0 : dtf__fail(DTF_ENOMEM, "out of memory");
		}
	}
out:
	dtf__arena_finish(&arena);
	dtf__buf_finish(&value);
	dtf__buf_finish(&bytes);
	return rc;
}

int dtf__lmdb_stage(
	struct lmdb_store *lmdb, const struct store_batch *batch, struct staged *staged) {
	*staged = (struct staged){ 0 };
	staged->tail = &staged->first;
	int rc = stage_rows(staged, batch)
		? 0
		: dtf__fail(DTF_ENOMEM, "%s: out of memory for a commit", lmdb->env->dir);
	for (size_t i = 0; i < batch->nmarks && rc == 0; i++) {
		rc = stage_mark(lmdb, staged, &batch->marks[i]);
	}
	dtf__buf_finish(&staged->scratch);
	return rc;
}

void dtf__lmdb_staged_free(struct staged *staged) {
	while (staged->first != NULL) {
		struct pending_put *next = staged->first->next;
		free(staged->first);
		staged->first = next;
	}
}

/* ---- writing ---- */

int dtf__lmdb_journal_put(struct lmdb_env *env, MDB_txn *txn, uint64_t number,
	const struct lmdb_state *state, const struct staged *staged) {
	struct buf entry = { 0 };
	dtf__wire_put(&entry, state->next);
	dtf__wire_put(&entry, state->next_instance);
	dtf__wire_put_signed(&entry, state->clock_ms);
	for (const struct pending_put *put = staged->first; put != NULL; put = put->next) {
		dtf__wire_put(&entry, put->table);
		dtf__wire_put_bytes(&entry, dtf__pending_key(put));
		dtf__wire_put_bytes(&entry, dtf__pending_value(put));
	}
	struct lmdb_key key = dtf__lmdb_number_key(number);
	struct slice bytes = { entry.data, entry.size };
	int rc = entry.failed ? dtf__fail(DTF_ENOMEM, "%s: out of memory for a commit", env->dir)
			      : dtf__lmdb_put(env, txn, TABLE_JOURNAL, &key, bytes, MDB_APPEND);
	dtf__buf_finish(&entry);
	return rc == MDB_KEYEXIST
		? dtf__fail(DTF_ECORRUPT, "%s: the journal goes beyond its end", env->dir)
		: rc;
}

/* ---- reading ---- */

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

/* Enters what the entry puts; *count grows by as many. */
static int take_in(struct lmdb_store *lmdb, struct slice entry, size_t *count) {
	struct wire_reader reader = { .at = entry.data, .end = entry.data + entry.size };
	struct lmdb_state state;
	get_state(&reader, &state);
	while (!reader.bad && reader.at < reader.end) {
		unsigned table = (unsigned)dtf__wire_get_upto(&reader, NTABLES - 1);
		struct slice key = get_bytes(&reader), value = get_bytes(&reader);
		if (reader.bad || key.size == 0 || key.size > STORE_ID_MAX ||
			(table == TABLE_INST && value.size < ROW_KEYS_SIZE)) {
			reader.bad = true;
			break;
		}
		struct pending_put *put = dtf__pending_make(table, key, value);
		if (put == NULL || !dtf__pending_reserve(&lmdb->young, 1)) {
			free(put);
			return dtf__fail(DTF_ENOMEM, "%s: out of memory", lmdb->env->dir);
		}
		dtf__pending_enter(&lmdb->young, put);
		++*count;
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
			rc = take_in(lmdb, items[i].value, &lmdb->checkpoint.puts);
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
