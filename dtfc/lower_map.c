/*
 * Maps in expressions: LANGUAGE.md section 4.
 *
 * A map is its entries in order of their keys; nobody writes into them, so m[k]
 * is a pointer to the value in its entry, NULL if there is none, and becomes a
 * T? only where one is wanted.  Where that is a pointer anyway, it is this one.
 */
#include "lower_in.h"

static const char *entry_of(struct lower *l, const struct ctype *map) {
	return mem_printf(l->arena, "%s_entry", map->c);
}

struct ir_expr *lower_map(struct lower *l, struct expr *expr) {
	const struct ctype *type = lower_ctype(l, expr->type);
	struct ir_expr *prefix = NULL;
	size_t count = 0, n = 0;

	for (struct argument *a = expr->u.items; a != NULL; a = a->next) {
		count++;
	}
	if (count == 0) {
		return lower_zero(l, expr->type);
	}
	struct expr **parts = mem_alloc(l->arena, 2 * count * sizeof(struct expr *));
	struct ir_expr **lowered = mem_alloc(l->arena, 2 * count * sizeof(struct ir_expr *));
	for (struct argument *a = expr->u.items; a != NULL; a = a->next) {
		parts[n++] = a->key;
		parts[n++] = a->value;
	}
	lower_operands(l, parts, n, lowered, &prefix);
	struct ir_expr *entries = ir_literal(l->arena, lower_array_of(l, entry_of(l, type)));
	for (size_t i = 0; i < n; i += 2) {
		struct ir_expr *entry = ir_literal(l->arena, "");
		ir_add(l->arena, entry, NULL, lowered[i]);
		ir_add(l->arena, entry, NULL, lowered[i + 1]);
		ir_add(l->arena, entries, NULL, entry);
	}
	struct ir_expr *make = lower_ctx_call(l, "dtf_map_make", lower_table(l, expr->type),
		entries, ir_textf(l->arena, "%zu", count), NULL);
	struct ir_expr *map = lower_out(l, type, make, &prefix);
	return ir_comma(l->arena, prefix, map);
}

bool lower_is_lookup(const struct expr *expr) {
	return expr->kind == EXPR_INDEX && expr->u.index.base->type->kind == TYPE_MAP;
}

/* The value's address, or NULL. */
static struct ir_expr *find(struct lower *l, struct expr *expr, struct ir_expr **prefix) {
	struct expr *operands[] = { expr->u.index.base, expr->u.index.index };
	const struct type *type = operands[0]->type;
	struct ir_expr *lowered[2];

	lower_operands(l, operands, 2, lowered, prefix);
	struct ir_expr *map = lower_address(l, lower_ctype(l, type), lowered[0], prefix);
	return ir_call(l->arena, "dtf_map_find", lower_table(l, type), map, lowered[1], NULL);
}

struct ir_expr *lower_lookup(
	struct lower *l, struct expr *expr, struct ir_expr **ret_value, struct ir_expr **prefix) {
	const struct ctype *of = lower_ctype(l, expr->u.index.base->type->of);
	struct ctype pointer = { .c = lower_pointer_to(l, of->c) };
	struct ir_expr *at = lower_stash(l, &pointer, find(l, expr, prefix), prefix);

	*ret_value = ir_unary(l->arena, "*", at);
	return ir_binary(l->arena, at, "!=", ir_text(l->arena, "NULL"));
}

struct ir_expr *lower_entry(struct lower *l, struct expr *expr) {
	struct ir_expr *prefix = NULL, *value;

	if (lower_ctype(l, expr->type)->is_pointer) {
		value = find(l, expr, &prefix);
		return ir_comma(l->arena, prefix, value);
	}
	struct expr *operands[] = { expr->u.index.base, expr->u.index.index };
	const struct type *type = operands[0]->type;
	struct ir_expr *lowered[2];
	lower_operands(l, operands, 2, lowered, &prefix);
	struct ir_expr *get = ir_call(l->arena, "dtf_map_get", lower_table(l, type),
		lower_table(l, expr->type),
		lower_address(l, lower_ctype(l, type), lowered[0], &prefix), lowered[1], NULL);
	value = lower_out(l, lower_ctype(l, expr->type), get, &prefix);
	return ir_comma(l->arena, prefix, value);
}

void lower_set_entry(struct lower *l, const struct type *type, struct ir_expr *map,
	struct ir_expr *key, struct ir_expr *value) {
	struct ir_expr *prefix = NULL;
	struct ir_expr *place = ir_unary(l->arena, "&", map);
	struct ir_expr *address = lower_address(l, lower_ctype(l, type->of), value, &prefix);

	lower_eval(l,
		lower_ctx_call(
			l, "dtf_map_set", lower_table(l, type), place, key, address, place, NULL));
	lower_raised(l); /* it may have become too large */
}
