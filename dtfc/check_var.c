/*
 * Variables of a workflow: declaring them, finding them, and what a condition
 * tells about the optional ones (LANGUAGE.md 4).
 *
 * Every variable belongs to the strand whose code declares it.  Code of an undo
 * sees copies: finding a name across an undo's edge makes the copy, so that no
 * later pass has to think about who captures what.
 */
#include "checker.h"

#include <string.h>

bool check_enter(struct checker *c, struct span span) {
	enum { DEPTH_MAX = 1000 };
	c->depth++;
	if (c->depth > DEPTH_MAX) {
		if (!c->is_too_deep) {
			report(c, LIMIT, span, NULL, "this is nested too deeply (limit %d)",
				DEPTH_MAX);
		}
		c->is_too_deep = true;
		c->depth--;
		return false;
	}
	return true;
}

void check_leave(struct checker *c) {
	c->depth--;
}

void check_scope_open(struct checker *c, struct inside *inside) {
	*inside = (struct inside){ .scope = { .parent = c->scope }, .narrow = c->narrow };
	c->scope = &inside->scope;
}

void check_scope_close(struct checker *c, struct inside *inside) {
	c->scope = inside->scope.parent;
	c->narrow = inside->narrow;
}

/* ---- declaring ---- */

/* Another variable, or a constant or enum, that the new one hides. */
static void warn_shadow(struct checker *c, const struct name *name) {
	struct scope *where;
	const struct binding *outer = scope_find(c->scope->parent, name->text, &where);
	if (outer && !outer->is_unknown) {
		struct diagnostic *d = report(c, SHADOW, name->span, "give it a name of its own",
			"'%s' hides another variable", name->text);
		note(c, d, c->file, outer->var->name.span, "the other '%s' is declared here",
			name->text);
		return;
	}
	const struct decl *import = check_import(c, name->text);
	if (!outer && import) {
		struct diagnostic *d = report(c, SHADOW, name->span, "give it a name of its own",
			"'%s' hides a package", name->text);
		note(c, d, c->file, import->path_span, "it is imported here");
	}
	const struct decl *decl = names_find(c->file->names, name->text);
	if (!outer && decl && (decl->kind == DECL_CONST || decl->kind == DECL_ENUM)) {
		struct diagnostic *d = report(c, SHADOW, name->span, "give it a name of its own",
			"'%s' hides %s", name->text, check_kind_text(decl->kind));
		check_note_decl(c, d, decl);
	}
}

static void append(struct checker *c, struct var *var) {
	*c->vars_tail = var;
	c->vars_tail = &var->next;
}

void check_add(struct checker *c, struct var *var) {
	const struct name *name = &var->name;
	const struct binding *same = scope_find_here(c->scope, name->text);
	append(c, var);
	if (strcmp(name->text, "self") == 0) {
		report(c, RESERVED_NAME, name->span, NULL, "'%s' has a meaning of its own",
			name->text);
	} else if (same && !same->is_unknown) {
		struct diagnostic *d = report(c, DUPLICATE_NAME, name->span, "give it another name",
			"'%s' is declared twice", name->text);
		note(c, d, c->file, same->var->name.span, "'%s' is declared here", name->text);
	} else if (!same) {
		warn_shadow(c, name);
	}
	scope_add(c->arena, c->scope, var, false);
}

struct var *check_declare(
	struct checker *c, enum var_kind kind, struct name name, const struct type *type) {
	struct var *var = mem_new(c->arena, struct var);
	*var = (struct var){
		.kind = kind,
		.name = name,
		.type = type,
		.is_mutable = kind == VAR_VAR,
		.strand = c->strand,
	};
	check_add(c, var);
	return var;
}

/* ---- finding ---- */

/* The undo's copy of a variable of the code around it (DECISIONS 10). */
static struct var *capture(struct checker *c, struct undo *undo, struct var *outer) {
	struct capture **tail = &undo->captures;
	for (; *tail; tail = &(*tail)->next) {
		if ((*tail)->outer == outer) {
			return (*tail)->inner;
		}
	}
	struct var *inner = mem_new(c->arena, struct var);
	*inner = (struct var){
		.kind = outer->kind,
		.name = outer->name,
		.type = outer->type,
		.strand = &undo->strand,
		.captured = outer,
		.used = true,
	};
	append(c, inner);
	struct capture *capture = mem_new(c->arena, struct capture);
	*capture = (struct capture){ .outer = outer, .inner = inner };
	*tail = capture;
	outer->used = true;
	return inner;
}

/* From the scope that has it inwards: each undo on the way makes its copy. */
static struct var *seen_from(
	struct checker *c, const struct scope *scope, const struct scope *where, struct var *var) {
	if (scope == where) {
		return var;
	}
	var = seen_from(c, scope->parent, where, var);
	return scope->undo ? capture(c, scope->undo, var) : var;
}

struct var *check_variable(struct checker *c, const char *text) {
	struct scope *where;
	const struct binding *b = scope_find(c->scope, text, &where);
	return b ? seen_from(c, c->scope, where, b->var) : NULL;
}

/* ---- narrowing ---- */

static const struct var *original(const struct var *var) {
	while (var->captured) {
		var = var->captured;
	}
	return var;
}

bool check_is_narrowed(const struct checker *c, const struct var *var) {
	for (const struct narrow *n = c->narrow; n; n = n->next) {
		if (n->var == original(var)) {
			return true;
		}
	}
	return false;
}

/* `x` of `x != none` or `none != x`, if it is a variable that cannot change. */
static struct var *tested(const struct expr *e) {
	const struct expr *left = e->u.operation.left, *right = e->u.operation.right;
	if (left->kind == EXPR_NONE) {
		left = right;
		right = e->u.operation.left;
	}
	if (right->kind != EXPR_NONE || left->kind != EXPR_NAME || !left->var ||
		left->var->is_mutable) {
		return NULL;
	}
	return left->var;
}

void check_narrow(struct checker *c, const struct expr *condition, bool truth) {
	if (condition->kind == EXPR_UNARY && condition->u.operation.op == OP_NOT) {
		check_narrow(c, condition->u.operation.left, !truth);
		return;
	}
	if (condition->kind != EXPR_BINARY) {
		return;
	}
	enum op op = condition->u.operation.op;
	if (op == (truth ? OP_AND : OP_OR)) {
		check_narrow(c, condition->u.operation.left, truth);
		check_narrow(c, condition->u.operation.right, truth);
	} else if (op == (truth ? OP_NE : OP_EQ)) {
		struct var *var = tested(condition);
		while (var && var->captured) {
			var = var->captured;
		}
		if (var && var->type->kind == TYPE_OPTIONAL && !var->is_mutable) {
			struct narrow *narrow = mem_new(c->arena, struct narrow);
			*narrow = (struct narrow){ .next = c->narrow, .var = var };
			c->narrow = narrow;
		}
	}
}
