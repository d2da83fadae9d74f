/*
 * Heartbeats with real threads: activities beat while the engine looks.  Time is
 * never what decides whether a case passes: an attempt too many is tried again.
 */
#include <pthread.h>
#include <sched.h>
#include <string.h>

#include <dtf/dtf.h>

#include "../support/one_step.h"
#include "../support/suite.h"

static struct dtf_engine *engine;

static struct dtf_client *open_engine(int64_t heartbeat_ms) {
	one_step.policy.heartbeat_ms = heartbeat_ms;
	one_step.policy.backoff_min_ms = one_step.policy.backoff_max_ms = 1;
	struct dtf_engine_options options = { .verify = true };
	ck_assert_int_eq(dtf_engine_open(&options, &engine), 0);
	ck_assert_int_eq(dtf_engine_register(engine, &one_step_module), 0);
	ck_assert_int_eq(dtf_engine_start(engine), 0);
	return dtf_engine_client(engine);
}

static enum dtf_status end_of(struct dtf_client *client, const char *id) {
	struct dtf_result result;
	ck_assert_msg(dtf_wait_result(client, id, -1, &result) == 0, "%s", dtf_errmsg());
	enum dtf_status status = result.status;
	dtf_result_free(&result);
	return status;
}

static void close_engine(void) {
	ck_assert_int_eq(dtf_engine_stop(engine), 0);
	dtf_engine_close(engine);
}

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
/* guarded by lock: */
static unsigned later_attempts;
static bool told_to_stop;

/* The first attempt says nothing until another one runs in its place. */
static int first_is_silent(struct dtf_activity *act, const void *args, void *ret) {
	const char *text = "done";
	memcpy(ret, &text, sizeof(text));
	(void)pthread_mutex_lock(&lock);
	if (dtf_activity_attempt(act) > 1) {
		later_attempts++;
		(void)pthread_cond_broadcast(&changed);
	}
	while (later_attempts == 0) {
		(void)pthread_cond_wait(&changed, &lock);
	}
	if (dtf_activity_attempt(act) == 1) {
		told_to_stop = dtf_activity_heartbeat(act);
	}
	(void)pthread_mutex_unlock(&lock);
	return 0;
}

START_TEST(a_silent_attempt_is_given_up_for_another) {
	one_step_reset();
	one_step_does = first_is_silent;
	struct dtf_client *client = open_engine(20);
	ck_assert_int_eq(dtf_start(client, "w.w", "i", "[]"), 0);
	ck_assert_int_eq(end_of(client, "i"), DTF_COMPLETED);
	close_engine();
	ck_assert_uint_ge(later_attempts, 1);
	ck_assert(told_to_stop);
	ck_assert_uint_eq(one_step_backs, 0);
}
END_TEST

static _Atomic unsigned beats;

static void *beat(void *arg) {
	while (!dtf_activity_heartbeat(arg)) {
		beats++;
		(void)sched_yield();
	}
	return NULL;
}

static int works_with_threads(struct dtf_activity *act, const void *args, void *ret) {
	pthread_t helper;
	if (pthread_create(&helper, NULL, beat, act) != 0) {
		return dtf_activity_fail(act, NULL, "no thread");
	}
	(void)beat(act);
	(void)pthread_join(helper, NULL);
	return dtf_activity_fail(act, NULL, "as you wish");
}

START_TEST(all_threads_of_an_attempt_may_beat_and_hear_when_to_stop) {
	one_step_reset();
	one_step_does = works_with_threads;
	struct dtf_client *client = open_engine(5);
	ck_assert_int_eq(dtf_start(client, "w.w", "i", "[]"), 0);
	while (beats < 20000) {
		(void)sched_yield();
	}
	ck_assert_int_eq(dtf_cancel(client, "i", "enough"), 0);
	ck_assert_int_eq(end_of(client, "i"), DTF_CANCELLED);
	ck_assert_uint_eq(one_step_backs, 1); /* how far it had come is unknown */
	close_engine();
}
END_TEST

int main(void) {
	Suite *suite = suite_create("heartbeat");
	TCase *tc = tcase_create("heartbeat");
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, a_silent_attempt_is_given_up_for_another);
	tcase_add_test(tc, all_threads_of_an_attempt_may_beat_and_hear_when_to_stop);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
