/*
 * Assignment: LANGUAGE.md section 4.
 *
 * Values are copied, so `xs[i] = e` replaces the list by one that shares
 * nothing that somebody else may hold; the runtime copies only if it must.
 * Indexes are evaluated first, then the value, then nothing can be raised but
 * out_of_range, and only then the variable changes: a fault leaves it alone.
 */
#include "lower_in.h"

/* An index, evaluated once: from then on the tree names what it gave. */
static struct ir_expr *settle_index(struct lower *l, struct expr *expr) {
	struct ir_expr *prefix = NULL, *value = lower_expr(l, expr);

	if (lower_stays(value)) {
		return value;
	}
	struct var *var = mem_new(l->arena, struct var);
	value = lower_stash(l, lower_ctype(l, expr->type), value, &prefix);
	map_put(l->arena, &l->strand->slots, var, value->slot);
	*expr = (struct expr){
		.kind = EXPR_NAME, .span = expr->span, .type = expr->type, .var = var
	};
	return value;
}

/* Does nobody see the variable once something has been raised? */
static bool dies_with_it(struct lower *l, const struct expr *target) {
	while (target->kind == EXPR_FIELD) {
		target = target->u.field.base;
	}
	return target->kind == EXPR_NAME && !target->var->queried && lower_handler(l) == NULL &&
		lower_var(l, target->var)->strand == l->strand->ir;
}

/* The indexes on the way to the target, outermost last. */
struct path {
	struct ir_expr **indexes;
	size_t count;
	bool can_fault;
};

/* `inner` indexes come behind this part of the target. */
static void find_indexes(struct lower *l, struct expr *target, struct path *path, size_t inner) {
	if (target->kind == EXPR_FIELD) {
		find_indexes(l, target->u.field.base, path, inner);
	} else if (target->kind == EXPR_INDEX) {
		find_indexes(l, target->u.index.base, path, inner + 1);
		path->can_fault = path->can_fault || target->u.index.index->can_fault;
		path->indexes[path->count++] = settle_index(l, target->u.index.index);
	} else {
		path->indexes = mem_alloc(l->arena, (inner + 1) * sizeof(*path->indexes));
	}
}

/* The place in C that the target names; each index makes its list writable. */
static struct ir_expr *place_of(
	struct lower *l, struct expr *target, const struct path *path, size_t *at) {
	if (target->kind == EXPR_FIELD) {
		struct ir_expr *base = place_of(l, target->u.field.base, path, at);
		return ir_member(l->arena, base, cname_plain(l->arena, target->member->name.text));
	}
	if (target->kind == EXPR_NAME) {
		return ir_slot(l->arena, lower_var(l, target->var));
	}
	if (target->kind != EXPR_INDEX) {
		bug("a target that cannot be assigned to");
	}
	if (lower_is_lookup(target)) {
		bug("an assignment into what may be none");
	}
	struct ir_expr *list = place_of(l, target->u.index.base, path, at);
	struct ir_expr *index = path->indexes[(*at)++];
	const struct ctype *of = lower_ctype(l, target->u.index.base->type->of);
	bool pointer = of->c[0] == 'c'; /* "const char *": more than one star */
	struct ctype writable = { .c = mem_printf(l->arena, pointer ? "%s*" : "%s *", of->c) };
	struct ir_expr *items = ir_member(l->arena, list, "items");
	struct ir_expr *count = ir_member(l->arena, list, "count");
	struct ir_block *outer;

	struct ir_op *op = lower_op(l, IR_IF);
	op->expr = lower_not(l, lower_ctx_call(l, "dtf_index_ok", count, index, NULL));
	op->body = lower_begin(l, &outer);
	lower_raise(l);
	lower_end(l, outer, false);
	struct ir_slot *slot = lower_slot(l, "items", &writable);
	lower_declare(l, slot,
		lower_ctx_call(l, "dtf_items_writable", ir_textf(l->arena, "sizeof(%s)", of->c),
			items, count, NULL));
	lower_raised(l); /* memory may be exhausted */
	lower_eval(l, ir_assign(l->arena, items, ir_slot(l->arena, slot)));
	return ir_index(l->arena, ir_slot(l->arena, slot), index);
}

/* target op value, from what the target holds now. */
static struct ir_expr *combined(struct lower *l, struct stmt *stmt) {
	static const enum op ops[] = {
		[ASSIGN_ADD] = OP_ADD, [ASSIGN_SUB] = OP_SUB, [ASSIGN_MUL] = OP_MUL
	};
	struct expr *target = stmt->u.assign.target, *value = stmt->u.assign.value;
	struct expr *sum = mem_new(l->arena, struct expr);

	sum->kind = EXPR_BINARY;
	sum->span = stmt->span;
	sum->type = target->type;
	sum->can_fault = true;
	sum->u.operation.op = ops[stmt->u.assign.op];
	sum->u.operation.left = target;
	sum->u.operation.right = value;
	return lower_expr(l, sum);
}

/* list += [x]: in place, as the list is the variable's own. */
static bool lower_append(struct lower *l, struct stmt *stmt) {
	struct expr *target = stmt->u.assign.target, *value = stmt->u.assign.value;

	if (stmt->u.assign.op != ASSIGN_ADD || target->kind != EXPR_NAME ||
		target->type->kind != TYPE_LIST || value->kind != EXPR_LIST ||
		value->u.items == NULL || value->u.items->next != NULL ||
		!dies_with_it(l, target)) {
		return false;
	}
	struct expr *element = value->u.items->value;
	const struct ctype *of = lower_ctype(l, target->type->of);
	struct ir_expr *prefix = NULL;
	struct ir_expr *list = ir_slot(l->arena, lower_var(l, target->var));
	struct ir_expr *lowered = lower_expr(l, element);
	if (element->can_fault) {
		lowered = lower_stash(l, of, lowered, &prefix);
		lower_raised(l);
	}
	struct ir_expr *address = lower_address(l, of, lowered, &prefix);
	struct ir_expr *items = ir_member(l->arena, list, "items");
	struct ir_expr *count = ir_member(l->arena, list, "count");
	lower_eval(l,
		ir_assign(l->arena, items,
			lower_ctx_call(l, "dtf_items_concat",
				ir_textf(l->arena, "sizeof(%s)", of->c), items, count, address,
				ir_text(l->arena, "1"), NULL)));
	lower_eval(l, ir_bump(l->arena, count));
	lower_raised(l);
	return true;
}

void lower_assign(struct lower *l, struct stmt *stmt) {
	struct expr *target = stmt->u.assign.target, *value = stmt->u.assign.value;
	struct path path = { .count = 0 };
	struct ir_expr *prefix = NULL, *lowered;
	size_t at = 0;

	if (lower_append(l, stmt)) {
		return;
	}
	if (target->kind == EXPR_NAME && stmt->u.assign.op == ASSIGN_SET &&
		lower_is_durable(value)) {
		lower_durable(l, value, NULL, ir_slot(l->arena, lower_var(l, target->var)));
		return;
	}
	find_indexes(l, target, &path, 0);
	bool faults = value->can_fault || stmt->u.assign.op != ASSIGN_SET || path.can_fault;
	bool is_entry = lower_is_lookup(target);
	struct expr *container = is_entry ? target->u.index.base : target;
	const struct ctype *type = lower_ctype(l, is_entry ? container->type->of : target->type);
	if (lower_is_durable(value)) {
		struct ir_slot *slot = lower_temp(l, type);
		lowered = ir_slot(l->arena, slot);
		lower_durable(l, value, slot, lowered);
	} else {
		lowered = stmt->u.assign.op == ASSIGN_SET ? lower_expr(l, value)
							  : combined(l, stmt);
		if (faults && !dies_with_it(l, target)) {
			lowered = lower_stash(l, type, lowered, &prefix);
			lower_raised(l);
			faults = false;
		}
	}
	struct ir_expr *place = place_of(l, container, &path, &at);
	if (is_entry) {
		lower_set_entry(l, container->type, place, path.indexes[at], lowered);
		return;
	}
	lower_eval(l, ir_assign(l->arena, place, lowered));
	if (faults && !lower_is_durable(value)) {
		lower_raised(l);
	}
}
