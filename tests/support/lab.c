#include "lab.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "../../runtime/error.h"
#include "../../runtime/inbox.h"

#define START_MS INT64_C(1700000000000)

static int64_t lab_now(void *arg) {
	const struct lab *lab = arg;
	return lab->now_ms;
}

static int64_t lab_steady(void *arg) {
	const struct lab *lab = arg;
	return lab->steady_ms;
}

static void submit(void *arg, struct dtf_activity *attempt) {
	struct lab *lab = arg;
	dtf__assert(lab->nrunning < LAB_RUNNING_MAX); /* Check wants memory for its own */
	lab->running[lab->nrunning++] = attempt;
}

static void cancel(void *arg, struct dtf_activity *attempt) {
	(void)arg;
	(void)attempt;
}

static void keep_log(void *user, enum dtf_log_level level, const char *instance, const char *text) {
	struct lab *lab = user;
	(void)level;
	dtf__buf_printf(&lab->log, "%s: %s\n", instance, text);
}

int lab_make(struct lab *lab) {
	struct clock clock = { lab_now, lab, lab_steady };
	struct executor executor = { submit, cancel, lab };
	lab->options.log = keep_log;
	lab->options.user = lab;
	int rc = dtf__engine_create(&lab->options, lab->store, &clock, &executor, &lab->engine);
	if (rc == 0 && lab->snapshot_events != 0) {
		lab->engine->snapshot_events = lab->snapshot_events;
	}
	for (size_t i = 0; rc == 0 && lab->modules[i] != NULL; i++) {
		rc = dtf__registry_add(lab->engine, lab->modules[i]);
	}
	return rc;
}

int lab_try_open(struct lab *lab) {
	int rc = lab_make(lab);
	rc = rc == 0 ? dtf__engine_recover(lab->engine) : rc;
	if (rc != 0) {
		dtf__engine_destroy(lab->engine);
		lab->engine = NULL;
	}
	return rc;
}

void lab_open(struct lab *lab) {
	int rc = lab_try_open(lab);
	ck_assert_msg(rc == 0, "the engine does not open: %d %s", rc, dtf_errmsg());
}

void lab_init(struct lab *lab, const struct dtf_module *const *modules) {
	*lab = (struct lab){ .modules = modules, .now_ms = START_MS, .steady_ms = 1000 };
	struct store *memory;
	ck_assert_int_eq(dtf__store_memory_open(&memory), 0);
	ck_assert_int_eq(faulty_store_open(memory, &lab->store), 0);
}

static void drop_running(struct lab *lab) {
	while (lab->nrunning > 0) {
		dtf__attempt_free(lab->running[--lab->nrunning]);
	}
}

void lab_crash(struct lab *lab) {
	dtf__engine_destroy(lab->engine);
	drop_running(lab);
	lab->engine = NULL;
	faulty_store_plan(lab->store, NULL);
}

void lab_finish(struct lab *lab) {
	dtf__engine_destroy(lab->engine);
	drop_running(lab);
	lab->store->ops->close(lab->store);
	dtf__buf_finish(&lab->log);
}

int lab_round(struct lab *lab) {
	return dtf__engine_step(lab->engine, &lab->next_ms);
}

void lab_settle(struct lab *lab) {
	unsigned rounds = 0;
	do {
		ck_assert_uint_lt(rounds++, 10000);
		int rc = lab_round(lab);
		ck_assert_msg(rc == 0, "the engine failed: %d %s", rc, dtf_errmsg());
	} while (lab->next_ms <= lab->now_ms);
}

void lab_pass(struct lab *lab, int64_t ms) {
	lab->now_ms += ms;
	lab->steady_ms += ms;
	lab_settle(lab);
}

/* ---- asking ---- */

static void answered(struct request *request, int rc, const char *text) {
	struct asked *asked = request->arg;
	asked->answers++;
	asked->rc = rc;
	(void)snprintf(asked->text, sizeof(asked->text), "%s", text);
}

void lab_ask(struct lab *lab, struct asked *asked, enum request_kind kind, const char *id,
	const char *name, const char *text, const char *payload) {
	*asked = (struct asked){
		.request = { .kind = kind,
			.id = id,
			.name = name,
			.text = text,
			.payload = { payload, payload == NULL ? 0 : strlen(payload) },
			.answer = answered }
	};
	asked->request.arg = asked;
	ck_assert(dtf__queue_request(lab->engine->queue, &asked->request));
}

int lab_do(struct lab *lab, enum request_kind kind, const char *id, const char *name,
	const char *text, const char *payload) {
	struct asked asked;
	lab_ask(lab, &asked, kind, id, name, text, payload);
	lab_settle(lab);
	ck_assert_uint_eq(asked.answers, 1);
	return asked.rc;
}

void lab_append(struct lab *lab, enum request_kind kind, const char *request_id, const char *id,
	const char *name, const char *text, const char *payload) {
	struct buf json = { 0 };
	struct request request = { .kind = kind,
		.id = id,
		.name = name,
		.text = text,
		.payload = { payload, payload == NULL ? 0 : strlen(payload) } };
	dtf__inbox_encode(&json, request_id, &request);
	uint64_t sequence;
	struct slice bytes = { json.data, json.size };
	ck_assert_int_eq(lab->store->ops->inbox_append(lab->store, bytes, &sequence), 0);
	dtf__buf_finish(&json);
	lab->engine->inbox_due = true;
}

int lab_answer(struct lab *lab, const char *request_id) {
	struct arena arena = { 0 };
	struct slice json;
	char text[256];
	int rc = lab->store->ops->answer(lab->store, &arena, request_id, &json);
	rc = rc == 0 ? dtf__inbox_decode_answer(json, text, sizeof(text)) : rc;
	dtf__arena_finish(&arena);
	return rc;
}

/* ---- attempts ---- */

struct dtf_activity *lab_running(struct lab *lab, const char *activity, const char *id) {
	for (size_t i = 0; i < lab->nrunning; i++) {
		if (strcmp(lab->running[i]->def->name, activity) == 0 &&
			strcmp(lab->running[i]->id, id) == 0) {
			return lab->running[i];
		}
	}
	return NULL;
}

void lab_end(struct lab *lab, const char *activity, const char *id, const char *json) {
	struct dtf_activity *attempt = lab_running(lab, activity, id);
	ck_assert_msg(attempt != NULL, "%s of %s does not run", activity, id);
	for (size_t i = 0; i < lab->nrunning; i++) {
		if (lab->running[i] == attempt) {
			lab->nrunning--;
			memmove(&lab->running[i], &lab->running[i + 1],
				(lab->nrunning - i) * sizeof(attempt));
			break;
		}
	}
	if (json == NULL) {
		dtf__buf_text(&attempt->payload,
			"{\"name\":\"activity_failed\",\"message\":\"no\",\"retryable\":true}");
		attempt->outcome = OUTCOME_FAILED;
	} else {
		dtf__buf_text(&attempt->payload, json);
		attempt->outcome = OUTCOME_OK;
	}
	attempt->finished(attempt->finished_arg, attempt);
}

/* ---- looking ---- */

static struct row row_of(struct lab *lab, const char *id, struct arena *arena) {
	struct store *store = lab->store;
	uint64_t number;
	struct slice bytes;
	struct row row;
	ck_assert_int_eq(store->ops->find(store, id, &number), 0);
	ck_assert_int_eq(store->ops->row(store, arena, number, &bytes), 0);
	ck_assert_int_eq(dtf__row_decode(arena, bytes, &row), 0);
	return row;
}

enum dtf_status lab_status(struct lab *lab, const char *id) {
	struct arena arena = { 0 };
	struct row row = row_of(lab, id, &arena);
	dtf__arena_finish(&arena);
	return (enum dtf_status)row.status;
}

struct history lab_history(struct lab *lab, const char *id, struct arena *arena) {
	struct row row = row_of(lab, id, arena);
	struct history history;
	ck_assert_int_eq(dtf__history_read(lab->store, &row, arena, &history), 0);
	return history;
}

unsigned lab_count(struct lab *lab, const char *id, enum event_kind kind) {
	struct arena arena = { 0 };
	struct history history = lab_history(lab, id, &arena);
	unsigned count = 0;
	for (size_t i = 0; i < history.count; i++) {
		struct record record;
		struct slice events;
		ck_assert_int_eq(dtf__record_decode(history.records[i], &record, &events), 0);
		while (events.size > 0) {
			struct event event;
			ck_assert_int_eq(dtf__event_decode(&arena, &events, &event), 0);
			count += event.kind == kind ? 1 : 0;
		}
	}
	dtf__arena_finish(&arena);
	return count;
}
