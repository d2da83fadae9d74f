/*
 * One scenario in one mode: start, let the engine work, move the clock to
 * whatever comes next, until the instance has ended or nothing can happen.
 */
#include <stdlib.h>
#include <string.h>

#include "../client.h"
#include "../error.h"
#include "scenario.h"

#define START_MS   INT64_C(1700000000000)
#define ROUNDS_MAX 200000

bool scenario_duration(const char *text, int64_t *ret_ms) {
	static const struct {
		const char *unit;
		int64_t ms;
	} units[] = { { "ms", 1 }, { "s", 1000 }, { "m", 60000 }, { "h", 3600000 },
		{ "d", 86400000 }, { "w", 604800000 } };
	int64_t sum_ms = 0;
	while (*text != '\0') {
		char *end;
		long long n = strtoll(text, &end, 10);
		size_t i = 0, count = sizeof(units) / sizeof(*units);
		while (i < count && strncmp(end, units[i].unit, strlen(units[i].unit)) != 0) {
			i++;
		}
		if (end == text || i == count) {
			return false;
		}
		sum_ms += n * units[i].ms;
		text = end + strlen(units[i].unit);
	}
	*ret_ms = sum_ms;
	return true;
}

static int64_t virtual_now(void *arg) {
	const struct sim *sim = arg;
	return sim->now_ms;
}

static void keep_log(void *user, enum dtf_log_level level, const char *instance, const char *text) {
	struct sim *sim = user;
	(void)level;
	(void)instance;
	dtf__buf_printf(&sim->log, "%s\n", text);
}

/* ---- the engine, and dropping its memory ---- */

static bool open_engine(struct sim *sim) {
	struct dtf_engine_options options = { .workers = 1000,
		.log = keep_log,
		.user = sim,
		.verify = sim->mode == SCENARIO_VERIFY };
	json_t *settings = json_object_get(sim->scenario, "settings");
	options.payload_max = (size_t)json_integer_value(json_object_get(settings, "payload_max"));
	options.history_max = json_integer_value(json_object_get(settings, "history_max"));
	json_t *workers = json_object_get(settings, "workers");
	if (workers != NULL) {
		options.workers = (unsigned)json_integer_value(workers);
	}
	struct clock clock = { .now_ms = virtual_now, .arg = sim };
	struct executor executor = { scenario_submit, scenario_cancel, sim };
	int rc = dtf__engine_create(&options, sim->store, &clock, &executor, &sim->engine);
	for (size_t i = 0; rc == 0 && sim->modules[i] != NULL; i++) {
		rc = dtf__registry_add(sim->engine, sim->modules[i]);
	}
	for (struct running *r = sim->running; rc == 0 && r != NULL; r = r->next) {
		rc = dtf__dispatch_adopt(sim->engine, r->attempt);
	}
	if (rc == 0) {
		rc = dtf__engine_recover(sim->engine);
	}
	if (rc < 0) {
		dtf__buf_printf(&sim->trouble, "the engine does not open: %s\n", dtf_errmsg());
	}
	return rc == 0;
}

static bool reopen(struct sim *sim) {
	dtf__engine_destroy(sim->engine);
	sim->engine = NULL;
	struct store *again;
	if (dtf__store_memory_again(sim->store, STORE_OWN, &again) < 0) {
		dtf__buf_printf(&sim->trouble, "the store does not reopen: %s\n", dtf_errmsg());
		return false;
	}
	sim->store->ops->close(sim->store);
	sim->store = again;
	return open_engine(sim);
}

/* Rounds until nothing is left to do now. */
static bool settle(struct sim *sim, int64_t *ret_next_ms) {
	for (unsigned i = 0; i < ROUNDS_MAX; i++) {
		uint64_t before = sim->store->ops->next(sim->store);
		if (dtf__engine_step(sim->engine, ret_next_ms) < 0) {
			dtf__buf_printf(&sim->trouble, "the engine failed: %s\n", dtf_errmsg());
			return false;
		}
		bool committed = sim->store->ops->next(sim->store) != before;
		if (committed && sim->mode == SCENARIO_RESTART && !reopen(sim)) {
			return false;
		}
		if (scenario_finish_due(sim) || (committed && sim->mode == SCENARIO_RESTART)) {
			continue;
		}
		if (*ret_next_ms > sim->now_ms) {
			return true;
		}
	}
	dtf__buf_text(&sim->trouble, "the engine never comes to rest\n");
	return false;
}

/* ---- requests ---- */

struct asked {
	struct request request;
	bool answered;
	int rc;
	char text[256];
};

static void answered(struct request *request, int rc, const char *text) {
	struct asked *asked = request->arg;
	asked->answered = true;
	asked->rc = rc;
	(void)snprintf(asked->text, sizeof(asked->text), "%s", text);
}

/* Asks and lets the engine answer; the answer's code. */
static int ask(struct sim *sim, struct asked *asked) {
	asked->request.id = sim->id;
	asked->request.answer = answered;
	asked->request.arg = asked;
	(void)dtf__queue_request(sim->engine->queue, &asked->request);
	int64_t next_ms = 0;
	while (!asked->answered && dtf__engine_step(sim->engine, &next_ms) == 0) {
	}
	if (sim->mode == SCENARIO_RESTART && asked->rc == 0) {
		(void)reopen(sim);
	}
	return asked->rc;
}

static bool start(struct sim *sim) {
	const char *workflow = json_string_value(json_object_get(sim->scenario, "workflow"));
	json_t *input = json_object_get(sim->scenario, "input");
	char *text = input == NULL ? strdup("[]") : json_dumps(input, JSON_COMPACT);
	if (workflow == NULL) {
		const struct dtf_workflow_def *const *first = sim->modules[0]->workflows;
		workflow = *first == NULL ? "" : (*first)->name;
	}
	struct asked asked = { .request = { .kind = REQUEST_START,
				       .name = workflow,
				       .payload = { text, text == NULL ? 0 : strlen(text) } } };
	int rc = ask(sim, &asked);
	free(text);
	if (rc < 0) {
		dtf__buf_printf(&sim->trouble, "start was refused: %s\n", asked.text);
	}
	return rc == 0;
}

static void crash(struct sim *sim) {
	scenario_drop_running(sim);
	(void)reopen(sim);
}

static void carry_out(struct sim *sim, json_t *entry) {
	static const struct {
		const char *key;
		enum request_kind kind;
	} verbs[] = { { "raise", REQUEST_RAISE }, { "cancel", REQUEST_CANCEL },
		{ "terminate", REQUEST_TERMINATE }, { "suspend", REQUEST_SUSPEND },
		{ "resume", REQUEST_RESUME } };
	if (json_is_true(json_object_get(entry, "crash"))) {
		crash(sim);
		return;
	}
	struct asked asked = { .request = { .kind = REQUEST_WAIT } };
	const char *verb = "?";
	for (size_t i = 0; i < sizeof(verbs) / sizeof(*verbs); i++) {
		json_t *value = json_object_get(entry, verbs[i].key);
		if (value != NULL) {
			asked.request.kind = verbs[i].kind;
			asked.request.text = json_string_value(value);
			verb = verbs[i].key;
		}
	}
	char *payload = NULL;
	if (asked.request.kind == REQUEST_RAISE) {
		json_t *value = json_object_get(entry, "value");
		payload = value == NULL ? strdup("null")
					: json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
		asked.request.name = asked.request.text;
		asked.request.text = json_string_value(json_object_get(entry, "event_id"));
		asked.request.payload = (struct slice){ payload,
			payload == NULL ? 0 : strlen(payload) };
	} else if (asked.request.kind == REQUEST_WAIT) {
		dtf__buf_text(&sim->trouble, "an entry of `at` does nothing that is known\n");
		return;
	}
	int rc = ask(sim, &asked);
	free(payload);
	bool refused = json_is_true(json_object_get(entry, "refused"));
	if ((rc < 0) != refused) {
		dtf__buf_printf(&sim->trouble, "%s: expected %s: %s\n", verb,
			refused ? "to be refused" : "to be accepted", asked.text);
	}
}

/* ---- what happens when ---- */

static size_t count_calls(const struct sim *sim, const char *name) {
	size_t n = 0;
	for (const struct call *call = sim->calls; call != NULL; call = call->next) {
		const char *dot = strrchr(call->name, '.');
		n += strcmp(call->name, name) == 0 || (dot != NULL && strcmp(dot + 1, name) == 0);
	}
	return n;
}

/* When the entry is due; INT64_MAX: not yet known. */
static int64_t entry_due(struct sim *sim, json_t *entry) {
	const char *time = json_string_value(json_object_get(entry, "time"));
	const char *on = json_string_value(json_object_get(entry, "on"));
	int64_t after_ms = 0;
	if (time != NULL && scenario_duration(time, &after_ms)) {
		return sim->start_ms + after_ms;
	}
	json_t *nth = json_object_get(entry, "nth");
	size_t wanted = nth == NULL ? 1 : (size_t)json_integer_value(nth);
	return on != NULL && count_calls(sim, on) >= wanted ? sim->now_ms : INT64_MAX;
}

/* Carries out the first entry that is due; true if there was one. */
static bool carry_out_due(struct sim *sim) {
	json_t *at = json_object_get(sim->scenario, "at"), *entry;
	size_t i;
	json_array_foreach(at, i, entry) {
		if (!sim->entry_done[i] && entry_due(sim, entry) <= sim->now_ms) {
			sim->entry_done[i] = true;
			carry_out(sim, entry);
			return true;
		}
	}
	return false;
}

static int64_t next_entry(struct sim *sim) {
	json_t *at = json_object_get(sim->scenario, "at"), *entry;
	int64_t next_ms = INT64_MAX;
	size_t i;
	json_array_foreach(at, i, entry) {
		int64_t due_ms = sim->entry_done[i] ? INT64_MAX : entry_due(sim, entry);
		next_ms = due_ms < next_ms ? due_ms : next_ms;
	}
	return next_ms;
}

static bool ended(struct sim *sim) {
	struct arena arena = { 0 };
	struct slice bytes;
	struct row row;
	uint64_t number;
	struct store *store = sim->store;
	bool is = store->ops->find(store, sim->id, &number) == 0 &&
		store->ops->row(store, &arena, number, &bytes) == 0 &&
		dtf__row_decode(&arena, bytes, &row) == 0 && row.status > DTF_SUSPENDED;
	dtf__arena_finish(&arena);
	return is;
}

static void play(struct sim *sim) {
	int64_t engine_ms = 0;
	while (sim->trouble.size == 0 && settle(sim, &engine_ms)) {
		if (carry_out_due(sim)) {
			continue;
		}
		int64_t next_ms = scenario_next_finish(sim), entry_ms = next_entry(sim);
		next_ms = entry_ms < next_ms ? entry_ms : next_ms;
		next_ms = engine_ms < next_ms ? engine_ms : next_ms;
		if (next_ms == INT64_MAX || ended(sim)) {
			return;
		}
		sim->now_ms = next_ms > sim->now_ms ? next_ms : sim->now_ms;
		(void)scenario_finish_due(sim);
	}
}

static void finish(struct sim *sim) {
	scenario_drop_running(sim);
	if (sim->engine != NULL) {
		dtf__engine_destroy(sim->engine);
	}
	if (sim->store != NULL) {
		sim->store->ops->close(sim->store);
	}
	while (sim->calls != NULL) {
		struct call *next = sim->calls->next;
		json_decref(sim->calls->args);
		free(sim->calls);
		sim->calls = next;
	}
	dtf__buf_finish(&sim->log);
	free(sim->entry_done);
}

bool scenario_run(json_t *scenario, const struct dtf_module *const *modules,
	enum scenario_mode mode, char **ret_trouble) {
	struct sim sim = { .scenario = scenario,
		.modules = modules,
		.mode = mode,
		.start_ms = START_MS,
		.now_ms = START_MS };
	const char *id = json_string_value(json_object_get(scenario, "id"));
	sim.id = id == NULL ? "scenario" : id;
	sim.calls_tail = &sim.calls;
	sim.entry_done = calloc(json_array_size(json_object_get(scenario, "at")) + 1, sizeof(bool));
	if (sim.entry_done == NULL || dtf__store_memory_open(&sim.store) < 0) {
		dtf__buf_text(&sim.trouble, "out of memory\n");
	} else if (open_engine(&sim) && start(&sim)) {
		play(&sim);
		scenario_expect(&sim, json_object_get(scenario, "expect"));
	}
	finish(&sim);
	bool ok = sim.trouble.size == 0;
	*ret_trouble = sim.trouble.data;
	return ok;
}
