/* Bytes to tokens: what each token is worth, where it stands, what it is told about. */
#include "../support/suite.h"

#include <stdlib.h>
#include <string.h>

#include "../../grammar/lex.h"
#include "parse.h"

static struct arena arena;
static struct diag diag;

static void start(void) {
	diag = (struct diag){ .arena = &arena };
}

static void finish(void) {
	dtf__arena_finish(&arena);
}

static struct tokens lex_bytes(const char *text, size_t size) {
	return lex_all(&arena, &diag, src_create(&arena, "t.dtf", text, (uint32_t)size));
}

static struct tokens lex(const char *text) {
	return lex_bytes(text, strlen(text));
}

/* The one token of a text that is right. */
static const struct token *only(const char *text) {
	struct tokens tokens = lex(text);
	ck_assert_msg(tokens.ok, "%s", text);
	ck_assert_uint_eq(tokens.count, 2);
	ck_assert_int_eq(tokens.items[1].kind, 0);
	return &tokens.items[0];
}

static void kinds(const char *text, const int *expected) {
	struct tokens tokens = lex(text);
	for (uint32_t i = 0; i < tokens.count; i++) {
		ck_assert_msg(tokens.items[i].kind == expected[i], "%s: token %u", text, i);
	}
}

#define KINDS(text, ...) kinds((text), (const int[]){ __VA_ARGS__, 0 })

START_TEST(integers) {
	static const struct {
		const char *text;
		int64_t value;
	} cases[] = { { "0", 0 }, { "42", 42 }, { "1_000_000", 1000000 }, { "007", 7 },
		{ "0xff", 255 }, { "0XFF_ff", 65535 }, { "9223372036854775807", INT64_MAX },
		{ "0x7fffffffffffffff", INT64_MAX } };
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct token *token = only(cases[i].text);
		ck_assert_int_eq(token->kind, T_INT);
		ck_assert_int_eq(token->value.integer, cases[i].value);
		ck_assert(!token->is_min);
	}
	/* only a minus makes sense of it, so that is for the parser to judge */
	ck_assert(only("9223372036854775808")->is_min);
	ck_assert(!lex("9223372036854775809").ok);
	ck_assert(!lex("99999999999999999999").ok);
	ck_assert(!lex("0x10000000000000000").ok);
}
END_TEST

START_TEST(floats) {
	static const struct {
		const char *text;
		double value;
	} cases[] = { { "3.5", 3.5 }, { "1e9", 1e9 }, { "2.5E-3", 0.0025 }, { "1_0.2_5", 10.25 },
		{ "0.1", 0.1 }, { "1.7976931348623157e308", 1.7976931348623157e308 },
		{ "5e-324", 5e-324 }, { "1e-999", 0 } };
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct token *token = only(cases[i].text);
		ck_assert_int_eq(token->kind, T_FLOAT);
		ck_assert(token->value.real == cases[i].value);
	}
	ck_assert(!lex("1e309").ok);
	KINDS("1..2", T_INT, T_DOTDOT, T_INT);
	KINDS("1.x", T_INT, T_DOT, T_IDENT);
}
END_TEST

START_TEST(durations) {
	static const struct {
		const char *text;
		int64_t ms;
	} cases[] = { { "250ms", 250 }, { "30s", 30000 }, { "5m", 300000 }, { "12h", 43200000 },
		{ "3d", 259200000 }, { "2w", 1209600000 }, { "1h30m", 5400000 },
		{ "1d2h3m4s5ms", 93784005 }, { "1_000s", 1000000 }, { "0s", 0 },
		{ "9223372036854775807ms", INT64_MAX } };
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct token *token = only(cases[i].text);
		ck_assert_int_eq(token->kind, T_DURATION);
		ck_assert_int_eq(token->value.integer, cases[i].ms);
	}
	static const char *const bad[] = { "9223372036854775807ms1ms", "9223372036854775807s",
		"99999999999999999999s", "12q", "5min", "1.5h", "1h30", "1_x" };
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		ck_assert_msg(!lex(bad[i]).ok, "%s", bad[i]);
	}
	KINDS("1s..5m", T_DURATION, T_DOTDOT, T_DURATION);
}
END_TEST

static void text_is(const struct token *token, const char *bytes, size_t size) {
	ck_assert_uint_eq(token->size, size);
	ck_assert_mem_eq(token->text, bytes, size);
}

START_TEST(strings) {
	text_is(only("\"\""), "", 0);
	text_is(only("\"a b\""), "a b", 3);
	text_is(only("\"\\n\\t\\\"\\\\\\{\\}\""), "\n\t\"\\{}", 6);
	text_is(only("\"\\u{41}\\u{e9}\\u{20AC}\\u{1F600}\""),
		"A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", 10);
	text_is(only("\"\xc3\xa9 // no comment }\""), "\xc3\xa9 // no comment }", 18);
}
END_TEST

START_TEST(interpolation_nests) {
	KINDS("\"a{b}c\"", T_STRING_BEGIN, T_IDENT, T_STRING_END);
	KINDS("\"{a}{b}\"", T_STRING_BEGIN, T_IDENT, T_STRING_MIDDLE, T_IDENT, T_STRING_END);
	KINDS("\"{ {} }\"", T_STRING_BEGIN, T_LBRACE, T_RBRACE, T_STRING_END);
	KINDS("\"{\"x\"}\"", T_STRING_BEGIN, T_STRING, T_STRING_END);
	KINDS("\"{\"{a}\"}\" }", T_STRING_BEGIN, T_STRING_BEGIN, T_IDENT, T_STRING_END,
		T_STRING_END, T_RBRACE);
	struct tokens tokens = lex("\"ab{c}de\"");
	text_is(&tokens.items[0], "ab", 2);
	text_is(&tokens.items[2], "de", 2);
}
END_TEST

/* A string that does not end leaves no brace open that would swallow the rest. */
START_TEST(broken_strings_end_with_their_line) {
	KINDS("\"a{b\n}", T_STRING_BEGIN, T_IDENT, T_STRING_END, T_RBRACE);
	ck_assert_uint_eq(diag.errors, 1);
	KINDS("\"a{b\"\n}", T_STRING_BEGIN, T_IDENT, T_STRING, T_STRING_END, T_RBRACE);
	ck_assert_uint_eq(diag.errors, 2);
	KINDS("\"a\n}", T_STRING, T_RBRACE);
	ck_assert_uint_eq(diag.errors, 3);
}
END_TEST

START_TEST(words) {
	KINDS("if iff If parse parse[ parse [", T_IF, T_IDENT, T_IDENT, T_IDENT, T_PARSE_BRACKET,
		T_IDENT, T_LBRACKET);
	size_t n;
	const struct lex_word *all = lex_words(&n);
	for (size_t i = 0; i < n; i++) {
		ck_assert_int_eq(only(all[i].text)->kind, all[i].kind);
		ck_assert_str_eq(only(all[i].text)->text, all[i].text);
		ck_assert(i == 0 || strcmp(all[i - 1].text, all[i].text) < 0);
	}
}
END_TEST

START_TEST(marks) {
	KINDS("+ += - -= -> * *= / % == = => != < <= > >= ?? ? . .. , : ; ( ) [ ]", T_PLUS,
		T_PLUS_ASSIGN, T_MINUS, T_MINUS_ASSIGN, T_ARROW, T_STAR, T_STAR_ASSIGN, T_SLASH,
		T_PERCENT, T_EQ, T_ASSIGN, T_FAT_ARROW, T_NE, T_LT, T_LE, T_GT, T_GE, T_COALESCE,
		T_QUESTION, T_DOT, T_DOTDOT, T_COMMA, T_COLON, T_SEMI, T_LPAREN, T_RPAREN,
		T_LBRACKET, T_RBRACKET);
}
END_TEST

START_TEST(spans_and_newlines) {
	struct tokens tokens = lex("ab\n  \"c{d}\" /* x\n */ e // f\n");
	static const struct {
		uint32_t at, len;
		bool after_newline;
	} expected[] = { { 0, 2, false }, { 5, 3, true }, { 8, 1, false }, { 9, 2, false },
		{ 21, 1, true }, { 28, 0, true } };
	ck_assert_uint_eq(tokens.count, 6);
	for (uint32_t i = 0; i < tokens.count; i++) {
		ck_assert_uint_eq(tokens.items[i].span.at, expected[i].at);
		ck_assert_uint_eq(tokens.items[i].span.len, expected[i].len);
		ck_assert(tokens.items[i].after_newline == expected[i].after_newline);
	}
}
END_TEST

START_TEST(comments_are_kept) {
	struct tokens tokens = lex("// a\n/// b\n/* c */ x //// d\n");
	const struct comment *c = tokens.comments;
	static const struct {
		uint32_t at, len;
		bool is_doc;
	} expected[] = { { 0, 4, false }, { 5, 5, true }, { 11, 7, false }, { 21, 6, false } };
	for (size_t i = 0; i < 4; i++, c = c->next) {
		ck_assert_ptr_nonnull(c);
		ck_assert_uint_eq(c->span.at, expected[i].at);
		ck_assert_uint_eq(c->span.len, expected[i].len);
		ck_assert(c->is_doc == expected[i].is_doc);
	}
	ck_assert_ptr_null(c);
	ck_assert(!lex("/* /* */ */").ok || tokens.count > 0); /* no nesting: a stray end */
	ck_assert(!lex("/* a").ok);
	ck_assert(!lex("/*/").ok);
	ck_assert(lex("/**/ /***/ /* * / **/").ok);
}
END_TEST

START_TEST(docs_belong_to_the_token_right_below) {
	ck_assert_str_eq(only("/// a\n///  b\r\n///\n///c\nx")->doc, "a\n b\n\nc");
	ck_assert_str_eq(only("///\nx")->doc, "");
	ck_assert_ptr_null(only("/// a\n\nx")->doc);
	ck_assert_ptr_null(only("//// a\nx")->doc);
	ck_assert_ptr_null(lex("y /// of y\nx").items[1].doc);
	ck_assert_str_eq(only("/// a\n\n/// b\nx")->doc, "b");
}
END_TEST

START_TEST(encoding) {
	static const struct {
		const char *text;
		size_t size;
	} bad[] = { { "\"\xff\"", 3 }, { "// \xc3\n", 5 }, { "\"\xed\xa0\x80\"", 5 }, { "a\0b", 3 },
		{ "\"\xc0\x80\"", 4 }, { "\"\xf4\x90\x80\x80\"", 6 } };
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct tokens tokens = lex_bytes(bad[i].text, bad[i].size);
		ck_assert(!tokens.ok);
		ck_assert_uint_eq(tokens.count, 1);
	}
	KINDS("\xef\xbb\xbf"
	      "x",
		T_IDENT); /* a byte order mark is no text */
}
END_TEST

/* The kind that was meant comes all the same, so that nothing else seems wrong. */
START_TEST(habits_become_what_was_meant) {
	KINDS("a && b || !c", T_IDENT, T_AND, T_IDENT, T_OR, T_NOT, T_IDENT);
	KINDS("'it' `that`", T_STRING, T_STRING);
	KINDS("# comment\nx", T_IDENT);
	KINDS("gr\xc3\xb6\xc3\x9f"
	      "e",
		T_IDENT, T_IDENT);
	ck_assert_uint_eq(diag.errors, 7);
}
END_TEST

START_TEST(many_errors_end_the_work) {
	char text[4096];
	memset(text, '$', sizeof(text));
	struct tokens tokens = lex_bytes(text, sizeof(text));
	ck_assert(tokens.gave_up);
	ck_assert_uint_le(diag.errors, 50);
}
END_TEST

int main(void) {
	Suite *suite = suite_create("lex");
	TCase *tc = tcase_create("lex");
	tcase_add_checked_fixture(tc, start, finish);
	tcase_add_test(tc, integers);
	tcase_add_test(tc, floats);
	tcase_add_test(tc, durations);
	tcase_add_test(tc, strings);
	tcase_add_test(tc, interpolation_nests);
	tcase_add_test(tc, broken_strings_end_with_their_line);
	tcase_add_test(tc, words);
	tcase_add_test(tc, marks);
	tcase_add_test(tc, spans_and_newlines);
	tcase_add_test(tc, comments_are_kept);
	tcase_add_test(tc, docs_belong_to_the_token_right_below);
	tcase_add_test(tc, encoding);
	tcase_add_test(tc, habits_become_what_was_meant);
	tcase_add_test(tc, many_errors_end_the_work);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
