/*
 * One attempt: what user code may ask and say, and running it to an outcome.
 *
 * The result leaves the worker as canonical JSON, so that the engine's thread
 * never touches user memory and a live result is decoded on the same path as a
 * recorded one.
 *
 * A function that returns DTF_DEFERRED leaves its attempt to whoever completes
 * it, from any thread.  Three may be at it: the worker whose function returns, the
 * one who completes it, maybe before that, and an engine that stops.  Each sets
 * its bit, once, and whoever finds that the others are through does what is left:
 * of worker and completer the later reports the end; after an engine gave it up,
 * the completer frees it.
 */
#include "pool.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec.h"
#include "error.h"

enum { RETURNED = 1, COMPLETED = 2, ABANDONED = 4 }; /* of phase */

void *dtf_activity_alloc(struct dtf_activity *act, size_t size) {
	return dtf__arena_alloc(&act->memory, size);
}

const char *dtf_activity_printf(struct dtf_activity *act, const char *format, ...) {
	va_list args;
	va_start(args, format);
	const char *text = dtf__arena_vprintf(&act->memory, format, args);
	va_end(args);
	return text;
}

static const char *keep(struct dtf_activity *act, const char *text) {
	const char *copy = text == NULL ? NULL : dtf__arena_copy(&act->memory, text, strlen(text));
	return copy == NULL && text != NULL ? "out of memory" : copy;
}

static int fail(struct dtf_activity *act, const char *code, const char *message, bool retryable) {
	act->failed = true;
	act->failure = (struct dtf_failure){ .name = dtf_activity_failed.name,
		.message = message == NULL ? "" : keep(act, message),
		.code = keep(act, code),
		.retryable = retryable };
	return 1;
}

int dtf_activity_fail(struct dtf_activity *act, const char *code, const char *message) {
	return fail(act, code, message, true);
}

int dtf_activity_fail_final(struct dtf_activity *act, const char *code, const char *message) {
	return fail(act, code, message, false);
}

int dtf_activity_lost(struct dtf_activity *act, const char *message) {
	act->failed = true;
	act->failure = (struct dtf_failure){ .name = dtf_lost.name,
		.message = message == NULL ? "" : keep(act, message) };
	return 1;
}

int dtf_activity_fail_typed(struct dtf_activity *act, const struct dtf_error_def *error,
	const void *fields, const char *message) {
	struct buf data = { 0 };
	const struct dtf_error_def *const *declared = act->def->fails;
	while (*declared != NULL && *declared != error) {
		declared++;
	}
	if (*declared == NULL) {
		/* The workflow was checked against what the activity declares. */
		return fail(act, error->name, message, true);
	}
	if (fields != NULL && error->fields->kind == DTF_KIND_RECORD &&
		dtf__encode(&data, error->fields, fields) != 0) {
		dtf__buf_finish(&data);
		return fail(act, "bad_value", dtf_errmsg(), false);
	}
	act->failed = true;
	act->failure = (struct dtf_failure){ .name = error->name,
		.message = message == NULL ? "" : keep(act, message),
		.data = data.size == 0 ? NULL : keep(act, data.data) };
	dtf__buf_finish(&data);
	return 1;
}

/* ---- names and JSON instead of types ---- */

const char *dtf_activity_name(const struct dtf_activity *act) {
	return act->def->name;
}

const char *dtf_activity_args(const struct dtf_activity *act) {
	return act->args.data;
}

int dtf_activity_return_json(struct dtf_activity *act, const char *json) {
	if (json == NULL) {
		/* As dtf_activity_printf() gives it that has no memory. */
		return fail(act, NULL, "no result, or no memory for it", true);
	}
	struct slice text = { json, strlen(json) };
	int rc = dtf__decode(&act->memory, act->def->result, "result", text, act->result);
	if (rc == DTF_ENOMEM) {
		return fail(act, NULL, "out of memory", true);
	}
	if (rc < 0) {
		act->failed = true;
		act->failure = (struct dtf_failure){ .name = dtf_bad_payload.name,
			.message = keep(act, dtf_errmsg()) };
	}
	return rc < 0;
}

static const struct dtf_error_def *find_declared(const struct dtf_activity *act, const char *name) {
	for (const struct dtf_error_def *const *e = act->def->fails; *e != NULL; e++) {
		const char *dot = strrchr((*e)->name, '.');
		if (strcmp((*e)->name, name) == 0 || (dot != NULL && strcmp(dot + 1, name) == 0)) {
			return *e;
		}
	}
	return NULL;
}

int dtf_activity_fail_json(
	struct dtf_activity *act, const char *name, const char *fields, const char *message) {
	const struct dtf_error_def *error = name == NULL ? NULL : find_declared(act, name);
	if (error == NULL) {
		return fail(act, name, message, true);
	}
	if (fields == NULL) {
		return dtf_activity_fail_typed(act, error, NULL, message);
	}
	void *value = dtf__arena_alloc(&act->memory, error->fields->size + 1);
	if (value == NULL) {
		return fail(act, NULL, "out of memory", true);
	}
	struct slice text = { fields, strlen(fields) };
	int rc = dtf__decode(&act->memory, error->fields, error->name, text, value);
	return rc < 0 ? fail(act, "bad_payload", dtf_errmsg(), false)
		      : dtf_activity_fail_typed(act, error, value, message);
}

/* ---- what it may ask ---- */

const char *dtf_activity_key(const struct dtf_activity *act) {
	return act->key;
}

const char *dtf_activity_instance(const struct dtf_activity *act) {
	return act->id;
}

int64_t dtf_activity_attempt(const struct dtf_activity *act) {
	return act->attempt;
}

int64_t dtf_activity_remaining_ms(const struct dtf_activity *act) {
	int64_t end_ms = dtf__attempt_put_off(act, act->limit_ms);
	end_ms = act->deadline_ms < end_ms ? act->deadline_ms : end_ms;
	if (end_ms == INT64_MAX) {
		return INT64_MAX;
	}
	int64_t left = end_ms - dtf__watch_now_ms(act->watch);
	return left > 0 ? left : 0;
}

bool dtf_activity_cancelled(const struct dtf_activity *act) {
	return act->cancelled || (act->phase & ABANDONED) != 0;
}

bool dtf_activity_heartbeat(struct dtf_activity *act) {
	/* Of two threads that beat at once the later beat stays. */
	int64_t now_ms = dtf__watch_steady_ms(act->watch), last_ms = act->beat_ms;
	while (last_ms < now_ms && !atomic_compare_exchange_weak(&act->beat_ms, &last_ms, now_ms)) {
	}
	return dtf_activity_cancelled(act);
}

void *dtf_activity_user(const struct dtf_activity *act) {
	return act->user;
}

/* ---- running ---- */

/* No memory for the outcome: as good as a worker that died. */
static void lose_outcome(struct dtf_activity *act) {
	dtf__buf_finish(&act->payload);
	act->outcome = OUTCOME_LOST;
}

static void encode_failure(struct dtf_activity *act) {
	dtf__buf_clear(&act->payload);
	dtf__failure_encode(&act->payload, &act->failure);
	if ((int64_t)act->payload.size > act->payload_max) {
		size_t size = act->payload.size;
		act->failure = (struct dtf_failure){ .name = dtf_payload_too_large.name,
			.message = dtf__arena_printf(&act->memory,
				"the activity's error has %zu bytes, the limit is %lld", size,
				(long long)act->payload_max) };
		dtf__buf_clear(&act->payload);
		dtf__failure_encode(&act->payload, &act->failure);
	}
	act->outcome = OUTCOME_FAILED;
	if (act->payload.failed) {
		lose_outcome(act);
	}
}

/* A result that cannot be recorded is an error that trying again cannot mend; but
 * the activity has done what it does. */
static void refuse_result(struct dtf_activity *act, const char *name, const char *message) {
	act->failure = (struct dtf_failure){ .name = name,
		.message = message == NULL ? NULL : keep(act, message) };
	encode_failure(act);
	act->outcome = act->outcome == OUTCOME_LOST ? OUTCOME_LOST : OUTCOME_UNUSABLE;
}

static void encode_result(struct dtf_activity *act, const void *result) {
	int rc = dtf__encode(&act->payload, act->def->result, result);
	if (rc == CODEC_OVERFLOW) {
		refuse_result(act, dtf_overflow.name, dtf_errmsg());
	} else if (rc > 0) {
		refuse_result(act, dtf_bad_value.name, dtf_errmsg());
	} else if (rc < 0) {
		lose_outcome(act);
	} else if ((int64_t)act->payload.size > act->payload_max) {
		const char *text = dtf__arena_printf(&act->memory,
			"the activity's result has %zu bytes, the limit is %lld", act->payload.size,
			(long long)act->payload_max);
		refuse_result(act, dtf_payload_too_large.name, text);
	} else {
		act->outcome = OUTCOME_OK;
	}
}

/* What the function returned, as the attempt's outcome. */
static void conclude(struct dtf_activity *act, int rc) {
	if (rc != 0 && !act->failed) {
		char text[64];
		(void)snprintf(text, sizeof(text), "the activity returned %d", rc);
		(void)fail(act, NULL, text, true);
	}
	if (rc == 0) {
		encode_result(act, act->result);
		return;
	}
	if (act->failure.name == dtf_bad_payload.name) {
		refuse_result(act, act->failure.name, act->failure.message);
		return;
	}
	bool gave_up = act->cancelled && !act->spared &&
		act->failure.name == dtf_activity_failed.name;
	bool lost = act->failure.name == dtf_lost.name;
	encode_failure(act);
	if (lost) {
		act->outcome = OUTCOME_LOST;
	}
	if (gave_up && act->outcome == OUTCOME_FAILED) {
		act->outcome = OUTCOME_CANCELLED; /* how far it had come is unknown */
	}
}

int64_t dtf__attempt_put_off(const struct dtf_activity *act, int64_t limit_ms) {
	int64_t held_ms = act->waits ? dtf__watch_steady_ms(act->watch) - act->made_ms
				     : act->held_ms;
	return limit_ms < INT64_MAX - held_ms ? limit_ms + held_ms : INT64_MAX;
}

static char *put_number(char *at, uint64_t number) {
	char digits[20];
	size_t count = 0;
	do {
		digits[count++] = (char)('0' + number % 10);
		number /= 10;
	} while (number > 0);
	while (count > 0) {
		*at++ = digits[--count];
	}
	return at;
}

/* Instance/execution/command-seed.  By hand: printf is slow, and each attempt has one. */
static const char *make_key(struct dtf_activity *act) {
	static const char hex[] = "0123456789abcdef";
	size_t size = strlen(act->id);
	char *key = dtf__arena_alloc(&act->memory, size + 2 * 20 + 2 * sizeof(act->seed) + 4);
	if (key == NULL) {
		return NULL;
	}
	memcpy(key, act->id, size);
	char *at = key + size;
	*at++ = '/';
	at = put_number(at, (uint64_t)act->execution);
	*at++ = '/';
	at = put_number(at, act->op);
	*at++ = '-';
	for (size_t i = 0; i < sizeof(act->seed); i++) {
		*at++ = hex[act->seed[i] >> 4];
		*at++ = hex[act->seed[i] & 15];
	}
	*at = '\0';
	return key;
}

/* Its time runs from now on.  False: no memory. */
static bool begin(struct dtf_activity *act) {
	int64_t now_ms = dtf__watch_steady_ms(act->watch);
	act->held_ms = now_ms - act->made_ms;
	act->beat_ms = now_ms;
	act->waits = false;
	act->key = make_key(act);
	act->result = dtf__arena_alloc(&act->memory, act->def->result->size + 1);
	return act->key != NULL && act->result != NULL;
}

/* A step that was cancelled while it waited for a thread is known not to have happened. */
static int spare(struct dtf_activity *act) {
	act->spared = true;
	act->waits = false;
	return fail(act, NULL, "cancelled before it began", true);
}

static int call(struct dtf_activity *act) {
	if (act->cancelled) {
		return spare(act);
	}
	void *args = begin(act) ? dtf__arena_alloc(&act->memory, act->def->args->size + 1) : NULL;
	int rc = args == NULL ? DTF_ENOMEM
			      : dtf__decode(&act->memory, act->def->args, "", act->args, args);
	if (rc == DTF_ENOMEM) {
		return fail(act, NULL, "out of memory", true);
	}
	if (rc < 0) {
		return fail(act, "bad_payload", dtf_errmsg(), false);
	}
	return act->run != NULL ? act->run(act) : act->def->run(act, args, act->result);
}

static void report(struct dtf_activity *act, bool deferred) {
	if (deferred) {
		act->deferred(act->finished_arg, false);
	}
	act->finished(act->finished_arg, act);
}

void dtf__attempt_run(struct dtf_activity *act) {
	int rc = call(act);
	if (rc != DTF_DEFERRED) {
		conclude(act, rc);
		report(act, false);
		return;
	}
	act->deferred(act->finished_arg, true);
	/* From here on it may be another's. */
	if ((atomic_fetch_or(&act->phase, RETURNED) & COMPLETED) != 0) {
		report(act, true);
	}
}

void dtf_activity_complete(struct dtf_activity *act, int rc) {
	conclude(act, rc);
	unsigned before = atomic_fetch_or(&act->phase, COMPLETED);
	if ((before & ABANDONED) != 0) {
		dtf__attempt_free(act);
	} else if ((before & RETURNED) != 0) {
		report(act, true);
	}
}

bool dtf__attempt_abandon(struct dtf_activity *act) {
	unsigned deferred = RETURNED;
	return atomic_compare_exchange_strong(&act->phase, &deferred, RETURNED | ABANDONED);
}

void dtf__attempt_free(struct dtf_activity *act) {
	if (act == NULL) {
		return;
	}
	struct arena memory = act->memory; /* which it lies in itself */
	dtf__buf_finish(&act->payload);
	dtf__watch_drop(act->watch);
	dtf__arena_finish(&memory);
}
