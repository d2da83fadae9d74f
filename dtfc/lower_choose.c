/*
 * One of several ways on: the arms of match and select.
 *
 * An arm that waits becomes a state, one that does not stays where it is
 * chosen.  The choice is a C switch where the values allow it and no arm breaks
 * out of a C loop around it, else a chain of tests.
 */
#include "lower_in.h"

static void lower_way(struct lower *l, struct way *way) {
	struct select_arm *arm = way->arm;

	if (arm != NULL && arm->var != NULL && arm->var->used) {
		struct ir_slot *slot = lower_declare_var(l, arm->var, NULL);
		lower_at(l, arm->span);
		lower_eval(l,
			lower_ctx_call(l, "dtf_take",
				ir_unary(l->arena, "&", ir_slot(l->arena, slot)), NULL));
	}
	lower_block(l, way->body);
}

struct choosing {
	struct ir_state *end; /* NULL: no way has states */
	bool is_switch;
	bool is_closed; /* the labels name all values that there are */
	bool end_used;
	bool alive; /* control can come out at the bottom */
};

/* What stands where a way is chosen. */
static struct ir_block *chosen(struct lower *l, struct choosing *c, struct way *way) {
	struct ir_block *outer, *block = lower_begin(l, &outer);

	if (way->state != NULL) {
		lower_jump(l, way->state);
	} else {
		lower_way(l, way);
		if (!l->strand->dead && c->end != NULL) {
			c->end_used = true;
			lower_jump(l, c->end);
		} else if (!l->strand->dead) {
			c->alive = true;
			if (c->is_switch) {
				lower_op(l, IR_BREAK);
			}
		}
	}
	lower_end(l, outer, false);
	return block;
}

static void bad_value(struct lower *l, struct ir_op *op, struct ir_expr *value) {
	struct ir_case *c = mem_new(l->arena, struct ir_case);
	struct ir_block *outer;
	struct ir_case **tail = &op->cases;

	c->is_default = true;
	c->body = lower_begin(l, &outer);
	bool is_arm = value->kind == IR_TEXT;
	l->strand->line = 0; /* nobody wrote it */
	lower_return(l,
		lower_ctx_call(l, "dtf_bad_state",
			is_arm ? value : ir_unary(l->arena, "(int)", value), NULL));
	lower_end(l, outer, false);
	while (*tail != NULL) {
		tail = &(*tail)->next;
	}
	*tail = c;
}

static void choose_by_switch(
	struct lower *l, struct choosing *c, struct way *ways, struct ir_expr *value) {
	struct ir_op *op = lower_op(l, IR_SWITCH);
	struct ir_case **tail = &op->cases;
	bool has_default = false;

	op->expr = value;
	for (struct way *way = ways; way != NULL; way = way->next) {
		*tail = mem_new(l->arena, struct ir_case);
		(*tail)->labels = way->labels;
		(*tail)->is_default = way->is_default;
		has_default = has_default || way->is_default;
		(*tail)->body = chosen(l, c, way);
		tail = &(*tail)->next;
	}
	if (!has_default && !c->is_closed) {
		c->alive = true; /* none of them: on behind the switch */
	} else if (!has_default && (!c->alive || ways->arm != NULL)) {
		bad_value(l, op, value); /* corrupt memory must not go on to the next state */
	}
}

static void choose_by_tests(struct lower *l, struct choosing *c, struct way *ways) {
	struct strand *s = l->strand;
	struct ir_block *first = s->block;

	for (struct way *way = ways; way != NULL; way = way->next) {
		if (way->test == NULL) { /* else */
			struct ir_block *block = chosen(l, c, way);
			*s->block->tail = block->first;
			if (block->first != NULL) {
				s->block->tail = block->tail;
			}
			s->block = first;
			return;
		}
		struct ir_op *op = lower_op(l, IR_IF);
		op->expr = way->test;
		op->body = chosen(l, c, way);
		if (way->next != NULL) {
			struct ir_block *outer;
			op->otherwise = lower_begin(l, &outer);
		}
	}
	s->block = first;
	c->alive = true;
	c->end_used = c->end != NULL;
}

void lower_ways(struct lower *l, const char *name, struct way *ways, struct ir_expr *value,
	bool is_closed) {
	struct choosing c = { .is_switch = value != NULL, .is_closed = is_closed };
	unsigned n = 0;

	for (struct way *way = ways; way != NULL; way = way->next) {
		n++;
		if (lower_block_needs_states(way->body)) {
			way->state = lower_state(l, "%s_arm_%u", name, n);
			c.end = c.end != NULL ? c.end : lower_state(l, "%s_end", name);
		}
	}
	if (value != NULL) {
		choose_by_switch(l, &c, ways, value);
	} else {
		choose_by_tests(l, &c, ways);
	}
	l->strand->dead = !c.alive;
	if (c.end == NULL) {
		return;
	}
	if (c.alive) { /* no way was chosen */
		lower_jump(l, c.end);
		c.end_used = true;
	}
	for (struct way *way = ways; way != NULL; way = way->next) {
		if (way->state == NULL) {
			continue;
		}
		lower_place(l, way->state);
		lower_way(l, way);
		bool is_last = true;
		for (struct way *w = way->next; w != NULL; w = w->next) {
			is_last = is_last && w->state == NULL;
		}
		if (!l->strand->dead && !is_last) {
			c.end_used = true;
			lower_jump(l, c.end);
		}
	}
	if (c.end_used) {
		lower_place(l, c.end);
	}
}

/* ---- match ---- */

/* A break of the loop around: in a switch it would be the switch's. */
static bool breaks_loop(const struct block *block) {
	for (const struct stmt *s = block->first; s != NULL; s = s->next) {
		bool found = s->kind == STMT_BREAK ||
			(s->kind == STMT_BLOCK && breaks_loop(s->u.block));
		if (s->kind == STMT_IF) {
			for (const struct stmt *i = s; i != NULL && !found;) {
				bool is_if = i->kind == STMT_IF;
				found = breaks_loop(is_if ? i->u.branch.then : i->u.block);
				i = is_if ? i->u.branch.otherwise : NULL;
			}
		} else if (s->kind == STMT_MATCH) {
			for (struct match_arm *a = s->u.match.arms; a != NULL; a = a->next) {
				found = found || breaks_loop(a->body);
			}
		}
		if (found) {
			return true;
		}
	}
	return false;
}

static bool in_c_loop(const struct lower *l) {
	const struct scope *s = l->strand->scope;

	while (s != NULL && s->kind != SCOPE_LOOP) {
		s = s->up;
	}
	return s != NULL && s->is_inline;
}

/* The members that no arm before the else names. */
static struct ir_item *other_members(struct lower *l, struct stmt *stmt) {
	struct decl *decl = stmt->u.match.value->type->decl;
	struct ir_expr labels = { .tail = &labels.items };

	for (struct field *f = decl->fields; f != NULL; f = f->next) {
		bool named = false;
		for (struct match_arm *a = stmt->u.match.arms; a->values != NULL; a = a->next) {
			for (struct argument *v = a->values; v != NULL; v = v->next) {
				named = named || v->value->member == f;
			}
		}
		if (!named) {
			ir_add(l->arena, &labels, NULL,
				ir_text(l->arena, lower_decl(l, decl)->members[f->index]));
		}
	}
	return labels.items;
}

static struct ir_expr *match_test(
	struct lower *l, const struct type *type, struct ir_expr *value, struct argument *values) {
	struct ir_expr *test = NULL;

	for (struct argument *v = values; v != NULL; v = v->next) {
		struct ir_expr *other = lower_expr(l, v->value);
		struct ir_expr *equal = type->kind == TYPE_STRING
			? ir_call(l->arena, "dtf_string_equal", value, other, NULL)
			: ir_binary(l->arena, value, "==", other);
		test = test == NULL ? equal : ir_binary(l->arena, test, "||", equal);
	}
	return test;
}

static bool is_literal(const struct expr *expr) {
	return expr->kind == EXPR_INT ||
		(expr->kind == EXPR_UNARY && expr->u.operation.left->kind == EXPR_INT);
}

static bool wants_switch(const struct lower *l, const struct stmt *stmt) {
	const struct type *type = stmt->u.match.value->type;

	for (struct match_arm *a = stmt->u.match.arms; a != NULL; a = a->next) {
		if (in_c_loop(l) && breaks_loop(a->body)) {
			return false;
		}
		for (struct argument *v = a->values; v != NULL; v = v->next) {
			if (type->kind != TYPE_ENUM && !is_literal(v->value)) {
				return false;
			}
		}
	}
	return type->kind == TYPE_ENUM || type->kind == TYPE_INT;
}

void lower_match(struct lower *l, struct stmt *stmt) {
	struct expr *expr = stmt->u.match.value;
	const struct type *type = expr->type;
	bool by_switch = wants_switch(l, stmt);
	struct way *ways = NULL, **tail = &ways;
	struct ir_expr *prefix = NULL, *value = lower_expr(l, expr);

	if (!lower_is_simple(value) || expr->can_fault) {
		value = lower_stash(l, lower_ctype(l, type), value, &prefix);
	}
	if (expr->can_fault) {
		lower_raised(l);
	}
	if (by_switch && value->kind == IR_TEXT && type->kind == TYPE_INT) {
		/* C takes it for an int, and would cut the labels to that. */
		value = ir_unary(l->arena, "(int64_t)", value);
	}
	for (struct match_arm *a = stmt->u.match.arms; a != NULL; a = a->next) {
		struct way *way = mem_new(l->arena, struct way);
		struct ir_expr labels = { .tail = &labels.items };
		way->body = a->body;
		way->is_default = a->values == NULL;
		for (struct argument *v = a->values; by_switch && v != NULL; v = v->next) {
			ir_add(l->arena, &labels, NULL, lower_expr(l, v->value));
		}
		way->labels = labels.items;
		if (by_switch && way->is_default && type->kind == TYPE_ENUM) {
			way->labels = other_members(l, stmt);
		}
		if (!by_switch && a->values != NULL &&
			!(a->next == NULL && type->kind == TYPE_ENUM)) {
			way->test = match_test(l, type, value, a->values);
		}
		*tail = way;
		tail = &way->next;
		if (way->is_default) {
			break; /* nothing gets past it, though a C switch would */
		}
	}
	const char *name = mem_printf(l->arena, "match_%u",
		lower_needs_states(stmt) ? lower_ordinal(l, CONSTRUCT_MATCH) : 0);
	lower_ways(l, name, ways, by_switch ? value : NULL, type->kind == TYPE_ENUM);
}
