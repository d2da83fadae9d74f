/*
 * Building the IR, walking it, and holding lower to its promises.
 *
 * ir_verify is cheap and always runs: what it finds would otherwise be C that
 * does not compile, or, worse, a state that nothing leaves.
 */
#include "ir.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static struct ir_expr *new_expr(struct arena *arena, enum ir_expr_kind kind, const char *name) {
	struct ir_expr *expr = mem_new(arena, struct ir_expr);

	expr->kind = kind;
	expr->name = name;
	return expr;
}

static struct ir_expr *new_list(struct arena *arena, enum ir_expr_kind kind, const char *name) {
	struct ir_expr *expr = new_expr(arena, kind, name);

	expr->tail = &expr->items;
	return expr;
}

struct ir_expr *ir_text(struct arena *arena, const char *text) {
	return new_expr(arena, IR_TEXT, text);
}

struct ir_expr *ir_textf(struct arena *arena, const char *format, ...) {
	va_list args;

	va_start(args, format);
	const char *text = mem_vprintf(arena, format, args);
	va_end(args);
	return ir_text(arena, text);
}

const char *ir_int(struct arena *arena, int64_t value) {
	if (value == INT64_MIN) {
		return "INT64_MIN"; /* its literal would be the negation of a number too large */
	}
	if (value > INT32_MAX || value < -INT32_MAX) {
		return mem_printf(arena, "%sINT64_C(%" PRId64 ")", value < 0 ? "-" : "",
			value < 0 ? -value : value);
	}
	return mem_printf(arena, "%" PRId64, value);
}

const char *ir_float(struct arena *arena, double value) {
	if (!isfinite(value)) {
		bug("a float that is not finite");
	}
	/* The shortest that reads back the same. */
	for (int digits = 1; digits <= 17; digits++) {
		const char *text = mem_printf(arena, "%.*g", digits, value);
		if (strtod(text, NULL) == value) {
			return strpbrk(text, ".e") != NULL ? text : mem_printf(arena, "%s.0", text);
		}
	}
	bug("a float that 17 digits do not tell");
}

struct ir_expr *ir_slot(struct arena *arena, struct ir_slot *slot) {
	struct ir_expr *expr = new_expr(arena, IR_SLOT, NULL);

	expr->slot = slot;
	return expr;
}

struct ir_expr *ir_member(struct arena *arena, struct ir_expr *base, const char *name) {
	/* (*p).x is p->x */
	if (base->kind == IR_UNARY && strcmp(base->name, "*") == 0) {
		return ir_arrow(arena, base->left, name);
	}
	struct ir_expr *expr = new_expr(arena, IR_MEMBER, name);
	expr->left = base;
	return expr;
}

struct ir_expr *ir_arrow(struct arena *arena, struct ir_expr *base, const char *name) {
	struct ir_expr *expr = new_expr(arena, IR_MEMBER, name);

	expr->left = base;
	expr->arrow = true;
	return expr;
}

struct ir_expr *ir_index(struct arena *arena, struct ir_expr *base, struct ir_expr *index) {
	struct ir_expr *expr = new_expr(arena, IR_INDEX, NULL);

	expr->left = base;
	expr->right = index;
	return expr;
}

struct ir_expr *ir_call(struct arena *arena, const char *name, ...) {
	struct ir_expr *expr = new_list(arena, IR_CALL, name);
	va_list args;

	va_start(args, name);
	for (;;) {
		struct ir_expr *arg = va_arg(args, struct ir_expr *);
		if (arg == NULL) {
			break;
		}
		ir_add(arena, expr, NULL, arg);
	}
	va_end(args);
	return expr;
}

struct ir_expr *ir_unary(struct arena *arena, const char *op, struct ir_expr *operand) {
	struct ir_expr *expr = new_expr(arena, IR_UNARY, op);

	expr->left = operand;
	return expr;
}

struct ir_expr *ir_bump(struct arena *arena, struct ir_expr *operand) {
	struct ir_expr *expr = new_expr(arena, IR_BUMP, "++");

	expr->left = operand;
	return expr;
}

static uint8_t precedence_of(const char *op) {
	static const struct {
		const char *op;
		uint8_t precedence;
	} table[] = {
		{ "||", 4 },
		{ "&&", 5 },
		{ "==", 9 },
		{ "!=", 9 },
		{ "<", 10 },
		{ "<=", 10 },
		{ ">", 10 },
		{ ">=", 10 },
		{ "+", 12 },
		{ "-", 12 },
		{ "*", 13 },
		{ "/", 13 },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		if (strcmp(table[i].op, op) == 0) {
			return table[i].precedence;
		}
	}
	bug("an operator that C does not have");
}

struct ir_expr *ir_binary(
	struct arena *arena, struct ir_expr *left, const char *op, struct ir_expr *right) {
	struct ir_expr *expr = new_expr(arena, IR_BINARY, op);

	expr->precedence = precedence_of(op);
	expr->left = left;
	expr->right = right;
	return expr;
}

struct ir_expr *ir_assign(struct arena *arena, struct ir_expr *left, struct ir_expr *right) {
	struct ir_expr *expr = new_expr(arena, IR_ASSIGN, "=");

	expr->left = left;
	expr->right = right;
	return expr;
}

struct ir_expr *ir_comma(struct arena *arena, struct ir_expr *left, struct ir_expr *right) {
	if (left == NULL) {
		return right;
	}
	struct ir_expr *expr = new_expr(arena, IR_COMMA, ",");
	expr->left = left;
	expr->right = right;
	return expr;
}

struct ir_expr *ir_choice(
	struct arena *arena, struct ir_expr *test, struct ir_expr *yes, struct ir_expr *no) {
	struct ir_expr *expr = new_expr(arena, IR_CHOICE, "?");

	expr->left = test;
	expr->right = yes;
	expr->other = no;
	return expr;
}

struct ir_expr *ir_literal(struct arena *arena, const char *type) {
	return new_list(arena, IR_LITERAL, type);
}

void ir_add(struct arena *arena, struct ir_expr *to, const char *name, struct ir_expr *value) {
	struct ir_item *item = mem_new(arena, struct ir_item);

	item->name = name;
	item->value = value;
	*to->tail = item;
	to->tail = &item->next;
}

bool ir_same(const struct ir_expr *a, const struct ir_expr *b) {
	if (a->kind != b->kind) {
		return false;
	}
	if (a->kind == IR_TEXT) {
		return strcmp(a->name, b->name) == 0;
	}
	if (a->kind == IR_SLOT) {
		return a->slot == b->slot;
	}
	return a->kind == IR_MEMBER && strcmp(a->name, b->name) == 0 && ir_same(a->left, b->left);
}

/* ---- parentheses ---- */

/* A text that is more than a name or a literal. */
static bool begins_unary(char c) {
	return c == '-' || c == '&' || c == '*' || c == '!' || c == '(';
}

int ir_precedence(const struct ir_expr *expr) {
	switch (expr->kind) {
	case IR_COMMA:
		return 1;
	case IR_ASSIGN:
		return 2;
	case IR_CHOICE:
		return 3;
	case IR_BINARY:
		return expr->precedence;
	case IR_UNARY:
		return 14;
	case IR_TEXT:
		return begins_unary(expr->name[0]) ? 14 : 15;
	case IR_SLOT:
	case IR_FRAME:
	case IR_MEMBER:
	case IR_INDEX:
	case IR_CALL:
	case IR_BUMP:
	case IR_LITERAL:
		return 15;
	}
	bug("an expression without a kind");
}

/* Mixes that compilers warn of although C is clear. */
static bool confusing(const struct ir_expr *outer, const struct ir_expr *inner) {
	int out = ir_precedence(outer), in = ir_precedence(inner);

	if (outer->kind == IR_CHOICE) {
		return in <= 3;
	}
	if (outer->kind != IR_BINARY) {
		return false;
	}
	bool not_in_comparison = (out == 9 || out == 10) && inner->kind == IR_UNARY &&
		inner->name[0] == '!';
	return (out == 4 && in == 5) || (out >= 9 && out <= 10 && in >= 9 && in <= 10) ||
		not_in_comparison;
}

bool ir_parens_operand(const struct ir_expr *expr) {
	int need = expr->name[0] == '-' ? 15 : 14; /* - -x is not --x */

	return ir_precedence(expr->left) < need;
}

bool ir_parens_left(const struct ir_expr *expr) {
	int need = ir_precedence(expr);

	if (expr->kind == IR_ASSIGN) {
		need = 14;
	} else if (expr->kind == IR_CHOICE) {
		need = 4;
	} else if (expr->kind == IR_COMMA) {
		need = 1;
	}
	return ir_precedence(expr->left) < need || confusing(expr, expr->left);
}

bool ir_parens_right(const struct ir_expr *expr) {
	int need = expr->kind == IR_BINARY ? ir_precedence(expr) + 1 : 2;

	return ir_precedence(expr->right) < need || confusing(expr, expr->right);
}

/* ---- ops ---- */

void ir_block_init(struct ir_block *block) {
	block->first = NULL;
	block->tail = &block->first;
}

struct ir_op *ir_op(struct arena *arena, struct ir_block *block, enum ir_op_kind kind) {
	struct ir_op *op = mem_new(arena, struct ir_op);

	op->kind = kind;
	*block->tail = op;
	block->tail = &op->next;
	return op;
}

void ir_walk(struct ir_block *block, void (*f)(void *arg, struct ir_op *op), void *arg) {
	for (struct ir_op *op = block->first; op != NULL; op = op->next) {
		f(arg, op);
		if (op->body != NULL) {
			ir_walk(op->body, f, arg);
		}
		if (op->otherwise != NULL) {
			ir_walk(op->otherwise, f, arg);
		}
		for (struct ir_case *c = op->cases; c != NULL; c = c->next) {
			ir_walk(c->body, f, arg);
		}
	}
}

void ir_walk_expr(struct ir_expr *expr, void (*f)(void *arg, struct ir_expr *expr), void *arg) {
	if (expr == NULL) {
		return;
	}
	f(arg, expr);
	switch (expr->kind) {
	case IR_CHOICE:
		ir_walk_expr(expr->left, f, arg);
		ir_walk_expr(expr->right, f, arg);
		ir_walk_expr(expr->other, f, arg);
		break;
	case IR_INDEX:
	case IR_BINARY:
	case IR_ASSIGN:
	case IR_COMMA:
		ir_walk_expr(expr->left, f, arg);
		ir_walk_expr(expr->right, f, arg);
		break;
	case IR_MEMBER:
	case IR_UNARY:
	case IR_BUMP:
		ir_walk_expr(expr->left, f, arg);
		break;
	case IR_CALL:
	case IR_LITERAL:
		for (struct ir_item *item = expr->items; item != NULL; item = item->next) {
			ir_walk_expr(item->value, f, arg);
		}
		break;
	case IR_TEXT:
	case IR_SLOT:
	case IR_FRAME:
		break;
	}
}

/* ---- what lower promised ---- */

struct verify {
	struct arena *arena;
	const struct ir_strand *strand;
	bool changed;
};

noreturn static void broken(const struct verify *v, const char *what, const char *name) {
	bug(mem_printf(v->arena, "strand %s: %s %s", v->strand->path, what, name));
}

static void reach(struct verify *v, struct ir_state *state) {
	if (state == NULL) {
		return;
	}
	if (!state->placed) {
		broken(v, "a jump to a state that is nowhere:", state->name);
	}
	if (!state->reached) {
		state->reached = true;
		v->changed = true;
	}
}

static void reach_from(void *arg, struct ir_op *op) {
	reach(arg, op->target);
	reach(arg, op->handler);
}

static void verify_slot(void *arg, struct ir_expr *expr) {
	struct verify *v = arg;

	if (expr->kind != IR_SLOT) {
		return;
	}
	if (expr->slot == NULL || !expr->slot->declared) {
		broken(v, "a variable that nothing declares:",
			expr->slot == NULL ? "?" : expr->slot->name);
	}
	if (expr->slot->strand != v->strand && !expr->slot->in_frame) {
		broken(v, "another strand's local:", expr->slot->name);
	}
}

static void verify_op(void *arg, struct ir_op *op) {
	ir_walk_expr(op->expr, verify_slot, arg);
	ir_walk_expr(op->init, verify_slot, arg);
	for (struct ir_case *c = op->cases; c != NULL; c = c->next) {
		for (struct ir_item *label = c->labels; label != NULL; label = label->next) {
			ir_walk_expr(label->value, verify_slot, arg);
		}
	}
}

static bool block_ends(const struct ir_block *block);

static bool op_ends(const struct ir_op *op) {
	switch (op->kind) {
	case IR_RETURN:
	case IR_JUMP:
	case IR_GO:
	case IR_RAISE:
	case IR_AWAIT:
	case IR_FALL:
		return true;
	case IR_BLOCK:
		return block_ends(op->body);
	case IR_IF:
		return op->otherwise != NULL && block_ends(op->body) && block_ends(op->otherwise);
	case IR_SWITCH: {
		bool has_default = false;
		for (const struct ir_case *c = op->cases; c != NULL; c = c->next) {
			has_default = has_default || c->is_default;
			if (!block_ends(c->body)) {
				return false;
			}
		}
		return has_default;
	}
	case IR_EVAL:
	case IR_DECLARE:
	case IR_WHILE:
	case IR_FOR:
	case IR_BREAK:
	case IR_CONTINUE:
	case IR_RAISED:
	case IR_POLL:
		return false;
	}
	bug("an op without a kind");
}

static bool block_ends(const struct ir_block *block) {
	const struct ir_op *last = NULL;

	for (const struct ir_op *op = block->first; op != NULL; op = op->next) {
		last = op;
	}
	return last != NULL && op_ends(last);
}

static void verify_strand(struct verify *v, struct ir_strand *strand) {
	v->strand = strand;
	if (strand->states == NULL) {
		broken(v, "has no", "states");
	}
	strand->states->reached = true;
	do {
		v->changed = false;
		for (struct ir_state *s = strand->states; s != NULL; s = s->next) {
			if (s->reached) {
				ir_walk(&s->body, reach_from, v);
			}
		}
	} while (v->changed);
	for (const struct ir_slot *s = strand->slots; s != NULL; s = s->next) {
		if (s->in_frame && s->table == NULL) {
			broken(v, "no type table for what the frame holds:", s->name);
		}
	}
	for (struct ir_state *s = strand->states; s != NULL; s = s->next) {
		if (!s->reached) {
			broken(v, "nothing reaches", s->name);
		}
		if (!block_ends(&s->body)) {
			broken(v, "no end of", s->name);
		}
		for (struct ir_op *op = s->body.first; op != NULL; op = op->next) {
			bool falls = op->kind == IR_AWAIT || op->kind == IR_FALL;
			if (falls && (op->next != NULL || op->target != s->next)) {
				broken(v, "falls into the wrong state:", s->name);
			}
			if (op->kind == IR_FALL && op->target->body.first->kind == IR_POLL) {
				broken(v, "waits under another state's name:", s->name);
			}
		}
		ir_walk(&s->body, verify_op, v);
	}
}

void ir_verify(struct arena *arena, const struct ir_workflow *workflow) {
	struct verify v = { .arena = arena };

	for (struct ir_strand *s = workflow->strands; s != NULL; s = s->next) {
		verify_strand(&v, s);
	}
}
