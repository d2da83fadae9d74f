/*
 * Any bytes as a source, through all stages: what the checker lets pass is
 * lowered to IR that the verifier accepts, and prints the same twice.
 */
#include "fuzz.h"

#include <string.h>

#include "../../dtfc/check.h"
#include "../../dtfc/emit.h"
#include "../../dtfc/lower.h"
#include "../../grammar/grammar.h"

static const char *header_of(struct arena *arena, const struct file *import) {
	(void)arena;
	(void)import;
	return "import.dtf.h";
}

static bool imports(const struct file *file) {
	for (const struct decl *d = file->decls; d != NULL; d = d->next) {
		if (d->kind == DECL_IMPORT) {
			return true;
		}
	}
	return false;
}

/* The C, the header and the manifest, one after the other. */
static const char *print(struct arena *arena, const struct ir_module *module) {
	struct emit e, manifest;
	const struct emit_options options = {
		.stamps = true, .c_file = "x.dtf.c", .h_file = "x.dtf.h", .manifest = &manifest.text
	};

	emit_init(&e, arena);
	emit_init(&manifest, arena);
	emit_manifest(&manifest, module);
	emit_c(&e, module, &options);
	e.stamps = false;
	e.want = 0;
	emit_header(&e, module);
	emit_manifest(&e, module);
	return buffer_text(&e.text);
}

static const struct ir_module *compile(struct arena *arena, const char *text, size_t size) {
	struct diag diag = { .arena = arena };
	struct source *source = src_create(arena, "x.dtf", text, (uint32_t)size);
	struct unit unit = { .arena = arena, .diag = &diag, .types = types_create(arena) };
	const struct lower_options options = { .file = "x.dtf", .header_of = header_of };

	unit.files = grammar_parse(arena, &diag, source);
	if (diag.errors > 0 || imports(unit.files) || !check_unit(&unit)) {
		return NULL;
	}
	const struct ir_module *module = lower_unit(&unit, &options); /* ir_verify may exit */
	fuzz_demand(module != NULL || diag.errors > 0);
	return module;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	struct arena arena = { 0 };
	char *text = mem_copy(&arena, data, size);
	const struct ir_module *module = size < 65536 ? compile(&arena, text, size) : NULL;

	if (module != NULL) {
		fuzz_demand(strcmp(print(&arena, module),
				    print(&arena, compile(&arena, text, size))) == 0);
	}
	dtf__arena_finish(&arena);
	return 0;
}

static const char *const seeds[] = {
	"package a\n"
	"activity f(n: int) -> int?\n"
	"workflow w(xs: [int], s: string) -> int {\n"
	"var t = 0\n"
	"for x in xs { let y = do f(x)\nt += (y ?? xs[0]) * 2\nif t > 9 { break } }\n"
	"while t < 3 and xs[t] != 1 { t += 1 }\n"
	"match s { \"a\" => sleep 1s\nelse => log info \"{s} {t}\" }\n"
	"return t }\n",

	"package b\n"
	"enum E { x, y }\nrecord R { e: E, rs: [R], o: float? }\nerror bad(r: R)\n"
	"activity f(r: R) -> R fails bad\nactivity u(e: E)\n"
	"workflow w(r: R) -> R fails bad {\n"
	"try { let q = do f(r) undo u(r.e)\nif q.e == E.x { return q } }\n"
	"catch bad as e { fail bad(e.r) }\n"
	"catch e { if e.retryable { fail } }\n"
	"finally { do u(E.y) }\n"
	"return R { e: E.x, rs: r.rs + [r], o: none } }\n",

	"package c\n"
	"event go: string\nactivity f(s: string)\n"
	"workflow w(t: time, n: int) {\n"
	"loop { select { on go as s if n > 1 { do f(s) }\n"
	"do f(\"q\") undo { let k = n\ndo f(\"{k}\") } { break }\n"
	"after 1m { continue }\nat t { return } } }\n"
	"parallel { let a = wait go\n{ sleep until t\nundo { do f(\"z\") } } }\n"
	"status [a]\n"
	"continue with (now() + 1h, random(n)) }\n",
};

bool fuzz_seed(size_t index, struct buf *ret) {
	if (index >= sizeof(seeds) / sizeof(*seeds)) {
		return false;
	}
	dtf__buf_text(ret, seeds[index]);
	return true;
}
