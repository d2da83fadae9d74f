/*
 * What clients ask, in two steps.  Admission finds or makes the instance and
 * turns the request into an arrival; the check happens when it is that
 * arrival's turn, when mailboxes, ends and earlier requests of the same round
 * are exactly known.  A granted request is answered by the commit that holds
 * it, a refused one at once, unless it came by the durable inbox: its answer
 * is written.
 */
#include "engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "codec.h"
#include "error.h"

/* Not an answer, but that there is none now. */
static bool is_passing(int rc) {
	return rc == DTF_ENOMEM || rc == DTF_EFULL || rc == DTF_ESTORE || rc == DTF_ECLOSED ||
		rc == DTF_EOWNED;
}

/* It has not come in memory alone: what becomes of it is recorded. */
static bool is_durable(const struct request *request) {
	return request->inbox_request != NULL || request->letter != NULL;
}

static void with_the_batch(struct engine *engine, struct instance *instance,
	struct request *request, int rc, const char *text) {
	if (request->inbox_request != NULL) {
		dtf__batch_answer(engine, request->inbox_request, rc, text);
	}
	engine->batch.hears = engine->batch.hears || request->letter != NULL;
	request->in_batch = is_durable(request);
	dtf__batch_effect(engine,
		&(struct effect){ .kind = EFFECT_ANSWER,
			.instance = instance,
			.request = request,
			.text = rc < 0 ? strdup(text) : NULL,
			.rc = rc });
}

void dtf__request_answer(struct engine *engine, struct instance *instance, struct request *request,
	int rc, const char *text) {
	if (is_durable(request) ? is_passing(rc) : rc < 0) {
		request->answer(request, rc, text);
		return;
	}
	with_the_batch(engine, instance, request, rc, text);
}

/* A refusal that rests on what is not yet recorded waits for it, as a grant does. */
static void refuse(struct engine *engine, struct instance *instance, struct request *request,
	int rc, bool waits) {
	char text[256];
	(void)snprintf(text, sizeof(text), "%s", dtf_errmsg());
	/* Its sender may have been told "queued" and be gone. */
	bool late = request->letter != NULL && rc == DTF_EENDED; /* that is as it may be */
	if (is_durable(request) && !is_passing(rc) && !late) {
		dtf__engine_log(engine, DTF_LOG_WARN, request->id, text);
	}
	if (request->letter != NULL && (rc == DTF_ECORRUPT || rc == DTF_EFORMAT)) {
		return; /* not heard: another engine may read what this one cannot */
	}
	if (waits) {
		with_the_batch(engine, instance, request, rc, text);
	} else {
		dtf__request_answer(engine, instance, request, rc, text);
	}
}

static void answer_waiters(struct instance *instance, const struct row *ended, struct slice record,
	int rc, const char *text) {
	struct request *waiter = instance->waiters;
	instance->waiters = NULL;
	while (waiter != NULL) {
		struct request *next = waiter->next;
		waiter->instance = NULL;
		waiter->ended = ended;
		waiter->record = record;
		waiter->answer(waiter, rc, text);
		waiter = next;
	}
}

void dtf__request_dismiss_waiters(struct instance *instance, int rc, const char *text) {
	answer_waiters(instance, NULL, (struct slice){ 0 }, rc, text);
}

void dtf__request_tell_end(struct instance *instance, struct slice record) {
	answer_waiters(instance, &instance->row, record, 0, "");
}

void dtf__request_withdraw(struct instance *instance, int rc, const char *text) {
	struct arrival **at = &instance->first;
	while (*at != NULL) {
		struct arrival *arrival = *at;
		if (arrival->request == NULL) {
			at = &arrival->next;
			continue;
		}
		arrival->request->answer(arrival->request, rc, text);
		*at = arrival->next;
		dtf__arrival_free(arrival);
	}
	instance->tail = at;
	if (instance->is_new) {
		dtf__request_dismiss_waiters(instance, rc, text);
	}
}

/* ---- values: read with the type, written canonically ---- */

static int canonical(struct arena *arena, const struct dtf_type *type, const char *root,
	struct slice json, size_t size_max, struct slice *ret) {
	if (json.size > size_max) {
		return dtf__fail(
			DTF_ETOO_LARGE, "%zu bytes, the limit is %zu", json.size, size_max);
	}
	void *value = dtf__arena_alloc(arena, type->size + 1);
	if (value == NULL) {
		return dtf__fail(DTF_ENOMEM, "out of memory for a payload");
	}
	int rc = dtf__decode(arena, type, root, json, value);
	struct buf buf = { 0 };
	if (rc == 0) {
		rc = dtf__encode(&buf, type, value);
		rc = rc > 0 ? DTF_EPAYLOAD : rc;
	}
	if (rc == 0) {
		ret->data = dtf__arena_copy(arena, buf.data == NULL ? "" : buf.data, buf.size);
		ret->size = buf.size;
		rc = ret->data == NULL ? dtf__fail(DTF_ENOMEM, "out of memory for a payload") : 0;
	}
	dtf__buf_finish(&buf);
	return rc;
}

/* ---- start ---- */

static int make_seed(const struct engine *engine, unsigned char seed[16]) {
	bool ok = engine->make_seed != NULL ? engine->make_seed(engine->make_seed_arg, seed)
					    : getrandom(seed, 16, 0) == 16;
	return ok ? 0 : dtf__fail(DTF_ESTORE, "the system has no randomness");
}

/* An event of that name and id comes before it. */
static bool is_repeated(const struct dtf_workflow_def *workflow, const struct request *first,
	const struct request *raise) {
	const struct dtf_event_def *def = dtf__registry_event(workflow, raise->name);
	for (; raise->text != NULL && first != raise; first = first->next) {
		if (first->text != NULL && strcmp(first->text, raise->text) == 0 &&
			dtf__registry_event(workflow, first->name) == def) {
			return true;
		}
	}
	return false;
}

static int put_unread(const struct engine *engine, struct arena *arena,
	const struct dtf_workflow_def *workflow, const struct request *raise,
	struct event_unread *unread, size_t count) {
	const struct dtf_event_def *def = dtf__registry_event(workflow, raise->name);
	if (def == NULL) {
		return dtf__fail(DTF_EUNKNOWN_EVENT, "workflow %s waits for no event %s",
			workflow->name, raise->name);
	}
	int64_t room = def->capacity;
	for (size_t i = 0; i < count; i++) {
		room -= unread[i].name == def->name;
	}
	if (room <= 0) {
		return dtf__fail(DTF_EMAILBOX, "a mailbox holds %lld unread events %s",
			(long long)def->capacity, def->name);
	}
	unread[count].name = def->name;
	return canonical(arena, def->payload, def->name, raise->payload,
		engine->options.payload_max, &unread[count].payload);
}

/* What is raised together with a start is there before the workflow runs: its
 * mailboxes begin with it, as those of a next execution do. */
static int put_all_unread(const struct engine *engine, struct arena *arena,
	const struct dtf_workflow_def *workflow, const struct request *start,
	struct event_started *begin) {
	size_t most = 0, count = 0;
	for (const struct request *raise = start->with; raise != NULL; raise = raise->next) {
		most++;
	}
	struct event_unread *unread = dtf__arena_alloc(arena, (most + 1) * sizeof(*unread));
	int rc = unread == NULL ? dtf__fail(DTF_ENOMEM, "out of memory for a request") : 0;
	for (const struct request *raise = start->with; rc == 0 && raise != NULL;
		raise = raise->next) {
		if (!is_repeated(workflow, start->with, raise)) {
			rc = put_unread(engine, arena, workflow, raise, unread, count);
			count++;
		}
	}
	begin->unread = unread;
	begin->nunread = count;
	return rc;
}

static void mark_all_unread(struct instance *instance, const struct request *start) {
	const struct dtf_workflow_def *workflow = dtf__registry_newest(
		instance->engine, start->name);
	for (const struct request *raise = start->with; raise != NULL; raise = raise->next) {
		if (raise->text != NULL) {
			dtf__batch_mark(instance->engine, instance->number,
				dtf__registry_event(workflow, raise->name)->name, raise->text);
		}
	}
}

static int add_start(struct engine *engine, struct request *request,
	const struct dtf_workflow_def *workflow, struct slice input) {
	struct event_started begin;
	struct instance *instance;
	int rc = dtf__instance_create(engine, request->id, workflow, input, &begin, &instance);
	if (rc < 0) {
		return rc;
	}
	struct arena arena = { 0 };
	struct event event = { .kind = EVENT_STARTED, .begin = &begin };
	rc = make_seed(engine, begin.seed);
	rc = rc == 0 ? put_all_unread(engine, &arena, workflow, request, &begin) : rc;
	struct arrival *arrival = rc == 0 ? dtf__arrival_add(instance, &event) : NULL;
	dtf__arena_finish(&arena);
	if (arrival == NULL) {
		dtf__instance_remove(instance);
		return rc != 0 ? rc : dtf__fail(DTF_ENOMEM, "out of memory for an instance");
	}
	arrival->request = request;
	engine->batch.admits = true;
	return 0;
}

static int start(struct engine *engine, struct request *request) {
	const struct dtf_workflow_def *workflow = dtf__registry_newest(engine, request->name);
	if (workflow == NULL) {
		return dtf__fail(DTF_EUNKNOWN_WORKFLOW,
			"no workflow %s is linked into this program", request->name);
	}
	struct instance *other;
	int rc = dtf__instance_get(engine, request->id, &other);
	if (rc == 0) {
		return dtf__fail(DTF_EEXISTS, "an instance %s exists: %s, %s", request->id,
			other->row.workflow, dtf_status_name((enum dtf_status)other->row.status));
	}
	if (rc < 0) {
		return rc;
	}
	struct arena arena = { 0 };
	struct slice input;
	rc = canonical(
		&arena, workflow->input, "", request->payload, engine->options.payload_max, &input);
	if (rc == 0) {
		rc = add_start(engine, request, workflow, input);
	}
	dtf__arena_finish(&arena);
	return rc;
}

/* ---- the rest ---- */

static int find_running(struct engine *engine, const char *id, struct instance **ret) {
	int rc = dtf__instance_get(engine, id, ret);
	if (rc == STORE_NOT_FOUND) {
		return dtf__fail(DTF_EUNKNOWN_INSTANCE, "no instance %s", id);
	}
	if (rc == 0 && (*ret)->ended) {
		return dtf__fail(DTF_EENDED, "instance %s has ended: %s", id,
			dtf_status_name((enum dtf_status)(*ret)->row.status));
	}
	return rc;
}

static int add_arrival(struct engine *engine, struct request *request, enum event_kind kind) {
	struct instance *instance;
	int rc = find_running(engine, request->id, &instance);
	if (rc != 0) {
		return rc;
	}
	if (kind == EVENT_RESUMED && instance->diagnosis != NULL) {
		instance->diagnosis = NULL; /* look again: the code may be there now */
	}
	if (request->text != NULL && strlen(request->text) > engine->options.payload_max) {
		return dtf__fail(DTF_ETOO_LARGE, "%zu bytes, the limit is %zu",
			strlen(request->text), engine->options.payload_max);
	}
	struct event event = { .kind = kind,
		.name = request->name,
		.payload = request->payload,
		.text = request->text };
	struct buf reason = { 0 };
	if (kind == EVENT_SUSPENDED) {
		/* So that no reason of theirs is taken for a diagnosis of ours. */
		dtf__buf_text(&reason, "operator");
		dtf__buf_text(&reason, request->text == NULL ? "" : ": ");
		dtf__buf_text(&reason, request->text == NULL ? "" : request->text);
		event.text = reason.data;
	}
	struct arrival *arrival = reason.failed ? NULL : dtf__arrival_add(instance, &event);
	dtf__buf_finish(&reason);
	if (arrival == NULL) {
		return dtf__fail(DTF_ENOMEM, "out of memory for a request");
	}
	arrival->request = request;
	return 0;
}

static int wait_for_end(struct engine *engine, struct request *request) {
	struct instance *instance;
	int rc = find_running(engine, request->id, &instance);
	if (rc == DTF_EENDED) {
		request->ended = &instance->row;
		request->answer(request, 0, "");
		return 0;
	}
	if (rc == 0 && engine->slots == 0) {
		rc = dtf__fail(DTF_ECLOSED, "the engine is stopping");
	}
	if (rc == 0) {
		request->next = instance->waiters;
		request->instance = instance;
		instance->waiters = request;
		dtf__instance_used(instance); /* no longer idle */
	}
	return rc;
}

/* Its instance may be idle again. */
static void take_wait_back(struct request *request) {
	struct request *wait = request->wait;
	struct instance *instance = wait->instance;
	if (instance != NULL) {
		struct request **at = &instance->waiters;
		while (*at != wait) {
			at = &(*at)->next;
		}
		*at = wait->next;
		wait->instance = NULL;
		wait->answer(wait, DTF_ETIMEOUT, "");
		dtf__instance_used(instance);
	}
	request->answer(request, 0, "");
}

static int carry_out(struct engine *engine, struct request *request) {
	if (request->letter != NULL) {
		return dtf__distant_receive(engine, request);
	}
	switch (request->kind) {
	case REQUEST_START:
		return start(engine, request);
	case REQUEST_RAISE:
		return add_arrival(engine, request, EVENT_RAISED);
	case REQUEST_CANCEL:
		return add_arrival(engine, request, EVENT_CANCEL_REQUESTED);
	case REQUEST_TERMINATE:
		return add_arrival(engine, request, EVENT_TERMINATED);
	case REQUEST_SUSPEND:
		return add_arrival(engine, request, EVENT_SUSPENDED);
	case REQUEST_RESUME:
		return add_arrival(engine, request, EVENT_RESUMED);
	case REQUEST_WAIT:
		return wait_for_end(engine, request);
	case REQUEST_UNWAIT:
		take_wait_back(request);
		return 0;
	}
	return 0;
}

void dtf__request_admit(struct engine *engine, struct request *request) {
	int rc = carry_out(engine, request);
	if (rc < 0) {
		struct instance *other = NULL;
		bool waits = rc == DTF_EEXISTS &&
			dtf__instance_get(engine, request->id, &other) == 0 && other->is_new;
		refuse(engine, NULL, request, rc, waits);
	}
}

/* ---- when it is the arrival's turn ---- */

/* 0: new; 1: an event of that id was accepted before. */
static int check_mark(struct instance *instance, const struct event *event) {
	struct engine *engine = instance->engine;
	if (event->text == NULL) {
		return 0;
	}
	int rc = engine->store->ops->mark(
		engine->store, instance->number, event->name, event->text);
	if (rc < 0) {
		return rc;
	}
	bool known = rc == 0 ||
		dtf__batch_has_mark(engine, instance->number, event->name, event->text);
	return known ? 1 : 0;
}

static void accept(struct instance *instance, const struct event *event) {
	struct engine *engine = instance->engine;
	if (event->text != NULL) {
		dtf__batch_mark(engine, instance->number, event->name, event->text);
	}
	engine->batch.admits = true;
}

/* The workflow is not linked: nothing is known of its events but that what the
 * payload says is JSON.  A bare name is taken for one of the workflow's package. */
static int check_unlinked(struct instance *instance, struct arrival *arrival) {
	struct event *event = &arrival->event;
	int rc = canonical(&arrival->memory, &dtf_type_json, event->name, event->payload,
		instance->engine->options.payload_max, &event->payload);
	const char *workflow = instance->row.workflow, *dot = strrchr(workflow, '.');
	if (rc == 0 && strchr(event->name, '.') == NULL && dot != NULL) {
		event->name = dtf__arena_printf(
			&arrival->memory, "%.*s.%s", (int)(dot - workflow), workflow, event->name);
		rc = event->name == NULL ? dtf__fail(DTF_ENOMEM, "out of memory for an event") : 0;
	}
	rc = rc == 0 ? check_mark(instance, event) : rc;
	if (rc == 0) {
		accept(instance, event);
	}
	return rc;
}

/* 0: deliver it; 1: accepted before, ignore it. */
static int check_raise(struct instance *instance, struct arrival *arrival) {
	struct engine *engine = instance->engine;
	struct event *event = &arrival->event;
	const struct dtf_workflow_def *workflow = instance->ctx != NULL
		? instance->ctx->workflow
		: dtf__registry_newest(engine, instance->row.workflow);
	const struct dtf_event_def *def = workflow == NULL
		? NULL
		: dtf__registry_event(workflow, event->name);
	if (def == NULL && workflow == NULL) {
		return check_unlinked(instance, arrival);
	}
	if (def == NULL) {
		return dtf__fail(DTF_EUNKNOWN_EVENT, "workflow %s waits for no event %s",
			instance->row.workflow, event->name);
	}
	int rc = canonical(&arrival->memory, def->payload, event->name, event->payload,
		engine->options.payload_max, &event->payload);
	if (rc != 0) {
		return rc;
	}
	event->name = def->name;
	rc = check_mark(instance, event);
	if (rc != 0) {
		return rc;
	}
	if (instance->ctx != NULL &&
		dtf__mailbox_load(instance->ctx, def->name) >= (uint64_t)def->capacity) {
		return dtf__fail(DTF_EMAILBOX, "instance %s has %lld unread events %s",
			instance->row.id, (long long)def->capacity, def->name);
	}
	if (instance->ctx != NULL && instance->ctx->unread_size > 0 &&
		instance->ctx->unread_size + event->payload.size > UNREAD_SIZE_MAX) {
		return dtf__fail(DTF_EMAILBOX, "instance %s has %zu bytes of unread events",
			instance->row.id, instance->ctx->unread_size);
	}
	accept(instance, event);
	return 0;
}

static bool by_operator(const struct instance *instance) {
	return strcmp(instance->row.suspended, "operator") == 0;
}

/* What an operator suspended can be resumed without its code, and goes on with it.
 * What only lacks its code cannot. */
static int check_resume(const struct instance *instance) {
	if (instance->diagnosis == NULL || by_operator(instance)) {
		return 0;
	}
	bool corrupt = strcmp(instance->diagnosis, "corrupt") == 0;
	return dtf__fail(corrupt ? DTF_ECORRUPT : DTF_EVERSION, "%s: %s", instance->diagnosis,
		instance->why);
}

/* A request that changes nothing is granted without an event. */
static bool changes(const struct instance *instance, enum event_kind kind) {
	const struct dtf_ctx *ctx = instance->ctx;
	if (ctx == NULL) {
		return kind != EVENT_SUSPENDED || !by_operator(instance);
	}
	if (kind == EVENT_CANCEL_REQUESTED) {
		return ctx->cancel_reason == NULL;
	}
	if (kind == EVENT_RESUMED || kind == EVENT_SUSPENDED) {
		return ctx->suspended == (kind == EVENT_RESUMED);
	}
	return true;
}

enum verdict dtf__request_check(struct instance *instance, struct arrival *arrival) {
	struct engine *engine = instance->engine;
	struct request *request = arrival->request;
	int rc = 0;
	bool ended = instance->ended || instance->row.status > DTF_SUSPENDED ||
		(instance->ctx != NULL && instance->ctx->end != END_NONE);
	if (ended) {
		rc = dtf__fail(DTF_EENDED, "instance %s has ended", instance->row.id);
	} else if (arrival->event.kind == EVENT_STARTED) {
		mark_all_unread(instance, request);
	} else if (arrival->event.kind == EVENT_RAISED) {
		rc = check_raise(instance, arrival);
	} else if (arrival->event.kind == EVENT_RESUMED) {
		rc = check_resume(instance);
	}
	if (rc == 0 && !changes(instance, arrival->event.kind)) {
		rc = 1;
	}
	if (rc < 0) {
		bool waits = !is_passing(rc);
		refuse(engine, instance, request, rc, waits);
		return waits ? IGNORED : REFUSED;
	}
	dtf__request_answer(engine, instance, request, 0, "");
	return rc == 0 ? GRANTED : IGNORED;
}
