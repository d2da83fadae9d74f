/*
 * Only what the compiler needs of Unicode.  Decoding is strict: overlong forms,
 * surrogates and values past U+10FFFF are invalid, so that what the compiler
 * accepts every later reader of the same bytes accepts too.
 *
 * Widths are for underlining: combining marks take no column, the scripts and
 * pictures that terminals show double take two.  Whole blocks, not exact tables:
 * a caret one column off in a rare script is not worth two hundred ranges.
 */
#include "text.h"

#include <string.h>

struct range {
	uint32_t first, last;
};

static bool is_in(const struct range *ranges, size_t n, uint32_t code) {
	for (size_t i = 0; i < n; i++) {
		if (code >= ranges[i].first && code <= ranges[i].last) {
			return true;
		}
	}
	return false;
}

#define IS_IN(ranges, code) is_in((ranges), sizeof(ranges) / sizeof((ranges)[0]), (code))

size_t text_decode(const char *text, size_t len, uint32_t *ret_code) {
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	unsigned char first = (unsigned char)text[0];
	size_t want = first < 0x80 ? 1 : first < 0xC2 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
	*ret_code = TEXT_INVALID;
	if (want == 0 || want > len || first > 0xF4) {
		return 1;
	}
	uint32_t code = want == 1 ? first : first & (0x7FU >> want);
	for (size_t i = 1; i < want; i++) {
		unsigned char next = (unsigned char)text[i];
		if ((next & 0xC0) != 0x80) {
			return 1;
		}
		code = code << 6 | (next & 0x3FU);
	}
	if (code < least[want] || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) {
		return 1;
	}
	*ret_code = code;
	return want;
}

size_t text_encode(uint32_t code, char out[4]) {
	if (code < 0x80) {
		out[0] = (char)code;
		return 1;
	}
	size_t n = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
	for (size_t i = n - 1; i > 0; i--) {
		out[i] = (char)(0x80 | (code & 0x3F));
		code >>= 6;
	}
	out[0] = (char)((0xF00U >> n & 0xFF) | code);
	return n;
}

unsigned text_width(uint32_t code) {
	static const struct range none[] = {
		{ 0x300, 0x36F }, /* combining marks */
		{ 0x483, 0x489 }, /* Cyrillic */
		{ 0x591, 0x5BD }, /* Hebrew */
		{ 0x610, 0x61A }, /* Arabic */
		{ 0x64B, 0x65F },
		{ 0x200B, 0x200D }, /* zero width space and joiners */
		{ 0x20D0, 0x20FF }, /* marks for symbols */
		{ 0xFE00, 0xFE0F }, /* variation selectors */
		{ 0xFE20, 0xFE2F },
	};
	static const struct range wide[] = {
		{ 0x1100, 0x115F },                       /* Hangul Jamo */
		{ 0x2E80, 0x303E },                       /* CJK radicals, punctuation */
		{ 0x3041, 0xA4CF },                       /* Kana to Yi */
		{ 0xAC00, 0xD7A3 },                       /* Hangul */
		{ 0xF900, 0xFAFF },                       /* CJK compatibility */
		{ 0xFE30, 0xFE6F }, { 0xFF00, 0xFF60 },   /* full width forms */
		{ 0xFFE0, 0xFFE6 }, { 0x1F300, 0x1F64F }, /* pictures */
		{ 0x1F680, 0x1F6FF }, { 0x1F900, 0x1FAFF },
		{ 0x20000, 0x3FFFD }, /* CJK extensions */
	};
	if (code < 0x300) {
		return 1;
	}
	return IS_IN(none, code) ? 0 : IS_IN(wide, code) ? 2 : 1;
}

bool text_is_printable(uint32_t code) {
	static const struct range bad[] = {
		{ 0, 0x1F },
		{ 0x7F, 0x9F },
		{ 0x200E, 0x200F }, /* direction marks and overrides */
		{ 0x2028, 0x202E },
		{ 0x2066, 0x2069 },
		{ 0xFEFF, 0xFEFF },
		{ 0x110000, UINT32_MAX },
	};
	return !IS_IN(bad, code);
}

bool text_is_space(uint32_t code) {
	static const struct range spaces[] = {
		{ 0xA0, 0xA0 },
		{ 0x1680, 0x1680 },
		{ 0x2000, 0x200D },
		{ 0x2028, 0x2029 },
		{ 0x202F, 0x202F },
		{ 0x205F, 0x2060 },
		{ 0x3000, 0x3000 },
		{ 0xFEFF, 0xFEFF },
	};
	return IS_IN(spaces, code);
}

bool text_is_name(const char *text, size_t len) {
	for (size_t i = 0; i < len; i++) {
		char c = text[i];
		bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
		if (!letter && !(i > 0 && c >= '0' && c <= '9')) {
			return false;
		}
	}
	return len > 0;
}

void text_print_json(FILE *out, const char *text) {
	size_t len = strlen(text);
	(void)fputc('"', out);
	for (size_t i = 0; i < len;) {
		uint32_t code;
		size_t used = text_decode(text + i, len - i, &code);
		if (code == '"' || code == '\\') {
			(void)fprintf(out, "\\%c", (char)code);
		} else if (code < 0x20 || code == TEXT_INVALID) {
			(void)fprintf(out, "\\u%04x", code == TEXT_INVALID ? 0xFFFDU : code);
		} else {
			(void)fwrite(text + i, 1, used, out);
		}
		i += used;
	}
	(void)fputc('"', out);
}
