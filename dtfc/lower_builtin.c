/*
 * Built-in functions: LANGUAGE.md section 15, one row for each function and
 * type of its first argument.
 *
 * `args` says what the runtime's function is given, a letter for each:
 *	c	ctx
 *	0 1 2	an argument; m the first as an int (an enum)
 *	i n	the items and the count of the first, a list; z its size, bytes
 *	a b	the address of the first or second; p of the first, in a place of its own
 *	e s	the type and the size of the list's elements
 *	t r	the type of the first argument, of the result
 */
#include "lower_in.h"

enum shape {
	VALUE,  /* the function gives the value */
	OUT,    /* it writes it through a last argument */
	ITEMS,  /* it gives the items; there are as many as before */
	ITSELF, /* there is nothing to do */
};

enum { ANY = -1, NOTHING = -2 };

static const struct row {
	enum builtin builtin;
	int first;            /* type_kind of the first argument, ANY or NOTHING */
	const char *function; /* or a cast */
	const char *args;
	enum shape shape;
} rows[] = {
	{ BUILTIN_LEN, TYPE_STRING, "dtf_string_length", "0", VALUE },
	{ BUILTIN_LEN, TYPE_LIST, "(int64_t)", "n", VALUE },
	{ BUILTIN_LEN, TYPE_MAP, "(int64_t)", "n", VALUE },
	{ BUILTIN_LEN, TYPE_BYTES, "(int64_t)", "z", VALUE },
	{ BUILTIN_CONTAINS, TYPE_STRING, "dtf_string_contains", "01", VALUE },
	{ BUILTIN_CONTAINS, TYPE_LIST, "dtf_items_contains", "ceinb", VALUE },
	{ BUILTIN_STARTS_WITH, TYPE_STRING, "dtf_string_starts_with", "01", VALUE },
	{ BUILTIN_ENDS_WITH, TYPE_STRING, "dtf_string_ends_with", "01", VALUE },
	{ BUILTIN_LOWER, TYPE_STRING, "dtf_string_lower", "c0", VALUE },
	{ BUILTIN_UPPER, TYPE_STRING, "dtf_string_upper", "c0", VALUE },
	{ BUILTIN_TRIM, TYPE_STRING, "dtf_string_trim", "c0", VALUE },
	{ BUILTIN_SPLIT, TYPE_STRING, "dtf_string_split", "c01", VALUE },
	{ BUILTIN_JOIN, TYPE_LIST, "dtf_string_join", "cin1", VALUE },
	{ BUILTIN_SLICE, TYPE_STRING, "dtf_string_slice", "c012", VALUE },
	{ BUILTIN_SLICE, TYPE_LIST, "dtf_list_slice", "csa12", OUT },
	{ BUILTIN_REPLACE, TYPE_STRING, "dtf_string_replace", "c012", VALUE },
	{ BUILTIN_FIND, TYPE_STRING, "dtf_string_find", "01", VALUE },
	{ BUILTIN_FIND, TYPE_LIST, "dtf_items_find", "ceinb", VALUE },
	{ BUILTIN_MIN, TYPE_FLOAT, "dtf_float_min", "01", VALUE },
	{ BUILTIN_MIN, TYPE_INT, "dtf_int_min", "01", VALUE },
	{ BUILTIN_MIN, TYPE_DURATION, "dtf_int_min", "01", VALUE },
	{ BUILTIN_MIN, TYPE_TIME, "dtf_int_min", "01", VALUE },
	{ BUILTIN_MAX, TYPE_FLOAT, "dtf_float_max", "01", VALUE },
	{ BUILTIN_MAX, TYPE_INT, "dtf_int_max", "01", VALUE },
	{ BUILTIN_MAX, TYPE_DURATION, "dtf_int_max", "01", VALUE },
	{ BUILTIN_MAX, TYPE_TIME, "dtf_int_max", "01", VALUE },
	{ BUILTIN_ABS, TYPE_FLOAT, "dtf_float_abs", "0", VALUE },
	{ BUILTIN_ABS, TYPE_INT, "dtf_int_abs", "c0", VALUE },
	{ BUILTIN_ABS, TYPE_DURATION, "dtf_int_abs", "c0", VALUE },
	{ BUILTIN_FLOOR, TYPE_FLOAT, "dtf_float_floor", "c0", VALUE },
	{ BUILTIN_CEIL, TYPE_FLOAT, "dtf_float_ceil", "c0", VALUE },
	{ BUILTIN_ROUND, TYPE_FLOAT, "dtf_float_round", "c0", VALUE },
	{ BUILTIN_SUM, TYPE_LIST, "dtf_..._sum", "cin", VALUE },
	{ BUILTIN_STRING, TYPE_STRING, NULL, "", ITSELF },
	{ BUILTIN_STRING, TYPE_BOOL, "dtf_text_bool", "0", VALUE },
	{ BUILTIN_STRING, TYPE_INT, "dtf_text_int", "c0", VALUE },
	{ BUILTIN_STRING, TYPE_FLOAT, "dtf_text_float", "c0", VALUE },
	{ BUILTIN_STRING, TYPE_DURATION, "dtf_text_duration", "c0", VALUE },
	{ BUILTIN_STRING, TYPE_TIME, "dtf_text_time", "c0", VALUE },
	{ BUILTIN_STRING, TYPE_ENUM, "dtf_text_enum", "tm", VALUE },
	{ BUILTIN_STRING, TYPE_JSON, "dtf_json_string", "0", VALUE },
	{ BUILTIN_INT, TYPE_INT, NULL, "", ITSELF },
	{ BUILTIN_INT, TYPE_FLOAT, "dtf_float_to_int", "c0", VALUE },
	{ BUILTIN_INT, TYPE_STRING, "dtf_int_parse", "c0", VALUE },
	{ BUILTIN_FLOAT, TYPE_FLOAT, NULL, "", ITSELF },
	{ BUILTIN_FLOAT, TYPE_INT, "(double)", "0", VALUE },
	{ BUILTIN_FLOAT, TYPE_STRING, "dtf_float_parse", "c0", VALUE },
	{ BUILTIN_JSON, ANY, "dtf_text_json", "cta", VALUE },
	{ BUILTIN_PARSE, ANY, "dtf_parse", "cr0", OUT },
	{ BUILTIN_KEYS, TYPE_MAP, "dtf_map_keys", "cta", VALUE },
	{ BUILTIN_VALUES, TYPE_MAP, "dtf_map_values", "ctp", ITEMS },
	{ BUILTIN_HAS, TYPE_MAP, "dtf_map_has", "ta1", VALUE },
	{ BUILTIN_SORT, TYPE_LIST, "dtf_items_sort", "cein", ITEMS },
	{ BUILTIN_REVERSE, TYPE_LIST, "dtf_items_reverse", "csin", ITEMS },
	{ BUILTIN_UNIQUE, TYPE_LIST, "dtf_list_unique", "cea", OUT },
	{ BUILTIN_RANGE, TYPE_INT, "dtf_range", "c01", VALUE },
	{ BUILTIN_FORMAT_TIME, TYPE_TIME, "dtf_text_time", "c0", VALUE },
	{ BUILTIN_PARSE_TIME, TYPE_STRING, "dtf_time_parse", "c0", VALUE },
	{ BUILTIN_HASH, ANY, "dtf_hash", "cta", VALUE },
	{ BUILTIN_NOW, NOTHING, "dtf_now", "c", VALUE },
	{ BUILTIN_UUID, NOTHING, "dtf_uuid", "c", VALUE },
	{ BUILTIN_RANDOM, NOTHING, "dtf_random", "c", VALUE },
	{ BUILTIN_RANDOM_BELOW, TYPE_INT, "dtf_random_below", "c0", VALUE },
};

struct builtin_call {
	struct lower *l;
	const struct type *result;
	const struct type *types[4]; /* of the arguments */
	struct ir_expr *v[4];
	struct ir_expr *prefix;
};

static struct ir_expr *simple(struct builtin_call *b) {
	if (!lower_is_simple(b->v[0])) {
		b->v[0] = lower_stash(b->l, lower_ctype(b->l, b->types[0]), b->v[0], &b->prefix);
	}
	return b->v[0];
}

static struct ir_expr *member(struct builtin_call *b, const char *name) {
	return ir_member(b->l->arena, simple(b), name);
}

static struct ir_expr *address(struct builtin_call *b, size_t i) {
	const struct ctype *type = lower_ctype(b->l, b->types[i]);

	if (b->v[i]->kind == IR_LITERAL) {
		b->v[i] = lower_stash(b->l, type, b->v[i], &b->prefix);
	}
	return lower_address(b->l, type, b->v[i], &b->prefix);
}

static struct ir_expr *argument(struct builtin_call *b, char what) {
	struct lower *l = b->l;

	switch (what) {
	case 'c':
		return ir_text(l->arena, "ctx");
	case '0':
	case '1':
	case '2':
		return b->v[what - '0'];
	case 'm':
		return ir_unary(l->arena, "(int)", b->v[0]);
	case 'i':
		return member(b, "items");
	case 'n':
		return member(b, "count");
	case 'z':
		return member(b, "size");
	case 'a':
		return address(b, 0);
	case 'b':
		return address(b, 1);
	case 'p':
		return ir_unary(l->arena, "&", simple(b));
	case 'e':
		return lower_table(l, b->types[0]->of);
	case 's':
		return ir_textf(l->arena, "sizeof(%s)", lower_ctype(l, b->types[0]->of)->c);
	case 't':
		return lower_table(l, b->types[0]);
	case 'r':
		return lower_table(l, b->result);
	default:
		bug("a letter that means no argument");
	}
}

static struct ir_expr *make(struct builtin_call *b, const struct row *row) {
	struct arena *arena = b->l->arena;

	if (row->shape == ITSELF) {
		return b->v[0];
	}
	if (row->function[0] == '(') {
		return ir_unary(arena, row->function, argument(b, row->args[0]));
	}
	const char *of = b->result != NULL && b->result->kind == TYPE_FLOAT ? "float" : "int";
	const char *function = row->builtin != BUILTIN_SUM ? row->function
							   : mem_printf(arena, "dtf_%s_sum", of);
	struct ir_expr *call = ir_call(arena, function, NULL);
	for (const char *a = row->args; *a != '\0'; a++) {
		ir_add(arena, call, NULL, argument(b, *a));
	}
	if (row->shape == VALUE) {
		return call;
	}
	const struct ctype *result = lower_ctype(b->l, b->result);
	if (row->shape == OUT) {
		return lower_out(b->l, result, call, &b->prefix);
	}
	struct ir_expr *list = ir_literal(arena, result->c);
	list->brief = true;
	ir_add(arena, list, "items", call);
	ir_add(arena, list, "count", member(b, "count"));
	return list;
}

struct ir_expr *lower_builtin(struct lower *l, struct expr *expr) {
	struct builtin_call b = { .l = l, .result = expr->type };
	struct expr *args[4];
	size_t count = 0;

	for (struct argument *a = expr->u.call.args; a != NULL && count < 4; a = a->next) {
		args[count] = a->value;
		b.types[count++] = a->value->type;
	}
	int first = count > 0 ? (int)b.types[0]->kind : NOTHING;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		bool fits = rows[i].first == first || (rows[i].first == ANY && count > 0);
		if ((int)rows[i].builtin == expr->builtin && fits) {
			lower_operands(l, args, count, b.v, &b.prefix);
			struct ir_expr *value = make(&b, &rows[i]);
			return ir_comma(l->arena, b.prefix, value);
		}
	}
	bug("a function that checking should have refused");
}

/* A value as an interpolated string shows it: as string() does. */
struct ir_expr *lower_as_text(struct lower *l, const struct type *type, struct ir_expr *value) {
	struct builtin_call b = { .l = l, .types = { type }, .v = { value } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		if (rows[i].builtin == BUILTIN_STRING && rows[i].first == (int)type->kind) {
			return make(&b, &rows[i]);
		}
	}
	bug("a value that has no text");
}
