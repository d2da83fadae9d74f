/*
 * Numbers.  C leaves the overflow of signed integers, some divisions and
 * conversions undefined; here each of them is a fault with both operands in its
 * message, and the result then is 0.
 */
#include <float.h>
#include <inttypes.h>
#include <math.h>

#include "ctx.h"
#include "number.h"

static int64_t overflow(struct dtf_ctx *ctx, int64_t a, const char *operator, int64_t b) {
	dtf__ctx_fault(ctx, &dtf_overflow, "%" PRId64 " %s %" PRId64 " does not fit an int",
		a, operator, b);
	return 0;
}

int64_t dtf_add(struct dtf_ctx *ctx, int64_t a, int64_t b) {
	int64_t result;
	return __builtin_add_overflow(a, b, &result) ? overflow(ctx, a, "+", b) : result;
}

int64_t dtf_sub(struct dtf_ctx *ctx, int64_t a, int64_t b) {
	int64_t result;
	return __builtin_sub_overflow(a, b, &result) ? overflow(ctx, a, "-", b) : result;
}

int64_t dtf_mul(struct dtf_ctx *ctx, int64_t a, int64_t b) {
	int64_t result;
	return __builtin_mul_overflow(a, b, &result) ? overflow(ctx, a, "*", b) : result;
}

static bool divides_by_zero(struct dtf_ctx *ctx, int64_t a, const char *operator, int64_t b) {
	if (b == 0) {
		dtf__ctx_fault(ctx, &dtf_division_by_zero, "%" PRId64 " %s 0", a, operator);
	}
	return b == 0;
}

int64_t dtf_div(struct dtf_ctx *ctx, int64_t a, int64_t b) {
	if (divides_by_zero(ctx, a, "/", b)) {
		return 0;
	}
	return b == -1 && a == INT64_MIN ? overflow(ctx, a, "/", b) : a / b;
}

int64_t dtf_mod(struct dtf_ctx *ctx, int64_t a, int64_t b) {
	if (divides_by_zero(ctx, a, "%", b)) {
		return 0;
	}
	return b == -1 ? 0 : a % b; /* INT64_MIN % -1 traps on some machines */
}

int64_t dtf_neg(struct dtf_ctx *ctx, int64_t a) {
	return dtf_sub(ctx, 0, a);
}

double dtf_finite(struct dtf_ctx *ctx, double x) {
	if (!isfinite(x)) {
		dtf__ctx_fault(ctx, &dtf_overflow, "the result does not fit a float");
		return 0;
	}
	return x;
}

static bool float_divides_by_zero(struct dtf_ctx *ctx, const char *operator, double b) {
	bool zero = !(b < 0) && !(b > 0);
	if (zero) {
		dtf__ctx_fault(ctx, &dtf_division_by_zero, "%s 0.0", operator);
	}
	return zero;
}

double dtf_fdiv(struct dtf_ctx *ctx, double a, double b) {
	return float_divides_by_zero(ctx, "/", b) ? 0 : dtf_finite(ctx, a / b);
}

double dtf_fmod(struct dtf_ctx *ctx, double a, double b) {
	return float_divides_by_zero(ctx, "%", b) ? 0 : dtf_finite(ctx, fmod(a, b));
}

int64_t dtf_float_to_int(struct dtf_ctx *ctx, double x) {
	/* Both bounds are powers of two, hence exact; NaN fails the test. */
	if (!(x >= -0x1p63 && x < 0x1p63)) {
		dtf__ctx_fault(ctx, &dtf_overflow, "a float that does not fit an int");
		return 0;
	}
	return (int64_t)x;
}

int64_t dtf_float_floor(struct dtf_ctx *ctx, double x) {
	return dtf_float_to_int(ctx, floor(x));
}

int64_t dtf_float_ceil(struct dtf_ctx *ctx, double x) {
	return dtf_float_to_int(ctx, ceil(x));
}

int64_t dtf_float_round(struct dtf_ctx *ctx, double x) {
	return dtf_float_to_int(ctx, round(x));
}

int64_t dtf_int_min(int64_t a, int64_t b) {
	return a < b ? a : b;
}

int64_t dtf_int_max(int64_t a, int64_t b) {
	return a > b ? a : b;
}

int64_t dtf_int_abs(struct dtf_ctx *ctx, int64_t a) {
	return a < 0 ? dtf_neg(ctx, a) : a;
}

int64_t dtf_int_sum(struct dtf_ctx *ctx, const int64_t *items, size_t count) {
	int64_t sum = 0;
	for (size_t i = 0; items != NULL && i < count; i++) {
		if (__builtin_add_overflow(sum, items[i], &sum)) {
			dtf__ctx_fault(ctx, &dtf_overflow, "the sum does not fit an int");
			return 0;
		}
	}
	return sum;
}

double dtf_float_min(double a, double b) {
	return a < b ? a : b;
}

double dtf_float_max(double a, double b) {
	return a > b ? a : b;
}

double dtf_float_abs(double a) {
	return fabs(a);
}

double dtf_float_sum(struct dtf_ctx *ctx, const double *items, size_t count) {
	double sum = 0;
	for (size_t i = 0; items != NULL && i < count; i++) {
		sum += items[i];
	}
	return dtf_finite(ctx, sum);
}

int64_t dtf_int_parse(struct dtf_ctx *ctx, const char *s) {
	const char *at = s == NULL ? "" : s;
	bool negative = *at == '-';
	at += negative;
	bool ok = *at != '\0';
	int64_t value = 0;
	for (; *at != '\0' && ok; at++) {
		int digit = *at - '0';
		ok = digit >= 0 && digit <= 9 && !__builtin_mul_overflow(value, 10, &value) &&
			!__builtin_add_overflow(value, negative ? -digit : digit, &value);
	}
	if (!ok) {
		dtf__ctx_fault(ctx, &dtf_bad_value, "no int: \"%.40s\"", s == NULL ? "" : s);
		return 0;
	}
	return value;
}

double dtf_float_parse(struct dtf_ctx *ctx, const char *s) {
	double value;
	if (!dtf__float_read(s == NULL ? "" : s, &value)) {
		dtf__ctx_fault(ctx, &dtf_bad_value, "no float: \"%.40s\"", s == NULL ? "" : s);
		return 0;
	}
	return value;
}
