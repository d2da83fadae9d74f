/*
 * Built-in functions (LANGUAGE.md 15), one row for each: names of the parameters
 * as letters, the result, the faults.
 *
 * Letters: s string, i int, f float, t time, o number or duration or time,
 * a number or duration, l list, g list of a, h list of o or strings, m map,
 * c string or list, k what can be counted, e the list's element, p what can be
 * shown, q number or string, r json or string, x anything.
 * Result: a letter too; = the type of the first argument, E its element,
 * ? optional int, L list of strings, I list of ints, P the type in brackets.
 */
#include "checker.h"

#include <string.h>

static const struct row {
	const char *name;
	enum builtin builtin;
	const char *params;
	char result;
	unsigned faults;
} rows[] = {
	{ "len", BUILTIN_LEN, "k", 'i', 0 },
	{ "contains", BUILTIN_CONTAINS, "ce", 'b', 0 },
	{ "starts_with", BUILTIN_STARTS_WITH, "ss", 'b', 0 },
	{ "ends_with", BUILTIN_ENDS_WITH, "ss", 'b', 0 },
	{ "lower", BUILTIN_LOWER, "s", 's', 0 },
	{ "upper", BUILTIN_UPPER, "s", 's', 0 },
	{ "trim", BUILTIN_TRIM, "s", 's', 0 },
	{ "split", BUILTIN_SPLIT, "ss", 'L', FAULT_BIT(PAYLOAD_TOO_LARGE) },
	{ "join", BUILTIN_JOIN, "Ls", 's', FAULT_BIT(PAYLOAD_TOO_LARGE) },
	{ "slice", BUILTIN_SLICE, "cii", '=', FAULT_BIT(OUT_OF_RANGE) },
	{ "replace", BUILTIN_REPLACE, "sss", 's',
		FAULT_BIT(BAD_VALUE) | FAULT_BIT(PAYLOAD_TOO_LARGE) },
	{ "find", BUILTIN_FIND, "ce", '?', 0 },
	{ "min", BUILTIN_MIN, "oo", '=', 0 },
	{ "max", BUILTIN_MAX, "oo", '=', 0 },
	{ "abs", BUILTIN_ABS, "a", '=', FAULT_BIT(OVERFLOW) },
	{ "floor", BUILTIN_FLOOR, "f", 'i', FAULT_BIT(OVERFLOW) },
	{ "ceil", BUILTIN_CEIL, "f", 'i', FAULT_BIT(OVERFLOW) },
	{ "round", BUILTIN_ROUND, "f", 'i', FAULT_BIT(OVERFLOW) },
	{ "sum", BUILTIN_SUM, "g", 'E', FAULT_BIT(OVERFLOW) },
	{ "string", BUILTIN_STRING, "p", 's', FAULT_BIT(BAD_VALUE) },
	{ "int", BUILTIN_INT, "q", 'i', FAULT_BIT(OVERFLOW) | FAULT_BIT(BAD_VALUE) },
	{ "float", BUILTIN_FLOAT, "q", 'f', FAULT_BIT(BAD_VALUE) },
	{ "json", BUILTIN_JSON, "x", 'j', FAULT_BIT(OVERFLOW) | FAULT_BIT(BAD_VALUE) },
	{ "parse", BUILTIN_PARSE, "r", 'P', FAULT_BIT(BAD_PAYLOAD) },
	{ "keys", BUILTIN_KEYS, "m", 'L', 0 },
	{ "values", BUILTIN_VALUES, "m", 'V', 0 },
	{ "has", BUILTIN_HAS, "ms", 'b', 0 },
	{ "sort", BUILTIN_SORT, "h", '=', 0 },
	{ "reverse", BUILTIN_REVERSE, "l", '=', 0 },
	{ "unique", BUILTIN_UNIQUE, "l", '=', 0 },
	{ "range", BUILTIN_RANGE, "ii", 'I', FAULT_BIT(PAYLOAD_TOO_LARGE) },
	{ "format_time", BUILTIN_FORMAT_TIME, "t", 's', FAULT_BIT(BAD_VALUE) },
	{ "parse_time", BUILTIN_PARSE_TIME, "s", 't', FAULT_BIT(BAD_VALUE) },
	{ "hash", BUILTIN_HASH, "x", 'i', FAULT_BIT(OVERFLOW) | FAULT_BIT(BAD_VALUE) },
	{ "now", BUILTIN_NOW, "", 't', 0 },
	{ "uuid", BUILTIN_UUID, "", 's', 0 },
	{ "random", BUILTIN_RANDOM, "", 'f', 0 },
};
#define NROWS (sizeof(rows) / sizeof(*rows))

static const struct type *exact(struct checker *c, char letter) {
	switch (letter) {
	case 's':
		return basic(c, TYPE_STRING);
	case 'i':
		return basic(c, TYPE_INT);
	case 'f':
		return basic(c, TYPE_FLOAT);
	case 't':
		return basic(c, TYPE_TIME);
	case 'b':
		return basic(c, TYPE_BOOL);
	case 'j':
		return basic(c, TYPE_JSON);
	case 'L':
		return type_list(c->types, basic(c, TYPE_STRING));
	case 'I':
		return type_list(c->types, basic(c, TYPE_INT));
	case '?':
		return type_optional(c->types, basic(c, TYPE_INT));
	default:
		return NULL;
	}
}

/* Does a value of this type fit, and if not, what would? */
static const char *wanted(const struct type *type, char letter) {
	enum type_kind kind = type->kind;
	bool number = kind == TYPE_INT || kind == TYPE_FLOAT;
	switch (letter) {
	case 'c':
		return kind == TYPE_STRING || kind == TYPE_LIST ? NULL : "a string or a list";
	case 'k':
		return kind == TYPE_STRING || kind == TYPE_LIST || kind == TYPE_MAP ||
				kind == TYPE_BYTES
			? NULL
			: "a string, a list, a map or bytes";
	case 'l':
		return kind == TYPE_LIST ? NULL : "a list";
	case 'g':
		return kind == TYPE_LIST && wanted(type->of, 'a') == NULL
			? NULL
			: "a list of numbers or durations";
	case 'h':
		return kind == TYPE_LIST &&
				(type->of->kind == TYPE_STRING || wanted(type->of, 'o') == NULL)
			? NULL
			: "a list of numbers, strings, durations or times";
	case 'm':
		return kind == TYPE_MAP ? NULL : "a map";
	case 'a':
		return number || kind == TYPE_DURATION ? NULL : "a number or a duration";
	case 'o':
		return kind == TYPE_TIME || wanted(type, 'a') == NULL
			? NULL
			: "a number, a duration or a time";
	case 'q':
		return number || kind == TYPE_STRING ? NULL : "a number or a string";
	case 'r':
		return kind == TYPE_JSON || kind == TYPE_STRING ? NULL : "json or a string";
	default:
		return NULL;
	}
}

static void check_param(
	struct checker *c, struct expr *arg, char letter, const struct type *first) {
	const struct type *type = exact(c, letter);
	if (letter == 'e' && first != NULL && first->kind == TYPE_ERROR) {
		(void)check_expr(c, arg);
		return;
	}
	if (type == NULL && letter == 'e' && first != NULL) {
		type = first->kind == TYPE_LIST ? first->of : basic(c, TYPE_STRING);
	}
	if (type == NULL && letter == 'o' && first != NULL) {
		type = first;
	}
	if (type != NULL) {
		(void)check_expect(c, arg, type);
		return;
	}
	type = check_expr(c, arg);
	if (type->kind == TYPE_ERROR) {
		return;
	}
	const char *text = wanted(type, letter);
	bool open = type_is_open(type);
	if (letter == 'p' && !check_is_printable(type) && type->kind != TYPE_JSON) {
		text = "a value that can be shown";
	}
	if (text != NULL || open) {
		report(c, WRONG_TYPE, arg->span,
			type->kind == TYPE_OPTIONAL ? "give a default with `??`" : NULL,
			"expected %s, found %s", text == NULL ? "a value with a type" : text,
			text_of(c, type));
		arg->type = basic(c, TYPE_ERROR);
	}
}

static const struct row *find(const char *name) {
	for (size_t i = 0; i < NROWS; i++) {
		if (strcmp(rows[i].name, name) == 0) {
			return &rows[i];
		}
	}
	return NULL;
}

static const struct type *unknown(struct checker *c, struct expr *e) {
	const struct name *name = &e->u.call.name;
	for (struct argument *a = e->u.call.args; a != NULL; a = a->next) {
		(void)check_expr(c, a->value);
	}
	const struct decl *decl = check_find_any(c, NULL, name->text);
	if (decl != NULL) {
		struct diagnostic *said = report(c, UNKNOWN_FUNCTION, name->span,
			check_how_to(decl), "'%s' is %s, not a function", name->text,
			check_kind_text(decl->kind));
		check_note_decl(c, said, decl);
		return basic(c, TYPE_ERROR);
	}
	struct suggest suggest = { .wanted = name->text };
	for (size_t i = 0; i < NROWS; i++) {
		suggest_offer(&suggest, rows[i].name);
	}
	for (const struct decl *d = c->file->decls; d != NULL; d = d->next) {
		if (d->kind == DECL_ACTIVITY) {
			suggest_offer(&suggest, d->name.text);
		}
	}
	report(c, UNKNOWN_FUNCTION, name->span, check_did_you_mean(c, &suggest),
		"unknown function '%s'", name->text);
	return basic(c, TYPE_ERROR);
}

static const struct type *result_of(
	struct checker *c, struct expr *e, const struct row *row, const struct type *first) {
	switch (row->result) {
	case '=':
		return first == NULL ? basic(c, TYPE_ERROR) : first;
	case 'E':
		return first != NULL && first->kind == TYPE_LIST ? first->of : basic(c, TYPE_ERROR);
	case 'V':
		return first != NULL && first->kind == TYPE_MAP ? type_list(c->types, first->of)
								: basic(c, TYPE_ERROR);
	case 'P':
		if (e->u.call.type == NULL) {
			report(c, NO_TYPE, e->u.call.name.span, "write parse[T](…)",
				"`parse` needs the type to read");
			return basic(c, TYPE_ERROR);
		}
		return check_type(c, e->u.call.type);
	default:
		return exact(c, row->result);
	}
}

/* The row's faults, or those that an argument of this type brings. */
static unsigned faults_of(const struct expr *e, const struct row *row, const struct type *first) {
	if (e->builtin == BUILTIN_RANDOM_BELOW) {
		return FAULT_BIT(BAD_VALUE);
	}
	bool compares = row->builtin == BUILTIN_CONTAINS || row->builtin == BUILTIN_FIND ||
		row->builtin == BUILTIN_UNIQUE;
	if (compares && check_is_endless(first)) {
		return FAULT_BIT(BAD_VALUE);
	}
	bool none = (row->builtin == BUILTIN_STRING && first->kind != TYPE_TIME) ||
		(row->builtin == BUILTIN_ABS && first->kind == TYPE_FLOAT) ||
		(row->builtin == BUILTIN_INT && first->kind == TYPE_INT) ||
		(row->builtin == BUILTIN_FLOAT && first->kind != TYPE_STRING);
	return none ? 0 : row->faults;
}

const struct type *check_call(struct checker *c, struct expr *e) {
	const struct row *row = find(e->u.call.name.text);
	if (row == NULL) {
		return unknown(c, e);
	}
	const struct type *first = NULL;
	const char *params = row->params;
	struct argument *args = e->u.call.args;
	e->builtin = (int)row->builtin;
	if (row->builtin == BUILTIN_RANDOM && args != NULL) {
		params = "i";
		e->builtin = BUILTIN_RANDOM_BELOW;
	}
	unsigned given = 0;
	for (struct argument *a = args; a != NULL; a = a->next, given++) {
		if (given < strlen(params)) {
			check_param(c, a->value, params[given], first);
		} else {
			(void)check_expr(c, a->value);
		}
		first = given == 0 ? a->value->type : first;
		e->can_fault = e->can_fault || a->value->can_fault;
		e->faults |= a->value->faults;
	}
	if (given != strlen(params)) {
		report(c, ARGUMENT_COUNT, e->span, NULL, "'%s' takes %zu argument%s, not %u",
			row->name, strlen(params), strlen(params) == 1 ? "" : "s", given);
		return basic(c, TYPE_ERROR);
	}
	if (c->pure != NULL && row->builtin >= BUILTIN_NOW) {
		report(c, NOT_PURE, e->span, NULL, "'%s' cannot stand in %s", row->name, c->pure);
	}
	unsigned faults = faults_of(e, row, first);
	e->faults |= faults;
	e->can_fault = e->can_fault || faults != 0;
	if (e->builtin == BUILTIN_RANDOM_BELOW) {
		return basic(c, TYPE_INT);
	}
	return result_of(c, e, row, first);
}
