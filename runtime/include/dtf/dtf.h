/*
 * dtf: durable workflows for C.  The public interface of libdtf.
 *
 * A workflow is written in a .dtf file, compiled to C by dtfc, and linked into
 * your program with the activities it calls.  The engine records what happens
 * to each instance in a directory and replays it after a crash.
 *
 *	struct dtf_engine *engine;
 *	dtf_engine_open(&(struct dtf_engine_options){ .dir = "shop.db" }, &engine);
 *	dtf_engine_register(engine, &shop_module);
 *	dtf_engine_start(engine);
 *	shop_fulfil_start(dtf_engine_client(engine), "order-1", &order);
 *
 * Every function that can fail returns 0 or a negative DTF_E… code; the text
 * for people is in dtf_errmsg().  Unless said otherwise functions may be called
 * from any thread.  Durations are in milliseconds and end in _ms, times are
 * milliseconds since 1970 UTC, sizes are in bytes.  Strings are UTF-8 without
 * U+0000; those passed in are copied.
 */
#ifndef DTF_DTF_H
#define DTF_DTF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif
#ifdef __GNUC__
#pragma GCC visibility push(default)
#endif

/* ---- errors ---- */

enum {
	DTF_EINVAL = -1, /* an argument makes no sense */
	DTF_ENOMEM = -2,
	DTF_ESTORE = -3,   /* the store failed: an I/O error; see dtf_errmsg() */
	DTF_ECORRUPT = -4, /* bytes in the store are not what was written */
	DTF_EFORMAT = -5,  /* the store was written by another dtf, or is none; untouched */
	DTF_EOWNED = -6,   /* another process (or engine) owns the directory */
	DTF_EFULL = -7,    /* disk or map full: nothing was recorded, try again with space */
	DTF_EUNKNOWN_INSTANCE = -8,
	DTF_EUNKNOWN_WORKFLOW = -9,
	DTF_EUNKNOWN_EVENT = -10, /* the workflow waits for no event of that name */
	DTF_EPAYLOAD = -11,       /* a payload does not decode; the text names the path */
	DTF_ETOO_LARGE = -12,     /* a payload is over the limit */
	DTF_EEXISTS = -13,        /* an instance of that id exists */
	DTF_EENDED = -14,         /* the instance has ended */
	DTF_EMAILBOX = -15,       /* that event's mailbox is full */
	DTF_ETIMEOUT = -16,
	DTF_ECLOSED = -17,  /* the engine is stopping or was never started */
	DTF_EFORK = -18,    /* the handle was inherited by fork() */
	DTF_EABI = -19,     /* the module was generated for another dtf */
	DTF_EVERSION = -20, /* versions of a workflow do not go together */
	DTF_EQUEUED = -21,  /* not an error: recorded, no engine is up to answer */
	DTF_EQUERY = -22,   /* there is no such query, or it raised an error */
	DTF_EBUSY = -23,    /* the engine is behind, or another thread drives it: nothing was
			     * done, come again later */
};

/* The text of this thread's last error; valid until its next dtf call. */
const char *dtf_errmsg(void);
/* A code's meaning, static: "the instance has ended". */
const char *dtf_strerror(int code);
/* "0.1.0" of the library that is linked. */
const char *dtf_version(void);

enum dtf_log_level { DTF_LOG_DEBUG, DTF_LOG_INFO, DTF_LOG_WARN, DTF_LOG_ERROR };

/* ---- values in generated structs ---- */

struct dtf_bytes {
	const unsigned char *data;
	size_t size;
};

/* Lists, optionals and maps of your own types are generated in the same shape, but an
 * optional of a record that can contain itself is a pointer, NULL for none. */
#define DTF_DEFINE_LIST(name, type) \
	struct name {               \
		const type *items;  \
		size_t count;       \
	}
#define DTF_DEFINE_OPTIONAL(name, type) \
	struct name {                   \
		bool has;               \
		type value;             \
	}
/* A map's entries stand in order of their keys, by bytes; no key comes twice. */
#define DTF_DEFINE_MAP(name, type) \
	DTF_DECLARE_MAP(name);     \
	DTF_DEFINE_ENTRY(name, type)
/* In two parts, of a type that contains such a map. */
#define DTF_DECLARE_MAP(name)                       \
	struct name##_entry;                        \
	struct name {                               \
		const struct name##_entry *entries; \
		size_t count;                       \
	}
#define DTF_DEFINE_ENTRY(name, type) \
	struct name##_entry {        \
		const char *key;     \
		type value;          \
	}

DTF_DEFINE_LIST(dtf_bool_list, bool);
DTF_DEFINE_LIST(dtf_int_list, int64_t); /* also of durations and times */
DTF_DEFINE_LIST(dtf_float_list, double);
DTF_DEFINE_LIST(dtf_string_list, char *const); /* const char *const *items; also of json */
DTF_DEFINE_OPTIONAL(dtf_bool_opt, bool);
DTF_DEFINE_OPTIONAL(dtf_int_opt, int64_t);
DTF_DEFINE_OPTIONAL(dtf_float_opt, double);
DTF_DEFINE_OPTIONAL(dtf_string_opt, const char *);
DTF_DEFINE_MAP(dtf_bool_map, bool);
DTF_DEFINE_MAP(dtf_int_map, int64_t);
DTF_DEFINE_MAP(dtf_float_map, double);
DTF_DEFINE_MAP(dtf_string_map, const char *);

/* An error as a workflow catches it and as a result reports it. */
struct dtf_failure {
	const char *name; /* "shop.card_declined", "timeout" */
	const char *message;
	const char *data; /* declared fields as JSON, or NULL */
	bool retryable;
	const char *kind;        /* timeout: "attempt", "deadline", "heartbeat", "within" */
	int64_t attempts;        /* of an activity */
	const char *code;        /* activity_failed */
	const char *id, *status; /* child_failed */
	/* Errors of other branches that came after it in the same `parallel`, as many
	 * as a payload holds: a JSON array of objects like this one, or NULL. */
	const char *suppressed;
};

/* ---- activities: your functions, run by the engine's pool ---- */

/*
 * One attempt.  An activity runs on a pool thread, at least once, and again
 * after a crash or a failure.  Arguments are borrowed until it returns; what it
 * stores through `ret` must be constant or come from dtf_activity_alloc().
 * It returns 0, or what dtf_activity_fail(), dtf_activity_fail_final() or the
 * generated PACKAGE_fail_ERROR() gave it; or DTF_DEFERRED.
 */
struct dtf_activity;

/* Zeroed memory that lives until the result has been recorded; NULL when exhausted. */
void *dtf_activity_alloc(struct dtf_activity *act, size_t size);
/* printf into such memory. */
const char *dtf_activity_printf(struct dtf_activity *act, const char *format, ...)
#if defined(__GNUC__)
	__attribute__((format(printf, 2, 3)))
#endif
	;
/* An ordinary failure, retried by the activity's policy; `code` may be NULL. */
int dtf_activity_fail(struct dtf_activity *act, const char *code, const char *message);
/* A failure that is not retried. */
int dtf_activity_fail_final(struct dtf_activity *act, const char *code, const char *message);
/* Nobody knows how far it came, as if this worker had died: retried by the policy;
 * if that is its end, the step may have happened, and is undone. */
int dtf_activity_lost(struct dtf_activity *act, const char *message);
/* Instance/execution/command: the same in all attempts; give it to what you call. */
const char *dtf_activity_key(const struct dtf_activity *act);
const char *dtf_activity_instance(const struct dtf_activity *act);
int64_t dtf_activity_attempt(const struct dtf_activity *act); /* from 1 */
/* Time left for this attempt: to its timeout, or to the step's deadline if that is
 * sooner; INT64_MAX without a limit. */
int64_t dtf_activity_remaining_ms(const struct dtf_activity *act);
/* The workflow no longer wants the result: clean up and return. */
bool dtf_activity_cancelled(const struct dtf_activity *act);
/*
 * Says that the attempt is alive, and asks like dtf_activity_cancelled() whether
 * it should stop.  One whose activity has a `heartbeat` and that is silent for
 * longer is given up: asked to stop, what it brings is ignored, and the step is
 * tried again by its policy.  Cheap, nothing is recorded.  From any thread that
 * works for the attempt, until it returns.
 */
bool dtf_activity_heartbeat(struct dtf_activity *act);
/* What the engine was opened with. */
void *dtf_activity_user(const struct dtf_activity *act);

/*
 * Returned by a function that leaves its attempt to be completed, on any thread, maybe
 * before it returns.  Arguments and `ret` stay until then, time limits go on, and all
 * calls of this section are open to whoever completes it, one thread at a time.
 */
#define DTF_DEFERRED 0x646566
/* Ends a deferred attempt: rc as its function would have returned it.  Once for each,
 * also when nobody wants it any more, or the engine is closed: it frees `act`. */
void dtf_activity_complete(struct dtf_activity *act, int rc);

/*
 * Activities that are not C functions (struct dtf_engine_options, run): names
 * and JSON instead of types.  Borrowed until it returns.
 */
const char *dtf_activity_name(const struct dtf_activity *act); /* "shop.charge" */
const char *dtf_activity_args(const struct dtf_activity *act); /* a JSON array */
/* The result, null of an activity without one.  Return what this returns: not 0
 * if it is no JSON of the declared type; the workflow gets a bad_payload. */
int dtf_activity_return_json(struct dtf_activity *act, const char *json);
/* A failure with a declared error, "shop.out_of_stock" or "out_of_stock", its
 * fields as JSON (NULL: none); one that is not declared is an ordinary failure
 * of that code. */
int dtf_activity_fail_json(
	struct dtf_activity *act, const char *error, const char *fields, const char *message);

/* ---- the engine ---- */

struct dtf_engine; /* owns a directory; one per process and directory */
struct dtf_client; /* starts instances and asks after them */
struct dtf_module; /* generated: what a .dtf file declares */

struct dtf_engine_options {
	const char *dir; /* created if absent, mode 0700; NULL: memory, nothing is durable */
	/* Parts of the directory, each with a store and, when started, a thread of its own;
	 * an instance is in one of them by its id.  Fixed when the directory is made: 0 = as
	 * many as it has, 1 in a new one; at most 256; or one for each core. */
#define DTF_PER_CORE ((unsigned)-1)
	unsigned partitions;
	unsigned workers; /* pool threads, of each partition; 0 = 8 */
	/* None: activities run on the engine's thread, or on the one that drives it, and
	 * should be short or deferred. */
#define DTF_NO_WORKERS ((unsigned)-1)
	const char *const *tags; /* NULL-terminated: the activity tags it serves; NULL: all */
	/* Attempts, deferred ones too, of each partition; 0 = 10,000, at most 1,000,000. */
	unsigned in_flight_max;
	size_t queue_max; /* bytes of requests in memory, again of waits by dtf_ask(); 0 = 64 MiB */
	/* No starts while so many activities of a partition want a worker; 0 = 1,000,000. */
	size_t backlog_max;
	/* What is over these waits until there is room.  Or it returns DTF_EBUSY, as always
	 * from dtf_ask(), in activities, and in threads that attached or drive the engine. */
	bool refuse;
	size_t payload_max;  /* 0 = 1 MiB, at most 64 MiB */
	int64_t history_max; /* events of an execution; 0 = 1,000,000 */
	int64_t grace_ms;    /* for a cancelled step with an undo to settle; 0 = 30,000 */
	/* How long an instance that has ended is kept, and earlier executions of one that
	 * continues: at least so long, then they are taken away, and an id can be used
	 * again; 0 = for ever. */
	int64_t retention_ms;
	size_t hot_max;   /* bytes of instances kept in memory while they wait; 0 = 32 MiB */
	size_t map_size;  /* address space kept for the store; 0 = 1 TiB or what the system gives */
	size_t store_max; /* refuse new work when the store has this size; 0 = no limit */
	bool verify;      /* after every turn, replay from the start and compare; for tests */
	/* Called on an engine's thread, of one at a time; must not call dtf. */
	void (*log)(void *user, enum dtf_log_level level, const char *instance, const char *text);
	void *user; /* for log and dtf_activity_user() */
	/* Clocks, for tests that drive the engine: since 1970 (NULL: the system's), and one that
	 * is never set (NULL: the same).  From any thread, as long as an attempt is deferred. */
	int64_t (*now_ms)(void *user);
	int64_t (*steady_ms)(void *user);
	/* Runs every attempt in the place of the C functions, on a worker's thread,
	 * and answers as they do; NULL: they are linked. */
	int (*run)(struct dtf_activity *act);
};

/*
 * Opens the directory and becomes its owner.  Does not run anything yet.
 * DTF_EOWNED, DTF_EFORMAT, DTF_ESTORE, DTF_ECORRUPT, DTF_EINVAL.
 */
int dtf_engine_open(const struct dtf_engine_options *options, struct dtf_engine **ret);
/* Before dtf_engine_start.  The module is borrowed until close.  DTF_EABI,
 * DTF_EVERSION; DTF_EINVAL: an activity has no function, and options no `run`. */
int dtf_engine_register(struct dtf_engine *engine, const struct dtf_module *module);
/* Recovers what was running and begins to work, on threads of its own. */
int dtf_engine_start(struct dtf_engine *engine);
/*
 * Instead, for a program with a loop of its own: recovers, and leaves the rest to
 * dtf_engine_run_once().  The thread that called that last drives the engine, and before
 * that the one that attached it.  Calls that wait, made by the one that drives it, drive
 * it until they are answered.  So do those of threads that have driven it before, and of
 * the one that attached it, when the driver has not come for a second though the
 * descriptor is readable.  All other threads sleep until somebody drives it.
 */
int dtf_engine_attach(struct dtf_engine *engine);
/* Readable when dtf_engine_run_once() has something to do.  Only to poll, until close. */
int dtf_engine_fd(const struct dtf_engine *engine);
/* One round, which waits for its commit only, and runs activities if there are no workers.
 * 1: more is due at once; 0: when the descriptor is readable; or the error for which it
 * works no more.  DTF_EBUSY: another thread is in a round; DTF_ECLOSED: it was stopped. */
int dtf_engine_run_once(struct dtf_engine *engine);
/* Lets running activities finish, records their results, joins all threads; of an attached
 * engine it drives, when nobody is in a round any more.  What is
 * deferred is given up, as in a crash.  Whoever waits for a result is told DTF_ECLOSED at
 * once.  This and run_once are not for activities and callbacks: DTF_EINVAL.  Returns the
 * store's error if one made the engine stop. */
int dtf_engine_stop(struct dtf_engine *engine);
/* Stops if need be and frees everything, the client included; no thread may use
 * either any more.  NULL is fine; in an activity it does nothing. */
void dtf_engine_close(struct dtf_engine *engine);
/* Borrowed, valid until close. */
struct dtf_client *dtf_engine_client(struct dtf_engine *engine);

/* ---- clients ---- */

/*
 * A client of a directory that another process may own: reads the store,
 * sends commands through its durable inbox.  When no engine is up to answer,
 * commands return DTF_EQUEUED: they are recorded and carried out at its start.
 */
int dtf_client_open(const char *dir, struct dtf_client **ret);
void dtf_client_close(struct dtf_client *client);
/* 1: an engine owns the directory now; 0: none does. */
int dtf_client_has_engine(struct dtf_client *client);

enum dtf_status {
	DTF_RUNNING,
	DTF_SUSPENDED,
	DTF_COMPLETED,
	DTF_FAILED,
	DTF_CANCELLED,
	DTF_TERMINATED,
};
const char *dtf_status_name(enum dtf_status status); /* "running" */

/* How an instance ended.  Strings live until dtf_result_free(). */
struct dtf_result {
	enum dtf_status status;
	const char *output;       /* JSON, when completed */
	struct dtf_failure error; /* name NULL unless failed; cancelled, terminated: message: why */
	void *memory;             /* owned; dtf_result_free() frees it */
};
void dtf_result_free(struct dtf_result *result);

/*
 * Durable when it returns 0.  `id` 1 to 400 bytes; `workflow` is
 * "package.name"; `input` a JSON array of the arguments.
 * DTF_EEXISTS, DTF_EUNKNOWN_WORKFLOW, DTF_EPAYLOAD, DTF_ETOO_LARGE, DTF_EFULL, and, as
 * all that asks an engine for something, DTF_EBUSY.
 */
int dtf_start(struct dtf_client *client, const char *workflow, const char *id, const char *input);
/*
 * Puts an event into the instance's mailbox.  `event` "package.name" or the
 * bare name; payload JSON.  A repeated event_id (may be NULL) of the same
 * event is accepted and ignored.
 * DTF_EUNKNOWN_INSTANCE, DTF_EENDED, DTF_EUNKNOWN_EVENT, DTF_EPAYLOAD, DTF_EMAILBOX.
 */
int dtf_raise(struct dtf_client *client, const char *id, const char *event, const char *payload,
	const char *event_id);
/*
 * Starts an instance with an event in its mailbox: it is there before the
 * workflow runs.  When an instance of that id exists and has not ended, the
 * event alone is raised to it.  From another process these are two commands, in
 * this order, and the workflow may run between them.  Errors as of dtf_start()
 * and dtf_raise(); with an error of the event nothing is started.
 */
int dtf_start_with_event(struct dtf_client *client, const char *workflow, const char *id,
	const char *input, const char *event, const char *payload, const char *event_id);
/* Unwinds the instance: its undos run.  DTF_EUNKNOWN_INSTANCE, DTF_EENDED. */
int dtf_cancel(struct dtf_client *client, const char *id, const char *reason);
/* Ends it at once, nothing is undone. */
int dtf_terminate(struct dtf_client *client, const char *id, const char *reason);
/* Stops delivering to it; what arrives is kept. */
int dtf_suspend(struct dtf_client *client, const char *id, const char *reason);
/* Lets what was suspended go on.  What cannot run is looked at again: when it still
 * cannot, and no operator suspended it, DTF_EVERSION or DTF_ECORRUPT say why. */
int dtf_resume(struct dtf_client *client, const char *id);
/*
 * Waits until the instance has ended; timeout_ms < 0: as long as it takes, 0: only
 * looks.  ret may be NULL.  DTF_ETIMEOUT, DTF_EUNKNOWN_INSTANCE, DTF_ECLOSED.
 */
int dtf_wait_result(
	struct dtf_client *client, const char *id, int64_t timeout_ms, struct dtf_result *ret);

enum dtf_verb {
	DTF_ASK_START,  /* workflow, input; and an event, if there is one */
	DTF_ASK_RAISE,  /* event, payload, event_id */
	DTF_ASK_CANCEL, /* reason; these as well: */
	DTF_ASK_TERMINATE,
	DTF_ASK_SUSPEND,
	DTF_ASK_RESUME,
	DTF_ASK_WAIT, /* for the instance's end */
};
struct dtf_request {
	enum dtf_verb verb;
	const char *id;
	const char *workflow, *input;
	const char *event, *payload, *event_id;
	const char *reason;
	/* Called once, on the engine's thread, with what the call that waits would have
	 * returned, dtf_errmsg() too; result, of a wait, is borrowed.  It may ask and read;
	 * what waits or stops returns DTF_EINVAL there.  NULL: nobody wants to know. */
	void (*done)(void *arg, int rc, const struct dtf_result *result);
	void *arg;
};
/* Asks for the same without waiting for the answer.  0: `done` will be called, maybe before
 * this returns; else not.  A wait may follow its start at once.  DTF_EINVAL, also when the
 * engine is another process's; DTF_ECLOSED, DTF_EBUSY. */
int dtf_ask(struct dtf_client *client, const struct dtf_request *request);

/*
 * Computes a query of the workflow from what is committed, also of an instance
 * that has ended or is suspended; its history is replayed for that, in the
 * caller's thread.  ret->output is the value; free it with dtf_result_free().
 * Only in the process that has the code: else DTF_EVERSION, as when the code
 * and the history do not go together.  DTF_EUNKNOWN_INSTANCE, DTF_EQUERY.
 */
int dtf_query(struct dtf_client *client, const char *id, const char *query, struct dtf_result *ret);

/* What is known of an instance.  Strings live until the callback returns. */
struct dtf_instance_info {
	const char *id;
	const char *workflow;
	const char *parent; /* the id of the instance that waits for its end, or NULL */
	int64_t version;
	enum dtf_status status;
	const char *suspended;     /* why: "operator", "mismatch", "version", "corrupt", or NULL */
	const char *custom_status; /* JSON of the last `status`, or NULL */
	/* "shop.card_declined: …" of a failed one; both sides of a mismatch and the
	 * like of one that is suspended and not only by an operator; or NULL. */
	const char *error;
	int64_t execution; /* from 1 */
	int64_t events;    /* in this execution's history */
	int64_t created_ms, updated_ms;
	int64_t next_timer_ms; /* 0 = none */
};

/* Calls f for one instance.  DTF_EUNKNOWN_INSTANCE; DTF_EINVAL also without f. */
int dtf_info(struct dtf_client *client, const char *id,
	void (*f)(void *arg, const struct dtf_instance_info *info), void *arg);
/* For all instances, oldest first, until f returns false.  DTF_ECORRUPT when one is
 * damaged, after all that could be read. */
int dtf_list(struct dtf_client *client, bool (*f)(void *arg, const struct dtf_instance_info *info),
	void *arg);

/* One event of a history, for people and tools. */
struct dtf_history_event {
	int64_t execution;
	int64_t number; /* from 1 in its execution */
	int64_t time_ms;
	const char *kind;    /* "activity_scheduled", … */
	const char *json;    /* everything it says */
	const char *name;    /* what it is about, as "shop.charge" or "shop.approval"; or NULL */
	const char *text;    /* an outcome or a reason; or NULL */
	const char *payload; /* JSON: arguments, result, event, status, output or error; or NULL */
	const char *error;   /* of a failure: "shop.card_declined: …"; or NULL */
	const char *file;    /* where its command stands; NULL when it has no place */
	uint32_t line, column;
	const char *source;     /* the first line of that statement */
	uint32_t source_column; /* where source begins in its line; 0 = not known */
};

/* execution 0: the current one; -1: all, oldest first.  Until f returns false. */
int dtf_history(struct dtf_client *client, const char *id, int64_t execution,
	bool (*f)(void *arg, const struct dtf_history_event *event), void *arg);

/* Something that an instance waits for. */
struct dtf_waiting {
	const char *kind; /* "activity", "event", "timer" or "child" */
	const char *name; /* "shop.charge"; "" of a timer */
	const char *id;   /* of a child; else NULL */
	int64_t number;   /* of its command, from 1 */
	int64_t since_ms;
	int64_t due_ms;      /* timer; next attempt; end of the grace period; 0 = none */
	int64_t attempt;     /* activity: the last that was started; 0 = none yet */
	int64_t attempts;    /* activity: at most; 0 = for ever */
	int64_t deadline_ms; /* activity: when it is given up, tried or not; 0 = none */
	bool running;        /* the attempt has not ended, as far as is recorded */
	bool settling;       /* cancelled: only how it ends is awaited */
	const char *error;   /* of the last attempt that ended: "timeout: …", or NULL */
	const char *file;    /* as of an event */
	uint32_t line, column;
	const char *source;
	uint32_t source_column;
};

/*
 * Calls f for everything that the instance waits for, oldest first, until it
 * returns false; not at all when the instance has ended.  Read from the store
 * alone: no engine need be up.  DTF_EUNKNOWN_INSTANCE, DTF_ECORRUPT.
 */
int dtf_where(struct dtf_client *client, const char *id,
	bool (*f)(void *arg, const struct dtf_waiting *waiting), void *arg);

#ifdef __GNUC__
#pragma GCC visibility pop
#endif
#ifdef __cplusplus
}
#endif

#endif
