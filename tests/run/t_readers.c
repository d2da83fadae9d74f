/*
 * Who reads an instance that is taken away meanwhile is told that it is unknown, or of
 * the next one of its id; never of damage.  At the Nth look into the store, for every N,
 * the instance is purged, purged and started again, or cut back.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "../../runtime/client.h"
#include "../../runtime/error.h"
#include "../../runtime/inspect.h"
#include "../support/lab.h"
#include "../support/suite.h"
#include "../support/turn.h"

#define HOUR INT64_C(3600000)

static struct lab lab;

static int raise_to(const char *id, const char *event) {
	return lab_do(&lab, REQUEST_RAISE, id, event, NULL, "null");
}

/* ---- what happens meanwhile ---- */

static void purge(void) {
	lab_pass(&lab, HOUR);
}

static void purge_and_start(void) {
	lab_pass(&lab, HOUR);
	ck_assert_int_eq(lab_do(&lab, REQUEST_START, "a", "r.turn", NULL, "[9]"), 0);
	ck_assert_int_eq(raise_to("a", "stop"), 0);
}

static void cut(void) {
	for (int i = 0; i < 3; i++) {
		lab_pass(&lab, HOUR);
		ck_assert_int_eq(raise_to("a", "go"), 0);
	}
}

static const struct {
	bool ends;
	void (*f)(void);
} meanwhile[] = { { true, purge }, { true, purge_and_start }, { false, cut } };

/* ---- a store that something happens to ---- */

static struct {
	struct store_ops ops;
	const struct store_ops *before;
	unsigned left; /* looks; 0: it has happened */
	void (*f)(void);
} trap;

static void spring(struct store *store) {
	if (trap.left > 0 && --trap.left == 0) {
		store->ops = trap.before;
		trap.f();
	}
}

static int trapped_find(struct store *store, const char *id, uint64_t *ret) {
	spring(store);
	return trap.before->find(store, id, ret);
}

static int trapped_row(struct store *store, struct arena *arena, uint64_t n, struct slice *ret) {
	spring(store);
	return trap.before->row(store, arena, n, ret);
}

static int trapped_record(struct store *store, struct arena *arena, uint64_t n, struct slice *ret) {
	spring(store);
	return trap.before->record(store, arena, n, ret);
}

static void set_trap(unsigned n, void (*f)(void)) {
	struct store *store = lab.store;
	trap.before = store->ops;
	trap.ops = *store->ops;
	trap.ops.find = trapped_find;
	trap.ops.row = trapped_row;
	trap.ops.record = trapped_record;
	trap.left = n;
	trap.f = f;
	store->ops = &trap.ops;
}

/* Did it happen? */
static bool spring_trap(void) {
	bool sprung = trap.left == 0;
	lab.store->ops = trap.before;
	trap.left = 0;
	return sprung;
}

/* ---- readers ---- */

static void take_info(void *arg, const struct dtf_instance_info *info) {
	ck_assert_str_eq(info->id, "a");
	ck_assert_ptr_nonnull(info->custom_status);
}

static int read_info(void) {
	return dtf__inspect_info(&(struct stores){ &lab.store, 1 }, "a", take_info, NULL);
}

static bool take_listed(void *arg, const struct dtf_instance_info *info) {
	*(unsigned *)arg += 1;
	return true;
}

static int read_list(void) {
	unsigned count = 0;
	int rc = dtf__inspect_list(&(struct stores){ &lab.store, 1 }, take_listed, &count);
	ck_assert_uint_ge(count, 1);
	ck_assert_uint_le(count, 3);
	return rc;
}

static bool take_event(void *arg, const struct dtf_history_event *event) {
	return true;
}

static int read_history(void) {
	return dtf__inspect_history(lab.store, "a", -1, take_event, NULL);
}

static int read_execution(void) {
	return dtf__inspect_history(lab.store, "a", 0, take_event, NULL);
}

static bool take_waiting(void *arg, const struct dtf_waiting *waiting) {
	return true;
}

static int read_where(void) {
	return dtf__inspect_where(lab.store, "a", take_waiting, NULL);
}

/* As another process does it. */
static int read_result(void) {
	struct dtf_client *client;
	struct dtf_result result = { 0 };
	ck_assert_int_eq(dtf__client_create(NULL, &(struct stores){ &lab.store, 1 }, &client), 0);
	int rc = dtf_wait_result(client, "a", 0, &result);
	dtf_result_free(&result);
	dtf__client_destroy(client);
	return rc == DTF_ETIMEOUT ? 0 : rc;
}

static int (*const readers[])(
	void) = { read_info, read_list, read_history, read_execution, read_where, read_result };
#define NREADERS 6

static void begin(bool ends) {
	lab_init(&lab, turn_modules);
	lab.options.retention_ms = HOUR;
	lab_open(&lab);
	ck_assert_int_eq(lab_do(&lab, REQUEST_START, "other", "r.turn", NULL, "[1]"), 0);
	ck_assert_int_eq(lab_do(&lab, REQUEST_START, "a", "r.turn", NULL, "[1]"), 0);
	for (int i = 0; i < 4; i++) {
		ck_assert_int_eq(raise_to("a", "go"), 0);
	}
	if (ends) {
		ck_assert_int_eq(raise_to("a", "stop"), 0);
	}
}

START_TEST(a_purge_is_no_damage) {
	bool ends = meanwhile[_i / NREADERS].ends, sprung = true;
	unsigned n;
	for (n = 1; sprung; n++) {
		begin(ends);
		set_trap(n, meanwhile[_i / NREADERS].f);
		int rc = readers[_i % NREADERS]();
		char text[256];
		(void)snprintf(text, sizeof(text), "%s", dtf_errmsg());
		sprung = spring_trap();
		bool unknown = rc == DTF_EUNKNOWN_INSTANCE && ends && sprung &&
			readers[_i % NREADERS] != read_list;
		ck_assert_msg(rc == 0 || unknown, "at look %u: %d %s", n, rc, text);
		lab_finish(&lab);
	}
	ck_assert_uint_ge(n, 4); /* there was something to meet */
}
END_TEST

/* What is missing while nothing was taken away is still damage. */
START_TEST(what_is_missing_is_damage) {
	begin(_i % 2 == 0);
	uint64_t position = lab.store->ops->next(lab.store) - 1;
	struct store_batch batch = { .forgets = &position, .nforgets = 1 };
	ck_assert_int_eq(lab.store->ops->commit(lab.store, &batch), 0);
	ck_assert_int_eq(read_history(), DTF_ECORRUPT);
	ck_assert_int_eq(read_where(), DTF_ECORRUPT);
	if (_i % 2 == 0) {
		ck_assert_int_eq(read_result(), DTF_ECORRUPT);
	} else {
		ck_assert_int_eq(read_info(), DTF_ECORRUPT);
		ck_assert_int_eq(read_list(), DTF_ECORRUPT);
	}
	lab_finish(&lab);
}
END_TEST

START_TEST(a_name_without_a_row_is_damage) {
	lab_init(&lab, turn_modules);
	lab_open(&lab);
	const struct store_put_name name = { "a", 77 };
	struct store_batch batch = { .names = &name, .nnames = 1 };
	ck_assert_int_eq(lab.store->ops->commit(lab.store, &batch), 0);
	ck_assert_int_eq(read_info(), DTF_ECORRUPT);
	ck_assert_int_eq(read_history(), DTF_ECORRUPT);
	ck_assert_int_eq(read_result(), DTF_ECORRUPT);
	lab_finish(&lab);
}
END_TEST

int main(void) {
	Suite *suite = suite_create("readers");
	TCase *tc = tcase_create("readers");
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, a_purge_is_no_damage, 0, 3 * NREADERS);
	tcase_add_loop_test(tc, what_is_missing_is_damage, 0, 2);
	tcase_add_test(tc, a_name_without_a_row_is_damage);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
