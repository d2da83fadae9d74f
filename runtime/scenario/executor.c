/*
 * Activities as a scenario wants them: nothing of the user's C is called.
 *
 * An outcome is made by the same functions that user code calls, so payloads
 * and failures take the path they always take.
 */
#include <stdlib.h>
#include <string.h>

#include "../codec.h"
#include "sim.h"

static int64_t read_duration(json_t *object, const char *key) {
	const char *text = json_string_value(json_object_get(object, key));
	int64_t ms = 0;
	return text != NULL && scenario_duration(text, &ms) ? ms : 0;
}

static struct outcome read_outcome(json_t *value) {
	struct outcome outcome = { .value = value, .retryable = true };
	if (!scenario_is_outcome(value)) {
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
	outcome.takes_ms = read_duration(value, "takes");
	outcome.beats_ms = read_duration(value, "beats");
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
		entry = json_object_get(activities, scenario_bare(name));
	}
	if (entry == NULL) {
		scenario_trouble(sim, "activity %s was called and has no entry", name);
		return (struct outcome){ .error = "no entry in the scenario" };
	}
	if (json_is_array(entry)) {
		size_t n = earlier_calls(sim, name), last = json_array_size(entry) - 1;
		entry = json_array_get(entry, n < last ? n : last);
	}
	return read_outcome(entry);
}

static void add_call(struct sim *sim, const struct dtf_activity *attempt) {
	struct call *call = calloc(1, sizeof(*call));
	if (call == NULL) {
		scenario_trouble(sim, "out of memory");
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
		scenario_trouble(sim, "out of memory");
		return;
	}
	running->attempt = attempt;
	running->outcome = find_outcome(sim, attempt->def->name);
	add_call(sim, attempt);
	running->beat_ms = sim->now_ms;
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
	char *data = outcome->data == NULL
		? NULL
		: json_dumps(outcome->data, JSON_COMPACT | JSON_ENCODE_ANY);
	(void)dtf_activity_fail_json(attempt, outcome->error, data, outcome->error);
	free(data);
	const char *code = attempt->failure.code;
	if (code != NULL && strcmp(code, outcome->error) == 0) { /* it is not declared */
		attempt->failure.code = NULL;                    /* and what it says is a message */
		attempt->failure.retryable = outcome->retryable;
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

static void finish(struct sim *sim, const struct running *running) {
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
	sim->heard = dtf__partition_of_id(attempt->id, sim->stores.count);
	attempt->finished(attempt->finished_arg, attempt);
}

/* All that the engine can tell of several beats is when the last one was. */
void scenario_beat(struct sim *sim) {
	int64_t now_ms = sim->now_ms;
	for (struct running *r = sim->running; r != NULL; r = r->next) {
		int64_t every_ms = r->outcome.beats_ms, since_ms = now_ms - r->beat_ms;
		if (every_ms > 0 && since_ms >= every_ms && !r->attempt->cancelled) {
			r->beat_ms = now_ms - since_ms % every_ms;
			sim->now_ms = r->beat_ms;
			(void)dtf_activity_heartbeat(r->attempt);
		}
	}
	sim->now_ms = now_ms;
}

/* One of those that are due: the first, or any of them. */
static struct running **find_due(struct sim *sim) {
	size_t count = 0;
	for (const struct running *r = sim->running; r != NULL; r = r->next) {
		count += r->due_ms <= sim->now_ms;
	}
	size_t wanted = count == 0 ? 0 : scenario_pick(sim, count);
	struct running **at = &sim->running;
	while (*at != NULL && ((*at)->due_ms > sim->now_ms || wanted-- > 0)) {
		at = &(*at)->next;
	}
	return at;
}

/* Permuted, the engine sometimes sees what another's end leads to before the next; and
 * always where what several engines have heard would die with the first one's commit. */
bool scenario_finish_due(struct sim *sim) {
	bool any = false;
	struct running **at = find_due(sim);
	while (*at != NULL) {
		struct running *running = *at;
		*at = running->next;
		finish(sim, running);
		free(running);
		any = true;
		if (sim->stores.count > 1 || scenario_coin(sim)) {
			break;
		}
		at = find_due(sim);
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
