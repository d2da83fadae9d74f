/* Statements. */
#include <string.h>

#include "build.h"

struct block *build_block(
	struct parse *p, const struct token *open, struct stmt *newest, const struct token *close) {
	struct block *block = mem_new(p->arena, struct block);
	block->span = build_join(open->span, close->span);
	block->close = close->span;
	while (newest != NULL) {
		struct stmt *next = newest->next;
		newest->next = block->first;
		block->first = newest;
		newest = next;
	}
	return block;
}

struct block *build_wrap(struct parse *p, struct stmt *stmt) {
	struct block *block = mem_new(p->arena, struct block);
	*block = (struct block){
		.span = stmt->span, .first = stmt, .close = { stmt->span.at + stmt->span.len, 0 }
	};
	return block;
}

struct stmt *build_stmt(struct parse *p, enum stmt_kind kind, struct span span) {
	struct stmt *stmt = mem_new(p->arena, struct stmt);
	stmt->kind = kind;
	stmt->span = span;
	return stmt;
}

/*
 * What only computes does nothing where it stands; of calls check knows more.
 * If the token behind it is not the end of a statement, that has been said.
 */
struct stmt *build_expr_stmt(struct parse *p, struct expr *expr) {
	struct stmt *stmt = build_stmt(p, STMT_EXPR, expr->span);
	stmt->u.expr = expr;
	bool equals = expr->kind == EXPR_BINARY && expr->u.operation.op == OP_EQ;
	if (p->said) {
		return stmt;
	}
	switch ((int)expr->kind) {
	case EXPR_ERROR:
	case EXPR_CALL:
	case EXPR_DO:
	case EXPR_CALL_WORKFLOW:
	case EXPR_SPAWN:
	case EXPR_WAIT:
	case EXPR_PARALLEL:
		break;
	default:
		build_error(p, DIAG_SYNTAX, expr->span,
			equals ? "assigning is written with one ="
			       : "a statement assigns a value or begins with a word like `let`, "
				 "`do` or `if`",
			"a value by itself is no statement");
	}
	return stmt;
}

struct stmt *build_let(struct parse *p, const struct token *keyword, const struct token *name,
	struct type_syntax *type, struct expr *value) {
	struct span end = value != NULL ? value->span : type->span;
	struct stmt *stmt = build_stmt(p, STMT_LET, build_join(keyword->span, end));
	stmt->u.let.name = build_name(p, name);
	stmt->u.let.type = type;
	stmt->u.let.value = value;
	stmt->u.let.is_mutable = keyword->text[0] == 'v';
	return stmt;
}

struct stmt *build_assign(
	struct parse *p, struct expr *target, const struct token *op, struct expr *value) {
	struct stmt *stmt = build_stmt(p, STMT_ASSIGN, build_join(target->span, value->span));
	char first = p->source->text[op->span.at];
	stmt->u.assign.op = first == '+' ? ASSIGN_ADD
		: first == '-'           ? ASSIGN_SUB
		: first == '*'           ? ASSIGN_MUL
					 : ASSIGN_SET;
	stmt->u.assign.op_span = op->span;
	stmt->u.assign.target = target;
	stmt->u.assign.value = value;
	return stmt;
}

struct stmt *build_if(struct parse *p, const struct token *keyword, const struct token *let,
	struct expr *condition, struct block *then, struct stmt *otherwise) {
	struct stmt *stmt = build_stmt(p, STMT_IF, build_join(keyword->span, condition->span));
	stmt->u.branch.condition = condition;
	if (let != NULL) {
		stmt->u.branch.let = build_name(p, let);
	}
	stmt->u.branch.then = then;
	stmt->u.branch.otherwise = otherwise;
	return stmt;
}

struct stmt *build_for(struct parse *p, const struct token *keyword, const struct token *key,
	const struct token *element, struct expr *over, struct expr *end, struct block *body) {
	struct span to = end == NULL ? over->span : end->span;
	struct stmt *stmt = build_stmt(p, STMT_FOR, build_join(keyword->span, to));
	if (key != NULL) {
		stmt->u.each.key = build_name(p, key);
	}
	stmt->u.each.element = build_name(p, element);
	stmt->u.each.over = over;
	stmt->u.each.end = end;
	stmt->u.each.body = body;
	return stmt;
}

struct stmt *build_match(struct parse *p, const struct token *keyword, struct expr *value,
	struct match_arm *newest) {
	struct stmt *stmt = build_stmt(p, STMT_MATCH, build_join(keyword->span, value->span));
	stmt->u.match.value = value;
	while (newest != NULL) {
		struct match_arm *next = newest->next;
		newest->next = stmt->u.match.arms;
		stmt->u.match.arms = newest;
		newest = next;
	}
	return stmt;
}

struct match_arm *build_match_arm(struct parse *p, struct match_arm *before,
	struct argument *values, const struct token *otherwise, struct block *body) {
	struct match_arm *arm = mem_new(p->arena, struct match_arm);
	arm->next = before;
	arm->body = body;
	arm->values = build_reverse_arguments(values);
	arm->span = otherwise != NULL ? otherwise->span : arm->values->span;
	for (const struct argument *a = arm->values; a != NULL; a = a->next) {
		arm->span = build_join(arm->span, a->span);
	}
	return arm;
}

struct stmt *build_fail(struct parse *p, const struct token *keyword, const struct qname *name,
	struct argument *args, const struct token *close) {
	struct stmt *stmt = build_stmt(p, STMT_FAIL, keyword->span);
	if (name != NULL) {
		stmt->u.fail.package = name->package;
		stmt->u.fail.name = name->name;
		stmt->span = build_join(stmt->span, name->name.span);
	}
	if (close != NULL) {
		stmt->u.fail.args = args;
		stmt->u.fail.has_args = true;
		stmt->span = build_join(stmt->span, close->span);
	}
	return stmt;
}

struct stmt *build_try(struct parse *p, const struct token *keyword, struct block *body,
	struct catch_arm *newest, struct block *finally) {
	struct stmt *stmt = build_stmt(p, STMT_TRY, keyword->span);
	stmt->u.attempt.body = body;
	stmt->u.attempt.finally = finally;
	if (newest == NULL && finally == NULL && !p->said) {
		build_error(p, DIAG_SYNTAX, keyword->span, NULL,
			"`try` needs a `catch` or a `finally`");
	}
	while (newest != NULL) {
		struct catch_arm *next = newest->next;
		newest->next = stmt->u.attempt.catches;
		stmt->u.attempt.catches = newest;
		newest = next;
	}
	return stmt;
}

struct catch_arm *build_catch(struct parse *p, struct catch_arm *before,
	const struct token *keyword, struct catch_name *names, const struct token *binder,
	struct block *body) {
	struct catch_arm *arm = mem_new(p->arena, struct catch_arm);
	*arm = (struct catch_arm){ .next = before, .span = keyword->span, .body = body };
	for (struct catch_name *next; names != NULL; names = next) {
		next = names->next;
		names->next = arm->names;
		arm->names = names;
		arm->span = build_join(arm->span, names->name.span);
	}
	if (binder->kind != 0) {
		arm->binder = build_name(p, binder);
		arm->span = build_join(arm->span, binder->span);
	}
	return arm;
}

struct catch_name *build_catch_name(
	struct parse *p, struct catch_name *before, const struct qname *name) {
	struct catch_name *error = mem_new(p->arena, struct catch_name);
	*error = (struct catch_name){
		.next = before, .package = name->package, .name = name->name
	};
	return error;
}

struct stmt *build_select(struct parse *p, const struct token *keyword, struct select_arm *newest) {
	struct stmt *stmt = build_stmt(p, STMT_SELECT, keyword->span);
	while (newest != NULL) {
		struct select_arm *next = newest->next;
		newest->next = stmt->u.arms;
		stmt->u.arms = newest;
		newest = next;
	}
	return stmt;
}

struct select_arm *build_arm(struct parse *p, struct select_arm *before, enum arm_kind kind,
	const struct token *keyword, struct expr *trigger, const struct token *binder,
	struct expr *guard, struct block *body) {
	struct select_arm *arm = mem_new(p->arena, struct select_arm);
	*arm = (struct select_arm){
		.next = before, .kind = kind, .trigger = trigger, .condition = guard, .body = body
	};
	arm->span = keyword == NULL ? trigger->span : keyword->span;
	if (trigger != NULL) {
		arm->span = build_join(arm->span, trigger->span);
	}
	if (binder != NULL && binder->kind != 0) {
		arm->binder = build_name(p, binder);
	}
	if (kind == ARM_AFTER) {
		build_check_duration(p, trigger);
	}
	return arm;
}

struct stmt *build_sleep(
	struct parse *p, const struct token *keyword, struct expr *value, bool until) {
	struct stmt *stmt = build_stmt(p, STMT_SLEEP, build_join(keyword->span, value->span));
	stmt->u.sleep.value = value;
	stmt->u.sleep.until = until;
	if (!until) {
		build_check_duration(p, value);
	}
	return stmt;
}

struct stmt *build_within(struct parse *p, const struct token *keyword, struct expr *limit,
	struct block *body, struct block *otherwise) {
	struct stmt *stmt = build_stmt(p, STMT_WITHIN, build_join(keyword->span, limit->span));
	stmt->u.within.limit = limit;
	build_check_duration(p, limit);
	stmt->u.within.body = body;
	stmt->u.within.otherwise = otherwise;
	stmt->u.within.strand = (struct strand_syntax){ .kind = STRAND_WITHIN, .span = body->span };
	return stmt;
}

struct stmt *build_log(struct parse *p, const struct token *keyword, const struct token *level,
	struct expr *text) {
	static const char *const levels[] = { "debug", "info", "warn", "error" };
	struct stmt *stmt = build_stmt(p, STMT_LOG, build_join(keyword->span, text->span));
	stmt->u.log.text = text;
	for (unsigned i = 0; i < sizeof(levels) / sizeof(*levels); i++) {
		if (strcmp(level->text, levels[i]) == 0) {
			stmt->u.log.level = (enum log_level)i;
			return stmt;
		}
	}
	build_error(p, DIAG_SYNTAX, level->span, "it is `debug`, `info`, `warn` or `error`",
		"'%s' is no level of the log", level->text);
	return stmt;
}

struct undo *build_undo(struct parse *p, struct span span, struct expr *call, struct block *block) {
	struct undo *undo = mem_new(p->arena, struct undo);
	*undo = (struct undo){ .span = span, .call = call, .block = block };
	undo->strand = (struct strand_syntax){ .kind = STRAND_UNDO,
		.span = block == NULL ? span : block->span };
	return undo;
}
