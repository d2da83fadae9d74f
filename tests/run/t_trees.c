/*
 * Records that contain themselves, as C code sees them: activities and typed
 * calls on a real engine.  What they mean in a workflow is in tests/language.
 */
#include <string.h>

#include "../golden/trees.dtf.h"
#include "../support/suite.h"

static struct dtf_engine *engine;
static struct dtf_client *client;

/* ---- activities ---- */

/* None without `beside`; of "loop" one that leads back into itself. */
int trees_plant(struct dtf_activity *act, const struct trees_tree *tree,
	const struct trees_tree *beside, const struct trees_tree **ret) {
	if (beside == NULL) {
		return 0;
	}
	struct trees_tree *made = dtf_activity_alloc(act, sizeof(*made));
	struct trees_tree *kids = dtf_activity_alloc(act, 2 * sizeof(*kids));
	kids[0].label = "first";
	kids[1].label = "second";
	kids[1].best = &kids[0];
	made->label = dtf_activity_printf(act, "%s beside %s", tree->label, beside->label);
	made->kids = (struct trees_tree_list){ kids, 2 };
	made->best = strcmp(beside->label, "loop") == 0 ? made : NULL;
	*ret = made;
	return 0;
}

int trees_fell(struct dtf_activity *act, const struct trees_tree *tree) {
	(void)act;
	(void)tree;
	return 0;
}

int trees_meet(struct dtf_activity *act, const struct trees_group *group,
	const struct trees_node_opt_list *chains, struct trees_member *ret) {
	bool as_called = group->head == NULL && chains->count == 1 && chains->items[0] == NULL;
	if (!as_called) {
		return trees_fail_cut(act, NULL, group->name);
	}
	const struct trees_group **likes = dtf_activity_alloc(act, 2 * sizeof(*likes));
	struct trees_group *liked = dtf_activity_alloc(act, sizeof(*liked));
	liked->name = "liked";
	likes[1] = liked;
	ret->group.name = dtf_activity_printf(act, "%s", group->name);
	ret->likes = (struct trees_group_opt_list){ likes, 2 };
	ret->all.has = true;
	return 0;
}

/* ---- tests ---- */

static void setup(void) {
	ck_assert_int_eq(
		dtf_engine_open(&(struct dtf_engine_options){ .verify = true }, &engine), 0);
	ck_assert_int_eq(dtf_engine_register(engine, &trees_module), 0);
	ck_assert_int_eq(dtf_engine_start(engine), 0);
	client = dtf_engine_client(engine);
}

static void teardown(void) {
	dtf_engine_close(engine);
}

static const struct trees_tree oak = { .label = "oak" };
static const struct trees_tree elm = { .label = "elm", .kids = { &oak, 1 }, .best = &oak };

START_TEST(an_optional_of_one_is_a_pointer) {
	const struct trees_node *chain[] = { &(const struct trees_node){ .value = 1 } };
	const struct trees_holds holds = { .tree = elm, .maybe = &elm, .chain = { chain, 1 } };
	struct dtf_result result = { 0 };
	struct trees_tree tree;
	ck_assert_int_eq(trees_grow_start(client, "g", &oak, &holds), 0);
	ck_assert_int_eq(trees_raise_grown(client, "g", &elm, NULL), 0);
	ck_assert_int_eq(trees_grow_wait(client, "g", -1, &tree, &result), 0);
	ck_assert_int_eq(result.status, DTF_COMPLETED);
	ck_assert_str_eq(tree.label, "oak beside elm");
	ck_assert_uint_eq(tree.kids.count, 2);
	ck_assert_str_eq(tree.kids.items[1].best->label, "first");
	ck_assert_ptr_null(tree.kids.items[0].best);
	ck_assert_ptr_null(tree.best);
	dtf_result_free(&result);
}
END_TEST

START_TEST(null_is_none) {
	const struct trees_holds holds = { .tree = elm };
	const struct trees_node *node = &(const struct trees_node){ .value = 1 };
	struct dtf_result result = { 0 };
	struct trees_tree tree;
	ck_assert_int_eq(trees_grow_start(client, "g", &oak, &holds), 0);
	ck_assert_int_eq(trees_raise_grown(client, "g", NULL, NULL), 0);
	ck_assert_int_eq(trees_grow_wait(client, "g", -1, &tree, &result), 0);
	ck_assert_str_eq(tree.label, "oak");
	ck_assert_str_eq(tree.best->label, "root");
	ck_assert_ptr_null(tree.best->best);
	ck_assert_ptr_null(tree.kids.items[0].best);
	ck_assert_uint_eq(tree.kids.items[1].kids.count, 3);
	dtf_result_free(&result);
	ck_assert_int_eq(trees_chain_start(client, "none", 0, NULL), 0);
	ck_assert_int_eq(trees_chain_wait(client, "none", -1, &node, &result), 0);
	ck_assert_ptr_null(node);
	dtf_result_free(&result);
	ck_assert_int_eq(trees_chain_start(client, "two", 2, NULL), 0);
	ck_assert_int_eq(trees_chain_wait(client, "two", -1, &node, &result), 0);
	ck_assert_int_eq(node->value, 1);
	ck_assert_int_eq(node->next->value, 0);
	ck_assert_ptr_null(node->next->next);
	dtf_result_free(&result);
}
END_TEST

START_TEST(records_that_contain_each_other) {
	const struct trees_group group = { .name = "g" };
	struct dtf_result result = { 0 };
	struct trees_group met;
	ck_assert_int_eq(trees_party_start(client, "p", &group), 0);
	ck_assert_int_eq(trees_party_wait(client, "p", -1, &met, &result), 0);
	ck_assert_int_eq(result.status, DTF_COMPLETED);
	ck_assert_str_eq(met.name, "g");
	ck_assert_uint_eq(met.members.count, 2);
	ck_assert_ptr_null(met.head->likes.items[0]);
	ck_assert_str_eq(met.members.items[1].likes.items[1]->name, "liked");
	dtf_result_free(&result);
}
END_TEST

/* Nothing can be written that has no end, whoever brings it. */
START_TEST(what_leads_back_into_itself_is_refused) {
	struct trees_tree loop = { .label = "loop" };
	const struct trees_holds holds = { .tree = oak, .maybe = &loop };
	struct dtf_result result = { 0 };
	ck_assert_int_eq(trees_grow_start(client, "g", &oak, &holds), 0);
	loop.best = &loop;
	ck_assert_int_eq(trees_raise_grown(client, "g", &loop, NULL), DTF_EPAYLOAD);
	ck_assert_ptr_nonnull(strstr(dtf_errmsg(), "nested deeper than 64 levels"));
	ck_assert_int_eq(trees_grow_start(client, "h", &loop, &holds), DTF_EPAYLOAD);
	ck_assert_int_eq(trees_grow_wait(client, "g", -1, NULL, &result), 0);
	ck_assert_int_eq(result.status, DTF_FAILED);
	ck_assert_str_eq(result.error.name, "bad_value");
	ck_assert_ptr_nonnull(strstr(result.error.message, "nested deeper than 64 levels"));
	dtf_result_free(&result);
}
END_TEST

int main(void) {
	Suite *suite = suite_create("trees");
	TCase *tc = tcase_create("trees");
	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, an_optional_of_one_is_a_pointer);
	tcase_add_test(tc, null_is_none);
	tcase_add_test(tc, records_that_contain_each_other);
	tcase_add_test(tc, what_leads_back_into_itself_is_refused);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
