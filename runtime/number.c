/*
 * The C library rounds correctly but writes the decimal point of the host's
 * locale.  So it is asked for digits and an exponent only ("%.*e"), and the
 * text is laid out here; reading puts the locale's point in before strtod.
 *
 * A decimal of 15 digits survives the way through a double, so if any decimal
 * of at most 15 digits reads back as x, printing 15 gives it, with zeros at its
 * end; otherwise 16 or 17 are needed.  Subnormal numbers hold fewer digits and
 * are tried from one on.
 */
#include "number.h"

#include <float.h>
#include <inttypes.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NUMBER_MAX 400

struct decimal {
	char digits[24]; /* without trailing zeros, at least one */
	int count;
	int exponent; /* of the first digit */
};

static void read_digits(const char *text, struct decimal *ret) {
	*ret = (struct decimal){ 0 };
	const char *at = text;
	for (; *at != '\0' && *at != 'e'; at++) {
		if (*at >= '0' && *at <= '9' && ret->count < (int)sizeof(ret->digits)) {
			ret->digits[ret->count++] = *at;
		}
	}
	while (ret->count > 1 && ret->digits[ret->count - 1] == '0') {
		ret->count--;
	}
	if (*at == 'e') {
		ret->exponent = (int)strtol(at + 1, NULL, 10);
	}
}

static void shortest(double x, struct decimal *ret) {
	char text[64];
	for (int digits = x < DBL_MIN ? 1 : 15; digits <= 17; digits++) {
		(void)snprintf(text, sizeof(text), "%.*e", digits - 1, x);
		if (digits == 17 || strtod(text, NULL) == x) {
			break;
		}
	}
	read_digits(text, ret);
}

static char *put_zeros(char *at, int count) {
	for (int i = 0; i < count; i++) {
		*at++ = '0';
	}
	return at;
}

static char *put_digits(char *at, const struct decimal *d, int from, int to) {
	for (int i = from; i < to; i++) {
		*at++ = i < d->count ? d->digits[i] : '0';
	}
	return at;
}

void dtf__float_text(char ret[FLOAT_TEXT_MAX], double x) {
	char *at = ret;
	if (x < 0) {
		*at++ = '-';
		x = -x;
	}
	if (!(x > 0) || isinf(x)) {
		memcpy(at, "0.0", 4);
		return;
	}
	struct decimal d;
	shortest(x, &d);
	if (d.exponent >= 0 && d.exponent < 16) {
		int point = d.exponent + 1;
		at = put_digits(at, &d, 0, point);
		*at++ = '.';
		at = put_digits(at, &d, point, d.count > point ? d.count : point + 1);
	} else if (d.exponent < 0 && d.exponent >= -5) {
		*at++ = '0';
		*at++ = '.';
		at = put_zeros(at, -d.exponent - 1);
		at = put_digits(at, &d, 0, d.count);
	} else {
		at = put_digits(at, &d, 0, 1);
		if (d.count > 1) {
			*at++ = '.';
			at = put_digits(at, &d, 1, d.count);
		}
		(void)snprintf(at, FLOAT_TEXT_MAX - (size_t)(at - ret), "e%+d", d.exponent);
		return;
	}
	*at = '\0';
}

static const char *skip_digits(const char *at) {
	while (*at >= '0' && *at <= '9') {
		at++;
	}
	return at;
}

/* The end of a number at the start of text, or NULL; *ret_point is its point. */
static const char *scan(const char *text, const char **ret_point) {
	const char *at = text + (*text == '-');
	const char *digits = at;
	at = skip_digits(at);
	if (at == digits) {
		return NULL;
	}
	*ret_point = NULL;
	if (*at == '.') {
		*ret_point = at;
		digits = at + 1;
		at = skip_digits(digits);
		if (at == digits) {
			return NULL;
		}
	}
	if (*at == 'e' || *at == 'E') {
		at++;
		at += *at == '+' || *at == '-';
		digits = at;
		at = skip_digits(at);
		if (at == digits) {
			return NULL;
		}
	}
	return at;
}

bool dtf__float_read(const char *text, double *ret) {
	const char *point;
	const char *end = scan(text, &point);
	if (end == NULL || *end != '\0') {
		return false;
	}
	char copy[NUMBER_MAX + 16];
	const char *local = point == NULL ? "" : localeconv()->decimal_point;
	if (end - text > NUMBER_MAX || strlen(local) > 15) {
		return false; /* in every locale alike */
	}
	if (point == NULL) {
		point = end;
	}
	(void)snprintf(copy, sizeof(copy), "%.*s%s%s", (int)(point - text), text, local,
		point == end ? "" : point + 1);
	double x = strtod(copy, NULL);
	if (!isfinite(x)) {
		return false;
	}
	*ret = x;
	return true;
}

void dtf__duration_text(char ret[DURATION_TEXT_MAX], int64_t ms) {
	static const struct {
		uint64_t ms;
		const char *name;
	} units[] = { { 86400000, "d" }, { 3600000, "h" }, { 60000, "m" }, { 1000, "s" },
		{ 1, "ms" } };
	size_t size = 0;
	uint64_t left = ms < 0 ? 0 - (uint64_t)ms : (uint64_t)ms;
	(void)snprintf(ret, DURATION_TEXT_MAX, "0s");
	if (ms < 0) {
		ret[size++] = '-';
	}
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
		uint64_t count = left / units[i].ms;
		left %= units[i].ms;
		if (count > 0) {
			size += (size_t)snprintf(ret + size, DURATION_TEXT_MAX - size,
				"%" PRIu64 "%s", count, units[i].name);
		}
	}
}
