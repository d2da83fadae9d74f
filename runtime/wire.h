/* The binary primitives of what is in the log: varints, texts, checksums. */
#ifndef DTF_WIRE_H
#define DTF_WIRE_H

#include <stdbool.h>
#include <stdint.h>

#include "arena.h"
#include "buf.h"

/* Eight bytes, lowest first, where they belong. */
void dtf__wire_store64(unsigned char *ret, uint64_t value);
uint64_t dtf__wire_load64(const void *from);
/* Seven bits a byte, lowest first.  Most take one, and have room. */
void dtf__wire_put_long(struct buf *buf, uint64_t value);
static inline void dtf__wire_put(struct buf *buf, uint64_t value) {
	if (value < 0x80 && !buf->failed && buf->capacity - buf->size > 1) {
		buf->data[buf->size++] = (char)value;
		buf->data[buf->size] = '\0';
	} else {
		dtf__wire_put_long(buf, value);
	}
}
/* Small of either sign: 0 -1 1 -2 … */
static inline void dtf__wire_put_signed(struct buf *buf, int64_t value) {
	uint64_t bits = (uint64_t)value << 1;
	dtf__wire_put(buf, value < 0 ? ~bits : bits);
}
void dtf__wire_put_double(struct buf *buf, double value);      /* 8 bytes, low first */
void dtf__wire_put_bytes(struct buf *buf, struct slice bytes); /* length first */
void dtf__wire_put_text(struct buf *buf, const char *text);    /* NULL stays NULL */

/*
 * Reads the same.  The first thing that is not so sticks in `bad` and everything
 * from there on reads as zero; it is asked for once, at the end.
 */
struct wire_reader {
	const char *at, *end;
	struct arena *arena; /* takes texts and bytes */
	bool bad;            /* not what was written */
	bool no_memory;
};

uint64_t dtf__wire_get(struct wire_reader *reader);
/* At most `max`. */
uint64_t dtf__wire_get_upto(struct wire_reader *reader, uint64_t max);
uint32_t dtf__wire_get_u32(struct wire_reader *reader);
int64_t dtf__wire_get_signed(struct wire_reader *reader);
double dtf__wire_get_double(struct wire_reader *reader); /* finite */
void dtf__wire_get_raw(struct wire_reader *reader, void *ret, size_t size);
struct slice dtf__wire_get_bytes(struct wire_reader *reader);
const char *dtf__wire_get_text(struct wire_reader *reader);
/* For readers of what this made: these bytes mean nothing. */
void dtf__wire_bad(struct wire_reader *reader);
/* Zeroed memory for what is read; NULL, and no_memory, when it is exhausted. */
void *dtf__wire_alloc(struct wire_reader *reader, size_t size);
static inline size_t dtf__wire_left(const struct wire_reader *reader) {
	return (size_t)(reader->end - reader->at);
}
/* 0, DTF_ECORRUPT or DTF_ENOMEM; `what` names it in the error's text. */
int dtf__wire_result(const struct wire_reader *reader, const char *what);

/*
 * A sealed block: a checksum of all that follows, a version, the body.  The
 * kind of block is mixed into the checksum, so that one is not read as another.
 * The checksum and the place of the version are the same in all versions.
 */
#define WIRE_HEAD 9

enum wire_kind { WIRE_RECORD = 1, WIRE_ROW = 2, WIRE_SNAPSHOT = 3 };

/* Reserves the head at the buffer's end and says where; seal it when the body is written. */
size_t dtf__wire_open(struct buf *buf, unsigned char version);
void dtf__wire_seal(struct buf *buf, size_t at, enum wire_kind kind);
/* Checks it; *ret_body is what follows the head.  DTF_ECORRUPT, DTF_EFORMAT. */
int dtf__wire_check(struct slice block, enum wire_kind kind, unsigned char version,
	const char *what, struct slice *ret_body);

#endif
