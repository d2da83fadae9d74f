/*
 * Queries: what a workflow says of its variables.
 *
 * The committed history is replayed into a machine of the query's own, which
 * decides nothing and is thrown away: so a query disturbs nobody, may come
 * from any thread, and works on instances that have ended or stand still.
 */
#include "client.h"
#include "execution.h"
#include "past.h"

#include <stdlib.h>
#include <string.h>

#include "codec.h"
#include "ctx.h"
#include "error.h"
#include "walk.h"

#define TRIES 3 /* when what is read changes all the time */

static bool claim(
	void *arg, const struct dtf_activity_def *activity, const struct event_policy *policy) {
	return false;
}

static void ignore_decision(void *arg, const struct event *event) {
}

static void ignore_log(void *arg, enum dtf_log_level level, const char *text) {
}

static const struct dtf_query_def *find(const struct dtf_workflow_def *workflow, const char *name) {
	for (size_t i = 0; i < workflow->nqueries; i++) {
		if (strcmp(workflow->queries[i].name, name) == 0) {
			return &workflow->queries[i];
		}
	}
	return NULL;
}

/* Computes it with a strand of its own: what it raises stays there. */
static int ask(struct dtf_ctx *ctx, const struct dtf_query_def *query, struct buf *ret) {
	struct strand asking = { .def = ctx->root->def, .frame = ctx->root->frame };
	void *value = dtf__ctx_alloc(ctx, query->type->size + 1);
	if (ctx->out_of_memory) {
		return dtf__fail(DTF_ENOMEM, "out of memory for a query");
	}
	ctx->strand = &asking;
	query->run(ctx, ctx->root->frame, value);
	ctx->strand = NULL;
	if (asking.raised) {
		return dtf__fail(DTF_EQUERY, "query %s: %s: %s", query->name, asking.error.name,
			asking.error.message);
	}
	int rc = ctx->out_of_memory ? DTF_ENOMEM : dtf__encode(ret, query->type, value);
	if (rc > 0) {
		return DTF_EQUERY;
	}
	return rc == 0 && ret->failed ? dtf__fail(DTF_ENOMEM, "out of memory for a query") : rc;
}

/* UNFIT: a snapshot and what came after it do not agree. */
#define UNFIT 1

static int replay_and_ask(struct store *store, const struct dtf_workflow_def *workflow,
	const struct row *row, uint64_t instance, const struct dtf_query_def *query,
	struct buf *ret) {
	struct execution_host host = {
		.claim = claim, .decided = ignore_decision, .log = ignore_log
	};
	struct arena arena = { 0 };
	struct past past = { 0 };
	const struct code code = { workflow, &host };
	int rc = dtf__past_read(store, row, instance, &code, &arena, &past);
	struct dtf_ctx *ctx = past.ctx;
	if (rc == 0) {
		rc = dtf__replay(ctx, &past.history, row->busy ? FIRST_LATER : FIRST_HAS_RUN);
		rc = past.covered > 0 && (rc == DTF_ECORRUPT || ctx->broken) ? UNFIT : rc;
	}
	if (rc == 0 && ctx->broken) {
		rc = dtf__fail(DTF_EVERSION, "%s", ctx->broken_text);
	}
	if (rc == 0 && ctx->root == NULL) {
		rc = dtf__fail(DTF_EQUERY, "instance %s has not begun", row->id);
	}
	if (rc == 0) {
		rc = ask(ctx, query, ret);
	}
	dtf__arena_finish(&arena);
	dtf__execution_destroy(ctx);
	return rc;
}

static int answer(struct store *store, const struct dtf_workflow_def *workflow,
	const struct row *row, const char *name, struct buf *ret) {
	const struct dtf_query_def *query = find(workflow, name);
	uint64_t instance;
	if (query == NULL) {
		return dtf__fail(DTF_EQUERY, "workflow %s has no query %s", workflow->name, name);
	}
	int rc = store->ops->find(store, row->id, &instance);
	if (rc == 0) {
		rc = replay_and_ask(store, workflow, row, instance, query, ret);
	}
	return rc > 0 ? replay_and_ask(store, workflow, row, 0, query, ret) : rc;
}

int dtf__query(
	struct engine *engine, const struct row *row, const char *name, struct dtf_result *ret) {
	const struct dtf_workflow_def *workflow = engine == NULL
		? NULL
		: dtf__registry_find(engine, row->workflow, row->version, row->fingerprint);
	if (workflow == NULL) {
		return dtf__fail(DTF_EVERSION, "%s version %lld is not linked into this program",
			row->workflow, (long long)row->version);
	}
	struct buf json = { 0 };
	struct arena *arena = calloc(1, sizeof(*arena));
	int rc = arena == NULL ? dtf__fail(DTF_ENOMEM, "out of memory for a query")
			       : answer(engine->store, workflow, row, name, &json);
	struct dtf_result result = { .status = (enum dtf_status)row->status, .memory = arena };
	if (rc == 0) {
		result.output = dtf__arena_copy(arena, json.data, json.size);
		rc = result.output == NULL ? dtf__fail(DTF_ENOMEM, "out of memory for a query") : 0;
	}
	dtf__buf_finish(&json);
	if (rc < 0) {
		dtf_result_free(&result);
		return rc;
	}
	*ret = result;
	return 0;
}

int dtf_query(
	struct dtf_client *client, const char *id, const char *query, struct dtf_result *ret) {
	int rc = dtf__client_check(client);
	if (rc == 0 && (id == NULL || query == NULL || ret == NULL)) {
		rc = dtf__fail(DTF_EINVAL, "dtf_query: no id, no query or no result");
	}
	struct arena arena = { 0 };
	struct row row;
	bool again = rc == 0;
	for (int tries = 0; again && tries < TRIES; tries++) {
		rc = dtf__client_row(client, &arena, id, &row);
		again = rc == 0;
		if (rc == 0) {
			rc = dtf__query(dtf__client_engine(client, id), &row, query, ret);
		}
		/* What its row leads to may have been taken away meanwhile. */
		again = again && rc == DTF_ECORRUPT &&
			dtf__walk_changed(dtf__client_store(client, id), &row) > 0;
	}
	dtf__arena_finish(&arena);
	return rc;
}

int dtf_query_typed(struct dtf_client *client, const struct dtf_workflow_def *workflow,
	const char *id, const char *query, void *ret, struct dtf_result *result) {
	const struct dtf_query_def *def = find(workflow, query);
	if (def == NULL || ret == NULL || result == NULL) {
		return dtf__fail(DTF_EINVAL,
			"dtf_query_typed: the value needs a struct dtf_result to own it");
	}
	struct dtf_result own = { 0 };
	int rc = dtf_query(client, id, query, &own);
	if (rc == 0) {
		memset(ret, 0, def->type->size);
		rc = dtf__decode(own.memory, def->type, query,
			(struct slice){ own.output, strlen(own.output) }, ret);
	}
	if (rc < 0) {
		dtf_result_free(&own);
		return rc;
	}
	*result = own;
	return 0;
}
