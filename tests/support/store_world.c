#include "store_world.h"

#include <check.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../runtime/error.h"

void temp_dir(char *ret, size_t size) {
	const char *base = getenv("TMPDIR");
	int length = snprintf(ret, size, "%s/dtf-test-XXXXXX", base == NULL ? "/tmp" : base);
	ck_assert_int_lt(length, (int)size);
	ck_assert_ptr_nonnull(mkdtemp(ret));
}

void temp_dir_remove(const char *dir) {
	DIR *stream = opendir(dir);
	ck_assert_ptr_nonnull(stream);
	const struct dirent *entry;
	while ((entry = readdir(stream)) != NULL) {
		char path[512];
		struct stat st;
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) {
			continue;
		}
		(void)snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name);
		ck_assert_int_eq(lstat(path, &st), 0);
		if (S_ISDIR(st.st_mode)) {
			temp_dir_remove(path);
		} else {
			ck_assert_int_eq(unlink(path), 0);
		}
	}
	(void)closedir(stream);
	ck_assert_int_eq(rmdir(dir), 0);
}

static void open_lmdb(const char *dir, enum store_mode mode, struct store **ret) {
	const struct store_options options = { 0 };
	int rc = dtf__store_lmdb_open(dir, mode, &options, ret);
	ck_assert_msg(rc == 0, "open: %s", dtf_errmsg());
}

void world_init(struct world *world, enum world_kind kind) {
	*world = (struct world){ .kind = kind };
	if (kind == WORLD_MEMORY) {
		ck_assert_int_eq(dtf__store_memory_open(&world->store), 0);
	} else {
		temp_dir(world->dir, sizeof(world->dir));
		open_lmdb(world->dir, STORE_OWN, &world->store);
	}
}

void world_finish(struct world *world) {
	world->store->ops->close(world->store);
	dtf__arena_finish(&world->arena);
	if (world->kind == WORLD_LMDB) {
		temp_dir_remove(world->dir);
	}
}

void world_reopen(struct world *world) {
	struct store *next;
	if (world->kind == WORLD_MEMORY) {
		ck_assert_int_eq(dtf__store_memory_again(world->store, STORE_OWN, &next), 0);
		world->store->ops->close(world->store);
	} else {
		world->store->ops->close(world->store);
		open_lmdb(world->dir, STORE_OWN, &next);
	}
	world->store = next;
}

struct store *world_share(struct world *world) {
	struct store *share;
	if (world->kind == WORLD_MEMORY) {
		ck_assert_int_eq(dtf__store_memory_again(world->store, STORE_SHARE, &share), 0);
	} else {
		open_lmdb(world->dir, STORE_SHARE, &share);
	}
	return share;
}

int commit_record(struct store *store, const void *bytes, size_t size) {
	struct slice record = { bytes, size };
	return store->ops->commit(
		store, &(struct store_batch){ .records = &record, .nrecords = 1 });
}

int commit_row(struct store *store, uint64_t instance, const char *value) {
	struct store_put_row row = { instance, { value, strlen(value) } };
	return store->ops->commit(store, &(struct store_batch){ .rows = &row, .nrows = 1 });
}

int commit_mark(struct store *store, uint64_t instance, const char *event, const char *event_id) {
	struct store_put_mark mark = { instance, event, event_id };
	return store->ops->commit(store, &(struct store_batch){ .marks = &mark, .nmarks = 1 });
}

int commit_answer(struct store *store, const char *request, const char *value, int64_t time_ms) {
	struct store_put_answer answer = { request, { value, strlen(value) }, time_ms };
	return store->ops->commit(
		store, &(struct store_batch){ .answers = &answer, .nanswers = 1 });
}

struct slice pattern(struct arena *arena, size_t size, unsigned seed) {
	char *bytes = dtf__arena_alloc(arena, size + 1);
	ck_assert_ptr_nonnull(bytes);
	uint32_t state = seed * 2654435761U + 1;
	for (size_t i = 0; i < size; i++) {
		state = state * 1664525U + 1013904223U;
		bytes[i] = (char)(state >> 24);
	}
	return (struct slice){ bytes, size };
}
