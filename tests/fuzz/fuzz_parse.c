/*
 * Any bytes as a source: a tree that can be walked, or at least one message; and
 * both can be printed.
 */
#include "fuzz.h"

#include <string.h>

#include "../../dtfc/dump.h"
#include "../../grammar/grammar.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	if (size > SRC_SIZE_MAX) {
		return 0;
	}
	struct arena arena = { 0 };
	struct diag diag = { .arena = &arena };
	struct source *source = src_create(&arena, "fuzz.dtf", (const char *)data, (uint32_t)size);
	struct file *file = grammar_parse(&arena, &diag, source);
	fuzz_demand(file->ok == (diag.errors == 0));

	char *text = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&text, &length);
	fuzz_demand(out != NULL);
	dump_file(file, out);
	diag_print(&diag, out, true);
	diag_print_json(&diag, out);
	fuzz_demand(fclose(out) == 0);
	free(text);
	dtf__arena_finish(&arena);
	return 0;
}

bool fuzz_seed(size_t index, struct buf *ret) {
	static const char *const seeds[] = {
		"package shop\nrecord Item { sku: string, qty: int }\n"
		"record Order {\n  items: [Item]\n  more: map[int?]?\n}\n"
		"enum Decision { approved, rejected }\nerror declined(code: string)\n"
		"/// Doc.\nactivity reserve(order: Order) -> string fails declined {\n"
		"  timeout 30s // one\n  retry 5 backoff 200ms..30s factor 2.0\n}\n"
		"activity release(order: string) { retry forever backoff 1s..5m, tag \"x\" }\n"
		"event approval: Decision { capacity 5 }\nconst LIMIT: int = 0xff\n",
		"package a\nimport \"b.dtf\"\nworkflow w version 2 (o: b.Order) -> int fails b.e, f {\n"
		"  query q -> int { x + 1 }\n  deadline 30d\n  let x = 1_000 - -9223372036854775808\n"
		"  do reserve(x) with { timeout 1h30m }\n    undo release(x.id)\n"
		"  undo { do c() }\n  var y: [int]\n  y += [1, 2]\n  m[\"k\"] = { \"a\": 1 }\n"
		"  return R { a: 1, b: none }\n}\n",
		"package a\nworkflow w() {\n  select {\n    on ev as d if x > 1 { fail bad(1) }\n"
		"    after 3d { }\n    at now() + 1s { }\n    do act(1) undo { } as r { }\n"
		"    call wf() id \"x\" as r { }\n    else { }\n  }\n}\n",
		"package a\nworkflow w() {\n  let l = parallel for x in xs limit 8 until 2 {\n"
		"    yield do p(x)\n  }\n  parallel settle { sleep until t\n wait ev }\n"
		"  try { shield { } } catch a, b as e { fail } catch e { } finally { }\n"
		"  within 5m { spawn w() } else { continue with (1, 2) }\n}\n",
		"package a\nworkflow w() {\n  if let v = x ?? y { } else if not a and b or c == d {\n"
		"  } else { }\n  while true { break }\n  loop { continue }\n"
		"  for k, v in m { }\n  for i in 0..n { }\n  match v {\n    D.a, D.b => { }\n"
		"    1 => return 2\n    else => { }\n  }\n  status \"a {b.c + \"d {e}\"} \\u{1F600}\"\n"
		"  log info \"x\\n\"\n  let p = parse[[T?]](j)\n  let n = (R { a: [1], b: {} }).a[0]\n}\n",
		("workflow { let x = f(1, [2) }\n  match v { 1 { } }\n'x' && || ! # \n  x++ y-- `a\n"
		 "/* \xc3\xa9 */ 12q \"{\" \xff"),
	};
	if (index >= sizeof(seeds) / sizeof(*seeds)) {
		return false;
	}
	dtf__buf_text(ret, seeds[index]);
	return true;
}
