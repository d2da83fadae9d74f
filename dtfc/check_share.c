/*
 * Data between parallel branches (LANGUAGE.md 8): what one branch assigns, no
 * other may use, since which of them comes first is nobody's to say.
 */
#include "checker.h"

struct use {
	struct use *next;
	struct var *var;
	struct span span;
	bool assigned, said;
	unsigned branch;
};

struct share {
	struct checker *c;
	struct strand_syntax *strand; /* of the branch being looked at */
	unsigned branch;
	struct use *uses, **tail; /* in source order */
};

/* Does the variable belong to this strand or one inside it? */
static bool is_inside(const struct var *var, const struct strand_syntax *strand) {
	for (const struct strand_syntax *s = var->strand; s != NULL; s = s->parent) {
		if (s == strand) {
			return true;
		}
	}
	return false;
}

static void see_name(void *arg, struct expr *e, bool assigned) {
	struct share *share = arg;
	struct var *var = e->var;
	while (var->captured != NULL) {
		var = var->captured;
	}
	if (!var->is_mutable || is_inside(var, share->strand)) {
		return;
	}
	struct use *use = mem_new(share->c->arena, struct use);
	*use = (struct use){
		.var = var, .span = e->span, .assigned = assigned, .branch = share->branch
	};
	*share->tail = use;
	share->tail = &use->next;
}

static bool is_said(const struct use *uses, const struct use *until) {
	for (const struct use *use = uses; use != until; use = use->next) {
		if (use->said && use->var == until->var) {
			return true;
		}
	}
	return false;
}

/* Once for each variable. */
static void compare(struct share *share) {
	for (struct use *a = share->uses; a != NULL; a = a->next) {
		if (!a->assigned || is_said(share->uses, a)) {
			continue;
		}
		const struct use *b = share->uses;
		while (b != NULL && (b->var != a->var || b->branch == a->branch)) {
			b = b->next;
		}
		if (b != NULL) {
			struct checker *c = share->c;
			struct diagnostic *said = report(c, SHARED_DATA, a->span,
				"bring it out with a `let` branch, or with `yield`",
				"'%s' is assigned in one branch and used in another",
				a->var->name.text);
			note(c, said, c->file, b->span, "the other branch uses it here");
			a->said = true;
		}
	}
}

static void see_parallel(void *arg, struct expr *e) {
	struct checker *c = arg;
	if (e->kind != EXPR_PARALLEL) {
		return;
	}
	struct share share = { .c = c };
	share.tail = &share.uses;
	struct visitor v = { .arg = &share, .name = see_name };
	if (e->u.parallel->is_for) {
		share.strand = &e->u.parallel->strand;
		check_visit_block(e->u.parallel->body, &v);
		for (struct use *use = share.uses; use != NULL; use = use->next) {
			if (use->assigned && !is_said(share.uses, use)) {
				report(c, SHARED_DATA, use->span, "bring values out with `yield`",
					"'%s' belongs to all branches: none can assign it",
					use->var->name.text);
				use->said = true;
			}
		}
		return;
	}
	for (struct branch *b = e->u.parallel->branches; b != NULL; b = b->next) {
		share.branch++;
		share.strand = &b->strand;
		check_visit(b->body, &v);
	}
	compare(&share);
}

void check_sharing(struct checker *c, struct decl *workflow) {
	struct visitor v = { .arg = c, .expr = see_parallel };
	check_visit_block(workflow->body, &v);
}
