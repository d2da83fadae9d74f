/*
 * The store that forgets: for tests, simulations and programs that try dtf.
 *
 * It keeps the promises of store.h but durability, so that what runs on it
 * runs on LMDB.  Every table is the same thing, a vector of entries sorted by
 * key, with numbers as big-endian keys: appending to the log is appending to
 * the vector, and looking up is a binary search.
 *
 * Handles share the contents.  Taking them over with dtf__store_memory_again()
 * is what opening a directory is after its owner died: the epoch grows and the
 * handle before, a zombie, is fenced.  Callbacks run without the lock held and
 * may call the store.
 */
#include "memory_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../error.h"

struct contents *dtf__memory_lock(struct store *store) {
	struct contents *contents = ((struct memory_store *)store)->contents;
	dtf__assert(pthread_mutex_lock(&contents->lock) == 0);
	return contents;
}

void dtf__memory_unlock(struct contents *contents) {
	dtf__assert(pthread_mutex_unlock(&contents->lock) == 0);
}

/* ---- reading ---- */

static uint64_t memory_next(struct store *store) {
	struct contents *contents = dtf__memory_lock(store);
	uint64_t next = contents->next;
	dtf__memory_unlock(contents);
	return next;
}

static uint64_t memory_next_instance(struct store *store) {
	struct contents *contents = dtf__memory_lock(store);
	uint64_t next = contents->next_instance;
	dtf__memory_unlock(contents);
	return next;
}

static int64_t memory_clock_ms(struct store *store) {
	struct contents *contents = dtf__memory_lock(store);
	int64_t clock_ms = contents->clock_ms;
	dtf__memory_unlock(contents);
	return clock_ms;
}

static uint64_t memory_epoch(struct store *store) {
	return ((struct memory_store *)store)->epoch;
}

static int copy_value(struct store *store, struct arena *arena, enum table_name table,
	struct slice key, struct slice *ret) {
	struct contents *contents = dtf__memory_lock(store);
	int rc = STORE_NOT_FOUND;
	const struct entry *entry = dtf__table_find(&contents->tables[table], key);
	if (entry != NULL) {
		struct slice value = value_of(entry);
		const char *copy = dtf__arena_copy(arena, value.data, value.size);
		rc = copy == NULL ? dtf__fail(DTF_ENOMEM, "out of memory") : 0;
		if (copy != NULL) {
			*ret = (struct slice){ copy, value.size };
		}
	}
	dtf__memory_unlock(contents);
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
	struct slice value = { 0 };
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
	struct contents *contents = dtf__memory_lock(store);
	const struct entry *entry = dtf__table_find(&contents->tables[NAMES], text_key(id));
	if (entry != NULL) {
		*ret_instance = load_number(value_of(entry).data);
	}
	dtf__memory_unlock(contents);
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
		struct contents *contents = dtf__memory_lock(store);
		struct slice bytes = { key.data, key.size };
		rc = dtf__table_find(&contents->tables[MARKS], bytes) != NULL ? 0 : STORE_NOT_FOUND;
		dtf__memory_unlock(contents);
	}
	dtf__buf_finish(&key);
	return rc;
}

/* One step of a scan: copies the first entry after a number; false at the end. */
static bool step(struct store *store, enum table_name name, uint64_t *number, struct buf *value) {
	struct contents *contents = dtf__memory_lock(store);
	const struct table *table = &contents->tables[name];
	char storage[8];
	size_t at = *number == UINT64_MAX
		? table->count
		: dtf__table_place(table, number_key(*number + 1, storage));
	bool found = at < table->count;
	if (found) {
		const struct entry *entry = table->entries[at];
		*number = key_number(entry);
		dtf__buf_clear(value);
		dtf__buf_add(value, value_of(entry).data, value_of(entry).size);
	}
	dtf__memory_unlock(contents);
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
	struct contents *contents = dtf__memory_lock(store);
	const struct table *rows = &contents->tables[ROWS];
	bool ok = true;
	for (size_t i = 0; i < rows->count && ok; i++) {
		struct store_keys keys = dtf__row_keys_read(value_of(rows->entries[i]).data);
		struct index_place place = { 0, key_number(rows->entries[i]) };
		if (dtf__row_keys_in(&keys, index, &place.key) && dtf__place_before(after, place)) {
			ok = dtf__places_add(places, place);
		}
	}
	dtf__memory_unlock(contents);
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
	struct contents *contents = dtf__memory_lock(store);
	const struct table *trash = &contents->tables[TRASH];
	bool found = trash->count > 0;
	if (found) {
		*ret_position = key_number(trash->entries[0]);
	}
	dtf__memory_unlock(contents);
	return found ? 0 : STORE_NOT_FOUND;
}

/* ---- the inbox ---- */

static int memory_inbox_append(struct store *store, struct slice command, uint64_t *ret_sequence) {
	struct contents *contents = dtf__memory_lock(store);
	char storage[8];
	struct entry *entry = dtf__entry_make(
		number_key(contents->inbox_last + 1, storage), command);
	int rc = 0;
	if (entry == NULL || !dtf__table_reserve(&contents->tables[INBOX], 1)) {
		free(entry);
		rc = dtf__fail(DTF_ENOMEM, "out of memory");
	} else {
		dtf__table_put(&contents->tables[INBOX], entry);
		*ret_sequence = ++contents->inbox_last;
		/* A full pipe wakes as well as one more byte would. */
		(void)!write(contents->wake[1], "", 1);
	}
	dtf__memory_unlock(contents);
	return rc;
}

static int memory_inbox(struct store *store, uint64_t after,
	bool (*f)(void *arg, uint64_t sequence, struct slice command), void *arg) {
	return scan(store, INBOX, after, f, arg);
}

static int memory_outbox(struct store *store, uint64_t after,
	bool (*f)(void *arg, uint64_t sequence, struct slice message), void *arg) {
	return scan(store, OUTBOX, after, f, arg);
}

static int memory_received(
	struct store *store, struct arena *arena, uint64_t from, struct slice *ret) {
	char storage[8];
	return copy_value(store, arena, RECEIVED, number_key(from, storage), ret);
}

static int memory_owned(struct store *store) {
	struct contents *contents = dtf__memory_lock(store);
	bool owned = contents->owned;
	dtf__memory_unlock(contents);
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
	struct contents *contents = dtf__memory_lock(store);
	if (memory->epoch == contents->epoch) {
		contents->owned = false;
	}
	bool last = --contents->handles == 0;
	dtf__memory_unlock(contents);
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
	.commit = dtf__memory_commit,
	.record = memory_record,
	.row = memory_row,
	.snapshot = memory_snapshot,
	.find = memory_find,
	.mark = memory_mark,
	.manifest = memory_manifest,
	.rows = memory_rows,
	.index = memory_index,
	.trash = memory_trash,
	.outbox = memory_outbox,
	.received = memory_received,
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
	struct contents *contents = dtf__memory_lock(store);
	int rc = open_handle(contents, mode, ret);
	dtf__memory_unlock(contents);
	return rc;
}
