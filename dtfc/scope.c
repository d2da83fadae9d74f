/*
 * Names.
 *
 * A file's declarations are one namespace, kept in a hash table: generated
 * files may have thousands.  A workflow's variables are lists in a chain of
 * scopes: there are few, and they go away in the order they came.
 */
#include "scope.h"

#include <string.h>

struct names {
	struct arena *arena;
	struct decl **slots;
	size_t capacity; /* a power of two */
	size_t count;
};

struct names *names_create(struct arena *arena) {
	struct names *names = mem_new(arena, struct names);
	names->arena = arena;
	names->capacity = 64;
	names->slots = mem_alloc(arena, names->capacity * sizeof(*names->slots));
	return names;
}

static struct decl **slot_of(const struct names *names, const char *text) {
	size_t hash = 0;
	for (const char *p = text; *p; p++) {
		hash = (hash ^ (unsigned char)*p) * (size_t)0x100000001b3;
	}
	hash ^= hash >> 32;
	for (size_t i = hash;; i++) {
		struct decl **slot = &names->slots[i & (names->capacity - 1)];
		if (!*slot || strcmp((*slot)->name.text, text) == 0) {
			return slot;
		}
	}
}

struct decl *names_find(const struct names *names, const char *text) {
	return *slot_of(names, text);
}

static void grow(struct names *names) {
	struct decl **old = names->slots;
	size_t n = names->capacity;
	names->capacity *= 2;
	names->slots = mem_alloc(names->arena, names->capacity * sizeof(*names->slots));
	for (size_t i = 0; i < n; i++) {
		if (old[i]) {
			*slot_of(names, old[i]->name.text) = old[i];
		}
	}
}

void names_put(struct names *names, struct decl *decl) {
	struct decl **slot = slot_of(names, decl->name.text);
	bool is_new = !*slot;
	*slot = decl;
	if (is_new && ++names->count * 2 > names->capacity) {
		grow(names);
	}
}

struct binding *scope_find_here(const struct scope *scope, const char *text) {
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

void scope_add(struct arena *arena, struct scope *scope, struct var *var, bool is_unknown) {
	struct binding *b = mem_new(arena, struct binding);
	*b = (struct binding){
		.next = scope->bindings,
		.text = var->name.text,
		.var = var,
		.is_unknown = is_unknown,
	};
	scope->bindings = b;
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
