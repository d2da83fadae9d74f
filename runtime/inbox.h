/* How commands look in the durable inbox, for both ends. */
#ifndef DTF_INBOX_H
#define DTF_INBOX_H

#include "engine.h"

void dtf__inbox_encode(struct buf *buf, const char *request_id, const struct request *request);
/* The engine's answer: its code, and its text copied. */
int dtf__inbox_decode_answer(struct slice json, char *text, size_t size);

#endif
