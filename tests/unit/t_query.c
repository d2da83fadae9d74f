/* Queries through the public interface, of an instance that has ended. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../golden/queries.dtf.h"
#include "../support/suite.h"

int queries_ship(struct dtf_activity *act, const char *sku) {
	return 0;
}

static const char *const skus[] = { "tea", "cup" };

START_TEST(answers_are_typed_and_owned_by_the_result) {
	char dir[] = "/tmp/dtf-query-XXXXXX";
	ck_assert_ptr_nonnull(mkdtemp(dir));
	struct dtf_engine *engine;
	ck_assert_int_eq(dtf_engine_open(&(struct dtf_engine_options){ .dir = dir }, &engine), 0);
	ck_assert_int_eq(dtf_engine_register(engine, &queries_module), 0);
	ck_assert_int_eq(dtf_engine_start(engine), 0);
	struct dtf_client *client = dtf_engine_client(engine);
	struct dtf_result result;
	int64_t shipped;
	struct queries_line_list lines;

	ck_assert_int_eq(
		queries_ship_all_start(client, "i", &(struct dtf_string_list){ skus, 2 }), 0);
	ck_assert_int_eq(dtf_wait_result(client, "i", 60000, NULL), 0);
	ck_assert_int_eq(queries_ship_all_query_shipped(client, "i", &shipped, &result), 0);
	ck_assert_int_eq(shipped, 2);
	dtf_result_free(&result);
	ck_assert_int_eq(queries_ship_all_query_lines(client, "i", &lines, &result), 0);
	ck_assert_uint_eq(lines.count, 2);
	ck_assert_str_eq(lines.items[1].sku, "cup");
	dtf_result_free(&result);
	ck_assert_int_eq(dtf_query(client, "i", "about", &result), 0);
	ck_assert_str_eq(result.output, "\"i: 2 of 2\"");
	dtf_result_free(&result);

	ck_assert_int_eq(dtf_query(client, "i", "nothing", &result), DTF_EQUERY);
	ck_assert_int_eq(dtf_query(client, "j", "about", &result), DTF_EUNKNOWN_INSTANCE);
	ck_assert_int_eq(dtf_query(client, NULL, "about", &result), DTF_EINVAL);
	/* No elements: its share is 0 / 0. */
	ck_assert_int_eq(
		queries_ship_all_start(client, "k", &(struct dtf_string_list){ NULL, 0 }), 0);
	ck_assert_int_eq(dtf_wait_result(client, "k", 60000, NULL), 0);
	ck_assert_int_eq(dtf_query(client, "k", "share", &result), DTF_EQUERY);
	ck_assert_ptr_nonnull(strstr(dtf_errmsg(), "share"));

	/* Another's client has no code. */
	struct dtf_client *other;
	ck_assert_int_eq(dtf_client_open(dir, &other), 0);
	ck_assert_int_eq(dtf_query(other, "i", "about", &result), DTF_EVERSION);
	dtf_client_close(other);
	dtf_engine_close(engine);
	char command[100];
	(void)snprintf(command, sizeof(command), "rm -rf %s", dir);
	ck_assert_int_eq(system(command), 0);
}
END_TEST

int main(void) {
	Suite *suite = suite_create("query");
	TCase *tc = tcase_create("query");
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, answers_are_typed_and_owned_by_the_result);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
