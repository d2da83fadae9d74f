/*
 * What a commit is going to put: its journal entry, and where the values will
 * be kept once it is durable.
 *
 * Everything that can fail happens here, before the commit.  The entry is the
 * only copy until then: a put is a place in it.  Purges come before puts; of two
 * puts of one key the last counts, to who reads the entry as well as in memory:
 * a hash table over the puts finds the one before.
 *
 * The marks of an instance that is purged are not looked for, neither here nor
 * in their table: one put of an empty value under the instance's number alone
 * says that all of them before it are gone.
 */
#include "lmdb_impl.h"

#include <stdlib.h>
#include <string.h>

#include "../error.h"

static struct slice key_of(const struct staged *staged, const struct staged_put *put) {
	return (struct slice){ staged->entry.data + put->key_at, put->key_size };
}

static struct slice value_of(const struct staged *staged, const struct staged_put *put) {
	return (struct slice){ staged->entry.data + put->value_at, put->value_size };
}

/* ---- the table of puts ---- */

/* The slot that has the key's last put, or where it would go. */
static size_t find_slot(
	const struct staged *staged, enum lmdb_table table, struct slice key, uint64_t hash) {
	size_t slot = hash & (staged->nslots - 1);
	while (staged->slots[slot] != 0) {
		const struct staged_put *put = &staged->puts[staged->slots[slot] - 1];
		if (put->hash == hash && put->table == table && put->key_size == key.size &&
			memcmp(key_of(staged, put).data, key.data, key.size) == 0) {
			break;
		}
		slot = (slot + 1) & (staged->nslots - 1);
	}
	return slot;
}

static const struct staged_put *find_staged(
	const struct staged *staged, enum lmdb_table table, const struct lmdb_key *key) {
	struct slice bytes = { (const char *)key->bytes, key->size };
	if (staged->count == 0) {
		return NULL;
	}
	size_t slot = find_slot(staged, table, bytes, dtf__pending_hash(table, bytes));
	return staged->slots[slot] == 0 ? NULL : &staged->puts[staged->slots[slot] - 1];
}

/* Room for one more put; half of the slots stay free. */
static bool reserve(struct staged *staged) {
	if (staged->count < staged->capacity) {
		return true;
	}
	size_t capacity = staged->capacity == 0 ? 64 : staged->capacity * 2;
	struct staged_put *grown = realloc(staged->puts, capacity * sizeof(*grown));
	if (grown == NULL) {
		return false;
	}
	staged->puts = grown;
	uint32_t *slots = capacity > UINT32_MAX / 2 ? NULL : calloc(2 * capacity, sizeof(*slots));
	if (slots == NULL) {
		return false;
	}
	free(staged->slots);
	staged->slots = slots;
	staged->nslots = 2 * capacity;
	staged->capacity = capacity;
	for (size_t i = 0; i < staged->count; i++) {
		struct staged_put *put = &staged->puts[i];
		put->slot = find_slot(staged, put->table, key_of(staged, put), put->hash);
		slots[put->slot] = (uint32_t)i + 1;
	}
	return true;
}

/* Begins a put in the entry; its value follows, of that size. */
static bool begin_put(struct staged *staged, enum lmdb_table table, const struct lmdb_key *key,
	size_t value_size) {
	struct buf *entry = &staged->entry;
	if (!reserve(staged)) {
		return false;
	}
	struct staged_put *put = &staged->puts[staged->count];
	struct slice bytes = { (const char *)key->bytes, key->size };
	dtf__wire_put(entry, table);
	dtf__wire_put(entry, key->size);
	*put = (struct staged_put){ .table = table,
		.hash = dtf__pending_hash(table, bytes),
		.key_at = entry->size,
		.key_size = key->size,
		.value_size = value_size };
	dtf__buf_add(entry, key->bytes, key->size);
	dtf__wire_put(entry, value_size);
	put->value_at = entry->size;
	if (entry->failed) {
		return false;
	}
	put->slot = find_slot(staged, table, bytes, put->hash);
	uint32_t *slot = &staged->slots[put->slot];
	if (*slot != 0) {
		staged->puts[*slot - 1].overtaken = true;
	}
	*slot = (uint32_t)++staged->count;
	return true;
}

/* ---- purges, rows, names ---- */

static int stage_purges(struct lmdb_store *lmdb, const struct store_batch *batch) {
	struct staged *staged = &lmdb->staged;
	struct arena arena = { 0 };
	int rc = 0;
	for (size_t i = 0; i < batch->npurges && rc == 0; i++) {
		struct slice number;
		const struct store_purge *purge = &batch->purges[i];
		struct lmdb_key instance = dtf__lmdb_number_key(purge->instance);
		struct lmdb_key name = dtf__lmdb_text_key(purge->id);
		bool ok = begin_put(staged, TABLE_INST, &instance, 0) &&
			begin_put(staged, TABLE_MARK, &instance, 0);
		rc = dtf__lmdb_fetch(lmdb, &arena, TABLE_NAME, &name, &number);
		/* One that is damaged is of no use to anybody. */
		bool damaged = rc == DTF_ECORRUPT;
		if (damaged ||
			(rc == 0 && number.size == 8 &&
				dtf__wire_load64(number.data) == purge->instance)) {
			ok = ok && begin_put(staged, TABLE_NAME, &name, 0);
		}
		rc = rc < 0 && !damaged ? rc : ok ? 0 : DTF_ENOMEM;
	}
	dtf__arena_finish(&arena);
	return rc;
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

/* ---- marks ---- */

/* 0: what else has this hash, of this commit or of one before; STORE_NOT_FOUND: nothing. */
static int find_marks(struct lmdb_store *lmdb, uint64_t instance, struct lmdb_key *key,
	struct arena *arena, struct slice *ret) {
	const struct staged *staged = &lmdb->staged;
	const struct staged_put *put = find_staged(staged, TABLE_MARK, key);
	if (put != NULL) {
		struct slice value = value_of(staged, put);
		const char *copy = dtf__arena_copy(arena, value.data, value.size);
		*ret = (struct slice){ copy, value.size };
		return copy == NULL ? DTF_ENOMEM : 0;
	}
	struct lmdb_key all = dtf__lmdb_number_key(instance);
	return find_staged(staged, TABLE_MARK, &all) != NULL
		? STORE_NOT_FOUND
		: dtf__lmdb_fetch(lmdb, arena, TABLE_MARK, key, ret);
}

/*
 * A mark's key is a hash, its value what was marked: "event\0event id", each
 * with its length before it, because two may have the same hash.
 */
static int stage_mark(struct lmdb_store *lmdb, const struct store_put_mark *mark) {
	struct staged *staged = &lmdb->staged;
	struct buf bytes = { 0 };
	struct arena arena = { 0 };
	struct slice others = { 0 };
	dtf__lmdb_mark_bytes(&bytes, mark->event, mark->event_id);
	int rc = DTF_ENOMEM;
	if (!bytes.failed) {
		struct lmdb_key key = dtf__lmdb_mark_key(mark->instance, &bytes);
		rc = find_marks(lmdb, mark->instance, &key, &arena, &others);
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

/* ---- the whole ---- */

/* Where each will be kept: where the value before is, if there is room. */
static bool find_room(struct lmdb_store *lmdb, struct staged *staged) {
	bool ok = dtf__pending_reserve(&lmdb->young, staged->count);
	for (size_t i = 0; i < staged->count && ok; i++) {
		struct staged_put *put = &staged->puts[i];
		struct slice key = key_of(staged, put);
		if (put->overtaken) {
			continue;
		}
		put->kept = dtf__pending_find(&lmdb->young, put->table, key, put->hash);
		if (put->kept == NULL || put->kept->room < put->value_size) {
			put->made = dtf__pending_make(put->table, key, put->hash, put->value_size);
			put->kept = put->made;
			ok = put->made != NULL;
		}
	}
	return ok;
}

static void clear(struct staged *staged) {
	for (size_t i = 0; i < staged->count; i++) {
		staged->slots[staged->puts[i].slot] = 0;
	}
	staged->count = 0;
}

int dtf__lmdb_stage(
	struct lmdb_store *lmdb, const struct store_batch *batch, const struct lmdb_state *state) {
	struct staged *staged = &lmdb->staged;
	struct buf *entry = &staged->entry;
	dtf__buf_clear(entry);
	dtf__wire_put(entry, state->next);
	dtf__wire_put(entry, state->next_instance);
	dtf__wire_put_signed(entry, state->clock_ms);
	int rc = stage_purges(lmdb, batch);
	rc = rc == 0 && !stage_rows(staged, batch) ? DTF_ENOMEM : rc;
	for (size_t i = 0; i < batch->nmarks && rc == 0; i++) {
		rc = stage_mark(lmdb, &batch->marks[i]);
	}
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
		if (put->overtaken) {
			continue;
		}
		dtf__pending_set(put->kept, value_of(staged, put), lmdb->journal);
		if (put->made != NULL) {
			dtf__pending_enter(&lmdb->young, put->made);
		}
		if (put->table == TABLE_INST) {
			const char *key = key_of(staged, put).data;
			dtf__pending_row(&lmdb->young, dtf__lmdb_load_big(key, 8));
		}
	}
	clear(staged);
}

void dtf__lmdb_staged_drop(struct lmdb_store *lmdb) {
	struct staged *staged = &lmdb->staged;
	for (size_t i = 0; i < staged->count; i++) {
		free(staged->puts[i].made);
	}
	clear(staged);
}

void dtf__lmdb_staged_finish(struct staged *staged) {
	dtf__buf_finish(&staged->entry);
	free(staged->puts);
	free(staged->slots);
}
