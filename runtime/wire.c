/*
 * Reading trusts nothing: every length is held against what is left before it
 * is used, and each value has one encoding only, so that bytes that read well
 * are the bytes that would be written.
 */
#include "wire.h"

#include <math.h>
#include <string.h>

#include <xxhash.h>

#include "error.h"

#define VARINT_MAX 10

void dtf__wire_put_long(struct buf *buf, uint64_t value) {
	bool fits = !buf->failed && buf->capacity - buf->size > VARINT_MAX;
	if (!fits && !dtf__buf_reserve(buf, VARINT_MAX)) {
		return;
	}
	char *at = buf->data + buf->size;
	while (value >= 0x80) {
		*at++ = (char)(value | 0x80);
		value >>= 7;
	}
	*at++ = (char)value;
	*at = '\0';
	buf->size = (size_t)(at - buf->data);
}

void dtf__wire_store64(unsigned char *ret, uint64_t value) {
	for (size_t i = 0; i < 8; i++) {
		ret[i] = (unsigned char)(value >> (8 * i));
	}
}

uint64_t dtf__wire_load64(const void *from) {
	const unsigned char *bytes = from;
	uint64_t value = 0;
	for (size_t i = 0; i < 8; i++) {
		value |= (uint64_t)bytes[i] << (8 * i);
	}
	return value;
}

void dtf__wire_put_double(struct buf *buf, double value) {
	_Static_assert(sizeof(double) == sizeof(uint64_t), "IEEE 754 double");
	uint64_t bits;
	unsigned char bytes[8];
	memcpy(&bits, &value, sizeof(bits));
	dtf__wire_store64(bytes, bits);
	dtf__buf_add(buf, bytes, sizeof(bytes));
}

void dtf__wire_put_bytes(struct buf *buf, struct slice bytes) {
	dtf__wire_put(buf, bytes.size);
	dtf__buf_add(buf, bytes.data, bytes.size);
}

void dtf__wire_put_text(struct buf *buf, const char *text) {
	if (text == NULL) {
		dtf__wire_put(buf, 0);
		return;
	}
	size_t size = strlen(text);
	dtf__wire_put(buf, (uint64_t)size + 1);
	dtf__buf_add(buf, text, size);
}

void dtf__wire_bad(struct wire_reader *reader) {
	reader->bad = true;
	reader->at = reader->end;
}

void *dtf__wire_alloc(struct wire_reader *reader, size_t size) {
	void *memory = dtf__arena_alloc(reader->arena, size);
	if (memory == NULL) {
		reader->no_memory = true;
		reader->at = reader->end;
	}
	return memory;
}

uint64_t dtf__wire_get(struct wire_reader *reader) {
	uint64_t value = 0;
	for (unsigned shift = 0; shift < 64; shift += 7) {
		if (reader->at == reader->end) {
			break;
		}
		unsigned char byte = (unsigned char)*reader->at++;
		if ((shift == 63 && byte > 1) || (shift > 0 && byte == 0)) {
			break; /* over 64 bits, or longer than need be */
		}
		value |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80) {
			return value;
		}
	}
	dtf__wire_bad(reader);
	return 0;
}

uint64_t dtf__wire_get_upto(struct wire_reader *reader, uint64_t max) {
	uint64_t value = dtf__wire_get(reader);
	if (value > max) {
		dtf__wire_bad(reader);
		return 0;
	}
	return value;
}

uint32_t dtf__wire_get_u32(struct wire_reader *reader) {
	return (uint32_t)dtf__wire_get_upto(reader, UINT32_MAX);
}

int64_t dtf__wire_get_signed(struct wire_reader *reader) {
	uint64_t bits = dtf__wire_get(reader);
	uint64_t half = bits >> 1;
	return (bits & 1) != 0 ? -(int64_t)half - 1 : (int64_t)half;
}

void dtf__wire_get_raw(struct wire_reader *reader, void *ret, size_t size) {
	if (dtf__wire_left(reader) < size) {
		dtf__wire_bad(reader);
		memset(ret, 0, size);
		return;
	}
	memcpy(ret, reader->at, size);
	reader->at += size;
}

double dtf__wire_get_double(struct wire_reader *reader) {
	unsigned char bytes[8];
	dtf__wire_get_raw(reader, bytes, sizeof(bytes));
	uint64_t bits = dtf__wire_load64(bytes);
	double value;
	memcpy(&value, &bits, sizeof(value));
	if (!isfinite(value)) {
		dtf__wire_bad(reader);
		return 0;
	}
	return value;
}

static const char *copy(struct wire_reader *reader, size_t size) {
	const char *bytes = dtf__arena_copy(reader->arena, reader->at, size);
	if (bytes == NULL) {
		reader->no_memory = true;
		reader->at = reader->end;
		return NULL;
	}
	reader->at += size;
	return bytes;
}

struct slice dtf__wire_get_bytes(struct wire_reader *reader) {
	uint64_t size = dtf__wire_get(reader);
	if (size > dtf__wire_left(reader)) {
		dtf__wire_bad(reader);
		return (struct slice){ NULL, 0 };
	}
	if (size == 0) {
		return (struct slice){ NULL, 0 };
	}
	const char *bytes = copy(reader, (size_t)size);
	return (struct slice){ bytes, bytes == NULL ? 0 : (size_t)size };
}

const char *dtf__wire_get_text(struct wire_reader *reader) {
	uint64_t size = dtf__wire_get(reader);
	if (size == 0) {
		return NULL;
	}
	size--;
	if (size > dtf__wire_left(reader) ||
		(size > 0 && memchr(reader->at, 0, (size_t)size) != NULL)) {
		dtf__wire_bad(reader);
		return NULL;
	}
	return copy(reader, (size_t)size);
}

int dtf__wire_result(const struct wire_reader *reader, const char *what) {
	if (reader->no_memory) {
		return dtf__fail(DTF_ENOMEM, "out of memory"); /* what follows looks bad then */
	}
	if (reader->bad) {
		return dtf__fail(DTF_ECORRUPT, "%s is damaged", what);
	}
	return 0;
}

size_t dtf__wire_open(struct buf *buf, unsigned char version) {
	size_t at = buf->size;
	unsigned char head[WIRE_HEAD] = { 0 };
	head[WIRE_HEAD - 1] = version;
	dtf__buf_add(buf, head, sizeof(head));
	return at;
}

static uint64_t checksum(const char *block, size_t size, enum wire_kind kind) {
	/* A seed would make it prepare a secret for each block. */
	return XXH3_64bits(block + 8, size - 8) ^ (uint64_t)kind * UINT64_C(0x9e3779b97f4a7c15);
}

void dtf__wire_seal(struct buf *buf, size_t at, enum wire_kind kind) {
	if (buf->failed) {
		return;
	}
	unsigned char sum[8];
	dtf__wire_store64(sum, checksum(buf->data + at, buf->size - at, kind));
	memcpy(buf->data + at, sum, sizeof(sum));
}

int dtf__wire_check(struct slice block, enum wire_kind kind, unsigned char version,
	const char *what, struct slice *ret_body) {
	unsigned char sum[8];
	if (block.size < WIRE_HEAD) {
		return dtf__fail(DTF_ECORRUPT, "%s is cut short", what);
	}
	memcpy(sum, block.data, sizeof(sum));
	if (dtf__wire_load64(sum) != checksum(block.data, block.size, kind)) {
		return dtf__fail(DTF_ECORRUPT, "%s is damaged: its checksum does not fit", what);
	}
	unsigned char written = (unsigned char)block.data[WIRE_HEAD - 1];
	if (written != version) {
		return dtf__fail(written > version ? DTF_EFORMAT : DTF_ECORRUPT,
			"%s has format %u, this dtf reads %u", what, written, version);
	}
	*ret_body = (struct slice){ block.data + WIRE_HEAD, block.size - WIRE_HEAD };
	return 0;
}
