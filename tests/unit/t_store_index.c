/*
 * What stores find rows by, and how they take them away; once for every kind of
 * store.  A loop test's number is the kind.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "../support/store_world.h"
#include "../support/suite.h"

struct found {
	uint64_t keys[64], instances[64];
	size_t count, most;
};

static bool find_place(void *arg, uint64_t key, uint64_t instance) {
	struct found *found = arg;
	found->keys[found->count] = key;
	found->instances[found->count] = instance;
	return ++found->count < found->most;
}

static void assert_index(struct store *store, enum store_index index, uint64_t key,
	uint64_t instance, size_t most, const char *want) {
	struct found found = { .most = most };
	char text[1024] = "";
	ck_assert_int_eq(store->ops->index(store, index, key, instance, find_place, &found), 0);
	for (size_t i = 0; i < found.count; i++) {
		size_t size = strlen(text);
		(void)snprintf(text + size, sizeof(text) - size, "%llu/%llu ",
			(unsigned long long)found.keys[i], (unsigned long long)found.instances[i]);
	}
	ck_assert_str_eq(text, want);
}

static void commit_keys(struct store *store, uint64_t instance, struct store_keys keys) {
	struct store_put_row row = { .instance = instance, .value = { "row", 3 }, .keys = keys };
	struct store_batch batch = { .rows = &row, .nrows = 1 };
	ck_assert_int_eq(store->ops->commit(store, &batch), 0);
}

/* ARCHITECTURE 7: rows are found by what they wait for, wherever they lie by now. */
START_TEST(rows_are_found_by_their_keys) {
	struct world world;
	world_init(&world, (enum world_kind)_i);
	struct store *store = world.store;
	commit_keys(store, 3, (struct store_keys){ .due_ms = 500, .kind = 9, .status = 1 });
	commit_keys(store, 1, (struct store_keys){ .due_ms = 700, .kind = 9, .busy = true });
	commit_keys(store, 2, (struct store_keys){ .due_ms = 500, .kind = 4, .status = 1 });
	commit_keys(store, 4, (struct store_keys){ .due_ms = 1ULL << 40, .kind = 9 });
	assert_index(store, STORE_DUE, 0, 0, 64, "500/2 500/3 700/1 1099511627776/4 ");
	assert_index(store, STORE_DUE, 500, 2, 2, "500/3 700/1 ");
	assert_index(store, STORE_BUSY, 0, 0, 64, "0/1 ");
	assert_index(store, STORE_KIND, 0, 0, 64, "4/2 9/1 9/3 9/4 ");
	assert_index(store, STORE_KIND, 4, UINT64_MAX, 1, "9/1 ");
	assert_index(store, STORE_STATUS, 1, 0, 64, "1/2 1/3 ");
	commit_keys(store, 3, (struct store_keys){ .due_ms = 600, .busy = true, .status = 2 });
	commit_keys(store, 2, (struct store_keys){ .status = 2 });
	for (int i = 0; i < 3; i++) {
		assert_index(store, STORE_DUE, 0, 0, 64, "600/3 700/1 1099511627776/4 ");
		assert_index(store, STORE_BUSY, 0, 0, 64, "0/1 0/3 ");
		assert_index(store, STORE_KIND, 0, 0, 64, "9/1 9/4 ");
		assert_index(store, STORE_STATUS, 1, 0, 64, "2/2 2/3 ");
		world_reopen(&world);
		store = world.store;
		store_settle(store);
	}
	world_finish(&world);
}
END_TEST

/* More rows than one piece of a scan, some in their table, some not, some in both. */
START_TEST(an_index_is_cut_and_merged) {
	struct world world;
	struct found found = { .most = 1 };
	uint64_t key = 0, instance = 0, seen = 0;
	world_init(&world, (enum world_kind)_i);
	for (uint64_t i = 1; i <= 700; i++) {
		commit_keys(world.store, i, (struct store_keys){ .due_ms = 1 + i % 7 });
	}
	for (uint64_t i = 1; i <= 700; i += 3) {
		commit_keys(world.store, i, (struct store_keys){ .due_ms = 9 });
	}
	do {
		found.count = 0;
		ck_assert_int_eq(world.store->ops->index(
					 world.store, STORE_DUE, key, instance, find_place, &found),
			0);
		if (found.count > 0) {
			ck_assert(found.keys[0] > key ||
				(found.keys[0] == key && found.instances[0] > instance));
			key = found.keys[0];
			instance = found.instances[0];
			ck_assert_uint_eq(key, instance % 3 == 1 ? 9 : 1 + instance % 7);
			seen++;
		}
	} while (found.count > 0);
	ck_assert_uint_eq(seen, 700);
	world_finish(&world);
}
END_TEST

/* What is taken away is gone for every question, also when it lay in its table. */
START_TEST(what_is_purged_is_gone) {
	struct world world;
	struct slice value;
	uint64_t number = 0;
	world_init(&world, (enum world_kind)_i);
	struct store *store = world.store;
	const struct store_put_name name = { "order-7", 7 };
	struct store_batch named = { .names = &name, .nnames = 1 };
	ck_assert_int_eq(commit_record(store, "one", 3), 0);
	ck_assert_int_eq(commit_record(store, "two", 3), 0);
	ck_assert_int_eq(store->ops->commit(store, &named), 0);
	ck_assert_int_eq(commit_mark(store, 7, "paid", "p-1"), 0);
	commit_keys(store, 8, (struct store_keys){ .due_ms = 5, .busy = true, .kind = 3 });
	commit_keys(store, 7, (struct store_keys){ .due_ms = 900, .ended = true, .status = 2 });
	ck_assert_int_eq(commit_mark(store, 8, "paid", "p-1"), 0);
	assert_index(store, STORE_ENDED, 0, 0, 64, "900/7 ");
	assert_index(store, STORE_DUE, 0, 0, 64, "5/8 ");
	if (_i == WORLD_CHECKPOINTED) {
		store_settle(store);
	}
	const struct store_purge purge = { 7, "order-7" };
	const uint64_t forgets[] = { 1, 2 }, trash[] = { 44, 33 }, emptied = 44;
	struct store_batch batch = {
		.purges = &purge, .npurges = 1, .forgets = forgets, .nforgets = 2
	};
	ck_assert_int_eq(store->ops->commit(store, &batch), 0);
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(store->ops->row(store, &world.arena, 7, &value), STORE_NOT_FOUND);
		ck_assert_int_eq(store->ops->find(store, "order-7", &number), STORE_NOT_FOUND);
		ck_assert_int_eq(store->ops->mark(store, 7, "paid", "p-1"), STORE_NOT_FOUND);
		ck_assert_int_eq(store->ops->mark(store, 8, "paid", "p-1"), 0);
		ck_assert_int_eq(
			store->ops->record(store, &world.arena, 1, &value), STORE_NOT_FOUND);
		assert_index(store, STORE_ENDED, 0, 0, 64, "");
		assert_index(store, STORE_STATUS, 0, 0, 64, "0/8 ");
		ck_assert_uint_eq(store->ops->next(store), 3); /* no position comes twice */
		world_reopen(&world);
		store = world.store;
		store_settle(store);
	}
	ck_assert_int_eq(store->ops->trash(store, &number), STORE_NOT_FOUND);
	batch = (struct store_batch){ .trash = trash, .ntrash = 2 };
	ck_assert_int_eq(store->ops->commit(store, &batch), 0);
	batch = (struct store_batch){ .emptied = &emptied, .nemptied = 1 };
	ck_assert_int_eq(store->ops->commit(store, &batch), 0);
	ck_assert_int_eq(store->ops->trash(store, &number), 0);
	ck_assert_uint_eq(number, 33);
	world_finish(&world);
}
END_TEST

/* ---- any order of doings ---- */

struct text {
	char bytes[40000];
	size_t size;
	unsigned most; /* places, then it stops */
};

static bool add_place(void *arg, uint64_t key, uint64_t instance) {
	struct text *text = arg;
	text->size += (size_t)snprintf(text->bytes + text->size, sizeof(text->bytes) - text->size,
		"%llu/%llu ", (unsigned long long)key, (unsigned long long)instance);
	ck_assert_uint_lt(text->size, sizeof(text->bytes));
	return --text->most > 0;
}

static bool add_row(void *arg, uint64_t instance, struct slice row) {
	return add_place(arg, instance, row.size);
}

static uint32_t random_of(uint32_t *state, uint32_t below) {
	*state = *state * 1664525U + 1013904223U;
	return (*state >> 12) % below;
}

static struct store_keys random_keys(uint32_t *state) {
	return (struct store_keys){ .due_ms = random_of(state, 60),
		.ended = random_of(state, 4) == 0,
		.kind = random_of(state, 5),
		.busy = random_of(state, 3) == 0,
		.status = (unsigned char)random_of(state, 4) };
}

/* One commit of the same to both: a few rows, now and then many, or a purge. */
static void change_both(struct store *a, struct store *b, uint32_t *state) {
	static struct store_put_row rows[700];
	struct store_purge purges[3];
	size_t nrows = random_of(state, 40) == 0 ? 700 : random_of(state, 6);
	size_t npurges = random_of(state, 5) == 0 ? random_of(state, 3) : 0;
	for (size_t i = 0; i < nrows; i++) {
		rows[i] = (struct store_put_row){ .instance = 1 + random_of(state, 1500),
			.value = { "some bytes", random_of(state, 10) },
			.keys = random_keys(state) };
	}
	for (size_t i = 0; i < npurges; i++) {
		purges[i] = (struct store_purge){ 1 + random_of(state, 1500), "none" };
	}
	struct store_batch batch = {
		.rows = rows, .nrows = nrows, .purges = purges, .npurges = npurges
	};
	ck_assert_int_eq(a->ops->commit(a, &batch), 0);
	ck_assert_int_eq(b->ops->commit(b, &batch), 0);
}

static void assert_alike(struct store *a, struct store *b, uint32_t *state) {
	static struct text one, two;
	unsigned index = random_of(state, STORE_NINDEXES + 1);
	unsigned most = random_of(state, 2) == 0 ? 1 + random_of(state, 40) : 5000;
	uint64_t key = random_of(state, 3) == 0 ? random_of(state, 60) : 0;
	uint64_t after = random_of(state, 3) == 0 ? random_of(state, 1500) : 0;
	one.size = two.size = 0;
	one.most = two.most = most;
	if (index == STORE_NINDEXES) {
		ck_assert_int_eq(a->ops->rows(a, after, add_row, &one), 0);
		ck_assert_int_eq(b->ops->rows(b, after, add_row, &two), 0);
	} else {
		enum store_index which = (enum store_index)index;
		ck_assert_int_eq(a->ops->index(a, which, key, after, add_place, &one), 0);
		ck_assert_int_eq(b->ops->index(b, which, key, after, add_place, &two), 0);
	}
	ck_assert_uint_eq(one.size, two.size);
	ck_assert_int_eq(memcmp(one.bytes, two.bytes, one.size), 0);
}

/* What a store in memory sorts anew for each question is the measure of what one on
 * disk says, and one that shares it: between checkpoints, within them, opened anew. */
START_TEST(every_store_finds_the_same) {
	static const struct store_options options[] = { { .checkpoint = 300 }, { .checkpoint = 20 },
		{ .checkpoint = 0 } };
	struct world plain, world;
	uint32_t state = (uint32_t)_i;
	world_init(&plain, WORLD_MEMORY);
	world_init(&world, WORLD_LMDB);
	for (int round = 0; round < 4; round++) {
		world.store->ops->close(world.store);
		world.store = store_open(world.dir, STORE_OWN, &options[(_i + round) % 3]);
		struct store *share = world_share(&world);
		for (int i = 0; i < 60; i++) {
			change_both(plain.store, world.store, &state);
			if (random_of(&state, 2) == 0) {
				assert_alike(plain.store, world.store, &state);
			}
			if (random_of(&state, 4) == 0) {
				assert_alike(plain.store, share, &state);
			}
		}
		share->ops->close(share);
	}
	world_finish(&world);
	world_finish(&plain);
}
END_TEST

int main(void) {
	Suite *suite = suite_create("store index");
	TCase *tc = tcase_create("store index");
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, rows_are_found_by_their_keys, 0, NWORLDS);
	tcase_add_loop_test(tc, an_index_is_cut_and_merged, 0, NWORLDS);
	tcase_add_loop_test(tc, what_is_purged_is_gone, 0, NWORLDS);
	tcase_add_loop_test(tc, every_store_finds_the_same, 1, 9);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
