/*
 * Operators (LANGUAGE.md 4): which types they join, and what they can raise.
 *
 * The rules are few and closed: two numbers of one type, times and durations,
 * strings, lists.  Whatever else is written is a mistake with one message and,
 * where it is a common one, the way to write it.  Operations on what is known
 * are computed at once (check_const.c); the faults noted here are those that
 * are left for the run.
 */
#include "checker.h"

static bool is_number(const struct type *type) {
	return type->kind == TYPE_INT || type->kind == TYPE_FLOAT;
}

static bool is_ordered(const struct type *type) {
	return is_number(type) || type->kind == TYPE_STRING || type->kind == TYPE_TIME ||
		type->kind == TYPE_DURATION;
}

static const char *op_text(enum op op) {
	static const char *const texts[] = {
		[OP_NOT] = "not",
		[OP_NEGATE] = "-",
		[OP_OR] = "or",
		[OP_AND] = "and",
		[OP_EQ] = "==",
		[OP_NE] = "!=",
		[OP_LT] = "<",
		[OP_LE] = "<=",
		[OP_GT] = ">",
		[OP_GE] = ">=",
		[OP_COALESCE] = "??",
		[OP_ADD] = "+",
		[OP_SUB] = "-",
		[OP_MUL] = "*",
		[OP_DIV] = "/",
		[OP_MOD] = "%",
	};
	return texts[op];
}

static void raises(struct expr *e, unsigned faults) {
	e->can_fault = true;
	e->faults |= faults;
}

static const struct type *poison(struct checker *c) {
	return basic(c, TYPE_ERROR);
}

/* Folds an operation of which all operands have been understood. */
static const struct type *fold(struct checker *c, struct expr *e) {
	const struct expr *right = e->kind == EXPR_BINARY ? e->u.operation.right : NULL;
	if (e->u.operation.left->type->kind != TYPE_ERROR &&
		(right == NULL || right->type->kind != TYPE_ERROR)) {
		check_fold(c, e);
	}
	return e->type;
}

const struct type *check_unary(struct checker *c, struct expr *e) {
	struct expr *of = e->u.operation.left;
	if (e->u.operation.op == OP_NOT) {
		(void)check_expect(c, of, basic(c, TYPE_BOOL));
		check_inherit(e, of);
		e->type = basic(c, TYPE_BOOL);
		return fold(c, e);
	}
	const struct type *type = check_expr(c, of);
	check_inherit(e, of);
	if (type->kind == TYPE_ERROR) {
		return type;
	}
	if (!is_number(type) && type->kind != TYPE_DURATION) {
		report(c, BAD_OPERAND, of->span, NULL,
			"'-' needs a number or a duration, this is %s", text_of(c, type));
		return poison(c);
	}
	e->type = type;
	if (type->kind != TYPE_FLOAT) {
		raises(e, FAULT_BIT(OVERFLOW));
	}
	return fold(c, e);
}

static const struct type *mismatch(struct checker *c, struct expr *e) {
	const struct expr *a = e->u.operation.left, *b = e->u.operation.right;
	const char *label = NULL;
	bool mixed = is_number(a->type) && is_number(b->type);
	if (mixed) {
		label = "write float(…) or int(…) around one of them";
	} else if (a->type->kind == TYPE_OPTIONAL || b->type->kind == TYPE_OPTIONAL) {
		label = "give a default with `??`, or test it with `if let`";
	} else if (e->u.operation.op == OP_ADD &&
		(a->type->kind == TYPE_STRING || b->type->kind == TYPE_STRING)) {
		label = "write \"{…}\" to put a value into a string";
	}
	report(c, BAD_OPERAND, e->u.operation.op_span, label, "'%s' does not work on %s and %s",
		op_text(e->u.operation.op), text_of(c, a->type), text_of(c, b->type));
	return poison(c);
}

/* Time and duration arithmetic; NULL: it is none. */
static const struct type *time_arithmetic(
	struct checker *c, enum op op, enum type_kind a, enum type_kind b) {
	if (a == TYPE_TIME && b == TYPE_DURATION && (op == OP_ADD || op == OP_SUB)) {
		return basic(c, TYPE_TIME);
	}
	if (a == TYPE_DURATION && b == TYPE_TIME && op == OP_ADD) {
		return basic(c, TYPE_TIME);
	}
	if (a == TYPE_TIME && b == TYPE_TIME && op == OP_SUB) {
		return basic(c, TYPE_DURATION);
	}
	if (a == TYPE_DURATION && b == TYPE_DURATION && (op == OP_ADD || op == OP_SUB)) {
		return basic(c, TYPE_DURATION);
	}
	bool scaled = (a == TYPE_DURATION && b == TYPE_INT) ||
		(a == TYPE_INT && b == TYPE_DURATION);
	return scaled && op == OP_MUL ? basic(c, TYPE_DURATION) : NULL;
}

static const struct type *arithmetic(struct checker *c, struct expr *e) {
	struct expr *a = e->u.operation.left, *b = e->u.operation.right;
	enum op op = e->u.operation.op;
	const struct type *type = check_expr(c, a), *other = check_expr(c, b);
	check_inherit(e, a);
	check_inherit(e, b);
	if (type->kind == TYPE_ERROR || other->kind == TYPE_ERROR) {
		return poison(c);
	}
	const struct type *timed = time_arithmetic(c, op, type->kind, other->kind);
	if (timed != NULL) {
		e->type = timed;
		raises(e, FAULT_BIT(OVERFLOW));
		return fold(c, e);
	}
	if (op == OP_ADD && type->kind == TYPE_STRING && other == type) {
		e->type = type;
		raises(e, FAULT_BIT(PAYLOAD_TOO_LARGE));
		return fold(c, e);
	}
	bool lists = (type->kind == TYPE_LIST || type->kind == TYPE_EMPTY) &&
		(other->kind == TYPE_LIST || other->kind == TYPE_EMPTY);
	if (op == OP_ADD && lists) {
		const struct type *joined = check_join(c, type, other);
		if (joined != NULL && check_convert(c, a, joined) == NULL &&
			check_convert(c, b, joined) == NULL) {
			raises(e, FAULT_BIT(PAYLOAD_TOO_LARGE));
			return joined;
		}
	}
	if (!is_number(type) || other != type) {
		return mismatch(c, e);
	}
	e->type = type;
	bool divides = op == OP_DIV || op == OP_MOD;
	raises(e,
		(op == OP_MOD ? 0 : FAULT_BIT(OVERFLOW)) |
			(divides ? FAULT_BIT(DIVISION_BY_ZERO) : 0));
	return fold(c, e);
}

static const struct type *comparison(struct checker *c, struct expr *e) {
	struct expr *a = e->u.operation.left, *b = e->u.operation.right;
	bool equality = e->u.operation.op == OP_EQ || e->u.operation.op == OP_NE;
	const struct type *type = check_expr(c, a), *other = check_expr(c, b);
	check_inherit(e, a);
	check_inherit(e, b);
	const struct type *result = basic(c, TYPE_BOOL);
	e->type = result;
	if (type->kind == TYPE_ERROR || other->kind == TYPE_ERROR) {
		return result;
	}
	if (equality) {
		struct expr *tested = b->kind == EXPR_NONE ? a : a->kind == EXPR_NONE ? b : NULL;
		if (tested != NULL && tested->type->kind != TYPE_OPTIONAL &&
			!type_is_open(tested->type)) {
			report(c, BAD_OPERAND, tested->span, NULL, "this is %s and never none",
				text_of(c, tested->type));
			return result;
		}
		const struct type *joined = check_join(c, type, other);
		if (joined != NULL && type_is_open(joined)) {
			joined = NULL;
		}
		if (joined == NULL || check_convert(c, a, joined) != NULL ||
			check_convert(c, b, joined) != NULL) {
			return joined == NULL ? mismatch(c, e) : result;
		}
		if (tested == NULL && check_is_endless(joined)) {
			raises(e, FAULT_BIT(BAD_VALUE));
		}
		return fold(c, e);
	}
	return type == other && is_ordered(type) ? fold(c, e) : mismatch(c, e);
}

static const struct type *coalesce(struct checker *c, struct expr *e) {
	struct expr *a = e->u.operation.left, *b = e->u.operation.right;
	const struct type *type = check_expr(c, a), *other = check_expr(c, b);
	check_inherit(e, a);
	check_inherit(e, b);
	if (type->kind == TYPE_ERROR || other->kind == TYPE_ERROR) {
		return type->kind == TYPE_ERROR ? other : poison(c);
	}
	if (type->kind != TYPE_OPTIONAL) {
		report(c, BAD_OPERAND, a->span, NULL,
			"'?\?' needs a value that can be none, this is %s", text_of(c, type));
		return poison(c);
	}
	bool stays = other == type || other->kind == TYPE_NONE;
	const struct type *want = stays ? type : type->of;
	return check_convert(c, b, want) == NULL ? want : poison(c);
}

const struct type *check_binary(struct checker *c, struct expr *e) {
	switch (e->u.operation.op) {
	case OP_OR:
	case OP_AND: {
		(void)check_expect(c, e->u.operation.left, basic(c, TYPE_BOOL));
		struct narrow *narrow = c->narrow;
		check_narrow(c, e->u.operation.left, e->u.operation.op == OP_AND);
		(void)check_expect(c, e->u.operation.right, basic(c, TYPE_BOOL));
		c->narrow = narrow;
		check_inherit(e, e->u.operation.left);
		check_inherit(e, e->u.operation.right);
		e->type = basic(c, TYPE_BOOL);
		return fold(c, e);
	}
	case OP_EQ:
	case OP_NE:
	case OP_LT:
	case OP_LE:
	case OP_GT:
	case OP_GE:
		return comparison(c, e);
	case OP_COALESCE:
		return coalesce(c, e);
	case OP_ADD:
	case OP_SUB:
	case OP_MUL:
	case OP_DIV:
	case OP_MOD:
		return arithmetic(c, e);
	case OP_NOT:
	case OP_NEGATE:
		break;
	}
	bug("a binary operator that is none");
}
