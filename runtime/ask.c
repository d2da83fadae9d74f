/*
 * Letters to the engine's thread, and those that nobody waits for.
 *
 * Whoever waits owns a door (door.c).  Whoever does not wait sends an errand: it owns
 * copies of all it says, and its answer is a call on the engine's thread.  Both are one
 * struct request to the engine, which never knows who is at the other end.
 *
 * An errand that was taken is answered exactly once, whatever becomes of the
 * engine: that is the only thing its sender can rely on, and all it needs.
 */
#include "client.h"

#include <stdlib.h>
#include <string.h>

#include "error.h"

int dtf__ask_send(struct dtf_client *client, struct request *request, size_t size, bool may_wait) {
	struct engine *engine = dtf__client_engine(client, request->id);
	int rc = dtf__client_check_started(client);
	if (rc == 0 && size > 0) {
		rc = dtf__gate_enter(engine->gate, request->kind, size, may_wait);
	}
	if (rc == 0 && !dtf__queue_request(engine->queue, request)) {
		dtf__gate_leave(engine->gate, request->kind, size);
		rc = dtf__fail(DTF_ECLOSED, "the engine has stopped");
	}
	return rc;
}

struct errand {
	struct request request, raise;
	struct engine *engine;
	size_t size; /* let in by the gate */
	void (*done)(void *arg, int rc, const struct dtf_result *result);
	void *arg;
	char strings[];
};

/* There is an instance of that id: the event alone is raised to it. */
static bool raise_instead(struct errand *errand) {
	errand->request.kind = errand->raise.kind;
	errand->request.name = errand->raise.name;
	errand->request.text = errand->raise.text;
	errand->request.payload = errand->raise.payload;
	errand->request.with = NULL;
	return dtf__queue_request(errand->engine->queue, &errand->request);
}

/* The engine's thread may be about to report an error: that of the answer is shown
 * to the callback, and the engine's own put back. */
static void run_errand(struct request *request, int rc, const char *text) {
	struct errand *errand = request->arg;
	if (rc == DTF_EEXISTS && request->with != NULL && raise_instead(errand)) {
		return;
	}
	char before[ERROR_TEXT_MAX];
	memcpy(before, dtf_errmsg(), strlen(dtf_errmsg()) + 1);
	struct dtf_result result = { 0 };
	dtf__error_put(text);
	if (rc == 0 && request->ended != NULL) {
		rc = dtf__result_read(
			errand->engine->store, request->ended, request->record, &result);
	}
	dtf__gate_leave(errand->engine->gate, request->kind, errand->size);
	errand->done(errand->arg, rc, rc == 0 && request->ended != NULL ? &result : NULL);
	dtf_result_free(&result);
	free(errand);
	dtf__error_put(before);
}

static void ignore_answer(void *arg, int rc, const struct dtf_result *result) {
	(void)arg;
	(void)rc;
	(void)result;
}

static size_t size_of(const char *text) {
	return text == NULL ? 0 : strlen(text) + 1;
}

static const char *put(char **at, const char *text) {
	size_t size = size_of(text);
	char *copy = *at;
	if (size > 0) {
		memcpy(copy, text, size);
	}
	*at += size;
	return size == 0 ? NULL : copy;
}

static void put_request(char **at, struct request *request) {
	request->id = put(at, request->id);
	request->name = put(at, request->name);
	request->text = put(at, request->text);
	request->payload.data = put(at, request->payload.data);
}

static size_t strings_of(const struct request *request) {
	return size_of(request->id) + size_of(request->name) + size_of(request->text) +
		size_of(request->payload.data);
}

static struct errand *errand_create(
	struct dtf_client *client, const struct dtf_request *asked, const struct request *request) {
	size_t size = sizeof(struct errand) + strings_of(request) +
		(request->with == NULL ? 0 : strings_of(request->with));
	struct errand *errand = malloc(size);
	if (errand == NULL) {
		return NULL;
	}
	*errand = (struct errand){ .request = *request,
		.engine = dtf__client_engine(client, request->id),
		.size = dtf__gate_size(request),
		.done = asked->done != NULL ? asked->done : ignore_answer,
		.arg = asked->arg };
	char *at = errand->strings;
	put_request(&at, &errand->request);
	if (request->with != NULL) {
		errand->raise = *request->with;
		put_request(&at, &errand->raise);
		errand->request.with = &errand->raise;
	}
	errand->request.answer = run_errand;
	errand->request.arg = errand;
	return errand;
}

static struct slice slice_of(const char *text) {
	return (struct slice){ text, text == NULL ? 0 : strlen(text) };
}

int dtf_ask(struct dtf_client *client, const struct dtf_request *asked) {
	static const enum request_kind kinds[] = {
		[DTF_ASK_START] = REQUEST_START,
		[DTF_ASK_RAISE] = REQUEST_RAISE,
		[DTF_ASK_CANCEL] = REQUEST_CANCEL,
		[DTF_ASK_TERMINATE] = REQUEST_TERMINATE,
		[DTF_ASK_SUSPEND] = REQUEST_SUSPEND,
		[DTF_ASK_RESUME] = REQUEST_RESUME,
		[DTF_ASK_WAIT] = REQUEST_WAIT,
	};
	dtf__error_clear();
	if (asked == NULL || (unsigned)asked->verb >= sizeof(kinds) / sizeof(*kinds)) {
		return dtf__fail(DTF_EINVAL, "dtf_ask: nothing that can be asked");
	}
	struct request raise = { .kind = REQUEST_RAISE,
		.id = asked->id,
		.name = asked->event,
		.payload = slice_of(asked->payload),
		.text = asked->event_id };
	struct request request = { .kind = kinds[asked->verb], .id = asked->id };
	if (asked->verb == DTF_ASK_RAISE) {
		request = raise;
	} else if (asked->verb == DTF_ASK_START) {
		request.name = asked->workflow;
		request.payload = slice_of(asked->input);
		request.with = asked->event == NULL ? NULL : &raise;
	} else {
		request.text = asked->reason;
	}
	int rc = dtf__client_check_request(client, &request);
	if (rc == 0 && dtf__client_handle(client) == NULL) {
		rc = dtf__fail(DTF_EINVAL, "dtf_ask: the engine is another process's");
	}
	if (rc < 0) {
		return rc;
	}
	struct errand *errand = errand_create(client, asked, &request);
	if (errand == NULL) {
		return dtf__fail(DTF_ENOMEM, "out of memory for a request");
	}
	rc = dtf__ask_send(client, &errand->request, errand->size, false);
	if (rc < 0) {
		free(errand);
	}
	return rc;
}
