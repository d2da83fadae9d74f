/*
 * Names.
 *
 * A file's declarations are one namespace.  A workflow's variables are lists in a
 * chain of scopes, which go away in the order they came; most have a few, and one
 * that has many gets a table of them.
 */
#include "scope.h"

#include <string.h>

struct names {
	struct arena *arena;
	struct table table;
};

struct names *names_create(struct arena *arena) {
	struct names *names = mem_new(arena, struct names);
	names->arena = arena;
	return names;
}

struct decl *names_find(const struct names *names, const char *text) {
	return table_find(&names->table, text);
}

void names_put(struct names *names, struct decl *decl) {
	table_put(names->arena, &names->table, decl->name.text, decl);
}

enum { FEW = 8 };

struct binding *scope_find_here(const struct scope *scope, const char *text) {
	if (scope->count > FEW) {
		return table_find(&scope->table, text);
	}
	for (struct binding *b = scope->bindings; b; b = b->next) {
		if (strcmp(b->text, text) == 0) {
			return b;
		}
	}
	return NULL;
}

struct binding *scope_find(struct scope *scope, const char *text, struct scope **ret_where) {
	for (; scope; scope = scope->parent) {
		struct binding *b = scope_find_here(scope, text);
		if (b) {
			*ret_where = scope;
			return b;
		}
	}
	return NULL;
}

/* The newest of a name is the one that is found: the oldest are put first. */
static void put_all(struct arena *arena, struct scope *scope, struct binding *b) {
	struct binding *order[FEW + 1];
	size_t n = 0;
	for (; b; b = b->next) {
		order[n++] = b;
	}
	while (n-- > 0) {
		table_put(arena, &scope->table, order[n]->text, order[n]);
	}
}

void scope_add(struct arena *arena, struct scope *scope, struct var *var, bool is_unknown) {
	struct binding *b = mem_new(arena, struct binding);
	*b = (struct binding){
		.next = scope->bindings,
		.text = var->name.text,
		.var = var,
		.is_unknown = is_unknown,
	};
	scope->bindings = b;
	if (++scope->count == FEW + 1) {
		put_all(arena, scope, b);
	} else if (scope->count > FEW) {
		table_put(arena, &scope->table, b->text, b);
	}
}

void scope_suggest(const struct scope *scope, struct suggest *suggest) {
	for (; scope; scope = scope->parent) {
		for (const struct binding *b = scope->bindings; b; b = b->next) {
			if (!b->is_unknown) {
				suggest_offer(suggest, b->text);
			}
		}
	}
}
