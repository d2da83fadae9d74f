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
	/* By table, open addressing; those of one name behind each other by `same_table`. */
	struct ir_type **slots;
	size_t capacity; /* a power of two */
	/* Found, and what they need not yet looked at. */
	struct ir_type **pending;
	size_t npending;
};

static struct ir_type **slot_of(const struct used *u, const char *table) {
	uint32_t hash = 2166136261;

	for (const char *c = table; *c != '\0'; c++) {
		hash = (hash ^ (unsigned char)*c) * 16777619;
	}
	for (size_t i = hash ^ hash >> 15;; i++) {
		struct ir_type **slot = &u->slots[i & (u->capacity - 1)];
		if (*slot == NULL || strcmp((*slot)->table, table) == 0) {
			return slot;
		}
	}
}

static void mark(struct used *u, struct ir_type *type) {
	if (!type->has_table) {
		type->has_table = true;
		u->pending[u->npending++] = type;
	}
}

static void prepare(struct used *u, struct arena *arena) {
	size_t count = 0;

	for (struct ir_type *t = u->module->types; t != NULL; t = t->next) {
		t->has_table = false;
		count++;
	}
	for (u->capacity = 16; u->capacity < 2 * count; u->capacity *= 2) {
	}
	u->slots = mem_alloc(arena, u->capacity * sizeof(struct ir_type *));
	u->pending = mem_alloc(arena, (count + 1) * sizeof(struct ir_type *));
	for (struct ir_type *t = u->module->types; t != NULL; t = t->next) {
		struct ir_type **slot = slot_of(u, t->table);
		t->same_table = *slot;
		*slot = t;
		if (t->is_public) {
			mark(u, t);
		}
	}
}

static void use(struct used *u, const char *table) {
	struct ir_type *t = table == NULL ? NULL : *slot_of(u, table);

	for (; t != NULL; t = t->same_table) {
		mark(u, t);
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

void lower_used_tables(struct arena *arena, struct ir_module *module) {
	struct used u = { .module = module };

	prepare(&u, arena);
	use_declarations(&u);
	while (u.npending > 0) {
		const struct ir_type *t = u.pending[--u.npending];
		use(&u, t->of_table);
		use_fields(&u, t->fields);
	}
}
