/*
 * The syntax tree, and what checking adds to it.
 *
 * The parser allocates every node from the unit's arena and fills in what the
 * source says; nothing here is ever freed one by one.  The fields below a line
 * "checked:" are zero until check has run; lower and emit rely on them.
 * Lists are singly linked through `next` in source order: the tree is only
 * ever walked forward, and the parser appends with a tail pointer.
 */
#ifndef DTFC_AST_H
#define DTFC_AST_H

#include <stdbool.h>
#include <stdint.h>

#include "table.h"

struct source;

/* Bytes [at, at + len) of one source file. */
struct span {
	uint32_t at, len;
};

/* An identifier as written; text is interned in the arena and NUL-terminated.
 * An absent name has text == NULL. */
struct name {
	const char *text;
	struct span span;
};

/* ---- types as written ---- */

enum type_syntax_kind {
	TYPE_SYNTAX_NAME,     /* int, Order, shop.Order */
	TYPE_SYNTAX_LIST,     /* [T] */
	TYPE_SYNTAX_MAP,      /* map[T] */
	TYPE_SYNTAX_OPTIONAL, /* T? */
};

struct type_syntax {
	enum type_syntax_kind kind;
	struct span span;
	struct name package; /* of a qualified name */
	struct name name;
	struct type_syntax *of; /* element of a list, map or optional */
};

/* ---- types as understood (see type.h for constructors and predicates) ---- */

enum type_kind {
	TYPE_ERROR, /* poison: an error was reported, accept everything */
	TYPE_UNIT,  /* an activity or workflow without a result */
	TYPE_BOOL,
	TYPE_INT,
	TYPE_FLOAT,
	TYPE_STRING,
	TYPE_BYTES,
	TYPE_DURATION,
	TYPE_TIME,
	TYPE_JSON,
	TYPE_LIST,
	TYPE_MAP,
	TYPE_OPTIONAL,
	TYPE_RECORD,
	TYPE_ENUM,
	TYPE_FAILURE, /* the binder of a catch: `failure` names the error, NULL for any */
	TYPE_OUTCOME, /* outcome[T], the element of `parallel settle` */
	/* Only while an expression is checked; nothing has them afterwards: */
	TYPE_NONE,  /* of the literal `none`, before it meets a T? */
	TYPE_EMPTY, /* of `[]` or `{}` before it meets a list or map */
};

/* Types are interned: equal types are the same pointer. */
struct type {
	enum type_kind kind;
	const struct type *of; /* list, map, optional, outcome */
	struct decl *decl;     /* record or enum */
	struct decl *failure;  /* TYPE_FAILURE: the one error caught, or NULL */
};

/* ---- variables ---- */

enum var_kind { VAR_PARAM, VAR_LET, VAR_VAR, VAR_FOR, VAR_ARM, VAR_CATCH, VAR_RESULT };

/*
 * One variable of a workflow.  Created by check when it meets the binding;
 * `strand` tells in which strand's frame it lives if it lives in a frame.
 */
struct var {
	enum var_kind kind;
	struct name name;
	const struct type *type;
	bool is_mutable;
	struct strand_syntax *strand; /* the strand whose code declares it */
	struct var *next;             /* all of a workflow, in source order */
	bool used, assigned;
	bool queried;         /* a query reads it, also when the workflow has ended */
	struct var *captured; /* an undo's copy of this variable of the code around it */
	bool is_open;         /* declared without a value */
	size_t open;          /* of those, which one, from 1; check_flow's own */
	/* lowered: (owned by lower) */
	bool in_frame;
	const char *c_name;
};

/*
 * A piece of a workflow that gets a frame and a run function of its own: the
 * body, a branch of `parallel`, the body of `within`, an undo.
 */
enum strand_kind {
	STRAND_BODY,
	STRAND_BRANCH,
	STRAND_ELEMENT, /* of `parallel for` */
	STRAND_WITHIN,
	STRAND_UNDO,
};

struct strand_syntax {
	enum strand_kind kind;
	struct strand_syntax *parent;
	struct span span;
};

/* ---- expressions ---- */

enum expr_kind {
	EXPR_ERROR, /* after a syntax error; has type TYPE_ERROR */
	EXPR_NAME,
	EXPR_BOOL,
	EXPR_INT,
	EXPR_FLOAT,
	EXPR_NONE,
	EXPR_DURATION,
	EXPR_STRING, /* parts, in order: text pieces and interpolated expressions */
	EXPR_LIST,
	EXPR_MAP,
	EXPR_RECORD,
	EXPR_FIELD, /* base.field; also package.Name, Enum.member, self.id, e.message */
	EXPR_INDEX,
	EXPR_CALL, /* a built-in function: len(x), now(), parse[T](j) */
	EXPR_UNARY,
	EXPR_BINARY,
	/*
	 * Put in by check: T to T?; or T? to T where `if x != none` has made sure.
	 * (`none`, `[]` and `{}` just get the type that they meet.)
	 */
	EXPR_CONVERT,
	/* durable: only as a whole right-hand side or statement */
	EXPR_DO,
	EXPR_CALL_WORKFLOW,
	EXPR_SPAWN,
	EXPR_WAIT,
	EXPR_PARALLEL, /* static branches or `for` */
};

enum op {
	OP_NOT,
	OP_NEGATE,
	OP_OR,
	OP_AND,
	OP_EQ,
	OP_NE,
	OP_LT,
	OP_LE,
	OP_GT,
	OP_GE,
	OP_COALESCE, /* ?? */
	OP_ADD,
	OP_SUB,
	OP_MUL,
	OP_DIV,
	OP_MOD,
};

struct string_part {
	struct string_part *next;
	const char *text; /* unescaped bytes, or NULL when it is an expression */
	uint32_t len;
	struct expr *expr;
};

/* A named value: field of a record literal, entry of a map literal, argument. */
struct argument {
	struct argument *next;
	struct span span;
	struct name name; /* record literal */
	struct expr *key; /* map literal */
	struct expr *value;
	/* checked: */
	struct field *field; /* record literal; or the parameter */
	bool late; /* of an undo's call: uses the step's result, evaluated when the undo runs */
};

/* with { timeout 2s, retry 3 backoff 1s..5m factor 2.0, tag "x", priority 1 } */
enum attribute_kind {
	ATTRIBUTE_TIMEOUT,
	ATTRIBUTE_DEADLINE,
	ATTRIBUTE_HEARTBEAT,
	ATTRIBUTE_RETRY,
	ATTRIBUTE_TAG,
	ATTRIBUTE_PRIORITY,
	ATTRIBUTE_CAPACITY,
};

enum retry_kind { RETRY_TIMES, RETRY_FOREVER, RETRY_NONE };

struct attribute {
	struct attribute *next;
	enum attribute_kind kind;
	struct span span;
	struct expr *value; /* all but retry */
	enum retry_kind retry;
	struct expr *times, *backoff_min, *backoff_max, *factor;
};

/* What running an activity is told; all durations in milliseconds, 0 = none. */
struct policy {
	int64_t timeout_ms, deadline_ms, heartbeat_ms;
	int64_t attempts; /* 0 = for ever */
	int64_t backoff_min_ms, backoff_max_ms;
	double factor;
	const char *tag; /* "" = default */
	int64_t priority;
};

enum parallel_mode { PARALLEL_FAIL_FAST, PARALLEL_SETTLE };

/* A branch of a static `parallel`; body is the one statement. */
struct branch {
	struct branch *next;
	struct stmt *body;
	struct strand_syntax strand;
	/* checked: */
	struct var *exported; /* the `let` that is the branch, visible after the block */
};

/*
 * `undo act(args)` or `undo { block }`.  The arguments of a call are evaluated
 * by the strand that issues the step, before the step, and name its variables;
 * only those marked `late` are evaluated by the undo's own strand and name the
 * captured copies, as all of a block does.
 */
struct undo {
	struct span span;
	struct expr *call;   /* an EXPR_DO, or NULL when it is a block */
	struct block *block; /* or NULL */
	struct strand_syntax strand;
	/* checked: variables of enclosing code that it captures, in source order */
	struct capture *captures;
	/* checked: the undone step's own result, late-bound; NULL if not used */
	struct var *result;
};

struct capture {
	struct capture *next;
	struct var *outer; /* of the enclosing strand */
	struct var *inner; /* the copy that the undo's code names */
};

/* A step is one expression of many: what only it has would make all of them large. */
struct step {
	struct name package, name; /* activity (DO) or workflow (CALL, SPAWN) */
	struct argument *args;
	struct attribute *with;
	struct undo *undo;
	struct expr *id; /* CALL, SPAWN */
	/* checked: */
	const struct policy *policy; /* DO: the activity's, or a copy to which `with` was applied */
};

struct parallel {
	enum parallel_mode mode;
	struct branch *branches; /* static */
	struct expr *until, *limit;
	/* parallel for */
	bool is_for;
	struct name element;
	struct expr *list;
	struct block *body;
	struct strand_syntax strand;
	/* checked: */
	struct var *var;
	const struct type *yields; /* NULL without yield */
	const struct stmt *yield;  /* the first one */
};

struct expr {
	enum expr_kind kind;
	struct span span;
	bool parenthesized;
	uint32_t depth; /* of the tree below it, bounded by the parser */
	union {
		struct name name;          /* NAME */
		bool boolean;              /* BOOL */
		int64_t integer;           /* INT, DURATION (ms) */
		double real;               /* FLOAT */
		struct string_part *parts; /* STRING */
		struct argument *items;    /* LIST, MAP */
		struct {
			struct name package, name; /* RECORD: the type's name */
			struct argument *fields;
		} record;
		struct {
			struct expr *base;
			struct name name;
		} field;
		struct {
			struct expr *base, *index;
		} index;
		struct {
			struct name name;
			struct type_syntax *type; /* parse[T] */
			struct argument *args;
		} call;
		struct {
			enum op op;
			struct span op_span;
			struct expr *left, *right; /* UNARY: left */
		} operation;
		struct expr *converted; /* CONVERT */
		struct step *step;      /* DO, CALL_WORKFLOW, SPAWN */
		struct {
			struct name package, name;
		} wait;
		struct parallel *parallel;
	} u;
	/* checked: */
	const struct type *type;
	/*
	 * Evaluating it can raise a fault: `faults` has a bit 1 << enum fault for
	 * each that it or an operand can raise.  True of every durable expression.
	 */
	bool can_fault;
	unsigned faults;
	struct var *var;      /* NAME of a variable */
	struct decl *decl;    /* NAME/FIELD of a constant; DO, CALL, SPAWN, WAIT: what it names */
	struct field *member; /* FIELD of a record or error; Enum.member */
	int builtin; /* CALL: enum builtin; FIELD of self/failure/outcome: enum builtin_field */
};

/* ---- statements ---- */

struct block {
	struct span span; /* braces included */
	struct stmt *first;
	struct span close; /* the closing brace */
};

enum stmt_kind {
	STMT_ERROR,
	STMT_LET,    /* let and var */
	STMT_ASSIGN, /* =, +=, -=, *= */
	STMT_EXPR,   /* a durable expression as a statement */
	STMT_BLOCK,
	STMT_IF, /* also if let */
	STMT_WHILE,
	STMT_LOOP,
	STMT_FOR,
	STMT_MATCH,
	STMT_BREAK,
	STMT_CONTINUE,
	STMT_RETURN,
	STMT_YIELD,
	STMT_FAIL,
	STMT_TRY,
	STMT_UNDO, /* undo { block } standing alone */
	STMT_SELECT,
	STMT_SLEEP,
	STMT_WITHIN,
	STMT_SHIELD,
	STMT_CONTINUE_WITH,
	STMT_STATUS,
	STMT_LOG,
};

enum assign_op { ASSIGN_SET, ASSIGN_ADD, ASSIGN_SUB, ASSIGN_MUL };
enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

struct match_arm {
	struct match_arm *next;
	struct span span;
	struct argument *values; /* NULL for else */
	struct block *body;      /* a statement after => is wrapped in a block */
};

struct catch_arm {
	struct catch_arm *next;
	struct span span;
	struct catch_name {
		struct catch_name *next;
		struct name package, name;
		/* checked: */
		struct decl *error;
	} * names;          /* NULL for a catch-all */
	struct name binder; /* as e */
	struct block *body;
	/* checked: */
	struct var *var;
};

enum arm_kind { ARM_ON, ARM_AFTER, ARM_AT, ARM_DO, ARM_CALL, ARM_ELSE };

struct select_arm {
	struct select_arm *next;
	enum arm_kind kind;
	struct span span;     /* the trigger */
	struct expr *trigger; /* ON: an EXPR_WAIT; AFTER, AT: duration, time; DO, CALL: the step */
	struct name binder;   /* as x */
	struct expr *condition;
	struct block *body;
	/* checked: */
	struct var *var;
};

struct stmt {
	struct stmt *next;
	enum stmt_kind kind;
	struct span span;
	union {
		struct {
			struct name name;
			struct type_syntax *type;
			struct expr *value; /* NULL: var x: T */
			bool is_mutable;
			/* checked: */
			struct var *var;
		} let;
		struct {
			enum assign_op op;
			struct span op_span;
			struct expr *target, *value;
		} assign;
		struct expr *expr;   /* EXPR, RETURN, YIELD (NULL without), STATUS */
		struct block *block; /* BLOCK, LOOP, SHIELD */
		struct {
			struct expr *condition; /* of if let: the optional */
			struct name let;        /* if let NAME = … */
			struct block *then;
			struct stmt *otherwise; /* STMT_BLOCK or STMT_IF, or NULL */
			/* checked: */
			struct var *var;
		} branch;
		struct {
			struct expr *condition;
			struct block *body;
		} loop; /* WHILE */
		struct {
			struct name key; /* for k, v in map */
			struct name element;
			struct expr *over; /* list, map, or first of a range */
			struct expr *end;  /* a..b: b */
			struct block *body;
			/* checked: */
			struct var *key_var, *var;
		} each;
		struct {
			struct expr *value;
			struct match_arm *arms;
		} match;
		struct {
			struct name package, name; /* NULL: fail again, inside a catch */
			struct argument *args;
			bool has_args;
			/* checked: */
			struct decl *error;
		} fail;
		struct {
			struct block *body;
			struct catch_arm *catches;
			struct block *finally;
		} attempt; /* TRY */
		struct undo *undo;
		struct select_arm *arms; /* SELECT */
		struct {
			struct expr *value;
			bool until;
		} sleep;
		struct {
			struct expr *limit;
			struct block *body, *otherwise;
			struct strand_syntax strand;
		} within;
		struct argument *args; /* CONTINUE_WITH */
		struct {
			enum log_level level;
			struct expr *text;
		} log;
	} u;
	/* checked: */
	/*
	 * It or something in it suspends its own strand: do, call, wait, sleep,
	 * select, within, parallel (its join).  Not what an undo, a branch or
	 * another strand's body does by itself.  A `try` also has one if undos are
	 * registered in it: they run when it is left by an error.
	 */
	bool has_wait;
	/* Control can reach what follows it; false too if it cannot be reached itself. */
	bool falls_through;
};

/* ---- declarations ---- */

/* Field of a record or error, parameter, or member of an enum. */
struct field {
	struct field *next;
	struct name name;
	struct type_syntax *syntax;
	struct span span;
	const char *doc;
	/* checked: */
	const struct type *type;
	struct var *var; /* parameter of a workflow */
	uint32_t index;
	const struct expr *given; /* the last literal that names it; check's own */
};

struct error_name {
	struct error_name *next;
	struct name package, name;
	/* checked: */
	struct decl *error;
};

struct query {
	struct query *next;
	struct name name;
	struct type_syntax *syntax;
	struct expr *value;
	struct span span;
	/* checked: */
	const struct type *type;
};

enum decl_kind {
	DECL_IMPORT,
	DECL_CONST,
	DECL_RECORD,
	DECL_ENUM,
	DECL_ERROR, /* built-in errors are DECL_ERROR with file == NULL */
	DECL_ACTIVITY,
	DECL_EVENT,
	DECL_WORKFLOW, /* the last */
};
enum { DECL_KINDS = DECL_WORKFLOW + 1 };

struct decl {
	struct decl *next;
	enum decl_kind kind;
	struct name name;
	struct span span; /* the head: keyword to name */
	const char *doc;  /* text of the /// lines above it, "\n" between, or NULL */
	struct file *file;
	struct field *fields;       /* record, error, enum members; parameters */
	struct table by_name;       /* checked: of them */
	struct type_syntax *result; /* activity, workflow, event payload, const type */
	struct error_name *fails;
	const struct decl *listed; /* error: the last to list it in `fails`; check's own */
	struct attribute *attributes;
	struct expr *value; /* const */
	/* import */
	const char *path;
	struct span path_span;
	struct file *imported;
	struct decl *next_import;
	/* workflow */
	int64_t version; /* 1 unless written */
	bool version_written;
	struct span version_span;
	struct query *queries;
	struct expr *deadline;
	struct block *body;
	struct strand_syntax strand;
	/* checked: */
	const struct type *type; /* result, payload, type of a const; of a record or enum: itself */
	int64_t deadline_ms;     /* of a workflow; 0: none */
	bool is_old;             /* of a workflow: the file has a newer version */
	bool used;
	bool awaited;              /* event: some code waits for it */
	struct policy policy;      /* activity */
	int64_t capacity;          /* event */
	uint64_t weight;           /* const: literals and bytes of text, check's own */
	struct var *vars;          /* workflow: all variables, undos' copies included */
	struct error_name *raises; /* workflow: the declared errors that can leave it */
	bool is_recursive;         /* record: it can contain itself */
	bool is_endless;           /* record: it is or holds one that can */
	uint32_t component;        /* record: those that can contain each other have the same */
	/* check's own: */
	enum decl_mark { MARK_NEW, MARK_BUSY, MARK_DONE } mark;
	uint32_t order, oldest; /* record: Tarjan's index and low link */
	struct decl *below;
};

/* A comment, kept for the formatter. */
struct comment {
	struct comment *next;
	struct span span;
	bool is_doc;
};

/* One source file, parsed. */
struct file {
	struct file *next; /* all files of a unit, the root first */
	struct source *source;
	struct name package;
	struct decl *decls;
	struct comment *comments;
	bool ok; /* no syntax error */
	/* checked: */
	struct names *names;  /* of its declarations */
	struct decl *imports; /* those that could be read, in order */
	enum decl_mark mark;  /* check's own */
	/* lowered: */
	const char *c_package; /* as C has it */
};

#endif
