/*
 * The engine: owner of one store, and of all that runs on it.
 *
 * Everything in struct engine belongs to the engine's thread, except the
 * queue, by which other threads reach it.  A step drains what has arrived,
 * runs the turns that this makes ready, commits them together, and only then
 * lets anything out: attempts to the pool, answers to waiters, log lines.
 */
#ifndef DTF_ENGINE_H
#define DTF_ENGINE_H

#include "clock.h"
#include "execution.h"
#include "marks.h"
#include "past.h"
#include "pool.h"
#include "post.h"
#include "store/order.h"
#include "store/store.h"

#define TURNS_MAX         4096                       /* in one commit */
#define RECORDS_SIZE_MAX  ((size_t)16 * 1024 * 1024) /* bytes in one commit */
#define HOT_MAX_DEFAULT   ((size_t)32 * 1024 * 1024) /* bytes of instances kept in memory */
#define QUEUE_MAX_DEFAULT ((size_t)64 * 1024 * 1024) /* bytes of requests */
#define WINDOW_SIZE       16384 /* sleeping instances whose time is in memory */
#define SWEEP_MIN         16384 /* timers among which are some of what has been */
#define RETRY_MS          1000  /* after a full store, or want of memory */
#define SNAPSHOT_EVENTS   1000  /* from one snapshot of an instance to the next */
/* A commit must hold whatever one turn brings: a few payloads and 2 RECORDS_SIZE_MAX. */
#define PAYLOAD_MAX_MAX   ((size_t)64 * 1024 * 1024)
#define IN_FLIGHT_MAX_MAX 1000000u

/* ---- requests: what clients ask; answered after the commit that holds it ---- */

enum request_kind {
	REQUEST_START,
	REQUEST_RAISE,
	REQUEST_CANCEL,
	REQUEST_TERMINATE,
	REQUEST_SUSPEND,
	REQUEST_RESUME,
	REQUEST_WAIT,
	REQUEST_UNWAIT, /* whoever waited does so no more */
};

struct request {
	struct request *next;
	enum request_kind kind;
	/* Borrowed from the asker until it is answered. */
	const char *id;
	const char *name; /* workflow or event */
	const char *text; /* reason or event id; may be NULL */
	struct slice payload;
	struct request *with; /* REQUEST_START: raised together with it, a list; not answered */
	/* Called on the engine's thread, once. */
	void (*answer)(struct request *request, int rc, const char *text);
	void *arg;
	const char *inbox_request;   /* of a durable inbox command: its request id */
	const struct letter *letter; /* of a message of another partition: what it says */
	bool in_batch;               /* of such two: what is to be known of them is in the batch */
	/* REQUEST_WAIT: */
	const struct row *ended;   /* of what has ended, while 0 is answered */
	struct slice record;       /* its last one, meanwhile, if it is at hand */
	struct instance *instance; /* among whose waiters it is, or NULL */
	struct request *wait;      /* REQUEST_UNWAIT: that was sent before; it may be answered */
};

/* What another partition has sent, from when it is handed over until all before it and
 * itself are durable here. */
struct parcel {
	struct parcel *next; /* in a queue, then in its source */
	struct request request;
	struct engine *engine; /* the receiver */
	unsigned from;
	uint64_t sequence;
	bool admitted;
	bool done; /* what it did is durable */
	struct letter letter;
	struct arena memory; /* of it all */
};

/* ---- instances in memory ---- */

/* Something that has happened to an instance and is not yet recorded. */
struct arrival {
	struct arrival *next;
	struct event event;           /* its strings are in memory */
	struct request *request;      /* to answer; NULL: nobody asked */
	struct dtf_activity *attempt; /* owned; that reports its end, with the payload */
	uint64_t child;               /* that reports its end; 0: none */
	struct arena memory;
};

struct instance {
	uint64_t number;
	struct instance *next_number, *next_id; /* hash chains */
	struct instance *next_dirty;
	struct instance *newer, *older; /* idle ones, by last use */
	struct engine *engine;
	struct arena memory; /* of row's strings */
	struct row row;      /* as of the last commit, or of this step's turn */
	struct execution_host host;
	struct dtf_ctx *ctx; /* NULL: not loaded, or its code is not here */
	const char
		*diagnosis; /* why it cannot run: "mismatch", "version", "corrupt"; NULL: it can */
	const char *why;    /* of the diagnosis, for people; in memory */
	struct arrival *first, **tail;
	struct arrival *taken;         /* applied in this step's turn, newest first */
	struct row before;             /* row as of the last commit */
	struct dtf_activity *attempts; /* in flight */
	struct request *waiters;
	uint64_t round;        /* of the engine, in which it was loaded */
	size_t cost;           /* bytes, as counted in the engine's hot_size */
	int64_t due_ms;        /* when it must be looked at, of its machine; 0 = never by itself */
	int64_t before_due_ms; /* as of the last commit */
	bool dirty, idle, is_new, ended;
	bool born;   /* new, by its parent's turn in this batch, and gone with that */
	int refusal; /* why a child that its turn starts could not be made; 0 */
	bool stale;  /* something about it was lost: load it anew, that finds what is due */
	/* what a snapshot would spare: see keep.c */
	uint32_t snapshot_events; /* in the last one that was made or tried */
	size_t behind_snapshot;   /* bytes in the records after it */
	/* of this step's turn */
	struct buf events;
	uint32_t nevents;
	uint64_t status_at; /* position of the turn's record if it set a status */
	bool turned;        /* in the batch */
	unsigned notes;     /* duties that the batch strikes off its row: enum duty */
};

/* What an instance that has ended still has to do; a flag of its row. */
enum duty {
	DUTY_TELL_PARENT = 1, /* owes_end */
	DUTY_END_ORPHANS = 2, /* has_orphans */
};

/* What is let out after the commit. */
enum effect_kind { EFFECT_RUN, EFFECT_QUEUE, EFFECT_CANCEL, EFFECT_LOG, EFFECT_ANSWER };

struct effect {
	enum effect_kind kind;
	struct instance *instance; /* an answer's may be NULL: no arrival holds its request */
	uint32_t op;
	enum dtf_log_level level;
	char *text; /* owned */
	struct request *request;
	int rc;
};

/* ---- heap.c: what is due; entries are checked when they are popped ---- */

struct due {
	int64_t key;     /* a time, or how little it is urgent */
	uint64_t ticket; /* first come, first served among equal keys */
	uint64_t instance;
	uint32_t op;        /* 0: load the instance and look; or: */
#define DUE_DUTY UINT32_MAX /* it has ended, and has something to do */
};

struct heap {
	struct due *entries;
	size_t count, capacity;
};

int dtf__heap_push(struct heap *heap, struct due due);
/* The least one, unless its key is above key_max. */
bool dtf__heap_pop(struct heap *heap, int64_t key_max, struct due *ret);
/* Leaves what f keeps, which may change it: of an op what is due once at a time, and of
 * those without an op the first of an instance. */
void dtf__heap_sift(struct heap *heap, bool (*f)(void *arg, struct due *due), void *arg);
int64_t dtf__heap_next(const struct heap *heap); /* the least key; INT64_MAX: none */
void dtf__heap_finish(struct heap *heap);

/* ---- the engine ---- */

/* Who runs attempts: the pool, or a test. */
struct executor {
	void (*submit)(void *arg, struct dtf_activity *attempt);
	void (*cancel)(void *arg, struct dtf_activity *attempt);
	void *arg;
};

struct batch {
	struct buf *records; /* one buffer a record, reused */
	size_t nrecords, records_capacity;
	size_t size;     /* bytes in records */
	struct buf rows; /* encoded, one behind the other; reused */
	struct instance **turned;
	size_t nturned, turned_capacity;
	struct batch_note {
		struct instance *instance;
		enum duty done;
	} * notes;
	size_t nnotes, notes_capacity;
	struct effect *effects;
	size_t neffects, effects_capacity;
	bool failed;        /* memory ran out while it was put together */
	struct marks marks; /* strings owned by arena */
	struct store_put_answer *answers;
	size_t nanswers, answers_capacity;
	struct store_put_snapshot *snapshots;
	size_t nsnapshots, snapshots_capacity;
	struct store_purge *purges; /* ids owned by arena */
	size_t npurges, purges_capacity;
	struct slice *messages; /* to other partitions; their bytes owned by arena */
	size_t nmessages, messages_capacity;
	uint64_t *forgets, *trash; /* positions in the log */
	size_t nforgets, forgets_capacity, ntrash, trash_capacity;
	uint64_t emptied;   /* of the trash; 0 = none */
	struct arena arena; /* of marks, answers, snapshots and purges */
	uint64_t next_instance;
	bool admits; /* holds new work */
	bool tells;  /* a row says something new without a record */
	bool hears;  /* a message was taken in */
};

/* How far a batch had come: what was added since can be taken out again. */
struct batch_point {
	size_t nrecords, nturned, nnotes, neffects, nmarks, nanswers, nsnapshots, ntrash, nmessages,
		size;
};

struct engine {
	struct dtf_engine_options options;
	struct store *store; /* whoever opened the engine closes it */
	struct clock clock;
	struct watch *watch; /* the same for other threads */
	struct executor executor;
	/* Fills in an instance's seed; false: it cannot.  NULL: the system's randomness. */
	bool (*make_seed)(void *arg, unsigned char seed[16]);
	void *make_seed_arg;
	unsigned slots, slots_used;        /* attempts that may be in flight; 0: it stops */
	_Atomic unsigned deferred;         /* of those in flight */
	_Atomic bool hungry;               /* it wants to hear of one more that is deferred */
	const struct dtf_module **modules; /* owned array */
	size_t nmodules;
	struct manifest {
		char *text;                   /* joined from the module's pieces; owned */
		char hash[33];                /* of the text, hex */
	} * manifests;                        /* by module; owned */
	struct instance **by_number, **by_id; /* hash tables of one size */
	size_t ninstances, table_size;
	struct order unreadable; /* numbers of those that were told of; their key is 0 */
	struct instance *newest_idle, *oldest_idle;
	uint64_t round;  /* number of this one */
	size_t hot_size; /* bytes that instances in memory take */
	struct instance *dirty, **dirty_tail;
	struct heap timers; /* by time */
	struct due_window {
		int64_t through_ms; /* what sleeps and is due by then is among the timers */
		uint64_t instance;  /* up to this one, of those due just then */
	} window;
	size_t window_size; /* entries read at once */
	struct retention {
		int64_t next_ms;        /* when somebody's is over, at the earliest */
		uint64_t key, instance; /* of the index: looked at up to there */
		bool later;             /* somebody had to stay for now */
		bool trash;             /* there may be some */
	} retention;
	struct recovery {
		bool begun, done;
		uint64_t after;      /* busy ones up to this have been looked at */
		uint64_t before;     /* those from this on are newer than the start */
		uint64_t kind;       /* whose code is missing: those being told; 0 = look for one */
		uint64_t kind_after; /* of that kind, up to this; or of kinds */
		bool told;
	} recovery;
	size_t sweep_min;    /* so many timers are not worth a look */
	size_t sweep_at;     /* look through them when there are so many */
	struct heap waiting; /* activities without a slot, by priority */
	uint64_t tickets;    /* given to those so far */
	struct due *loading; /* room for as many as there may be slots; owned */
	struct batch batch;
	int64_t now_ms; /* durable clock: never goes back */
	int64_t steady_ms;
	uint32_t snapshot_events; /* that an instance takes from one snapshot to the next */
	int64_t retry_at_ms;      /* after a full store, or want of memory; 0 = none */
	bool inbox_due;           /* look into it in the next round */
	uint64_t inbox_seen;      /* entries up to this were read */
	uint64_t inbox_done;      /* and up to this their answers are durable */
	struct command *commands; /* inbox.c: read and not yet answered, oldest first */
	bool recovered;
	int failure; /* sticky: the store failed; every request gets it */
	char failure_text[256];
	struct post post;          /* to and from other partitions */
	struct queue *queue;       /* shared with other threads */
	struct gate *gate;         /* in front of it */
	struct pool *pool;         /* NULL in tests that execute themselves */
	struct dtf_engine *handle; /* whose it is; NULL in those tests */
	struct loop *loop;         /* loop.c: when started or attached */
};

/* What a program has: the engines of its directory's partitions. */
struct dtf_engine {
	struct engine **engines; /* owned, by partition */
	unsigned count;
	struct stores stores;      /* owned */
	struct dtf_client *client; /* owned */
	_Atomic bool started, stopped;
	struct wheel *wheel; /* NULL: it has not been attached */
	struct log *log;     /* owned: the program hears one engine at a time */
	long pid;            /* of the opener: a fork's child is refused */
};

/* engine.c: with threads and the wall's clock; takes the stores over. */
int dtf__engine_open_on(
	struct stores *stores, const struct dtf_engine_options *options, struct dtf_engine **ret);
/* 0, or why it cannot be used here; clears the error text. */
int dtf__engine_check(const struct dtf_engine *handle);
/* Is this thread one of its own, or in a callback of a round of its? */
bool dtf__engine_is_inside(const struct dtf_engine *handle);
/* Why it works no more, or 0. */
int dtf__engine_error(const struct dtf_engine *handle);

/* wheel.c: the program's threads drive it, one at a time. */
int dtf__wheel_open(struct dtf_engine *handle);
void dtf__wheel_close(struct dtf_engine *handle);
/* This thread; no other has the same. */
const void *dtf__wheel_thread(void);
/* Is it up to this thread to drive it, when it waits for something? */
bool dtf__wheel_may_drive(const struct dtf_engine *handle);
/* Then: sleeps until a round is due, the bell rings or time is over (NULL: no end), and
 * makes that round if nobody else does. */
void dtf__wheel_drive(struct dtf_engine *handle, const struct timespec *until);
/* Wakes who sleeps there, until it is taken back. */
void dtf__wheel_ring(struct dtf_engine *handle);
void dtf__wheel_hush(struct dtf_engine *handle);
/* Nobody makes a round meanwhile.  Without a wheel nothing. */
void dtf__wheel_take(struct dtf_engine *handle);
void dtf__wheel_give_back(struct dtf_engine *handle);

/* To the program's log, if it has one. */
void dtf__engine_log(const struct engine *engine, enum dtf_log_level level, const char *instance,
	const char *text);

/* loop.c */
struct executor dtf__loop_executor(struct engine *engine);
/* Recovers, and makes what the rounds need. */
int dtf__loop_open(struct engine *engine);
void dtf__loop_finish(struct engine *engine); /* it has stopped, or never began */
int dtf__loop_start(struct engine *engine);   /* with a thread of its own */
/* Readable when a round is due. */
int dtf__loop_fd(const struct engine *engine);
/* Without a thread: a round.  1: another one is due at once. */
int dtf__loop_round(struct engine *engine);
void dtf__loop_stop(struct engine *engine);
/* Why it works no more, or 0. */
int dtf__loop_error(const struct engine *engine);
/* Is this thread in a round of one of those, called back by it? */
bool dtf__loop_is_own_thread(const struct dtf_engine *handle);
bool dtf__loop_is_worker(const struct engine *engine);

/* recovery.c */
/* Looks at the store: what there is to do is done by the rounds. */
int dtf__engine_recover(struct engine *engine);
/* The next piece of that. */
int dtf__recovery_go_on(struct engine *engine);

/* step.c */
void dtf__engine_tick(struct engine *engine); /* time goes on */
/* For want of memory or room something is left to do: not at once. */
void dtf__engine_retry_later(struct engine *engine);
int dtf__engine_create(const struct dtf_engine_options *options, struct store *store,
	const struct clock *clock, const struct executor *executor, struct engine **ret);
void dtf__engine_destroy(struct engine *engine);
/*
 * One round: everything that has arrived, one commit, its effects.  Says when
 * the next one is due (INT64_MAX: when something arrives; 0: at once).
 * Negative: the store failed, for good.
 */
int dtf__engine_step(struct engine *engine, int64_t *ret_next_ms);
/* The engine is to stop: nothing new is handed out, nobody waits for an end any more. */
void dtf__engine_wind_down(struct engine *engine);
/* Answers whatever is in the queue with this error: the engine works no more. */
void dtf__engine_refuse(struct engine *engine, int rc, const char *text);
/* The same, and whoever waits for something in an instance. */
void dtf__engine_shut(struct engine *engine, int rc, const char *text);

/* queue.c: from any thread */
struct queue *dtf__queue_create(void);
void dtf__queue_destroy(struct queue *queue);
/* False: the engine takes nothing any more. */
bool dtf__queue_request(struct queue *queue, struct request *request);
void dtf__queue_attempt(struct queue *queue, struct dtf_activity *attempt);
/* The engine should look up, though nothing is in the box. */
void dtf__queue_poke(struct queue *queue);
/* Asks the loop to stop.  Sticky. */
void dtf__queue_stop(struct queue *queue);
bool dtf__queue_stopping(struct queue *queue);
/* From now on requests are turned away at the door. */
void dtf__queue_close(struct queue *queue);
/* Everything that came, in order of coming; on the engine's thread. */
void dtf__queue_take(
	struct queue *queue, struct request **ret_requests, struct dtf_activity **ret_attempts);
/* The engine will sleep: from now on what comes makes the descriptor readable.
 * False: something has come. */
bool dtf__queue_sleep(struct queue *queue);
/* It sleeps no more; rung: because the descriptor was readable. */
void dtf__queue_woken(struct queue *queue, bool rung);
void dtf__queue_ring(struct queue *queue); /* makes it readable */
int dtf__queue_fd(struct queue *queue);

/* gate.c: from any thread.  A request that was let in leaves when it has been answered. */
struct gate *dtf__gate_create(size_t size_max, size_t backlog_max);
void dtf__gate_destroy(struct gate *gate);
size_t dtf__gate_size(const struct request *request);
/* DTF_EBUSY; DTF_ECLOSED: it waited, and the engine has stopped. */
int dtf__gate_enter(struct gate *gate, enum request_kind kind, size_t size, bool may_wait);
void dtf__gate_leave(struct gate *gate, enum request_kind kind, size_t size);
/* So many activities wait for a worker. */
void dtf__gate_backlog(struct gate *gate, size_t backlog);
/* Nobody waits there any more. */
void dtf__gate_close(struct gate *gate);

/* registry.c */
int dtf__registry_add(struct engine *engine, const struct dtf_module *module);
/* The newest version. */
const struct dtf_workflow_def *dtf__registry_newest(const struct engine *engine, const char *name);
/* That version: the same fingerprint if it is linked, else another. */
const struct dtf_workflow_def *dtf__registry_find(
	const struct engine *engine, const char *name, int64_t version, uint64_t fingerprint);
const char *dtf__registry_manifest(
	const struct engine *engine, const struct dtf_workflow_def *workflow);
/* When an instance of it must have ended that was created then; 0 = never. */
int64_t dtf__registry_deadline(const struct dtf_workflow_def *workflow, int64_t created_ms);
const char *dtf__registry_file(
	const struct engine *engine, const struct dtf_workflow_def *workflow);
const struct dtf_event_def *dtf__registry_event(
	const struct dtf_workflow_def *workflow, const char *name);
int dtf__registry_store(struct engine *engine); /* manifests into the store */

/* instance.c */
/* In memory, loaded if need be.  STORE_NOT_FOUND; negative: the store failed. */
int dtf__instance_get(struct engine *engine, const char *id, struct instance **ret);
int dtf__instance_by_number(struct engine *engine, uint64_t number, struct instance **ret);
/* Does that code say that the row is damaged, or a newer dtf's?  Then it stays as it is,
 * nothing stops for it, and the log is told, once. */
bool dtf__instance_unreadable(struct engine *engine, uint64_t number, int rc);
struct instance *dtf__instance_loaded(struct engine *engine, uint64_t number);
/* 1: there is one of that id, also one that is not yet recorded; 0; negative. */
int dtf__instance_exists(struct engine *engine, const char *id);
/* A new one, and how its first event begins, but for the seed; `input` is borrowed by that. */
int dtf__instance_create(struct engine *engine, const char *id,
	const struct dtf_workflow_def *workflow, struct slice input,
	struct event_started *ret_begin, struct instance **ret);
/* Forgets ctx and what its unrecorded turn did; it will be loaded again. */
void dtf__instance_drop(struct instance *instance);
void dtf__instance_remove(struct instance *instance); /* out of memory altogether */
void dtf__instance_used(struct instance *instance);
/* Until those in memory take no more than they may. */
void dtf__instance_evict_idle(struct engine *engine);
void dtf__instance_dirty(struct instance *instance);
/* Loads it anew in the next round. */
void dtf__instance_reload(struct instance *instance);

/* load.c */
/* It cannot run, and why: for its row and the log. */
void dtf__instance_diagnose(struct instance *instance, const char *diagnosis, const char *why);
/* Brings ctx to life from the log.  0 also when it cannot run: see diagnosis. */
int dtf__instance_load(struct instance *instance);
/* Sets timers and queues attempts for every open op: after loading and resuming. */
void dtf__instance_schedule(struct instance *instance);
/* A workflow's version as a number that is not 0: what an index knows of code. */
uint64_t dtf__registry_kind(const char *workflow, int64_t version);
/* What the machine of a live instance talks to. */
void dtf__host_of(struct instance *instance, struct execution_host *ret);

/* arrival.c */
struct arrival *dtf__arrival_add(struct instance *instance, const struct event *event);
/* An attempt's end; takes it over. */
void dtf__arrival_report(struct instance *instance, struct dtf_activity *attempt);
/* Is there one of its kind, about its op and attempt, that is not recorded? */
bool dtf__arrival_waits(const struct instance *instance, const struct event *event);
void dtf__arrival_free(struct arrival *arrival);

/* turn.c */
/* Runs all that has arrived for the instance and puts the turn into the batch.
 * Negative: out of memory or the store failed; nothing of the turn stays. */
int dtf__turn(struct instance *instance);
/* As if nothing of its turn had been tried: what arrived is there again. */
void dtf__turn_take_back(struct instance *instance);
/* "mismatch", "version", "corrupt", else "operator": of a suspension's reason. */
const char *dtf__suspension(const char *reason);

/* family.c */
/* Starts the child of this event of the parent's: an admission, or negative. */
int dtf__family_admit(struct instance *parent, const struct event *event);
/* Asks the child that this op waits for to cancel, if it was not asked before. */
void dtf__family_cancel(struct instance *parent, const struct op *op);
/* The instance ends with this turn: what it still has to do is in its row. */
int dtf__family_ends(struct instance *instance);
/* Does that, or a part; false: try again. */
bool dtf__family_after_end(struct instance *instance);
/* Why a child is asked to cancel. */
const char *dtf__family_reason(const struct instance *parent);
bool dtf__family_is_child(
	const struct instance *child, uint64_t parent, int64_t execution, uint32_t op);
/* The child's end is in its parent's record in this batch. */
int dtf__family_told(struct engine *engine, uint64_t child);

/* distant.c: families across partitions; what is told goes with the batch */
/* Is the instance of that id, or number, another partition's? */
bool dtf__distant_has(const struct engine *engine, const char *id);
bool dtf__distant_is(const struct engine *engine, uint64_t number);
/* The child of this event of the parent's. */
int dtf__distant_start(
	struct instance *parent, const struct event *event, const unsigned char seed[16]);
/* Asks the op's child to cancel, if it is distant. */
void dtf__distant_cancel(struct instance *parent, uint32_t op);
int dtf__distant_terminate(
	struct instance *parent, const char *id, uint32_t op, const char *reason);
/* How a child of that parent has ended. */
int dtf__distant_end(
	struct engine *engine, uint64_t parent, int64_t execution, const struct event *event);
/* What the other side of a family says: as dtf__request_admit(). */
int dtf__distant_receive(struct engine *engine, struct request *request);

/* batch.c */
void dtf__batch_effect(struct engine *engine, const struct effect *effect);
void dtf__batch_mark(
	struct engine *engine, uint64_t instance, const char *event, const char *event_id);
bool dtf__batch_has_mark(
	const struct engine *engine, uint64_t instance, const char *event, const char *event_id);
void dtf__batch_answer(struct engine *engine, const char *request, int rc, const char *text);
/* The instance has taken something in this round. */
int dtf__batch_turned(struct instance *instance);
/* Sends it, with this commit; false: no memory. */
bool dtf__batch_message(struct engine *engine, struct slice message);
/* The chain of records from that position on is to be taken away. */
void dtf__batch_trash(struct engine *engine, uint64_t position);
/* This record is; false: no memory. */
bool dtf__batch_forget(struct engine *engine, uint64_t position);
/* The instance is, from the store; false: no memory. */
bool dtf__batch_purge(struct engine *engine, uint64_t instance, const char *id);
/* The duty is done: its row will not have it any more. */
int dtf__batch_note(struct instance *instance, enum duty done);
/* Keeps a copy; an empty value takes away what there is. */
void dtf__batch_snapshot(struct engine *engine, uint64_t instance, struct slice value);
/* Adds a record; its position is in *ret. */
int dtf__batch_record(
	struct instance *instance, const struct record *record, struct slice events, uint64_t *ret);
/* Takes out what came after this point: a turn that will not be recorded. */
struct batch_point dtf__batch_point(const struct engine *engine);
void dtf__batch_go_back(struct engine *engine, const struct batch_point *point);
/* All of it: clients are told; what nobody waits for has not yet happened. */
void dtf__batch_take_back(struct engine *engine, int rc, const char *text);
/*
 * One commit; then lets its effects out.  BATCH_REFUSED: the store takes no new
 * work; clients were told, and what is left should be tried at once, so that
 * they cannot hold it up.  Negative: the store failed for good.
 */
#define BATCH_REFUSED 1
int dtf__batch_commit(struct engine *engine);
void dtf__batch_finish(struct engine *engine);

/* request.c */
void dtf__request_admit(struct engine *engine, struct request *request);
/*
 * May this arrival's request be granted, now that it is its turn?  IGNORED: it
 * changes nothing and is answered as granted.  REFUSED: it has been answered.
 */
enum verdict { GRANTED, IGNORED, REFUSED };
enum verdict dtf__request_check(struct instance *instance, struct arrival *arrival);
/* Nothing could be recorded: requests among what has arrived are told so.  An
 * instance that is new will not be: its waiters too. */
void dtf__request_withdraw(struct instance *instance, int rc, const char *text);
void dtf__request_dismiss_waiters(struct instance *instance, int rc, const char *text);
/* It has ended, with this record. */
void dtf__request_tell_end(struct instance *instance, struct slice record);
/*
 * A command from the inbox is answered in the batch, be it granted or refused;
 * instance: whose arrival it is, or NULL.  One that could not be looked at is
 * let go, and read again.
 */
void dtf__request_answer(struct engine *engine, struct instance *instance, struct request *request,
	int rc, const char *text);

/* inbox.c */
int dtf__inbox_read(struct engine *engine);
/* Entries up to this may go with the batch: it, or one before, answers them. */
uint64_t dtf__inbox_through(const struct engine *engine);

/* dispatch.c */
void dtf__dispatch_run(struct instance *instance, uint32_t op);
/* It waits for a slot.  False: no memory. */
bool dtf__dispatch_queue(struct instance *instance, const struct op *op);
/* The same, if there still is such an op. */
void dtf__dispatch_wait(struct instance *instance, uint32_t op);
void dtf__dispatch_cancel(struct instance *instance, uint32_t op);
/* The engine stops: what is deferred is left to whoever completes it, as if it had died. */
void dtf__dispatch_abandon(struct engine *engine);
void dtf__dispatch_fill(struct engine *engine);
void dtf__dispatch_finished(struct engine *engine, struct dtf_activity *attempt);
/* The attempt has ended: its instance does not name it any more. */
void dtf__dispatch_unlink(struct instance *instance, struct dtf_activity *attempt);
/* INT64_MAX: there is no such limit. */
int64_t dtf__op_deadline(const struct op *op);
int64_t dtf__op_attempt_limit(const struct op *op);
/* A slot that was taken for a start that will not be. */
void dtf__dispatch_unclaim(struct engine *engine);
/* An attempt of an earlier engine on this store goes on and reports to this one. */
int dtf__dispatch_adopt(struct engine *engine, struct dtf_activity *attempt);
bool dtf__dispatch_claim(
	void *arg, const struct dtf_activity_def *activity, const struct event_policy *policy);

/* due.c */
/* Whatever is due by now has arrived. */
int dtf__due_run(struct engine *engine);
/* Reads on in the store's index. */
int dtf__due_window(struct engine *engine);
/* Forgets timers that concern nothing any more, when they have become many. */
void dtf__due_sweep(struct engine *engine);

/* retention.c */
/* Takes away what was kept for long enough: a piece of it, in this batch. */
int dtf__retention_apply(struct engine *engine);
/* What was taken away is durable, or it was not taken away. */
void dtf__retention_done(struct engine *engine);
void dtf__retention_undone(struct engine *engine);
/* The instance continues: what is before this execution may go, sooner or later. */
void dtf__retention_cut(struct instance *instance);

/* silence.c */
/* The op's attempt in flight, as far as it is of this process; else NULL. */
struct dtf_activity *dtf__attempt_of(const struct instance *instance, const struct op *op);
/* Sets the timer that will look for its next beat, if it has to beat.  False: no memory. */
bool dtf__silence_watch(const struct instance *instance, struct dtf_activity *attempt);
/* A timer of its op is due.  Has the attempt been silent for too long?  If not, a
 * later beat decides when it has been.  False: no memory. */
bool dtf__silence_due(const struct instance *instance, struct dtf_activity *attempt, int64_t key_ms,
	bool *ret_silent);

/* result.c */
/* The last event of an instance that has ended, in the arena. */
int dtf__end_read(
	struct store *store, const struct row *row, struct arena *arena, struct event *ret);
/* record: its last one, if it is at hand; of size 0: the store has it. */
int dtf__result_read(
	struct store *store, const struct row *row, struct slice record, struct dtf_result *ret);

/* keep.c */
/* The turn's record, of that size, is in the batch: a snapshot may be due with it, or
 * not be needed any more. */
void dtf__keep(struct instance *instance, size_t size);

/* verify.c */
int dtf__verify(struct instance *instance);

#endif
