/*
 * Reading accepts what writing makes and nothing else: padding, no white space,
 * unused bits zero.  So equal bytes are equal texts, and hashes agree.
 */
#include "base64.h"

void dtf__base64_write(struct buf *buf, const unsigned char *bytes, size_t size) {
	static const char
		digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	for (size_t i = 0; i < size; i += 3) {
		size_t left = size - i;
		unsigned bits = (unsigned)bytes[i] << 16;
		bits |= left > 1 ? (unsigned)bytes[i + 1] << 8 : 0;
		bits |= left > 2 ? (unsigned)bytes[i + 2] : 0;
		const char four[4] = {
			digits[bits >> 18],
			digits[bits >> 12 & 63],
			left > 1 ? digits[bits >> 6 & 63] : '=',
			left > 2 ? digits[bits & 63] : '=',
		};
		dtf__buf_add(buf, four, sizeof(four));
	}
}

static int sextet(char c) {
	if (c >= 'A' && c <= 'Z') {
		return c - 'A';
	}
	if (c >= 'a' && c <= 'z') {
		return c - 'a' + 26;
	}
	if (c >= '0' && c <= '9') {
		return c - '0' + 52;
	}
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

bool dtf__base64_read(const char *text, size_t size, unsigned char *ret, size_t *ret_size) {
	if (size % 4 != 0) {
		return false;
	}
	size_t count = 0;
	for (size_t i = 0; i < size; i += 4) {
		size_t pad = 0;
		if (i + 4 == size && text[i + 3] == '=') {
			pad = text[i + 2] == '=' ? 2 : 1;
		}
		unsigned bits = 0;
		for (size_t k = 0; k < 4 - pad; k++) {
			int six = sextet(text[i + k]);
			if (six < 0) {
				return false;
			}
			bits |= (unsigned)six << (18 - 6 * k);
		}
		if ((pad == 1 && (bits & 0xff) != 0) || (pad == 2 && (bits & 0xffff) != 0)) {
			return false;
		}
		for (size_t k = 0; k < 3 - pad; k++) {
			ret[count++] = (unsigned char)(bits >> (16 - 8 * k));
		}
	}
	*ret_size = count;
	return true;
}
