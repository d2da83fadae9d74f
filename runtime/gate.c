/*
 * Back-pressure: who may ask now, and who has to wait or come again.
 *
 * A request is in memory from when it is asked until it is answered, and an
 * instance whose activities wait for a thread is in a queue of the engine's.
 * Both would grow without end under more load than the disk and the threads can
 * take.  So requests pass a gate that counts their bytes, and starts one more,
 * which the engine closes while its queue is too long.
 *
 * A request that is larger than all that may be in memory is let in alone: it
 * would never be otherwise.
 */
#include "engine.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "error.h"

#define REQUEST_SIZE 512 /* of one, without its strings */

struct gate {
	size_t size_max, backlog_max;
	atomic_size_t held[2]; /* bytes of commands, and of waits for an end */
	atomic_size_t backlog; /* as of the last round */
	atomic_bool closed;
	atomic_uint nwaiting;
	pthread_mutex_t lock; /* only of those who wait */
	pthread_cond_t changed;
};

struct gate *dtf__gate_create(size_t size_max, size_t backlog_max) {
	struct gate *gate = calloc(1, sizeof(*gate));
	if (gate != NULL) {
		gate->size_max = size_max;
		gate->backlog_max = backlog_max;
		(void)pthread_mutex_init(&gate->lock, NULL);
		(void)pthread_cond_init(&gate->changed, NULL);
	}
	return gate;
}

void dtf__gate_destroy(struct gate *gate) {
	if (gate != NULL) {
		(void)pthread_cond_destroy(&gate->changed);
		(void)pthread_mutex_destroy(&gate->lock);
		free(gate);
	}
}

size_t dtf__gate_size(const struct request *request) {
	size_t size = 0;
	for (; request != NULL; request = request->with) {
		size += REQUEST_SIZE + request->payload.size;
	}
	return size;
}

/* NULL: it is in; else why not. */
static const char *try(struct gate *gate, enum request_kind kind, size_t size) {
	if (kind == REQUEST_START && gate->backlog >= gate->backlog_max) {
		return "too many activities wait for a worker";
	}
	atomic_size_t *meter = &gate->held[kind == REQUEST_WAIT];
	size_t held = *meter;
	do {
		if (held > 0 && held + size > gate->size_max) {
			return kind == REQUEST_WAIT ? "too many waits" : "too many requests";
		}
	} while (!atomic_compare_exchange_weak(meter, &held, held + size));
	return NULL;
}

int dtf__gate_enter(struct gate *gate, enum request_kind kind, size_t size, bool may_wait) {
	const char *why = try(gate, kind, size);
	if (why != NULL && may_wait) {
		(void)pthread_mutex_lock(&gate->lock);
		gate->nwaiting++; /* and then looks: whoever leaves does it the other way round */
		while ((why = try(gate, kind, size)) != NULL && !gate->closed) {
			(void)pthread_cond_wait(&gate->changed, &gate->lock);
		}
		gate->nwaiting--;
		(void)pthread_mutex_unlock(&gate->lock);
	}
	if (why != NULL && gate->closed) {
		return dtf__fail(DTF_ECLOSED, "the engine has stopped");
	}
	return why == NULL ? 0 : dtf__fail(DTF_EBUSY, "the engine is behind: %s", why);
}

static void tell_who_waits(struct gate *gate) {
	if (gate->nwaiting > 0) {
		(void)pthread_mutex_lock(&gate->lock);
		(void)pthread_cond_broadcast(&gate->changed);
		(void)pthread_mutex_unlock(&gate->lock);
	}
}

void dtf__gate_leave(struct gate *gate, enum request_kind kind, size_t size) {
	gate->held[kind == REQUEST_WAIT] -= size;
	tell_who_waits(gate);
}

void dtf__gate_backlog(struct gate *gate, size_t backlog) {
	size_t before = atomic_exchange(&gate->backlog, backlog);
	if (before >= gate->backlog_max && backlog < gate->backlog_max) {
		tell_who_waits(gate);
	}
}

void dtf__gate_close(struct gate *gate) {
	gate->closed = true;
	tell_who_waits(gate);
}
