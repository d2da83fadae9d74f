/*
 * Scenarios: a workflow run on the real engine with a virtual clock and
 * activities that do what a JSON file says.
 *
 * Each is run three ways that must agree: straight; with the engine's memory
 * dropped and rebuilt from the store after every commit, attempts in flight
 * going on; and with differential replay after every turn.
 */
#ifndef DTF_SCENARIO_H
#define DTF_SCENARIO_H

#include <jansson.h>

#include "../engine.h"

enum scenario_mode { SCENARIO_STRAIGHT, SCENARIO_RESTART, SCENARIO_VERIFY, SCENARIO_MODES };

/* What an activity does in one attempt. */
struct outcome {
	json_t *value;     /* returned; borrowed from the scenario */
	const char *error; /* a declared error's name, or a message; NULL: returns */
	json_t *data;
	bool retryable, lost, never, ignore_cancel, echo;
	int64_t takes_ms;
};

/* One attempt that is under way. */
struct running {
	struct running *next;
	struct dtf_activity *attempt;
	struct outcome outcome;
	int64_t due_ms; /* INT64_MAX: never by itself */
};

/* One call of an activity, in order of starting. */
struct call {
	struct call *next;
	const char *name;
	json_t *args; /* owned */
};

struct sim {
	json_t *scenario;                        /* borrowed */
	const struct dtf_module *const *modules; /* NULL-terminated */
	enum scenario_mode mode;
	struct store *store;       /* owned */
	struct dtf_engine *engine; /* owned */
	int64_t start_ms, now_ms;
	struct running *running; /* in order of starting */
	struct call *calls, **calls_tail;
	size_t done; /* entries of `at` carried out, by index */
	bool *entry_done;
	struct buf log;     /* lines */
	struct buf trouble; /* what went wrong, for people; "" = nothing */
	const char *id;
};

/* Reads "1h30m", "250ms"; false: it is none. */
bool scenario_duration(const char *text, int64_t *ret_ms);

/* executor.c */
void scenario_submit(void *arg, struct dtf_activity *attempt);
void scenario_cancel(void *arg, struct dtf_activity *attempt);
/* Ends what is due now; true if anything was. */
bool scenario_finish_due(struct sim *sim);
int64_t scenario_next_finish(const struct sim *sim);
/* The process dies: attempts vanish. */
void scenario_drop_running(struct sim *sim);

/* expect.c: compares; appends what differs to sim->trouble. */
void scenario_expect(struct sim *sim, json_t *expect);

/* run.c: one scenario in one mode.  True: as expected; else *ret_trouble
 * (owned by the caller) says what differs. */
bool scenario_run(json_t *scenario, const struct dtf_module *const *modules,
	enum scenario_mode mode, char **ret_trouble);

#endif
