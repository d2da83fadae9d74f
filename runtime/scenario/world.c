/*
 * What a scenario runs on: a store in memory for each partition, an engine on each, and
 * no thread; and what becomes of them when their process dies.
 */
#include <stdlib.h>
#include <string.h>

#include "../error.h"
#include "sim.h"

#define FEW_EVENTS 3 /* to a snapshot: so some are loaded from one and what came after it */

static int64_t virtual_now(void *arg) {
	const struct sim *sim = arg;
	return sim->now_ms;
}

/* Of instances: uuid(), random() and delays are the same in every run. */
static bool make_seed(void *arg, unsigned char seed[16]) {
	struct sim *sim = arg;
	for (size_t i = 0; i < 16; i++) {
		seed[i] = (unsigned char)scenario_random(&sim->seeds);
	}
	return true;
}

static void keep_log(void *user, enum dtf_log_level level, const char *instance, const char *text) {
	struct sim *sim = user;
	(void)level;
	(void)instance;
	dtf__buf_printf(&sim->log, "%s\n", text);
}

/* All, unless the scenario names those that are. */
static bool is_registered(const struct sim *sim, const struct dtf_module *module) {
	json_t *names = json_object_get(sim->scenario, "modules"), *name;
	size_t i;
	json_array_foreach(names, i, name) {
		if (strcmp(json_string_value(name), module->name) == 0) {
			return true;
		}
	}
	return names == NULL;
}

static void read_settings(const struct sim *sim, struct dtf_engine_options *options) {
	json_t *settings = json_object_get(sim->scenario, "settings");
	options->payload_max = (size_t)json_integer_value(json_object_get(settings, "payload_max"));
	options->history_max = json_integer_value(json_object_get(settings, "history_max"));
	const char *grace = json_string_value(json_object_get(settings, "grace"));
	if (grace != NULL) {
		(void)scenario_duration(grace, &options->grace_ms);
	}
	json_t *workers = json_object_get(settings, "workers");
	if (workers != NULL) {
		options->workers = (unsigned)json_integer_value(workers);
	}
}

static int make_engine(struct sim *sim, unsigned partition) {
	struct dtf_engine_options options = { .workers = 1000,
		.log = keep_log,
		.user = sim,
		.verify = sim->run->mode == SCENARIO_VERIFY };
	read_settings(sim, &options);
	struct clock clock = { .now_ms = virtual_now, .arg = sim };
	struct executor executor = { scenario_submit, scenario_cancel, sim };
	struct engine *engine;
	int rc = dtf__engine_create(
		&options, sim->stores.stores[partition], &clock, &executor, &engine);
	if (rc < 0) {
		return rc;
	}
	sim->engines[partition] = engine;
	engine->snapshot_events = sim->run->mode == SCENARIO_RESTART ? FEW_EVENTS : SNAPSHOT_EVENTS;
	engine->make_seed = make_seed;
	engine->make_seed_arg = sim;
	if (sim->run->seed != 0) { /* nothing idle stays in memory */
		engine->options.hot_max = 1;
		engine->window_size = 1;
	}
	for (size_t i = 0; rc == 0 && sim->modules[i] != NULL; i++) {
		if (is_registered(sim, sim->modules[i])) {
			rc = dtf__registry_add(engine, sim->modules[i]);
		}
	}
	unsigned count = sim->stores.count;
	return rc == 0 && count > 1 ? dtf__post_join(engine, sim->engines, partition, count) : rc;
}

static bool open_engines(struct sim *sim) {
	int rc = 0;
	for (unsigned i = 0; rc == 0 && i < sim->stores.count; i++) {
		rc = make_engine(sim, i);
	}
	for (struct running *r = sim->running; rc == 0 && r != NULL; r = r->next) {
		rc = dtf__dispatch_adopt(scenario_engine(sim, r->attempt->id), r->attempt);
	}
	for (unsigned i = 0; rc == 0 && i < sim->stores.count; i++) {
		rc = dtf__engine_recover(sim->engines[i]);
	}
	if (rc < 0) {
		scenario_trouble(sim, "the engine does not open: %s", dtf_errmsg());
	}
	return rc == 0;
}

bool scenario_open(struct sim *sim) {
	unsigned count = sim->run->partitions == 0 ? 1 : sim->run->partitions;
	sim->engines = calloc(count, sizeof(struct engine *));
	if (sim->engines == NULL || dtf__stores_memory_open(count, &sim->stores) < 0) {
		scenario_trouble(sim, "out of memory");
		return false;
	}
	return open_engines(sim);
}

static void drop_engines(struct sim *sim) {
	for (unsigned i = 0; i < sim->stores.count; i++) {
		dtf__engine_destroy(sim->engines[i]);
		sim->engines[i] = NULL;
	}
}

bool scenario_reopen(struct sim *sim) {
	drop_engines(sim);
	for (unsigned i = 0; i < sim->stores.count; i++) {
		struct store **store = &sim->stores.stores[i], *again;
		if (dtf__store_memory_again(*store, STORE_OWN, &again) < 0) {
			scenario_trouble(sim, "the store does not reopen: %s", dtf_errmsg());
			return false;
		}
		(*store)->ops->close(*store);
		*store = again;
	}
	return open_engines(sim);
}

void scenario_close(struct sim *sim) {
	drop_engines(sim);
	dtf__stores_close(&sim->stores);
	free(sim->engines);
}

struct engine *scenario_engine(const struct sim *sim, const char *id) {
	return sim->engines[dtf__partition_of_id(id, sim->stores.count)];
}

struct store *scenario_store(const struct sim *sim, const char *id) {
	return dtf__stores_of_id(&sim->stores, id);
}

/* First the one that has heard of an attempt, which would be forgotten by a restart after
 * another one's commit.  Permuted, any of them may be the first. */
int scenario_step(struct sim *sim, int64_t *ret_next_ms, bool *ret_committed) {
	unsigned count = sim->stores.count;
	size_t first = (sim->heard + scenario_pick(sim, count)) % count;
	bool restarts = sim->run->mode == SCENARIO_RESTART;
	*ret_next_ms = INT64_MAX;
	*ret_committed = false;
	for (unsigned i = 0; i < count && !(restarts && *ret_committed); i++) {
		size_t at = (first + i) % count;
		struct store *store = sim->stores.stores[at];
		uint64_t before = store->ops->next(store);
		int64_t next_ms;
		int rc = dtf__engine_step(sim->engines[at], &next_ms);
		if (rc < 0) {
			return rc;
		}
		*ret_committed = *ret_committed || store->ops->next(store) != before;
		*ret_next_ms = next_ms < *ret_next_ms ? next_ms : *ret_next_ms;
	}
	for (unsigned i = 0; i < count; i++) {
		/* A round may have told one that came before it something. */
		bool quiet = dtf__queue_sleep(sim->engines[i]->queue);
		dtf__queue_woken(sim->engines[i]->queue, false);
		*ret_next_ms = quiet ? *ret_next_ms : sim->now_ms;
	}
	return 0;
}
