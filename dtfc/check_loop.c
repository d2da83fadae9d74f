/*
 * Loops (LANGUAGE.md 7): an endless one needs, on every way round, a durable
 * operation that waits or an exit; and one that only grows its history wants a
 * `continue with`.
 */
#include "checker.h"

/* What can be reached from a statement's beginning without waiting. */
struct ways {
	bool through; /* its end */
	bool round;   /* a `continue` of the loop around */
	bool out;     /* a `break` of the loop around */
};

static struct ways block_ways(const struct block *block);

static void either(struct ways *a, struct ways b) {
	a->through = a->through || b.through;
	a->round = a->round || b.round;
	a->out = a->out || b.out;
}

/* Waiting operations only: spawn, log and status do not count (DECISIONS 18). */
static bool waits(const struct expr *e) {
	return e != NULL &&
		(e->kind == EXPR_DO || e->kind == EXPR_CALL_WORKFLOW || e->kind == EXPR_WAIT ||
			e->kind == EXPR_PARALLEL);
}

static struct ways choice_ways(const struct stmt *s) {
	struct ways ways = { 0 };
	if (s->kind == STMT_MATCH) {
		ways.through = s->u.match.value->type->kind != TYPE_ENUM;
		for (const struct match_arm *a = s->u.match.arms; a != NULL; a = a->next) {
			ways.through = ways.through && a->values != NULL;
		}
		for (const struct match_arm *a = s->u.match.arms; a != NULL; a = a->next) {
			either(&ways, block_ways(a->body));
		}
	} else if (s->kind == STMT_TRY) {
		ways = block_ways(s->u.attempt.body);
		for (const struct catch_arm *a = s->u.attempt.catches; a != NULL; a = a->next) {
			either(&ways, block_ways(a->body));
		}
		if (s->u.attempt.finally != NULL && !block_ways(s->u.attempt.finally).through) {
			ways = (struct ways){ 0 };
		}
	} else {
		for (const struct select_arm *a = s->u.arms; a != NULL; a = a->next) {
			/* Only what is ready at once does not wait; an event may be. */
			if (a->kind == ARM_ELSE) {
				either(&ways, block_ways(a->body));
			}
		}
	}
	return ways;
}

static struct ways stmt_ways(const struct stmt *s) {
	struct ways ways = { 0 };
	switch (s->kind) {
	case STMT_LET:
		ways.through = !waits(s->u.let.value);
		break;
	case STMT_ASSIGN:
		ways.through = !waits(s->u.assign.value);
		break;
	case STMT_EXPR:
	case STMT_YIELD:
	case STMT_STATUS:
		ways.through = !waits(s->u.expr);
		break;
	case STMT_BLOCK:
	case STMT_SHIELD:
		return block_ways(s->u.block);
	case STMT_IF:
		ways = block_ways(s->u.branch.then);
		if (s->u.branch.otherwise != NULL) {
			either(&ways, stmt_ways(s->u.branch.otherwise));
		} else {
			ways.through = true;
		}
		break;
	case STMT_WHILE:
		ways.through = !check_is_true(s->u.loop.condition) ||
			block_ways(s->u.loop.body).out;
		break;
	case STMT_LOOP:
		ways.through = block_ways(s->u.block).out;
		break;
	case STMT_FOR:
	case STMT_LOG:
	case STMT_UNDO:
	case STMT_ERROR:
		ways.through = true;
		break;
	case STMT_MATCH:
	case STMT_TRY:
	case STMT_SELECT:
		return choice_ways(s);
	case STMT_BREAK:
		ways.out = true;
		break;
	case STMT_CONTINUE:
		ways.round = true;
		break;
	case STMT_RETURN:
	case STMT_FAIL:
	case STMT_SLEEP:
	case STMT_WITHIN:
	case STMT_CONTINUE_WITH:
		break;
	}
	return ways;
}

static struct ways block_ways(const struct block *block) {
	struct ways ways = { .through = true };
	for (const struct stmt *s = block->first; s != NULL && ways.through; s = s->next) {
		struct ways next = stmt_ways(s);
		ways.through = false;
		either(&ways, next);
	}
	return ways;
}

/* ---- history without end ---- */

struct search {
	bool waits, leaves, continues;
};

static void see_stmt(void *arg, struct stmt *s) {
	struct search *search = arg;
	search->continues = search->continues || s->kind == STMT_CONTINUE_WITH;
	search->leaves = search->leaves || s->kind == STMT_RETURN || s->kind == STMT_BREAK ||
		s->kind == STMT_FAIL;
	search->waits = search->waits || s->has_wait;
}

static void see_loop(void *arg, struct stmt *s) {
	struct checker *c = arg;
	bool endless = s->kind == STMT_LOOP ||
		(s->kind == STMT_WHILE && check_is_true(s->u.loop.condition));
	if (!endless) {
		return;
	}
	const struct block *body = s->kind == STMT_LOOP ? s->u.block : s->u.loop.body;
	struct ways ways = block_ways(body);
	if (ways.through || ways.round) {
		report(c, LOOP_WITHOUT_WAIT, s->span,
			"wait in it (`sleep`, `wait`, `do`), or leave it",
			"this loop can turn without ever waiting");
		return;
	}
	struct search search = { 0 };
	struct visitor v = { .arg = &search, .stmt = see_stmt };
	check_visit_block(body, &v);
	if (search.waits && !search.leaves && !search.continues) {
		report(c, UNBOUNDED_HISTORY, s->span, "`continue with` begins a new history",
			"this loop makes the history grow without end");
	}
}

void check_loops(struct checker *c, struct decl *workflow) {
	struct visitor v = { .arg = c, .stmt = see_loop };
	check_visit_block(workflow->body, &v);
}
