/*
 * What came of a run, read back from the log the way a tool in another process
 * would: as an object with the keys of `expect`, and as a timeline for people.
 */
#include <stdlib.h>
#include <string.h>

#include "../codec.h"
#include "../error.h"
#include "../inspect.h"
#include "../walk.h"
#include "sim.h"

/* What the whole history of the instance says. */
struct seen {
	struct arena arena;
	json_t *custom_status; /* NULL: none was set */
	json_t *undo_failed;   /* names */
	json_t *unconsumed;    /* counts by name */
	int64_t end_ms;
};

static void count(json_t *counts, const char *name, int by) {
	const char *bare = scenario_bare(name);
	json_int_t old = json_integer_value(json_object_get(counts, bare));
	(void)json_object_set_new(counts, bare, json_integer(old + by));
}

/* An execution begins with what was unread. */
static void begin_count(json_t *counts, const struct event_started *begin) {
	const char *name;
	json_t *before;
	json_object_foreach(counts, name, before) {
		(void)json_integer_set(before, 0);
	}
	for (size_t i = 0; i < begin->nunread; i++) {
		count(counts, begin->unread[i].name, 1);
	}
}

static int see(void *arg, const struct visit *visit) {
	struct seen *seen = arg;
	const struct event *event = visit->event;
	switch ((int)event->kind) {
	case EVENT_STATUS:
		json_decref(seen->custom_status);
		seen->custom_status = json_loadb(
			event->payload.data, event->payload.size, JSON_DECODE_ANY, NULL);
		break;
	case EVENT_STARTED:
		begin_count(seen->unconsumed, event->begin);
		break;
	case EVENT_RAISED:
		count(seen->unconsumed, visit->name, 1);
		break;
	case EVENT_TAKEN:
		if (visit->name != NULL) {
			count(seen->unconsumed, visit->name, -1);
		}
		break;
	case EVENT_UNDO_FAILED: {
		const char *name = visit->place.name == NULL ? "" : visit->place.name;
		(void)json_array_append_new(seen->undo_failed, json_string(scenario_bare(name)));
		break;
	}
	default:
		break;
	}
	seen->end_ms = event->time_ms;
	return WALK_ON;
}

static json_t *error_json(const struct dtf_failure *error) {
	json_t *data = error->data == NULL ? NULL : json_loads(error->data, JSON_DECODE_ANY, NULL);
	json_t *suppressed = error->suppressed == NULL ? NULL
						       : json_loads(error->suppressed, 0, NULL);
	return json_pack("{s:s*, s:s*, s:o*, s:I, s:s*, s:s*, s:s*, s:s*, s:o*}", "name",
		error->name, "message", error->message, "data", data, "attempts",
		(json_int_t)error->attempts, "kind", error->kind, "code", error->code, "id",
		error->id, "status", error->status, "suppressed", suppressed);
}

static json_t *calls_json(const struct sim *sim) {
	json_t *all = json_array();
	for (const struct call *call = sim->calls; call != NULL; call = call->next) {
		json_t *one = json_pack("[s]", call->name);
		(void)json_array_extend(one, call->args);
		(void)json_array_append_new(all, one);
	}
	return all;
}

static json_t *log_json(const struct sim *sim) {
	json_t *lines = json_array();
	const char *at = sim->log.data == NULL ? "" : sim->log.data;
	for (const char *end = strchr(at, '\n'); end != NULL; end = strchr(at, '\n')) {
		(void)json_array_append_new(lines, json_stringn(at, (size_t)(end - at)));
		at = end + 1;
	}
	return lines;
}

struct children {
	const char *id; /* of whom all others descend */
	json_t *list;
	bool running;
};

static bool add_child(void *arg, const struct dtf_instance_info *info) {
	struct children *children = arg;
	children->running = children->running || info->status <= DTF_SUSPENDED;
	if (strcmp(info->id, children->id) != 0) {
		(void)json_array_append_new(children->list,
			json_pack("{s:s, s:s, s:s, s:I}", "id", info->id, "workflow",
				info->workflow, "status", dtf_status_name(info->status),
				"execution", (json_int_t)info->execution));
	}
	return true;
}

bool scenario_ended(const struct sim *sim) {
	struct children children = { .id = sim->id, .list = json_array() };
	int rc = dtf__inspect_list(&sim->stores, add_child, &children);
	json_decref(children.list);
	return rc == 0 && !children.running;
}

static void set_end(struct sim *sim, json_t *all, const struct row *row) {
	struct dtf_result result = { 0 };
	if (row->status <= DTF_SUSPENDED) {
		return;
	}
	if (dtf__result_read(scenario_store(sim, sim->id), row, (struct slice){ 0 }, &result) < 0) {
		scenario_trouble(sim, "no result: %s", dtf_errmsg());
		return;
	}
	if (result.output != NULL) {
		(void)json_object_set_new(
			all, "output", json_loads(result.output, JSON_DECODE_ANY, NULL));
	}
	if (result.error.name != NULL || result.error.message != NULL) {
		(void)json_object_set_new(all, "error", error_json(&result.error));
	}
	dtf_result_free(&result);
}

void scenario_see(struct sim *sim) {
	struct seen seen = { .undo_failed = json_array(), .unconsumed = json_object() };
	struct children children = { .id = sim->id, .list = json_array() };
	struct row row;
	int rc = dtf__walk_find(scenario_store(sim, sim->id), &seen.arena, sim->id, &row);
	rc = rc == 0 ? dtf__walk(scenario_store(sim, sim->id), &row, -1, see, &seen) : rc;
	rc = rc == 0 ? dtf__inspect_list(&sim->stores, add_child, &children) : rc;
	if (rc < 0) {
		scenario_trouble(sim, "the instance cannot be read back: %s", dtf_errmsg());
	} else {
		json_t *all = json_pack("{s:s, s:I, s:I, s:o, s:O*, s:O, s:O, s:O, s:o, s:o}",
			"status", dtf_status_name((enum dtf_status)row.status), "execution",
			(json_int_t)row.execution, "elapsed_ms",
			(json_int_t)(seen.end_ms - sim->start_ms), "calls", calls_json(sim),
			"custom_status", seen.custom_status, "undo_failed", seen.undo_failed,
			"events_unconsumed", seen.unconsumed, "children", children.list, "log",
			log_json(sim), "queries", scenario_queries(sim));
		set_end(sim, all, &row);
		sim->run->seen = all;
	}
	json_decref(children.list);
	json_decref(seen.custom_status);
	json_decref(seen.undo_failed);
	json_decref(seen.unconsumed);
	dtf__arena_finish(&seen.arena);
}

/* ---- the timeline ---- */

struct telling {
	const struct sim *sim;
	json_t *events;
};

static bool tell_event(void *arg, const struct dtf_history_event *event) {
	struct telling *telling = arg;
	json_t *payload = event->payload == NULL
		? NULL
		: json_loads(event->payload, JSON_DECODE_ANY, NULL);
	(void)json_array_append_new(telling->events,
		json_pack("{s:I, s:s, s:s*, s:s*, s:o*, s:s*, s:s*, s:I, s:s*}", "ms",
			(json_int_t)(event->time_ms - telling->sim->start_ms), "kind", event->kind,
			"name", event->name, "text", event->text, "payload", payload, "error",
			event->error, "file", event->file, "line", (json_int_t)event->line,
			"source", event->source));
	return true;
}

static bool tell_instance(void *arg, const struct dtf_instance_info *info) {
	(void)json_array_append_new(
		arg, json_pack("{s:s, s:s}", "id", info->id, "workflow", info->workflow));
	return true;
}

void scenario_trace(struct sim *sim) {
	json_t *all = json_array(), *instance;
	size_t i;
	int rc = dtf__inspect_list(&sim->stores, tell_instance, all);
	json_array_foreach(all, i, instance) {
		struct telling telling = { sim, json_array() };
		const char *id = json_string_value(json_object_get(instance, "id"));
		rc = rc == 0 ? dtf__inspect_history(
				       scenario_store(sim, id), id, -1, tell_event, &telling)
			     : rc;
		(void)json_object_set_new(instance, "events", telling.events);
	}
	if (rc < 0) {
		scenario_trouble(sim, "the history cannot be read: %s", dtf_errmsg());
	}
	sim->run->trace = all;
}
