/*
 * A strand in C: its states, its frame, its run function.
 *
 * Everything stands in the IR already; what is added here is braces, `#line`
 * and the four lines of each poll and jump.
 */
#include "emit.h"

#include <string.h>

static void emit_op(struct emit *e, const struct ir_strand *strand, const struct ir_op *op);

static void emit_block(
	struct emit *e, const struct ir_strand *strand, const struct ir_block *block) {
	e->indent++;
	for (const struct ir_op *op = block->first; op != NULL; op = op->next) {
		emit_op(e, strand, op);
	}
	e->indent--;
}

static void go_to(struct emit *e, const char *state) {
	emit_line(e, "f->at = %s;", state);
	emit_plain(e, "return DTF_AGAIN;");
}

static void go_to_handler(struct emit *e, const struct ir_state *handler) {
	if (handler != NULL) {
		go_to(e, handler->name);
	} else {
		emit_plain(e, "return DTF_RAISED;");
	}
}

static void emit_poll(struct emit *e, const struct ir_strand *strand, const struct ir_op *op) {
	emit_expr(e, strand, "step = ", op->expr, ";");
	if (op->handler != NULL) {
		emit_plain(e, "if (step == DTF_RAISED) {");
		e->indent++;
		go_to_handler(e, op->handler);
		e->indent--;
		emit_plain(e, "}");
	}
	emit_plain(e, "if (step != DTF_READY) {");
	emit_plain(e, "\treturn step;");
	emit_plain(e, "}");
}

static bool is_one_if(const struct ir_block *block) {
	return block->first != NULL && block->first->next == NULL && block->first->kind == IR_IF;
}

static void emit_if(struct emit *e, const struct ir_strand *strand, const struct ir_op *op,
	const char *before) {
	emit_expr(e, strand, before, op->expr, ") {");
	emit_block(e, strand, op->body);
	e->want = 0;
	if (op->otherwise == NULL || op->otherwise->first == NULL) {
		emit_plain(e, "}");
	} else if (is_one_if(op->otherwise)) {
		e->want = op->otherwise->first->line;
		emit_if(e, strand, op->otherwise->first, "} else if (");
	} else {
		emit_plain(e, "} else {");
		emit_block(e, strand, op->otherwise);
		e->want = 0;
		emit_plain(e, "}");
	}
}

static bool declares(const struct ir_block *block) {
	for (const struct ir_op *op = block->first; op != NULL; op = op->next) {
		if (op->kind == IR_DECLARE && !op->slot->in_frame) {
			return true;
		}
	}
	return false;
}

static void emit_switch(struct emit *e, const struct ir_strand *strand, const struct ir_op *op) {
	emit_expr(e, strand, "switch (", op->expr, ") {");
	e->want = 0;
	for (const struct ir_case *c = op->cases; c != NULL; c = c->next) {
		bool braces = declares(c->body);
		for (const struct ir_item *label = c->labels; label != NULL; label = label->next) {
			bool last = label->next == NULL && !c->is_default;
			emit_expr(e, strand, "case ", label->value, last && braces ? ": {" : ":");
		}
		if (c->is_default) {
			emit_line(e, "default:%s", braces ? " {" : "");
		}
		emit_block(e, strand, c->body);
		e->want = 0;
		if (braces) {
			emit_plain(e, "}");
		}
	}
	emit_plain(e, "}");
}

static void emit_declare(struct emit *e, const struct ir_strand *strand, const struct ir_op *op) {
	const struct ir_slot *slot = op->slot;

	if (slot->in_frame) {
		if (op->expr != NULL) {
			const char *place = emit_flat(e->arena, strand,
				&(struct ir_expr){ .kind = IR_SLOT, .slot = op->slot });
			emit_expr(e, strand, mem_printf(e->arena, "%s = ", place), op->expr, ";");
		}
		return;
	}
	const char *declarator = emit_declarator(e->arena, slot->c_type, slot->name);
	if (op->expr == NULL) {
		emit_line(e, "%s;", declarator);
		return;
	}
	bool parens = ir_precedence(op->expr) < 2;
	emit_expr(e, strand, mem_printf(e->arena, "%s = %s", declarator, parens ? "(" : ""),
		op->expr, parens ? ");" : ";");
	if (!slot->read) {
		e->want = 0;
		emit_line(e, "(void)%s;", slot->name);
	}
}

static void emit_for(struct emit *e, const struct ir_strand *strand, const struct ir_op *op) {
	const struct ir_slot *slot = op->slot;
	const char *init = emit_flat(e->arena, strand, op->init);
	const char *before = mem_printf(e->arena, "for (%s = %s; ",
		emit_declarator(e->arena, slot->c_type, slot->name), init);

	emit_expr(e, strand, before, op->expr, mem_printf(e->arena, "; %s++) {", slot->name));
	emit_block(e, strand, op->body);
	e->want = 0;
	emit_plain(e, "}");
}

static void emit_op(struct emit *e, const struct ir_strand *strand, const struct ir_op *op) {
	e->want = op->line;
	switch (op->kind) {
	case IR_EVAL:
		emit_expr(e, strand, "", op->expr, ";");
		break;
	case IR_DECLARE:
		emit_declare(e, strand, op);
		break;
	case IR_IF:
		emit_if(e, strand, op, "if (");
		break;
	case IR_WHILE:
		emit_expr(e, strand, "while (", op->expr, ") {");
		emit_block(e, strand, op->body);
		e->want = 0;
		emit_plain(e, "}");
		break;
	case IR_FOR:
		emit_for(e, strand, op);
		break;
	case IR_SWITCH:
		emit_switch(e, strand, op);
		break;
	case IR_BLOCK:
		emit_plain(e, "{");
		emit_block(e, strand, op->body);
		e->want = 0;
		emit_plain(e, "}");
		break;
	case IR_BREAK:
		emit_plain(e, "break;");
		break;
	case IR_CONTINUE:
		emit_plain(e, "continue;");
		break;
	case IR_RETURN:
		emit_expr(e, strand, "return ", op->expr, ";");
		break;
	case IR_JUMP:
		go_to(e, op->target->name);
		break;
	case IR_GO:
		emit_expr(e, strand, "f->at = ", op->expr, ";");
		emit_plain(e, "return DTF_AGAIN;");
		break;
	case IR_RAISED:
		emit_plain(e, "if (dtf_raised(ctx)) {");
		e->indent++;
		go_to_handler(e, op->handler);
		e->indent--;
		emit_plain(e, "}");
		break;
	case IR_RAISE:
		go_to_handler(e, op->handler);
		break;
	case IR_POLL:
		emit_poll(e, strand, op);
		break;
	case IR_AWAIT:
		emit_line(e, "f->at = %s;", op->target->name);
		emit_plain(e, "DTF_FALLTHROUGH;");
		break;
	case IR_FALL:
		emit_plain(e, "DTF_FALLTHROUGH;");
		break;
	}
}

static void emit_state(
	struct emit *e, const struct ir_strand *strand, const struct ir_state *state) {
	e->want = 0;
	if (state->body.first->kind == IR_FALL) { /* nothing else: two labels of one place */
		emit_line(e, "case %s:", state->name);
		return;
	}
	emit_line(e, "case %s:%s", state->name, state->has_locals ? " {" : "");
	emit_block(e, strand, &state->body);
	e->want = 0;
	if (state->has_locals) {
		emit_plain(e, "}");
	}
	emit_blank(e);
}

static const struct ir_strand *above(const struct ir_strand *strand, unsigned levels) {
	while (levels-- > 0) {
		strand = strand->parent;
	}
	return strand;
}

void emit_c_run(struct emit *e, const struct ir_strand *strand) {
	const char *c = strand->c_name;

	emit_line(e, "static enum dtf_step %s_run(struct dtf_ctx *ctx, void *frame) {", c);
	e->indent++;
	emit_line(e, "struct %s_frame *f = frame;", c);
	for (unsigned n = 1; n < 32; n++) {
		if (strand->ups & (1U << n)) {
			emit_line(e, "struct %s_frame *%s = dtf_up(ctx, %u);",
				above(strand, n)->c_name, emit_up(e->arena, n), n);
		}
	}
	if (strand->uses_step) {
		emit_plain(e, "enum dtf_step step;");
	}
	if (strand->arm != NULL) {
		emit_plain(e, "int arm;");
	}
	emit_blank(e);
	emit_plain(e, "switch (f->at) {");
	for (const struct ir_state *s = strand->states; s != NULL; s = s->next) {
		emit_state(e, strand, s);
	}
	emit_plain(e, "default:");
	emit_plain(e, "\treturn dtf_bad_state(ctx, (int)f->at);");
	emit_plain(e, "}");
	e->indent--;
	emit_plain(e, "}");
}

void emit_c_query(struct emit *e, const struct ir_strand *body, const struct ir_query *query) {
	emit_line(e, "static void %s(struct dtf_ctx *ctx, const void *frame, void *ret) {",
		query->c_name);
	if (query->uses_frame) {
		emit_line(e, "\tconst struct %s_frame *f = frame;", body->c_name);
		emit_blank(e);
	}
	emit_block(e, body, &query->state->body);
	e->want = 0;
	emit_plain(e, "}");
}
