/*
 * Which versions of a workflow an engine takes together (DECISIONS 21): a later
 * one may add optional parameters and nothing else, whatever is registered
 * first and in whichever module.
 */
#include <check.h>
#include <string.h>

#include <dtf/abi.h>

#include "../../runtime/engine.h"
#include "../../runtime/error.h"
#include "../support/suite.h"

struct args {
	int64_t n, m;
	struct dtf_int_opt maybe, other;
};

static const struct dtf_type int_opt = DTF_OPTIONAL("int?", struct dtf_int_opt, &dtf_type_int);

#define N \
	{ "n", &dtf_type_int, offsetof(struct args, n) }
#define M \
	{ "m", &dtf_type_int, offsetof(struct args, m) }
#define S \
	{ "n", &dtf_type_string, offsetof(struct args, n) }
#define MAYBE \
	{ "maybe", &int_opt, offsetof(struct args, maybe) }
#define OTHER \
	{ "other", &int_opt, offsetof(struct args, other) }

#define ARGS(variable, ...)                                                  \
	static const struct dtf_field variable##_fields[] = { __VA_ARGS__ }; \
	static const struct dtf_type variable = DTF_TUPLE("w.flow", struct args, variable##_fields)
ARGS(one, N);
ARGS(text, S);
ARGS(two, N, M);
ARGS(grown, N, MAYBE);
ARGS(grown_more, N, MAYBE, OTHER);

#define VERSION(variable, number, print, arguments, answer)                 \
	static const struct dtf_workflow_def variable = { .name = "w.flow", \
		.version = (number),                                        \
		.fingerprint = (print),                                     \
		.input = (arguments),                                       \
		.output = (answer),                                         \
		.events = (const struct dtf_event_def *const[]){ NULL },    \
		.fails = (const struct dtf_error_def *const[]){ NULL } }
VERSION(first, 1, 1, &one, &dtf_type_unit);
VERSION(first_again, 1, 7, &one, &dtf_type_unit);
VERSION(second, 2, 2, &grown, &dtf_type_unit);
VERSION(third, 3, 3, &grown_more, &dtf_type_unit);
VERSION(late_back, 4, 4, &one, &dtf_type_unit);
VERSION(demanding, 2, 5, &two, &dtf_type_unit);
VERSION(of_text, 2, 6, &text, &dtf_type_unit);
VERSION(answering, 2, 8, &one, &dtf_type_int);

struct pair {
	const struct dtf_workflow_def *workflows[4];
	const char *says; /* NULL: they go together */
};

static const struct pair pairs[] = {
	{ { &first, &second }, NULL },
	{ { &second, &first }, NULL },
	{ { &first, &second, &third }, NULL },
	{ { &third, &first, &second }, NULL },
	{ { &first, &first_again }, NULL },
	{ { &first, &first }, "w.flow version 1 is registered twice" },
	{ { &first, &second, &first }, "w.flow version 1 is registered twice" },
	{ { &first, &demanding }, "w.flow: parameter m is new in version 2 and not optional" },
	{ { &demanding, &first }, "w.flow: parameter m is new in version 2 and not optional" },
	{ { &first, &of_text }, "w.flow: parameter n has different types in versions 1 and 2" },
	{ { &first, &answering }, "w.flow: versions 1 and 2 have different results" },
	{ { &third, &late_back }, "w.flow: parameter maybe of version 3 is missing in version 4" },
	{ { &second, &third, &late_back },
		"w.flow: parameter maybe of version 2 is missing in version 4" },
};
#define NPAIRS (sizeof(pairs) / sizeof(*pairs))

static int64_t no_time(void *arg) {
	return 1;
}

static struct engine *open_engine(struct store **ret_store) {
	struct engine *engine;
	struct clock clock = { .now_ms = no_time };
	struct executor executor = { 0 };
	ck_assert_int_eq(dtf__store_memory_open(ret_store), 0);
	ck_assert_int_eq(dtf__engine_create(&(struct dtf_engine_options){ 0 }, *ret_store, &clock,
				 &executor, &engine),
		0);
	return engine;
}

static const char *const manifest[] = { "{}", NULL };
static const struct dtf_activity_def *const no_activities[] = { NULL };
static const struct dtf_event_def *const no_events[] = { NULL };

static struct dtf_module module_of(const struct dtf_workflow_def *const *workflows) {
	return (struct dtf_module){ .abi = DTF_ABI,
		.name = "w",
		.file = "w.dtf",
		.manifest = manifest,
		.activities = no_activities,
		.events = no_events,
		.workflows = workflows };
}

static void assert_result(const struct pair *pair, int rc) {
	ck_assert_int_eq(rc, pair->says == NULL ? 0 : DTF_EVERSION);
	if (pair->says != NULL) {
		ck_assert_str_eq(dtf_errmsg(), pair->says);
	}
}

START_TEST(in_one_module) {
	struct store *store;
	struct engine *engine = open_engine(&store);
	struct dtf_module module = module_of(pairs[_i].workflows);
	assert_result(&pairs[_i], dtf__registry_add(engine, &module));
	dtf__engine_destroy(engine);
	store->ops->close(store);
}
END_TEST

START_TEST(each_in_its_own) {
	struct store *store;
	struct engine *engine = open_engine(&store);
	const struct dtf_workflow_def *alone[4][2] = { { NULL } };
	struct dtf_module modules[4];
	int rc = 0;
	for (size_t i = 0; rc == 0 && pairs[_i].workflows[i] != NULL; i++) {
		alone[i][0] = pairs[_i].workflows[i];
		modules[i] = module_of(alone[i]);
		rc = dtf__registry_add(engine, &modules[i]);
	}
	assert_result(&pairs[_i], rc);
	dtf__engine_destroy(engine);
	store->ops->close(store);
}
END_TEST

int main(void) {
	Suite *suite = suite_create("registry");
	TCase *tc = tcase_create("versions");
	tcase_add_loop_test(tc, in_one_module, 0, (int)NPAIRS);
	tcase_add_loop_test(tc, each_in_its_own, 0, (int)NPAIRS);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
