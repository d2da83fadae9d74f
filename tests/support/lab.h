/*
 * An engine driven by hand: a virtual clock, a store in memory that fails when
 * told, rounds one by one, and attempts that end when and as the test says.
 */
#ifndef DTF_TESTS_LAB_H
#define DTF_TESTS_LAB_H

#include "../../runtime/engine.h"
#include "faulty_store.h"

#define LAB_RUNNING_MAX 64

struct lab {
	const struct dtf_module *const *modules; /* NULL-terminated */
	struct dtf_engine_options options;       /* may be set before lab_open */
	uint32_t snapshot_events;                /* the same; 0: as any engine */
	struct store *store;                     /* a faulty one */
	struct engine *engine;
	int64_t now_ms, next_ms;
	int64_t steady_ms; /* goes on with lab_pass only */
	struct dtf_activity *running[LAB_RUNNING_MAX];
	size_t nrunning;
	struct buf log; /* lines */
};

/* Something asked; its strings are the caller's. */
struct asked {
	struct request request;
	unsigned answers;
	int rc;
	char text[256];
};

/* A fresh store and an engine on it.  Everything fails the test when it does not work. */
void lab_init(struct lab *lab, const struct dtf_module *const *modules);
void lab_finish(struct lab *lab);
/* The process dies, attempts with it, and the next comes. */
void lab_crash(struct lab *lab);
void lab_open(struct lab *lab);
/* The same; DTF_E… when it cannot be opened: then there is none. */
int lab_try_open(struct lab *lab);
/* An engine that has not recovered, for one that is a partition of several. */
int lab_make(struct lab *lab);

int lab_round(struct lab *lab);
/* Rounds until nothing is left to do now. */
void lab_settle(struct lab *lab);
/* The clocks go on; then rounds. */
void lab_pass(struct lab *lab, int64_t ms);

/* Puts it into the engine's queue. */
void lab_ask(struct lab *lab, struct asked *asked, enum request_kind kind, const char *id,
	const char *name, const char *text, const char *payload);
/* Asks, settles, demands one answer; its code. */
int lab_do(struct lab *lab, enum request_kind kind, const char *id, const char *name,
	const char *text, const char *payload);

/* The same by the durable inbox; the answer's code, 1: there is none. */
void lab_append(struct lab *lab, enum request_kind kind, const char *request_id, const char *id,
	const char *name, const char *text, const char *payload);
int lab_answer(struct lab *lab, const char *request_id);

/* The running attempt of that activity and instance; NULL: there is none. */
struct dtf_activity *lab_running(struct lab *lab, const char *activity, const char *id);
/* Ends it; json NULL: a failure that may be retried.  No round is made. */
void lab_end(struct lab *lab, const char *activity, const char *id, const char *json);

/* As of the last commit. */
enum dtf_status lab_status(struct lab *lab, const char *id);
/* Its events of one kind, in the current execution. */
unsigned lab_count(struct lab *lab, const char *id, enum event_kind kind);
/* The history of the current execution, in the arena. */
struct history lab_history(struct lab *lab, const char *id, struct arena *arena);

#endif
