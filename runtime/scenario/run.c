/*
 * One scenario in one mode: start, let the engine work, move the clock to
 * whatever comes next, until the instance has ended or nothing can happen.
 */
#include <stdlib.h>
#include <string.h>

#include "../client.h"
#include "../error.h"
#include "sim.h"

#define START_MS   INT64_C(1700000000000)
#define ROUNDS_MAX 200000

const char *scenario_mode_name(enum scenario_mode mode) {
	static const char *const names[] = { "straight", "restart after every commit",
		"differential replay" };
	return names[mode];
}

/* ---- chance ---- */

/* splitmix64: the same seed, the same run, on every machine. */
uint64_t scenario_random(uint64_t *state) {
	*state += UINT64_C(0x9e3779b97f4a7c15);
	uint64_t z = *state;
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

size_t scenario_pick(struct sim *sim, size_t count) {
	return sim->run->seed == 0 ? 0 : (size_t)(scenario_random(&sim->random) % count);
}

bool scenario_coin(struct sim *sim) {
	return scenario_pick(sim, 2) == 1;
}

/* ---- requests ---- */

struct asked {
	struct request request;
	char *payload; /* owned; of the request */
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

static void set_payload(struct asked *asked, json_t *value, const char *absent) {
	asked->payload = value == NULL ? strdup(absent)
				       : json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
	asked->request.payload = (struct slice){ asked->payload,
		asked->payload == NULL ? 0 : strlen(asked->payload) };
}

static void set_raise(struct asked *asked, json_t *raise) {
	asked->request.kind = REQUEST_RAISE;
	asked->request.name = json_string_value(json_object_get(raise, "raise"));
	asked->request.text = json_string_value(json_object_get(raise, "event_id"));
	set_payload(asked, json_object_get(raise, "value"), "null");
}

/* Asks, and lets the engine answer. */
static void ask(struct sim *sim, struct asked *asked) {
	asked->request.id = asked->request.id == NULL ? sim->id : asked->request.id;
	asked->request.answer = answered;
	asked->request.arg = asked;
	(void)dtf__queue_request(scenario_engine(sim, asked->request.id)->queue, &asked->request);
	int64_t next_ms = 0;
	bool committed;
	while (!asked->answered && scenario_step(sim, &next_ms, &committed) == 0) {
	}
	free(asked->payload);
	if (!asked->answered) {
		scenario_trouble(sim, "the engine failed: %s", dtf_errmsg());
	} else if (asked->rc == 0 && sim->run->mode == SCENARIO_RESTART) {
		(void)scenario_reopen(sim);
	}
}

/* The full name of the workflow; of the first that is declared if none is named. */
static const char *find_workflow(const struct sim *sim) {
	const char *name = json_string_value(json_object_get(sim->scenario, "workflow"));
	for (size_t i = 0; sim->modules[i] != NULL; i++) {
		const struct dtf_workflow_def *const *w = sim->modules[i]->workflows;
		for (; *w != NULL; w++) {
			if (name == NULL || scenario_same_name(name, (*w)->name)) {
				return (*w)->name;
			}
		}
	}
	return name == NULL ? "" : name;
}

/* What is raised with the start is there before it runs. */
static bool start(struct sim *sim) {
	json_t *with = json_object_get(sim->scenario, "start_with");
	size_t raises = json_is_array(with) ? json_array_size(with) : with != NULL;
	struct asked *asked = calloc(raises + 1, sizeof(*asked));
	if (asked == NULL) {
		scenario_trouble(sim, "out of memory");
		return false;
	}
	asked[0].request.kind = REQUEST_START;
	asked[0].request.name = find_workflow(sim);
	set_payload(&asked[0], json_object_get(sim->scenario, "input"), "[]");
	struct request **link = &asked[0].request.with;
	for (size_t i = 1; i <= raises; i++) {
		set_raise(&asked[i], json_is_array(with) ? json_array_get(with, i - 1) : with);
		*link = &asked[i].request;
		link = &asked[i].request.next;
	}
	ask(sim, &asked[0]);
	bool ok = asked[0].rc == 0;
	if (!ok) {
		scenario_trouble(sim, "the start was refused: %s", asked[0].text);
	}
	for (size_t i = 1; i <= raises; i++) {
		free(asked[i].payload);
	}
	free(asked);
	return ok;
}

static void crash(struct sim *sim) {
	scenario_drop_running(sim);
	(void)scenario_reopen(sim);
}

static void carry_out(struct sim *sim, json_t *entry) {
	static const struct {
		const char *key;
		enum request_kind kind;
	} verbs[] = { { "raise", REQUEST_RAISE }, { "cancel", REQUEST_CANCEL },
		{ "terminate", REQUEST_TERMINATE }, { "suspend", REQUEST_SUSPEND },
		{ "resume", REQUEST_RESUME } };
	if (json_object_get(entry, "crash") != NULL) {
		crash(sim);
		return;
	}
	if (json_object_get(entry, "query") != NULL) {
		scenario_query(sim, entry);
		return;
	}
	size_t i = 0;
	while (json_object_get(entry, verbs[i].key) == NULL) {
		i++; /* one of them is there: the form was checked */
	}
	struct asked asked = { .request = { .kind = verbs[i].kind,
				       .id = json_string_value(json_object_get(entry, "instance")),
				       .text = json_string_value(
					       json_object_get(entry, verbs[i].key)) } };
	if (asked.request.kind == REQUEST_RAISE) {
		set_raise(&asked, entry);
	}
	ask(sim, &asked);
	bool refused = json_is_true(json_object_get(entry, "refused"));
	if ((asked.rc < 0) != refused) {
		scenario_trouble(sim, refused ? "%s was accepted%s%s" : "%s was refused%s%s",
			verbs[i].key, asked.text[0] == '\0' ? "" : ": ", asked.text);
	}
}

/* ---- what happens when ---- */

size_t scenario_count_calls(const struct sim *sim, const char *name) {
	size_t n = 0;
	for (const struct call *call = sim->calls; call != NULL; call = call->next) {
		n += scenario_same_name(name, call->name);
	}
	return n;
}

/* When the entry is due; INT64_MAX: not yet known. */
static int64_t entry_due(struct sim *sim, json_t *entry) {
	const char *time = json_string_value(json_object_get(entry, "time"));
	int64_t after_ms = 0;
	if (time != NULL) {
		(void)scenario_duration(time, &after_ms);
		return sim->start_ms + after_ms;
	}
	const char *on = json_string_value(json_object_get(entry, "on"));
	json_t *nth = json_object_get(entry, "nth");
	size_t wanted = nth == NULL ? 1 : (size_t)json_integer_value(nth);
	return scenario_count_calls(sim, on) >= wanted ? sim->now_ms : INT64_MAX;
}

/* Carries out the first entry that is due and has this key; true if there was one. */
static bool carry_out_due(struct sim *sim, const char *when) {
	json_t *at = json_object_get(sim->scenario, "at"), *entry;
	size_t i;
	json_array_foreach(at, i, entry) {
		if (!sim->entry_done[i] && json_object_get(entry, when) != NULL &&
			entry_due(sim, entry) <= sim->now_ms) {
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

/* Rounds until nothing is left to do now. */
static bool settle(struct sim *sim, int64_t *ret_next_ms) {
	for (unsigned i = 0; i < ROUNDS_MAX && !scenario_troubled(sim); i++) {
		bool committed;
		if (scenario_step(sim, ret_next_ms, &committed) < 0) {
			scenario_trouble(sim, "the engine failed: %s", dtf_errmsg());
			return false;
		}
		bool restart = committed && sim->run->mode == SCENARIO_RESTART;
		if (restart && !scenario_reopen(sim)) {
			return false;
		}
		/* What happens as an attempt starts comes before its end. */
		if (carry_out_due(sim, "on") || scenario_finish_due(sim) || restart) {
			continue;
		}
		if (*ret_next_ms > sim->now_ms) {
			return true;
		}
	}
	if (!scenario_troubled(sim)) {
		scenario_trouble(sim, "the engine never comes to rest");
	}
	return false;
}

static void play(struct sim *sim) {
	int64_t engine_ms = 0;
	while (settle(sim, &engine_ms)) {
		if (carry_out_due(sim, "time")) {
			continue;
		}
		int64_t next_ms = scenario_next_finish(sim), entry_ms = next_entry(sim);
		next_ms = entry_ms < next_ms ? entry_ms : next_ms;
		next_ms = engine_ms < next_ms ? engine_ms : next_ms;
		if (next_ms == INT64_MAX || scenario_ended(sim)) {
			return;
		}
		sim->now_ms = next_ms > sim->now_ms ? next_ms : sim->now_ms;
		scenario_beat(sim);
		/* Of what is due at one moment, outcomes come first, entries last. */
		if (scenario_coin(sim)) {
			(void)carry_out_due(sim, "time");
		} else {
			(void)scenario_finish_due(sim);
		}
	}
}

static void finish(struct sim *sim) {
	scenario_drop_running(sim);
	scenario_close(sim);
	while (sim->calls != NULL) {
		struct call *next = sim->calls->next;
		json_decref(sim->calls->args);
		free(sim->calls);
		sim->calls = next;
	}
	dtf__buf_finish(&sim->log);
	free(sim->entry_done);
}

void scenario_run(
	json_t *scenario, const struct dtf_module *const *modules, struct scenario_run *run) {
	struct sim sim = { .scenario = scenario,
		.modules = modules,
		.run = run,
		.random = run->seed,
		.start_ms = START_MS,
		.now_ms = START_MS };
	const char *id = json_string_value(json_object_get(scenario, "id"));
	sim.id = id == NULL ? "scenario" : id;
	sim.calls_tail = &sim.calls;
	sim.entry_done = calloc(json_array_size(json_object_get(scenario, "at")) + 1, sizeof(bool));
	run->differences = json_array();
	if (sim.entry_done == NULL) {
		scenario_trouble(&sim, "out of memory");
	} else if (scenario_open(&sim) && start(&sim)) {
		play(&sim);
		scenario_see(&sim);
		scenario_expect(run, json_object_get(scenario, "expect"));
		if (run->traced || scenario_troubled(&sim)) {
			scenario_trace(&sim);
		}
	}
	finish(&sim);
}

void scenario_finish(struct scenario_run *run) {
	json_decref(run->seen);
	json_decref(run->differences);
	json_decref(run->trace);
	run->seen = run->differences = run->trace = NULL;
}
