/*
 * Where one of several ways is taken: select (LANGUAGE.md 8); try, catch and
 * fail (9).
 *
 * `catch NAME` is resolved here (DECISIONS 25): an error if there is one of that
 * name, else the binder of a catch-all, so that no later pass has to know that
 * the two are written alike.
 */
#include "checker.h"

#include <string.h>

/* ---- select ---- */

static void arm_trigger(struct checker *c, struct select_arm *arm, const struct type **ret) {
	switch (arm->kind) {
	case ARM_AFTER:
		(void)check_expect(c, arm->trigger, basic(c, TYPE_DURATION));
		break;
	case ARM_AT:
		(void)check_expect(c, arm->trigger, basic(c, TYPE_TIME));
		break;
	case ARM_ON:
		*ret = check_event(c, arm->trigger);
		break;
	case ARM_DO:
	case ARM_CALL:
		*ret = check_operation(
			c, arm->trigger, arm->binder.text == NULL ? NULL : &arm->binder);
		break;
	case ARM_ELSE:
		break;
	}
}

void check_select(struct checker *c, struct stmt *s) {
	const struct select_arm *otherwise = NULL, *starts = NULL;
	if (s->u.arms == NULL) {
		report(c, EMPTY_BLOCK, s->span, NULL, "a `select` without arms waits for nothing");
	}
	for (struct select_arm *arm = s->u.arms; arm != NULL; arm = arm->next) {
		const struct type *type = basic(c, TYPE_UNIT);
		if (arm->condition != NULL) {
			(void)check_expect(c, arm->condition, basic(c, TYPE_BOOL));
		}
		arm_trigger(c, arm, &type);
		struct inside inside;
		check_scope_open(c, &inside);
		if (arm->binder.text != NULL) {
			if (type->kind == TYPE_UNIT) {
				report(c, NOT_A_VALUE, arm->binder.span, NULL,
					"this arm brings no value");
				type = basic(c, TYPE_ERROR);
			}
			arm->var = check_declare(c, VAR_ARM, arm->binder, type);
			arm->var->used = check_names_result(arm->trigger);
		}
		check_block(c, arm->body);
		check_scope_close(c, &inside);
		if (arm->kind == ARM_ELSE && otherwise != NULL) {
			report(c, DUPLICATE_ARM, arm->span, NULL, "a select has one `else`");
		}
		otherwise = arm->kind == ARM_ELSE ? arm : otherwise;
		starts = arm->kind == ARM_DO || arm->kind == ARM_CALL ? arm : starts;
	}
	check_select_ends(c, s);
	if (otherwise != NULL && starts != NULL) {
		struct diagnostic *said = report(c, MISPLACED, otherwise->span, NULL,
			"`else` would always win over an arm that has to be started");
		note(c, said, c->file, starts->span, "this arm is never ready at once");
	}
}

/* ---- try ---- */

/* `catch NAME`: an error if NAME is one, else the binder of a catch-all (DECISIONS 25). */
static void resolve_single(struct checker *c, struct catch_arm *arm) {
	struct catch_name *name = arm->names;
	struct decl *decl = check_find_any(c, NULL, name->name.text);
	if (decl == NULL || decl->kind != DECL_ERROR) {
		decl = check_builtin_error(c, name->name.text);
	}
	if (decl != NULL) {
		decl->used = true;
		name->error = decl;
		return;
	}
	struct suggest suggest = { .wanted = name->name.text };
	for (const struct decl *d = c->file->decls; d != NULL; d = d->next) {
		if (d->kind == DECL_ERROR) {
			suggest_offer(&suggest, d->name.text);
		}
	}
	for (const struct decl *d = c->unit->builtin_errors; d != NULL; d = d->next) {
		suggest_offer(&suggest, d->name.text);
	}
	const char *label = check_did_you_mean(c, &suggest);
	if (label != NULL) {
		report(c, UNKNOWN_DECLARATION, name->name.span, label, "unknown error '%s'",
			name->name.text);
		return;
	}
	arm->binder = name->name;
	arm->names = NULL;
}

static bool is_cancelled(const struct catch_name *name) {
	return name->package.text == NULL && strcmp(name->name.text, "cancelled") == 0;
}

static void catch_names(struct checker *c, struct catch_arm *arm) {
	for (struct catch_name *n = arm->names; n != NULL; n = n->next) {
		if (is_cancelled(n)) {
			report(c, CATCH_CANCELLED, n->name.span,
				"what must happen then stands in `finally` or in an undo",
				"`cancelled` cannot be caught");
			n->error = NULL;
			return;
		}
	}
	bool single = arm->names != NULL && arm->names->next == NULL &&
		arm->names->package.text == NULL && arm->binder.text == NULL;
	if (single) {
		resolve_single(c, arm);
		return;
	}
	for (struct catch_name *n = arm->names; n != NULL; n = n->next) {
		n->error = check_find(c, &n->package, &n->name, DECL_ERROR);
	}
}

static void check_catch(struct checker *c, struct catch_arm *arm) {
	struct place place = {
		.outer = c->place, .kind = PLACE_CATCH, .span = arm->span, .catch = arm
	};
	struct inside inside;
	catch_names(c, arm);
	check_scope_open(c, &inside);
	c->place = &place;
	if (arm->binder.text != NULL) {
		struct decl *error = arm->names != NULL && arm->names->next == NULL
			? arm->names->error
			: NULL;
		arm->var = check_declare(c, VAR_CATCH, arm->binder, type_failure(c->types, error));
		arm->var->used = true;
	}
	check_block(c, arm->body);
	c->place = place.outer;
	check_scope_close(c, &inside);
}

void check_try(struct checker *c, struct stmt *s) {
	struct place place = { .outer = c->place, .kind = PLACE_TRY, .span = s->span };
	c->place = &place;
	check_block(c, s->u.attempt.body);
	c->place = place.outer;
	for (struct catch_arm *arm = s->u.attempt.catches; arm != NULL; arm = arm->next) {
		check_catch(c, arm);
	}
	if (s->u.attempt.finally != NULL) {
		place.kind = PLACE_FINALLY;
		place.span = s->u.attempt.finally->span;
		c->place = &place;
		check_block(c, s->u.attempt.finally);
		c->place = place.outer;
	}
}

/* ---- fail ---- */

void check_fail(struct checker *c, struct stmt *s) {
	if (s->u.fail.name.text == NULL) {
		const struct place *p = c->place;
		while (p != NULL && p->kind != PLACE_CATCH) {
			p = p->kind == PLACE_UNDO || p->kind == PLACE_BRANCH ? NULL : p->outer;
		}
		if (p == NULL) {
			report(c, MISPLACED, s->span, "name the error: `fail NAME(…)`",
				"`fail` alone raises again what a `catch` caught");
		}
		return;
	}
	struct decl *decl = check_find(c, &s->u.fail.package, &s->u.fail.name, DECL_ERROR);
	s->u.fail.error = decl;
	if (decl == NULL) {
		for (struct argument *a = s->u.fail.args; a != NULL; a = a->next) {
			(void)check_expr(c, a->value);
		}
	} else if (decl->file == NULL) {
		report(c, WRONG_KIND, s->u.fail.name.span, "declare an error of your own",
			"the built-in error '%s' is raised by dtf alone", decl->name.text);
		s->u.fail.error = NULL;
	} else {
		check_arguments(c, s->span, s->u.fail.args, decl->fields, decl);
	}
}
