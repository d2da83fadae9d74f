/* dtfc's own printf says what C's says, however little room there is. */
#include "../support/suite.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "../../dtfc/format.h"

static void same(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void same(const char *format, ...) {
	for (size_t room = 0; room < 64; room += room < 24 ? 1 : 39) {
		char is[64] = "before", want[64] = "before";
		va_list args, again;
		va_start(args, format);
		va_copy(again, args);
		size_t size = format_text(is, room, format, args);
		ck_assert_uint_eq(size, (size_t)vsnprintf(want, room, format, again));
		ck_assert_str_eq(is, want);
		va_end(again);
		va_end(args);
	}
}

START_TEST(as_printf_says) {
	same("%s", "");
	same("plain");
	same("%s_%d", "order", 2);
	same("100%% of %s", "it");
	same("%d %d %d", 0, INT32_MIN, INT32_MAX);
	same("%u", UINT32_MAX);
	same("%" PRId64, INT64_MIN);
	same("%" PRId64 ",%" PRIu64, INT64_MAX, UINT64_MAX);
	same("%zu", SIZE_MAX);
	same("%.*s|", 3, "abcdef");
	same("%.*s|", 9, "abc");
	same("%.*s|", 0, "abc");
}
END_TEST

/* A conversion that it does not know makes C do the whole. */
START_TEST(others_are_left_to_c) {
	same("%s %04u", "line", 7U);
	same("%d %s %" PRIx64 " %s", -1, "x", UINT64_C(0xfeed), "y");
	same("%-5s|", "ab");
	same("%.*g", 3, 0.12345);
	same("%c%s", 'a', "b");
	same("%zd %ld", (ssize_t)-1, -2L);
}
END_TEST

int main(void) {
	Suite *suite = suite_create("format");
	TCase *tc = tcase_create("format");
	tcase_add_test(tc, as_printf_says);
	tcase_add_test(tc, others_are_left_to_c);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
