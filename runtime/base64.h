/* Bytes as text: RFC 4648, padded, and one text only for each value. */
#ifndef DTF_BASE64_H
#define DTF_BASE64_H

#include <stdbool.h>

#include "buf.h"

void dtf__base64_write(struct buf *buf, const unsigned char *bytes, size_t size);
/* Room for so many bytes is enough for what a text of that size says. */
static inline size_t dtf__base64_room(size_t size) {
	return size / 4 * 3 + 1;
}
bool dtf__base64_read(const char *text, size_t size, unsigned char *ret, size_t *ret_size);

#endif
