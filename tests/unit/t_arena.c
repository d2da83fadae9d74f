/* The arena: zeroed, aligned, apart from each other, and all gone at the end. */
#include "../support/suite.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "../../runtime/arena.h"

static bool all_are(const unsigned char *memory, size_t size, unsigned char value) {
	size_t i = 0;
	while (i < size && memory[i] == value) {
		i++;
	}
	return i == size;
}

START_TEST(memory_is_zeroed_aligned_and_apart) {
	struct arena arena = { 0 };
	unsigned char *before = NULL;
	size_t before_size = 0;
	for (size_t size = 0; size < 3000; size += 7) {
		unsigned char *memory = dtf__arena_alloc(&arena, size);
		ck_assert_ptr_nonnull(memory);
		ck_assert_uint_eq((uintptr_t)memory % _Alignof(max_align_t), 0);
		ck_assert(all_are(memory, size, 0));
		memset(memory, 0xee, size);
		ck_assert(all_are(before, before_size, 0xee));
		before = memory;
		before_size = size;
	}
	dtf__arena_finish(&arena);
}
END_TEST

START_TEST(large_pieces_get_a_block_of_their_own) {
	struct arena arena = { 0 };
	char *small = dtf__arena_alloc(&arena, 1);
	char *large = dtf__arena_alloc(&arena, 5000000);
	ck_assert_ptr_nonnull(large);
	large[4999999] = 'x';
	*small = 'y';
	ck_assert_int_eq(large[0], 0);
	ck_assert_uint_ge(arena.used, 5000001);
	dtf__arena_finish(&arena);
}
END_TEST

START_TEST(what_cannot_be_had_is_null) {
	struct arena arena = { 0 };
	ck_assert_ptr_null(dtf__arena_alloc(&arena, SIZE_MAX));
	ck_assert_ptr_null(dtf__arena_alloc(&arena, SIZE_MAX - 15));
	ck_assert_uint_eq(arena.used, 0);
	ck_assert_ptr_nonnull(dtf__arena_alloc(&arena, 1)); /* and it goes on */
	dtf__arena_finish(&arena);
}
END_TEST

START_TEST(kept_blocks_are_zeroed_too) {
	dtf__arena_keep(2);
	for (int round = 0; round < 3; round++) {
		struct arena arenas[3] = { { 0 } };
		for (size_t i = 0; i < 3; i++) {
			unsigned char *memory = dtf__arena_alloc(&arenas[i], 500);
			ck_assert_ptr_nonnull(memory);
			ck_assert(all_are(memory, 500, 0));
			memset(memory, 0xee, 500);
		}
		for (size_t i = 0; i < 3; i++) {
			dtf__arena_finish(&arenas[i]);
		}
	}
	dtf__arena_keep(0); /* and none is leaked */
}
END_TEST

START_TEST(texts) {
	struct arena arena = { 0 };
	char *copy = dtf__arena_copy(&arena, "a\0b", 3);
	ck_assert_mem_eq(copy, "a\0b\0", 4);
	ck_assert_str_eq(dtf__arena_copy(&arena, NULL, 0), "");
	ck_assert_str_eq(dtf__arena_printf(&arena, "%s-%d", "x", 7), "x-7");
	ck_assert_uint_eq(strlen(dtf__arena_printf(&arena, "%5000s", "x")), 5000);
	dtf__arena_finish(&arena);
}
END_TEST

START_TEST(a_finished_arena_can_be_used_again) {
	struct arena arena = { 0 };
	dtf__arena_finish(&arena); /* an empty one too */
	ck_assert_ptr_nonnull(dtf__arena_alloc(&arena, 100));
	dtf__arena_finish(&arena);
	ck_assert_ptr_null(arena.blocks);
	ck_assert_uint_eq(arena.used, 0);
	ck_assert_ptr_nonnull(dtf__arena_alloc(&arena, 100));
	dtf__arena_finish(&arena);
}
END_TEST

int main(void) {
	Suite *suite = suite_create("arena");
	TCase *arena = tcase_create("arena");
	tcase_add_test(arena, memory_is_zeroed_aligned_and_apart);
	tcase_add_test(arena, large_pieces_get_a_block_of_their_own);
	tcase_add_test(arena, what_cannot_be_had_is_null);
	tcase_add_test(arena, kept_blocks_are_zeroed_too);
	tcase_add_test(arena, texts);
	tcase_add_test(arena, a_finished_arena_can_be_used_again);
	suite_add_tcase(suite, arena);
	return suite_run(suite);
}
