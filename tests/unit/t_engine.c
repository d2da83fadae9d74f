/*
 * The public interface with its own threads, in memory and on LMDB.  A case
 * waits for results, never for time.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <dtf/abi.h>

#include "../support/shop.h"
#include "../support/suite.h"

struct world {
	char dir[64]; /* "" = memory */
	struct dtf_engine *engine;
	struct dtf_client *client;
};

static void open_world(struct world *w, struct dtf_engine_options options) {
	options.dir = w->dir[0] == '\0' ? NULL : w->dir;
	options.verify = true;
	ck_assert_msg(dtf_engine_open(&options, &w->engine) == 0, "%s", dtf_errmsg());
	ck_assert_int_eq(dtf_engine_register(w->engine, &shop_module), 0);
	ck_assert_msg(dtf_engine_start(w->engine) == 0, "%s", dtf_errmsg());
	w->client = dtf_engine_client(w->engine);
}

static struct world make_world(int i) {
	struct world w = { .dir = "" };
	shop_world.block = false;
	if (i == 1) {
		(void)snprintf(w.dir, sizeof(w.dir), "/tmp/dtf-engine-XXXXXX");
		ck_assert_ptr_nonnull(mkdtemp(w.dir));
	}
	open_world(&w, (struct dtf_engine_options){ 0 });
	return w;
}

static void close_world(struct world *w) {
	ck_assert_msg(dtf_engine_stop(w->engine) == 0, "%s", dtf_errmsg());
	dtf_engine_close(w->engine);
	if (w->dir[0] != '\0') {
		char command[100];
		(void)snprintf(command, sizeof(command), "rm -rf %s", w->dir);
		ck_assert_int_eq(system(command), 0);
	}
}

static const struct shop_item items[] = { { "tea", 1 }, { "cup", 6 } };
static const struct shop_order small = {
	.id = "o", .customer = "ada", .cents = 500, .items = { items, 2 }
};
static const struct shop_order large = {
	.id = "o", .customer = "ada", .cents = 500000, .items = { items, 2 }
};

static enum dtf_status end_of(struct world *w, const char *id) {
	struct dtf_result result;
	ck_assert_msg(dtf_wait_result(w->client, id, 60000, &result) == 0, "%s", dtf_errmsg());
	enum dtf_status status = result.status;
	dtf_result_free(&result);
	return status;
}

static void ignore_info(void *arg, const struct dtf_instance_info *info) {
}

/* LANGUAGE.md 12: accepted from creation on, start with an event too. */
START_TEST(starts_with_an_event) {
	struct world w = make_world(_i);
	static const char input[] = "[{\"id\":\"o\",\"customer\":\"ada\",\"items\":[],"
				    "\"cents\":500000}]";
	struct dtf_client *c = w.client;
	ck_assert_int_eq(dtf_start_with_event(
				 c, "shop.nothing", "e", input, "approval", "\"approved\"", NULL),
		DTF_EUNKNOWN_WORKFLOW);
	ck_assert_int_eq(dtf_start_with_event(c, "shop.fulfil", "e", input, "nonsense", "1", NULL),
		DTF_EUNKNOWN_EVENT);
	ck_assert_int_eq(
		dtf_start_with_event(c, "shop.fulfil", "e", input, "approval", "\"maybe\"", NULL),
		DTF_EPAYLOAD);
	ck_assert_int_eq(
		dtf_start_with_event(c, "shop.fulfil", "e", "[]", "approval", "\"approved\"", NULL),
		DTF_EPAYLOAD);
	ck_assert_int_eq(dtf_info(c, "e", ignore_info, NULL), DTF_EUNKNOWN_INSTANCE);
	/* One that starts with it, and one that is there. */
	ck_assert_int_eq(
		dtf_start_with_event(c, "shop.fulfil", "e", input, "approval", "\"approved\"", "k"),
		0);
	ck_assert_int_eq(end_of(&w, "e"), DTF_COMPLETED);
	ck_assert_int_eq(dtf_start(c, "shop.fulfil", "f", input), 0);
	ck_assert_int_eq(
		dtf_start_with_event(c, "shop.fulfil", "f", input, "approval", "\"approved\"", "k"),
		0);
	ck_assert_int_eq(end_of(&w, "f"), DTF_COMPLETED);
	ck_assert_int_eq(
		dtf_start_with_event(c, "shop.fulfil", "f", input, "approval", "\"approved\"", "l"),
		DTF_EENDED);
	close_world(&w);
}
END_TEST

START_TEST(many_instances_at_once) {
	enum { COUNT = 20 };
	struct world w = make_world(_i);
	char id[16];
	for (int i = 0; i < COUNT; i++) {
		(void)snprintf(id, sizeof(id), "many-%d", i);
		ck_assert_int_eq(shop_fulfil_start(w.client, id, &small), 0);
	}
	for (int i = COUNT - 1; i >= 0; i--) {
		(void)snprintf(id, sizeof(id), "many-%d", i);
		ck_assert_int_eq(end_of(&w, id), DTF_COMPLETED);
	}
	close_world(&w);
}
END_TEST

START_TEST(runs_to_its_result) {
	struct world w = make_world(_i);
	struct shop_receipt receipt;
	struct dtf_result result;
	ck_assert_int_eq(shop_fulfil_start(w.client, "o-1", &small), 0);
	ck_assert_int_eq(shop_fulfil_wait(w.client, "o-1", 60000, &receipt, &result), 0);
	ck_assert_int_eq(result.status, DTF_COMPLETED);
	ck_assert_str_eq(receipt.charge, "ch-o");
	ck_assert_uint_eq(receipt.labels.count, 2);
	ck_assert_str_eq(receipt.labels.items[1], "6 cup");
	dtf_result_free(&result);
	close_world(&w);
}
END_TEST

START_TEST(a_failure_is_the_result_and_was_undone) {
	struct world w = make_world(_i);
	struct shop_order gone = small;
	struct dtf_result result;
	gone.id = "gone";
	ck_assert_int_eq(shop_fulfil_start(w.client, "o-1", &gone), 0);
	ck_assert_int_eq(dtf_wait_result(w.client, "o-1", 60000, &result), 0);
	ck_assert_int_eq(result.status, DTF_FAILED);
	ck_assert_str_eq(result.error.name, "shop.out_of_stock");
	ck_assert_str_eq(result.error.data, "{\"sku\":\"x\"}");
	dtf_result_free(&result);
	close_world(&w);
}
END_TEST

START_TEST(each_refusal_has_its_code) {
	struct world w = make_world(_i);
	struct dtf_client *c = w.client;
	ck_assert_int_eq(dtf_start(c, "shop.nothing", "a", "[]"), DTF_EUNKNOWN_WORKFLOW);
	ck_assert_int_eq(dtf_start(c, "shop.fulfil", "a", "[7]"), DTF_EPAYLOAD);
	ck_assert_ptr_nonnull(strstr(dtf_errmsg(), "order"));
	ck_assert_int_eq(dtf_start(c, "shop.fulfil", "a", "[{"), DTF_EPAYLOAD);
	ck_assert_int_eq(dtf_start(c, "shop.fulfil", "", "[]"), DTF_EINVAL);
	ck_assert_int_eq(
		dtf_raise(c, "a", "approval", "\"approved\"", NULL), DTF_EUNKNOWN_INSTANCE);
	ck_assert_int_eq(dtf_cancel(c, "a", NULL), DTF_EUNKNOWN_INSTANCE);
	ck_assert_int_eq(dtf_wait_result(c, "a", 0, NULL), DTF_EUNKNOWN_INSTANCE);
	ck_assert_int_eq(shop_fulfil_start(c, "a", &large), 0);
	ck_assert_int_eq(shop_fulfil_start(c, "a", &large), DTF_EEXISTS);
	ck_assert_int_eq(dtf_raise(c, "a", "nonsense", "1", NULL), DTF_EUNKNOWN_EVENT);
	ck_assert_int_eq(dtf_raise(c, "a", "approval", "\"maybe\"", NULL), DTF_EPAYLOAD);
	ck_assert_int_eq(dtf_wait_result(c, "a", 1, NULL), DTF_ETIMEOUT);
	ck_assert_int_eq(shop_raise_approval(c, "a", SHOP_DECISION_APPROVED, "e"), 0);
	ck_assert_int_eq(end_of(&w, "a"), DTF_COMPLETED);
	ck_assert_int_eq(dtf_raise(c, "a", "approval", "\"approved\"", NULL), DTF_EENDED);
	ck_assert_int_eq(dtf_cancel(c, "a", NULL), DTF_EENDED);
	char *big = calloc(1, 1200 * 1024);
	memset(big, 'x', 1200 * 1024 - 1);
	ck_assert_int_eq(dtf_start(c, "shop.fulfil", "b", big), DTF_ETOO_LARGE);
	free(big);
	close_world(&w);
}
END_TEST

START_TEST(cancel_and_terminate) {
	struct world w = make_world(_i);
	ck_assert_int_eq(shop_fulfil_start(w.client, "c", &large), 0);
	ck_assert_int_eq(shop_fulfil_start(w.client, "t", &large), 0);
	ck_assert_int_eq(dtf_cancel(w.client, "c", "enough"), 0);
	ck_assert_int_eq(dtf_terminate(w.client, "t", "now"), 0);
	ck_assert_int_eq(end_of(&w, "c"), DTF_CANCELLED);
	ck_assert_int_eq(end_of(&w, "t"), DTF_TERMINATED);
	close_world(&w);
}
END_TEST

START_TEST(suspended_it_keeps_what_comes) {
	struct world w = make_world(_i);
	ck_assert_int_eq(shop_fulfil_start(w.client, "s", &large), 0);
	ck_assert_int_eq(dtf_suspend(w.client, "s", "look"), 0);
	ck_assert_int_eq(shop_raise_approval(w.client, "s", SHOP_DECISION_APPROVED, NULL), 0);
	ck_assert_int_eq(dtf_wait_result(w.client, "s", 20, NULL), DTF_ETIMEOUT);
	ck_assert_int_eq(dtf_resume(w.client, "s"), 0);
	ck_assert_int_eq(end_of(&w, "s"), DTF_COMPLETED);
	close_world(&w);
}
END_TEST

struct crowd {
	struct world *world;
	int from, count;
};

static void *start_many(void *arg) {
	struct crowd *crowd = arg;
	for (int i = 0; i < crowd->count; i++) {
		char id[32];
		(void)snprintf(id, sizeof(id), "many-%d", crowd->from + i);
		if (shop_fulfil_start(crowd->world->client, id, &small) != 0) {
			return crowd; /* trouble */
		}
	}
	for (int i = 0; i < crowd->count; i++) {
		char id[32];
		(void)snprintf(id, sizeof(id), "many-%d", crowd->from + i);
		if (dtf_wait_result(crowd->world->client, id, 60000, NULL) != 0) {
			return crowd;
		}
	}
	return NULL;
}

START_TEST(many_at_once_from_many_threads) {
	struct world w = make_world(_i);
	pthread_t threads[4];
	struct crowd crowds[4];
	int before = shop_world.charged;
	for (int i = 0; i < 4; i++) {
		crowds[i] = (struct crowd){ &w, i * 25, 25 };
		ck_assert_int_eq(pthread_create(&threads[i], NULL, start_many, &crowds[i]), 0);
	}
	for (int i = 0; i < 4; i++) {
		void *trouble;
		ck_assert_int_eq(pthread_join(threads[i], &trouble), 0);
		ck_assert_ptr_null(trouble);
	}
	ck_assert_int_eq(shop_world.charged - before, 100);
	close_world(&w);
}
END_TEST

static void *stop_engine(void *arg) {
	struct world *w = arg;
	return dtf_engine_stop(w->engine) == 0 ? NULL : w;
}

START_TEST(stopping_records_what_runs_and_tells_who_waits) {
	struct world w = make_world(1);
	pthread_t thread;
	void *trouble;
	int before = shop_world.reserved;
	shop_world.block = true;
	ck_assert_int_eq(shop_fulfil_start(w.client, "o-1", &small), 0);
	while (shop_world.reserved == before) {
		(void)usleep(100);
	}
	ck_assert_int_eq(pthread_create(&thread, NULL, stop_engine, &w), 0);
	shop_world.block = false;
	ck_assert_int_eq(pthread_join(thread, &trouble), 0);
	ck_assert_ptr_null(trouble);
	ck_assert_int_eq(dtf_start(w.client, "shop.fulfil", "x", "[]"), DTF_ECLOSED);
	dtf_engine_close(w.engine);
	open_world(&w, (struct dtf_engine_options){ 0 });
	ck_assert_int_eq(end_of(&w, "o-1"), DTF_COMPLETED);
	ck_assert_int_eq(shop_world.reserved, before + 1); /* its result was recorded */
	close_world(&w);
}
END_TEST

START_TEST(closing_answers_those_who_wait) {
	struct world w = make_world(_i);
	pthread_t thread;
	void *trouble;
	ck_assert_int_eq(shop_fulfil_start(w.client, "long", &large), 0);
	ck_assert_int_eq(pthread_create(&thread, NULL, stop_engine, &w), 0);
	int rc = dtf_wait_result(w.client, "long", -1, NULL);
	ck_assert(rc == DTF_ECLOSED);
	ck_assert_int_eq(pthread_join(thread, &trouble), 0);
	close_world(&w);
}
END_TEST

/* What an activity asks of the engine that runs it, and the answers. */
static struct {
	struct world *world;
	atomic_int stop, wait;
	atomic_bool waiting;
} inside;

static void stop_from_inside(struct dtf_activity *act) {
	inside.stop = dtf_engine_stop(inside.world->engine);
	dtf_engine_close(inside.world->engine);
}

START_TEST(an_activity_cannot_stop_its_engine) {
	struct world w = make_world(_i);
	inside.world = &w;
	inside.stop = 0;
	shop_world.reserving = stop_from_inside;
	ck_assert_int_eq(shop_fulfil_start(w.client, "o-1", &small), 0);
	ck_assert_int_eq(end_of(&w, "o-1"), DTF_COMPLETED);
	ck_assert_int_eq(inside.stop, DTF_EINVAL);
	shop_world.reserving = NULL;
	close_world(&w);
}
END_TEST

static void wait_from_inside(struct dtf_activity *act) {
	inside.waiting = true;
	inside.wait = dtf_wait_result(inside.world->client, "long", -1, NULL);
}

/* Stopping waits for it, so it must not wait for what will not be. */
START_TEST(an_activity_that_waits_does_not_hold_up_stopping) {
	struct world w = make_world(_i);
	inside.world = &w;
	inside.wait = 0;
	inside.waiting = false;
	shop_world.reserving = wait_from_inside;
	ck_assert_int_eq(shop_fulfil_start(w.client, "long", &large), 0);
	while (!inside.waiting) {
		(void)usleep(100);
	}
	close_world(&w);
	ck_assert_int_eq(inside.wait, DTF_ECLOSED);
	shop_world.reserving = NULL;
}
END_TEST

START_TEST(two_threads_may_stop_at_once) {
	struct world w = make_world(_i);
	pthread_t threads[2];
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(pthread_create(&threads[i], NULL, stop_engine, &w), 0);
	}
	for (int i = 0; i < 2; i++) {
		void *trouble;
		ck_assert_int_eq(pthread_join(threads[i], &trouble), 0);
		ck_assert_ptr_null(trouble);
	}
	close_world(&w);
}
END_TEST

START_TEST(arguments_that_make_no_sense_are_refused) {
	struct dtf_engine *engine;
	const struct dtf_engine_options wrong[] = { { .dir = "" }, { .history_max = -1 },
		{ .grace_ms = -1 }, { .payload_max = SIZE_MAX },
		{ .in_flight_max = (unsigned)-1 } };
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		ck_assert_int_eq(dtf_engine_open(&wrong[i], &engine), DTF_EINVAL);
	}
	ck_assert_int_eq(dtf_engine_open(NULL, &engine), DTF_EINVAL);
	ck_assert_int_eq(dtf_engine_open(&wrong[0], NULL), DTF_EINVAL);
	struct world w = make_world(_i);
	ck_assert_int_eq(shop_fulfil_start(w.client, "o-1", &small), 0);
	ck_assert_int_eq(dtf_engine_register(w.engine, NULL), DTF_EINVAL);
	ck_assert_int_eq(dtf_info(w.client, "o-1", NULL, NULL), DTF_EINVAL);
	ck_assert_int_eq(dtf_list(w.client, NULL, NULL), DTF_EINVAL);
	ck_assert_int_eq(dtf_history(w.client, "o-1", 0, NULL, NULL), DTF_EINVAL);
	ck_assert_int_eq(dtf_where(w.client, "o-1", NULL, NULL), DTF_EINVAL);
	close_world(&w);
}
END_TEST

START_TEST(an_activity_with_a_tag_waits_for_one_who_serves_it) {
	struct world w = { .dir = "" };
	const char *const none[] = { "printing", NULL };
	shop_world.block = false;
	open_world(&w, (struct dtf_engine_options){ .tags = none });
	int before = shop_world.charged;
	ck_assert_int_eq(shop_fulfil_start(w.client, "o-1", &small), 0);
	ck_assert_int_eq(dtf_wait_result(w.client, "o-1", 30, NULL), DTF_ETIMEOUT);
	ck_assert_int_eq(shop_world.charged, before); /* tag "payments" */
	close_world(&w);
}
END_TEST

static int run_by_name(struct dtf_activity *act) {
	bool has_result = strcmp(dtf_activity_name(act), "shop.charge") == 0 ||
		strcmp(dtf_activity_name(act), "shop.print_label") == 0;
	return dtf_activity_return_json(act,
		has_result ? dtf_activity_printf(act, "\"%s\"", dtf_activity_name(act)) : "null");
}

START_TEST(activities_that_are_no_c_functions) {
	struct world w = { .dir = "" };
	int before = shop_world.charged;
	open_world(&w, (struct dtf_engine_options){ .run = run_by_name });
	struct shop_receipt receipt;
	struct dtf_result result;
	ck_assert_int_eq(shop_fulfil_start(w.client, "o-1", &small), 0);
	ck_assert_int_eq(shop_fulfil_wait(w.client, "o-1", 60000, &receipt, &result), 0);
	ck_assert_str_eq(receipt.charge, "shop.charge");
	ck_assert_int_eq(shop_world.charged, before);
	dtf_result_free(&result);
	close_world(&w);
}
END_TEST

START_TEST(an_activity_that_nothing_runs_is_refused_at_registration) {
	const struct dtf_activity_def bare = { .name = "shop.bare" };
	struct dtf_module module = shop_module;
	module.activities = (const struct dtf_activity_def *const[]){ &bare, NULL };
	struct dtf_engine *engine;
	ck_assert_int_eq(dtf_engine_open(&(struct dtf_engine_options){ 0 }, &engine), 0);
	ck_assert_int_eq(dtf_engine_register(engine, &module), DTF_EINVAL);
	ck_assert_ptr_nonnull(strstr(dtf_errmsg(), "shop.bare"));
	dtf_engine_close(engine);
}
END_TEST

START_TEST(a_second_owner_is_refused) {
	struct world w = make_world(1);
	struct dtf_engine *other;
	ck_assert_int_eq(
		dtf_engine_open(&(struct dtf_engine_options){ .dir = w.dir }, &other), DTF_EOWNED);
	close_world(&w);
}
END_TEST

START_TEST(a_forks_child_is_refused) {
	struct world w = make_world(_i);
	pid_t pid = fork();
	if (pid == 0) {
		_exit(dtf_start(w.client, "shop.fulfil", "f", "[]") == DTF_EFORK &&
					dtf_engine_stop(w.engine) == DTF_EFORK
				? 0
				: 1);
	}
	int status;
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	close_world(&w);
}
END_TEST

START_TEST(the_inbox_carries_commands_of_others) {
	struct world w = make_world(1);
	struct dtf_client *other;
	ck_assert_msg(dtf_client_open(w.dir, &other) == 0, "%s", dtf_errmsg());
	const char *input = "[{\"id\":\"i\",\"customer\":\"bob\",\"items\":[],\"cents\":200000}]";
	ck_assert_msg(dtf_start(other, "shop.fulfil", "i", input) == 0, "%s", dtf_errmsg());
	ck_assert_int_eq(dtf_start(other, "shop.fulfil", "i", input), DTF_EEXISTS);
	ck_assert_int_eq(dtf_start(other, "shop.fulfil", "j", "[]"), DTF_EPAYLOAD);
	ck_assert_int_eq(dtf_raise(other, "i", "approval", "\"approved\"", "k"), 0);
	ck_assert_int_eq(dtf_wait_result(other, "i", 60000, NULL), 0);
	ck_assert_int_eq(dtf_cancel(other, "i", "late"), DTF_EENDED);
	ck_assert_int_eq(dtf_engine_stop(w.engine), 0);
	dtf_engine_close(w.engine);
	ck_assert_int_eq(dtf_start(other, "shop.fulfil", "q", input), DTF_EQUEUED);
	ck_assert_int_eq(dtf_cancel(other, "q", "never mind"), DTF_EQUEUED);
	/* No engine will ever take these: they are not queued. */
	ck_assert_int_eq(dtf_raise(other, "q", "approval", "{", NULL), DTF_EPAYLOAD);
	ck_assert_int_eq(dtf_start(other, "shop.fulfil", "r", ""), DTF_EPAYLOAD);
	open_world(&w, (struct dtf_engine_options){ 0 });
	struct dtf_result result;
	int rc;
	do { /* the inbox is read in one of the first rounds */
		rc = dtf_wait_result(w.client, "q", 60000, &result);
	} while (rc == DTF_EUNKNOWN_INSTANCE);
	ck_assert_int_eq(rc, 0);
	ck_assert_int_eq(result.status, DTF_CANCELLED);
	dtf_result_free(&result);
	dtf_client_close(other);
	close_world(&w);
}
END_TEST

START_TEST(a_store_at_its_limit_refuses_new_work_and_finishes_old) {
	struct world w = { .dir = "" };
	(void)snprintf(w.dir, sizeof(w.dir), "/tmp/dtf-engine-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(w.dir));
	shop_world.block = true;
	open_world(&w, (struct dtf_engine_options){ .store_max = 200 * 1024 });
	ck_assert_int_eq(shop_fulfil_start(w.client, "first", &small), 0);
	struct shop_item *many = calloc(3000, sizeof(*many));
	for (size_t i = 0; i < 3000; i++) {
		many[i] = (struct shop_item){ "thing", 1 };
	}
	struct shop_order big = large;
	big.items.items = many;
	big.items.count = 3000;
	int rc = 0;
	for (int i = 0; rc == 0 && i < 100; i++) {
		char id[16];
		(void)snprintf(id, sizeof(id), "big-%d", i);
		rc = shop_fulfil_start(w.client, id, &big);
	}
	ck_assert_int_eq(rc, DTF_EFULL);
	free(many);
	shop_world.block = false;
	ck_assert_int_eq(end_of(&w, "first"), DTF_COMPLETED);
	close_world(&w);
}
END_TEST

int main(void) {
	Suite *suite = suite_create("engine");
	TCase *tc = tcase_create("both stores");
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, starts_with_an_event, 0, 2);
	tcase_add_loop_test(tc, many_instances_at_once, 0, 2);
	tcase_add_loop_test(tc, runs_to_its_result, 0, 2);
	tcase_add_loop_test(tc, a_failure_is_the_result_and_was_undone, 0, 2);
	tcase_add_loop_test(tc, each_refusal_has_its_code, 0, 2);
	tcase_add_loop_test(tc, cancel_and_terminate, 0, 2);
	tcase_add_loop_test(tc, suspended_it_keeps_what_comes, 0, 2);
	tcase_add_loop_test(tc, many_at_once_from_many_threads, 0, 2);
	tcase_add_loop_test(tc, closing_answers_those_who_wait, 0, 2);
	tcase_add_loop_test(tc, a_forks_child_is_refused, 0, 2);
	tcase_add_loop_test(tc, an_activity_cannot_stop_its_engine, 0, 2);
	tcase_add_loop_test(tc, an_activity_that_waits_does_not_hold_up_stopping, 0, 2);
	tcase_add_loop_test(tc, two_threads_may_stop_at_once, 0, 2);
	tcase_add_loop_test(tc, arguments_that_make_no_sense_are_refused, 0, 2);
	tcase_add_test(tc, stopping_records_what_runs_and_tells_who_waits);
	tcase_add_test(tc, an_activity_with_a_tag_waits_for_one_who_serves_it);
	tcase_add_test(tc, activities_that_are_no_c_functions);
	tcase_add_test(tc, an_activity_that_nothing_runs_is_refused_at_registration);
	tcase_add_test(tc, a_second_owner_is_refused);
	tcase_add_test(tc, the_inbox_carries_commands_of_others);
	tcase_add_test(tc, a_store_at_its_limit_refuses_new_work_and_finishes_old);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
