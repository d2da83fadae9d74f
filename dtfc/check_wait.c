/*
 * Waits that nothing can end (LANGUAGE.md 14).
 *
 * A wait is ended by what it waits for, or from around it: by the deadline of a
 * `within` or of the workflow, or by another branch of its `parallel` that fails
 * or is enough.  A cancel ends it too, where one gets: undos, `finally` and
 * `shield` keep cancels and outer deadlines out (LANGUAGE.md 8, 10).
 *
 * Two are reported.  A `select` whose arms are all absent waits for nothing, so
 * only what is around it can end it.  And a wait for events alone is in order as
 * long as a cancel can get to it; where none can, an instance that nobody sends
 * the event is stuck for good, with the undos that were still to run.
 */
#include "checker.h"

struct around {
	bool ends;                  /* a deadline or another branch ends the wait */
	const struct place *shield; /* keeps cancels out; NULL: nothing does */
};

/* A branch is cancelled by the others, unless each is settled by itself. */
static bool is_cancelled_by_others(const struct expr *parallel) {
	bool alone = !parallel->u.parallel->is_for && parallel->u.parallel->branches->next == NULL;

	return !alone &&
		(parallel->u.parallel->mode != PARALLEL_SETTLE ||
			parallel->u.parallel->until != NULL);
}

static struct around look_around(const struct checker *c) {
	for (const struct place *p = c->place; p != NULL; p = p->outer) {
		if (p->kind == PLACE_WITHIN ||
			(p->kind == PLACE_BRANCH && is_cancelled_by_others(p->parallel))) {
			return (struct around){ .ends = true };
		}
		if (p->kind == PLACE_UNDO || p->kind == PLACE_FINALLY || p->kind == PLACE_SHIELD) {
			return (struct around){ .shield = p };
		}
	}
	return (struct around){ .ends = c->workflow != NULL && c->workflow->deadline != NULL };
}

static void note_shield(struct checker *c, struct diagnostic *said, const struct place *shield) {
	note(c, said, c->file, shield->span, "neither a cancel nor a deadline gets into %s",
		check_place_text(shield->kind));
}

void check_wait_ends(struct checker *c, const struct expr *e) {
	struct around around = look_around(c);

	if (e->decl == NULL || around.ends || around.shield == NULL) {
		return;
	}
	struct diagnostic *said = report(c, ENDLESS_WAIT, e->span,
		"a `select` with an `after` arm ends in time",
		"nothing can end this wait if '%s' never comes", e->decl->name.text);
	note_shield(c, said, around.shield);
}

/* ---- select ---- */

static bool is_never(const struct expr *e) {
	const struct expr *literal = check_literal(e);

	if (literal != NULL) {
		return literal->kind == EXPR_BOOL && !literal->u.boolean;
	}
	if (e->kind != EXPR_BINARY) {
		return false;
	}
	bool left = is_never(e->u.operation.left), right = is_never(e->u.operation.right);
	return e->u.operation.op == OP_AND ? left || right
					   : e->u.operation.op == OP_OR && left && right;
}

static bool is_absent(const struct select_arm *arm) {
	return arm->condition != NULL && is_never(arm->condition);
}

void check_select_ends(struct checker *c, const struct stmt *s) {
	struct around around = look_around(c);
	bool has_event = false;
	struct diagnostic *said;

	for (const struct select_arm *arm = s->u.arms; arm != NULL; arm = arm->next) {
		if (arm->kind != ARM_ON && !is_absent(arm)) {
			return; /* a timer, a step, a child, or `else` */
		}
		has_event = has_event || !is_absent(arm);
	}
	if (s->u.arms == NULL || around.ends || (has_event && around.shield == NULL)) {
		return;
	}
	if (has_event) {
		said = report(c, ENDLESS_WAIT, s->span, "an `after` arm ends it in time",
			"nothing can end this `select` if none of its events comes");
	} else {
		said = report(c, ENDLESS_WAIT, s->span, NULL,
			"nothing can end this `select`: none of its arms is ever there");
	}
	for (const struct select_arm *arm = s->u.arms; arm != NULL; arm = arm->next) {
		if (is_absent(arm)) {
			note(c, said, c->file, arm->condition->span, "this is never true");
		}
	}
	if (around.shield != NULL) {
		note_shield(c, said, around.shield);
	}
}
