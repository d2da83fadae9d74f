#include "limit.h"

#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"

#define ROUNDS_NS   400000000 /* a third of the time that whole commits are measured */
#define ONE_COMMITS 300
#define MAP_SIZE    ((size_t)64 << 30)

static void must(int rc, const char *what) {
	if (rc != 0) {
		bench_die("%s: %s", what, mdb_strerror(rc));
	}
}

/* Keys as those of a log: position and chunk. */
static void put(MDB_txn *txn, MDB_dbi dbi, uint64_t position, const MDB_val *record) {
	unsigned char bytes[12] = { 0 };
	for (unsigned i = 0; i < 8; i++) {
		bytes[i] = (unsigned char)(position >> (56 - 8 * i));
	}
	MDB_val key = { sizeof(bytes), bytes }, value = *record;
	must(mdb_put(txn, dbi, &key, &value, MDB_APPEND), "put");
}

static double commit(
	MDB_env *env, MDB_dbi dbi, uint64_t *position, unsigned puts, const MDB_val *record) {
	int64_t began = bench_now_ns();
	MDB_txn *txn;
	must(mdb_txn_begin(env, NULL, 0, &txn), "begin");
	for (unsigned i = 0; i < puts; i++) {
		put(txn, dbi, (*position)++, record);
	}
	must(mdb_txn_commit(txn), "commit");
	return (double)(bench_now_ns() - began) / 1e6;
}

/* Records a second; the middle one of three tries. */
static double measure_puts(MDB_env *env, MDB_dbi dbi, uint64_t *position, const MDB_val *record) {
	double rates[3];
	for (unsigned i = 0; i < 3; i++) {
		int64_t began = bench_now_ns(), now = began;
		uint64_t from = *position;
		while (now - began < ROUNDS_NS) {
			(void)commit(env, dbi, position, LIMIT_PUTS, record);
			now = bench_now_ns();
		}
		rates[i] = (double)(*position - from) * 1e9 / (double)(now - began);
	}
	return bench_percentile(rates, 3, 0.5);
}

struct limit limit_measure(const char *dir, size_t record_bytes) {
	char *own = bench_dir_create(dir), *bytes = bench_alloc(record_bytes + 1, 1);
	MDB_val record = { record_bytes, bytes };
	memset(bytes, 'x', record_bytes);
	MDB_env *env;
	MDB_txn *txn;
	MDB_dbi dbi;
	must(mdb_env_create(&env), "create");
	must(mdb_env_set_mapsize(env, MAP_SIZE), "map");
	must(mdb_env_set_maxdbs(env, 1), "databases");
	must(mdb_env_open(env, own, 0, 0600), own);
	must(mdb_txn_begin(env, NULL, 0, &txn), "begin");
	must(mdb_dbi_open(txn, "log", MDB_CREATE, &dbi), "open");
	must(mdb_txn_commit(txn), "commit");
	uint64_t position = 0;
	struct limit limit = { .puts_per_s = measure_puts(env, dbi, &position, &record) };
	double ms[ONE_COMMITS];
	for (unsigned i = 0; i < ONE_COMMITS; i++) {
		ms[i] = commit(env, dbi, &position, 1, &record);
	}
	limit.commit_ms = bench_percentile(ms, ONE_COMMITS, 0.5);
	mdb_env_close(env);
	bench_dir_remove(own);
	free(bytes);
	return limit;
}

/* ---- what was kept ---- */

static uint64_t pages(MDB_txn *txn, MDB_dbi dbi) {
	MDB_stat stat;
	must(mdb_stat(txn, dbi, &stat), "stat");
	return stat.ms_branch_pages + stat.ms_leaf_pages + stat.ms_overflow_pages;
}

static void look_at_log(MDB_txn *txn, MDB_dbi dbi, struct kept *kept) {
	MDB_cursor *cursor;
	MDB_val key, value;
	must(mdb_cursor_open(txn, dbi, &cursor), "cursor");
	while (mdb_cursor_get(cursor, &key, &value, MDB_NEXT) == 0) {
		kept->records++;
		kept->record_bytes += value.mv_size;
	}
	mdb_cursor_close(cursor);
}

/* Of one partition. */
static void add_kept(const char *dir, struct kept *kept) {
	MDB_env *env;
	MDB_txn *txn;
	MDB_dbi main;
	MDB_stat stat;
	char path[4096];
	(void)snprintf(path, sizeof(path), "%s/data.mdb", dir);
	must(mdb_env_create(&env), "create");
	must(mdb_env_set_maxdbs(env, 32), "databases");
	must(mdb_env_open(env, path, MDB_RDONLY | MDB_NOSUBDIR | MDB_NOLOCK, 0600), path);
	must(mdb_txn_begin(env, NULL, MDB_RDONLY, &txn), "begin");
	must(mdb_dbi_open(txn, NULL, 0, &main), "open");
	must(mdb_env_stat(env, &stat), "stat");
	uint64_t count = pages(txn, main);
	MDB_cursor *cursor;
	MDB_val key, value;
	must(mdb_cursor_open(txn, main, &cursor), "cursor");
	while (mdb_cursor_get(cursor, &key, &value, MDB_NEXT) == 0) {
		char name[64];
		MDB_dbi dbi;
		(void)snprintf(name, sizeof(name), "%.*s", (int)key.mv_size, (char *)key.mv_data);
		if (mdb_dbi_open(txn, name, 0, &dbi) == 0) {
			count += pages(txn, dbi);
			if (strcmp(name, "log") == 0) {
				look_at_log(txn, dbi, kept);
			}
		}
	}
	mdb_cursor_close(cursor);
	kept->used_bytes += count * stat.ms_psize;
	mdb_txn_abort(txn);
	mdb_env_close(env);
}

struct kept limit_kept(const char *dir) {
	struct kept kept = { 0 };
	char path[4096], first[4096];
	(void)snprintf(first, sizeof(first), "%.4000s/p000", dir);
	if (access(first, F_OK) != 0) {
		add_kept(dir, &kept);
		return kept;
	}
	unsigned i = 0;
	do {
		(void)snprintf(path, sizeof(path), "%.4000s/p%03u", dir, i++);
	} while (access(path, F_OK) == 0 && (add_kept(path, &kept), true));
	return kept;
}
