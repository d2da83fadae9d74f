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

struct flow {
	struct checker *c;
	struct var **open; /* variables declared without a value */
	size_t nopen, capacity;
	struct state now;
	struct loop *loop;
	unsigned undos; /* registered so far: a try with one waits when it unwinds */
};

static bool flow_block(struct flow *f, const struct block *block);
static bool flow_stmt(struct flow *f, struct stmt *s);

/* ---- states ---- */

static struct state copy(struct flow *f) {
	struct state state = { .dead = f->now.dead };
	state.has = mem_alloc(f->c->arena, f->capacity + 1);
	memcpy(state.has, f->now.has, f->capacity);
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
	for (size_t i = 0; i < f->nopen; i++) {
		if (f->open[i] == var) {
			return i;
		}
	}
	return f->capacity;
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

static bool flow_parallel(struct flow *f, struct expr *e);

/* An expression is evaluated: names in it are used.  Does it wait? */
static bool uses(struct flow *f, struct expr *e) {
	if (e == NULL) {
		return false;
	}
	struct visitor v = { .arg = f, .name = see_name };
	if (e->kind == EXPR_PARALLEL) {
		return flow_parallel(f, e);
	}
	if (e->kind == EXPR_DO && e->u.step.undo != NULL) {
		f->undos++;
		struct undo *undo = e->u.step.undo;
		if (undo->block != NULL) {
			check_visit_args(e->u.step.args, &v);
			check_visit_undo(undo, &v);
			struct state before = copy(f);
			struct loop *loop = f->loop;
			f->loop = NULL;
			(void)flow_block(f, undo->block);
			f->loop = loop;
			f->now = before;
			return true;
		}
	}
	check_visit_expr(e, &v);
	return e->kind == EXPR_DO || e->kind == EXPR_CALL_WORKFLOW || e->kind == EXPR_WAIT;
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

static bool flow_parallel(struct flow *f, struct expr *e) {
	(void)uses(f, e->u.parallel.limit);
	(void)uses(f, e->u.parallel.until);
	(void)uses(f, e->u.parallel.list);
	struct loop *loop = f->loop;
	f->loop = NULL;
	struct state before = copy(f), after = copy(f);
	if (e->u.parallel.is_for) {
		(void)flow_block(f, e->u.parallel.body);
	}
	for (struct branch *b = e->u.parallel.branches; b != NULL; b = b->next) {
		f->now = before;
		f->now = copy(f);
		(void)flow_stmt(f, b->body);
		/* All branches have ended when the block has. */
		for (size_t i = 0; i < f->capacity; i++) {
			after.has[i] = after.has[i] || (!f->now.dead && f->now.has[i]);
		}
	}
	f->loop = loop;
	f->now = after;
	return true;
}

/* ---- statements ---- */

static void dies(struct flow *f) {
	f->now.dead = true;
}

static bool flow_if(struct flow *f, struct stmt *s) {
	(void)uses(f, s->u.branch.condition);
	struct state otherwise = copy(f);
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
	struct state after = endless ? nowhere(f) : copy(f);
	bool waits = flow_block(f, body);
	f->loop = loop.outer;
	f->now = after;
	join(f, &f->now, &loop.broken);
	return waits;
}

static bool flow_match(struct flow *f, struct stmt *s) {
	(void)uses(f, s->u.match.value);
	struct state before = copy(f), after = nowhere(f);
	bool waits = false, has_else = s->u.match.value->type->kind == TYPE_ENUM;
	for (struct match_arm *a = s->u.match.arms; a != NULL; a = a->next) {
		f->now = before;
		f->now = copy(f);
		waits = flow_block(f, a->body) || waits;
		join(f, &after, &f->now);
		has_else = has_else || a->values == NULL;
	}
	if (!has_else) {
		join(f, &after, &before);
	}
	f->now = after;
	return waits;
}

static bool flow_select(struct flow *f, struct stmt *s) {
	for (struct select_arm *a = s->u.arms; a != NULL; a = a->next) {
		(void)uses(f, a->condition);
		(void)uses(f, a->trigger);
	}
	struct state before = copy(f), after = nowhere(f);
	for (struct select_arm *a = s->u.arms; a != NULL; a = a->next) {
		f->now = before;
		f->now = copy(f);
		(void)flow_block(f, a->body);
		join(f, &after, &f->now);
	}
	f->now = after;
	return true;
}

static bool flow_try(struct flow *f, struct stmt *s) {
	unsigned undos = f->undos;
	struct state before = copy(f);
	bool waits = flow_block(f, s->u.attempt.body);
	waits = waits || f->undos > undos;
	struct state after = f->now;
	for (struct catch_arm *a = s->u.attempt.catches; a != NULL; a = a->next) {
		f->now = before;
		f->now = copy(f);
		waits = flow_block(f, a->body) || waits;
		join(f, &after, &f->now);
	}
	if (s->u.attempt.finally == NULL) {
		f->now = after;
		return waits;
	}
	f->now = before;
	f->now = copy(f);
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
	struct state before = copy(f);
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
		f->nopen++;
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

/* A standing undo runs later, if ever: it changes nothing that is known here. */
static void flow_undo(struct flow *f, struct undo *undo) {
	struct visitor v = { .arg = f, .name = see_name };
	f->undos++;
	check_visit_undo(undo, &v);
	struct state before = copy(f);
	struct loop *loop = f->loop;
	f->loop = NULL;
	(void)flow_block(f, undo->block);
	f->loop = loop;
	f->now = before;
}

static bool flow_kind(struct flow *f, struct stmt *s) {
	bool waits = false;
	switch (s->kind) {
	case STMT_ERROR:
		return false;
	case STMT_LET:
		waits = uses(f, s->u.let.value);
		flow_let(f, s);
		return waits;
	case STMT_ASSIGN:
		return flow_assign(f, s);
	case STMT_EXPR:
	case STMT_STATUS:
	case STMT_YIELD:
		return uses(f, s->u.expr);
	case STMT_RETURN:
		waits = uses(f, s->u.expr);
		dies(f);
		return waits;
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
	case STMT_BREAK:
		if (f->loop != NULL) {
			join(f, &f->loop->broken, &f->now);
		}
		dies(f);
		return false;
	case STMT_CONTINUE:
		dies(f);
		return false;
	case STMT_FAIL:
		use_args(f, s->u.fail.args);
		dies(f);
		return false;
	case STMT_TRY:
		return flow_try(f, s);
	case STMT_UNDO:
		flow_undo(f, s->u.undo);
		return false;
	case STMT_SELECT:
		return flow_select(f, s);
	case STMT_SLEEP:
		(void)uses(f, s->u.sleep.value);
		return true;
	case STMT_WITHIN:
		return flow_within(f, s);
	case STMT_CONTINUE_WITH:
		use_args(f, s->u.args);
		dies(f);
		return false;
	case STMT_LOG:
		(void)uses(f, s->u.log.text);
		return false;
	}
	return false;
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
	size_t nvars = 0;
	for (const struct var *v = workflow->vars; v != NULL; v = v->next) {
		nvars++;
	}
	struct flow f = { .c = c, .capacity = nvars };
	f.open = mem_alloc(c->arena, (nvars + 1) * sizeof(struct var *));
	f.now.has = mem_alloc(c->arena, nvars + 1);
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
