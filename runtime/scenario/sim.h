/* What the files of the scenario runner share: one scenario, being run. */
#ifndef DTF_SIM_H
#define DTF_SIM_H

#include "../engine.h"
#include "scenario.h"

/* What an activity does in one attempt. */
struct outcome {
	json_t *value;     /* returned; borrowed from the scenario */
	const char *error; /* a declared error's name, or a message; NULL: returns */
	json_t *data;
	bool retryable, lost, never, ignore_cancel, echo;
	int64_t takes_ms;
	int64_t beats_ms; /* gives a sign of life each time this has passed; 0 = never */
};

/* One attempt that is under way. */
struct running {
	struct running *next;
	struct dtf_activity *attempt;
	struct outcome outcome;
	int64_t due_ms;  /* INT64_MAX: never by itself */
	int64_t beat_ms; /* its last sign of life, or its start */
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
	struct scenario_run *run;
	uint64_t random, seeds;  /* states: of what is permuted, of instances' seeds */
	struct stores stores;    /* owned */
	struct engine **engines; /* owned, by partition */
	unsigned heard;          /* the partition of the attempt that ended last */
	int64_t start_ms, now_ms;
	struct running *running; /* in order of starting */
	struct call *calls, **calls_tail;
	bool *entry_done; /* entries of `at` carried out, by index */
	struct buf log;   /* lines */
	const char *id;
};

/* form.c */
/* Reads "1h30m", "250ms"; false: it is none. */
bool scenario_duration(const char *text, int64_t *ret_ms);
bool scenario_same_name(const char *expected, const char *actual);
/* Has it a key that only an outcome has?  Else it is a value. */
bool scenario_is_outcome(json_t *value);

/* run.c */
/* Heads or tails; always false when nothing is permuted. */
bool scenario_coin(struct sim *sim);
size_t scenario_pick(struct sim *sim, size_t count);
size_t scenario_count_calls(const struct sim *sim, const char *name);

uint64_t scenario_random(uint64_t *state);

/* world.c */
bool scenario_open(struct sim *sim);
/* The process dies, and the next comes. */
bool scenario_reopen(struct sim *sim);
void scenario_close(struct sim *sim);
/* A round of each engine.  When a commit is followed by a restart, up to the first. */
int scenario_step(struct sim *sim, int64_t *ret_next_ms, bool *ret_committed);
struct engine *scenario_engine(const struct sim *sim, const char *id);
struct store *scenario_store(const struct sim *sim, const char *id);

/* expect.c */
/* What is wrong, for people. */
void scenario_trouble(struct sim *sim, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
bool scenario_troubled(const struct sim *sim);
/* Compares what was seen; a NULL `expect` expects nothing. */
void scenario_expect(struct scenario_run *run, json_t *expect);

/* ask.c */
/* Asks it now, as an entry of `at` says. */
void scenario_query(struct sim *sim, json_t *entry);
/* The values of those in `expect`, at the end. */
json_t *scenario_queries(struct sim *sim);

/* seen.c: what came of it, read back from the store; sets run->seen, run->trace. */
void scenario_see(struct sim *sim);
void scenario_trace(struct sim *sim);
/* All instances have ended. */
bool scenario_ended(const struct sim *sim);

/* executor.c */
void scenario_submit(void *arg, struct dtf_activity *attempt);
void scenario_cancel(void *arg, struct dtf_activity *attempt);
/* The clock has gone on: who beats has beaten meanwhile. */
void scenario_beat(struct sim *sim);
/* Ends what is due now; true if anything was. */
bool scenario_finish_due(struct sim *sim);
int64_t scenario_next_finish(const struct sim *sim);
/* The process dies: attempts vanish. */
void scenario_drop_running(struct sim *sim);

#endif
