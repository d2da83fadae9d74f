/*
 * One execution of an instance as a pure machine: history events in, decisions
 * out.  It knows no clock, no store and no thread.  Live and replay take the
 * same path; the only difference is what a decision meets in decide.c: the
 * next recorded event, or the end of the log.
 *
 * All memory is in one arena and goes with it.  Everything here belongs to the
 * engine's thread.
 *
 * Terms.  An op is a command that waits for something (an attempt of an
 * activity, a timer, an event, a child).  A strand is a piece of the workflow with a
 * frame and one wait at a time.  A scope is what an undo registers with.
 */
#ifndef DTF_EXECUTION_H
#define DTF_EXECUTION_H

#include <dtf/abi.h>

#include "arena.h"
#include "buf.h"
#include "event.h"

/* Handed out when memory is exhausted, so that small requests need no check. */
#define CTX_SPARE_SIZE 4096
#define FUEL_MAX       1000000 /* back edges in one micro-step */
/* Of one micro-step: as many again are for unwinding, when it was too much. */
#define STEP_COMMANDS_MAX 10000
#define STEP_SIZE_MAX     ((size_t)16 * 1024 * 1024)
/* Of all unread events: the start of a next execution holds them. */
#define UNREAD_SIZE_MAX ((size_t)256 * 1024 * 1024)
/* Events kept free below history_max's hard end: unwinding and the terminal event fit. */
#define HISTORY_RESERVE 10000

enum op_kind { OP_ACTIVITY, OP_TIMER, OP_WAIT, OP_CHILD };

enum op_state {
	OP_OPEN,
	OP_DONE,     /* value or error is here, not yet taken */
	OP_SETTLING, /* asked to cancel; how it ends is waited for */
	OP_SETTLED,
};

struct op {
	uint32_t number;
	enum op_kind kind;
	enum op_state state;
	uint32_t site;
	struct strand *strand; /* who waits for it */
	struct op *next;       /* in its hash chain */
	/* open waits of one event, oldest first */
	struct op *next_waiting;
	const struct dtf_activity_def *activity;
	const struct dtf_event_def *event;
	const struct dtf_workflow_def *child;
	const char *child_id; /* lives as long as the machine */
	struct event_policy policy;
	struct slice args;  /* JSON, in the arena */
	int64_t issued_ms;  /* its deadline counts from there */
	int64_t due_ms;     /* timer; activity: of the next attempt, 0 = none; settling: grace */
	int64_t attempt_ms; /* when the attempt in flight started */
	uint32_t attempt;   /* last one started */
	bool running;       /* that attempt is in flight */
	bool unknown;       /* an attempt ended without a known outcome */
	bool failed;        /* DONE or SETTLED: `error` holds */
	struct dtf_failure error;  /* of the last attempt */
	struct dtf_failure last;   /* of the last failed attempt, for people */
	void *value;               /* decoded, in the arena; NULL = unit */
	struct undo *undo;         /* attached, not yet armed */
	struct deadline *deadline; /* the timer of a within; nobody awaits it */
};

struct undo {
	struct undo *next; /* older */
	uint64_t order;    /* history order of arming */
	const struct dtf_strand_def *def;
	void *frame;
	uint32_t op;     /* the step it undoes; 0 = a standing block */
	bool impossible; /* needs a result that nobody knows */
};

struct scope {
	struct scope *outer;
	struct undo *undos; /* newest first */
	unsigned depth;     /* number of open scopes of its strand, itself included */
	unsigned shield;    /* of the strand when it was opened */
};

/* A limit on the time of a block: of a within, or of the whole workflow. */
struct deadline {
	struct deadline *outer;
	struct op *op; /* its timer; NULL: fired, or never set */
	unsigned
		shield; /* of the strand when it was set: what was shielded since is safe from it */
	bool expired;
};

/* An error that finally holds back. */
struct held {
	struct held *outer;
	unsigned depth; /* of strand->scope when finally began */
	bool raised, cancelled;
	struct deadline *leaving;
	struct dtf_failure error;
};

/* What a select can be won by. */
struct arm {
	struct arm *next;
	int index;
	enum op_kind kind;
	uint32_t site;
	const struct dtf_event_def *event;
	int64_t due_ms;
	const struct dtf_activity_def *activity;
	const struct dtf_policy *policy;
	const struct dtf_workflow_def *child;
	const char *child_id;
	struct slice args;
	struct undo *undo;
	struct op *op; /* NULL: not issued, or given up */
};

struct select {
	struct arm *first, **tail;
	struct arm *won; /* NULL with decided: else */
	bool building;   /* between dtf_select_begin and dtf_select */
	bool decided;
	bool leaving;        /* cancelled: every arm is a loser */
	struct scope losers; /* undos of losers that happened */
	const void *value;   /* what the winner brought, in the arena */
	size_t value_size;
};

enum wait_kind { WAIT_NONE, WAIT_OP, WAIT_SELECT, WAIT_JOIN, WAIT_UNWIND };

struct strand {
	uint32_t serial; /* creation order, from 1 */
	const struct dtf_strand_def *def;
	void *frame;
	struct strand *parent;
	struct strand *next; /* sibling in its block */
	struct strand *next_ready;
	enum wait_kind wait;
	struct op *op;
	struct select *select;
	struct block *block;
	struct strand *undoing; /* the undo that runs for this strand */
	struct undo *undo;      /* what this strand undoes */
	struct scope *scope;    /* innermost open one; shared with the parent at first */
	struct scope *own;      /* scope of the whole strand, unwound when it fails */
	struct held *held;
	struct deadline *deadlines; /* innermost first */
	unsigned shield;            /* > 0: cancellation waits */
	size_t index;               /* in its block, from 0 */
	const void *yielded;        /* a branch's value, in the arena */
	bool is_ready, ended;
	bool finishing; /* its code has ended by an error; undos of `own` run */
	bool cancel;    /* asked, not yet delivered */
	bool cancel_delivered;
	bool raised;              /* `error`, or cancellation, is on its way out */
	bool cancelled;           /* what is raised cannot be caught: cancellation, or ... */
	struct deadline *leaving; /* ... that this one has expired */
	struct dtf_failure error;
};

/* What a branch of a block came to. */
struct branch_end {
	struct branch_end *next; /* ended later */
	size_t index;
	const struct dtf_strand_def *def;
	const void *value;               /* NULL: it yields nothing */
	const struct dtf_failure *error; /* NULL: it succeeded */
};

/* A branch that has not started yet. */
struct seat {
	struct seat *next;
	const struct dtf_strand_def *def;
};

struct block {
	struct strand *first, **tail;
	struct strand *spare; /* ended, to be used again */
	/* not started: branches that the limit holds back, or elements */
	struct seat *seats, **seats_tail;
	const struct dtf_strand_def *each;
	const char *items;     /* those that have not started */
	size_t count, started; /* branches, known so far */
	int64_t limit;         /* of live ones; 0 = none */
	int64_t until;         /* successes that decide it; 0 = none */
	size_t until_of;       /* branches that they can come from, also those to come */
	bool settles;          /* errors are outcomes */
	bool starting;         /* branches are being started */
	unsigned live;
	int64_t succeeded, lost;
	struct branch_end *outcomes, **outcomes_tail; /* in order of ending */
	bool decided;                                 /* no branch starts any more */
	bool cancelled;                               /* by an interruption from outside */
	struct branch_end *errors, **errors_tail;     /* what it raises, if it does */
	bool failed;                                  /* by its errors */
};

struct message {
	struct message *next;
	uint32_t number; /* of its event */
	struct slice payload;
};

/* The mailbox of one event name, and who waits at it. */
struct mailbox {
	struct mailbox *next;
	const char *name;
	struct message *first, **tail;
	uint32_t count;
	struct op *waiting, **waiting_tail;
};

/* An arrival that came while the execution was suspended. */
struct parked {
	struct parked *next;
	struct event event; /* ref: its number */
};

/* An undo that failed, for the end state. */
struct undo_failure {
	struct undo_failure *next;
	const char *name; /* of the strand def */
	uint32_t site;
	struct dtf_failure error;
};

enum execution_end {
	END_NONE,
	END_COMPLETED,
	END_FAILED,
	END_CANCELLED,
	END_TERMINATED,
	END_CONTINUED
};

/* What the engine hears of a live execution. */
struct execution_host {
	void *arg;
	/* A pool slot for this activity now?  Then attempt 1 starts with the schedule event. */
	bool (*claim)(void *arg, const struct dtf_activity_def *activity,
		const struct event_policy *policy);
	/*
	 * Starts the child of this CHILD_STARTED or CHILD_SPAWNED, in the commit that
	 * will hold it: an admission.  Negative: nobody can say now, and nothing of
	 * the turn may stay.
	 */
	int (*admit)(void *arg, const struct event *event);
	void (*decided)(void *arg, const struct event *event);
	void (*log)(void *arg, enum dtf_log_level level, const char *text);
};

/* Where replay reads what was decided; see replay.c. */
struct replay;

#define KNOWN_TYPES 4

struct dtf_ctx {
	struct arena arena;
	size_t compacted; /* bytes in it after it was last made anew; see compact.c */
	const struct dtf_workflow_def *workflow;
	struct event_started begin; /* in the arena */
	const struct execution_host *host;
	struct replay *replay; /* NULL: live */
	struct buf scratch;    /* for encoding */
	struct known_type {
		const struct dtf_type *type;
		uint64_t hash;
	} types[KNOWN_TYPES];  /* whose hashes were computed last */
	uint32_t events;       /* recorded so far in this execution */
	int64_t now_ms;        /* of the current micro-step */
	struct strand *strand; /* the one that runs */
	struct strand *root;
	struct strand *ready; /* by serial number */
	uint32_t strands, commands;
	uint64_t undo_order, derived; /* counters */
	unsigned fuel;
	/* of the current micro-step: commands, and bytes that they hold */
	unsigned step_commands;
	size_t step_size;
	bool step_full;  /* was raised */
	struct op **ops; /* hash by number */
	size_t nops, ops_size;
	struct op *free_ops;
	struct mailbox *mailboxes;
	size_t unread_size;        /* bytes of the messages in them, and of what is parked */
	const char *cancel_reason; /* NULL: not asked */
	struct slice status;       /* last `status`, JSON; size 0 = none */
	struct undo_failure *undo_failures, **undo_failures_tail;
	bool history_full;   /* was raised */
	bool suspended;      /* arrivals are parked */
	bool start_deferred; /* the start was recorded when no code could run it */
	const char *suspend_reason;
	struct parked *parked, **parked_tail;
	enum execution_end end;
	struct slice result; /* output, failure or next input, JSON */
	/* replay and code disagree, or memory ran out: the machine stands still */
	bool broken, out_of_memory;
	char broken_text[400];
};

/* Stands still: nothing that code or an event asks for is done any more. */
static inline bool dtf__stopped(const struct dtf_ctx *ctx) {
	return ctx->broken || ctx->out_of_memory;
}

/* ---- execution.c ---- */

/* A machine that has seen nothing; NULL when memory is exhausted. */
struct dtf_ctx *dtf__execution_create(
	const struct dtf_workflow_def *workflow, const struct execution_host *host);
void dtf__execution_destroy(struct dtf_ctx *ctx);
/* One micro-step: applies an arrival and runs what it woke. */
void dtf__execution_apply(struct dtf_ctx *ctx, const struct event *event);
/* The op has its outcome: whoever waits for it runs. */
void dtf__op_ended(struct dtf_ctx *ctx, struct op *op);
/* The op, or NULL when it is closed or was never there. */
struct op *dtf__op_find(struct dtf_ctx *ctx, uint32_t number);
/* Calls f for every open op, in order of number. */
void dtf__op_each(struct dtf_ctx *ctx, void (*f)(void *arg, struct op *op), void *arg);
/* "shop.approval" of that or "approval"; what the workflow does not know stays as it is. */
const char *dtf__event_full_name(const struct dtf_workflow_def *workflow, const char *name);
/* What is unread in the mailboxes, in order of arrival, in the arena. */
const struct event_unread *dtf__execution_unread(struct dtf_ctx *ctx, size_t *ret_count);
/* "" when both are the same machine, else what differs: for verify. */
const char *dtf__execution_difference(struct dtf_ctx *a, struct dtf_ctx *b);

/* ---- compact.c ---- */

/* Between two micro-steps: gives back memory that is not needed any more, when that
 * is worth it.  Whoever points into the arena must do that anew. */
void dtf__execution_compact(struct dtf_ctx *ctx);

/* ---- decide.c ---- */

/*
 * Records a decision.  Live: numbers it and tells the host.  In replay: it
 * must equal the next recorded event, else the machine breaks.  Fields that
 * the record alone knows (`started`, `admission`) are filled in from it.
 */
void dtf__decide(struct dtf_ctx *ctx, struct event *event);
void dtf__broken(struct dtf_ctx *ctx, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* ---- strand.c ---- */

struct strand *dtf__strand_create(
	struct dtf_ctx *ctx, const struct dtf_strand_def *def, void *frame, struct strand *parent);
/* The same in memory that a strand was made of before. */
void dtf__strand_init(struct dtf_ctx *ctx, struct strand *strand, const struct dtf_strand_def *def,
	void *frame, struct strand *parent);
void dtf__strand_run(struct dtf_ctx *ctx, struct strand *strand); /* to its next wait or end */
void dtf__strand_wake(struct dtf_ctx *ctx, struct strand *strand);
void dtf__strand_run_ready(struct dtf_ctx *ctx);
void dtf__strand_raise(struct strand *strand, const struct dtf_failure *failure);

/* ---- interrupt.c: cancellation and deadlines ---- */

/* Asks for cancellation; the strand meets it at its next wait outside of a shield. */
void dtf__strand_cancel(struct dtf_ctx *ctx, struct strand *strand);
/* Must it leave what it waits for? */
bool dtf__strand_interrupted(const struct strand *strand);
/* Raises what interrupts it. */
void dtf__strand_raise_interrupt(struct strand *strand);
void dtf__strand_raise_cancelled(struct strand *strand);
/* The whole workflow's deadline: the body's first command. */
void dtf__deadline_of_workflow(struct dtf_ctx *ctx);
void dtf__deadline_fired(struct dtf_ctx *ctx, struct op *op);
/* The workflow's deadline has left the body: what it fails with. */
struct dtf_failure dtf__deadline_error(void);

/* ---- command.c ---- */

struct op *dtf__op_open(struct dtf_ctx *ctx, enum op_kind kind, uint32_t site);
/* Puts one like it into the table; NULL when memory is exhausted. */
struct op *dtf__op_add(struct dtf_ctx *ctx, const struct op *op);
void dtf__op_close(struct dtf_ctx *ctx, struct op *op); /* forgets it */
/* Records that nobody waits for it any more and forgets it. */
void dtf__op_abandon(struct dtf_ctx *ctx, struct op *op);
void dtf__op_set_activity(struct op *op, const struct dtf_activity_def *activity,
	const struct dtf_policy *policy, struct slice args);
void dtf__op_issue_activity(struct dtf_ctx *ctx, struct op *op);
void dtf__op_issue_timer(struct dtf_ctx *ctx, struct op *op);
void dtf__op_issue_wait(struct dtf_ctx *ctx, struct op *op);
struct event_policy dtf__policy_of(const struct dtf_policy *policy);
uint64_t dtf__hash_types(
	struct dtf_ctx *ctx, const struct dtf_type *arguments, const struct dtf_type *result);
/* Encodes a command's arguments; false: a fault was raised. */
bool dtf__encode_args(
	struct dtf_ctx *ctx, const struct dtf_type *type, const void *value, struct slice *ret);
/* May this strand record a command?  false: something is raised. */
bool dtf__may_record(struct dtf_ctx *ctx);
/* The same for one that waits: here cancellation is met. */
bool dtf__may_issue(struct dtf_ctx *ctx);
/* Of what it brings: the unit of a timer. */
const struct dtf_type *dtf__op_value_type(const struct op *op);
/* Copies what the op brought to *ret, or raises its error; arms its undo.  Closes it. */
enum dtf_step dtf__op_take(struct dtf_ctx *ctx, struct op *op, struct scope *scope, void *ret);
/* Stops waiting for it: true when it is closed (its undo, if it may have
 * happened, armed in scope); false: it has to settle first. */
bool dtf__op_give_up(struct dtf_ctx *ctx, struct op *op, struct scope *scope);

/* ---- child.c ---- */

/* Can a child have this id?  false: a fault was raised. */
bool dtf__child_id_ok(struct dtf_ctx *ctx, const char *id);
void dtf__op_set_child(struct dtf_ctx *ctx, struct op *op, const struct dtf_workflow_def *workflow,
	const char *id, struct slice args);
void dtf__op_issue_child(struct dtf_ctx *ctx, struct op *op);
void dtf__child_ended(struct dtf_ctx *ctx, const struct event *event);

/* ---- select.c ---- */

/* The undo of the arm just added; false: no select is being built. */
bool dtf__select_set_undo(struct dtf_ctx *ctx, struct undo *undo);

/* ---- retry.c ---- */

/* When the op's next attempt is due after this end of its last; 0: there is none. */
int64_t dtf__retry_due(const struct dtf_ctx *ctx, const struct op *op, enum event_outcome outcome,
	const struct dtf_failure *error, int64_t now_ms);

/* ---- block.c ---- */

/* A branch has ended: the block may be decided, or have room for the next. */
void dtf__block_ended(struct dtf_ctx *ctx, struct strand *branch);
/* A branch ends without an error after others have decided the block. */
bool dtf__block_lost(const struct strand *branch);

/* ---- undo.c ---- */

void dtf__undo_arm(
	struct dtf_ctx *ctx, struct scope *scope, struct undo *undo, const struct op *op);
/* Runs the scope's undos for this strand, newest first; true when none is left. */
bool dtf__undo_run(struct dtf_ctx *ctx, struct strand *strand, struct scope *scope);

/* ---- try.c ---- */

/* Forgets the errors that finallies hold back which were left by an error. */
void dtf__held_drop(struct strand *strand);
/* Gives a scope's undos to another, in history order. */
void dtf__scope_hand_over(struct scope *from, struct scope *to);
/* Runs the innermost scope's undos, then closes it. */
bool dtf__scope_unwind(struct dtf_ctx *ctx, struct strand *strand);

/* ---- mailbox.c ---- */

struct mailbox *dtf__mailbox(struct dtf_ctx *ctx, const char *name); /* made on first use */
uint32_t dtf__mailbox_count(struct dtf_ctx *ctx, const char *name);
/* The same, and what is parked for it. */
uint32_t dtf__mailbox_load(struct dtf_ctx *ctx, const char *name);
void dtf__mailbox_put(struct dtf_ctx *ctx, const char *name, uint32_t number, struct slice payload);
/* Takes the oldest message for this op: DONE, recorded.  False: none is there. */
bool dtf__mailbox_take(struct dtf_ctx *ctx, struct op *op);
void dtf__mailbox_wait(struct dtf_ctx *ctx, struct op *op);
void dtf__mailbox_leave(struct dtf_ctx *ctx, struct op *op);

/* ---- ctx.h functions that value operations use are in context.c ---- */

#endif
