/*
 * The wheel of an attached engine: the program's threads make its rounds, and whoever
 * makes one has the wheel, an atomic token.
 *
 * The thread that called dtf_engine_run_once() last is the driver; before that it is the
 * one that attached the engine.  Neither that nor one that has driven before is quite
 * relieved: nobody else might answer its calls that wait.  So they keep an eye on the
 * descriptor, without the wheel.  What that says is left to the driver, for as long as it
 * shows up; one that does not for STAND_IN_MS is taken for gone.
 *
 * Who waits at a door and keeps an eye on the descriptor sleeps in poll(), so an answer
 * that comes in another thread's round rings a bell, which is a semaphore: one stroke for
 * each such answer, taken back by whoever has it.
 */
#include "engine.h"

#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "clock.h"
#include "error.h"

#define STAND_IN_MS 1000

struct wheel {
	uint64_t serial; /* no other has the same */
	int fd;          /* to poll; of one engine it is that engine's */
	int bell_fd;
	bool owns_fd;
	const char *home; /* the thread that attached it */
	_Atomic(const char *) driver;
	_Atomic(const char *) taken_by; /* NULL: it is free */
	_Atomic uint64_t rounds;        /* that were made */
	_Atomic uint64_t left_alone;    /* as many, when the last was made in the driver's place */
	_Atomic unsigned nwaiting;      /* for it to be free */
	pthread_mutex_t lock;           /* only of those who wait */
	pthread_cond_t freed;
};

static _Atomic uint64_t serials;
static _Thread_local char this_thread;
static _Thread_local uint64_t drove; /* the wheel that this thread had last */

/* ---- opening ---- */

static int watch_all(const struct dtf_engine *handle, int epoll_fd) {
	int rc = epoll_fd < 0 ? -1 : 0;
	for (unsigned i = 0; rc == 0 && i < handle->count; i++) {
		struct epoll_event event = { .events = EPOLLIN };
		rc = epoll_ctl(epoll_fd, EPOLL_CTL_ADD, dtf__loop_fd(handle->engines[i]), &event);
	}
	return rc;
}

int dtf__wheel_open(struct dtf_engine *handle) {
	struct wheel *wheel = calloc(1, sizeof(*wheel));
	if (wheel == NULL) {
		return dtf__fail(DTF_ENOMEM, "out of memory for an engine");
	}
	pthread_condattr_t attributes;
	(void)pthread_condattr_init(&attributes);
	(void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&wheel->freed, &attributes);
	(void)pthread_condattr_destroy(&attributes);
	(void)pthread_mutex_init(&wheel->lock, NULL);
	wheel->serial = ++serials;
	wheel->home = &this_thread;
	wheel->driver = &this_thread;
	wheel->owns_fd = handle->count > 1;
	wheel->fd = wheel->owns_fd ? epoll_create1(EPOLL_CLOEXEC)
				   : dtf__loop_fd(handle->engines[0]);
	wheel->bell_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK | EFD_SEMAPHORE);
	handle->wheel = wheel;
	if (wheel->bell_fd < 0 || (wheel->owns_fd && watch_all(handle, wheel->fd) < 0)) {
		dtf__wheel_close(handle);
		return dtf__fail(DTF_ENOMEM, "no descriptor for the engine");
	}
	return 0;
}

void dtf__wheel_close(struct dtf_engine *handle) {
	struct wheel *wheel = handle->wheel;
	if (wheel == NULL) {
		return;
	}
	if (wheel->owns_fd && wheel->fd >= 0) {
		(void)close(wheel->fd);
	}
	if (wheel->bell_fd >= 0) {
		(void)close(wheel->bell_fd);
	}
	(void)pthread_cond_destroy(&wheel->freed);
	(void)pthread_mutex_destroy(&wheel->lock);
	free(wheel);
	handle->wheel = NULL;
}

/* ---- who has it ---- */

const void *dtf__wheel_thread(void) {
	return &this_thread;
}

bool dtf__wheel_may_drive(const struct dtf_engine *handle) {
	const struct wheel *wheel = handle->wheel;
	return wheel != NULL &&
		(wheel->driver == &this_thread || wheel->home == &this_thread ||
			drove == wheel->serial);
}

static bool take(struct wheel *wheel) {
	const char *nobody = NULL;
	return atomic_compare_exchange_strong(&wheel->taken_by, &nobody, &this_thread);
}

/* Whoever waits says so first and then looks; this is done the other way round. */
static void give_back(struct wheel *wheel) {
	wheel->taken_by = NULL;
	if (wheel->nwaiting > 0) {
		(void)pthread_mutex_lock(&wheel->lock);
		(void)pthread_cond_broadcast(&wheel->freed);
		(void)pthread_mutex_unlock(&wheel->lock);
	}
}

static void await_free(struct wheel *wheel, const struct timespec *until) {
	int late = 0;
	(void)pthread_mutex_lock(&wheel->lock);
	wheel->nwaiting++;
	while (wheel->taken_by != NULL && late == 0) {
		if (until == NULL) {
			(void)pthread_cond_wait(&wheel->freed, &wheel->lock);
		} else {
			late = pthread_cond_timedwait(&wheel->freed, &wheel->lock, until);
		}
	}
	wheel->nwaiting--;
	(void)pthread_mutex_unlock(&wheel->lock);
}

void dtf__wheel_take(struct dtf_engine *handle) {
	struct wheel *wheel = handle->wheel;
	while (wheel != NULL && !take(wheel)) {
		await_free(wheel, NULL);
	}
}

void dtf__wheel_give_back(struct dtf_engine *handle) {
	if (handle->wheel != NULL) {
		give_back(handle->wheel);
	}
}

/* ---- rounds ---- */

/* 1: another one is due at once. */
static int run_round(struct dtf_engine *handle) {
	int more = 0;
	handle->wheel->rounds++;
	for (unsigned i = 0; i < handle->count; i++) {
		more |= dtf__loop_round(handle->engines[i]);
	}
	return more;
}

static int check_attached(const struct dtf_engine *handle, const char *what) {
	int rc = dtf__engine_check(handle);
	if (rc == 0 && handle->wheel == NULL) {
		rc = dtf__fail(DTF_EINVAL, "%s: the engine has not been attached", what);
	}
	return rc;
}

int dtf_engine_fd(const struct dtf_engine *handle) {
	int rc = check_attached(handle, "dtf_engine_fd");
	return rc < 0 ? rc : handle->wheel->fd;
}

int dtf_engine_run_once(struct dtf_engine *handle) {
	int rc = check_attached(handle, "dtf_engine_run_once");
	if (rc < 0) {
		return rc;
	}
	if (dtf__engine_is_inside(handle)) {
		return dtf__fail(DTF_EINVAL, "dtf_engine_run_once: called by what it calls");
	}
	if (!take(handle->wheel)) {
		return dtf__fail(DTF_EBUSY, "another thread is in a round of the engine");
	}
	if (handle->stopped) {
		rc = dtf__fail(DTF_ECLOSED, "the engine has stopped");
	} else {
		handle->wheel->driver = &this_thread;
		drove = handle->wheel->serial;
		int more = run_round(handle);
		dtf__error_clear();
		rc = dtf__engine_error(handle);
		rc = rc < 0 ? rc : more;
	}
	give_back(handle->wheel);
	return rc;
}

/* ---- at a door ---- */

void dtf__wheel_ring(struct dtf_engine *handle) {
	uint64_t one = 1;
	ssize_t written = write(handle->wheel->bell_fd, &one, sizeof(one));
	(void)written; /* it fails when the counter is full */
}

void dtf__wheel_hush(struct dtf_engine *handle) {
	uint64_t one;
	ssize_t got = read(handle->wheel->bell_fd, &one, sizeof(one));
	(void)got;
}

static int wait_at(
	struct pollfd *fds, nfds_t count, const struct timespec *until, int64_t most_ms) {
	int64_t left_ms = until == NULL ? most_ms : dtf__clock_left_ms(until);
	return poll(fds, count, (int)(left_ms < most_ms ? left_ms : most_ms));
}

/* There is work, and the driver does not show up to do it. */
static bool is_left_alone(const struct wheel *wheel, const struct timespec *until) {
	struct pollfd bell = { .fd = wheel->bell_fd, .events = POLLIN };
	uint64_t rounds = wheel->rounds;
	if (wheel->driver == &this_thread || wheel->left_alone == rounds) {
		return true;
	}
	return wait_at(&bell, 1, until, STAND_IN_MS) == 0 && wheel->rounds == rounds &&
		(until == NULL || dtf__clock_left_ms(until) > 0);
}

void dtf__wheel_drive(struct dtf_engine *handle, const struct timespec *until) {
	struct wheel *wheel = handle->wheel;
	struct pollfd fds[] = { { .fd = wheel->fd, .events = POLLIN },
		{ .fd = wheel->bell_fd, .events = POLLIN } };
	if (wait_at(fds, 2, until, INT_MAX) <= 0 || fds[1].revents != 0 ||
		!is_left_alone(wheel, until)) {
		return;
	}
	if (!take(wheel)) {
		await_free(wheel, until);
		return;
	}
	if (!handle->stopped) {
		(void)run_round(handle);
		wheel->left_alone = wheel->driver == &this_thread ? 0 : wheel->rounds;
	}
	give_back(wheel);
}
