/*
 * What a scenario expects, compared with what was seen.  A difference is an
 * object: what differs (as a path: "output.labels[1]"), what was expected and
 * what was got; or only `what`, a sentence.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "../buf.h"
#include "../number.h"
#include "sim.h"

static void add_text(struct scenario_run *run, const char *text) {
	(void)json_array_append_new(run->differences, json_pack("{s:s}", "what", text));
}

void scenario_trouble(struct sim *sim, const char *format, ...) {
	char text[512];
	va_list args;
	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	add_text(sim->run, text);
}

bool scenario_troubled(const struct sim *sim) {
	return json_array_size(sim->run->differences) > 0;
}

static void differs(struct scenario_run *run, const char *what, json_t *expected, json_t *actual) {
	(void)json_array_append_new(run->differences,
		json_pack("{s:s, s:O, s:O*}", "what", what, "expected", expected, "got", actual));
}

/* ---- values ---- */

/* Objects: the given fields match.  Lists: element by element.  All else: equal. */
static bool matches(json_t *expected, json_t *actual) {
	if (json_is_array(expected) && json_array_size(expected) == json_array_size(actual)) {
		size_t i = 0, count = json_array_size(expected);
		while (i < count &&
			matches(json_array_get(expected, i), json_array_get(actual, i))) {
			i++;
		}
		return i == count;
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

/* Says what differs at the deepest place that has it alone. */
static void compare(struct scenario_run *run, const char *what, json_t *expected, json_t *actual) {
	struct buf path = { 0 };
	if (matches(expected, actual)) {
		return;
	}
	if (json_is_object(expected) && json_is_object(actual)) {
		const char *key;
		json_t *value;
		json_object_foreach(expected, key, value) {
			dtf__buf_clear(&path);
			dtf__buf_printf(&path, "%s.%s", what, key);
			compare(run, path.data, value, json_object_get(actual, key));
		}
	} else if (json_is_array(expected) &&
		json_array_size(expected) == json_array_size(actual)) {
		for (size_t i = 0; i < json_array_size(expected); i++) {
			dtf__buf_clear(&path);
			dtf__buf_printf(&path, "%s[%zu]", what, i);
			compare(run, path.data, json_array_get(expected, i),
				json_array_get(actual, i));
		}
	} else {
		differs(run, what, expected, actual);
	}
	dtf__buf_finish(&path);
}

/* ---- keys that are compared in a way of their own ---- */

/* Arguments as a prefix; names with or without the package. */
bool scenario_call_matches(json_t *expected, json_t *call) {
	if (!scenario_same_name(json_string_value(json_array_get(expected, 0)),
		    json_string_value(json_array_get(call, 0)))) {
		return false;
	}
	for (size_t i = 1; i < json_array_size(expected); i++) {
		json_t *actual = json_array_get(call, i);
		if (actual == NULL || !matches(json_array_get(expected, i), actual)) {
			return false;
		}
	}
	return true;
}

/* Takes the call out of those that are still expected. */
static bool take_call(json_t *expected, json_t *call, bool ordered) {
	json_t *one;
	size_t i;
	json_array_foreach(expected, i, one) {
		if (scenario_call_matches(one, call)) {
			return json_array_remove(expected, i) == 0;
		}
		if (ordered) {
			return false;
		}
	}
	return false;
}

static void expect_calls(
	struct scenario_run *run, const char *what, json_t *expected, json_t *actual) {
	bool ordered = strcmp(what, "calls") == 0, ok = true;
	json_t *left = json_copy(expected), *call;
	size_t i;
	json_array_foreach(actual, i, call) {
		ok = ok && take_call(left, call, ordered);
	}
	if (!ok || json_array_size(left) > 0) {
		differs(run, what, expected, actual);
	}
	json_decref(left);
}

static void expect_error(struct scenario_run *run, json_t *expected, json_t *actual) {
	json_t *same = json_copy(actual);
	const char *wanted = json_string_value(json_object_get(expected, "name"));
	const char *name = json_string_value(json_object_get(actual, "name"));
	if (wanted != NULL && name != NULL && scenario_same_name(wanted, name)) {
		(void)json_object_set_new(same, "name", json_string(wanted));
	}
	compare(run, "error", expected, same);
	json_decref(same);
}

/* Both ends of "1s..2s"; the form has been checked. */
static void expect_elapsed(struct scenario_run *run, json_t *expected, json_t *actual) {
	const char *text = json_string_value(expected), *dots = strstr(text, "..");
	int64_t least_ms = 0, most_ms = 0, elapsed_ms = json_integer_value(actual);
	char least[64];
	(void)snprintf(least, sizeof(least), "%.*s",
		dots == NULL ? (int)strlen(text) : (int)(dots - text), text);
	(void)scenario_duration(least, &least_ms);
	(void)scenario_duration(dots == NULL ? text : dots + 2, &most_ms);
	if (elapsed_ms < least_ms || elapsed_ms > most_ms) {
		char got_text[DURATION_TEXT_MAX];
		dtf__duration_text(got_text, elapsed_ms);
		json_t *got = json_string(got_text);
		differs(run, "elapsed", expected, got);
		json_decref(got);
	}
}

/* Each is found in the log, where every line ends in a newline. */
static void expect_log(struct scenario_run *run, json_t *expected, json_t *actual) {
	struct buf log = { 0 };
	json_t *wanted, *line;
	size_t i;
	json_array_foreach(actual, i, line) {
		dtf__buf_printf(&log, "%s\n", json_string_value(line));
	}
	json_array_foreach(expected, i, wanted) {
		if (log.data == NULL || strstr(log.data, json_string_value(wanted)) == NULL) {
			differs(run, "log", wanted, actual);
		}
	}
	dtf__buf_finish(&log);
}

/* A count that is not named is zero. */
static void expect_counts(struct scenario_run *run, json_t *expected, json_t *actual) {
	json_t *all = json_copy(actual), *value;
	const char *name;
	json_object_foreach(expected, name, value) {
		if (json_object_get(all, name) == NULL) {
			(void)json_object_set_new(all, name, json_integer(0));
		}
	}
	compare(run, "events_unconsumed", expected, all);
	json_decref(all);
}

/* What begins at one moment in several partitions has no order: the expected one. */
static json_t *reorder(json_t *expected, json_t *actual) {
	json_t *left = json_copy(actual), *ordered = json_array(), *wanted, *one;
	size_t i, j;
	json_array_foreach(expected, i, wanted) {
		json_t *id = json_object_get(wanted, "id");
		json_array_foreach(left, j, one) {
			if (id == NULL || json_equal(id, json_object_get(one, "id")) == 1) {
				(void)json_array_append(ordered, one);
				(void)json_array_remove(left, j);
				break;
			}
		}
	}
	(void)json_array_extend(ordered, left);
	json_decref(left);
	return ordered;
}

static void expect_key(struct scenario_run *run, const char *key, json_t *expected) {
	json_t *actual = json_object_get(run->seen, key);
	if (strcmp(key, "calls") == 0 || strcmp(key, "calls_unordered") == 0) {
		expect_calls(run, key, expected, json_object_get(run->seen, "calls"));
	} else if (strcmp(key, "error") == 0) {
		expect_error(run, expected, actual);
	} else if (strcmp(key, "elapsed") == 0) {
		expect_elapsed(run, expected, json_object_get(run->seen, "elapsed_ms"));
	} else if (strcmp(key, "log") == 0) {
		expect_log(run, expected, actual);
	} else if (strcmp(key, "events_unconsumed") == 0) {
		expect_counts(run, expected, actual);
	} else if (strcmp(key, "children") == 0 && run->partitions > 1) {
		json_t *ordered = reorder(expected, actual);
		compare(run, key, expected, ordered);
		json_decref(ordered);
	} else if (actual != NULL || !json_is_null(expected)) {
		compare(run, key, expected, actual);
	}
}

void scenario_expect(struct scenario_run *run, json_t *expect) {
	const char *key;
	json_t *value;
	json_object_foreach(expect, key, value) {
		expect_key(run, key, value);
	}
}

void scenario_agree(const struct scenario_run *straight, struct scenario_run *run) {
	const char *key;
	json_t *value, *other;
	json_object_foreach(straight->seen, key, value) {
		other = json_object_get(run->seen, key);
		if (run->seen != NULL && json_equal(value, other) != 1) {
			struct buf what = { 0 };
			dtf__buf_printf(&what, "%s, not as when run straight", key);
			differs(run, what.data, value, other);
			dtf__buf_finish(&what);
		}
	}
}
