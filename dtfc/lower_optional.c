/*
 * Optionals in expressions: LANGUAGE.md section 4.
 *
 * A T? is a struct of a bool and the value, in which what stands behind a false
 * bool means nothing.  Of a record that can contain itself it is a pointer to
 * the value, NULL for none: nobody writes through it, so values share what they
 * point to, and what a variable holds is copied when it is pointed to first.
 */
#include "lower_in.h"

struct ir_expr *lower_has(struct lower *l, const struct type *type, struct ir_expr *optional) {
	if (lower_ctype(l, type)->is_pointer) {
		return ir_binary(l->arena, optional, "!=", ir_text(l->arena, "NULL"));
	}
	return ir_member(l->arena, optional, "has");
}

struct ir_expr *lower_value(struct lower *l, const struct type *type, struct ir_expr *optional) {
	if (lower_ctype(l, type)->is_pointer) {
		return ir_unary(l->arena, "*", optional);
	}
	return ir_member(l->arena, optional, "value");
}

struct ir_expr *lower_none(struct lower *l, const struct type *type) {
	const struct ctype *ctype = lower_ctype(l, type);

	if (ctype->is_pointer) {
		return ir_text(l->arena, "NULL");
	}
	struct ir_expr *none = ir_literal(l->arena, ctype->c);
	ir_add(l->arena, none, "has", ir_text(l->arena, "false"));
	return none;
}

struct ir_expr *lower_some(
	struct lower *l, const struct type *type, struct ir_expr *value, struct ir_expr **prefix) {
	const struct ctype *ctype = lower_ctype(l, type);

	if (ctype->is_pointer) {
		const struct ctype *of = lower_ctype(l, type->of);
		return lower_ctx_call(l, "dtf_some", ir_textf(l->arena, "sizeof(%s)", of->c),
			lower_address(l, of, value, prefix), NULL);
	}
	struct ir_expr *some = ir_literal(l->arena, ctype->c);
	some->brief = true;
	ir_add(l->arena, some, "has", ir_text(l->arena, "true"));
	ir_add(l->arena, some, "value", value);
	return some;
}
