/*
 * Queries: a function each, of the body's frame.
 *
 * It is lowered as if it were one more state of the body, which no strand
 * holds: so a variable that it reads is used outside of the state that declares
 * it and lives in the frame, and what it stashes is a local of its own.
 */
#include "lower_in.h"

#include <string.h>

void lower_query_heads(struct lower *l, struct ir_workflow *w, struct decl *decl) {
	const char *package = decl->file->c_package;
	const char *base = lower_decl(l, decl)->base;
	struct ir_query **tail = &w->queries;

	for (struct query *q = decl->queries; q != NULL; q = q->next) {
		struct ir_query *query = mem_new(l->arena, struct ir_query);
		const struct ctype *type = lower_ctype(l, q->type);
		const char *name = cname_snake(l->arena, q->name.text);
		query->name = q->name.text;
		query->type = type_text(l->arena, q->type);
		query->client = cname_unique(
			l->globals, mem_printf(l->arena, "%s_%s_query_%s", package, base, name));
		query->c_name = cname_unique(
			l->globals, mem_printf(l->arena, "%s_query_%s", base, name));
		query->result_c = type->c;
		query->table = type->table;
		*tail = query;
		tail = &query->next;
	}
}

/* What no code comes to has no slot yet: it reads as zero. */
static void give_slots(struct lower *l, const struct decl *decl) {
	for (struct var *var = decl->vars; var != NULL; var = var->next) {
		bool is_own = var->strand == &decl->strand && var->type->kind != TYPE_ERROR &&
			var->type->kind != TYPE_FAILURE;
		if (is_own && map_get(&l->strand->slots, var) == NULL) {
			struct ir_slot *slot = lower_slot(
				l, var->name.text, lower_ctype(l, var->type));
			slot->var = var;
			slot->declared = true;
			map_put(l->arena, &l->strand->slots, var, slot);
		}
	}
}

void lower_queries(struct lower *l, struct ir_workflow *w, struct decl *decl) {
	struct ir_query *query = w->queries;
	struct strand *s = l->strand;

	if (query == NULL) {
		return;
	}
	give_slots(l, decl);
	for (struct query *q = decl->queries; q != NULL; q = q->next, query = query->next) {
		query->state = mem_new(l->arena, struct ir_state);
		query->state->name = query->c_name;
		ir_block_init(&query->state->body);
		s->state = query->state;
		s->block = &query->state->body;
		s->dead = false;
		lower_at(l, q->value->span);
		const char *c = query->result_c;
		bool pointer = c[strlen(c) - 1] == '*';
		struct ir_expr *to = ir_unary(l->arena, "*",
			ir_unary(l->arena, mem_printf(l->arena, "(%s%s*)", c, pointer ? "" : " "),
				ir_text(l->arena, "ret")));
		struct ir_expr *value = lower_expr(l, q->value);
		lower_eval(l, ir_assign(l->arena, to, value));
	}
}
