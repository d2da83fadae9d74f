/*
 * Which tables of lists and optionals are needed.
 *
 * Their structs are made as soon as a type is mentioned; a table that nothing
 * refers to would be an unused variable in C.  So the tables that are named are
 * found: from fields, results, payloads, frames and expressions, those of a workflow
 * as soon as it is lowered, and when all is, from one table to the next.
 */
#include "lower_in.h"

static void mark(struct lower *l, struct ir_type *type) {
	if (!type->has_table) {
		type->has_table = true;
		type->next_used = l->used;
		l->used = type;
	}
}

void lower_add_table(struct lower *l, struct ir_type *type) {
	struct ir_type *same = table_find(&l->tables, type->table);

	type->same_table = same;
	table_put(l->arena, &l->tables, type->table, type);
	if (same != NULL && same->has_table) {
		mark(l, type);
	}
}

static void use(struct lower *l, const char *table) {
	struct ir_type *t = table == NULL ? NULL : table_find(&l->tables, table);

	for (; t != NULL; t = t->same_table) {
		mark(l, t);
	}
}

static void use_fields(struct lower *l, const struct ir_field *fields) {
	for (; fields != NULL; fields = fields->next) {
		use(l, fields->table);
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

static void use_strand(struct lower *l, const struct ir_strand *strand) {
	use_fields(l, strand->captured);
	use(l, strand->late_table);
	use(l, strand->yields_table);
	for (const struct ir_slot *s = strand->slots; s != NULL; s = s->next) {
		if (s->in_frame) {
			use(l, s->table);
		}
	}
	for (struct ir_state *s = strand->states; s != NULL; s = s->next) {
		ir_walk(&s->body, use_op, l);
	}
}

void lower_use_workflow(struct lower *l, const struct ir_workflow *w) {
	use_fields(l, w->params);
	use(l, w->output_table);
	for (struct ir_query *q = w->queries; q != NULL; q = q->next) {
		use(l, q->table);
		ir_walk(&q->state->body, use_op, l);
	}
	for (struct ir_strand *s = w->strands; s != NULL; s = s->next) {
		use_strand(l, s);
	}
}

static void use_declarations(struct lower *l) {
	for (struct ir_type *t = l->module->types; t != NULL; t = t->next) {
		if (t->is_public) {
			mark(l, t);
		}
	}
	for (struct ir_error *e = l->module->errors; e != NULL; e = e->next) {
		use_fields(l, e->fields);
	}
	for (struct ir_activity *a = l->module->activities; a != NULL; a = a->next) {
		use_fields(l, a->params);
		use(l, a->result_table);
	}
	for (struct ir_event *e = l->module->events; e != NULL; e = e->next) {
		use_fields(l, e->payload);
	}
}

void lower_used_tables(struct lower *l) {
	use_declarations(l);
	while (l->used != NULL) {
		const struct ir_type *t = l->used;
		l->used = t->next_used;
		use(l, t->of_table);
		use_fields(l, t->fields);
	}
}
