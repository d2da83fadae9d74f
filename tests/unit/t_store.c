/*
 * The conformance kit of stores: what store.h promises, once for every kind of
 * store.  A loop test's number is the kind.
 */
#include <check.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "../../runtime/error.h"
#include "../support/faulty_store.h"
#include "../support/store_world.h"
#include "../support/suite.h"

#define DAY_MS ((int64_t)24 * 60 * 60 * 1000)

static void assert_slice(struct slice is, struct slice want) {
	ck_assert_uint_eq(is.size, want.size);
	ck_assert_msg(memcmp(is.data, want.data, want.size) == 0, "the bytes differ");
}

static void assert_text(struct slice is, const char *want) {
	assert_slice(is, (struct slice){ want, strlen(want) });
}

static void assert_record(struct world *world, uint64_t position, struct slice want) {
	struct slice is;
	int rc = world->store->ops->record(world->store, &world->arena, position, &is);
	ck_assert_msg(
		rc == 0, "record %llu: %d %s", (unsigned long long)position, rc, dtf_errmsg());
	assert_slice(is, want);
}

/* ---- a new store ---- */

START_TEST(new_store_is_empty) {
	struct world world;
	struct slice value;
	uint64_t instance;
	world_init(&world, (enum world_kind)_i);
	struct store *store = world.store;
	ck_assert_uint_eq(store->ops->next(store), 1);
	ck_assert_uint_eq(store->ops->next_instance(store), 1);
	ck_assert_int_eq(store->ops->clock_ms(store), 0);
	ck_assert_uint_ge(store->ops->epoch(store), 1);
	ck_assert_int_eq(store->ops->record(store, &world.arena, 1, &value), STORE_NOT_FOUND);
	ck_assert_int_eq(store->ops->row(store, &world.arena, 1, &value), STORE_NOT_FOUND);
	ck_assert_int_eq(store->ops->find(store, "order-1", &instance), STORE_NOT_FOUND);
	ck_assert_int_eq(store->ops->mark(store, 1, "paid", "x"), STORE_NOT_FOUND);
	ck_assert_int_eq(store->ops->manifest(store, &world.arena, "00", &value), STORE_NOT_FOUND);
	ck_assert_int_eq(store->ops->answer(store, &world.arena, "r", &value), STORE_NOT_FOUND);
	ck_assert_int_eq(store->ops->snapshot(store, &world.arena, 1, &value), STORE_NOT_FOUND);
	world_finish(&world);
}
END_TEST

/* ---- commit ---- */

static int commit_everything(struct store *store) {
	const struct slice records[] = { { "one", 3 }, { "two", 3 } };
	const struct store_put_row rows[] = { { .instance = 7, .value = { "seven", 5 } } };
	const struct store_put_name names[] = { { "order-7", 7 } };
	const struct store_put_mark marks[] = { { 7, "paid", "p-1" } };
	const struct store_put_manifest manifests[] = { { "cafe", { "{}", 2 } } };
	const struct store_put_answer answers[] = { { "req-1", { "yes", 3 }, 1000 } };
	const struct store_put_snapshot snapshots[] = { { 7, { "as it is", 8 } } };
	return store->ops->commit(store,
		&(struct store_batch){
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
			.snapshots = snapshots,
			.nsnapshots = 1,
			.next_instance = 8,
			.clock_ms = 1234,
		});
}

static void assert_everything(struct world *world) {
	struct store *store = world->store;
	struct slice value;
	uint64_t instance = 0;
	ck_assert_uint_eq(store->ops->next(store), 3);
	ck_assert_uint_eq(store->ops->next_instance(store), 8);
	ck_assert_int_eq(store->ops->clock_ms(store), 1234);
	assert_record(world, 1, (struct slice){ "one", 3 });
	assert_record(world, 2, (struct slice){ "two", 3 });
	ck_assert_int_eq(store->ops->row(store, &world->arena, 7, &value), 0);
	assert_text(value, "seven");
	ck_assert_int_eq(store->ops->find(store, "order-7", &instance), 0);
	ck_assert_uint_eq(instance, 7);
	ck_assert_int_eq(store->ops->mark(store, 7, "paid", "p-1"), 0);
	ck_assert_int_eq(store->ops->manifest(store, &world->arena, "cafe", &value), 0);
	assert_text(value, "{}");
	ck_assert_int_eq(store->ops->answer(store, &world->arena, "req-1", &value), 0);
	assert_text(value, "yes");
	ck_assert_int_eq(store->ops->snapshot(store, &world->arena, 7, &value), 0);
	assert_text(value, "as it is");
}

START_TEST(reopen_keeps_everything) {
	struct world world;
	world_init(&world, (enum world_kind)_i);
	ck_assert_int_eq(commit_everything(world.store), 0);
	assert_everything(&world);
	uint64_t epoch = world.store->ops->epoch(world.store);
	world_reopen(&world);
	assert_everything(&world);
	ck_assert_uint_gt(world.store->ops->epoch(world.store), epoch);
	world_finish(&world);
}
END_TEST

START_TEST(a_share_reads_what_the_owner_commits) {
	struct world world;
	world_init(&world, (enum world_kind)_i);
	struct store *share = world_share(&world);
	ck_assert_int_eq(commit_everything(world.store), 0);
	struct world view = { .kind = world.kind, .store = share };
	assert_everything(&view);
	dtf__arena_finish(&view.arena);
	ck_assert_int_eq(commit_record(share, "x", 1), DTF_EINVAL);
	share->ops->close(share);
	/* The owner goes on when a share in its own process has been closed. */
	ck_assert_int_eq(commit_record(world.store, "three", 5), 0);
	assert_record(&world, 3, (struct slice){ "three", 5 });
	world_finish(&world);
}
END_TEST

START_TEST(positions_have_no_gap) {
	struct world world;
	world_init(&world, (enum world_kind)_i);
	for (unsigned i = 0; i < 40; i++) {
		struct slice records[5];
		for (unsigned j = 0; j < i % 5; j++) {
			records[j] = pattern(&world.arena, 20 + i, 100 * i + j);
		}
		uint64_t before = world.store->ops->next(world.store);
		ck_assert_int_eq(
			world.store->ops->commit(world.store,
				&(struct store_batch){ .records = records, .nrecords = i % 5 }),
			0);
		ck_assert_uint_eq(world.store->ops->next(world.store), before + i % 5);
		for (unsigned j = 0; j < i % 5; j++) {
			assert_record(&world, before + j, records[j]);
		}
	}
	world_finish(&world);
}
END_TEST

START_TEST(commit_is_all_or_nothing) {
	struct world world;
	struct slice value;
	uint64_t instance;
	world_init(&world, (enum world_kind)_i);
	char id[STORE_ID_MAX + 2];
	memset(id, 'x', sizeof(id));
	id[STORE_ID_MAX + 1] = '\0'; /* one too long */
	const struct slice record = { "one", 3 };
	const struct store_put_row row = { .instance = 1, .value = { "row", 3 } };
	const struct store_put_name names[] = { { "fine", 1 }, { id, 1 } };
	struct store_batch batch = {
		.records = &record,
		.nrecords = 1,
		.rows = &row,
		.nrows = 1,
		.names = names,
		.nnames = 2,
		.next_instance = 5,
		.clock_ms = 99,
	};
	struct store *store = world.store;
	ck_assert_int_eq(store->ops->commit(store, &batch), DTF_EINVAL);
	ck_assert_uint_eq(store->ops->next(store), 1);
	ck_assert_uint_eq(store->ops->next_instance(store), 1);
	ck_assert_int_eq(store->ops->clock_ms(store), 0);
	ck_assert_int_eq(store->ops->record(store, &world.arena, 1, &value), STORE_NOT_FOUND);
	ck_assert_int_eq(store->ops->row(store, &world.arena, 1, &value), STORE_NOT_FOUND);
	ck_assert_int_eq(store->ops->find(store, "fine", &instance), STORE_NOT_FOUND);
	id[STORE_ID_MAX] = '\0'; /* the longest */
	ck_assert_int_eq(store->ops->commit(store, &batch), 0);
	ck_assert_int_eq(store->ops->find(store, id, &instance), 0);
	world_finish(&world);
}
END_TEST

START_TEST(rows_and_names_are_replaced) {
	static const size_t sizes[] = { 100, 9000, 10, 4000, 20000, 0, 4064, 4056, 4057, 1 };
	struct world world;
	struct slice value;
	world_init(&world, (enum world_kind)_i);
	struct store *store = world.store;
	for (unsigned i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		struct slice row = pattern(&world.arena, sizes[i], i);
		struct store_put_row rows[] = {
			{ .instance = 4, .value = { "left", 4 } },
			{ .instance = 5, .value = row },
			{ .instance = 6, .value = { "right", 5 } },
		};
		struct store_put_name name = { "same", i };
		ck_assert_int_eq(store->ops->commit(store,
					 &(struct store_batch){
						 .rows = rows,
						 .nrows = 3,
						 .names = &name,
						 .nnames = 1,
					 }),
			0);
		ck_assert_int_eq(store->ops->row(store, &world.arena, 5, &value), 0);
		assert_slice(value, row);
		uint64_t instance = 99;
		ck_assert_int_eq(store->ops->find(store, "same", &instance), 0);
		ck_assert_uint_eq(instance, i);
	}
	ck_assert_int_eq(store->ops->row(store, &world.arena, 4, &value), 0);
	assert_text(value, "left");
	ck_assert_int_eq(store->ops->row(store, &world.arena, 6, &value), 0);
	assert_text(value, "right");
	world_finish(&world);
}
END_TEST

static void put_snapshot(struct store *store, uint64_t instance, struct slice value) {
	const struct store_put_snapshot put = { instance, value };
	ck_assert_int_eq(store->ops->commit(store,
				 &(struct store_batch){ .snapshots = &put, .nsnapshots = 1 }),
		0);
}

START_TEST(a_snapshot_is_the_last_one) {
	struct world world;
	static char large[200000];
	struct slice value;
	world_init(&world, (enum world_kind)_i);
	memset(large, 'x', sizeof(large));
	put_snapshot(world.store, 3, (struct slice){ large, sizeof(large) });
	put_snapshot(world.store, 4, (struct slice){ "four", 4 });
	ck_assert_int_eq(world.store->ops->snapshot(world.store, &world.arena, 3, &value), 0);
	assert_slice(value, (struct slice){ large, sizeof(large) });
	put_snapshot(world.store, 3, (struct slice){ "small", 5 });
	ck_assert_int_eq(world.store->ops->snapshot(world.store, &world.arena, 3, &value), 0);
	assert_text(value, "small");
	put_snapshot(world.store, 3, (struct slice){ NULL, 0 });
	put_snapshot(world.store, 5, (struct slice){ NULL, 0 });
	world_reopen(&world);
	ck_assert_int_eq(
		world.store->ops->snapshot(world.store, &world.arena, 3, &value), STORE_NOT_FOUND);
	ck_assert_int_eq(
		world.store->ops->snapshot(world.store, &world.arena, 5, &value), STORE_NOT_FOUND);
	ck_assert_int_eq(world.store->ops->snapshot(world.store, &world.arena, 4, &value), 0);
	assert_text(value, "four");
	world_finish(&world);
}
END_TEST

/* From a byte to more than any payload, and every size about a chunk's. */
START_TEST(records_of_all_sizes) {
	static const size_t sizes[] = { 0, 1, 2, 2021, 2022, 2023, 4051, 4052, 4053, 4059, 4060,
		4061, 4063, 4064, 4065, 8119, 8120, 8121, 8124, 8128, 65536, 1048576, 3 * 1048576 };
	enum { N = sizeof(sizes) / sizeof(*sizes) };
	struct world world;
	struct slice records[N];
	world_init(&world, (enum world_kind)_i);
	for (unsigned i = 0; i < N; i++) {
		records[i] = pattern(&world.arena, sizes[i], i);
	}
	ck_assert_int_eq(world.store->ops->commit(world.store,
				 &(struct store_batch){ .records = records, .nrecords = N }),
		0);
	world_reopen(&world);
	for (unsigned i = 0; i < N; i++) {
		assert_record(&world, i + 1, records[i]);
	}
	world_finish(&world);
}
END_TEST

/* Trap 10 and T17: what a fenced-out owner says does not count. */
START_TEST(memory_owner_before_is_fenced) {
	struct world world;
	struct store *next;
	world_init(&world, WORLD_MEMORY);
	ck_assert_int_eq(commit_record(world.store, "a", 1), 0);
	ck_assert_int_eq(dtf__store_memory_again(world.store, STORE_OWN, &next), 0);
	ck_assert_int_eq(commit_record(world.store, "b", 1), DTF_EOWNED);
	ck_assert_int_eq(commit_record(next, "c", 1), 0);
	ck_assert_uint_eq(next->ops->next(next), 3);
	ck_assert_int_eq(next->ops->owned(next), 1);
	next->ops->close(next);
	ck_assert_int_eq(world.store->ops->owned(world.store), 0);
	assert_record(&world, 2, (struct slice){ "c", 1 });
	world_finish(&world);
}
END_TEST

/* ---- scans ---- */

struct scan {
	uint64_t numbers[2000];
	size_t count, stop;
	struct store *nested; /* read from inside the callback */
};

static bool collect(void *arg, uint64_t number, struct slice value) {
	struct scan *scan = arg;
	char want[32];
	(void)snprintf(want, sizeof(want), "%llu", (unsigned long long)number);
	assert_text(value, want);
	scan->numbers[scan->count++] = number;
	if (scan->nested != NULL) {
		struct arena arena = { 0 };
		struct slice row;
		ck_assert_int_eq(scan->nested->ops->row(scan->nested, &arena, number, &row), 0);
		assert_text(row, want);
		dtf__arena_finish(&arena);
	}
	return scan->count != scan->stop;
}

static void put_rows(struct store *store, uint64_t step, unsigned count) {
	struct store_put_row rows[1500];
	char texts[1500][16];
	ck_assert_uint_le(count, 1500);
	for (unsigned i = 0; i < count; i++) {
		/* not in order: a row comes when its instance moves */
		uint64_t number = ((i * 7) % count + 1) * step;
		int size = snprintf(texts[i], 16, "%llu", (unsigned long long)number);
		rows[i] = (struct store_put_row){ .instance = number,
			.value = { texts[i], (size_t)size } };
	}
	ck_assert_int_eq(
		store->ops->commit(store, &(struct store_batch){ .rows = rows, .nrows = count }),
		0);
}

START_TEST(rows_come_in_order_and_stop_early) {
	struct world world;
	world_init(&world, (enum world_kind)_i);
	struct store *store = world.store;
	put_rows(store, 300, 1500);
	static struct scan scan;
	scan = (struct scan){ .nested = store };
	ck_assert_int_eq(store->ops->rows(store, 0, collect, &scan), 0);
	ck_assert_uint_eq(scan.count, 1500);
	for (size_t i = 0; i < scan.count; i++) {
		ck_assert_uint_eq(scan.numbers[i], 300 * (i + 1));
	}
	scan = (struct scan){ .stop = 700 };
	ck_assert_int_eq(store->ops->rows(store, 299, collect, &scan), 0);
	ck_assert_uint_eq(scan.count, 700);
	ck_assert_uint_eq(scan.numbers[0], 300);
	scan = (struct scan){ .stop = 1 };
	ck_assert_int_eq(store->ops->rows(store, 300, collect, &scan), 0);
	ck_assert_uint_eq(scan.numbers[0], 600);
	scan = (struct scan){ 0 };
	ck_assert_int_eq(store->ops->rows(store, 300 * 1500, collect, &scan), 0);
	ck_assert_int_eq(store->ops->rows(store, UINT64_MAX, collect, &scan), 0);
	ck_assert_uint_eq(scan.count, 0);
	world_finish(&world);
}
END_TEST

static bool grow(void *arg, uint64_t number, struct slice row) {
	struct store *store = arg;
	return commit_row(store, number + 1, "more") == 0 && number < 50;
}

/* A scan holds no transaction: its callback may write, and sees what it wrote. */
START_TEST(a_scan_may_commit) {
	struct world world;
	struct slice value;
	world_init(&world, (enum world_kind)_i);
	ck_assert_int_eq(commit_row(world.store, 1, "first"), 0);
	ck_assert_int_eq(world.store->ops->rows(world.store, 0, grow, world.store), 0);
	ck_assert_int_eq(world.store->ops->row(world.store, &world.arena, 2, &value), 0);
	assert_text(value, "more");
	world_finish(&world);
}
END_TEST

/* ---- marks ---- */

START_TEST(marks_are_exact) {
	struct world world;
	world_init(&world, (enum world_kind)_i);
	struct store *store = world.store;
	ck_assert_int_eq(commit_mark(store, 1, "paid", "a"), 0);
	ck_assert_int_eq(commit_mark(store, 1, "paid", "a"), 0); /* again: no matter */
	ck_assert_int_eq(store->ops->mark(store, 1, "paid", "a"), 0);
	ck_assert_int_eq(store->ops->mark(store, 2, "paid", "a"), STORE_NOT_FOUND);
	ck_assert_int_eq(store->ops->mark(store, 1, "paida", ""), STORE_NOT_FOUND);
	ck_assert_int_eq(store->ops->mark(store, 1, "pai", "da"), STORE_NOT_FOUND);
	ck_assert_int_eq(store->ops->mark(store, 1, "paid", "A"), STORE_NOT_FOUND);
	ck_assert_int_eq(store->ops->mark(store, 1, "paid", ""), STORE_NOT_FOUND);
	ck_assert_int_eq(commit_mark(store, 1, "paid", ""), 0);
	ck_assert_int_eq(store->ops->mark(store, 1, "paid", ""), 0);
	char longest[9000];
	memset(longest, 'i', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	ck_assert_int_eq(commit_mark(store, 1, "paid", longest), 0);
	ck_assert_int_eq(store->ops->mark(store, 1, "paid", longest), 0);
	longest[sizeof(longest) - 2] = 'j';
	ck_assert_int_eq(store->ops->mark(store, 1, "paid", longest), STORE_NOT_FOUND);
	world_finish(&world);
}
END_TEST

/* ---- messages between partitions ---- */

struct messages {
	uint64_t expected[4];
	size_t count;
	size_t first_size;
};

static bool check_message(void *arg, uint64_t sequence, struct slice message) {
	struct messages *messages = arg;
	ck_assert_uint_eq(sequence, messages->expected[messages->count]);
	messages->first_size = messages->count++ == 0 ? message.size : messages->first_size;
	return true;
}

static void assert_outbox(
	struct store *store, uint64_t after, size_t count, uint64_t a, uint64_t b) {
	struct messages messages = { .expected = { a, b } };
	ck_assert_int_eq(store->ops->outbox(store, after, check_message, &messages), 0);
	ck_assert_uint_eq(messages.count, count);
}

/* They go with the records of their commit or not at all, large ones too; what is delivered
 * goes, the rest stays, and of how far others have come the last word counts. */
START_TEST(messages_stay_until_they_are_delivered) {
	static char large[10000];
	struct world world;
	struct slice value;
	memset(large, 'x', sizeof(large));
	world_init(&world, (enum world_kind)_i);
	struct slice record = { "r", 1 }, sent[] = { { large, sizeof(large) }, { "b", 1 } };
	struct store_put_received heard[] = { { 0, { "3", 1 } }, { 7, { "9", 1 } } };
	struct store_batch batch = { .records = &record,
		.nrecords = 1,
		.messages = sent,
		.nmessages = 2,
		.first_message = 1,
		.received = heard,
		.nreceived = 2 };
	struct store *store = world.store;
	ck_assert_int_eq(store->ops->received(store, &world.arena, 0, &value), STORE_NOT_FOUND);
	assert_outbox(store, 0, 0, 0, 0);
	ck_assert_int_eq(store->ops->commit(store, &batch), 0);
	assert_outbox(store, 0, 2, 1, 2);
	assert_outbox(store, 1, 1, 2, 0);
	const uint64_t delivered = 1;
	struct store_put_received later = { 0, { "44", 2 } };
	batch = (struct store_batch){ .delivered = &delivered,
		.ndelivered = 1,
		.messages = &sent[1],
		.nmessages = 1,
		.first_message = 3,
		.received = &later,
		.nreceived = 1 };
	ck_assert_int_eq(store->ops->commit(store, &batch), 0);
	world_reopen(&world);
	store = world.store;
	assert_outbox(store, 0, 2, 2, 3);
	ck_assert_int_eq(store->ops->received(store, &world.arena, 0, &value), 0);
	assert_text(value, "44");
	ck_assert_int_eq(store->ops->received(store, &world.arena, 7, &value), 0);
	assert_text(value, "9");
	world_finish(&world);
}
END_TEST

/* ---- inbox and answers ---- */

static bool collect_inbox(void *arg, uint64_t sequence, struct slice command) {
	struct scan *scan = arg;
	scan->numbers[scan->count++] = sequence;
	return scan->count != scan->stop;
}

static void assert_inbox(struct store *store, uint64_t after, uint64_t first, size_t count) {
	static struct scan scan;
	scan = (struct scan){ 0 };
	ck_assert_int_eq(store->ops->inbox(store, after, collect_inbox, &scan), 0);
	ck_assert_uint_eq(scan.count, count);
	for (size_t i = 0; i < count; i++) {
		ck_assert_uint_eq(scan.numbers[i], first + i);
	}
}

static uint64_t append(struct store *store, const char *command) {
	uint64_t sequence = 0;
	struct slice bytes = { command, strlen(command) };
	ck_assert_int_eq(store->ops->inbox_append(store, bytes, &sequence), 0);
	return sequence;
}

/* Trap 7: only what was fetched is deleted. */
START_TEST(inbox_keeps_order_and_what_came_later) {
	struct world world;
	world_init(&world, (enum world_kind)_i);
	struct store *store = world.store;
	struct store *share = world_share(&world);
	for (uint64_t i = 1; i <= 10; i++) {
		ck_assert_uint_eq(append(i % 2 == 0 ? store : share, "command"), i);
	}
	assert_inbox(store, 0, 1, 10);
	assert_inbox(share, 4, 5, 6);
	(void)append(share, "meanwhile");
	ck_assert_int_eq(
		store->ops->commit(store, &(struct store_batch){ .inbox_through = 10 }), 0);
	assert_inbox(store, 0, 11, 1);
	share->ops->close(share);
	world_finish(&world);
}
END_TEST

START_TEST(inbox_numbers_are_never_reused) {
	struct world world;
	world_init(&world, (enum world_kind)_i);
	ck_assert_uint_eq(append(world.store, "a"), 1);
	ck_assert_uint_eq(append(world.store, "b"), 2);
	struct store_batch batch = { .inbox_through = 2 };
	ck_assert_int_eq(world.store->ops->commit(world.store, &batch), 0);
	assert_inbox(world.store, 0, 0, 0);
	ck_assert_uint_eq(append(world.store, "c"), 3);
	ck_assert_int_eq(world.store->ops->commit(
				 world.store, &(struct store_batch){ .inbox_through = UINT64_MAX }),
		0);
	world_reopen(&world);
	ck_assert_uint_eq(append(world.store, "d"), 4);
	world_finish(&world);
}
END_TEST

static bool same_command(void *arg, uint64_t sequence, struct slice command) {
	assert_slice(command, *(struct slice *)arg);
	return true;
}

START_TEST(inbox_takes_large_commands) {
	struct world world;
	world_init(&world, (enum world_kind)_i);
	struct slice command = pattern(&world.arena, 1048576 + 77, 3);
	uint64_t sequence;
	ck_assert_int_eq(world.store->ops->inbox_append(world.store, command, &sequence), 0);
	ck_assert_int_eq(world.store->ops->inbox(world.store, 0, same_command, &command), 0);
	ck_assert_int_eq(
		world.store->ops->commit(world.store, &(struct store_batch){ .inbox_through = 1 }),
		0);
	assert_inbox(world.store, 0, 0, 0);
	world_finish(&world);
}
END_TEST

static bool readable(int fd) {
	struct pollfd poller = { .fd = fd, .events = POLLIN };
	return poll(&poller, 1, 0) == 1 && (poller.revents & POLLIN) != 0;
}

START_TEST(append_wakes_the_owner) {
	struct world world;
	world_init(&world, (enum world_kind)_i);
	struct store *share = world_share(&world);
	int fd = world.store->ops->wake_fd(world.store);
	ck_assert_int_ge(fd, 0);
	world.store->ops->drain(world.store);
	ck_assert(!readable(fd));
	(void)append(share, "wake up");
	(void)append(share, "wake up");
	ck_assert(readable(fd));
	world.store->ops->drain(world.store);
	ck_assert(!readable(fd));
	share->ops->close(share);
	world_finish(&world);
}
END_TEST

START_TEST(an_owner_is_seen) {
	struct world world;
	world_init(&world, (enum world_kind)_i);
	struct store *share = world_share(&world);
	ck_assert_int_eq(world.store->ops->owned(world.store), 1);
	ck_assert_int_eq(share->ops->owned(share), 1);
	world.store->ops->close(world.store);
	ck_assert_int_eq(share->ops->owned(share), 0);
	/* The share goes on without an owner, and the next one finds its command. */
	(void)append(share, "while nobody was there");
	if (world.kind == WORLD_MEMORY) {
		ck_assert_int_eq(dtf__store_memory_again(share, STORE_OWN, &world.store), 0);
	} else {
		ck_assert_int_eq(dtf__store_lmdb_open(world.dir, STORE_OWN,
					 &(struct store_options){ 0 }, &world.store),
			0);
	}
	ck_assert_int_eq(share->ops->owned(share), 1);
	assert_inbox(world.store, 0, 1, 1);
	share->ops->close(share);
	world_finish(&world);
}
END_TEST

START_TEST(answers_last_a_day) {
	struct world world;
	struct slice value;
	world_init(&world, (enum world_kind)_i);
	struct store *store = world.store;
	char request[16];
	for (int i = 0; i < 20; i++) {
		(void)snprintf(request, sizeof(request), "old-%d", i);
		ck_assert_int_eq(commit_answer(store, request, "old", 1000 + i), 0);
	}
	ck_assert_int_eq(commit_answer(store, "old-3", "renewed", 1000 + DAY_MS), 0);
	for (int i = 0; i < 20; i++) {
		(void)snprintf(request, sizeof(request), "new-%d", i);
		ck_assert_int_eq(commit_answer(store, request, "new", 1500 + DAY_MS), 0);
	}
	for (int i = 0; i < 20; i++) {
		(void)snprintf(request, sizeof(request), "new-%d", i);
		ck_assert_int_eq(store->ops->answer(store, &world.arena, request, &value), 0);
		assert_text(value, "new");
		(void)snprintf(request, sizeof(request), "old-%d", i);
		int rc = store->ops->answer(store, &world.arena, request, &value);
		ck_assert_int_eq(rc, i == 3 ? 0 : STORE_NOT_FOUND);
	}
	ck_assert_int_eq(store->ops->answer(store, &world.arena, "old-3", &value), 0);
	assert_text(value, "renewed");
	world_finish(&world);
}
END_TEST

/* ---- threads ---- */

struct reader {
	struct store *store;
	_Atomic bool stop;
	_Atomic bool ok;
};

static bool is_first(void *arg, uint64_t instance, struct slice row) {
	*(bool *)arg = instance == 1 && row.size > 0;
	return true;
}

static bool is_first_place(void *arg, uint64_t key, uint64_t instance) {
	*(bool *)arg = key == 0 && instance == 1;
	return true;
}

static void *read_along(void *arg) {
	struct reader *reader = arg;
	struct store *store = reader->store;
	while (!reader->stop) {
		struct arena arena = { 0 };
		struct slice row;
		struct slice record;
		int rc = store->ops->row(store, &arena, 1, &row);
		/* The row names a record of the same commit: it must be there. */
		if (rc == 0) {
			char text[32] = "";
			memcpy(text, row.data, row.size < 31 ? row.size : 31);
			unsigned long long position = 0;
			bool read = sscanf(text, "%llu", &position) == 1;
			rc = read ? store->ops->record(store, &arena, position, &record) : -1;
			read = rc == 0 && record.size == row.size;
			reader->ok = reader->ok && read;
		}
		/* Scans go through what the owner is changing. */
		bool row_ok = true, place_ok = true;
		bool scanned = store->ops->rows(store, 0, is_first, &row_ok) == 0 &&
			store->ops->index(store, STORE_STATUS, 0, 0, is_first_place, &place_ok) ==
				0;
		reader->ok = reader->ok && scanned && row_ok && place_ok;
		dtf__arena_finish(&arena);
	}
	return NULL;
}

START_TEST(threads_read_while_the_owner_writes) {
	struct world world;
	pthread_t thread;
	world_init(&world, (enum world_kind)_i);
	struct store *store = world.store;
	struct reader reader = { .store = store, .ok = true };
	ck_assert_int_eq(pthread_create(&thread, NULL, read_along, &reader), 0);
	for (int i = 0; i < 300; i++) {
		char text[32];
		uint64_t position = store->ops->next(store);
		int size = snprintf(text, sizeof(text), "%llu", (unsigned long long)position);
		struct slice bytes = { text, (size_t)size };
		struct store_put_row row = { .instance = 1, .value = bytes };
		struct store_batch batch = {
			.records = &bytes, .nrecords = 1, .rows = &row, .nrows = 1
		};
		ck_assert_int_eq(store->ops->commit(store, &batch), 0);
	}
	reader.stop = true;
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	ck_assert(reader.ok);
	world_finish(&world);
}
END_TEST

/* ---- the faulty store ---- */

START_TEST(faults_strike_at_the_nth_commit) {
	struct world world;
	struct store *faulty;
	world_init(&world, (enum world_kind)_i);
	ck_assert_int_eq(faulty_store_open(world.store, &faulty), 0);
	world.store = faulty;
	struct fault fault = { .at = 2, .when = FAULT_BEFORE, .code = DTF_EFULL };
	faulty_store_plan(faulty, &fault);
	ck_assert_int_eq(commit_record(faulty, "1", 1), 0);
	ck_assert_int_eq(commit_record(faulty, "2", 1), DTF_EFULL);
	ck_assert_int_eq(commit_record(faulty, "2", 1), 0);
	ck_assert_uint_eq(faulty_store_commits(faulty), 3);
	assert_record(&world, 2, (struct slice){ "2", 1 });
	fault = (struct fault){ 1, FAULT_AFTER, DTF_ESTORE, true };
	faulty_store_plan(faulty, &fault);
	ck_assert_int_eq(commit_record(faulty, "3", 1), DTF_ESTORE);
	ck_assert_int_eq(commit_record(faulty, "4", 1), DTF_ESTORE);
	struct slice value;
	ck_assert_int_eq(faulty->ops->record(faulty, &world.arena, 3, &value), DTF_ESTORE);
	faulty_store_plan(faulty, NULL);
	assert_record(&world, 3, (struct slice){ "3", 1 });
	ck_assert_uint_eq(faulty->ops->next(faulty), 4);
	world_finish(&world);
}
END_TEST

int main(void) {
	Suite *suite = suite_create("store");
	TCase *tc = tcase_create("conformance");
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, new_store_is_empty, 0, NWORLDS);
	tcase_add_loop_test(tc, reopen_keeps_everything, 0, NWORLDS);
	tcase_add_loop_test(tc, a_share_reads_what_the_owner_commits, 0, NWORLDS);
	tcase_add_loop_test(tc, positions_have_no_gap, 0, NWORLDS);
	tcase_add_loop_test(tc, commit_is_all_or_nothing, 0, NWORLDS);
	tcase_add_loop_test(tc, rows_and_names_are_replaced, 0, NWORLDS);
	tcase_add_loop_test(tc, a_snapshot_is_the_last_one, 0, NWORLDS);
	tcase_add_loop_test(tc, records_of_all_sizes, 0, NWORLDS);
	tcase_add_test(tc, memory_owner_before_is_fenced);
	tcase_add_loop_test(tc, rows_come_in_order_and_stop_early, 0, NWORLDS);
	tcase_add_loop_test(tc, a_scan_may_commit, 0, NWORLDS);
	tcase_add_loop_test(tc, marks_are_exact, 0, NWORLDS);
	tcase_add_loop_test(tc, messages_stay_until_they_are_delivered, 0, NWORLDS);
	tcase_add_loop_test(tc, inbox_keeps_order_and_what_came_later, 0, NWORLDS);
	tcase_add_loop_test(tc, inbox_numbers_are_never_reused, 0, NWORLDS);
	tcase_add_loop_test(tc, inbox_takes_large_commands, 0, NWORLDS);
	tcase_add_loop_test(tc, append_wakes_the_owner, 0, NWORLDS);
	tcase_add_loop_test(tc, an_owner_is_seen, 0, NWORLDS);
	tcase_add_loop_test(tc, answers_last_a_day, 0, NWORLDS);
	tcase_add_loop_test(tc, threads_read_while_the_owner_writes, 0, NWORLDS);
	tcase_add_loop_test(tc, faults_strike_at_the_nth_commit, 0, NWORLDS);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
