/*
 * What checking adds to the tree: tests/diag has what it says about mistakes;
 * here is what lowering relies on, the fields marked "checked:" in ast.h.
 */
#include "../support/suite.h"

#include <stdlib.h>
#include <string.h>

#include "../../dtfc/check.h"
#include "../../grammar/grammar.h"

static struct arena arena;
static struct diag diag;
static struct unit unit;
static enum diag_code only; /* the one warning that counts, 0: all do */

static void finish(void) {
	only = 0;
	dtf__arena_finish(&arena);
}

/* Parses and checks; true if no error was reported. */
static bool check(const char *text) {
	diag = (struct diag){ .arena = &arena };
	for (size_t i = 0; i < DIAG_COUNT; i++) {
		diag.choices[i] = only != 0 && i != only ? DIAG_SILENCED : DIAG_AS_USUAL;
	}
	struct source *source = src_create(&arena, "t.dtf", text, (uint32_t)strlen(text));
	struct file *file = grammar_parse(&arena, &diag, source);
	ck_assert_msg(file->ok, "%s", text);
	unit = (struct unit){
		.arena = &arena, .diag = &diag, .types = types_create(&arena), .files = file
	};
	return check_unit(&unit);
}

#define DECLARATIONS                                               \
	"package p\n"                                              \
	"record Order { id: string, cents: int, note: string? }\n" \
	"enum Color { red, green }\n"                              \
	"record Tree { children: [Tree], up: Tree? }\n"            \
	"record Holds { tree: Tree }\n"                            \
	"error declined(code: string)\n"                           \
	"error broken\n"                                           \
	"const LIMIT = 2 * 3 + 1\n"                                \
	"activity charge(id: string) -> string fails declined\n"   \
	"activity refund(id: string)\n"                            \
	"event approval: Color { capacity 7 }\n"

static struct decl *find(const char *name) {
	struct decl *d = unit.files->decls;
	while (d != NULL && (d->name.text == NULL || strcmp(d->name.text, name) != 0)) {
		d = d->next;
	}
	ck_assert_msg(d != NULL, "%s", name);
	return d;
}

#define HEAD "workflow w(o: Order, n: int, f: float, xs: [int], c: Color, m: string?) "

/* The workflow that has these statements, which are right. */
static struct decl *workflow(const char *statements) {
	const char *text = mem_printf(
		&arena, DECLARATIONS HEAD "fails declined, broken {\n%s\n}\n", statements);
	ck_assert_msg(check(text), "%s", statements);
	return find("w");
}

static struct stmt *first(const char *statements) {
	return workflow(statements)->body->first;
}

/* The value of `let v = …`. */
static struct expr *value(const char *text) {
	return first(mem_printf(&arena, "let v = %s", text))->u.let.value;
}

static const char *type(const struct expr *e) {
	return type_text(&arena, e->type);
}

/* ---- declarations ---- */

START_TEST(language_5_policy) {
	ck_assert(check("package p\nconst T = 3\n"
			"activity plain()\n"
			"activity all() { timeout 2s, deadline 1m, heartbeat 3s, tag \"x\"\n"
			"retry T backoff 5ms..1h factor 1.5, priority -4 }\n"
			"activity forever() { retry forever }\n"
			"activity once() { retry none }\n"
			"event e: int\n"));
	const struct policy *p = &find("plain")->policy;
	ck_assert_int_eq(p->timeout_ms, 5 * 60 * 1000);
	ck_assert_int_eq(p->deadline_ms, 0);
	ck_assert_int_eq(p->heartbeat_ms, 0);
	ck_assert_int_eq(p->attempts, 3);
	ck_assert_int_eq(p->backoff_min_ms, 1000);
	ck_assert_int_eq(p->backoff_max_ms, 60 * 1000);
	ck_assert(p->factor > 1.99 && p->factor < 2.01);
	ck_assert_str_eq(p->tag, "");
	ck_assert_int_eq(p->priority, 0);
	p = &find("all")->policy;
	ck_assert_int_eq(p->timeout_ms, 2000);
	ck_assert_int_eq(p->deadline_ms, 60 * 1000);
	ck_assert_int_eq(p->heartbeat_ms, 3000);
	ck_assert_int_eq(p->attempts, 3);
	ck_assert_int_eq(p->backoff_min_ms, 5);
	ck_assert_int_eq(p->backoff_max_ms, 3600 * 1000);
	ck_assert_str_eq(p->tag, "x");
	ck_assert_int_eq(p->priority, -4);
	ck_assert_int_eq(find("forever")->policy.attempts, 0);
	ck_assert_int_eq(find("once")->policy.attempts, 1);
	ck_assert_int_eq(find("e")->capacity, 1024);
}
END_TEST

START_TEST(language_5_a_step_overrides) {
	struct stmt *s = first("do refund(\"x\") with { timeout 2s }\ndo refund(\"x\")");
	ck_assert_ptr_ne(s->u.expr->u.step->policy, &s->u.expr->decl->policy);
	ck_assert_int_eq(s->u.expr->u.step->policy->timeout_ms, 2000);
	ck_assert_int_eq(s->u.expr->u.step->policy->attempts, 3);
	ck_assert_ptr_eq(s->next->u.expr->u.step->policy, &s->next->u.expr->decl->policy);
	ck_assert_int_eq(s->next->u.expr->u.step->policy->timeout_ms, 5 * 60 * 1000);
	ck_assert_int_eq(find("approval")->capacity, 7);
	ck_assert_ptr_eq(s->u.expr->decl, find("refund"));
}
END_TEST

START_TEST(built_in_errors_stand_in_the_order_of_enum_fault) {
	static const char *const names[FAULT_COUNT] = { "activity_failed", "timeout", "lost",
		"child_failed", "bad_payload", "payload_too_large", "history_full", "runaway",
		"overflow", "division_by_zero", "out_of_range", "bad_value" };
	(void)workflow("");
	const struct decl *d = unit.builtin_errors;
	for (size_t i = 0; i < FAULT_COUNT; i++, d = d->next) {
		ck_assert_str_eq(d->name.text, names[i]);
		ck_assert_int_eq(d->kind, DECL_ERROR);
		ck_assert_ptr_null(d->file);
	}
	ck_assert_ptr_null(d);
}
END_TEST

START_TEST(constants_are_folded) {
	struct decl *w = workflow("let v = LIMIT");
	const struct decl *limit = find("LIMIT");
	ck_assert_int_eq(limit->value->kind, EXPR_INT);
	ck_assert_int_eq(limit->value->u.integer, 7);
	ck_assert_int_eq(limit->type->kind, TYPE_INT);
	const struct expr *e = w->body->first->u.let.value;
	ck_assert_ptr_eq(e->decl, limit);
	ck_assert(!e->can_fault);
	e = value("10 - 2 * 3");
	ck_assert_int_eq(e->kind, EXPR_INT);
	ck_assert_int_eq(e->u.integer, 4);
	ck_assert(!e->can_fault);
	e = value("1h - 30m");
	ck_assert_int_eq(e->kind, EXPR_DURATION);
	ck_assert_int_eq(e->u.integer, 30 * 60 * 1000);
}
END_TEST

/* A graph of records that share others has more ways than can be gone. */
START_TEST(records_cost_no_more_than_their_number) {
	const char *text = "package p\nrecord R0 { x: int }\n";
	for (int i = 1; i <= 64; i++) {
		text = mem_printf(
			&arena, "%srecord R%d { a: R%d, b: R%d }\n", text, i, i - 1, i - 1);
	}
	ck_assert(check(text));
}
END_TEST

/* However they hold each other: what comes after recurses through them. */
START_TEST(records_are_nested_to_a_limit) {
	static const char *const around[][2] = { { "", "" }, { "[", "]" }, { "", "?" },
		{ "map[", "]" }, { "[[[", "]?]]" } };
	const char *text = "record R0 { x: int }\n";
	for (int i = 1; i <= 1000; i++) {
		text = mem_printf(&arena, "record R%d { a: %sR%d%s }\n%s", i, around[_i][0], i - 1,
			around[_i][1], text);
	}
	ck_assert(!check(mem_printf(&arena, "package p\n%s", text)));
	char *said = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&said, &size);
	diag_print(&diag, out, false);
	ck_assert_int_eq(fclose(out), 0);
	ck_assert_ptr_nonnull(strstr(said, "this is nested too deeply (limit 1000)"));
	ck_assert_uint_eq(diag.errors, 1);
	free(said);
}
END_TEST

START_TEST(language_4_records_that_contain_themselves) {
	ck_assert(check("package p\n"
			"record Tree { children: [Tree] }\n"
			"record A { b: B? }\n"
			"record B { plain: Plain, a: A }\n"
			"record Holds { tree: Tree, a: A }\n"
			"record Plain { x: int, e: E }\n"
			"enum E { one, two }\n"));
	ck_assert(find("Tree")->is_recursive);
	ck_assert(find("A")->is_recursive);
	ck_assert(find("B")->is_recursive);
	ck_assert(!find("Holds")->is_recursive);
	ck_assert(!find("Plain")->is_recursive);
	ck_assert_uint_eq(find("A")->component, find("B")->component);
	ck_assert_uint_ne(find("A")->component, find("Tree")->component);
	ck_assert_uint_ne(find("A")->component, find("Holds")->component);
	ck_assert_uint_ne(find("A")->component, find("Plain")->component);
}
END_TEST

/* ---- expressions ---- */

START_TEST(language_4_types_of_values) {
	ck_assert_str_eq(type(value("[1, 2]")), "[int]");
	ck_assert_str_eq(type(value("[none, 2]")), "[int?]");
	ck_assert_str_eq(type(value("[[], [1]]")), "[[int]]");
	ck_assert_str_eq(type(value("{\"a\": 1}")), "map[int]");
	ck_assert_str_eq(type(value("Order { id: \"x\", cents: 1 }")), "p.Order");
	ck_assert_str_eq(type(value("Color.red")), "p.Color");
	ck_assert_str_eq(type(value("o.note")), "string?");
	ck_assert_str_eq(type(value("o.note ?? \"x\"")), "string");
	ck_assert_str_eq(type(value("o.note ?? m")), "string?");
	ck_assert_str_eq(type(value("xs[0]")), "int");
	ck_assert_str_eq(type(value("xs + [1]")), "[int]");
	ck_assert_str_eq(type(value("now() + 1h")), "time");
	ck_assert_str_eq(type(value("now() - now()")), "duration");
	ck_assert_str_eq(type(value("1h * n")), "duration");
	ck_assert_str_eq(type(value("f / 2.0")), "float");
	ck_assert_str_eq(type(value("n == 1 and not (f < 1.0)")), "bool");
	ck_assert_str_eq(type(value("m == none")), "bool");
	ck_assert_str_eq(type(value("find(o.id, \"x\")")), "int?");
	ck_assert_str_eq(type(value("random(6)")), "int");
	ck_assert_str_eq(type(value("random()")), "float");
	ck_assert_str_eq(type(value("self.execution")), "int");
	ck_assert_str_eq(type(value("do charge(\"x\")")), "string");
	ck_assert_str_eq(type(value("wait approval")), "p.Color");
}
END_TEST

START_TEST(language_4_a_value_becomes_optional_by_a_convert) {
	struct stmt *s = first("let a: string? = \"x\"\nlet b: string? = none\nlet c: [int] = []\n"
			       "let d: [int?] = [1, none]\nlet e: [int]? = []");
	ck_assert_int_eq(s->u.let.value->kind, EXPR_CONVERT);
	ck_assert_str_eq(type(s->u.let.value), "string?");
	ck_assert_str_eq(type(s->u.let.value->u.converted), "string");
	s = s->next;
	ck_assert_int_eq(s->u.let.value->kind, EXPR_NONE);
	ck_assert_str_eq(type(s->u.let.value), "string?");
	s = s->next;
	ck_assert_int_eq(s->u.let.value->kind, EXPR_LIST);
	ck_assert_str_eq(type(s->u.let.value), "[int]");
	s = s->next;
	ck_assert_str_eq(type(s->u.let.value), "[int?]");
	ck_assert_int_eq(s->u.let.value->u.items->value->kind, EXPR_CONVERT);
	ck_assert_str_eq(type(s->u.let.value->u.items->next->value), "int?");
	s = s->next;
	ck_assert_int_eq(s->u.let.value->kind, EXPR_CONVERT);
	ck_assert_str_eq(type(s->u.let.value->u.converted), "[int]");
}
END_TEST

START_TEST(language_4_a_test_narrows) {
	struct stmt *s = first("if m != none { let a = m }");
	const struct expr *e = s->u.branch.then->first->u.let.value;
	ck_assert_int_eq(e->kind, EXPR_CONVERT);
	ck_assert_str_eq(type(e), "string");
	ck_assert_str_eq(type(e->u.converted), "string?");
	/* not by an `or`, and not after the block */
	s = first("if m != none or n == 1 { let a = m }\nlet b = m");
	ck_assert_str_eq(type(s->u.branch.then->first->u.let.value), "string?");
	ck_assert_str_eq(type(s->next->u.let.value), "string?");
	s = first("if m == none { let a = m } else { let b = m }");
	ck_assert_str_eq(type(s->u.branch.then->first->u.let.value), "string?");
	ck_assert_str_eq(type(s->u.branch.otherwise->u.block->first->u.let.value), "string");
	s = first("let a = m != none and m == \"x\"");
	ck_assert_str_eq(type(s->u.let.value->u.operation.right->u.operation.left), "string");
	s = first("if let x = m { log info x }");
	ck_assert_str_eq(type_text(&arena, s->u.branch.var->type), "string");
}
END_TEST

#define BIT(name) (1u << FAULT_##name)
#define TREE      "Tree { children: [] }"

START_TEST(language_4_faults_of_expressions) {
	static const struct {
		const char *text;
		unsigned faults;
	} cases[] = {
		{ "n", 0 },
		{ "o.cents", 0 },
		{ "\"{n} {o.id}\"", 0 },
		{ "[n, 1]", 0 },
		{ "n == 1 and n < 2", 0 },
		{ "o == Order { id: \"x\", cents: 1 }", 0 },
		{ TREE " == " TREE, BIT(BAD_VALUE) },
		{ "[Holds { tree: " TREE " }] != []", BIT(BAD_VALUE) },
		{ TREE ".up == none", 0 },
		{ "contains([" TREE "], " TREE ")", BIT(BAD_VALUE) },
		{ "find([o], o) == none", 0 },
		{ "len(unique([" TREE "]))", BIT(BAD_VALUE) },
		{ "len(unique(xs))", 0 },
		{ "f < 1.0", 0 },
		{ "m ?? \"x\"", 0 },
		{ "n + 1", BIT(OVERFLOW) },
		{ "-n", BIT(OVERFLOW) },
		{ "-f", 0 },
		{ "n / xs[0]", BIT(OVERFLOW) | BIT(DIVISION_BY_ZERO) | BIT(OUT_OF_RANGE) },
		{ "n / 2", 0 },
		{ "n / -1", BIT(OVERFLOW) },
		{ "n % n", BIT(DIVISION_BY_ZERO) },
		{ "n % -1", 0 },
		{ "o.id + \"!\"", BIT(PAYLOAD_TOO_LARGE) },
		{ "xs + [n]", BIT(PAYLOAD_TOO_LARGE) },
		{ "string(n)", 0 },
		{ "float(n)", 0 },
		{ "abs(f)", 0 },
		{ "2 + 3 * 4", 0 },
		{ "f / f", BIT(OVERFLOW) | BIT(DIVISION_BY_ZERO) },
		{ "xs[0]", BIT(OUT_OF_RANGE) },
		{ "[xs[0]]", BIT(OUT_OF_RANGE) },
		{ "\"{xs[0]}\"", BIT(OUT_OF_RANGE) },
		{ "Order { id: \"x\", cents: n * 2 }", BIT(OVERFLOW) },
		{ "now() + 1h", BIT(OVERFLOW) },
		{ "random(n)", BIT(BAD_VALUE) },
		{ "uuid()", 0 },
		{ "self.id", 0 },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct expr *e = value(cases[i].text);
		ck_assert_msg(e->faults == cases[i].faults, "%s: %x, not %x", cases[i].text,
			e->faults, cases[i].faults);
		ck_assert_msg(e->can_fault == (e->faults != 0), "%s", cases[i].text);
	}
	ck_assert(value("do charge(\"x\")")->can_fault);
	ck_assert(value("wait approval")->can_fault);
}
END_TEST

START_TEST(what_names_mean) {
	struct decl *w = workflow("let a = n\nlet b = o.cents\nlet c2 = Color.green\n"
				  "let d = self.workflow");
	const struct stmt *s = w->body->first;
	ck_assert_ptr_eq(s->u.let.value->var, w->fields->next->var);
	ck_assert_int_eq(s->u.let.value->var->kind, VAR_PARAM);
	s = s->next;
	ck_assert_ptr_eq(s->u.let.value->member, find("Order")->fields->next);
	ck_assert_uint_eq(s->u.let.value->member->index, 1);
	s = s->next;
	ck_assert_ptr_eq(s->u.let.value->member, find("Color")->fields->next);
	s = s->next;
	ck_assert_int_eq(s->u.let.value->builtin, FIELD_SELF_WORKFLOW);
	ck_assert_int_eq(value("len(xs)")->builtin, BUILTIN_LEN);
	ck_assert_int_eq(value("random(3)")->builtin, BUILTIN_RANDOM_BELOW);
}
END_TEST

START_TEST(variables_stand_in_source_order) {
	const struct decl *w = workflow(
		"let a = 1\nif n == 1 { var b = 2\nb = 3\nlog info \"{b}\" }\n"
		"for x in xs { log info \"{x}\" }\nlog info \"{a}\"");
	static const char *const names[] = { "o", "n", "f", "xs", "c", "m", "a", "b", "x" };
	static const enum var_kind kinds[] = { VAR_PARAM, VAR_PARAM, VAR_PARAM, VAR_PARAM,
		VAR_PARAM, VAR_PARAM, VAR_LET, VAR_VAR, VAR_FOR };
	const struct var *v = w->vars;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++, v = v->next) {
		ck_assert_str_eq(v->name.text, names[i]);
		ck_assert_int_eq(v->kind, kinds[i]);
		ck_assert_ptr_eq(v->strand, &w->strand);
		ck_assert_int_eq(v->is_mutable, v->kind == VAR_VAR);
	}
	ck_assert_ptr_null(v);
}
END_TEST

/* ---- statements ---- */

START_TEST(statements_that_wait_and_that_fall_through) {
	static const struct {
		const char *text;
		bool waits, falls;
	} cases[] = {
		{ "let a = n", false, true },
		{ "do refund(\"x\")", true, true },
		{ "let a = wait approval", true, true },
		{ "let a: Color? = wait approval", true, true },
		{ "sleep 1s", true, true },
		{ "sleep until now()", true, true },
		{ "status \"x\"", false, true },
		{ "log info \"x\"", false, true },
		{ "return", false, false },
		{ "fail broken", false, false },
		{ "{ sleep 1s }", true, true },
		{ "{ return }", false, false },
		{ "if n == 1 { return }", false, true },
		{ "if n == 1 { return } else { fail broken }", false, false },
		{ "if n == 1 { } else if n == 2 { sleep 1s }", true, true },
		{ "for x in xs { sleep 1s }", true, true },
		{ "for x in xs { return }", false, true },
		{ "while n == 1 { fail broken }", false, true },
		{ "while true { sleep 1s }", true, false },
		{ "loop { sleep 1s }", true, false },
		{ "loop { sleep 1s\nbreak }", true, true },
		{ "loop { for x in xs { break }\nsleep 1s }", true, false },
		{ "loop { return }", false, false },
		{ "match c { Color.red => return\nColor.green => fail broken }", false, false },
		{ "match c { Color.red => sleep 1s\nelse => return }", true, true },
		{ "match n { 1 => return\nelse => { } }", false, true },
		{ "try { log info \"x\" } finally { log info \"y\" }", false, true },
		{ "try { log info \"x\" } finally { sleep 1s }", true, true },
		{ "try { fail broken } catch { }", false, true },
		{ "try { return } finally { log info \"x\" }", false, false },
		{ "try { undo { log info \"x\" } } finally { log info \"y\" }", true, true },
		{ "undo { sleep 1s }", false, true },
		{ "select { on approval { return }\nafter 1s { fail broken } }", true, false },
		{ "select { on approval { return }\nafter 1s { } }", true, true },
		{ "parallel { { log info \"x\" }\n{ log info \"y\" } }", true, true },
		{ "parallel { { fail broken }\nsleep 1s }", true, false },
		{ "while 1 < 2 { sleep 1s }", true, false },
		{ "match n { 1 => return }", false, true },
		{ "match n == 1 { true => return\nfalse => return }", false, false },
		{ "match n == 1 { true => return }", false, true },
		{ "continue with (o, n, f, xs, c, m)", false, false },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char *text = mem_printf(&arena,
			DECLARATIONS HEAD
			"fails broken {\n"
			"if n == 77 { try { do charge(\"\") } catch declined { } }\n%s\n}",
			cases[i].text);
		ck_assert_msg(check(text), "%s", cases[i].text);
		const struct stmt *s = find("w")->body->first->next;
		ck_assert_msg(s->has_wait == cases[i].waits, "%s", cases[i].text);
		ck_assert_msg(s->falls_through == cases[i].falls, "%s", cases[i].text);
	}
}
END_TEST

START_TEST(nothing_falls_through_where_nothing_comes) {
	const struct stmt *s = first("return\nsleep 1s");
	ck_assert(!s->next->falls_through);
	ck_assert(s->next->has_wait);
}
END_TEST

/* ---- undo ---- */

START_TEST(decision_10_an_undo_call_takes_its_arguments_now) {
	only = DIAG_UNDO_USES_RESULT;
	const struct decl *w = workflow("let r = do charge(o.id) undo refund(o.id)\nlog info r");
	const struct undo *undo = w->body->first->u.let.value->u.step->undo;
	const struct argument *a = undo->call->u.step->args;
	ck_assert(!a->late);
	ck_assert_ptr_eq(a->value->u.field.base->var, w->fields->var);
	ck_assert_ptr_null(undo->captures);
	ck_assert_ptr_null(undo->result);
	ck_assert_ptr_eq(undo->call->decl, find("refund"));
	ck_assert_ptr_eq(undo->strand.parent, &w->strand);
	ck_assert_uint_eq(diag.warnings, 0);
}
END_TEST

START_TEST(decision_10_a_late_argument_names_copies) {
	only = DIAG_UNDO_USES_RESULT;
	const struct decl *w = workflow(
		"let r = do charge(o.id) undo refund(\"{r} {n}\")\nlog info r");
	const struct stmt *s = w->body->first;
	const struct undo *undo = s->u.let.value->u.step->undo;
	const struct argument *a = undo->call->u.step->args;
	ck_assert(a->late);
	ck_assert_ptr_nonnull(undo->result);
	ck_assert_int_eq(undo->result->kind, VAR_RESULT);
	ck_assert_ptr_eq(undo->result->strand, &undo->strand);
	ck_assert_ptr_ne(undo->result, s->u.let.var);
	ck_assert_ptr_eq(a->value->u.parts->expr->var, undo->result);
	const struct capture *n = undo->captures;
	ck_assert_ptr_nonnull(n);
	ck_assert_ptr_eq(n->outer, w->fields->next->var);
	ck_assert_ptr_eq(n->inner->captured, n->outer);
	ck_assert_ptr_eq(n->inner->strand, &undo->strand);
	ck_assert_ptr_eq(a->value->u.parts->next->next->expr->var, n->inner);
	ck_assert_ptr_null(n->next);
	ck_assert_uint_eq(diag.warnings, 1);
}
END_TEST

START_TEST(decision_10_the_name_of_a_result_is_used_by_its_undo) {
	only = DIAG_UNUSED_VARIABLE;
	(void)workflow("let r = do charge(o.id) undo refund(r)\n"
		       "select { do charge(o.id) undo refund(r2) as r2 { } }\n"
		       "parallel { let r3 = do charge(o.id) undo { do refund(r3) }\nsleep 1s }");
	ck_assert_uint_eq(diag.warnings, 0);
	(void)workflow("let r = do charge(o.id) undo refund(o.id)");
	ck_assert_uint_eq(diag.warnings, 1);
}
END_TEST

START_TEST(decision_10_an_undo_block_captures) {
	const struct decl *w = workflow("var count = 1\nundo { log info \"{count} {n} {count}\"\n"
					"let own = 2\nlog info \"{own}\" }\ncount = 2");
	const struct undo *undo = w->body->first->next->u.undo;
	const struct capture *a = undo->captures;
	ck_assert_str_eq(a->outer->name.text, "count");
	ck_assert(a->outer->captured == NULL);
	ck_assert(!a->inner->is_mutable);
	ck_assert_str_eq(a->next->outer->name.text, "n");
	ck_assert_ptr_null(a->next->next);
	const struct stmt *own = undo->block->first->next;
	ck_assert_ptr_eq(own->u.let.var->strand, &undo->strand);
	/* the copies are variables of the workflow too */
	unsigned copies = 0;
	for (const struct var *v = w->vars; v != NULL; v = v->next) {
		copies += v->captured != NULL;
	}
	ck_assert_uint_eq(copies, 2);
}
END_TEST

/* ---- parallel ---- */

START_TEST(language_8_a_let_that_is_a_branch_is_exported) {
	const struct decl *w = workflow("parallel {\nlet a = do charge(\"x\")\n"
					"{ let b = do charge(\"y\")\nlog info b }\n}\nlog info a");
	const struct stmt *s = w->body->first;
	const struct branch *a = s->u.expr->u.parallel->branches, *b = a->next;
	ck_assert_ptr_nonnull(a->exported);
	ck_assert_ptr_eq(a->exported->strand, &w->strand);
	ck_assert_ptr_eq(a->body->u.let.var, a->exported);
	ck_assert_ptr_eq(s->next->u.log.text->var, a->exported);
	ck_assert_ptr_null(b->exported);
	ck_assert_ptr_eq(b->body->u.block->first->u.let.var->strand, &b->strand);
	ck_assert_ptr_eq(b->strand.parent, &w->strand);
}
END_TEST

/* ---- errors ---- */

START_TEST(language_9_raised_errors_are_inferred) {
	const struct decl *w = workflow("do charge(\"x\")\nif n == 1 { fail broken }");
	ck_assert_str_eq(w->raises->error->name.text, "declined");
	ck_assert_str_eq(w->raises->next->error->name.text, "broken");
	ck_assert_ptr_null(w->raises->next->next);
	/* caught, raised again, in an undo, of a child */
	w = workflow("try { do charge(\"x\") } catch declined { fail broken }");
	ck_assert_str_eq(w->raises->error->name.text, "broken");
	ck_assert_ptr_null(w->raises->next);
	w = workflow("try { do charge(\"x\") } catch e { fail }");
	ck_assert_str_eq(w->raises->error->name.text, "declined");
	w = workflow("undo { do charge(\"x\") }");
	ck_assert_ptr_null(w->raises);
	w = workflow("call w(o, n, f, xs, c, m)");
	ck_assert_str_eq(w->raises->error->name.text, "declined");
}
END_TEST

START_TEST(decision_25_catch_name) {
	const struct stmt *s = first("try { do charge(\"x\") } catch declined { } catch other { }");
	const struct catch_arm *arm = s->u.attempt.catches;
	ck_assert_ptr_eq(arm->names->error, find("declined"));
	ck_assert_ptr_null(arm->var);
	arm = arm->next;
	ck_assert_ptr_null(arm->names);
	ck_assert_str_eq(arm->binder.text, "other");
	ck_assert_int_eq(arm->var->kind, VAR_CATCH);
	ck_assert_int_eq(arm->var->type->kind, TYPE_FAILURE);
	s = first("try { do charge(\"x\") } catch timeout as e { log info e.kind } "
		  "catch declined as e { log info e.code } catch { }");
	arm = s->u.attempt.catches;
	ck_assert_ptr_null(arm->names->error->file);
	ck_assert_ptr_eq(arm->var->type->failure, arm->names->error);
	const struct expr *e = arm->body->first->u.log.text;
	ck_assert_int_eq(e->builtin, FIELD_ERROR_KIND);
	e = arm->next->body->first->u.log.text;
	ck_assert_int_eq(e->builtin, FIELD_ERROR_DATA);
	ck_assert_ptr_eq(e->member, find("declined")->fields);
}
END_TEST

/* ---- the whole ---- */

/* The file of LANGUAGE.md 2. */
START_TEST(language_2_is_right) {
	ck_assert(check(
		"package shop\n"
		"record Item  { sku: string, qty: int }\n"
		"record Order { id: string, customer: string, items: [Item], cents: int, "
		"express: bool? }\n"
		"record Receipt { order: string, charge: string, labels: [string] }\n"
		"enum   Decision { approved, rejected }\n"
		"error out_of_stock(sku: string)\n"
		"error card_declined(code: string)\n"
		"error rejected\n"
		"/// Holds stock for an order until it ships or is released.\n"
		"activity reserve(order: Order) fails out_of_stock {\n"
		"    timeout 30s\n"
		"    retry 5 backoff 200ms..30s factor 2.0\n"
		"}\n"
		"activity release(order: string)              { retry forever backoff 1s..5m }\n"
		"activity charge(order: string, customer: string, cents: int) -> string fails "
		"card_declined {\n"
		"    timeout 10s\n    deadline 5m\n    retry 8 backoff 100ms..1m\n"
		"    tag \"payments\"\n"
		"}\n"
		"activity refund(order: string)               { retry forever backoff 1s..5m }\n"
		"activity print_label(item: Item) -> string   { heartbeat 10s, timeout 5m }\n"
		"activity notify(customer: string, text: string)\n"
		"event approval: Decision\n"
		"workflow fulfil(order: Order) -> Receipt fails out_of_stock, card_declined, "
		"rejected {\n"
		"    status \"reserving\"\n"
		"    do reserve(order) undo release(order.id)\n"
		"    if order.cents > 100_000 {\n"
		"        status \"waiting for approval\"\n"
		"        select {\n"
		"            on approval as d { if d == Decision.rejected { fail rejected } }\n"
		"            after 3d         { fail rejected }\n"
		"        }\n"
		"    }\n"
		"    let charge_id = do charge(order.id, order.customer, order.cents) undo "
		"refund(order.id)\n"
		"    status \"shipping\"\n"
		"    let labels = parallel for item in order.items limit 8 {\n"
		"        yield do print_label(item)\n"
		"    }\n"
		"    parallel {\n"
		"        do notify(order.customer, \"Order {order.id} is on its way\")\n"
		"        sleep 1s\n"
		"    }\n"
		"    return Receipt { order: order.id, charge: charge_id, labels: labels }\n"
		"}\n"));
	ck_assert_uint_eq(diag.warnings, 0);
}
END_TEST

int main(void) {
	Suite *suite = suite_create("check");
	TCase *tc = tcase_create("check");
	tcase_add_checked_fixture(tc, NULL, finish);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, language_5_policy);
	tcase_add_test(tc, language_5_a_step_overrides);
	tcase_add_test(tc, built_in_errors_stand_in_the_order_of_enum_fault);
	tcase_add_test(tc, constants_are_folded);
	tcase_add_test(tc, records_cost_no_more_than_their_number);
	tcase_add_loop_test(tc, records_are_nested_to_a_limit, 0, 5);
	tcase_add_test(tc, language_4_records_that_contain_themselves);
	tcase_add_test(tc, language_4_types_of_values);
	tcase_add_test(tc, language_4_a_value_becomes_optional_by_a_convert);
	tcase_add_test(tc, language_4_a_test_narrows);
	tcase_add_test(tc, language_4_faults_of_expressions);
	tcase_add_test(tc, what_names_mean);
	tcase_add_test(tc, variables_stand_in_source_order);
	tcase_add_test(tc, statements_that_wait_and_that_fall_through);
	tcase_add_test(tc, nothing_falls_through_where_nothing_comes);
	tcase_add_test(tc, decision_10_an_undo_call_takes_its_arguments_now);
	tcase_add_test(tc, decision_10_a_late_argument_names_copies);
	tcase_add_test(tc, decision_10_the_name_of_a_result_is_used_by_its_undo);
	tcase_add_test(tc, decision_10_an_undo_block_captures);
	tcase_add_test(tc, language_8_a_let_that_is_a_branch_is_exported);
	tcase_add_test(tc, language_9_raised_errors_are_inferred);
	tcase_add_test(tc, decision_25_catch_name);
	tcase_add_test(tc, language_2_is_right);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
