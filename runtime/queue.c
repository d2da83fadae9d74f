/*
 * The engine's letterbox: the only thing that other threads touch.
 *
 * Three stacks, of requests, of attempts that have ended and of messages from other
 * partitions, that anyone may push on and the engine takes whole.  A push makes a system call only
 * when the engine sleeps, or is about to: it says so first and then looks once more, a writer
 * pushes first and then looks whether it sleeps, so one of them sees the other.  So a burst costs
 * one wake-up, and whatever comes while a commit syncs forms the next batch.
 *
 * An attempt may be pushed by a thread of which the engine knows nothing, and
 * once it is in the box the engine may be through and be closed.  Such a writer
 * is counted as a visitor for as long as it is in here.
 */
#include "engine.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "error.h"

struct queue {
	_Atomic(struct request *) requests; /* newest first; &door_is_closed: no more */
	_Atomic(struct dtf_activity *) attempts;
	_Atomic(struct parcel *) parcels;
	struct request *left; /* when it was closed; engine's thread only */
	atomic_bool asleep;   /* nobody has woken the engine since it said that it sleeps */
	atomic_bool news;     /* something else that it should look at */
	atomic_bool stopping;
	atomic_uint visitors;
	int fd;
};

static struct request door_is_closed;

struct queue *dtf__queue_create(void) {
	struct queue *queue = calloc(1, sizeof(*queue));
	if (queue == NULL) {
		return NULL;
	}
	queue->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (queue->fd < 0) {
		free(queue);
		return NULL;
	}
	return queue;
}

void dtf__queue_destroy(struct queue *queue) {
	if (queue == NULL) {
		return;
	}
	while (queue->visitors > 0) {
		(void)sched_yield(); /* on the last lines of dtf__queue_attempt() */
	}
	struct parcel *parcel = dtf__queue_parcels(queue);
	while (parcel != NULL) {
		struct parcel *next = parcel->next;
		dtf__parcel_free(parcel);
		parcel = next;
	}
	(void)close(queue->fd);
	free(queue);
}

static void wake(struct queue *queue) {
	if (queue->asleep && atomic_exchange(&queue->asleep, false)) {
		dtf__queue_ring(queue);
	}
}

void dtf__queue_ring(struct queue *queue) {
	uint64_t one = 1;
	/* An eventfd's write fails only when its counter is full: readable then. */
	ssize_t written = write(queue->fd, &one, sizeof(one));
	(void)written;
}

bool dtf__queue_request(struct queue *queue, struct request *request) {
	struct request *top = queue->requests;
	do {
		if (top == &door_is_closed) {
			return false;
		}
		request->next = top;
	} while (!atomic_compare_exchange_weak(&queue->requests, &top, request));
	wake(queue);
	return true;
}

void dtf__queue_attempt(struct queue *queue, struct dtf_activity *attempt) {
	queue->visitors++;
	struct dtf_activity *top = queue->attempts;
	do {
		attempt->next = top;
	} while (!atomic_compare_exchange_weak(&queue->attempts, &top, attempt));
	wake(queue);
	queue->visitors--;
}

void dtf__queue_poke(struct queue *queue) {
	queue->news = true;
	wake(queue);
}

void dtf__queue_stop(struct queue *queue) {
	queue->stopping = true;
	dtf__queue_poke(queue);
}

bool dtf__queue_stopping(struct queue *queue) {
	return queue->stopping;
}

void dtf__queue_close(struct queue *queue) {
	struct request *left = atomic_exchange(&queue->requests, &door_is_closed);
	if (left != &door_is_closed) {
		queue->left = left;
	}
}

void dtf__queue_take(
	struct queue *queue, struct request **ret_requests, struct dtf_activity **ret_attempts) {
	struct request *request = NULL;
	if (queue->requests == &door_is_closed) {
		request = queue->left;
		queue->left = NULL;
	} else if (queue->requests != NULL) {
		request = atomic_exchange(&queue->requests, NULL);
	}
	*ret_requests = NULL;
	while (request != NULL) {
		struct request *older = request->next;
		request->next = *ret_requests;
		*ret_requests = request;
		request = older;
	}
	struct dtf_activity *attempt = queue->attempts == NULL
		? NULL
		: atomic_exchange(&queue->attempts, NULL);
	*ret_attempts = NULL;
	while (attempt != NULL) {
		struct dtf_activity *older = attempt->next;
		attempt->next = *ret_attempts;
		*ret_attempts = attempt;
		attempt = older;
	}
}

void dtf__queue_parcel(struct queue *queue, struct parcel *parcel) {
	struct parcel *top = queue->parcels;
	do {
		parcel->next = top;
	} while (!atomic_compare_exchange_weak(&queue->parcels, &top, parcel));
	wake(queue);
}

struct parcel *dtf__queue_parcels(struct queue *queue) {
	struct parcel *parcel = queue->parcels == NULL ? NULL
						       : atomic_exchange(&queue->parcels, NULL);
	struct parcel *oldest = NULL;
	while (parcel != NULL) {
		struct parcel *older = parcel->next;
		parcel->next = oldest;
		oldest = parcel;
		parcel = older;
	}
	return oldest;
}

bool dtf__queue_sleep(struct queue *queue) {
	queue->asleep = true;
	const struct request *request = queue->requests;
	bool empty = (request == NULL || request == &door_is_closed) && queue->attempts == NULL &&
		queue->parcels == NULL;
	bool news = atomic_exchange(&queue->news, false);
	if (empty && !news) {
		return true;
	}
	queue->asleep = false;
	return false;
}

void dtf__queue_woken(struct queue *queue, bool rung) {
	queue->asleep = false;
	uint64_t count;
	if (rung && read(queue->fd, &count, sizeof(count)) < 0) {
		return; /* whoever rings has not written yet: it will wake once more */
	}
}

int dtf__queue_fd(struct queue *queue) {
	return queue->fd;
}
