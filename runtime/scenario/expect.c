/*
 * What a scenario expects, compared with what the store says: everything is
 * read back from the log, the way a tool in another process would.
 */
#include <stdlib.h>
#include <string.h>

#include "../codec.h"
#include "../error.h"
#include "scenario.h"

/* What the whole history of the instance says. */
struct seen {
	struct arena arena;
	struct row row;
	struct dtf_result result;
	const char *custom_status; /* JSON; NULL: none */
	json_t *undo_failed;       /* names */
	json_t *unconsumed;        /* counts by name */
	int64_t end_ms;
};

static void differs(struct sim *sim, const char *what, json_t *expected, json_t *actual) {
	char *want = json_dumps(expected, JSON_COMPACT | JSON_ENCODE_ANY);
	char *have = actual == NULL ? NULL : json_dumps(actual, JSON_COMPACT | JSON_ENCODE_ANY);
	dtf__buf_printf(&sim->trouble, "%s: expected %s, is %s\n", what, want == NULL ? "?" : want,
		have == NULL ? "absent" : have);
	free(want);
	free(have);
}

static const char *unqualified(const char *name) {
	const char *dot = strrchr(name, '.');
	return dot == NULL ? name : dot + 1;
}

static bool same_name(const char *expected, const char *actual) {
	return strcmp(expected, actual) == 0 || strcmp(expected, unqualified(actual)) == 0;
}

/* Objects: the given fields match.  Lists: element by element.  All else: equal. */
static bool matches(json_t *expected, json_t *actual) {
	if (json_is_array(expected) && json_array_size(expected) == json_array_size(actual)) {
		for (size_t i = 0; i < json_array_size(expected); i++) {
			if (!matches(json_array_get(expected, i), json_array_get(actual, i))) {
				return false;
			}
		}
		return true;
	}
	if (!json_is_object(expected) || !json_is_object(actual)) {
		return json_equal(expected, actual) == 1;
	}
	const char *key;
	json_t *value;
	json_object_foreach(expected, key, value) {
		json_t *other = json_object_get(actual, key);
		if (other == NULL || !matches(value, other)) {
			return false;
		}
	}
	return true;
}

/* ---- reading the history ---- */

static void count(json_t *counts, const char *name, int by) {
	json_t *old = json_object_get(counts, unqualified(name));
	(void)json_object_set_new(
		counts, unqualified(name), json_integer(json_integer_value(old) + by));
}

struct walk {
	struct seen *seen;
	const struct dtf_workflow_def *workflow;
	const char *opened[256]; /* names of open waits, by command number */
};

static void see(struct walk *walk, const struct event *event) {
	struct seen *seen = walk->seen;
	switch ((int)event->kind) {
	case EVENT_STATUS:
		seen->custom_status = event->payload.data;
		break;
	case EVENT_RAISED:
		count(seen->unconsumed, event->name, 1);
		break;
	case EVENT_WAIT_OPENED:
		walk->opened[event->op % 256] = event->name;
		break;
	case EVENT_TAKEN:
		count(seen->unconsumed, walk->opened[event->op % 256], -1);
		break;
	case EVENT_UNDO_FAILED: {
		const char *text = event->site < walk->workflow->nsites
			? walk->workflow->sites[event->site].text
			: "";
		const char *undo = strstr(text, "undo ");
		const char *name = undo == NULL ? text : undo + 5;
		size_t size = strcspn(name, "( {");
		(void)json_array_append_new(seen->undo_failed, json_stringn(name, size));
		break;
	}
	default:
		break;
	}
	seen->end_ms = event->time_ms;
}

static void walk_records(struct sim *sim, struct walk *walk, const struct history *history) {
	for (size_t i = 0; i < history->count; i++) {
		struct record record;
		struct slice events;
		int rc = dtf__record_decode(history->records[i], &record, &events);
		while (rc == 0 && events.size > 0) {
			struct event event;
			rc = dtf__event_decode(&walk->seen->arena, &events, &event);
			if (rc == 0) {
				see(walk, &event);
			}
		}
		if (rc < 0) {
			dtf__buf_printf(
				&sim->trouble, "the history is damaged: %s\n", dtf_errmsg());
		}
	}
}

/* All executions, oldest first: the chain is walked back, then forward. */
static void walk_history(struct sim *sim, struct seen *seen) {
	struct walk walk = { .seen = seen,
		.workflow = dtf__registry_newest(sim->engine, seen->row.workflow) };
	struct history histories[64];
	size_t n = 0;
	struct row row = seen->row;
	while (row.last != 0 && n < 64) {
		struct history *history = &histories[n];
		if (dtf__history_read(sim->store, &row, &seen->arena, history) != 0 ||
			history->count == 0) {
			break;
		}
		n++;
		struct record first;
		struct slice events;
		if (dtf__record_decode(history->records[0], &first, &events) != 0) {
			break;
		}
		row.last = first.previous;
		row.execution--;
	}
	while (n > 0) {
		walk_records(sim, &walk, &histories[--n]);
	}
}

static bool look(struct sim *sim, struct seen *seen) {
	struct store *store = sim->store;
	struct slice bytes;
	uint64_t number;
	if (store->ops->find(store, sim->id, &number) != 0 ||
		store->ops->row(store, &seen->arena, number, &bytes) != 0 ||
		dtf__row_decode(&seen->arena, bytes, &seen->row) != 0) {
		dtf__buf_text(&sim->trouble, "the instance cannot be read back\n");
		return false;
	}
	walk_history(sim, seen);
	if (seen->row.status > DTF_SUSPENDED &&
		dtf__result_read(store, &seen->row, &seen->result) < 0) {
		dtf__buf_printf(&sim->trouble, "no result: %s\n", dtf_errmsg());
		return false;
	}
	return true;
}

/* ---- comparing ---- */

static bool call_matches(json_t *expected, const struct call *call) {
	if (!same_name(json_string_value(json_array_get(expected, 0)), call->name)) {
		return false;
	}
	for (size_t i = 1; i < json_array_size(expected); i++) {
		json_t *actual = json_array_get(call->args, i - 1);
		if (actual == NULL || !matches(json_array_get(expected, i), actual)) {
			return false;
		}
	}
	return true;
}

static json_t *calls_json(const struct sim *sim) {
	json_t *all = json_array();
	for (const struct call *call = sim->calls; call != NULL; call = call->next) {
		json_t *one = json_pack("[s]", unqualified(call->name));
		(void)json_array_extend(one, call->args);
		(void)json_array_append_new(all, one);
	}
	return all;
}

static void expect_calls(struct sim *sim, json_t *expected, bool ordered) {
	bool *used = calloc(json_array_size(expected) + 1, sizeof(bool));
	bool ok = used != NULL;
	size_t n = 0;
	for (const struct call *call = sim->calls; call != NULL && ok; call = call->next, n++) {
		ok = ordered && n < json_array_size(expected) &&
			call_matches(json_array_get(expected, n), call);
		for (size_t i = 0; !ordered && !ok && i < json_array_size(expected); i++) {
			if (!used[i] && call_matches(json_array_get(expected, i), call)) {
				used[i] = true;
				ok = true;
			}
		}
	}
	free(used);
	if (!ok || n != json_array_size(expected)) {
		json_t *actual = calls_json(sim);
		differs(sim, ordered ? "calls" : "calls_unordered", expected, actual);
		json_decref(actual);
	}
}

static void expect_error(struct sim *sim, json_t *expected, const struct seen *seen) {
	const struct dtf_failure *error = &seen->result.error;
	json_t *data = error->data == NULL ? NULL : json_loads(error->data, 0, NULL);
	json_t *suppressed = error->suppressed == NULL ? NULL
						       : json_loads(error->suppressed, 0, NULL);
	json_t *actual = json_pack("{s:s*, s:s*, s:o*, s:I, s:s*, s:s*, s:o*}", "name", error->name,
		"message", error->message, "data", data, "attempts", (json_int_t)error->attempts,
		"kind", error->kind, "code", error->code, "suppressed", suppressed);
	json_t *name = json_object_get(expected, "name");
	if (name != NULL && error->name != NULL &&
		same_name(json_string_value(name), error->name)) {
		(void)json_object_set(actual, "name", name);
	}
	if (!matches(expected, actual)) {
		differs(sim, "error", expected, actual);
	}
	json_decref(actual);
}

static void expect_json(struct sim *sim, const char *what, json_t *expected, const char *actual) {
	json_t *value = actual == NULL ? NULL : json_loads(actual, JSON_DECODE_ANY, NULL);
	if (value == NULL ? !json_is_null(expected) : !matches(expected, value)) {
		differs(sim, what, expected, value);
	}
	json_decref(value);
}

static void expect_elapsed(struct sim *sim, json_t *expected, const struct seen *seen) {
	char text[64];
	(void)snprintf(text, sizeof(text), "%s", json_string_value(expected));
	char *dots = strstr(text, "..");
	int64_t least_ms = 0, most_ms = 0, elapsed_ms = seen->end_ms - sim->start_ms;
	if (dots != NULL) {
		*dots = '\0';
	}
	if (!scenario_duration(text, &least_ms) ||
		!scenario_duration(dots == NULL ? text : dots + 2, &most_ms)) {
		dtf__buf_text(&sim->trouble, "elapsed: no duration\n");
	} else if (elapsed_ms < least_ms || elapsed_ms > most_ms) {
		json_t *actual = json_sprintf("%lldms", (long long)elapsed_ms);
		differs(sim, "elapsed", expected, actual);
		json_decref(actual);
	}
}

static void expect_log(struct sim *sim, json_t *expected) {
	json_t *line;
	size_t i;
	json_array_foreach(expected, i, line) {
		const char *text = json_string_value(line);
		if (text == NULL || sim->log.data == NULL || strstr(sim->log.data, text) == NULL) {
			json_t *actual = json_string(sim->log.data == NULL ? "" : sim->log.data);
			differs(sim, "log", line, actual);
			json_decref(actual);
		}
	}
}

static void expect_key(struct sim *sim, struct seen *seen, const char *key, json_t *expected) {
	json_t *actual = NULL;
	if (strcmp(key, "status") == 0) {
		actual = json_string(dtf_status_name((enum dtf_status)seen->row.status));
	} else if (strcmp(key, "execution") == 0) {
		actual = json_integer(seen->row.execution);
	} else if (strcmp(key, "undo_failed") == 0) {
		actual = json_incref(seen->undo_failed);
	} else if (strcmp(key, "events_unconsumed") == 0) {
		actual = json_incref(seen->unconsumed);
	} else if (strcmp(key, "calls") == 0 || strcmp(key, "calls_unordered") == 0) {
		expect_calls(sim, expected, key[5] == '\0');
		return;
	} else if (strcmp(key, "error") == 0) {
		expect_error(sim, expected, seen);
		return;
	} else if (strcmp(key, "output") == 0) {
		expect_json(sim, key, expected, seen->result.output);
		return;
	} else if (strcmp(key, "custom_status") == 0) {
		expect_json(sim, key, expected, seen->custom_status);
		return;
	} else if (strcmp(key, "elapsed") == 0) {
		expect_elapsed(sim, expected, seen);
		return;
	} else if (strcmp(key, "log") == 0) {
		expect_log(sim, expected);
		return;
	} else {
		dtf__buf_printf(&sim->trouble, "expect: unknown key %s\n", key);
		return;
	}
	if (!matches(expected, actual)) {
		differs(sim, key, expected, actual);
	}
	json_decref(actual);
}

void scenario_expect(struct sim *sim, json_t *expect) {
	struct seen seen = { .undo_failed = json_array(), .unconsumed = json_object() };
	if (sim->engine != NULL && look(sim, &seen)) {
		const char *key;
		json_t *value;
		json_object_foreach(expect, key, value) {
			expect_key(sim, &seen, key, value);
		}
	}
	json_decref(seen.undo_failed);
	json_decref(seen.unconsumed);
	dtf_result_free(&seen.result);
	dtf__arena_finish(&seen.arena);
}
