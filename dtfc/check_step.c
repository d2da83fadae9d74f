/*
 * Durable operations (LANGUAGE.md 6 and 8) and what undoes them (10).
 *
 * The arguments of `undo act(…)` are evaluated when the step is issued, by the
 * strand that issues it, so they name its variables; an argument that uses the
 * step's own result can only be evaluated later, by the undo's strand, and
 * names copies, as everything in an undo's block does.
 */
#include "checker.h"

#include <string.h>

bool check_is_durable(const struct expr *e) {
	switch ((int)e->kind) {
	case EXPR_DO:
	case EXPR_CALL_WORKFLOW:
	case EXPR_SPAWN:
	case EXPR_WAIT:
	case EXPR_PARALLEL:
		return true;
	default:
		return false;
	}
}

const struct expr *check_bare(const struct expr *e) {
	while (e->kind == EXPR_CONVERT) {
		e = e->u.converted;
	}
	return e;
}

static const struct type *poison(struct checker *c) {
	return basic(c, TYPE_ERROR);
}

/* Does the expression name this variable? */
static bool mentions(const struct expr *e, const char *text);

static bool any_mentions(const struct argument *args, const char *text) {
	for (; args != NULL; args = args->next) {
		if (mentions(args->value, text) ||
			(args->key != NULL && mentions(args->key, text))) {
			return true;
		}
	}
	return false;
}

static bool mentions(const struct expr *e, const char *text) {
	switch ((int)e->kind) {
	case EXPR_NAME:
		return strcmp(e->u.name.text, text) == 0;
	case EXPR_STRING:
		for (const struct string_part *p = e->u.parts; p != NULL; p = p->next) {
			if (p->expr != NULL && mentions(p->expr, text)) {
				return true;
			}
		}
		return false;
	case EXPR_LIST:
	case EXPR_MAP:
		return any_mentions(e->u.items, text);
	case EXPR_RECORD:
		return any_mentions(e->u.record.fields, text);
	case EXPR_FIELD:
		return mentions(e->u.field.base, text);
	case EXPR_INDEX:
		return mentions(e->u.index.base, text) || mentions(e->u.index.index, text);
	case EXPR_CALL:
		return any_mentions(e->u.call.args, text);
	case EXPR_UNARY:
		return mentions(e->u.operation.left, text);
	case EXPR_BINARY:
		return mentions(e->u.operation.left, text) || mentions(e->u.operation.right, text);
	case EXPR_CONVERT:
		return mentions(e->u.converted, text);
	default:
		return false;
	}
}

/* ---- undo ---- */

static const struct place *in_place(const struct checker *c, enum place_kind kind) {
	const struct place *p = c->place;
	while (p != NULL && p->kind != kind) {
		p = p->outer;
	}
	return p;
}

struct undo_inside {
	struct inside inside;
	struct strand_syntax *strand;
	struct place place;
};

static void enter_undo(struct checker *c, struct undo *undo, const struct name *result,
	const struct type *type, struct undo_inside *in) {
	check_scope_open(c, &in->inside);
	in->inside.scope.undo = undo;
	in->strand = c->strand;
	in->place = (struct place){ .outer = c->place, .kind = PLACE_UNDO, .span = undo->span };
	undo->strand.parent = c->strand;
	c->strand = &undo->strand;
	c->place = &in->place;
	/* A scope of its own, so that the result is the undo's and not captured. */
	if (result != NULL && undo->result == NULL && type->kind != TYPE_UNIT) {
		undo->result = mem_new(c->arena, struct var);
		*undo->result = (struct var){ .kind = VAR_RESULT,
			.name = *result,
			.type = type,
			.strand = &undo->strand,
			.assigned = true };
		*c->vars_tail = undo->result;
		c->vars_tail = &undo->result->next;
	}
	if (undo->result != NULL) {
		scope_add(c->arena, c->scope, undo->result, false);
	}
}

static void leave_undo(struct checker *c, struct undo_inside *in) {
	c->place = in->place.outer;
	c->strand = in->strand;
	check_scope_close(c, &in->inside);
}

static void undo_call(
	struct checker *c, struct undo *undo, const struct name *result, const struct type *type) {
	struct expr *call = undo->call;
	struct decl *decl = check_find(
		c, &call->u.step->package, &call->u.step->name, DECL_ACTIVITY);
	call->decl = decl;
	call->type = decl == NULL || decl->type == NULL ? poison(c) : decl->type;
	call->can_fault = true;
	struct undo_inside in;
	for (struct argument *a = call->u.step->args; a != NULL; a = a->next) {
		a->late = result != NULL && mentions(a->value, result->text);
		if (a->late) {
			enter_undo(c, undo, result, type, &in);
			(void)check_expr(c, a->value);
			leave_undo(c, &in);
		}
	}
	undo->strand.parent = c->strand;
	if (decl == NULL) {
		for (struct argument *a = call->u.step->args; a != NULL; a = a->next) {
			(void)check_expr(c, a->value);
		}
		return;
	}
	check_arguments(c, call->span, call->u.step->args, decl->fields, decl);
	check_overrides(c, call);
}

void check_undo(struct checker *c, struct undo *undo, const struct name *result,
	const struct type *result_type) {
	const struct place *outer = in_place(c, PLACE_UNDO);
	if (outer != NULL) {
		struct diagnostic *said = report(
			c, UNDO_IN_UNDO, undo->span, NULL, "an undo cannot stand inside an undo");
		note(c, said, c->file, outer->span, "it stands in this");
		/* Checked all the same: the passes after typing walk through it. */
	}
	if (undo->call != NULL) {
		undo_call(c, undo, result, result_type);
	} else {
		struct undo_inside in;
		enter_undo(c, undo, result, result_type, &in);
		check_statements(c, undo->block);
		leave_undo(c, &in);
	}
	if (undo->result != NULL && !undo->result->used) {
		undo->result = NULL;
	} else if (undo->result != NULL) {
		report(c, UNDO_USES_RESULT, undo->span,
			"undo by a key that is known before the step",
			"this undo needs the result, so it cannot run if the outcome is unknown");
	}
}

bool check_names_result(const struct expr *e) {
	while (e != NULL && e->kind == EXPR_CONVERT) {
		e = e->u.converted;
	}
	return e != NULL && e->kind == EXPR_DO && e->u.step->undo != NULL &&
		e->u.step->undo->result != NULL;
}

/* ---- do, call, spawn, wait ---- */

static const struct type *step(struct checker *c, struct expr *e, const struct name *result) {
	struct decl *decl = check_find(c, &e->u.step->package, &e->u.step->name, DECL_ACTIVITY);
	e->decl = decl;
	const struct type *type = decl == NULL || decl->type == NULL ? poison(c) : decl->type;
	if (decl == NULL) {
		for (struct argument *a = e->u.step->args; a != NULL; a = a->next) {
			(void)check_expr(c, a->value);
		}
	} else {
		check_arguments(c, e->span, e->u.step->args, decl->fields, decl);
		check_overrides(c, e);
	}
	if (e->u.step->undo != NULL) {
		check_undo(c, e->u.step->undo, result, type);
	}
	return type;
}

static const struct type *child(struct checker *c, struct expr *e) {
	struct decl *decl = check_find(c, &e->u.step->package, &e->u.step->name, DECL_WORKFLOW);
	e->decl = decl;
	if (decl != NULL) {
		check_arguments(c, e->span, e->u.step->args, decl->fields, decl);
	}
	if (e->u.step->id != NULL) {
		(void)check_expect(c, e->u.step->id, basic(c, TYPE_STRING));
	}
	if (e->kind == EXPR_SPAWN) {
		return basic(c, TYPE_STRING);
	}
	return decl == NULL || decl->type == NULL ? poison(c) : decl->type;
}

const struct type *check_event(struct checker *c, struct expr *e) {
	e->decl = check_find(c, &e->u.wait.package, &e->u.wait.name, DECL_EVENT);
	e->type = e->decl == NULL || e->decl->type == NULL ? poison(c) : e->decl->type;
	e->can_fault = true;
	return e->type;
}

void check_no_value(struct checker *c, const struct expr *e) {
	if (e->kind == EXPR_PARALLEL) {
		report(c, NOT_A_VALUE, e->span, "its branches give it one with `yield`",
			"this `parallel` has no value");
		return;
	}
	struct diagnostic *said = report(
		c, NOT_A_VALUE, e->span, NULL, "'%s' gives no value", e->decl->name.text);
	check_note_decl(c, said, e->decl);
}

/* ---- parallel ---- */

struct branch_inside {
	struct inside inside;
	struct strand_syntax *strand;
	struct place place;
};

static void enter_branch(
	struct checker *c, struct expr *e, struct strand_syntax *strand, struct branch_inside *in) {
	check_scope_open(c, &in->inside);
	in->strand = c->strand;
	in->place = (struct place){
		.outer = c->place, .kind = PLACE_BRANCH, .span = e->span, .parallel = e
	};
	strand->parent = c->strand;
	c->strand = strand;
	c->place = &in->place;
}

static void leave_branch(struct checker *c, struct branch_inside *in) {
	c->place = in->place.outer;
	c->strand = in->strand;
	check_scope_close(c, &in->inside);
}

/* `let x = …` as a branch: x belongs to the code around and is visible after the block. */
static void exported_branch(struct checker *c, struct expr *e, struct branch *branch) {
	struct stmt *s = branch->body;
	struct branch_inside in;
	enter_branch(c, e, &branch->strand, &in);
	const struct type *type = NULL;
	if (s->u.let.value != NULL) {
		type = check_operation(c, s->u.let.value, &s->u.let.name);
	}
	if (s->u.let.type != NULL) {
		const struct type *want = check_type(c, s->u.let.type);
		if (type != NULL) {
			(void)check_convert(c, s->u.let.value, want);
		}
		type = want;
	}
	type = check_storable(c, s, type);
	leave_branch(c, &in);
	branch->exported = mem_new(c->arena, struct var);
	*branch->exported = (struct var){ .kind = s->u.let.is_mutable ? VAR_VAR : VAR_LET,
		.name = s->u.let.name,
		.type = type == NULL ? poison(c) : type,
		.is_mutable = s->u.let.is_mutable,
		.strand = c->strand,
		.used = check_names_result(s->u.let.value) };
	s->u.let.var = branch->exported;
}

static void static_parallel(struct checker *c, struct expr *e) {
	if (e->u.parallel->branches == NULL) {
		report(c, EMPTY_BLOCK, e->span, NULL, "a `parallel` without branches");
	}
	for (struct branch *b = e->u.parallel->branches; b != NULL; b = b->next) {
		if (b->body->kind == STMT_LET && e->u.parallel->mode == PARALLEL_FAIL_FAST &&
			e->u.parallel->until == NULL) {
			exported_branch(c, e, b);
			continue;
		}
		struct branch_inside in;
		enter_branch(c, e, &b->strand, &in);
		check_stmt(c, b->body);
		leave_branch(c, &in);
	}
	/* Only after all: a branch cannot use what another one brings. */
	for (struct branch *b = e->u.parallel->branches; b != NULL; b = b->next) {
		if (b->exported != NULL) {
			check_add(c, b->exported);
		}
	}
}

static void parallel_for(struct checker *c, struct expr *e) {
	const struct type *list = check_expr(c, e->u.parallel->list);
	const struct type *of = list->kind == TYPE_LIST ? list->of : poison(c);
	if (list->kind != TYPE_LIST && list->kind != TYPE_ERROR) {
		report(c, WRONG_TYPE, e->u.parallel->list->span, NULL, "expected a list, found %s",
			text_of(c, list));
	}
	struct branch_inside in;
	enter_branch(c, e, &e->u.parallel->strand, &in);
	e->u.parallel->var = check_declare(c, VAR_FOR, e->u.parallel->element, of);
	check_statements(c, e->u.parallel->body);
	leave_branch(c, &in);
}

const struct type *check_parallel(struct checker *c, struct expr *e) {
	if (e->u.parallel->limit != NULL) {
		(void)check_expect(c, e->u.parallel->limit, basic(c, TYPE_INT));
	}
	if (e->u.parallel->until != NULL) {
		(void)check_expect(c, e->u.parallel->until, basic(c, TYPE_INT));
	}
	if (e->u.parallel->until != NULL && e->u.parallel->mode == PARALLEL_SETTLE) {
		report(c, MISPLACED, e->u.parallel->until->span, "leave out one of the two",
			"`settle` waits for every branch, `until` does not");
	}
	if (e->u.parallel->is_for) {
		parallel_for(c, e);
	} else {
		static_parallel(c, e);
	}
	const struct type *yields = e->u.parallel->yields;
	if (yields != NULL && yields->kind == TYPE_ERROR) {
		return yields;
	}
	if (e->u.parallel->mode == PARALLEL_SETTLE) {
		return type_list(c->types,
			type_outcome(c->types, yields == NULL ? basic(c, TYPE_UNIT) : yields));
	}
	return yields == NULL ? basic(c, TYPE_UNIT) : type_list(c->types, yields);
}

void check_yield(struct checker *c, struct stmt *s) {
	const struct type *type = check_operation(c, s->u.expr, NULL);
	struct place *place = c->place;
	while (place != NULL && place->kind != PLACE_BRANCH) {
		place = place->kind == PLACE_UNDO ? NULL : place->outer;
	}
	if (place == NULL) {
		report(c, MISPLACED, s->span, NULL, "`yield` stands outside `parallel`");
		return;
	}
	struct expr *e = place->parallel;
	if (e->u.parallel->yield == NULL) {
		e->u.parallel->yield = s;
	}
	if (type->kind == TYPE_UNIT) {
		check_no_value(c, s->u.expr);
		e->u.parallel->yields = poison(c);
		return;
	}
	if (e->u.parallel->yields == NULL && type_is_open(type)) {
		report(c, NO_TYPE, s->span, NULL, "the type of this is not known");
		e->u.parallel->yields = poison(c);
	} else if (e->u.parallel->yields == NULL) {
		e->u.parallel->yields = type;
	} else {
		(void)check_convert(c, s->u.expr, e->u.parallel->yields);
	}
}

const struct type *check_operation(struct checker *c, struct expr *e, const struct name *result) {
	if (!check_is_durable(e)) {
		return check_expr(c, e);
	}
	const struct type *type = NULL;
	if (e->kind == EXPR_DO) {
		type = step(c, e, result);
	} else if (e->kind == EXPR_WAIT) {
		type = check_event(c, e);
		check_wait_ends(c, e);
	} else if (e->kind == EXPR_PARALLEL) {
		type = check_parallel(c, e);
	} else {
		type = child(c, e);
	}
	e->type = type;
	e->can_fault = true;
	return type;
}
