/*
 * Scenarios: a workflow run on the real engine with a virtual clock and
 * activities that do what a JSON file says.  docs/SCENARIOS.md is their form.
 *
 * Each is run three ways that must agree: straight; with the engine's memory
 * dropped and rebuilt from the store after every commit, attempts in flight
 * going on; and with differential replay after every turn.
 */
#ifndef DTF_SCENARIO_H
#define DTF_SCENARIO_H

#include <stdbool.h>
#include <stdint.h>

#include <dtf/dtf.h>
#include <jansson.h>

enum scenario_mode { SCENARIO_STRAIGHT, SCENARIO_RESTART, SCENARIO_VERIFY, SCENARIO_MODES };
const char *scenario_mode_name(enum scenario_mode mode); /* "restart after every commit" */

struct scenario_run {
	enum scenario_mode mode;
	uint64_t seed;       /* 0: what is due at once happens in the order it began */
	unsigned partitions; /* 0 = 1 */
	bool traced;         /* wanted even if all is as expected */
	/* What came of it; owned. */
	json_t *seen;        /* an object with the keys of `expect` */
	json_t *differences; /* {"what"} and maybe {"expected", "got"}; none: as expected */
	json_t *trace;       /* by instance {"id", "workflow", "events"}; NULL: not made */
};

/*
 * Is it a scenario for these modules (NULL-terminated)?  Else what is wrong,
 * in memory of its own: "at[0]: unknown key 'rase'; there are …".
 */
char *scenario_check(json_t *scenario, const struct dtf_module *const *modules);

/* Runs one that has been checked, and compares what came of it. */
void scenario_run(
	json_t *scenario, const struct dtf_module *const *modules, struct scenario_run *run);
/* Adds what differs from the straight run, though it may be as expected. */
void scenario_agree(const struct scenario_run *straight, struct scenario_run *run);
void scenario_finish(struct scenario_run *run);

/* A name without its package. */
const char *scenario_bare(const char *name);
/* Is this call what one of the expected ["charge", "o1"] asks for? */
bool scenario_call_matches(json_t *expected, json_t *call);

#endif
