/* The event ids of a batch: found when they are there, and only then. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "../../runtime/arena.h"
#include "../../runtime/marks.h"
#include "../support/suite.h"

static struct store_put_mark mark_of(struct arena *arena, unsigned i) {
	const char *id = dtf__arena_printf(arena, "p-%u", i / 4);
	ck_assert_ptr_nonnull(id);
	return (struct store_put_mark){ 1 + i % 2, i % 4 < 2 ? "paid" : "sent", id };
}

static void assert_first(const struct marks *marks, struct arena *arena, unsigned count) {
	ck_assert_uint_eq(marks->count, count);
	for (unsigned i = 0; i < 2000; i++) {
		ck_assert_msg(dtf__marks_have(marks, mark_of(arena, i)) == (i < count), "%u of %u",
			i, count);
	}
}

START_TEST(what_was_added_is_found_until_it_is_taken_out) {
	struct marks marks = { 0 };
	struct arena arena = { 0 };
	static const unsigned points[] = { 2000, 1999, 64, 33, 32, 31, 1, 0, 40, 0 };
	assert_first(&marks, &arena, 0);
	for (size_t p = 0; p < sizeof(points) / sizeof(*points); p++) {
		dtf__marks_go_back(&marks, points[p]);
		for (unsigned i = (unsigned)marks.count; i < points[p]; i++) {
			ck_assert(dtf__marks_add(&marks, mark_of(&arena, i)));
		}
		assert_first(&marks, &arena, points[p]);
	}
	dtf__marks_finish(&marks);
	dtf__arena_finish(&arena);
}
END_TEST

START_TEST(one_that_was_added_twice_is_there_until_both_are_out) {
	struct marks marks = { 0 };
	const struct store_put_mark mark = { 1, "paid", "p" };
	ck_assert(dtf__marks_add(&marks, mark));
	ck_assert(dtf__marks_add(&marks, mark));
	dtf__marks_go_back(&marks, 1);
	ck_assert(dtf__marks_have(&marks, mark));
	dtf__marks_go_back(&marks, 0);
	ck_assert(!dtf__marks_have(&marks, mark));
	dtf__marks_finish(&marks);
}
END_TEST

int main(void) {
	Suite *suite = suite_create("marks");
	TCase *tc = tcase_create("marks");
	tcase_add_test(tc, what_was_added_is_found_until_it_is_taken_out);
	tcase_add_test(tc, one_that_was_added_twice_is_there_until_both_are_out);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
