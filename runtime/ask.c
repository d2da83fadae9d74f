/*
 * Letters to the engine's thread, and how their answers come back.
 *
 * Whoever waits owns a door: the answer is put behind it and the waiter woken.
 * Whoever does not wait sends an errand: it owns copies of all it says, and its
 * answer is a call on the engine's thread.  Both are one struct request to the
 * engine, which never knows who is at the other end.
 *
 * An errand that was taken is answered exactly once, whatever becomes of the
 * engine: that is the only thing its sender can rely on, and all it needs.
 */
#include "client.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "error.h"

static int check_started(const struct dtf_client *client) {
	return dtf__client_has_started(client)
		? 0
		: dtf__fail(DTF_ECLOSED, "the engine has not been started");
}

/* size: 0 = whoever waits for it holds it; it passes no gate. */
static int send(struct dtf_client *client, struct request *request, size_t size, bool may_wait) {
	struct engine *engine = dtf__client_engine(client, request->id);
	int rc = size == 0 ? 0 : dtf__gate_enter(engine->gate, request->kind, size, may_wait);
	if (rc == 0 && !dtf__queue_request(engine->queue, request)) {
		dtf__gate_leave(engine->gate, request->kind, size);
		rc = dtf__fail(DTF_ECLOSED, "the engine has stopped");
	}
	return rc;
}

/* ---- doors ---- */

struct door {
	struct request request;
	struct gate *gate;
	size_t size; /* let in by it */
	pthread_mutex_t lock;
	pthread_cond_t answered_cond;
	bool answered, abandoned; /* guarded by lock */
	int rc;
	char text[256];
	char id[INSTANCE_ID_MAX + 1]; /* a wait that was given up outlives its caller's */
};

static void door_free(struct door *door) {
	(void)pthread_cond_destroy(&door->answered_cond);
	(void)pthread_mutex_destroy(&door->lock);
	free(door);
}

static void put_behind_door(struct request *request, int rc, const char *text) {
	struct door *door = request->arg;
	dtf__gate_leave(door->gate, request->kind, door->size);
	(void)pthread_mutex_lock(&door->lock);
	door->answered = true;
	door->rc = rc;
	(void)snprintf(door->text, sizeof(door->text), "%s", text);
	bool abandoned = door->abandoned;
	(void)pthread_cond_signal(&door->answered_cond);
	(void)pthread_mutex_unlock(&door->lock);
	if (abandoned) {
		door_free(door);
	}
}

static struct door *door_create(const struct request *request) {
	struct door *door = calloc(1, sizeof(*door));
	if (door == NULL) {
		return NULL;
	}
	pthread_condattr_t attributes;
	(void)pthread_condattr_init(&attributes);
	(void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&door->answered_cond, &attributes);
	(void)pthread_condattr_destroy(&attributes);
	(void)pthread_mutex_init(&door->lock, NULL);
	door->request = *request;
	(void)snprintf(door->id, sizeof(door->id), "%s", request->id);
	door->request.id = door->id;
	door->request.answer = put_behind_door;
	door->request.arg = door;
	return door;
}

static struct timespec after_ms(int64_t ms) {
	struct timespec at;
	(void)clock_gettime(CLOCK_MONOTONIC, &at);
	at.tv_sec += (time_t)(ms / 1000);
	at.tv_nsec += (long)(ms % 1000) * 1000000;
	if (at.tv_nsec >= 1000000000) {
		at.tv_sec++;
		at.tv_nsec -= 1000000000;
	}
	return at;
}

static void sleep_at_door(struct door *door, int64_t timeout_ms) {
	struct timespec until = after_ms(timeout_ms < 0 ? 0 : timeout_ms);
	bool late = false;
	(void)pthread_mutex_lock(&door->lock);
	while (!door->answered && !late) {
		if (timeout_ms < 0) {
			(void)pthread_cond_wait(&door->answered_cond, &door->lock);
		} else {
			late = pthread_cond_timedwait(&door->answered_cond, &door->lock, &until) !=
				0;
		}
	}
	(void)pthread_mutex_unlock(&door->lock);
}

/* This thread is the one that drives the engine: nobody else would answer. */
static void drive_at_door(struct dtf_engine *handle, struct door *door, int64_t timeout_ms) {
	struct timespec now, until = after_ms(timeout_ms < 0 ? 0 : timeout_ms);
	bool answered, late = false;
	do {
		int64_t left_ms = -1;
		if (timeout_ms >= 0) {
			(void)clock_gettime(CLOCK_MONOTONIC, &now);
			left_ms = (int64_t)(until.tv_sec - now.tv_sec) * 1000 +
				(until.tv_nsec - now.tv_nsec) / 1000000;
			late = left_ms <= 0;
			left_ms = late ? 0 : left_ms;
		}
		dtf__engine_drive(handle, left_ms);
		(void)pthread_mutex_lock(&door->lock);
		answered = door->answered;
		(void)pthread_mutex_unlock(&door->lock);
	} while (!answered && !late);
}

/* The answer, if it has come. */
static int open_door(struct door *door, int64_t timeout_ms) {
	(void)pthread_mutex_lock(&door->lock);
	if (!door->answered) {
		door->abandoned = true; /* whoever answers it frees it */
		door->request.abandoned = true;
		(void)pthread_mutex_unlock(&door->lock);
		return dtf__fail(
			DTF_ETIMEOUT, "not answered within %lld ms", (long long)timeout_ms);
	}
	(void)pthread_mutex_unlock(&door->lock);
	int rc = door->rc < 0 ? dtf__fail(door->rc, "%s", door->text) : 0;
	door_free(door);
	return rc;
}

int dtf__ask_and_wait(
	struct dtf_client *client, const struct request *request, int64_t timeout_ms) {
	struct dtf_engine *handle = dtf__client_handle(client);
	struct engine *engine = dtf__client_engine(client, request->id);
	int rc = check_started(client);
	if (rc < 0) {
		return rc;
	}
	if (dtf__loop_is_own_thread(handle)) {
		return dtf__fail(
			DTF_EINVAL, "the engine's thread would wait for itself: use dtf_ask()");
	}
	struct door *door = door_create(request);
	if (door == NULL) {
		return dtf__fail(DTF_ENOMEM, "out of memory for a request");
	}
	/* Whoever would have to make the room that it waits for cannot wait. */
	bool may_wait = !engine->options.refuse && !dtf__engine_is_driver(handle) &&
		!dtf__engine_is_inside(handle);
	door->gate = engine->gate;
	door->size = request->kind == REQUEST_WAIT ? 0 : dtf__gate_size(request);
	rc = send(client, &door->request, door->size, may_wait);
	if (rc < 0) {
		door_free(door);
		return rc;
	}
	if (dtf__engine_is_driver(handle)) {
		drive_at_door(handle, door, timeout_ms);
	} else {
		sleep_at_door(door, timeout_ms);
	}
	return open_door(door, timeout_ms);
}

/* ---- errands ---- */

struct errand {
	struct request request, raise;
	struct engine *engine;
	size_t size; /* let in by the gate */
	void (*done)(void *arg, int rc, const struct dtf_result *result);
	void *arg;
	char strings[];
};

/* There is an instance of that id: the event alone is raised to it. */
static bool raise_instead(struct errand *errand) {
	errand->request.kind = errand->raise.kind;
	errand->request.name = errand->raise.name;
	errand->request.text = errand->raise.text;
	errand->request.payload = errand->raise.payload;
	errand->request.with = NULL;
	return dtf__queue_request(errand->engine->queue, &errand->request);
}

/* The engine's thread may be about to report an error: that of the answer is shown
 * to the callback, and the engine's own put back. */
static void run_errand(struct request *request, int rc, const char *text) {
	struct errand *errand = request->arg;
	if (rc == DTF_EEXISTS && request->with != NULL && raise_instead(errand)) {
		return;
	}
	char before[ERROR_TEXT_MAX];
	memcpy(before, dtf_errmsg(), strlen(dtf_errmsg()) + 1);
	struct dtf_result result = { 0 };
	dtf__error_put(text);
	if (rc == 0 && request->ended != NULL) {
		rc = dtf__result_read(errand->engine->store, request->ended, &result);
	}
	dtf__gate_leave(errand->engine->gate, request->kind, errand->size);
	errand->done(errand->arg, rc, rc == 0 && request->ended != NULL ? &result : NULL);
	dtf_result_free(&result);
	free(errand);
	dtf__error_put(before);
}

static void ignore_answer(void *arg, int rc, const struct dtf_result *result) {
	(void)arg;
	(void)rc;
	(void)result;
}

static size_t size_of(const char *text) {
	return text == NULL ? 0 : strlen(text) + 1;
}

static const char *put(char **at, const char *text) {
	size_t size = size_of(text);
	char *copy = *at;
	if (size > 0) {
		memcpy(copy, text, size);
	}
	*at += size;
	return size == 0 ? NULL : copy;
}

static void put_request(char **at, struct request *request) {
	request->id = put(at, request->id);
	request->name = put(at, request->name);
	request->text = put(at, request->text);
	request->payload.data = put(at, request->payload.data);
}

static size_t strings_of(const struct request *request) {
	return size_of(request->id) + size_of(request->name) + size_of(request->text) +
		size_of(request->payload.data);
}

static struct errand *errand_create(
	struct dtf_client *client, const struct dtf_request *asked, const struct request *request) {
	size_t size = sizeof(struct errand) + strings_of(request) +
		(request->with == NULL ? 0 : strings_of(request->with));
	struct errand *errand = malloc(size);
	if (errand == NULL) {
		return NULL;
	}
	*errand = (struct errand){ .request = *request,
		.engine = dtf__client_engine(client, request->id),
		.size = dtf__gate_size(request),
		.done = asked->done != NULL ? asked->done : ignore_answer,
		.arg = asked->arg };
	char *at = errand->strings;
	put_request(&at, &errand->request);
	if (request->with != NULL) {
		errand->raise = *request->with;
		put_request(&at, &errand->raise);
		errand->request.with = &errand->raise;
	}
	errand->request.answer = run_errand;
	errand->request.arg = errand;
	return errand;
}

static struct slice slice_of(const char *text) {
	return (struct slice){ text, text == NULL ? 0 : strlen(text) };
}

int dtf_ask(struct dtf_client *client, const struct dtf_request *asked) {
	static const enum request_kind kinds[] = {
		[DTF_ASK_START] = REQUEST_START,
		[DTF_ASK_RAISE] = REQUEST_RAISE,
		[DTF_ASK_CANCEL] = REQUEST_CANCEL,
		[DTF_ASK_TERMINATE] = REQUEST_TERMINATE,
		[DTF_ASK_SUSPEND] = REQUEST_SUSPEND,
		[DTF_ASK_RESUME] = REQUEST_RESUME,
		[DTF_ASK_WAIT] = REQUEST_WAIT,
	};
	dtf__error_clear();
	if (asked == NULL || (unsigned)asked->verb >= sizeof(kinds) / sizeof(*kinds)) {
		return dtf__fail(DTF_EINVAL, "dtf_ask: nothing that can be asked");
	}
	struct request raise = { .kind = REQUEST_RAISE,
		.id = asked->id,
		.name = asked->event,
		.payload = slice_of(asked->payload),
		.text = asked->event_id };
	struct request request = { .kind = kinds[asked->verb], .id = asked->id };
	if (asked->verb == DTF_ASK_RAISE) {
		request = raise;
	} else if (asked->verb == DTF_ASK_START) {
		request.name = asked->workflow;
		request.payload = slice_of(asked->input);
		request.with = asked->event == NULL ? NULL : &raise;
	} else {
		request.text = asked->reason;
	}
	int rc = dtf__client_check_request(client, &request);
	if (rc == 0 && dtf__client_handle(client) == NULL) {
		rc = dtf__fail(DTF_EINVAL, "dtf_ask: the engine is another process's");
	}
	rc = rc == 0 ? check_started(client) : rc;
	if (rc < 0) {
		return rc;
	}
	struct errand *errand = errand_create(client, asked, &request);
	if (errand == NULL) {
		return dtf__fail(DTF_ENOMEM, "out of memory for a request");
	}
	rc = send(client, &errand->request, errand->size, false);
	if (rc < 0) {
		free(errand);
	}
	return rc;
}
