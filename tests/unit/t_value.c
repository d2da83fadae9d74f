/*
 * Numbers: every operation at the edges of its range.  A fault is raised, the
 * result is harmless, and nothing is undefined in C (the sanitizer looks on).
 */
#include "../support/ctx.h"
#include "../support/suite.h"

#include <float.h>
#include <math.h>

#define MIN INT64_MIN
#define MAX INT64_MAX

static struct dtf_ctx ctx;

static void setup(void) {
	ctx = (struct dtf_ctx){ 0 };
}

static void teardown(void) {
	ctx_finish(&ctx);
}

START_TEST(sums) {
	ck_assert_int_eq(dtf_add(&ctx, MAX - 1, 1), MAX);
	ck_assert_int_eq(dtf_add(&ctx, MIN, MAX), -1);
	ck_assert_int_eq(dtf_sub(&ctx, MIN + 1, 1), MIN);
	ck_assert_int_eq(dtf_sub(&ctx, -1, MIN), MAX);
	ctx_fine(&ctx);
	ck_assert_int_eq(dtf_add(&ctx, MAX, 1), 0);
	ctx_faulted(&ctx, &dtf_overflow, "9223372036854775807 + 1 does not fit an int");
	ck_assert_int_eq(dtf_add(&ctx, MIN, -1), 0);
	ctx_faulted(&ctx, &dtf_overflow, "-9223372036854775808 + -1 does not fit an int");
	ck_assert_int_eq(dtf_sub(&ctx, 0, MIN), 0);
	ctx_faulted(&ctx, &dtf_overflow, "0 - -9223372036854775808 does not fit an int");
}
END_TEST

START_TEST(products) {
	ck_assert_int_eq(dtf_mul(&ctx, INT64_C(3037000499), INT64_C(3037000499)),
		INT64_C(9223372030926249001));
	ck_assert_int_eq(dtf_mul(&ctx, MIN, 1), MIN);
	ctx_fine(&ctx);
	ck_assert_int_eq(dtf_mul(&ctx, MIN, -1), 0);
	ctx_faulted(&ctx, &dtf_overflow, "-9223372036854775808 * -1 does not fit an int");
	ck_assert_int_eq(dtf_mul(&ctx, INT64_C(1) << 32, INT64_C(1) << 31), 0);
	ctx_faulted(&ctx, &dtf_overflow, "4294967296 * 2147483648 does not fit an int");
}
END_TEST

START_TEST(quotients_truncate_as_in_c) {
	ck_assert_int_eq(dtf_div(&ctx, 7, 2), 3);
	ck_assert_int_eq(dtf_div(&ctx, -7, 2), -3);
	ck_assert_int_eq(dtf_mod(&ctx, -7, 2), -1);
	ck_assert_int_eq(dtf_mod(&ctx, 7, -2), 1);
	ck_assert_int_eq(dtf_mod(&ctx, MIN, -1), 0);
	ck_assert_int_eq(dtf_div(&ctx, MIN, 1), MIN);
	ctx_fine(&ctx);
	ck_assert_int_eq(dtf_div(&ctx, MIN, -1), 0);
	ctx_faulted(&ctx, &dtf_overflow, "-9223372036854775808 / -1 does not fit an int");
	ck_assert_int_eq(dtf_div(&ctx, 5, 0), 0);
	ctx_faulted(&ctx, &dtf_division_by_zero, "5 / 0");
	ck_assert_int_eq(dtf_mod(&ctx, 5, 0), 0);
	ctx_faulted(&ctx, &dtf_division_by_zero, "5 % 0");
}
END_TEST

START_TEST(signs) {
	ck_assert_int_eq(dtf_neg(&ctx, MAX), -MAX);
	ck_assert_int_eq(dtf_int_abs(&ctx, -MAX), MAX);
	ck_assert_int_eq(dtf_int_abs(&ctx, 3), 3);
	ctx_fine(&ctx);
	ck_assert_int_eq(dtf_neg(&ctx, MIN), 0);
	ctx_faulted(&ctx, &dtf_overflow, "0 - -9223372036854775808 does not fit an int");
	ck_assert_int_eq(dtf_int_abs(&ctx, MIN), 0);
	ctx_faulted(&ctx, &dtf_overflow, "0 - -9223372036854775808 does not fit an int");
}
END_TEST

START_TEST(the_first_fault_wins) {
	(void)dtf_div(&ctx, 1, 0);
	(void)dtf_add(&ctx, MAX, MAX);
	ctx_faulted(&ctx, &dtf_division_by_zero, "1 / 0");
}
END_TEST

START_TEST(least_greatest_sum) {
	ck_assert_int_eq(dtf_int_min(MIN, MAX), MIN);
	ck_assert_int_eq(dtf_int_max(MIN, MAX), MAX);
	ck_assert_double_eq(dtf_float_min(-1.5, 2), -1.5);
	ck_assert_double_eq(dtf_float_max(-1.5, 2), 2);
	ck_assert_double_eq(dtf_float_abs(-1.5), 1.5);
	const int64_t ints[] = { MAX, -5, 5 };
	ck_assert_int_eq(dtf_int_sum(&ctx, ints, 3), MAX);
	ck_assert_int_eq(dtf_int_sum(&ctx, NULL, 0), 0);
	const double floats[] = { 0.5, 0.25, DBL_MAX, DBL_MAX };
	ck_assert_double_eq(dtf_float_sum(&ctx, floats, 2), 0.75);
	ctx_fine(&ctx);
	const int64_t many[] = { MAX, 1 };
	ck_assert_int_eq(dtf_int_sum(&ctx, many, 2), 0);
	ctx_faulted(&ctx, &dtf_overflow, "the sum does not fit an int");
	ck_assert_double_eq(dtf_float_sum(&ctx, floats, 4), 0);
	ctx_faulted(&ctx, &dtf_overflow, "the result does not fit a float");
}
END_TEST

START_TEST(floats_stay_finite) {
	ck_assert_double_eq(dtf_finite(&ctx, DBL_MAX), DBL_MAX);
	ck_assert_double_eq(dtf_fdiv(&ctx, 1, 4), 0.25);
	ck_assert_double_eq(dtf_fmod(&ctx, -7.5, 2), -1.5);
	ctx_fine(&ctx);
	ck_assert_double_eq(dtf_finite(&ctx, HUGE_VAL), 0);
	ctx_faulted(&ctx, &dtf_overflow, "the result does not fit a float");
	ck_assert_double_eq(dtf_finite(&ctx, nan("")), 0);
	ctx_faulted(&ctx, &dtf_overflow, "the result does not fit a float");
	ck_assert_double_eq(dtf_fdiv(&ctx, DBL_MAX, 0.5), 0);
	ctx_faulted(&ctx, &dtf_overflow, "the result does not fit a float");
	ck_assert_double_eq(dtf_fdiv(&ctx, 1, 0.0), 0);
	ctx_faulted(&ctx, &dtf_division_by_zero, "/ 0.0");
	ck_assert_double_eq(dtf_fdiv(&ctx, 0, -0.0), 0);
	ctx_faulted(&ctx, &dtf_division_by_zero, "/ 0.0");
	ck_assert_double_eq(dtf_fmod(&ctx, 1, 0.0), 0);
	ctx_faulted(&ctx, &dtf_division_by_zero, "% 0.0");
}
END_TEST

START_TEST(floats_to_ints) {
	ck_assert_int_eq(dtf_float_to_int(&ctx, 2.9), 2);
	ck_assert_int_eq(dtf_float_to_int(&ctx, -2.9), -2);
	ck_assert_int_eq(dtf_float_to_int(&ctx, -0x1p63), MIN);
	ck_assert_int_eq(
		dtf_float_to_int(&ctx, nextafter(0x1p63, 0)), INT64_C(9223372036854774784));
	ck_assert_int_eq(dtf_float_floor(&ctx, -2.1), -3);
	ck_assert_int_eq(dtf_float_ceil(&ctx, -2.9), -2);
	ck_assert_int_eq(dtf_float_ceil(&ctx, 2.1), 3);
	ck_assert_int_eq(dtf_float_round(&ctx, 2.5), 3);
	ck_assert_int_eq(dtf_float_round(&ctx, -2.5), -3);
	ck_assert_int_eq(dtf_float_round(&ctx, 0.49999999999999994), 0);
	ctx_fine(&ctx);
	const double bad[] = { 0x1p63, nextafter(-0x1p63, -HUGE_VAL), 1e300, -1e300, HUGE_VAL,
		nan("") };
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		ck_assert_int_eq(dtf_float_to_int(&ctx, bad[i]), 0);
		ctx_faulted(&ctx, &dtf_overflow, "a float that does not fit an int");
	}
	ck_assert_int_eq(dtf_float_round(&ctx, 1e19), 0);
	ctx_faulted(&ctx, &dtf_overflow, "a float that does not fit an int");
}
END_TEST

START_TEST(ints_from_texts) {
	ck_assert_int_eq(dtf_int_parse(&ctx, "0"), 0);
	ck_assert_int_eq(dtf_int_parse(&ctx, "-0"), 0);
	ck_assert_int_eq(dtf_int_parse(&ctx, "007"), 7);
	ck_assert_int_eq(dtf_int_parse(&ctx, "9223372036854775807"), MAX);
	ck_assert_int_eq(dtf_int_parse(&ctx, "-9223372036854775808"), MIN);
	ctx_fine(&ctx);
	static const char *const bad[] = { "", "-", "+1", " 1", "1 ", "1.0", "1_000", "0x1", "--1",
		"9223372036854775808", "-9223372036854775809", "99999999999999999999999" };
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		ck_assert_int_eq(dtf_int_parse(&ctx, bad[i]), 0);
		ck_assert_msg(ctx.fault == &dtf_bad_value, "accepted: %s", bad[i]);
		ctx.fault = NULL;
	}
	ck_assert_int_eq(dtf_int_parse(&ctx, NULL), 0);
	ctx_faulted(&ctx, &dtf_bad_value, "no int: \"\"");
	ck_assert_int_eq(dtf_int_parse(&ctx, "x"), 0);
	ctx_faulted(&ctx, &dtf_bad_value, "no int: \"x\"");
}
END_TEST

START_TEST(floats_from_texts) {
	ck_assert_double_eq(dtf_float_parse(&ctx, "3"), 3);
	ck_assert_double_eq(dtf_float_parse(&ctx, "-0.5"), -0.5);
	ck_assert_double_eq(dtf_float_parse(&ctx, "1e3"), 1000);
	ck_assert_double_eq(dtf_float_parse(&ctx, "2.5E-1"), 0.25);
	ck_assert_double_eq(dtf_float_parse(&ctx, "1e-400"), 0);
	ctx_fine(&ctx);
	static const char *const bad[] = { "", "-", ".", ".5", "5.", "1e", "1e+", "+1", " 1", "1 ",
		"0x1p3", "nan", "inf", "1e999", "1,5", "1.5.2", "1_000" };
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		ck_assert_double_eq(dtf_float_parse(&ctx, bad[i]), 0);
		ck_assert_msg(ctx.fault == &dtf_bad_value, "accepted: %s", bad[i]);
		ctx.fault = NULL;
	}
	char digits[500] = { 0 };
	for (size_t i = 0; i < sizeof(digits) - 1; i++) {
		digits[i] = '0';
	}
	(void)dtf_float_parse(&ctx, digits);
	ck_assert_ptr_eq(ctx.fault, &dtf_bad_value);
	ctx.fault = NULL;
	digits[400] = '\0';
	ck_assert_double_eq(dtf_float_parse(&ctx, digits), 0);
	ctx_fine(&ctx);
}
END_TEST

int main(void) {
	Suite *suite = suite_create("value");
	TCase *ints = tcase_create("ints");
	tcase_add_checked_fixture(ints, setup, teardown);
	tcase_add_test(ints, sums);
	tcase_add_test(ints, products);
	tcase_add_test(ints, quotients_truncate_as_in_c);
	tcase_add_test(ints, signs);
	tcase_add_test(ints, the_first_fault_wins);
	tcase_add_test(ints, least_greatest_sum);
	tcase_add_test(ints, ints_from_texts);
	suite_add_tcase(suite, ints);
	TCase *floats = tcase_create("floats");
	tcase_add_checked_fixture(floats, setup, teardown);
	tcase_add_test(floats, floats_stay_finite);
	tcase_add_test(floats, floats_to_ints);
	tcase_add_test(floats, floats_from_texts);
	suite_add_tcase(suite, floats);
	return suite_run(suite);
}
