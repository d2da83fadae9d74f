/*
 * The engine as a program sees it: a handle on the engines of its directory's
 * partitions, each of which has a thread, or all of which the program drives.
 */
#include "engine.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client.h"
#include "error.h"

int dtf__engine_check(const struct dtf_engine *handle) {
	dtf__error_clear();
	if (handle == NULL) {
		return dtf__fail(DTF_EINVAL, "no engine");
	}
	if (handle->pid != (long)getpid()) {
		return dtf__fail(DTF_EFORK, "the engine was opened before fork()");
	}
	return 0;
}

/* ---- the program's log ---- */

struct log {
	pthread_mutex_t lock;
};

void dtf__engine_log(const struct engine *engine, enum dtf_log_level level, const char *instance,
	const char *text) {
	struct log *log = engine->handle == NULL ? NULL : engine->handle->log;
	if (engine->options.log == NULL) {
		return;
	}
	if (log != NULL) {
		(void)pthread_mutex_lock(&log->lock);
	}
	engine->options.log(engine->options.user, level, instance, text);
	if (log != NULL) {
		(void)pthread_mutex_unlock(&log->lock);
	}
}

/* ---- opening ---- */

static void free_handle(struct dtf_engine *handle) {
	for (unsigned i = 0; i < handle->count; i++) {
		dtf__loop_finish(handle->engines[i]);
	}
	for (unsigned i = 0; i < handle->count; i++) {
		dtf__engine_destroy(handle->engines[i]);
	}
	dtf__client_destroy(handle->client);
	dtf__wheel_close(handle);
	dtf__stores_close(&handle->stores);
	if (handle->log != NULL) {
		(void)pthread_mutex_destroy(&handle->log->lock);
		free(handle->log);
	}
	free(handle->engines);
	free(handle);
}

/* What is memory and disk is for all of them together. */
static struct dtf_engine_options share_of(
	const struct dtf_engine_options *options, unsigned count) {
	struct dtf_engine_options share = *options;
	size_t hot_max = share.hot_max == 0 ? HOT_MAX_DEFAULT : share.hot_max;
	size_t queue_max = share.queue_max == 0 ? QUEUE_MAX_DEFAULT : share.queue_max;
	share.hot_max = hot_max / count + 1;
	share.queue_max = queue_max / count + 1;
	return share;
}

static int add_engines(struct dtf_engine *handle, const struct dtf_engine_options *options) {
	const struct dtf_engine_options share = share_of(options, handle->stores.count);
	struct clock clock = dtf__clock_system;
	if (options->now_ms != NULL) {
		clock = (struct clock){ options->now_ms, options->user, options->steady_ms };
	}
	int rc = 0;
	while (rc == 0 && handle->count < handle->stores.count) {
		struct executor none = { 0 };
		struct engine *engine;
		rc = dtf__engine_create(
			&share, handle->stores.stores[handle->count], &clock, &none, &engine);
		if (rc == 0) {
			engine->executor = dtf__loop_executor(engine);
			engine->handle = handle;
			handle->engines[handle->count++] = engine;
		}
	}
	for (unsigned i = 0; rc == 0 && handle->count > 1 && i < handle->count; i++) {
		rc = dtf__post_join(handle->engines[i], handle->engines, i, handle->count);
	}
	return rc;
}

int dtf__engine_open_on(
	struct stores *stores, const struct dtf_engine_options *options, struct dtf_engine **ret) {
	struct dtf_engine *handle = calloc(1, sizeof(*handle));
	struct engine **engines = calloc(stores->count, sizeof(struct engine *));
	struct log *log = calloc(1, sizeof(*log));
	if (handle == NULL || engines == NULL || log == NULL) {
		free(log);
		free(engines);
		free(handle);
		dtf__stores_close(stores);
		return dtf__fail(DTF_ENOMEM, "out of memory for an engine");
	}
	handle->pid = (long)getpid();
	(void)pthread_mutex_init(&log->lock, NULL);
	handle->log = log;
	handle->engines = engines;
	handle->stores = *stores;
	*stores = (struct stores){ 0 };
	int rc = add_engines(handle, options);
	rc = rc == 0 ? dtf__client_create(handle, &handle->stores, &handle->client) : rc;
	if (rc < 0) {
		free_handle(handle);
		return rc;
	}
	*ret = handle;
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
	if (options->partitions > PARTITIONS_MAX && options->partitions != DTF_PER_CORE) {
		return dtf__fail(
			DTF_EINVAL, "dtf_engine_open: partitions is over %u", PARTITIONS_MAX);
	}
	if (options->in_flight_max > IN_FLIGHT_MAX_MAX) {
		return dtf__fail(
			DTF_EINVAL, "dtf_engine_open: in_flight_max is over %u", IN_FLIGHT_MAX_MAX);
	}
	if (options->payload_max > PAYLOAD_MAX_MAX) {
		return dtf__fail(DTF_EINVAL, "dtf_engine_open: payload_max is over %zu bytes",
			PAYLOAD_MAX_MAX);
	}
	return 0;
}

static unsigned cores(void) {
	long count = sysconf(_SC_NPROCESSORS_ONLN);
	return count < 1 ? 1 : count > (long)PARTITIONS_MAX ? PARTITIONS_MAX : (unsigned)count;
}

int dtf_engine_open(const struct dtf_engine_options *options, struct dtf_engine **ret) {
	dtf__error_clear();
	int rc = check_options(options, ret);
	if (rc < 0) {
		return rc;
	}
	unsigned count = options->partitions;
	if (count == DTF_PER_CORE) {
		count = cores();
	}
	struct store_options store_options = { .map_size = options->map_size,
		.size_max = options->store_max };
	struct stores stores;
	rc = options->dir == NULL
		? dtf__stores_memory_open(count == 0 ? 1 : count, &stores)
		: dtf__stores_open(options->dir, STORE_OWN, &store_options, count, &stores);
	return rc < 0 ? rc : dtf__engine_open_on(&stores, options, ret);
}

static int check_functions(const struct engine *engine, const struct dtf_module *module) {
	const struct dtf_activity_def *const *a = module->activities;
	while (*a != NULL && ((*a)->run != NULL || engine->options.run != NULL)) {
		a++;
	}
	return *a == NULL
		? 0
		: dtf__fail(DTF_EINVAL, "activity %s has no function, and there is no `run` for it",
			  (*a)->name);
}

static int check_not_started(const struct dtf_engine *handle, const char *what) {
	int rc = dtf__engine_check(handle);
	return rc < 0 || !handle->started
		? rc
		: dtf__fail(DTF_EINVAL, "%s: the engine has been started", what);
}

int dtf_engine_register(struct dtf_engine *handle, const struct dtf_module *module) {
	int rc = check_not_started(handle, "dtf_engine_register");
	for (unsigned i = 0; rc == 0 && i < handle->count; i++) {
		rc = dtf__registry_add(handle->engines[i], module);
	}
	return rc == 0 ? check_functions(handle->engines[0], module) : rc;
}

struct dtf_client *dtf_engine_client(struct dtf_engine *handle) {
	return handle == NULL ? NULL : handle->client;
}

/* ---- starting ---- */

/* Each recovers, and makes what its rounds need. */
static int make_ready(struct dtf_engine *handle, const char *what) {
	int rc = check_not_started(handle, what);
	if (rc < 0) {
		return rc;
	}
	for (unsigned i = 0; rc == 0 && i < handle->count; i++) {
		rc = dtf__loop_open(handle->engines[i]);
	}
	for (unsigned i = 0; rc < 0 && i < handle->count; i++) {
		dtf__loop_finish(handle->engines[i]);
	}
	return rc;
}

int dtf_engine_start(struct dtf_engine *handle) {
	int rc = make_ready(handle, "dtf_engine_start");
	if (rc < 0) {
		return rc;
	}
	unsigned nstarted = 0;
	while (rc == 0 && nstarted < handle->count) {
		rc = dtf__loop_start(handle->engines[nstarted]);
		nstarted += rc == 0 ? 1 : 0;
	}
	if (rc < 0) {
		for (unsigned i = 0; i < handle->count; i++) {
			if (i < nstarted) {
				dtf__loop_stop(handle->engines[i]);
			}
			dtf__loop_finish(handle->engines[i]);
		}
		return dtf__fail(rc, "cannot start the engine's thread");
	}
	handle->started = true;
	dtf__client_started(handle->client);
	return 0;
}

/* ---- driven by the program: see wheel.c ---- */

int dtf_engine_attach(struct dtf_engine *handle) {
	int rc = make_ready(handle, "dtf_engine_attach");
	if (rc < 0) {
		return rc;
	}
	rc = dtf__wheel_open(handle);
	for (unsigned i = 0; i < handle->count; i++) {
		if (rc < 0) {
			dtf__loop_finish(handle->engines[i]);
		} else {
			/* What was recovered waits for a round. */
			dtf__queue_ring(handle->engines[i]->queue);
		}
	}
	if (rc == 0) {
		handle->started = true;
		dtf__client_started(handle->client);
	}
	return rc;
}

bool dtf__engine_is_inside(const struct dtf_engine *handle) {
	bool inside = dtf__loop_is_own_thread(handle);
	for (unsigned i = 0; !inside && i < handle->count; i++) {
		inside = dtf__loop_is_worker(handle->engines[i]);
	}
	return inside;
}

/* Of the first that works no more. */
int dtf__engine_error(const struct dtf_engine *handle) {
	int rc = 0;
	for (unsigned i = 0; rc == 0 && i < handle->count; i++) {
		rc = dtf__loop_error(handle->engines[i]);
	}
	return rc;
}

/* ---- stopping ---- */

int dtf_engine_stop(struct dtf_engine *handle) {
	int rc = dtf__engine_check(handle);
	if (rc < 0 || !handle->started) {
		return rc;
	}
	if (dtf__engine_is_inside(handle)) {
		return dtf__fail(
			DTF_EINVAL, "dtf_engine_stop: called by an activity or a callback of it");
	}
	for (unsigned i = 0; i < handle->count; i++) {
		dtf__queue_stop(handle->engines[i]->queue);
	}
	dtf__wheel_take(handle);
	for (unsigned i = 0; i < handle->count; i++) {
		dtf__loop_stop(handle->engines[i]);
	}
	handle->stopped = true;
	dtf__wheel_give_back(handle);
	return dtf__engine_error(handle);
}

void dtf_engine_close(struct dtf_engine *handle) {
	if (handle == NULL || dtf__engine_check(handle) < 0) {
		return; /* a fork's child owns nothing of it */
	}
	if (dtf__engine_is_inside(handle)) {
		return; /* it still runs on what would be freed */
	}
	(void)dtf_engine_stop(handle);
	free_handle(handle);
}
