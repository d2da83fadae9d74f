/*
 * Which tables of lists and optionals are needed.
 *
 * Their structs are made as soon as a type is mentioned; a table that nothing
 * refers to would be an unused variable in C.  So when all is lowered, the
 * tables that are named are found: from fields, results, payloads, frames and
 * expressions, and then from one table to the next.
 */
#include <string.h>

#include "lower_in.h"

struct used {
	struct ir_module *module;
	bool changed;
};

static void use(struct used *u, const char *table) {
	for (struct ir_type *t = u->module->types; t != NULL && table != NULL; t = t->next) {
		if (!t->has_table && strcmp(t->table, table) == 0) {
			t->has_table = true;
			u->changed = true;
		}
	}
}

static void use_fields(struct used *u, const struct ir_field *fields) {
	for (; fields != NULL; fields = fields->next) {
		use(u, fields->table);
	}
}

static void use_expr(void *arg, struct ir_expr *expr) {
	if (expr->kind == IR_TEXT && expr->name[0] == '&') {
		use(arg, expr->name + 1);
	}
}

static void use_op(void *arg, struct ir_op *op) {
	ir_walk_expr(op->expr, use_expr, arg);
	ir_walk_expr(op->init, use_expr, arg);
}

static void use_strand(struct used *u, const struct ir_strand *strand) {
	use_fields(u, strand->captured);
	use(u, strand->late_table);
	use(u, strand->yields_table);
	for (const struct ir_slot *s = strand->slots; s != NULL; s = s->next) {
		if (s->in_frame) {
			use(u, s->table);
		}
	}
	for (struct ir_state *s = strand->states; s != NULL; s = s->next) {
		ir_walk(&s->body, use_op, u);
	}
}

static void use_declarations(struct used *u) {
	for (struct ir_error *e = u->module->errors; e != NULL; e = e->next) {
		use_fields(u, e->fields);
	}
	for (struct ir_activity *a = u->module->activities; a != NULL; a = a->next) {
		use_fields(u, a->params);
		use(u, a->result_table);
	}
	for (struct ir_event *e = u->module->events; e != NULL; e = e->next) {
		use_fields(u, e->payload);
	}
	for (struct ir_workflow *w = u->module->workflows; w != NULL; w = w->next) {
		use_fields(u, w->params);
		use(u, w->output_table);
		for (struct ir_query *q = w->queries; q != NULL; q = q->next) {
			use(u, q->table);
			ir_walk(&q->state->body, use_op, u);
		}
		for (struct ir_strand *s = w->strands; s != NULL; s = s->next) {
			use_strand(u, s);
		}
	}
}

void lower_used_tables(struct ir_module *module) {
	struct used u = { .module = module };

	for (struct ir_type *t = module->types; t != NULL; t = t->next) {
		t->has_table = t->is_public;
	}
	use_declarations(&u);
	do {
		u.changed = false;
		for (struct ir_type *t = module->types; t != NULL; t = t->next) {
			if (t->has_table) {
				use(&u, t->of_table);
				use_fields(&u, t->fields);
			}
		}
	} while (u.changed);
}
