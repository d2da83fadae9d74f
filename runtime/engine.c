/*
 * The engine as a program sees it: opening, registering, the thread that goes
 * round, stopping.
 *
 * Stopping hands nothing out any more, lets running activities finish and
 * records their results, then closes the door.  Who waits for an instance's end
 * is told DTF_ECLOSED at once: it may be an activity, and stopping waits for it.
 */
#include "engine.h"

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "client.h"
#include "error.h"

/* How often the inbox is looked into without having been woken. */
#define INBOX_POLL_MS 1000

struct loop {
	pthread_t thread;
	pthread_mutex_t lock;    /* held while the threads are joined */
	bool joined;             /* guarded by lock */
	const struct pool *pool; /* to know its threads by; the engine owns it */
	int64_t looked_ms;       /* into the inbox, by the steady clock */
	int rc;
	char text[256];
};

static int64_t wall_ms(void *arg) {
	(void)arg;
	struct timespec now;
	(void)clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t steady_ms(void *arg) {
	(void)arg;
	struct timespec now;
	(void)clock_gettime(CLOCK_BOOTTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void submit(void *arg, struct dtf_activity *attempt) {
	const struct dtf_engine *engine = arg;
	dtf__pool_submit(engine->pool, attempt);
}

static void cancel(void *arg, struct dtf_activity *attempt) {
	(void)arg;
	(void)attempt; /* its flag is set; the worker looks at it when it will */
}

static int check(const struct dtf_engine *engine) {
	dtf__error_clear();
	if (engine == NULL) {
		return dtf__fail(DTF_EINVAL, "no engine");
	}
	if (engine->pid != (long)getpid()) {
		return dtf__fail(DTF_EFORK, "the engine was opened before fork()");
	}
	return 0;
}

int dtf__engine_open_on(
	struct store *store, const struct dtf_engine_options *options, struct dtf_engine **ret) {
	struct clock clock = { wall_ms, NULL, steady_ms };
	struct executor executor = { submit, cancel, NULL };
	struct dtf_engine *engine = NULL;
	int rc = dtf__engine_create(options, store, &clock, &executor, &engine);
	if (rc == 0) {
		engine->executor.arg = engine;
		engine->pid = (long)getpid();
		rc = dtf__client_create(engine, store, &engine->client);
	}
	if (rc < 0) {
		dtf__engine_destroy(engine);
		store->ops->close(store);
		return rc;
	}
	*ret = engine;
	return 0;
}

static int check_options(const struct dtf_engine_options *options, struct dtf_engine **ret) {
	if (options == NULL || ret == NULL) {
		return dtf__fail(DTF_EINVAL, "dtf_engine_open: no %s",
			options == NULL ? "options" : "place for the engine");
	}
	if (options->dir != NULL && options->dir[0] == '\0') {
		return dtf__fail(DTF_EINVAL, "dtf_engine_open: dir is empty; NULL is memory");
	}
	if (options->history_max < 0 || options->grace_ms < 0) {
		return dtf__fail(DTF_EINVAL, "dtf_engine_open: %s is negative",
			options->history_max < 0 ? "history_max" : "grace_ms");
	}
	if (options->payload_max > PAYLOAD_MAX_MAX) {
		return dtf__fail(DTF_EINVAL, "dtf_engine_open: payload_max is over %zu bytes",
			PAYLOAD_MAX_MAX);
	}
	return 0;
}

int dtf_engine_open(const struct dtf_engine_options *options, struct dtf_engine **ret) {
	dtf__error_clear();
	int rc = check_options(options, ret);
	if (rc < 0) {
		return rc;
	}
	struct store *store;
	struct store_options store_options = { .map_size = options->map_size,
		.size_max = options->store_max };
	rc = options->dir == NULL
		? dtf__store_memory_open(&store)
		: dtf__store_lmdb_open(options->dir, STORE_OWN, &store_options, &store);
	if (rc < 0) {
		return rc;
	}
	return dtf__engine_open_on(store, options, ret);
}

static int check_functions(const struct dtf_engine *engine, const struct dtf_module *module) {
	const struct dtf_activity_def *const *a = module->activities;
	while (*a != NULL && ((*a)->run != NULL || engine->options.run != NULL)) {
		a++;
	}
	return *a == NULL
		? 0
		: dtf__fail(DTF_EINVAL, "activity %s has no function, and there is no `run` for it",
			  (*a)->name);
}

int dtf_engine_register(struct dtf_engine *engine, const struct dtf_module *module) {
	int rc = check(engine);
	if (rc == 0 && engine->loop != NULL) {
		rc = dtf__fail(DTF_EINVAL, "dtf_engine_register: the engine has been started");
	}
	rc = rc == 0 ? dtf__registry_add(engine, module) : rc;
	return rc == 0 ? check_functions(engine, module) : rc;
}

struct dtf_client *dtf_engine_client(struct dtf_engine *engine) {
	return engine == NULL ? NULL : engine->client;
}

/* ---- the loop ---- */

static void sleep_until(struct dtf_engine *engine, int64_t next_ms) {
	struct store *store = engine->store;
	int wake_fd = store->ops->wake_fd(store);
	struct pollfd fds[2] = { { .fd = dtf__queue_fd(engine->queue), .events = POLLIN },
		{ .fd = wake_fd, .events = POLLIN } };
	int64_t now_ms = wall_ms(NULL) + engine->ahead_ms;
	int64_t wait_ms = next_ms > now_ms ? next_ms - now_ms : 0;
	if (wait_ms > INBOX_POLL_MS) {
		wait_ms = INBOX_POLL_MS;
	}
	int n = poll(fds, wake_fd < 0 ? 1 : 2, (int)wait_ms);
	bool woken = n > 0 && wake_fd >= 0 && (fds[1].revents & POLLIN) != 0;
	if (woken) {
		store->ops->drain(store);
	}
	if (woken || steady_ms(NULL) - engine->loop->looked_ms >= INBOX_POLL_MS) {
		engine->loop->looked_ms = steady_ms(NULL);
		engine->inbox_due = true;
	}
}

/* Something has arrived that another round can record: a store that is full, or
 * a workflow that only continues, must not keep the engine from stopping. */
static bool has_arrivals(const struct dtf_engine *engine) {
	const struct instance *instance = engine->retry_at_ms == 0 ? engine->dirty : NULL;
	while (instance != NULL && instance->first == NULL) {
		instance = instance->next_dirty;
	}
	return instance != NULL;
}

static _Thread_local const struct loop *running; /* by this thread */

/* An activity or the log callback, which would wait for itself. */
static bool is_inside(const struct loop *loop) {
	return running == loop || dtf__pool_is_worker(loop->pool);
}

bool dtf__engine_is_own_thread(const struct dtf_engine *engine) {
	return engine->loop != NULL && running == engine->loop;
}

static void *loop(void *arg) {
	struct dtf_engine *engine = arg;
	running = engine->loop;
	for (;;) {
		bool stopping = dtf__queue_stopping(engine->queue);
		if (stopping) {
			dtf__engine_wind_down(engine);
		}
		int64_t next_ms;
		int rc = dtf__engine_step(engine, &next_ms);
		if (rc < 0) {
			engine->loop->rc = rc;
			memcpy(engine->loop->text, dtf_errmsg(), sizeof(engine->loop->text) - 1);
			dtf__engine_refuse(engine, rc, engine->loop->text);
		}
		if (stopping && engine->slots_used == 0 && (rc < 0 || !has_arrivals(engine))) {
			break;
		}
		if (next_ms != 0) {
			sleep_until(engine, next_ms);
		}
	}
	dtf__queue_close(engine->queue);
	dtf__engine_shut(engine, DTF_ECLOSED, "the engine has stopped");
	return NULL;
}

static int start_thread(struct dtf_engine *engine) {
	struct loop *started = calloc(1, sizeof(*started));
	if (started == NULL) {
		return dtf__fail(DTF_ENOMEM, "out of memory for the engine's thread");
	}
	(void)pthread_mutex_init(&started->lock, NULL);
	started->pool = engine->pool;
	engine->loop = started;
	if (pthread_create(&started->thread, NULL, loop, engine) != 0) {
		engine->loop = NULL;
		(void)pthread_mutex_destroy(&started->lock);
		free(started);
		return dtf__fail(DTF_ENOMEM, "cannot start the engine's thread");
	}
	return 0;
}

int dtf_engine_start(struct dtf_engine *engine) {
	int rc = check(engine);
	if (rc < 0) {
		return rc;
	}
	if (engine->loop != NULL) {
		return dtf__fail(DTF_EINVAL, "dtf_engine_start: the engine has been started");
	}
	rc = dtf__engine_recover(engine);
	if (rc == 0) {
		rc = dtf__pool_create(engine->options.workers, &engine->pool);
	}
	if (rc < 0) {
		return rc;
	}
	rc = start_thread(engine);
	if (rc < 0) {
		dtf__pool_destroy(engine->pool);
		engine->pool = NULL;
		return rc;
	}
	dtf__client_started(engine->client);
	return 0;
}

int dtf_engine_stop(struct dtf_engine *engine) {
	int rc = check(engine);
	if (rc < 0 || engine->loop == NULL) {
		return rc;
	}
	struct loop *loop = engine->loop;
	if (is_inside(loop)) {
		return dtf__fail(DTF_EINVAL,
			"dtf_engine_stop: called by an activity or the log callback of the engine");
	}
	(void)pthread_mutex_lock(&loop->lock);
	if (!loop->joined) {
		dtf__queue_stop(engine->queue);
		(void)pthread_join(loop->thread, NULL);
		dtf__pool_destroy(engine->pool);
		engine->pool = NULL;
		loop->joined = true;
	}
	(void)pthread_mutex_unlock(&loop->lock);
	return loop->rc < 0 ? dtf__fail(loop->rc, "%s", loop->text) : 0;
}

void dtf_engine_close(struct dtf_engine *engine) {
	if (engine == NULL || check(engine) < 0) {
		return; /* a fork's child owns nothing of it */
	}
	if (engine->loop != NULL && is_inside(engine->loop)) {
		return; /* it still runs on what would be freed */
	}
	(void)dtf_engine_stop(engine);
	struct store *store = engine->store;
	if (engine->loop != NULL) {
		(void)pthread_mutex_destroy(&engine->loop->lock);
		free(engine->loop);
	}
	dtf__client_destroy(engine->client);
	dtf__engine_destroy(engine);
	store->ops->close(store);
}
