/*
 * Doors: how a call that waits gets its answer.
 *
 * Whoever waits owns a door, and a letter in it is a request to the engine.  The answer
 * is put behind the door and the waiter woken.  What came of an instance is put there
 * too, by the engine's thread: nothing else knows for sure that it is still there.
 *
 * Whoever waits no longer takes his wait back by a second letter, which has its place in
 * the door.  The owner and each letter that is under way hold the door, and whoever lets
 * go of it last frees it: so a wait that was given up leaves nothing behind, neither a
 * door nor an instance that stays in memory for it.
 */
#include "client.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "error.h"

struct door {
	struct request request, back; /* back: takes it back */
	struct engine *engine;
	size_t size; /* let in by the gate */
	_Atomic unsigned holders;
	pthread_mutex_t lock;
	pthread_cond_t answered_cond;
	/* guarded by lock: */
	bool answered, rung;
	const void *driver;     /* the owner's thread, if it drives and may sleep in poll() */
	struct dtf_result *ret; /* the owner's, as long as he waits; or NULL */
	int rc;
	char text[ERROR_TEXT_MAX];
	char id[INSTANCE_ID_MAX + 1]; /* a wait that was given up outlives its caller's */
};

static void let_go(struct door *door) {
	if (--door->holders == 0) {
		(void)pthread_cond_destroy(&door->answered_cond);
		(void)pthread_mutex_destroy(&door->lock);
		free(door);
	}
}

/* The engine's thread may be about to report an error of its own: its text stays. */
static void put_result(struct door *door) {
	char before[ERROR_TEXT_MAX];
	memcpy(before, dtf_errmsg(), strlen(dtf_errmsg()) + 1);
	door->rc = dtf__result_read(
		door->engine->store, door->request.ended, door->request.record, door->ret);
	if (door->rc < 0) {
		(void)snprintf(door->text, sizeof(door->text), "%s", dtf_errmsg());
	}
	dtf__error_put(before);
}

static void put_behind_door(struct request *request, int rc, const char *text) {
	struct door *door = request->arg;
	dtf__gate_leave(door->engine->gate, request->kind, door->size);
	(void)pthread_mutex_lock(&door->lock);
	door->answered = true;
	door->rc = rc;
	(void)snprintf(door->text, sizeof(door->text), "%s", text);
	if (rc == 0 && request->ended != NULL && door->ret != NULL) {
		put_result(door);
	}
	(void)pthread_cond_signal(&door->answered_cond);
	if (door->driver != NULL && door->driver != dtf__wheel_thread()) {
		door->rung = true;
		dtf__wheel_ring(door->engine->handle);
	}
	(void)pthread_mutex_unlock(&door->lock);
	let_go(door);
}

static void taken_back(struct request *request, int rc, const char *text) {
	(void)rc;
	(void)text;
	let_go(request->arg);
}

static struct door *door_create(struct engine *engine, const struct request *request) {
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
	door->engine = engine;
	door->size = request->kind == REQUEST_WAIT ? 0 : dtf__gate_size(request);
	door->request = *request;
	(void)snprintf(door->id, sizeof(door->id), "%s", request->id);
	door->request.id = door->id;
	door->request.answer = put_behind_door;
	door->request.arg = door;
	door->back = (struct request){ .kind = REQUEST_UNWAIT,
		.id = door->id,
		.wait = &door->request,
		.answer = taken_back,
		.arg = door };
	return door;
}

/* until: NULL = as long as it takes. */
static void sleep_at_door(struct door *door, const struct timespec *until) {
	bool late = false;
	(void)pthread_mutex_lock(&door->lock);
	while (!door->answered && !late) {
		if (until == NULL) {
			(void)pthread_cond_wait(&door->answered_cond, &door->lock);
		} else {
			late = pthread_cond_timedwait(&door->answered_cond, &door->lock, until) !=
				0;
		}
	}
	(void)pthread_mutex_unlock(&door->lock);
}

static bool is_answered(struct door *door) {
	(void)pthread_mutex_lock(&door->lock);
	bool answered = door->answered;
	(void)pthread_mutex_unlock(&door->lock);
	return answered;
}

/* This thread may be the only one that drives the engine. */
static void drive_at_door(
	struct dtf_engine *handle, struct door *door, const struct timespec *until) {
	while (!is_answered(door) && (until == NULL || dtf__clock_left_ms(until) > 0)) {
		dtf__wheel_drive(handle, until);
	}
	(void)pthread_mutex_lock(&door->lock);
	bool rung = door->rung;
	door->driver = NULL;
	(void)pthread_mutex_unlock(&door->lock);
	if (rung) {
		dtf__wheel_hush(handle);
	}
}

/* The answer, if it has come. */
static int open_door(struct door *door, int64_t timeout_ms) {
	(void)pthread_mutex_lock(&door->lock);
	bool answered = door->answered;
	door->ret = NULL;
	door->holders += answered ? 0 : 1;
	(void)pthread_mutex_unlock(&door->lock);
	int rc = 0;
	if (!answered) {
		rc = dtf__fail(DTF_ETIMEOUT, "not answered within %lld ms", (long long)timeout_ms);
		if (!dtf__queue_request(door->engine->queue, &door->back)) {
			let_go(door); /* the engine has stopped, and answers all there is */
		}
	} else if (door->rc < 0) {
		rc = dtf__fail(door->rc, "%s", door->text);
	} else {
		dtf__error_clear(); /* of a round that it has driven */
	}
	let_go(door);
	return rc;
}

int dtf__ask_and_wait(struct dtf_client *client, const struct request *request, int64_t timeout_ms,
	struct dtf_result *ret) {
	struct dtf_engine *handle = dtf__client_handle(client);
	struct engine *engine = dtf__client_engine(client, request->id);
	int rc = dtf__client_check_started(client);
	if (rc < 0) {
		return rc;
	}
	if (dtf__loop_is_own_thread(handle)) {
		return dtf__fail(
			DTF_EINVAL, "the engine's thread would wait for itself: use dtf_ask()");
	}
	struct door *door = door_create(engine, request);
	if (door == NULL) {
		return dtf__fail(DTF_ENOMEM, "out of memory for a request");
	}
	struct timespec end = dtf__clock_after_ms(timeout_ms < 0 ? 0 : timeout_ms);
	const struct timespec *until = timeout_ms < 0 ? NULL : &end;
	bool drives = dtf__wheel_may_drive(handle);
	/* Whoever would have to make the room that it waits for cannot wait. */
	bool may_wait = !engine->options.refuse && !drives && !dtf__engine_is_inside(handle);
	door->ret = ret;
	door->driver = drives ? dtf__wheel_thread() : NULL;
	door->holders = 2;
	rc = dtf__ask_send(client, &door->request, door->size, may_wait);
	if (rc < 0) {
		door->holders = 1;
		let_go(door);
		return rc;
	}
	if (drives) {
		drive_at_door(handle, door, until);
	} else {
		sleep_at_door(door, until);
	}
	return open_door(door, timeout_ms);
}
