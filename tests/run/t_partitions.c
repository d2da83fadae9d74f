/*
 * Families whose members are in different partitions, when things go wrong: the
 * process dies at any commit of either engine, a store is full, a receiver does
 * nothing for a long time.  In the end all is as without that: nobody is there twice,
 * nobody waits, and no message is under way.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../runtime/error.h"
#include "../support/lab.h"
#include "../support/suite.h"
#include "children.dtf.h"

#define FAULTS_MAX      200
#define PARTITIONS_MOST 3

static const struct dtf_module *const modules[] = { &children_module, NULL };

static struct lab parts[PARTITIONS_MOST];
static struct engine *engines[PARTITIONS_MOST];
static unsigned count; /* partitions */
static bool crashed;
static struct buf calls; /* "step parent\nundone child\n": attempts that ended, in order */

/* ---- the partitions, as one process has them ---- */

static void open_all(void) {
	for (unsigned i = 0; i < count; i++) {
		ck_assert_int_eq(lab_make(&parts[i]), 0);
		engines[i] = parts[i].engine;
	}
	for (unsigned i = 0; i < count; i++) {
		ck_assert_int_eq(dtf__post_join(engines[i], engines, i, count), 0);
	}
	for (unsigned i = 0; i < count; i++) {
		int rc = dtf__engine_recover(engines[i]);
		ck_assert_msg(rc == 0, "partition %u does not open: %d %s", i, rc, dtf_errmsg());
	}
}

/* As dtf__store_memory_again() makes them: numbers say the partition. */
static void begin_with(unsigned partitions, bool verify) {
	count = partitions;
	for (unsigned i = 0; i < count; i++) {
		lab_init(&parts[i], modules);
		parts[i].options.verify = verify;
		parts[i].snapshot_events = 3;
	}
	dtf__buf_clear(&calls);
	crashed = false;
	open_all();
}

static void finish(void) {
	for (unsigned i = 0; i < count; i++) {
		dtf__engine_destroy(parts[i].engine);
		parts[i].engine = NULL;
	}
	for (unsigned i = 0; i < count; i++) {
		lab_finish(&parts[i]);
	}
	dtf__buf_finish(&calls);
}

static void reopen(void) {
	crashed = true;
	for (unsigned i = 0; i < count; i++) {
		lab_crash(&parts[i]);
	}
	open_all();
}

static struct lab *lab_of(const char *id) {
	return &parts[dtf__partition_of_id(id, count)];
}

static void set_time(int64_t now_ms) {
	for (unsigned i = 0; i < count; i++) {
		parts[i].now_ms = parts[i].steady_ms = now_ms;
	}
}

static int64_t next_ms(void) {
	int64_t least = INT64_MAX;
	for (unsigned i = 0; i < count; i++) {
		bool quiet = dtf__queue_sleep(engines[i]->queue);
		dtf__queue_woken(engines[i]->queue, false);
		int64_t next = quiet ? parts[i].next_ms : 0;
		least = next < least ? next : least;
	}
	return least;
}

/* Rounds until nothing is left to do now, over crashes: all die together. */
static void settle(void) {
	unsigned rounds = 0;
	do {
		ck_assert_uint_lt(rounds++, 10000);
		for (unsigned i = 0; i < count; i++) {
			if (lab_round(&parts[i]) < 0) {
				reopen();
				break;
			}
		}
	} while (next_ms() <= parts[0].now_ms);
}

/* Asks until it is recorded: what was not answered may have been, before a crash. */
static void insist(enum request_kind kind, const char *id, const char *name, const char *payload) {
	unsigned tries = 0;
	bool done = false;
	while (!done) {
		struct asked asked;
		ck_assert_uint_lt(tries++, 100);
		lab_ask(lab_of(id), &asked, kind, id, name, NULL, payload);
		settle();
		ck_assert_uint_eq(asked.answers, 1);
		done = asked.rc == 0 || asked.rc == DTF_EEXISTS || asked.rc == DTF_EENDED;
		if (!done) {
			set_time(parts[0].now_ms + 1000); /* a full store is tried again */
			settle();
		}
	}
}

static void end_one(struct lab *lab) {
	struct dtf_activity *attempt = lab->running[0];
	const char *name = attempt->def->name, *id = attempt->id;
	char said[64];
	(void)snprintf(said, sizeof(said), "%.*s", (int)attempt->args.size, attempt->args.data);
	dtf__buf_printf(&calls, "%s%s\n", strrchr(name, '.') + 1, said);
	if (strcmp(name, "children.fails") == 0) {
		dtf__buf_text(&attempt->payload, "{\"name\":\"children.sour\",\"data\":{\"n\":9}}");
		attempt->outcome = OUTCOME_FAILED;
		memmove(&lab->running[0], &lab->running[1], --lab->nrunning * sizeof(attempt));
		attempt->finished(attempt->finished_arg, attempt);
		return;
	}
	lab_end(lab, name, id, strcmp(name, "children.step") == 0 ? "\"x\"" : "null");
}

static struct lab *busy_lab(void) {
	unsigned i = 0;
	while (i < count && parts[i].nrunning == 0) {
		i++;
	}
	return i < count ? &parts[i] : NULL;
}

/* One attempt ends, or time passes; false: nothing is to come. */
static bool go_on(void) {
	settle();
	struct lab *lab = busy_lab();
	int64_t next = next_ms();
	if (lab != NULL) {
		end_one(lab);
	} else if (next < INT64_MAX) {
		set_time(next > parts[0].now_ms ? next : parts[0].now_ms);
	} else {
		return false;
	}
	settle();
	return true;
}

static void drive(void) {
	for (unsigned steps = 0; go_on(); steps++) {
		ck_assert_uint_lt(steps, 20000);
	}
}

/* What a full store has put off reaches everybody before an attempt ends. */
static void wait_for_retries(void) {
	for (unsigned i = 0; i < 6; i++) {
		set_time(parts[0].now_ms + 1000);
		settle();
	}
}

static void drive_until_runs(const char *activity, const char *id) {
	settle();
	for (unsigned steps = 0; lab_running(lab_of(id), activity, id) == NULL; steps++) {
		ck_assert_msg(steps < 1000 && go_on(), "%s of %s never runs", activity, id);
	}
}

/* ---- what must be true in the end ---- */

static bool owes_nothing(void *arg, uint64_t number, struct slice bytes) {
	struct arena arena = { 0 };
	struct row row;
	unsigned *instances = arg;
	++*instances;
	ck_assert_int_eq(dtf__row_decode(&arena, bytes, &row), 0);
	ck_assert_msg(!row.owes_end, "%s owes its end", row.id);
	ck_assert_msg(!row.has_orphans, "%s has orphans", row.id);
	ck_assert_msg(row.status > DTF_SUSPENDED, "%s has not ended", row.id);
	dtf__arena_finish(&arena);
	return true;
}

static bool count_message(void *arg, uint64_t sequence, struct slice bytes) {
	++*(unsigned *)arg;
	return true;
}

static void commit_in(unsigned partition) {
	char id[32];
	unsigned n = 0;
	do {
		(void)snprintf(id, sizeof(id), "last-%u", n++);
	} while (dtf__partition_of_id(id, count) != partition);
	insist(REQUEST_START, id, "children.nothing", "[]");
	drive();
}

/* What a commit of the sender can delete is deleted by the next one. */
static void assert_settled(unsigned wanted) {
	unsigned instances = 0;
	for (unsigned i = 0; i < count; i++) {
		commit_in(i);
	}
	for (unsigned i = 0; i < count; i++) {
		struct store *store = parts[i].store;
		const struct post *post = &engines[i]->post;
		unsigned messages = 0;
		ck_assert_int_eq(store->ops->rows(store, 0, owes_nothing, &instances), 0);
		ck_assert_int_eq(store->ops->outbox(store, 0, count_message, &messages), 0);
		ck_assert_msg(messages <= 1, "partition %u keeps %u messages", i, messages);
		ck_assert_uint_eq(post->nwaiting, 0);
		ck_assert_uint_eq(post->handed, post->last);
		ck_assert_uint_le(post->nsent, 1);
		ck_assert_uint_eq(engines[i]->slots_used, 0);
	}
	ck_assert_uint_eq(instances, wanted + count);
}

static void assert_status(const char *id, enum dtf_status status) {
	enum dtf_status is = lab_status(lab_of(id), id);
	ck_assert_msg(is == status, "%s is %s", id, dtf_status_name(is));
}

static void assert_count(const char *id, enum event_kind kind, unsigned times) {
	unsigned is = lab_count(lab_of(id), id, kind);
	ck_assert_msg(is == times, "%s: %s %u times", id, dtf__event_name(kind), is);
}

static void assert_order(const char *first, const char *then) {
	const char *a = calls.data == NULL ? NULL : strstr(calls.data, first);
	const char *b = a == NULL ? NULL : strstr(a, then);
	ck_assert_msg(b != NULL, "no %s before %s in:\n%s", first, then, calls.data);
}

/* ---- the runs ---- */

static char parent[16], child[32], grandchild[48];

/* A parent of that child of its and that grandchild, if there is one: the one in another
 * partition, the other back in the first, or in a third. */
static void choose(const char *of_parent, const char *of_child) {
	for (unsigned n = 0;; n++) {
		(void)snprintf(parent, sizeof(parent), "p%u", n);
		(void)snprintf(child, sizeof(child), "%s%s", parent, of_parent);
		(void)snprintf(grandchild, sizeof(grandchild), "%s%s", child, of_child);
		unsigned p = dtf__partition_of_id(parent, count);
		unsigned c = dtf__partition_of_id(child, count);
		unsigned g = dtf__partition_of_id(grandchild, count);
		bool fits = of_child[0] == '\0' || g == (count == 2 ? 0 : 2);
		if (p == 0 && c == 1 && fits) {
			return;
		}
	}
}

static void chain_to_its_end(void) {
	choose("/1/1", "/1/1");
	insist(REQUEST_START, parent, "children.chain", "[2,\"deep\"]");
	drive();
	assert_status(parent, DTF_COMPLETED);
	assert_status(child, DTF_COMPLETED);
	assert_status(grandchild, DTF_COMPLETED);
	assert_count(parent, EVENT_CHILD_STARTED, 1);
	assert_count(parent, EVENT_CHILD_ENDED, 1);
	assert_count(child, EVENT_STARTED, 1);
	assert_count(child, EVENT_CHILD_ENDED, 1);
	assert_count(grandchild, EVENT_ACTIVITY_SCHEDULED, 1);
	assert_count(grandchild, EVENT_COMPLETED, 1);
	assert_settled(3);
}

static void cancelled_with_its_children(void) {
	choose("/1/2", "/1/2");
	insist(REQUEST_START, parent, "children.grandparent", "[]");
	drive_until_runs("children.step", grandchild);
	insist(REQUEST_CANCEL, parent, NULL, NULL);
	wait_for_retries();
	drive();
	assert_status(parent, DTF_CANCELLED);
	assert_status(child, DTF_CANCELLED);
	assert_status(grandchild, DTF_CANCELLED);
	assert_count(parent, EVENT_CHILD_ENDED, 1);
	assert_count(child, EVENT_CHILD_ENDED, 1);
	assert_count(child, EVENT_CANCEL_REQUESTED, 1);
	assert_count(grandchild, EVENT_CANCEL_REQUESTED, 1);
	assert_order("undone[\"parent\"]", "undone[\"top\"]");
	assert_settled(3);
}

static void terminated_with_its_children(void) {
	choose("/1/2", "/1/2");
	insist(REQUEST_START, parent, "children.grandparent", "[]");
	drive_until_runs("children.step", grandchild);
	insist(REQUEST_TERMINATE, parent, NULL, NULL);
	wait_for_retries();
	drive();
	assert_status(parent, DTF_TERMINATED);
	assert_status(child, DTF_TERMINATED);
	assert_status(grandchild, DTF_TERMINATED);
	assert_count(child, EVENT_TERMINATED, 1);
	assert_count(grandchild, EVENT_TERMINATED, 1);
	assert_settled(3);
}

static void failing_child(void) {
	choose("/1/1", "");
	insist(REQUEST_START, parent, "children.own_error", "[1]");
	drive();
	assert_status(parent, DTF_COMPLETED);
	assert_status(child, DTF_FAILED);
	assert_count(child, EVENT_UNDO_ENDED, 1);
	assert_count(parent, EVENT_CHILD_ENDED, 1);
	assert_settled(2);
}

static void detached_ones(void) {
	choose("/1/1", "");
	insist(REQUEST_START, parent, "children.detached", "[]");
	drive();
	assert_status(parent, DTF_COMPLETED);
	assert_status(child, DTF_COMPLETED);
	assert_status("named", DTF_COMPLETED);
	assert_count(parent, EVENT_CHILD_SPAWNED, 3);
	assert_count("named", EVENT_STARTED, 1);
	assert_settled(3);
}

static void over_executions(void) {
	char id[32];
	choose("/1/1", "");
	insist(REQUEST_START, parent, "children.rounds", "[1]");
	drive();
	assert_status(parent, DTF_COMPLETED);
	for (int execution = 1; execution <= 3; execution++) {
		(void)snprintf(id, sizeof(id), "%s/%d/1", parent, execution);
		assert_status(id, DTF_COMPLETED);
		assert_count(id, EVENT_STARTED, 1);
	}
	assert_settled(4);
}

static void several_at_once(void) {
	char id[32];
	choose("/1/1", "");
	insist(REQUEST_START, parent, "children.fan_out", "[]");
	drive();
	assert_status(parent, DTF_COMPLETED);
	assert_count(parent, EVENT_CHILD_ENDED, 2);
	(void)snprintf(id, sizeof(id), "%s/1/2", parent);
	assert_status(child, DTF_COMPLETED);
	assert_status(id, DTF_COMPLETED);
	assert_settled(3);
}

/* One partition has the parent, another the id that is asked for, taken by a spawn. */
static void refused_because_it_is_there(void) {
	choose("/1/1", "");
	char input[64];
	(void)snprintf(input, sizeof(input), "[\"%s\"]", child);
	insist(REQUEST_START, parent, "children.taken", input);
	drive();
	assert_status(parent, DTF_COMPLETED);
	assert_status(child, DTF_COMPLETED);
	assert_count(parent, EVENT_CHILD_STARTED, 1);
	assert_count(parent, EVENT_CHILD_ENDED, 1);
	assert_count(child, EVENT_STARTED, 1);
	assert_settled(2);
}

static void one_side_fails_the_other_is_undone(void) {
	choose("/1/1", "");
	insist(REQUEST_START, parent, "children.both_ways", "[]");
	drive();
	assert_status(parent, DTF_FAILED);
	assert_count(parent, EVENT_CHILD_ENDED, 1);
	assert_settled(2);
}

typedef void run_function(void);

static run_function *const runs[] = { chain_to_its_end, cancelled_with_its_children,
	terminated_with_its_children, failing_child, detached_ones, over_executions,
	several_at_once, refused_because_it_is_there, one_side_fails_the_other_is_undone };
#define NRUNS 9

/* Each commit of that partition in turn meets the fault; ends with one never reached. */
static void at_every_commit(
	run_function *run, unsigned partitions, unsigned partition, struct fault fault) {
	bool met = true;
	for (fault.at = 1; met; fault.at++) {
		ck_assert_uint_lt(fault.at, FAULTS_MAX);
		begin_with(partitions, true);
		faulty_store_plan(parts[partition].store, &fault);
		run();
		met = crashed || faulty_store_commits(parts[partition].store) >= fault.at;
		finish();
	}
	ck_assert_uint_gt(fault.at, 3);
}

static void everywhere(run_function *run, struct fault fault) {
	for (unsigned partition = 0; partition < 2; partition++) {
		at_every_commit(run, 2, partition, fault);
	}
	for (unsigned partition = 0; partition < 3; partition++) {
		at_every_commit(run, 3, partition, fault);
	}
}

START_TEST(killed_before_any_commit) {
	everywhere(runs[_i],
		(struct fault){ .when = FAULT_BEFORE, .code = DTF_ESTORE, .for_good = true });
}
END_TEST

START_TEST(killed_after_any_commit) {
	everywhere(runs[_i],
		(struct fault){ .when = FAULT_AFTER, .code = DTF_ESTORE, .for_good = true });
}
END_TEST

START_TEST(a_store_is_full_at_any_commit) {
	everywhere(runs[_i], (struct fault){ .when = FAULT_BEFORE, .code = DTF_EFULL });
}
END_TEST

/* ---- a receiver that does nothing, and more than may be under way ---- */

#define MANY 10000

START_TEST(so_many_may_be_under_way) {
	struct asked asked;
	begin_with(2, false);
	choose("/1/1", "");
	lab_ask(&parts[0], &asked, REQUEST_START, parent, "children.many", NULL, "[10000]");
	lab_settle(&parts[0]);
	const struct post *post = &engines[0]->post;
	ck_assert_uint_gt(post->last, 4096);
	ck_assert_uint_eq(post->handed, 4096);
	ck_assert(!dtf__post_goes_on(engines[0]));
	/* A process that ends here has lost nothing. */
	reopen();
	lab_settle(&parts[0]);
	ck_assert_uint_eq(engines[0]->post.handed, 4096);
	while (busy_lab() != NULL || engines[0]->post.handed < engines[0]->post.last) {
		unsigned running = 0;
		settle();
		for (struct lab *lab; (lab = busy_lab()) != NULL; running++) {
			end_one(lab);
		}
		const struct post *now = &engines[0]->post;
		ck_assert_uint_le(now->handed - now->acknowledged[1], 4096);
	}
	drive();
	assert_settled(MANY + 1);
	finish();
}
END_TEST

int main(void) {
	Suite *suite = suite_create("partitions");
	TCase *faults = tcase_create("faults"), *tc = tcase_create("partitions");
	tcase_set_timeout(faults, 120);
	tcase_add_loop_test(faults, killed_before_any_commit, 0, NRUNS);
	tcase_add_loop_test(faults, killed_after_any_commit, 0, NRUNS);
	tcase_add_loop_test(faults, a_store_is_full_at_any_commit, 0, NRUNS);
	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, so_many_may_be_under_way);
	suite_add_tcase(suite, faults);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
