/*
 * Values as people read them: in interpolated strings and where a function of
 * the language makes text.  Times and durations are computed here and not by
 * the C library, whose ranges and locales differ between hosts: a replay on
 * another one must give the same bytes.
 */
#include <inttypes.h>
#include <stdio.h>

#include <xxhash.h>

#include "codec.h"
#include "json.h"
#include "number.h"
#include "value.h"

#define MS_DAY INT64_C(86400000)

const char *dtf_text_bool(bool b) {
	return b ? "true" : "false";
}

const char *dtf_text_int(struct dtf_ctx *ctx, int64_t i) {
	char text[24];
	int size = snprintf(text, sizeof(text), "%" PRId64, i);
	return dtf__value_copy(ctx, text, (size_t)size);
}

const char *dtf_text_float(struct dtf_ctx *ctx, double x) {
	char text[FLOAT_TEXT_MAX];
	dtf__float_text(text, x);
	return dtf__value_copy(ctx, text, strlen(text));
}

const char *dtf_text_duration(struct dtf_ctx *ctx, int64_t ms) {
	char text[DURATION_TEXT_MAX];
	dtf__duration_text(text, ms);
	return dtf__value_copy(ctx, text, strlen(text));
}

/* ---- times: the Gregorian calendar, years 1 to 9999 ---- */

static bool leap(int64_t year) {
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int64_t month_days(int64_t year, int64_t month) {
	static const int64_t days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	return days[month - 1] + (month == 2 && leap(year));
}

/* Days from 1970-01-01 to the first day of a year. */
static int64_t year_start(int64_t year) {
	int64_t before = year - 1; /* whole years since year 1 */
	return before * 365 + before / 4 - before / 100 + before / 400 - 719162;
}

struct date {
	int64_t year, month, day;
};

static struct date date_of(int64_t days) {
	/* 146097 days are 400 years: the right year, or one beside it. */
	struct date date = { (days + 719162) * 400 / 146097 + 1, 1, 0 };
	while (year_start(date.year) > days) {
		date.year--;
	}
	while (year_start(date.year + 1) <= days) {
		date.year++;
	}
	int64_t left = days - year_start(date.year);
	while (left >= month_days(date.year, date.month)) {
		left -= month_days(date.year, date.month++);
	}
	date.day = left + 1;
	return date;
}

static bool time_in_range(int64_t ms) {
	return ms >= year_start(1) * MS_DAY && ms < year_start(10000) * MS_DAY;
}

const char *dtf_text_time(struct dtf_ctx *ctx, int64_t ms) {
	if (!time_in_range(ms)) {
		dtf__ctx_fault(ctx, &dtf_bad_value,
			"the time %" PRId64 " is not in the years 1 to 9999", ms);
		return "";
	}
	int64_t days = ms / MS_DAY - (ms % MS_DAY < 0);
	int64_t left = ms - days * MS_DAY;
	struct date date = date_of(days);
	char text[96];
	int size = snprintf(text, sizeof(text),
		"%04" PRId64 "-%02" PRId64 "-%02" PRId64 "T%02" PRId64 ":%02" PRId64 ":%02" PRId64
		".%03" PRId64 "Z",
		date.year, date.month, date.day, left / 3600000, left / 60000 % 60,
		left / 1000 % 60, left % 1000);
	return dtf__value_copy(ctx, text, (size_t)size);
}

/* Reads digits and moves on; -1: they are not there. */
static int64_t read_number(const char **at, int digits) {
	int64_t value = 0;
	for (int i = 0; i < digits; i++, (*at)++) {
		if (**at < '0' || **at > '9') {
			return -1;
		}
		value = value * 10 + (**at - '0');
	}
	return value;
}

static bool read_char(const char **at, char upper, char lower) {
	if (**at != upper && **at != lower) {
		return false;
	}
	(*at)++;
	return true;
}

/* Any number of digits; what is finer than milliseconds is cut off. */
static bool read_fraction(const char **at, int64_t *ret_ms) {
	int64_t scale = 100;
	const char *start = *at;
	for (; **at >= '0' && **at <= '9'; (*at)++) {
		*ret_ms += (**at - '0') * scale;
		scale /= 10;
	}
	return *at > start;
}

static bool read_offset(const char **at, int64_t *ret_minutes) {
	if (read_char(at, 'Z', 'z')) {
		return true;
	}
	bool west = **at == '-';
	if (!west && **at != '+') {
		return false;
	}
	(*at)++;
	int64_t hours = read_number(at, 2);
	if (hours < 0 || hours > 23 || !read_char(at, ':', ':')) {
		return false;
	}
	int64_t minutes = read_number(at, 2);
	if (minutes < 0 || minutes > 59) {
		return false;
	}
	*ret_minutes = (hours * 60 + minutes) * (west ? -1 : 1);
	return true;
}

static bool read_time(const char *at, int64_t *ret) {
	int64_t parts[6]; /* year to second */
	static const char after[] = "--T::";
	for (size_t i = 0; i < 6; i++) {
		parts[i] = read_number(&at, i == 0 ? 4 : 2);
		char lower = after[i] == 'T' ? 't' : after[i];
		if (parts[i] < 0 || (i < 5 && !read_char(&at, after[i], lower))) {
			return false;
		}
	}
	int64_t ms = 0, offset = 0;
	if (read_char(&at, '.', '.') && !read_fraction(&at, &ms)) {
		return false;
	}
	if (!read_offset(&at, &offset) || *at != '\0') {
		return false;
	}
	if (parts[0] < 1 || parts[1] < 1 || parts[1] > 12 || parts[2] < 1 ||
		parts[2] > month_days(parts[0], parts[1]) || parts[3] > 23 || parts[4] > 59 ||
		parts[5] > 59) {
		return false;
	}
	int64_t days = year_start(parts[0]) + parts[2] - 1;
	for (int64_t month = 1; month < parts[1]; month++) {
		days += month_days(parts[0], month);
	}
	int64_t minutes = days * 1440 + parts[3] * 60 + parts[4] - offset;
	ms += minutes * 60000 + parts[5] * 1000;
	*ret = ms;
	return time_in_range(ms);
}

int64_t dtf_time_parse(struct dtf_ctx *ctx, const char *s) {
	int64_t ms;
	if (!read_time(s == NULL ? "" : s, &ms)) {
		dtf__ctx_fault(ctx, &dtf_bad_value, "no time as in RFC 3339: \"%.40s\"",
			s == NULL ? "" : s);
		return 0;
	}
	return ms;
}

/* ---- by type table ---- */

const char *dtf_text_enum(const struct dtf_type *type, int value) {
	return value >= 0 && (size_t)value < type->count ? type->members[value] : "";
}

/* Canonical JSON in a buffer; false after a fault. */
static bool to_json(
	struct dtf_ctx *ctx, const struct dtf_type *type, const void *value, struct buf *ret) {
	int rc = dtf__encode(ret, type, value);
	if (rc == CODEC_OVERFLOW) {
		dtf__ctx_fault(ctx, &dtf_overflow, "%s", dtf_errmsg());
	} else if (rc == CODEC_BAD_VALUE) {
		dtf__ctx_fault(ctx, &dtf_bad_value, "%s", dtf_errmsg());
	} else if (rc != 0) {
		dtf__ctx_exhausted(ctx);
	}
	return rc == 0;
}

/* As a value of type json, whose names are in order, which a record's fields need not be. */
static bool order_names(struct dtf_ctx *ctx, struct buf *buf) {
	struct slice text = { buf->data, buf->size };
	struct buf ordered = { 0 };
	json_t *json;
	bool done = dtf__json_read(text, "", NULL, JSON_DEPTH_MAX, &json) == 0;
	if (done) {
		done = dtf__json_write(&ordered, json) && !ordered.failed;
		json_decref(json);
	}
	dtf__buf_finish(buf);
	*buf = ordered;
	if (!done) {
		dtf__ctx_exhausted(ctx);
	}
	return done;
}

const char *dtf_json_string(const char *json) {
	return json == NULL ? "null" : json;
}

const char *dtf_text_json(struct dtf_ctx *ctx, const struct dtf_type *type, const void *value) {
	struct buf buf = { 0 };
	const char *text = "null"; /* JSON even after a fault */
	if (to_json(ctx, type, value, &buf) && order_names(ctx, &buf)) {
		text = dtf__value_copy(ctx, buf.data, buf.size);
	}
	dtf__buf_finish(&buf);
	return text[0] == '\0' ? "null" : text;
}

int64_t dtf_hash(struct dtf_ctx *ctx, const struct dtf_type *type, const void *value) {
	struct buf buf = { 0 };
	uint64_t hash = 0;
	if (to_json(ctx, type, value, &buf)) {
		hash = XXH3_64bits(buf.data, buf.size);
	}
	dtf__buf_finish(&buf);
	int64_t ret;
	memcpy(&ret, &hash, sizeof(ret));
	return ret;
}

void dtf_parse(struct dtf_ctx *ctx, const struct dtf_type *type, const char *json, void *ret) {
	const char *text = json == NULL ? "" : json;
	int rc = dtf__decode(
		dtf__ctx_arena(ctx), type, "", (struct slice){ text, strlen(text) }, ret);
	if (rc == 0) {
		return;
	}
	if (rc == DTF_ENOMEM) {
		dtf__ctx_exhausted(ctx);
	} else {
		dtf__ctx_fault(ctx, &dtf_bad_payload, "%s", dtf_errmsg());
	}
}

const char *dtf_failure_name(const struct dtf_failure *failure) {
	const char *name = failure->name == NULL ? "" : failure->name;
	const char *dot = strrchr(name, '.');
	return dot == NULL ? name : dot + 1;
}
