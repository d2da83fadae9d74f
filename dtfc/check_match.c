/*
 * match (LANGUAGE.md 7): by which values an arm is chosen, and whether one is
 * chosen for certain.
 *
 * The values are constants, so that two equal ones are found here and no later
 * pass has to ask which of them wins.  On an enum every member must have an arm;
 * on other types a match that no arm fits goes on behind itself.
 */
#include "checker.h"

#include <string.h>

static bool same_value(const struct expr *a, const struct expr *b) {
	if (a->member != NULL || b->member != NULL) {
		return a->member == b->member;
	}
	a = check_literal(a);
	b = check_literal(b);
	if (a == NULL || b == NULL || a->kind != b->kind) {
		return false;
	}
	if (a->kind == EXPR_STRING) {
		const struct string_part *p = a->u.parts, *q = b->u.parts;
		return p == NULL || q == NULL
			? p == q
			: p->len == q->len && memcmp(p->text, q->text, p->len) == 0;
	}
	return a->kind == EXPR_BOOL ? a->u.boolean == b->u.boolean : a->u.integer == b->u.integer;
}

/* The value of an earlier arm, or earlier in the same one, that equals v, or NULL. */
static const struct argument *earlier_value(
	const struct stmt *s, const struct match_arm *arm, const struct argument *v) {
	for (const struct match_arm *a = s->u.match.arms; a != NULL;
		a = a == arm ? NULL : a->next) {
		for (const struct argument *w = a->values; w != NULL && w != v; w = w->next) {
			if (same_value(w->value, v->value)) {
				return w;
			}
		}
	}
	return NULL;
}

static void match_values(
	struct checker *c, struct stmt *s, struct match_arm *arm, const struct type *type) {
	for (struct argument *v = arm->values; v != NULL; v = v->next) {
		if (check_expect(c, v->value, type) != NULL) {
			continue;
		}
		if (!check_is_constant(v->value)) {
			report(c, NOT_CONSTANT, v->span, NULL, "an arm's value must be a constant");
			continue;
		}
		const struct argument *first = earlier_value(s, arm, v);
		if (first != NULL) {
			struct diagnostic *said = report(
				c, DUPLICATE_ARM, v->span, NULL, "this value has an arm already");
			note(c, said, c->file, first->span, "the first one is here");
		}
	}
}

static bool has_value(const struct stmt *s, bool value) {
	for (const struct match_arm *a = s->u.match.arms; a != NULL; a = a->next) {
		for (const struct argument *v = a->values; v != NULL; v = v->next) {
			const struct expr *literal = check_literal(v->value);
			if (literal != NULL && literal->kind == EXPR_BOOL &&
				literal->u.boolean == value) {
				return true;
			}
		}
	}
	return false;
}

/* On an enum it must be, or has been reported. */
bool check_is_exhaustive(const struct stmt *s) {
	enum type_kind kind = s->u.match.value->type->kind;
	for (const struct match_arm *a = s->u.match.arms; a != NULL; a = a->next) {
		if (a->values == NULL) {
			return true;
		}
	}
	return (kind == TYPE_ENUM && s->u.match.arms != NULL) ||
		(kind == TYPE_BOOL && has_value(s, true) && has_value(s, false));
}

static void check_exhaustive(struct checker *c, struct stmt *s, const struct type *type) {
	const char *missing = NULL;
	for (const struct field *m = type->decl->fields; m != NULL; m = m->next) {
		bool found = false;
		for (struct match_arm *a = s->u.match.arms; a != NULL; a = a->next) {
			found = found || a->values == NULL;
			for (struct argument *v = a->values; v != NULL; v = v->next) {
				found = found || v->value->member == m;
			}
		}
		if (!found) {
			missing = missing == NULL
				? m->name.text
				: mem_printf(c->arena, "%s, %s", missing, m->name.text);
		}
	}
	if (missing != NULL) {
		struct diagnostic *said = report(c, NOT_EXHAUSTIVE, s->span,
			mem_printf(c->arena, "missing: %s", missing),
			"the match does not cover all members of '%s'", type->decl->name.text);
		check_note_decl(c, said, type->decl);
	}
}

void check_match(struct checker *c, struct stmt *s) {
	const struct type *type = check_expr(c, s->u.match.value);
	bool has_else = false, members = type->kind == TYPE_ENUM;
	bool matchable = members || type->kind == TYPE_INT || type->kind == TYPE_STRING ||
		type->kind == TYPE_BOOL || type->kind == TYPE_DURATION || type->kind == TYPE_ERROR;
	if (!matchable) {
		report(c, WRONG_TYPE, s->u.match.value->span,
			type->kind == TYPE_OPTIONAL ? "give a default with `??`" : NULL,
			"a match chooses by an enum, int, string, bool or duration, not by %s",
			text_of(c, type));
	}
	for (struct match_arm *a = s->u.match.arms; a != NULL; a = a->next) {
		match_values(c, s, a, matchable ? type : basic(c, TYPE_ERROR));
		if (has_else) {
			report(c, UNREACHABLE, a->span, NULL, "`else` stands before this arm");
		}
		has_else = has_else || a->values == NULL;
		check_block(c, a->body);
	}
	if (s->u.match.arms == NULL) {
		report(c, EMPTY_BLOCK, s->span, NULL, "a `match` without arms");
	} else if (members && !has_else) {
		check_exhaustive(c, s, type);
	}
}
