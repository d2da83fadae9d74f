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
#include <inttypes.h>
#include <string.h>

/*
 * In the order of strcmp: words of C11, C23 and C++, types and macros that the
 * headers bring or that compilers predefine, and names that a run function uses.
 */
static const char *const reserved[] = {
	"BUFSIZ",
	"EOF",
	"FALSE",
	"I",
	"NULL",
	"TRUE",
	"alignas",
	"alignof",
	"and",
	"and_eq",
	"arm",
	"asm",
	"assert",
	"auto",
	"bitand",
	"bitor",
	"bool",
	"break",
	"case",
	"catch",
	"char",
	"char16_t",
	"char32_t",
	"char8_t",
	"class",
	"co_await",
	"co_return",
	"co_yield",
	"compl",
	"concept",
	"const",
	"const_cast",
	"consteval",
	"constexpr",
	"constinit",
	"continue",
	"ctx",
	"decltype",
	"default",
	"delete",
	"do",
	"double",
	"dynamic_cast",
	"else",
	"enum",
	"environ",
	"errno",
	"explicit",
	"export",
	"extern",
	"f",
	"false",
	"float",
	"for",
	"fortran",
	"frame",
	"friend",
	"goto",
	"i386",
	"if",
	"inline",
	"int",
	"int16_t",
	"int32_t",
	"int64_t",
	"int8_t",
	"intmax_t",
	"intptr_t",
	"linux",
	"long",
	"main",
	"max_align_t",
	"mutable",
	"namespace",
	"new",
	"noexcept",
	"not",
	"not_eq",
	"nullptr",
	"offsetof",
	"operator",
	"or",
	"or_eq",
	"private",
	"protected",
	"ptrdiff_t",
	"public",
	"register",
	"reinterpret_cast",
	"requires",
	"restrict",
	"return",
	"short",
	"signed",
	"size_t",
	"sizeof",
	"static",
	"static_assert",
	"static_cast",
	"stderr",
	"stdin",
	"stdout",
	"step",
	"struct",
	"switch",
	"template",
	"this",
	"thread_local",
	"throw",
	"true",
	"try",
	"typedef",
	"typeid",
	"typename",
	"typeof",
	"typeof_unqual",
	"uint16_t",
	"uint32_t",
	"uint64_t",
	"uint8_t",
	"uintmax_t",
	"uintptr_t",
	"union",
	"unix",
	"unsigned",
	"up",
	"using",
	"virtual",
	"void",
	"volatile",
	"wchar_t",
	"while",
	"xor",
	"xor_eq",
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
	size_t low = 0, high = sizeof(reserved) / sizeof(*reserved);
	while (low < high) {
		size_t middle = (low + high) / 2;
		int order = strncmp(name, reserved[middle], len);
		if (order == 0 && reserved[middle][len] == '\0') {
			return true;
		}
		*(order > 0 ? &low : &high) = order > 0 ? middle + 1 : middle;
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

static bool is_plain(unsigned char c) {
	return c >= ' ' && c < 0x7f && c != '"' && c != '\\' && c != '?';
}

size_t cname_escape(char *out, const char *text, size_t len) {
	const char *end = text + len;
	char *to = out;

	for (; text < end; text++) {
		unsigned char c = (unsigned char)*text;
		if (is_plain(c)) {
			*to++ = (char)c;
			continue;
		}
		*to++ = '\\';
		if (c == '"' || c == '\\') {
			*to++ = (char)c;
		} else if (c == '\n' || c == '\t') {
			*to++ = c == '\n' ? 'n' : 't';
		} else { /* `?` could make a trigraph */
			*to++ = (char)('0' + (c >> 6));
			*to++ = (char)('0' + ((c >> 3) & 7));
			*to++ = (char)('0' + (c & 7));
		}
	}
	return (size_t)(to - out);
}

const char *cname_string(struct arena *arena, const char *text, size_t len) {
	char small[1024];

	if (len <= sizeof(small) / 4) {
		return mem_copy(arena, small, cname_escape(small, text, len));
	}
	char *out = mem_alloc(arena, 4 * len + 1);
	(void)cname_escape(out, text, len);
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

/*
 * A set keeps hashes of names, not the names: an open table of 64 bits each, so that
 * the many names that a declaration may have are never written down.  That two names
 * meet in one hash is as good as impossible, and would only number one of them.
 *
 * `numbers` counts for a base and its patterns how far they are known to be taken:
 * names are never given back, so none is tried again, and numbering n equal names
 * is linear.
 */
struct cname_set {
	struct arena *arena;
	struct cname_set *outer;
	struct cname_set *others, *next; /* those that it avoids as well */
	uint64_t *hashes;                /* 0: free */
	size_t capacity;                 /* a power of two, or 0 */
	size_t count;
	struct table numbers; /* "base pattern pattern…" -> uint32_t */
};

/* FNV-1a: of two texts one behind the other, it goes on where the first ended. */
static uint64_t hash_on(uint64_t hash, const char *text, size_t len) {
	for (size_t i = 0; i < len; i++) {
		hash = (hash ^ (unsigned char)text[i]) * UINT64_C(0x100000001b3);
	}
	return hash;
}

static uint64_t hash_of(const char *text, size_t len) {
	return hash_on(UINT64_C(0xcbf29ce484222325), text, len);
}

struct cname_set *cname_set_create(struct arena *arena, struct cname_set *outer) {
	struct cname_set *set = mem_new(arena, struct cname_set);

	set->arena = arena;
	set->outer = outer;
	return set;
}

void cname_set_avoid(struct cname_set *set, struct cname_set *other) {
	other->next = set->others;
	set->others = other;
}

/* Where the hash is, or would be.  Only in a set with room for some. */
static uint64_t *place_of(const struct cname_set *set, uint64_t hash) {
	for (size_t i = (size_t)(hash ^ hash >> 32);; i++) {
		uint64_t *place = &set->hashes[i & (set->capacity - 1)];
		if (*place == 0 || *place == hash) {
			return place;
		}
	}
}

static bool has(const struct cname_set *set, uint64_t hash) {
	return set->count > 0 && *place_of(set, hash) == hash;
}

static bool is_taken(const struct cname_set *set, uint64_t hash) {
	for (; set != NULL; set = set->outer) {
		if (has(set, hash)) {
			return true;
		}
		for (const struct cname_set *other = set->others; other != NULL;
			other = other->next) {
			if (has(other, hash)) {
				return true;
			}
		}
	}
	return false;
}

bool cname_taken(const struct cname_set *set, const char *name) {
	return is_taken(set, hash_of(name, strlen(name)));
}

static void grow(struct cname_set *set) {
	uint64_t *old = set->hashes;
	size_t n = set->capacity;

	set->capacity = n == 0 ? 16 : 2 * n;
	set->hashes = mem_alloc(set->arena, set->capacity * sizeof(*set->hashes));
	for (size_t i = 0; i < n; i++) {
		if (old[i] != 0) {
			*place_of(set, old[i]) = old[i];
		}
	}
}

static void add(struct cname_set *set, uint64_t hash) {
	if (2 * set->count >= set->capacity) {
		grow(set);
	}
	uint64_t *place = place_of(set, hash);
	set->count += *place == 0;
	*place = hash;
}

void cname_take(struct cname_set *set, const char *name) {
	add(set, hash_of(name, strlen(name)));
}

const char *cname_unique(struct cname_set *set, const char *name) {
	static const char *const itself[] = { "%", NULL };

	return cname_family(set, name, itself);
}

enum { FAMILY_MAX = 16 };

/* Of each pattern with base in it; returns how many.  Most begin as the one before. */
static size_t hash_family(
	const char *base, const char *const *patterns, uint64_t hashes[FAMILY_MAX]) {
	size_t len = strlen(base), count = 0, last = 0;
	uint64_t hash = 0;

	for (; patterns[count] != NULL; count++) {
		const char *pattern = patterns[count], *at = strchr(pattern, '%');
		if (at == NULL || count == FAMILY_MAX) {
			bug("a pattern of names has no %, or there are too many");
		}
		size_t before = (size_t)(at - pattern);
		if (count == 0 || before != last ||
			memcmp(pattern, patterns[count - 1], before) != 0) {
			hash = hash_on(hash_of(pattern, before), base, len);
			last = before;
		}
		hashes[count] = hash_on(hash, at + 1, strlen(at + 1));
	}
	return count;
}

/* Takes all or none. */
static bool take_all(struct cname_set *set, const char *base, const char *const *patterns) {
	uint64_t hashes[FAMILY_MAX];
	size_t count = hash_family(base, patterns, hashes);

	for (size_t i = 0; i < count; i++) {
		if (is_taken(set, hashes[i])) {
			return false;
		}
	}
	for (size_t i = 0; i < count; i++) {
		add(set, hashes[i]);
	}
	return true;
}

static uint32_t *number_of(struct cname_set *set, const char *base, const char *const *patterns) {
	const char *key = base;

	for (; *patterns != NULL; patterns++) {
		key = mem_printf(set->arena, "%s %s", key, *patterns);
	}
	uint32_t *number = table_find(&set->numbers, key);
	if (number == NULL) {
		number = mem_new(set->arena, uint32_t);
		*number = 2;
		table_put(set->arena, &set->numbers, key, number);
	}
	return number;
}

const char *cname_family(struct cname_set *set, const char *base, const char *const *patterns) {
	if (take_all(set, base, patterns)) {
		return base;
	}
	uint32_t *number = number_of(set, base, patterns);
	const char *name;
	do {
		name = mem_printf(set->arena, "%s_%" PRIu32, base, (*number)++);
	} while (!take_all(set, name, patterns));
	return name;
}
