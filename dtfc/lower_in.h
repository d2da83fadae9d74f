/* What the files of lower share. */
#ifndef DTFC_LOWER_IN_H
#define DTFC_LOWER_IN_H

#include "cname.h"
#include "lower.h"

/* Pointers to pointers, by hash; zeroed it is empty. */
struct map_entry;
struct map {
	struct map_entry *entries;
	size_t capacity; /* a power of two, or 0 */
	size_t count;
};
void *map_get(const struct map *map, const void *key);
void map_put(struct arena *arena, struct map *map, const void *key, void *value);

/* ---- names and types ---- */

/* What a declaration is called in C. */
struct decl_names {
	const char *base;     /* shop_order; of a workflow or error without the package */
	const char **members; /* of an enum, by index */
	const char *def;      /* see lower_def */
	const char *full;     /* see lower_full_name */
};

struct ctype {
	const char *c;     /* "int64_t", "const char *", "struct shop_order" */
	const char *stem;  /* of lists and optionals of it: "dtf_int", "shop_order" */
	const char *table; /* "dtf_type_int", "shop_order_type"; NULL: none */
	const char *table_stem;
	bool is_struct;
	bool is_pointer; /* an optional that is a pointer to its value, NULL for none */
	/* record, enum: */
	bool begun;     /* its definition is being made or stands */
	bool defined;   /* it stands */
	bool announced; /* `struct x;` stands */
};

struct lower {
	struct arena *arena;
	struct unit *unit;
	struct file *file; /* the root */
	struct ir_module *module;
	struct cname_set *globals;
	struct cname_set *members; /* in globals: what every frame may have beside its variables */
	struct map names;          /* decl -> decl_names */
	struct map types;          /* type -> ctype */
	struct ir_type **types_tail;
	struct table structs; /* those that are defined, by name in C */
	struct ir_type *alone, **alone_tail;
	struct table tables;         /* types that have one, by its name */
	struct ir_type *used;        /* their tables are; what those need is not yet looked at */
	bool in_header;              /* a declaration's types, not a workflow's inside */
	const struct decl *defining; /* the record whose fields are being lowered, or NULL */
	/* the workflow being lowered */
	struct ir_workflow *workflow;
	struct decl *decl;
	struct ir_strand **strands_tail;
	struct ir_policy **policies_tail;
	unsigned npolicies;
	struct strand *strand; /* the innermost */
};

void lower_names(struct lower *l, struct file *file);
const struct decl_names *lower_decl(struct lower *l, const struct decl *decl);
const struct ctype *lower_ctype(struct lower *l, const struct type *type);
/* Optionals: has it a value, which, none, one with this value. */
struct ir_expr *lower_has(struct lower *l, const struct type *type, struct ir_expr *optional);
struct ir_expr *lower_value(struct lower *l, const struct type *type, struct ir_expr *optional);
struct ir_expr *lower_none(struct lower *l, const struct type *type);
struct ir_expr *lower_some(
	struct lower *l, const struct type *type, struct ir_expr *value, struct ir_expr **prefix);
/* "shop.fulfil"; built-in errors have no package */
const char *lower_full_name(struct lower *l, const struct decl *decl);
/* The C name of the def that describes it: shop_charge_activity, dtf_timeout. */
const char *lower_def(struct lower *l, const struct decl *decl);
/* The struct of a workflow's parameters: shop_fulfil_input; NULL without any. */
const char *lower_input(struct lower *l, const struct decl *workflow);
/* Parameters or fields; C names distinct from `fixed`. */
struct ir_field *lower_fields(struct lower *l, struct field *fields, const char *const *fixed);

/* ---- strands ---- */

enum scope_kind { SCOPE_TRY, SCOPE_CATCH, SCOPE_FINALLY, SCOPE_WITHIN, SCOPE_SHIELD, SCOPE_LOOP };

/* A way out of a finally: a jump that waits for it to end. */
struct exit {
	struct exit *next;
	struct scope *until;     /* leaves all scopes inside this one */
	struct ir_state *target; /* then goes here; NULL: returns */
	struct ir_state *state;  /* where it goes on after the finally */
};

struct attempt {
	unsigned number;
	bool has_finally;
	struct ir_state *finally, *end;
	struct ir_slot *then; /* where to go on after the finally, if not always to end */
	struct exit *exits;
	bool end_used;
	bool ends_normally; /* the body or a catch does */
};

struct scope {
	struct scope *up;
	enum scope_kind kind;
	struct ir_state *handler; /* of errors; loops and shields have none */
	struct attempt *attempt;
	struct ir_slot *failure; /* CATCH: what was caught, if somebody asks */
	/* LOOP: */
	bool is_inline;               /* a C loop: break and continue are C's */
	struct ir_state *exit, *next; /* where break and continue go */
	bool exit_used, next_used;
};

/* Ordinals of a strand's constructs. */
enum construct {
	CONSTRUCT_IF,
	CONSTRUCT_WHILE,
	CONSTRUCT_LOOP,
	CONSTRUCT_FOR,
	CONSTRUCT_MATCH,
	CONSTRUCT_TRY,
	CONSTRUCT_SELECT,
	CONSTRUCT_PARALLEL,
	CONSTRUCT_WITHIN,
	CONSTRUCT_SLEEP,
	CONSTRUCT_UNDO,
	CONSTRUCT_COUNT,
};

/* A strand under construction. */
struct strand {
	struct strand *up;
	struct ir_strand *ir;
	struct map slots; /* var -> ir_slot; of a catch's binder: the failure */
	struct map data;  /* a catch's binder -> the slot of its declared fields */
	struct cname_set *locals;
	struct ir_state *state;
	struct ir_block *block;
	bool dead; /* nothing reaches the next op */
	uint32_t line;
	struct scope *scope;
	unsigned ordinals[CONSTRUCT_COUNT];
	unsigned temps;
	bool conditional;          /* the expression may not be evaluated at all, or often */
	bool texts;                /* one was made, and may be too large: see lower_texts_begin */
	struct ir_slot *result;    /* of a return or yield that waits for a finally */
	const struct type *yields; /* of a branch, or NULL */
};

/* The user's line, site and state of what comes next. */
void lower_at(struct lower *l, struct span span);
uint32_t lower_site(struct lower *l, const char *kind, const char *name, struct span span);
struct ir_state *lower_state(struct lower *l, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
unsigned lower_ordinal(struct lower *l, enum construct construct);
/* The state's code stands here; what came before falls into it. */
void lower_place(struct lower *l, struct ir_state *state);

struct ir_op *lower_op(struct lower *l, enum ir_op_kind kind);
void lower_eval(struct lower *l, struct ir_expr *expr);
struct ir_op *lower_jump(struct lower *l, struct ir_state *target);
void lower_return(struct lower *l, struct ir_expr *step);
/* The end of a strand that is not the body, if it is reached. */
void lower_done(struct lower *l);
/* After an expression that can raise. */
void lower_raised(struct lower *l);
void lower_raise(struct lower *l);
/*
 * A text that is too large is found by the next wait; before a scope is left
 * that might catch it, it has to be asked for.  Begin gives what end wants.
 */
bool lower_texts_begin(struct lower *l);
void lower_texts_end(struct lower *l, bool outer);
struct ir_state *lower_handler(struct lower *l);
void lower_poll(struct lower *l, struct ir_expr *step);
/* A command was issued: waits for it in the state of that name. */
void lower_await(struct lower *l, struct ir_state *state);

struct ir_slot *lower_slot(struct lower *l, const char *name, const struct ctype *type);
struct ir_slot *lower_var(struct lower *l, struct var *var);
/* The user's variable comes into being here. */
struct ir_slot *lower_declare_var(struct lower *l, struct var *var, struct ir_expr *value);
/* A slot that is a C local or frame member from here on. */
void lower_declare(struct lower *l, struct ir_slot *slot, struct ir_expr *value);
struct ir_slot *lower_temp(struct lower *l, const struct ctype *type);

/* Ops into a nested block; returns whether its end is reached. */
struct ir_block *lower_begin(struct lower *l, struct ir_block **ret_outer);
bool lower_end(struct lower *l, struct ir_block *outer, bool was_dead);

/* Builds a whole strand; fill makes its code. */
struct strand *lower_strand_begin(
	struct lower *l, struct strand_syntax *syntax, const char *path, const char *c_name);
void lower_strand_end(struct lower *l, struct strand *strand);

/* ---- expressions ---- */

struct ir_expr *lower_expr(struct lower *l, struct expr *expr);
/* A condition, after which nothing can be raised. */
struct ir_expr *lower_condition(struct lower *l, struct expr *expr);
struct ir_expr *lower_not(struct lower *l, struct ir_expr *condition);
/* Named twice at no cost and no effect. */
bool lower_is_simple(const struct ir_expr *expr);
/* Evaluates now (or, in a conditional expression, through *prefix); gives a simple one. */
struct ir_expr *lower_stash(
	struct lower *l, const struct ctype *type, struct ir_expr *value, struct ir_expr **prefix);
struct ir_expr *lower_address(
	struct lower *l, const struct ctype *type, struct ir_expr *value, struct ir_expr **prefix);
/* call(…, &temp), before what comes next; gives temp. */
struct ir_expr *lower_out(
	struct lower *l, const struct ctype *type, struct ir_expr *call, struct ir_expr **prefix);
/* &(struct x_args){ … }, or NULL; the arguments evaluated in order. */
struct ir_expr *lower_arguments(
	struct lower *l, const char *c_type, struct argument *args, const char *const *fixed);
/* An interpolated string or a `+` of strings. */
struct ir_expr *lower_text(struct lower *l, struct expr *expr);
struct ir_expr *lower_string(struct lower *l, const char *text, size_t len);
struct ir_expr *lower_table(struct lower *l, const struct type *type); /* &dtf_type_int */
struct ir_expr *lower_builtin(struct lower *l, struct expr *expr);
/* As an interpolated string shows it. */
struct ir_expr *lower_as_text(struct lower *l, const struct type *type, struct ir_expr *value);
struct ir_expr *lower_list_concat(
	struct lower *l, const struct type *type, struct ir_expr *a, struct ir_expr *b);
const char *lower_pointer_to(struct lower *l, const char *c_type); /* "const struct x *" */
const char *lower_array_of(struct lower *l, const char *c_type);   /* "const struct x[]" */
/* Can evaluating it be observed: a fault, or a draw of random? */
bool lower_is_ordered(const struct expr *expr);
bool lower_any_ordered(const struct argument *args);
/* Lowers several in source order; what must come first goes before or into *prefix. */
void lower_operands(struct lower *l, struct expr *const *exprs, size_t count, struct ir_expr **ret,
	struct ir_expr **prefix);

/* Maps: a literal, m[k] as a T?, or taken apart: is there one, and its value. */
struct ir_expr *lower_map(struct lower *l, struct expr *expr);
struct ir_expr *lower_entry(struct lower *l, struct expr *expr);
bool lower_is_lookup(const struct expr *expr); /* m[k] */
struct ir_expr *lower_lookup(
	struct lower *l, struct expr *expr, struct ir_expr **ret_value, struct ir_expr **prefix);
/* `map`, a place, gets another entry. */
void lower_set_entry(struct lower *l, const struct type *type, struct ir_expr *map,
	struct ir_expr *key, struct ir_expr *value);

/* ---- statements ---- */

bool lower_needs_states(const struct stmt *stmt);
bool lower_block_needs_states(const struct block *block);
void lower_block(struct lower *l, const struct block *block);
void lower_stmt(struct lower *l, struct stmt *stmt);
void lower_assign(struct lower *l, struct stmt *stmt);
void lower_loop(struct lower *l, struct stmt *stmt);
void lower_for(struct lower *l, struct stmt *stmt);
void lower_if(struct lower *l, struct stmt *stmt);
void lower_match(struct lower *l, struct stmt *stmt);
void lower_try(struct lower *l, struct stmt *stmt);
void lower_select(struct lower *l, struct stmt *stmt);
/* What a return that waited for a finally returns. */
struct ir_expr *lower_returned(struct lower *l);
/* Leaves all scopes inside `until`, then jumps; target NULL: returns `value`. */
void lower_leave(
	struct lower *l, struct scope *until, struct ir_state *target, struct ir_expr *value);
/* A durable expression whose value goes to dest (NULL: nowhere); `declare` (or
 * NULL) is a variable that comes into being where it is awaited. */
void lower_durable(
	struct lower *l, struct expr *expr, struct ir_slot *declare, struct ir_expr *dest);
bool lower_is_durable(const struct expr *expr);
/* Issues the step of a `do`, and registers its undo. */
void lower_step(struct lower *l, struct expr *expr, int arm);
/* Starts the child of a `call`. */
void lower_call(struct lower *l, struct expr *expr, int arm);
void lower_undo_block(struct lower *l, struct undo *undo);
/* Heads of the queries; then, with the body in work, their code. */
void lower_query_heads(struct lower *l, struct ir_workflow *w, struct decl *decl);
void lower_queries(struct lower *l, struct ir_workflow *w, struct decl *decl);
void lower_parallel(
	struct lower *l, struct expr *expr, struct ir_slot *declare, struct ir_expr *dest);
void lower_within(struct lower *l, struct stmt *stmt);
void lower_shield(struct lower *l, struct stmt *stmt);
/* Errors go to `handler` (NULL: out of the strand) in a scope inside the present one. */
void lower_scope_open(struct lower *l, struct scope *scope, enum scope_kind kind,
	struct attempt *attempt, struct ir_state *handler);
void lower_scope_close(struct lower *l, struct scope *scope);
/* Goes to that handler, or out of the strand. */
void lower_raise_to(struct lower *l, struct ir_state *handler);
void lower_sleep(struct lower *l, struct stmt *stmt);
/* The zero value of a type. */
struct ir_expr *lower_zero(struct lower *l, const struct type *type);
/* Evaluated again it gives the same, whatever happens between. */
bool lower_stays(const struct ir_expr *expr);
/* dtf_x(ctx, …): the arguments up to a NULL. */
struct ir_expr *lower_ctx_call(struct lower *l, const char *name, ...);
struct ir_expr *lower_number(struct lower *l, int64_t value);

/* One of several ways on: an arm of match or select. */
struct way {
	struct way *next;
	struct ir_item *labels; /* of a switch */
	bool is_default;
	struct ir_expr *test; /* of a chain of ifs; NULL: else */
	struct block *body;
	struct select_arm *arm;
	struct ir_state *state; /* if it needs some of its own */
};

/* Chooses by a switch over value, or by tests if value is NULL. */
void lower_ways(
	struct lower *l, const char *name, struct way *ways, struct ir_expr *value, bool is_closed);

extern const char *const lower_activity_fixed[], *const lower_start_fixed[],
							 *const lower_fail_fixed[];

/* has_table of types: set where something refers to them. */
void lower_add_table(struct lower *l, struct ir_type *type);
void lower_use_workflow(struct lower *l, const struct ir_workflow *w);
void lower_used_tables(struct lower *l); /* when all is lowered */

uint64_t lower_fingerprint(struct lower *l, struct decl *workflow);
/* XXH3-128 of the file, in hex. */
const char *lower_content_hash(struct arena *arena, const struct source *source);

#endif
