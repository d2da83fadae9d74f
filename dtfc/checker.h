/*
 * What the parts of the checker share.
 *
 * One `struct checker` goes through a unit.  Typing (check_expr.c and friends)
 * walks each workflow once and fills in the tree; the passes after it
 * (check_flow.c, check_loop.c, check_share.c, check_raise.c) read a typed body
 * and judge one concept each.
 */
#ifndef DTFC_CHECKER_H
#define DTFC_CHECKER_H

#include "check.h"
#include "scope.h"

/* What a statement stands in, innermost first: decides what may leave it. */
enum place_kind {
	PLACE_LOOP,
	PLACE_TRY, /* the body */
	PLACE_CATCH,
	PLACE_FINALLY,
	PLACE_WITHIN,
	PLACE_SHIELD,
	PLACE_BRANCH, /* of a static parallel, or the body of `parallel for` */
	PLACE_UNDO,
};

struct place {
	struct place *outer;
	enum place_kind kind;
	struct span span;        /* of what it is, for notes */
	struct expr *parallel;   /* BRANCH: whose yields it collects */
	struct catch_arm *catch; /* CATCH */
};

/* A variable of type T? that is known not to be none here. */
struct narrow {
	struct narrow *next;
	struct var *var;
};

struct checker {
	struct unit *unit;
	struct arena *arena;
	struct diag *diag;
	struct types *types;
	struct file *file;
	/* in a workflow: */
	struct decl *workflow;
	struct var **vars_tail;
	struct scope *scope;
	struct strand_syntax *strand;
	struct place *place;
	struct narrow *narrow;
	/* NULL, or where only pure expressions are allowed: "a constant" */
	const char *pure;
	unsigned depth;
	bool is_too_deep; /* reported; the passes after typing do not run */
};

/* Reports in the file being checked: report(c, CODE, span, label, format, …). */
#define report(c, code, span, label, ...) \
	diag_report((c)->diag, DIAG_##code, (c)->file->source, (span), (label), __VA_ARGS__)
#define note(c, to, file, span, ...) diag_note((c)->diag, (to), (file)->source, (span), __VA_ARGS__)

#define FAULT_BIT(name) (1u << FAULT_##name)

static inline const struct type *basic(struct checker *c, enum type_kind kind) {
	return type_basic(c->types, kind);
}

static inline const char *text_of(struct checker *c, const struct type *type) {
	return type_text_in(c->arena, type, c->file);
}

/* What an operand can raise, the expression can. */
static inline void check_inherit(struct expr *e, const struct expr *of) {
	e->can_fault = e->can_fault || of->can_fault;
	e->faults |= of->faults;
}

/* Guards recursion over the tree; every check_enter needs its check_leave. */
bool check_enter(struct checker *c, struct span span);
void check_leave(struct checker *c);

/* ---- names: check_find.c ---- */

/* "an activity" */
const char *check_kind_text(enum decl_kind kind);
/* "an activity is run with `do`", or NULL. */
const char *check_how_to(const struct decl *decl);
bool check_is_basic_type(const char *text);
/* The file whose package is visible under this name, or NULL. */
/* The import that brings the package, or NULL. */
const struct decl *check_import(struct checker *c, const char *text);
struct file *check_package(struct checker *c, const char *text);
/* A declaration of this kind; reports if there is none and returns NULL. */
struct decl *check_find(struct checker *c, const struct name *package, const struct name *name,
	enum decl_kind kind);
/* A declaration of any kind, or NULL; says nothing. */
struct decl *check_find_any(struct checker *c, const struct name *package, const char *text);
struct decl *check_builtin_error(struct checker *c, const char *text);
/* "declared here", unless it is built in. */
void check_note_decl(struct checker *c, struct diagnostic *to, const struct decl *decl);
/* "did you mean 'x'?", or NULL. */
const char *check_did_you_mean(struct checker *c, const struct suggest *suggest);
/* Never NULL; poison after a report. */
const struct type *check_type(struct checker *c, const struct type_syntax *syntax);
/* map[of], which may not be a map of optionals: reported at span. */
const struct type *check_map_of(struct checker *c, struct span span, const struct type *of);

/* ---- variables: check_var.c ---- */

struct var *check_declare(
	struct checker *c, enum var_kind kind, struct name name, const struct type *type);
/* A variable that is made already. */
void check_add(struct checker *c, struct var *var);
/* The variable of that name as the code here sees it (captured if in an undo), or NULL. */
struct var *check_variable(struct checker *c, const char *text);
bool check_is_narrowed(const struct checker *c, const struct var *var);
/* Adds what a condition says about optionals when it is `truth`. */
void check_narrow(struct checker *c, const struct expr *condition, bool truth);

/* ---- constants: check_const.c ---- */

/* Resolves the type and folds the value of a constant, for `use` if not NULL; poison in a cycle. */
const struct type *check_const(struct checker *c, struct decl *decl, const struct expr *use);
/* The literal that the expression is or names, or NULL. */
const struct expr *check_literal(const struct expr *e);
/* Literals, enum members, constants, and lists, maps and records of them. */
bool check_is_constant(const struct expr *e);
/* Computes an operation on literals in place; reports what overflows. */
void check_fold(struct checker *c, struct expr *e);
bool check_is_true(const struct expr *e);
/* The text of a string literal, its parts joined. */
const char *check_string(struct checker *c, const struct expr *e, size_t *ret_len);

/* ---- expressions: check_expr.c, check_operator.c, check_builtin.c ---- */

/* A value.  Never NULL; poison after a report. */
const struct type *check_expr(struct checker *c, struct expr *e);
/* Also what is not a value by itself, like a caught error. */
const struct type *check_any(struct checker *c, struct expr *e);
const struct type *check_unary(struct checker *c, struct expr *e);
const struct type *check_binary(struct checker *c, struct expr *e);
const struct type *check_call(struct checker *c, struct expr *e);
/* Reports that a T? stands where a T is needed. */
struct diagnostic *check_optional_used(struct checker *c, const struct expr *e);
bool check_is_printable(const struct type *type);

/* ---- names in expressions: check_name.c ---- */

const struct type *check_name(struct checker *c, struct expr *e);
const struct type *check_member(struct checker *c, struct expr *e);
/* A field or member of that name, or NULL. */
struct field *check_field(const struct decl *decl, const char *text);
/* "did you mean 'x'?", or NULL. */
const char *check_near_field(struct checker *c, const struct decl *decl, const char *text);

/* ---- conversions: check_convert.c ---- */

/* The type that values of both can be converted to, or NULL. */
const struct type *check_join(struct checker *c, const struct type *a, const struct type *b);
/* Makes a checked expression a value of `want`; NULL, or what it reported. */
struct diagnostic *check_convert(struct checker *c, struct expr *e, const struct type *want);
/* Checks and converts. */
struct diagnostic *check_expect(struct checker *c, struct expr *e, const struct type *want);
/* Puts an EXPR_CONVERT around it, in place. */
void check_wrap(struct checker *c, struct expr *e, const struct type *type);
/* Checks arguments against parameters or fields, by position. */
void check_arguments(struct checker *c, struct span span, struct argument *args,
	struct field *params, const struct decl *of);

/* ---- declarations: check_decl.c ---- */

void check_imports(struct checker *c);
void check_packages(struct checker *c);
void check_declare_all(struct checker *c);
void check_signatures(struct checker *c);
void check_versions(struct checker *c);
/* The workflow's own. */
void check_deadline(struct checker *c, struct decl *workflow);
void check_unused_decls(struct checker *c);
void check_attributes(struct checker *c, struct decl *decl);
/* The `with` of a step: e->u.step->policy. */
void check_overrides(struct checker *c, struct expr *step);

/* All files' records that contain themselves: check_record.c */
void check_records(struct checker *c);
/* Can its values nest without end?  Then to compare them can be a fault. */
bool check_is_endless(const struct type *type);

/* ---- durable operations: check_step.c ---- */

bool check_is_durable(const struct expr *e);
/* Without the conversions around it. */
const struct expr *check_bare(const struct expr *e);
/* A durable expression where one may stand, or any value.  `result` names the
 * variable that its undo sees as the step's result; may be NULL. */
const struct type *check_operation(struct checker *c, struct expr *e, const struct name *result);
/* What a `wait` or an `on` arm brings. */
const struct type *check_event(struct checker *c, struct expr *e);
void check_undo(struct checker *c, struct undo *undo, const struct name *result,
	const struct type *result_type);
/* A step whose undo uses its result: so the name of the result is used. */
bool check_names_result(const struct expr *e);
/* Reports that an operation has no value, and whose fault that is. */
void check_no_value(struct checker *c, const struct expr *e);
const struct type *check_parallel(struct checker *c, struct expr *e);
void check_yield(struct checker *c, struct stmt *s);

/* ---- statements: check_stmt.c, check_match.c, check_try.c ---- */

void check_block(struct checker *c, struct block *block);
/* The block's statements in the scope that is open now. */
void check_statements(struct checker *c, struct block *block);
void check_stmt(struct checker *c, struct stmt *s);
const struct type *check_storable(struct checker *c, struct stmt *s, const struct type *type);
void check_select(struct checker *c, struct stmt *s);
void check_match(struct checker *c, struct stmt *s);
/* Is an arm of the match taken for certain? */
bool check_is_exhaustive(const struct stmt *s);
void check_try(struct checker *c, struct stmt *s);
void check_fail(struct checker *c, struct stmt *s);
/* "an undo" */
const char *check_place_text(enum place_kind kind);
/* break, continue, return, continue with: may it leave what it stands in? */
void check_leaves(struct checker *c, struct stmt *s);
void check_workflow(struct checker *c, struct decl *decl);

/* ---- waits without end: check_wait.c ---- */

void check_wait_ends(struct checker *c, const struct expr *e);
void check_select_ends(struct checker *c, const struct stmt *s);

/* ---- going through a body: check_walk.c ---- */

/* What to call, innermost first; each may be NULL. */
struct visitor {
	void *arg;
	/* A variable is named; `assigned`: as (part of) the target of an assignment. */
	void (*name)(void *arg, struct expr *e, bool assigned);
	void (*expr)(void *arg, struct expr *e);
	void (*stmt)(void *arg, struct stmt *s);
};
void check_visit(struct stmt *s, const struct visitor *v);
void check_visit_block(const struct block *block, const struct visitor *v);
void check_visit_expr(struct expr *e, const struct visitor *v);
void check_visit_args(const struct argument *args, const struct visitor *v);
void check_visit_undo(const struct undo *undo, const struct visitor *v);

/* ---- passes over a typed body ---- */

void check_flow(struct checker *c, struct decl *workflow);    /* check_flow.c */
void check_loops(struct checker *c, struct decl *workflow);   /* check_loop.c */
void check_sharing(struct checker *c, struct decl *workflow); /* check_share.c */
void check_raises(struct checker *c, struct decl *workflow);  /* check_raise.c */
void check_undone(struct checker *c, struct decl *workflow);  /* check_undone.c */

/* Opens and closes what a construct brings with it. */
struct inside {
	struct scope scope;
	struct narrow *narrow;
};
void check_scope_open(struct checker *c, struct inside *inside);
void check_scope_close(struct checker *c, struct inside *inside);

#endif
