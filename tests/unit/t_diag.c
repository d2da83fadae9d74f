/* Messages: their order, their carets, and that no source steers a terminal. */
#include "../support/suite.h"

#include <stdlib.h>
#include <string.h>

#include "../../dtfc/diag.h"

static struct arena arena;
static struct diag diag;

static void start(void) {
	diag = (struct diag){ .arena = &arena };
}

static void finish(void) {
	dtf__arena_finish(&arena);
}

static struct source *source(const char *text) {
	return src_create(&arena, "t.dtf", text, (uint32_t)strlen(text));
}

static const char *print(void (*how)(struct diag *diag, FILE *out)) {
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	how(&diag, out);
	ck_assert_int_eq(fclose(out), 0);
	const char *copy = mem_copy(&arena, text, size);
	free(text);
	return copy;
}

static void plain(struct diag *d, FILE *out) {
	diag_print(d, out, false);
}

static void coloured(struct diag *d, FILE *out) {
	diag_print(d, out, true);
}

static struct diagnostic *say(const struct source *s, uint32_t at, uint32_t len, const char *text) {
	return diag_report(&diag, DIAG_SYNTAX, s, (struct span){ at, len }, NULL, "%s", text);
}

START_TEST(excerpt_with_label_and_note) {
	struct source *s = source("one\n  two three\n");
	struct diagnostic *d = diag_report(&diag, DIAG_SYNTAX, s, (struct span){ 6, 3 },
		"did you mean 'too'?", "no %s", "such thing");
	diag_note(&diag, d, s, (struct span){ 0, 3 }, "it is declared here");
	ck_assert_str_eq(print(plain),
		"t.dtf:2:3: error: no such thing [DTF0101]\n"
		"    2 |   two three\n"
		"      |   ^~~ did you mean 'too'?\n"
		"t.dtf:1:1: note: it is declared here\n"
		"    1 | one\n"
		"      | ^~~\n"
		"1 error\ndtfc explain DTF0101 says more\n");
}
END_TEST

START_TEST(by_position_and_once) {
	struct source *s = source("a b c\n");
	say(s, 4, 1, "third");
	say(s, 0, 1, "first");
	say(s, 0, 1, "first");
	say(s, 2, 1, "second");
	say(s, 0, 1, "first, otherwise");
	const char *text = print(plain);
	const char *a = strstr(text, "error: first ["),
		   *b = strstr(text, "error: first, otherwise");
	const char *c = strstr(text, "error: second"), *d = strstr(text, "error: third");
	ck_assert(a != NULL && b != NULL && c != NULL && d != NULL);
	ck_assert(a < b && b < c && c < d);
	ck_assert_ptr_null(strstr(a + 1, "error: first ["));
	ck_assert_ptr_nonnull(strstr(text, "\n4 errors\n"));
}
END_TEST

START_TEST(twenty_are_enough) {
	struct source *s = source("abcdefghijklmnopqrstuvwxyz\n");
	for (uint32_t i = 0; i < 26; i++) {
		say(s, i, 1, "wrong");
	}
	const char *text = print(plain);
	ck_assert_ptr_nonnull(strstr(text, "t.dtf:1:20: "));
	ck_assert_ptr_null(strstr(text, "t.dtf:1:21: "));
	ck_assert_ptr_nonnull(strstr(text, "only the first 20 errors are shown\n26 errors\n"));
}
END_TEST

START_TEST(the_caret_is_measured) {
	/* a tab, two bytes of one column, three bytes of two columns */
	struct source *s = source("\tx\xc3\xa9\xe6\xbc\xa2y\n");
	say(s, 7, 1, "here");
	ck_assert_str_eq(print(plain),
		"t.dtf:1:8: error: here [DTF0101]\n"
		"    1 |         x\xc3\xa9\xe6\xbc\xa2y\n"
		"      |             ^\n"
		"1 error\ndtfc explain DTF0101 says more\n");
}
END_TEST

START_TEST(a_span_past_the_line_or_the_text) {
	struct source *s = source("ab\ncd");
	say(s, 1, 100, "long");
	say(s, 2, 1, "at the newline");
	say(s, 5, 1, "at the end");
	ck_assert_str_eq(print(plain),
		"t.dtf:1:2: error: long [DTF0101]\n"
		"    1 | ab\n"
		"      |  ^\n"
		"t.dtf:1:3: error: at the newline [DTF0101]\n"
		"    1 | ab\n"
		"      |   ^\n"
		"t.dtf:2:3: error: at the end [DTF0101]\n"
		"    2 | cd\n"
		"      |   ^\n"
		"3 errors\ndtfc explain DTF0101 says more\n");
}
END_TEST

START_TEST(a_long_line_is_a_window) {
	char *text = mem_alloc(&arena, 100001);
	memset(text, 'x', 100000);
	text[100000] = '\0';
	say(source(text), 50000, 5, "in the middle");
	const char *out = print(plain);
	ck_assert_uint_lt(strlen(out), 700);
	ck_assert_ptr_nonnull(strstr(out, "^~~~~\n"));
	ck_assert_ptr_nonnull(strstr(out, "    1 | ...xxx"));
}
END_TEST

/* A terminal's escapes, a change of direction, bytes that are no text. */
START_TEST(no_source_steers_a_terminal) {
	struct source *s = source("a\033[2J\xe2\x80\xae\x07 \xff b\n");
	say(s, 0, 1, "quoting '\033]0;x\007'");
	const char *text = print(plain);
	ck_assert_ptr_null(strchr(text, '\033'));
	ck_assert_ptr_null(strchr(text, '\007'));
	ck_assert_ptr_null(strstr(text, "\xe2\x80\xae"));
	ck_assert_ptr_null(strchr(text, '\xff'));
	ck_assert_ptr_nonnull(strchr(print(coloured), '\033'));
}
END_TEST

START_TEST(warnings) {
	struct source *s = source("a\n");
	diag.choices[DIAG_UNREACHABLE] = DIAG_SILENCED;
	diag_report(&diag, DIAG_UNREACHABLE, s, (struct span){ 0, 1 }, NULL, "silenced");
	ck_assert_str_eq(print(plain), "");
	diag.choices[DIAG_UNREACHABLE] = DIAG_AS_USUAL;
	diag_report(&diag, DIAG_UNREACHABLE, s, (struct span){ 0, 1 }, NULL, "loud");
	ck_assert_uint_eq(diag.warnings, 1);
	ck_assert_ptr_nonnull(strstr(print(plain), "warning: loud [DTF0901 unreachable]\n"));
	ck_assert_ptr_nonnull(strstr(print(plain), "\n1 warning\n"));
	diag.warnings_are_errors = true;
	diag_report(&diag, DIAG_UNREACHABLE, s, (struct span){ 0, 1 }, NULL, "strict");
	ck_assert_uint_eq(diag.errors, 1);
	ck_assert_ptr_nonnull(strstr(print(plain), "error: strict [DTF0901 unreachable]\n"));
}
END_TEST

START_TEST(a_warning_that_is_off_is_asked_for) {
	struct source *s = source("a\n");
	diag_report(&diag, DIAG_MISSING_UNDO, s, (struct span){ 0, 1 }, NULL, "unasked");
	diag.warnings_are_errors = true;
	diag_report(&diag, DIAG_MISSING_UNDO, s, (struct span){ 0, 1 }, NULL, "unasked");
	ck_assert_str_eq(print(plain), "");
	ck_assert_uint_eq(diag.errors, 0);
	diag.choices[DIAG_MISSING_UNDO] = DIAG_WANTED;
	diag_report(&diag, DIAG_MISSING_UNDO, s, (struct span){ 0, 1 }, NULL, "asked for");
	ck_assert_uint_eq(diag.errors, 1);
}
END_TEST

START_TEST(where_to_read_more_once) {
	struct source *s = source("a b\n");
	ck_assert_str_eq(print(plain), "");
	say(s, 0, 1, "first");
	say(s, 2, 1, "second");
	ck_assert_ptr_nonnull(strstr(print(plain), "\n2 errors\ndtfc explain DTF0101 says more\n"));
	diag_report(&diag, DIAG_SHADOW, s, (struct span){ 0, 1 }, NULL, "of another kind");
	const char *text = print(plain);
	ck_assert_ptr_nonnull(strstr(text, "\ndtfc explain CODE says more about each\n"));
	ck_assert_ptr_null(strstr(text, "dtfc explain DTF"));
	ck_assert_ptr_null(strstr(print(diag_print_json), "explain"));
}
END_TEST

START_TEST(json) {
	ck_assert_str_eq(print(diag_print_json), "[]\n");
	struct source *s = source("a \"b\n");
	struct diagnostic *d = diag_report(
		&diag, DIAG_STRING, s, (struct span){ 2, 2 }, "a \\", "no \"end\"\n\001");
	diag_note(&diag, d, s, (struct span){ 0, 1 }, "since");
	ck_assert_str_eq(print(diag_print_json),
		"[{\"file\":\"t.dtf\",\"line\":1,\"column\":3,\"offset\":2,\"length\":2,"
		"\"message\":\"no \\\"end\\\"\\u000a\\u0001\",\"severity\":\"error\","
		"\"code\":\"DTF0104\",\"label\":\"a \\\\\",\"notes\":[{\"file\":\"t.dtf\","
		"\"line\":1,\"column\":1,\"offset\":0,\"length\":1,\"message\":\"since\"}]}]\n");
}
END_TEST

int main(void) {
	Suite *suite = suite_create("diag");
	TCase *tc = tcase_create("diag");
	tcase_add_checked_fixture(tc, start, finish);
	tcase_add_test(tc, excerpt_with_label_and_note);
	tcase_add_test(tc, by_position_and_once);
	tcase_add_test(tc, twenty_are_enough);
	tcase_add_test(tc, the_caret_is_measured);
	tcase_add_test(tc, a_span_past_the_line_or_the_text);
	tcase_add_test(tc, a_long_line_is_a_window);
	tcase_add_test(tc, no_source_steers_a_terminal);
	tcase_add_test(tc, warnings);
	tcase_add_test(tc, a_warning_that_is_off_is_asked_for);
	tcase_add_test(tc, where_to_read_more_once);
	tcase_add_test(tc, json);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
