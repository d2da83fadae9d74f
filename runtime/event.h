/*
 * History events and the records that hold them: what is in the log.
 *
 * An execution's history is a flat list of events, numbered from 1.  An
 * arrival (something happened: started, an attempt ended, a timer fired, …)
 * begins a micro-step; the decisions that the workflow's code took because of
 * it follow.  Replay feeds the arrivals to the code and demands the same
 * decisions, so how events were batched into turns and commits means nothing.
 *
 * In the log events are compact binary: a kind, then the fields that the kind
 * has (event.c holds that table), integers as varints.  A turn record is a
 * header, a checksum and events.
 */
#ifndef DTF_EVENT_H
#define DTF_EVENT_H

#include "arena.h"
#include "buf.h"

/* The numbers are the format: never reuse one. */
enum event_kind {
	/* arrivals */
	EVENT_STARTED = 1,          /* begin: the rest of `started` */
	EVENT_ATTEMPT_STARTED = 2,  /* op attempt */
	EVENT_ATTEMPT_ENDED = 3,    /* op attempt outcome payload due_ms(next one; 0 = final) */
	EVENT_TIMER_FIRED = 4,      /* op */
	EVENT_RAISED = 5,           /* name text(event id) payload */
	EVENT_CANCEL_REQUESTED = 6, /* text(reason) */
	EVENT_GRACE_EXPIRED = 7,    /* op */
	EVENT_CHILD_ENDED = 8,      /* op outcome text(status) payload(output or error) */
	EVENT_SUSPENDED = 9,        /* text(reason) */
	EVENT_RESUMED = 10,
	EVENT_ADOPTED = 11,         /* hash(fingerprint) name(manifest hash) */
	EVENT_TERMINATED = 12,      /* text(reason); an end */
	EVENT_DEADLINE_PASSED = 13, /* op: all its attempts together took too long */
	/* decisions */
	EVENT_ACTIVITY_SCHEDULED = 32, /* op strand site name hash(types) payload policy started */
	EVENT_TIMER_SET = 33,          /* op strand site due_ms */
	EVENT_WAIT_OPENED = 34,        /* op strand site name hash(types) */
	EVENT_TAKEN = 35,              /* op ref(number of the RAISED event) */
	EVENT_CLOSED = 36,             /* op: abandoned; an activity is asked to cancel */
	EVENT_SETTLING = 37,      /* op due_ms(grace): asked to cancel, its outcome is awaited */
	EVENT_STATUS = 38,        /* strand site payload */
	EVENT_UNDO_STARTED = 39,  /* op(undone; 0 = a block) strand site */
	EVENT_UNDO_ENDED = 40,    /* strand */
	EVENT_UNDO_FAILED = 41,   /* op strand site payload(error) extra(captured values) */
	EVENT_CHILD_STARTED = 42, /* op strand site admission hash name text(id) payload */
	EVENT_CHILD_SPAWNED = 43, /* the same; nobody waits for it */
	EVENT_COMPLETED = 48,     /* payload; an end */
	EVENT_FAILED = 49,        /* payload(error); an end */
	EVENT_CANCELLED = 50,     /* text(reason); an end */
	EVENT_CONTINUED = 51,     /* strand site payload(new input); an end of this execution */
};

enum event_outcome {
	OUTCOME_OK,
	OUTCOME_FAILED,    /* it said so: the effect is known not to stand */
	OUTCOME_TIMED_OUT, /* unknown */
	OUTCOME_LOST,      /* unknown: its process died */
	OUTCOME_CANCELLED, /* unknown: it was asked to cancel and gave up */
	OUTCOME_UNUSABLE,  /* it did happen, and what it brought cannot be recorded */
};

/* What came of asking for a child. */
enum event_admission {
	ADMITTED,            /* it was started in the same commit */
	REFUSED_ID_TAKEN,    /* an instance of that id exists */
	REFUSED_NO_WORKFLOW, /* no module that is registered has that workflow */
	ASKED,               /* another partition was, in the same commit */
};

/* An event that waits in a mailbox when an execution continues with the next. */
struct event_unread {
	const char *name;
	struct slice payload;
};

#define INSTANCE_ID_MAX 400 /* bytes */

/* What an execution is made of; recorded first and obeyed from there. */
struct event_started {
	const char *id;
	const char *workflow; /* "shop.fulfil" */
	int64_t version;
	uint64_t fingerprint;
	const char *manifest;   /* hash of the manifest's content, hex */
	unsigned char seed[16]; /* the instance's, for all executions */
	int64_t execution;      /* from 1 */
	int64_t created_ms;     /* of the instance */
	int64_t deadline_ms;    /* absolute; 0 = none */
	/* settings that influence decisions */
	int64_t payload_max, history_max, grace_ms;
	struct slice input;
	struct slice status; /* carried custom status; size 0 = none */
	/* parent: number 0 = none */
	uint64_t parent;
	int64_t parent_execution;
	uint32_t parent_op;
	const struct event_unread *unread; /* in order of arrival */
	size_t nunread;
};

struct event_policy {
	int64_t timeout_ms, deadline_ms, heartbeat_ms, attempts, backoff_min_ms, backoff_max_ms;
	double factor;
	const char *tag;
	int64_t priority;
};

/* When a limit of that length is over; INT64_MAX: never, or there is none (0). */
static inline int64_t dtf__limit_end(int64_t from_ms, int64_t limit_ms) {
	int64_t end_ms;
	bool endless = limit_ms <= 0 || __builtin_add_overflow(from_ms, limit_ms, &end_ms);
	return endless ? INT64_MAX : end_ms;
}

/* One event; a kind uses the fields that its line above names. */
struct event {
	enum event_kind kind;
	int64_t time_ms; /* when it was recorded; a decision has its arrival's */
	uint32_t op;     /* command number in the execution, from 1 */
	uint32_t strand; /* serial number of the strand that issued it, from 1 */
	uint32_t site;
	uint32_t attempt; /* from 1 */
	uint32_t ref;
	enum event_outcome outcome;
	bool started;                   /* ACTIVITY_SCHEDULED: attempt 1 starts with it */
	enum event_admission admission; /* CHILD_STARTED, CHILD_SPAWNED */
	int64_t due_ms;
	uint64_t hash;
	const char *name;
	const char *text;
	struct slice payload, extra; /* JSON */
	const struct event_policy *policy;
	const struct event_started *begin;
};

struct wire_reader;
void dtf__policy_put(struct buf *buf, const struct event_policy *policy);
void dtf__policy_get(struct wire_reader *reader, struct event_policy *ret);

bool dtf__event_is_arrival(enum event_kind kind);
bool dtf__event_is_end(enum event_kind kind);      /* of the execution */
const char *dtf__event_name(enum event_kind kind); /* "activity_scheduled" */
/* Not refused, as far as is known. */
static inline bool dtf__may_run(enum event_admission admission) {
	return admission == ADMITTED || admission == ASKED;
}
/* "admitted"; of those refused also the status that the caller sees. */
const char *dtf__admission_name(enum event_admission admission);

/* Everything the event says, as one JSON object: for tools. */
void dtf__event_json(struct buf *buf, const struct event *event);

/* ---- turn records ---- */

struct record {
	uint64_t instance; /* number */
	int64_t execution;
	uint32_t first; /* number of its first event */
	uint32_t count;
	uint64_t previous; /* position of this instance's record before it; 0 = none */
};

/* Appends one event, without a header. */
void dtf__event_encode(struct buf *buf, const struct event *event);
/* Header, checksum (XXH3) over all, and the encoded events. */
void dtf__record_encode(struct buf *buf, const struct record *record, struct slice events);
/*
 * Checks and reads a record's header; *ret_events is the part to give to
 * dtf__event_decode.  DTF_ECORRUPT, DTF_EFORMAT (a newer record).
 */
int dtf__record_decode(struct slice bytes, struct record *ret, struct slice *ret_events);
/*
 * Reads the next event and moves *events on.  Strings and payloads are copied
 * into the arena.  Never trusts the bytes: DTF_ECORRUPT.
 */
int dtf__event_decode(struct arena *arena, struct slice *events, struct event *ret);

/* ---- instance rows ---- */

/* One row per instance beside the log: derived from it, for listing and start. */
struct row {
	const char *id;
	const char *workflow;
	int64_t version;
	uint64_t fingerprint;
	int status;            /* enum dtf_status, as its history has it */
	const char *suspended; /* "operator", … or ""; also of one that runs but for its code */
	const char *error;     /* short text of a failed one, why it cannot run, or "" */
	int64_t execution;
	uint32_t events;    /* in this execution */
	uint64_t last;      /* position of its last record */
	uint64_t status_at; /* position of the record with its last `status`; 0 = none */
	/* the command that waits for its end; parent 0 = none */
	uint64_t parent;
	int64_t parent_execution;
	uint32_t parent_op;
	/* executions before this one: of the log's records up to this position none is
	 * kept any more; and those up to `cut` may go when retention is over since then */
	uint64_t forgotten, cut;
	int64_t cut_ms;
	int64_t created_ms, updated_ms;
	int64_t next_timer_ms; /* earliest time at which it must be loaded; 0 = none */
	bool busy;             /* attempts in flight or to start: load at recovery */
	bool cancelling;       /* a cancel is in its history */
	bool owes_end;         /* its end is not yet in its parent's history */
	bool has_orphans;      /* terminated: children that it waited for may go on */
};

void dtf__row_encode(struct buf *buf, const struct row *row); /* with a checksum */
int dtf__row_decode(struct arena *arena, struct slice bytes, struct row *ret);

#endif
