/*
 * What lower makes of the checked tree and emit prints.
 *
 * A module is a list of definitions and workflows; a workflow is a list of
 * strands; a strand is a list of states, each a list of ops.  An op is one C
 * statement, or a poll, a jump, a check for raised errors.  Expressions are
 * shaped like the C they become, so that printing them decides nothing but
 * parentheses and line breaks.
 *
 * A variable is a slot.  Whether it lives in the frame or is a C local is
 * settled when its whole strand is lowered; expressions only point to it.
 */
#ifndef DTFC_IR_H
#define DTFC_IR_H

#include "check.h"

/* ---- expressions ---- */

enum ir_expr_kind {
	IR_TEXT,    /* a literal or a name: 42, "abc", NULL, ctx */
	IR_SLOT,    /* a variable */
	IR_FRAME,   /* the frame itself, f */
	IR_MEMBER,  /* left.name, or left->name when `arrow` */
	IR_INDEX,   /* left[right] */
	IR_CALL,    /* name(items) */
	IR_UNARY,   /* name left: "!", "-", "&", "*", "(int64_t)" */
	IR_BUMP,    /* left++ */
	IR_BINARY,  /* left name right */
	IR_ASSIGN,  /* left = right */
	IR_COMMA,   /* left, right */
	IR_CHOICE,  /* left ? right : other */
	IR_LITERAL, /* (name){ items }, designated where an item has a name; without a name no () */
};

struct ir_item {
	struct ir_item *next;
	const char *name; /* designator, or NULL */
	struct ir_expr *value;
};

struct ir_expr {
	enum ir_expr_kind kind;
	bool arrow;
	bool brief;         /* LITERAL: without designators when it stands on one line */
	uint8_t precedence; /* BINARY: of the operator */
	const char *name;
	union {
		struct ir_slot *slot; /* SLOT */
		struct {
			struct ir_item *items, **tail; /* CALL, LITERAL */
		};
		struct {
			struct ir_expr *left, *right, *other; /* all that have operands */
		};
	};
};

/* ---- slots ---- */

struct ir_slot {
	struct ir_slot *next; /* of a strand, in order of declaration */
	struct ir_strand *strand;
	struct var *var;        /* the user's variable, or NULL */
	const char *name;       /* in C and for people */
	const char *c_type;     /* "const char *", "struct shop_order" */
	const char *table;      /* "dtf_type_int"; NULL: never in a frame */
	const char *prefix;     /* "in." of parameters, "captured." of an undo, or "" */
	struct ir_state *state; /* that declares it; NULL for parameters and captures */
	bool declared;          /* an op declares it */
	bool in_frame;
	bool read; /* some expression uses its value */
};

/* ---- ops and states ---- */

enum ir_op_kind {
	IR_EVAL,    /* expr; */
	IR_DECLARE, /* slot = expr; a C local is declared; expr may be NULL */
	IR_IF,      /* if (expr) body else otherwise */
	IR_WHILE,   /* while (expr) body */
	IR_FOR,     /* for (slot = init; expr; slot++) body */
	IR_SWITCH,  /* switch (expr) cases */
	IR_BLOCK,   /* { body } */
	IR_BREAK,   /* of the C loop */
	IR_CONTINUE,
	IR_RETURN, /* return expr; */
	IR_JUMP,   /* to target */
	IR_GO,     /* to the state in the frame: f->at = expr */
	IR_RAISED, /* if (dtf_raised(ctx)) go to the handler */
	IR_RAISE,  /* go to the handler */
	IR_POLL,   /* step = expr; unless it is ready, return it; raised: the handler */
	IR_AWAIT,  /* f->at = target and fall into it */
	IR_FALL,   /* fall into target, the next state */
};

struct ir_case {
	struct ir_case *next;
	struct ir_item *labels; /* values; NULL with is_default only */
	bool is_default;
	struct ir_block *body; /* ends with a break unless it cannot be left below */
};

struct ir_block {
	struct ir_op *first, **tail;
};

struct ir_op {
	struct ir_op *next;
	enum ir_op_kind kind;
	uint32_t line; /* of the user's statement; 0: machinery */
	struct ir_expr *expr;
	struct ir_expr *init; /* FOR */
	struct ir_slot *slot; /* DECLARE; FOR: the counter */
	struct ir_block *body, *otherwise;
	struct ir_case *cases;
	struct ir_state *target;  /* JUMP, AWAIT, FALL; EVAL: the state that it keeps for a GO */
	struct ir_state *handler; /* RAISED, RAISE, POLL; NULL: the strand ends with the error */
};

struct ir_state {
	struct ir_state *next;
	const char *name; /* FULFIL_SELECT_1 */
	struct ir_block body;
	bool used;       /* something jumps to it */
	bool placed;     /* its code stands in the strand */
	bool reached;    /* set by ir_verify */
	bool has_locals; /* needs braces of its own */
};

struct ir_strand {
	struct ir_strand *next;                /* children before their parents */
	struct ir_strand *parent, *beside;     /* another one of the parent's */
	struct ir_strand *below, **below_tail; /* those it is the parent of */
	struct strand_syntax *syntax;
	const char *path;   /* "fulfil/parallel_1/2" */
	const char *c_name; /* "fulfil_parallel_1_2" */
	const char *def;    /* the strand def's C name */
	const char *upper;  /* "FULFIL_PARALLEL_1_2" */
	struct ir_slot *slots, **slots_tail;
	struct ir_state *states, **states_tail;
	/* undo: */
	const char *captured_c; /* struct of the captured values, or NULL */
	const char *captured_table;
	struct ir_field *captured; /* defines the struct; NULL when it is an activity's arguments */
	const char *late_table;    /* type of the undone step's result, or NULL */
	const char *late_field;    /* its member of the captured struct */
	uint32_t site;
	/* branch: */
	const char *yields_table; /* NULL: nothing */
	struct ir_slot *element;  /* of parallel for */
	struct ir_slot *arm;      /* which arm of a select won: a local of the whole function */
	bool uses_step;
	unsigned ups;  /* bit n: dtf_up(ctx, n) is used */
	bool shows_at; /* a state is saved in the frame: the enum needs a table */
};

/* ---- definitions ---- */

struct ir_field {
	struct ir_field *next;
	const char *name; /* as in the .dtf file */
	const char *c_name;
	const char *c_type;
	const char *table;
	const char *type; /* as in the .dtf file, for people */
	bool by_pointer;  /* a struct: passed by pointer to const */
};

enum ir_type_kind {
	IR_TYPE_RECORD,
	IR_TYPE_ENUM,
	IR_TYPE_LIST,
	IR_TYPE_OPTIONAL,
	IR_TYPE_POINTER, /* an optional that is one: no struct, a table */
	IR_TYPE_MAP,
	IR_TYPE_ENTRY,   /* of the map of that name, which stands alone further up */
	IR_TYPE_FORWARD, /* struct x; and nothing else */
};

/* A type that this module's header or C file defines, or needs a table of. */
struct ir_type {
	struct ir_type *next;
	enum ir_type_kind kind;
	const char *text;   /* "shop.Order", "[shop.Item]" */
	const char *c_name; /* without struct or enum */
	const char *table;
	const char *fields_name; /* of the table of fields or members */
	const char *of_c, *of_table;
	struct ir_field *fields; /* record; enum: members with their constants */
	const char *doc;
	bool define;  /* the struct or enum is defined here */
	bool guarded; /* another header may define it too */
	bool alone;   /* MAP: what it holds comes later, and its entry behind that */
	bool in_header;
	bool has_table;                                      /* the table is defined here */
	bool is_public;                                      /* a table with external linkage */
	struct ir_type *same_table, *next_alone, *next_used; /* lower's own */
};

struct ir_error {
	struct ir_error *next;
	const char *name, *def, *helper, *doc;
	const char *fields_c, *fields_table, *fields_name; /* NULL without fields */
	struct ir_field *fields;
};

struct ir_name {
	struct ir_name *next;
	const char *name;
	const char *text; /* as people know it, "shop.rejected"; of what an activity fails with */
};

struct ir_activity {
	struct ir_activity *next;
	const char *name, *function, *def, *thunk, *doc;
	const char *args_c, *args_table, *args_fields; /* args_c NULL without parameters */
	struct ir_field *params;
	const char *result_c, *result_table, *result; /* result_c NULL for unit */
	struct policy policy;
	struct ir_name *fails; /* error defs */
};

struct ir_event {
	struct ir_event *next;
	const char *name, *def, *raise, *doc;
	struct ir_field *payload; /* NULL for unit */
	int64_t capacity;
};

struct ir_site {
	struct ir_site *next;
	const char *kind, *name; /* "do", "shop.charge"; name may be "" */
	uint32_t line, column;
	const char *text;     /* of its line, trimmed */
	uint32_t text_column; /* where that begins */
};

struct ir_policy {
	struct ir_policy *next;
	const char *c_name;
	struct policy policy;
};

/* An expression over the body's frame. */
struct ir_query {
	struct ir_query *next;
	const char *name, *type; /* "progress", "int" */
	const char *c_name;      /* of the function that computes it */
	const char *client;      /* of the one that people call */
	const char *result_c, *table;
	struct ir_state *state; /* its code; none of the body's */
	bool uses_frame;
};

struct ir_workflow {
	struct ir_workflow *next;
	const char *name, *doc; /* "shop.fulfil" */
	const char *short_name; /* "fulfil" */
	const char *c_name;     /* prefix of its statics */
	const char *def, *start, *wait;
	const char *input_c, *input_table, *input_fields; /* input_c NULL without parameters */
	struct ir_field *params;
	struct ir_name *fails; /* error defs */
	const char *output_c, *output_table, *output;
	const char *sites_name;
	int64_t version;
	bool is_old;         /* the file has a newer version: nobody starts this one */
	int64_t deadline_ms; /* 0: none */
	uint64_t fingerprint;
	struct ir_site *sites, **sites_tail;
	uint32_t nsites;
	struct ir_name *events, *activities, *children; /* that it waits for */
	struct ir_query *queries;
	struct ir_policy *policies;
	struct ir_strand *strands; /* children before their parents: the body is last */
	struct ir_strand *body;
};

struct ir_module {
	const char *package; /* as in the source */
	const char *c_package;
	const char *file; /* "order.dtf" */
	const char *def;  /* shop_module */
	const char *manifest_name;
	const char *content_hash; /* 32 hex digits */
	struct ir_name *imports;  /* header names */
	struct ir_type *types;
	struct ir_error *errors;
	struct ir_activity *activities;
	struct ir_event *events;
	struct ir_workflow *workflows;
};

/* ---- making expressions ---- */

struct ir_expr *ir_text(struct arena *arena, const char *text);
struct ir_expr *ir_textf(struct arena *arena, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Numbers as C reads them back. */
const char *ir_int(struct arena *arena, int64_t value);
const char *ir_float(struct arena *arena, double value);
struct ir_expr *ir_slot(struct arena *arena, struct ir_slot *slot);
struct ir_expr *ir_member(struct arena *arena, struct ir_expr *base, const char *name);
struct ir_expr *ir_arrow(struct arena *arena, struct ir_expr *base, const char *name);
struct ir_expr *ir_index(struct arena *arena, struct ir_expr *base, struct ir_expr *index);
/* The arguments up to a NULL. */
struct ir_expr *ir_call(struct arena *arena, const char *name, ...);
struct ir_expr *ir_unary(struct arena *arena, const char *op, struct ir_expr *operand);
struct ir_expr *ir_bump(struct arena *arena, struct ir_expr *operand);
struct ir_expr *ir_binary(
	struct arena *arena, struct ir_expr *left, const char *op, struct ir_expr *right);
struct ir_expr *ir_assign(struct arena *arena, struct ir_expr *left, struct ir_expr *right);
struct ir_expr *ir_comma(struct arena *arena, struct ir_expr *left, struct ir_expr *right);
struct ir_expr *ir_choice(
	struct arena *arena, struct ir_expr *test, struct ir_expr *yes, struct ir_expr *no);
struct ir_expr *ir_literal(struct arena *arena, const char *type);
/* Adds an argument or an initialiser; name may be NULL. */
void ir_add(struct arena *arena, struct ir_expr *to, const char *name, struct ir_expr *value);

/* Do they read the same, with nothing in them that has an effect? */
bool ir_same(const struct ir_expr *a, const struct ir_expr *b);

/* How tightly it binds, as in C: 0 comma … 15 primary. */
int ir_precedence(const struct ir_expr *expr);
/* Must its child stand in parentheses?  C's rules, and those of careful compilers. */
bool ir_parens_operand(const struct ir_expr *expr);
bool ir_parens_left(const struct ir_expr *expr);
bool ir_parens_right(const struct ir_expr *expr);

struct ir_op *ir_op(struct arena *arena, struct ir_block *block, enum ir_op_kind kind);
void ir_block_init(struct ir_block *block);

/* Calls f for every expression of an op, nested blocks excepted; then for every op of a block. */
void ir_walk(struct ir_block *block, void (*f)(void *arg, struct ir_op *op), void *arg);
void ir_walk_expr(struct ir_expr *expr, void (*f)(void *arg, struct ir_expr *expr), void *arg);

/* bug() unless every state is reachable and ended, every target placed, every slot declared. */
void ir_verify(struct arena *arena, const struct ir_workflow *workflow);

#endif
