/*
 * Where a value meets the type that is wanted (LANGUAGE.md 4): T becomes T?,
 * `none` and `[]` take the type they meet, and nothing else converts.
 */
#include "checker.h"

void check_wrap(struct checker *c, struct expr *e, const struct type *type) {
	struct expr *inner = mem_new(c->arena, struct expr);
	*inner = *e;
	*e = (struct expr){ .kind = EXPR_CONVERT,
		.span = inner->span,
		.depth = inner->depth,
		.type = type,
		.can_fault = inner->can_fault,
		.faults = inner->faults };
	e->u.converted = inner;
}

/* Can `[]` or `{}` be of this type? */
static bool takes_empty(const struct type *type) {
	const struct type *of = type->kind == TYPE_OPTIONAL ? type->of : type;
	return of->kind == TYPE_LIST || of->kind == TYPE_MAP;
}

const struct type *check_join(struct checker *c, const struct type *a, const struct type *b) {
	if (a == b || b->kind == TYPE_ERROR) {
		return a;
	}
	if (a->kind == TYPE_ERROR) {
		return b;
	}
	if (a->kind == TYPE_NONE) {
		return b->kind == TYPE_OPTIONAL ? b : type_optional(c->types, b);
	}
	if (b->kind == TYPE_NONE) {
		return check_join(c, b, a);
	}
	if (a->kind == TYPE_OPTIONAL && a->of == b) {
		return a;
	}
	if (b->kind == TYPE_OPTIONAL && b->of == a) {
		return b;
	}
	if (b->kind == TYPE_EMPTY) {
		return takes_empty(a) ? a : NULL;
	}
	if (a->kind == TYPE_EMPTY) {
		return check_join(c, b, a);
	}
	if (a->kind == TYPE_LIST && b->kind == TYPE_LIST) {
		const struct type *of = check_join(c, a->of, b->of);
		return of == NULL ? NULL : type_list(c->types, of);
	}
	if (a->kind == TYPE_MAP && b->kind == TYPE_MAP) {
		const struct type *of = check_join(c, a->of, b->of);
		return of == NULL || of->kind == TYPE_OPTIONAL ? NULL : type_map(c->types, of);
	}
	return NULL;
}

struct diagnostic *check_optional_used(struct checker *c, const struct expr *e) {
	return report(c, OPTIONAL_USED, e->span,
		"give a default with `??`, or test it with `if let`", "this is %s and may be none",
		text_of(c, e->type));
}

/* Literals that have no type yet take the wanted one, elements too. */
static bool settle(struct checker *c, struct expr *e, const struct type *want) {
	if (e->type->kind == TYPE_NONE && want->kind == TYPE_OPTIONAL) {
		e->type = want;
		return true;
	}
	enum expr_kind other = want->kind == TYPE_LIST ? EXPR_MAP : EXPR_LIST;
	bool container = want->kind == TYPE_LIST || want->kind == TYPE_MAP;
	if (e->type->kind == TYPE_EMPTY && container && e->kind != other) {
		e->type = want;
		return true;
	}
	bool list = e->kind == EXPR_LIST && want->kind == TYPE_LIST;
	bool map = e->kind == EXPR_MAP && want->kind == TYPE_MAP;
	if (!list && !map) {
		return false;
	}
	for (struct argument *a = e->u.items; a != NULL; a = a->next) {
		if (check_convert(c, a->value, want->of) != NULL) {
			break;
		}
	}
	e->type = want;
	return true;
}

struct diagnostic *check_convert(struct checker *c, struct expr *e, const struct type *want) {
	const struct type *have = e->type;
	if (have == want || have->kind == TYPE_ERROR || want->kind == TYPE_ERROR ||
		settle(c, e, want)) {
		return NULL;
	}
	if (want->kind == TYPE_OPTIONAL && have->kind != TYPE_OPTIONAL) {
		bool fits = want->of == have || have->kind == TYPE_EMPTY ||
			(type_is_open(have) && have->kind != TYPE_NONE) || e->kind == EXPR_LIST ||
			e->kind == EXPR_MAP;
		if (fits) {
			struct diagnostic *said = check_convert(c, e, want->of);
			if (said == NULL) {
				check_wrap(c, e, want);
			}
			return said;
		}
	}
	struct diagnostic *said;
	if (have->kind == TYPE_OPTIONAL && have->of == want) {
		said = check_optional_used(c, e);
	} else {
		const char *label = NULL;
		if (have->kind == TYPE_INT && want->kind == TYPE_FLOAT) {
			label = "write float(…), or 1.0 for 1";
		} else if (have->kind == TYPE_FLOAT && want->kind == TYPE_INT) {
			label = "write int(…)";
		} else if (want->kind == TYPE_STRING && check_is_printable(have)) {
			label = "write string(…) or \"{…}\"";
		} else if (have->kind == TYPE_INT && want->kind == TYPE_DURATION) {
			label = "durations have a unit: 24h, 30s";
		} else if (have->kind == TYPE_EMPTY && takes_empty(want)) {
			label = e->kind == EXPR_MAP ? "an empty list is []" : "an empty map is {}";
		}
		bool empty_map = have->kind == TYPE_EMPTY && e->kind == EXPR_MAP;
		said = report(c, WRONG_TYPE, e->span, label, "expected %s, found %s",
			text_of(c, want), empty_map ? "{}" : text_of(c, have));
	}
	e->type = basic(c, TYPE_ERROR);
	return said;
}

struct diagnostic *check_expect(struct checker *c, struct expr *e, const struct type *want) {
	(void)check_expr(c, e);
	return check_convert(c, e, want);
}

void check_arguments(struct checker *c, struct span span, struct argument *args,
	struct field *params, const struct decl *of) {
	struct field *param = params;
	unsigned wanted = 0, given = 0;
	for (; param != NULL; param = param->next) {
		wanted++;
	}
	param = params;
	for (struct argument *a = args; a != NULL; a = a->next) {
		given++;
		if (param == NULL) {
			(void)check_expr(c, a->value);
			continue;
		}
		a->field = param;
		struct diagnostic *said = check_expect(
			c, a->value, param->type == NULL ? basic(c, TYPE_ERROR) : param->type);
		if (said != NULL && of->file != NULL) {
			note(c, said, of->file, param->span, "the parameter '%s' is declared here",
				param->name.text);
		}
		param = param->next;
	}
	if (given != wanted) {
		struct diagnostic *said = report(c, ARGUMENT_COUNT, span, NULL,
			"'%s' takes %u argument%s, not %u", of->name.text, wanted,
			wanted == 1 ? "" : "s", given);
		check_note_decl(c, said, of);
	}
}
