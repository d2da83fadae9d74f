/*
 * A directory of several partitions, as a program has it: families go across them, what
 * is there is found wherever it is, and what does not belong together is not opened.
 */
#include <check.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../support/suite.h"
#include "children.dtf.h"
#include <dtf/dtf.h>

#define FAMILIES 40

static char dir[64];

static void setup(void) {
	(void)snprintf(dir, sizeof(dir), "/tmp/dtf-directory-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
}

static void teardown(void) {
	char command[128];
	(void)snprintf(command, sizeof(command), "rm -rf %s", dir);
	ck_assert_int_eq(system(command), 0);
}

static int run(struct dtf_activity *act) {
	return dtf_activity_return_json(act, "\"x\"");
}

static int try_open(unsigned partitions, struct dtf_engine **ret) {
	struct dtf_engine_options options = {
		.dir = dir, .partitions = partitions, .workers = 2, .run = run, .verify = true
	};
	return dtf_engine_open(&options, ret);
}

static struct dtf_engine *open_engine(unsigned partitions) {
	struct dtf_engine *engine;
	int rc = try_open(partitions, &engine);
	ck_assert_msg(rc == 0, "open: %s", dtf_errmsg());
	ck_assert_int_eq(dtf_engine_register(engine, &children_module), 0);
	return engine;
}

static void assert_not_opened(unsigned partitions, int code, const char *text) {
	struct dtf_engine *engine = NULL;
	ck_assert_int_eq(try_open(partitions, &engine), code);
	ck_assert_msg(strstr(dtf_errmsg(), text) != NULL, "%s", dtf_errmsg());
	ck_assert_ptr_null(engine);
}

static void name_of(char id[32], unsigned n) {
	(void)snprintf(id, 32, "family-%u", n);
}

static void start_all(struct dtf_client *client) {
	char id[32];
	for (unsigned i = 0; i < FAMILIES; i++) {
		name_of(id, i);
		ck_assert_int_eq(dtf_start(client, "children.chain", id, "[3,\"deep\"]"), 0);
	}
}

static void wait_for_all(struct dtf_client *client) {
	char id[32];
	for (unsigned i = 0; i < FAMILIES; i++) {
		struct dtf_result result;
		name_of(id, i);
		ck_assert_int_eq(dtf_wait_result(client, id, -1, &result), 0);
		ck_assert_int_eq(result.status, DTF_COMPLETED);
		ck_assert_str_eq(result.output, "\"321x\"");
		dtf_result_free(&result);
	}
}

struct listed {
	unsigned count, with_parent;
	int64_t created_ms;
};

static bool list_one(void *arg, const struct dtf_instance_info *info) {
	struct listed *listed = arg;
	ck_assert_int_ge(info->created_ms, listed->created_ms);
	ck_assert_int_eq(info->status, DTF_COMPLETED);
	listed->created_ms = info->created_ms;
	listed->count++;
	listed->with_parent += info->parent != NULL;
	return true;
}

static void assert_listed(struct dtf_client *client) {
	struct listed listed = { 0 };
	ck_assert_int_eq(dtf_list(client, list_one, &listed), 0);
	ck_assert_uint_eq(listed.count, 4 * FAMILIES);
	ck_assert_uint_eq(listed.with_parent, 3 * FAMILIES);
}

static void close_engine(struct dtf_engine *engine) {
	ck_assert_int_eq(dtf_engine_stop(engine), 0);
	dtf_engine_close(engine);
}

START_TEST(families_go_across_partitions) {
	struct dtf_engine *engine = open_engine(4);
	ck_assert_int_eq(dtf_engine_start(engine), 0);
	start_all(dtf_engine_client(engine));
	wait_for_all(dtf_engine_client(engine));
	close_engine(engine);
	/* As many as it has; and from outside. */
	engine = open_engine(0);
	ck_assert_int_eq(dtf_engine_start(engine), 0);
	assert_listed(dtf_engine_client(engine));
	close_engine(engine);
	struct dtf_client *client;
	ck_assert_int_eq(dtf_client_open(dir, &client), 0);
	ck_assert_int_eq(dtf_client_has_engine(client), 0);
	assert_listed(client);
	ck_assert_int_eq(dtf_start(client, "children.one", "late", "[\"a\"]"), DTF_EQUEUED);
	dtf_client_close(client);
	engine = open_engine(4);
	ck_assert_int_eq(dtf_engine_start(engine), 0);
	while (dtf_wait_result(dtf_engine_client(engine), "late", -1, NULL) ==
		DTF_EUNKNOWN_INSTANCE) {
		(void)poll(NULL, 0, 1); /* it is in the inbox */
	}
	close_engine(engine);
}
END_TEST

/* A stop in the middle: what is between partitions then goes on with the next engine. */
START_TEST(what_is_under_way_at_a_stop_goes_on) {
	struct dtf_engine *engine = open_engine(3);
	ck_assert_int_eq(dtf_engine_start(engine), 0);
	start_all(dtf_engine_client(engine));
	close_engine(engine);
	engine = open_engine(3);
	ck_assert_int_eq(dtf_engine_start(engine), 0);
	wait_for_all(dtf_engine_client(engine));
	assert_listed(dtf_engine_client(engine));
	close_engine(engine);
}
END_TEST

static void count_end(void *arg, int rc, const struct dtf_result *result) {
	ck_assert_int_eq(rc, 0);
	ck_assert_str_eq(result->output, "\"321x\"");
	++*(unsigned *)arg;
}

START_TEST(one_thread_drives_all_of_them) {
	struct dtf_engine *engine = open_engine(3);
	struct dtf_client *client = dtf_engine_client(engine);
	unsigned ends = 0;
	char id[32];
	ck_assert_int_eq(dtf_engine_attach(engine), 0);
	for (unsigned i = 0; i < FAMILIES; i++) {
		name_of(id, i);
		ck_assert_int_eq(dtf_ask(client,
					 &(struct dtf_request){ .verb = DTF_ASK_START,
						 .id = id,
						 .workflow = "children.chain",
						 .input = "[3,\"deep\"]" }),
			0);
		ck_assert_int_eq(dtf_ask(client,
					 &(struct dtf_request){ .verb = DTF_ASK_WAIT,
						 .id = id,
						 .done = count_end,
						 .arg = &ends }),
			0);
	}
	while (ends < FAMILIES) {
		struct pollfd fd = { .fd = dtf_engine_fd(engine), .events = POLLIN };
		ck_assert_int_eq(poll(&fd, 1, -1), 1);
		ck_assert_int_ge(dtf_engine_run_once(engine), 0);
	}
	close_engine(engine);
}
END_TEST

/* In the directory, by the shell. */
static void shell(const char *what) {
	char command[256];
	(void)snprintf(command, sizeof(command), "cd %s && %s", dir, what);
	ck_assert_int_eq(system(command), 0);
}

START_TEST(what_does_not_belong_together_is_not_opened) {
	assert_not_opened(257, DTF_EINVAL, "partitions is over 256");
	dtf_engine_close(open_engine(2));
	assert_not_opened(3, DTF_EINVAL, "has 2 partitions, not 3");
	assert_not_opened(1, DTF_EINVAL, "has 2 partitions, not 1");
	shell("mv p001 kept");
	assert_not_opened(0, DTF_ECORRUPT, "p001");
	shell("test ! -e p001 && test -e kept");
	shell("cp -r p000 p001");
	assert_not_opened(0, DTF_EFORMAT, "is partition 0 of 2, not partition 1 of 2");
	shell("rm -r p001 && mv kept p001");
	dtf_engine_close(open_engine(2));
	struct dtf_engine *engine = open_engine(0);
	assert_not_opened(0, DTF_EOWNED, "owned");
	dtf_engine_close(engine);
}
END_TEST

START_TEST(one_store_stays_one) {
	dtf_engine_close(open_engine(0));
	assert_not_opened(2, DTF_EINVAL, "has one partition, not 2");
	dtf_engine_close(open_engine(1));
}
END_TEST

/* Its maker died before it was said how many there are. */
START_TEST(an_unfinished_directory_is_finished) {
	dtf_engine_close(open_engine(3));
	shell("rm dtf.partitions && rm -r p002");
	dtf_engine_close(open_engine(3));
	shell("rm dtf.partitions && touch other");
	assert_not_opened(3, DTF_EFORMAT, "not empty");
}
END_TEST

int main(void) {
	Suite *suite = suite_create("directory");
	TCase *tc = tcase_create("directory");
	tcase_set_timeout(tc, 120);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, families_go_across_partitions);
	tcase_add_test(tc, what_is_under_way_at_a_stop_goes_on);
	tcase_add_test(tc, one_thread_drives_all_of_them);
	tcase_add_test(tc, what_does_not_belong_together_is_not_opened);
	tcase_add_test(tc, one_store_stays_one);
	tcase_add_test(tc, an_unfinished_directory_is_finished);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
