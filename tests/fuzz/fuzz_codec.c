/*
 * Any bytes as JSON of any type: refused with a message, or a value whose text
 * is canonical: it reads as an equal value that has the same text.
 */
#include "../support/types.h"
#include "fuzz.h"

#include <string.h>

#include "../../runtime/codec.h"

static const struct dtf_type *const types[] = { &args_type, &dtf_type_json, &map_type,
	&item_list_type, &decision_type, &int_opt_type, &node_type, &dtf_type_float,
	&dtf_type_bytes, &dtf_type_string, &dtf_type_int, &dtf_type_no_args, &chain_type };
#define NTYPES (sizeof(types) / sizeof(*types))

union value {
	struct args args;
	struct map map;
	max_align_t align;
	char bytes[256];
};

static bool read_value(
	struct arena *arena, const struct dtf_type *type, struct slice json, union value *ret) {
	*ret = (union value){ .bytes = { 0 } };
	int rc = dtf__decode(arena, type, "x", json, ret);
	fuzz_demand(rc == 0 || rc == DTF_EPAYLOAD);
	fuzz_demand(rc == 0 || dtf_errmsg()[0] != '\0');
	return rc == 0;
}

/* Plain text is read as all JSON is, if it is read. */
static void compare_ways(
	struct arena *arena, const struct dtf_type *type, struct slice json, const union value *a) {
	union value plain = { .bytes = { 0 } }, any = { .bytes = { 0 } };
	int rc = dtf__decode_plain(arena, type, json, &plain);
	fuzz_demand(rc == 0 || rc == CODEC_NOT_PLAIN);
	int rc_any = dtf__decode_any(arena, type, "x", json, &any);
	fuzz_demand(a == NULL ? rc == CODEC_NOT_PLAIN && rc_any != 0 : rc_any == 0);
	fuzz_demand(a == NULL || dtf__compare(type, a, &any) == 0);
	fuzz_demand(rc != 0 || dtf__compare(type, &plain, &any) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	if (size == 0) {
		return 0;
	}
	const struct dtf_type *type = types[data[0] % NTYPES];
	fuzz_demand(type->size <= sizeof(union value));
	struct arena arena = { 0 };
	struct buf first = { 0 }, second = { 0 };
	union value a, b, c;
	struct slice json = { (const char *)data + 1, size - 1 };
	bool readable = read_value(&arena, type, json, &a);
	compare_ways(&arena, type, json, readable ? &a : NULL);
	if (readable) {
		fuzz_demand(dtf__encode(&first, type, &a) == 0);
		fuzz_demand(read_value(&arena, type, (struct slice){ first.data, first.size }, &b));
		fuzz_demand(dtf__compare(type, &a, &b) == 0);
		fuzz_demand(dtf__encode(&second, type, &b) == 0);
		fuzz_demand(first.size == second.size);
		fuzz_demand(memcmp(first.data, second.data, first.size) == 0);
		fuzz_demand(dtf__copy(&arena, type, &a, &c));
		fuzz_demand(dtf__compare(type, &a, &c) == 0);
	}
	dtf__buf_finish(&first);
	dtf__buf_finish(&second);
	dtf__arena_finish(&arena);
	return 0;
}

bool fuzz_seed(size_t index, struct buf *ret) {
	static const struct {
		unsigned char type;
		const char *json;
	} seeds[] = {
		{ 0,
			"[{\"id\":\"a\\u20ac\",\"items\":[{\"sku\":\"s\",\"qty\":1},{\"qty\":-2,\"sku\":\"\"}],"
			"\"express\":true,\"new\":[null]},7,null]" },
		{ 0, "[{\"id\":\"a\",\"items\":[]},9223372036854775807]" },
		{ 1, "{\"b\":[1,2.5,\"x\",{}],\"a\":{\"c\":null},\"\":true,\"z\":-1e-7}" },
		{ 1,
			"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["
			"]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]" },
		{ 2, "{\"b\":2,\"a\":1,\"ab\":3}" },
		{ 3, "[{\"sku\":\"\\ud83d\\ude00\",\"qty\":0},{\"sku\":\"\",\"qty\":1}]" },
		{ 4, "\"rejected\"" },
		{ 5, "12" },
		{ 6, "{\"children\":[{\"children\":[]},{\"children\":[{\"children\":[]}]}]}" },
		{ 7, "-1.7976931348623157e308" },
		{ 7, "0.30000000000000004" },
		{ 8, "\"AAECAwQ=\"" },
		{ 9, "\"a\\\"\\\\\\n\\u0001\xe2\x82\xac\"" },
		{ 10, "-9223372036854775808" },
		{ 11, "[]" },
		{ 12, "{\"n\":1,\"next\":{\"n\":2,\"next\":{\"next\":null,\"n\":3}}}" },
	};
	if (index >= sizeof(seeds) / sizeof(*seeds)) {
		return false;
	}
	dtf__buf_add(ret, &seeds[index].type, 1);
	dtf__buf_text(ret, seeds[index].json);
	return true;
}
