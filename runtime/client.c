/*
 * The client's side of every request.
 *
 * In the engine's own process a request is a letter in the engine's queue
 * (ask.c).  From another process it is a command in the durable inbox; the answer
 * is a row there.  Reading needs no engine at all.
 */
#include "client.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "codec.h"
#include "error.h"
#include "inbox.h"
#include "utf8.h"
#include "walk.h"

/* How long a sender waits for a live engine's answer before it says "queued". */
#define ANSWER_WAIT_MS 30000

struct dtf_client {
	struct dtf_engine *handle; /* NULL: another process's */
	struct stores stores;      /* owned when handle is NULL */
	atomic_bool started;
	long pid;
};

int dtf__client_create(
	struct dtf_engine *handle, const struct stores *stores, struct dtf_client **ret) {
	struct dtf_client *client = calloc(1, sizeof(*client));
	if (client == NULL) {
		return dtf__fail(DTF_ENOMEM, "out of memory for a client");
	}
	client->handle = handle;
	client->stores = *stores;
	client->pid = (long)getpid();
	*ret = client;
	return 0;
}

void dtf__client_destroy(struct dtf_client *client) {
	free(client);
}

void dtf__client_started(struct dtf_client *client) {
	client->started = true;
}

int dtf__client_check_started(const struct dtf_client *client) {
	return client->started ? 0 : dtf__fail(DTF_ECLOSED, "the engine has not been started");
}

int dtf_client_open(const char *dir, struct dtf_client **ret) {
	dtf__error_clear();
	if (dir == NULL || ret == NULL) {
		return dtf__fail(DTF_EINVAL, "dtf_client_open: no directory");
	}
	struct stores stores;
	int rc = dtf__stores_open(dir, STORE_SHARE, &(struct store_options){ 0 }, 0, &stores);
	if (rc < 0) {
		return rc;
	}
	rc = dtf__client_create(NULL, &stores, ret);
	if (rc < 0) {
		dtf__stores_close(&stores);
	}
	return rc;
}

void dtf_client_close(struct dtf_client *client) {
	if (client != NULL && client->handle == NULL && dtf__client_check(client) == 0) {
		dtf__stores_close(&client->stores);
		free(client);
	}
}

int dtf__client_check(const struct dtf_client *client) {
	dtf__error_clear();
	if (client == NULL) {
		return dtf__fail(DTF_EINVAL, "no client");
	}
	if (client->pid != (long)getpid()) {
		return dtf__fail(DTF_EFORK, "the client was opened before fork()");
	}
	return 0;
}

const struct stores *dtf__client_stores(const struct dtf_client *client) {
	return &client->stores;
}

struct store *dtf__client_store(const struct dtf_client *client, const char *id) {
	return dtf__stores_of_id(&client->stores, id);
}

struct dtf_engine *dtf__client_handle(const struct dtf_client *client) {
	return client->handle;
}

struct engine *dtf__client_engine(const struct dtf_client *client, const char *id) {
	const struct dtf_engine *handle = client->handle;
	return handle == NULL ? NULL : handle->engines[dtf__partition_of_id(id, handle->count)];
}

int dtf__client_row(
	const struct dtf_client *client, struct arena *arena, const char *id, struct row *ret) {
	return dtf__walk_find(dtf__client_store(client, id), arena, id, ret);
}

/* ---- a command in the durable inbox ---- */

static void nap(int64_t ms) {
	struct timespec time = { (time_t)(ms / 1000), (long)(ms % 1000) * 1000000 };
	(void)nanosleep(&time, NULL);
}

static int poll_answer(struct store *store, const char *request_id) {
	for (int64_t waited_ms = 0, pause_ms = 1; waited_ms < ANSWER_WAIT_MS;
		waited_ms += pause_ms) {
		struct arena arena = { 0 };
		struct slice json;
		bool owned = store->ops->owned(store) == 1;
		int rc = store->ops->answer(store, &arena, request_id, &json);
		char text[256];
		if (rc == 0) {
			rc = dtf__inbox_decode_answer(json, text, sizeof(text));
			dtf__arena_finish(&arena);
			return rc < 0 ? dtf__fail(rc, "%s", text) : 0;
		}
		dtf__arena_finish(&arena);
		if (rc < 0) {
			return rc;
		}
		if (!owned) {
			break;
		}
		nap(pause_ms);
		pause_ms = pause_ms < 50 ? pause_ms * 2 : 50;
	}
	return dtf__fail(DTF_EQUEUED, "recorded; it is carried out when an engine is up");
}

/* What no engine will grant any more is refused at once, also while none is up. */
static int check_row(const struct dtf_client *client, const struct request *request) {
	struct arena arena = { 0 };
	struct row row;
	int rc = dtf__client_row(client, &arena, request->id, &row);
	if (rc == DTF_EUNKNOWN_INSTANCE) {
		rc = 0; /* its start may be in the inbox */
	} else if (rc == 0 && request->kind == REQUEST_START) {
		rc = dtf__fail(DTF_EEXISTS, "instance %s exists", request->id);
	} else if (rc == 0 && row.status >= DTF_COMPLETED) {
		rc = dtf__fail(DTF_EENDED, "instance %s has ended", request->id);
	}
	dtf__arena_finish(&arena);
	return rc;
}

/* Nor is what is no JSON: its sender may be gone when an engine reads it. */
static int check_json(const struct request *request) {
	const struct slice *payload = &request->payload;
	if (payload->data == NULL) {
		return 0;
	}
	struct arena arena = { 0 };
	const char *json;
	const char *root = request->kind == REQUEST_RAISE ? request->name : "";
	int rc = dtf__decode(&arena, &dtf_type_json, root, *payload, &json);
	dtf__arena_finish(&arena);
	return rc;
}

static int ask_inbox(struct dtf_client *client, const struct request *request) {
	int rc = check_json(request);
	rc = rc == 0 ? check_row(client, request) : rc;
	if (rc < 0) {
		return rc;
	}
	unsigned char random[16];
	char request_id[33];
	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random)) {
		return dtf__fail(DTF_ESTORE, "the system has no randomness");
	}
	for (size_t i = 0; i < sizeof(random); i++) {
		(void)snprintf(request_id + 2 * i, 3, "%02x", random[i]);
	}
	struct buf command = { 0 };
	dtf__inbox_encode(&command, request_id, request);
	uint64_t sequence;
	struct store *store = dtf__client_store(client, request->id);
	rc = command.failed ? dtf__fail(DTF_ENOMEM, "out of memory for a command")
			    : store->ops->inbox_append(store,
				      (struct slice){ command.data, command.size }, &sequence);
	dtf__buf_finish(&command);
	return rc < 0 ? rc : poll_answer(store, request_id);
}

/* ---- the requests ---- */

static int check_text(const char *what, const char *text) {
	return text == NULL || dtf__utf8_valid(text, strlen(text))
		? 0
		: dtf__fail(DTF_EINVAL, "%s is not UTF-8", what);
}

static int check_id(const char *id) {
	size_t size = id == NULL ? 0 : strlen(id);
	if (size < 1 || size > INSTANCE_ID_MAX) {
		return dtf__fail(
			DTF_EINVAL, "an id has 1 to %d bytes, this has %zu", INSTANCE_ID_MAX, size);
	}
	return check_text("the id", id);
}

static int check_payload(const struct request *request) {
	bool start = request->kind == REQUEST_START;
	if (!start && request->kind != REQUEST_RAISE) {
		return 0;
	}
	const struct slice *payload = &request->payload;
	if (request->name == NULL || payload->data == NULL) {
		return dtf__fail(DTF_EINVAL, "%s",
			start ? "a start without a workflow or its input"
			      : "an event without a name or a payload");
	}
	int rc = check_text(start ? "the workflow's name" : "the event's name", request->name);
	return rc < 0 || dtf__utf8_valid(payload->data, payload->size)
		? rc
		: dtf__fail(DTF_EPAYLOAD, "the payload is not UTF-8");
}

int dtf__client_check_request(const struct dtf_client *client, const struct request *request) {
	int rc = dtf__client_check(client);
	rc = rc == 0 ? check_id(request->id) : rc;
	for (; rc == 0 && request != NULL; request = request->with) {
		rc = check_payload(request);
		bool event = request->kind == REQUEST_RAISE;
		rc = rc == 0 ? check_text(event ? "the event id" : "the reason", request->text)
			     : rc;
	}
	return rc;
}

static int ask(struct dtf_client *client, const struct request *request) {
	int rc = dtf__client_check_request(client, request);
	if (rc < 0) {
		return rc;
	}
	return client->handle != NULL ? dtf__ask_and_wait(client, request, -1, NULL)
				      : ask_inbox(client, request);
}

static struct slice slice_of(const char *text) {
	return (struct slice){ text, text == NULL ? 0 : strlen(text) };
}

int dtf_start(struct dtf_client *client, const char *workflow, const char *id, const char *input) {
	return ask(client,
		&(struct request){ .kind = REQUEST_START,
			.id = id,
			.name = workflow,
			.payload = slice_of(input) });
}

int dtf_raise(struct dtf_client *client, const char *id, const char *event, const char *payload,
	const char *event_id) {
	return ask(client,
		&(struct request){ .kind = REQUEST_RAISE,
			.id = id,
			.name = event,
			.payload = slice_of(payload),
			.text = event_id });
}

int dtf_start_with_event(struct dtf_client *client, const char *workflow, const char *id,
	const char *input, const char *event, const char *payload, const char *event_id) {
	struct request raise = { .kind = REQUEST_RAISE,
		.id = id,
		.name = event,
		.payload = slice_of(payload),
		.text = event_id };
	struct request start = { .kind = REQUEST_START,
		.id = id,
		.name = workflow,
		.payload = slice_of(input),
		.with = &raise };
	int rc = dtf__client_check_request(client, &start);
	if (rc < 0) {
		return rc;
	}
	if (client->handle == NULL) { /* two commands; the engine reads them in this order */
		start.with = NULL;
		rc = ask(client, &start);
		bool goes_on = rc == 0 || rc == DTF_EEXISTS || rc == DTF_EQUEUED;
		return goes_on ? ask(client, &raise) : rc;
	}
	rc = ask(client, &start);
	return rc == DTF_EEXISTS ? ask(client, &raise) : rc;
}

static int steer(
	struct dtf_client *client, enum request_kind kind, const char *id, const char *reason) {
	return ask(client, &(struct request){ .kind = kind, .id = id, .text = reason });
}

int dtf_cancel(struct dtf_client *client, const char *id, const char *reason) {
	return steer(client, REQUEST_CANCEL, id, reason);
}

int dtf_terminate(struct dtf_client *client, const char *id, const char *reason) {
	return steer(client, REQUEST_TERMINATE, id, reason);
}

int dtf_suspend(struct dtf_client *client, const char *id, const char *reason) {
	return steer(client, REQUEST_SUSPEND, id, reason);
}

int dtf_resume(struct dtf_client *client, const char *id) {
	return steer(client, REQUEST_RESUME, id, NULL);
}

/* ---- waiting for the end ---- */

/* 0: it has ended, *ret filled; 1: not yet. */
static int look(struct dtf_client *client, const char *id, struct dtf_result *ret) {
	struct arena arena = { 0 };
	struct row row;
	int rc = dtf__client_row(client, &arena, id, &row);
	if (rc == 0 && row.status <= DTF_SUSPENDED) {
		rc = 1;
	} else if (rc == 0 && ret != NULL) {
		rc = dtf__result_read(
			dtf__client_store(client, id), &row, (struct slice){ 0 }, ret);
	}
	dtf__arena_finish(&arena);
	return rc;
}

static int late(const char *id, int64_t timeout_ms) {
	return dtf__fail(
		DTF_ETIMEOUT, "%s has not ended within %lld ms", id, (long long)timeout_ms);
}

static int wait_by_looking(
	struct dtf_client *client, const char *id, int64_t timeout_ms, struct dtf_result *ret) {
	int64_t waited_ms = 0, pause_ms = 1;
	for (;;) {
		int rc = look(client, id, ret);
		if (rc <= 0) {
			return rc;
		}
		if (timeout_ms >= 0 && waited_ms >= timeout_ms) {
			return late(id, timeout_ms);
		}
		if (timeout_ms >= 0 && timeout_ms - waited_ms < pause_ms) {
			pause_ms = timeout_ms - waited_ms;
		}
		nap(pause_ms);
		waited_ms += pause_ms;
		pause_ms = pause_ms < 100 ? pause_ms * 2 : 100;
	}
}

int dtf_wait_result(
	struct dtf_client *client, const char *id, int64_t timeout_ms, struct dtf_result *ret) {
	const struct request request = { .kind = REQUEST_WAIT, .id = id };
	int rc = dtf__client_check_request(client, &request);
	if (rc < 0) {
		return rc;
	}
	if (client->handle == NULL) {
		return wait_by_looking(client, id, timeout_ms, ret);
	}
	rc = look(client, id, ret);
	if (rc <= 0) {
		return rc;
	}
	return timeout_ms == 0 ? late(id, 0) : dtf__ask_and_wait(client, &request, timeout_ms, ret);
}

/* ---- typed calls of generated code ---- */

static int encode(struct buf *buf, const struct dtf_type *type, const void *value) {
	int rc = dtf__encode(buf, type, value);
	if (rc > 0) {
		rc = DTF_EPAYLOAD;
	}
	return rc == 0 && buf->failed ? dtf__fail(DTF_ENOMEM, "out of memory for a payload") : rc;
}

int dtf_start_typed(struct dtf_client *client, const struct dtf_workflow_def *workflow,
	const char *id, const void *args) {
	struct buf input = { 0 };
	int rc = encode(&input, workflow->input, args);
	if (rc == 0) {
		rc = dtf_start(client, workflow->name, id, input.data);
	}
	dtf__buf_finish(&input);
	return rc;
}

int dtf_raise_typed(struct dtf_client *client, const char *id, const struct dtf_event_def *event,
	const void *payload, const char *event_id) {
	struct buf json = { 0 };
	int rc = encode(&json, event->payload, payload);
	if (rc == 0) {
		rc = dtf_raise(client, id, event->name, json.data, event_id);
	}
	dtf__buf_finish(&json);
	return rc;
}

int dtf_wait_typed(struct dtf_client *client, const struct dtf_workflow_def *workflow,
	const char *id, int64_t timeout_ms, void *ret, struct dtf_result *result) {
	struct dtf_result own = { 0 };
	if (ret != NULL && result == NULL) {
		return dtf__fail(
			DTF_EINVAL, "the result's strings need a struct dtf_result to own them");
	}
	int rc = dtf_wait_result(client, id, timeout_ms, &own);
	if (rc == 0 && own.status == DTF_COMPLETED && ret != NULL &&
		workflow->output->kind != DTF_KIND_UNIT) {
		rc = dtf__decode(own.memory, workflow->output, "result",
			(struct slice){ own.output, strlen(own.output) }, ret);
	}
	if (rc < 0) {
		dtf_result_free(&own);
		return rc;
	}
	if (result != NULL) {
		*result = own;
	} else {
		dtf_result_free(&own);
	}
	return 0;
}
