/*
 * Branches and loops: C where nothing inside waits, else states.
 *
 * A loop in states: its head is a state that leaves when there is no next
 * turn; the back edge ticks, so that no turn of the engine can hang, and jumps
 * to the head.
 */
#include "lower_in.h"

bool lower_stays(const struct ir_expr *expr) {
	switch (expr->kind) {
	case IR_TEXT:
		return true;
	case IR_SLOT:
		return expr->slot->var == NULL || !expr->slot->var->is_mutable;
	case IR_MEMBER:
		return !expr->arrow && lower_stays(expr->left);
	case IR_FRAME:
	case IR_INDEX:
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

struct ir_slot *lower_declare_var(struct lower *l, struct var *var, struct ir_expr *value) {
	struct ir_slot *slot = lower_slot(l, var->name.text, lower_ctype(l, var->type));

	slot->var = var;
	lower_declare(l, slot, value);
	map_put(l->arena, &l->strand->slots, var, slot);
	return slot;
}

/* ---- if ---- */

/* The condition; of `if let` the value is in *ret_value. */
static struct ir_expr *if_condition(
	struct lower *l, struct stmt *stmt, struct ir_expr **ret_value) {
	struct expr *expr = stmt->u.branch.condition;
	struct ir_expr *prefix = NULL;

	*ret_value = NULL;
	if (stmt->u.branch.var == NULL) {
		return lower_condition(l, expr);
	}
	if (lower_is_lookup(expr)) {
		struct ir_expr *has = lower_lookup(l, expr, ret_value, &prefix);
		if (expr->can_fault) {
			lower_raised(l);
		}
		return has;
	}
	struct ir_expr *optional = lower_expr(l, expr);
	if (!lower_is_simple(optional) || expr->can_fault) {
		optional = lower_stash(l, lower_ctype(l, expr->type), optional, &prefix);
	}
	if (expr->can_fault) {
		lower_raised(l);
	}
	*ret_value = lower_value(l, expr->type, optional);
	return lower_has(l, expr->type, optional);
}

static void lower_then(struct lower *l, struct stmt *stmt, struct ir_expr *value) {
	if (value != NULL && stmt->u.branch.var->used) {
		lower_declare_var(l, stmt->u.branch.var, value);
	}
	lower_block(l, stmt->u.branch.then);
}

static void if_inline(struct lower *l, struct stmt *stmt) {
	struct ir_expr *value, *condition = if_condition(l, stmt, &value);
	struct ir_op *op = lower_op(l, IR_IF);
	struct ir_block *outer;

	op->expr = condition;
	op->body = lower_begin(l, &outer);
	lower_then(l, stmt, value);
	bool alive = lower_end(l, outer, false);
	if (stmt->u.branch.otherwise != NULL) {
		op->otherwise = lower_begin(l, &outer);
		lower_stmt(l, stmt->u.branch.otherwise);
		alive = lower_end(l, outer, false) || alive;
	} else {
		alive = true;
	}
	l->strand->dead = !alive;
}

/* if (condition) { what fill does; jump to end } */
static bool detour(struct lower *l, struct ir_expr *condition, struct stmt *stmt,
	struct ir_expr *value, bool is_then, struct ir_state *end) {
	struct ir_op *op = lower_op(l, IR_IF);
	struct ir_block *outer;

	op->expr = condition;
	op->body = lower_begin(l, &outer);
	if (is_then) {
		lower_then(l, stmt, value);
	} else if (stmt->u.branch.otherwise != NULL) {
		lower_stmt(l, stmt->u.branch.otherwise);
	}
	bool jumps = !l->strand->dead;
	if (jumps) {
		lower_jump(l, end);
	}
	lower_end(l, outer, false);
	return jumps;
}

/* With a wait in one part or both: the part without is done on the way. */
void lower_if(struct lower *l, struct stmt *stmt) {
	struct stmt *otherwise = stmt->u.branch.otherwise;
	bool then_waits = lower_block_needs_states(stmt->u.branch.then);
	struct ir_expr *value;
	struct ir_block *outer;
	bool end_used;

	if (!lower_needs_states(stmt)) {
		if_inline(l, stmt);
		return;
	}
	struct ir_expr *condition = if_condition(l, stmt, &value);
	unsigned n = lower_ordinal(l, CONSTRUCT_IF);
	struct ir_state *end = lower_state(l, "if_%u_end", n);
	if (!then_waits) {
		end_used = detour(l, condition, stmt, value, true, end);
		lower_stmt(l, otherwise);
	} else if (!lower_needs_states(otherwise)) {
		end_used = detour(l, lower_not(l, condition), stmt, NULL, false, end);
		lower_then(l, stmt, value);
	} else {
		struct ir_state *other = lower_state(l, "if_%u_else", n);
		struct ir_op *op = lower_op(l, IR_IF);
		op->expr = lower_not(l, condition);
		op->body = lower_begin(l, &outer);
		lower_jump(l, other);
		lower_end(l, outer, false);
		lower_then(l, stmt, value);
		end_used = !l->strand->dead;
		if (end_used) {
			lower_jump(l, end);
		}
		lower_place(l, other);
		lower_stmt(l, otherwise);
	}
	if (end_used) {
		lower_place(l, end);
	}
}

/* ---- loops ---- */

/* Without a name it is a C loop. */
static void push_loop(struct lower *l, struct scope *loop, const char *name, unsigned n) {
	loop->kind = SCOPE_LOOP;
	loop->up = l->strand->scope;
	loop->is_inline = name == NULL;
	if (name != NULL) {
		loop->exit = lower_state(l, "%s_%u_end", name, n);
		loop->next = lower_state(l, "%s_%u_next", name, n);
	}
	l->strand->scope = loop;
}

static void leave_if(struct lower *l, struct ir_expr *condition, struct scope *loop) {
	struct ir_op *op = lower_op(l, IR_IF);
	struct ir_block *outer;

	op->expr = condition;
	op->body = lower_begin(l, &outer);
	lower_jump(l, loop->exit);
	lower_end(l, outer, false);
	loop->exit_used = true;
}

static struct ir_expr *tick(struct lower *l) {
	return lower_ctx_call(l, "dtf_tick", NULL);
}

/* The end of a turn: fuel, the counter, back to the head; and the loop's end. */
static void close_loop(
	struct lower *l, struct scope *loop, struct ir_state *head, struct ir_expr *counter) {
	struct ir_block *outer;

	l->strand->scope = loop->up;
	if (loop->next_used) {
		lower_place(l, loop->next);
	}
	if (!l->strand->dead) {
		uint32_t line = l->strand->line;
		l->strand->line = 0;
		struct ir_op *op = lower_op(l, IR_IF);
		op->expr = lower_not(l, tick(l));
		op->body = lower_begin(l, &outer);
		lower_raise(l);
		lower_end(l, outer, false);
		if (counter != NULL) {
			lower_eval(l, ir_bump(l->arena, counter));
		}
		lower_jump(l, head);
		l->strand->line = line;
	}
	if (loop->exit_used) {
		lower_place(l, loop->exit);
	}
}

static void loop_inline(
	struct lower *l, struct expr *condition, struct block *body, bool falls_through) {
	struct scope loop = { 0 };
	struct ir_block *outer;
	bool conditional = l->strand->conditional;

	l->strand->conditional = true;
	struct ir_expr *test = condition == NULL
		? tick(l)
		: ir_binary(l->arena, lower_expr(l, condition), "&&", tick(l));
	l->strand->conditional = conditional;
	struct ir_op *op = lower_op(l, IR_WHILE);
	op->expr = test;
	push_loop(l, &loop, NULL, 0);
	op->body = lower_begin(l, &outer);
	lower_block(l, body);
	lower_end(l, outer, false);
	l->strand->scope = loop.up;
	if (falls_through) {
		lower_raised(l);
	} else { /* only runaway ends it here */
		lower_raise(l);
	}
}

static bool is_true(const struct expr *expr) {
	return expr->kind == EXPR_BOOL && expr->u.boolean;
}

void lower_loop(struct lower *l, struct stmt *stmt) {
	bool is_while = stmt->kind == STMT_WHILE;
	struct block *body = is_while ? stmt->u.loop.body : stmt->u.block;
	struct expr *condition = is_while ? stmt->u.loop.condition : NULL;
	struct scope loop = { 0 };

	if (condition != NULL && is_true(condition)) {
		condition = NULL;
	}
	if (!lower_needs_states(stmt)) {
		loop_inline(l, condition, body, stmt->falls_through);
		return;
	}
	const char *name = is_while ? "while" : "loop";
	unsigned n = lower_ordinal(l, is_while ? CONSTRUCT_WHILE : CONSTRUCT_LOOP);
	struct ir_state *head = lower_state(l, "%s_%u", name, n);
	push_loop(l, &loop, name, n);
	lower_place(l, head);
	if (condition != NULL) {
		lower_at(l, condition->span);
		leave_if(l, lower_not(l, lower_condition(l, condition)), &loop);
	}
	lower_block(l, body);
	close_loop(l, &loop, head, NULL);
}

/* ---- for ---- */

/* A value that stays for all turns, in a slot of that name if it must. */
static struct ir_expr *keep(
	struct lower *l, const char *name, const struct ctype *type, struct ir_expr *value) {
	if (lower_stays(value)) {
		return value;
	}
	struct ir_slot *slot = lower_slot(l, name, type);
	lower_declare(l, slot, value);
	return ir_slot(l->arena, slot);
}

struct each {
	struct stmt *stmt;
	struct ir_expr *first, *end; /* of a range */
	struct ir_expr *over;        /* a list or map */
};

static void evaluate_range(struct lower *l, struct each *each, const char *name) {
	struct stmt *stmt = each->stmt;
	struct expr *over[] = { stmt->u.each.over, stmt->u.each.end };
	const struct ctype *type = lower_ctype(l, over[0]->type);
	struct ir_expr *v[2] = { NULL, NULL }, *prefix = NULL;

	if (over[1] != NULL) {
		lower_operands(l, over, 2, v, &prefix);
		each->first = v[0];
		each->end = keep(l, mem_printf(l->arena, "%s_end", name), type, v[1]);
		if (over[1]->can_fault || over[0]->can_fault) {
			each->first = keep(l, mem_printf(l->arena, "%s_first", name), type, v[0]);
			lower_raised(l);
		}
		return;
	}
	const char *what = over[0]->type->kind == TYPE_MAP ? "map" : "list";
	each->over = keep(
		l, mem_printf(l->arena, "%s_%s", name, what), type, lower_expr(l, over[0]));
	if (over[0]->can_fault) {
		lower_raised(l);
	}
}

/* The variables of a turn, that at index `at`. */
static void declare_turn(struct lower *l, struct each *each, struct ir_expr *at) {
	struct stmt *stmt = each->stmt;
	struct var *key = stmt->u.each.key_var, *var = stmt->u.each.var;

	if (key != NULL) {
		struct ir_expr *entries = ir_member(l->arena, each->over, "entries");
		struct ir_expr *entry = ir_index(l->arena, entries, at);
		if (key->used) {
			lower_declare_var(l, key, ir_member(l->arena, entry, "key"));
		}
		if (var->used) {
			lower_declare_var(l, var, ir_member(l->arena, entry, "value"));
		}
	} else if (each->end == NULL && var->used) {
		struct ir_expr *items = ir_member(l->arena, each->over, "items");
		lower_declare_var(l, var, ir_index(l->arena, items, at));
	}
}

static void for_inline(struct lower *l, struct each *each) {
	struct stmt *stmt = each->stmt;
	struct var *var = stmt->u.each.var;
	struct scope loop = { 0 };
	const struct ctype size = { .c = "size_t" };
	struct ir_block *outer;
	struct ir_slot *counter;

	if (each->end != NULL) {
		counter = lower_slot(l, var->name.text, lower_ctype(l, var->type));
		counter->var = var;
		map_put(l->arena, &l->strand->slots, var, counter);
	} else {
		counter = lower_slot(l, "i", &size);
	}
	counter->declared = true;
	counter->state = l->strand->state;
	struct ir_expr *at = ir_slot(l->arena, counter);
	struct ir_expr *end = each->end != NULL ? each->end
						: ir_member(l->arena, each->over, "count");
	struct ir_op *op = lower_op(l, IR_FOR);
	op->slot = counter;
	op->init = each->end != NULL ? each->first : ir_text(l->arena, "0");
	op->expr = ir_binary(l->arena, ir_binary(l->arena, at, "<", end), "&&", tick(l));
	push_loop(l, &loop, NULL, 0);
	op->body = lower_begin(l, &outer);
	declare_turn(l, each, at);
	lower_block(l, stmt->u.each.body);
	lower_end(l, outer, false);
	l->strand->scope = loop.up;
	lower_raised(l);
}

static void for_states(struct lower *l, struct each *each, unsigned n) {
	struct stmt *stmt = each->stmt;
	struct var *var = stmt->u.each.var;
	struct ctype index = *lower_ctype(l, type_basic(l->unit->types, TYPE_INT));
	struct ir_state *head = lower_state(l, "for_%u", n);
	struct scope loop = { 0 };
	struct ir_slot *counter;
	struct ir_expr *end;

	if (each->end != NULL) {
		counter = lower_declare_var(l, var, each->first);
		end = each->end;
	} else {
		counter = lower_slot(l, mem_printf(l->arena, "for_%u_at", n), &index);
		lower_declare(l, counter, ir_text(l->arena, "0"));
		end = ir_unary(l->arena, "(int64_t)", ir_member(l->arena, each->over, "count"));
	}
	struct ir_expr *at = ir_slot(l->arena, counter);
	push_loop(l, &loop, "for", n);
	lower_place(l, head);
	leave_if(l, ir_binary(l->arena, at, ">=", end), &loop);
	declare_turn(l, each, at);
	lower_block(l, stmt->u.each.body);
	close_loop(l, &loop, head, at);
}

void lower_for(struct lower *l, struct stmt *stmt) {
	struct each each = { .stmt = stmt };

	if (lower_needs_states(stmt)) {
		unsigned n = lower_ordinal(l, CONSTRUCT_FOR);
		evaluate_range(l, &each, mem_printf(l->arena, "for_%u", n));
		for_states(l, &each, n);
	} else {
		const char *name = stmt->u.each.element.text;
		evaluate_range(l, &each, name);
		for_inline(l, &each);
	}
}
