/*
 * What can be raised (LANGUAGE.md 9): inferred for every body, compared with
 * `fails`, and used to find catch arms that nothing can reach.
 */
#include "checker.h"

#include <string.h>

#define DURABLE_FAULTS                                                                  \
	(FAULT_BIT(HISTORY_FULL) | FAULT_BIT(PAYLOAD_TOO_LARGE) | FAULT_BIT(OVERFLOW) | \
		FAULT_BIT(BAD_VALUE))
/* of a value that must be written down */
#define RESULT_FAULTS (FAULT_BIT(PAYLOAD_TOO_LARGE) | FAULT_BIT(OVERFLOW) | FAULT_BIT(BAD_VALUE))
#define STEP_FAULTS                                                                           \
	(DURABLE_FAULTS | FAULT_BIT(ACTIVITY_FAILED) | FAULT_BIT(TIMEOUT) | FAULT_BIT(LOST) | \
		FAULT_BIT(BAD_PAYLOAD))

struct raised {
	struct raised *next;
	struct decl *error;
	struct span span;        /* what raises it */
	const struct decl *step; /* by which activity or workflow; NULL: a `fail` */
};

struct raises {
	struct checker *c;
	unsigned faults;
	bool is_unknown; /* something in it is poisoned and may raise anything */
	struct raised *first;
	const struct raises *caught; /* what a bare `fail` raises again */
};

static void raise_expr(struct raises *r, const struct expr *e);
static void raise_block(struct raises *r, const struct block *block);
static void raise_stmt(struct raises *r, const struct stmt *s);

/* Keeps the first place, in the order of the source. */
static void add(struct raises *r, struct decl *error, struct span span, const struct decl *step) {
	struct raised **tail = &r->first;
	for (; *tail != NULL; tail = &(*tail)->next) {
		if ((*tail)->error == error) {
			return;
		}
	}
	*tail = mem_new(r->c->arena, struct raised);
	**tail = (struct raised){ .error = error, .span = span, .step = step };
}

static void add_all(struct raises *r, const struct raises *from) {
	r->faults |= from->faults;
	r->is_unknown = r->is_unknown || from->is_unknown;
	for (const struct raised *e = from->first; e != NULL; e = e->next) {
		add(r, e->error, e->span, e->step);
	}
}

static void raise_fails(struct raises *r, const struct expr *e) {
	for (const struct error_name *f = e->decl == NULL ? NULL : e->decl->fails; f != NULL;
		f = f->next) {
		if (f->error != NULL) {
			add(r, f->error, e->span, e->decl);
		} else {
			r->is_unknown = true;
		}
	}
}

static void raise_args(struct raises *r, const struct argument *args) {
	for (; args != NULL; args = args->next) {
		r->faults |= args->late ? 0 : args->value->faults;
	}
}

/* What an undo raises is kept with it; its early arguments are the step's. */
static void raise_undo(struct raises *r, const struct undo *undo) {
	if (undo == NULL) {
		return;
	}
	if (undo->call != NULL) {
		raise_args(r, undo->call->u.step->args);
	} else {
		struct raises own = { .c = r->c };
		raise_block(&own, undo->block);
	}
}

static void raise_parallel(struct raises *r, const struct expr *e) {
	raise_expr(r, e->u.parallel->list);
	raise_expr(r, e->u.parallel->limit);
	raise_expr(r, e->u.parallel->until);
	r->faults |= DURABLE_FAULTS | FAULT_BIT(OUT_OF_RANGE);
	/* Of `settle` the branches' errors become outcomes. */
	struct raises settled = { .c = r->c, .caught = r->caught };
	struct raises *into = e->u.parallel->mode == PARALLEL_SETTLE ? &settled : r;
	if (e->u.parallel->is_for) {
		into->faults |= FAULT_BIT(RUNAWAY); /* so many commands at once */
		raise_block(into, e->u.parallel->body);
	}
	for (const struct branch *b = e->u.parallel->branches; b != NULL; b = b->next) {
		raise_stmt(into, b->body);
	}
}

static void raise_expr(struct raises *r, const struct expr *e) {
	if (e == NULL) {
		return;
	}
	r->faults |= e->faults;
	r->is_unknown = r->is_unknown || e->type == NULL || e->type->kind == TYPE_ERROR;
	e = check_bare(e);
	switch ((int)e->kind) {
	case EXPR_DO:
		r->faults |= STEP_FAULTS;
		raise_args(r, e->u.step->args);
		raise_undo(r, e->u.step->undo);
		raise_fails(r, e);
		break;
	case EXPR_CALL_WORKFLOW:
		r->faults |= DURABLE_FAULTS | FAULT_BIT(CHILD_FAILED) | FAULT_BIT(BAD_PAYLOAD);
		raise_args(r, e->u.step->args);
		raise_expr(r, e->u.step->id);
		raise_fails(r, e);
		break;
	case EXPR_SPAWN:
		r->faults |= DURABLE_FAULTS;
		raise_args(r, e->u.step->args);
		raise_expr(r, e->u.step->id);
		break;
	case EXPR_WAIT:
		r->faults |= DURABLE_FAULTS | FAULT_BIT(BAD_PAYLOAD);
		break;
	case EXPR_PARALLEL:
		raise_parallel(r, e);
		break;
	default:
		break;
	}
}

/* ---- try ---- */

/* Moves that error, NULL: all, from `from` to `into`; true if it is there. */
static bool take(struct raises *from, const struct decl *error, struct raises *into) {
	bool any = false;
	struct raised **at = &from->first;
	while (*at != NULL) {
		struct raised *raised = *at;
		if (error != NULL && raised->error != error) {
			at = &raised->next;
			continue;
		}
		*at = raised->next;
		add(into, raised->error, raised->span, raised->step);
		any = true;
	}
	unsigned bit = 1;
	for (struct decl *e = from->c->unit->builtin_errors; e != NULL; e = e->next, bit <<= 1) {
		if ((from->faults & bit) != 0 && (error == NULL || error == e)) {
			from->faults &= ~bit;
			into->faults |= bit;
			any = true;
		}
	}
	return any;
}

/* Where an arm before this one, or a name before this one in it, takes the error already. */
static const struct span *taken_by(
	const struct stmt *s, const struct catch_arm *arm, const struct catch_name *name) {
	for (const struct catch_arm *a = s->u.attempt.catches; a != NULL; a = a->next) {
		if (a != arm && a->names == NULL) {
			return &a->span;
		}
		for (const struct catch_name *n = a->names; n != NULL && n != name; n = n->next) {
			if (name != NULL && n->error == name->error) {
				return &n->name.span;
			}
		}
		if (a == arm) {
			break;
		}
	}
	return NULL;
}

/* `name` is NULL for an arm that catches all. */
static void report_arm(struct checker *c, const struct stmt *s, const struct catch_arm *arm,
	const struct catch_name *name) {
	const struct span *before = taken_by(s, arm, name);
	struct diagnostic *said;
	if (name == NULL) {
		said = report(c, UNREACHABLE_CATCH, arm->span, NULL,
			"nothing is left for this arm to catch");
	} else if (before != NULL) {
		said = report(c, UNREACHABLE_CATCH, name->name.span, NULL, "'%s' is caught already",
			name->name.text);
	} else {
		said = report(c, UNREACHABLE_CATCH, name->name.span, NULL,
			"nothing in this `try` raises '%s'", name->name.text);
	}
	if (before != NULL) {
		note(c, said, c->file, *before, "it is caught here");
	}
}

/* Any string or list may grow beyond what a value holds: that is not counted. */
static bool comes_from_anywhere(const struct decl *error) {
	return error->file == NULL && strcmp(error->name.text, "payload_too_large") == 0;
}

static void raise_arm(
	struct raises *r, struct raises *body, const struct stmt *s, const struct catch_arm *arm) {
	struct raises caught = { .c = r->c, .is_unknown = body->is_unknown };
	if (arm->names == NULL && !take(body, NULL, &caught) && !body->is_unknown) {
		report_arm(r->c, s, arm, NULL);
	}
	for (const struct catch_name *n = arm->names; n != NULL; n = n->next) {
		bool maybe = n->error != NULL &&
			(body->is_unknown || comes_from_anywhere(n->error));
		if (n->error != NULL && !take(body, n->error, &caught) &&
			(!maybe || taken_by(s, arm, n) != NULL)) {
			report_arm(r->c, s, arm, n);
		}
	}
	struct raises own = { .c = r->c, .caught = &caught };
	raise_block(&own, arm->body);
	add_all(r, &own);
}

static void raise_try(struct raises *r, const struct stmt *s) {
	struct raises body = { .c = r->c, .caught = r->caught };
	raise_block(&body, s->u.attempt.body);
	for (const struct catch_arm *arm = s->u.attempt.catches; arm != NULL; arm = arm->next) {
		raise_arm(r, &body, s, arm);
	}
	add_all(r, &body);
	raise_block(r, s->u.attempt.finally);
}

/* ---- statements ---- */

/* Statements that hold others. */
static void raise_compound(struct raises *r, const struct stmt *s) {
	switch ((int)s->kind) {
	case STMT_IF:
		raise_expr(r, s->u.branch.condition);
		raise_block(r, s->u.branch.then);
		if (s->u.branch.otherwise != NULL) {
			raise_stmt(r, s->u.branch.otherwise);
		}
		break;
	case STMT_WHILE:
		r->faults |= FAULT_BIT(RUNAWAY);
		raise_expr(r, s->u.loop.condition);
		raise_block(r, s->u.loop.body);
		break;
	case STMT_FOR:
		r->faults |= FAULT_BIT(RUNAWAY);
		raise_expr(r, s->u.each.over);
		raise_expr(r, s->u.each.end);
		raise_block(r, s->u.each.body);
		break;
	case STMT_MATCH:
		raise_expr(r, s->u.match.value);
		for (const struct match_arm *a = s->u.match.arms; a != NULL; a = a->next) {
			raise_block(r, a->body);
		}
		break;
	case STMT_SELECT:
		r->faults |= DURABLE_FAULTS;
		for (const struct select_arm *a = s->u.arms; a != NULL; a = a->next) {
			raise_expr(r, a->condition);
			raise_expr(r, a->trigger);
			raise_block(r, a->body);
		}
		break;
	case STMT_TRY:
		raise_try(r, s);
		break;
	case STMT_WITHIN:
		raise_expr(r, s->u.within.limit);
		raise_block(r, s->u.within.body);
		raise_block(r, s->u.within.otherwise);
		r->faults |= DURABLE_FAULTS;
		r->faults |= s->u.within.otherwise == NULL ? FAULT_BIT(TIMEOUT) : 0;
		break;
	default:
		break;
	}
}

static void raise_stmt(struct raises *r, const struct stmt *s) {
	switch (s->kind) {
	case STMT_LET:
		raise_expr(r, s->u.let.value);
		break;
	case STMT_ASSIGN:
		raise_expr(r, s->u.assign.value);
		raise_expr(r, s->u.assign.target);
		break;
	case STMT_EXPR:
	case STMT_YIELD:
		raise_expr(r, s->u.expr);
		break;
	case STMT_RETURN:
		raise_expr(r, s->u.expr);
		r->faults |= s->u.expr == NULL ? 0 : RESULT_FAULTS;
		break;
	case STMT_STATUS:
		raise_expr(r, s->u.expr);
		r->faults |= DURABLE_FAULTS;
		break;
	case STMT_BLOCK:
	case STMT_SHIELD:
		raise_block(r, s->u.block);
		break;
	case STMT_LOOP:
		r->faults |= FAULT_BIT(RUNAWAY);
		raise_block(r, s->u.block);
		break;
	case STMT_FAIL:
		raise_args(r, s->u.fail.args);
		if (s->u.fail.error != NULL) {
			add(r, s->u.fail.error, s->span, NULL);
		} else if (s->u.fail.name.text == NULL && r->caught != NULL) {
			add_all(r, r->caught);
		} else {
			r->is_unknown = true;
		}
		break;
	case STMT_SLEEP:
		raise_expr(r, s->u.sleep.value);
		r->faults |= DURABLE_FAULTS;
		break;
	case STMT_CONTINUE_WITH:
		raise_args(r, s->u.args);
		r->faults |= DURABLE_FAULTS;
		break;
	case STMT_LOG:
		raise_expr(r, s->u.log.text);
		break;
	case STMT_IF:
	case STMT_WHILE:
	case STMT_FOR:
	case STMT_MATCH:
	case STMT_SELECT:
	case STMT_TRY:
	case STMT_WITHIN:
		raise_compound(r, s);
		break;
	case STMT_UNDO:
		raise_undo(r, s->u.undo);
		break;
	case STMT_ERROR:
		r->is_unknown = true;
		break;
	case STMT_BREAK:
	case STMT_CONTINUE:
		break;
	}
}

static void raise_block(struct raises *r, const struct block *block) {
	for (const struct stmt *s = block == NULL ? NULL : block->first; s != NULL; s = s->next) {
		raise_stmt(r, s);
	}
}

static bool lists(const struct decl *workflow, const struct decl *error) {
	for (const struct error_name *f = workflow->fails; f != NULL; f = f->next) {
		if (f->error == error) {
			return true;
		}
	}
	return false;
}

void check_raises(struct checker *c, struct decl *workflow) {
	struct raises r = { .c = c };
	struct error_name **tail = &workflow->raises;
	raise_block(&r, workflow->body);
	for (const struct raised *e = r.first; e != NULL; e = e->next) {
		*tail = mem_new(c->arena, struct error_name);
		**tail = (struct error_name){ .name = e->error->name, .error = e->error };
		tail = &(*tail)->next;
		if (lists(workflow, e->error)) {
			continue;
		}
		struct diagnostic *said = e->step == NULL
			? report(c, NOT_IN_FAILS, e->span, "add it to `fails`, or catch it",
				  "'%s' is raised here and '%s' does not list it",
				  e->error->name.text, workflow->name.text)
			: report(c, NOT_IN_FAILS, e->span, "add it to `fails`, or catch it",
				  "'%s' fails with '%s', which '%s' does not list",
				  e->step->name.text, e->error->name.text, workflow->name.text);
		check_note_decl(c, said, workflow);
	}
	for (const struct error_name *f = workflow->fails; f != NULL; f = f->next) {
		bool raised = f->error == NULL;
		for (const struct raised *e = r.first; e != NULL; e = e->next) {
			raised = raised || e->error == f->error;
		}
		if (!raised && !r.is_unknown) {
			report(c, FAILS_TOO_LARGE, f->name.span, NULL, "nothing raises '%s'",
				f->name.text);
		}
	}
}
