/*
 * Steps that stay done when the `try` around them is undone (LANGUAGE.md 10, 14):
 * they have no undo, something behind them can fail, and the body has undos of
 * other steps.
 *
 * A body is walked against the order of execution, and what is carried along is
 * one place: the next thing that can fail from here on, or NULL.  A failure that
 * a `try` inside the body takes is none of the body's: what it leads to is what
 * the arm goes on to.
 *
 * A step can fail if it declares errors or gives up at some time; one that is
 * retried for ever is there to succeed.  Whether a step changes anything nobody
 * has said, so each counts as if it did, and the warning is off unless asked for.
 */
#include "checker.h"

struct undone {
	struct checker *c;
	bool in_try;    /* in a body with undos */
	bool is_silent; /* only to see what can fail */
	/* A `try` in the body takes failures; what then fails next. */
	bool is_caught;
	const struct span *caught;
	/* What fails next behind a `break`, `continue`, `yield`. */
	const struct span *broken, *continued, *yielded;
};

static const struct span *block_failure(
	const struct undone *u, const struct block *block, const struct span *next);
static const struct span *stmt_failure(
	const struct undone *u, struct stmt *s, const struct span *next, bool has_undo);

static bool reports(const struct undone *u) {
	return u->in_try && !u->is_silent;
}

static const struct span *either(const struct span *a, const struct span *b) {
	return a != NULL ? a : b;
}

static const struct span *failing(const struct undone *u, const struct span *span) {
	return u->is_caught ? u->caught : span;
}

/* ---- steps ---- */

static bool can_fail(const struct expr *step) {
	const struct policy *policy = step->u.step->policy;

	return policy->attempts != 0 || policy->deadline_ms != 0 || step->decl->fails != NULL;
}

static const struct span *step_failure(
	const struct undone *u, const struct expr *e, const struct span *next, bool has_undo) {
	struct checker *c = u->c;

	if (e->decl == NULL) {
		return next; /* reported */
	}
	if (reports(u) && next != NULL && !has_undo && e->u.step->undo == NULL) {
		struct diagnostic *said = report(c, MISSING_UNDO, e->span,
			"give it an `undo`, or take it out of the `try`",
			"'%s' stays done when what the `try` did is undone", e->decl->name.text);
		note(c, said, c->file, *next, "this can still fail");
	}
	return can_fail(e) ? either(failing(u, &e->span), next) : next;
}

/* The branches run side by side: behind a step of one stands all of the others. */
static const struct span *branches_failure(
	const struct undone *u, const struct expr *e, const struct span *next) {
	bool settles = e->u.parallel->mode == PARALLEL_SETTLE;
	const struct branch *first = NULL;
	const struct span *fails[2] = { NULL, NULL }, *all = next;
	struct undone in = *u;

	in.is_silent = true;
	in.yielded = NULL;
	for (struct branch *b = e->u.parallel->branches; b != NULL && reports(u) && !settles;
		b = b->next) {
		const struct span *own = stmt_failure(&in, b->body, NULL, false);
		first = first == NULL && own != NULL ? b : first;
		fails[b != first] = either(fails[b != first], own);
	}
	in.is_silent = u->is_silent;
	if (settles) {
		in.is_caught = true;
		in.caught = next;
	}
	for (struct branch *b = e->u.parallel->branches; b != NULL; b = b->next) {
		in.yielded = either(fails[b == first], next);
		all = either(stmt_failure(&in, b->body, in.yielded, false), all);
	}
	return all;
}

/* One turn, before or beside others. */
static const struct span *turns_failure(const struct undone *u, const struct block *body,
	const struct span *next, struct undone *in) {
	in->is_silent = true;
	in->continued = in->yielded = next;
	const struct span *turn = block_failure(in, body, next);
	if (!reports(u)) {
		return turn;
	}
	in->is_silent = false;
	in->continued = in->yielded = either(turn, next);
	return block_failure(in, body, in->continued);
}

static const struct span *parallel_failure(
	const struct undone *u, const struct expr *e, const struct span *next) {
	struct undone in = *u;

	if (!e->u.parallel->is_for) {
		return branches_failure(u, e, next);
	}
	if (e->u.parallel->mode == PARALLEL_SETTLE) {
		in.is_caught = true;
		in.caught = next;
	}
	return either(turns_failure(u, e->u.parallel->body, next, &in), next);
}

/* `has_undo`: of a step, in a statement beside it. */
static const struct span *expr_failure(
	const struct undone *u, const struct expr *e, const struct span *next, bool has_undo) {
	const struct expr *bare = e == NULL ? NULL : check_bare(e);

	if (bare == NULL) {
		return next;
	}
	if (bare->kind == EXPR_DO) {
		return step_failure(u, bare, next, has_undo);
	}
	if (bare->kind == EXPR_PARALLEL) {
		return parallel_failure(u, bare, next);
	}
	return bare->kind == EXPR_CALL_WORKFLOW ? either(failing(u, &bare->span), next) : next;
}

/* ---- try ---- */

static void see_stmt(void *arg, struct stmt *s) {
	bool *found = arg;
	*found = *found || s->kind == STMT_UNDO;
}

static void see_expr(void *arg, struct expr *e) {
	bool *found = arg;
	*found = *found || (e->kind == EXPR_DO && e->u.step->undo != NULL);
}

static bool has_undos(const struct block *body) {
	bool found = false;
	struct visitor v = { .arg = &found, .stmt = see_stmt, .expr = see_expr };

	check_visit_block(body, &v);
	return found;
}

static const struct span *try_failure(
	const struct undone *u, const struct stmt *s, const struct span *next) {
	const struct block *body = s->u.attempt.body;
	struct undone own = *u, in = *u;

	next = block_failure(u, s->u.attempt.finally, next);
	in.caught = NULL;
	for (const struct catch_arm *a = s->u.attempt.catches; a != NULL; a = a->next) {
		in.caught = either(in.caught, block_failure(u, a->body, next));
		in.is_caught = in.is_caught || a->names == NULL;
	}
	if (!u->is_silent && has_undos(body)) {
		if (!u->in_try) {
			own.broken = own.continued = own.yielded = NULL;
		}
		own.in_try = true;
		own.is_caught = false;
		(void)block_failure(&own, body, u->in_try ? next : NULL);
		in.is_silent = true;
	}
	return block_failure(&in, body, next);
}

/* ---- statements ---- */

static const struct span *loop_failure(
	const struct undone *u, const struct stmt *s, const struct span *next) {
	const struct block *body = s->kind == STMT_LOOP ? s->u.block
		: s->kind == STMT_WHILE                 ? s->u.loop.body
							: s->u.each.body;
	bool endless = s->kind == STMT_LOOP ||
		(s->kind == STMT_WHILE && check_is_true(s->u.loop.condition));
	struct undone in = *u;

	in.broken = next;
	next = endless ? NULL : next;
	return either(turns_failure(u, body, next, &in), next);
}

static const struct span *choice_failure(
	const struct undone *u, const struct stmt *s, const struct span *next) {
	const struct span *first = NULL;

	if (s->kind == STMT_MATCH) {
		for (const struct match_arm *a = s->u.match.arms; a != NULL; a = a->next) {
			first = either(first, block_failure(u, a->body, next));
		}
		return check_is_exhaustive(s) ? first : either(first, next);
	}
	if (s->kind == STMT_SELECT) {
		for (const struct select_arm *a = s->u.arms; a != NULL; a = a->next) {
			const struct span *body = block_failure(u, a->body, next);
			first = either(first, expr_failure(u, a->trigger, body, false));
		}
		return first;
	}
	first = block_failure(u, s->u.branch.then, next);
	return either(first,
		s->u.branch.otherwise == NULL
			? next
			: stmt_failure(u, s->u.branch.otherwise, next, false));
}

static const struct span *stmt_failure(
	const struct undone *u, struct stmt *s, const struct span *next, bool has_undo) {
	switch (s->kind) {
	case STMT_LET:
		return expr_failure(u, s->u.let.value, next, has_undo);
	case STMT_ASSIGN:
		return expr_failure(u, s->u.assign.value, next, has_undo);
	case STMT_EXPR:
		return expr_failure(u, s->u.expr, next, has_undo);
	case STMT_RETURN:
		return expr_failure(u, s->u.expr, NULL, has_undo);
	case STMT_YIELD:
		return expr_failure(u, s->u.expr, u->yielded, has_undo);
	case STMT_BLOCK:
	case STMT_SHIELD:
		return block_failure(u, s->u.block, next);
	case STMT_IF:
	case STMT_MATCH:
	case STMT_SELECT:
		return choice_failure(u, s, next);
	case STMT_WHILE:
	case STMT_LOOP:
	case STMT_FOR:
		return loop_failure(u, s, next);
	case STMT_TRY:
		return try_failure(u, s, next);
	case STMT_WITHIN: {
		const struct span *body = block_failure(u, s->u.within.body, next);
		return either(body, block_failure(u, s->u.within.otherwise, next));
	}
	case STMT_BREAK:
		return u->broken;
	case STMT_CONTINUE:
		return u->continued;
	case STMT_FAIL:
		return failing(u, &s->span);
	case STMT_CONTINUE_WITH:
		return NULL;
	case STMT_ERROR:
	case STMT_UNDO: /* runs when the body is left */
	case STMT_SLEEP:
	case STMT_STATUS:
	case STMT_LOG:
		break;
	}
	return next;
}

static bool is_bare_step(const struct stmt *s) {
	const struct expr *e = s->kind == STMT_EXPR ? s->u.expr
		: s->kind == STMT_LET               ? s->u.let.value
		: s->kind == STMT_ASSIGN            ? s->u.assign.value
						    : NULL;
	e = e == NULL ? NULL : check_bare(e);
	return e != NULL && e->kind == EXPR_DO && e->u.step->undo == NULL;
}

/* `undo { … }` standing alone is the undo of the step before it, else of the one behind it. */
static const struct span *block_failure(
	const struct undone *u, const struct block *block, const struct span *next) {
	size_t n = 0;

	for (struct stmt *s = block == NULL ? NULL : block->first; s != NULL; s = s->next) {
		n++;
	}
	struct stmt **all = mem_alloc(u->c->arena, (n + 1) * sizeof(*all));
	for (struct stmt *s = n == 0 ? NULL : block->first; s != NULL; s = s->next) {
		*all++ = s;
	}
	for (size_t i = 0; i < n; i++) {
		struct stmt *s = *--all;
		bool behind = s->next != NULL && s->next->kind == STMT_UNDO;
		bool before = i + 1 < n && all[-1]->kind == STMT_UNDO &&
			!(i + 2 < n && is_bare_step(all[-2]));
		next = stmt_failure(u, s, next, before || behind);
	}
	return next;
}

void check_undone(struct checker *c, struct decl *workflow) {
	struct undone u = { .c = c };

	(void)block_failure(&u, workflow->body, NULL);
}
