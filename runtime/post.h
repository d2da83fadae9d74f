/*
 * Messages between the partitions of a directory: each is taken in exactly once.
 *
 * What a commit sends lies in the sender's outbox with it.  It is handed over
 * when that is durable, and again by the next engine, until the receiver's
 * commits have it; there the sender and the message's number say what has come
 * before.
 */
#ifndef DTF_POST_H
#define DTF_POST_H

#include <stdatomic.h>

#include "event.h"
#include "store/partition.h"

struct engine;
struct parcel;

/* What one partition tells another; which of the instances it is for follows from the
 * event: a child, by its id, or a parent, by its number. */
struct letter {
	const char *id;  /* of the child; "" to a parent */
	uint64_t parent; /* the call: its instance, execution and command */
	int64_t execution;
	uint32_t op;
	unsigned char seed[16]; /* of a child that is to start */
	struct event event;
};

struct post {
	unsigned partition, count;      /* this one, of so many */
	struct engine *const *engines;  /* by partition, borrowed; NULL: it is alone */
	uint64_t last;                  /* message in the outbox; or there were none */
	uint64_t handed;                /* over to their receivers, up to this one */
	struct sent *sent;              /* those, as far as they are in the outbox; owned */
	size_t nsent, sent_capacity;    /* oldest first */
	_Atomic uint64_t *acknowledged; /* by receiver: it has all up to this; owned array */
	atomic_bool starved;            /* waits for one of them */
	struct sender *senders;         /* by partition; owned array */
	size_t nwaiting;                /* messages that are not admitted */
};

/* Makes one of these engines a partition; before it recovers. */
int dtf__post_join(
	struct engine *engine, struct engine *const *engines, unsigned partition, unsigned count);
void dtf__post_finish(struct engine *engine);
int dtf__post_recover(struct engine *engine);
/* Puts it into the batch. */
int dtf__post_send(struct engine *engine, unsigned to, const struct letter *letter);
/* Hands over what is in the outbox, as far as receivers have room. */
int dtf__post_hand_over(struct engine *engine);
/* Takes a list of messages over, oldest first, and lets in what waits. */
void dtf__post_receive(struct engine *engine, struct parcel *parcels);
void dtf__post_admit(struct engine *engine);
/* There is something to do in the next round. */
bool dtf__post_goes_on(const struct engine *engine);
void dtf__parcel_free(struct parcel *parcel);

/* What the batch has to say of messages: the arrays are the arena's. */
struct store_batch;
bool dtf__post_put(struct engine *engine, struct store_batch *write);
/* Should there be a commit for that alone? */
bool dtf__post_wants_commit(const struct engine *engine);
/* It is durable. */
void dtf__post_committed(struct engine *engine, const struct store_batch *write);
/* And answered: senders hear of it. */
void dtf__post_answered(struct engine *engine);

/* queue.c: both in order of coming. */
struct queue;
void dtf__queue_parcel(struct queue *queue, struct parcel *parcel);
struct parcel *dtf__queue_parcels(struct queue *queue);

#endif
