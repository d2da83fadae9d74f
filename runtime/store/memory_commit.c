/*
 * A commit in memory: all or nothing even when memory runs out.  First everything is
 * copied and room is made, then entries are moved into place, which cannot fail.
 */
#include "memory_impl.h"

#include <stdlib.h>
#include <string.h>

#include "../error.h"

#define DAY_MS ((int64_t)24 * 60 * 60 * 1000)

/* What a commit will put, before it is put. */
struct stage {
	struct staged {
		enum table_name table;
		struct entry *entry; /* owned until it is moved into its table */
	} * puts;
	size_t count, capacity;
	size_t counts[NTABLES];
};

static struct entry *stage_put(
	struct stage *stage, enum table_name table, struct slice key, struct slice value) {
	struct entry *entry = dtf__entry_make(key, value);
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
	for (size_t i = 0; i < batch->nmessages && ok; i++) {
		struct slice key = number_key(batch->first_message + i, storage);
		ok = stage_put(stage, OUTBOX, key, batch->messages[i]) != NULL;
	}
	for (size_t i = 0; i < batch->nreceived && ok; i++) {
		struct slice key = number_key(batch->received[i].from, storage);
		ok = stage_put(stage, RECEIVED, key, batch->received[i].value) != NULL;
	}
	return ok && stage_marks(stage, batch);
}

static int stage_begin(
	struct stage *stage, struct contents *contents, const struct store_batch *batch) {
	size_t count = batch->nrecords + batch->nrows + batch->nnames + batch->nmarks +
		batch->nmanifests + batch->nanswers + batch->nsnapshots + batch->ntrash +
		batch->nmessages + batch->nreceived;
	stage->puts = calloc(count + 1, sizeof(*stage->puts));
	bool ok = stage->puts != NULL && stage_all(stage, batch, contents->next);
	for (size_t i = 0; i < NTABLES && ok; i++) {
		ok = dtf__table_reserve(&contents->tables[i], stage->counts[i]);
	}
	return ok ? 0 : dtf__fail(DTF_ENOMEM, "out of memory for a commit");
}

static void stage_apply(struct stage *stage, struct contents *contents) {
	for (size_t i = 0; i < stage->count; i++) {
		dtf__table_put(&contents->tables[stage->puts[i].table], stage->puts[i].entry);
	}
	stage->count = 0;
}

static void stage_finish(struct stage *stage) {
	for (size_t i = 0; i < stage->count; i++) {
		free(stage->puts[i].entry);
	}
	free(stage->puts);
}

static void purge(struct contents *contents, const struct store_purge *purge) {
	struct table *marks = &contents->tables[MARKS];
	char storage[8];
	struct slice number = number_key(purge->instance, storage);
	const struct entry *name = dtf__table_find(&contents->tables[NAMES], text_key(purge->id));
	if (name != NULL && dtf__key_compare(value_of(name), number) == 0) {
		dtf__table_remove(&contents->tables[NAMES], text_key(purge->id));
	}
	dtf__table_remove(&contents->tables[ROWS], number);
	size_t at = dtf__table_place(marks, number);
	while (at < marks->count && key_number(marks->entries[at]) == purge->instance) {
		struct slice key = { marks->entries[at]->bytes, marks->entries[at]->key_size };
		dtf__table_remove(marks, key);
	}
}

static void take_away(struct contents *contents, const struct store_batch *batch) {
	char storage[8];
	for (size_t i = 0; i < batch->nforgets; i++) {
		dtf__table_remove(&contents->tables[LOG], number_key(batch->forgets[i], storage));
	}
	for (size_t i = 0; i < batch->npurges; i++) {
		purge(contents, &batch->purges[i]);
	}
	for (size_t i = 0; i < batch->nemptied; i++) {
		dtf__table_remove(&contents->tables[TRASH], number_key(batch->emptied[i], storage));
	}
	for (size_t i = 0; i < batch->ndelivered; i++) {
		dtf__table_remove(
			&contents->tables[OUTBOX], number_key(batch->delivered[i], storage));
	}
}

static void drop_inbox(struct table *inbox, uint64_t through) {
	char storage[8];
	size_t count = inbox->count;
	if (through != UINT64_MAX) {
		count = dtf__table_place(inbox, number_key(through + 1, storage));
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

int dtf__memory_commit(struct store *store, const struct store_batch *batch) {
	struct contents *contents = dtf__memory_lock(store);
	int rc = commit_locked((struct memory_store *)store, batch);
	dtf__memory_unlock(contents);
	return rc;
}
