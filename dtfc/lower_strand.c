/*
 * Strands under construction: states, ops, slots, and where a variable lives.
 *
 * A variable is a C local if everything that names it stands in the state that
 * declares it, in its own strand; else it is a member of the frame.  This is
 * coarser than liveness and safe: a state is entered at its top only, so a
 * local is always set anew before it is used, and nothing is lost at a wait,
 * which always ends a state.
 */
#include "lower_in.h"

#include <stdarg.h>
#include <string.h>

/* ---- where we are ---- */

void lower_at(struct lower *l, struct span span) {
	l->strand->line = src_position(l->file->source, span.at).line;
}

enum { SITE_TEXT_MAX = 400 };

uint32_t lower_site(struct lower *l, const char *kind, const char *name, struct span span) {
	struct ir_site *site = mem_new(l->arena, struct ir_site);
	struct position position = src_position(l->file->source, span.at);
	uint32_t len;
	const char *line = src_line(l->file->source, position.line, &len);
	const char *text = line;

	while (len > 0 && (*text == ' ' || *text == '\t')) {
		text++;
		len--;
	}
	while (len > 0 && strchr(" \t\r", text[len - 1]) != NULL) {
		len--;
	}
	if (len > SITE_TEXT_MAX) { /* not in the middle of a character */
		len = SITE_TEXT_MAX;
		while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80) {
			len--;
		}
	}
	site->kind = kind;
	site->name = name;
	site->line = position.line;
	site->column = position.column;
	site->text = mem_copy(l->arena, text, len);
	site->text_column = (uint32_t)(text - line) + 1;
	*l->workflow->sites_tail = site;
	l->workflow->sites_tail = &site->next;
	return l->workflow->nsites++;
}

/* ---- states ---- */

struct ir_state *lower_state(struct lower *l, const char *format, ...) {
	struct ir_state *state = mem_new(l->arena, struct ir_state);
	va_list args;

	va_start(args, format);
	const char *name = mem_vprintf(l->arena, format, args);
	va_end(args);
	name = mem_printf(l->arena, "%s_%s", l->strand->ir->upper, cname_upper(l->arena, name));
	state->name = cname_unique(l->globals, name);
	ir_block_init(&state->body);
	return state;
}

unsigned lower_ordinal(struct lower *l, enum construct construct) {
	return ++l->strand->ordinals[construct];
}

struct ir_op *lower_op(struct lower *l, enum ir_op_kind kind) {
	struct ir_op *op = ir_op(l->arena, l->strand->block, kind);

	switch (kind) {
	case IR_EVAL:
	case IR_DECLARE:
	case IR_IF:
	case IR_WHILE:
	case IR_FOR:
	case IR_SWITCH:
	case IR_RETURN:
		op->line = l->strand->line;
		break;
	case IR_BLOCK:
	case IR_BREAK:
	case IR_CONTINUE:
	case IR_JUMP:
	case IR_GO:
	case IR_RAISED:
	case IR_RAISE:
	case IR_POLL:
	case IR_AWAIT:
	case IR_FALL:
		break;
	}
	return op;
}

/*
 * A jump to what comes next anyway becomes a fall.  A handler polls for undos to
 * end: whoever falls into it says so, or what was done on the way to it would be
 * done again when one has.
 */
static void fall_instead(struct strand *s, struct ir_state *state) {
	struct ir_op *last = NULL;

	for (struct ir_op *op = s->state->body.first; op != NULL; op = op->next) {
		last = op;
	}
	bool jumps = last != NULL &&
		((last->kind == IR_JUMP && last->target == state) ||
			(last->kind == IR_RAISE && last->handler == state));
	if (jumps) {
		last->kind = last->kind == IR_RAISE ? IR_AWAIT : IR_FALL;
		last->target = state;
		last->handler = NULL;
	}
}

void lower_place(struct lower *l, struct ir_state *state) {
	struct strand *s = l->strand;

	if (!s->dead && s->state != NULL) {
		lower_op(l, IR_FALL)->target = state;
	} else if (s->state != NULL) {
		fall_instead(s, state);
	}
	state->placed = true;
	*s->ir->states_tail = state;
	s->ir->states_tail = &state->next;
	s->state = state;
	s->block = &state->body;
	s->dead = false;
}

void lower_eval(struct lower *l, struct ir_expr *expr) {
	lower_op(l, IR_EVAL)->expr = expr;
}

struct ir_op *lower_jump(struct lower *l, struct ir_state *target) {
	struct ir_op *op = lower_op(l, IR_JUMP);

	op->target = target;
	target->used = true;
	l->strand->dead = true;
	return op;
}

void lower_return(struct lower *l, struct ir_expr *step) {
	lower_op(l, IR_RETURN)->expr = step;
	l->strand->dead = true;
}

void lower_done(struct lower *l) {
	if (!l->strand->dead) {
		l->strand->line = 0; /* nobody wrote it */
		lower_return(l, ir_text(l->arena, "DTF_DONE"));
	}
}

struct ir_state *lower_handler(struct lower *l) {
	for (struct scope *s = l->strand->scope; s != NULL; s = s->up) {
		if (s->kind != SCOPE_LOOP && s->kind != SCOPE_SHIELD) {
			return s->handler;
		}
	}
	return NULL;
}

/* The handler, of something that can raise. */
static struct ir_state *handler(struct lower *l) {
	struct ir_state *state = lower_handler(l);

	if (state != NULL) {
		state->used = true;
	}
	return state;
}

void lower_raised(struct lower *l) {
	lower_op(l, IR_RAISED)->handler = handler(l);
}

void lower_raise(struct lower *l) {
	lower_op(l, IR_RAISE)->handler = handler(l);
	l->strand->dead = true;
}

bool lower_texts_begin(struct lower *l) {
	bool outer = l->strand->texts;

	l->strand->texts = false;
	return outer;
}

void lower_texts_end(struct lower *l, bool outer) {
	if (l->strand->texts && !l->strand->dead) {
		lower_raised(l);
	}
	l->strand->texts = l->strand->texts || outer;
}

void lower_poll(struct lower *l, struct ir_expr *step) {
	struct ir_op *op = lower_op(l, IR_POLL);

	op->expr = step;
	op->handler = handler(l);
	l->strand->ir->uses_step = true;
}

void lower_await(struct lower *l, struct ir_state *state) {
	lower_op(l, IR_AWAIT)->target = state;
	l->strand->dead = true;
	lower_place(l, state);
}

/* ---- nested blocks ---- */

struct ir_block *lower_begin(struct lower *l, struct ir_block **ret_outer) {
	struct ir_block *block = mem_new(l->arena, struct ir_block);

	ir_block_init(block);
	*ret_outer = l->strand->block;
	l->strand->block = block;
	return block;
}

bool lower_end(struct lower *l, struct ir_block *outer, bool was_dead) {
	bool ended = l->strand->dead;

	l->strand->block = outer;
	l->strand->dead = was_dead;
	return !ended;
}

/* ---- slots ---- */

struct ir_slot *lower_slot(struct lower *l, const char *name, const struct ctype *type) {
	struct ir_slot *slot = mem_new(l->arena, struct ir_slot);
	struct ir_strand *strand = l->strand->ir;

	slot->strand = strand;
	slot->name = cname_unique(l->strand->locals, cname_plain(l->arena, name));
	slot->c_type = type->c;
	slot->table = type->table;
	slot->prefix = "";
	*strand->slots_tail = slot;
	strand->slots_tail = &slot->next;
	return slot;
}

struct ir_slot *lower_temp(struct lower *l, const struct ctype *type) {
	return lower_slot(l, mem_printf(l->arena, "t%u", ++l->strand->temps), type);
}

struct ir_slot *lower_var(struct lower *l, struct var *var) {
	for (struct strand *s = l->strand; s != NULL; s = s->up) {
		struct ir_slot *slot = map_get(&s->slots, var);
		if (slot != NULL) {
			return slot;
		}
		if (s->ir->syntax->kind == STRAND_UNDO) {
			break; /* an undo has copies of what it uses */
		}
	}
	bug(mem_printf(l->arena, "no slot for the variable %s", var->name.text));
}

void lower_declare(struct lower *l, struct ir_slot *slot, struct ir_expr *value) {
	struct ir_op *op = lower_op(l, IR_DECLARE);

	op->slot = slot;
	op->expr = value;
	op->line = value != NULL ? op->line : 0;
	slot->declared = true;
	slot->state = l->strand->state;
}

/* ---- whole strands ---- */

struct strand *lower_strand_begin(
	struct lower *l, struct strand_syntax *syntax, const char *path, const char *c_name) {
	static const char *const patterns[] = { "%_at", "%_at_names", "%_at_type", "%_frame",
		"%_run", "%_strand", "%_frame_fields", "%_frame_type", "%_captured",
		"%_captured_fields", "%_captured_type", NULL };
	struct strand *s = mem_new(l->arena, struct strand);
	struct ir_strand *ir = mem_new(l->arena, struct ir_strand);

	ir->syntax = syntax;
	ir->path = path;
	ir->c_name = cname_family(l->globals, cname_global(l->arena, c_name), patterns);
	ir->def = mem_printf(l->arena, "%s_strand", ir->c_name);
	ir->upper = cname_upper(l->arena, ir->c_name);
	ir->slots_tail = &ir->slots;
	ir->states_tail = &ir->states;
	ir->below_tail = &ir->below;
	s->ir = ir;
	s->locals = cname_set_create(l->arena, l->members);
	s->up = l->strand;
	if (s->up != NULL) {
		ir->parent = s->up->ir;
	}
	l->strand = s;
	lower_place(l, lower_state(l, "start"));
	return s;
}

struct settle {
	struct ir_strand *strand;
	struct ir_state *state;
};

/* A use outside of the state or strand that declares it puts a slot in the frame. */
static void settle_expr(void *arg, struct ir_expr *expr) {
	struct settle *settle = arg;

	if (expr->kind != IR_SLOT) {
		return;
	}
	struct ir_slot *slot = expr->slot;
	slot->read = true;
	if (slot->strand != settle->strand) {
		unsigned levels = 0;
		slot->in_frame = true;
		for (struct ir_strand *s = settle->strand; s != slot->strand; s = s->parent) {
			levels++;
		}
		settle->strand->ups |= 1U << levels;
	} else if (slot->state != settle->state) {
		slot->in_frame = true;
	}
}

static void settle_op(void *arg, struct ir_op *op) {
	struct ir_expr *expr = op->expr;

	/* being assigned to is not being read, nor is a part of it */
	struct ir_expr *target = op->kind == IR_EVAL && expr->kind == IR_ASSIGN ? expr->left : NULL;
	while (target != NULL && target->kind == IR_MEMBER && !target->arrow) {
		target = target->left;
	}
	if (target != NULL && target->kind == IR_SLOT) {
		bool read = target->slot->read;
		settle_expr(arg, target);
		target->slot->read = read;
		expr = expr->right;
	}
	ir_walk_expr(expr, settle_expr, arg);
	ir_walk_expr(op->init, settle_expr, arg);
	if (op->slot != NULL) {
		struct settle *settle = arg;
		if (op->slot->state != settle->state || op->slot->strand != settle->strand) {
			op->slot->in_frame = true;
		}
	}
	for (struct ir_case *c = op->cases; c != NULL; c = c->next) {
		for (struct ir_item *label = c->labels; label != NULL; label = label->next) {
			ir_walk_expr(label->value, settle_expr, arg);
		}
	}
}

static void find_locals(struct ir_state *state) {
	for (struct ir_op *op = state->body.first; op != NULL; op = op->next) {
		if (op->kind == IR_DECLARE && !op->slot->in_frame) {
			state->has_locals = true;
		}
	}
}

/* A query reads the frame of the body. */
static void find_frame(void *arg, struct ir_expr *expr) {
	struct ir_query *query = arg;

	query->uses_frame = query->uses_frame || (expr->kind == IR_SLOT && expr->slot->in_frame);
}

static void find_frame_in(void *arg, struct ir_op *op) {
	ir_walk_expr(op->expr, find_frame, arg);
}

static void settle_queries(struct lower *l, struct settle *settle) {
	for (struct ir_query *q = l->workflow->queries; q != NULL; q = q->next) {
		if (q->state != NULL) {
			settle->state = q->state;
			ir_walk(&q->state->body, settle_op, settle);
			ir_walk(&q->state->body, find_frame_in, q);
		}
	}
}

void lower_strand_end(struct lower *l, struct strand *strand) {
	struct settle settle = { .strand = strand->ir };

	if (strand->up == NULL) {
		settle_queries(l, &settle);
	}
	for (struct ir_state *s = strand->ir->states; s != NULL; s = s->next) {
		settle.state = s;
		ir_walk(&s->body, settle_op, &settle);
	}
	for (struct ir_state *s = strand->ir->states; s != NULL; s = s->next) {
		find_locals(s);
	}
	l->strand = strand->up;
	*l->strands_tail = strand->ir;
	l->strands_tail = &strand->ir->next;
	if (strand->up != NULL) {
		*strand->ir->parent->below_tail = strand->ir;
		strand->ir->parent->below_tail = &strand->ir->beside;
	}
}
