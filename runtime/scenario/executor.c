/*
 * Activities as a scenario wants them: nothing of the user's C is called.
 *
 * An outcome is made by the same functions that user code calls, so payloads
 * and failures take the path they always take.
 */
#include <stdlib.h>
#include <string.h>

#include "../codec.h"
#include "scenario.h"

static const char *unqualified(const char *name) {
	const char *dot = strrchr(name, '.');
	return dot == NULL ? name : dot + 1;
}

static bool is_outcome(json_t *value) {
	static const char *const keys[] = { "return", "error", "lost", "never", "echo", "takes" };
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		if (json_object_get(value, keys[i]) != NULL) {
			return true;
		}
	}
	return false;
}

static struct outcome read_outcome(struct sim *sim, json_t *value) {
	struct outcome outcome = { .value = value, .retryable = true };
	if (!is_outcome(value)) {
		return outcome;
	}
	outcome.value = json_object_get(value, "return");
	outcome.error = json_string_value(json_object_get(value, "error"));
	outcome.data = json_object_get(value, "data");
	outcome.lost = json_is_true(json_object_get(value, "lost"));
	outcome.never = json_is_true(json_object_get(value, "never"));
	outcome.echo = json_is_true(json_object_get(value, "echo"));
	outcome.ignore_cancel = json_is_true(json_object_get(value, "ignore_cancel"));
	outcome.retryable = !json_is_false(json_object_get(value, "retryable"));
	const char *takes = json_string_value(json_object_get(value, "takes"));
	if (takes != NULL && !scenario_duration(takes, &outcome.takes_ms)) {
		dtf__buf_printf(&sim->trouble, "takes: %s is no duration\n", takes);
	}
	return outcome;
}

static size_t earlier_calls(const struct sim *sim, const char *name) {
	size_t n = 0;
	for (const struct call *call = sim->calls; call != NULL; call = call->next) {
		n += strcmp(call->name, name) == 0 ? 1 : 0;
	}
	return n;
}

static struct outcome find_outcome(struct sim *sim, const char *name) {
	json_t *activities = json_object_get(sim->scenario, "activities");
	json_t *entry = json_object_get(activities, name);
	if (entry == NULL) {
		entry = json_object_get(activities, unqualified(name));
	}
	if (entry == NULL) {
		dtf__buf_printf(&sim->trouble, "activity %s was called and has no entry\n", name);
		return (struct outcome){ .error = "no entry in the scenario" };
	}
	if (json_is_array(entry)) {
		size_t n = earlier_calls(sim, name), last = json_array_size(entry) - 1;
		entry = json_array_get(entry, n < last ? n : last);
	}
	return read_outcome(sim, entry);
}

static void add_call(struct sim *sim, const struct dtf_activity *attempt) {
	struct call *call = calloc(1, sizeof(*call));
	if (call == NULL) {
		dtf__buf_text(&sim->trouble, "out of memory\n");
		return;
	}
	call->name = attempt->def->name;
	call->args = json_loadb(attempt->args.data, attempt->args.size, 0, NULL);
	*sim->calls_tail = call;
	sim->calls_tail = &call->next;
}

void scenario_submit(void *arg, struct dtf_activity *attempt) {
	struct sim *sim = arg;
	struct running *running = calloc(1, sizeof(*running));
	if (running == NULL) {
		dtf__buf_text(&sim->trouble, "out of memory\n");
		return;
	}
	running->attempt = attempt;
	running->outcome = find_outcome(sim, attempt->def->name);
	add_call(sim, attempt);
	bool endless = running->outcome.never || running->outcome.lost;
	running->due_ms = endless ? INT64_MAX : sim->now_ms + running->outcome.takes_ms;
	struct running **at = &sim->running;
	while (*at != NULL) {
		at = &(*at)->next;
	}
	*at = running;
}

void scenario_cancel(void *arg, struct dtf_activity *attempt) {
	struct sim *sim = arg;
	for (struct running *running = sim->running; running != NULL; running = running->next) {
		bool deaf = running->outcome.ignore_cancel || running->outcome.lost;
		if (running->attempt == attempt && !deaf) {
			running->due_ms = sim->now_ms;
		}
	}
}

/* ---- ends ---- */

static void fail(struct dtf_activity *attempt, const struct outcome *outcome) {
	const struct dtf_error_def *declared = NULL;
	for (const struct dtf_error_def *const *e = attempt->def->fails; *e != NULL; e++) {
		if (strcmp((*e)->name, outcome->error) == 0 ||
			strcmp(unqualified((*e)->name), outcome->error) == 0) {
			declared = *e;
		}
	}
	if (declared == NULL) {
		(void)(outcome->retryable ? dtf_activity_fail(attempt, NULL, outcome->error)
					  : dtf_activity_fail_final(attempt, NULL, outcome->error));
	} else {
		attempt->failed = true;
		attempt->failure = (struct dtf_failure){ .name = declared->name,
			.message = declared->name };
		char *data = outcome->data == NULL ? NULL : json_dumps(outcome->data, JSON_COMPACT);
		if (data != NULL) {
			attempt->failure.data = dtf__arena_copy(
				&attempt->memory, data, strlen(data));
			free(data);
		}
	}
	dtf__failure_encode(&attempt->payload, &attempt->failure);
	attempt->outcome = OUTCOME_FAILED;
}

static void succeed(struct dtf_activity *attempt, const struct outcome *outcome) {
	json_t *args = json_loadb(attempt->args.data, attempt->args.size, 0, NULL);
	json_t *value = outcome->echo ? json_array_get(args, 0) : outcome->value;
	char *text = value == NULL ? NULL : json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
	dtf__buf_text(&attempt->payload, text == NULL ? "null" : text);
	free(text);
	json_decref(args);
	attempt->outcome = OUTCOME_OK;
}

static void finish(const struct running *running) {
	struct dtf_activity *attempt = running->attempt;
	const struct outcome *outcome = &running->outcome;
	if (attempt->cancelled && !outcome->ignore_cancel) {
		dtf__failure_encode(&attempt->payload,
			&(struct dtf_failure){ .name = "activity_failed",
				.message = "gave up when it was asked to cancel" });
		attempt->outcome = OUTCOME_CANCELLED;
	} else if (outcome->error != NULL) {
		fail(attempt, outcome);
	} else {
		succeed(attempt, outcome);
	}
	attempt->finished(attempt->finished_arg, attempt);
}

bool scenario_finish_due(struct sim *sim) {
	bool any = false;
	struct running **at = &sim->running;
	while (*at != NULL) {
		struct running *running = *at;
		if (running->due_ms > sim->now_ms) {
			at = &running->next;
			continue;
		}
		*at = running->next;
		finish(running);
		free(running);
		any = true;
	}
	return any;
}

int64_t scenario_next_finish(const struct sim *sim) {
	int64_t next_ms = INT64_MAX;
	for (const struct running *r = sim->running; r != NULL; r = r->next) {
		next_ms = r->due_ms < next_ms ? r->due_ms : next_ms;
	}
	return next_ms;
}

void scenario_drop_running(struct sim *sim) {
	while (sim->running != NULL) {
		struct running *next = sim->running->next;
		dtf__attempt_free(sim->running->attempt);
		free(sim->running);
		sim->running = next;
	}
}
