/*
 * A commit on LMDB.
 *
 * The log is appended to and never changed, and so is the journal, which has what
 * goes into rows, names and marks; a slice of a checkpoint may come along.  All is
 * one transaction, so that a batch is all there or not at all.  Durability is LMDB's default: it
 * syncs the pages, then the page that names them, before a commit returns.
 *
 * The owner's epoch is compared inside the transaction: nothing that a
 * fenced-out owner says can become durable.  A transaction may run twice (the
 * map grew): what follows from it is done only after it was committed.
 */
#include "lmdb_impl.h"

#include <errno.h>
#include <string.h>
#include <xxhash.h>

#include "../error.h"

#define DAY_MS           ((int64_t)24 * 60 * 60 * 1000)
#define REAP_EVERY_S     5
#define SWEEP_PER_ANSWER 8 /* more than one: old answers go faster than new ones come */

struct commit {
	struct lmdb_store *lmdb;
	const struct store_batch *batch;
	struct lmdb_state state;     /* after it */
	struct checkpoint_step step; /* out */
};

static int put_records(
	struct lmdb_env *env, MDB_txn *txn, const struct store_batch *batch, uint64_t position) {
	int rc = dtf__lmdb_append(env, txn, TABLE_LOG, position, batch->records, batch->nrecords);
	return rc == MDB_KEYEXIST
		? dtf__fail(DTF_ECORRUPT, "%s: the log goes beyond its end", env->dir)
		: rc;
}

static int put_manifests(struct lmdb_env *env, MDB_txn *txn, const struct store_batch *batch) {
	int rc = 0;
	for (size_t i = 0; i < batch->nmanifests && rc == 0; i++) {
		struct lmdb_key key = dtf__lmdb_text_key(batch->manifests[i].hash);
		rc = dtf__lmdb_put(env, txn, TABLE_MANIFEST, &key, batch->manifests[i].text, 0);
	}
	return rc;
}

static int put_snapshots(struct lmdb_env *env, MDB_txn *txn, const struct store_batch *batch) {
	int rc = 0;
	for (size_t i = 0; i < batch->nsnapshots && rc == 0; i++) {
		const struct store_put_snapshot *put = &batch->snapshots[i];
		struct lmdb_key key = dtf__lmdb_number_key(put->instance);
		rc = put->value.size == 0
			? dtf__lmdb_del(env, txn, TABLE_SNAPSHOT, &key)
			: dtf__lmdb_put(env, txn, TABLE_SNAPSHOT, &key, put->value, 0);
	}
	return rc;
}

/* Adds one answer and looks at a few old ones. */
static int put_answer(
	struct lmdb_store *lmdb, MDB_txn *txn, const struct store_put_answer *answer) {
	unsigned char time_ms[8];
	struct buf value = { 0 };
	struct lmdb_key key = dtf__lmdb_text_key(answer->request);
	dtf__wire_store64(time_ms, (uint64_t)answer->time_ms);
	dtf__buf_add(&value, time_ms, sizeof(time_ms));
	dtf__buf_add(&value, answer->value.data, answer->value.size);
	int rc = ENOMEM;
	if (!value.failed) {
		struct slice bytes = { value.data, value.size };
		rc = dtf__lmdb_put(lmdb->env, txn, TABLE_ANSWER, &key, bytes, 0);
	}
	dtf__buf_finish(&value);
	for (int i = 0; i < SWEEP_PER_ANSWER && rc == 0; i++) {
		rc = dtf__lmdb_sweep(lmdb->env, txn, &lmdb->sweep, answer->time_ms - DAY_MS);
	}
	if (rc == MDB_NOTFOUND) {
		lmdb->sweep.size = 0; /* around again, with the next answer */
		rc = 0;
	}
	return rc;
}

void dtf__lmdb_mark_bytes(struct buf *buf, const char *event, const char *event_id) {
	dtf__buf_add(buf, event, strlen(event) + 1);
	dtf__buf_text(buf, event_id);
}

struct lmdb_key dtf__lmdb_mark_key(uint64_t instance, const struct buf *mark) {
	struct lmdb_key key = dtf__lmdb_number_key(instance);
	XXH128_canonical_t hash;
	XXH128_canonicalFromHash(&hash, XXH3_128bits(mark->data, mark->size));
	memcpy(key.bytes + key.size, hash.digest, sizeof(hash.digest));
	key.size += sizeof(hash.digest);
	return key;
}

bool dtf__lmdb_holds_mark(struct slice marks, const struct buf *mark) {
	while (marks.size >= 4) {
		size_t size = dtf__lmdb_load32(marks.data);
		if (size > marks.size - 4) {
			return false;
		}
		if (size == mark->size && memcmp(marks.data + 4, mark->data, size) == 0) {
			return true;
		}
		marks.data += 4 + size;
		marks.size -= 4 + size;
	}
	return false;
}

static int admit(struct lmdb_store *lmdb, MDB_txn *txn) {
	uint64_t used = 0;
	int rc = dtf__lmdb_used(lmdb->env, txn, &used);
	if (rc == 0 && used > lmdb->size_max) {
		rc = dtf__fail(DTF_EFULL, "%s: holds %llu bytes, the limit is %llu", lmdb->env->dir,
			(unsigned long long)used, (unsigned long long)lmdb->size_max);
	}
	return rc;
}

/* Records; what else a purge takes away is in the journal. */
static int take_away(struct lmdb_env *env, MDB_txn *txn, const struct store_batch *batch) {
	int rc = 0;
	for (size_t i = 0; i < batch->nforgets && rc == 0; i++) {
		struct lmdb_key key = dtf__lmdb_number_key(batch->forgets[i]);
		rc = dtf__lmdb_del(env, txn, TABLE_LOG, &key);
	}
	for (size_t i = 0; i < batch->nemptied && rc == 0; i++) {
		struct lmdb_key key = dtf__lmdb_number_key(batch->emptied[i]);
		rc = dtf__lmdb_del(env, txn, TABLE_TRASH, &key);
	}
	for (size_t i = 0; i < batch->ntrash && rc == 0; i++) {
		struct lmdb_key key = dtf__lmdb_number_key(batch->trash[i]);
		rc = dtf__lmdb_put(env, txn, TABLE_TRASH, &key, (struct slice){ 0 }, 0);
	}
	return rc;
}

static int put_messages(struct lmdb_env *env, MDB_txn *txn, const struct store_batch *batch) {
	int rc = dtf__lmdb_append(
		env, txn, TABLE_OUTBOX, batch->first_message, batch->messages, batch->nmessages);
	for (size_t i = 0; i < batch->ndelivered && rc == 0; i++) {
		struct lmdb_key key = dtf__lmdb_number_key(batch->delivered[i]);
		rc = dtf__lmdb_del(env, txn, TABLE_OUTBOX, &key);
	}
	for (size_t i = 0; i < batch->nreceived && rc == 0; i++) {
		struct lmdb_key key = dtf__lmdb_number_key(batch->received[i].from);
		rc = dtf__lmdb_put(env, txn, TABLE_RECEIVED, &key, batch->received[i].value, 0);
	}
	return rc;
}

/* What is not in the journal: there is little of it. */
static int put_rest(struct lmdb_store *lmdb, MDB_txn *txn, const struct store_batch *batch) {
	struct lmdb_env *env = lmdb->env;
	int rc = take_away(env, txn, batch);
	rc = rc == 0 ? put_manifests(env, txn, batch) : rc;
	rc = rc == 0 ? put_snapshots(env, txn, batch) : rc;
	rc = rc == 0 ? put_messages(env, txn, batch) : rc;
	for (size_t i = 0; i < batch->nanswers && rc == 0; i++) {
		rc = put_answer(lmdb, txn, &batch->answers[i]);
	}
	if (rc == 0 && batch->inbox_through != 0) {
		bool more;
		rc = dtf__lmdb_drop(env, txn, TABLE_INBOX, batch->inbox_through, SIZE_MAX, &more);
	}
	return rc;
}

static int commit_in(struct lmdb_env *env, MDB_txn *txn, void *arg) {
	struct commit *commit = arg;
	struct lmdb_store *lmdb = commit->lmdb;
	const struct store_batch *batch = commit->batch;
	uint64_t epoch;
	int rc = dtf__lmdb_epoch_read(env, txn, &epoch);
	if (rc == 0 && epoch != lmdb->epoch) {
		rc = dtf__fail(DTF_EOWNED, "%s: another engine has taken the store over", env->dir);
	}
	if (rc == 0 && batch->admit && lmdb->size_max != 0) {
		rc = admit(lmdb, txn);
	}
	if (rc == 0) {
		rc = put_records(env, txn, batch, lmdb->next);
	}
	if (rc == 0) {
		rc = dtf__lmdb_journal_put(env, txn, lmdb->journal + 1, &lmdb->staged);
	}
	if (rc == 0) {
		rc = put_rest(lmdb, txn, batch);
	}
	return rc != 0 ? rc : dtf__lmdb_checkpoint_in(lmdb, txn, lmdb->staged.count, &commit->step);
}

static bool is_key(const char *text) {
	return strlen(text) <= STORE_ID_MAX;
}

static int check_batch(const struct lmdb_store *lmdb, const struct store_batch *batch) {
	if (lmdb->mode != STORE_OWN) {
		return dtf__fail(DTF_EINVAL, "the store was opened to share: it takes no commit");
	}
	bool fits = true;
	for (size_t i = 0; i < batch->nnames; i++) {
		fits = fits && is_key(batch->names[i].id);
	}
	for (size_t i = 0; i < batch->npurges; i++) {
		fits = fits && is_key(batch->purges[i].id);
	}
	for (size_t i = 0; i < batch->nmanifests; i++) {
		fits = fits && is_key(batch->manifests[i].hash);
	}
	for (size_t i = 0; i < batch->nanswers; i++) {
		fits = fits && is_key(batch->answers[i].request);
	}
	return fits ? 0 : dtf__fail(DTF_EINVAL, "an id has more than %d bytes", STORE_ID_MAX);
}

/* A process that died while it read keeps pages from being used again. */
static void reap_now_and_then(struct lmdb_store *lmdb) {
	struct timespec now;
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	if (now.tv_sec - lmdb->reaped_s >= REAP_EVERY_S) {
		lmdb->reaped_s = now.tv_sec;
		dtf__lmdb_reap(lmdb->env);
	}
}

void dtf__lmdb_remember(struct lmdb_store *lmdb, const struct lmdb_state *state) {
	atomic_store(&lmdb->next, state->next);
	atomic_store(&lmdb->next_instance, state->next_instance);
	atomic_store(&lmdb->clock_ms, state->clock_ms);
}

static void next_state(struct commit *commit) {
	struct lmdb_store *lmdb = commit->lmdb;
	const struct store_batch *batch = commit->batch;
	commit->state = (struct lmdb_state){ .next = lmdb->next + batch->nrecords,
		.next_instance = batch->next_instance != 0 ? batch->next_instance
							   : lmdb->next_instance,
		.clock_ms = batch->clock_ms != 0 ? batch->clock_ms : lmdb->clock_ms };
}

int dtf__lmdb_commit(struct store *store, const struct store_batch *batch) {
	struct lmdb_store *lmdb = (struct lmdb_store *)store;
	int rc = dtf__lmdb_env_check(lmdb->env);
	if (rc == 0) {
		rc = check_batch(lmdb, batch);
	}
	if (rc < 0) {
		return rc;
	}
	reap_now_and_then(lmdb);
	struct commit commit = { .lmdb = lmdb, .batch = batch };
	next_state(&commit);
	rc = dtf__lmdb_stage(lmdb, batch, &commit.state);
	if (rc == 0) {
		rc = dtf__lmdb_update(lmdb->env, commit_in, &commit);
		rc = dtf__lmdb_result(lmdb->env, rc, "commit");
	}
	if (rc == 0) {
		dtf__lmdb_checkpoint_after(lmdb, &commit.step);
		dtf__lmdb_remember(lmdb, &commit.state);
	}
	dtf__lmdb_staged_drop(lmdb);
	return rc;
}
