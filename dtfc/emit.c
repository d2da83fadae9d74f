/*
 * The printer.
 *
 * It counts lines so that `#line` can send a compiler or debugger to the .dtf
 * file for exactly the C lines that carry a user's statement and back to the
 * generated file for the machinery.  Stamps are lazy: op by op `want` says
 * where the next line belongs, and one is written only where the compiler
 * would think otherwise.
 */
#include "emit.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void emit_init(struct emit *e, struct arena *arena) {
	*e = (struct emit){ .arena = arena, .line = 1 };
	e->capacity = 1 << 14;
	e->data = mem_alloc(arena, e->capacity);
}

static void add(struct emit *e, const char *text, size_t len) {
	if (e->size + len + 1 > e->capacity) {
		size_t capacity = 2 * (e->size + len + 1);
		char *data = mem_alloc(e->arena, capacity);
		memcpy(data, e->data, e->size);
		e->data = data;
		e->capacity = capacity;
	}
	memcpy(e->data + e->size, text, len);
	e->size += len;
	e->data[e->size] = '\0';
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\n') {
			e->line++;
			if (e->source_line != 0) {
				e->source_line++;
			}
		}
	}
}

void emit_text(struct emit *e, const char *text) {
	add(e, text, strlen(text));
}

static void stamp(struct emit *e) {
	if (!e->stamps || e->want == e->source_line) {
		return;
	}
	const char *text = e->want != 0
		? mem_printf(e->arena, "#line %" PRIu32 " \"%s\"\n", e->want, e->source_name)
		: mem_printf(e->arena, "#line %u \"%s\"\n", e->line + 1, e->file);
	e->source_line = 0;
	emit_text(e, text);
	e->source_line = e->want;
}

static void begin_line(struct emit *e) {
	stamp(e);
	for (unsigned i = 0; i < e->indent; i++) {
		add(e, "\t", 1);
	}
}

void emit_line(struct emit *e, const char *format, ...) {
	va_list args;
	va_start(args, format);
	const char *text = dtf__arena_vprintf(e->arena, format, args);
	va_end(args);
	if (text == NULL) {
		bug("out of memory");
	}
	begin_line(e);
	emit_text(e, text);
	add(e, "\n", 1);
}

void emit_blank(struct emit *e) {
	add(e, "\n", 1);
}

const char *emit_declarator(struct arena *arena, const char *c_type, const char *name) {
	bool pointer = c_type[strlen(c_type) - 1] == '*';

	return mem_printf(arena, "%s%s%s", c_type, pointer ? "" : " ", name);
}

const char *emit_int(struct arena *arena, int64_t value) {
	if (value == INT64_MIN) {
		return "INT64_MIN"; /* its literal would be the negation of a number too large */
	}
	if (value > INT32_MAX || value < -INT32_MAX) {
		return mem_printf(arena, "%sINT64_C(%" PRId64 ")", value < 0 ? "-" : "",
			value < 0 ? -value : value);
	}
	return mem_printf(arena, "%" PRId64, value);
}

const char *emit_float(struct arena *arena, double value) {
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

/* ---- expressions: flat ---- */

struct flat {
	struct arena *arena;
	const struct ir_strand *strand;
	char *data;
	size_t size, capacity;
};

static void flat_add(struct flat *out, const char *text) {
	size_t len = strlen(text);

	if (out->size + len + 1 > out->capacity) {
		out->capacity = 2 * (out->size + len + 1);
		char *data = mem_alloc(out->arena, out->capacity);
		memcpy(data, out->data, out->size);
		out->data = data;
	}
	memcpy(out->data + out->size, text, len + 1);
	out->size += len;
}

const char *emit_up(struct arena *arena, unsigned levels) {
	return levels == 1 ? "up" : mem_printf(arena, "up_%u", levels);
}

static const char *slot_text(
	struct arena *arena, const struct ir_strand *strand, const struct ir_slot *slot) {
	unsigned levels = 0;

	if (!slot->in_frame) {
		return slot->name;
	}
	for (const struct ir_strand *s = strand; s != NULL && s != slot->strand; s = s->parent) {
		levels++;
	}
	return mem_printf(arena, "%s->%s%s", levels == 0 ? "f" : emit_up(arena, levels),
		slot->prefix, slot->name);
}

static void flat_expr(struct flat *out, const struct ir_expr *expr);

static void flat_in(struct flat *out, const struct ir_expr *expr, bool parens) {
	flat_add(out, parens ? "(" : "");
	flat_expr(out, expr);
	flat_add(out, parens ? ")" : "");
}

static void flat_items(struct flat *out, const struct ir_expr *expr, bool named) {
	for (const struct ir_item *item = expr->items; item != NULL; item = item->next) {
		if (named && item->name != NULL) {
			flat_add(out, mem_printf(out->arena, ".%s = ", item->name));
		}
		flat_in(out, item->value, ir_precedence(item->value) < 2);
		flat_add(out, item->next != NULL ? ", " : "");
	}
}

static void flat_expr(struct flat *out, const struct ir_expr *expr) {
	switch (expr->kind) {
	case IR_TEXT:
		flat_add(out, expr->name);
		break;
	case IR_SLOT:
		flat_add(out, slot_text(out->arena, out->strand, expr->slot));
		break;
	case IR_FRAME:
		flat_add(out, "f");
		break;
	case IR_MEMBER:
		flat_in(out, expr->left, ir_precedence(expr->left) < 15);
		flat_add(out, expr->arrow ? "->" : ".");
		flat_add(out, expr->name);
		break;
	case IR_INDEX:
		flat_in(out, expr->left, ir_precedence(expr->left) < 15);
		flat_add(out, "[");
		flat_expr(out, expr->right);
		flat_add(out, "]");
		break;
	case IR_CALL:
		flat_add(out, expr->name);
		flat_add(out, "(");
		flat_items(out, expr, false);
		flat_add(out, ")");
		break;
	case IR_UNARY:
		flat_add(out, expr->name);
		flat_in(out, expr->left,
			ir_precedence(expr->left) < 14 ||
				(expr->name[0] == '-' && ir_precedence(expr->left) < 15));
		break;
	case IR_BUMP:
		flat_expr(out, expr->left);
		flat_add(out, "++");
		break;
	case IR_BINARY:
	case IR_ASSIGN:
		flat_in(out, expr->left, ir_parens_left(expr));
		flat_add(out, mem_printf(out->arena, " %s ", expr->name));
		flat_in(out, expr->right, ir_parens_right(expr));
		break;
	case IR_COMMA:
		flat_expr(out, expr->left);
		flat_add(out, ", ");
		flat_expr(out, expr->right);
		break;
	case IR_CHOICE:
		flat_in(out, expr->left, ir_parens_left(expr));
		flat_add(out, " ? ");
		flat_in(out, expr->right, ir_precedence(expr->right) <= 3);
		flat_add(out, " : ");
		flat_in(out, expr->other, ir_precedence(expr->other) <= 3);
		break;
	case IR_LITERAL:
		flat_add(out,
			expr->name[0] == '\0' ? "" : mem_printf(out->arena, "(%s)", expr->name));
		flat_add(out, "{ ");
		flat_items(out, expr, !expr->brief);
		flat_add(out, " }");
		break;
	}
}

const char *emit_flat(
	struct arena *arena, const struct ir_strand *strand, const struct ir_expr *expr) {
	struct flat out = { .arena = arena, .strand = strand, .capacity = 128 };

	out.data = mem_alloc(arena, out.capacity);
	flat_expr(&out, expr);
	return out.data;
}

/* ---- expressions: broken over lines ---- */

enum { TAB = 8 };

struct layout {
	struct emit *e;
	const struct ir_strand *strand;
	size_t column;
};

static void put(struct layout *l, const char *text) {
	emit_text(l->e, text);
	l->column += strlen(text);
}

static void newline(struct layout *l, size_t tabs) {
	emit_text(l->e, "\n");
	for (size_t i = 0; i < tabs; i++) {
		emit_text(l->e, "\t");
	}
	l->column = tabs * TAB;
}

static size_t width(struct layout *l, const struct ir_expr *expr) {
	return strlen(emit_flat(l->e->arena, l->strand, expr));
}

/* Lays expr out from the current column; `trail` characters follow it on its last line. */
static void lay(struct layout *l, const struct ir_expr *expr, size_t tabs, size_t trail);

static void lay_in(
	struct layout *l, const struct ir_expr *expr, bool parens, size_t tabs, size_t trail) {
	put(l, parens ? "(" : "");
	lay(l, expr, tabs, trail + parens);
	put(l, parens ? ")" : "");
}

/* All on the next line if that does, else as many as fit on each. */
static void lay_call(struct layout *l, const struct ir_expr *expr, size_t tabs, size_t trail) {
	size_t all = width(l, expr) - strlen(expr->name) - 1;
	bool next_line = (tabs + 1) * TAB + all + trail <= EMIT_WIDTH;
	bool broken = next_line;

	put(l, expr->name);
	put(l, "(");
	for (const struct ir_item *item = expr->items; item != NULL; item = item->next) {
		size_t after = item->next != NULL ? 1 : 1 + trail;
		bool parens = ir_precedence(item->value) < 2;
		size_t need = width(l, item->value) + (parens ? 2 : 0) + after;
		bool first = item == expr->items;
		if (broken || l->column + (first ? 0 : 1) + need > EMIT_WIDTH) {
			newline(l, tabs + 1);
		} else if (!first) {
			put(l, " ");
		}
		broken = !next_line && l->column + need > EMIT_WIDTH;
		lay_in(l, item->value, parens, tabs + 1, after);
		put(l, item->next != NULL ? "," : ")");
	}
}

static void lay_literal(struct layout *l, const struct ir_expr *expr, size_t tabs) {
	put(l, expr->name[0] == '\0' ? "" : mem_printf(l->e->arena, "(%s)", expr->name));
	put(l, "{");
	for (const struct ir_item *item = expr->items; item != NULL; item = item->next) {
		bool parens = ir_precedence(item->value) < 2;
		size_t inner = tabs + 1;
		newline(l, inner);
		if (item->name != NULL) {
			put(l, mem_printf(l->e->arena, ".%s =", item->name));
			bool fits = l->column + 2 + width(l, item->value) <= EMIT_WIDTH;
			if (item->value->kind == IR_LITERAL && !fits) {
				newline(l, ++inner);
			} else {
				put(l, " ");
			}
		}
		lay_in(l, item->value, parens, inner, 1);
		put(l, ",");
	}
	newline(l, tabs);
	put(l, "}");
}

static void lay_binary(struct layout *l, const struct ir_expr *expr, size_t tabs, size_t trail) {
	bool parens = ir_parens_right(expr);
	size_t need = width(l, expr->right) + (parens ? 2 : 0) + trail;

	unsigned line = l->e->line;
	lay_in(l, expr->left, ir_parens_left(expr), tabs, strlen(expr->name) + 1);
	if (expr->kind == IR_ASSIGN) {
		put(l, " = ");
		lay_in(l, expr->right, parens, tabs, trail);
		return;
	}
	put(l, expr->kind == IR_COMMA ? "," : mem_printf(l->e->arena, " %s", expr->name));
	if (l->e->line != line || l->column + 1 + need > EMIT_WIDTH) {
		newline(l, tabs + 1);
	} else {
		put(l, " ");
	}
	lay_in(l, expr->right, parens, tabs + 1, trail);
}

static void lay_choice(struct layout *l, const struct ir_expr *expr, size_t tabs, size_t trail) {
	lay_in(l, expr->left, ir_parens_left(expr), tabs, 0);
	newline(l, tabs + 1);
	put(l, "? ");
	lay_in(l, expr->right, ir_precedence(expr->right) <= 3, tabs + 1, 0);
	newline(l, tabs + 1);
	put(l, ": ");
	lay_in(l, expr->other, ir_precedence(expr->other) <= 3, tabs + 1, trail);
}

static void lay(struct layout *l, const struct ir_expr *expr, size_t tabs, size_t trail) {
	const char *flat = emit_flat(l->e->arena, l->strand, expr);

	if (l->column + strlen(flat) + trail <= EMIT_WIDTH) {
		put(l, flat);
		return;
	}
	switch (expr->kind) {
	case IR_CALL:
		if (expr->items == NULL) {
			put(l, flat);
		} else {
			lay_call(l, expr, tabs, trail);
		}
		break;
	case IR_LITERAL:
		lay_literal(l, expr, tabs);
		break;
	case IR_BINARY:
	case IR_ASSIGN:
	case IR_COMMA:
		lay_binary(l, expr, tabs, trail);
		break;
	case IR_CHOICE:
		lay_choice(l, expr, tabs, trail);
		break;
	case IR_UNARY:
		put(l, expr->name);
		lay_in(l, expr->left,
			ir_precedence(expr->left) < 14 ||
				(expr->name[0] == '-' && ir_precedence(expr->left) < 15),
			tabs, trail);
		break;
	case IR_MEMBER: {
		const char *rest = mem_printf(
			l->e->arena, "%s%s", expr->arrow ? "->" : ".", expr->name);
		lay_in(l, expr->left, ir_precedence(expr->left) < 15, tabs, trail + strlen(rest));
		put(l, rest);
		break;
	}
	case IR_TEXT:
	case IR_SLOT:
	case IR_FRAME:
	case IR_INDEX:
	case IR_BUMP:
		put(l, flat);
		break;
	}
}

void emit_expr(struct emit *e, const struct ir_strand *strand, const char *before,
	const struct ir_expr *expr, const char *after) {
	struct layout l = { e, strand, (size_t)e->indent * TAB };

	begin_line(e);
	put(&l, before);
	lay(&l, expr, e->indent, strlen(after));
	put(&l, after);
	emit_text(e, "\n");
}
