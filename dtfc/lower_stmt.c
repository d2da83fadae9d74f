/*
 * Statements that run straight on, and the ways out of what encloses them.
 *
 * Without a wait inside, control flow stays structured C; with one it becomes
 * states (lower_flow.c).  An exit that passes a `finally` stores where it is
 * going and jumps to the finally, which goes on from there.
 */
#include "lower_in.h"

#include <stdarg.h>

struct ir_expr *lower_ctx_call(struct lower *l, const char *name, ...) {
	struct ir_expr *call = ir_call(l->arena, name, ir_text(l->arena, "ctx"), NULL);
	va_list args;

	va_start(args, name);
	for (;;) {
		struct ir_expr *arg = va_arg(args, struct ir_expr *);
		if (arg == NULL) {
			break;
		}
		ir_add(l->arena, call, NULL, arg);
	}
	va_end(args);
	return call;
}

/* ---- do they wait? ---- */

bool lower_block_needs_states(const struct block *block) {
	if (block == NULL) {
		return false;
	}
	for (const struct stmt *s = block->first; s != NULL; s = s->next) {
		if (lower_needs_states(s)) {
			return true;
		}
	}
	return false;
}

bool lower_needs_states(const struct stmt *stmt) {
	if (stmt == NULL) {
		return false;
	}
	if (stmt->has_wait || stmt->kind == STMT_TRY || stmt->kind == STMT_SELECT ||
		stmt->kind == STMT_WITHIN || stmt->kind == STMT_SHIELD) {
		return true;
	}
	switch (stmt->kind) {
	case STMT_BLOCK:
	case STMT_LOOP:
		return lower_block_needs_states(stmt->u.block);
	case STMT_IF:
		return lower_block_needs_states(stmt->u.branch.then) ||
			lower_needs_states(stmt->u.branch.otherwise);
	case STMT_WHILE:
		return lower_block_needs_states(stmt->u.loop.body);
	case STMT_FOR:
		return lower_block_needs_states(stmt->u.each.body);
	case STMT_MATCH:
		for (struct match_arm *a = stmt->u.match.arms; a != NULL; a = a->next) {
			if (lower_block_needs_states(a->body)) {
				return true;
			}
		}
		return false;
	case STMT_ERROR:
	case STMT_LET:
	case STMT_ASSIGN:
	case STMT_EXPR:
	case STMT_BREAK:
	case STMT_CONTINUE:
	case STMT_RETURN:
	case STMT_YIELD:
	case STMT_FAIL:
	case STMT_TRY:
	case STMT_UNDO:
	case STMT_SELECT:
	case STMT_SLEEP:
	case STMT_WITHIN:
	case STMT_SHIELD:
	case STMT_CONTINUE_WITH:
	case STMT_STATUS:
	case STMT_LOG:
		return false;
	}
	bug("a statement without a kind");
}

/* ---- variables ---- */

struct ir_expr *lower_zero(struct lower *l, const struct type *type) {
	const struct ctype *ctype = lower_ctype(l, type);

	if (ctype->is_struct) {
		struct ir_expr *zero = ir_literal(l->arena, ctype->c);
		ir_add(l->arena, zero, NULL, ir_text(l->arena, "0"));
		return zero;
	}
	switch (type->kind) {
	case TYPE_BOOL:
		return ir_text(l->arena, "false");
	case TYPE_FLOAT:
		return ir_text(l->arena, "0.0");
	case TYPE_STRING:
		return ir_text(l->arena, "\"\"");
	case TYPE_JSON:
	case TYPE_OPTIONAL: /* that is a pointer */
		return ir_text(l->arena, "NULL");
	case TYPE_ENUM:
		return ir_text(l->arena, lower_decl(l, type->decl)->members[0]);
	case TYPE_ERROR:
	case TYPE_UNIT:
	case TYPE_INT:
	case TYPE_BYTES:
	case TYPE_DURATION:
	case TYPE_TIME:
	case TYPE_LIST:
	case TYPE_MAP:
	case TYPE_RECORD:
	case TYPE_FAILURE:
	case TYPE_OUTCOME:
	case TYPE_NONE:
	case TYPE_EMPTY:
		break;
	}
	return ir_text(l->arena, "0");
}

/* The `let` that is a branch of parallel already has its slot, in the strand around it. */
static struct ir_slot *exported(struct lower *l, const struct var *var) {
	return l->strand->up == NULL ? NULL : map_get(&l->strand->up->slots, var);
}

static void lower_let(struct lower *l, struct stmt *stmt) {
	struct var *var = stmt->u.let.var;
	struct expr *value = stmt->u.let.value;
	struct ir_slot *outer = exported(l, var);
	struct ir_slot *slot = outer;

	if (slot == NULL) {
		slot = lower_slot(l, var->name.text, lower_ctype(l, var->type));
		slot->var = var;
	}
	if (value == NULL) {
		lower_declare(l, slot, lower_zero(l, var->type));
	} else if (lower_is_durable(value)) {
		bool wanted = var->used || var->is_mutable || outer != NULL;
		lower_durable(l, value, wanted && outer == NULL ? slot : NULL,
			wanted ? ir_slot(l->arena, slot) : NULL);
	} else {
		struct ir_expr *lowered = lower_expr(l, value);
		if (outer != NULL) {
			lower_eval(l, ir_assign(l->arena, ir_slot(l->arena, slot), lowered));
		} else {
			lower_declare(l, slot, lowered);
		}
		if (value->can_fault) {
			lower_raised(l);
		}
	}
	map_put(l->arena, &l->strand->slots, var, slot);
}

/* ---- leaving ---- */

struct ir_expr *lower_returned(struct lower *l) {
	if (l->strand->result == NULL) {
		return ir_text(l->arena, "NULL");
	}
	return ir_unary(l->arena, "&", ir_slot(l->arena, l->strand->result));
}

/* Through a finally: it goes on to `state`, where the rest of the leaving is done. */
static void leave_through(
	struct lower *l, struct scope *scope, struct scope *until, struct ir_state *target) {
	struct attempt *attempt = scope->attempt;
	struct ir_state *state = NULL;
	struct scope *outer = scope->up;

	while (outer != until && outer != NULL && outer->kind == SCOPE_LOOP) {
		outer = outer->up;
	}
	if (target != NULL && outer == until) {
		state = target; /* nothing else to leave */
	}
	for (struct exit *e = attempt->exits; e != NULL && state == NULL; e = e->next) {
		if (e->until == until && e->target == target) {
			state = e->state;
		}
	}
	if (state == NULL) {
		struct exit *e = mem_new(l->arena, struct exit);
		e->until = until;
		e->target = target;
		e->state = lower_state(
			l, "try_%u_%s", attempt->number, target == NULL ? "return" : "leave");
		e->next = attempt->exits;
		attempt->exits = e;
		state = e->state;
	}
	state->used = true;
	struct ir_expr *keep = ir_assign(
		l->arena, ir_slot(l->arena, attempt->then), ir_text(l->arena, state->name));
	struct ir_op *op = lower_op(l, IR_EVAL);
	op->expr = keep;
	op->target = state;
	lower_jump(l, attempt->finally);
}

void lower_leave(
	struct lower *l, struct scope *until, struct ir_state *target, struct ir_expr *value) {
	for (struct scope *s = l->strand->scope; s != until; s = s->up) {
		if (s == NULL || s->kind == SCOPE_FINALLY) {
			bug("a jump that checking should have refused");
		}
		if (s->kind == SCOPE_TRY) {
			lower_eval(l, lower_ctx_call(l, "dtf_try_end", NULL));
		} else if (s->kind == SCOPE_WITHIN) {
			lower_eval(l, lower_ctx_call(l, "dtf_within_end", NULL));
		} else if (s->kind == SCOPE_SHIELD) {
			lower_eval(l, lower_ctx_call(l, "dtf_shield_leave", NULL));
		}
		if (s->attempt != NULL && s->attempt->has_finally) {
			leave_through(l, s, until, target);
			return;
		}
	}
	if (target != NULL) {
		lower_jump(l, target)->line = l->strand->line;
	} else {
		bool yields = l->strand->yields != NULL;
		lower_return(
			l, lower_ctx_call(l, yields ? "dtf_yield" : "dtf_return", value, NULL));
	}
}

/* return, and the yield of a branch. */
static void lower_return_stmt(struct lower *l, struct stmt *stmt) {
	struct expr *expr = stmt->u.expr;
	struct strand *s = l->strand;
	const struct type *type = s->yields != NULL ? s->yields : l->decl->type;
	bool has_finally = false, has_scope = false;

	for (struct scope *scope = s->scope; scope != NULL; scope = scope->up) {
		has_scope = has_scope || scope->kind != SCOPE_LOOP;
		has_finally = has_finally ||
			(scope->attempt != NULL && scope->attempt->has_finally);
	}
	if (expr == NULL) {
		lower_leave(l, NULL, NULL, ir_text(l->arena, "NULL"));
		return;
	}
	if (type->kind == TYPE_UNIT) {
		lower_durable(l, expr, NULL, NULL);
		lower_leave(l, NULL, NULL, ir_text(l->arena, "NULL"));
		return;
	}
	const struct ctype *ctype = lower_ctype(l, type);
	if (has_finally && s->result == NULL) {
		s->result = lower_slot(l, "result", ctype);
		s->result->declared = true; /* in the frame: no state of its own */
	}
	struct ir_expr *prefix = NULL, *value = NULL;
	if (lower_is_durable(expr)) {
		struct ir_slot *slot = has_finally ? s->result : lower_temp(l, ctype);
		value = ir_slot(l->arena, slot);
		lower_durable(l, expr, has_finally ? NULL : slot, value);
	} else if (has_finally) {
		value = ir_slot(l->arena, s->result);
		lower_eval(l, ir_assign(l->arena, value, lower_expr(l, expr)));
	} else {
		value = lower_expr(l, expr);
		if (expr->can_fault || (has_scope && !lower_is_simple(value))) {
			value = lower_stash(l, ctype, value, &prefix);
		}
	}
	if (expr->can_fault && !lower_is_durable(expr)) {
		lower_raised(l);
	}
	lower_leave(l, NULL, NULL,
		has_finally ? lower_returned(l) : lower_address(l, ctype, value, &prefix));
}

static void lower_break(struct lower *l, bool again) {
	struct scope *loop = l->strand->scope;

	while (loop != NULL && loop->kind != SCOPE_LOOP) {
		loop = loop->up;
	}
	if (loop == NULL) {
		bug("break or continue outside of a loop");
	}
	if (loop->is_inline) {
		lower_op(l, again ? IR_CONTINUE : IR_BREAK)->line = l->strand->line;
		l->strand->dead = true;
	} else if (again) {
		loop->next_used = true;
		lower_leave(l, loop, loop->next, NULL);
	} else {
		loop->exit_used = true;
		lower_leave(l, loop, loop->exit, NULL);
	}
}

/* ---- the rest ---- */

const char *const lower_fail_fixed[] = { "act", "message", NULL };

static void lower_fail(struct lower *l, struct stmt *stmt) {
	struct decl *error = stmt->u.fail.error;
	struct scope *scope = l->strand->scope;

	if (error == NULL) { /* fail again what was caught */
		while (scope != NULL && scope->kind != SCOPE_CATCH) {
			scope = scope->up;
		}
		if (scope == NULL) {
			bug("a bare fail outside of a catch");
		}
		lower_eval(l,
			lower_ctx_call(l, "dtf_fail_again",
				ir_unary(l->arena, "&", ir_slot(l->arena, scope->failure)), NULL));
		lower_raise(l);
		return;
	}
	uint32_t site = lower_site(l, "fail", lower_full_name(l, error), stmt->span);
	struct ir_expr *fields = ir_text(l->arena, "NULL");
	if (error->fields != NULL && error->file != NULL) {
		const char *c = mem_printf(l->arena, "struct %s_%s_fields", error->file->c_package,
			lower_decl(l, error)->base);
		fields = lower_arguments(l, c, stmt->u.fail.args, lower_fail_fixed);
	}
	lower_eval(l,
		lower_ctx_call(l, "dtf_fail", ir_textf(l->arena, "%u", site),
			ir_textf(l->arena, "&%s", lower_def(l, error)), fields, NULL));
	lower_raise(l);
}

static void lower_status(struct lower *l, struct stmt *stmt) {
	struct expr *expr = stmt->u.expr;
	struct ir_expr *prefix = NULL;
	uint32_t site = lower_site(l, "status", "", stmt->span);
	struct ir_expr *value = lower_address(
		l, lower_ctype(l, expr->type), lower_expr(l, expr), &prefix);

	lower_eval(l,
		lower_ctx_call(l, "dtf_status", ir_textf(l->arena, "%u", site),
			lower_table(l, expr->type), value, NULL));
	if (expr->can_fault) {
		lower_raised(l);
	}
}

static void lower_log(struct lower *l, struct stmt *stmt) {
	static const char *const levels[] = {
		[LOG_DEBUG] = "DTF_LOG_DEBUG",
		[LOG_INFO] = "DTF_LOG_INFO",
		[LOG_WARN] = "DTF_LOG_WARN",
		[LOG_ERROR] = "DTF_LOG_ERROR",
	};
	struct expr *text = stmt->u.log.text;

	lower_eval(l,
		lower_ctx_call(l, "dtf_log", ir_text(l->arena, levels[stmt->u.log.level]),
			lower_expr(l, text), NULL));
	if (text->can_fault) {
		lower_raised(l);
	}
}

const char *const lower_start_fixed[] = { "client", "instance", NULL };

static void lower_continue_with(struct lower *l, struct stmt *stmt) {
	uint32_t site = lower_site(l, "continue", "", stmt->span);
	const char *c = l->workflow->input_c != NULL
		? mem_printf(l->arena, "struct %s", l->workflow->input_c)
		: NULL;
	struct ir_expr *args = lower_arguments(l, c, stmt->u.args, lower_start_fixed);
	bool can_fault = false;

	for (struct argument *a = stmt->u.args; a != NULL; a = a->next) {
		can_fault = can_fault || a->value->can_fault;
	}
	if (can_fault) {
		struct ctype input = { .c = c, .is_struct = true };
		struct ir_expr *prefix = NULL;
		args = ir_unary(l->arena, "&", lower_stash(l, &input, args->left, &prefix));
		lower_raised(l);
	}
	lower_return(l,
		lower_ctx_call(l, "dtf_continue_with", ir_textf(l->arena, "%u", site), args, NULL));
}

void lower_block(struct lower *l, const struct block *block) {
	for (struct stmt *s = block->first; s != NULL && !l->strand->dead; s = s->next) {
		lower_stmt(l, s);
	}
}

void lower_stmt(struct lower *l, struct stmt *stmt) {
	lower_at(l, stmt->span);
	switch (stmt->kind) {
	case STMT_LET:
		lower_let(l, stmt);
		break;
	case STMT_ASSIGN:
		lower_assign(l, stmt);
		break;
	case STMT_EXPR:
		lower_durable(l, stmt->u.expr, NULL, NULL);
		break;
	case STMT_BLOCK:
		lower_block(l, stmt->u.block);
		break;
	case STMT_IF:
		lower_if(l, stmt);
		break;
	case STMT_WHILE:
	case STMT_LOOP:
		lower_loop(l, stmt);
		break;
	case STMT_FOR:
		lower_for(l, stmt);
		break;
	case STMT_MATCH:
		lower_match(l, stmt);
		break;
	case STMT_BREAK:
	case STMT_CONTINUE:
		lower_break(l, stmt->kind == STMT_CONTINUE);
		break;
	case STMT_RETURN:
	case STMT_YIELD:
		lower_return_stmt(l, stmt);
		break;
	case STMT_FAIL:
		lower_fail(l, stmt);
		break;
	case STMT_TRY:
		lower_try(l, stmt);
		break;
	case STMT_UNDO:
		lower_undo_block(l, stmt->u.undo);
		break;
	case STMT_SELECT:
		lower_select(l, stmt);
		break;
	case STMT_SLEEP:
		lower_sleep(l, stmt);
		break;
	case STMT_CONTINUE_WITH:
		lower_continue_with(l, stmt);
		break;
	case STMT_STATUS:
		lower_status(l, stmt);
		break;
	case STMT_LOG:
		lower_log(l, stmt);
		break;
	case STMT_WITHIN:
		lower_within(l, stmt);
		break;
	case STMT_SHIELD:
		lower_shield(l, stmt);
		break;
	case STMT_ERROR:
		bug("a statement with a syntax error");
	}
}
