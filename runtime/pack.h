/*
 * Values as the machine has them, in bytes and back, exactly: for snapshots,
 * and to tell whether two values are the same.  People and other programs see
 * values as JSON (codec.h).
 */
#ifndef DTF_PACK_H
#define DTF_PACK_H

#include <dtf/abi.h>

#include "wire.h"

/*
 * Appends the value.  False: it cannot be written (a list over VALUE_MAX, a float
 * that is not finite, nested too deeply), or the buffer would hold more than
 * size_max bytes: values that share their parts in memory do not in bytes.
 */
bool dtf__pack(struct buf *buf, size_t size_max, const struct dtf_type *type, const void *value);
/* Reads one into *ret, which is zeroed and of the type's size. */
void dtf__unpack(struct wire_reader *reader, const struct dtf_type *type, void *ret);

void dtf__pack_failure(struct buf *buf, const struct dtf_failure *failure);
void dtf__unpack_failure(struct wire_reader *reader, struct dtf_failure *ret);

#endif
