/*
 * What is asked without waiting: each errand is answered once, on the engine's
 * thread, by what the call that waits would have returned.  A case waits for
 * answers, never for time.
 */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include <dtf/dtf.h>

#include "../support/one_step.h"
#include "../support/suite.h"

static struct dtf_engine *engine;
static struct dtf_client *client;

/* Answers of a case, in their order. */
enum { ANSWERS_MAX = 4096 };
static struct {
	pthread_mutex_t lock;
	pthread_cond_t more;
	/* guarded by lock: */
	size_t count;
	struct answer {
		const char *what;
		int rc;
		char text[256];
		bool has_result;
		enum dtf_status status;
		char output[32];
	} answers[ANSWERS_MAX];
} heard = { .lock = PTHREAD_MUTEX_INITIALIZER, .more = PTHREAD_COND_INITIALIZER };

static void hear(void *arg, int rc, const struct dtf_result *result) {
	(void)pthread_mutex_lock(&heard.lock);
	struct answer *answer = &heard.answers[heard.count++];
	*answer = (struct answer){ .what = arg, .rc = rc, .has_result = result != NULL };
	(void)snprintf(answer->text, sizeof(answer->text), "%s", dtf_errmsg());
	if (result != NULL) {
		answer->status = result->status;
		(void)snprintf(answer->output, sizeof(answer->output), "%s",
			result->output == NULL ? "" : result->output);
	}
	(void)pthread_cond_signal(&heard.more);
	(void)pthread_mutex_unlock(&heard.lock);
}

/* The answer number n, from 0. */
static const struct answer *answer_of(size_t n) {
	(void)pthread_mutex_lock(&heard.lock);
	while (heard.count <= n) {
		(void)pthread_cond_wait(&heard.more, &heard.lock);
	}
	(void)pthread_mutex_unlock(&heard.lock);
	return &heard.answers[n];
}

static int says_done(struct dtf_activity *act, const void *args, void *ret) {
	const char *text = "done";
	memcpy(ret, &text, sizeof(text));
	return 0;
}

static void open_engine(void) {
	one_step_reset();
	one_step_does = says_done;
	heard.count = 0;
	ck_assert_int_eq(
		dtf_engine_open(&(struct dtf_engine_options){ .verify = true }, &engine), 0);
	ck_assert_int_eq(dtf_engine_register(engine, &one_step_module), 0);
	ck_assert_int_eq(dtf_engine_start(engine), 0);
	client = dtf_engine_client(engine);
}

static void close_engine(void) {
	ck_assert_int_eq(dtf_engine_stop(engine), 0);
	dtf_engine_close(engine);
}

static char as_start[] = "start", as_other[] = "other", as_refused[] = "refused";

static struct dtf_request start_of(const char *id) {
	return (struct dtf_request){ .verb = DTF_ASK_START,
		.id = id,
		.workflow = "w.w",
		.input = "[]",
		.done = hear,
		.arg = as_start };
}

static int ask(struct dtf_request request) {
	return dtf_ask(client, &request);
}

static int ask_for(enum dtf_verb verb, const char *id) {
	return ask((struct dtf_request){ .verb = verb, .id = id, .done = hear, .arg = as_other });
}

START_TEST(a_start_and_a_wait_are_answered_in_this_order) {
	open_engine();
	char id[] = "i";
	struct dtf_request start = start_of(id);
	ck_assert_int_eq(ask(start), 0);
	ck_assert_int_eq(ask_for(DTF_ASK_WAIT, id), 0);
	id[0] = 'x'; /* they were copied */
	const struct answer *answer = answer_of(0);
	ck_assert_str_eq(answer->what, "start");
	ck_assert_int_eq(answer->rc, 0);
	ck_assert(!answer->has_result);
	answer = answer_of(1);
	ck_assert_str_eq(answer->what, "other");
	ck_assert_int_eq(answer->rc, 0);
	ck_assert(answer->has_result);
	ck_assert_int_eq(answer->status, DTF_COMPLETED);
	ck_assert_str_eq(answer->output, "null");
	/* It has ended: the answer comes all the same. */
	ck_assert_int_eq(ask_for(DTF_ASK_WAIT, "i"), 0);
	ck_assert(answer_of(2)->has_result);
	close_engine();
	ck_assert_uint_eq(heard.count, 3);
}
END_TEST

START_TEST(a_refusal_is_what_the_call_that_waits_returns) {
	open_engine();
	ck_assert_int_eq(ask(start_of("i")), 0);
	ck_assert_int_eq(answer_of(0)->rc, 0);
	ck_assert_int_eq(ask(start_of("i")), 0);
	ck_assert_int_eq(answer_of(1)->rc, DTF_EEXISTS);
	ck_assert_ptr_nonnull(strstr(answer_of(1)->text, "i exists"));
	ck_assert_int_eq(ask_for(DTF_ASK_CANCEL, "nobody"), 0);
	ck_assert_int_eq(answer_of(2)->rc, DTF_EUNKNOWN_INSTANCE);
	ck_assert_int_eq(ask_for(DTF_ASK_WAIT, "nobody"), 0);
	ck_assert_int_eq(answer_of(3)->rc, DTF_EUNKNOWN_INSTANCE);
	ck_assert(!answer_of(3)->has_result);
	struct dtf_request raise = {
		.verb = DTF_ASK_RAISE, .id = "nobody", .event = "e", .payload = "1", .done = hear
	};
	ck_assert_int_eq(ask(raise), 0);
	ck_assert_int_eq(answer_of(4)->rc, DTF_EUNKNOWN_INSTANCE);
	/* With an event: nothing is started when the event is not one of its own. */
	struct dtf_request both = start_of("j");
	both.event = "e";
	both.payload = "1";
	ck_assert_int_eq(ask(both), 0);
	ck_assert_int_eq(answer_of(5)->rc, DTF_EUNKNOWN_EVENT);
	/* Of an instance that is there only the event is taken. */
	both.id = "i";
	ck_assert_int_eq(ask(both), 0);
	int rc = answer_of(6)->rc;
	ck_assert(rc == DTF_EENDED || rc == DTF_EUNKNOWN_EVENT);
	close_engine();
	ck_assert_uint_eq(heard.count, 7);
}
END_TEST

START_TEST(what_makes_no_sense_is_refused_at_once_and_not_answered) {
	open_engine();
	ck_assert_int_eq(dtf_ask(client, NULL), DTF_EINVAL);
	ck_assert_int_eq(ask_for((enum dtf_verb)77, "i"), DTF_EINVAL);
	ck_assert_int_eq(ask_for(DTF_ASK_WAIT, NULL), DTF_EINVAL);
	ck_assert_int_eq(ask_for(DTF_ASK_WAIT, ""), DTF_EINVAL);
	ck_assert_int_eq(ask_for(DTF_ASK_START, "i"), DTF_EINVAL);
	ck_assert_int_eq(ask_for(DTF_ASK_RAISE, "i"), DTF_EINVAL);
	struct dtf_engine *other;
	ck_assert_int_eq(dtf_engine_open(&(struct dtf_engine_options){ 0 }, &other), 0);
	struct dtf_request early = start_of("i");
	ck_assert_int_eq(dtf_ask(dtf_engine_client(other), &early), DTF_ECLOSED);
	ck_assert_int_eq(dtf_start(dtf_engine_client(other), "w.w", "i", "[]"), DTF_ECLOSED);
	dtf_engine_close(other);
	struct dtf_request start = start_of("i");
	start.input = "[\"\xff\"]";
	ck_assert_int_eq(ask(start), DTF_EPAYLOAD);
	start.input = "[]";
	start.id = "\xff";
	ck_assert_int_eq(ask(start), DTF_EINVAL);
	ck_assert_int_eq(dtf_engine_stop(engine), 0);
	ck_assert_int_eq(ask(start_of("i")), DTF_ECLOSED);
	dtf_engine_close(engine);
	ck_assert_uint_eq(heard.count, 0);
}
END_TEST

/* In an answer: asking and reading is fine, waiting for the engine is not. */
static void ask_from_inside(void *arg, int rc, const struct dtf_result *result) {
	int waits[] = {
		dtf_start(client, "w.w", "k", "[]"),
		dtf_wait_result(client, "j", -1, NULL),
		dtf_engine_stop(engine),
	};
	dtf_engine_close(engine); /* does nothing */
	bool refused = waits[0] == DTF_EINVAL && waits[2] == DTF_EINVAL;
	/* One that has ended or is not there needs no engine. */
	refused = refused && waits[1] == DTF_EUNKNOWN_INSTANCE;
	if (ask(start_of("j")) != 0) {
		refused = false;
	}
	hear(refused ? as_refused : as_other, rc, NULL);
}

START_TEST(an_answer_may_ask_but_not_wait) {
	open_engine();
	struct dtf_request start = start_of("i");
	start.done = ask_from_inside;
	ck_assert_int_eq(ask(start), 0);
	ck_assert_str_eq(answer_of(0)->what, "refused");
	ck_assert_str_eq(answer_of(1)->what, "start");
	ck_assert_int_eq(answer_of(1)->rc, 0);
	close_engine();
}
END_TEST

static int waits_for_cancel(struct dtf_activity *act, const void *args, void *ret) {
	while (!dtf_activity_cancelled(act)) {
		(void)sched_yield();
	}
	return dtf_activity_fail(act, NULL, "as you wish");
}

START_TEST(the_other_verbs) {
	open_engine();
	one_step_does = waits_for_cancel;
	ck_assert_int_eq(ask(start_of("i")), 0);
	ck_assert_int_eq(ask(start_of("j")), 0);
	ck_assert_int_eq(ask_for(DTF_ASK_SUSPEND, "i"), 0);
	ck_assert_int_eq(ask_for(DTF_ASK_RESUME, "i"), 0);
	ck_assert_int_eq(ask_for(DTF_ASK_CANCEL, "i"), 0);
	ck_assert_int_eq(ask_for(DTF_ASK_TERMINATE, "j"), 0);
	for (size_t i = 0; i < 6; i++) {
		ck_assert_int_eq(answer_of(i)->rc, 0);
	}
	ck_assert_int_eq(ask_for(DTF_ASK_WAIT, "i"), 0);
	ck_assert_int_eq(answer_of(6)->status, DTF_CANCELLED);
	ck_assert_int_eq(ask_for(DTF_ASK_WAIT, "j"), 0);
	ck_assert_int_eq(answer_of(7)->status, DTF_TERMINATED);
	close_engine();
}
END_TEST

START_TEST(who_waits_when_the_engine_stops_is_told) {
	open_engine();
	one_step_does = waits_for_cancel;
	ck_assert_int_eq(ask(start_of("i")), 0);
	ck_assert_int_eq(ask_for(DTF_ASK_WAIT, "i"), 0);
	ck_assert_int_eq(answer_of(0)->rc, 0);
	struct dtf_request cancel = { .verb = DTF_ASK_CANCEL, .id = "i" }; /* nobody hears */
	ck_assert_int_eq(ask(cancel), 0);
	close_engine();
	ck_assert_uint_eq(heard.count, 2);
	ck_assert(heard.answers[1].rc == DTF_ECLOSED || heard.answers[1].has_result);
}
END_TEST

static void *start_many(void *arg) {
	char id[32];
	for (int i = 0; i < 500; i++) {
		(void)snprintf(id, sizeof(id), "%s-%d", (const char *)arg, i);
		if (ask(start_of(id)) != 0 || ask_for(DTF_ASK_WAIT, id) != 0) {
			return arg; /* trouble */
		}
	}
	return NULL;
}

START_TEST(many_from_many_threads_each_once) {
	static const char *const names[] = { "a", "b", "c", "d" };
	pthread_t threads[4];
	open_engine();
	for (size_t i = 0; i < 4; i++) {
		ck_assert_int_eq(
			pthread_create(&threads[i], NULL, start_many, (void *)(uintptr_t)names[i]),
			0);
	}
	for (size_t i = 0; i < 4; i++) {
		void *trouble;
		ck_assert_int_eq(pthread_join(threads[i], &trouble), 0);
		ck_assert_ptr_null(trouble);
	}
	(void)answer_of(3999);
	close_engine();
	ck_assert_uint_eq(heard.count, 4000);
	size_t ends = 0;
	for (size_t i = 0; i < heard.count; i++) {
		ck_assert_int_eq(heard.answers[i].rc, 0);
		ends += heard.answers[i].status == DTF_COMPLETED;
	}
	ck_assert_uint_eq(ends, 2000);
}
END_TEST

START_TEST(a_client_of_another_process_cannot_be_asked) {
	open_engine();
	ck_assert_int_eq(dtf_ask(NULL, &(struct dtf_request){ .id = "i" }), DTF_EINVAL);
	close_engine();
}
END_TEST

int main(void) {
	Suite *suite = suite_create("async");
	TCase *tc = tcase_create("async");
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, a_start_and_a_wait_are_answered_in_this_order);
	tcase_add_test(tc, a_refusal_is_what_the_call_that_waits_returns);
	tcase_add_test(tc, what_makes_no_sense_is_refused_at_once_and_not_answered);
	tcase_add_test(tc, an_answer_may_ask_but_not_wait);
	tcase_add_test(tc, the_other_verbs);
	tcase_add_test(tc, who_waits_when_the_engine_stops_is_told);
	tcase_add_test(tc, many_from_many_threads_each_once);
	tcase_add_test(tc, a_client_of_another_process_cannot_be_asked);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
