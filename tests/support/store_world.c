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

void write_file(const char *dir, const char *name, const void *bytes, size_t size) {
	char path[256];
	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	FILE *file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(bytes, 1, size, file), size);
	ck_assert_int_eq(fclose(file), 0);
}

void remove_file(const char *dir, const char *name) {
	char path[256];
	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	ck_assert_int_eq(unlink(path), 0);
}

const struct store_options store_defaults = { 0 };
static const struct store_options at_once = { .checkpoint = 1 };

static const struct store_options *options_of(const struct world *world) {
	return world->kind == WORLD_CHECKPOINTED ? &at_once : &store_defaults;
}

struct store *store_open(
	const char *dir, enum store_mode mode, const struct store_options *options) {
	struct store *store;
	int rc = dtf__store_lmdb_open(dir, mode, options, &store);
	ck_assert_msg(rc == 0, "open: %d %s", rc, dtf_errmsg());
	return store;
}

void assert_refused(const char *dir, enum store_mode mode, int code, const char *text) {
	struct store *store = NULL;
	int rc = dtf__store_lmdb_open(dir, mode, &store_defaults, &store);
	ck_assert_msg(rc == code, "open: %d, not %d (%s)", rc, code, dtf_errmsg());
	ck_assert_ptr_null(store);
	ck_assert_msg(strstr(dtf_errmsg(), text) != NULL, "\"%s\" says nothing of \"%s\"",
		dtf_errmsg(), text);
}

void world_init(struct world *world, enum world_kind kind) {
	*world = (struct world){ .kind = kind };
	if (kind == WORLD_MEMORY) {
		ck_assert_int_eq(dtf__store_memory_open(&world->store), 0);
	} else {
		temp_dir(world->dir, sizeof(world->dir));
		world->store = store_open(world->dir, STORE_OWN, options_of(world));
	}
}

void world_finish(struct world *world) {
	world->store->ops->close(world->store);
	dtf__arena_finish(&world->arena);
	if (world->kind != WORLD_MEMORY) {
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
		next = store_open(world->dir, STORE_OWN, options_of(world));
	}
	world->store = next;
}

struct store *world_share(struct world *world) {
	struct store *share;
	if (world->kind == WORLD_MEMORY) {
		ck_assert_int_eq(dtf__store_memory_again(world->store, STORE_SHARE, &share), 0);
	} else {
		share = store_open(world->dir, STORE_SHARE, &store_defaults);
	}
	return share;
}

void store_settle(struct store *store) {
	for (int i = 0; i < 40; i++) {
		ck_assert_int_eq(store->ops->commit(store, &(struct store_batch){ 0 }), 0);
	}
}

int commit_record(struct store *store, const void *bytes, size_t size) {
	struct slice record = { bytes, size };
	return store->ops->commit(
		store, &(struct store_batch){ .records = &record, .nrecords = 1 });
}

int commit_row(struct store *store, uint64_t instance, const char *value) {
	struct store_put_row row = { .instance = instance, .value = { value, strlen(value) } };
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

void assert_text_record(struct store *store, uint64_t position, const char *want) {
	struct arena arena = { 0 };
	struct slice record;
	int rc = store->ops->record(store, &arena, position, &record);
	ck_assert_msg(rc == 0, "record: %d %s", rc, dtf_errmsg());
	ck_assert_uint_eq(record.size, strlen(want));
	ck_assert_int_eq(memcmp(record.data, want, record.size), 0);
	dtf__arena_finish(&arena);
}

void store_fill(struct store *store) {
	struct arena arena = { 0 };
	const struct slice records[] = { { "small", 5 }, pattern(&arena, 10000, 1) };
	const struct store_put_row rows[] = { { .instance = 1,
		.value = pattern(&arena, 9000, 2) } };
	const struct store_put_name names[] = { { "order", 1 } };
	const struct store_put_mark marks[] = { { 1, "paid", "p" } };
	const struct store_put_manifest manifests[] = { { "cafe", pattern(&arena, 9000, 3) } };
	const struct store_put_answer answers[] = { { "req", { "yes", 3 }, 5 } };
	struct store_batch batch = {
		.records = records,
		.nrecords = 2,
		.rows = rows,
		.nrows = 1,
		.names = names,
		.nnames = 1,
		.marks = marks,
		.nmarks = 1,
		.manifests = manifests,
		.nmanifests = 1,
		.answers = answers,
		.nanswers = 1,
	};
	uint64_t sequence;
	ck_assert_int_eq(store->ops->commit(store, &batch), 0);
	ck_assert_int_eq(store->ops->inbox_append(store, pattern(&arena, 5000, 4), &sequence), 0);
	dtf__arena_finish(&arena);
}

static bool ignore(void *arg, uint64_t number, struct slice value) {
	return true;
}

/* What reading everything says: the first error. */
int store_read_all(struct store *store) {
	struct arena arena = { 0 };
	struct slice value;
	uint64_t instance;
	const struct store_ops *ops = store->ops;
	int rc = ops->record(store, &arena, 1, &value);
	rc = rc != 0 ? rc : ops->record(store, &arena, 2, &value);
	rc = rc != 0 ? rc : ops->row(store, &arena, 1, &value);
	rc = rc != 0 ? rc : ops->rows(store, 0, ignore, NULL);
	rc = rc != 0 ? rc : ops->find(store, "order", &instance);
	rc = rc != 0 ? rc : ops->mark(store, 1, "paid", "p");
	rc = rc != 0 ? rc : ops->manifest(store, &arena, "cafe", &value);
	rc = rc != 0 ? rc : ops->answer(store, &arena, "req", &value);
	rc = rc != 0 ? rc : ops->inbox(store, 0, ignore, NULL);
	dtf__arena_finish(&arena);
	return rc;
}

struct slice pattern(struct arena *arena, size_t size, unsigned seed) {
	char *bytes = dtf__arena_alloc(arena, size + 1);
	if (bytes == NULL) {
		abort(); /* also used in processes that are no tests */
	}
	uint32_t state = seed * 2654435761U + 1;
	for (size_t i = 0; i < size; i++) {
		state = state * 1664525U + 1013904223U;
		bytes[i] = (char)(state >> 24);
	}
	return (struct slice){ bytes, size };
}
