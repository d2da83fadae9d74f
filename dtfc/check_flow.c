/*
 * Flow (LANGUAGE.md 4, 7, 14): what can be reached, what is assigned when it is
 * used, and which statements wait.
 *
 * One walk in the order of execution.  A state says of each variable that was
 * declared without a value whether it has one for certain; behind a return or
 * a break everything is certain, because nothing gets there.
 */
#include "checker.h"

#include <string.h>

struct state {
	bool dead;
	bool *has; /* by ordinal of the variable */
};

struct loop {
	struct loop *outer;
	struct state broken; /* join of all breaks; dead: none */
};

/* A branch of `parallel`: what holds where it ends, by its end or by `yield`. */
struct branch_end {
	struct branch_end *outer;
	struct state done;
};

struct flow {
	struct checker *c;
	struct var **open; /* variables declared without a value */
	size_t nopen, capacity;
	struct state now;
	struct loop *loop;
	struct branch_end *branch;
	unsigned undos; /* registered so far: a try with one waits when it unwinds */
};

static bool flow_block(struct flow *f, const struct block *block);
static bool flow_stmt(struct flow *f, struct stmt *s);

/* ---- states ---- */

static struct state copy(struct flow *f, const struct state *from) {
	struct state state = { .dead = from->dead };
	state.has = mem_alloc(f->c->arena, f->capacity + 1);
	memcpy(state.has, from->has, f->capacity);
	return state;
}

/* What holds on both ways. */
static void join(struct flow *f, struct state *into, const struct state *other) {
	if (other->dead) {
		return;
	}
	if (into->dead) {
		into->dead = false;
		memcpy(into->has, other->has, f->capacity);
		return;
	}
	for (size_t i = 0; i < f->capacity; i++) {
		into->has[i] = into->has[i] && other->has[i];
	}
}

static struct state nowhere(struct flow *f) {
	struct state state = { .dead = true };
	state.has = mem_alloc(f->c->arena, f->capacity + 1);
	return state;
}

static size_t ordinal(const struct flow *f, const struct var *var) {
	while (var->captured != NULL) {
		var = var->captured;
	}
	return var->open == 0 ? f->capacity : var->open - 1;
}

/* ---- uses ---- */

static void see_name(void *arg, struct expr *e, bool assigned) {
	struct flow *f = arg;
	size_t i = ordinal(f, e->var);
	if (i == f->capacity || assigned || f->now.dead || f->now.has[i]) {
		return;
	}
	f->now.has[i] = true; /* once */
	struct diagnostic *said = diag_report(f->c->diag, DIAG_UNASSIGNED, f->c->file->source,
		e->span, NULL, "'%s' may not have a value here", e->u.name.text);
	note(f->c, said, f->c->file, f->open[i]->name.span, "it is declared without one here");
}

static bool flow_parallel(struct flow *f, const struct expr *e);

/*
 * An undo's block runs later, if ever: it sees what has a value when the undo
 * is registered, and changes nothing that is known here.
 */
static void flow_undo(struct flow *f, struct undo *undo) {
	struct visitor v = { .arg = f, .name = see_name };
	f->undos++;
	check_visit_undo(undo, &v);
	if (undo->block == NULL) {
		return;
	}
	struct state before = copy(f, &f->now);
	struct loop *loop = f->loop;
	struct branch_end *branch = f->branch;
	f->loop = NULL;
	f->branch = NULL;
	(void)flow_block(f, undo->block);
	f->loop = loop;
	f->branch = branch;
	f->now = before;
}

/* An expression is evaluated: names in it are used.  Does it wait? */
static bool uses(struct flow *f, struct expr *e) {
	if (e == NULL) {
		return false;
	}
	struct visitor v = { .arg = f, .name = see_name };
	const struct expr *bare = check_bare(e);
	if (bare->kind == EXPR_PARALLEL) {
		return flow_parallel(f, bare);
	}
	if (bare->kind == EXPR_WAIT && bare->decl != NULL && !f->now.dead) {
		bare->decl->awaited = true;
	}
	if (bare->kind == EXPR_DO && bare->u.step->undo != NULL) {
		check_visit_args(bare->u.step->args, &v);
		flow_undo(f, bare->u.step->undo);
		return true;
	}
	check_visit_expr(e, &v);
	return bare->kind == EXPR_DO || bare->kind == EXPR_CALL_WORKFLOW || bare->kind == EXPR_WAIT;
}

static void use_args(struct flow *f, const struct argument *args) {
	for (; args != NULL; args = args->next) {
		(void)uses(f, args->value);
	}
}

static void assigned(struct flow *f, const struct var *var) {
	size_t i = ordinal(f, var);
	if (i < f->capacity) {
		f->now.has[i] = true;
	}
}

/* One branch from its beginning; `done` is what holds when it has ended. */
static struct state flow_branch(
	struct flow *f, const struct expr *e, struct stmt *stmt, const struct block *block) {
	struct loop *loop = f->loop;
	struct branch_end branch = { .outer = f->branch, .done = nowhere(f) };
	f->loop = NULL;
	f->branch = &branch;
	if (stmt != NULL) {
		(void)flow_stmt(f, stmt);
	} else {
		(void)flow_block(f, block);
	}
	f->loop = loop;
	f->branch = branch.outer;
	if (e->u.parallel->yields != NULL && !f->now.dead) {
		struct checker *c = f->c;
		struct diagnostic *said = report(c, MISSING_YIELD,
			stmt != NULL ? stmt->span : block->close, NULL,
			"this branch can end without a `yield`");
		note(c, said, c->file, e->u.parallel->yield->span,
			"with this the `parallel` has a value of each branch");
	}
	join(f, &branch.done, &f->now);
	return branch.done;
}

static bool flow_parallel(struct flow *f, const struct expr *e) {
	(void)uses(f, e->u.parallel->limit);
	(void)uses(f, e->u.parallel->until);
	(void)uses(f, e->u.parallel->list);
	struct state before = copy(f, &f->now), after = copy(f, &f->now);
	/* Only then have all branches ended as they should when the block has. */
	bool all = e->u.parallel->mode == PARALLEL_FAIL_FAST && e->u.parallel->until == NULL;
	if (e->u.parallel->is_for) {
		(void)flow_branch(f, e, NULL, e->u.parallel->body);
	}
	for (struct branch *b = e->u.parallel->branches; b != NULL; b = b->next) {
		f->now = copy(f, &before);
		struct state done = flow_branch(f, e, b->body, NULL);
		after.dead = after.dead || (all && done.dead);
		for (size_t i = 0; i < f->capacity && all && !done.dead; i++) {
			after.has[i] = after.has[i] || done.has[i];
		}
	}
	f->now = after;
	return true;
}

/* ---- statements ---- */

static bool flow_if(struct flow *f, struct stmt *s) {
	(void)uses(f, s->u.branch.condition);
	struct state otherwise = copy(f, &f->now);
	bool waits = flow_block(f, s->u.branch.then);
	struct state then = f->now;
	f->now = otherwise;
	if (s->u.branch.otherwise != NULL) {
		waits = flow_stmt(f, s->u.branch.otherwise) || waits;
	}
	join(f, &f->now, &then);
	return waits;
}

static bool flow_loop(struct flow *f, struct stmt *s) {
	struct expr *condition = s->kind == STMT_WHILE ? s->u.loop.condition : NULL;
	struct block *body = s->kind == STMT_LOOP ? s->u.block
		: s->kind == STMT_WHILE           ? s->u.loop.body
						  : s->u.each.body;
	if (s->kind == STMT_FOR) {
		(void)uses(f, s->u.each.over);
		(void)uses(f, s->u.each.end);
	}
	(void)uses(f, condition);
	bool endless = s->kind == STMT_LOOP || (condition != NULL && check_is_true(condition));
	struct loop loop = { .outer = f->loop, .broken = nowhere(f) };
	f->loop = &loop;
	struct state after = endless ? nowhere(f) : copy(f, &f->now);
	bool waits = flow_block(f, body);
	f->loop = loop.outer;
	f->now = after;
	join(f, &f->now, &loop.broken);
	return waits;
}

/* That a choice has no arms is said; those it will have may assign anything. */
static void without_arms(struct flow *f, bool is_empty) {
	if (is_empty) {
		f->now.dead = false;
		memset(f->now.has, true, f->capacity);
	}
}

static bool flow_match(struct flow *f, struct stmt *s) {
	(void)uses(f, s->u.match.value);
	struct state before = copy(f, &f->now), after = nowhere(f);
	bool waits = false;
	for (struct match_arm *a = s->u.match.arms; a != NULL; a = a->next) {
		f->now = copy(f, &before);
		waits = flow_block(f, a->body) || waits;
		join(f, &after, &f->now);
	}
	if (!check_is_exhaustive(s)) {
		join(f, &after, &before);
	}
	f->now = after;
	without_arms(f, s->u.match.arms == NULL && !before.dead);
	return waits;
}

static bool flow_select(struct flow *f, struct stmt *s) {
	for (struct select_arm *a = s->u.arms; a != NULL; a = a->next) {
		(void)uses(f, a->condition);
		(void)uses(f, a->trigger);
	}
	struct state before = copy(f, &f->now), after = nowhere(f);
	for (struct select_arm *a = s->u.arms; a != NULL; a = a->next) {
		f->now = copy(f, &before);
		(void)flow_block(f, a->body);
		join(f, &after, &f->now);
	}
	f->now = after;
	without_arms(f, s->u.arms == NULL && !before.dead);
	return true;
}

static bool flow_try(struct flow *f, struct stmt *s) {
	unsigned undos = f->undos;
	struct state before = copy(f, &f->now);
	bool waits = flow_block(f, s->u.attempt.body);
	waits = waits || f->undos > undos;
	struct state after = f->now;
	for (struct catch_arm *a = s->u.attempt.catches; a != NULL; a = a->next) {
		f->now = copy(f, &before);
		waits = flow_block(f, a->body) || waits;
		join(f, &after, &f->now);
	}
	if (s->u.attempt.finally == NULL) {
		f->now = after;
		return waits;
	}
	f->now = copy(f, &before);
	waits = flow_block(f, s->u.attempt.finally) || waits;
	for (size_t i = 0; i < f->capacity && !f->now.dead; i++) {
		after.has[i] = after.has[i] || f->now.has[i];
	}
	after.dead = after.dead || f->now.dead;
	f->now = after;
	return waits;
}

static bool flow_within(struct flow *f, struct stmt *s) {
	(void)uses(f, s->u.within.limit);
	struct state before = copy(f, &f->now);
	(void)flow_block(f, s->u.within.body);
	struct state after = f->now;
	if (s->u.within.otherwise != NULL) {
		f->now = before;
		(void)flow_block(f, s->u.within.otherwise);
		join(f, &after, &f->now);
	}
	f->now = after;
	return true;
}

static void flow_let(struct flow *f, struct stmt *s) {
	if (s->u.let.value == NULL && s->u.let.var != NULL && f->nopen < f->capacity) {
		f->open[f->nopen] = s->u.let.var;
		f->now.has[f->nopen] = f->now.dead;
		s->u.let.var->open = ++f->nopen;
	}
}

static bool flow_assign(struct flow *f, struct stmt *s) {
	bool waits = uses(f, s->u.assign.value);
	struct expr *to = s->u.assign.target;
	if (to->kind == EXPR_NAME && s->u.assign.op == ASSIGN_SET && to->var != NULL) {
		assigned(f, to->var);
	} else {
		/* Part of it, or what it was before: it must have a value. */
		struct visitor v = { .arg = f, .name = see_name };
		check_visit_expr(to, &v);
	}
	return waits;
}

/* Statements that leave what they stand in. */
static bool flow_leave(struct flow *f, struct stmt *s) {
	bool waits = false;
	if (s->kind == STMT_RETURN || s->kind == STMT_YIELD) {
		waits = uses(f, s->u.expr);
	} else if (s->kind == STMT_FAIL) {
		use_args(f, s->u.fail.args);
	} else if (s->kind == STMT_CONTINUE_WITH) {
		use_args(f, s->u.args);
	}
	if (s->kind == STMT_BREAK && f->loop != NULL) {
		join(f, &f->loop->broken, &f->now);
	} else if (s->kind == STMT_YIELD && f->branch != NULL) {
		join(f, &f->branch->done, &f->now);
	}
	f->now.dead = true;
	return waits;
}

static bool flow_kind(struct flow *f, struct stmt *s) {
	bool waits = false;
	switch (s->kind) {
	case STMT_ERROR:
		break;
	case STMT_LET:
		waits = uses(f, s->u.let.value);
		flow_let(f, s);
		break;
	case STMT_ASSIGN:
		return flow_assign(f, s);
	case STMT_EXPR:
	case STMT_STATUS:
		return uses(f, s->u.expr);
	case STMT_BLOCK:
	case STMT_SHIELD:
		return flow_block(f, s->u.block);
	case STMT_IF:
		return flow_if(f, s);
	case STMT_WHILE:
	case STMT_LOOP:
	case STMT_FOR:
		return flow_loop(f, s);
	case STMT_MATCH:
		return flow_match(f, s);
	case STMT_RETURN:
	case STMT_YIELD:
	case STMT_BREAK:
	case STMT_CONTINUE:
	case STMT_FAIL:
	case STMT_CONTINUE_WITH:
		return flow_leave(f, s);
	case STMT_TRY:
		return flow_try(f, s);
	case STMT_UNDO:
		flow_undo(f, s->u.undo);
		break;
	case STMT_SELECT:
		return flow_select(f, s);
	case STMT_SLEEP:
		(void)uses(f, s->u.sleep.value);
		return true;
	case STMT_WITHIN:
		return flow_within(f, s);
	case STMT_LOG:
		(void)uses(f, s->u.log.text);
		break;
	}
	return waits;
}

static bool flow_stmt(struct flow *f, struct stmt *s) {
	bool waits = flow_kind(f, s);
	s->has_wait = waits;
	s->falls_through = !f->now.dead;
	return waits;
}

static bool flow_block(struct flow *f, const struct block *block) {
	bool waits = false, said = f->now.dead;
	for (struct stmt *s = block == NULL ? NULL : block->first; s != NULL; s = s->next) {
		if (f->now.dead && !said) {
			said = true;
			diag_report(f->c->diag, DIAG_UNREACHABLE, f->c->file->source, s->span, NULL,
				"nothing reaches this");
		}
		waits = flow_stmt(f, s) || waits;
	}
	return waits;
}

void check_flow(struct checker *c, struct decl *workflow) {
	struct flow f = { .c = c };
	for (const struct var *v = workflow->vars; v != NULL; v = v->next) {
		f.capacity += v->is_open;
	}
	f.open = mem_alloc(c->arena, (f.capacity + 1) * sizeof(struct var *));
	f.now.has = mem_alloc(c->arena, f.capacity + 1);
	(void)flow_block(&f, workflow->body);
	bool returns = workflow->type != NULL && workflow->type->kind != TYPE_UNIT &&
		workflow->type->kind != TYPE_ERROR;
	if (returns && !f.now.dead) {
		struct diagnostic *said = report(c, MISSING_RETURN, workflow->body->close, NULL,
			"'%s' can end here without returning %s", workflow->name.text,
			text_of(c, workflow->type));
		check_note_decl(c, said, workflow);
	}
}
