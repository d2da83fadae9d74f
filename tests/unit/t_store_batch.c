/*
 * What one batch does that names a key twice, or takes away and puts it; and that
 * what was taken away stays away.  Once for every kind of store; a loop test's
 * number is the kind.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "../support/store_world.h"
#include "../support/suite.h"

static void assert_row(struct world *world, uint64_t instance, const char *want) {
	struct slice value;
	int rc = world->store->ops->row(world->store, &world->arena, instance, &value);
	if (want == NULL) {
		ck_assert_int_eq(rc, STORE_NOT_FOUND);
		return;
	}
	ck_assert_int_eq(rc, 0);
	ck_assert_uint_eq(value.size, strlen(want));
	ck_assert_int_eq(memcmp(value.data, want, value.size), 0);
}

static void assert_name(struct world *world, const char *id, uint64_t want) {
	uint64_t instance = 0;
	int rc = world->store->ops->find(world->store, id, &instance);
	ck_assert_int_eq(rc, want == 0 ? STORE_NOT_FOUND : 0);
	ck_assert_uint_eq(instance, want);
}

static void assert_mark(struct world *world, uint64_t instance, const char *event_id, bool want) {
	int rc = world->store->ops->mark(world->store, instance, "paid", event_id);
	ck_assert_msg(rc == (want ? 0 : STORE_NOT_FOUND), "mark %s: %d", event_id, rc);
}

static const char large[] = "a row that has no room where the one before it was, by far";

/* Rows, names and marks that come twice, over rows that were there or not. */
START_TEST(the_last_put_of_a_key_counts) {
	static const char *const before[] = { NULL, "x", large };
	static const char *const first[] = { "one", large, "", "one" };
	static const char *const last[] = { large, "two", "three", "" };
	struct world world;
	world_init(&world, (enum world_kind)_i);
	for (uint64_t i = 1; i <= 12; i++) {
		const char *old = before[i % 3], *one = first[i % 4], *two = last[i % 4];
		char id[16];
		(void)snprintf(id, sizeof(id), "id-%d", (int)i);
		if (old != NULL) {
			ck_assert_int_eq(commit_row(world.store, i, old), 0);
		}
		const struct store_put_row rows[] = {
			{ .instance = i, .value = { one, strlen(one) } },
			{ .instance = 100, .value = { "between", 7 } },
			{ .instance = i, .value = { one, strlen(one) } },
			{ .instance = i, .value = { two, strlen(two) } },
		};
		const struct store_put_name names[] = { { id, 50 }, { "same", 1 }, { id, i } };
		const struct store_put_mark marks[] = { { i, "paid", "p" }, { i, "paid", "q" },
			{ i, "paid", "p" } };
		struct store_batch batch = { .rows = rows,
			.nrows = 4,
			.names = names,
			.nnames = 3,
			.marks = marks,
			.nmarks = 3 };
		ck_assert_int_eq(world.store->ops->commit(world.store, &batch), 0);
		for (int again = 0; again < 2; again++) {
			assert_row(&world, i, two);
			assert_name(&world, id, i);
			assert_mark(&world, i, "p", true);
			assert_mark(&world, i, "q", true);
			assert_mark(&world, i, "r", false);
			if (again == 0 && i % 4 == 0) {
				world_reopen(&world);
				store_settle(world.store);
			}
		}
	}
	world_finish(&world);
}
END_TEST

/* An id that is free again is another's in the same commit. */
START_TEST(purges_come_before_puts) {
	struct world world;
	for (int settled = 0; settled < 2; settled++) {
		world_init(&world, (enum world_kind)_i);
		const struct store_put_name name = { "order", 7 };
		struct store_batch batch = { .names = &name, .nnames = 1 };
		ck_assert_int_eq(world.store->ops->commit(world.store, &batch), 0);
		ck_assert_int_eq(commit_row(world.store, 7, "seven"), 0);
		ck_assert_int_eq(commit_mark(world.store, 7, "paid", "kept"), 0);
		ck_assert_int_eq(commit_mark(world.store, 7, "paid", "gone"), 0);
		if (settled == 1) {
			store_settle(world.store);
		}
		const struct store_purge purges[] = { { 7, "order" }, { 6, "none" },
			{ 7, "order" } };
		const struct store_put_name next = { "order", 8 };
		const struct store_put_row rows[] = { { .instance = 7, .value = { "again", 5 } },
			{ .instance = 8, .value = { "eight", 5 } } };
		const struct store_put_mark mark = { 7, "paid", "kept" };
		batch = (struct store_batch){ .purges = purges,
			.npurges = 3,
			.names = &next,
			.nnames = 1,
			.rows = rows,
			.nrows = 2,
			.marks = &mark,
			.nmarks = 1 };
		ck_assert_int_eq(world.store->ops->commit(world.store, &batch), 0);
		for (int i = 0; i < 3; i++) {
			assert_name(&world, "order", 8);
			assert_row(&world, 7, "again");
			assert_row(&world, 8, "eight");
			assert_mark(&world, 7, "kept", true);
			assert_mark(&world, 7, "gone", false);
			world_reopen(&world);
			store_settle(world.store);
		}
		world_finish(&world);
	}
}
END_TEST

static const struct store_options every_20 = { .checkpoint = 20 };

/* As world_init and world_reopen do, but that a checkpoint takes a while. */
static void reopen_slow(struct world *world) {
	if (world->kind == WORLD_CHECKPOINTED) {
		world->store->ops->close(world->store);
		world->store = store_open(world->dir, STORE_OWN, &every_20);
	} else {
		world_reopen(world);
	}
}

/* Whenever it is purged: before its marks are in their table, while they get there,
 * and while the journal still has them although they have got there. */
START_TEST(what_is_purged_stays_away) {
	for (int moment = 0; moment < 5; moment++) {
		struct world world;
		char id[16];
		world_init(&world, (enum world_kind)_i);
		reopen_slow(&world);
		for (int i = 0; i < 18; i++) {
			(void)snprintf(id, sizeof(id), "p-%d", i);
			ck_assert_int_eq(commit_mark(world.store, 7, "paid", id), 0);
		}
		ck_assert_int_eq(commit_mark(world.store, 8, "paid", "p-0"), 0);
		for (int i = 0; i < moment; i++) {
			ck_assert_int_eq(commit_row(world.store, 7, "seven"), 0);
		}
		const struct store_purge purge = { 7, "order" };
		struct store_batch batch = { .purges = &purge, .npurges = 1 };
		ck_assert_int_eq(world.store->ops->commit(world.store, &batch), 0);
		for (int again = 0; again < 3; again++) {
			for (int i = 0; i < 18; i++) {
				(void)snprintf(id, sizeof(id), "p-%d", i);
				assert_mark(&world, 7, id, false);
			}
			assert_mark(&world, 8, "p-0", true);
			assert_row(&world, 7, NULL);
			if (again == 1) {
				store_settle(world.store);
			}
			reopen_slow(&world);
		}
		world_finish(&world);
	}
}
END_TEST

int main(void) {
	Suite *suite = suite_create("store batches");
	TCase *tc = tcase_create("store batches");
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, the_last_put_of_a_key_counts, 0, NWORLDS);
	tcase_add_loop_test(tc, purges_come_before_puts, 0, NWORLDS);
	tcase_add_loop_test(tc, what_is_purged_stays_away, 0, NWORLDS);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
