/*
 * How names of a .dtf file become C identifiers.
 *
 * Predictable first: a reader of the .dtf file can say what a thing is called
 * in C, and an importing file computes the same names from the same source.
 *
 *	shop.Order      struct shop_order          snake case, package in front
 *	Decision.yes    SHOP_DECISION_YES
 *	field `sku`     sku                        as written
 *	field `int`     int_                       a word that C, C++ or a common
 *	field `int_`    int__                      macro has taken gets a `_` more
 *	package `dtf`   x_dtf_…                    the runtime's prefix stays its own
 *
 * The rule of the underscore is one to one: a name whose stem, without the
 * underscores at its end, is taken gets one more, so `int` and `int_` do not
 * meet.  Names that still meet (`Order` and `order` both being shop_order) are
 * numbered in source order: shop_order, shop_order_2.
 *
 * Text of the user that is no name reaches C only as a string literal in which
 * all but plain ASCII is octal, or in a comment that it cannot end.
 */
#include "cname.h"

#include <ctype.h>
#include <string.h>

static const char *const reserved[] = {
	/* C11, C23 */
	"alignas",
	"alignof",
	"auto",
	"bool",
	"break",
	"case",
	"char",
	"const",
	"constexpr",
	"continue",
	"default",
	"do",
	"double",
	"else",
	"enum",
	"extern",
	"false",
	"float",
	"for",
	"goto",
	"if",
	"inline",
	"int",
	"long",
	"nullptr",
	"register",
	"restrict",
	"return",
	"short",
	"signed",
	"sizeof",
	"static",
	"static_assert",
	"struct",
	"switch",
	"thread_local",
	"true",
	"typedef",
	"typeof",
	"typeof_unqual",
	"union",
	"unsigned",
	"void",
	"volatile",
	"while",
	"asm",
	"fortran",
	/* C++ */
	"and",
	"and_eq",
	"bitand",
	"bitor",
	"catch",
	"char8_t",
	"char16_t",
	"char32_t",
	"class",
	"co_await",
	"co_return",
	"co_yield",
	"compl",
	"concept",
	"consteval",
	"constinit",
	"const_cast",
	"decltype",
	"delete",
	"dynamic_cast",
	"explicit",
	"export",
	"friend",
	"mutable",
	"namespace",
	"new",
	"noexcept",
	"not",
	"not_eq",
	"operator",
	"or",
	"or_eq",
	"private",
	"protected",
	"public",
	"reinterpret_cast",
	"requires",
	"static_cast",
	"template",
	"this",
	"throw",
	"try",
	"typeid",
	"typename",
	"using",
	"virtual",
	"wchar_t",
	"xor",
	"xor_eq",
	/* types and macros that the headers bring, or that compilers predefine */
	"int8_t",
	"int16_t",
	"int32_t",
	"int64_t",
	"uint8_t",
	"uint16_t",
	"uint32_t",
	"uint64_t",
	"intptr_t",
	"uintptr_t",
	"intmax_t",
	"uintmax_t",
	"size_t",
	"ptrdiff_t",
	"max_align_t",
	"offsetof",
	"linux",
	"unix",
	"i386",
	"errno",
	"stdin",
	"stdout",
	"stderr",
	"assert",
	"environ",
	"NULL",
	"EOF",
	"BUFSIZ",
	"TRUE",
	"FALSE",
	"I",
	/* names that a run function uses itself */
	"ctx",
	"frame",
	"f",
	"up",
	"step",
	"arm",
	"main",
};

static bool is_reserved(const char *name, size_t len) {
	if (len >= 2 && name[0] == '_' && (name[1] == '_' || isupper((unsigned char)name[1]))) {
		return true;
	}
	/* INT64_MAX and its like */
	if (len > 4 &&
		(strncmp(name + len - 4, "_MAX", 4) == 0 ||
			strncmp(name + len - 4, "_MIN", 4) == 0)) {
		return true;
	}
	for (size_t i = 0; i < sizeof(reserved) / sizeof(*reserved); i++) {
		if (strlen(reserved[i]) == len && memcmp(reserved[i], name, len) == 0) {
			return true;
		}
	}
	return false;
}

/* Without the underscores at its end. */
static size_t stem(const char *name) {
	size_t len = strlen(name);

	while (len > 0 && name[len - 1] == '_') {
		len--;
	}
	return len;
}

static bool has_runtime_prefix(const char *name) {
	return strncmp(name, "dtf_", 4) == 0 || strncmp(name, "DTF_", 4) == 0;
}

const char *cname_global(struct arena *arena, const char *name) {
	if (name[0] == 'D' && has_runtime_prefix(name)) {
		return mem_printf(arena, "X_%s", name);
	}
	return has_runtime_prefix(name) ? mem_printf(arena, "x_%s", name) : name;
}

const char *cname_plain(struct arena *arena, const char *name) {
	if (is_reserved(name, stem(name))) {
		return mem_printf(arena, "%s_", name);
	}
	return cname_global(arena, name);
}

const char *cname_beside(struct arena *arena, const char *name, const char *const *fixed) {
	for (; *fixed != NULL; fixed++) {
		if (strlen(*fixed) == stem(name) && strncmp(*fixed, name, stem(name)) == 0) {
			return mem_printf(arena, "%s_", name);
		}
	}
	return cname_plain(arena, name);
}

const char *cname_snake(struct arena *arena, const char *name) {
	size_t len = strlen(name);
	char *snake = mem_alloc(arena, 2 * len + 1);
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)name[i];
		bool after_lower = i > 0 &&
			(islower((unsigned char)name[i - 1]) ||
				isdigit((unsigned char)name[i - 1]));
		bool starts_word = i > 0 && isupper((unsigned char)name[i - 1]) && i + 1 < len &&
			islower((unsigned char)name[i + 1]);
		if (isupper(c) && (after_lower || starts_word)) {
			snake[n++] = '_';
		}
		snake[n++] = (char)tolower(c);
	}
	return snake;
}

const char *cname_upper(struct arena *arena, const char *name) {
	char *upper = mem_copy(arena, name, strlen(name));

	for (char *c = upper; *c != '\0'; c++) {
		*c = (char)toupper((unsigned char)*c);
	}
	return upper;
}

const char *cname_string(struct arena *arena, const char *text, size_t len) {
	char *out = mem_alloc(arena, 4 * len + 1);
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];
		if (c == '"' || c == '\\') {
			out[n++] = '\\';
			out[n++] = (char)c;
		} else if (c == '\n' || c == '\t') {
			out[n++] = '\\';
			out[n++] = c == '\n' ? 'n' : 't';
		} else if (c >= ' ' && c < 0x7f && c != '?') { /* `?` could make a trigraph */
			out[n++] = (char)c;
		} else {
			out[n++] = '\\';
			out[n++] = (char)('0' + (c >> 6));
			out[n++] = (char)('0' + ((c >> 3) & 7));
			out[n++] = (char)('0' + (c & 7));
		}
	}
	return out;
}

static char *without_trailing_spaces(char *text) {
	size_t n = 0;

	for (const char *c = text; *c != '\0'; c++) {
		while (*c == '\n' && n > 0 && text[n - 1] == ' ') {
			n--;
		}
		text[n++] = *c;
	}
	while (n > 0 && (text[n - 1] == ' ' || text[n - 1] == '\n')) {
		n--;
	}
	text[n] = '\0';
	return text;
}

const char *cname_comment(struct arena *arena, const char *text) {
	char *out = mem_copy(arena, text, strlen(text));

	for (char *c = out; *c != '\0'; c++) {
		bool ends = c[0] == '*' && c[1] == '/';
		bool begins = c[0] == '/' && c[1] == '*';
		bool trigraph = c[0] == '?' && c[1] == '?';
		if (ends || begins || trigraph) {
			c[1] = ' ';
		} else if (*c == '\\' || ((unsigned char)*c < ' ' && *c != '\n') || *c == 0x7f) {
			*c = ' '; /* a backslash could join lines */
		}
	}
	return without_trailing_spaces(out);
}

/* ---- sets ---- */

struct entry {
	struct entry *next;
	const char *name;
};

enum { BUCKETS = 256 };

struct cname_set {
	struct arena *arena;
	struct cname_set *outer;
	struct entry *buckets[BUCKETS];
};

static size_t bucket(const char *name) {
	size_t hash = 5381;

	for (; *name != '\0'; name++) {
		hash = hash * 33 + (unsigned char)*name;
	}
	return hash % BUCKETS;
}

struct cname_set *cname_set_create(struct arena *arena, struct cname_set *outer) {
	struct cname_set *set = mem_new(arena, struct cname_set);

	set->arena = arena;
	set->outer = outer;
	return set;
}

bool cname_taken(const struct cname_set *set, const char *name) {
	for (; set != NULL; set = set->outer) {
		for (struct entry *e = set->buckets[bucket(name)]; e != NULL; e = e->next) {
			if (strcmp(e->name, name) == 0) {
				return true;
			}
		}
	}
	return false;
}

void cname_take(struct cname_set *set, const char *name) {
	struct entry *e = mem_new(set->arena, struct entry);

	e->name = name;
	e->next = set->buckets[bucket(name)];
	set->buckets[bucket(name)] = e;
}

const char *cname_unique(struct cname_set *set, const char *name) {
	static const char *const itself[] = { "%", NULL };

	return cname_family(set, name, itself);
}

static const char *fill(struct arena *arena, const char *pattern, const char *base) {
	const char *at = strchr(pattern, '%');

	if (at == NULL) {
		bug("a pattern of names has no %");
	}
	return mem_printf(arena, "%.*s%s%s", (int)(at - pattern), pattern, base, at + 1);
}

const char *cname_family(struct cname_set *set, const char *base, const char *const *patterns) {
	const char *name = base;

	for (int n = 2;; n++) {
		bool taken = false;
		for (const char *const *p = patterns; *p != NULL && !taken; p++) {
			taken = cname_taken(set, fill(set->arena, *p, name));
		}
		if (!taken) {
			break;
		}
		name = mem_printf(set->arena, "%s_%d", base, n);
	}
	for (const char *const *p = patterns; *p != NULL; p++) {
		cname_take(set, fill(set->arena, *p, name));
	}
	return name;
}
