/* Strings, and values as people read them. */
#include "../support/ctx.h"
#include "../support/failing.h"
#include "../support/suite.h"
#include "../support/types.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../../runtime/list.h"

#define EURO  "\xe2\x82\xac"
#define SMILE "\xf0\x9f\x98\x80"

static struct dtf_ctx ctx;

static void setup(void) {
	ctx = (struct dtf_ctx){ 0 };
}

static void teardown(void) {
	ctx_finish(&ctx);
}

START_TEST(null_is_the_empty_string) {
	ck_assert(dtf_string_equal(NULL, ""));
	ck_assert(!dtf_string_equal(NULL, "a"));
	ck_assert_int_eq(dtf_string_compare("a", NULL), 1);
	ck_assert_int_eq(dtf_string_length(NULL), 0);
	ck_assert(dtf_string_contains(NULL, NULL));
	ck_assert(dtf_string_starts_with("a", NULL));
	ck_assert(dtf_string_ends_with(NULL, ""));
	ck_assert_str_eq(dtf_string_lower(&ctx, NULL), "");
	ck_assert_str_eq(dtf_string_trim(&ctx, NULL), "");
	ck_assert_str_eq(dtf_string_slice(&ctx, NULL, 0, 0), "");
	ck_assert_str_eq(dtf_string_replace(&ctx, NULL, "a", NULL), "");
	ck_assert(dtf_string_find(NULL, "").has);
	ck_assert_str_eq(dtf_string_join(&ctx, NULL, 0, NULL), "");
	const char *const parts[] = { NULL, "a", NULL };
	ck_assert_str_eq(dtf_concat(&ctx, 3, parts), "a");
	ctx_fine(&ctx);
}
END_TEST

START_TEST(order_is_by_code_points) {
	ck_assert_int_eq(dtf_string_compare("a", "b"), -1);
	ck_assert_int_eq(dtf_string_compare("ab", "a"), 1);
	ck_assert_int_eq(dtf_string_compare("z", EURO), -1);             /* bytes are unsigned */
	ck_assert_int_eq(dtf_string_compare("\xef\xbf\xbd", SMILE), -1); /* U+FFFD before U+1F600 */
	ck_assert_int_eq(dtf_string_compare("a", "a"), 0);
}
END_TEST

START_TEST(length_counts_code_points) {
	ck_assert_int_eq(dtf_string_length("a" EURO SMILE), 3);
	ck_assert_int_eq(dtf_string_length("e\xcc\x81"), 2); /* not what is one on the screen */
}
END_TEST

START_TEST(parts_of_strings) {
	ck_assert(dtf_string_contains("abc", "bc"));
	ck_assert(!dtf_string_contains("abc", "cb"));
	ck_assert(dtf_string_starts_with("abc", "ab"));
	ck_assert(!dtf_string_starts_with("a", "ab"));
	ck_assert(dtf_string_ends_with("abc", "bc"));
	ck_assert(!dtf_string_ends_with("c", "bc"));
	struct dtf_int_opt found = dtf_string_find("a" EURO "b" SMILE, SMILE);
	ck_assert(found.has);
	ck_assert_int_eq(found.value, 3);
	ck_assert(!dtf_string_find("a", "b").has);
	ck_assert_int_eq(dtf_string_find("aa", "").value, 0);
}
END_TEST

START_TEST(cases_are_ascii) {
	ck_assert_str_eq(dtf_string_lower(&ctx, "AZ[@`{az\xc3\x84"), "az[@`{az\xc3\x84");
	ck_assert_str_eq(dtf_string_upper(&ctx, "AZ[@`{az\xc3\xa4"), "AZ[@`{AZ\xc3\xa4");
}
END_TEST

START_TEST(trim_takes_ascii_white_space) {
	ck_assert_str_eq(dtf_string_trim(&ctx, " \t\n\v\f\r a b \r\n"), "a b");
	ck_assert_str_eq(dtf_string_trim(&ctx, "  "), "");
	ck_assert_str_eq(dtf_string_trim(&ctx,
				 "\xc2\xa0"
				 "a"),
		"\xc2\xa0"
		"a");
}
END_TEST

START_TEST(slices_are_of_code_points) {
	const char *s = "a" EURO "b" SMILE;
	ck_assert_str_eq(dtf_string_slice(&ctx, s, 1, 3), EURO "b");
	ck_assert_str_eq(dtf_string_slice(&ctx, s, 0, 4), s);
	ck_assert_str_eq(dtf_string_slice(&ctx, s, 4, 4), "");
	ctx_fine(&ctx);
	static const int64_t bad[][2] = { { -1, 1 }, { 0, 5 }, { 3, 2 }, { INT64_MIN, INT64_MAX },
		{ 5, 5 } };
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		ck_assert_str_eq(dtf_string_slice(&ctx, s, bad[i][0], bad[i][1]), "");
		ck_assert_ptr_eq(ctx.fault, &dtf_out_of_range);
		ctx.fault = NULL;
	}
	(void)dtf_string_slice(&ctx, s, 3, 9);
	ctx_faulted(&ctx, &dtf_out_of_range, "code points 3 to 9 of a string of 4");
}
END_TEST

START_TEST(replace_goes_from_the_left) {
	ck_assert_str_eq(dtf_string_replace(&ctx, "aaa", "aa", "b"), "ba");
	ck_assert_str_eq(dtf_string_replace(&ctx, "a.b.c", ".", "::"), "a::b::c");
	ck_assert_str_eq(dtf_string_replace(&ctx, "aXbX", "X", ""), "ab");
	ck_assert_str_eq(dtf_string_replace(&ctx, "abc", "x", "y"), "abc");
	ctx_fine(&ctx);
	ck_assert_str_eq(dtf_string_replace(&ctx, "abc", "", "y"), "");
	ctx_faulted(&ctx, &dtf_bad_value, "replace: nothing to look for");
}
END_TEST

static void splits(const char *s, const char *separator, size_t count, const char *joined) {
	struct dtf_string_list list = dtf_string_split(&ctx, s, separator);
	ck_assert_uint_eq(list.count, count);
	ck_assert_str_eq(dtf_string_join(&ctx, list.items, list.count, "|"), joined);
	ck_assert_str_eq(dtf_string_join(&ctx, list.items, list.count, separator), s);
}

START_TEST(split_and_join_are_each_other_s_inverse) {
	splits("a,b,c", ",", 3, "a|b|c");
	splits(",a,,b,", ",", 5, "|a||b|");
	splits("", ",", 1, "");
	splits("abc", ",", 1, "abc");
	splits("a--b", "--", 2, "a|b");
	splits("a" EURO SMILE, "", 3, "a|" EURO "|" SMILE);
	splits("", "", 0, "");
	ctx_fine(&ctx);
}
END_TEST

START_TEST(numbers_as_text) {
	ck_assert_str_eq(dtf_text_bool(true), "true");
	ck_assert_str_eq(dtf_text_bool(false), "false");
	ck_assert_str_eq(dtf_text_int(&ctx, INT64_MIN), "-9223372036854775808");
	ck_assert_str_eq(dtf_text_float(&ctx, 3.5), "3.5");
	ck_assert_str_eq(dtf_text_float(&ctx, 3), "3.0");
	ck_assert_str_eq(dtf_text_float(&ctx, 1e100), "1e+100");
	ck_assert_str_eq(dtf_text_enum(&decision_type, 1), "rejected");
	ck_assert_str_eq(dtf_text_enum(&decision_type, 7), "");
}
END_TEST

START_TEST(durations_as_text) {
	static const struct {
		int64_t ms;
		const char *text;
	} durations[] = { { 0, "0s" }, { 250, "250ms" }, { 1000, "1s" }, { 5400000, "1h30m" },
		{ 86400000, "1d" }, { 90061001, "1d1h1m1s1ms" }, { -5400000, "-1h30m" },
		{ -1, "-1ms" }, { INT64_MAX, "106751991167d7h12m55s807ms" },
		{ INT64_MIN, "-106751991167d7h12m55s808ms" } };
	for (size_t i = 0; i < sizeof(durations) / sizeof(*durations); i++) {
		ck_assert_str_eq(dtf_text_duration(&ctx, durations[i].ms), durations[i].text);
	}
}
END_TEST

static const struct {
	int64_t ms;
	const char *text;
} times[] = {
	{ 0, "1970-01-01T00:00:00.000Z" },
	{ -1, "1969-12-31T23:59:59.999Z" },
	{ 1709208000123, "2024-02-29T12:00:00.123Z" },
	{ 951782400000, "2000-02-29T00:00:00.000Z" },
	{ -2203891200000, "1900-03-01T00:00:00.000Z" },
	{ 4107542400000, "2100-03-01T00:00:00.000Z" },
	{ -62135596800000, "0001-01-01T00:00:00.000Z" },
	{ 253402300799999, "9999-12-31T23:59:59.999Z" },
	{ 1735689599999, "2024-12-31T23:59:59.999Z" },
};

START_TEST(times_as_text_and_back) {
	for (size_t i = 0; i < sizeof(times) / sizeof(*times); i++) {
		ck_assert_str_eq(dtf_text_time(&ctx, times[i].ms), times[i].text);
		ck_assert_int_eq(dtf_time_parse(&ctx, times[i].text), times[i].ms);
	}
	ctx_fine(&ctx);
	static const int64_t bad[] = { -62135596800001, 253402300800000, INT64_MIN, INT64_MAX };
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		ck_assert_str_eq(dtf_text_time(&ctx, bad[i]), "");
		ck_assert_ptr_eq(ctx.fault, &dtf_bad_value);
		ctx.fault = NULL;
	}
}
END_TEST

/* The C library's calendar as the judge, over all years. */
START_TEST(times_agree_with_the_c_library) {
	for (int64_t day = -719162; day < 2932897; day += 97) {
		time_t seconds = (time_t)(day * 86400 + 3723);
		struct tm tm;
		ck_assert_ptr_nonnull(gmtime_r(&seconds, &tm));
		char expected[64];
		ck_assert_uint_gt(
			strftime(expected, sizeof(expected), "-%m-%dT%H:%M:%S.000Z", &tm), 0);
		const char *text = dtf_text_time(&ctx, (int64_t)seconds * 1000);
		ck_assert_str_eq(text + 4, expected);
		ck_assert_int_eq(strtol(text, NULL, 10), tm.tm_year + 1900);
		ck_assert_int_eq(dtf_time_parse(&ctx, text), (int64_t)seconds * 1000);
	}
	ctx_fine(&ctx);
}
END_TEST

START_TEST(times_in_other_clothes) {
	ck_assert_int_eq(dtf_time_parse(&ctx, "1970-01-01t00:00:00z"), 0);
	ck_assert_int_eq(dtf_time_parse(&ctx, "1970-01-01T01:30:00+01:30"), 0);
	ck_assert_int_eq(dtf_time_parse(&ctx, "1969-12-31T16:00:00-08:00"), 0);
	ck_assert_int_eq(dtf_time_parse(&ctx, "1970-01-01T00:00:00.1Z"), 100);
	ck_assert_int_eq(dtf_time_parse(&ctx, "1970-01-01T00:00:00.123999999Z"), 123);
	ctx_fine(&ctx);
	static const char *const bad[] = { "", "1970-01-01", "1970-01-01T00:00:00",
		"1970-01-01T00:00Z", "1970-13-01T00:00:00Z", "1970-00-01T00:00:00Z",
		"1970-01-00T00:00:00Z", "1970-01-32T00:00:00Z", "2023-02-29T00:00:00Z",
		"1900-02-29T00:00:00Z", "1970-01-01T24:00:00Z", "1970-01-01T00:60:00Z",
		"1970-01-01T00:00:60Z", "1970-01-01 00:00:00Z", "1970-01-01T00:00:00.Z",
		"1970-01-01T00:00:00+0100", "1970-01-01T00:00:00+24:00",
		"1970-01-01T00:00:00+01:60", "1970-01-01T00:00:00Zx", "0000-01-01T00:00:00Z",
		"0001-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01", "1970-1-01T00:00:00Z",
		"-970-01-01T00:00:00Z", "+1970-01-01T00:00:00Z" };
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		ck_assert_int_eq(dtf_time_parse(&ctx, bad[i]), 0);
		ck_assert_msg(ctx.fault == &dtf_bad_value, "accepted: %s", bad[i]);
		ctx.fault = NULL;
	}
}
END_TEST

START_TEST(json_texts_and_hashes) {
	const struct item item = { "s", 2 }, same = { "s", 2 }, other = { "s", 3 };
	ck_assert_str_eq(dtf_text_json(&ctx, &item_type, &item), "{\"qty\":2,\"sku\":\"s\"}");
	ck_assert_int_eq(dtf_hash(&ctx, &item_type, &item), dtf_hash(&ctx, &item_type, &same));
	ck_assert_int_ne(dtf_hash(&ctx, &item_type, &item), dtf_hash(&ctx, &item_type, &other));
	/* Stable for ever: histories hold branches taken on it. */
	ck_assert_int_eq(dtf_hash(&ctx, &dtf_type_string, &(const char *){ "a" }),
		INT64_C(488798267659798331));
	ctx_fine(&ctx);
	ck_assert_str_eq(dtf_text_json(&ctx, &dtf_type_float, &(double){ HUGE_VAL }), "null");
	ctx_faulted(&ctx, &dtf_overflow, "a float that is not finite");
	ck_assert_str_eq(dtf_text_json(&ctx, &dtf_type_string, &(const char *){ "\xff" }), "null");
	ctx_faulted(&ctx, &dtf_bad_value, "a string that is not UTF-8");
	ck_assert_int_eq(dtf_hash(&ctx, &decision_type, &(int){ 5 }), 0);
	ctx_faulted(&ctx, &dtf_bad_value, "shop.Decision has no member of value 5");
}
END_TEST

START_TEST(parse_reads_or_leaves_zero) {
	struct item item;
	dtf_parse(&ctx, &item_type, "{\"sku\":\"s\",\"qty\":2}", &item);
	ctx_fine(&ctx);
	ck_assert_str_eq(item.sku, "s");
	ck_assert_int_eq(item.qty, 2);
	dtf_parse(&ctx, &item_type, "{\"sku\":\"s\",\"qty\":\"x\"}", &item);
	ctx_faulted(&ctx, &dtf_bad_payload, "qty: expected int, got \"x\"");
	ck_assert_ptr_null(item.sku);
	ck_assert_int_eq(item.qty, 0);
	dtf_parse(&ctx, &item_type, NULL, &item);
	ctx_faulted(&ctx, &dtf_bad_payload, "no JSON: empty");
	dtf_parse(&ctx, &dtf_type_unit, "null", NULL);
	ctx_fine(&ctx);
}
END_TEST

START_TEST(names_of_errors_without_package) {
	ck_assert_str_eq(dtf_failure_name(&(struct dtf_failure){ .name = "shop.card_declined" }),
		"card_declined");
	ck_assert_str_eq(dtf_failure_name(&(struct dtf_failure){ .name = "timeout" }), "timeout");
	ck_assert_str_eq(dtf_failure_name(&(struct dtf_failure){ 0 }), "");
}
END_TEST

/* A string that doubles in a loop stops at a limit and is harmless after it. */
START_TEST(strings_have_a_largest_size) {
	char *half = dtf__arena_alloc(&ctx.arena, VALUE_MAX / 2 + 1);
	ck_assert_ptr_nonnull(half);
	memset(half, 'x', VALUE_MAX / 2);
	const char *const parts[] = { half, half, "y" };
	ck_assert_uint_eq(strlen(dtf_concat(&ctx, 2, parts)), VALUE_MAX);
	ctx_fine(&ctx);
	ck_assert_str_eq(dtf_concat(&ctx, 3, parts), "");
	ctx_faulted(&ctx, &dtf_payload_too_large, "a value of more than 16777216 bytes");
	half[VALUE_MAX / 2 - 1] = 'y';
	const char *twice = dtf_concat(&ctx, 2, parts);
	ck_assert_str_eq(dtf_string_replace(&ctx, half, "y", twice), "");
	ctx_faulted(&ctx, &dtf_payload_too_large, "a value of more than 16777216 bytes");
	ck_assert_uint_eq(dtf_string_split(&ctx, half, "").count, 0);
	ctx_faulted(&ctx, &dtf_payload_too_large, "split: 8388608 pieces are too many");
}
END_TEST

/* Check itself needs memory: first all is done, then looked at. */
START_TEST(without_memory_texts_are_empty) {
	ctx_no_memory(&ctx);
	const char *const texts[] = { dtf_text_int(&ctx, 1), dtf_text_time(&ctx, 1),
		dtf_concat(&ctx, 1, &(const char *const){ "a" }), dtf_string_upper(&ctx, "a"),
		dtf_string_replace(&ctx, "a", "a", "b"), dtf_string_slice(&ctx, "ab", 0, 1) };
	size_t pieces = dtf_string_split(&ctx, "a,b", ",").count;
	const char *json = dtf_text_json(&ctx, &dtf_type_int, &(int64_t){ 1 });
	failing_after(-1);
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		ck_assert_str_eq(texts[i], "");
	}
	ck_assert_uint_eq(pieces, 0);
	ck_assert_str_eq(json, "null");
	ck_assert(ctx.exhausted);
	ck_assert_ptr_null(ctx.fault);
}
END_TEST

int main(void) {
	Suite *suite = suite_create("text");
	TCase *strings = tcase_create("strings");
	tcase_add_checked_fixture(strings, setup, teardown);
	tcase_add_test(strings, null_is_the_empty_string);
	tcase_add_test(strings, order_is_by_code_points);
	tcase_add_test(strings, length_counts_code_points);
	tcase_add_test(strings, parts_of_strings);
	tcase_add_test(strings, cases_are_ascii);
	tcase_add_test(strings, trim_takes_ascii_white_space);
	tcase_add_test(strings, slices_are_of_code_points);
	tcase_add_test(strings, replace_goes_from_the_left);
	tcase_add_test(strings, split_and_join_are_each_other_s_inverse);
	tcase_add_test(strings, strings_have_a_largest_size);
	tcase_add_test(strings, without_memory_texts_are_empty);
	suite_add_tcase(suite, strings);
	TCase *texts = tcase_create("texts");
	tcase_add_checked_fixture(texts, setup, teardown);
	tcase_add_test(texts, numbers_as_text);
	tcase_add_test(texts, durations_as_text);
	tcase_add_test(texts, times_as_text_and_back);
	tcase_add_test(texts, times_agree_with_the_c_library);
	tcase_add_test(texts, times_in_other_clothes);
	tcase_add_test(texts, json_texts_and_hashes);
	tcase_add_test(texts, parse_reads_or_leaves_zero);
	tcase_add_test(texts, names_of_errors_without_package);
	suite_add_tcase(suite, texts);
	return suite_run(suite);
}
