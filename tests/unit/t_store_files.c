/*
 * The files of a store: whose they are, how they come to be, what is refused,
 * and what is noticed when their bytes are not what was written.
 */
#include <check.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include "../../runtime/error.h"
#include "../../runtime/store/lmdb_impl.h"
#include "../support/store_world.h"
#include "../support/suite.h"

/* A sum over names, kinds, modes, times and bytes of all files in a directory. */
static uint64_t fingerprint(const char *dir) {
	uint64_t sum = 0;
	DIR *stream = opendir(dir);
	ck_assert_ptr_nonnull(stream);
	const struct dirent *entry;
	while ((entry = readdir(stream)) != NULL) {
		char path[512];
		struct stat st;
		if (entry->d_name[0] == '.') {
			continue;
		}
		(void)snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name);
		ck_assert_int_eq(lstat(path, &st), 0);
		uint64_t meta[] = { st.st_mode, (uint64_t)st.st_size, st.st_ino,
			(uint64_t)st.st_mtim.tv_sec, (uint64_t)st.st_mtim.tv_nsec };
		uint64_t hash = XXH3_64bits(meta, sizeof(meta)) ^
			XXH3_64bits(entry->d_name, strlen(entry->d_name));
		if (S_ISREG(st.st_mode) && st.st_size > 0) {
			char *bytes = malloc((size_t)st.st_size);
			FILE *file = fopen(path, "r");
			ck_assert_ptr_nonnull(file);
			ck_assert_uint_eq(
				fread(bytes, 1, (size_t)st.st_size, file), (size_t)st.st_size);
			ck_assert_int_eq(fclose(file), 0);
			hash ^= XXH3_64bits_withSeed(bytes, (size_t)st.st_size, 1);
			free(bytes);
		}
		sum += hash;
	}
	(void)closedir(stream);
	return sum;
}

/* ---- the directory ---- */

START_TEST(files_are_ours_alone) {
	char base[128];
	char dir[160];
	struct stat st;
	temp_dir(base, sizeof(base));
	(void)snprintf(dir, sizeof(dir), "%s/new", base);
	(void)umask(0);
	struct store *store = store_open(dir, STORE_OWN, &store_defaults);
	ck_assert_int_eq(stat(dir, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0700);
	static const char *const names[] = { "data.mdb", "lock.mdb", "dtf.format", "dtf.lock",
		"dtf.wake" };
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		char path[256];
		(void)snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		ck_assert_int_eq(lstat(path, &st), 0);
		ck_assert_msg(
			(st.st_mode & 07777) == 0600, "%s: %o", names[i], (unsigned)st.st_mode);
	}
	store->ops->close(store);
	temp_dir_remove(base);
}
END_TEST

START_TEST(a_directory_for_everybody_is_refused) {
	char dir[128];
	temp_dir(dir, sizeof(dir));
	ck_assert_int_eq(chmod(dir, 0777), 0);
	assert_refused(dir, STORE_OWN, DTF_EINVAL, "everybody");
	temp_dir_remove(dir); /* which fails when anything was left in it twice */
}
END_TEST

START_TEST(a_directory_with_other_things_is_refused) {
	char dir[128];
	temp_dir(dir, sizeof(dir));
	write_file(dir, "thesis.txt", "precious", 8);
	uint64_t before = fingerprint(dir);
	assert_refused(dir, STORE_OWN, DTF_EFORMAT, "thesis.txt");
	ck_assert_uint_eq(fingerprint(dir), before);
	temp_dir_remove(dir);
}
END_TEST

START_TEST(nothing_to_share_is_said_and_not_made) {
	char base[128];
	char dir[160];
	temp_dir(base, sizeof(base));
	uint64_t before = fingerprint(base);
	assert_refused(base, STORE_SHARE, DTF_EFORMAT, "no store");
	(void)snprintf(dir, sizeof(dir), "%s/absent", base);
	assert_refused(dir, STORE_SHARE, DTF_EFORMAT, "no store");
	ck_assert_uint_eq(fingerprint(base), before);
	(void)snprintf(dir, sizeof(dir), "%s/absent/deeper", base);
	assert_refused(dir, STORE_OWN, DTF_ESTORE, "absent/deeper");
	temp_dir_remove(base);
}
END_TEST

/* A crash while the store is made leaves this; the next open makes it anew. */
START_TEST(half_a_creation_is_no_store) {
	char dir[128];
	temp_dir(dir, sizeof(dir));
	char garbage[8192];
	memset(garbage, 'g', sizeof(garbage));
	write_file(dir, "data.new", garbage, sizeof(garbage));
	write_file(dir, "dtf.format", "dtf st", 6);
	write_file(dir, "dtf.lock", "", 0);
	assert_refused(dir, STORE_SHARE, DTF_EFORMAT, "no store");
	struct store *store = store_open(dir, STORE_OWN, &store_defaults);
	ck_assert_int_eq(commit_record(store, "one", 3), 0);
	store->ops->close(store);
	store = store_open(dir, STORE_OWN, &store_defaults);
	assert_text_record(store, 1, "one");
	store->ops->close(store);
	temp_dir_remove(dir);
}
END_TEST

/* A store that has lost its data is not quietly replaced by an empty one. */
START_TEST(lost_data_is_not_a_new_store) {
	struct world world;
	world_init(&world, WORLD_LMDB);
	ck_assert_int_eq(commit_record(world.store, "one", 3), 0);
	world.store->ops->close(world.store);
	remove_file(world.dir, "data.mdb");
	uint64_t before = fingerprint(world.dir);
	assert_refused(world.dir, STORE_OWN, DTF_ECORRUPT, "data.mdb is gone");
	assert_refused(world.dir, STORE_SHARE, DTF_ECORRUPT, "data.mdb is gone");
	ck_assert_uint_eq(fingerprint(world.dir), before);
	temp_dir_remove(world.dir);
}
END_TEST

/* ---- formats ---- */

static void assert_untouched(const char *dir, int code, const char *text) {
	uint64_t before = fingerprint(dir);
	assert_refused(dir, STORE_OWN, code, text);
	assert_refused(dir, STORE_SHARE, code, text);
	ck_assert_msg(fingerprint(dir) == before, "files were touched (%s)", text);
}

static void patch_data(const char *dir, off_t offset, const void *bytes, size_t size) {
	char path[256];
	(void)snprintf(path, sizeof(path), "%s/data.mdb", dir);
	int fd = open(path, O_WRONLY);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(pwrite(fd, bytes, size, offset), (ssize_t)size);
	ck_assert_int_eq(close(fd), 0);
}

/* T23: a newer format is refused before anything is written. */
START_TEST(newer_and_foreign_files_are_refused_untouched) {
	struct world world;
	world_init(&world, WORLD_LMDB);
	const char *dir = world.dir;
	ck_assert_int_eq(commit_record(world.store, "one", 3), 0);
	world.store->ops->close(world.store);

	write_file(dir, "dtf.format", "dtf store 4.0\n", 14);
	assert_untouched(dir, DTF_EFORMAT, "a newer dtf: format 4");
	write_file(dir, "dtf.format", "dtf store 1.0\n", 14);
	assert_untouched(dir, DTF_EFORMAT, "an older dtf: format 1");
	write_file(dir, "dtf.format", "dtf store 18446744073709551616.0\n", 33);
	assert_untouched(dir, DTF_EFORMAT, "newer dtf");
	write_file(dir, "dtf.format", "dtf store x\n", 12);
	assert_untouched(dir, DTF_EFORMAT, "dtf.format is damaged");
	write_file(dir, "dtf.format", "", 0);
	assert_untouched(dir, DTF_EFORMAT, "dtf.format is damaged");
	remove_file(dir, "dtf.format");
	assert_untouched(dir, DTF_EFORMAT, "no dtf.format");
	write_file(dir, "dtf.format", "dtf store 3.7\n", 14); /* a newer minor is fine */
	struct store *store = store_open(dir, STORE_OWN, &store_defaults);
	assert_text_record(store, 1, "one");
	store->ops->close(store);

	patch_data(dir, 20, "\2\0\0\0", 4); /* LMDB 1.0 */
	assert_untouched(dir, DTF_EFORMAT, "data version 2");
	patch_data(dir, 16, "SQLite f", 8);
	assert_untouched(dir, DTF_EFORMAT, "not written by LMDB");
	write_file(dir, "data.mdb", "short", 5);
	assert_untouched(dir, DTF_ECORRUPT, "cut off");
	write_file(dir, "data.mdb", "", 0);
	assert_untouched(dir, DTF_ECORRUPT, "cut off");
	temp_dir_remove(dir);
}
END_TEST

/* ---- what is in the database, changed behind the store's back ---- */

struct change {
	enum lmdb_table table;
	struct lmdb_key key;
	uint32_t chunk;
	size_t at; /* flip this byte of the chunk, or one of: */
};

#define DELETE   SIZE_MAX
#define SHORTEN  (SIZE_MAX - 1)
#define LENGTHEN (SIZE_MAX - 2)

static MDB_val raw_key(const struct change *change, unsigned char *bytes) {
	memcpy(bytes, change->key.bytes, change->key.size);
	for (unsigned i = 0; i < 4; i++) {
		bytes[change->key.size + i] = (unsigned char)(change->chunk >> (24 - 8 * i));
	}
	return (MDB_val){ change->key.size + 4, bytes };
}

static int change_in(struct lmdb_env *env, MDB_txn *txn, void *arg) {
	const struct change *change = arg;
	unsigned char bytes[STORE_ID_MAX + 8];
	char copy[5000];
	MDB_val old;
	MDB_val key = raw_key(change, bytes);
	MDB_dbi dbi = env->tables[change->table];
	ck_assert_int_eq(mdb_get(txn, dbi, &key, &old), 0);
	ck_assert_uint_le(old.mv_size, sizeof(copy));
	memcpy(copy, old.mv_data, old.mv_size);
	MDB_val data = { old.mv_size, copy };
	if (change->at == DELETE) {
		return mdb_del(txn, dbi, &key, NULL);
	} else if (change->at == SHORTEN) {
		data.mv_size--;
	} else if (change->at == LENGTHEN) {
		copy[data.mv_size++] = 'x';
	} else {
		ck_assert_uint_lt(change->at, old.mv_size);
		copy[change->at] = (char)(copy[change->at] ^ 4);
	}
	return mdb_put(txn, dbi, &key, &data, 0);
}

static void meddle(const char *dir, int (*f)(struct lmdb_env *, MDB_txn *, void *), void *arg) {
	struct lmdb_env *env;
	ck_assert_int_eq(dtf__lmdb_env_open(dir, &store_defaults, &env), 0);
	ck_assert_int_eq(dtf__lmdb_update(env, f, arg), 0);
	dtf__lmdb_env_release(env);
}

static bool ignore(void *arg, uint64_t number, struct slice value) {
	return true;
}

static struct lmdb_key paid_key(void) {
	struct buf mark = { 0 };
	dtf__lmdb_mark_bytes(&mark, "paid", "p");
	struct lmdb_key key = dtf__lmdb_mark_key(1, &mark);
	dtf__buf_finish(&mark);
	return key;
}

/*
 * T12.  In the tables that are checked here, every byte of a value counts; in
 * the log and the rows, which carry checksums of their own, the sizes and the
 * presence of all chunks.
 */
START_TEST(damage_is_noticed) {
	struct lmdb_key one = dtf__lmdb_number_key(1);
	struct lmdb_key two = dtf__lmdb_number_key(2);
	const struct change changes[] = {
		{ TABLE_LOG, one, 0, 0 }, /* size */
		{ TABLE_LOG, one, 0, 3 }, /* size, far too large */
		{ TABLE_LOG, one, 0, SHORTEN },
		{ TABLE_LOG, one, 0, LENGTHEN },
		{ TABLE_LOG, two, 0, 0 },
		{ TABLE_LOG, two, 0, SHORTEN },
		{ TABLE_LOG, two, 1, SHORTEN },
		{ TABLE_LOG, two, 2, SHORTEN },
		{ TABLE_LOG, two, 2, LENGTHEN },
		{ TABLE_LOG, two, 1, DELETE },
		{ TABLE_LOG, two, 2, DELETE },
		{ TABLE_INST, one, 0, 1 },
		{ TABLE_INST, one, 0, DELETE },
		{ TABLE_INST, one, 2, DELETE },
		{ TABLE_NAME, dtf__lmdb_text_key("order"), 0, 4 },  /* checksum */
		{ TABLE_NAME, dtf__lmdb_text_key("order"), 0, 12 }, /* value */
		{ TABLE_MARK, paid_key(), 0, 12 },
		{ TABLE_MARK, paid_key(), 0, 20 },
		{ TABLE_MANIFEST, dtf__lmdb_text_key("cafe"), 0, 100 },
		{ TABLE_MANIFEST, dtf__lmdb_text_key("cafe"), 1, 4063 },
		{ TABLE_MANIFEST, dtf__lmdb_text_key("cafe"), 2, 0 },
		{ TABLE_ANSWER, dtf__lmdb_text_key("req"), 0, 12 }, /* time */
		{ TABLE_ANSWER, dtf__lmdb_text_key("req"), 0, 21 },
		{ TABLE_INBOX, one, 0, 30 },
		{ TABLE_INBOX, one, 1, 10 },
		{ TABLE_INBOX, one, 0, DELETE },
	};
	ck_assert_uint_eq(sizeof(changes) / sizeof(*changes), 26); /* as main says */
	struct change change = changes[_i];
	struct world world;
	world_init(&world, WORLD_CHECKPOINTED);
	store_fill(world.store);
	store_settle(world.store);
	ck_assert_int_eq(store_read_all(world.store), 0);
	world.store->ops->close(world.store);
	meddle(world.dir, change_in, &change);
	world.store = store_open(world.dir, STORE_OWN, &store_defaults);
	int rc = store_read_all(world.store);
	/* A row that is gone is an unknown instance to who asks for it alone. */
	bool gone = change.table == TABLE_INST && change.chunk == 0 && change.at == DELETE;
	ck_assert_int_eq(rc, gone ? STORE_NOT_FOUND : DTF_ECORRUPT);
	if (gone) {
		rc = world.store->ops->rows(world.store, 0, ignore, NULL);
		ck_assert_int_eq(rc, DTF_ECORRUPT);
	}
	/* The store goes on with what is whole; a damaged inbox is not dropped blindly. */
	ck_assert_int_eq(commit_record(world.store, "more", 4), 0);
	assert_text_record(world.store, 3, "more");
	world_finish(&world);
}
END_TEST

static uint64_t data_fingerprint(const char *dir) {
	char path[256];
	static char bytes[1 << 20];
	(void)snprintf(path, sizeof(path), "%s/data.mdb", dir);
	FILE *file = fopen(path, "r");
	ck_assert_ptr_nonnull(file);
	size_t size = fread(bytes, 1, sizeof(bytes), file);
	ck_assert_uint_lt(size, sizeof(bytes));
	ck_assert_int_eq(fclose(file), 0);
	return XXH3_64bits(bytes, size);
}

/* What a commit put beside the log, before a checkpoint: none of it is guessed, and
 * nothing is changed.  Whom it concerned is in the log. */
START_TEST(damage_in_the_journal_is_noticed) {
	static const struct {
		uint64_t entry;
		uint32_t chunk;
		size_t at;
		const char *records;
	} places[] = { { 2, 0, 4, "from 2 to 4" }, { 2, 0, 20, "from 2 to 4" },
		{ 2, 1, 10, "from 2 to 4" }, { 2, 1, SHORTEN, "from 2 to 4" },
		{ 2, 2, DELETE, "from 2 to 4" }, { 2, 0, DELETE, "from 2 to 4" },
		{ 1, 0, 4, "from 1 to 3" }, { 3, 0, 4, "from 4 to 4" } };
	struct change change = { TABLE_JOURNAL, dtf__lmdb_number_key(places[_i].entry),
		places[_i].chunk, places[_i].at };
	struct world world;
	struct arena arena = { 0 };
	struct slice value;
	char text[64];
	world_init(&world, WORLD_LMDB);
	ck_assert_int_eq(commit_record(world.store, "before", 6), 0);
	store_fill(world.store);
	ck_assert_int_eq(commit_record(world.store, "behind", 6), 0);
	world.store->ops->close(world.store);
	meddle(world.dir, change_in, &change);
	uint64_t before = data_fingerprint(world.dir);
	(void)snprintf(text, sizeof(text), "journal entry %d is damaged", (int)places[_i].entry);
	assert_refused(world.dir, STORE_OWN, DTF_ECORRUPT, text);
	assert_refused(world.dir, STORE_OWN, DTF_ECORRUPT, places[_i].records);
	struct store *share = store_open(world.dir, STORE_SHARE, &store_defaults);
	ck_assert_int_eq(share->ops->row(share, &arena, 1, &value), DTF_ECORRUPT);
	ck_assert_ptr_nonnull(strstr(dtf_errmsg(), text));
	assert_text_record(share, 1, "before"); /* the log needs no journal */
	share->ops->close(share);
	ck_assert_uint_eq(data_fingerprint(world.dir), before);
	dtf__arena_finish(&arena);
	temp_dir_remove(world.dir);
}
END_TEST

static int lose_in(struct lmdb_env *env, MDB_txn *txn, void *arg) {
	const uint64_t *number = arg;
	struct lmdb_key key = dtf__lmdb_number_key(*number);
	return dtf__lmdb_del(env, txn, TABLE_JOURNAL, &key);
}

START_TEST(a_missing_journal_entry_is_noticed) {
	struct world world;
	uint64_t number = 2;
	world_init(&world, WORLD_LMDB);
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(commit_row(world.store, 1, "row"), 0);
	}
	world.store->ops->close(world.store);
	meddle(world.dir, lose_in, &number);
	assert_refused(world.dir, STORE_OWN, DTF_ECORRUPT, "journal entry 2 is damaged");
	temp_dir_remove(world.dir);
}
END_TEST

/* A checkpoint has written all that it put, and only taking it away is left. */
START_TEST(damage_in_what_a_checkpoint_covers_is_no_obstacle) {
	static const size_t places[] = { 4, SHORTEN, DELETE };
	static const struct store_options every_40 = { .checkpoint = 40 };
	struct change change = { TABLE_JOURNAL, dtf__lmdb_number_key(1), 0, places[_i] };
	struct world world;
	char text[16];
	world_init(&world, WORLD_LMDB);
	world.store->ops->close(world.store);
	world.store = store_open(world.dir, STORE_OWN, &every_40);
	for (uint64_t i = 1; i <= 41; i++) { /* the last has the checkpoint's end with it */
		(void)snprintf(text, sizeof(text), "row %d", (int)i);
		ck_assert_int_eq(commit_row(world.store, i, text), 0);
	}
	world.store->ops->close(world.store);
	meddle(world.dir, change_in, &change);
	change.key = dtf__lmdb_number_key(30);
	meddle(world.dir, change_in, &change);
	struct store *share = store_open(world.dir, STORE_SHARE, &store_defaults);
	world.store = store_open(world.dir, STORE_OWN, &every_40);
	for (int again = 0; again < 3; again++) {
		for (uint64_t i = 1; i <= 41; i++) {
			struct slice a, b;
			ck_assert_int_eq(share->ops->row(share, &world.arena, i, &a), 0);
			ck_assert_int_eq(
				world.store->ops->row(world.store, &world.arena, i, &b), 0);
			int size = snprintf(text, sizeof(text), "row %d", (int)i);
			ck_assert_uint_eq(a.size, (size_t)size);
			ck_assert_uint_eq(b.size, (size_t)size);
			ck_assert_int_eq(memcmp(a.data, text, a.size), 0);
			ck_assert_int_eq(memcmp(b.data, text, b.size), 0);
		}
		store_settle(world.store);
	}
	share->ops->close(share);
	/* They are gone. */
	struct lmdb_env *env = ((struct lmdb_store *)world.store)->env;
	MDB_txn *txn;
	uint64_t first;
	ck_assert_int_eq(dtf__lmdb_begin(env, &txn), 0);
	ck_assert_int_eq(dtf__lmdb_first(env, txn, TABLE_JOURNAL, &first), 0);
	dtf__lmdb_end(env, txn);
	ck_assert_uint_eq(first, 41);
	world_finish(&world);
}
END_TEST

static int swap_in(struct lmdb_env *env, MDB_txn *txn, void *arg) {
	const struct change from = { TABLE_NAME, dtf__lmdb_text_key("order"), 0, 0 };
	const struct change to = { TABLE_NAME, dtf__lmdb_text_key("other"), 0, 0 };
	unsigned char bytes[STORE_ID_MAX + 8];
	char copy[64];
	MDB_val data;
	MDB_val key = raw_key(&from, bytes);
	ck_assert_int_eq(mdb_get(txn, env->tables[TABLE_NAME], &key, &data), 0);
	memcpy(copy, data.mv_data, data.mv_size);
	data.mv_data = copy;
	key = raw_key(&to, bytes);
	return mdb_put(txn, env->tables[TABLE_NAME], &key, &data, 0);
}

START_TEST(a_value_under_another_key_is_noticed) {
	struct world world;
	uint64_t instance;
	world_init(&world, WORLD_CHECKPOINTED);
	store_fill(world.store);
	store_settle(world.store);
	world.store->ops->close(world.store);
	meddle(world.dir, swap_in, NULL);
	world.store = store_open(world.dir, STORE_OWN, &store_defaults);
	ck_assert_int_eq(world.store->ops->find(world.store, "order", &instance), 0);
	ck_assert_int_eq(world.store->ops->find(world.store, "other", &instance), DTF_ECORRUPT);
	world_finish(&world);
}
END_TEST

static int format_in(struct lmdb_env *env, MDB_txn *txn, void *arg) {
	struct lmdb_key key = dtf__lmdb_text_key("format");
	return dtf__lmdb_put(
		env, txn, TABLE_META, &key, (struct slice){ "\4\0\0\0\0\0\0\0", 8 }, 0);
}

static int log_in(struct lmdb_env *env, MDB_txn *txn, void *arg) {
	struct lmdb_key key = dtf__lmdb_number_key(77);
	return dtf__lmdb_put(env, txn, TABLE_LOG, &key, (struct slice){ "x", 1 }, 0);
}

START_TEST(the_database_is_believed_neither) {
	struct world world;
	world_init(&world, WORLD_LMDB);
	world.store->ops->close(world.store);
	meddle(world.dir, log_in, NULL);
	assert_refused(world.dir, STORE_OWN, DTF_ECORRUPT, "beyond its end");
	meddle(world.dir, format_in, NULL); /* data.mdb of a newer dtf was copied here */
	assert_refused(world.dir, STORE_OWN, DTF_EFORMAT, "another dtf");
	assert_refused(world.dir, STORE_SHARE, DTF_EFORMAT, "another dtf");
	temp_dir_remove(world.dir);
}
END_TEST

/* Another mark whose hash happens to be that of (1, paid, p). */
static int collide_in(struct lmdb_env *env, MDB_txn *txn, void *arg) {
	struct lmdb_key key = paid_key();
	return dtf__lmdb_put(
		env, txn, TABLE_MARK, &key, (struct slice){ "\6\0\0\0left\0x", 10 }, 0);
}

START_TEST(marks_with_equal_hashes_are_told_apart) {
	struct world world;
	struct arena arena = { 0 };
	world_init(&world, WORLD_CHECKPOINTED);
	world.store->ops->close(world.store);
	meddle(world.dir, collide_in, NULL);
	world.store = store_open(world.dir, STORE_OWN, &(struct store_options){ .checkpoint = 1 });
	ck_assert_int_eq(world.store->ops->mark(world.store, 1, "paid", "p"), STORE_NOT_FOUND);
	ck_assert_int_eq(commit_mark(world.store, 1, "paid", "p"), 0);
	ck_assert_int_eq(commit_mark(world.store, 1, "paid", "p"), 0);
	ck_assert_int_eq(world.store->ops->mark(world.store, 1, "paid", "p"), 0);
	store_settle(world.store);
	MDB_txn *txn;
	struct lmdb_env *env = ((struct lmdb_store *)world.store)->env;
	struct lmdb_key key = paid_key();
	struct slice marks;
	ck_assert_int_eq(dtf__lmdb_begin(env, &txn), 0);
	ck_assert_int_eq(dtf__lmdb_get(env, txn, TABLE_MARK, &key, &arena, &marks), 0);
	dtf__lmdb_end(env, txn);
	ck_assert_uint_eq(marks.size, 10 + 4 + 6);
	ck_assert_int_eq(memcmp(marks.data, "\6\0\0\0left\0x\6\0\0\0paid\0p", 20), 0);
	dtf__arena_finish(&arena);
	world_finish(&world);
}
END_TEST

int main(void) {
	Suite *suite = suite_create("files of a store");
	TCase *tc = tcase_create("files");
	tcase_add_test(tc, files_are_ours_alone);
	tcase_add_test(tc, a_directory_for_everybody_is_refused);
	tcase_add_test(tc, a_directory_with_other_things_is_refused);
	tcase_add_test(tc, nothing_to_share_is_said_and_not_made);
	tcase_add_test(tc, half_a_creation_is_no_store);
	tcase_add_test(tc, lost_data_is_not_a_new_store);
	tcase_add_test(tc, newer_and_foreign_files_are_refused_untouched);
	suite_add_tcase(suite, tc);

	tc = tcase_create("damage");
	tcase_add_loop_test(tc, damage_is_noticed, 0, 26);
	tcase_add_loop_test(tc, damage_in_the_journal_is_noticed, 0, 8);
	tcase_add_test(tc, a_missing_journal_entry_is_noticed);
	tcase_add_loop_test(tc, damage_in_what_a_checkpoint_covers_is_no_obstacle, 0, 3);
	tcase_add_test(tc, a_value_under_another_key_is_noticed);
	tcase_add_test(tc, the_database_is_believed_neither);
	tcase_add_test(tc, marks_with_equal_hashes_are_told_apart);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
