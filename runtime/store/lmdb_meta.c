/*
 * The store's own rows: its format, where it stands, the inbox's last number, how far
 * checkpoints have come.
 *
 * Where it stands is written at opening; from then on the newest journal entry
 * says it, so that a commit need not touch this table.
 */
#include "lmdb_impl.h"

#include <string.h>

#include "../error.h"

#define STATE_SIZE 32

static int put_meta(struct lmdb_env *env, MDB_txn *txn, const char *name,
	const unsigned char *bytes, size_t size) {
	struct lmdb_key key = dtf__lmdb_text_key(name);
	struct slice value = { (const char *)bytes, size };
	return dtf__lmdb_put(env, txn, TABLE_META, &key, value, 0);
}

/* Exactly size bytes. */
static int get_meta(
	struct lmdb_env *env, MDB_txn *txn, const char *name, unsigned char *bytes, size_t size) {
	struct arena arena = { 0 };
	struct slice value;
	struct lmdb_key key = dtf__lmdb_text_key(name);
	int rc = dtf__lmdb_get(env, txn, TABLE_META, &key, &arena, &value);
	if (rc == MDB_NOTFOUND || (rc == 0 && value.size != size)) {
		rc = dtf__lmdb_damaged(env, TABLE_META, &(struct lmdb_key){ 0 });
	}
	if (rc == 0) {
		memcpy(bytes, value.data, size);
	}
	dtf__arena_finish(&arena);
	return rc;
}

int dtf__lmdb_meta_init(struct lmdb_env *env, MDB_txn *txn) {
	unsigned char format[8];
	unsigned char inbox[8] = { 0 };
	dtf__lmdb_store32(format, DTF_FORMAT_MAJOR);
	dtf__lmdb_store32(format + 4, DTF_FORMAT_MINOR);
	int rc = put_meta(env, txn, "format", format, sizeof(format));
	if (rc == 0) {
		rc = put_meta(env, txn, "inbox", inbox, sizeof(inbox));
	}
	if (rc == 0) {
		struct lmdb_state state = { .next = 1, .next_instance = 1 };
		rc = dtf__lmdb_state_write(env, txn, &state);
	}
	return rc;
}

int dtf__lmdb_meta_check(struct lmdb_env *env, MDB_txn *txn) {
	unsigned char format[8];
	int rc = get_meta(env, txn, "format", format, sizeof(format));
	if (rc == 0 && dtf__lmdb_load32(format) != DTF_FORMAT_MAJOR) {
		rc = dtf__fail(DTF_EFORMAT, "%s was written by another dtf: format %lu", env->dir,
			(unsigned long)dtf__lmdb_load32(format));
	}
	return rc;
}

int dtf__lmdb_epoch_read(struct lmdb_env *env, MDB_txn *txn, uint64_t *ret) {
	unsigned char bytes[STATE_SIZE];
	int rc = get_meta(env, txn, "state", bytes, sizeof(bytes));
	*ret = rc == 0 ? dtf__wire_load64(bytes) : 0;
	return rc;
}

int dtf__lmdb_state_read(struct lmdb_env *env, MDB_txn *txn, struct lmdb_state *ret) {
	unsigned char bytes[STATE_SIZE];
	int rc = get_meta(env, txn, "state", bytes, sizeof(bytes));
	if (rc == 0) {
		ret->epoch = dtf__wire_load64(bytes);
		ret->next = dtf__wire_load64(bytes + 8);
		ret->next_instance = dtf__wire_load64(bytes + 16);
		ret->clock_ms = (int64_t)dtf__wire_load64(bytes + 24);
		rc = dtf__lmdb_journal_state(env, txn, ret);
	}
	return rc;
}

int dtf__lmdb_state_write(struct lmdb_env *env, MDB_txn *txn, const struct lmdb_state *state) {
	unsigned char bytes[STATE_SIZE];
	dtf__wire_store64(bytes, state->epoch);
	dtf__wire_store64(bytes + 8, state->next);
	dtf__wire_store64(bytes + 16, state->next_instance);
	dtf__wire_store64(bytes + 24, (uint64_t)state->clock_ms);
	return put_meta(env, txn, "state", bytes, sizeof(bytes));
}

int dtf__lmdb_covered_read(struct lmdb_env *env, MDB_txn *txn, uint64_t *ret) {
	unsigned char bytes[8] = { 0 };
	struct lmdb_key key = dtf__lmdb_text_key("covered");
	struct slice value;
	int rc = dtf__lmdb_peek(env, txn, TABLE_META, &key, 0, &value);
	if (rc == 0) {
		rc = get_meta(env, txn, "covered", bytes, sizeof(bytes));
	}
	*ret = dtf__wire_load64(bytes);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

int dtf__lmdb_covered_write(struct lmdb_env *env, MDB_txn *txn, uint64_t entry) {
	unsigned char bytes[8];
	dtf__wire_store64(bytes, entry);
	return put_meta(env, txn, "covered", bytes, sizeof(bytes));
}

int dtf__lmdb_inbox_number(struct lmdb_env *env, MDB_txn *txn, uint64_t *ret) {
	unsigned char bytes[8];
	int rc = get_meta(env, txn, "inbox", bytes, sizeof(bytes));
	if (rc != 0) {
		return rc;
	}
	uint64_t number = dtf__wire_load64(bytes) + 1;
	dtf__wire_store64(bytes, number);
	rc = put_meta(env, txn, "inbox", bytes, sizeof(bytes));
	if (rc == 0) {
		*ret = number;
	}
	return rc;
}

int dtf__lmdb_used(struct lmdb_env *env, MDB_txn *txn, uint64_t *ret) {
	/* LMDB's own two: 0 holds the free pages' numbers, 1 the tables' names. */
	uint64_t used = 0;
	for (MDB_dbi i = 0; i < NTABLES + 2; i++) {
		MDB_stat stat;
		int rc = mdb_stat(txn, i < 2 ? i : env->tables[i - 2], &stat);
		if (rc != 0) {
			return rc;
		}
		used += (stat.ms_branch_pages + stat.ms_leaf_pages + stat.ms_overflow_pages) *
			(uint64_t)stat.ms_psize;
	}
	*ret = used;
	return 0;
}
