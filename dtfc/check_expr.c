/*
 * Expressions (LANGUAGE.md 4): literals, elements, and which file knows the rest.
 *
 * An expression is typed once, from the leaves up, and keeps its type, what it
 * names and what it can raise.  Nothing is expected of it from above: a literal
 * that has no type of its own yet gets one where it meets a type
 * (check_convert.c).  After a report the type is poison, which every rule
 * accepts, so one mistake is said once.
 */
#include "checker.h"

static const struct type *poison(struct checker *c) {
	return basic(c, TYPE_ERROR);
}

bool check_is_printable(const struct type *type) {
	switch ((int)type->kind) {
	case TYPE_ERROR:
	case TYPE_BOOL:
	case TYPE_INT:
	case TYPE_FLOAT:
	case TYPE_STRING:
	case TYPE_DURATION:
	case TYPE_TIME:
	case TYPE_ENUM:
		return true;
	default:
		return false;
	}
}

static const struct type *element(struct checker *c, struct expr *e) {
	struct expr *base = e->u.index.base, *index = e->u.index.index;
	const struct type *of = check_expr(c, base);
	if (of->kind == TYPE_MAP) {
		(void)check_expect(c, index, basic(c, TYPE_STRING));
		check_inherit(e, base);
		check_inherit(e, index);
		return type_optional(c->types, of->of);
	}
	if (of->kind == TYPE_ERROR) {
		(void)check_expr(c, index);
		return of;
	}
	(void)check_expect(c, index, basic(c, TYPE_INT));
	check_inherit(e, base);
	check_inherit(e, index);
	if (of->kind == TYPE_LIST) {
		e->can_fault = true;
		e->faults |= FAULT_BIT(OUT_OF_RANGE);
		return of->of;
	}
	if (of->kind == TYPE_OPTIONAL) {
		check_optional_used(c, base);
	} else {
		report(c, BAD_OPERAND, base->span, NULL, "%s has no elements", text_of(c, of));
	}
	return poison(c);
}

/* ---- literals ---- */

static const struct type *string(struct checker *c, struct expr *e) {
	for (struct string_part *p = e->u.parts; p != NULL; p = p->next) {
		if (p->expr == NULL) {
			continue;
		}
		const struct type *type = check_expr(c, p->expr);
		check_inherit(e, p->expr);
		if (type->kind == TYPE_OPTIONAL) {
			check_optional_used(c, p->expr);
		} else if (!check_is_printable(type)) {
			report(c, NOT_PRINTABLE, p->expr->span,
				type->kind == TYPE_RECORD ? "show its fields" : NULL,
				"a string cannot show a value of type %s", text_of(c, type));
		} else if (type->kind == TYPE_TIME) {
			e->can_fault = true; /* beyond the year 9999 it has no text */
			e->faults |= FAULT_BIT(BAD_VALUE);
		}
	}
	e->type = basic(c, TYPE_STRING);
	check_fold(c, e);
	return e->type;
}

static const struct type *list(struct checker *c, struct expr *e) {
	const struct type *of = NULL;
	for (struct argument *a = e->u.items; a != NULL; a = a->next) {
		const struct type *type = check_expr(c, a->value);
		check_inherit(e, a->value);
		const struct type *joined = of == NULL ? type : check_join(c, of, type);
		if (joined == NULL) {
			report(c, WRONG_TYPE, a->span, NULL,
				"this element is %s, the ones before are %s", text_of(c, type),
				text_of(c, of));
			return poison(c);
		}
		of = joined;
	}
	if (of == NULL) {
		return basic(c, TYPE_EMPTY);
	}
	for (struct argument *a = e->u.items; a != NULL && !type_is_open(of); a = a->next) {
		(void)check_convert(c, a->value, of);
	}
	return of->kind == TYPE_ERROR ? of : type_list(c->types, of);
}

static const struct type *map(struct checker *c, struct expr *e) {
	const struct type *of = NULL;
	for (struct argument *a = e->u.items; a != NULL; a = a->next) {
		(void)check_expect(c, a->key, basic(c, TYPE_STRING));
		const struct type *type = check_expr(c, a->value);
		check_inherit(e, a->key);
		check_inherit(e, a->value);
		of = of == NULL ? type : check_join(c, of, type);
		if (of == NULL) {
			report(c, WRONG_TYPE, a->span, NULL,
				"this value is %s, unlike those before", text_of(c, type));
			return poison(c);
		}
	}
	if (of == NULL) {
		return basic(c, TYPE_EMPTY);
	}
	if (of->kind == TYPE_OPTIONAL) {
		(void)check_map_of(c, e->span, of);
		return poison(c);
	}
	for (struct argument *a = e->u.items; a != NULL && !type_is_open(of); a = a->next) {
		(void)check_convert(c, a->value, of);
	}
	return of->kind == TYPE_ERROR ? of : type_map(c->types, of);
}

static void record_field(struct checker *c, struct expr *e, struct decl *decl, struct argument *a) {
	a->field = check_field(decl, a->name.text);
	if (a->field == NULL) {
		struct diagnostic *said = report(c, UNKNOWN_FIELD, a->name.span,
			check_near_field(c, decl, a->name.text), "'%s' has no field '%s'",
			decl->name.text, a->name.text);
		check_note_decl(c, said, decl);
		(void)check_expr(c, a->value);
		return;
	}
	const struct argument *b = a->field->given == e ? e->u.record.fields : a;
	a->field->given = e;
	for (; b != a; b = b->next) {
		if (b->field == a->field) {
			struct diagnostic *said = report(c, DUPLICATE_FIELD, a->name.span, NULL,
				"the field '%s' is given twice", a->name.text);
			note(c, said, c->file, b->name.span, "the first one is here");
		}
	}
	struct diagnostic *said = check_expect(
		c, a->value, a->field->type == NULL ? poison(c) : a->field->type);
	if (said != NULL) {
		note(c, said, decl->file, a->field->span, "the field '%s' is declared here",
			a->name.text);
	}
	check_inherit(e, a->value);
}

static const struct type *record(struct checker *c, struct expr *e) {
	struct decl *decl = check_find(c, &e->u.record.package, &e->u.record.name, DECL_RECORD);
	if (decl == NULL) {
		for (struct argument *a = e->u.record.fields; a != NULL; a = a->next) {
			(void)check_expr(c, a->value);
		}
		return poison(c);
	}
	e->decl = decl;
	for (struct argument *a = e->u.record.fields; a != NULL; a = a->next) {
		record_field(c, e, decl, a);
	}
	for (const struct field *f = decl->fields; f != NULL; f = f->next) {
		const struct argument *a = e->u.record.fields;
		while (a != NULL && a->field != f) {
			a = a->next;
		}
		if (a == NULL && f->type != NULL && f->type->kind != TYPE_OPTIONAL) {
			struct diagnostic *said = report(c, MISSING_FIELD, e->u.record.name.span,
				NULL, "the field '%s' is missing", f->name.text);
			note(c, said, decl->file, f->span, "'%s' is declared here", f->name.text);
		}
	}
	return type_decl(c->types, decl);
}

/* ---- all of them ---- */

/* Checked all the same: the passes after typing walk through what is in it. */
static const struct type *durable_inside(struct checker *c, struct expr *e) {
	if (c->pure != NULL) {
		report(c, NOT_PURE, e->span, NULL, "a durable operation cannot stand in %s",
			c->pure);
		return poison(c);
	}
	report(c, DURABLE_INSIDE, e->span, "give it a `let` of its own",
		"a durable operation is a whole right-hand side or a whole statement");
	(void)check_operation(c, e, NULL);
	return poison(c);
}

static const struct type *kind_of(struct checker *c, struct expr *e) {
	switch (e->kind) {
	case EXPR_ERROR:
		return poison(c);
	case EXPR_NAME:
		return check_name(c, e);
	case EXPR_BOOL:
		return basic(c, TYPE_BOOL);
	case EXPR_INT:
		return basic(c, TYPE_INT);
	case EXPR_FLOAT:
		return basic(c, TYPE_FLOAT);
	case EXPR_NONE:
		return basic(c, TYPE_NONE);
	case EXPR_DURATION:
		return basic(c, TYPE_DURATION);
	case EXPR_STRING:
		return string(c, e);
	case EXPR_LIST:
		return list(c, e);
	case EXPR_MAP:
		return map(c, e);
	case EXPR_RECORD:
		return record(c, e);
	case EXPR_FIELD:
		return check_member(c, e);
	case EXPR_INDEX:
		return element(c, e);
	case EXPR_CALL:
		return check_call(c, e);
	case EXPR_UNARY:
		return check_unary(c, e);
	case EXPR_BINARY:
		return check_binary(c, e);
	case EXPR_CONVERT:
		return e->type;
	case EXPR_DO:
	case EXPR_CALL_WORKFLOW:
	case EXPR_SPAWN:
	case EXPR_WAIT:
	case EXPR_PARALLEL:
		return durable_inside(c, e);
	}
	bug("an expression of no kind");
}

const struct type *check_any(struct checker *c, struct expr *e) {
	if (e->type != NULL) {
		return e->type; /* checked before */
	}
	if (!check_enter(c, e->span)) {
		e->type = poison(c);
		return e->type;
	}
	const struct type *type = kind_of(c, e);
	check_leave(c);
	e->type = type;
	return type;
}

const struct type *check_expr(struct checker *c, struct expr *e) {
	const struct type *type = check_any(c, e);
	if (type->kind == TYPE_FAILURE) {
		report(c, NOT_A_VALUE, e->span, "use its name, message or fields",
			"a caught error is not a value by itself");
		e->type = poison(c);
	}
	return e->type;
}
