/*
 * Constants, and what can be computed before the program runs (LANGUAGE.md 5;
 * 1: what can be decided at compile time is decided at compile time).
 *
 * An operation whose operands are literals, or names of constants, is computed
 * here and replaced by its result: what would fault at run time is an error
 * now, and nothing that is left can fault.  A constant is resolved when it is
 * first used, from whatever file; the mark on the way finds cycles.
 */
#include "checker.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

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

static bool all_constant(const struct argument *items) {
	for (; items != NULL; items = items->next) {
		if (!check_is_constant(items->value) ||
			(items->key != NULL && !check_is_constant(items->key))) {
			return false;
		}
	}
	return true;
}

bool check_is_constant(const struct expr *e) {
	if (check_literal(e) != NULL || e->kind == EXPR_NONE || e->type->kind == TYPE_ERROR) {
		return true;
	}
	switch ((int)e->kind) {
	case EXPR_CONVERT:
		return check_is_constant(e->u.converted);
	case EXPR_FIELD:
	case EXPR_NAME:
		return e->decl != NULL &&
			(e->decl->kind == DECL_CONST || e->decl->kind == DECL_ENUM);
	case EXPR_LIST:
	case EXPR_MAP:
		return all_constant(e->u.items);
	case EXPR_RECORD:
		return all_constant(e->u.record.fields);
	default:
		return false;
	}
}

bool check_is_true(const struct expr *e) {
	const struct expr *literal = check_literal(e);
	return literal != NULL && literal->kind == EXPR_BOOL && literal->u.boolean;
}

/* Computing what is known may double it with each line: nothing here gets bigger. */
#define TEXT_MAX   (UINT32_C(1024) * 1024)
#define WEIGHT_MAX 65536

static void report_overflow(struct checker *c, struct expr *e) {
	report(c, ALWAYS_FAULTS, e->span, NULL, "the result is too large for %s",
		text_of(c, e->type));
	e->type = basic(c, TYPE_ERROR);
}

/* ---- strings ---- */

const char *check_string(struct checker *c, const struct expr *e, size_t *ret_len) {
	size_t len = 0;
	for (const struct string_part *p = e->u.parts; p != NULL; p = p->next) {
		len += p->len;
	}
	char *text = mem_alloc(c->arena, len + 1);
	size_t at = 0;
	for (const struct string_part *p = e->u.parts; p != NULL; p = p->next) {
		if (p->len > 0) {
			memcpy(text + at, p->text, p->len);
			at += p->len;
		}
	}
	*ret_len = len;
	return text;
}

static int compare_strings(struct checker *c, const struct expr *a, const struct expr *b) {
	size_t na, nb;
	const char *ta = check_string(c, a, &na), *tb = check_string(c, b, &nb);
	int order = memcmp(ta, tb, na < nb ? na : nb);
	return order != 0 ? order : (na > nb) - (na < nb);
}

/* Interpolated values that are known become text. */
static void fold_string(struct checker *c, struct expr *e) {
	size_t sum = 0;
	for (struct string_part *p = e->u.parts; p != NULL && sum <= TEXT_MAX; p = p->next) {
		const struct expr *literal = p->expr == NULL ? NULL : check_literal(p->expr);
		size_t len = p->len;
		sum += len;
		if (literal == NULL) {
			continue;
		}
		if (literal->kind == EXPR_STRING) {
			p->text = check_string(c, literal, &len);
		} else if (literal->kind == EXPR_INT) {
			p->text = mem_printf(c->arena, "%" PRId64, literal->u.integer);
			len = strlen(p->text);
		} else if (literal->kind == EXPR_BOOL) {
			p->text = literal->u.boolean ? "true" : "false";
			len = strlen(p->text);
		} else {
			continue; /* floats and durations have their text from the runtime */
		}
		p->len = (uint32_t)len;
		p->expr = NULL;
		sum += len;
	}
	if (sum > TEXT_MAX) {
		report_overflow(c, e);
	}
}

/* ---- operations ---- */

static void become(struct expr *e, enum expr_kind kind) {
	e->kind = kind;
	e->can_fault = false;
	e->faults = 0;
}

static void become_bool(struct expr *e, bool value) {
	become(e, EXPR_BOOL);
	e->u.boolean = value;
}

static void become_integer(struct expr *e, int64_t value) {
	become(e, e->type->kind == TYPE_DURATION ? EXPR_DURATION : EXPR_INT);
	e->u.integer = value;
}

static void become_float(struct expr *e, double value) {
	become(e, EXPR_FLOAT);
	e->u.real = value;
}

static void concatenate(
	struct checker *c, struct expr *e, const struct expr *a, const struct expr *b) {
	size_t na, nb;
	const char *ta = check_string(c, a, &na), *tb = check_string(c, b, &nb);
	if (na + nb > TEXT_MAX) {
		report_overflow(c, e);
		return;
	}
	char *text = mem_alloc(c->arena, na + nb + 1);
	memcpy(text, ta, na);
	memcpy(text + na, tb, nb);
	struct string_part *part = mem_new(c->arena, struct string_part);
	*part = (struct string_part){ .text = text, .len = (uint32_t)(na + nb) };
	become(e, EXPR_STRING);
	e->u.parts = part;
}

static void fold_integers(struct checker *c, struct expr *e, int64_t a, int64_t b) {
	enum op op = e->u.operation.op;
	int64_t value = 0;
	bool overflow;
	if (op == OP_ADD) {
		overflow = __builtin_add_overflow(a, b, &value);
	} else if (op == OP_SUB) {
		overflow = __builtin_sub_overflow(a, b, &value);
	} else if (op == OP_MUL) {
		overflow = __builtin_mul_overflow(a, b, &value);
	} else {
		overflow = op == OP_DIV && b == -1 && a == INT64_MIN;
		value = overflow || (op == OP_MOD && b == -1) ? 0 : op == OP_DIV ? a / b : a % b;
	}
	if (overflow) {
		report_overflow(c, e);
	} else {
		become_integer(e, value);
	}
}

static void fold_floats(struct checker *c, struct expr *e, double a, double b) {
	enum op op = e->u.operation.op;
	double value = op == OP_ADD ? a + b
		: op == OP_SUB      ? a - b
		: op == OP_MUL      ? a * b
		: op == OP_DIV      ? a / b
				    : fmod(a, b);
	if (isfinite(value)) {
		become_float(e, value);
	} else {
		report_overflow(c, e);
	}
}

static bool holds(enum op op, int order) {
	return op == OP_EQ    ? order == 0
		: op == OP_NE ? order != 0
		: op == OP_LT ? order < 0
		: op == OP_LE ? order <= 0
		: op == OP_GT ? order > 0
			      : order >= 0;
}

static void fold_comparison(
	struct checker *c, struct expr *e, const struct expr *a, const struct expr *b) {
	int order;
	if (a->kind == EXPR_STRING) {
		order = compare_strings(c, a, b);
	} else if (a->kind == EXPR_FLOAT) {
		order = (a->u.real > b->u.real) - (a->u.real < b->u.real);
	} else if (a->kind == EXPR_BOOL) {
		order = (int)a->u.boolean - (int)b->u.boolean;
	} else {
		order = (a->u.integer > b->u.integer) - (a->u.integer < b->u.integer);
	}
	become_bool(e, holds(e->u.operation.op, order));
}

static bool is_zero(const struct expr *e) {
	return e->kind == EXPR_FLOAT ? !(e->u.real < 0.0 || e->u.real > 0.0) : e->u.integer == 0;
}

static void fold_arithmetic(
	struct checker *c, struct expr *e, const struct expr *a, const struct expr *b) {
	bool divides = e->u.operation.op == OP_DIV || e->u.operation.op == OP_MOD;
	if (divides && b != NULL && is_zero(b)) {
		report(c, ALWAYS_FAULTS, e->u.operation.op_span, NULL, "this divides by zero");
		e->type = basic(c, TYPE_ERROR);
		return;
	}
	if (divides && b != NULL) {
		/* The divisor is known, and with it what can go wrong. */
		bool overflows = e->u.operation.op == OP_DIV &&
			(b->kind == EXPR_FLOAT || b->u.integer == -1);
		e->faults = e->u.operation.left->faults | (overflows ? FAULT_BIT(OVERFLOW) : 0);
		e->can_fault = e->faults != 0;
	}
	if (a == NULL || b == NULL) {
		return;
	}
	if (a->kind == EXPR_STRING) {
		concatenate(c, e, a, b);
	} else if (a->kind == EXPR_FLOAT) {
		fold_floats(c, e, a->u.real, b->u.real);
	} else {
		fold_integers(c, e, a->u.integer, b->u.integer);
	}
}

static void fold_unary(struct checker *c, struct expr *e) {
	const struct expr *a = check_literal(e->u.operation.left);
	if (a == NULL) {
		return;
	}
	if (a->kind == EXPR_BOOL) {
		become_bool(e, !a->u.boolean);
	} else if (a->kind == EXPR_FLOAT) {
		become_float(e, -a->u.real);
	} else if (a->u.integer == INT64_MIN) {
		report_overflow(c, e);
	} else {
		become_integer(e, -a->u.integer);
	}
}

void check_fold(struct checker *c, struct expr *e) {
	if (e->kind == EXPR_STRING) {
		fold_string(c, e);
		return;
	}
	if (e->kind == EXPR_UNARY) {
		fold_unary(c, e);
		return;
	}
	enum op op = e->u.operation.op;
	const struct expr *a = check_literal(e->u.operation.left);
	const struct expr *b = check_literal(e->u.operation.right);
	if (op == OP_ADD || op == OP_SUB || op == OP_MUL || op == OP_DIV || op == OP_MOD) {
		fold_arithmetic(c, e, a, b);
	} else if (a == NULL || b == NULL || op == OP_COALESCE) {
		return;
	} else if (op == OP_AND || op == OP_OR) {
		bool both = a->u.boolean && b->u.boolean, any = a->u.boolean || b->u.boolean;
		become_bool(e, op == OP_AND ? both : any);
	} else {
		fold_comparison(c, e, a, b);
	}
}

/* ---- declarations ---- */

static uint64_t weight(const struct expr *e);

static uint64_t weights(const struct argument *items) {
	uint64_t sum = 1;
	for (; items != NULL; items = items->next) {
		sum += weight(items->value) + (items->key == NULL ? 0 : weight(items->key));
	}
	return sum;
}

/* What stands in the C wherever the constant is named, which has no name there. */
static uint64_t weight(const struct expr *e) {
	switch ((int)e->kind) {
	case EXPR_NAME:
	case EXPR_FIELD:
		return e->decl != NULL && e->decl->kind == DECL_CONST ? e->decl->weight : 1;
	case EXPR_STRING: {
		uint64_t sum = 1;
		for (const struct string_part *p = e->u.parts; p != NULL; p = p->next) {
			sum += p->expr == NULL ? p->len : weight(p->expr);
		}
		return sum;
	}
	case EXPR_LIST:
	case EXPR_MAP:
		return weights(e->u.items);
	case EXPR_RECORD:
		return weights(e->u.record.fields);
	case EXPR_CONVERT:
		return weight(e->u.converted);
	default:
		return 1;
	}
}

static const struct type *resolve(struct checker *c, struct decl *decl) {
	unsigned errors = c->diag->errors;
	const struct type *type = check_expr(c, decl->value);
	if (decl->result != NULL) {
		type = check_type(c, decl->result);
		(void)check_convert(c, decl->value, type);
	}
	if (type_is_open(type)) {
		report(c, NO_TYPE, decl->value->span, "write `const NAME: TYPE = …`",
			"the type of this constant is not known");
		return basic(c, TYPE_ERROR);
	}
	if (c->diag->errors > errors) {
		return basic(c, TYPE_ERROR);
	}
	if (type->kind != TYPE_ERROR && !check_is_constant(decl->value)) {
		report(c, NOT_CONSTANT, decl->value->span,
			"a constant is made of literals, members of enums and other constants",
			"the value of a constant must be known when it is compiled");
		return basic(c, TYPE_ERROR);
	}
	decl->weight = weight(decl->value);
	if (decl->weight > WEIGHT_MAX) {
		report(c, LIMIT, decl->name.span, NULL,
			"the constant '%s' is too large (limit %d literals and bytes of text)",
			decl->name.text, WEIGHT_MAX);
		return basic(c, TYPE_ERROR);
	}
	return type;
}

const struct type *check_const(struct checker *c, struct decl *decl, const struct expr *use) {
	if (decl->mark == MARK_DONE) {
		return decl->type;
	}
	struct checker saved = *c;
	c->file = decl->file;
	if (decl->mark == MARK_BUSY) {
		if (decl->type == NULL) {
			struct diagnostic *said = report(c, CONST_CYCLE, decl->name.span, NULL,
				"the constant '%s' needs itself", decl->name.text);
			note(c, said, c->file, use->span, "it is needed here");
			decl->type = basic(c, TYPE_ERROR);
		}
		c->file = saved.file;
		return decl->type;
	}
	decl->mark = MARK_BUSY;
	c->scope = NULL;
	c->narrow = NULL;
	c->pure = "a constant";
	const struct type *type = basic(c, TYPE_ERROR);
	if (check_enter(c, decl->name.span)) {
		type = resolve(c, decl);
		check_leave(c);
	}
	decl->type = decl->type == NULL ? type : decl->type;
	decl->mark = MARK_DONE;
	saved.is_too_deep = c->is_too_deep;
	*c = saved;
	return decl->type;
}
