/*
 * Going through a body: every statement and expression that stands in it, and
 * every name.
 *
 * It knows where in the tree things hang and nothing else, so that a pass that
 * only looks for something need not.  Children come before what holds them.
 */
#include "checker.h"

static void in_args(const struct argument *args, const struct visitor *v);

static void in_undo(const struct undo *undo, const struct visitor *v) {
	if (undo == NULL) {
		return;
	}
	if (undo->call != NULL) {
		in_args(undo->call->u.step->args, v);
	} else {
		check_visit_block(undo->block, v);
	}
}

static void in_expr(struct expr *e, const struct visitor *v, bool assigned);

static void in_operation(struct expr *e, const struct visitor *v) {
	if (e->kind != EXPR_PARALLEL) {
		in_args(e->u.step->args, v);
		in_expr(e->u.step->id, v, false);
		in_undo(e->u.step->undo, v);
		return;
	}
	in_expr(e->u.parallel->limit, v, false);
	in_expr(e->u.parallel->until, v, false);
	in_expr(e->u.parallel->list, v, false);
	if (e->u.parallel->is_for) {
		check_visit_block(e->u.parallel->body, v);
	}
	for (struct branch *b = e->u.parallel->branches; b != NULL; b = b->next) {
		check_visit(b->body, v);
	}
}

static void in_expr(struct expr *e, const struct visitor *v, bool assigned) {
	if (e == NULL) {
		return;
	}
	switch (e->kind) {
	case EXPR_NAME:
		if (e->var != NULL && v->name != NULL) {
			v->name(v->arg, e, assigned);
		}
		break;
	case EXPR_STRING:
		for (struct string_part *p = e->u.parts; p != NULL; p = p->next) {
			in_expr(p->expr, v, false);
		}
		break;
	case EXPR_LIST:
	case EXPR_MAP:
		in_args(e->u.items, v);
		break;
	case EXPR_RECORD:
		in_args(e->u.record.fields, v);
		break;
	case EXPR_FIELD:
		if (e->member == NULL || e->u.field.base->type != NULL) {
			in_expr(e->u.field.base, v, assigned);
		}
		break;
	case EXPR_INDEX:
		in_expr(e->u.index.base, v, assigned);
		in_expr(e->u.index.index, v, false);
		break;
	case EXPR_CALL:
		in_args(e->u.call.args, v);
		break;
	case EXPR_UNARY:
		in_expr(e->u.operation.left, v, false);
		break;
	case EXPR_BINARY:
		in_expr(e->u.operation.left, v, false);
		in_expr(e->u.operation.right, v, false);
		break;
	case EXPR_CONVERT:
		in_expr(e->u.converted, v, assigned);
		break;
	case EXPR_DO:
	case EXPR_CALL_WORKFLOW:
	case EXPR_SPAWN:
	case EXPR_PARALLEL:
		in_operation(e, v);
		break;
	case EXPR_ERROR:
	case EXPR_BOOL:
	case EXPR_INT:
	case EXPR_FLOAT:
	case EXPR_NONE:
	case EXPR_DURATION:
	case EXPR_WAIT:
		break;
	}
	if (v->expr != NULL) {
		v->expr(v->arg, e);
	}
}

static void in_args(const struct argument *args, const struct visitor *v) {
	for (; args != NULL; args = args->next) {
		in_expr(args->key, v, false);
		in_expr(args->value, v, false);
	}
}

void check_visit_expr(struct expr *e, const struct visitor *v) {
	in_expr(e, v, false);
}

void check_visit_args(const struct argument *args, const struct visitor *v) {
	in_args(args, v);
}

void check_visit_undo(const struct undo *undo, const struct visitor *v) {
	in_undo(undo, v);
}

void check_visit_block(const struct block *block, const struct visitor *v) {
	for (struct stmt *s = block == NULL ? NULL : block->first; s != NULL; s = s->next) {
		check_visit(s, v);
	}
}

static void in_choices(struct stmt *s, const struct visitor *v) {
	if (s->kind == STMT_MATCH) {
		in_expr(s->u.match.value, v, false);
		for (struct match_arm *a = s->u.match.arms; a != NULL; a = a->next) {
			in_args(a->values, v);
			check_visit_block(a->body, v);
		}
	} else if (s->kind == STMT_SELECT) {
		for (struct select_arm *a = s->u.arms; a != NULL; a = a->next) {
			in_expr(a->condition, v, false);
			in_expr(a->trigger, v, false);
			check_visit_block(a->body, v);
		}
	} else {
		check_visit_block(s->u.attempt.body, v);
		for (struct catch_arm *a = s->u.attempt.catches; a != NULL; a = a->next) {
			check_visit_block(a->body, v);
		}
		check_visit_block(s->u.attempt.finally, v);
	}
}

void check_visit(struct stmt *s, const struct visitor *v) {
	switch (s->kind) {
	case STMT_LET:
		in_expr(s->u.let.value, v, false);
		break;
	case STMT_ASSIGN:
		in_expr(s->u.assign.value, v, false);
		in_expr(s->u.assign.target, v, true);
		break;
	case STMT_EXPR:
	case STMT_RETURN:
	case STMT_YIELD:
	case STMT_STATUS:
		in_expr(s->u.expr, v, false);
		break;
	case STMT_BLOCK:
	case STMT_LOOP:
	case STMT_SHIELD:
		check_visit_block(s->u.block, v);
		break;
	case STMT_IF:
		in_expr(s->u.branch.condition, v, false);
		check_visit_block(s->u.branch.then, v);
		if (s->u.branch.otherwise != NULL) {
			check_visit(s->u.branch.otherwise, v);
		}
		break;
	case STMT_WHILE:
		in_expr(s->u.loop.condition, v, false);
		check_visit_block(s->u.loop.body, v);
		break;
	case STMT_FOR:
		in_expr(s->u.each.over, v, false);
		in_expr(s->u.each.end, v, false);
		check_visit_block(s->u.each.body, v);
		break;
	case STMT_MATCH:
	case STMT_SELECT:
	case STMT_TRY:
		in_choices(s, v);
		break;
	case STMT_FAIL:
		in_args(s->u.fail.args, v);
		break;
	case STMT_UNDO:
		in_undo(s->u.undo, v);
		break;
	case STMT_SLEEP:
		in_expr(s->u.sleep.value, v, false);
		break;
	case STMT_WITHIN:
		in_expr(s->u.within.limit, v, false);
		check_visit_block(s->u.within.body, v);
		check_visit_block(s->u.within.otherwise, v);
		break;
	case STMT_CONTINUE_WITH:
		in_args(s->u.args, v);
		break;
	case STMT_LOG:
		in_expr(s->u.log.text, v, false);
		break;
	case STMT_ERROR:
	case STMT_BREAK:
	case STMT_CONTINUE:
		break;
	}
	if (v->stmt != NULL) {
		v->stmt(v->arg, s);
	}
}
