/*
 * The engine as a program sees it: a handle on the engines of its directory's
 * partitions, each of which has a thread, or all of which the program drives.
 */
#include "engine.h"

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

/* ---- opening ---- */

static void free_handle(struct dtf_engine *handle) {
	for (unsigned i = 0; i < handle->count; i++) {
		struct store *store = handle->engines[i]->store;
		dtf__loop_finish(handle->engines[i]);
		dtf__engine_destroy(handle->engines[i]);
		store->ops->close(store);
	}
	dtf__client_destroy(handle->client);
	dtf__wheel_close(handle);
	free(handle->engines);
	free(handle);
}

static int add_engine(struct dtf_engine *handle, struct store *store,
	const struct dtf_engine_options *options, const struct clock *clock) {
	struct executor none = { 0 };
	struct engine *engine;
	int rc = dtf__engine_create(options, store, clock, &none, &engine);
	if (rc == 0) {
		engine->executor = dtf__loop_executor(engine);
		engine->handle = handle;
		handle->engines[handle->count++] = engine;
	}
	return rc;
}

int dtf__engine_open_on(
	struct store *store, const struct dtf_engine_options *options, struct dtf_engine **ret) {
	struct clock clock = dtf__clock_system;
	if (options->now_ms != NULL) {
		clock = (struct clock){ options->now_ms, options->user, options->steady_ms };
	}
	struct dtf_engine *handle = calloc(1, sizeof(*handle));
	struct engine **engines = calloc(1, sizeof(struct engine *));
	if (handle == NULL || engines == NULL) {
		free(engines);
		free(handle);
		store->ops->close(store);
		return dtf__fail(DTF_ENOMEM, "out of memory for an engine");
	}
	handle->pid = (long)getpid();
	handle->engines = engines;
	int rc = add_engine(handle, store, options, &clock);
	if (rc < 0) {
		store->ops->close(store);
	} else {
		rc = dtf__client_create(handle, store, &handle->client);
	}
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
