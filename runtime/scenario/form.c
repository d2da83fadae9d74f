/*
 * The form of a scenario, checked before it runs: a key that is misspelt, or
 * that its place does not know, would otherwise expect nothing and pass.
 *
 * Tables say which keys an object has and of what kind their values are; what
 * tables cannot say (one verb for each entry, names that the modules declare)
 * is checked beside them.  Afterwards the runner reads without asking again.
 */
#include <stdlib.h>
#include <string.h>

#include "../error.h"
#include "../path.h"
#include "sim.h"

bool scenario_duration(const char *text, int64_t *ret_ms) {
	static const struct {
		const char *unit;
		int64_t ms;
	} units[] = { { "ms", 1 }, { "s", 1000 }, { "m", 60000 }, { "h", 3600000 },
		{ "d", 86400000 }, { "w", 604800000 } };
	int64_t sum_ms = 0;
	do {
		char *end;
		int64_t n = strtoll(text, &end, 10);
		size_t i = 0, count = sizeof(units) / sizeof(*units);
		while (i < count && strncmp(end, units[i].unit, strlen(units[i].unit)) != 0) {
			i++;
		}
		if (*text < '0' || *text > '9' || i == count ||
			__builtin_mul_overflow(n, units[i].ms, &n) ||
			__builtin_add_overflow(sum_ms, n, &sum_ms)) {
			return false;
		}
		text = end + strlen(units[i].unit);
	} while (*text != '\0');
	*ret_ms = sum_ms;
	return true;
}

const char *scenario_bare(const char *name) {
	const char *dot = strrchr(name, '.');
	return dot == NULL ? name : dot + 1;
}

bool scenario_same_name(const char *expected, const char *actual) {
	return strcmp(expected, actual) == 0 || strcmp(expected, scenario_bare(actual)) == 0;
}

/* ---- tables ---- */

enum form {
	ANYTHING,
	TEXT,
	INTEGER, /* from 0 */
	COUNT,   /* from 1 */
	BOOLEAN,
	YES, /* true; its absence says the contrary */
	SPAN,
	SPANS, /* "1h", "1s..2s" */
	LIST,
	TEXTS,
	COUNTS,
	VALUES, /* by name */
	OBJECT, /* with the keys of `inner` */
	OBJECTS,
	FIXED,
	STATUS,
	ACTIVITY,
	ACTIVITIES, /* outcomes by name */
	CALLS,
	ENTRIES,
	RAISES, /* one, or a list of them */
};

struct key {
	const char *name; /* NULL: the last */
	enum form form;
	const struct key *inner;
};

static const struct key settings_keys[] = { { "payload_max", COUNT, NULL },
	{ "history_max", COUNT, NULL }, { "workers", COUNT, NULL }, { "grace", SPAN, NULL },
	{ NULL, ANYTHING, NULL } };

static const struct key outcome_keys[] = { { "return", ANYTHING, NULL }, { "error", TEXT, NULL },
	{ "data", ANYTHING, NULL }, { "takes", SPAN, NULL }, { "beats", SPAN, NULL },
	{ "retryable", BOOLEAN, NULL }, { "lost", YES, NULL }, { "never", YES, NULL },
	{ "ignore_cancel", YES, NULL }, { "echo", YES, NULL }, { NULL, ANYTHING, NULL } };

static const struct key raise_keys[] = { { "raise", TEXT, NULL }, { "value", ANYTHING, NULL },
	{ "event_id", TEXT, NULL }, { NULL, ANYTHING, NULL } };

static const struct key entry_keys[] = { { "time", SPAN, NULL }, { "on", ACTIVITY, NULL },
	{ "nth", COUNT, NULL }, { "raise", TEXT, NULL }, { "value", ANYTHING, NULL },
	{ "event_id", TEXT, NULL }, { "cancel", TEXT, NULL }, { "terminate", TEXT, NULL },
	{ "suspend", YES, NULL }, { "resume", YES, NULL }, { "crash", YES, NULL },
	{ "query", TEXT, NULL }, { "expect", ANYTHING, NULL }, { "instance", TEXT, NULL },
	{ "refused", BOOLEAN, NULL }, { NULL, ANYTHING, NULL } };
static const char *const verbs[] = { "raise", "cancel", "terminate", "suspend", "resume", "crash",
	"query" };

static const struct key error_keys[] = { { "name", TEXT, NULL }, { "message", TEXT, NULL },
	{ "data", ANYTHING, NULL }, { "attempts", INTEGER, NULL }, { "kind", TEXT, NULL },
	{ "code", TEXT, NULL }, { "id", TEXT, NULL }, { "status", TEXT, NULL },
	{ "suppressed", LIST, NULL }, { NULL, ANYTHING, NULL } };

static const struct key child_keys[] = { { "id", TEXT, NULL }, { "workflow", TEXT, NULL },
	{ "status", STATUS, NULL }, { "execution", COUNT, NULL }, { NULL, ANYTHING, NULL } };

static const struct key expect_keys[] = { { "status", STATUS, NULL }, { "output", ANYTHING, NULL },
	{ "error", OBJECT, error_keys }, { "calls", CALLS, NULL },
	{ "calls_unordered", CALLS, NULL }, { "custom_status", ANYTHING, NULL },
	{ "elapsed", SPANS, NULL }, { "undo_failed", TEXTS, NULL }, { "execution", COUNT, NULL },
	{ "children", OBJECTS, child_keys }, { "events_unconsumed", COUNTS, NULL },
	{ "log", TEXTS, NULL }, { "queries", VALUES, NULL }, { NULL, ANYTHING, NULL } };

static const struct key scenario_keys[] = { { "name", TEXT, NULL }, { "workflow", TEXT, NULL },
	{ "id", TEXT, NULL }, { "input", LIST, NULL }, { "start_with", RAISES, raise_keys },
	{ "settings", OBJECT, settings_keys }, { "activities", ACTIVITIES, NULL },
	{ "at", ENTRIES, NULL }, { "expect", OBJECT, expect_keys }, { "order", FIXED, NULL },
	{ "modules", TEXTS, NULL }, { NULL, ANYTHING, NULL } };

/* ---- checking; false: dtf_errmsg() says what is wrong ---- */

static bool wrong(const struct path *path, const char *what) {
	(void)dtf__path_fail(DTF_EINVAL, path, "%s", what);
	return false;
}

static const struct key *find_key(const struct key *keys, const char *name) {
	while (keys->name != NULL && strcmp(keys->name, name) != 0) {
		keys++;
	}
	return keys->name == NULL ? NULL : keys;
}

static bool unknown_key(const struct path *path, const struct key *keys, const char *name) {
	struct buf known = { 0 };
	for (; keys->name != NULL; keys++) {
		dtf__buf_printf(&known, "%s%s", known.size == 0 ? "" : ", ", keys->name);
	}
	(void)dtf__path_fail(DTF_EINVAL, path, "no key '%s' here; there are %s", name,
		known.failed ? "others" : known.data);
	dtf__buf_finish(&known);
	return false;
}

static bool is_activity(const struct dtf_module *const *modules, const char *name) {
	for (; *modules != NULL; modules++) {
		const struct dtf_activity_def *const *a = (*modules)->activities;
		for (; *a != NULL; a++) {
			if (scenario_same_name(name, (*a)->name)) {
				return true;
			}
		}
	}
	return false;
}

static bool check_activity(
	const struct path *path, const struct dtf_module *const *modules, const char *name) {
	if (name == NULL) {
		return wrong(path, "expected the name of an activity");
	}
	if (!is_activity(modules, name)) {
		(void)dtf__path_fail(DTF_EINVAL, path, "there is no activity '%s'", name);
		return false;
	}
	return true;
}

static bool is_status(const char *name) {
	int status = DTF_RUNNING;
	while (status <= DTF_TERMINATED &&
		strcmp(name, dtf_status_name((enum dtf_status)status)) != 0) {
		status++;
	}
	return status <= DTF_TERMINATED;
}

static bool check_spans(const struct path *path, const char *text) {
	const char *dots = strstr(text, "..");
	char least[64] = "";
	int64_t ms;
	if (dots != NULL && (size_t)(dots - text) < sizeof(least)) {
		memcpy(least, text, (size_t)(dots - text));
	}
	bool ok = dots == NULL ? scenario_duration(text, &ms)
			       : scenario_duration(least, &ms) && scenario_duration(dots + 2, &ms);
	return ok || wrong(path, "expected a duration like \"1h30m\", or \"1s..2s\"");
}

static bool check_object(const struct path *path, json_t *object, const struct key *keys,
	const struct dtf_module *const *modules);

static bool check_texts(const struct path *path, json_t *list) {
	for (size_t i = 0; i < json_array_size(list); i++) {
		struct path element = { path, NULL, i };
		if (!json_is_string(json_array_get(list, i))) {
			return wrong(&element, "expected a string");
		}
	}
	return json_is_array(list) || wrong(path, "expected a list of strings");
}

static bool check_counts(const struct path *path, json_t *object) {
	const char *name;
	json_t *value;
	json_object_foreach(object, name, value) {
		struct path member = { path, name, 0 };
		if (!json_is_integer(value)) {
			return wrong(&member, "expected a number");
		}
	}
	return json_is_object(object) || wrong(path, "expected numbers by name");
}

static bool check_objects(const struct path *path, json_t *list, const struct key *keys,
	const struct dtf_module *const *modules) {
	for (size_t i = 0; i < json_array_size(list); i++) {
		struct path element = { path, NULL, i };
		if (!check_object(&element, json_array_get(list, i), keys, modules)) {
			return false;
		}
	}
	return json_is_array(list) || wrong(path, "expected a list");
}

static bool check_raises(const struct path *path, json_t *value, const struct key *keys,
	const struct dtf_module *const *modules) {
	if (json_is_object(value)) {
		return check_object(path, value, keys, modules) &&
			(json_object_get(value, "raise") != NULL ||
				wrong(path, "which event?  Expected a key 'raise'"));
	}
	for (size_t i = 0; i < json_array_size(value); i++) {
		struct path element = { path, NULL, i };
		json_t *one = json_array_get(value, i);
		if (!json_is_object(one)) {
			return wrong(&element, "expected an object with the keys of a raise");
		}
		if (!check_raises(&element, one, keys, modules)) {
			return false;
		}
	}
	return json_is_array(value) || wrong(path, "expected an object or a list of them");
}

static bool check_outcome(
	const struct path *path, json_t *value, const struct dtf_module *const *modules) {
	return !scenario_is_outcome(value) || check_object(path, value, outcome_keys, modules);
}

static bool check_activities(
	const struct path *path, json_t *object, const struct dtf_module *const *modules) {
	const char *name;
	json_t *value;
	json_object_foreach(object, name, value) {
		struct path member = { path, name, 0 };
		if (!check_activity(path, modules, name) ||
			!check_outcome(&member, value, modules)) {
			return false;
		}
		if (json_is_array(value) && json_array_size(value) == 0) {
			return wrong(&member, "a list of outcomes has at least one");
		}
		for (size_t i = 0; i < json_array_size(value); i++) {
			struct path element = { &member, NULL, i };
			if (!check_outcome(&element, json_array_get(value, i), modules)) {
				return false;
			}
		}
	}
	return json_is_object(object) || wrong(path, "expected outcomes by activity");
}

static bool check_calls(
	const struct path *path, json_t *list, const struct dtf_module *const *modules) {
	for (size_t i = 0; i < json_array_size(list); i++) {
		struct path element = { path, NULL, i };
		json_t *call = json_array_get(list, i);
		const char *name = json_string_value(json_array_get(call, 0));
		if (!check_activity(&element, modules, name)) {
			return false;
		}
	}
	return json_is_array(list) || wrong(path, "expected a list of [activity, argument…]");
}

static size_t count_keys(json_t *object, const char *const *names, size_t count) {
	size_t n = 0;
	for (size_t i = 0; i < count; i++) {
		n += json_object_get(object, names[i]) != NULL;
	}
	return n;
}

static bool check_entry(
	const struct path *path, json_t *entry, const struct dtf_module *const *modules) {
	static const char *const when[] = { "time", "on" };
	static const char *const of_raise[] = { "value", "event_id" };
	if (!check_object(path, entry, entry_keys, modules)) {
		return false;
	}
	if (count_keys(entry, when, 2) != 1) {
		return wrong(path, "when?  Expected either 'time' or 'on'");
	}
	if (count_keys(entry, verbs, sizeof(verbs) / sizeof(*verbs)) != 1) {
		return wrong(
			path, "expected one of raise cancel terminate suspend resume crash query");
	}
	if (json_object_get(entry, "nth") != NULL && json_object_get(entry, "on") == NULL) {
		return wrong(path, "'nth' goes with 'on'");
	}
	if (json_object_get(entry, "expect") != NULL && json_object_get(entry, "query") == NULL) {
		return wrong(path, "'expect' goes with 'query'");
	}
	if (json_object_get(entry, "crash") != NULL && json_object_get(entry, "instance") != NULL) {
		return wrong(path, "'crash' goes without 'instance'");
	}
	if (count_keys(entry, of_raise, 2) > 0 && json_object_get(entry, "raise") == NULL) {
		return wrong(path, "'value' and 'event_id' go with 'raise'");
	}
	return true;
}

static bool check_entries(
	const struct path *path, json_t *list, const struct dtf_module *const *modules) {
	for (size_t i = 0; i < json_array_size(list); i++) {
		struct path element = { path, NULL, i };
		if (!check_entry(&element, json_array_get(list, i), modules)) {
			return false;
		}
	}
	return json_is_array(list) || wrong(path, "expected a list");
}

static bool check_plain(const struct path *path, json_t *value, enum form form) {
	const char *text = json_string_value(value);
	int64_t ms;
	switch ((int)form) {
	case TEXT:
		return text != NULL || wrong(path, "expected a string");
	case INTEGER:
		return (json_is_integer(value) && json_integer_value(value) >= 0) ||
			wrong(path, "expected a number from 0");
	case COUNT:
		return (json_is_integer(value) && json_integer_value(value) > 0) ||
			wrong(path, "expected a number from 1");
	case BOOLEAN:
		return json_is_boolean(value) || wrong(path, "expected true or false");
	case YES:
		return json_is_true(value) || wrong(path, "expected true");
	case SPAN:
		return (text != NULL && scenario_duration(text, &ms)) ||
			wrong(path, "expected a duration like \"1h30m\" or \"250ms\"");
	case SPANS:
		return check_spans(path, text == NULL ? "" : text);
	case LIST:
		return json_is_array(value) || wrong(path, "expected a list");
	case FIXED:
		return (text != NULL && strcmp(text, "fixed") == 0) ||
			wrong(path, "expected \"fixed\"");
	case STATUS:
		return (text != NULL && is_status(text)) || wrong(path, "there is no such status");
	default:
		return true;
	}
}

static bool check_value(const struct path *path, json_t *value, const struct key *key,
	const struct dtf_module *const *modules) {
	switch ((int)key->form) {
	case TEXTS:
		return check_texts(path, value);
	case COUNTS:
		return check_counts(path, value);
	case VALUES:
		return json_is_object(value) || wrong(path, "expected values by name");
	case OBJECT:
		return check_object(path, value, key->inner, modules);
	case OBJECTS:
		return check_objects(path, value, key->inner, modules);
	case ACTIVITY:
		return check_activity(path, modules, json_string_value(value));
	case ACTIVITIES:
		return check_activities(path, value, modules);
	case CALLS:
		return check_calls(path, value, modules);
	case ENTRIES:
		return check_entries(path, value, modules);
	case RAISES:
		return check_raises(path, value, key->inner, modules);
	default:
		return check_plain(path, value, key->form);
	}
}

static bool check_object(const struct path *path, json_t *object, const struct key *keys,
	const struct dtf_module *const *modules) {
	const char *name;
	json_t *value;
	json_object_foreach(object, name, value) {
		const struct key *key = find_key(keys, name);
		struct path member = { path, name, 0 };
		if (key == NULL) {
			return unknown_key(path, keys, name);
		}
		if (!check_value(&member, value, key, modules)) {
			return false;
		}
	}
	return json_is_object(object) || wrong(path, "expected an object");
}

/* The other keys of an outcome only say more about one of these. */
bool scenario_is_outcome(json_t *value) {
	static const char *const keys[] = { "return", "error", "lost", "never", "echo", "takes" };
	return count_keys(value, keys, sizeof(keys) / sizeof(*keys)) > 0;
}

static bool check_workflow(json_t *scenario, const struct dtf_module *const *modules) {
	const char *name = json_string_value(json_object_get(scenario, "workflow"));
	for (; name != NULL && *modules != NULL; modules++) {
		const struct dtf_workflow_def *const *w = (*modules)->workflows;
		for (; *w != NULL; w++) {
			if (scenario_same_name(name, (*w)->name)) {
				return true;
			}
		}
	}
	struct path path = { NULL, "workflow", 0 };
	return name == NULL || wrong(&path, "there is no such workflow");
}

char *scenario_check(json_t *scenario, const struct dtf_module *const *modules) {
	struct path root = { NULL, "", 0 };
	if (check_object(&root, scenario, scenario_keys, modules) &&
		check_workflow(scenario, modules)) {
		return NULL;
	}
	char *text = strdup(dtf_errmsg());
	return text == NULL ? strdup("wrong") : text;
}
