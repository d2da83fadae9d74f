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

#include <stdarg.h>
#include <string.h>

#include <xxhash.h>

#include "format.h"

void emit_init(struct emit *e, struct arena *arena) {
	*e = (struct emit){ .arena = &e->scratch, .text.arena = arena, .line = 1 };
}

void emit_done(struct emit *e) {
	enum { ENOUGH = 32 * 1024 };

	dtf__arena_finish(&e->scratch);
	if (e->take != NULL && e->text.size >= ENOUGH) {
		buffer_drain(&e->text, e->take, e->to);
	}
}

static void count_lines(struct emit *e, unsigned lines) {
	e->line += lines;
	e->source_line += e->source_line != 0 ? lines : 0;
}

static void add(struct emit *e, const char *text, size_t len) {
	unsigned lines = 0;

	buffer_add(&e->text, text, len);
	for (size_t i = 0; i < len; i++) {
		lines += text[i] == '\n';
	}
	count_lines(e, lines);
}

void emit_text(struct emit *e, const char *text) {
	add(e, text, strlen(text));
}

static void print(struct emit *e, const char *format, va_list args)
	__attribute__((format(printf, 2, 0)));

static void print(struct emit *e, const char *format, va_list args) {
	enum { USUAL = 256 };
	char *room = buffer_room(&e->text, USUAL);
	va_list again;

	va_copy(again, args);
	size_t len = format_text(room, USUAL, format, args);
	if (len >= USUAL) {
		room = buffer_room(&e->text, len + 1);
		(void)format_text(room, len + 1, format, again);
	}
	va_end(again);
	buffer_used(&e->text, len);
}

static void hash_line(struct emit *e) {
	const struct buffer_piece *last = e->text.last;
	struct buffer_mark *start = &e->line_start;
	const char *line;
	size_t len;

	if (start->piece == last) {
		line = last->data + start->at;
		len = last->size - start->at;
		start->at = last->size;
	} else {
		line = buffer_line(&e->text, start, &len); /* it begins in another piece */
	}
	if (len < 5 || memcmp(line, "#line", 5) != 0) {
		e->hash = XXH3_64bits_withSeed(line, len, e->hash);
	}
}

void emit_end(struct emit *e) {
	buffer_add(&e->text, "\n", 1);
	count_lines(e, 1);
	if (e->hashes) {
		hash_line(e);
	}
}

void emit_hash_begin(struct emit *e) {
	e->hashes = true;
	e->hash = 0;
	e->line_start = buffer_end(&e->text);
}

uint64_t emit_hash_end(struct emit *e) {
	e->hashes = false;
	return e->hash;
}

void emit_print(struct emit *e, const char *format, ...) {
	va_list args;
	va_start(args, format);
	print(e, format, args);
	va_end(args);
}

static void stamp(struct emit *e) {
	if (!e->stamps || e->want == e->source_line) {
		return;
	}
	unsigned line = e->want != 0 ? e->want : e->line + 1;
	e->source_line = 0;
	emit_print(e, "#line %u \"%s\"", line, e->want != 0 ? e->source_name : e->file);
	emit_end(e);
	e->source_line = e->want;
}

static void add_tabs(struct emit *e, size_t n) {
	char *room = buffer_room(&e->text, n);

	memset(room, '\t', n);
	buffer_used(&e->text, n);
}

void emit_begin(struct emit *e) {
	stamp(e);
	add_tabs(e, e->indent);
}

void emit_line(struct emit *e, const char *format, ...) {
	va_list args;
	emit_begin(e);
	va_start(args, format);
	print(e, format, args);
	va_end(args);
	emit_end(e);
}

void emit_plain(struct emit *e, const char *text) {
	emit_begin(e);
	buffer_add(&e->text, text, strlen(text));
	emit_end(e);
}

void emit_blank(struct emit *e) {
	emit_end(e);
}

static const char *gap(const char *c_type) {
	return c_type[strlen(c_type) - 1] == '*' ? "" : " ";
}

const char *emit_declarator(struct arena *arena, const char *c_type, const char *name) {
	return mem_printf(arena, "%s%s%s", c_type, gap(c_type), name);
}

void emit_member(struct emit *e, const char *c_type, const char *name) {
	emit_line(e, "\t%s%s%s;", c_type, gap(c_type), name);
}

/* ---- expressions: flat ---- */

struct flat {
	struct arena *arena;
	const struct ir_strand *strand;
	char *data;
	size_t size, capacity;
};

static void flat_grow(struct flat *out, size_t len) {
	out->capacity = 2 * (out->size + len);
	char *data = mem_alloc(out->arena, out->capacity);
	if (out->size > 0) {
		memcpy(data, out->data, out->size);
	}
	out->data = data;
}

static inline void flat_bytes(struct flat *out, const char *text, size_t len) {
	if (len > out->capacity - out->size) {
		flat_grow(out, len);
	}
	memcpy(out->data + out->size, text, len);
	out->size += len;
}

/* Of a literal the length is known here, and so is how to copy it. */
#define flat_add(out, text) flat_bytes((out), (text), strlen(text))

const char *emit_up(struct arena *arena, unsigned levels) {
	return levels == 1 ? "up" : mem_printf(arena, "up_%u", levels);
}

static void flat_slot(struct flat *out, const struct ir_slot *slot) {
	unsigned levels = 0;

	if (slot->in_frame) {
		const struct ir_strand *s = out->strand;
		for (; s != NULL && s != slot->strand; s = s->parent) {
			levels++;
		}
		if (levels == 0) {
			flat_add(out, "f");
		} else {
			flat_add(out, emit_up(out->arena, levels));
		}
		flat_add(out, "->");
		flat_add(out, slot->prefix);
	}
	flat_add(out, slot->name);
}

static void flat_expr(struct flat *out, const struct ir_expr *expr);

static void flat_in(struct flat *out, const struct ir_expr *expr, bool parens) {
	if (!parens) {
		flat_expr(out, expr);
		return;
	}
	flat_add(out, "(");
	flat_expr(out, expr);
	flat_add(out, ")");
}

static void flat_items(struct flat *out, const struct ir_expr *expr, bool named) {
	for (const struct ir_item *item = expr->items; item != NULL; item = item->next) {
		if (named && item->name != NULL) {
			flat_add(out, ".");
			flat_add(out, item->name);
			flat_add(out, " = ");
		}
		flat_in(out, item->value, ir_precedence(item->value) < 2);
		if (item->next != NULL) {
			flat_add(out, ", ");
		}
	}
}

static void flat_literal(struct flat *out, const struct ir_expr *expr) {
	if (expr->name[0] != '\0') {
		flat_add(out, "(");
		flat_add(out, expr->name);
		flat_add(out, ")");
	}
	flat_add(out, "{ ");
	flat_items(out, expr, !expr->brief);
	flat_add(out, " }");
}

static void flat_expr(struct flat *out, const struct ir_expr *expr) {
	switch (expr->kind) {
	case IR_TEXT:
		flat_add(out, expr->name);
		break;
	case IR_SLOT:
		flat_slot(out, expr->slot);
		break;
	case IR_FRAME:
		flat_add(out, "f");
		break;
	case IR_MEMBER:
		flat_in(out, expr->left, ir_precedence(expr->left) < 15);
		if (expr->arrow) {
			flat_add(out, "->");
		} else {
			flat_add(out, ".");
		}
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
		flat_in(out, expr->left, ir_parens_operand(expr));
		break;
	case IR_BUMP:
		flat_expr(out, expr->left);
		flat_add(out, "++");
		break;
	case IR_BINARY:
	case IR_ASSIGN:
		flat_in(out, expr->left, ir_parens_left(expr));
		flat_add(out, " ");
		flat_add(out, expr->name);
		flat_add(out, " ");
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
		flat_literal(out, expr);
		break;
	}
}

const char *emit_flat(
	struct arena *arena, const struct ir_strand *strand, const struct ir_expr *expr) {
	char usual[512];
	struct flat out = { arena, strand, usual, 0, sizeof(usual) };

	flat_expr(&out, expr);
	return mem_copy(arena, out.data, out.size);
}

/* ---- expressions: broken over lines ---- */

enum { TAB = 8 };

struct layout {
	struct emit *e;
	struct flat flat;
	size_t column;
};

static void put_bytes(struct layout *l, const char *text, size_t len) {
	buffer_add(&l->e->text, text, len); /* of C, in which no line ends */
	l->column += len;
}

static void put(struct layout *l, const char *text) {
	put_bytes(l, text, strlen(text));
}

static void newline(struct layout *l, size_t tabs) {
	emit_end(l->e);
	add_tabs(l->e, tabs);
	l->column = tabs * TAB;
}

/* At the end of the text, where put_flat takes it, as long as nothing else is put. */
static size_t flat(struct layout *l, const struct ir_expr *expr) {
	enum { USUAL = 512 };
	l->flat.data = buffer_room(&l->e->text, USUAL);
	l->flat.capacity = USUAL;
	l->flat.size = 0;
	flat_expr(&l->flat, expr);
	return l->flat.size;
}

static void put_flat(struct layout *l) {
	if (l->flat.data == buffer_room(&l->e->text, 0)) {
		buffer_used(&l->e->text, l->flat.size);
		l->column += l->flat.size;
	} else {
		put_bytes(l, l->flat.data, l->flat.size);
	}
}

static size_t width(struct layout *l, const struct ir_expr *expr) {
	return flat(l, expr);
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
	put(l, expr->name[0] == '\0' ? "" : "(");
	put(l, expr->name);
	put(l, expr->name[0] == '\0' ? "{" : "){");
	for (const struct ir_item *item = expr->items; item != NULL; item = item->next) {
		bool parens = ir_precedence(item->value) < 2;
		size_t inner = tabs + 1;
		newline(l, inner);
		if (item->name != NULL) {
			put(l, ".");
			put(l, item->name);
			put(l, " =");
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
	put(l, expr->kind == IR_COMMA ? "," : " ");
	put(l, expr->kind == IR_COMMA ? "" : expr->name);
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
	if (l->column + flat(l, expr) + trail <= EMIT_WIDTH) {
		put_flat(l);
		return;
	}
	switch (expr->kind) {
	case IR_CALL:
		if (expr->items == NULL) {
			put_flat(l);
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
		lay_in(l, expr->left, ir_parens_operand(expr), tabs, trail);
		break;
	case IR_MEMBER: {
		const char *dot = expr->arrow ? "->" : ".";
		size_t rest = strlen(dot) + strlen(expr->name);
		lay_in(l, expr->left, ir_precedence(expr->left) < 15, tabs, trail + rest);
		put(l, dot);
		put(l, expr->name);
		break;
	}
	case IR_TEXT:
	case IR_SLOT:
	case IR_FRAME:
	case IR_INDEX:
	case IR_BUMP:
		put_flat(l);
		break;
	}
}

void emit_expr(struct emit *e, const struct ir_strand *strand, const char *before,
	const struct ir_expr *expr, const char *after) {
	struct layout l = { e, { .arena = e->arena, .strand = strand }, (size_t)e->indent * TAB };

	emit_begin(e);
	put(&l, before);
	lay(&l, expr, e->indent, strlen(after));
	put(&l, after);
	emit_end(e);
}
