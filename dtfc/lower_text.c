/*
 * Strings: literals, interpolation, `+`.
 *
 * However deep they are nested, all pieces of one string go to one call of
 * dtf_concat, in source order.
 */
#include "lower_in.h"

enum { LITERAL_MAX = 4000 }; /* C promises 4095 bytes of a literal */

static struct ir_expr *concat(struct lower *l, struct ir_expr **parts, size_t count) {
	struct ir_expr *array = ir_literal(l->arena, "const char *const[]");

	for (size_t i = 0; i < count; i++) {
		ir_add(l->arena, array, NULL, parts[i]);
	}
	return ir_call(l->arena, "dtf_concat", ir_text(l->arena, "ctx"),
		ir_textf(l->arena, "%zu", count), array, NULL);
}

struct ir_expr *lower_string(struct lower *l, const char *text, size_t len) {
	size_t count = len / LITERAL_MAX + 1;
	struct ir_expr **parts = mem_alloc(l->arena, count * sizeof(struct ir_expr *));

	for (size_t i = 0; i < count; i++) {
		size_t at = i * LITERAL_MAX;
		size_t size = len - at < LITERAL_MAX ? len - at : LITERAL_MAX;
		parts[i] = ir_textf(l->arena, "\"%s\"", cname_string(l->arena, text + at, size));
	}
	return count == 1 ? parts[0] : concat(l, parts, count);
}

/* The pieces of a string: of an interpolated one, and of `+`. */
struct pieces {
	struct string_part *first, **tail;
	size_t count;
};

static void add_piece(struct lower *l, struct pieces *pieces, struct string_part *part) {
	struct string_part *copy = mem_new(l->arena, struct string_part);

	*copy = *part;
	copy->next = NULL;
	*pieces->tail = copy;
	pieces->tail = &copy->next;
	pieces->count++;
}

static void find_pieces(struct lower *l, struct pieces *pieces, struct expr *expr) {
	if (expr->kind == EXPR_BINARY && expr->u.operation.op == OP_ADD) {
		find_pieces(l, pieces, expr->u.operation.left);
		find_pieces(l, pieces, expr->u.operation.right);
	} else if (expr->kind == EXPR_STRING) {
		for (struct string_part *p = expr->u.parts; p != NULL; p = p->next) {
			if (p->expr != NULL && p->expr->type->kind == TYPE_STRING) {
				find_pieces(l, pieces, p->expr);
			} else if (p->expr != NULL || p->len > 0) {
				add_piece(l, pieces, p);
			}
		}
	} else {
		add_piece(l, pieces, &(struct string_part){ .expr = expr });
	}
}

struct ir_expr *lower_text(struct lower *l, struct expr *expr) {
	struct pieces pieces = { .tail = &pieces.first };
	size_t n = 0, exprs = 0;

	find_pieces(l, &pieces, expr);
	if (pieces.count == 0) {
		return ir_text(l->arena, "\"\"");
	}
	struct expr **values = mem_alloc(l->arena, pieces.count * sizeof(struct expr *));
	struct ir_expr **lowered = mem_alloc(l->arena, pieces.count * sizeof(struct ir_expr *));
	struct ir_expr **parts = mem_alloc(l->arena, pieces.count * sizeof(struct ir_expr *));
	for (struct string_part *p = pieces.first; p != NULL; p = p->next) {
		if (p->expr != NULL) {
			values[exprs++] = p->expr;
		}
	}
	struct ir_expr *prefix = NULL;
	lower_operands(l, values, exprs, lowered, &prefix);
	exprs = 0;
	for (struct string_part *p = pieces.first; p != NULL; p = p->next) {
		if (p->expr != NULL) {
			parts[n++] = lower_as_text(l, p->expr->type, lowered[exprs++]);
		} else {
			parts[n++] = lower_string(l, p->text, p->len);
		}
	}
	l->strand->texts = l->strand->texts || n > 1;
	return ir_comma(l->arena, prefix, n == 1 ? parts[0] : concat(l, parts, n));
}
