/*
 * More work than an engine can do: what is in memory stays bounded, and whoever
 * brings more waits or is told DTF_EBUSY.  Activities take as long as the test
 * says: each is deferred, and completed when its turn has come.
 */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include <dtf/dtf.h>

#include "../support/one_step.h"
#include "../support/suite.h"

static struct dtf_engine *engine;
static struct dtf_client *client;

enum { THREADS = 4, HELD_MAX = 4096 };
static struct {
	pthread_mutex_t lock;
	pthread_cond_t more;
	/* guarded by lock: */
	size_t count;
	bool lets_go; /* activities end at once */
	struct dtf_activity *held[HELD_MAX];
} keeper = { .lock = PTHREAD_MUTEX_INITIALIZER, .more = PTHREAD_COND_INITIALIZER };

static void end(struct dtf_activity *act) {
	dtf_activity_complete(act, dtf_activity_return_json(act, "\"done\""));
}

static int defers(struct dtf_activity *act, const void *args, void *ret) {
	(void)pthread_mutex_lock(&keeper.lock);
	bool at_once = keeper.lets_go;
	if (!at_once) {
		keeper.held[keeper.count++] = act;
		(void)pthread_cond_signal(&keeper.more);
	}
	(void)pthread_mutex_unlock(&keeper.lock);
	if (at_once) {
		end(act);
	}
	return DTF_DEFERRED;
}

/* Waits until one is held. */
static struct dtf_activity *take(void) {
	(void)pthread_mutex_lock(&keeper.lock);
	while (keeper.count == 0) {
		(void)pthread_cond_wait(&keeper.more, &keeper.lock);
	}
	struct dtf_activity *act = keeper.held[--keeper.count];
	(void)pthread_mutex_unlock(&keeper.lock);
	return act;
}

static void let_go(void) {
	(void)pthread_mutex_lock(&keeper.lock);
	keeper.lets_go = true;
	while (keeper.count > 0) {
		end(keeper.held[--keeper.count]);
	}
	(void)pthread_mutex_unlock(&keeper.lock);
}

static void open_engine(struct dtf_engine_options options) {
	one_step_reset();
	one_step_does = defers;
	keeper.count = 0;
	keeper.lets_go = false;
	options.workers = options.workers == 0 ? 2 : options.workers;
	ck_assert_int_eq(dtf_engine_open(&options, &engine), 0);
	ck_assert_int_eq(dtf_engine_register(engine, &one_step_module), 0);
	client = dtf_engine_client(engine);
}

static void close_engine(void) {
	ck_assert_int_eq(dtf_engine_stop(engine), 0);
	dtf_engine_close(engine);
}

static bool count_running(void *arg, const struct dtf_instance_info *info) {
	*(size_t *)arg += info->status == DTF_RUNNING;
	return true;
}

static size_t running(void) {
	size_t count = 0;
	ck_assert_int_eq(dtf_list(client, count_running, &count), 0);
	return count;
}

struct crowd {
	int number, starts;
	size_t granted, refused;
	int trouble;
};

static void *start_many(void *arg) {
	struct crowd *crowd = arg;
	for (int i = 0; i < crowd->starts && crowd->trouble == 0; i++) {
		char id[32];
		(void)snprintf(id, sizeof(id), "%d-%d", crowd->number, i);
		int rc = dtf_start(client, "w.w", id, "[]");
		crowd->granted += rc == 0;
		crowd->refused += rc == DTF_EBUSY;
		crowd->trouble = rc == DTF_EBUSY ? 0 : rc;
	}
	return NULL;
}

static pthread_t threads[THREADS];
static struct crowd crowds[THREADS];

static void begin_crowds(int starts) {
	for (int i = 0; i < THREADS; i++) {
		crowds[i] = (struct crowd){ .number = i, .starts = starts };
		ck_assert_int_eq(pthread_create(&threads[i], NULL, start_many, &crowds[i]), 0);
	}
}

static void join_crowds(void) {
	for (int i = 0; i < THREADS; i++) {
		ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
	}
}

static void wait_for_all(void) {
	for (int i = 0; i < THREADS; i++) {
		for (int k = 0; k < crowds[i].starts; k++) {
			char id[32];
			(void)snprintf(id, sizeof(id), "%d-%d", i, k);
			int rc = dtf_wait_result(client, id, -1, NULL);
			ck_assert(rc == 0 || rc == DTF_EUNKNOWN_INSTANCE);
		}
	}
}

/* In flight, in the queue, and what each thread asks for until a round has counted
 * them: one that is in the round, and one after its answer. */
enum { IN_FLIGHT = 3, BACKLOG = 20, RUNNING_MAX = IN_FLIGHT + BACKLOG + 2 * THREADS };

START_TEST(what_is_too_much_is_refused) {
	open_engine((struct dtf_engine_options){
		.in_flight_max = IN_FLIGHT, .backlog_max = BACKLOG, .refuse = true });
	ck_assert_int_eq(dtf_engine_start(engine), 0);
	begin_crowds(200);
	join_crowds();
	size_t granted = 0, refused = 0;
	for (int i = 0; i < THREADS; i++) {
		ck_assert_int_eq(crowds[i].trouble, 0);
		granted += crowds[i].granted;
		refused += crowds[i].refused;
	}
	ck_assert_uint_eq(granted + refused, 4 * 200);
	ck_assert_uint_ge(granted, IN_FLIGHT + BACKLOG);
	ck_assert_uint_le(granted, RUNNING_MAX);
	ck_assert_uint_eq(running(), granted);
	/* What was begun can be waited for and cancelled all the same. */
	ck_assert_int_eq(dtf_start(client, "w.w", "more", "[]"), DTF_EBUSY);
	ck_assert_ptr_nonnull(strstr(dtf_errmsg(), "activities"));
	ck_assert_int_eq(dtf_wait_result(client, "0-0", 1, NULL), DTF_ETIMEOUT);
	ck_assert_int_eq(dtf_suspend(client, "0-0", "why not"), 0);
	ck_assert_int_eq(dtf_resume(client, "0-0"), 0);
	let_go();
	wait_for_all();
	ck_assert_int_eq(dtf_start(client, "w.w", "more", "[]"), 0);
	ck_assert_int_eq(dtf_wait_result(client, "more", -1, NULL), 0);
	close_engine();
}
END_TEST

START_TEST(who_may_wait_waits_until_there_is_room) {
	open_engine(
		(struct dtf_engine_options){ .in_flight_max = IN_FLIGHT, .backlog_max = BACKLOG });
	ck_assert_int_eq(dtf_engine_start(engine), 0);
	begin_crowds(60);
	for (size_t ended = 0; ended < THREADS * 60; ended++) {
		ck_assert_uint_le(running(), RUNNING_MAX);
		end(take());
	}
	join_crowds();
	wait_for_all();
	for (int i = 0; i < THREADS; i++) {
		ck_assert_int_eq(crowds[i].trouble, 0);
		ck_assert_uint_eq(crowds[i].granted, 60);
	}
	close_engine();
}
END_TEST

START_TEST(who_waits_for_room_is_told_that_the_engine_stops) {
	open_engine((struct dtf_engine_options){ .in_flight_max = 1, .backlog_max = 1 });
	ck_assert_int_eq(dtf_engine_start(engine), 0);
	begin_crowds(60);
	struct dtf_activity *act = take();
	/* Each thread has started one or waits to. */
	while (running() < 2) {
		(void)sched_yield();
	}
	ck_assert_int_eq(dtf_engine_stop(engine), 0);
	join_crowds();
	for (int i = 0; i < THREADS; i++) {
		ck_assert_int_eq(crowds[i].trouble, DTF_ECLOSED);
	}
	end(act);
	dtf_engine_close(engine);
}
END_TEST

/* ---- the queue, while nobody takes from it ---- */

static unsigned answers;

static void hear(void *arg, int rc, const struct dtf_result *result) {
	answers++;
}

static int ask(enum dtf_verb verb, int number) {
	char id[32];
	(void)snprintf(id, sizeof(id), "i-%d", number);
	struct dtf_request request = {
		.verb = verb, .id = id, .workflow = "w.w", .input = "[]", .done = hear
	};
	return dtf_ask(client, &request);
}

static unsigned ask_until_busy(enum dtf_verb verb, int step) {
	unsigned count = 0;
	int rc;
	while ((rc = ask(verb, (int)count * step)) == 0) {
		ck_assert_uint_lt(++count, 10000);
	}
	ck_assert_int_eq(rc, DTF_EBUSY);
	ck_assert_ptr_nonnull(strstr(dtf_errmsg(), "behind"));
	return count;
}

static void drive_until(unsigned count) {
	while (answers < count) {
		ck_assert_int_ge(dtf_engine_run_once(engine), 0);
	}
}

START_TEST(requests_in_memory_are_bounded) {
	enum { QUEUE_MAX = 100000 };
	answers = 0;
	open_engine(
		(struct dtf_engine_options){ .queue_max = QUEUE_MAX, .workers = DTF_NO_WORKERS });
	ck_assert_int_eq(dtf_engine_attach(engine), 0);
	unsigned starts = ask_until_busy(DTF_ASK_START, 1);
	ck_assert_uint_ge(starts, QUEUE_MAX / 2000);
	ck_assert_uint_le(starts, QUEUE_MAX / 100);
	drive_until(starts);
	/* They are answered: there is room again. */
	ck_assert_int_eq(ask(DTF_ASK_CANCEL, 0), 0);
	drive_until(starts + 1);
	/* Waits have their own room, also while they last. */
	unsigned waits = ask_until_busy(DTF_ASK_WAIT, 0);
	ck_assert_uint_ge(waits, QUEUE_MAX / 2000);
	ck_assert_uint_le(waits, QUEUE_MAX / 100);
	ck_assert_int_eq(dtf_engine_run_once(engine) < 0, 0);
	ck_assert_uint_eq(ask_until_busy(DTF_ASK_WAIT, 0), 0);
	ck_assert_int_eq(ask(DTF_ASK_RAISE, 0), DTF_EINVAL);
	ck_assert_int_eq(dtf_start(client, "w.w", "one more", "[]"), 0);
	let_go();
	drive_until(starts + 1 + waits);
	ck_assert_int_eq(ask(DTF_ASK_WAIT, 0), 0);
	close_engine();
	ck_assert_uint_eq(answers, starts + 1 + waits + 1);
}
END_TEST

START_TEST(what_is_larger_than_the_queue_goes_alone) {
	answers = 0;
	open_engine((struct dtf_engine_options){ .queue_max = 1, .workers = DTF_NO_WORKERS });
	ck_assert_int_eq(dtf_engine_attach(engine), 0);
	ck_assert_uint_eq(ask_until_busy(DTF_ASK_START, 1), 1);
	drive_until(1);
	ck_assert_uint_eq(ask_until_busy(DTF_ASK_START, 1), 1);
	drive_until(2);
	let_go();
	close_engine();
}
END_TEST

/* Whoever would have to make the room cannot wait for it. */
START_TEST(the_thread_that_drives_is_refused) {
	open_engine((struct dtf_engine_options){
		.in_flight_max = 1, .backlog_max = 1, .workers = DTF_NO_WORKERS });
	ck_assert_int_eq(dtf_engine_attach(engine), 0);
	char id[16];
	int rc = 0;
	for (int i = 0; i < 10 && rc == 0; i++) {
		(void)snprintf(id, sizeof(id), "i-%d", i);
		rc = dtf_start(client, "w.w", id, "[]");
		ck_assert_int_ge(dtf_engine_run_once(engine), 0);
	}
	ck_assert_int_eq(rc, DTF_EBUSY);
	let_go();
	ck_assert_int_eq(dtf_wait_result(client, "i-0", -1, NULL), 0);
	close_engine();
}
END_TEST

static _Atomic int from_inside;

static int starts_another(struct dtf_activity *act, const void *args, void *ret) {
	if (strcmp(dtf_activity_instance(act), "outer") == 0) {
		do { /* until the queue is as long as it may be */
			char id[32];
			(void)snprintf(id, sizeof(id), "inner-%d", (int)keeper.count++);
			from_inside = dtf_start(client, "w.w", id, "[]");
		} while (from_inside == 0 && keeper.count < 1000);
	}
	return dtf_activity_return_json(act, "\"done\"");
}

START_TEST(an_activity_is_refused_too) {
	open_engine(
		(struct dtf_engine_options){ .in_flight_max = 1, .backlog_max = 1, .workers = 1 });
	one_step_does = starts_another;
	ck_assert_int_eq(dtf_engine_start(engine), 0);
	ck_assert_int_eq(dtf_start(client, "w.w", "outer", "[]"), 0);
	ck_assert_int_eq(dtf_wait_result(client, "outer", -1, NULL), 0);
	ck_assert_int_eq(from_inside, DTF_EBUSY);
	close_engine();
}
END_TEST

int main(void) {
	Suite *suite = suite_create("load");
	TCase *tc = tcase_create("load");
	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, what_is_too_much_is_refused);
	tcase_add_test(tc, who_may_wait_waits_until_there_is_room);
	tcase_add_test(tc, who_waits_for_room_is_told_that_the_engine_stops);
	tcase_add_test(tc, requests_in_memory_are_bounded);
	tcase_add_test(tc, what_is_larger_than_the_queue_goes_alone);
	tcase_add_test(tc, the_thread_that_drives_is_refused);
	tcase_add_test(tc, an_activity_is_refused_too);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
