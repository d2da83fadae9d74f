/* Stopping comes to an end, whatever the engine is busy with. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <dtf/abi.h>

#include "../../runtime/engine.h"
#include "../support/faulty_store.h"
#include "../support/steps.h"
#include "../support/suite.h"

/* A workflow that does nothing but continue. */
static enum dtf_step spin(struct dtf_ctx *ctx, void *frame) {
	return dtf_continue_with(ctx, 0, NULL);
}

struct frame {
	int at;
};
static const struct dtf_strand_def body = { .name = "spin",
	.frame_size = sizeof(struct frame),
	.at = offsetof(struct frame, at),
	.frame = &dtf_type_no_args,
	.run = spin };
static const struct dtf_site sites[] = { { 1, 1, "continue with ()" } };
static const struct dtf_workflow_def workflow = { .name = "s.spin",
	.version = 1,
	.fingerprint = 1,
	.input = &dtf_type_no_args,
	.output = &dtf_type_unit,
	.body = &body,
	.sites = sites,
	.nsites = 1,
	.events = (const struct dtf_event_def *const[]){ NULL } };
static const struct dtf_module module = { .abi = DTF_ABI,
	.name = "s",
	.file = "s.dtf",
	.manifest = (const char *const[]){ "{}", NULL },
	.activities = (const struct dtf_activity_def *const[]){ NULL },
	.events = (const struct dtf_event_def *const[]){ NULL },
	.workflows = (const struct dtf_workflow_def *const[]){ &workflow, NULL } };

static struct store *store;

static struct dtf_engine *open_engine(void) {
	struct store *memory;
	struct dtf_engine *engine;
	ck_assert_int_eq(dtf__store_memory_open(&memory), 0);
	ck_assert_int_eq(faulty_store_open(memory, &store), 0);
	struct stores stores = { calloc(1, sizeof(struct store *)), 1 };
	stores.stores[0] = store;
	ck_assert_int_eq(
		dtf__engine_open_on(&stores, &(struct dtf_engine_options){ 0 }, &engine), 0);
	ck_assert_int_eq(dtf_engine_register(engine, &module), 0);
	ck_assert_int_eq(dtf_engine_register(engine, &hello_module), 0);
	ck_assert_int_eq(dtf_engine_start(engine), 0);
	return engine;
}

/* It lets others work, too. */
START_TEST(while_a_workflow_only_continues) {
	struct dtf_engine *engine = open_engine();
	struct dtf_client *client = dtf_engine_client(engine);
	ck_assert_int_eq(dtf_start(client, "s.spin", "spin", "[]"), 0);
	ck_assert_int_eq(hello_hello_start(client, "h", "ada"), 0);
	ck_assert_int_eq(dtf_wait_result(client, "h", -1, NULL), 0);
	ck_assert_int_eq(dtf_engine_stop(engine), 0);
	ck_assert_int_eq(dtf_wait_result(client, "spin", -1, NULL), DTF_ECLOSED);
	dtf_engine_close(engine);
}
END_TEST

START_TEST(while_the_store_is_full) {
	struct dtf_engine *engine = open_engine();
	struct dtf_client *client = dtf_engine_client(engine);
	ck_assert_int_eq(hello_hello_start(client, "h", "gate"), 0);
	gate_await(1);
	faulty_store_plan(store,
		&(struct fault){
			.at = 1, .when = FAULT_BEFORE, .code = DTF_EFULL, .for_good = true });
	gate_open();
	ck_assert_int_eq(dtf_engine_stop(engine), 0);
	dtf_engine_close(engine);
}
END_TEST

START_TEST(after_the_store_has_failed) {
	struct dtf_engine *engine = open_engine();
	struct dtf_client *client = dtf_engine_client(engine);
	ck_assert_int_eq(hello_hello_start(client, "h", "gate"), 0);
	gate_await(1);
	faulty_store_plan(store,
		&(struct fault){
			.at = 1, .when = FAULT_BEFORE, .code = DTF_ESTORE, .for_good = true });
	ck_assert_int_eq(hello_hello_start(client, "i", "ada"), DTF_ESTORE);
	ck_assert_int_eq(hello_hello_start(client, "j", "ada"), DTF_ESTORE);
	gate_open();
	ck_assert_int_eq(dtf_engine_stop(engine), DTF_ESTORE);
	ck_assert_int_eq(hello_hello_start(client, "k", "ada"), DTF_ECLOSED);
	dtf_engine_close(engine);
}
END_TEST

int main(void) {
	Suite *suite = suite_create("stop");
	TCase *tc = tcase_create("stop");
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, while_a_workflow_only_continues);
	tcase_add_test(tc, while_the_store_is_full);
	tcase_add_test(tc, after_the_store_has_failed);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
