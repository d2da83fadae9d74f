/* "did you mean": near enough and nearer than all others, or nothing. */
#include "../support/suite.h"

#include "../../dtfc/suggest.h"

static const char *best(const char *wanted, const char *const *candidates) {
	struct suggest suggest = { .wanted = wanted };
	for (; *candidates != NULL; candidates++) {
		suggest_offer(&suggest, *candidates);
	}
	return suggest_best(&suggest);
}

#define BEST(wanted, ...) best((wanted), (const char *const[]){ __VA_ARGS__, NULL })

START_TEST(what_people_mistype) {
	ck_assert_str_eq(BEST("chrage", "charge", "refund", "release"), "charge");
	ck_assert_str_eq(BEST("wokflow", "workflow", "within"), "workflow");
	ck_assert_str_eq(BEST("relaese", "reserve", "release"), "release");
	ck_assert_str_eq(BEST("timeuot", "timeout"), "timeout");
	ck_assert_str_eq(BEST("ordr", "order", "id"), "order");
}
END_TEST

START_TEST(nothing_that_is_far) {
	ck_assert_ptr_null(BEST("wobble", "charge", "refund"));
	ck_assert_ptr_null(BEST("a", "order"));
	ck_assert_ptr_null(BEST("x", "y", "z"));
	ck_assert_ptr_null(BEST("", "order"));
}
END_TEST

START_TEST(nothing_when_two_are_as_near) {
	ck_assert_ptr_null(BEST("item1", "item2", "item3"));
	/* the same name offered twice is one candidate */
	ck_assert_str_eq(BEST("item1", "item2", "item2"), "item2");
	/* and a nearer one later wins over both */
	ck_assert_str_eq(BEST("itme1", "item2", "item3", "item1"), "item1");
}
END_TEST

START_TEST(case_only_always_counts) {
	ck_assert_str_eq(BEST("ORDER", "order", "orders"), "order");
	ck_assert_str_eq(BEST("ab", "ba", "AB"), "AB");
}
END_TEST

START_TEST(itself_is_no_suggestion) {
	ck_assert_ptr_null(BEST("order", "order"));
	ck_assert_str_eq(BEST("order", "order", "orders"), "orders");
}
END_TEST

/* Names have at most 64 characters, but what is wrong may be longer. */
START_TEST(long_names_are_passed_over) {
	static char name[4096], near[4096];
	for (size_t i = 0; i + 1 < sizeof(name); i++) {
		name[i] = near[i] = 'n';
	}
	near[0] = 'm';
	ck_assert_ptr_null(BEST(name, near));
	ck_assert_ptr_null(BEST("order", near));
}
END_TEST

int main(void) {
	Suite *suite = suite_create("suggest");
	TCase *tc = tcase_create("suggest");
	tcase_add_test(tc, what_people_mistype);
	tcase_add_test(tc, nothing_that_is_far);
	tcase_add_test(tc, nothing_when_two_are_as_near);
	tcase_add_test(tc, case_only_always_counts);
	tcase_add_test(tc, itself_is_no_suggestion);
	tcase_add_test(tc, long_names_are_passed_over);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
