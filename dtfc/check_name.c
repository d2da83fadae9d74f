/*
 * What a name means where a value stands (LANGUAGE.md 4, 5): a variable or a
 * constant; behind a dot a field, a member of an enum, a constant of a package,
 * what `self`, a caught error or an outcome has.
 *
 * A variable hides everything else, so a dot is looked at from the left: only
 * if no variable has the first name can it be an enum or a package.
 */
#include "checker.h"

#include <string.h>

static const struct type *poison(struct checker *c) {
	return basic(c, TYPE_ERROR);
}

/* ---- alone ---- */

/* A member of an enum whose name was left out. */
static const char *as_member(struct checker *c, const char *text) {
	for (const struct decl *d = c->file->decls; d != NULL; d = d->next) {
		for (struct field *m = d->kind == DECL_ENUM ? d->fields : NULL; m != NULL;
			m = m->next) {
			if (strcmp(m->name.text, text) == 0) {
				return mem_printf(
					c->arena, "did you mean '%s.%s'?", d->name.text, text);
			}
		}
	}
	return NULL;
}

static void report_unknown(struct checker *c, struct expr *e) {
	const char *text = e->u.name.text;
	struct suggest suggest = { .wanted = text };
	if (c->scope != NULL) {
		scope_suggest(c->scope, &suggest);
	}
	for (const struct decl *d = c->file->decls; d != NULL; d = d->next) {
		if (d->kind == DECL_CONST) {
			suggest_offer(&suggest, d->name.text);
		}
	}
	const char *label = as_member(c, text);
	label = label != NULL ? label : check_did_you_mean(c, &suggest);
	report(c, UNKNOWN_NAME, e->span, label, "unknown name '%s'", text);
	if (c->scope != NULL) {
		/* Say it once: from here on the name is a poisoned variable. */
		struct var *var = mem_new(c->arena, struct var);
		*var = (struct var){ .kind = VAR_LET,
			.name = e->u.name,
			.type = poison(c),
			.strand = c->strand,
			.used = true,
			.assigned = true };
		scope_add(c->arena, c->scope, var, true);
	}
}

static const struct type *variable(struct checker *c, struct expr *e, struct var *var) {
	var->used = true;
	var->queried = var->queried || c->pure != NULL;
	if (var->kind == VAR_CATCH && var->captured != NULL) {
		/* Only values are stored with an undo (DECISIONS 10), and it is none. */
		report(c, NOT_A_VALUE, e->span, "take what it needs with a `let` before",
			"an undo cannot keep the caught error '%s'", var->name.text);
		return poison(c);
	}
	e->var = var;
	e->type = var->type;
	if (var->type->kind == TYPE_OPTIONAL && check_is_narrowed(c, var)) {
		check_wrap(c, e, var->type->of);
	}
	return e->type;
}

/* A poisoned one is not followed: it may be part of a cycle. */
static const struct type *constant(struct checker *c, struct expr *e, struct decl *decl) {
	const struct type *type = check_const(c, decl, e);
	decl->used = true;
	e->decl = type->kind == TYPE_ERROR ? NULL : decl;
	return type;
}

static const struct type *report_no_value(
	struct checker *c, const struct expr *e, const struct decl *decl) {
	struct diagnostic *said = report(c, NOT_A_VALUE, e->span, check_how_to(decl),
		"'%s' is %s, not a value", decl->name.text, check_kind_text(decl->kind));
	check_note_decl(c, said, decl);
	return poison(c);
}

static const struct type *self_alone(struct checker *c, const struct expr *e) {
	report(c, NOT_A_VALUE, e->span,
		"write self.id, self.execution, self.workflow or self.history",
		"'self' is not a value");
	return poison(c);
}

const struct type *check_name(struct checker *c, struct expr *e) {
	const char *text = e->u.name.text;
	struct var *var = c->scope == NULL ? NULL : check_variable(c, text);
	if (var != NULL) {
		return variable(c, e, var);
	}
	struct decl *decl = check_find_any(c, NULL, text);
	if (decl != NULL && decl->kind == DECL_CONST) {
		return constant(c, e, decl);
	}
	if (decl != NULL || strcmp(text, "self") == 0) {
		return decl == NULL ? self_alone(c, e) : report_no_value(c, e, decl);
	}
	report_unknown(c, e);
	return poison(c);
}

/* ---- behind a dot ---- */

static const struct type *self_member(struct checker *c, struct expr *e) {
	static const struct {
		const char *text;
		enum builtin_field field;
		enum type_kind kind;
	} members[] = { { "id", FIELD_SELF_ID, TYPE_STRING },
		{ "execution", FIELD_SELF_EXECUTION, TYPE_INT },
		{ "workflow", FIELD_SELF_WORKFLOW, TYPE_STRING },
		{ "history", FIELD_SELF_HISTORY, TYPE_INT } };
	for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++) {
		if (strcmp(members[i].text, e->u.field.name.text) == 0) {
			e->builtin = (int)members[i].field;
			if (c->workflow == NULL) {
				report(c, NOT_PURE, e->span, NULL, "'self' cannot stand in %s",
					c->pure);
			}
			return basic(c, members[i].kind);
		}
	}
	report(c, UNKNOWN_FIELD, e->u.field.name.span, "it has id, execution, workflow and history",
		"'self' has no '%s'", e->u.field.name.text);
	return poison(c);
}

struct field *check_field(const struct decl *decl, const char *text) {
	return table_find(&decl->by_name, text);
}

const char *check_near_field(struct checker *c, const struct decl *decl, const char *text) {
	struct suggest suggest = { .wanted = text };
	for (const struct field *f = decl->fields; f != NULL; f = f->next) {
		suggest_offer(&suggest, f->name.text);
	}
	return check_did_you_mean(c, &suggest);
}

static const struct type *enum_member(struct checker *c, struct expr *e, struct decl *decl) {
	decl->used = true;
	e->member = check_field(decl, e->u.field.name.text);
	if (e->member != NULL) {
		e->decl = decl;
		return type_decl(c->types, decl);
	}
	struct diagnostic *said = report(c, UNKNOWN_FIELD, e->u.field.name.span,
		check_near_field(c, decl, e->u.field.name.text), "'%s' has no member '%s'",
		decl->name.text, e->u.field.name.text);
	check_note_decl(c, said, decl);
	return poison(c);
}

static const struct type *failure_member(
	struct checker *c, struct expr *e, const struct type *base) {
	static const struct {
		const char *text;
		enum builtin_field field;
		enum type_kind kind;
		const char *of; /* the built-in errors that have it; NULL: all */
	} members[] = { { "name", FIELD_ERROR_NAME, TYPE_STRING, NULL },
		{ "message", FIELD_ERROR_MESSAGE, TYPE_STRING, NULL },
		{ "retryable", FIELD_ERROR_RETRYABLE, TYPE_BOOL, NULL },
		{ "kind", FIELD_ERROR_KIND, TYPE_STRING, "timeout" },
		{ "attempts", FIELD_ERROR_ATTEMPTS, TYPE_INT, "activity_failed timeout lost" },
		{ "code", FIELD_ERROR_CODE, TYPE_STRING, "activity_failed" },
		{ "id", FIELD_ERROR_ID, TYPE_STRING, "child_failed" },
		{ "status", FIELD_ERROR_STATUS, TYPE_STRING, "child_failed" } };
	const char *text = e->u.field.name.text;
	struct decl *error = base->failure;
	for (struct field *f = error == NULL ? NULL : error->fields; f != NULL; f = f->next) {
		if (strcmp(f->name.text, text) == 0) {
			e->builtin = FIELD_ERROR_DATA;
			e->member = f;
			return f->type;
		}
	}
	for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++) {
		bool has = members[i].of == NULL ||
			(error != NULL && error->file == NULL &&
				strstr(members[i].of, error->name.text) != NULL);
		if (has && strcmp(members[i].text, text) == 0) {
			e->builtin = (int)members[i].field;
			return basic(c, members[i].kind);
		}
	}
	struct diagnostic *said = report(c, UNKNOWN_FIELD, e->u.field.name.span,
		error == NULL ? "an error caught with all others has name, message and retryable"
			      : NULL,
		"%s has no '%s'", text_of(c, base), text);
	if (error != NULL) {
		check_note_decl(c, said, error);
	}
	return poison(c);
}

static const struct type *record_member(
	struct checker *c, struct expr *e, const struct type *base) {
	e->member = check_field(base->decl, e->u.field.name.text);
	if (e->member != NULL) {
		return e->member->type == NULL ? poison(c) : e->member->type;
	}
	struct diagnostic *said = report(c, UNKNOWN_FIELD, e->u.field.name.span,
		check_near_field(c, base->decl, e->u.field.name.text), "'%s' has no field '%s'",
		base->decl->name.text, e->u.field.name.text);
	check_note_decl(c, said, base->decl);
	return poison(c);
}

/* Of a package, only constants are values: the name is none of them. */
static const struct type *not_in_package(
	struct checker *c, struct expr *e, const struct file *file, const struct decl *decl) {
	const struct name *name = &e->u.field.name;
	if (decl != NULL) {
		return report_no_value(c, e, decl);
	}
	struct suggest suggest = { .wanted = name->text };
	for (const struct decl *d = file->decls; d != NULL; d = d->next) {
		if (d->kind == DECL_CONST) {
			suggest_offer(&suggest, d->name.text);
		}
	}
	report(c, UNKNOWN_NAME, name->span, check_did_you_mean(c, &suggest),
		"the package '%s' has no constant '%s'", file->package.text, name->text);
	return poison(c);
}

/* The declaration that `Enum` or `package` in front of a dot means, if it is no variable. */
static const struct type *qualified(struct checker *c, struct expr *e) {
	struct expr *base = e->u.field.base;
	if (base->kind == EXPR_NAME) {
		const char *text = base->u.name.text;
		if (c->scope != NULL && check_variable(c, text) != NULL) {
			return NULL;
		}
		if (strcmp(text, "self") == 0) {
			return self_member(c, e);
		}
		struct decl *decl = check_find_any(c, NULL, text);
		if (decl != NULL && decl->kind == DECL_ENUM) {
			return enum_member(c, e, decl);
		}
		struct file *file = decl == NULL ? check_package(c, text) : NULL;
		if (file == NULL) {
			return NULL;
		}
		decl = names_find(file->names, e->u.field.name.text);
		if (decl != NULL && decl->kind == DECL_CONST) {
			return constant(c, e, decl);
		}
		return not_in_package(c, e, file, decl);
	}
	bool nested = base->kind == EXPR_FIELD && base->u.field.base->kind == EXPR_NAME;
	const struct name *package = nested ? &base->u.field.base->u.name : NULL;
	if (!nested || (c->scope != NULL && check_variable(c, package->text) != NULL)) {
		return NULL;
	}
	struct decl *decl = check_find_any(c, package, base->u.field.name.text);
	return decl != NULL && decl->kind == DECL_ENUM ? enum_member(c, e, decl) : NULL;
}

const struct type *check_member(struct checker *c, struct expr *e) {
	const struct type *type = qualified(c, e);
	if (type != NULL) {
		return type;
	}
	struct expr *base = e->u.field.base;
	const struct type *of = check_any(c, base);
	check_inherit(e, base);
	switch ((int)of->kind) {
	case TYPE_ERROR:
		return of;
	case TYPE_RECORD:
		return record_member(c, e, of);
	case TYPE_FAILURE:
		return failure_member(c, e, of);
	case TYPE_OPTIONAL:
		check_optional_used(c, base);
		return poison(c);
	case TYPE_OUTCOME:
		if (strcmp(e->u.field.name.text, "ok") == 0) {
			e->builtin = FIELD_OUTCOME_OK;
			return basic(c, TYPE_BOOL);
		}
		if (strcmp(e->u.field.name.text, "error") == 0) {
			e->builtin = FIELD_OUTCOME_ERROR;
			return type_failure(c->types, NULL);
		}
		if (strcmp(e->u.field.name.text, "value") == 0 && of->of->kind != TYPE_UNIT) {
			e->builtin = FIELD_OUTCOME_VALUE;
			return type_optional(c->types, of->of);
		}
		break;
	default:
		break;
	}
	report(c, UNKNOWN_FIELD, e->u.field.name.span, NULL, "%s has no fields", text_of(c, of));
	return poison(c);
}
