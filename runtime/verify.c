/*
 * Differential replay: after every turn the instance is rebuilt from the store
 * and must be the same machine.  So must the one that is read from its snapshot,
 * and it goes on as that one: what the snapshot had lost would be missed soon.
 * A mode of the engine, so that every test, and a user's staging system, can run
 * with it.
 */
#include "engine.h"

#include <string.h>

#include "error.h"
#include "snapshot.h"

#define SNAPSHOT_MAX ((size_t)64 * 1024 * 1024)

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

static int differs(const struct row *row, const char *how, const char *what, uint32_t events) {
	return dtf__fail(DTF_ECORRUPT, "verify: %s: %s differs in %s at event %u", row->id, how,
		what, events);
}

/* Both ways: each is asked for what it has. */
static int compare(
	const struct row *row, const char *how, struct dtf_ctx *lived, struct dtf_ctx *other) {
	const char *what = dtf__execution_difference(lived, other);
	if (what[0] == '\0') {
		what = dtf__execution_difference(other, lived);
	}
	return what[0] == '\0' ? 0 : differs(row, how, what, lived->events);
}

/* The same machines have the same snapshots. */
static int compare_bytes(const struct instance *instance, const char *how, const struct buf *lived,
	struct dtf_ctx *other) {
	struct buf bytes = { 0 };
	int rc = dtf__snapshot_encode(
		other, instance->number, instance->row.last, SNAPSHOT_MAX, &bytes);
	if (rc == SNAPSHOT_NONE && other->out_of_memory) {
		rc = DTF_ENOMEM;
	}
	bool same = bytes.size == lived->size && memcmp(bytes.data, lived->data, lived->size) == 0;
	if (rc >= 0 && !same) {
		rc = differs(&instance->row, how, "its snapshot", other->events);
	}
	dtf__buf_finish(&bytes);
	return rc;
}

static int read_back(
	const struct instance *instance, const struct buf *bytes, struct dtf_ctx **ret) {
	struct dtf_ctx *lived = instance->ctx;
	struct snapshot snapshot;
	int rc = dtf__snapshot_open(
		lived->workflow, (struct slice){ bytes->data, bytes->size }, &snapshot);
	if (rc == SNAPSHOT_OTHER) {
		rc = differs(&instance->row, "the snapshot", "its code", lived->events);
	}
	if (rc == 0) {
		rc = dtf__snapshot_decode(lived->workflow, lived->host, &snapshot, ret);
	}
	return rc;
}

/* The instance goes on as it is read from its snapshot. */
static int check_snapshot(struct instance *instance, const struct buf *bytes) {
	struct dtf_ctx *read = NULL;
	int rc = read_back(instance, bytes, &read);
	if (rc < 0) {
		return rc;
	}
	rc = compare(&instance->row, "the snapshot", instance->ctx, read);
	if (rc == 0) {
		rc = compare_bytes(instance, "the snapshot", bytes, read);
	}
	if (rc == 0) {
		struct dtf_ctx *lived = instance->ctx;
		instance->ctx = read;
		read = lived;
	}
	dtf__execution_destroy(read);
	return rc;
}

static int check_lived(struct instance *instance, struct dtf_ctx *replayed) {
	struct buf bytes = { 0 };
	int rc = compare(&instance->row, "replay", instance->ctx, replayed);
	if (rc == 0) {
		rc = dtf__snapshot_encode(
			instance->ctx, instance->number, instance->row.last, SNAPSHOT_MAX, &bytes);
	}
	if (rc == 0) {
		rc = compare_bytes(instance, "replay", &bytes, replayed);
	}
	if (rc == 0) {
		rc = check_snapshot(instance, &bytes);
	}
	dtf__buf_finish(&bytes);
	return rc == SNAPSHOT_NONE ? 0 : rc;
}

static int check(struct instance *instance, const struct row *row, bool lives,
	const struct history *history) {
	struct engine *engine = instance->engine;
	const struct dtf_workflow_def *workflow = dtf__registry_find(
		engine, row->workflow, row->version, row->fingerprint);
	struct dtf_ctx *ctx = dtf__execution_create(workflow, &silent);
	if (ctx == NULL) {
		return dtf__fail(DTF_ENOMEM, "out of memory to verify %s", row->id);
	}
	int rc = dtf__replay(ctx, history, FIRST_HAS_RUN);
	if (rc == 0 && ctx->broken) {
		rc = dtf__fail(DTF_ECORRUPT, "verify: %s: %s", row->id, ctx->broken_text);
	} else if (rc == 0 && lives) {
		rc = check_lived(instance, ctx);
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
	return rc != 0 ? rc : check(instance, &earlier, false, &history);
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
			rc = check(instance, &instance->row, true, &history);
		}
	}
	dtf__arena_finish(&arena);
	return rc;
}
