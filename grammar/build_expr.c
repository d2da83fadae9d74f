/* Expressions. */
#include <string.h>

#include "build.h"

struct expr *build_expr(struct parse *p, enum expr_kind kind, struct span span) {
	struct expr *expr = mem_new(p->arena, struct expr);
	expr->kind = kind;
	expr->span = span;
	return expr;
}

enum {
	DEPTH_MAX = 1000,
	/* Blocks nest less deep than expressions; few operators stand around one. */
	DEPTH_OF_BLOCK = 990,
};

static uint32_t deeper(uint32_t depth, const struct expr *expr) {
	return expr != NULL && expr->depth > depth ? expr->depth : depth;
}

static uint32_t depth_of(const struct argument *list) {
	uint32_t depth = 0;
	for (; list != NULL; list = list->next) {
		depth = deeper(deeper(depth, list->key), list->value);
	}
	return depth;
}

/*
 * A chain of operators makes a tree as deep as it is long, and what walks trees
 * recurses: one that is too deep ends the parse.
 */
static struct expr *deepen(struct parse *p, struct expr *expr, uint32_t depth) {
	expr->depth = depth + 1;
	if (expr->depth > DEPTH_MAX) {
		if (!p->stopped) {
			build_error(p, DIAG_LIMIT, expr->span, NULL,
				"the expression is too long (limit %d operators)", DEPTH_MAX);
		}
		p->stopped = true;
		expr->kind = EXPR_ERROR;
	}
	return expr;
}

struct expr *build_expr_name(struct parse *p, const struct token *token) {
	struct expr *expr = build_expr(p, EXPR_NAME, token->span);
	if (strcmp(token->text, "null") == 0 || strcmp(token->text, "nil") == 0) {
		build_error(p, DIAG_FOREIGN, token->span, "write `none`", "there is no `%s`",
			token->text);
	}
	expr->u.name = build_name(p, token);
	return expr;
}

struct expr *build_int(struct parse *p, enum expr_kind kind, const struct token *token) {
	struct expr *expr = build_expr(p, kind, token->span);
	expr->u.integer = token->value.integer;
	if (token->is_min) {
		build_error(
			p, DIAG_NUMBER, token->span, NULL, "the number does not fit into 64 bits");
	}
	return expr;
}

struct expr *build_float(struct parse *p, const struct token *token) {
	struct expr *expr = build_expr(p, EXPR_FLOAT, token->span);
	expr->u.real = token->value.real;
	return expr;
}

struct expr *build_bool(struct parse *p, const struct token *token, bool value) {
	struct expr *expr = build_expr(p, EXPR_BOOL, token->span);
	expr->u.boolean = value;
	return expr;
}

/* ---- strings ---- */

/* Parts come newest first until the string ends. */
static struct string_part *add_part(struct parse *p, struct expr *string) {
	struct string_part *part = mem_new(p->arena, struct string_part);
	part->next = string->u.parts;
	string->u.parts = part;
	return part;
}

struct expr *build_string_text(struct parse *p, struct expr *string, const struct token *token) {
	string->span = build_join(string->span, token->span);
	if (token->size > 0) {
		struct string_part *part = add_part(p, string);
		part->text = token->text;
		part->len = token->size;
	}
	return string;
}

struct expr *build_string(struct parse *p, const struct token *token) {
	return build_string_text(p, build_expr(p, EXPR_STRING, token->span), token);
}

struct expr *build_string_part(struct parse *p, struct expr *string, struct expr *expr) {
	add_part(p, string)->expr = expr;
	string->depth = deeper(string->depth, expr);
	return string;
}

struct expr *build_string_end(struct parse *p, struct expr *string, const struct token *token) {
	struct string_part *first = NULL, *next;
	for (struct string_part *part = build_string_text(p, string, token)->u.parts; part != NULL;
		part = next) {
		next = part->next;
		part->next = first;
		first = part;
	}
	string->u.parts = first;
	return deepen(p, string, string->depth);
}

struct expr *build_step_parts(struct expr *step, struct attribute *with, struct undo *undo) {
	step->u.step->with = with;
	step->u.step->undo = undo;
	if (undo != NULL && undo->block != NULL) {
		step->depth = step->depth > DEPTH_OF_BLOCK ? step->depth : DEPTH_OF_BLOCK;
	}
	return step;
}

/* ---- compound ---- */

struct expr *build_items(struct parse *p, enum expr_kind kind, struct span from,
	struct argument *items, struct span to) {
	struct expr *expr = build_expr(p, kind, build_join(from, to));
	expr->u.items = items;
	return deepen(p, expr, depth_of(items));
}

struct expr *build_record(
	struct parse *p, struct expr *type, struct argument *fields, struct span to) {
	struct expr *expr = build_expr(p, EXPR_RECORD, build_join(type->span, to));
	expr->u.record.fields = fields;
	if (type->kind == EXPR_NAME) {
		expr->u.record.name = type->u.name;
	} else if (type->kind == EXPR_FIELD && type->u.field.base->kind == EXPR_NAME) {
		expr->u.record.package = type->u.field.base->u.name;
		expr->u.record.name = type->u.field.name;
	} else {
		build_error(p, DIAG_SYNTAX, type->span, NULL,
			"a record literal begins with the record's name");
		expr->kind = EXPR_ERROR;
	}
	return deepen(p, expr, depth_of(fields));
}

struct expr *build_member(struct parse *p, struct expr *base, const struct token *name) {
	struct expr *expr = build_expr(p, EXPR_FIELD, build_join(base->span, name->span));
	expr->u.field.base = base;
	expr->u.field.name = build_name(p, name);
	return deepen(p, expr, base->depth);
}

struct expr *build_index(struct parse *p, struct expr *base, struct expr *index, struct span to) {
	struct expr *expr = build_expr(p, EXPR_INDEX, build_join(base->span, to));
	expr->u.index.base = base;
	expr->u.index.index = index;
	return deepen(p, expr, deeper(base->depth, index));
}

struct expr *build_call(struct parse *p, const struct token *name, struct type_syntax *type,
	struct argument *args, struct span to) {
	struct expr *expr = build_expr(p, EXPR_CALL, build_join(name->span, to));
	expr->u.call.name = build_name(p, name);
	expr->u.call.type = type;
	expr->u.call.args = args;
	return deepen(p, expr, depth_of(args));
}

struct expr *build_unary(struct parse *p, enum op op, const struct token *token, struct expr *of) {
	struct expr *expr = build_expr(p, EXPR_UNARY, build_join(token->span, of->span));
	expr->u.operation.op = op;
	expr->u.operation.op_span = token->span;
	expr->u.operation.left = of;
	return deepen(p, expr, of->depth);
}

struct expr *build_binary(struct parse *p, enum op op, struct expr *left, const struct token *token,
	struct expr *right) {
	struct expr *expr = build_expr(p, EXPR_BINARY, build_join(left->span, right->span));
	expr->u.operation.op = op;
	expr->u.operation.op_span = token->span;
	expr->u.operation.left = left;
	expr->u.operation.right = right;
	return deepen(p, expr, deeper(left->depth, right));
}

struct argument *build_argument(struct parse *p, struct argument *before, const struct token *name,
	struct expr *key, struct expr *value) {
	struct argument *argument = mem_new(p->arena, struct argument);
	*argument = (struct argument){
		.next = before, .span = value->span, .key = key, .value = value
	};
	if (name != NULL) {
		argument->name = build_name(p, name);
		argument->span = build_join(name->span, value->span);
	}
	return argument;
}

struct argument *build_reverse_arguments(struct argument *list) {
	struct argument *first = NULL;
	while (list != NULL) {
		struct argument *next = list->next;
		list->next = first;
		first = list;
		list = next;
	}
	return first;
}

/* ---- durable ---- */

struct expr *build_step(struct parse *p, enum expr_kind kind, const struct token *keyword,
	const struct qname *name, struct argument *args, const struct token *close) {
	struct expr *expr = build_expr(p, kind, build_join(keyword->span, close->span));
	expr->u.step = mem_new(p->arena, struct step);
	expr->u.step->package = name->package;
	expr->u.step->name = name->name;
	expr->u.step->args = args;
	return deepen(p, expr, depth_of(args));
}

struct expr *build_wait(struct parse *p, const struct token *keyword, const struct qname *name) {
	struct expr *expr = build_expr(p, EXPR_WAIT, build_join(keyword->span, name->name.span));
	expr->u.wait.package = name->package;
	expr->u.wait.name = name->name;
	return expr;
}

static struct expr *once(
	struct parse *p, const char *word, struct expr *before, struct expr *value) {
	if (before != NULL && value != NULL) {
		build_error(p, DIAG_SYNTAX, value->span, NULL, "`%s` stands twice", word);
	}
	return value != NULL ? value : before;
}

struct parallel_options build_limit(
	struct parse *p, struct parallel_options options, struct expr *value) {
	options.limit = once(p, "limit", options.limit, value);
	return options;
}

struct parallel_options build_until(
	struct parse *p, struct parallel_options options, struct expr *value) {
	options.until = once(p, "until", options.until, value);
	return options;
}

static void set_options(
	struct parse *p, struct expr *expr, const struct parallel_options *options) {
	if (options->settle.len != 0) {
		expr->u.parallel->mode = PARALLEL_SETTLE;
	}
	expr->u.parallel->limit = once(p, "limit", expr->u.parallel->limit, options->limit);
	expr->u.parallel->until = once(p, "until", expr->u.parallel->until, options->until);
}

static struct expr *new_parallel(struct parse *p, struct span span) {
	struct expr *expr = build_expr(p, EXPR_PARALLEL, span);
	expr->u.parallel = mem_new(p->arena, struct parallel);
	expr->depth = DEPTH_OF_BLOCK;
	return expr;
}

struct expr *build_parallel(struct parse *p, const struct token *keyword,
	const struct parallel_options *options, struct block *block) {
	struct expr *expr = new_parallel(p, keyword->span);
	set_options(p, expr, options);
	if (options->limit != NULL) {
		build_error(p, DIAG_SYNTAX, options->limit->span, NULL,
			"only `parallel for` has a `limit`");
	}
	struct branch **tail = &expr->u.parallel->branches;
	for (struct stmt *stmt = block->first, *next; stmt != NULL; stmt = next) {
		next = stmt->next;
		stmt->next = NULL;
		struct branch *branch = mem_new(p->arena, struct branch);
		branch->body = stmt;
		branch->strand = (struct strand_syntax){ .kind = STRAND_BRANCH,
			.span = stmt->span };
		*tail = branch;
		tail = &branch->next;
	}
	return expr;
}

struct expr *build_parallel_for(struct parse *p, const struct token *keyword,
	const struct parallel_options *before, const struct parallel_options *after,
	const struct token *element, struct expr *list, struct block *body) {
	struct expr *expr = new_parallel(p, build_join(keyword->span, list->span));
	set_options(p, expr, before);
	set_options(p, expr, after);
	expr->u.parallel->is_for = true;
	expr->u.parallel->element = build_name(p, element);
	expr->u.parallel->list = list;
	expr->u.parallel->body = body;
	expr->u.parallel->strand = (struct strand_syntax){ .kind = STRAND_ELEMENT,
		.span = body->span };
	return expr;
}
