/* Names in C: predictable, free, and never a way to write C from a .dtf file. */
#include "../support/suite.h"

#include <string.h>

#include "../../dtfc/cname.h"

static struct arena arena;

static void finish(void) {
	dtf__arena_finish(&arena);
}

START_TEST(snake_case) {
	static const char *const names[][2] = {
		{ "Order", "order" },
		{ "OrderItem", "order_item" },
		{ "HTTPServer", "http_server" },
		{ "order_item", "order_item" },
		{ "sha256Sum", "sha256_sum" },
		{ "X", "x" },
		{ "ID", "id" },
	};
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		ck_assert_str_eq(cname_snake(&arena, names[i][0]), names[i][1]);
	}
	ck_assert_str_eq(cname_upper(&arena, "order_item"), "ORDER_ITEM");
}
END_TEST

START_TEST(words_of_c_and_cpp_are_mangled_one_to_one) {
	static const char *const words[] = { "int", "register", "class", "template", "NULL",
		"errno", "linux", "nullptr", "INT64_MAX", "__func__", "_Bool" };
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		const char *word = words[i];
		const char *once = mem_printf(&arena, "%s_", word);
		ck_assert_str_eq(cname_plain(&arena, word), once);
		/* what the mangled name is, written by the user, is mangled further */
		ck_assert_str_ne(cname_plain(&arena, once), once);
	}
	ck_assert_str_eq(cname_plain(&arena, "sku"), "sku");
	ck_assert_str_eq(cname_plain(&arena, "chargeId"), "chargeId");
}
END_TEST

START_TEST(the_runtimes_prefix_stays_its_own) {
	ck_assert_str_eq(cname_plain(&arena, "dtf_do"), "x_dtf_do");
	ck_assert_str_eq(cname_global(&arena, "dtf_start"), "x_dtf_start");
	ck_assert_str_eq(cname_global(&arena, "DTF_ABI"), "X_DTF_ABI");
	ck_assert_str_eq(cname_global(&arena, "dtfoo"), "dtfoo");
}
END_TEST

START_TEST(fixed_parameters_are_kept_clear_of) {
	static const char *const fixed[] = { "act", "ret", NULL };
	ck_assert_str_eq(cname_beside(&arena, "act", fixed), "act_");
	ck_assert_str_eq(cname_beside(&arena, "act_", fixed), "act__");
	ck_assert_str_eq(cname_beside(&arena, "action", fixed), "action");
	ck_assert_str_eq(cname_beside(&arena, "int", fixed), "int_");
}
END_TEST

START_TEST(taken_names_are_numbered) {
	struct cname_set *outer = cname_set_create(&arena, NULL);
	struct cname_set *inner = cname_set_create(&arena, outer);
	ck_assert_str_eq(cname_unique(outer, "x"), "x");
	ck_assert_str_eq(cname_unique(inner, "x"), "x_2");
	ck_assert_str_eq(cname_unique(inner, "x"), "x_3");
	ck_assert_str_eq(cname_unique(outer, "y"), "y");
	ck_assert(cname_taken(inner, "y"));
	ck_assert(!cname_taken(outer, "x_2"));
}
END_TEST

START_TEST(a_family_is_free_as_a_whole) {
	static const char *const patterns[] = { "shop_%", "shop_%_type", NULL };
	struct cname_set *set = cname_set_create(&arena, NULL);
	cname_take(set, "shop_order_type");
	ck_assert_str_eq(cname_family(set, "order", patterns), "order_2");
	ck_assert(cname_taken(set, "shop_order_2"));
	ck_assert(cname_taken(set, "shop_order_2_type"));
	ck_assert(!cname_taken(set, "shop_order"));
}
END_TEST

START_TEST(a_number_that_the_user_took_is_left_out) {
	struct cname_set *set = cname_set_create(&arena, NULL);
	cname_take(set, "x_3");
	ck_assert_str_eq(cname_unique(set, "x"), "x");
	ck_assert_str_eq(cname_unique(set, "x"), "x_2");
	ck_assert_str_eq(cname_unique(set, "x"), "x_4");
	cname_take(set, "x_5");
	ck_assert_str_eq(cname_unique(set, "x_5"), "x_5_2");
	ck_assert_str_eq(cname_unique(set, "x"), "x_6");
}
END_TEST

/* Memory stands for work here: each try makes names. */
START_TEST(equal_names_cost_the_same_each) {
	static const char *const patterns[] = { "%", "%_type", NULL };
	enum { COUNT = 20000 };
	struct cname_set *set = cname_set_create(&arena, NULL);
	const char *name = NULL;
	for (int i = 0; i < COUNT; i++) {
		name = cname_family(set, "same", patterns);
	}
	ck_assert_str_eq(name, "same_20000");
	ck_assert_uint_lt(arena.used, (size_t)COUNT * 512);
}
END_TEST

START_TEST(strings_cannot_end_their_literal) {
	const char *text = "a\"b\\c\n\t\?\?/\x01\xc3\xa9\x7f";
	ck_assert_str_eq(cname_string(&arena, text, strlen(text)),
		"a\\\"b\\\\c\\n\\t\\077\\077/\\001\\303\\251\\177");
	ck_assert_str_eq(cname_string(&arena, "\0001", 2), "\\0001");
}
END_TEST

START_TEST(comments_cannot_end_early) {
	static const char *const texts[] = { "*/ int evil; /*", "**//", "\?\?/\n", "a\\\nb", "*\\/",
		"/*/", "\r*/" };
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		const char *comment = cname_comment(&arena, texts[i]);
		ck_assert_ptr_null(strstr(comment, "*/"));
		ck_assert_ptr_null(strstr(comment, "/*"));
		ck_assert_ptr_null(strstr(comment, "\?\?/"));
		ck_assert_ptr_null(strchr(comment, '\\'));
	}
	ck_assert_str_eq(cname_comment(&arena, "Holds stock."), "Holds stock.");
}
END_TEST

int main(void) {
	Suite *suite = suite_create("cname");
	TCase *tc = tcase_create("names");
	tcase_add_checked_fixture(tc, NULL, finish);
	tcase_add_test(tc, snake_case);
	tcase_add_test(tc, words_of_c_and_cpp_are_mangled_one_to_one);
	tcase_add_test(tc, the_runtimes_prefix_stays_its_own);
	tcase_add_test(tc, fixed_parameters_are_kept_clear_of);
	tcase_add_test(tc, taken_names_are_numbered);
	tcase_add_test(tc, a_family_is_free_as_a_whole);
	tcase_add_test(tc, a_number_that_the_user_took_is_left_out);
	tcase_add_test(tc, equal_names_cost_the_same_each);
	tcase_add_test(tc, strings_cannot_end_their_literal);
	tcase_add_test(tc, comments_cannot_end_early);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
