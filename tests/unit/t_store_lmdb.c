/*
 * A store on disk among others: processes that own it, share it, inherit it or
 * die, and disks and maps that are full.
 */
#include <check.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../runtime/error.h"
#include "../../runtime/store/lmdb_impl.h"
#include "../support/helper.h"
#include "../support/store_world.h"
#include "../support/suite.h"

#define KIB ((size_t)1024)
#define MIB (1024 * KIB)

static bool ignore(void *arg, uint64_t number, struct slice value) {
	return true;
}

/* ---- other processes ---- */

START_TEST(a_second_owner_is_refused_with_the_first_ones_pid) {
	struct world world;
	struct helper helper;
	char answer[300];
	char pid[32];
	world_init(&world, WORLD_LMDB);
	helper_open(&helper, "own", world.dir, 0);
	helper_ask(&helper, NULL, answer, sizeof(answer));
	helper_finish(&helper);
	(void)snprintf(pid, sizeof(pid), "process %ld", (long)getpid());
	ck_assert_int_eq(atoi(answer), DTF_EOWNED);
	ck_assert_msg(strstr(answer, pid) != NULL, "\"%s\" names no %s", answer, pid);
	assert_refused(world.dir, STORE_OWN, DTF_EOWNED, "this process");
	ck_assert_int_eq(commit_record(world.store, "mine", 4), 0);
	world.store->ops->close(world.store);

	helper_open(&helper, "own", world.dir, 0);
	helper_ask(&helper, NULL, answer, sizeof(answer));
	ck_assert_int_eq(atoi(answer), 0);
	(void)snprintf(pid, sizeof(pid), "process %ld", (long)helper.pid);
	assert_refused(world.dir, STORE_OWN, DTF_EOWNED, pid);
	helper_ask(&helper, "commit its", answer, sizeof(answer));
	ck_assert_int_eq(atoi(answer), 0);
	/* The lock dies with its process, however it dies. */
	helper_kill(&helper);
	world.store = store_open(world.dir, STORE_OWN, &store_defaults);
	assert_text_record(world.store, 1, "mine");
	assert_text_record(world.store, 2, "its");
	world_finish(&world);
}
END_TEST

START_TEST(a_reader_sees_what_a_live_owner_commits) {
	struct world world;
	struct helper helper;
	char answer[300];
	world_init(&world, WORLD_LMDB);
	helper_open(&helper, "share", world.dir, 0);
	helper_ask(&helper, NULL, answer, sizeof(answer));
	ck_assert_int_eq(atoi(answer), 0);
	for (unsigned i = 1; i <= 20; i++) {
		char text[32];
		char question[32];
		char want[64];
		int size = snprintf(text, sizeof(text), "record number %u", i);
		(void)snprintf(question, sizeof(question), "record %u", i);
		helper_ask(&helper, question, answer, sizeof(answer));
		ck_assert_str_eq(answer, "1"); /* STORE_NOT_FOUND */
		ck_assert_int_eq(commit_record(world.store, text, (size_t)size), 0);
		helper_ask(&helper, question, answer, sizeof(answer));
		(void)snprintf(want, sizeof(want), "%d %s", size, text);
		ck_assert_str_eq(answer, want);
	}
	helper_ask(&helper, "next", answer, sizeof(answer));
	ck_assert_str_eq(answer, "21");
	helper_ask(&helper, "owned", answer, sizeof(answer));
	ck_assert_str_eq(answer, "1");
	helper_ask(&helper, "commit no", answer, sizeof(answer));
	ck_assert_int_eq(atoi(answer), DTF_EINVAL);
	world.store->ops->close(world.store);
	helper_ask(&helper, "owned", answer, sizeof(answer));
	ck_assert_str_eq(answer, "0");
	helper_ask(&helper, "record 20", answer, sizeof(answer));
	ck_assert_str_eq(answer, "16 record number 20");
	helper_finish(&helper);
	temp_dir_remove(world.dir);
}
END_TEST

static bool readable(int fd) {
	struct pollfd poller = { .fd = fd, .events = POLLIN };
	return poll(&poller, 1, 0) == 1;
}

static bool count_up(void *arg, uint64_t sequence, struct slice command) {
	uint64_t *last = arg;
	ck_assert_uint_eq(sequence, *last + 1);
	ck_assert_uint_eq(command.size, 5);
	ck_assert_int_eq(memcmp(command.data, "start", 5), 0);
	*last = sequence;
	return true;
}

START_TEST(another_process_writes_the_inbox_and_wakes_the_owner) {
	struct world world;
	struct helper helper;
	char answer[300];
	uint64_t last = 0;
	world_init(&world, WORLD_LMDB);
	int fd = world.store->ops->wake_fd(world.store);
	helper_open(&helper, "share", world.dir, 0);
	helper_ask(&helper, NULL, answer, sizeof(answer));
	ck_assert(!readable(fd));
	helper_ask(&helper, "append start", answer, sizeof(answer));
	ck_assert_str_eq(answer, "0 1");
	ck_assert(readable(fd));
	world.store->ops->drain(world.store);
	ck_assert(!readable(fd));
	ck_assert_int_eq(world.store->ops->inbox(world.store, 0, count_up, &last), 0);
	ck_assert_uint_eq(last, 1);
	/* With no owner up it waits there for the next. */
	world.store->ops->close(world.store);
	helper_ask(&helper, "append start", answer, sizeof(answer));
	ck_assert_str_eq(answer, "0 2");
	helper_finish(&helper);
	world.store = store_open(world.dir, STORE_OWN, &store_defaults);
	last = 0;
	ck_assert_int_eq(world.store->ops->inbox(world.store, 0, count_up, &last), 0);
	ck_assert_uint_eq(last, 2);
	world_finish(&world);
}
END_TEST

/* T17: where locks do not work, the epoch keeps the zombie out. */
START_TEST(a_fenced_out_owner_commits_nothing) {
	struct world world;
	struct helper helper;
	char answer[300];
	struct slice value;
	world_init(&world, WORLD_LMDB);
	ck_assert_int_eq(commit_record(world.store, "before", 6), 0);
	helper_open(&helper, "share", world.dir, 0);
	helper_ask(&helper, NULL, answer, sizeof(answer));
	helper_ask(&helper, "usurp", answer, sizeof(answer));
	ck_assert_str_eq(answer, "0");
	helper_finish(&helper);
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(commit_record(world.store, "after", 5), DTF_EOWNED);
		ck_assert_int_eq(commit_row(world.store, 1, "after"), DTF_EOWNED);
	}
	ck_assert_uint_eq(world.store->ops->next(world.store), 2);
	int rc = world.store->ops->record(world.store, &world.arena, 2, &value);
	ck_assert_int_eq(rc, STORE_NOT_FOUND);
	world_reopen(&world);
	ck_assert_int_eq(commit_record(world.store, "again", 5), 0);
	world_finish(&world);
}
END_TEST

static void use_in_child(struct store *store, const char *dir) {
	struct arena arena = { 0 };
	struct slice value;
	struct store *other;
	uint64_t number;
	const struct store_ops *ops = store->ops;
	bool ok = commit_record(store, "child", 5) == DTF_EFORK;
	ok = ok && ops->record(store, &arena, 1, &value) == DTF_EFORK;
	ok = ok && ops->row(store, &arena, 1, &value) == DTF_EFORK;
	ok = ok && ops->find(store, "x", &number) == DTF_EFORK;
	ok = ok && ops->mark(store, 1, "x", "y") == DTF_EFORK;
	ok = ok && ops->manifest(store, &arena, "x", &value) == DTF_EFORK;
	ok = ok && ops->answer(store, &arena, "x", &value) == DTF_EFORK;
	ok = ok && ops->rows(store, 0, ignore, NULL) == DTF_EFORK;
	ok = ok && ops->inbox(store, 0, ignore, NULL) == DTF_EFORK;
	ok = ok && ops->inbox_append(store, (struct slice){ "x", 1 }, &number) == DTF_EFORK;
	ok = ok && ops->owned(store) == DTF_EFORK;
	ok = ok && dtf__store_lmdb_open(dir, STORE_SHARE, &store_defaults, &other) == DTF_EFORK;
	ops->close(store);
	_exit(ok ? 0 : 1);
}

START_TEST(a_forked_child_is_refused_and_harmless) {
	struct world world;
	world_init(&world, WORLD_LMDB);
	ck_assert_int_eq(commit_record(world.store, "one", 3), 0);
	pid_t pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		use_in_child(world.store, world.dir);
	}
	int status;
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), 0);
	/* The parent still owns it, to itself and to others. */
	ck_assert_int_eq(commit_record(world.store, "two", 3), 0);
	struct helper helper;
	char answer[300];
	helper_open(&helper, "own", world.dir, 0);
	helper_ask(&helper, NULL, answer, sizeof(answer));
	ck_assert_int_eq(atoi(answer), DTF_EOWNED);
	helper_finish(&helper);
	assert_text_record(world.store, 2, "two");
	world_finish(&world);
}
END_TEST

static off_t data_size(const char *dir) {
	char path[256];
	struct stat st;
	(void)snprintf(path, sizeof(path), "%s/data.mdb", dir);
	ck_assert_int_eq(stat(path, &st), 0);
	return st.st_size;
}

/* A reader that died in mid-read must not keep old pages for ever. */
START_TEST(a_dead_readers_pages_are_used_again) {
	struct world world;
	struct helper helper;
	char answer[300];
	char row[9000];
	world_init(&world, WORLD_CHECKPOINTED);
	memset(row, 'r', sizeof(row));
	row[sizeof(row) - 1] = '\0';
	ck_assert_int_eq(commit_row(world.store, 1, row), 0);
	helper_open(&helper, "share", world.dir, 0);
	helper_ask(&helper, NULL, answer, sizeof(answer));
	helper_ask(&helper, "stall", answer, sizeof(answer));
	ck_assert_str_eq(answer, "0");
	helper_kill(&helper);
	world_reopen(&world);
	for (int i = 0; i < 200; i++) {
		ck_assert_int_eq(commit_row(world.store, 1, row), 0);
	}
	ck_assert_int_lt(data_size(world.dir), (off_t)MIB);
	world_finish(&world);
}
END_TEST

/* One that looks after every commit learns of each from the journal; what has got into
 * the tables since it need not remember. */
START_TEST(who_shares_forgets_what_checkpoints_have_written) {
	static const struct store_options every_500 = { .checkpoint = 500 };
	struct world world;
	world_init(&world, WORLD_LMDB);
	world.store->ops->close(world.store);
	world.store = store_open(world.dir, STORE_OWN, &every_500);
	struct store *share = world_share(&world);
	for (uint64_t i = 1; i <= 600; i++) {
		struct store_put_row rows[20];
		for (uint64_t j = 0; j < 20; j++) {
			rows[j] = (struct store_put_row){ .instance = 20 * i + j,
				.value = { "row", 3 } };
		}
		struct store_batch batch = { .rows = rows, .nrows = 20 };
		ck_assert_int_eq(world.store->ops->commit(world.store, &batch), 0);
		for (uint64_t j = i; j > 0; j /= 2) {
			struct slice row;
			struct arena arena = { 0 };
			ck_assert_int_eq(share->ops->row(share, &arena, 20 * j + 7, &row), 0);
			dtf__arena_finish(&arena);
		}
		const struct pending *young = &((struct lmdb_store *)share)->young;
		ck_assert_uint_le(young->count, 4000);
		ck_assert_uint_le(young->nrows, 4000);
	}
	ck_assert_int_eq(commit_row(world.store, 27, "new"), 0);
	struct slice row;
	ck_assert_int_eq(share->ops->row(share, &world.arena, 27, &row), 0);
	ck_assert_int_eq(memcmp(row.data, "new", 3), 0);
	share->ops->close(share);
	world_finish(&world);
}
END_TEST

START_TEST(a_shorter_value_leaves_nothing_behind) {
	struct world world;
	MDB_txn *txn;
	MDB_stat stat;
	char row[9000];
	world_init(&world, WORLD_CHECKPOINTED);
	memset(row, 'r', sizeof(row));
	row[sizeof(row) - 1] = '\0';
	ck_assert_int_eq(commit_row(world.store, 1, row), 0);
	store_settle(world.store);
	ck_assert_int_eq(commit_row(world.store, 1, "short"), 0);
	store_settle(world.store);
	struct lmdb_env *env = ((struct lmdb_store *)world.store)->env;
	ck_assert_int_eq(dtf__lmdb_begin(env, &txn), 0);
	ck_assert_int_eq(mdb_stat(txn, env->tables[TABLE_INST], &stat), 0);
	dtf__lmdb_end(env, txn);
	ck_assert_uint_eq(stat.ms_entries, 1);
	world_finish(&world);
}
END_TEST

/* ---- full ---- */

/* Commits pattern records until one does not fit; how many did. */
static uint64_t fill_up(struct store *store, size_t size, uint64_t most) {
	struct arena arena = { 0 };
	uint64_t first = store->ops->next(store);
	int rc = 0;
	while (rc == 0) {
		uint64_t position = store->ops->next(store);
		ck_assert_uint_lt(position, most);
		struct slice record = pattern(&arena, size, (unsigned)position);
		rc = commit_record(store, record.data, record.size);
		dtf__arena_finish(&arena);
	}
	ck_assert_msg(rc == DTF_EFULL, "%d %s", rc, dtf_errmsg());
	return store->ops->next(store) - first;
}

static void assert_patterns(struct store *store, uint64_t from, size_t size) {
	for (uint64_t i = from; i < store->ops->next(store); i++) {
		struct arena arena = { 0 };
		struct slice is;
		struct slice want = pattern(&arena, size, (unsigned)i);
		ck_assert_int_eq(store->ops->record(store, &arena, i, &is), 0);
		ck_assert_uint_eq(is.size, size);
		ck_assert_int_eq(memcmp(is.data, want.data, size), 0);
		dtf__arena_finish(&arena);
	}
}

/* T11 */
START_TEST(a_full_map_loses_nothing) {
	char dir[128];
	struct arena arena = { 0 };
	struct slice value;
	const struct store_options small = { .map_size = MIB, .map_size_max = MIB };
	temp_dir(dir, sizeof(dir));
	struct store *store = store_open(dir, STORE_OWN, &small);
	ck_assert_uint_gt(fill_up(store, 30000, 100), 10);
	uint64_t next = store->ops->next(store);
	ck_assert_int_eq(store->ops->record(store, &arena, next, &value), STORE_NOT_FOUND);
	/* Reading goes on, and so does what still fits. */
	assert_patterns(store, 1, 30000);
	ck_assert_int_eq(commit_row(store, 1, "small"), 0);
	store->ops->close(store);
	const struct store_options larger = { .map_size = MIB, .map_size_max = 2 * MIB };
	store = store_open(dir, STORE_OWN, &larger);
	ck_assert_uint_eq(store->ops->next(store), next);
	ck_assert_uint_gt(fill_up(store, 30000, 200), 10);
	assert_patterns(store, 1, 30000);
	store->ops->close(store);
	dtf__arena_finish(&arena);
	temp_dir_remove(dir);
}
END_TEST

START_TEST(the_map_grows_here_and_in_other_processes) {
	char dir[128];
	char answer[300];
	struct helper helper;
	struct arena arena = { 0 };
	const struct store_options small = { .map_size = MIB };
	temp_dir(dir, sizeof(dir));
	struct store *store = store_open(dir, STORE_OWN, &small);
	helper_open(&helper, "share", dir, 1);
	helper_ask(&helper, NULL, answer, sizeof(answer));
	ck_assert_int_eq(atoi(answer), 0);
	struct slice record = pattern(&arena, 5 * MIB, 1);
	ck_assert_int_eq(commit_record(store, record.data, record.size), 0);
	ck_assert_int_eq(commit_record(store, "tail", 4), 0);
	helper_ask(&helper, "record 2", answer, sizeof(answer));
	ck_assert_str_eq(answer, "4 tail");
	helper_ask(&helper, "append x", answer, sizeof(answer));
	ck_assert_str_eq(answer, "0 1");
	record = pattern(&arena, 20 * MIB, 3);
	ck_assert_int_eq(commit_record(store, record.data, record.size), 0);
	helper_ask(&helper, "append x", answer, sizeof(answer)); /* a writer follows, too */
	ck_assert_str_eq(answer, "0 2");
	helper_finish(&helper);
	store->ops->close(store);
	dtf__arena_finish(&arena);
	temp_dir_remove(dir);
}
END_TEST

START_TEST(new_work_is_refused_beyond_size_max) {
	char dir[128];
	struct arena arena = { 0 };
	uint64_t sequence;
	const struct store_options options = { .size_max = 2 * MIB };
	temp_dir(dir, sizeof(dir));
	struct store *store = store_open(dir, STORE_OWN, &options);
	struct slice work = { "work", 4 };
	const struct store_batch admit = { .records = &work, .nrecords = 1, .admit = true };
	ck_assert_int_eq(store->ops->commit(store, &admit), 0);
	ck_assert_int_eq(
		store->ops->inbox_append(store, pattern(&arena, 3 * MIB, 1), &sequence), 0);
	ck_assert_int_eq(store->ops->commit(store, &admit), DTF_EFULL);
	/* What is going on goes on, and once there is room, so does new work. */
	ck_assert_int_eq(commit_record(store, "going on", 8), 0);
	const struct store_batch free_it = { .inbox_through = sequence };
	ck_assert_int_eq(store->ops->commit(store, &free_it), 0);
	ck_assert_int_eq(store->ops->commit(store, &admit), 0);
	ck_assert_uint_eq(store->ops->next(store), 4);
	store->ops->close(store);
	dtf__arena_finish(&arena);
	temp_dir_remove(dir);
}
END_TEST

/* A file system of 2 MiB in a name space of our own; false where we may not. */
static bool mount_small(const char *dir) {
	return unshare(CLONE_NEWNS) == 0 &&
		mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
		mount("dtf-test", dir, "tmpfs", 0, "size=2m,mode=0700") == 0;
}

/* T10.  Sizes differ so that writes are cut short at different places. */
START_TEST(a_full_disk_loses_nothing) {
	static const size_t sizes[] = { 100, 4000, 30000, 100000, 300000, 7777 };
	char dir[128];
	temp_dir(dir, sizeof(dir));
	if (!mount_small(dir)) {
		temp_dir_remove(dir);
		return; /* needs root */
	}
	char path[160];
	char ballast[256 * 1024];
	memset(ballast, 'b', sizeof(ballast));
	(void)snprintf(path, sizeof(path), "%s/store", dir);
	write_file(dir, "ballast", ballast, sizeof(ballast));
	struct store *store = store_open(path, STORE_OWN, &store_defaults);
	size_t size = sizes[_i];
	(void)fill_up(store, size, 20000);
	assert_patterns(store, 1, size);
	for (int i = 0; i < 5; i++) { /* asking again neither helps nor harms */
		struct arena arena = { 0 };
		struct slice record = pattern(&arena, 300000, 1);
		ck_assert_int_eq(commit_record(store, record.data, record.size), DTF_EFULL);
		dtf__arena_finish(&arena);
	}
	uint64_t next = store->ops->next(store);
	remove_file(dir, "ballast");
	ck_assert_uint_ge(fill_up(store, 9000, 40000), 1);
	assert_patterns(store, next, 9000);
	store->ops->close(store);
	store = store_open(path, STORE_SHARE, &store_defaults);
	assert_patterns(store, next, 9000);
	store->ops->close(store);
	ck_assert_int_eq(umount2(dir, MNT_DETACH), 0);
	temp_dir_remove(dir);
}
END_TEST

/*
 * T9.  A limit on the file's size cuts a write short although the disk has
 * room, which is an I/O error to LMDB, and to us: nobody knows what was written.
 */
START_TEST(an_io_error_stops_everything) {
	struct world world;
	struct rlimit before;
	struct slice value;
	uint64_t number;
	world_init(&world, WORLD_LMDB);
	store_fill(world.store);
	struct slice large = pattern(&world.arena, MIB, 1);
	ck_assert(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
	struct rlimit limit = before;
	limit.rlim_cur = (rlim_t)data_size(world.dir) + 5 * 4096 + 100;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	ck_assert_int_eq(commit_record(world.store, large.data, large.size), DTF_ESTORE);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
	struct store *store = world.store;
	ck_assert_int_eq(commit_record(store, "x", 1), DTF_ESTORE);
	ck_assert_ptr_nonnull(strstr(dtf_errmsg(), "failed before: commit"));
	ck_assert_int_eq(store_read_all(store), DTF_ESTORE);
	ck_assert_int_eq(store->ops->rows(store, 0, ignore, NULL), DTF_ESTORE);
	ck_assert_int_eq(store->ops->inbox_append(store, large, &number), DTF_ESTORE);
	ck_assert_int_eq(store->ops->owned(store), DTF_ESTORE);
	ck_assert_uint_eq(store->ops->next(store), 3);
	/* Opened anew it has what was acknowledged and takes more. */
	world_reopen(&world);
	ck_assert_int_eq(store_read_all(world.store), 0);
	int rc = world.store->ops->record(world.store, &world.arena, 3, &value);
	ck_assert_int_eq(rc, STORE_NOT_FOUND);
	ck_assert_int_eq(commit_record(world.store, large.data, large.size), 0);
	world_finish(&world);
}
END_TEST

/* More pages than LMDB can hold dirty: refused whole, not stored in part. */
START_TEST(too_much_for_one_commit_is_refused) {
	struct world world;
	world_init(&world, WORLD_LMDB);
	size_t size = (size_t)1 << 30;
	char *bytes = calloc(1, size + 1);
	ck_assert_ptr_nonnull(bytes);
	ck_assert_int_eq(commit_record(world.store, bytes, size + 1), DTF_ETOO_LARGE);
	ck_assert_uint_eq(world.store->ops->next(world.store), 1);
	ck_assert_int_eq(commit_record(world.store, "small", 5), 0);
	free(bytes);
	world_finish(&world);
}
END_TEST

int main(int argc, char **argv) {
	helper_main(argc, argv, NULL);
	Suite *suite = suite_create("store on LMDB");
	TCase *tc = tcase_create("processes");
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, a_second_owner_is_refused_with_the_first_ones_pid);
	tcase_add_test(tc, a_reader_sees_what_a_live_owner_commits);
	tcase_add_test(tc, another_process_writes_the_inbox_and_wakes_the_owner);
	tcase_add_test(tc, a_fenced_out_owner_commits_nothing);
	tcase_add_test(tc, a_forked_child_is_refused_and_harmless);
	tcase_add_test(tc, a_dead_readers_pages_are_used_again);
	tcase_add_test(tc, who_shares_forgets_what_checkpoints_have_written);
	tcase_add_test(tc, a_shorter_value_leaves_nothing_behind);
	suite_add_tcase(suite, tc);

	tc = tcase_create("full");
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, a_full_map_loses_nothing);
	tcase_add_test(tc, the_map_grows_here_and_in_other_processes);
	tcase_add_test(tc, new_work_is_refused_beyond_size_max);
	tcase_add_loop_test(tc, a_full_disk_loses_nothing, 0, 6);
	tcase_add_test(tc, an_io_error_stops_everything);
	tcase_add_test(tc, too_much_for_one_commit_is_refused);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
