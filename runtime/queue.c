/*
 * The engine's letterbox: the only thing that other threads touch.
 *
 * A writer appends under the lock and, if the box was empty, makes the eventfd
 * readable; the engine takes everything at once.  So a burst costs one wake-up
 * and whatever comes while a commit syncs forms the next batch.
 */
#include "engine.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "error.h"

struct queue {
	pthread_mutex_t lock;
	/* guarded by lock: */
	struct request *requests, **requests_tail;
	struct dtf_activity *attempts, **attempts_tail;
	bool stopping, signalled, closed;
	int fd;
};

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
	(void)pthread_mutex_init(&queue->lock, NULL);
	queue->requests_tail = &queue->requests;
	queue->attempts_tail = &queue->attempts;
	return queue;
}

void dtf__queue_destroy(struct queue *queue) {
	if (queue == NULL) {
		return;
	}
	(void)pthread_mutex_destroy(&queue->lock);
	(void)close(queue->fd);
	free(queue);
}

/* Called with the lock held. */
static void signal_engine(struct queue *queue) {
	if (queue->signalled) {
		return;
	}
	uint64_t one = 1;
	/* An eventfd's write fails only when its counter is full: readable then. */
	if (write(queue->fd, &one, sizeof(one)) == (ssize_t)sizeof(one)) {
		queue->signalled = true;
	}
}

bool dtf__queue_request(struct queue *queue, struct request *request) {
	request->next = NULL;
	(void)pthread_mutex_lock(&queue->lock);
	bool open = !queue->closed;
	if (open) {
		*queue->requests_tail = request;
		queue->requests_tail = &request->next;
		signal_engine(queue);
	}
	(void)pthread_mutex_unlock(&queue->lock);
	return open;
}

void dtf__queue_close(struct queue *queue) {
	(void)pthread_mutex_lock(&queue->lock);
	queue->closed = true;
	(void)pthread_mutex_unlock(&queue->lock);
}

void dtf__queue_attempt(struct queue *queue, struct dtf_activity *attempt) {
	(void)pthread_mutex_lock(&queue->lock);
	attempt->next = NULL;
	*queue->attempts_tail = attempt;
	queue->attempts_tail = &attempt->next;
	signal_engine(queue);
	(void)pthread_mutex_unlock(&queue->lock);
}

void dtf__queue_stop(struct queue *queue) {
	(void)pthread_mutex_lock(&queue->lock);
	queue->stopping = true;
	signal_engine(queue);
	(void)pthread_mutex_unlock(&queue->lock);
}

bool dtf__queue_stopping(struct queue *queue) {
	(void)pthread_mutex_lock(&queue->lock);
	bool stopping = queue->stopping;
	(void)pthread_mutex_unlock(&queue->lock);
	return stopping;
}

void dtf__queue_take(
	struct queue *queue, struct request **ret_requests, struct dtf_activity **ret_attempts) {
	(void)pthread_mutex_lock(&queue->lock);
	*ret_requests = queue->requests;
	*ret_attempts = queue->attempts;
	queue->requests = NULL;
	queue->requests_tail = &queue->requests;
	queue->attempts = NULL;
	queue->attempts_tail = &queue->attempts;
	if (queue->signalled) {
		uint64_t count;
		if (read(queue->fd, &count, sizeof(count)) == (ssize_t)sizeof(count)) {
			queue->signalled = false;
		}
	}
	(void)pthread_mutex_unlock(&queue->lock);
}

int dtf__queue_fd(struct queue *queue) {
	return queue->fd;
}
