/*
 * kill -9 (T6): what was acknowledged is there, and at most the one batch more
 * whose acknowledgement was on its way.
 *
 * The child commits batches whose sizes and bytes follow from the position, and
 * writes the next position into a pipe after each.  The parent kills it after a
 * number of these that differs from cycle to cycle; the child is somewhere in
 * its next commit then, or the one after.
 */
#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../../runtime/error.h"
#include "../support/helper.h"
#include "../support/store_world.h"
#include "../support/suite.h"

#define CYCLES    40
#define CREATIONS 25

static size_t batch_size(uint64_t position) {
	return 1 + position % 5;
}

static size_t record_size(uint64_t position) {
	return position % 7 == 0 ? 9000 + position % 1000 : 10 + position % 300;
}

/* ---- the child ---- */

static int commit_next(struct store *store) {
	struct arena arena = { 0 };
	struct slice records[5];
	char text[32];
	uint64_t position = store->ops->next(store);
	size_t count = batch_size(position);
	for (size_t i = 0; i < count; i++) {
		records[i] = pattern(&arena, record_size(position + i), (unsigned)(position + i));
	}
	/* In the same commit, so it must always agree with the log. */
	int size = snprintf(text, sizeof(text), "%llu", (unsigned long long)(position + count));
	struct store_put_row row = { .instance = 1, .value = { text, (size_t)size } };
	uint64_t sequence;
	int rc = store->ops->inbox_append(store, row.value, &sequence);
	if (rc == 0) {
		rc = store->ops->commit(store,
			&(struct store_batch){
				.records = records,
				.nrecords = count,
				.rows = &row,
				.nrows = 1,
				.inbox_through = sequence > 3 ? sequence - 3 : 0,
			});
	}
	dtf__arena_finish(&arena);
	return rc;
}

static int child(int argc, char **argv) {
	struct store *store;
	const struct store_options options = { 0 };
	int rc = dtf__store_lmdb_open(argv[2], STORE_OWN, &options, &store);
	while (rc == 0) {
		uint64_t next = store->ops->next(store);
		if (write(STDOUT_FILENO, &next, sizeof(next)) != sizeof(next)) {
			break;
		}
		rc = commit_next(store);
	}
	fprintf(stderr, "child: %d %s\n", rc, dtf_errmsg());
	return 1;
}

/* ---- the parent ---- */

static void assert_log(struct store *store, uint64_t from, uint64_t to) {
	for (uint64_t i = from; i < to; i++) {
		struct arena arena = { 0 };
		struct slice is;
		struct slice want = pattern(&arena, record_size(i), (unsigned)i);
		int rc = store->ops->record(store, &arena, i, &is);
		ck_assert_msg(rc == 0, "record %llu: %d", (unsigned long long)i, rc);
		ck_assert_uint_eq(is.size, want.size);
		ck_assert_int_eq(memcmp(is.data, want.data, want.size), 0);
		dtf__arena_finish(&arena);
	}
}

static void assert_row(struct store *store) {
	struct arena arena = { 0 };
	struct slice row;
	char want[32];
	uint64_t next = store->ops->next(store);
	int size = snprintf(want, sizeof(want), "%llu", (unsigned long long)next);
	int rc = store->ops->row(store, &arena, 1, &row);
	ck_assert_int_eq(rc, next == 1 ? STORE_NOT_FOUND : 0);
	if (rc == 0) {
		ck_assert_uint_eq(row.size, (size_t)size);
		ck_assert_int_eq(memcmp(row.data, want, row.size), 0);
	}
	dtf__arena_finish(&arena);
}

static bool in_order(void *arg, uint64_t sequence, struct slice command) {
	uint64_t *last = arg;
	ck_assert(*last == 0 || sequence == *last + 1);
	*last = sequence;
	return true;
}

/* Runs a child until it has acknowledged `count` times, kills it; what it said last. */
static uint64_t run_and_kill(const char *dir, unsigned count) {
	struct helper helper;
	uint64_t acknowledged = 0;
	uint64_t next;
	helper_spawn(&helper, (const char *const[]){ "child", dir, NULL });
	for (unsigned i = 0; i < count; i++) {
		ck_assert_int_eq(read(helper.from, &acknowledged, sizeof(next)), sizeof(next));
	}
	ck_assert_int_eq(kill(helper.pid, SIGKILL), 0);
	while (read(helper.from, &next, sizeof(next)) == (ssize_t)sizeof(next)) {
		acknowledged = next;
	}
	helper_kill(&helper);
	return acknowledged;
}

START_TEST(acknowledged_is_durable) {
	struct world world;
	const struct store_options options = { 0 };
	world_init(&world, WORLD_LMDB);
	uint64_t checked = 1;
	uint64_t inbox_last = 0;
	for (unsigned cycle = 0; cycle < CYCLES; cycle++) {
		world.store->ops->close(world.store);
		uint64_t acknowledged = run_and_kill(world.dir, 1 + cycle * 7 % 23);
		ck_assert_int_eq(
			dtf__store_lmdb_open(world.dir, STORE_OWN, &options, &world.store), 0);
		uint64_t next = world.store->ops->next(world.store);
		ck_assert_msg(
			next == acknowledged || next == acknowledged + batch_size(acknowledged),
			"acknowledged up to %llu, there is %llu", (unsigned long long)acknowledged,
			(unsigned long long)next);
		assert_log(world.store, checked, next);
		assert_row(world.store);
		checked = next;
		uint64_t last = 0;
		ck_assert_int_eq(world.store->ops->inbox(world.store, 0, in_order, &last), 0);
		ck_assert_uint_ge(last, inbox_last);
		inbox_last = last;
	}
	ck_assert_uint_gt(checked, CYCLES);
	assert_log(world.store, 1, checked);
	world_finish(&world);
}
END_TEST

/* Killed while the store is made: it is there, or it is made by the next. */
START_TEST(creation_is_atomic) {
	char base[128];
	char dir[160];
	temp_dir(base, sizeof(base));
	for (unsigned i = 0; i < CREATIONS; i++) {
		struct helper helper;
		(void)snprintf(dir, sizeof(dir), "%s/%u", base, i);
		helper_spawn(&helper, (const char *const[]){ "child", dir, NULL });
		/* from before the directory is there to well after the first commit */
		while (i % 2 == 1 && access(dir, F_OK) != 0) {
		}
		struct timespec pause = { .tv_nsec = (long)i * 200 * 1000 };
		(void)nanosleep(&pause, NULL);
		helper_kill(&helper);
		struct store *store;
		const struct store_options options = { 0 };
		int rc = dtf__store_lmdb_open(dir, STORE_OWN, &options, &store);
		ck_assert_msg(rc == 0, "%u: %d %s", i, rc, dtf_errmsg());
		assert_log(store, 1, store->ops->next(store));
		ck_assert_int_eq(commit_next(store), 0);
		store->ops->close(store);
	}
	temp_dir_remove(base);
}
END_TEST

int main(int argc, char **argv) {
	helper_main(argc, argv, child);
	Suite *suite = suite_create("store and SIGKILL");
	TCase *tc = tcase_create("kill");
	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, acknowledged_is_durable);
	tcase_add_test(tc, creation_is_atomic);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
