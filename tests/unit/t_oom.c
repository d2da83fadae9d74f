/*
 * Memory runs out at the first allocation, at the second, and so on until it
 * lasts: each time the answer is DTF_ENOMEM (or what stands for it), nothing
 * leaks and nothing half-made is handed out.
 */
#include "../support/ctx.h"
#include "../support/failing.h"
#include "../support/suite.h"
#include "../support/types.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "../../runtime/codec.h"
#include "../../runtime/event.h"

/* Runs f with the first, second, … allocation failing until none fails any more. */
static void exhaust(void (*f)(void)) {
	long n = 0;
	do {
		ck_assert_int_lt(n, 1000);
		failing_after(n++);
		f();
		failing_after(-1);
	} while (failing_has_failed());
	ck_assert_int_gt(n, 1); /* there was something to fail */
}

static const char order_json
	[] = "[{\"id\":\"a\",\"items\":[{\"sku\":\"s\",\"qty\":1}],\"express\":true},1,2]";

static void decode(const struct dtf_type *type, const char *json) {
	struct arena arena = { 0 };
	char ret[256] = { 0 };
	int rc = dtf__decode(&arena, type, "x", (struct slice){ json, strlen(json) }, ret);
	dtf__arena_finish(&arena);
	bool failed = failing_has_failed();
	failing_after(-1);
	ck_assert_int_eq(rc, failed ? DTF_ENOMEM : 0);
}

static void decode_order(void) {
	decode(&args_type, order_json);
}

static void decode_map(void) {
	decode(&map_type, "{\"a\":1,\"b\":2}");
}

static void decode_chain(void) {
	decode(&chain_type, "{\"n\":1,\"next\":{\"n\":2,\"next\":{\"n\":3}}}");
}

static void decode_json(void) {
	decode(&dtf_type_json, "{\"a\":[1,2.5,\"x\"]}");
}

static void decode_bytes(void) {
	decode(&dtf_type_bytes, "\"AAEC\"");
}

static void encode_json(void) {
	struct buf buf = { 0 };
	const char *value = "{\"b\":1,\"a\":[true]}";
	int rc = dtf__encode(&buf, &dtf_type_json, &value);
	bool failed = failing_has_failed();
	failing_after(-1);
	ck_assert_int_eq(rc, failed ? DTF_ENOMEM : 0);
	ck_assert_uint_eq(buf.size, failed ? 0 : strlen("{\"a\":[true],\"b\":1}"));
	dtf__buf_finish(&buf);
}

static void copy_order(void) {
	struct arena arena = { 0 };
	const struct item items[] = { { "s", 1 }, { "t", 2 } };
	const struct order order = { "a", { items, 2 }, { true, true } };
	struct order ret;
	bool ok = dtf__copy(&arena, &order_type, &order, &ret);
	bool failed = failing_has_failed();
	failing_after(-1);
	ck_assert_int_eq(ok, !failed);
	dtf__arena_finish(&arena);
}

/* So many types that there is no room for them on the stack. */
static void hash_type(void) {
	enum { DEPTH = 70 };
	struct dtf_type types[DEPTH];
	types[0] = args_type;
	for (size_t i = 1; i < DEPTH; i++) {
		types[i] = (struct dtf_type){ .kind = DTF_KIND_LIST, .of = &types[i - 1] };
	}
	uint64_t hash = dtf__type_hash(&types[DEPTH - 1]);
	bool failed = failing_has_failed();
	failing_after(-1);
	ck_assert_int_eq(hash == 0, failed);
}

static void failures(void) {
	struct buf buf = { 0 };
	dtf__failure_encode(
		&buf, &(struct dtf_failure){ .name = "a\xff", .message = "\xfe", .data = "1" });
	bool failed = failing_has_failed();
	int rc = 0;
	struct arena arena = { 0 };
	struct dtf_failure ret;
	if (!failed) {
		rc = dtf__failure_decode(&arena, (struct slice){ buf.data, buf.size }, &ret);
	}
	failing_after(-1);
	ck_assert_int_eq(buf.failed, failed);
	ck_assert_int_eq(rc, failing_has_failed() && !failed ? DTF_ENOMEM : 0);
	dtf__arena_finish(&arena);
	dtf__buf_finish(&buf);
}

static void decode_event(void) {
	static const struct event_unread unread[] = { { "t.e", { "1", 1 } } };
	static const struct event_started begin = { .id = "i",
		.workflow = "t.w",
		.manifest = "",
		.input = { "[1]", 3 },
		.unread = unread,
		.nunread = 1 };
	struct buf buf = { 0 };
	dtf__event_encode(&buf, &(struct event){ .kind = EVENT_STARTED, .begin = &begin });
	if (buf.failed) {
		dtf__buf_finish(&buf);
		return;
	}
	struct arena arena = { 0 };
	struct slice events = { buf.data, buf.size };
	struct event ret;
	int rc = dtf__event_decode(&arena, &events, &ret);
	bool failed = failing_has_failed();
	failing_after(-1);
	ck_assert_int_eq(rc, failed ? DTF_ENOMEM : 0);
	dtf__arena_finish(&arena);
	dtf__buf_finish(&buf);
}

static void evaluate(void) {
	struct dtf_ctx ctx = { 0 };
	struct dtf_int_list list = dtf_range(&ctx, 0, 5), unique;
	const int64_t one = 1;
	const int64_t *items = dtf_items_concat(&ctx, sizeof(one), list.items, list.count, &one, 1);
	list = (struct dtf_int_list){ items, list.count + 1 };
	dtf_list_unique(&ctx, &dtf_type_int, &list, &unique);
	(void)dtf_items_sort(&ctx, &dtf_type_int, unique.items, unique.count);
	(void)dtf_text_json(&ctx, &int_list_type, &unique);
	(void)dtf_hash(&ctx, &int_list_type, &unique);
	struct order order;
	dtf_parse(&ctx, &order_type, "{\"id\":\"a\",\"items\":[]}", &order);
	const struct entry entries[] = { { "b", 1 }, { "a", 2 } };
	struct map map;
	dtf_map_make(&ctx, &map_type, entries, 2, &map);
	bool failed = failing_has_failed();
	failing_after(-1);
	ck_assert_ptr_null(ctx.fault);
	ck_assert_int_eq(ctx.exhausted, failed);
	ctx_finish(&ctx);
}

static void (*const cases[])(void) = { decode_order, decode_map, decode_chain, decode_json,
	decode_bytes, encode_json, copy_order, hash_type, failures, decode_event, evaluate };

START_TEST(exhaustion_is_an_answer) {
	json_set_alloc_funcs(failing_malloc, free);
	exhaust(cases[_i]);
}
END_TEST

int main(void) {
	Suite *suite = suite_create("oom");
	TCase *oom = tcase_create("memory runs out");
	tcase_add_loop_test(oom, exhaustion_is_an_answer, 0, sizeof(cases) / sizeof(*cases));
	suite_add_tcase(suite, oom);
	return suite_run(suite);
}
