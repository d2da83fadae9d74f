/*
 * Canonical JSON by type tables: what is accepted, what is refused and with
 * which words, and that every value has one text.
 */
#include "../support/suite.h"
#include "../support/types.h"

#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../runtime/codec.h"
#include "../../runtime/list.h"
#include "../../runtime/number.h"

/* ---- helpers ---- */

static struct arena arena;
static struct buf buf;

static void setup(void) {
	arena = (struct arena){ 0 };
	buf = (struct buf){ 0 };
}

static void teardown(void) {
	dtf__arena_finish(&arena);
	dtf__buf_finish(&buf);
}

static struct slice slice(const char *text) {
	return (struct slice){ text, strlen(text) };
}

static const char *encoded(const struct dtf_type *type, const void *value) {
	dtf__buf_clear(&buf);
	int rc = dtf__encode(&buf, type, value);
	ck_assert_msg(rc == 0, "%s", dtf_errmsg());
	return buf.data;
}

static void encode_fails(
	const struct dtf_type *type, const void *value, int code, const char *message) {
	dtf__buf_clear(&buf);
	dtf__buf_text(&buf, "kept");
	ck_assert_int_eq(dtf__encode(&buf, type, value), code);
	ck_assert_str_eq(dtf_errmsg(), message);
	ck_assert_str_eq(buf.data, "kept"); /* nothing half-written */
}

static void decodes(const struct dtf_type *type, const char *json, void *ret) {
	/* From exact memory: the sanitizer sees a byte too many. */
	char *exact = malloc(strlen(json));
	ck_assert_ptr_nonnull(exact);
	memcpy(exact, json, strlen(json));
	if (type->size > 0) {
		memset(ret, 0xa5, type->size); /* what stood there is no matter */
	}
	int rc = dtf__decode(&arena, type, "", (struct slice){ exact, strlen(json) }, ret);
	ck_assert_msg(rc == 0, "%s", dtf_errmsg());
	free(exact);
}

static void refused_at(
	const struct dtf_type *type, const char *root, const char *json, const char *message) {
	static const char zero[256];
	char ret[256];
	ck_assert_uint_le(type->size, sizeof(ret));
	memset(ret, 0xa5, sizeof(ret));
	ck_assert_int_eq(dtf__decode(&arena, type, root, slice(json), ret), DTF_EPAYLOAD);
	ck_assert_str_eq(dtf_errmsg(), message);
	ck_assert_int_eq(memcmp(ret, zero, type->size), 0); /* not half of it */
}

static void refused(const struct dtf_type *type, const char *json, const char *message) {
	refused_at(type, "", json, message);
}

/* The text reads as a value whose text is `canonical`, which reads as an equal one. */
static void canonical(const struct dtf_type *type, const char *json, const char *expected) {
	char first[256], second[256];
	ck_assert_uint_le(type->size, sizeof(first));
	decodes(type, json, first);
	ck_assert_str_eq(encoded(type, first), expected);
	decodes(type, expected, second);
	ck_assert_int_eq(dtf__compare(type, first, second), 0);
	ck_assert_str_eq(encoded(type, second), expected);
}

/* ---- one kind after the other ---- */

START_TEST(unit_is_null) {
	canonical(&dtf_type_unit, "null", "null");
	refused(&dtf_type_unit, "0", "expected null, got 0");
}
END_TEST

START_TEST(bools) {
	canonical(&dtf_type_bool, " true ", "true");
	canonical(&dtf_type_bool, "false", "false");
	refused(&dtf_type_bool, "0", "expected bool, got 0");
	refused(&dtf_type_bool, "\"true\"", "expected bool, got \"true\"");
	refused(&dtf_type_bool, "null", "expected bool, got null");
}
END_TEST

START_TEST(ints_are_exact) {
	canonical(&dtf_type_int, "0", "0");
	canonical(&dtf_type_int, "-0", "0");
	canonical(&dtf_type_int, "9007199254740993", "9007199254740993"); /* 2^53 + 1 */
	canonical(&dtf_type_int, "9223372036854775807", "9223372036854775807");
	canonical(&dtf_type_int, "-9223372036854775808", "-9223372036854775808");
	refused(&dtf_type_int, "1.0", "expected int, got 1.0");
	refused(&dtf_type_int, "1e3", "expected int, got 1000.0");
	refused(&dtf_type_int, "\"x\"", "expected int, got \"x\"");
	refused(&dtf_type_int, "true", "expected int, got true");
	refused(&dtf_type_int, "[1]", "expected int, got a list");
	refused(&dtf_type_int, "{}", "expected int, got an object");
	refused(&dtf_type_int, "9223372036854775808", "too big integer near '9223372036854775808'");
	refused(&dtf_type_duration, "\"3s\"", "expected milliseconds, got \"3s\"");
	refused(&dtf_type_time, "1.5", "expected milliseconds since 1970, got 1.5");
	canonical(&dtf_type_duration, "-5", "-5");
	canonical(&dtf_type_time, "1709208000000", "1709208000000");
}
END_TEST

START_TEST(not_quite_json_is_refused) {
	static const char *const bad[] = { "", " ", "01", "+1", "1.", ".5", "1e", "-", "0x1", "NaN",
		"Infinity", "nul", "'a'", "\"a", "\"\t\"", "\"\\x41\"", "\"\\u12\"", "[1,]", "[,]",
		"[", "]", "{\"a\":1,}", "{a:1}", "{\"a\" 1}", "1 2", "// 1\n1", "[1] x",
		"\xef\xbb\xbf[]", /* a byte order mark */
		"\"\\ud800\"", "\"\\udc00\\ud800\"", "\"\\u0000\"" };
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		const char *value = NULL;
		ck_assert_msg(dtf__decode(&arena, &dtf_type_json, "", slice(bad[i]), &value) ==
				DTF_EPAYLOAD,
			"accepted: %s", bad[i]);
		ck_assert_str_ne(dtf_errmsg(), "");
	}
	const char *value;
	ck_assert_int_eq(
		dtf__decode(&arena, &dtf_type_json, "", (struct slice){ "1\0", 2 }, &value),
		DTF_EPAYLOAD);
	ck_assert_int_eq(dtf__decode(&arena, &dtf_type_json, "", (struct slice){ NULL, 0 }, &value),
		DTF_EPAYLOAD);
}
END_TEST

START_TEST(strings_are_utf8) {
	canonical(&dtf_type_string, "\"\"", "\"\"");
	canonical(&dtf_type_string, "\"a\\\"\\\\\\/\\n\\u0041\\u20ac\\ud83d\\ude00\"",
		"\"a\\\"\\\\/\\nA\xe2\x82\xac\xf0\x9f\x98\x80\"");
	canonical(&dtf_type_string, "\"\\u0001\\u007f\"", "\"\\u0001\x7f\"");
	refused(&dtf_type_string, "1", "expected string, got 1");
	refused(&dtf_type_string, "null", "expected string, got null");
	ck_assert_str_eq(encoded(&dtf_type_string, &(const char *){ NULL }), "\"\"");
	static const char *const bad[] = { "\xff", "\xc0\x80", "\xc1\xbf", "\xe0\x80\x80",
		"\xed\xa0\x80", "\xf0\x80\x80\x80", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80",
		"\xe2\x82", "\x80", "a\xe2\x82z" };
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		encode_fails(
			&dtf_type_string, &bad[i], CODEC_BAD_VALUE, "a string that is not UTF-8");
		char json[32];
		(void)snprintf(json, sizeof(json), "\"%s\"", bad[i]);
		const char *ret;
		ck_assert_int_eq(
			dtf__decode(&arena, &dtf_type_string, "", slice(json), &ret), DTF_EPAYLOAD);
	}
}
END_TEST

START_TEST(bytes_are_strict_base64) {
	canonical(&dtf_type_bytes, "\"\"", "\"\"");
	canonical(&dtf_type_bytes, "\"AA==\"", "\"AA==\"");
	canonical(&dtf_type_bytes, "\"AAE=\"", "\"AAE=\"");
	canonical(&dtf_type_bytes, "\"AAEC\"", "\"AAEC\"");
	canonical(&dtf_type_bytes, "\"+/+/AAEC\"", "\"+/+/AAEC\"");
	static const char *const bad[] = { "A", "AA", "AAA",
		"AA=", "AA==AA==", "A===", "====", "=AAA", "AB==", "AAB=", "AA==\\n",
		" AA==", "AA-_", "AA\xc3\xa9=" };
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		char json[32];
		(void)snprintf(json, sizeof(json), "\"%s\"", bad[i]);
		struct dtf_bytes ret;
		ck_assert_msg(
			dtf__decode(&arena, &dtf_type_bytes, "", slice(json), &ret) == DTF_EPAYLOAD,
			"accepted: %s", bad[i]);
	}
	refused(&dtf_type_bytes, "\"AA\"", "expected base64, got \"AA\"");
	refused(&dtf_type_bytes, "[0]", "expected base64, got a list");
	unsigned char all[256];
	for (size_t i = 0; i < sizeof(all); i++) {
		all[i] = (unsigned char)i;
	}
	for (size_t size = 0; size <= sizeof(all); size++) {
		struct dtf_bytes bytes = { all, size }, back = { 0 };
		(void)encoded(&dtf_type_bytes, &bytes);
		ck_assert_int_eq(
			dtf__decode(&arena, &dtf_type_bytes, "", slice(buf.data), &back), 0);
		ck_assert_int_eq(dtf__compare(&dtf_type_bytes, &bytes, &back), 0);
	}
}
END_TEST

START_TEST(floats_are_shortest) {
	static const struct {
		double x;
		const char *text;
	} floats[] = {
		{ 0.0, "0.0" },
		{ -0.0, "0.0" },
		{ 1.0, "1.0" },
		{ -1.0, "-1.0" },
		{ 3.5, "3.5" },
		{ 0.1, "0.1" },
		{ 0.1 + 0.2, "0.30000000000000004" },
		{ 100.0, "100.0" },
		{ 1e15, "1000000000000000.0" },
		{ 1e16, "1e+16" },
		{ 1e100, "1e+100" },
		{ 123456789012345680.0, "1.2345678901234568e+17" },
		{ 9007199254740993.0, "9007199254740992.0" },
		{ 0.00001, "0.00001" },
		{ 0.000001, "1e-6" },
		{ -1.5e-7, "-1.5e-7" },
		{ 5e-324, "5e-324" },
		{ 2.2250738585072014e-308, "2.2250738585072014e-308" },
		{ DBL_MAX, "1.7976931348623157e+308" },
		{ -DBL_MAX, "-1.7976931348623157e+308" },
		{ 1.0 / 3, "0.3333333333333333" },
		{ 0x1p63, "9.223372036854776e+18" },
		{ 4503599627370495.5, "4503599627370495.5" },
	};
	for (size_t i = 0; i < sizeof(floats) / sizeof(*floats); i++) {
		ck_assert_str_eq(encoded(&dtf_type_float, &floats[i].x), floats[i].text);
		double back;
		decodes(&dtf_type_float, floats[i].text, &back);
		ck_assert(back == floats[i].x);
	}
	canonical(&dtf_type_float, "3", "3.0"); /* an int literal will do for a float */
	canonical(&dtf_type_float, "1E2", "100.0");
	canonical(&dtf_type_float, "1e-400", "0.0");
	refused(&dtf_type_float, "\"3\"", "expected float, got \"3\"");
	refused(&dtf_type_float, "1e999", "real number overflow near '1e999'");
	const double bad[] = { HUGE_VAL, -HUGE_VAL, nan("") };
	for (size_t i = 0; i < 3; i++) {
		encode_fails(
			&dtf_type_float, &bad[i], CODEC_OVERFLOW, "a float that is not finite");
	}
}
END_TEST

/* Bits from a fixed sequence: every double there is reads back. */
START_TEST(floats_read_back) {
	uint64_t state = 42;
	for (int i = 0; i < 20000; i++) {
		state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		uint64_t bits = state ^ state >> 29;
		double x, back;
		memcpy(&x, &bits, sizeof(x));
		if (!isfinite(x)) {
			continue;
		}
		char text[FLOAT_TEXT_MAX];
		dtf__float_text(text, x);
		ck_assert(dtf__float_read(text, &back));
		ck_assert(back == x);
		ck_assert_uint_lt(strlen(text), FLOAT_TEXT_MAX);
	}
}
END_TEST

START_TEST(the_host_s_locale_changes_nothing) {
	static const char *const locales[] = { "de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8",
		"C.UTF-8" };
	for (size_t i = 0; i < sizeof(locales) / sizeof(*locales); i++) {
		if (setlocale(LC_ALL, locales[i]) == NULL) {
			continue;
		}
		canonical(&dtf_type_float, "-2.5e-7", "-2.5e-7");
		double x;
		ck_assert(dtf__float_read("0.1", &x) && x == 0.1);
		ck_assert(!dtf__float_read("0,1", &x));
	}
}
END_TEST

START_TEST(json_is_made_canonical) {
	canonical(&dtf_type_json, " { \"b\" : [ 1 , 2.50, \"x\" ] , \"a\" : { } , \"B\":null } ",
		"{\"B\":null,\"a\":{},\"b\":[1,2.5,\"x\"]}");
	canonical(&dtf_type_json, "{\"\\u00e9\":1,\"z\":-0.0,\"\":true}",
		"{\"\":true,\"z\":0.0,\"\xc3\xa9\":1}"); /* keys by bytes */
	ck_assert_str_eq(encoded(&dtf_type_json, &(const char *){ NULL }), "null");
	/* An activity's own text is not canonical yet. */
	ck_assert_str_eq(encoded(&dtf_type_json, &(const char *){ "[ 1.0e0, {\"b\":1,\"a\":2} ]" }),
		"[1.0,{\"a\":2,\"b\":1}]");
	encode_fails(
		&dtf_type_json, &(const char *){ "" }, CODEC_BAD_VALUE, "no JSON: no JSON: empty");
	encode_fails(&dtf_type_json, &(const char *){ "{\"a\":1,\"a\":2}" }, CODEC_BAD_VALUE,
		"no JSON: duplicate object key near '\"a\"'");
}
END_TEST

START_TEST(lists) {
	canonical(&int_list_type, " [ 1 , -2 ] ", "[1,-2]");
	canonical(&int_list_type, "[]", "[]");
	refused(&int_list_type, "{}", "expected a list, got an object");
	refused(&int_list_type, "[1,2,\"x\"]", "[2]: expected int, got \"x\"");
	refused(&int_list_type, "null", "expected a list, got null");
	/* Items that are not there, whatever the count says. */
	ck_assert_str_eq(encoded(&int_list_type, &(struct dtf_int_list){ NULL, 7 }), "[]");
}
END_TEST

/* What the list operations rely on: every list has its header in front. */
START_TEST(decoded_lists_know_their_size) {
	struct dtf_int_list list;
	decodes(&int_list_type, "[1,2,3]", &list);
	struct list_header header = ((const struct list_header *)(const void *)list.items)[-1];
	ck_assert_uint_eq(header.used, 3);
	ck_assert_uint_eq(header.capacity, 3);
	struct dtf_int_list copy;
	ck_assert(dtf__copy(&arena, &int_list_type, &list, &copy));
	header = ((const struct list_header *)(const void *)copy.items)[-1];
	ck_assert_uint_eq(header.used, 3);
}
END_TEST

START_TEST(maps_are_sorted) {
	canonical(&map_type, "{\"b\":2,\"a\":1,\"ab\":3,\"B\":4}",
		"{\"B\":4,\"a\":1,\"ab\":3,\"b\":2}");
	canonical(&map_type, "{}", "{}");
	refused(&map_type, "[]", "expected an object, got a list");
	refused(&map_type, "{\"a\":1,\"b\":null}", "b: expected int, got null");
	refused(&map_type, "{\"a\":1,\"a\":2}", "duplicate object key near '\"a\"'");
	const struct entry unsorted[] = { { "b", 1 }, { "a", 2 } };
	encode_fails(&map_type, &(struct map){ unsorted, 2 }, CODEC_BAD_VALUE,
		"a: keys of a map that are not in order");
	const struct entry twice[] = { { "b", 1 }, { "b", 2 } };
	encode_fails(&map_type, &(struct map){ twice, 2 }, CODEC_BAD_VALUE,
		"b: keys of a map that are not in order");
	const struct entry bad_key[] = { { "\xff", 1 } };
	encode_fails(&map_type, &(struct map){ bad_key, 1 }, CODEC_BAD_VALUE,
		"?: a string that is not UTF-8");
}
END_TEST

START_TEST(optionals_are_left_out) {
	canonical(&order_type, "{\"id\":\"a\",\"items\":[],\"express\":null}",
		"{\"id\":\"a\",\"items\":[]}");
	canonical(&order_type, "{\"express\":false,\"items\":[],\"id\":\"a\"}",
		"{\"id\":\"a\",\"items\":[],\"express\":false}");
	canonical(&int_opt_type, "null", "null"); /* not a field: null */
	canonical(&int_opt_type, "7", "7");
	refused(&int_opt_type, "\"7\"", "expected int, got \"7\"");
}
END_TEST

START_TEST(optionals_may_be_pointers) {
	canonical(&chain_type, "{\"n\":1,\"next\":{\"next\":null,\"n\":2}}",
		"{\"n\":1,\"next\":{\"n\":2}}");
	canonical(&chain_opt_type, "null", "null");
	canonical(&chain_opt_type, "{\"n\":1}", "{\"n\":1}");
	refused(&chain_type, "{\"n\":1,\"next\":{\"n\":1,\"next\":{}}}", "next.next.n: missing");
	refused(&chain_opt_type, "[]", "expected t.Chain, got a list");
}
END_TEST

START_TEST(records_ignore_what_they_do_not_know) {
	canonical(&order_type, "{\"new\":{\"deep\":[1]},\"id\":\"a\",\"items\":[]}",
		"{\"id\":\"a\",\"items\":[]}");
	refused(&order_type, "[]", "expected shop.Order, got a list");
}
END_TEST

START_TEST(enums_are_names) {
	canonical(&decision_type, "\"rejected\"", "\"rejected\"");
	refused(&decision_type, "\"Rejected\"",
		"expected shop.Decision (approved, rejected), got \"Rejected\"");
	refused(&decision_type, "1", "expected shop.Decision (approved, rejected), got 1");
	int value = 2;
	encode_fails(
		&decision_type, &value, CODEC_BAD_VALUE, "shop.Decision has no member of value 2");
	value = -1;
	encode_fails(
		&decision_type, &value, CODEC_BAD_VALUE, "shop.Decision has no member of value -1");
}
END_TEST

START_TEST(tuples_are_arrays) {
	canonical(&args_type, "[{\"id\":\"a\",\"items\":[]},1]",
		"[{\"id\":\"a\",\"items\":[]},1,null]"); /* trailing optionals may be absent */
	canonical(&args_type, "[{\"id\":\"a\",\"items\":[]},1,2]",
		"[{\"id\":\"a\",\"items\":[]},1,2]");
	refused(&args_type, "[{\"id\":\"a\",\"items\":[]}]", "n: missing");
	refused(&args_type, "[]", "order: missing");
	refused(&args_type, "[{\"id\":\"a\",\"items\":[]},1,2,3]", "expected 3 arguments, got 4");
	refused(&args_type, "{}", "expected a list of arguments, got an object");
	canonical(&dtf_type_no_args, "[]", "[]");
	refused(&dtf_type_no_args, "[null]", "expected 0 arguments, got 1");
}
END_TEST

/* What the encoder writes is read by plain.c, what is not so plain is left alone. */
START_TEST(our_own_text_is_plain) {
	static const struct {
		const struct dtf_type *type;
		const char *json;
	} plain[] = {
		{ &args_type, "[{\"id\":\"a\\n\\u0001\xe2\x82\xac\",\"items\":[{\"sku\":\"s\","
			      "\"qty\":1},{\"sku\":\"t\",\"qty\":-7}],\"express\":true},7,null]" },
		{ &args_type, " [ {\"id\" : \"a\" , \"items\" : [ ] } , 7 ,\tnull ] " },
		{ &map_type, "{\"a\":1,\"ab\":2,\"b\":3}" },
		{ &map_type, "{}" },
		{ &int_opt_type, "null" },
		{ &chain_type, "{\"n\":1,\"next\":{\"n\":2}}" },
		{ &decision_type, "\"rejected\"" },
		{ &dtf_type_bytes, "\"AAECAwQ=\"" },
		{ &dtf_type_float, "-1.7976931348623157e+308" },
		{ &dtf_type_int, "-999999999999999999" },
		{ &dtf_type_no_args, "[]" },
		{ &dtf_type_unit, "null" },
	}, other[] = {
		{ &dtf_type_int, "01" }, { &dtf_type_int, "9223372036854775807" },
		{ &dtf_type_int, "1.0" }, { &dtf_type_int, "1 2" }, { &dtf_type_int, "-" },
		{ &dtf_type_float, "01.5" }, { &dtf_type_float, "3" }, { &dtf_type_float, "+1.0" },
		{ &dtf_type_string, "\"\\u20ac\"" }, { &dtf_type_string, "\"\\u0000\"" },
		{ &dtf_type_string, "\"a" }, { &dtf_type_string, "\"a\\" },
		{ &dtf_type_string, "\"\xff\"" }, { &dtf_type_string, "\"\t\"" },
		{ &map_type, "{\"b\":1,\"a\":2}" }, { &map_type, "{\"a\":1,\"a\":2}" },
		{ &order_type, "{\"items\":[],\"id\":\"a\"}" },
		{ &order_type, "{\"id\":\"a\",\"items\":[],\"new\":1}" },
		{ &order_type, "{\"id\":\"a\",\"id\":\"a\",\"items\":[]}" },
		{ &order_type, "{\"id\":\"a\"}" }, { &int_list_type, "[1,]" },
		{ &dtf_type_no_args, "[null]" }, { &dtf_type_json, "1" },
	};
	for (size_t i = 0; i < sizeof(plain) / sizeof(*plain); i++) {
		char fast[256] = { 0 }, slow[256];
		const struct dtf_type *type = plain[i].type;
		ck_assert_msg(dtf__decode_plain(&arena, type, slice(plain[i].json), fast) == 0,
			"%s", plain[i].json);
		ck_assert_int_eq(dtf__decode_any(&arena, type, "", slice(plain[i].json), slow), 0);
		ck_assert_int_eq(dtf__compare(type, fast, slow), 0);
	}
	for (size_t i = 0; i < sizeof(other) / sizeof(*other); i++) {
		char ret[256] = { 0 };
		ck_assert_msg(dtf__decode_plain(&arena, other[i].type, slice(other[i].json), ret) ==
				CODEC_NOT_PLAIN,
			"%s", other[i].json);
	}
}
END_TEST

/* ---- paths ---- */

START_TEST(errors_name_the_path) {
	refused(&args_type,
		"[{\"id\":\"a\",\"items\":[{\"sku\":\"s\",\"qty\":1},{\"sku\":\"s\",\"qty\":1},"
		"{\"sku\":\"s\",\"qty\":1},{\"sku\":\"s\",\"qty\":\"x\"}]},1]",
		"order.items[3].qty: expected int, got \"x\"");
	refused(&args_type, "[{\"items\":[]},1]", "order.id: missing");
	refused_at(&order_type, "result", "{\"id\":1}", "result.id: expected string, got 1");
	refused_at(&int_list_type, "xs", "[true]", "xs[0]: expected int, got true");
	refused_at(&dtf_type_int, "n", "null", "n: expected int, got null");
	refused_at(&dtf_type_int, NULL, "null", "expected int, got null");
}
END_TEST

/* The parser's own errors come with the path too. */
START_TEST(parse_errors_name_the_path) {
	refused(&args_type,
		"[{\"id\":\"a\",\"items\":[{\"sku\":\"}]\\\"\",\"qty\":99999999999999999999}]},1]",
		"order.items[0].qty: too big integer near '99999999999999999999'");
	refused(&args_type, "[{},99999999999999999999]",
		"n: too big integer near '99999999999999999999'");
	refused_at(&int_list_type, "xs", "[1,[2,3],1e999]",
		"xs[2]: real number overflow near '1e999'");
	refused(&order_type, "{\"a\":{\"b\":1,\"b\":2}}", "a: duplicate object key near '\"b\"'");
	refused(&order_type, "{\"a\":[0,\"\\u0000\"]}", "a[1]: U+0000 in a string");
	refused(&order_type, "{\"a\":{\"b\\u0000\":1}}", "a: U+0000 in a string");
	refused(&order_type, "{\"a\":1,", "string or '}' expected near end of file");
}
END_TEST

START_TEST(long_values_and_paths_are_abbreviated) {
	refused(&dtf_type_int, "\"0123456789012345678901234567890123456789012345\"",
		"expected int, got \"0123456789012345678901234567890123456789…\"");
	refused(&dtf_type_int,
		"\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\xe2\x82\xac\xe2\x82\xac\"",
		"expected int, got \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\xe2\x82\xac…\"");
	char root[300];
	memset(root, 'x', sizeof(root) - 1);
	root[sizeof(root) - 1] = '\0';
	char ret[sizeof(struct order)] = { 0 };
	ck_assert_int_eq(
		dtf__decode(&arena, &order_type, root, slice("{\"id\":1}"), ret), DTF_EPAYLOAD);
	ck_assert_ptr_nonnull(strstr(dtf_errmsg(), "xxx.id: expected string, got 1"));
	ck_assert_int_eq(strncmp(dtf_errmsg(), "…", strlen("…")), 0);
}
END_TEST

/* ---- depth ---- */

static char *nested(const char *open, const char *middle, const char *close, size_t depth) {
	struct buf text = { 0 };
	for (size_t i = 0; i < depth; i++) {
		dtf__buf_text(&text, open);
	}
	dtf__buf_text(&text, middle);
	for (size_t i = 0; i < depth; i++) {
		dtf__buf_text(&text, close);
	}
	char *copy = dtf__arena_copy(&arena, text.data, text.size);
	dtf__buf_finish(&text);
	return copy;
}

START_TEST(depth_ends_at_64) {
	const char *value;
	decodes(&dtf_type_json, nested("[", "", "]", 64), &value);
	decodes(&dtf_type_json, nested("{\"[\":", "1", "}", 64), &value);
	ck_assert_str_eq(encoded(&dtf_type_json, &value), nested("{\"[\":", "1", "}", 64));
	refused(&dtf_type_json, nested("[", "", "]", 65), "nested deeper than 64 levels");
	refused(&dtf_type_json, nested("[", "", "", 1000000), "nested deeper than 64 levels");
	/* Brackets in strings are none. */
	canonical(&dtf_type_string,
		nested("[", "\\\"", "]", 0)[0] == '\0' ? "\"\"" : "\"[[[\\\"[[\"", "\"[[[\\\"[[\"");
	struct node node;
	decodes(&node_type, nested("{\"children\":[", "", "]}", 32), &node);
	refused(&node_type, nested("{\"children\":[", "", "]}", 33),
		"nested deeper than 64 levels");
	struct chain chain;
	decodes(&chain_type, nested("{\"n\":1,\"next\":", "null", "}", 64), &chain);
	ck_assert_ptr_nonnull(chain.next->next);
	refused(&chain_type, nested("{\"n\":1,\"next\":", "null", "}", 65),
		"nested deeper than 64 levels");
}
END_TEST

/* What can be written can be read: also a value that a workflow nested itself. */
START_TEST(what_is_nested_too_deeply_is_not_written) {
	struct node nodes[34] = { 0 };
	for (size_t i = 1; i < 34; i++) {
		nodes[i].children = (struct node_list){ &nodes[i - 1], 1 };
	}
	struct node back;
	(void)encoded(&node_type, &nodes[31]);
	ck_assert_int_eq(dtf__decode(&arena, &node_type, "", slice(buf.data), &back), 0);
	ck_assert_int_eq(dtf__compare(&node_type, &nodes[31], &back), 0);
	dtf__buf_clear(&buf);
	ck_assert_int_eq(dtf__encode(&buf, &node_type, &nodes[32]), CODEC_BAD_VALUE);
	ck_assert_ptr_nonnull(strstr(dtf_errmsg(), "nested deeper than 64 levels"));
	struct chain chain[65] = { { 0 } };
	for (size_t i = 1; i < 65; i++) {
		chain[i].next = &chain[i - 1];
	}
	(void)encoded(&chain_type, &chain[63]);
	ck_assert_int_eq(dtf__encode(&buf, &chain_type, &chain[64]), CODEC_BAD_VALUE);
	ck_assert_ptr_nonnull(strstr(dtf_errmsg(), "nested deeper than 64 levels"));
	/* A json inside counts with what is around it. */
	const char *json = nested("[", "", "]", 64);
	const struct dtf_type list = DTF_LIST("[json]", struct dtf_string_list, &dtf_type_json);
	const char *one[] = { json };
	ck_assert_int_eq(
		dtf__encode(&buf, &list, &(struct dtf_string_list){ one, 1 }), CODEC_BAD_VALUE);
}
END_TEST

START_TEST(values_of_any_depth_do_not_crash) {
	enum { DEEP = 200000 };
	struct node *nodes = calloc(DEEP, sizeof(*nodes));
	ck_assert_ptr_nonnull(nodes);
	for (size_t i = 1; i < DEEP; i++) {
		nodes[i].children = (struct node_list){ &nodes[i - 1], 1 };
	}
	struct node copy;
	ck_assert(!dtf__copy(&arena, &node_type, &nodes[DEEP - 1], &copy));
	ck_assert_int_eq(
		dtf__compare(&node_type, &nodes[DEEP - 1], &nodes[DEEP - 2]), COMPARE_TOO_DEEP);
	ck_assert_int_eq(dtf__encode(&buf, &node_type, &nodes[DEEP - 1]), CODEC_BAD_VALUE);
	free(nodes);
	/* C code can make a value without an end. */
	struct chain a = { 1, NULL }, b = { 1, NULL }, around;
	a.next = &a;
	b.next = &b;
	ck_assert_int_eq(dtf__compare(&chain_type, &a, &a), 0); /* the same memory */
	ck_assert_int_eq(dtf__compare(&chain_type, &a, &b), COMPARE_TOO_DEEP);
	ck_assert(!dtf__copy(&arena, &chain_type, &a, &around));
	ck_assert_int_eq(dtf__encode(&buf, &chain_type, &a), CODEC_BAD_VALUE);
}
END_TEST

START_TEST(lists_have_a_largest_size) {
	/* Elements of no text but much memory: `[null,null,…]` of wide records. */
	enum { WIDE = 4096, COUNT = 5000 };
	const struct dtf_type unit_like = { "wide", DTF_KIND_RECORD, WIDE, NULL, 0, 0, NULL, NULL,
		0 };
	const struct dtf_type list = DTF_LIST("[wide]", struct item_list, &unit_like);
	struct buf text = { 0 };
	for (int i = 0; i < COUNT; i++) {
		dtf__buf_text(&text, i == 0 ? "[{}" : ",{}");
	}
	dtf__buf_text(&text, "]");
	struct item_list ret;
	ck_assert_int_eq(
		dtf__decode(&arena, &list, "xs", (struct slice){ text.data, text.size }, &ret),
		DTF_EPAYLOAD);
	ck_assert_str_eq(dtf_errmsg(), "xs: 5000 elements are too many");
	dtf__buf_finish(&text);
}
END_TEST

int main(void) {
	Suite *suite = suite_create("codec");
	TCase *kinds = tcase_create("kinds");
	tcase_add_checked_fixture(kinds, setup, teardown);
	tcase_add_test(kinds, unit_is_null);
	tcase_add_test(kinds, bools);
	tcase_add_test(kinds, ints_are_exact);
	tcase_add_test(kinds, not_quite_json_is_refused);
	tcase_add_test(kinds, strings_are_utf8);
	tcase_add_test(kinds, bytes_are_strict_base64);
	tcase_add_test(kinds, floats_are_shortest);
	tcase_add_test(kinds, floats_read_back);
	tcase_add_test(kinds, the_host_s_locale_changes_nothing);
	tcase_add_test(kinds, json_is_made_canonical);
	tcase_add_test(kinds, lists);
	tcase_add_test(kinds, decoded_lists_know_their_size);
	tcase_add_test(kinds, maps_are_sorted);
	tcase_add_test(kinds, optionals_are_left_out);
	tcase_add_test(kinds, optionals_may_be_pointers);
	tcase_add_test(kinds, records_ignore_what_they_do_not_know);
	tcase_add_test(kinds, enums_are_names);
	tcase_add_test(kinds, tuples_are_arrays);
	tcase_add_test(kinds, our_own_text_is_plain);
	suite_add_tcase(suite, kinds);
	TCase *whole = tcase_create("whole values");
	tcase_add_checked_fixture(whole, setup, teardown);
	tcase_add_test(whole, errors_name_the_path);
	tcase_add_test(whole, parse_errors_name_the_path);
	tcase_add_test(whole, long_values_and_paths_are_abbreviated);
	tcase_add_test(whole, depth_ends_at_64);
	tcase_add_test(whole, what_is_nested_too_deeply_is_not_written);
	tcase_add_test(whole, values_of_any_depth_do_not_crash);
	tcase_add_test(whole, lists_have_a_largest_size);
	suite_add_tcase(suite, whole);
	return suite_run(suite);
}
