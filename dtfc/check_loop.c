/*
 * Loops (LANGUAGE.md 7): an endless one needs, on every way round, a durable
 * operation that waits or an exit; and one that only grows its history wants a
 * `continue with`.
 */
#include "checker.h"

/*
 * What can be reached from a statement's beginning without waiting.  Faults of
 * expressions are no way: what they could spin is stopped by `runaway`.
 */
struct ways {
	bool through; /* its end */
	bool round;   /* a `continue` of the loop around */
	bool out;     /* a `break` of the loop around */
	bool fail;    /* a `fail`, which a `catch` may take */
	bool yield;   /* the end of the branch */
};

static struct ways block_ways(const struct block *block);
static struct ways stmt_ways(const struct stmt *s);

static void either(struct ways *a, struct ways b) {
	a->through = a->through || b.through;
	a->round = a->round || b.round;
	a->out = a->out || b.out;
	a->fail = a->fail || b.fail;
	a->yield = a->yield || b.yield;
}

/* The block ends when all its branches have, or with `until` when some have. */
static struct ways parallel_ways(const struct expr *e) {
	struct ways ways = { .through = true };
	if (e->u.parallel->is_for) {
		ways.fail = block_ways(e->u.parallel->body).fail;
		return ways; /* the list may be empty */
	}
	bool any = false;
	for (const struct branch *b = e->u.parallel->branches; b != NULL; b = b->next) {
		struct ways branch = stmt_ways(b->body);
		bool ends = branch.through || branch.yield;
		ways.through = ways.through && ends;
		ways.fail = ways.fail || branch.fail;
		any = any || ends;
	}
	ways.through = e->u.parallel->until == NULL ? ways.through : any;
	return ways;
}

/* Waiting operations only: spawn, log and status do not count (DECISIONS 18). */
static struct ways expr_ways(const struct expr *e) {
	struct ways ways = { .through = true };
	const struct expr *bare = e == NULL ? NULL : check_bare(e);
	if (bare != NULL && bare->kind == EXPR_PARALLEL) {
		return parallel_ways(bare);
	}
	ways.through = bare == NULL ||
		(bare->kind != EXPR_DO && bare->kind != EXPR_CALL_WORKFLOW &&
			bare->kind != EXPR_WAIT);
	return ways;
}

static struct ways match_ways(const struct stmt *s) {
	struct ways ways = { .through = !check_is_exhaustive(s) };
	for (const struct match_arm *a = s->u.match.arms; a != NULL; a = a->next) {
		either(&ways, block_ways(a->body));
	}
	return ways;
}

static struct ways try_ways(const struct stmt *s) {
	struct ways ways = block_ways(s->u.attempt.body);
	if (ways.fail && s->u.attempt.catches != NULL) {
		ways.fail = false;
		for (const struct catch_arm *a = s->u.attempt.catches; a != NULL; a = a->next) {
			either(&ways, block_ways(a->body));
		}
	}
	if (s->u.attempt.finally != NULL && !block_ways(s->u.attempt.finally).through) {
		ways = (struct ways){ 0 };
	}
	return ways;
}

/* Of a select, `else` and `after 0s` are taken without waiting (DECISIONS 16). */
static struct ways select_ways(const struct stmt *s) {
	struct ways ways = { 0 };
	for (const struct select_arm *a = s->u.arms; a != NULL; a = a->next) {
		const struct expr *delay = a->kind == ARM_AFTER ? check_literal(a->trigger) : NULL;
		bool due = delay != NULL && delay->kind == EXPR_DURATION && delay->u.integer <= 0;
		if (a->kind == ARM_ELSE || due) {
			either(&ways, block_ways(a->body));
		}
	}
	return ways;
}

static struct ways if_ways(const struct stmt *s) {
	struct ways ways = block_ways(s->u.branch.then);
	struct ways otherwise = { .through = true };
	if (s->u.branch.otherwise != NULL) {
		otherwise = stmt_ways(s->u.branch.otherwise);
	}
	either(&ways, otherwise);
	return ways;
}

/* `for` and `while` may turn no time at all; an endless loop ends by `break`. */
static struct ways loop_ways(const struct stmt *s) {
	const struct block *body = s->kind == STMT_LOOP ? s->u.block
		: s->kind == STMT_WHILE                 ? s->u.loop.body
							: s->u.each.body;
	struct ways ways = block_ways(body);
	bool endless = s->kind == STMT_LOOP ||
		(s->kind == STMT_WHILE && check_is_true(s->u.loop.condition));
	ways.through = !endless || ways.out;
	ways.round = false;
	ways.out = false;
	return ways;
}

static struct ways stmt_ways(const struct stmt *s) {
	switch (s->kind) {
	case STMT_LET:
		return expr_ways(s->u.let.value);
	case STMT_ASSIGN:
		return expr_ways(s->u.assign.value);
	case STMT_EXPR:
		return expr_ways(s->u.expr);
	case STMT_YIELD:
		return (struct ways){ .yield = expr_ways(s->u.expr).through };
	case STMT_BLOCK:
	case STMT_SHIELD:
		return block_ways(s->u.block);
	case STMT_IF:
		return if_ways(s);
	case STMT_WHILE:
	case STMT_LOOP:
	case STMT_FOR:
		return loop_ways(s);
	case STMT_STATUS:
	case STMT_LOG:
	case STMT_UNDO:
	case STMT_ERROR:
		return (struct ways){ .through = true };
	case STMT_MATCH:
		return match_ways(s);
	case STMT_TRY:
		return try_ways(s);
	case STMT_SELECT:
		return select_ways(s);
	case STMT_WITHIN:
		return block_ways(s->u.within.body);
	case STMT_BREAK:
		return (struct ways){ .out = true };
	case STMT_CONTINUE:
		return (struct ways){ .round = true };
	case STMT_FAIL:
		return (struct ways){ .fail = true };
	case STMT_RETURN:
	case STMT_SLEEP:
	case STMT_CONTINUE_WITH:
		break;
	}
	return (struct ways){ 0 };
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
	search->leaves = search->leaves || s->kind == STMT_RETURN || s->kind == STMT_FAIL;
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
	struct search search = { .leaves = s->falls_through }; /* by `break` */
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
