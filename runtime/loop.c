/*
 * Who drives the rounds: a thread of the engine's own, or a program with a loop
 * of its own, which polls one descriptor and calls when it is readable.
 *
 * That descriptor is an epoll of three: the queue's, the store's (another process
 * has put something into the inbox) and a timer's.  The engine's own thread
 * sleeps on the same one, with a timeout in the place of the timer.
 *
 * A round ends in one of two ways: more is due at once, or the queue has been
 * told that the engine sleeps.  For a program's loop the first is rung for, so
 * that the descriptor alone says all there is to know.
 *
 * Without threads attempts run here, after the commit that holds their starts,
 * for RUN_MS in a round; what is left waits for the next one.
 */
#include "engine.h"

#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "client.h"
#include "error.h"

/* How often the inbox is looked into without having been woken. */
#define INBOX_POLL_MS 1000
#define RUN_MS        10
/* By the engine's thread, of attempts that have ended: a few MiB at most. */
#define ARENA_BLOCKS_KEPT 4096

enum source { FROM_QUEUE, FROM_STORE, FROM_TIMER };

struct loop {
	pthread_t thread;
	pthread_mutex_t lock;    /* held while the threads are joined */
	bool joined;             /* guarded by lock */
	bool has_thread;         /* or a program drives it */
	const struct pool *pool; /* to know its threads by; the engine owns it */
	int epoll_fd, timer_fd;
	/* Of whoever drives: */
	int64_t timer_at_ms;                    /* it will fire; by the steady clock; 0: it has */
	int64_t looked_ms;                      /* into the inbox, likewise */
	struct dtf_activity *runs, **runs_tail; /* submitted, without threads */
	int rc;
	char text[256];
};

static _Thread_local const struct dtf_engine *running; /* a round of it, on this thread */

/* ---- descriptors ---- */

static int watch_fd(const struct loop *loop, int fd, enum source source) {
	struct epoll_event event = { .events = EPOLLIN, .data.u32 = source };
	return epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, &event);
}

static int open_fds(struct engine *engine, struct loop *loop) {
	struct store *store = engine->store;
	int store_fd = store->ops->wake_fd(store);
	loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	loop->timer_fd = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	bool ok = loop->epoll_fd >= 0 && loop->timer_fd >= 0 &&
		watch_fd(loop, dtf__queue_fd(engine->queue), FROM_QUEUE) == 0 &&
		watch_fd(loop, loop->timer_fd, FROM_TIMER) == 0 &&
		(store_fd < 0 || watch_fd(loop, store_fd, FROM_STORE) == 0);
	return ok ? 0 : dtf__fail(DTF_ENOMEM, "no descriptors for the engine's loop");
}

/* Waits for any of them, at most so long, and takes note of what has happened. */
static void look(struct engine *engine, int wait_ms) {
	struct loop *loop = engine->loop;
	struct store *store = engine->store;
	struct epoll_event events[3];
	bool rung = false;
	int n = epoll_wait(loop->epoll_fd, events, 3, wait_ms);
	for (int i = 0; i < n; i++) {
		if (events[i].data.u32 == FROM_QUEUE) {
			rung = true;
		} else if (events[i].data.u32 == FROM_STORE) {
			store->ops->drain(store);
			engine->inbox_due = true;
		} else {
			uint64_t times;
			ssize_t got = read(loop->timer_fd, &times, sizeof(times));
			loop->timer_at_ms = got < 0 ? loop->timer_at_ms : 0;
		}
	}
	dtf__queue_woken(engine->queue, rung);
	int64_t now_ms = dtf__watch_steady_ms(engine->watch);
	if (engine->inbox_due || now_ms - loop->looked_ms >= INBOX_POLL_MS) {
		loop->looked_ms = now_ms;
		engine->inbox_due = true;
	}
}

/* In memory there is no other process that could ask. */
static int64_t wait_of(const struct engine *engine, int64_t next_ms) {
	int64_t most_ms = engine->store->ops->wake_fd(engine->store) < 0 ? INT_MAX : INBOX_POLL_MS;
	int64_t now_ms = dtf__watch_now_ms(engine->watch);
	int64_t wait_ms = next_ms > now_ms ? next_ms - now_ms : 0;
	return wait_ms < most_ms ? wait_ms : most_ms;
}

/* One that fires too early costs a round in which nothing is due. */
static void set_timer(struct engine *engine, int64_t wait_ms) {
	struct loop *loop = engine->loop;
	int64_t now_ms = dtf__watch_steady_ms(engine->watch), at_ms = now_ms + wait_ms;
	if (loop->timer_at_ms > now_ms && loop->timer_at_ms <= at_ms) {
		return;
	}
	struct itimerspec when = { .it_value = { (time_t)(wait_ms / 1000),
					   (long)(wait_ms % 1000) * 1000000 } };
	(void)timerfd_settime(loop->timer_fd, 0, &when, NULL);
	loop->timer_at_ms = at_ms;
}

/* ---- a round ---- */

static void submit(void *arg, struct dtf_activity *attempt) {
	struct engine *engine = arg;
	if (engine->pool != NULL) {
		dtf__pool_submit(engine->pool, attempt);
		return;
	}
	struct loop *loop = engine->loop;
	attempt->next = NULL;
	attempt->waits = true;
	*loop->runs_tail = attempt;
	loop->runs_tail = &attempt->next;
}

static void cancel(void *arg, struct dtf_activity *attempt) {
	(void)arg;
	(void)attempt; /* its flag is set; the worker looks at it when it will */
}

struct executor dtf__loop_executor(struct engine *engine) {
	return (struct executor){ submit, cancel, engine };
}

static void run_attempts(struct engine *engine) {
	struct loop *loop = engine->loop;
	int64_t until_ms = dtf__watch_steady_ms(engine->watch) + RUN_MS;
	while (loop->runs != NULL) {
		struct dtf_activity *attempt = loop->runs;
		loop->runs = attempt->next;
		if (loop->runs == NULL) {
			loop->runs_tail = &loop->runs;
		}
		dtf__attempt_run(attempt);
		if (dtf__watch_steady_ms(engine->watch) >= until_ms) {
			return;
		}
	}
}

/* How many attempts may be in flight; that it stops is not for here to undo. */
static void set_slots(struct engine *engine, unsigned deferred) {
	size_t most = engine->options.in_flight_max;
	size_t window = engine->pool != NULL ? dtf__pool_window(engine->pool) : most;
	if (engine->slots > 0) {
		engine->slots = (unsigned)(window < most - deferred ? window + deferred : most);
	}
}

/* One more attempt was deferred that the engine wants to know of, and the worker did not
 * know that it does: now the worker would say so. */
static bool has_missed(struct engine *engine, unsigned deferred) {
	engine->hungry = engine->waiting.count > 0 || engine->slots == 0;
	return engine->hungry &&
		(engine->slots == 0 ? engine->deferred > 0 : engine->deferred > deferred);
}

/* Returns when the next round is due: 0 = at once. */
static int64_t go_round(struct engine *engine) {
	struct loop *loop = engine->loop;
	unsigned deferred = engine->deferred;
	int64_t next_ms;
	set_slots(engine, deferred);
	int rc = dtf__engine_step(engine, &next_ms);
	if (rc < 0) {
		loop->rc = rc;
		memcpy(loop->text, dtf_errmsg(), sizeof(loop->text) - 1);
		dtf__engine_refuse(engine, rc, loop->text);
	}
	/* An engine that has failed answers everybody. */
	dtf__gate_backlog(engine->gate, rc < 0 ? 0 : engine->waiting.count);
	if (engine->pool != NULL) {
		dtf__pool_hand_over(engine->pool);
	} else {
		run_attempts(engine);
	}
	return loop->runs != NULL || has_missed(engine, deferred) ? 0 : next_ms;
}

/* Something has arrived that another round can record: a store that is full, or
 * a workflow that only continues, must not keep the engine from stopping. */
static bool has_arrivals(const struct engine *engine) {
	const struct instance *instance = engine->retry_at_ms == 0 ? engine->dirty : NULL;
	while (instance != NULL && instance->first == NULL) {
		instance = instance->next_dirty;
	}
	return instance != NULL;
}

/* One round, and a sleep if nothing else is due.  False: it has stopped. */
static bool turn_wheel(struct engine *engine) {
	bool stopping = dtf__queue_stopping(engine->queue);
	if (stopping) {
		dtf__engine_wind_down(engine);
		dtf__dispatch_abandon(engine);
	}
	int64_t next_ms = go_round(engine);
	if (stopping && engine->slots_used == 0 && (engine->failure < 0 || !has_arrivals(engine))) {
		return false;
	}
	int64_t wait_ms = next_ms == 0 ? 0 : wait_of(engine, next_ms);
	bool sleeps = wait_ms > 0 && dtf__queue_sleep(engine->queue);
	look(engine, sleeps ? (int)wait_ms : 0);
	return true;
}

static void *drive(void *arg) {
	struct engine *engine = arg;
	running = engine->handle;
	dtf__arena_keep(ARENA_BLOCKS_KEPT);
	while (turn_wheel(engine)) {
	}
	dtf__queue_close(engine->queue);
	dtf__gate_close(engine->gate);
	dtf__engine_shut(engine, DTF_ECLOSED, "the engine has stopped");
	dtf__arena_keep(0);
	return NULL;
}

/* ---- starting and stopping ---- */

static void loop_free(struct loop *loop) {
	if (loop == NULL) {
		return;
	}
	if (loop->epoll_fd >= 0) {
		(void)close(loop->epoll_fd);
	}
	if (loop->timer_fd >= 0) {
		(void)close(loop->timer_fd);
	}
	(void)pthread_mutex_destroy(&loop->lock);
	free(loop);
}

int dtf__loop_open(struct engine *engine) {
	struct loop *loop = calloc(1, sizeof(*loop));
	if (loop == NULL) {
		return dtf__fail(DTF_ENOMEM, "out of memory for the engine's loop");
	}
	(void)pthread_mutex_init(&loop->lock, NULL);
	loop->epoll_fd = loop->timer_fd = -1;
	loop->runs_tail = &loop->runs;
	int rc = open_fds(engine, loop);
	rc = rc == 0 ? dtf__engine_recover(engine) : rc;
	if (rc == 0 && engine->options.workers != DTF_NO_WORKERS) {
		rc = dtf__pool_create(engine->options.workers, &engine->pool);
	}
	if (rc < 0) {
		loop_free(loop);
		return rc;
	}
	loop->pool = engine->pool;
	engine->loop = loop;
	return 0;
}

int dtf__loop_start(struct engine *engine) {
	struct loop *loop = engine->loop;
	loop->has_thread = pthread_create(&loop->thread, NULL, drive, engine) == 0;
	return loop->has_thread ? 0 : dtf__fail(DTF_ENOMEM, "cannot start the engine's thread");
}

bool dtf__loop_is_own_thread(const struct dtf_engine *handle) {
	return running == handle;
}

bool dtf__loop_is_worker(const struct engine *engine) {
	return engine->loop != NULL && dtf__pool_is_worker(engine->loop->pool);
}

int dtf__loop_fd(const struct engine *engine) {
	return engine->loop->epoll_fd;
}

int dtf__loop_round(struct engine *engine) {
	const struct dtf_engine *outer = running; /* another engine, which called back */
	running = engine->handle;
	look(engine, 0);
	int64_t next_ms = go_round(engine);
	int64_t wait_ms = next_ms == 0 ? 0 : wait_of(engine, next_ms);
	bool sleeps = wait_ms > 0 && dtf__queue_sleep(engine->queue);
	if (sleeps) {
		set_timer(engine, wait_ms);
	} else {
		dtf__queue_ring(engine->queue);
	}
	running = outer;
	return sleeps ? 0 : 1;
}

int dtf__loop_error(const struct engine *engine) {
	const struct loop *loop = engine->loop;
	return loop->rc < 0 ? dtf__fail(loop->rc, "%s", loop->text) : 0;
}

void dtf__loop_stop(struct engine *engine) {
	struct loop *loop = engine->loop;
	const struct dtf_engine *outer = running;
	(void)pthread_mutex_lock(&loop->lock);
	if (!loop->joined) {
		dtf__queue_stop(engine->queue);
		if (loop->has_thread) {
			(void)pthread_join(loop->thread, NULL);
		} else {
			(void)drive(engine);
			running = outer;
		}
		dtf__pool_destroy(engine->pool);
		engine->pool = NULL;
		loop->joined = true;
	}
	(void)pthread_mutex_unlock(&loop->lock);
}

void dtf__loop_finish(struct engine *engine) {
	dtf__pool_destroy(engine->pool);
	engine->pool = NULL;
	loop_free(engine->loop);
	engine->loop = NULL;
}
