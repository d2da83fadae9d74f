/*
 * The engine as a program sees it: opening, registering, closing.  loop.c has
 * who drives it.
 */
#include "engine.h"

#include <string.h>
#include <unistd.h>

#include "client.h"
#include "error.h"

int dtf__engine_check(const struct dtf_engine *engine) {
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
	struct clock clock = dtf__clock_system;
	if (options->now_ms != NULL) {
		clock = (struct clock){ options->now_ms, options->user, options->steady_ms };
	}
	struct executor none = { 0 };
	struct dtf_engine *engine = NULL;
	int rc = dtf__engine_create(options, store, &clock, &none, &engine);
	if (rc == 0) {
		engine->executor = dtf__loop_executor(engine);
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
	int rc = dtf__engine_check(engine);
	if (rc == 0 && engine->loop != NULL) {
		rc = dtf__fail(DTF_EINVAL, "dtf_engine_register: the engine has been started");
	}
	rc = rc == 0 ? dtf__registry_add(engine, module) : rc;
	return rc == 0 ? check_functions(engine, module) : rc;
}

struct dtf_client *dtf_engine_client(struct dtf_engine *engine) {
	return engine == NULL ? NULL : engine->client;
}

void dtf_engine_close(struct dtf_engine *engine) {
	if (engine == NULL || dtf__engine_check(engine) < 0) {
		return; /* a fork's child owns nothing of it */
	}
	if (dtf__loop_is_inside(engine)) {
		return; /* it still runs on what would be freed */
	}
	(void)dtf_engine_stop(engine);
	struct store *store = engine->store;
	dtf__loop_finish(engine);
	dtf__client_destroy(engine->client);
	dtf__engine_destroy(engine);
	store->ops->close(store);
}
