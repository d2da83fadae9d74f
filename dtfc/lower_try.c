/*
 * try, catch, finally.
 *
 * A try whose body has waits or not becomes states:
 *
 *	dtf_try; body; dtf_try_end	-> FINALLY or END
 *	UNWIND: polls dtf_unwind, then asks each catch arm	-> FINALLY or outward
 *	FINALLY: dtf_finally_begin; body; dtf_finally_end	-> `then` or outward
 *
 * An error in the finally's own body goes outward at once: it takes the place
 * of what was held back, which the runtime drops when the scope around unwinds.
 */
#include "lower_in.h"

/* Does a return, or a break or continue of a loop around, leave this block? */
static bool block_leaves(const struct block *block, bool in_loop);

static bool stmt_leaves(const struct stmt *s, bool in_loop) {
	bool leaves = false;

	switch (s->kind) {
	case STMT_RETURN:
	case STMT_YIELD:
		return true;
	case STMT_BREAK:
	case STMT_CONTINUE:
		return !in_loop;
	case STMT_BLOCK:
		return block_leaves(s->u.block, in_loop);
	case STMT_IF:
		return block_leaves(s->u.branch.then, in_loop) ||
			(s->u.branch.otherwise != NULL &&
				stmt_leaves(s->u.branch.otherwise, in_loop));
	case STMT_LOOP:
		return block_leaves(s->u.block, true);
	case STMT_WHILE:
		return block_leaves(s->u.loop.body, true);
	case STMT_FOR:
		return block_leaves(s->u.each.body, true);
	case STMT_MATCH:
		for (struct match_arm *a = s->u.match.arms; a != NULL; a = a->next) {
			leaves = leaves || block_leaves(a->body, in_loop);
		}
		return leaves;
	case STMT_SELECT:
		for (struct select_arm *a = s->u.arms; a != NULL; a = a->next) {
			leaves = leaves || block_leaves(a->body, in_loop);
		}
		return leaves;
	case STMT_TRY:
		for (struct catch_arm *c = s->u.attempt.catches; c != NULL; c = c->next) {
			leaves = leaves || block_leaves(c->body, in_loop);
		}
		return leaves || block_leaves(s->u.attempt.body, in_loop);
	case STMT_WITHIN:
		return block_leaves(s->u.within.body, in_loop) ||
			(s->u.within.otherwise != NULL &&
				block_leaves(s->u.within.otherwise, in_loop));
	case STMT_SHIELD:
		return block_leaves(s->u.block, in_loop);
	case STMT_ERROR:
	case STMT_LET:
	case STMT_ASSIGN:
	case STMT_EXPR:
	case STMT_FAIL:
	case STMT_UNDO:
	case STMT_SLEEP:
	case STMT_CONTINUE_WITH:
	case STMT_STATUS:
	case STMT_LOG:
		return false;
	}
	bug("a statement without a kind");
}

static bool block_leaves(const struct block *block, bool in_loop) {
	for (const struct stmt *s = block->first; s != NULL; s = s->next) {
		if (stmt_leaves(s, in_loop)) {
			return true;
		}
	}
	return false;
}

void lower_scope_open(struct lower *l, struct scope *scope, enum scope_kind kind,
	struct attempt *attempt, struct ir_state *handler) {
	*scope = (struct scope){
		.up = l->strand->scope, .kind = kind, .handler = handler, .attempt = attempt
	};
	l->strand->scope = scope;
}

void lower_scope_close(struct lower *l, struct scope *scope) {
	l->strand->scope = scope->up;
}

/* Where a body or a catch goes that ends normally. */
static void end_normally(struct lower *l, struct attempt *attempt) {
	if (l->strand->dead) {
		return;
	}
	if (attempt->then != NULL) {
		struct ir_op *op = lower_op(l, IR_EVAL);
		op->expr = ir_assign(l->arena, ir_slot(l->arena, attempt->then),
			ir_text(l->arena, attempt->end->name));
		op->target = attempt->end;
		op->line = 0;
	}
	if (!attempt->has_finally || attempt->then != NULL) {
		attempt->end_used = true;
	}
	attempt->ends_normally = true;
	lower_jump(l, attempt->has_finally ? attempt->finally : attempt->end);
}

void lower_raise_to(struct lower *l, struct ir_state *handler) {
	lower_op(l, IR_RAISE)->handler = handler;
	if (handler != NULL) {
		handler->used = true;
	}
	l->strand->dead = true;
}

/* The innermost error that names anything: bare `fail` in its body. */
static bool fails_again(const struct block *block);

static bool stmt_fails_again(const struct stmt *s) {
	bool found = false;

	switch (s->kind) {
	case STMT_FAIL:
		return s->u.fail.name.text == NULL;
	case STMT_BLOCK:
	case STMT_LOOP:
		return fails_again(s->u.block);
	case STMT_IF:
		return fails_again(s->u.branch.then) ||
			(s->u.branch.otherwise != NULL && stmt_fails_again(s->u.branch.otherwise));
	case STMT_WHILE:
		return fails_again(s->u.loop.body);
	case STMT_FOR:
		return fails_again(s->u.each.body);
	case STMT_MATCH:
		for (struct match_arm *a = s->u.match.arms; a != NULL; a = a->next) {
			found = found || fails_again(a->body);
		}
		return found;
	case STMT_SELECT:
		for (struct select_arm *a = s->u.arms; a != NULL; a = a->next) {
			found = found || fails_again(a->body);
		}
		return found;
	case STMT_TRY: /* in a catch of its own it means that one */
		found = fails_again(s->u.attempt.body);
		return found || (s->u.attempt.finally != NULL && fails_again(s->u.attempt.finally));
	case STMT_WITHIN:
		return fails_again(s->u.within.body) ||
			(s->u.within.otherwise != NULL && fails_again(s->u.within.otherwise));
	case STMT_SHIELD:
		return fails_again(s->u.block);
	case STMT_ERROR:
	case STMT_LET:
	case STMT_ASSIGN:
	case STMT_EXPR:
	case STMT_BREAK:
	case STMT_CONTINUE:
	case STMT_RETURN:
	case STMT_YIELD:
	case STMT_UNDO:
	case STMT_SLEEP:
	case STMT_CONTINUE_WITH:
	case STMT_STATUS:
	case STMT_LOG:
		return false;
	}
	bug("a statement without a kind");
}

static bool fails_again(const struct block *block) {
	for (const struct stmt *s = block->first; s != NULL; s = s->next) {
		if (stmt_fails_again(s)) {
			return true;
		}
	}
	return false;
}

/* Takes the error into the variables that the arm uses, then its body. */
static void lower_catch(
	struct lower *l, struct attempt *attempt, struct catch_arm *arm, struct ir_state *outer) {
	struct var *var = arm->var;
	struct decl *error = var != NULL ? var->type->failure : NULL;
	struct ir_expr *failure = ir_text(l->arena, "NULL");
	struct ir_expr *fields = failure, *def = failure;
	struct ir_slot *slot = NULL;
	struct scope scope;

	lower_at(l, arm->span);
	if ((var != NULL && var->used) || fails_again(arm->body)) {
		const struct type *type = type_failure(l->unit->types, NULL);
		slot = lower_slot(l, var != NULL ? var->name.text : "caught", lower_ctype(l, type));
		lower_declare(l, slot, NULL);
		failure = ir_unary(l->arena, "&", ir_slot(l->arena, slot));
	}
	if (var != NULL && var->used) {
		map_put(l->arena, &l->strand->slots, var, slot);
		if (error != NULL && error->file != NULL && error->fields != NULL) {
			const char *name = mem_printf(l->arena, "%s_%s_fields",
				error->file->c_package, lower_decl(l, error)->base);
			struct ctype type = { .c = mem_printf(l->arena, "struct %s", name),
				.table = mem_printf(l->arena, "%s_type", name),
				.is_struct = true };
			struct ir_slot *data = lower_slot(
				l, mem_printf(l->arena, "%s_fields", var->name.text), &type);
			lower_declare(l, data, NULL);
			map_put(l->arena, &l->strand->data, var, data);
			fields = ir_unary(l->arena, "&", ir_slot(l->arena, data));
			def = ir_textf(l->arena, "&%s", lower_def(l, error));
		}
	}
	lower_eval(l, lower_ctx_call(l, "dtf_catch", failure, def, fields, NULL));
	lower_scope_open(
		l, &scope, SCOPE_CATCH, attempt, attempt->has_finally ? attempt->finally : outer);
	if (fields->kind == IR_UNARY) {
		lower_raised(l); /* they might not decode */
	}
	scope.failure = slot;
	bool texts = lower_texts_begin(l);
	lower_block(l, arm->body);
	lower_texts_end(l, texts);
	lower_scope_close(l, &scope);
	end_normally(l, attempt);
}

static struct ir_expr *catch_test(struct lower *l, struct catch_arm *arm) {
	struct ir_expr *test = NULL;

	if (arm->names == NULL) {
		return lower_ctx_call(l, "dtf_raised_is", ir_text(l->arena, "NULL"), NULL);
	}
	for (struct catch_name *n = arm->names; n != NULL; n = n->next) {
		struct ir_expr *is = lower_ctx_call(l, "dtf_raised_is",
			ir_textf(l->arena, "&%s", lower_def(l, n->error)), NULL);
		test = test == NULL ? is : ir_binary(l->arena, test, "||", is);
	}
	return test;
}

/* The last arm follows in place; those before it that wait have states. */
static void lower_catches(
	struct lower *l, struct stmt *stmt, struct attempt *attempt, struct ir_state *outer) {
	struct ir_state *unmatched = attempt->has_finally ? attempt->finally : outer;
	struct ir_block *block;
	unsigned n = 0;

	if (stmt->u.attempt.catches == NULL) {
		lower_raise_to(l, unmatched);
		return;
	}
	for (struct catch_arm *arm = stmt->u.attempt.catches; arm != NULL; arm = arm->next) {
		bool is_last = arm->next == NULL;
		bool waits = !is_last && lower_block_needs_states(arm->body);
		struct ir_state *skip = NULL;
		lower_at(l, arm->span);
		struct ir_expr *test = catch_test(l, arm);
		struct ir_op *op = lower_op(l, IR_IF);
		op->expr = is_last || waits ? lower_not(l, test) : test;
		op->body = lower_begin(l, &block);
		if (is_last) {
			lower_raise_to(l, unmatched);
		} else if (waits) { /* on to the next arm */
			skip = lower_state(l, "try_%u_catch_%u", attempt->number, ++n + 1);
			lower_jump(l, skip);
		} else {
			n++;
			lower_catch(l, attempt, arm, outer);
		}
		lower_end(l, block, false);
		if (is_last || waits) {
			lower_catch(l, attempt, arm, outer);
		}
		if (skip != NULL) {
			lower_place(l, skip);
		}
	}
}

static void lower_finally(
	struct lower *l, struct stmt *stmt, struct attempt *attempt, struct ir_state *outer) {
	struct ir_block *block;
	struct scope scope;

	lower_place(l, attempt->finally);
	lower_at(l, stmt->u.attempt.finally->span);
	lower_eval(l, lower_ctx_call(l, "dtf_finally_begin", NULL));
	lower_scope_open(l, &scope, SCOPE_FINALLY, attempt, outer);
	bool texts = lower_texts_begin(l);
	lower_block(l, stmt->u.attempt.finally);
	lower_texts_end(l, texts);
	lower_scope_close(l, &scope);
	if (l->strand->dead) {
		return;
	}
	lower_at(l, stmt->u.attempt.finally->close);
	struct ir_expr *end = lower_ctx_call(l, "dtf_finally_end", NULL);
	if (!attempt->ends_normally && attempt->then == NULL) { /* only errors come here */
		lower_eval(l, ir_unary(l->arena, "(void)", end));
		lower_raise_to(l, outer);
		return;
	}
	struct ir_op *op = lower_op(l, IR_IF);
	op->expr = end;
	op->body = lower_begin(l, &block);
	lower_raise_to(l, outer);
	lower_end(l, block, false);
	if (attempt->then != NULL) {
		lower_op(l, IR_GO)->expr = ir_slot(l->arena, attempt->then);
		l->strand->dead = true;
	}
}

static bool attempt_leaves(const struct stmt *stmt) {
	if (block_leaves(stmt->u.attempt.body, false)) {
		return true;
	}
	for (struct catch_arm *c = stmt->u.attempt.catches; c != NULL; c = c->next) {
		if (block_leaves(c->body, false)) {
			return true;
		}
	}
	return false;
}

void lower_try(struct lower *l, struct stmt *stmt) {
	struct attempt *attempt = mem_new(l->arena, struct attempt);
	struct ir_state *outer = lower_handler(l);
	struct scope scope;

	attempt->number = lower_ordinal(l, CONSTRUCT_TRY);
	attempt->has_finally = stmt->u.attempt.finally != NULL;
	attempt->end = lower_state(l, "try_%u_end", attempt->number);
	struct ir_state *unwind = lower_state(l, "try_%u_unwind", attempt->number);
	if (attempt->has_finally) {
		attempt->finally = lower_state(l, "try_%u_finally", attempt->number);
		if (attempt_leaves(stmt)) {
			struct ir_strand *strand = l->strand->ir;
			struct ctype at = { .c = mem_printf(l->arena, "enum %s_at", strand->c_name),
				.table = mem_printf(l->arena, "%s_at_type", strand->c_name) };
			strand->shows_at = true;
			attempt->then = lower_slot(
				l, mem_printf(l->arena, "try_%u_then", attempt->number), &at);
			attempt->then->declared = true;
			attempt->then->in_frame = true;
		}
	}
	lower_eval(l, lower_ctx_call(l, "dtf_try", NULL));
	lower_scope_open(l, &scope, SCOPE_TRY, attempt, unwind);
	bool texts = lower_texts_begin(l);
	lower_block(l, stmt->u.attempt.body);
	lower_texts_end(l, texts);
	lower_scope_close(l, &scope);
	if (!l->strand->dead) {
		lower_at(l, stmt->u.attempt.body->close);
		lower_eval(l, lower_ctx_call(l, "dtf_try_end", NULL));
		end_normally(l, attempt);
	}
	if (unwind->used) {
		lower_place(l, unwind);
		lower_op(l, IR_POLL)->expr = lower_ctx_call(l, "dtf_unwind", NULL);
		l->strand->ir->uses_step = true;
		lower_catches(l, stmt, attempt, outer);
	}
	if (attempt->has_finally && attempt->finally->used) {
		lower_finally(l, stmt, attempt, outer);
	}
	for (struct exit *e = attempt->exits; e != NULL; e = e->next) {
		lower_place(l, e->state);
		l->strand->line = 0; /* nobody wrote it */
		lower_leave(l, e->until, e->target, lower_returned(l));
	}
	if (attempt->end_used) {
		lower_place(l, attempt->end);
	}
}
