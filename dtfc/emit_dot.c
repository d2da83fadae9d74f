/*
 * Two pictures of the IR for people: the listing of --emit=ir and the graph of
 * --emit=dot.  A graph's nodes are states, its edges the ways between them;
 * errors are dashed.
 */
#include "emit.h"

#include <string.h>

#include "cname.h"

/* ---- --emit=ir ---- */

static void list_block(
	struct emit *e, const struct ir_strand *strand, const struct ir_block *block);

static const char *text_of(
	struct emit *e, const struct ir_strand *strand, const struct ir_expr *expr) {
	return expr == NULL ? "" : emit_flat(e->arena, strand, expr);
}

static const char *handler_of(struct emit *e, const struct ir_op *op) {
	return op->handler == NULL ? "raised: end"
				   : mem_printf(e->arena, "raised: %s", op->handler->name);
}

/* The op itself, without what is nested in it. */
static const char *head_of(struct emit *e, const struct ir_strand *strand, const struct ir_op *op) {
	static const char *const words[] = {
		[IR_EVAL] = "eval",
		[IR_DECLARE] = "declare",
		[IR_IF] = "if",
		[IR_WHILE] = "while",
		[IR_FOR] = "for",
		[IR_SWITCH] = "switch",
		[IR_BLOCK] = "block",
		[IR_BREAK] = "break",
		[IR_CONTINUE] = "continue",
		[IR_RETURN] = "return",
		[IR_JUMP] = "jump",
		[IR_GO] = "go",
		[IR_RAISED] = "check",
		[IR_RAISE] = "raise",
		[IR_POLL] = "poll",
		[IR_AWAIT] = "await",
		[IR_FALL] = "fall",
	};
	const char *text = words[op->kind];

	if (op->slot != NULL) {
		text = mem_printf(e->arena, "%s %s%s", text, op->slot->in_frame ? "frame " : "",
			op->slot->name);
	}
	if (op->init != NULL) {
		text = mem_printf(e->arena, "%s from %s while", text, text_of(e, strand, op->init));
	}
	if (op->expr != NULL) {
		text = mem_printf(e->arena, "%s %s", text, text_of(e, strand, op->expr));
	}
	if (op->target != NULL && op->kind != IR_EVAL) {
		text = mem_printf(e->arena, "%s %s", text, op->target->name);
	}
	if (op->kind == IR_RAISED || op->kind == IR_RAISE || op->kind == IR_POLL) {
		text = mem_printf(e->arena, "%s, %s", text, handler_of(e, op));
	}
	return text;
}

static void list_op(struct emit *e, const struct ir_strand *strand, const struct ir_op *op) {
	emit_line(e, "%s", head_of(e, strand, op));
	for (const struct ir_case *c = op->cases; c != NULL; c = c->next) {
		for (const struct ir_item *label = c->labels; label != NULL; label = label->next) {
			emit_line(e, "case %s", text_of(e, strand, label->value));
		}
		if (c->is_default) {
			emit_plain(e, "default");
		}
		list_block(e, strand, c->body);
	}
	if (op->body != NULL) {
		list_block(e, strand, op->body);
	}
	if (op->otherwise != NULL) {
		emit_plain(e, "else");
		list_block(e, strand, op->otherwise);
	}
}

static void list_block(
	struct emit *e, const struct ir_strand *strand, const struct ir_block *block) {
	e->indent++;
	for (const struct ir_op *op = block->first; op != NULL; op = op->next) {
		list_op(e, strand, op);
	}
	e->indent--;
}

static void list_strand(struct emit *e, const struct ir_strand *strand) {
	emit_line(e, "strand %s", strand->path);
	e->indent++;
	for (const struct ir_slot *s = strand->slots; s != NULL; s = s->next) {
		if (s->in_frame) {
			emit_line(e, "slot %s%s: %s", s->prefix, s->name, s->c_type);
		}
	}
	for (const struct ir_state *s = strand->states; s != NULL; s = s->next) {
		emit_line(e, "state %s", s->name);
		list_block(e, strand, &s->body);
	}
	e->indent--;
}

void emit_ir(struct emit *e, const struct ir_module *module) {
	for (const struct ir_workflow *w = module->workflows; w != NULL; w = w->next) {
		unsigned n = 0;
		emit_line(e, "workflow %s", w->name);
		e->indent++;
		for (const struct ir_site *s = w->sites; s != NULL; s = s->next) {
			emit_line(e, "site %u %s %s %u:%u", n++, s->kind, s->name, s->line,
				s->column);
		}
		for (const struct ir_strand *s = w->strands; s != NULL; s = s->next) {
			list_strand(e, s);
		}
		e->indent--;
		emit_done(e);
	}
}

/* ---- --emit=dot ---- */

struct edges {
	struct emit *e;
	const struct ir_state *from;
};

static void draw_edges(void *arg, struct ir_op *op) {
	struct edges *edges = arg;

	if (op->target != NULL) {
		emit_line(edges->e, "\"%s\" -> \"%s\"%s;", edges->from->name, op->target->name,
			op->kind == IR_AWAIT ? " [style=bold]" : "");
	}
	if (op->handler != NULL) {
		emit_line(edges->e, "\"%s\" -> \"%s\" [style=dashed];", edges->from->name,
			op->handler->name);
	}
}

/* "FULFIL_PRINT_LABEL" of strand FULFIL is "print label". */
static const char *label_of(
	struct emit *e, const struct ir_strand *strand, const struct ir_state *state) {
	char *label = mem_copy(e->arena, state->name, strlen(state->name));

	for (char *c = label; *c != '\0'; c++) {
		*c = *c == '_' ? ' ' : (char)(*c >= 'A' && *c <= 'Z' ? *c - 'A' + 'a' : *c);
	}
	return label + strlen(strand->upper) + 1;
}

void emit_dot(struct emit *e, const struct ir_module *module) {
	emit_line(e, "digraph %s {", module->c_package);
	e->indent++;
	emit_plain(e, "node [shape=box, fontname=\"sans-serif\"];");
	for (const struct ir_workflow *w = module->workflows; w != NULL; w = w->next) {
		for (struct ir_strand *strand = w->strands; strand != NULL; strand = strand->next) {
			emit_line(e, "subgraph \"cluster_%s\" {", strand->path);
			e->indent++;
			emit_line(e, "label=\"%s\";", strand->path);
			for (struct ir_state *s = strand->states; s != NULL; s = s->next) {
				struct edges edges = { e, s };
				emit_line(e, "\"%s\" [label=\"%s\"];", s->name,
					label_of(e, strand, s));
				ir_walk(&s->body, draw_edges, &edges);
			}
			e->indent--;
			emit_plain(e, "}");
		}
		emit_done(e);
	}
	e->indent--;
	emit_plain(e, "}");
}
