/* The buffer: grows, ends in a NUL, and remembers that memory ran out. */
#include "../support/suite.h"

#include <string.h>

#include "../../runtime/buf.h"

START_TEST(bytes_are_appended) {
	struct buf buf = { 0 };
	dtf__buf_add(&buf, "a\0b", 3);
	dtf__buf_add(&buf, NULL, 0);
	dtf__buf_text(&buf, "cd");
	ck_assert_uint_eq(buf.size, 5);
	ck_assert_mem_eq(buf.data, "a\0bcd\0", 6);
	dtf__buf_finish(&buf);
	ck_assert_ptr_null(buf.data);
	dtf__buf_finish(&buf);
}
END_TEST

START_TEST(it_grows_past_every_size) {
	struct buf buf = { 0 };
	for (size_t i = 0; i < 100000; i++) {
		dtf__buf_add(&buf, "x", 1);
		if (buf.data[buf.size] != '\0') {
			ck_abort_msg("no NUL after %zu bytes", buf.size);
		}
	}
	ck_assert_uint_eq(strlen(buf.data), 100000);
	dtf__buf_finish(&buf);
}
END_TEST

START_TEST(printed_text_of_any_length) {
	struct buf buf = { 0 };
	dtf__buf_printf(&buf, "%s", "");
	ck_assert_str_eq(buf.data, "");
	dtf__buf_printf(&buf, "%d|%300s|", 5, "x");
	ck_assert_uint_eq(buf.size, 303);
	ck_assert_mem_eq(buf.data, "5|", 2);
	dtf__buf_finish(&buf);
}
END_TEST

START_TEST(json_strings_are_escaped) {
	struct buf buf = { 0 };
	dtf__buf_json_string(&buf, "a\"\\\n\t\r\b\x01\x1f\x7f/\xe2\x82\xac");
	ck_assert_str_eq(buf.data, "\"a\\\"\\\\\\n\\t\\r\\u0008\\u0001\\u001f\x7f/\xe2\x82\xac\"");
	dtf__buf_clear(&buf);
	dtf__buf_json_string(&buf, NULL);
	ck_assert_str_eq(buf.data, "\"\"");
	dtf__buf_finish(&buf);
}
END_TEST

START_TEST(exhaustion_sticks_until_cleared) {
	struct buf buf = { 0 };
	dtf__buf_text(&buf, "kept");
	volatile size_t too_much = SIZE_MAX / 2; /* or gcc warns of it */
	dtf__buf_add(&buf, "x", too_much);
	ck_assert(buf.failed);
	dtf__buf_text(&buf, "more");
	ck_assert_str_eq(buf.data, "kept"); /* nothing with a hole in it */
	dtf__buf_clear(&buf);
	ck_assert(!buf.failed);
	dtf__buf_text(&buf, "again");
	ck_assert_str_eq(buf.data, "again");
	dtf__buf_finish(&buf);
}
END_TEST

int main(void) {
	Suite *suite = suite_create("buf");
	TCase *buf = tcase_create("buf");
	tcase_add_test(buf, bytes_are_appended);
	tcase_add_test(buf, it_grows_past_every_size);
	tcase_add_test(buf, printed_text_of_any_length);
	tcase_add_test(buf, json_strings_are_escaped);
	tcase_add_test(buf, exhaustion_sticks_until_cleared);
	suite_add_tcase(suite, buf);
	return suite_run(suite);
}
