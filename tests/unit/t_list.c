/* Lists and maps are values: nobody sees another's change, however it is stored. */
#include "../support/ctx.h"
#include "../support/failing.h"
#include "../support/suite.h"
#include "../support/types.h"

#include <stdlib.h>
#include <string.h>

#include "../../runtime/codec.h"
#include "../../runtime/list.h"

#define SIZE sizeof(int64_t)

static struct dtf_ctx ctx;

static void setup(void) {
	ctx = (struct dtf_ctx){ 0 };
}

static void teardown(void) {
	ctx_finish(&ctx);
}

static struct dtf_int_list ints(size_t count, const int64_t *items) {
	return (struct dtf_int_list){ dtf_items(&ctx, SIZE, count, items), count };
}

static struct dtf_int_list append(struct dtf_int_list list, int64_t value) {
	list.items = dtf_items_concat(&ctx, SIZE, list.items, list.count, &value, 1);
	list.count++;
	return list;
}

static struct dtf_int_list concat(struct dtf_int_list a, struct dtf_int_list b) {
	return (struct dtf_int_list){
		dtf_items_concat(&ctx, SIZE, a.items, a.count, b.items, b.count),
		a.count + b.count,
	};
}

static void is(struct dtf_int_list list, const char *expected) {
	ck_assert_str_eq(dtf_text_json(&ctx, &int_list_type, &list), expected);
}

START_TEST(a_literal_is_copied) {
	int64_t items[] = { 1, 2, 3 };
	struct dtf_int_list list = ints(3, items);
	items[0] = 9;
	is(list, "[1,2,3]");
	is(ints(0, NULL), "[]");
	ctx_fine(&ctx);
}
END_TEST

START_TEST(older_values_stay_what_they_were) {
	struct dtf_int_list empty = { NULL, 0 };
	struct dtf_int_list one = append(empty, 1);
	struct dtf_int_list two = append(one, 2);
	struct dtf_int_list other = append(one, 3); /* not the newest: a copy */
	struct dtf_int_list third = append(two, 4);
	is(empty, "[]");
	is(one, "[1]");
	is(two, "[1,2]");
	is(other, "[1,3]");
	is(third, "[1,2,4]");
	ck_assert_ptr_eq(two.items, third.items); /* in place */
	ck_assert_ptr_ne(two.items, other.items);
	is(append(other, 5), "[1,3,5]");
	is(third, "[1,2,4]");
}
END_TEST

START_TEST(a_list_can_be_appended_to_itself) {
	struct dtf_int_list list = append(append((struct dtf_int_list){ NULL, 0 }, 1), 2);
	struct dtf_int_list twice = concat(list, list);
	is(twice, "[1,2,1,2]");
	is(concat(twice, twice), "[1,2,1,2,1,2,1,2]");
	is(list, "[1,2]");
	is(concat((struct dtf_int_list){ NULL, 0 }, list), "[1,2]");
	is(concat(list, (struct dtf_int_list){ NULL, 0 }), "[1,2]");
}
END_TEST

/* The result of `b` being taken over for an empty `a` must not alias b's room. */
START_TEST(copies_of_one_list_grow_apart) {
	struct dtf_int_list b = append(append((struct dtf_int_list){ NULL, 0 }, 1), 2);
	struct dtf_int_list a = concat((struct dtf_int_list){ NULL, 0 }, b);
	struct dtf_int_list a3 = append(a, 3), b4 = append(b, 4);
	is(a3, "[1,2,3]");
	is(b4, "[1,2,4]");
}
END_TEST

/* Each append copies nothing most of the time: memory is linear, not quadratic. */
START_TEST(appending_is_amortised) {
	enum { COUNT = 100000 };
	struct dtf_int_list list = { NULL, 0 };
	for (int64_t i = 0; i < COUNT; i++) {
		list = append(list, i);
	}
	ck_assert_uint_lt(ctx.arena.used, COUNT * SIZE * 8);
	int64_t expected = 0;
	while (expected < COUNT && list.items[expected] == expected) {
		expected++;
	}
	ck_assert_int_eq(expected, COUNT);
	ctx_fine(&ctx);
}
END_TEST

/* A list from a payload, or copied for an undo, is like any other. */
START_TEST(decoded_and_copied_lists_grow_too) {
	struct dtf_int_list list = { NULL, 0 }, copy = { NULL, 0 };
	ck_assert_int_eq(
		dtf__decode(&ctx.arena, &int_list_type, "", (struct slice){ "[1,2]", 5 }, &list),
		0);
	ck_assert(dtf__copy(&ctx.arena, &int_list_type, &list, &copy));
	is(append(list, 3), "[1,2,3]");
	is(append(copy, 4), "[1,2,4]");
	is(list, "[1,2]");
	ck_assert_int_eq(
		dtf__decode(&ctx.arena, &int_list_type, "", (struct slice){ "[]", 2 }, &list), 0);
	is(append(list, 3), "[3]");
}
END_TEST

START_TEST(writing_an_element_changes_one_list_only) {
	struct dtf_int_list list = append(append((struct dtf_int_list){ NULL, 0 }, 1), 2);
	struct dtf_int_list changed = list;
	ck_assert(dtf_index_ok(&ctx, changed.count, 0));
	int64_t *items = dtf_items_writable(&ctx, SIZE, changed.items, changed.count);
	items[0] = 7;
	changed.items = items;
	is(changed, "[7,2]");
	is(list, "[1,2]");
	is(append(changed, 3), "[7,2,3]");
	is(append(list, 4), "[1,2,4]");
}
END_TEST

START_TEST(an_index_outside_is_a_fault_and_a_zero) {
	const int64_t items[] = { 5, 6 };
	struct dtf_int_list list = ints(2, items);
	ck_assert_int_eq(*(const int64_t *)dtf_at(&ctx, SIZE, list.items, 2, 1), 6);
	ctx_fine(&ctx);
	static const int64_t bad[] = { 2, -1, INT64_MIN, INT64_MAX };
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		ck_assert_int_eq(*(const int64_t *)dtf_at(&ctx, SIZE, list.items, 2, bad[i]), 0);
		ck_assert_ptr_eq(ctx.fault, &dtf_out_of_range);
		ctx.fault = NULL;
		ck_assert(!dtf_index_ok(&ctx, 2, bad[i]));
		ck_assert_ptr_eq(ctx.fault, &dtf_out_of_range);
		ctx.fault = NULL;
	}
	ck_assert_int_eq(*(const int64_t *)dtf_at(&ctx, SIZE, NULL, 0, 0), 0);
	ctx_faulted(&ctx, &dtf_out_of_range, "element 0 of a list of 0");
	/* Elements of any size. */
	enum { LARGE = 200000 };
	const char *zero = dtf_at(&ctx, LARGE, NULL, 0, 0);
	ck_assert_int_eq(zero[0], 0);
	ck_assert_int_eq(memcmp(zero, zero + 1, LARGE - 1), 0);
}
END_TEST

START_TEST(finding_reversing_sorting) {
	const int64_t items[] = { 3, 1, 2, 3, -1 };
	struct dtf_int_list list = ints(5, items);
	int64_t wanted = 3, absent = 9;
	ck_assert_int_eq(dtf_items_find(&ctx, &dtf_type_int, list.items, 5, &wanted).value, 0);
	ck_assert(!dtf_items_find(&ctx, &dtf_type_int, list.items, 5, &absent).has);
	ck_assert(dtf_items_contains(&ctx, &dtf_type_int, list.items, 5, &wanted));
	ck_assert(!dtf_items_contains(&ctx, &dtf_type_int, NULL, 0, &wanted));
	is((struct dtf_int_list){ dtf_items_reverse(&ctx, SIZE, list.items, 5), 5 },
		"[-1,3,2,1,3]");
	is((struct dtf_int_list){ dtf_items_sort(&ctx, &dtf_type_int, list.items, 5), 5 },
		"[-1,1,2,3,3]");
	is(list, "[3,1,2,3,-1]");
	struct dtf_int_list unique;
	dtf_list_unique(&ctx, &dtf_type_int, &list, &unique);
	is(unique, "[3,1,2,-1]");
	dtf_list_unique(&ctx, &dtf_type_int, &list, &list); /* into itself */
	is(list, "[3,1,2,-1]");
	is(append(list, 8), "[3,1,2,-1,8]");
	ck_assert_ptr_null(dtf_items_reverse(&ctx, SIZE, NULL, 0));
	ck_assert_ptr_null(dtf_items_sort(&ctx, &dtf_type_int, NULL, 0));
	struct dtf_int_list none = { NULL, 0 };
	dtf_list_unique(&ctx, &dtf_type_int, &none, &unique);
	is(unique, "[]");
	ctx_fine(&ctx);
}
END_TEST

START_TEST(any_length_sorts) {
	for (size_t count = 0; count <= 70; count++) {
		int64_t items[70] = { 0 };
		for (size_t i = 0; i < count; i++) {
			items[i] = (int64_t)(i * 37 % 64);
		}
		const int64_t *sorted = dtf_items_sort(&ctx, &dtf_type_int, items, count);
		for (size_t i = 1; i < count; i++) {
			ck_assert_int_le(sorted[i - 1], sorted[i]);
		}
	}
}
END_TEST

static int64_t sum_of(const int64_t *items, size_t count) {
	int64_t sum = 0;
	for (size_t i = 0; i < count; i++) {
		sum += items[i];
	}
	return sum;
}

/* What is equal to a comparison but not the same (a `none` with rubbish behind it). */
START_TEST(sorting_is_stable) {
	enum { COUNT = 50 };
	struct dtf_int_opt items[COUNT];
	for (int64_t i = 0; i < COUNT; i++) {
		items[i] = (struct dtf_int_opt){ i % 3 == 0, i % 3 == 0 ? 5 : i };
	}
	const struct dtf_int_opt *sorted = dtf_items_sort(&ctx, &int_opt_type, items, COUNT);
	for (size_t i = 1; i < COUNT && !sorted[i].has; i++) {
		ck_assert_int_lt(sorted[i - 1].value, sorted[i].value);
	}
	struct {
		const struct dtf_int_opt *items;
		size_t count;
	} all = { items, COUNT }, unique;
	dtf_list_unique(&ctx, &int_opt_type, &all, &unique);
	ck_assert_uint_eq(unique.count, 2);
	ck_assert(unique.items[0].has);
	ck_assert_int_eq(unique.items[1].value, 1); /* the first of them */
}
END_TEST

/* Nobody is told that they are equal, nor that they are not. */
START_TEST(what_is_nested_too_deeply_is_not_compared) {
	enum { DEEP = 2000 };
	struct chain one[DEEP] = { { 0 } }, other[DEEP] = { { 0 } };
	for (size_t i = 1; i < DEEP; i++) {
		one[i].next = &one[i - 1];
		other[i].next = &other[i - 1];
	}
	const struct chain both[] = { one[DEEP - 1], other[DEEP - 1] };
	ck_assert(dtf_equal(&ctx, &chain_type, &one[999], &other[999]));
	ctx_fine(&ctx);
	const char *message = "values nested deeper than 1000 levels cannot be compared";
	ck_assert(!dtf_equal(&ctx, &chain_type, &one[1000], &other[1000]));
	ctx_faulted(&ctx, &dtf_bad_value, message);
	(void)dtf_items_contains(&ctx, &chain_type, both, 1, &both[1]);
	ctx_faulted(&ctx, &dtf_bad_value, message);
	struct {
		const struct chain *items;
		size_t count;
	} all = { both, 2 }, unique;
	dtf_list_unique(&ctx, &chain_type, &all, &unique);
	ctx_faulted(&ctx, &dtf_bad_value, message);
	ck_assert_uint_eq(unique.count, 2);
}
END_TEST

/* T as a T? that is a pointer: the variable may change afterwards. */
START_TEST(some_points_to_a_copy) {
	struct chain chain = { 1, NULL };
	chain.next = dtf_some(&ctx, sizeof(chain), &chain);
	chain.n = 2;
	chain.next = dtf_some(&ctx, sizeof(chain), &chain);
	chain.n = 3;
	ck_assert_str_eq(dtf_text_json(&ctx, &chain_type, &chain),
		"{\"n\":3,\"next\":{\"n\":2,\"next\":{\"n\":1}}}");
	ctx_fine(&ctx);
	ctx_no_memory(&ctx);
	const struct chain *zero = dtf_some(&ctx, sizeof(chain), &chain);
	failing_after(-1);
	ck_assert_int_eq(zero->n, 0);
	ck_assert_ptr_null(zero->next);
	ck_assert(ctx.exhausted);
}
END_TEST

START_TEST(slices_and_ranges) {
	struct dtf_int_list list = dtf_range(&ctx, -2, 3), part;
	is(list, "[-2,-1,0,1,2]");
	is(append(list, 9), "[-2,-1,0,1,2,9]");
	dtf_list_slice(&ctx, SIZE, &list, 1, 3, &part);
	is(part, "[-1,0]");
	is(append(part, 7), "[-1,0,7]");
	is(list, "[-2,-1,0,1,2]");
	dtf_list_slice(&ctx, SIZE, &list, 5, 5, &part);
	is(part, "[]");
	is(dtf_range(&ctx, 3, 3), "[]");
	is(dtf_range(&ctx, INT64_MAX, INT64_MIN), "[]");
	is(dtf_range(&ctx, INT64_MAX - 1, INT64_MAX), "[9223372036854775806]");
	ctx_fine(&ctx);
	dtf_list_slice(&ctx, SIZE, &list, 2, 6, &part);
	ctx_faulted(&ctx, &dtf_out_of_range, "elements 2 to 6 of a list of 5");
	is(part, "[]");
	dtf_list_slice(&ctx, SIZE, &list, 3, 2, &part);
	ctx_faulted(&ctx, &dtf_out_of_range, "elements 3 to 2 of a list of 5");
	dtf_list_slice(&ctx, SIZE, &list, -1, 2, &part);
	ctx_faulted(&ctx, &dtf_out_of_range, "elements -1 to 2 of a list of 5");
	is(dtf_range(&ctx, INT64_MIN, INT64_MAX), "[]");
	ctx_faulted(&ctx, &dtf_payload_too_large,
		"a list of 18446744073709551615 ints has more than 16777216 bytes");
}
END_TEST

/* Generated code may read what it counted before it asks for the fault. */
START_TEST(lists_have_a_largest_size_and_stay_readable) {
	enum { FULL = 2097152 };
	ck_assert_uint_eq(FULL * SIZE, VALUE_MAX);
	struct dtf_int_list list = dtf_range(&ctx, 0, FULL);
	ctx_fine(&ctx);
	struct dtf_int_list more = append(list, 1);
	ctx_faulted(&ctx, &dtf_payload_too_large, "a value of more than 16777216 bytes");
	ck_assert_uint_eq(more.count, FULL + 1);
	(void)sum_of(more.items, more.count);
	ck_assert_int_eq(list.items[FULL - 1], FULL - 1);
}
END_TEST

/* Check itself needs memory: first all is done, then looked at. */
START_TEST(without_memory_lists_stay_readable) {
	const int64_t five[] = { 1, 2, 3, 4, 5 };
	struct dtf_int_list list = ints(5, five), unique, part;
	ctx_no_memory(&ctx);
	struct dtf_int_list more = append(list, 6);
	int64_t sum = sum_of(more.items, more.count);
	more = append(more, 7); /* on the block of zeros: not in place */
	*(int64_t *)dtf_items_writable(&ctx, SIZE, more.items, more.count) = 9;
	sum += sum_of(more.items, more.count);
	int64_t *items = dtf_items_writable(&ctx, SIZE, list.items, list.count);
	items[4] = 9;
	struct dtf_int_list literal = ints(3, five);
	sum += sum_of(literal.items, literal.count);
	const int64_t *reversed = dtf_items_reverse(&ctx, SIZE, list.items, list.count);
	sum += sum_of(reversed, list.count);
	const int64_t *sorted = dtf_items_sort(&ctx, &dtf_type_int, list.items, list.count);
	int64_t kept = sum_of(sorted, list.count);
	dtf_list_unique(&ctx, &dtf_type_int, &list, &unique);
	kept += sum_of(unique.items, unique.count);
	dtf_list_slice(&ctx, SIZE, &list, 1, 3, &part);
	sum += sum_of(part.items, part.count);
	struct dtf_int_list range = dtf_range(&ctx, 0, 10);
	sum += sum_of(range.items, range.count);
	failing_after(-1);
	ck_assert_int_eq(sum, 0);
	ck_assert_int_eq(kept, 2 * (1 + 2 + 3 + 4 + 9));
	ck_assert(ctx.exhausted);
	ck_assert_ptr_null(ctx.fault);
}
END_TEST

/* ---- maps ---- */

static void map_is(const struct map *map, const char *expected) {
	ck_assert_str_eq(dtf_text_json(&ctx, &map_type, map), expected);
}

START_TEST(map_literals_are_sorted_and_the_last_wins) {
	const struct entry entries[] = { { "b", 1 }, { "a", 2 }, { NULL, 3 }, { "b", 4 },
		{ "a", 5 } };
	struct map map;
	dtf_map_make(&ctx, &map_type, entries, 5, &map);
	map_is(&map, "{\"\":3,\"a\":5,\"b\":4}");
	dtf_map_make(&ctx, &map_type, NULL, 0, &map);
	map_is(&map, "{}");
	ctx_fine(&ctx);
}
END_TEST

START_TEST(map_entries_are_found_and_set) {
	struct map map = { NULL, 0 };
	ck_assert_ptr_null(dtf_map_find(&map_type, &map, "a"));
	char key[] = "k00";
	for (int i = 0; i < 100; i++) {
		int n = i * 37 % 100;
		char *name = dtf__arena_copy(&ctx.arena, key, 3);
		name[1] = (char)('0' + n / 10);
		name[2] = (char)('0' + n % 10);
		struct map before = map;
		dtf_map_set(&ctx, &map_type, &map, name, &(int64_t){ n }, &map);
		ck_assert_uint_eq(map.count, before.count + 1);
		ck_assert_ptr_null(dtf_map_find(&map_type, &before, name));
		const int64_t *found = dtf_map_find(&map_type, &map, name);
		ck_assert_ptr_nonnull(found);
		ck_assert_int_eq(*found, n);
	}
	struct map changed;
	dtf_map_set(&ctx, &map_type, &map, "k42", &(int64_t){ -1 }, &changed);
	ck_assert_uint_eq(changed.count, 100);
	ck_assert_int_eq(*(const int64_t *)dtf_map_find(&map_type, &changed, "k42"), -1);
	ck_assert_int_eq(*(const int64_t *)dtf_map_find(&map_type, &map, "k42"), 42);
	ck_assert_ptr_null(dtf_map_find(&map_type, &map, "k"));
	ck_assert_ptr_null(dtf_map_find(&map_type, &map, "l"));
	for (size_t i = 0; i < map.count; i++) {
		ck_assert_int_eq(map.items[i].value, (int64_t)i);
	}
	ctx_fine(&ctx);
}
END_TEST

START_TEST(keys_and_values_in_order) {
	const struct entry entries[] = { { "b", 1 }, { "a", 2 } };
	struct map map;
	dtf_map_make(&ctx, &map_type, entries, 2, &map);
	struct dtf_string_list keys = dtf_map_keys(&ctx, &map_type, &map);
	ck_assert_str_eq(dtf_string_join(&ctx, keys.items, keys.count, ","), "a,b");
	is((struct dtf_int_list){ dtf_map_values(&ctx, &map_type, &map), map.count }, "[2,1]");
	struct map none = { NULL, 0 };
	ck_assert_uint_eq(dtf_map_keys(&ctx, &map_type, &none).count, 0);
	ck_assert_ptr_null(dtf_map_values(&ctx, &map_type, &none));
	ctx_no_memory(&ctx);
	dtf_map_set(&ctx, &map_type, &map, "c", &(int64_t){ 3 }, &map);
	dtf_map_make(&ctx, &map_type, entries, 2, &none);
	keys = dtf_map_keys(&ctx, &map_type, &map);
	failing_after(-1);
	ck_assert_uint_eq(map.count, 2);
	ck_assert_uint_eq(none.count, 0);
	ck_assert_uint_eq(keys.count, 0);
	ck_assert(ctx.exhausted);
}
END_TEST

int main(void) {
	Suite *suite = suite_create("list");
	TCase *lists = tcase_create("lists");
	tcase_add_checked_fixture(lists, setup, teardown);
	tcase_add_test(lists, a_literal_is_copied);
	tcase_add_test(lists, older_values_stay_what_they_were);
	tcase_add_test(lists, a_list_can_be_appended_to_itself);
	tcase_add_test(lists, copies_of_one_list_grow_apart);
	tcase_add_test(lists, appending_is_amortised);
	tcase_add_test(lists, decoded_and_copied_lists_grow_too);
	tcase_add_test(lists, writing_an_element_changes_one_list_only);
	tcase_add_test(lists, an_index_outside_is_a_fault_and_a_zero);
	tcase_add_test(lists, finding_reversing_sorting);
	tcase_add_test(lists, any_length_sorts);
	tcase_add_test(lists, what_is_nested_too_deeply_is_not_compared);
	tcase_add_test(lists, some_points_to_a_copy);
	tcase_add_test(lists, sorting_is_stable);
	tcase_add_test(lists, slices_and_ranges);
	tcase_add_test(lists, lists_have_a_largest_size_and_stay_readable);
	tcase_add_test(lists, without_memory_lists_stay_readable);
	suite_add_tcase(suite, lists);
	TCase *maps = tcase_create("maps");
	tcase_add_checked_fixture(maps, setup, teardown);
	tcase_add_test(maps, map_literals_are_sorted_and_the_last_wins);
	tcase_add_test(maps, map_entries_are_found_and_set);
	tcase_add_test(maps, keys_and_values_in_order);
	suite_add_tcase(suite, maps);
	return suite_run(suite);
}
