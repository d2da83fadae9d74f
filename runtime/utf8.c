/*
 * Well-formed as in table 3-7 of the Unicode standard: no overlong forms, no
 * surrogates, nothing above U+10FFFF.  The first byte decides how many follow
 * and what range the second has; all later ones are 80..BF.
 *
 * Most text is ASCII, so eight bytes at a time are looked at for one that is
 * not.  Taking a byte from a smaller one borrows from the next: a false alarm
 * costs a look at single bytes and nothing else.
 */
#include "utf8.h"

#include <stdint.h>
#include <string.h>

#define EIGHT(byte) (UINT64_C(0x0101010101010101) * (byte))

struct lead {
	unsigned char from, to; /* range of the first byte */
	unsigned char size;
	unsigned char second_min, second_max;
};

static const struct lead leads[] = {
	{ 0xc2, 0xdf, 2, 0x80, 0xbf },
	{ 0xe0, 0xe0, 3, 0xa0, 0xbf },
	{ 0xe1, 0xec, 3, 0x80, 0xbf },
	{ 0xed, 0xed, 3, 0x80, 0x9f },
	{ 0xee, 0xef, 3, 0x80, 0xbf },
	{ 0xf0, 0xf0, 4, 0x90, 0xbf },
	{ 0xf1, 0xf3, 4, 0x80, 0xbf },
	{ 0xf4, 0xf4, 4, 0x80, 0x8f },
};

size_t dtf__utf8_step(const char *s, size_t size) {
	const unsigned char *u = (const unsigned char *)s;
	if (size == 0 || u[0] == 0) {
		return 0;
	}
	if (u[0] < 0x80) {
		return 1;
	}
	for (size_t i = 0; i < sizeof(leads) / sizeof(*leads); i++) {
		const struct lead *lead = &leads[i];
		if (u[0] < lead->from || u[0] > lead->to) {
			continue;
		}
		if (size < lead->size || u[1] < lead->second_min || u[1] > lead->second_max) {
			return 0;
		}
		for (size_t k = 2; k < lead->size; k++) {
			if ((u[k] & 0xc0) != 0x80) {
				return 0;
			}
		}
		return lead->size;
	}
	return 0;
}

static uint64_t load(const char *s) {
	uint64_t word;
	memcpy(&word, s, sizeof(word));
	return word;
}

/* Not 0 if a byte is below n, which is at most 127, or above 127. */
static uint64_t outside(uint64_t word, unsigned n) {
	return ((word - EIGHT(n)) | word) & EIGHT(0x80);
}

/* Not 0 if a byte of eight is not ASCII or has to be escaped, in its high bit. */
static uint64_t escapes(uint64_t word) {
	return word | (word - EIGHT(0x20)) | ((word ^ EIGHT('"')) - EIGHT(1)) |
		((word ^ EIGHT('\\')) - EIGHT(1));
}

size_t dtf__utf8_unescaped(const char *s, size_t size) {
	size_t i = 0;
	while (size - i >= 32 &&
		((escapes(load(s + i)) | escapes(load(s + i + 8)) | escapes(load(s + i + 16)) |
			 escapes(load(s + i + 24))) &
			EIGHT(0x80)) == 0) {
		i += 32;
	}
	while (size - i >= 8 && (escapes(load(s + i)) & EIGHT(0x80)) == 0) {
		i += 8;
	}
	while (i < size && (unsigned char)s[i] >= 0x20 && (unsigned char)s[i] < 0x80 &&
		s[i] != '"' && s[i] != '\\') {
		i++;
	}
	return i;
}

bool dtf__utf8_valid(const char *s, size_t size) {
	while (size > 0) {
		while (size >= 8 && outside(load(s), 1) == 0) {
			s += 8;
			size -= 8;
		}
		size_t step = dtf__utf8_step(s, size);
		if (step == 0) {
			return size == 0;
		}
		s += step;
		size -= step;
	}
	return true;
}

void dtf__utf8_repair(char *s) {
	size_t size = strlen(s);
	while (size > 0) {
		size_t step = dtf__utf8_step(s, size);
		if (step == 0) {
			*s = '?';
			step = 1;
		}
		s += step;
		size -= step;
	}
}
