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

/* ---- staging: what a commit will put ---- */

/* Begins a put in the entry; its value follows, of that size. */
static bool begin_put(struct staged *staged, enum lmdb_table table, const struct lmdb_key *key,
	size_t value_size) {
	if (staged->count == staged->capacity) {
		size_t capacity = staged->capacity == 0 ? 64 : staged->capacity * 2;
		struct staged_put *grown = realloc(staged->puts, capacity * sizeof(*grown));
		if (grown == NULL) {
			return false;
		}
		staged->puts = grown;
		staged->capacity = capacity;
	}
	struct buf *entry = &staged->entry;
	struct staged_put *put = &staged->puts[staged->count++];
	dtf__wire_put(entry, table);
	dtf__wire_put(entry, key->size);
	*put = (struct staged_put){ .table = table,
		.key_at = entry->size,
		.key_size = key->size,
		.value_size = value_size };
	dtf__buf_add(entry, key->bytes, key->size);
	dtf__wire_put(entry, value_size);
	put->value_at = entry->size;
	return !entry->failed;
}

static void stage_row(struct staged *staged, const struct store_put_row *row) {
	unsigned char keys[ROW_KEYS_SIZE];
	dtf__row_keys_write(keys, &row->keys);
	dtf__buf_add(&staged->entry, keys, sizeof(keys));
	dtf__buf_add(&staged->entry, row->value.data, row->value.size);
}

static bool stage_rows(struct staged *staged, const struct store_batch *batch) {
	bool ok = true;
	for (size_t i = 0; i < batch->nrows && ok; i++) {
		const struct store_put_row *row = &batch->rows[i];
		struct lmdb_key key = dtf__lmdb_number_key(row->instance);
		ok = begin_put(staged, TABLE_INST, &key, ROW_KEYS_SIZE + row->value.size);
		stage_row(staged, row);
	}
	for (size_t i = 0; i < batch->nnames && ok; i++) {
		unsigned char number[8];
		struct lmdb_key key = dtf__lmdb_text_key(batch->names[i].id);
		dtf__wire_store64(number, batch->names[i].instance);
		ok = begin_put(staged, TABLE_NAME, &key, sizeof(number));
		dtf__buf_add(&staged->entry, number, sizeof(number));
	}
	return ok;
}
/* The marks of those that are taken away, as far as no checkpoint has written them. */
static bool purge_marks(
	struct lmdb_store *lmdb, const struct store_batch *batch, const struct pending *pending) {
	bool ok = true;
	for (size_t i = 0; i < pending->nslots; i++) {
		for (const struct pending_put *put = pending->slots[i]; put != NULL && ok;
			put = put->next) {
			bool is_mark = put->table == TABLE_MARK;
			uint64_t instance = is_mark ? dtf__lmdb_load_big(put->bytes, 8) : 0;
			struct lmdb_key key = { .size = put->key_size };
			for (size_t p = 0; p < batch->npurges && is_mark && ok; p++) {
				if (batch->purges[p].instance == instance) {
					memcpy(key.bytes, put->bytes, put->key_size);
					ok = begin_put(&lmdb->staged, TABLE_MARK, &key, 0);
				}
			}
		}
	}
	return ok;
}

static int stage_purges(struct lmdb_store *lmdb, const struct store_batch *batch) {
	struct arena arena = { 0 };
	int rc = 0;
	for (size_t i = 0; i < batch->npurges && rc == 0; i++) {
		struct slice number;
		const struct store_purge *purge = &batch->purges[i];
		struct lmdb_key row = dtf__lmdb_number_key(purge->instance);
		struct lmdb_key name = dtf__lmdb_text_key(purge->id);
		bool ok = begin_put(&lmdb->staged, TABLE_INST, &row, 0);
		rc = dtf__lmdb_fetch(lmdb, &arena, TABLE_NAME, &name, &number);
		/* One that is damaged is of no use to anybody. */
		bool damaged = rc == DTF_ECORRUPT;
		if (damaged ||
			(rc == 0 && number.size == 8 &&
				dtf__wire_load64(number.data) == purge->instance)) {
			ok = ok && begin_put(&lmdb->staged, TABLE_NAME, &name, 0);
		}
		rc = rc < 0 && !damaged ? rc : ok ? 0 : DTF_ENOMEM;
	}
	dtf__arena_finish(&arena);
	if (rc == 0 && batch->npurges > 0) {
		bool ok = purge_marks(lmdb, batch, &lmdb->young) &&
			purge_marks(lmdb, batch, &lmdb->old);
		rc = ok ? 0 : DTF_ENOMEM;
	}
	return rc;
}

static struct slice key_of(const struct staged *staged, const struct staged_put *put) {
	return (struct slice){ staged->entry.data + put->key_at, put->key_size };
}

static struct slice value_of(const struct staged *staged, const struct staged_put *put) {
	return (struct slice){ staged->entry.data + put->value_at, put->value_size };
}

/* 0: what else has this hash, of this commit or of one before; STORE_NOT_FOUND: nothing. */
static int find_marks(struct lmdb_store *lmdb, const struct staged *staged, struct lmdb_key *key,
	struct arena *arena, struct slice *ret) {
	for (size_t i = staged->count; i > 0; i--) {
		const struct staged_put *put = &staged->puts[i - 1];
		struct slice at = key_of(staged, put), value = value_of(staged, put);
		if (put->table == TABLE_MARK && at.size == key->size &&
			memcmp(at.data, key->bytes, key->size) == 0) {
			const char *copy = dtf__arena_copy(arena, value.data, value.size);
			*ret = (struct slice){ copy, value.size };
			return copy == NULL ? dtf__fail(DTF_ENOMEM, "out of memory") : 0;
		}
	}
	return dtf__lmdb_fetch(lmdb, arena, TABLE_MARK, key, ret);
}

/*
 * A mark's key is a hash, its value what was marked: "event\0event id", each
 * with its length before it, because two may have the same hash.
 */
static int stage_mark(
	struct lmdb_store *lmdb, struct staged *staged, const struct store_put_mark *mark) {
	struct buf bytes = { 0 };
	struct arena arena = { 0 };
	struct slice others = { 0 };
	dtf__lmdb_mark_bytes(&bytes, mark->event, mark->event_id);
	int rc = DTF_ENOMEM;
	if (!bytes.failed) {
		struct lmdb_key key = dtf__lmdb_mark_key(mark->instance, &bytes);
		rc = find_marks(lmdb, staged, &key, &arena, &others);
		bool is_new = rc == STORE_NOT_FOUND ||
			(rc == 0 && !dtf__lmdb_holds_mark(others, &bytes));
		if (is_new) {
			unsigned char size[4];
			dtf__lmdb_store32(size, (uint32_t)bytes.size);
			size_t all = others.size + sizeof(size) + bytes.size;
			rc = begin_put(staged, TABLE_MARK, &key, all) ? 0 : DTF_ENOMEM;
			dtf__buf_add(&staged->entry, others.data, others.size);
			dtf__buf_add(&staged->entry, size, sizeof(size));
			dtf__buf_add(&staged->entry, bytes.data, bytes.size);
		}
	}
	dtf__arena_finish(&arena);
	dtf__buf_finish(&bytes);
	return rc;
}

/* Where each will be kept: where the value before is, if there is room. */
static bool find_room(struct lmdb_store *lmdb, struct staged *staged) {
	bool ok = dtf__pending_reserve(&lmdb->young, staged->count);
	for (size_t i = 0; i < staged->count && ok; i++) {
		struct staged_put *put = &staged->puts[i];
		struct slice key = key_of(staged, put);
		put->kept = dtf__pending_find(&lmdb->young, put->table, key);
		if (put->kept == NULL || put->kept->room < put->value_size) {
			put->kept = put->made = dtf__pending_make(put->table, key, put->value_size);
			ok = put->made != NULL;
		}
	}
	return ok;
}

int dtf__lmdb_stage(
	struct lmdb_store *lmdb, const struct store_batch *batch, const struct lmdb_state *state) {
	struct staged *staged = &lmdb->staged;
	struct buf *entry = &staged->entry;
	staged->count = 0;
	dtf__buf_clear(entry);
	dtf__wire_put(entry, state->next);
	dtf__wire_put(entry, state->next_instance);
	dtf__wire_put_signed(entry, state->clock_ms);
	int rc = stage_rows(staged, batch) ? 0 : DTF_ENOMEM;
	for (size_t i = 0; i < batch->nmarks && rc == 0; i++) {
		rc = stage_mark(lmdb, staged, &batch->marks[i]);
	}
	rc = rc == 0 ? stage_purges(lmdb, batch) : rc;
	if (rc == 0) {
		dtf__assert(pthread_mutex_lock(&lmdb->lock) == 0);
		rc = !entry->failed && find_room(lmdb, staged) ? 0 : DTF_ENOMEM;
		dtf__assert(pthread_mutex_unlock(&lmdb->lock) == 0);
	}
	return rc == DTF_ENOMEM
		? dtf__fail(DTF_ENOMEM, "%s: out of memory for a commit", lmdb->env->dir)
		: rc;
}

void dtf__lmdb_staged_enter(struct lmdb_store *lmdb) {
	struct staged *staged = &lmdb->staged;
	for (size_t i = 0; i < staged->count; i++) {
		struct staged_put *put = &staged->puts[i];
		dtf__pending_set(put->kept, value_of(staged, put));
		if (put->made != NULL) {
			dtf__pending_enter(&lmdb->young, put->made);
		}
	}
	staged->count = 0;
}

void dtf__lmdb_staged_drop(struct lmdb_store *lmdb) {
	struct staged *staged = &lmdb->staged;
	for (size_t i = 0; i < staged->count; i++) {
		free(staged->puts[i].made);
	}
	staged->count = 0;
}

int dtf__lmdb_journal_put(
	struct lmdb_env *env, MDB_txn *txn, uint64_t number, const struct staged *staged) {
	struct lmdb_key key = dtf__lmdb_number_key(number);
	struct slice bytes = { staged->entry.data, staged->entry.size };
	int rc = dtf__lmdb_put(env, txn, TABLE_JOURNAL, &key, bytes, MDB_APPEND);
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
			(table == TABLE_INST && value.size != 0 && value.size < ROW_KEYS_SIZE)) {
			reader.bad = true;
			break;
		}
		struct pending_put *put = dtf__pending_make(table, key, value.size);
		if (put == NULL || !dtf__pending_reserve(&lmdb->young, 1)) {
			free(put);
			return dtf__fail(DTF_ENOMEM, "%s: out of memory", lmdb->env->dir);
		}
		dtf__pending_set(put, value);
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
