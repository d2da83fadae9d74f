/*
 * Instances in memory: found by number or id, loaded from the log when
 * something concerns them, forgotten when they have been idle for long.
 *
 * An instance whose code is missing or disagrees with its history is kept with
 * a diagnosis instead of a machine: nothing is decided for it, what arrives is
 * recorded undelivered, and all others go on.
 */
#include "engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "error.h"

/* ---- the tables ---- */

static size_t id_slot(const struct engine *engine, const char *id) {
	return (size_t)XXH3_64bits(id, strlen(id)) % engine->table_size;
}

/* A partition's numbers are that many apart. */
static size_t number_slot(const struct engine *engine, uint64_t number) {
	return (size_t)(number / engine->post.count) % engine->table_size;
}

static void link_instance(struct engine *engine, struct instance *instance) {
	size_t n = number_slot(engine, instance->number);
	size_t i = id_slot(engine, instance->row.id);
	instance->next_number = engine->by_number[n];
	engine->by_number[n] = instance;
	instance->next_id = engine->by_id[i];
	engine->by_id[i] = instance;
}

static int grow(struct engine *engine) {
	if (engine->ninstances < engine->table_size) {
		return 0;
	}
	size_t old = engine->table_size, size = old == 0 ? 64 : old * 2;
	struct instance **numbers = calloc(size, sizeof(struct instance *));
	struct instance **ids = calloc(size, sizeof(struct instance *));
	if (numbers == NULL || ids == NULL) {
		free(numbers);
		free(ids);
		return dtf__fail(DTF_ENOMEM, "out of memory for instances");
	}
	struct instance **before = engine->by_number;
	free(engine->by_id);
	engine->by_number = numbers;
	engine->by_id = ids;
	engine->table_size = size;
	for (size_t i = 0; i < old; i++) {
		struct instance *next;
		for (struct instance *instance = before[i]; instance != NULL; instance = next) {
			next = instance->next_number;
			link_instance(engine, instance);
		}
	}
	free(before);
	return 0;
}

struct instance *dtf__instance_loaded(struct engine *engine, uint64_t number) {
	if (engine->table_size == 0) {
		return NULL;
	}
	struct instance *instance = engine->by_number[number_slot(engine, number)];
	while (instance != NULL && instance->number != number) {
		instance = instance->next_number;
	}
	return instance;
}

static struct instance *by_id(struct engine *engine, const char *id) {
	if (engine->table_size == 0) {
		return NULL;
	}
	struct instance *instance = engine->by_id[id_slot(engine, id)];
	while (instance != NULL && strcmp(instance->row.id, id) != 0) {
		instance = instance->next_id;
	}
	return instance;
}

static struct instance *add(struct engine *engine, uint64_t number) {
	if (grow(engine) < 0) {
		return NULL;
	}
	struct instance *instance = calloc(1, sizeof(*instance));
	if (instance == NULL) {
		(void)dtf__fail(DTF_ENOMEM, "out of memory for an instance");
		return NULL;
	}
	instance->engine = engine;
	instance->number = number;
	instance->tail = &instance->first;
	return instance;
}

static void enter(struct engine *engine, struct instance *instance) {
	link_instance(engine, instance);
	engine->ninstances++;
}

int dtf__instance_exists(struct engine *engine, const char *id) {
	uint64_t number;
	if (by_id(engine, id) != NULL) {
		return 1;
	}
	int rc = engine->store->ops->find(engine->store, id, &number);
	return rc < 0 ? rc : rc == 0;
}

int dtf__instance_create(struct engine *engine, const char *id,
	const struct dtf_workflow_def *workflow, struct slice input,
	struct event_started *ret_begin, struct instance **ret) {
	struct event_started begin = { .id = id,
		.workflow = workflow->name,
		.version = workflow->version,
		.fingerprint = workflow->fingerprint,
		.manifest = dtf__registry_manifest(engine, workflow),
		.execution = 1,
		.created_ms = engine->now_ms,
		.deadline_ms = dtf__registry_deadline(workflow, engine->now_ms),
		.payload_max = (int64_t)engine->options.payload_max,
		.history_max = engine->options.history_max,
		.grace_ms = engine->options.grace_ms,
		.input = input };
	struct instance *instance = add(engine, engine->batch.next_instance);
	if (instance == NULL) {
		return DTF_ENOMEM;
	}
	struct arena *memory = &instance->memory;
	instance->row = (struct row){ .id = dtf__arena_copy(memory, id, strlen(id)),
		.workflow = dtf__arena_copy(memory, workflow->name, strlen(workflow->name)),
		.version = workflow->version,
		.fingerprint = workflow->fingerprint,
		.status = DTF_RUNNING,
		.suspended = "",
		.error = "",
		.execution = 1,
		.created_ms = engine->now_ms,
		.updated_ms = engine->now_ms };
	if (instance->row.id == NULL || instance->row.workflow == NULL) {
		dtf__arena_finish(memory);
		free(instance);
		return dtf__fail(DTF_ENOMEM, "out of memory for instance %s", id);
	}
	engine->batch.next_instance += engine->post.count;
	instance->is_new = true;
	enter(engine, instance);
	*ret_begin = begin;
	*ret = instance;
	return 0;
}

/* Brings in the row of an instance that is in the store. */
static int fetch(struct engine *engine, uint64_t number, struct instance **ret) {
	struct instance *instance = add(engine, number);
	if (instance == NULL) {
		return DTF_ENOMEM;
	}
	struct slice bytes;
	struct store *store = engine->store;
	int rc = store->ops->row(store, &instance->memory, number, &bytes);
	if (rc == 0) {
		rc = dtf__row_decode(&instance->memory, bytes, &instance->row);
	}
	if (rc != 0) {
		dtf__arena_finish(&instance->memory);
		free(instance);
		return rc;
	}
	instance->ended = instance->row.status > DTF_SUSPENDED;
	instance->due_ms = instance->row.next_timer_ms;
	enter(engine, instance);
	dtf__instance_used(instance);
	*ret = instance;
	return 0;
}

int dtf__instance_by_number(struct engine *engine, uint64_t number, struct instance **ret) {
	*ret = dtf__instance_loaded(engine, number);
	if (*ret != NULL) {
		return 0;
	}
	return fetch(engine, number, ret);
}

bool dtf__instance_unreadable(struct engine *engine, uint64_t number, int rc) {
	const struct dtf_engine_options *options = &engine->options;
	const struct index_place place = { 0, number };
	if (rc != DTF_ECORRUPT && rc != DTF_EFORMAT) {
		return false;
	}
	if (options->log == NULL || dtf__order_has(&engine->unreadable, place)) {
		return true;
	}
	char text[ERROR_TEXT_MAX + 64];
	(void)snprintf(text, sizeof(text), "instance number %llu: %s; it stays as it is",
		(unsigned long long)number, dtf_errmsg());
	dtf__engine_log(engine, DTF_LOG_ERROR, "", text);
	(void)dtf__order_add(&engine->unreadable, place); /* or it is told again */
	return true;
}

int dtf__instance_get(struct engine *engine, const char *id, struct instance **ret) {
	*ret = by_id(engine, id);
	if (*ret != NULL) {
		return 0;
	}
	uint64_t number;
	int rc = engine->store->ops->find(engine->store, id, &number);
	return rc != 0 ? rc : dtf__instance_by_number(engine, number, ret);
}

/* ---- idle ones ---- */

static void unlink_idle(struct instance *instance) {
	struct engine *engine = instance->engine;
	if (!instance->idle) {
		return;
	}
	*(instance->newer != NULL ? &instance->newer->older
				  : &engine->newest_idle) = instance->older;
	*(instance->older != NULL ? &instance->older->newer
				  : &engine->oldest_idle) = instance->newer;
	instance->newer = NULL;
	instance->older = NULL;
	instance->idle = false;
}

static void count_cost(struct instance *instance) {
	const struct dtf_ctx *ctx = instance->ctx;
	size_t cost = sizeof(*instance) + instance->memory.used + instance->events.capacity;
	if (ctx != NULL) {
		cost += sizeof(*ctx) + ctx->arena.used + ctx->scratch.capacity +
			ctx->ops_size * sizeof(struct op *);
	}
	instance->engine->hot_size += cost - instance->cost;
	instance->cost = cost;
}

void dtf__instance_used(struct instance *instance) {
	struct engine *engine = instance->engine;
	unlink_idle(instance);
	count_cost(instance);
	if (instance->attempts != NULL || instance->dirty || instance->waiters != NULL) {
		return;
	}
	instance->older = engine->newest_idle;
	if (engine->newest_idle != NULL) {
		engine->newest_idle->newer = instance;
	} else {
		engine->oldest_idle = instance;
	}
	engine->newest_idle = instance;
	instance->idle = true;
}

/* What was loaded in this round is wanted in the next one: it was loaded for that. */
void dtf__instance_evict_idle(struct engine *engine) {
	while (engine->hot_size > engine->options.hot_max && engine->oldest_idle != NULL &&
		engine->oldest_idle->round != engine->round) {
		/* Its entries among the timers stay, or the window finds it again. */
		dtf__instance_remove(engine->oldest_idle);
	}
}

void dtf__instance_dirty(struct instance *instance) {
	struct engine *engine = instance->engine;
	unlink_idle(instance);
	if (instance->dirty) {
		return;
	}
	instance->dirty = true;
	instance->next_dirty = NULL;
	*engine->dirty_tail = instance;
	engine->dirty_tail = &instance->next_dirty;
}

void dtf__instance_reload(struct instance *instance) {
	instance->stale = true;
	dtf__instance_dirty(instance);
}

void dtf__instance_drop(struct instance *instance) {
	instance->stale = false;
	dtf__execution_destroy(instance->ctx);
	instance->ctx = NULL;
	instance->diagnosis = NULL;
	dtf__buf_clear(&instance->events);
	instance->nevents = 0;
}

static void free_arrivals(struct arrival *arrival) {
	while (arrival != NULL) {
		struct arrival *next = arrival->next;
		dtf__arrival_free(arrival);
		arrival = next;
	}
}

static void unlink_dirty(struct instance *instance) {
	struct engine *engine = instance->engine;
	for (struct instance **at = &engine->dirty; *at != NULL; at = &(*at)->next_dirty) {
		if (*at == instance) {
			*at = instance->next_dirty;
			if (*at == NULL) {
				engine->dirty_tail = at;
			}
			return;
		}
	}
}

void dtf__instance_remove(struct instance *instance) {
	struct engine *engine = instance->engine;
	unlink_idle(instance);
	if (instance->dirty) {
		unlink_dirty(instance);
	}
	struct instance **at = &engine->by_number[number_slot(engine, instance->number)];
	while (*at != instance) {
		at = &(*at)->next_number;
	}
	*at = instance->next_number;
	at = &engine->by_id[id_slot(engine, instance->row.id)];
	while (*at != instance) {
		at = &(*at)->next_id;
	}
	*at = instance->next_id;
	engine->ninstances--;
	engine->hot_size -= instance->cost;
	free_arrivals(instance->first);
	free_arrivals(instance->taken);
	dtf__execution_destroy(instance->ctx);
	dtf__buf_finish(&instance->events);
	dtf__arena_finish(&instance->memory);
	free(instance);
}
