/*
 * A machine between two micro-steps, in bytes and back.
 *
 * A snapshot stands beside the log and says nothing that is not in it: it saves
 * replaying what came before.  It belongs to the code that made it; one of other
 * code, of another format or a damaged one is not read, and the history is
 * replayed from its start.
 */
#ifndef DTF_SNAPSHOT_H
#define DTF_SNAPSHOT_H

#include "execution.h"

#define SNAPSHOT_FORMAT    1
#define SNAPSHOT_DEPTH_MAX 200 /* strands within strands; a block in a block is one */

/* ---- snapshot_write.c ---- */

/*
 * Appends it, with the position of the last record that is in it.  SNAPSHOT_NONE,
 * and nothing is appended: this machine cannot be written, or not in size_max
 * bytes.  Its workflow was not made by dtfc, its code waits to be begun, it has
 * ended or stands still, or a variable holds what pack.h cannot write.
 */
#define SNAPSHOT_NONE 1
int dtf__snapshot_encode(struct dtf_ctx *ctx, uint64_t instance, uint64_t position, size_t size_max,
	struct buf *buf);

/* ---- snapshot_read.c ---- */

struct snapshot {
	uint64_t instance, position;
	int64_t execution;
	uint32_t events;
	struct slice body;
};

/* Checks it and reads its head; the body stays where it is.  SNAPSHOT_OTHER: not
 * by this code.  DTF_ECORRUPT. */
#define SNAPSHOT_OTHER 1
int dtf__snapshot_open(
	const struct dtf_workflow_def *workflow, struct slice bytes, struct snapshot *ret);
/*
 * The machine.  DTF_ECORRUPT: it does not read as one.  The checksum is for
 * accidents: who can make one for bytes of his own could as well write a history.
 */
int dtf__snapshot_decode(const struct dtf_workflow_def *workflow, const struct execution_host *host,
	const struct snapshot *snapshot, struct dtf_ctx **ret);

/* ---- snapshot_strand.c ---- */

/* The body's strand and all that hangs from it.  NULL: it does not read as one. */
struct wire_reader;
struct strand *dtf__snapshot_strands(struct dtf_ctx *ctx, struct wire_reader *reader);

/* ---- snapshot_shape.c ---- */

/* A hash of all that a snapshot's bytes depend on: the code, and the tables of the
 * types, steps, events and children that it uses.  False: memory is exhausted. */
bool dtf__snapshot_shape(const struct dtf_workflow_def *workflow, uint64_t *ret);

#endif
