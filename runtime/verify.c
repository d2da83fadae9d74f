/*
 * Differential replay: after every turn the instance is rebuilt from the store
 * and must be the same machine.  A mode of the engine, so that every test, and
 * a user's staging system, can run with it.
 */
#include "engine.h"

#include "error.h"

static bool no_claim(
	void *arg, const struct dtf_activity_def *activity, const struct event_policy *policy) {
	(void)arg;
	(void)activity;
	(void)policy;
	return false;
}

static int admit_none(void *arg, const struct event *event) {
	(void)arg;
	(void)event;
	return REFUSED_NO_WORKFLOW;
}

static void ignore_decision(void *arg, const struct event *event) {
	(void)arg;
	(void)event;
}

static void ignore_log(void *arg, enum dtf_log_level level, const char *text) {
	(void)arg;
	(void)level;
	(void)text;
}

static const struct execution_host silent = {
	.claim = no_claim, .admit = admit_none, .decided = ignore_decision, .log = ignore_log
};

static int check(struct instance *instance, const struct row *row, struct dtf_ctx *lived,
	const struct history *history) {
	struct dtf_engine *engine = instance->engine;
	const struct dtf_workflow_def *workflow = dtf__registry_find(
		engine, row->workflow, row->version, row->fingerprint);
	struct dtf_ctx *ctx = dtf__execution_create(workflow, &silent);
	if (ctx == NULL) {
		return dtf__fail(DTF_ENOMEM, "out of memory to verify %s", row->id);
	}
	int rc = dtf__replay(ctx, history, FIRST_HAS_RUN);
	if (rc == 0 && ctx->broken) {
		rc = dtf__fail(DTF_ECORRUPT, "verify: %s: %s", row->id, ctx->broken_text);
	} else if (rc == 0 && lived != NULL) {
		const char *what = dtf__execution_difference(lived, ctx);
		if (what[0] != '\0') {
			rc = dtf__fail(DTF_ECORRUPT, "verify: %s: replay differs in %s at event %u",
				row->id, what, ctx->events);
		}
	}
	dtf__execution_destroy(ctx);
	return rc;
}

/* The execution that continued: its machine is gone, its history must replay. */
static int verify_continued(struct instance *instance, struct arena *arena) {
	struct store *store = instance->engine->store;
	struct row earlier = instance->before;
	struct slice bytes, events;
	struct record record;
	int rc = store->ops->record(store, arena, instance->row.last, &bytes);
	if (rc == 0) {
		rc = dtf__record_decode(bytes, &record, &events);
	}
	if (rc != 0) {
		return rc < 0 ? rc : dtf__fail(DTF_ECORRUPT, "verify: the last record is missing");
	}
	earlier.last = record.previous;
	struct history history;
	rc = dtf__history_read(store, &earlier, arena, &history);
	return rc != 0 ? rc : check(instance, &earlier, NULL, &history);
}

int dtf__verify(struct instance *instance) {
	if (instance->diagnosis != NULL || instance->born) {
		return 0; /* it has no machine: it does not run, or not yet */
	}
	struct arena arena = { 0 };
	int rc;
	if (instance->ctx == NULL) {
		rc = verify_continued(instance, &arena);
	} else {
		struct history history;
		rc = dtf__history_read(instance->engine->store, &instance->row, &arena, &history);
		if (rc == 0) {
			rc = check(instance, &instance->row, instance->ctx, &history);
		}
	}
	dtf__arena_finish(&arena);
	return rc;
}
