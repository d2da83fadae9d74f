/*
 * Expressions.
 *
 * Each becomes one C expression.  Faults stick to ctx and the first one wins,
 * so only the order of operands that can raise (or draw random numbers) is
 * observable; C leaves the order of arguments open, so all such operands but
 * the last are put into temporaries first.  Where the expression is evaluated
 * for certain, a temporary is a declaration before the statement; where it is
 * not (right of `and`, in a loop's condition) it is assigned inside, before a
 * comma.
 */
#include "lower_in.h"

#include <string.h>

/* ---- temporaries ---- */

bool lower_is_simple(const struct ir_expr *expr) {
	switch (expr->kind) {
	case IR_TEXT:
	case IR_SLOT:
	case IR_FRAME:
		return true;
	case IR_MEMBER:
		return lower_is_simple(expr->left);
	case IR_INDEX:
		return lower_is_simple(expr->left) && lower_is_simple(expr->right);
	case IR_CALL:
	case IR_UNARY:
	case IR_BUMP:
	case IR_BINARY:
	case IR_ASSIGN:
	case IR_COMMA:
	case IR_CHOICE:
	case IR_LITERAL:
		return false;
	}
	bug("an expression without a kind");
}

static bool is_lvalue(const struct ir_expr *expr) {
	return expr->kind == IR_SLOT || expr->kind == IR_INDEX ||
		(expr->kind == IR_UNARY && strcmp(expr->name, "*") == 0) ||
		(expr->kind == IR_MEMBER && (expr->arrow || is_lvalue(expr->left)));
}

struct ir_expr *lower_stash(
	struct lower *l, const struct ctype *type, struct ir_expr *value, struct ir_expr **prefix) {
	struct ir_slot *slot = lower_temp(l, type);

	if (l->strand->conditional) {
		lower_declare(l, slot, NULL);
		struct ir_expr *set = ir_assign(l->arena, ir_slot(l->arena, slot), value);
		*prefix = ir_comma(l->arena, *prefix, set);
	} else {
		lower_declare(l, slot, value);
	}
	return ir_slot(l->arena, slot);
}

static struct ir_expr *simple(
	struct lower *l, const struct ctype *type, struct ir_expr *value, struct ir_expr **prefix) {
	return lower_is_simple(value) ? value : lower_stash(l, type, value, prefix);
}

struct ir_expr *lower_address(
	struct lower *l, const struct ctype *type, struct ir_expr *value, struct ir_expr **prefix) {
	if (value->kind == IR_COMMA && is_lvalue(value->right)) {
		*prefix = ir_comma(l->arena, *prefix, value->left);
		value = value->right;
	}
	if (!is_lvalue(value) && value->kind != IR_LITERAL) {
		if (type->is_struct) {
			value = lower_stash(l, type, value, prefix);
		} else {
			struct ir_expr *literal = ir_literal(l->arena, type->c);
			ir_add(l->arena, literal, NULL, value);
			value = literal;
		}
	}
	return ir_unary(l->arena, "&", value);
}

/* ---- order ---- */

bool lower_any_ordered(const struct argument *args) {
	for (; args != NULL; args = args->next) {
		if (lower_is_ordered(args->value) || lower_is_ordered(args->key)) {
			return true;
		}
	}
	return false;
}

bool lower_is_ordered(const struct expr *expr) {
	if (expr == NULL || expr->kind == EXPR_NAME) {
		return false;
	}
	if (expr->can_fault) {
		return true;
	}
	switch (expr->kind) {
	case EXPR_CALL:
		return expr->builtin == BUILTIN_UUID || expr->builtin == BUILTIN_RANDOM ||
			expr->builtin == BUILTIN_RANDOM_BELOW ||
			lower_any_ordered(expr->u.call.args);
	case EXPR_STRING:
		for (struct string_part *p = expr->u.parts; p != NULL; p = p->next) {
			if (lower_is_ordered(p->expr)) {
				return true;
			}
		}
		return false;
	case EXPR_LIST:
	case EXPR_MAP:
		return lower_any_ordered(expr->u.items);
	case EXPR_RECORD:
		return lower_any_ordered(expr->u.record.fields);
	case EXPR_FIELD:
		return expr->decl == NULL && lower_is_ordered(expr->u.field.base);
	case EXPR_INDEX:
		return lower_is_ordered(expr->u.index.base) ||
			lower_is_ordered(expr->u.index.index);
	case EXPR_UNARY:
	case EXPR_BINARY:
		return lower_is_ordered(expr->u.operation.left) ||
			lower_is_ordered(expr->u.operation.right);
	case EXPR_CONVERT:
		return lower_is_ordered(expr->u.converted);
	case EXPR_ERROR:
	case EXPR_NAME:
	case EXPR_BOOL:
	case EXPR_INT:
	case EXPR_FLOAT:
	case EXPR_NONE:
	case EXPR_DURATION:
		return false;
	case EXPR_DO:
	case EXPR_CALL_WORKFLOW:
	case EXPR_SPAWN:
	case EXPR_WAIT:
	case EXPR_PARALLEL:
		return true;
	}
	bug("an expression without a kind");
}

void lower_operands(struct lower *l, struct expr *const *exprs, size_t count, struct ir_expr **ret,
	struct ir_expr **prefix) {
	size_t last = 0; /* one past the last operand whose turn matters */

	for (size_t i = 0; i < count; i++) {
		if (lower_is_ordered(exprs[i])) {
			last = i + 1;
		}
	}
	for (size_t i = 0; i < count; i++) {
		ret[i] = lower_expr(l, exprs[i]);
		if (i + 1 < last && lower_is_ordered(exprs[i])) {
			ret[i] = lower_stash(l, lower_ctype(l, exprs[i]->type), ret[i], prefix);
		}
	}
}

/* ---- parts ---- */

struct ir_expr *lower_table(struct lower *l, const struct type *type) {
	const struct ctype *ctype = lower_ctype(l, type);

	return ir_textf(l->arena, "&%s", ctype->table);
}

const char *lower_pointer_to(struct lower *l, const char *c_type) {
	bool pointer = c_type[strlen(c_type) - 1] == '*';

	return pointer ? mem_printf(l->arena, "%sconst *", c_type)
		       : mem_printf(l->arena, "const %s *", c_type);
}

const char *lower_array_of(struct lower *l, const char *c_type) {
	bool pointer = c_type[strlen(c_type) - 1] == '*';

	return pointer ? mem_printf(l->arena, "%sconst[]", c_type)
		       : mem_printf(l->arena, "const %s[]", c_type);
}

static struct ir_expr *size_of(struct lower *l, const struct ctype *type) {
	return ir_textf(l->arena, "sizeof(%s)", type->c);
}

static struct ir_expr *ctx(struct lower *l) {
	return ir_text(l->arena, "ctx");
}

static struct ir_expr *list_of(
	struct lower *l, const struct type *type, struct ir_expr *items, struct ir_expr *count) {
	struct ir_expr *list = ir_literal(l->arena, lower_ctype(l, type)->c);

	list->brief = true;
	ir_add(l->arena, list, "items", items);
	ir_add(l->arena, list, "count", count);
	return list;
}

struct ir_expr *lower_out(
	struct lower *l, const struct ctype *type, struct ir_expr *call, struct ir_expr **prefix) {
	struct ir_slot *slot = lower_temp(l, type);

	lower_declare(l, slot, NULL);
	ir_add(l->arena, call, NULL, ir_unary(l->arena, "&", ir_slot(l->arena, slot)));
	if (l->strand->conditional) {
		*prefix = ir_comma(l->arena, *prefix, call);
	} else {
		lower_eval(l, call);
	}
	return ir_slot(l->arena, slot);
}

/* ---- lists and records ---- */

static size_t count_args(const struct argument *args) {
	size_t count = 0;

	for (; args != NULL; args = args->next) {
		count++;
	}
	return count;
}

static struct ir_expr *lower_list(struct lower *l, struct expr *expr) {
	size_t count = count_args(expr->u.items), n = 0;
	const struct ctype *of = lower_ctype(l, expr->type->of);
	struct ir_expr *prefix = NULL;

	if (count == 0) {
		return list_of(l, expr->type, ir_text(l->arena, "NULL"), ir_text(l->arena, "0"));
	}
	struct expr **values = mem_alloc(l->arena, count * sizeof(struct expr *));
	struct ir_expr **lowered = mem_alloc(l->arena, count * sizeof(struct ir_expr *));
	for (struct argument *a = expr->u.items; a != NULL; a = a->next) {
		values[n++] = a->value;
	}
	lower_operands(l, values, count, lowered, &prefix);
	struct ir_expr *array = ir_literal(l->arena, lower_array_of(l, of->c));
	for (size_t i = 0; i < count; i++) {
		ir_add(l->arena, array, NULL, lowered[i]);
	}
	struct ir_expr *size = ir_textf(l->arena, "%zu", count);
	struct ir_expr *items = ir_call(
		l->arena, "dtf_items", ctx(l), size_of(l, of), size, array, NULL);
	return ir_comma(l->arena, prefix, list_of(l, expr->type, items, size));
}

struct ir_expr *lower_list_concat(
	struct lower *l, const struct type *type, struct ir_expr *a, struct ir_expr *b) {
	struct ir_expr *count = ir_binary(
		l->arena, ir_member(l->arena, a, "count"), "+", ir_member(l->arena, b, "count"));
	struct ir_expr *items = ir_call(l->arena, "dtf_items_concat", ctx(l),
		size_of(l, lower_ctype(l, type->of)), ir_member(l->arena, a, "items"),
		ir_member(l->arena, a, "count"), ir_member(l->arena, b, "items"),
		ir_member(l->arena, b, "count"), NULL);

	return list_of(l, type, items, count);
}

/* A struct of named values: a record, or what a command is given. */
static struct ir_expr *lower_struct(struct lower *l, const char *c_type, struct argument *args,
	const char *const *fixed, bool brief, struct ir_expr **prefix) {
	size_t count = count_args(args), n = 0;
	struct expr **values = mem_alloc(l->arena, (count + 1) * sizeof(struct expr *));
	struct ir_expr **lowered = mem_alloc(l->arena, (count + 1) * sizeof(struct ir_expr *));
	struct ir_expr *literal = ir_literal(l->arena, c_type);

	for (struct argument *a = args; a != NULL; a = a->next) {
		if (!a->late) {
			values[n++] = a->value;
		}
	}
	lower_operands(l, values, n, lowered, prefix);
	n = 0;
	for (struct argument *a = args; a != NULL; a = a->next) {
		if (!a->late) {
			ir_add(l->arena, literal,
				cname_beside(l->arena, a->field->name.text, fixed), lowered[n++]);
		}
	}
	if (n == 0) {
		ir_add(l->arena, literal, NULL, ir_text(l->arena, "0"));
	}
	literal->brief = brief && n == count;
	return literal;
}

struct ir_expr *lower_arguments(
	struct lower *l, const char *c_type, struct argument *args, const char *const *fixed) {
	struct ir_expr *prefix = NULL;

	if (c_type == NULL) {
		return ir_text(l->arena, "NULL");
	}
	struct ir_expr *literal = lower_struct(l, c_type, args, fixed, true, &prefix);
	if (prefix != NULL) {
		bug("a command inside an expression");
	}
	return ir_unary(l->arena, "&", literal);
}

static struct ir_expr *lower_record(struct lower *l, struct expr *expr) {
	static const char *const none[] = { NULL };
	struct ir_expr *prefix = NULL;
	struct ir_expr *literal = lower_struct(
		l, lower_ctype(l, expr->type)->c, expr->u.record.fields, none, false, &prefix);

	return ir_comma(l->arena, prefix, literal);
}

static struct ir_expr *lower_index(struct lower *l, struct expr *expr) {
	struct expr *operands[] = { expr->u.index.base, expr->u.index.index };
	const struct type *type = operands[0]->type;
	struct ir_expr *lowered[2], *prefix = NULL;

	if (type->kind == TYPE_MAP) {
		return lower_entry(l, expr);
	}
	const struct ctype *of = lower_ctype(l, type->of);
	lower_operands(l, operands, 2, lowered, &prefix);
	struct ir_expr *list = simple(l, lower_ctype(l, type), lowered[0], &prefix);
	struct ir_expr *at = ir_call(l->arena, "dtf_at", ctx(l), size_of(l, of),
		ir_member(l->arena, list, "items"), ir_member(l->arena, list, "count"), lowered[1],
		NULL);
	struct ctype pointer = { .c = lower_pointer_to(l, of->c) };
	struct ir_expr *element = ir_unary(l->arena, "*", lower_stash(l, &pointer, at, &prefix));
	return ir_comma(l->arena, prefix, element);
}

/* ---- fields ---- */

static struct ir_expr *failure_field(struct lower *l, struct expr *expr) {
	struct var *var = expr->u.field.base->var;

	if (expr->builtin == FIELD_ERROR_DATA) {
		struct ir_slot *data = NULL;
		for (struct strand *s = l->strand; s != NULL && data == NULL; s = s->up) {
			data = map_get(&s->data, var);
		}
		if (data == NULL) {
			bug("a caught error without its fields");
		}
		return ir_member(l->arena, ir_slot(l->arena, data),
			cname_plain(l->arena, expr->member->name.text));
	}
	/* of a catch, or the error of an outcome */
	struct ir_expr *failure = var != NULL ? ir_slot(l->arena, lower_var(l, var))
					      : lower_expr(l, expr->u.field.base);
	struct ir_expr *prefix = NULL;
	switch ((enum builtin_field)expr->builtin) {
	case FIELD_ERROR_NAME:
		failure = lower_address(
			l, lower_ctype(l, expr->u.field.base->type), failure, &prefix);
		return ir_comma(
			l->arena, prefix, ir_call(l->arena, "dtf_failure_name", failure, NULL));
	case FIELD_ERROR_MESSAGE:
		return ir_member(l->arena, failure, "message");
	case FIELD_ERROR_RETRYABLE:
		return ir_member(l->arena, failure, "retryable");
	case FIELD_ERROR_KIND:
		return ir_member(l->arena, failure, "kind");
	case FIELD_ERROR_ATTEMPTS:
		return ir_member(l->arena, failure, "attempts");
	case FIELD_ERROR_CODE:
		return ir_member(l->arena, failure, "code");
	case FIELD_ERROR_ID:
		return ir_member(l->arena, failure, "id");
	case FIELD_ERROR_STATUS:
		return ir_member(l->arena, failure, "status");
	case FIELD_NONE:
	case FIELD_SELF_ID:
	case FIELD_SELF_EXECUTION:
	case FIELD_SELF_WORKFLOW:
	case FIELD_SELF_HISTORY:
	case FIELD_ERROR_DATA:
	case FIELD_OUTCOME_OK:
	case FIELD_OUTCOME_VALUE:
	case FIELD_OUTCOME_ERROR:
		break;
	}
	bug("a field that an error does not have");
}

/* Its value in place: constants have no name in C. */
static struct ir_expr *lower_constant(struct lower *l, struct expr *expr) {
	return lower_expr(l, expr->decl->value);
}

static struct ir_expr *lower_field(struct lower *l, struct expr *expr) {
	if (expr->decl != NULL && expr->decl->kind == DECL_CONST) {
		return lower_constant(l, expr);
	}
	switch ((enum builtin_field)expr->builtin) {
	case FIELD_SELF_ID:
		return ir_call(l->arena, "dtf_self_id", ctx(l), NULL);
	case FIELD_SELF_EXECUTION:
		return ir_call(l->arena, "dtf_self_execution", ctx(l), NULL);
	case FIELD_SELF_WORKFLOW:
		return ir_call(l->arena, "dtf_self_workflow", ctx(l), NULL);
	case FIELD_SELF_HISTORY:
		return ir_call(l->arena, "dtf_self_history", ctx(l), NULL);
	case FIELD_ERROR_NAME:
	case FIELD_ERROR_MESSAGE:
	case FIELD_ERROR_RETRYABLE:
	case FIELD_ERROR_KIND:
	case FIELD_ERROR_ATTEMPTS:
	case FIELD_ERROR_CODE:
	case FIELD_ERROR_ID:
	case FIELD_ERROR_STATUS:
	case FIELD_ERROR_DATA:
		return failure_field(l, expr);
	case FIELD_OUTCOME_OK:
	case FIELD_OUTCOME_VALUE:
	case FIELD_OUTCOME_ERROR:
		return ir_member(
			l->arena, lower_expr(l, expr->u.field.base), expr->u.field.name.text);
	case FIELD_NONE:
		break;
	}
	const struct type *base = expr->u.field.base->type;
	if (expr->type->kind == TYPE_ENUM && (base == NULL || base->kind != TYPE_RECORD)) {
		return ir_text(
			l->arena, lower_decl(l, expr->type->decl)->members[expr->member->index]);
	}
	return ir_member(l->arena, lower_expr(l, expr->u.field.base),
		cname_plain(l->arena, expr->member->name.text));
}

/* ---- operators ---- */

struct ir_expr *lower_number(struct lower *l, int64_t value) {
	return ir_text(l->arena, ir_int(l->arena, value));
}

static struct ir_expr *lower_unary(struct lower *l, struct expr *expr) {
	struct expr *operand = expr->u.operation.left;

	if (expr->u.operation.op == OP_NOT) {
		return lower_not(l, lower_expr(l, operand));
	}
	if ((operand->kind == EXPR_INT || operand->kind == EXPR_DURATION) && !expr->can_fault) {
		return lower_number(l, (int64_t)(0 - (uint64_t)operand->u.integer));
	}
	if (operand->type->kind == TYPE_FLOAT) {
		return ir_unary(l->arena, "-", lower_expr(l, operand));
	}
	return ir_call(l->arena, "dtf_neg", ctx(l), lower_expr(l, operand), NULL);
}

struct ir_expr *lower_not(struct lower *l, struct ir_expr *condition) {
	static const char *const opposite[][2] = { { "==", "!=" }, { "!=", "==" }, { "<", ">=" },
		{ ">=", "<" }, { ">", "<=" }, { "<=", ">" } };

	if (condition->kind == IR_UNARY && strcmp(condition->name, "!") == 0) {
		return condition->left;
	}
	for (size_t i = 0; condition->kind == IR_BINARY && i < 6; i++) {
		if (strcmp(condition->name, opposite[i][0]) == 0) {
			return ir_binary(
				l->arena, condition->left, opposite[i][1], condition->right);
		}
	}
	return ir_unary(l->arena, "!", condition);
}

/* Left is always evaluated, right perhaps. */
static struct ir_expr *conditionally(struct lower *l, struct expr *expr) {
	bool outer = l->strand->conditional;

	l->strand->conditional = true;
	struct ir_expr *lowered = lower_expr(l, expr);
	l->strand->conditional = outer;
	return lowered;
}

static struct ir_expr *lower_coalesce(struct lower *l, struct expr *expr) {
	struct expr *left = expr->u.operation.left;
	struct ir_expr *prefix = NULL, *value, *has;

	if (lower_is_lookup(left) && expr->type->kind != TYPE_OPTIONAL) {
		has = lower_lookup(l, left, &value, &prefix);
	} else {
		value = simple(l, lower_ctype(l, left->type), lower_expr(l, left), &prefix);
		has = lower_has(l, left->type, value);
		if (expr->type->kind != TYPE_OPTIONAL) {
			value = lower_value(l, left->type, value);
		}
	}
	/* What nobody can observe may be made before, where it reads better. */
	struct expr *right = expr->u.operation.right;
	struct ir_expr *other = lower_is_ordered(right) ? conditionally(l, right)
							: lower_expr(l, right);
	return ir_comma(l->arena, prefix, ir_choice(l->arena, has, value, other));
}

static bool is_scalar(const struct type *type) {
	return type->kind == TYPE_BOOL || type->kind == TYPE_INT || type->kind == TYPE_FLOAT ||
		type->kind == TYPE_DURATION || type->kind == TYPE_TIME || type->kind == TYPE_ENUM;
}

static struct ir_expr *lower_equality(
	struct lower *l, struct expr *expr, struct ir_expr **operands, struct ir_expr **prefix) {
	const struct type *type = expr->u.operation.left->type;
	bool equal = expr->u.operation.op == OP_EQ;
	struct ir_expr *test;

	if (is_scalar(type)) {
		return ir_binary(l->arena, operands[0], equal ? "==" : "!=", operands[1]);
	}
	if (type->kind == TYPE_STRING) {
		test = ir_call(l->arena, "dtf_string_equal", operands[0], operands[1], NULL);
	} else {
		const struct ctype *ctype = lower_ctype(l, type);
		test = ir_call(l->arena, "dtf_equal", ctx(l), lower_table(l, type),
			lower_address(l, ctype, operands[0], prefix),
			lower_address(l, ctype, operands[1], prefix), NULL);
	}
	return equal ? test : ir_unary(l->arena, "!", test);
}

static const char *c_operator(enum op op) {
	static const char *const names[] = {
		[OP_EQ] = "==",
		[OP_NE] = "!=",
		[OP_LT] = "<",
		[OP_LE] = "<=",
		[OP_GT] = ">",
		[OP_GE] = ">=",
		[OP_ADD] = "+",
		[OP_SUB] = "-",
		[OP_MUL] = "*",
	};

	return names[op];
}

static struct ir_expr *lower_arithmetic(struct lower *l, enum op op, const struct type *type,
	struct ir_expr *a, struct ir_expr *b) {
	static const char *const of_ints[] = { [OP_ADD] = "dtf_add",
		[OP_SUB] = "dtf_sub",
		[OP_MUL] = "dtf_mul",
		[OP_DIV] = "dtf_div",
		[OP_MOD] = "dtf_mod" };

	if (type->kind != TYPE_FLOAT) {
		return ir_call(l->arena, of_ints[op], ctx(l), a, b, NULL);
	}
	if (op == OP_DIV || op == OP_MOD) {
		return ir_call(
			l->arena, op == OP_DIV ? "dtf_fdiv" : "dtf_fmod", ctx(l), a, b, NULL);
	}
	return ir_call(
		l->arena, "dtf_finite", ctx(l), ir_binary(l->arena, a, c_operator(op), b), NULL);
}

/* x == none, none != x */
static struct ir_expr *lower_none_test(struct lower *l, struct expr *expr) {
	struct expr *left = expr->u.operation.left, *right = expr->u.operation.right;
	struct expr *value = left->kind == EXPR_NONE ? right : left;

	if (value->kind == EXPR_NONE) {
		return ir_text(l->arena, expr->u.operation.op == OP_EQ ? "true" : "false");
	}
	struct ir_expr *prefix = NULL, *has, *ignored;
	if (lower_is_lookup(value)) {
		has = lower_lookup(l, value, &ignored, &prefix);
	} else {
		has = lower_has(l, value->type, lower_expr(l, value));
	}
	has = expr->u.operation.op == OP_EQ ? lower_not(l, has) : has;
	return ir_comma(l->arena, prefix, has);
}

static struct ir_expr *lower_binary(struct lower *l, struct expr *expr) {
	struct expr *sides[] = { expr->u.operation.left, expr->u.operation.right };
	enum op op = expr->u.operation.op;
	const struct type *type = sides[0]->type;
	struct ir_expr *v[2], *prefix = NULL;

	if (op == OP_AND || op == OP_OR) {
		struct ir_expr *left = lower_expr(l, sides[0]);
		return ir_binary(
			l->arena, left, op == OP_AND ? "&&" : "||", conditionally(l, sides[1]));
	}
	if (op == OP_COALESCE) {
		return lower_coalesce(l, expr);
	}
	bool equality = op == OP_EQ || op == OP_NE;
	if (equality && (sides[0]->kind == EXPR_NONE || sides[1]->kind == EXPR_NONE)) {
		return lower_none_test(l, expr);
	}
	if (op == OP_ADD && type->kind == TYPE_STRING) {
		return lower_text(l, expr);
	}
	lower_operands(l, sides, 2, v, &prefix);
	if (op == OP_ADD && type->kind == TYPE_LIST) {
		const struct ctype *ctype = lower_ctype(l, type);
		struct ir_expr *a = simple(l, ctype, v[0], &prefix);
		struct ir_expr *b = simple(l, ctype, v[1], &prefix);
		return ir_comma(l->arena, prefix, lower_list_concat(l, type, a, b));
	}
	bool compares = equality || op == OP_LT || op == OP_LE || op == OP_GT || op == OP_GE;
	if (compares && is_scalar(type) && ir_same(v[0], v[1])) {
		v[0] = lower_stash(l, lower_ctype(l, type), v[0], &prefix); /* compilers warn */
	}
	struct ir_expr *result;
	if (equality) {
		result = lower_equality(l, expr, v, &prefix);
	} else if (compares && type->kind == TYPE_STRING) {
		struct ir_expr *order = ir_call(l->arena, "dtf_string_compare", v[0], v[1], NULL);
		result = ir_binary(l->arena, order, c_operator(op), ir_text(l->arena, "0"));
	} else if (compares) {
		result = ir_binary(l->arena, v[0], c_operator(op), v[1]);
	} else {
		result = lower_arithmetic(l, op, type, v[0], v[1]);
	}
	return ir_comma(l->arena, prefix, result);
}

static struct ir_expr *lower_convert(struct lower *l, struct expr *expr) {
	struct expr *inner = expr->u.converted;
	struct ir_expr *prefix = NULL, *value = lower_expr(l, inner);

	if (expr->type->kind != TYPE_OPTIONAL) { /* narrowed */
		return lower_value(l, inner->type, value);
	}
	struct ir_expr *some = lower_some(l, expr->type, value, &prefix);
	return ir_comma(l->arena, prefix, some);
}

struct ir_expr *lower_condition(struct lower *l, struct expr *expr) {
	struct ir_expr *condition = lower_expr(l, expr);
	struct ir_expr *prefix = NULL;

	if (!expr->can_fault) {
		return condition;
	}
	condition = lower_stash(l, lower_ctype(l, expr->type), condition, &prefix);
	lower_raised(l);
	return condition;
}

struct ir_expr *lower_expr(struct lower *l, struct expr *expr) {
	switch (expr->kind) {
	case EXPR_NAME:
		if (expr->decl != NULL && expr->decl->kind == DECL_CONST) {
			return lower_constant(l, expr);
		}
		return ir_slot(l->arena, lower_var(l, expr->var));
	case EXPR_BOOL:
		return ir_text(l->arena, expr->u.boolean ? "true" : "false");
	case EXPR_INT:
	case EXPR_DURATION:
		return lower_number(l, expr->u.integer);
	case EXPR_FLOAT:
		return ir_text(l->arena, ir_float(l->arena, expr->u.real));
	case EXPR_NONE:
		return lower_none(l, expr->type);
	case EXPR_STRING:
		return lower_text(l, expr);
	case EXPR_LIST:
		return lower_list(l, expr);
	case EXPR_RECORD:
		return lower_record(l, expr);
	case EXPR_FIELD:
		return lower_field(l, expr);
	case EXPR_INDEX:
		return lower_index(l, expr);
	case EXPR_CALL:
		return lower_builtin(l, expr);
	case EXPR_UNARY:
		return lower_unary(l, expr);
	case EXPR_BINARY:
		return lower_binary(l, expr);
	case EXPR_CONVERT:
		return lower_convert(l, expr);
	case EXPR_MAP:
		return lower_map(l, expr);
	case EXPR_DO:
	case EXPR_CALL_WORKFLOW:
	case EXPR_SPAWN:
	case EXPR_WAIT:
	case EXPR_PARALLEL:
	case EXPR_ERROR:
		break;
	}
	bug("an expression that checking should have refused");
}
