/*
 * Who is visible where: the declarations of a file, and the variables of a
 * workflow in nested scopes.
 */
#ifndef DTFC_SCOPE_H
#define DTFC_SCOPE_H

#include "ast.h"
#include "mem.h"
#include "suggest.h"
#include "table.h"

/* Declarations by name. */
struct names;

struct names *names_create(struct arena *arena);
struct decl *names_find(const struct names *names, const char *text);
/* Adds it, or puts it in the place of the one that has its name. */
void names_put(struct names *names, struct decl *decl);

struct binding {
	struct binding *next;
	const char *text;
	struct var *var;
	bool is_unknown; /* made up after "unknown name", so that it is said once */
};

struct scope {
	struct scope *parent;
	struct binding *bindings; /* newest first */
	size_t count;
	struct table table; /* of them, if they are many */
	struct undo *undo;  /* what this scope's code finds further out is captured by it */
};

/* Innermost first; *ret_where is the scope that has it.  NULL if there is none. */
struct binding *scope_find(struct scope *scope, const char *text, struct scope **ret_where);
struct binding *scope_find_here(const struct scope *scope, const char *text);
void scope_add(struct arena *arena, struct scope *scope, struct var *var, bool is_unknown);
/* Offers all visible variables. */
void scope_suggest(const struct scope *scope, struct suggest *suggest);

#endif
