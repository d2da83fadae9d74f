/*
 * Constants, and what can be computed before the program runs (LANGUAGE.md 5).
 */
#include "checker.h"

const struct expr *check_literal(const struct expr *e) {
	while (e != NULL && e->decl != NULL && e->decl->kind == DECL_CONST &&
		(e->kind == EXPR_NAME || e->kind == EXPR_FIELD)) {
		e = e->decl->value;
	}
	if (e == NULL) {
		return NULL;
	}
	switch ((int)e->kind) {
	case EXPR_BOOL:
	case EXPR_INT:
	case EXPR_FLOAT:
	case EXPR_DURATION:
		return e;
	case EXPR_STRING:
		for (const struct string_part *p = e->u.parts; p != NULL; p = p->next) {
			if (p->expr != NULL) {
				return NULL;
			}
		}
		return e;
	default:
		return NULL;
	}
}

bool check_is_constant(const struct expr *e) {
	if (check_literal(e) != NULL || e->kind == EXPR_NONE) {
		return true;
	}
	switch ((int)e->kind) {
	case EXPR_CONVERT:
		return check_is_constant(e->u.converted);
	case EXPR_UNARY: /* of a float: integers are folded */
		return e->u.operation.op == OP_NEGATE && e->type->kind == TYPE_FLOAT &&
			check_is_constant(e->u.operation.left);
	case EXPR_FIELD:
		return e->member != NULL && e->type->kind == TYPE_ENUM;
	case EXPR_NAME:
	case EXPR_ERROR:
		return e->type->kind == TYPE_ERROR ||
			(e->decl != NULL && e->decl->kind == DECL_CONST);
	case EXPR_LIST:
	case EXPR_MAP:
		for (const struct argument *a = e->u.items; a != NULL; a = a->next) {
			if (!check_is_constant(a->value)) {
				return false;
			}
		}
		return true;
	case EXPR_RECORD:
		for (const struct argument *a = e->u.record.fields; a != NULL; a = a->next) {
			if (!check_is_constant(a->value)) {
				return false;
			}
		}
		return true;
	default:
		return false;
	}
}

static void become_integer(struct expr *e, int64_t value) {
	enum expr_kind kind = e->type->kind == TYPE_DURATION ? EXPR_DURATION : EXPR_INT;
	e->kind = kind;
	e->u.integer = value;
	e->can_fault = false;
	e->faults = 0;
}

static void fold_integers(struct checker *c, struct expr *e, int64_t a, int64_t b) {
	int64_t value = 0;
	bool overflow = false;
	switch ((int)e->u.operation.op) {
	case OP_ADD:
		overflow = __builtin_add_overflow(a, b, &value);
		break;
	case OP_SUB:
		overflow = __builtin_sub_overflow(a, b, &value);
		break;
	case OP_MUL:
		overflow = __builtin_mul_overflow(a, b, &value);
		break;
	case OP_DIV:
	case OP_MOD:
		if (b == 0) {
			report(c, ALWAYS_FAULTS, e->u.operation.op_span, NULL,
				"this divides by zero");
			return;
		}
		overflow = a == INT64_MIN && b == -1;
		value = overflow ? 0 : e->u.operation.op == OP_DIV ? a / b : a % b;
		break;
	default:
		return;
	}
	if (overflow) {
		report(c, ALWAYS_FAULTS, e->span, NULL, "the result does not fit into 64 bits");
		return;
	}
	become_integer(e, value);
}

void check_fold(struct checker *c, struct expr *e) {
	const struct expr *a = check_literal(e->u.operation.left);
	if (a == NULL || a->kind == EXPR_STRING || a->kind == EXPR_BOOL || a->kind == EXPR_FLOAT) {
		return;
	}
	if (e->kind == EXPR_UNARY) {
		if (e->u.operation.op == OP_NEGATE && a->u.integer != INT64_MIN) {
			become_integer(e, -a->u.integer);
		}
		return;
	}
	const struct expr *b = check_literal(e->u.operation.right);
	bool integers = b != NULL && (b->kind == EXPR_INT || b->kind == EXPR_DURATION);
	if (integers && (e->type->kind == TYPE_INT || e->type->kind == TYPE_DURATION)) {
		fold_integers(c, e, a->u.integer, b->u.integer);
	}
}

bool check_is_true(const struct expr *e) {
	const struct expr *literal = check_literal(e);
	return literal != NULL && literal->kind == EXPR_BOOL && literal->u.boolean;
}

const struct type *check_const(struct checker *c, struct decl *decl) {
	if (decl->mark == MARK_DONE) {
		return decl->type;
	}
	if (decl->mark == MARK_BUSY) {
		report(c, CONST_CYCLE, decl->name.span, NULL, "the constant '%s' needs itself",
			decl->name.text);
		return basic(c, TYPE_ERROR);
	}
	decl->mark = MARK_BUSY;
	struct file *file = c->file;
	struct scope *scope = c->scope;
	const char *pure = c->pure;
	c->file = decl->file;
	c->scope = NULL;
	c->pure = "a constant";
	const struct type *type = check_expr(c, decl->value);
	if (decl->result != NULL) {
		const struct type *want = check_type(c, decl->result);
		(void)check_convert(c, decl->value, want);
		type = want;
	}
	if (type_is_open(type)) {
		report(c, NO_TYPE, decl->value->span, "write `const NAME: TYPE = …`",
			"the type of this constant is not known");
		type = basic(c, TYPE_ERROR);
	} else if (type->kind != TYPE_ERROR && !check_is_constant(decl->value)) {
		report(c, NOT_CONSTANT, decl->value->span, NULL,
			"the value of a constant must be known when it is compiled");
	}
	decl->type = type;
	decl->mark = MARK_DONE;
	c->file = file;
	c->scope = scope;
	c->pure = pure;
	return type;
}
