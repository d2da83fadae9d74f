/*
 * The store that forgets: for tests, simulations and programs that try dtf.
 *
 * It keeps the promises of store.h but durability, so that what runs on it
 * runs on LMDB.  Every table is the same thing, a vector of entries sorted by
 * key, with numbers as big-endian keys: appending to the log is appending to
 * the vector, and looking up is a binary search.
 *
 * A commit is all or nothing even when memory runs out: first everything is
 * copied and room is made, then entries are moved into place, which cannot
 * fail.
 *
 * Handles share the contents.  Taking them over with dtf__store_memory_again()
 * is what opening a directory is after its owner died: the epoch grows and the
 * handle before, a zombie, is fenced.  Callbacks run without the lock held and
 * may call the store.
 */
#include "index.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../error.h"

#define DAY_MS ((int64_t)24 * 60 * 60 * 1000)

enum table_name { LOG, ROWS, NAMES, MARKS, MANIFESTS, ANSWERS, SNAPSHOTS, TRASH, INBOX, NTABLES };

struct entry {
	int64_t time_ms; /* of answers */
	size_t key_size, value_size;
	char bytes[]; /* the key, then the value */
};

struct table {
	struct entry **entries; /* owned, sorted by key */
	size_t count, capacity;
};

struct contents {
	pthread_mutex_t lock; /* guards everything here */
	unsigned handles;
	bool owned;
	uint64_t epoch;
	uint64_t next, next_instance, inbox_last;
	int64_t clock_ms;
	int wake[2]; /* a pipe, never blocking */
	struct table tables[NTABLES];
};

struct memory_store {
	struct store base;
	struct contents *contents;
	uint64_t epoch; /* 0 = opened to share */
};

/* What a commit will put, before it is put. */
struct stage {
	struct staged {
		enum table_name table;
		struct entry *entry; /* owned until it is moved into its table */
	} * puts;
	size_t count, capacity;
	size_t counts[NTABLES];
};

static struct contents *lock(struct store *store) {
	struct contents *contents = ((struct memory_store *)store)->contents;
	dtf__assert(pthread_mutex_lock(&contents->lock) == 0);
	return contents;
}

static void unlock(struct contents *contents) {
	dtf__assert(pthread_mutex_unlock(&contents->lock) == 0);
}

/* ---- keys and tables ---- */

static struct slice number_key(uint64_t number, char storage[8]) {
	for (int i = 0; i < 8; i++) {
		storage[i] = (char)(number >> (56 - 8 * i));
	}
	return (struct slice){ storage, 8 };
}

static uint64_t load_number(const char *bytes) {
	uint64_t number = 0;
	for (int i = 0; i < 8; i++) {
		number = number << 8 | (unsigned char)bytes[i];
	}
	return number;
}

static uint64_t key_number(const struct entry *entry) {
	return load_number(entry->bytes);
}

static struct slice text_key(const char *text) {
	return (struct slice){ text, strlen(text) };
}

static int compare(struct slice a, struct slice b) {
	int order = memcmp(a.data, b.data, a.size < b.size ? a.size : b.size);
	return order != 0 ? order : (a.size > b.size) - (a.size < b.size);
}

/* Where the key is, or where it would be. */
static size_t lower_bound(const struct table *table, struct slice key) {
	size_t low = 0;
	size_t high = table->count;
	if (high > 0) {
		/* Numbers grow: most often the place is at the end. */
		const struct entry *last = table->entries[high - 1];
		if (compare((struct slice){ last->bytes, last->key_size }, key) < 0) {
			return high;
		}
	}
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct entry *entry = table->entries[middle];
		if (compare((struct slice){ entry->bytes, entry->key_size }, key) < 0) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low;
}

static struct entry *lookup(const struct table *table, struct slice key) {
	size_t at = lower_bound(table, key);
	if (at == table->count) {
		return NULL;
	}
	struct entry *entry = table->entries[at];
	return compare((struct slice){ entry->bytes, entry->key_size }, key) == 0 ? entry : NULL;
}

static struct slice value_of(const struct entry *entry) {
	return (struct slice){ entry->bytes + entry->key_size, entry->value_size };
}

static bool reserve(struct table *table, size_t more) {
	if (table->count + more <= table->capacity) {
		return true;
	}
	size_t capacity = (table->count + more) * 2;
	struct entry **entries = realloc(table->entries, capacity * sizeof(struct entry *));
	if (entries == NULL) {
		return false;
	}
	table->entries = entries;
	table->capacity = capacity;
	return true;
}

/* Takes the entry over; room must have been reserved. */
static void put(struct table *table, struct entry *entry) {
	size_t at = lower_bound(table, (struct slice){ entry->bytes, entry->key_size });
	struct entry **place = table->entries + at;
	if (at < table->count) {
		struct slice key = { (*place)->bytes, (*place)->key_size };
		if (compare(key, (struct slice){ entry->bytes, entry->key_size }) == 0) {
			free(*place);
			*place = entry;
			return;
		}
		memmove(place + 1, place, (table->count - at) * sizeof(*place));
	}
	*place = entry;
	table->count++;
}

/* ---- commit ---- */

static struct entry *make(struct slice key, struct slice value) {
	struct entry *entry = malloc(sizeof(*entry) + key.size + value.size);
	if (entry == NULL) {
		return NULL;
	}
	*entry = (struct entry){ .key_size = key.size, .value_size = value.size };
	memcpy(entry->bytes, key.data, key.size);
	if (value.size > 0) {
		memcpy(entry->bytes + key.size, value.data, value.size);
	}
	return entry;
}

static struct entry *stage_put(
	struct stage *stage, enum table_name table, struct slice key, struct slice value) {
	struct entry *entry = make(key, value);
	if (entry != NULL) {
		/* room was made by stage_begin */
		stage->puts[stage->count++] = (struct staged){ table, entry };
		stage->counts[table]++;
	}
	return entry;
}

static bool stage_marks(struct stage *stage, const struct store_batch *batch) {
	struct buf key = { 0 };
	bool ok = true;
	for (size_t i = 0; i < batch->nmarks && ok; i++) {
		const struct store_put_mark *mark = &batch->marks[i];
		char storage[8];
		dtf__buf_clear(&key);
		dtf__buf_add(&key, number_key(mark->instance, storage).data, 8);
		dtf__buf_add(&key, mark->event, strlen(mark->event) + 1);
		dtf__buf_text(&key, mark->event_id);
		struct slice bytes = { key.data, key.size };
		ok = !key.failed && stage_put(stage, MARKS, bytes, (struct slice){ 0 }) != NULL;
	}
	dtf__buf_finish(&key);
	return ok;
}

static bool stage_rows(struct stage *stage, const struct store_batch *batch) {
	struct buf value = { 0 };
	bool ok = true;
	for (size_t i = 0; i < batch->nrows && ok; i++) {
		const struct store_put_row *row = &batch->rows[i];
		unsigned char keys[ROW_KEYS_SIZE];
		char storage[8];
		dtf__row_keys_write(keys, &row->keys);
		dtf__buf_clear(&value);
		dtf__buf_add(&value, keys, sizeof(keys));
		dtf__buf_add(&value, row->value.data, row->value.size);
		struct slice bytes = { value.data, value.size };
		ok = !value.failed &&
			stage_put(stage, ROWS, number_key(row->instance, storage), bytes) != NULL;
	}
	dtf__buf_finish(&value);
	return ok;
}

static bool stage_all(struct stage *stage, const struct store_batch *batch, uint64_t position) {
	char storage[8];
	bool ok = true;
	for (size_t i = 0; i < batch->nrecords && ok; i++) {
		struct slice key = number_key(position + i, storage);
		ok = stage_put(stage, LOG, key, batch->records[i]) != NULL;
	}
	ok = ok && stage_rows(stage, batch);
	for (size_t i = 0; i < batch->nnames && ok; i++) {
		struct slice value = number_key(batch->names[i].instance, storage);
		ok = stage_put(stage, NAMES, text_key(batch->names[i].id), value) != NULL;
	}
	for (size_t i = 0; i < batch->nmanifests && ok; i++) {
		const struct store_put_manifest *manifest = &batch->manifests[i];
		ok = stage_put(stage, MANIFESTS, text_key(manifest->hash), manifest->text) != NULL;
	}
	for (size_t i = 0; i < batch->nanswers && ok; i++) {
		const struct store_put_answer *answer = &batch->answers[i];
		struct entry *entry = stage_put(
			stage, ANSWERS, text_key(answer->request), answer->value);
		ok = entry != NULL;
		if (ok) {
			entry->time_ms = answer->time_ms;
		}
	}
	for (size_t i = 0; i < batch->nsnapshots && ok; i++) {
		struct slice key = number_key(batch->snapshots[i].instance, storage);
		ok = stage_put(stage, SNAPSHOTS, key, batch->snapshots[i].value) != NULL;
	}
	for (size_t i = 0; i < batch->ntrash && ok; i++) {
		struct slice key = number_key(batch->trash[i], storage);
		ok = stage_put(stage, TRASH, key, (struct slice){ 0 }) != NULL;
	}
	return ok && stage_marks(stage, batch);
}

static int stage_begin(
	struct stage *stage, struct contents *contents, const struct store_batch *batch) {
	size_t count = batch->nrecords + batch->nrows + batch->nnames + batch->nmarks +
		batch->nmanifests + batch->nanswers + batch->nsnapshots + batch->ntrash;
	stage->puts = calloc(count + 1, sizeof(*stage->puts));
	bool ok = stage->puts != NULL && stage_all(stage, batch, contents->next);
	for (size_t i = 0; i < NTABLES && ok; i++) {
		ok = reserve(&contents->tables[i], stage->counts[i]);
	}
	return ok ? 0 : dtf__fail(DTF_ENOMEM, "out of memory for a commit");
}

static void stage_apply(struct stage *stage, struct contents *contents) {
	for (size_t i = 0; i < stage->count; i++) {
		put(&contents->tables[stage->puts[i].table], stage->puts[i].entry);
	}
	stage->count = 0;
}

static void stage_finish(struct stage *stage) {
	for (size_t i = 0; i < stage->count; i++) {
		free(stage->puts[i].entry);
	}
	free(stage->puts);
}

static void take_out(struct table *table, struct slice key) {
	size_t at = lower_bound(table, key);
	struct entry *entry = lookup(table, key);
	if (entry != NULL) {
		table->count--;
		memmove(table->entries + at, table->entries + at + 1,
			(table->count - at) * sizeof(struct entry *));
		free(entry);
	}
}

static void purge(struct contents *contents, const struct store_purge *purge) {
	struct table *marks = &contents->tables[MARKS];
	char storage[8];
	struct slice number = number_key(purge->instance, storage);
	const struct entry *name = lookup(&contents->tables[NAMES], text_key(purge->id));
	if (name != NULL && compare(value_of(name), number) == 0) {
		take_out(&contents->tables[NAMES], text_key(purge->id));
	}
	take_out(&contents->tables[ROWS], number);
	size_t at = lower_bound(marks, number);
	while (at < marks->count && key_number(marks->entries[at]) == purge->instance) {
		struct slice key = { marks->entries[at]->bytes, marks->entries[at]->key_size };
		take_out(marks, key);
	}
}

static void take_away(struct contents *contents, const struct store_batch *batch) {
	char storage[8];
	for (size_t i = 0; i < batch->nforgets; i++) {
		take_out(&contents->tables[LOG], number_key(batch->forgets[i], storage));
	}
	for (size_t i = 0; i < batch->npurges; i++) {
		purge(contents, &batch->purges[i]);
	}
	for (size_t i = 0; i < batch->nemptied; i++) {
		take_out(&contents->tables[TRASH], number_key(batch->emptied[i], storage));
	}
}

static void drop_inbox(struct table *inbox, uint64_t through) {
	char storage[8];
	size_t count = inbox->count;
	if (through != UINT64_MAX) {
		count = lower_bound(inbox, number_key(through + 1, storage));
	}
	for (size_t i = 0; i < count; i++) {
		free(inbox->entries[i]);
	}
	inbox->count -= count;
	if (inbox->count > 0) {
		memmove(inbox->entries, inbox->entries + count,
			inbox->count * sizeof(struct entry *));
	}
}

static void drop_answers(struct table *answers, int64_t through_ms) {
	size_t kept = 0;
	for (size_t i = 0; i < answers->count; i++) {
		if (answers->entries[i]->time_ms > through_ms) {
			answers->entries[kept++] = answers->entries[i];
		} else {
			free(answers->entries[i]);
		}
	}
	answers->count = kept;
}

/* Those that are empty have been put to take away what was there. */
static void drop_empty(struct table *snapshots) {
	size_t kept = 0;
	for (size_t i = 0; i < snapshots->count; i++) {
		if (snapshots->entries[i]->value_size > 0) {
			snapshots->entries[kept++] = snapshots->entries[i];
		} else {
			free(snapshots->entries[i]);
		}
	}
	snapshots->count = kept;
}

static int check_batch(const struct store_batch *batch) {
	bool fits = true;
	for (size_t i = 0; i < batch->nnames; i++) {
		fits = fits && strlen(batch->names[i].id) <= STORE_ID_MAX;
	}
	for (size_t i = 0; i < batch->npurges; i++) {
		fits = fits && strlen(batch->purges[i].id) <= STORE_ID_MAX;
	}
	for (size_t i = 0; i < batch->nmanifests; i++) {
		fits = fits && strlen(batch->manifests[i].hash) <= STORE_ID_MAX;
	}
	for (size_t i = 0; i < batch->nanswers; i++) {
		fits = fits && strlen(batch->answers[i].request) <= STORE_ID_MAX;
	}
	return fits ? 0 : dtf__fail(DTF_EINVAL, "an id has more than %d bytes", STORE_ID_MAX);
}

static int commit_locked(struct memory_store *memory, const struct store_batch *batch) {
	struct contents *contents = memory->contents;
	if (memory->epoch == 0) {
		return dtf__fail(DTF_EINVAL, "the store was opened to share: it takes no commit");
	}
	if (memory->epoch != contents->epoch) {
		return dtf__fail(DTF_EOWNED, "another engine has taken the store over");
	}
	int rc = check_batch(batch);
	if (rc < 0) {
		return rc;
	}
	struct stage stage = { 0 };
	rc = stage_begin(&stage, contents, batch);
	if (rc == 0) {
		take_away(contents, batch);
		stage_apply(&stage, contents);
		contents->next += batch->nrecords;
		if (batch->next_instance != 0) {
			contents->next_instance = batch->next_instance;
		}
		if (batch->clock_ms != 0) {
			contents->clock_ms = batch->clock_ms;
		}
		if (batch->inbox_through != 0) {
			drop_inbox(&contents->tables[INBOX], batch->inbox_through);
		}
		if (batch->nanswers > 0) {
			int64_t now_ms = batch->answers[batch->nanswers - 1].time_ms;
			drop_answers(&contents->tables[ANSWERS], now_ms - DAY_MS);
		}
		if (batch->nsnapshots > 0) {
			drop_empty(&contents->tables[SNAPSHOTS]);
		}
	}
	stage_finish(&stage);
	return rc;
}

static int memory_commit(struct store *store, const struct store_batch *batch) {
	struct contents *contents = lock(store);
	int rc = commit_locked((struct memory_store *)store, batch);
	unlock(contents);
	return rc;
}

/* ---- reading ---- */

static uint64_t memory_next(struct store *store) {
	struct contents *contents = lock(store);
	uint64_t next = contents->next;
	unlock(contents);
	return next;
}

static uint64_t memory_next_instance(struct store *store) {
	struct contents *contents = lock(store);
	uint64_t next = contents->next_instance;
	unlock(contents);
	return next;
}

static int64_t memory_clock_ms(struct store *store) {
	struct contents *contents = lock(store);
	int64_t clock_ms = contents->clock_ms;
	unlock(contents);
	return clock_ms;
}

static uint64_t memory_epoch(struct store *store) {
	return ((struct memory_store *)store)->epoch;
}

static int copy_value(struct store *store, struct arena *arena, enum table_name table,
	struct slice key, struct slice *ret) {
	struct contents *contents = lock(store);
	int rc = STORE_NOT_FOUND;
	const struct entry *entry = lookup(&contents->tables[table], key);
	if (entry != NULL) {
		struct slice value = value_of(entry);
		const char *copy = dtf__arena_copy(arena, value.data, value.size);
		rc = copy == NULL ? dtf__fail(DTF_ENOMEM, "out of memory") : 0;
		if (copy != NULL) {
			*ret = (struct slice){ copy, value.size };
		}
	}
	unlock(contents);
	return rc;
}

static int memory_record(
	struct store *store, struct arena *arena, uint64_t position, struct slice *ret) {
	char storage[8];
	return copy_value(store, arena, LOG, number_key(position, storage), ret);
}

static int memory_row(
	struct store *store, struct arena *arena, uint64_t instance, struct slice *ret) {
	char storage[8];
	struct slice value;
	int rc = copy_value(store, arena, ROWS, number_key(instance, storage), &value);
	if (rc == 0) {
		*ret = (struct slice){ value.data + ROW_KEYS_SIZE, value.size - ROW_KEYS_SIZE };
	}
	return rc;
}

static int memory_snapshot(
	struct store *store, struct arena *arena, uint64_t instance, struct slice *ret) {
	char storage[8];
	return copy_value(store, arena, SNAPSHOTS, number_key(instance, storage), ret);
}

static int memory_manifest(
	struct store *store, struct arena *arena, const char *hash, struct slice *ret) {
	return copy_value(store, arena, MANIFESTS, text_key(hash), ret);
}

static int memory_answer(
	struct store *store, struct arena *arena, const char *request, struct slice *ret) {
	return copy_value(store, arena, ANSWERS, text_key(request), ret);
}

static int memory_find(struct store *store, const char *id, uint64_t *ret_instance) {
	struct contents *contents = lock(store);
	const struct entry *entry = lookup(&contents->tables[NAMES], text_key(id));
	if (entry != NULL) {
		*ret_instance = load_number(value_of(entry).data);
	}
	unlock(contents);
	return entry != NULL ? 0 : STORE_NOT_FOUND;
}

static int memory_mark(
	struct store *store, uint64_t instance, const char *event, const char *event_id) {
	struct buf key = { 0 };
	char storage[8];
	dtf__buf_add(&key, number_key(instance, storage).data, 8);
	dtf__buf_add(&key, event, strlen(event) + 1);
	dtf__buf_text(&key, event_id);
	int rc = dtf__fail(DTF_ENOMEM, "out of memory");
	if (!key.failed) {
		struct contents *contents = lock(store);
		struct slice bytes = { key.data, key.size };
		rc = lookup(&contents->tables[MARKS], bytes) != NULL ? 0 : STORE_NOT_FOUND;
		unlock(contents);
	}
	dtf__buf_finish(&key);
	return rc;
}

/* One step of a scan: copies the first entry after a number; false at the end. */
static bool step(struct store *store, enum table_name name, uint64_t *number, struct buf *value) {
	struct contents *contents = lock(store);
	const struct table *table = &contents->tables[name];
	char storage[8];
	size_t at = *number == UINT64_MAX ? table->count
					  : lower_bound(table, number_key(*number + 1, storage));
	bool found = at < table->count;
	if (found) {
		const struct entry *entry = table->entries[at];
		*number = key_number(entry);
		dtf__buf_clear(value);
		dtf__buf_add(value, value_of(entry).data, value_of(entry).size);
	}
	unlock(contents);
	return found;
}

static int scan(struct store *store, enum table_name table, uint64_t after,
	bool (*f)(void *arg, uint64_t number, struct slice value), void *arg) {
	struct buf value = { 0 };
	uint64_t number = after;
	int rc = 0;
	while (step(store, table, &number, &value)) {
		if (value.failed) {
			rc = dtf__fail(DTF_ENOMEM, "out of memory");
			break;
		}
		if (!f(arg, number, (struct slice){ value.data, value.size })) {
			break;
		}
	}
	dtf__buf_finish(&value);
	return rc;
}

struct rows_scan {
	bool (*f)(void *arg, uint64_t instance, struct slice row);
	void *arg;
};

static bool give_row(void *arg, uint64_t instance, struct slice value) {
	const struct rows_scan *scan = arg;
	return scan->f(scan->arg, instance,
		(struct slice){ value.data + ROW_KEYS_SIZE, value.size - ROW_KEYS_SIZE });
}

static int memory_rows(struct store *store, uint64_t after,
	bool (*f)(void *arg, uint64_t instance, struct slice row), void *arg) {
	struct rows_scan rows = { f, arg };
	return scan(store, ROWS, after, give_row, &rows);
}

/* All places behind one, in order. */
static bool gather(struct store *store, enum store_index index, struct index_place after,
	struct places *places) {
	struct contents *contents = lock(store);
	const struct table *rows = &contents->tables[ROWS];
	bool ok = true;
	for (size_t i = 0; i < rows->count && ok; i++) {
		struct store_keys keys = dtf__row_keys_read(value_of(rows->entries[i]).data);
		struct index_place place = { 0, key_number(rows->entries[i]) };
		if (dtf__row_keys_in(&keys, index, &place.key) && dtf__place_before(after, place)) {
			ok = dtf__places_add(places, place);
		}
	}
	unlock(contents);
	dtf__places_sort(places);
	return ok;
}

static int memory_index(struct store *store, enum store_index index, uint64_t key,
	uint64_t instance, bool (*f)(void *arg, uint64_t key, uint64_t instance), void *arg) {
	struct places places = { 0 };
	bool ok = gather(store, index, (struct index_place){ key, instance }, &places);
	bool more = ok;
	for (size_t i = 0; i < places.count && more; i++) {
		more = f(arg, places.places[i].key, places.places[i].instance);
	}
	dtf__places_finish(&places);
	return ok ? 0 : dtf__fail(DTF_ENOMEM, "out of memory");
}

static int memory_trash(struct store *store, uint64_t *ret_position) {
	struct contents *contents = lock(store);
	const struct table *trash = &contents->tables[TRASH];
	bool found = trash->count > 0;
	if (found) {
		*ret_position = key_number(trash->entries[0]);
	}
	unlock(contents);
	return found ? 0 : STORE_NOT_FOUND;
}

/* ---- the inbox ---- */

static int memory_inbox_append(struct store *store, struct slice command, uint64_t *ret_sequence) {
	struct contents *contents = lock(store);
	char storage[8];
	struct entry *entry = make(number_key(contents->inbox_last + 1, storage), command);
	int rc = 0;
	if (entry == NULL || !reserve(&contents->tables[INBOX], 1)) {
		free(entry);
		rc = dtf__fail(DTF_ENOMEM, "out of memory");
	} else {
		put(&contents->tables[INBOX], entry);
		*ret_sequence = ++contents->inbox_last;
		/* A full pipe wakes as well as one more byte would. */
		(void)!write(contents->wake[1], "", 1);
	}
	unlock(contents);
	return rc;
}

static int memory_inbox(struct store *store, uint64_t after,
	bool (*f)(void *arg, uint64_t sequence, struct slice command), void *arg) {
	return scan(store, INBOX, after, f, arg);
}

static int memory_owned(struct store *store) {
	struct contents *contents = lock(store);
	bool owned = contents->owned;
	unlock(contents);
	return owned ? 1 : 0;
}

static int memory_wake_fd(struct store *store) {
	return ((struct memory_store *)store)->contents->wake[0];
}

static void memory_drain(struct store *store) {
	char bytes[256];
	while (read(memory_wake_fd(store), bytes, sizeof(bytes)) > 0) {
	}
}

/* ---- open and close ---- */

static void contents_destroy(struct contents *contents) {
	for (size_t i = 0; i < NTABLES; i++) {
		for (size_t j = 0; j < contents->tables[i].count; j++) {
			free(contents->tables[i].entries[j]);
		}
		free(contents->tables[i].entries);
	}
	(void)close(contents->wake[0]);
	(void)close(contents->wake[1]);
	dtf__assert(pthread_mutex_destroy(&contents->lock) == 0);
	free(contents);
}

static void memory_close(struct store *store) {
	if (store == NULL) {
		return;
	}
	struct memory_store *memory = (struct memory_store *)store;
	struct contents *contents = lock(store);
	if (memory->epoch == contents->epoch) {
		contents->owned = false;
	}
	bool last = --contents->handles == 0;
	unlock(contents);
	if (last) {
		contents_destroy(contents);
	}
	free(memory);
}

static const struct store_ops memory_ops = {
	.close = memory_close,
	.next = memory_next,
	.next_instance = memory_next_instance,
	.clock_ms = memory_clock_ms,
	.epoch = memory_epoch,
	.commit = memory_commit,
	.record = memory_record,
	.row = memory_row,
	.snapshot = memory_snapshot,
	.find = memory_find,
	.mark = memory_mark,
	.manifest = memory_manifest,
	.rows = memory_rows,
	.index = memory_index,
	.trash = memory_trash,
	.inbox_append = memory_inbox_append,
	.inbox = memory_inbox,
	.answer = memory_answer,
	.owned = memory_owned,
	.wake_fd = memory_wake_fd,
	.drain = memory_drain,
};

static int open_handle(struct contents *contents, enum store_mode mode, struct store **ret) {
	struct memory_store *memory = calloc(1, sizeof(*memory));
	if (memory == NULL) {
		return dtf__fail(DTF_ENOMEM, "out of memory");
	}
	memory->base.ops = &memory_ops;
	memory->contents = contents;
	contents->handles++;
	if (mode == STORE_OWN) {
		contents->owned = true;
		memory->epoch = ++contents->epoch;
	}
	*ret = &memory->base;
	return 0;
}

int dtf__store_memory_open(struct store **ret) {
	struct contents *contents = calloc(1, sizeof(*contents));
	if (contents == NULL) {
		return dtf__fail(DTF_ENOMEM, "out of memory");
	}
	contents->next = 1;
	contents->next_instance = 1;
	if (pipe2(contents->wake, O_CLOEXEC | O_NONBLOCK) != 0) {
		free(contents);
		return dtf__fail(DTF_ESTORE, "pipe: %s", strerror(errno));
	}
	dtf__assert(pthread_mutex_init(&contents->lock, NULL) == 0);
	int rc = open_handle(contents, STORE_OWN, ret);
	if (rc < 0) {
		contents_destroy(contents);
	}
	return rc;
}

int dtf__store_memory_again(struct store *store, enum store_mode mode, struct store **ret) {
	struct contents *contents = lock(store);
	int rc = open_handle(contents, mode, ret);
	unlock(contents);
	return rc;
}
