/*
 * The contract between generated C and the runtime.
 *
 * Generated code is a set of strands: a frame (plain data) and a run function,
 * one flat `switch (f->at)`.  The runtime calls run after every history event
 * that concerns the strand; run goes on to the next wait and says what it
 * waits for.  Commands never fail in the caller's sight: a fault sticks to the
 * strand and the next dtf_await (or dtf_raised) reports it, so straight-line
 * code stays straight.  Replay is the same code on recorded events.
 *
 * Everything here may change with DTF_ABI; people include dtf/dtf.h only.
 */
#ifndef DTF_ABI_H
#define DTF_ABI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <dtf/dtf.h>
#include <dtf/version.h>

#ifdef __cplusplus
extern "C" {
#endif
#ifdef __GNUC__
#pragma GCC visibility push(default)
#endif

#if defined(__GNUC__)
#define DTF_FALLTHROUGH __attribute__((fallthrough))
#else
#define DTF_FALLTHROUGH ((void)0)
#endif

struct dtf_ctx; /* one instance during one turn */

/* ---- types: tables that the one codec walks ---- */

enum dtf_kind {
	DTF_KIND_UNIT,     /* no value; null on the wire */
	DTF_KIND_BOOL,     /* bool */
	DTF_KIND_INT,      /* int64_t */
	DTF_KIND_FLOAT,    /* double */
	DTF_KIND_STRING,   /* const char *; NULL reads as "" */
	DTF_KIND_BYTES,    /* struct dtf_bytes; base64 on the wire */
	DTF_KIND_DURATION, /* int64_t milliseconds */
	DTF_KIND_TIME,     /* int64_t milliseconds since 1970 UTC */
	DTF_KIND_JSON,     /* const char *: canonical JSON text; NULL reads as null */
	DTF_KIND_LIST,     /* struct { const T *items; size_t count; } */
	DTF_KIND_MAP,      /* a list of struct { const char *key; T value; }, sorted by key */
	DTF_KIND_OPTIONAL, /* struct { bool has; T value; }, or const T *, NULL for none */
	DTF_KIND_RECORD,   /* a struct; a JSON object */
	DTF_KIND_TUPLE,    /* arguments: a struct; a JSON array, trailing optionals may be absent */
	DTF_KIND_ENUM,     /* a C enum (int); its member's name on the wire */
};

struct dtf_type;

struct dtf_field {
	const char *name;
	const struct dtf_type *type;
	size_t offset;
};

struct dtf_type {
	const char *name; /* as in the .dtf file: "shop.Order", "[shop.Item]" */
	enum dtf_kind kind;
	size_t size;
	const struct dtf_type *of; /* list, map, optional */
	size_t value_at;           /* offset of value in an optional (0: a pointer) or map entry */
	size_t entry_size;         /* map */
	const struct dtf_field *fields; /* record, tuple */
	const char *const *members;     /* enum, in order of value from 0 */
	size_t count;                   /* of fields or members */
};

#define DTF_COUNT(array) (sizeof(array) / sizeof(*(array)))
#define DTF_RECORD(name, type, fields) \
	{ (name), DTF_KIND_RECORD, sizeof(type), NULL, 0, 0, (fields), NULL, DTF_COUNT(fields) }
#define DTF_EMPTY(name, type) /* a record without fields; its struct has one all the same */ \
	{ (name), DTF_KIND_RECORD, sizeof(type), NULL, 0, 0, NULL, NULL, 0 }
#define DTF_TUPLE(name, type, fields) \
	{ (name), DTF_KIND_TUPLE, sizeof(type), NULL, 0, 0, (fields), NULL, DTF_COUNT(fields) }
#define DTF_ENUM(name, type, members) \
	{ (name), DTF_KIND_ENUM, sizeof(type), NULL, 0, 0, NULL, (members), DTF_COUNT(members) }
#define DTF_LIST(name, type, of) \
	{ (name), DTF_KIND_LIST, sizeof(type), (of), 0, 0, NULL, NULL, 0 }
#define DTF_OPTIONAL(name, type, of) \
	{ (name), DTF_KIND_OPTIONAL, sizeof(type), (of), offsetof(type, value), 0, NULL, NULL, 0 }
#define DTF_MAP(name, type, of)                                                          \
	{                                                                                \
		(name), DTF_KIND_MAP, sizeof(type), (of), offsetof(type##_entry, value), \
			sizeof(type##_entry), NULL, NULL, 0                              \
	}

/* An optional that is a pointer: of records that can contain themselves. */
#define DTF_POINTER(name, type, of) \
	{ (name), DTF_KIND_OPTIONAL, sizeof(const type *), (of), 0, 0, NULL, NULL, 0 }

extern const struct dtf_type dtf_type_unit, dtf_type_bool, dtf_type_int, dtf_type_float,
	dtf_type_string, dtf_type_bytes, dtf_type_duration, dtf_type_time, dtf_type_json;
extern const struct dtf_type dtf_type_no_args; /* a tuple without fields */
extern const struct dtf_type dtf_type_failure; /* struct dtf_failure, for people */

/* ---- what a module declares ---- */

struct dtf_policy {
	int64_t timeout_ms;   /* of one attempt; 0 = none */
	int64_t deadline_ms;  /* all attempts, queueing included; 0 = none */
	int64_t heartbeat_ms; /* longest silence; 0 = none */
	int64_t attempts;     /* in all; 0 = for ever */
	int64_t backoff_min_ms, backoff_max_ms;
	double factor;
	const char *tag; /* "" = any worker */
	int64_t priority;
};

struct dtf_activity_def {
	const char *name;            /* "shop.charge" */
	const struct dtf_type *args; /* a tuple */
	const struct dtf_type *result;
	struct dtf_policy policy;
	const struct dtf_error_def *const *fails; /* NULL-terminated */
	/* NULL (dtfc --no-functions): only struct dtf_engine_options' run runs it. */
	int (*run)(struct dtf_activity *act, const void *args, void *ret);
};

struct dtf_event_def {
	const char *name;               /* "shop.approval" */
	const struct dtf_type *payload; /* dtf_type_unit for an event without one */
	int64_t capacity;
};

struct dtf_error_def {
	const char *name;              /* "shop.card_declined"; built-in ones have no package */
	const struct dtf_type *fields; /* a record, or dtf_type_unit */
};

extern const struct dtf_error_def dtf_activity_failed, dtf_timeout, dtf_lost, dtf_child_failed,
	dtf_bad_payload, dtf_payload_too_large, dtf_history_full, dtf_runaway, dtf_overflow,
	dtf_division_by_zero, dtf_out_of_range, dtf_bad_value;

/* Where a command stands in the .dtf file, for people only: never compared. */
struct dtf_site {
	uint32_t line, column;
	const char *text; /* the statement's first line, trimmed */
};

enum dtf_step {
	DTF_WAIT,   /* nothing to do until the next event */
	DTF_READY,  /* what was awaited is here */
	DTF_RAISED, /* an error, or cancellation, is on its way out */
	DTF_DONE,   /* the strand has ended */
	DTF_AGAIN,  /* f->at was set: run again from there */
};

struct dtf_strand_def {
	const char *name; /* "fulfil", "fulfil/parallel_1/2" */
	size_t frame_size;
	size_t at;                    /* offset of the frame's `at` (an enum) */
	const struct dtf_type *frame; /* a record of all that the frame holds, but for `at` */
	enum dtf_step (*run)(struct dtf_ctx *ctx, void *frame);
	/* An undo: the captured values at the start of its frame, and where the
	 * undone step's result goes; NULL when the undo does not use it. */
	const struct dtf_type *captured;
	const struct dtf_type *late;
	size_t late_at;
	uint32_t site;
	/* A branch: what it yields, or NULL.  Of `parallel for`: the element, and
	 * where it goes in the frame. */
	const struct dtf_type *yields;
	const struct dtf_type *element;
	size_t element_at;
};

struct dtf_query_def {
	const char *name;
	const struct dtf_type *type;
	void (*run)(struct dtf_ctx *ctx, const void *frame, void *ret); /* the body's frame */
};

struct dtf_workflow_def {
	const char *name; /* "shop.fulfil" */
	int64_t version;
	uint64_t fingerprint;
	const struct dtf_type *input; /* a tuple */
	const struct dtf_type *output;
	size_t input_at; /* offset of the parameters (laid out as the tuple) in the body's frame */
	const struct dtf_strand_def *body;
	const struct dtf_site *sites;
	size_t nsites;
	const struct dtf_event_def *const *events; /* all it waits for; NULL-terminated */
	const struct dtf_error_def *const *fails;  /* NULL-terminated */
	const struct dtf_query_def *queries;
	size_t nqueries;
	int64_t deadline_ms; /* of an instance, all its executions together; 0 = none */
	/* What a snapshot of an execution may refer to, by its place here; NULL-terminated.
	 * strands NULL: none are made. */
	const struct dtf_strand_def *const *strands;
	const struct dtf_activity_def *const *activities;
	const struct dtf_workflow_def *const *children;
	uint64_t code; /* hash of this C: other code has other states, and its own snapshots */
};

struct dtf_module {
	int abi;
	const char *name;
	const char *file;            /* "order.dtf" */
	const char *const *manifest; /* JSON in pieces (a literal has a limit), NULL-terminated */
	const struct dtf_activity_def *const *activities; /* NULL-terminated, like the rest */
	const struct dtf_event_def *const *events;
	const struct dtf_workflow_def *const *workflows;
};

/* ---- one strand, one wait at a time ---- */

/*
 * Start a step; then set f->at and fall into the case that awaits it.
 * `site` indexes the workflow's sites.  `policy` NULL: the activity's own.
 */
void dtf_do(struct dtf_ctx *ctx, uint32_t site, const struct dtf_activity_def *activity,
	const void *args, const struct dtf_policy *policy);
void dtf_wait(struct dtf_ctx *ctx, uint32_t site, const struct dtf_event_def *event);
void dtf_sleep(struct dtf_ctx *ctx, uint32_t site, int64_t ms); /* negative: 0 */
void dtf_sleep_until(struct dtf_ctx *ctx, uint32_t site, int64_t time_ms);

/*
 * Start a child: an instance of its own, in the commit that records this.  Its
 * arguments are laid out as workflow->input.  dtf_call is awaited like a step:
 * the child's declared errors are raised as themselves, any other end without a
 * result as child_failed.  dtf_spawn waits for nothing and gives the child's id.
 */
void dtf_call(struct dtf_ctx *ctx, uint32_t site, const struct dtf_workflow_def *workflow,
	const void *args, const char *id);
const char *dtf_spawn(struct dtf_ctx *ctx, uint32_t site, const struct dtf_workflow_def *workflow,
	const void *args, const char *id);
/* As a child's id: "PARENT/EXECUTION/COMMAND".  It is told by its address: NULL is "". */
extern const char dtf_default_id[];

/* Polls what this strand has started.  On DTF_READY the result is in *ret,
 * which may be NULL.  On DTF_RAISED go to the handler, or return it. */
enum dtf_step dtf_await(struct dtf_ctx *ctx, void *ret);

/* ---- undo ---- */

/* The step just started with dtf_do is undone by `undo`; `captured` (laid out
 * as undo->captured) is copied now. */
void dtf_undo(struct dtf_ctx *ctx, const struct dtf_strand_def *undo, const void *captured);
/* A standing `undo { }`: registered at once. */
void dtf_undo_block(struct dtf_ctx *ctx, const struct dtf_strand_def *undo, const void *captured);

/* ---- select ---- */

/*
 * dtf_select_begin; for each arm in source order that is not switched off by
 * its `if`, one dtf_arm_…; then dtf_select, which takes an arm that is ready
 * now or starts them all.  dtf_select_await says DTF_READY and the index
 * given to the winning arm; its value (event payload, result) is fetched by
 * dtf_take.  An arm that ends in an error wins and raises it.
 * With has_else and nothing ready the winner is -1.
 */
void dtf_select_begin(struct dtf_ctx *ctx);
void dtf_arm_event(struct dtf_ctx *ctx, int arm, uint32_t site, const struct dtf_event_def *event);
void dtf_arm_after(struct dtf_ctx *ctx, int arm, uint32_t site, int64_t ms);
void dtf_arm_at(struct dtf_ctx *ctx, int arm, uint32_t site, int64_t time_ms);
void dtf_arm_do(struct dtf_ctx *ctx, int arm, uint32_t site,
	const struct dtf_activity_def *activity, const void *args, const struct dtf_policy *policy);
/* after dtf_arm_do, dtf_undo adds its undo */
void dtf_arm_call(struct dtf_ctx *ctx, int arm, uint32_t site,
	const struct dtf_workflow_def *workflow, const void *args, const char *id);
void dtf_select(struct dtf_ctx *ctx, bool has_else);
enum dtf_step dtf_select_await(struct dtf_ctx *ctx, int *ret_arm);
/* The winner's value; ret has the arm's type. */
void dtf_take(struct dtf_ctx *ctx, void *ret);

/* ---- parallel ---- */

/*
 * dtf_parallel; the options that the block has; then dtf_branch for each branch
 * in source order, or dtf_elements once.  A branch runs to its first wait before
 * the call returns; once the block is decided the calls do nothing.  Then
 * dtf_join.  `up` is the frame of the strand that holds the block; the branch
 * finds it with dtf_up.
 */
void dtf_parallel(struct dtf_ctx *ctx, uint32_t site);
void dtf_limit(struct dtf_ctx *ctx, int64_t limit); /* live branches; < 1: out_of_range */
/* Successes that end it, of `count` branches; out_of_range. */
void dtf_until(struct dtf_ctx *ctx, int64_t until, size_t count);
void dtf_settle(struct dtf_ctx *ctx);
void dtf_branch(struct dtf_ctx *ctx, const struct dtf_strand_def *branch, void *up);
/* A branch for each of a list's items, which lie as def->element says. */
void dtf_elements(struct dtf_ctx *ctx, const struct dtf_strand_def *def, void *up,
	const void *items, size_t count);
/* In a branch: its value, and its end. */
enum dtf_step dtf_yield(struct dtf_ctx *ctx, const void *value);
enum dtf_step dtf_join(struct dtf_ctx *ctx);
/* The same, and the list of what was yielded in *ret.  `type` is that of an
 * element; after dtf_settle a record of ok, value (if there is one) and error. */
enum dtf_step dtf_join_values(struct dtf_ctx *ctx, const struct dtf_type *type, void *ret);
/* In a branch: the frame it was given (levels 1), that one's holder (2), … */
void *dtf_up(struct dtf_ctx *ctx, unsigned levels);

/* ---- try ---- */

/*
 * dtf_try opens an undo scope; dtf_try_end closes it on a normal exit (its
 * undos go to the enclosing scope): once for each try that a break, continue
 * or return leaves.  On an error or cancellation go to the state that polls
 * dtf_unwind: it runs the scope's undos newest first, closes it, and says
 * DTF_READY; then ask which catch arm takes the error.
 */
void dtf_try(struct dtf_ctx *ctx);
void dtf_try_end(struct dtf_ctx *ctx);
enum dtf_step dtf_unwind(struct dtf_ctx *ctx);
/* Is the error on its way out this one?  error NULL: any.  Never true of cancellation. */
bool dtf_raised_is(struct dtf_ctx *ctx, const struct dtf_error_def *error);
/* Takes the error: the strand goes on.  ret may be NULL; with `error` its
 * declared fields are read into *fields (its record); both may be NULL. */
void dtf_catch(struct dtf_ctx *ctx, struct dtf_failure *ret, const struct dtf_error_def *error,
	void *fields);
/*
 * finally: dtf_finally_begin keeps the error on its way out, if there is one
 * (then what follows is shielded from cancellation); dtf_finally_end brings it
 * back and says whether there was one: then go to the outer handler.
 */
void dtf_finally_begin(struct dtf_ctx *ctx);
bool dtf_finally_end(struct dtf_ctx *ctx);

/* ---- within, shield ---- */

/*
 * dtf_within opens an undo scope, like dtf_try, with a limit on its time;
 * dtf_within_end closes it on a normal exit.  On an error, cancellation or the
 * limit go to the state that polls dtf_within_unwind: it runs the scope's undos
 * and closes it; DTF_READY: the limit had passed, go on with the else, or call
 * dtf_within_failed and go to the outer handler; DTF_RAISED: something else is
 * on its way out.
 */
void dtf_within(struct dtf_ctx *ctx, uint32_t site, int64_t ms);
void dtf_within_end(struct dtf_ctx *ctx);
enum dtf_step dtf_within_unwind(struct dtf_ctx *ctx);
void dtf_within_failed(struct dtf_ctx *ctx); /* raises timeout, kind "within" */
/* Until dtf_shield_end, which raises what has come meanwhile, nothing interrupts
 * the strand; a jump out of it calls dtf_shield_leave, which asks nothing.  An
 * error needs neither. */
void dtf_shield(struct dtf_ctx *ctx);
void dtf_shield_end(struct dtf_ctx *ctx);
void dtf_shield_leave(struct dtf_ctx *ctx);

/* ---- errors ---- */

/* Raises; go to the handler or return DTF_RAISED.  fields: the error's record or NULL. */
void dtf_fail(
	struct dtf_ctx *ctx, uint32_t site, const struct dtf_error_def *error, const void *fields);
/* Bare `fail` in a catch. */
void dtf_fail_again(struct dtf_ctx *ctx, const struct dtf_failure *failure);
/* Has something been raised in this strand (a fault in an expression, say)? */
bool dtf_raised(struct dtf_ctx *ctx);

/* ---- ends ---- */

enum dtf_step dtf_return(struct dtf_ctx *ctx, const void *value); /* the body only; NULL = unit */
enum dtf_step dtf_continue_with(struct dtf_ctx *ctx, uint32_t site, const void *args);
/* A frame whose `at` no case knows: corrupt memory.  Suspends the instance. */
enum dtf_step dtf_bad_state(struct dtf_ctx *ctx, int at);

/* ---- the rest of the language ---- */

void dtf_status(struct dtf_ctx *ctx, uint32_t site, const struct dtf_type *type, const void *value);
void dtf_log(struct dtf_ctx *ctx, enum dtf_log_level level, const char *text);
int64_t dtf_now(struct dtf_ctx *ctx);
const char *dtf_uuid(struct dtf_ctx *ctx);
double dtf_random(struct dtf_ctx *ctx);                   /* [0, 1) */
int64_t dtf_random_below(struct dtf_ctx *ctx, int64_t n); /* [0, n); n < 1: bad_value */
const char *dtf_self_id(struct dtf_ctx *ctx);
int64_t dtf_self_execution(struct dtf_ctx *ctx); /* from 1 */
const char *dtf_self_workflow(struct dtf_ctx *ctx);
int64_t dtf_self_history(struct dtf_ctx *ctx);
/* For every turn of a loop: false raises `runaway`, or something has been raised. */
bool dtf_tick(struct dtf_ctx *ctx);

/* ---- expressions: total, faults stick ---- */

int64_t dtf_add(struct dtf_ctx *ctx, int64_t a, int64_t b);
int64_t dtf_sub(struct dtf_ctx *ctx, int64_t a, int64_t b);
int64_t dtf_mul(struct dtf_ctx *ctx, int64_t a, int64_t b);
int64_t dtf_div(struct dtf_ctx *ctx, int64_t a, int64_t b); /* truncates, as C */
int64_t dtf_mod(struct dtf_ctx *ctx, int64_t a, int64_t b);
int64_t dtf_neg(struct dtf_ctx *ctx, int64_t a);
/* Passes a finite result through; else raises overflow and gives 0. */
double dtf_finite(struct dtf_ctx *ctx, double x);
double dtf_fdiv(struct dtf_ctx *ctx, double a, double b);
double dtf_fmod(struct dtf_ctx *ctx, double a, double b);
int64_t dtf_float_to_int(struct dtf_ctx *ctx, double x); /* truncates; overflow */

/* Of values that nest deeper than 1000 levels: bad_value. */
bool dtf_equal(struct dtf_ctx *ctx, const struct dtf_type *type, const void *a, const void *b);
bool dtf_string_equal(const char *a, const char *b);
int dtf_string_compare(const char *a, const char *b); /* by bytes = by code points */
const char *dtf_concat(struct dtf_ctx *ctx, size_t count, const char *const *parts);
int64_t dtf_string_length(const char *s); /* code points */

/* As in an interpolated string; what is given must not change before use. */
const char *dtf_text_bool(bool b);
const char *dtf_text_int(struct dtf_ctx *ctx, int64_t i);
const char *dtf_text_float(struct dtf_ctx *ctx, double x);      /* shortest that reads back */
const char *dtf_text_duration(struct dtf_ctx *ctx, int64_t ms); /* 1h30m, 250ms, 0s */
const char *dtf_text_time(struct dtf_ctx *ctx, int64_t ms);     /* 2024-02-29T12:00:00.000Z */
const char *dtf_text_enum(const struct dtf_type *type, int value);
const char *dtf_json_string(const char *json); /* string(j): its text */
const char *dtf_text_json(struct dtf_ctx *ctx, const struct dtf_type *type, const void *value);

/* A copy to point to: T as a T? that is a pointer. */
const void *dtf_some(struct dtf_ctx *ctx, size_t size, const void *value);

/*
 * Lists are items and count.  All items come from the runtime (decoded, or made
 * here) or are NULL, save what dtf_items copies and what is appended: those may
 * be any array.
 */
const void *dtf_items(struct dtf_ctx *ctx, size_t size, size_t count, const void *items);
/* a followed by b; appending to the newest list is amortised O(1). */
const void *dtf_items_concat(
	struct dtf_ctx *ctx, size_t size, const void *a, size_t na, const void *b, size_t nb);
/* A copy of which the one element may be written: xs[i] = e. */
void *dtf_items_writable(struct dtf_ctx *ctx, size_t size, const void *items, size_t count);
/* The element, or a zero value after raising out_of_range. */
const void *dtf_at(
	struct dtf_ctx *ctx, size_t size, const void *items, size_t count, int64_t index);
/* Checks an index for writing: false raises out_of_range. */
bool dtf_index_ok(struct dtf_ctx *ctx, size_t count, int64_t index);

/* ---- built-in functions ---- */

/*
 * Pure and quick.  Strings are measured in code points.  A list is given as its
 * items and count, or, where its count changes, by pointers to list structs
 * (ret may be the same).  `of` is the type of the elements, `size` their size.
 * No string, list or map in a workflow grows over 16 MiB: payload_too_large.
 * After a fault the value is harmless (zero, empty, or as long as its count says),
 * and only dtf_raised() tells.
 */

bool dtf_string_contains(const char *s, const char *part);
bool dtf_string_starts_with(const char *s, const char *part);
bool dtf_string_ends_with(const char *s, const char *part);
const char *dtf_string_lower(struct dtf_ctx *ctx, const char *s); /* ASCII */
const char *dtf_string_upper(struct dtf_ctx *ctx, const char *s);
const char *dtf_string_trim(struct dtf_ctx *ctx, const char *s); /* ASCII white space */
/* From code point `from` up to, not including, `to`; out_of_range. */
const char *dtf_string_slice(struct dtf_ctx *ctx, const char *s, int64_t from, int64_t to);
/* All occurrences, from the left; an empty `part` is bad_value. */
const char *dtf_string_replace(
	struct dtf_ctx *ctx, const char *s, const char *part, const char *with);
struct dtf_int_opt dtf_string_find(const char *s, const char *part);
/* An empty separator splits into code points. */
struct dtf_string_list dtf_string_split(struct dtf_ctx *ctx, const char *s, const char *separator);
const char *dtf_string_join(
	struct dtf_ctx *ctx, const char *const *items, size_t count, const char *separator);

int64_t dtf_int_min(int64_t a, int64_t b); /* also of durations and times */
int64_t dtf_int_max(int64_t a, int64_t b);
int64_t dtf_int_abs(struct dtf_ctx *ctx, int64_t a);
int64_t dtf_int_sum(struct dtf_ctx *ctx, const int64_t *items, size_t count);
double dtf_float_min(double a, double b);
double dtf_float_max(double a, double b);
double dtf_float_abs(double a);
double dtf_float_sum(struct dtf_ctx *ctx, const double *items, size_t count);
int64_t dtf_float_floor(struct dtf_ctx *ctx, double x); /* overflow */
int64_t dtf_float_ceil(struct dtf_ctx *ctx, double x);
int64_t dtf_float_round(struct dtf_ctx *ctx, double x); /* half away from zero */

/* int(s), float(s): decimal, as in a .dtf file without `_`; bad_value. */
int64_t dtf_int_parse(struct dtf_ctx *ctx, const char *s);
double dtf_float_parse(struct dtf_ctx *ctx, const char *s);
int64_t dtf_time_parse(struct dtf_ctx *ctx, const char *s); /* RFC 3339; bad_value */
/* format_time is dtf_text_time, json(x) is dtf_text_json.  parse[T]: bad_payload. */
void dtf_parse(struct dtf_ctx *ctx, const struct dtf_type *type, const char *json, void *ret);
/* Of the canonical JSON: the same for equal values, everywhere and always. */
int64_t dtf_hash(struct dtf_ctx *ctx, const struct dtf_type *type, const void *value);

/* As dtf_equal compares. */
struct dtf_int_opt dtf_items_find(struct dtf_ctx *ctx, const struct dtf_type *of, const void *items,
	size_t count, const void *value);
bool dtf_items_contains(struct dtf_ctx *ctx, const struct dtf_type *of, const void *items,
	size_t count, const void *value);
const void *dtf_items_reverse(struct dtf_ctx *ctx, size_t size, const void *items, size_t count);
const void *dtf_items_sort(struct dtf_ctx *ctx, const struct dtf_type *of, const void *items,
	size_t count); /* stable */
/* The first of equal elements stays where it is. */
void dtf_list_unique(struct dtf_ctx *ctx, const struct dtf_type *of, const void *list, void *ret);
/* Elements `from` up to, not including, `to`; out_of_range. */
void dtf_list_slice(
	struct dtf_ctx *ctx, size_t size, const void *list, int64_t from, int64_t to, void *ret);
struct dtf_int_list dtf_range(struct dtf_ctx *ctx, int64_t from, int64_t to); /* [from..to) */

/*
 * Maps are entries in order of their keys; `type` is the map's, `map` and ret
 * point to map structs.  A literal's entries may come in any order; the last of
 * equal keys stays.
 */
void dtf_map_make(struct dtf_ctx *ctx, const struct dtf_type *type, const void *entries,
	size_t count, void *ret);
/* The value, or NULL: m[k]. */
const void *dtf_map_find(const struct dtf_type *type, const void *map, const char *key);
/* The same as a T?, of a type whose optional is a struct. */
void dtf_map_get(const struct dtf_type *type, const struct dtf_type *optional, const void *map,
	const char *key, void *ret);
bool dtf_map_has(const struct dtf_type *type, const void *map, const char *key);
/* m[k] = e: ret is a map with the entry, the old one stays as it was. */
void dtf_map_set(struct dtf_ctx *ctx, const struct dtf_type *type, const void *map, const char *key,
	const void *value, void *ret);
struct dtf_string_list dtf_map_keys(
	struct dtf_ctx *ctx, const struct dtf_type *type, const void *map);
/* In order of the keys; as many as there are entries. */
const void *dtf_map_values(struct dtf_ctx *ctx, const struct dtf_type *type, const void *map);

/* What a caught error says; strings live as long as the instance's memory. */
const char *dtf_failure_name(const struct dtf_failure *failure); /* without its package */

/* ---- typed client calls go through these ---- */

int dtf_start_typed(struct dtf_client *client, const struct dtf_workflow_def *workflow,
	const char *id, const void *args);
int dtf_raise_typed(struct dtf_client *client, const char *id, const struct dtf_event_def *event,
	const void *payload, const char *event_id);
/* Waits for the end; ret (the workflow's output) is filled when it completed,
 * strings and lists in memory that is freed with dtf_result_free(ret_memory). */
int dtf_wait_typed(struct dtf_client *client, const struct dtf_workflow_def *workflow,
	const char *id, int64_t timeout_ms, void *ret, struct dtf_result *result);
/* The value in *ret; what it points to is owned by *result. */
int dtf_query_typed(struct dtf_client *client, const struct dtf_workflow_def *workflow,
	const char *id, const char *query, void *ret, struct dtf_result *result);
/* A declared error of an activity, with its fields. */
int dtf_activity_fail_typed(struct dtf_activity *act, const struct dtf_error_def *error,
	const void *fields, const char *message);

#ifdef __GNUC__
#pragma GCC visibility pop
#endif
#ifdef __cplusplus
}
#endif

#endif
