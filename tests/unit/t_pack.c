/*
 * Values in bytes and back are the same values, also where JSON says less; what
 * cannot be written is refused, what was not written is not read.
 */
#include <check.h>
#include <float.h>
#include <math.h>
#include <string.h>

#include "../../runtime/error.h"
#include "../../runtime/list.h"
#include "../../runtime/pack.h"
#include "../support/suite.h"
#include "../support/types.h"

#define SIZE_ENOUGH ((size_t)1 << 20)

static struct arena arena;

static void setup(void) {
	arena = (struct arena){ 0 };
}

static void teardown(void) {
	dtf__arena_finish(&arena);
}

static struct buf pack(const struct dtf_type *type, const void *value) {
	struct buf buf = { 0 };
	ck_assert(dtf__pack(&buf, SIZE_ENOUGH, type, value));
	return buf;
}

static int unpack(const struct dtf_type *type, struct slice bytes, void *ret) {
	struct wire_reader reader = {
		.at = bytes.data, .end = bytes.data + bytes.size, .arena = &arena
	};
	memset(ret, 0, type->size);
	dtf__unpack(&reader, type, ret);
	if (reader.at != reader.end) {
		dtf__wire_bad(&reader);
	}
	return dtf__wire_result(&reader, "a value");
}

/* Reads it back; what is written then is the same. */
static void there_and_back(const struct dtf_type *type, const void *value, void *ret) {
	struct buf once = pack(type, value);
	ck_assert_int_eq(unpack(type, (struct slice){ once.data, once.size }, ret), 0);
	struct buf again = pack(type, ret);
	ck_assert_uint_eq(again.size, once.size);
	ck_assert(memcmp(again.data, once.data, once.size) == 0);
	dtf__buf_finish(&once);
	dtf__buf_finish(&again);
}

START_TEST(numbers_are_exact) {
	static const int64_t ints[] = { 0, -1, 1, INT64_MAX, INT64_MIN, INT64_C(1) << 53 };
	static const double floats[] = { 0.0, -0.0, 0.1, DBL_MAX, -DBL_MIN, DBL_TRUE_MIN };
	for (size_t i = 0; i < DTF_COUNT(ints); i++) {
		int64_t is;
		there_and_back(&dtf_type_int, &ints[i], &is);
		ck_assert_int_eq(is, ints[i]);
	}
	for (size_t i = 0; i < DTF_COUNT(floats); i++) {
		double is;
		there_and_back(&dtf_type_float, &floats[i], &is);
		ck_assert(memcmp(&is, &floats[i], sizeof(is)) == 0);
	}
}
END_TEST

START_TEST(a_record_is_whole) {
	static const struct item items[] = { { "a", 1 }, { NULL, -2 } };
	const struct args args = {
		.order = { "o", { items, 2 }, { true, false } }, .n = 7, .limit = { false, 0 }
	};
	struct args is;
	there_and_back(&args_type, &args, &is);
	ck_assert_str_eq(is.order.id, "o");
	ck_assert_uint_eq(is.order.items.count, 2);
	ck_assert_str_eq(is.order.items.items[0].sku, "a");
	ck_assert_ptr_null(is.order.items.items[1].sku);
	ck_assert(is.order.express.has && !is.order.express.value && !is.limit.has);
	/* It can grow as any list of the runtime's. */
	const void *read = is.order.items.items;
	ck_assert_uint_eq(((const struct list_header *)read - 1)->capacity, 2);
}
END_TEST

/* In JSON both are null. */
START_TEST(null_is_not_none) {
	static const struct dtf_type opt = DTF_OPTIONAL(
		"json?", struct dtf_string_opt, &dtf_type_json);
	struct dtf_string_opt is;
	there_and_back(&opt, &(struct dtf_string_opt){ true, "null" }, &is);
	ck_assert(is.has);
	ck_assert_str_eq(is.value, "null");
	there_and_back(&opt, &(struct dtf_string_opt){ false, NULL }, &is);
	ck_assert(!is.has);
}
END_TEST

START_TEST(maps_bytes_enums_and_pointers) {
	static const struct entry entries[] = { { NULL, 1 }, { "a", 2 }, { "b", 3 } };
	struct map map;
	there_and_back(&map_type, &(struct map){ entries, 3 }, &map);
	ck_assert_uint_eq(map.count, 3);
	ck_assert_str_eq(map.items[2].key, "b");
	struct dtf_bytes bytes;
	there_and_back(
		&dtf_type_bytes, &(struct dtf_bytes){ (const unsigned char *)"\0\xff", 2 }, &bytes);
	ck_assert_uint_eq(bytes.size, 2);
	ck_assert_uint_eq(bytes.data[1], 0xff);
	enum decision decision;
	there_and_back(&decision_type, &(enum decision){ REJECTED }, &decision);
	ck_assert_int_eq(decision, REJECTED);
	const struct chain last = { 2, NULL }, first = { 1, &last };
	struct chain chain;
	there_and_back(&chain_type, &first, &chain);
	ck_assert(chain.next != &last && chain.next->n == 2 && chain.next->next == NULL);
}
END_TEST

/* People see two members of it; a machine goes on with all. */
START_TEST(a_failure_has_all_its_members) {
	const struct dtf_failure failure = { .name = "timeout",
		.message = "m",
		.data = "{}",
		.retryable = true,
		.kind = "attempt",
		.attempts = 3,
		.code = "c",
		.id = "i",
		.status = "s",
		.suppressed = "[]" };
	struct dtf_failure is;
	there_and_back(&dtf_type_failure, &failure, &is);
	ck_assert_str_eq(is.kind, "attempt");
	ck_assert_str_eq(is.suppressed, "[]");
	ck_assert_int_eq(is.attempts, 3);
	ck_assert(is.retryable);
}
END_TEST

static void assert_refused(const struct dtf_type *type, const void *value) {
	struct buf buf = { 0 };
	ck_assert(!dtf__pack(&buf, SIZE_ENOUGH, type, value));
	dtf__buf_finish(&buf);
}

START_TEST(what_is_no_value_is_refused) {
	assert_refused(&dtf_type_float, &(double){ (double)NAN });
	assert_refused(&dtf_type_float, &(double){ (double)INFINITY });
	assert_refused(&decision_type, &(int){ 2 });
	assert_refused(&decision_type, &(int){ -1 });
	assert_refused(&int_list_type,
		&(struct dtf_int_list){ &(int64_t){ 0 }, VALUE_MAX / sizeof(int64_t) + 1 });
}
END_TEST

START_TEST(what_nests_too_deeply_is_refused) {
	static struct chain chain[2000];
	for (size_t i = 1; i < DTF_COUNT(chain); i++) {
		chain[i].next = &chain[i - 1];
	}
	struct chain is;
	there_and_back(&chain_type, &chain[400], &is);
	assert_refused(&chain_type, &chain[1999]);
}
END_TEST

/* Forty lists in memory, a million million in bytes. */
START_TEST(what_shares_too_much_is_refused_in_time) {
	static struct node nodes[40][2];
	for (size_t i = 1; i < DTF_COUNT(nodes); i++) {
		nodes[i][0].children = (struct node_list){ nodes[i - 1], 2 };
		nodes[i][1].children = nodes[i][0].children;
	}
	assert_refused(&node_type, &nodes[39][0]);
}
END_TEST

START_TEST(other_bytes_are_not_read) {
	static const struct {
		const struct dtf_type *type;
		const char *bytes;
		size_t size;
	} cases[] = {
		{ &dtf_type_bool, "\2", 1 },
		{ &dtf_type_unit, "\1", 1 },
		{ &dtf_type_int, "", 0 },
		{ &dtf_type_int, "\1\1", 2 },
		{ &dtf_type_float, "\0\0\0\0\0\0\xf0\x7f", 8 },
		{ &dtf_type_string, "\3a", 2 },
		{ &dtf_type_string, "\2\0", 2 },
		{ &decision_type, "\2", 1 },
		{ &int_list_type, "\xff\xff\xff\x7f", 4 },
		{ &map_type, "\2\2b\0\2a\0", 7 },
		{ &map_type, "\2\2a\0\2a\0", 7 },
		{ &int_opt_type, "\2\0", 2 },
	};
	for (size_t i = 0; i < DTF_COUNT(cases); i++) {
		_Alignas(max_align_t) char value[64];
		ck_assert_msg(unpack(cases[i].type, (struct slice){ cases[i].bytes, cases[i].size },
				      value) == DTF_ECORRUPT,
			"case %zu", i);
	}
}
END_TEST

int main(void) {
	Suite *suite = suite_create("pack");
	TCase *tc = tcase_create("pack");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, numbers_are_exact);
	tcase_add_test(tc, a_record_is_whole);
	tcase_add_test(tc, null_is_not_none);
	tcase_add_test(tc, maps_bytes_enums_and_pointers);
	tcase_add_test(tc, a_failure_has_all_its_members);
	tcase_add_test(tc, what_is_no_value_is_refused);
	tcase_add_test(tc, what_nests_too_deeply_is_refused);
	tcase_add_test(tc, what_shares_too_much_is_refused_in_time);
	tcase_add_test(tc, other_bytes_are_not_read);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
