/* What the grammar's actions call to make nodes; and how tokens reach the parser. */
#ifndef GRAMMAR_BUILD_H
#define GRAMMAR_BUILD_H

#include "lex.h"

/* One parse: what actions add to. */
struct parse {
	struct arena *arena;
	struct diag *diag;
	struct source *source;
	struct file *file;
	struct decl **decls_tail;
	unsigned errors; /* how many were reported */
	bool failed;     /* the parser could not go on */
	bool stopped;    /* a limit is reached: the rest is not read */
	void *parser;
	const struct token *token; /* the one being fed */
	bool said;                 /* it does not fit, and that was reported */
};

struct qname {
	struct name package, name;
};
struct backoff {
	struct expr *min, *max, *factor;
};
struct prologue {
	struct query *queries;
	struct expr *deadline;
};
struct parallel_options {
	struct span settle;
	struct expr *limit, *until;
};

/* feed.c */
void feed_syntax_error(struct parse *p);
void feed_too_deep(struct parse *p);

/* parse.y */
bool parse_would_accept(void *parser, int kind);
bool parse_is_contextual(int kind);
bool parse_recovering(void *parser);

/* build.c: an error at a node that cannot be */
void build_error(struct parse *p, enum diag_code code, struct span span, const char *label,
	const char *format, ...) __attribute__((format(printf, 5, 6)));
struct span build_join(struct span a, struct span b);
struct name build_name(struct parse *p, const struct token *token);

/* A number where a duration belongs. */
void build_check_duration(struct parse *p, const struct expr *expr);

/* build_decl.c: declarations */
void build_package(struct parse *p, const struct token *keyword, const struct token *name);
void build_add_decl(struct parse *p, struct decl *decl);
struct decl *build_decl(struct parse *p, enum decl_kind kind, const struct token *keyword,
	const struct token *name);
struct decl *build_import(struct parse *p, const struct token *keyword, struct expr *path);
void build_version(struct decl *decl, const struct token *number);
void build_workflow(
	struct parse *p, struct decl *decl, const struct prologue *prologue, struct block *body);
void build_deadline(struct parse *p, struct prologue *prologue, struct expr *value);
struct query *build_query(struct parse *p, struct query *before, const struct token *keyword,
	const struct token *name, struct type_syntax *type, struct expr *value);
struct field *build_field(struct parse *p, const struct token *name, struct type_syntax *type);
struct field *build_reverse_fields(struct field *list);
struct type_syntax *build_type_name(
	struct parse *p, const struct token *package, const struct token *name);
struct type_syntax *build_type_of(struct parse *p, enum type_syntax_kind kind, struct span from,
	struct type_syntax *of, struct span to);
struct error_name *build_error_name(
	struct parse *p, struct error_name *before, const struct qname *name);
struct error_name *build_reverse_errors(struct error_name *list);
struct attribute *build_attribute(
	struct parse *p, enum attribute_kind kind, const struct token *keyword, struct expr *value);
struct attribute *build_retry(struct parse *p, const struct token *keyword, struct expr *times,
	const struct token *forever, const struct backoff *backoff);
struct attribute *build_reverse_attributes(struct attribute *list);

/* build_stmt.c: statements; a list of statements comes newest first */
struct block *build_block(
	struct parse *p, const struct token *open, struct stmt *newest, const struct token *close);
struct block *build_wrap(struct parse *p, struct stmt *stmt);
struct stmt *build_stmt(struct parse *p, enum stmt_kind kind, struct span span);
struct stmt *build_expr_stmt(struct parse *p, struct expr *expr);
struct stmt *build_let(struct parse *p, const struct token *keyword, const struct token *name,
	struct type_syntax *type, struct expr *value);
struct stmt *build_assign(
	struct parse *p, struct expr *target, const struct token *op, struct expr *value);
struct stmt *build_if(struct parse *p, const struct token *keyword, const struct token *let,
	struct expr *condition, struct block *then, struct stmt *otherwise);
struct stmt *build_for(struct parse *p, const struct token *keyword, const struct token *key,
	const struct token *element, struct expr *over, struct expr *end, struct block *body);
struct stmt *build_match(
	struct parse *p, const struct token *keyword, struct expr *value, struct match_arm *newest);
struct match_arm *build_match_arm(struct parse *p, struct match_arm *before,
	struct argument *values, const struct token *otherwise, struct block *body);
struct stmt *build_fail(struct parse *p, const struct token *keyword, const struct qname *name,
	struct argument *args, const struct token *close);
struct stmt *build_try(struct parse *p, const struct token *keyword, struct block *body,
	struct catch_arm *newest, struct block *finally);
struct catch_arm *build_catch(struct parse *p, struct catch_arm *before,
	const struct token *keyword, struct catch_name *names, const struct token *binder,
	struct block *body);
struct catch_name *build_catch_name(
	struct parse *p, struct catch_name *before, const struct qname *name);
struct stmt *build_select(struct parse *p, const struct token *keyword, struct select_arm *newest);
struct select_arm *build_arm(struct parse *p, struct select_arm *before, enum arm_kind kind,
	const struct token *keyword, struct expr *trigger, const struct token *binder,
	struct expr *guard, struct block *body);
struct stmt *build_sleep(
	struct parse *p, const struct token *keyword, struct expr *value, bool until);
struct stmt *build_within(struct parse *p, const struct token *keyword, struct expr *limit,
	struct block *body, struct block *otherwise);
struct stmt *build_log(
	struct parse *p, const struct token *keyword, const struct token *level, struct expr *text);
struct undo *build_undo(struct parse *p, struct span span, struct expr *call, struct block *block);

/* build_expr.c: expressions */
struct expr *build_expr(struct parse *p, enum expr_kind kind, struct span span);
struct expr *build_expr_name(struct parse *p, const struct token *token);
struct expr *build_int(struct parse *p, enum expr_kind kind, const struct token *token);
struct expr *build_float(struct parse *p, const struct token *token);
struct expr *build_bool(struct parse *p, const struct token *token, bool value);
struct expr *build_string(struct parse *p, const struct token *token);
struct expr *build_string_text(struct parse *p, struct expr *string, const struct token *token);
struct expr *build_string_part(struct parse *p, struct expr *string, struct expr *part);
struct expr *build_string_end(struct parse *p, struct expr *string, const struct token *token);
struct expr *build_items(struct parse *p, enum expr_kind kind, struct span from,
	struct argument *items, struct span to);
struct expr *build_record(
	struct parse *p, struct expr *type, struct argument *fields, struct span to);
struct expr *build_member(struct parse *p, struct expr *base, const struct token *name);
struct expr *build_index(struct parse *p, struct expr *base, struct expr *index, struct span to);
struct expr *build_call(struct parse *p, const struct token *name, struct type_syntax *type,
	struct argument *args, struct span to);
struct expr *build_unary(struct parse *p, enum op op, const struct token *token, struct expr *of);
struct expr *build_binary(struct parse *p, enum op op, struct expr *left, const struct token *token,
	struct expr *right);
struct argument *build_argument(struct parse *p, struct argument *before, const struct token *name,
	struct expr *key, struct expr *value);
struct argument *build_reverse_arguments(struct argument *list);
struct expr *build_step(struct parse *p, enum expr_kind kind, const struct token *keyword,
	const struct qname *name, struct argument *args, const struct token *close);
/* What follows a step's arguments. */
struct expr *build_step_parts(struct expr *step, struct attribute *with, struct undo *undo);
struct expr *build_wait(struct parse *p, const struct token *keyword, const struct qname *name);
struct parallel_options build_limit(
	struct parse *p, struct parallel_options options, struct expr *value);
struct parallel_options build_until(
	struct parse *p, struct parallel_options options, struct expr *value);
struct expr *build_parallel(struct parse *p, const struct token *keyword,
	const struct parallel_options *options, struct block *block);
struct expr *build_parallel_for(struct parse *p, const struct token *keyword,
	const struct parallel_options *before, const struct parallel_options *after,
	const struct token *element, struct expr *list, struct block *body);

#endif
