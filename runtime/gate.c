/*
 * Back-pressure: who may ask now, and who has to wait or come again.
 *
 * A request is in memory from when it is asked until it is answered, and an
 * instance whose activities wait for a thread is in a queue of the engine's.
 * Both would grow without end under more load than the disk and the threads can
 * take.  So requests pass a gate that counts their bytes, and starts one more,
 * which the engine closes while its queue is too long.
 *
 * Those who wait stand in a line, and whoever makes room lets in from its head all
 * for whom there is some.  While the first of them finds no room, nobody passes it,
 * not even who is small and would fit: else small requests could keep a large one
 * out for ever.  A start that waits for its activities' sake has starts behind it only.
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

struct waiter {
	struct waiter *next;
	enum request_kind kind;
	size_t size;
	bool in, told; /* guarded by the gate's lock; told: there is nothing to wait for */
	pthread_cond_t turn;
};

struct gate {
	size_t size_max, backlog_max;
	atomic_size_t held[2]; /* bytes of commands, and of waits for an end */
	atomic_size_t backlog; /* as of the last round */
	atomic_bool closed;
	atomic_uint nwaiting;
	atomic_bool stuck;    /* somebody in the line has found no room */
	pthread_mutex_t lock; /* of the line */
	struct waiter *first, **tail;
};

struct gate *dtf__gate_create(size_t size_max, size_t backlog_max) {
	struct gate *gate = calloc(1, sizeof(*gate));
	if (gate != NULL) {
		gate->size_max = size_max;
		gate->backlog_max = backlog_max;
		gate->tail = &gate->first;
		(void)pthread_mutex_init(&gate->lock, NULL);
	}
	return gate;
}

void dtf__gate_destroy(struct gate *gate) {
	if (gate != NULL) {
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

enum obstacle { NONE, ACTIVITIES, ROOM };

static enum obstacle try(struct gate *gate, enum request_kind kind, size_t size) {
	if (kind == REQUEST_START && gate->backlog >= gate->backlog_max) {
		return ACTIVITIES;
	}
	atomic_size_t *meter = &gate->held[kind == REQUEST_WAIT];
	size_t held = *meter;
	do {
		if (held > 0 && held + size > gate->size_max) {
			return ROOM;
		}
	} while (!atomic_compare_exchange_weak(meter, &held, held + size));
	return NONE;
}

/* One that has just come: not before those who were there. */
static enum obstacle try_now(struct gate *gate, enum request_kind kind, size_t size) {
	if (gate->nwaiting > 0 && kind != REQUEST_WAIT) {
		if (gate->stuck) {
			return ROOM;
		}
		if (kind == REQUEST_START) {
			return ACTIVITIES;
		}
	}
	return try(gate, kind, size);
}

/* ---- the line: with the lock held ---- */

static void leave_line(struct gate *gate, struct waiter **at) {
	*at = (*at)->next;
	if (*at == NULL) {
		gate->tail = at;
	}
	gate->nwaiting--;
}

static void let_in(struct gate *gate) {
	struct waiter **at = &gate->first;
	enum obstacle obstacle = NONE;
	while (*at != NULL && obstacle != ROOM) {
		struct waiter *waiter = *at;
		obstacle = try(gate, waiter->kind, waiter->size);
		if (obstacle == NONE) {
			leave_line(gate, at);
			waiter->in = waiter->told = true;
			(void)pthread_cond_signal(&waiter->turn);
		} else {
			at = &waiter->next;
		}
	}
	gate->stuck = obstacle == ROOM;
}

static void send_away(struct gate *gate) {
	while (gate->first != NULL) {
		struct waiter *waiter = gate->first;
		leave_line(gate, &gate->first);
		waiter->told = true;
		(void)pthread_cond_signal(&waiter->turn);
	}
	gate->stuck = false;
}

/* Whoever waits says so first and then looks; who makes room does it the other way round:
 * one of them sees the other. */
static void look_at_line(struct gate *gate) {
	if (gate->nwaiting > 0) {
		(void)pthread_mutex_lock(&gate->lock);
		if (gate->closed) {
			send_away(gate);
		} else {
			let_in(gate);
		}
		(void)pthread_mutex_unlock(&gate->lock);
	}
}

static bool stand_in_line(struct gate *gate, enum request_kind kind, size_t size) {
	struct waiter waiter = { .kind = kind, .size = size };
	(void)pthread_cond_init(&waiter.turn, NULL);
	(void)pthread_mutex_lock(&gate->lock);
	*gate->tail = &waiter;
	gate->tail = &waiter.next;
	gate->nwaiting++;
	if (gate->closed) {
		send_away(gate);
	} else {
		let_in(gate);
	}
	while (!waiter.told) {
		(void)pthread_cond_wait(&waiter.turn, &gate->lock);
	}
	(void)pthread_mutex_unlock(&gate->lock);
	(void)pthread_cond_destroy(&waiter.turn);
	return waiter.in;
}

int dtf__gate_enter(struct gate *gate, enum request_kind kind, size_t size, bool may_wait) {
	enum obstacle obstacle = try_now(gate, kind, size);
	if (obstacle == NONE || (may_wait && stand_in_line(gate, kind, size))) {
		return 0;
	}
	if (gate->closed) {
		return dtf__fail(DTF_ECLOSED, "the engine has stopped");
	}
	return dtf__fail(DTF_EBUSY, "the engine is behind: %s",
		obstacle == ACTIVITIES         ? "too many activities wait for a worker"
			: kind == REQUEST_WAIT ? "too many waits"
					       : "too many requests");
}

void dtf__gate_leave(struct gate *gate, enum request_kind kind, size_t size) {
	gate->held[kind == REQUEST_WAIT] -= size;
	look_at_line(gate);
}

void dtf__gate_backlog(struct gate *gate, size_t backlog) {
	size_t before = atomic_exchange(&gate->backlog, backlog);
	if (before >= gate->backlog_max && backlog < gate->backlog_max) {
		look_at_line(gate);
	}
}

void dtf__gate_close(struct gate *gate) {
	gate->closed = true;
	look_at_line(gate);
}
