/*
 * What no expected tree or message shows (tests/diag has those): literals' values,
 * the layout a program may have, reserved words, and that the worst of texts
 * costs little.
 */
#include "../support/suite.h"

#include <stdlib.h>
#include <string.h>

#include "../../dtfc/dump.h"
#include "../../grammar/grammar.h"

static struct arena arena;
static struct diag diag;

static void finish(void) {
	dtf__arena_finish(&arena);
}

static struct file *parse(const char *text) {
	diag = (struct diag){ .arena = &arena };
	struct source *source = src_create(&arena, "t.dtf", text, (uint32_t)strlen(text));
	struct file *file = grammar_parse(&arena, &diag, source);
	ck_assert(file->ok == (diag.errors == 0));
	return file;
}

/* The statements of a workflow. */
static struct file *parse_body(const char *statements) {
	return parse(mem_printf(&arena, "package p\nworkflow w() {\n%s\n}\n", statements));
}

static const struct stmt *first(const char *statements) {
	struct file *file = parse_body(statements);
	ck_assert_msg(file->ok, "%s", statements);
	return file->decls->body->first;
}

static unsigned count(const char *statements) {
	unsigned n = 0;
	for (const struct stmt *s = first(statements); s != NULL; s = s->next) {
		n++;
	}
	return n;
}

static bool ok(const char *statements) {
	return parse_body(statements)->ok;
}

START_TEST(smallest_int) {
	const struct stmt *let = first("let a = -9223372036854775808\nlet b = 1 - 2");
	ck_assert_int_eq(let->u.let.value->kind, EXPR_INT);
	ck_assert_int_eq(let->u.let.value->u.integer, INT64_MIN);
	ck_assert(ok("let a = [-9223372036854775808, -9223372036854775808]"));
	ck_assert(!ok("let a = 9223372036854775808"));
	ck_assert(!ok("let a = b -9223372036854775808"));
	ck_assert(!ok("let a = (1) -9223372036854775808"));
}
END_TEST

START_TEST(decision_24_where_a_statement_ends) {
	ck_assert_uint_eq(count("f()\ng()"), 2);
	ck_assert_uint_eq(count("f(); g();"), 2);
	ck_assert_uint_eq(count(";;\n;f()\n\n\ng()\n"), 2);
	ck_assert_uint_eq(count("let a = f(1,\n2,\n)\nlet b = [\n1\n]\ng()"), 3);
	ck_assert_uint_eq(count("let a =\n1 +\n2\ng()"), 2);
	ck_assert_uint_eq(count("return\nf()"), 2);
	ck_assert_uint_eq(count("fail\nf()"), 2);
	ck_assert_uint_eq(count("x = none\nx = y?\?z\nx = true"), 3);
	/* every word can end one that is not reserved for something else */
	ck_assert_uint_eq(count("x = forever\nx = retry\nx = y.if\nf()"), 4);
	ck_assert_uint_eq(count("var x: int?\nf()"), 2);
}
END_TEST

START_TEST(decision_24_what_goes_on) {
	ck_assert_uint_eq(count("do a()\nundo b()"), 1);
	ck_assert_uint_eq(count("do a()\n\n// why\nundo { }"), 1);
	ck_assert_uint_eq(count("do a()\nwith { timeout 1s }\nundo b()\nwith { timeout 1s }"), 1);
	ck_assert_uint_eq(count("do a() undo b()\nundo { }"), 2);
	ck_assert_uint_eq(count("call a()\nundo { }"), 2);
	ck_assert_uint_eq(count("spawn a()\nundo { }"), 2);
	ck_assert_uint_eq(count("x = f()\nundo { }"), 2);
	ck_assert_uint_eq(count("if a { }\nundo { }"), 2);
	ck_assert_uint_eq(count("if a { }\nelse { }"), 1);
	ck_assert_uint_eq(count("if a {\n}\n\nelse if b {\n}\nelse {\n}"), 1);
	ck_assert_uint_eq(count("try { }\ncatch e { }\ncatch as e { }\nfinally { }"), 1);
	ck_assert_uint_eq(count("within 1s { }\nelse { }"), 1);
}
END_TEST

START_TEST(decision_23_braces) {
	ck_assert(ok("if x { }"));
	ck_assert(ok("if (x { a: 1 }) == y { }"));
	ck_assert(ok("if f(X { a: 1 }) { }"));
	ck_assert(ok("for x in [X { a: 1 }] { }"));
	ck_assert(!ok("if y == X { a: 1 } { }"));
	ck_assert(ok("let a = x { }"));
	ck_assert(ok("x = { \"a\": 1 }"));
	ck_assert(ok("return { }"));
	ck_assert(ok("f({ }, { \"a\": { } })"));
	ck_assert(ok("{ { } }"));
	ck_assert(ok("parallel for x in xs limit n until k { }"));
	ck_assert(ok("select { on x as y if z { } after d { } at t { } call w() id i { } }"));
	ck_assert(ok("match x { a => { } b, c => { } }"));
	ck_assert(ok("match x { a => y = R { b: 1 }\n c => { } }"));
}
END_TEST

START_TEST(decision_25_words_as_names) {
	static const char *const contextual[] = { "package", "import", "const", "record", "enum",
		"error", "activity", "event", "workflow", "query", "version", "fails", "timeout",
		"deadline", "heartbeat", "retry", "backoff", "factor", "tag", "priority",
		"capacity", "forever", "id", "as", "on", "after", "at", "until", "limit",
		"settle" };
	for (size_t i = 0; i < sizeof(contextual) / sizeof(*contextual); i++) {
		const char *w = contextual[i];
		ck_assert_msg(ok(mem_printf(&arena,
				      "let %s = 1\nvar b: %s = %s + 1\nb = f(%s).%s\n"
				      "let c = %s { %s: %s }\nif %s == 1 { }",
				      w, w, w, w, w, w, w, w, w)),
			"%s", w);
	}
	ck_assert(ok("let map = 1\nvar b = map + f(map).map"));
	static const char *const reserved[] = { "and", "break", "call", "catch", "continue", "do",
		"else", "fail", "finally", "for", "if", "in", "let", "log", "loop", "match", "not",
		"or", "parallel", "return", "select", "shield", "sleep", "spawn", "status", "try",
		"undo", "var", "wait", "while", "within", "yield" };
	for (size_t i = 0; i < sizeof(reserved) / sizeof(*reserved); i++) {
		const char *w = reserved[i];
		ck_assert(!ok(mem_printf(&arena, "let %s = 1", w)));
		ck_assert(!ok(mem_printf(&arena, "let %s: int = 1", w)));
		ck_assert_msg(ok(mem_printf(&arena, "x = y.%s.z\nx = R { %s: 1 }", w, w)), "%s", w);
	}
}
END_TEST

START_TEST(the_file_says_its_package_first) {
	ck_assert(parse("package p\n")->ok);
	ck_assert(parse("// x\n\n/* y */ package p")->ok);
	ck_assert_str_eq(parse("package retry")->package.text, "retry");
	ck_assert(!parse("")->ok);
	ck_assert(!parse("record R { a: int }\n")->ok);
	ck_assert(!parse("record R { a: int }\npackage p\n")->ok);
	ck_assert(!parse("package p\npackage p\n")->ok);
}
END_TEST

START_TEST(crlf_and_no_final_newline) {
	ck_assert(parse("package p\r\nworkflow w() {\r\n  let a = 1\r\n}\r\n")->ok);
	ck_assert(parse("package p; workflow w() { let a = 1 }")->ok);
}
END_TEST

/* What is right is in the tree although something else is wrong. */
START_TEST(errors_spare_the_rest) {
	struct file *file = parse(
		"package p\nrecord A { a: int }\nworkflow { let x = 1 }\n"
		"workflow b() {\n  let x = \n  let y = 1\n}\nrecord C { c: int }\n");
	unsigned n = 0;
	ck_assert(!file->ok);
	ck_assert_uint_eq(diag.errors, 2);
	for (const struct decl *d = file->decls; d != NULL; d = d->next) {
		ck_assert_str_eq(d->name.text, n == 0 ? "A" : n == 1 ? "b" : "C");
		n++;
	}
	ck_assert_uint_eq(n, 3);
}
END_TEST

static char *repeat(const char *before, const char *piece, unsigned n, const char *after) {
	size_t size = strlen(piece);
	char *text = mem_alloc(&arena, strlen(before) + size * n + strlen(after) + 1), *to = text;
	to = stpcpy(to, before);
	for (unsigned i = 0; i < n; i++) {
		to = stpcpy(to, piece);
	}
	(void)strcpy(to, after);
	return text;
}

enum { LARGE = 1024 * 1024 };

#define HEAD "package p\nworkflow w() {\nlet x = "

START_TEST(limits) {
	unsigned most = LARGE / 8;
	ck_assert(parse(repeat("package p\nworkflow w() {\n", "x = y.z\n", most, "}"))->ok);
	ck_assert(parse(repeat(HEAD, "(", 120, repeat("1", ")", 120, "\n}")))->ok);
	ck_assert(!parse(repeat(HEAD, "(", 200, repeat("1", ")", 200, "\n}")))->ok);
	ck_assert_uint_eq(diag.errors, 1);
	ck_assert(parse(repeat(HEAD "1", "+1", 999, "\n}"))->ok);
	ck_assert(!parse(repeat(HEAD "1", "+1", 1001, "\n}"))->ok);
	ck_assert_uint_eq(diag.errors, 1);
	ck_assert(parse(repeat(HEAD "[", "1,", 50000, "]\n}"))->ok);
	ck_assert(!parse(repeat(HEAD, "- ", 100000, "1\n}"))->ok);
	ck_assert(!parse(repeat(HEAD "a", "?\?a", 100000, "\n}"))->ok);
	ck_assert(
		!parse(repeat("package p\nworkflow w() {\nif a { }", " else if a { }", 5000, "\n}"))
			 ->ok);
}
END_TEST

/* A tree is walked by recursion: it is not deep through any kind of node. */
START_TEST(depth_counts_through_everything) {
	static const char *const brackets[][2] = { { "f(", ")" }, { "[", "]" }, { "\"{", "}\"" },
		{ "R { a: ", "}" }, { "{ \"a\": ", "}" }, { "x[", "]" }, { "(", ")" } };
	for (size_t i = 0; i < sizeof(brackets) / sizeof(*brackets); i++) {
		char *close = repeat("", "+1", 300, brackets[i][1]);
		char *text = repeat(HEAD, brackets[i][0], 3, repeat("1", close, 3, "\n}"));
		ck_assert_msg(parse(text)->ok, "%s", brackets[i][0]);
		text = repeat(HEAD, brackets[i][0], 4, repeat("1", close, 4, "\n}"));
		ck_assert_msg(!parse(text)->ok, "%s", brackets[i][0]);
		ck_assert_uint_eq(diag.errors, 1);
	}
}
END_TEST

/* Large texts of the worst kinds; the time limit is Check's. */
START_TEST(a_lot_of_anything) {
	static const char *const pieces[] = { "(", ")", "{", "}", "[", "\"{", ";", "\n", "a ",
		"a\n", "- ", "not ", "1+", "/// d\n", "/*", "\\", "{a}", ")\n", "let ", "do ", "a.",
		"[1,", "-9223372036854775808,", "if a {\n", "else ", "\"\n", "workflow w() {\n",
		"a: int\n", "\xc3\xa9", "parallel { let x = ", "undo ", "'", "x = 3\n", "R { a: " };
	const char *piece = pieces[_i];
	unsigned n = (unsigned)(LARGE / 8 / strlen(piece));
	(void)parse(repeat("package p\nworkflow w() {\n", piece, n, ""));
	(void)parse(repeat(HEAD, piece, n, "\n}"));
	struct file *file = parse(repeat("", piece, n, ""));
	char *out = NULL;
	size_t size;
	FILE *stream = open_memstream(&out, &size);
	dump_file(file, stream);
	diag_print(&diag, stream, false);
	ck_assert_int_eq(fclose(stream), 0);
	free(out);
}
END_TEST

int main(void) {
	Suite *suite = suite_create("parse");
	TCase *tc = tcase_create("parse");
	tcase_add_checked_fixture(tc, NULL, finish);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, smallest_int);
	tcase_add_test(tc, decision_24_where_a_statement_ends);
	tcase_add_test(tc, decision_24_what_goes_on);
	tcase_add_test(tc, decision_23_braces);
	tcase_add_test(tc, decision_25_words_as_names);
	tcase_add_test(tc, the_file_says_its_package_first);
	tcase_add_test(tc, crlf_and_no_final_newline);
	tcase_add_test(tc, errors_spare_the_rest);
	tcase_add_test(tc, limits);
	tcase_add_test(tc, depth_counts_through_everything);
	tcase_add_loop_test(tc, a_lot_of_anything, 0, 34);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
