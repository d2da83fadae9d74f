/*
 * Messages between partitions, on both sides.
 *
 * The sender numbers them and keeps each in its outbox, put there by the commit
 * that decided on it, until it is known to be durable at the other end.  It reads
 * them from there alone, so that beginning again is the same as going on; how far
 * it may be ahead of its receivers is bounded.
 *
 * The receiver lets a message in like a request, which is answered by the commit
 * that holds what it did.  With that commit goes how far the sender's messages
 * have been taken in: all up to a number, and those behind it that overtook one
 * that could not be recorded yet.  What comes again is known by that and dropped.
 *
 * The last message stays in the outbox although it is delivered: it says where
 * numbers go on.
 */
#include "post.h"

#include <stdlib.h>
#include <string.h>

#include "engine.h"
#include "error.h"
#include "wire.h"

/* So far ahead may a sender be. */
#define AHEAD_MAX      4096
#define AHEAD_SIZE_MAX ((size_t)16 * 1024 * 1024)
/* So many delivered ones are worth a commit of their own that deletes them. */
#define DELIVERED_MAX 1024

struct sent {
	uint64_t sequence;
	unsigned to;
	size_t size;
};

struct sender {
	uint64_t through;              /* all up to this are done */
	struct parcel *parcels, **end; /* those behind it, oldest first */
	/* Of those behind it, done before this engine: they will come again.  Owned. */
	uint64_t *ahead;
	size_t nahead;
};

void dtf__parcel_free(struct parcel *parcel) {
	if (parcel != NULL) {
		struct arena memory = parcel->memory;
		dtf__arena_finish(&memory);
	}
}

/* ---- how a letter looks in the outbox ---- */

static void encode(struct buf *buf, unsigned to, const struct letter *letter) {
	dtf__wire_put(buf, to);
	dtf__wire_put_text(buf, letter->id);
	dtf__wire_put(buf, letter->parent);
	dtf__wire_put_signed(buf, letter->execution);
	dtf__wire_put(buf, letter->op);
	dtf__buf_add(buf, letter->seed, sizeof(letter->seed));
	dtf__event_encode(buf, &letter->event);
}

static int decode(
	struct arena *arena, struct slice bytes, unsigned *ret_to, struct letter *letter) {
	struct wire_reader reader = {
		.at = bytes.data, .end = bytes.data + bytes.size, .arena = arena
	};
	*ret_to = dtf__wire_get_u32(&reader);
	letter->id = dtf__wire_get_text(&reader);
	letter->parent = dtf__wire_get(&reader);
	letter->execution = dtf__wire_get_signed(&reader);
	letter->op = dtf__wire_get_u32(&reader);
	dtf__wire_get_raw(&reader, letter->seed, sizeof(letter->seed));
	int rc = dtf__wire_result(&reader, "a message");
	struct slice rest = { reader.at, dtf__wire_left(&reader) };
	rc = rc == 0 ? dtf__event_decode(arena, &rest, &letter->event) : rc;
	return rc == 0 && letter->id == NULL ? dtf__fail(DTF_ECORRUPT, "a message to nobody") : rc;
}

/* ---- out ---- */

int dtf__post_send(struct engine *engine, unsigned to, const struct letter *letter) {
	struct buf bytes = { 0 };
	encode(&bytes, to, letter);
	bool ok = !bytes.failed &&
		dtf__batch_message(engine, (struct slice){ bytes.data, bytes.size });
	dtf__buf_finish(&bytes);
	return ok ? 0 : dtf__fail(DTF_ENOMEM, "out of memory for a message");
}

static bool is_acknowledged(const struct post *post, const struct sent *sent) {
	return sent->sequence <= post->acknowledged[sent->to];
}

static bool reserve_sent(struct post *post) {
	if (post->nsent < post->sent_capacity) {
		return true;
	}
	size_t capacity = post->sent_capacity == 0 ? 64 : post->sent_capacity * 2;
	struct sent *grown = realloc(post->sent, capacity * sizeof(*grown));
	if (grown != NULL) {
		post->sent = grown;
		post->sent_capacity = capacity;
	}
	return grown != NULL;
}

/* NULL: *ret_rc says why. */
static struct parcel *make_parcel(const struct engine *sender, uint64_t sequence,
	struct slice bytes, unsigned *ret_to, int *ret_rc) {
	struct arena memory = { 0 };
	struct parcel *parcel = dtf__arena_alloc(&memory, sizeof(*parcel));
	if (parcel == NULL) {
		*ret_rc = dtf__fail(DTF_ENOMEM, "out of memory for a message");
		return NULL;
	}
	parcel->memory = memory;
	parcel->sequence = sequence;
	parcel->from = sender->post.partition;
	*ret_rc = decode(&parcel->memory, bytes, ret_to, &parcel->letter);
	if (*ret_rc == 0 && *ret_to >= sender->post.count) {
		*ret_rc = dtf__fail(DTF_ECORRUPT,
			"message %llu is to a partition that is not there",
			(unsigned long long)sequence);
	}
	if (*ret_rc < 0) {
		dtf__parcel_free(parcel);
		return NULL;
	}
	return parcel;
}

struct handing {
	struct engine *engine;
	size_t count, size; /* on their way */
	int rc;
};

static bool hand_over(void *arg, uint64_t sequence, struct slice bytes) {
	struct handing *handing = arg;
	struct post *post = &handing->engine->post;
	struct parcel *parcel;
	unsigned to;
	bool room = handing->count == 0 ||
		(handing->count < AHEAD_MAX && handing->size + bytes.size <= AHEAD_SIZE_MAX);
	if (!room) {
		return false;
	}
	if (!reserve_sent(post)) {
		handing->rc = dtf__fail(DTF_ENOMEM, "out of memory for a message");
		return false;
	}
	parcel = make_parcel(handing->engine, sequence, bytes, &to, &handing->rc);
	if (handing->rc == DTF_ECORRUPT) {
		dtf__engine_log(handing->engine, DTF_LOG_ERROR, "", dtf_errmsg());
		post->handed = sequence; /* it stays where it is; the others go on */
		handing->rc = 0;
		return true;
	}
	if (parcel == NULL) {
		return false;
	}
	post->sent[post->nsent++] = (struct sent){ sequence, to, bytes.size };
	post->handed = sequence;
	handing->count++;
	handing->size += bytes.size;
	struct engine *receiver = post->engines[to];
	parcel->engine = receiver;
	dtf__queue_parcel(receiver->queue, parcel);
	return true;
}

static struct handing on_their_way(struct engine *engine) {
	const struct post *post = &engine->post;
	struct handing handing = { .engine = engine };
	for (size_t i = 0; i < post->nsent; i++) {
		bool underway = !is_acknowledged(post, &post->sent[i]);
		handing.count += underway ? 1 : 0;
		handing.size += underway ? post->sent[i].size : 0;
	}
	return handing;
}

int dtf__post_hand_over(struct engine *engine) {
	struct post *post = &engine->post;
	struct store *store = engine->store;
	if (post->handed >= post->last) {
		return 0;
	}
	post->starved = true; /* and then looks: receivers do it the other way round */
	struct handing handing = on_their_way(engine);
	int rc = store->ops->outbox(store, post->handed, hand_over, &handing);
	rc = rc == 0 ? handing.rc : rc;
	if (rc == DTF_ENOMEM) {
		dtf__engine_retry_later(engine);
		post->starved = false;
		return 0;
	}
	post->starved = post->handed < post->last;
	return rc;
}

bool dtf__post_wants_commit(const struct engine *engine) {
	const struct post *post = &engine->post;
	size_t delivered = 0;
	for (size_t i = 0; i < post->nsent; i++) {
		delivered += is_acknowledged(post, &post->sent[i]) ? 1 : 0;
	}
	return delivered >= DELIVERED_MAX;
}

bool dtf__post_goes_on(const struct engine *engine) {
	const struct post *post = &engine->post;
	return post->nwaiting > 0 || (post->handed < post->last && !post->starved);
}

/* ---- in ---- */

static void tell_sender(const struct engine *engine, unsigned from) {
	struct post *sender = &engine->post.engines[from]->post;
	sender->acknowledged[engine->post.partition] = engine->post.senders[from].through;
	if (sender->starved) {
		dtf__queue_poke(engine->post.engines[from]->queue);
	}
}

/* All that is done and has nothing before it that is not. */
static void advance(struct engine *engine, unsigned from) {
	struct sender *sender = &engine->post.senders[from];
	while (sender->parcels != NULL && sender->parcels->done) {
		struct parcel *parcel = sender->parcels;
		sender->parcels = parcel->next;
		sender->through = parcel->sequence;
		dtf__parcel_free(parcel);
	}
	for (size_t i = sender->nahead; i > 0; i--) {
		if (sender->ahead[i - 1] <= sender->through) {
			sender->ahead[i - 1] = sender->ahead[--sender->nahead];
		}
	}
	if (sender->parcels == NULL) {
		sender->end = &sender->parcels;
	}
}

static void answered(struct request *request, int rc, const char *text) {
	(void)rc;
	(void)text;
	struct parcel *parcel = request->arg;
	struct engine *engine = parcel->engine;
	if (request->in_batch) {
		parcel->done = true;
	} else {
		parcel->admitted = false; /* it could not be recorded: once more */
		engine->post.nwaiting++;
	}
}

static void append(struct sender *sender, struct parcel *parcel) {
	parcel->next = NULL;
	*sender->end = parcel;
	sender->end = &parcel->next;
}

/* Then it comes for the second time and the last. */
static bool was_ahead(struct sender *sender, uint64_t sequence) {
	for (size_t i = 0; i < sender->nahead; i++) {
		if (sender->ahead[i] == sequence) {
			sender->ahead[i] = sender->ahead[--sender->nahead];
			return true;
		}
	}
	return false;
}

void dtf__post_receive(struct engine *engine, struct parcel *parcel) {
	struct post *post = &engine->post;
	while (parcel != NULL) {
		struct parcel *next = parcel->next;
		struct sender *sender = &post->senders[parcel->from];
		if (parcel->sequence <= sender->through) {
			tell_sender(engine, parcel->from);
			dtf__parcel_free(parcel);
		} else {
			bool done = was_ahead(sender, parcel->sequence);
			parcel->request = (struct request){ .id = parcel->letter.id,
				.name = parcel->letter.event.name,
				.letter = &parcel->letter,
				.answer = answered,
				.arg = parcel };
			parcel->done = done;
			append(sender, parcel);
			post->nwaiting += done ? 0 : 1;
		}
		parcel = next;
	}
}

void dtf__post_admit(struct engine *engine) {
	struct post *post = &engine->post;
	for (unsigned i = 0; post->nwaiting > 0 && i < post->count; i++) {
		struct parcel *parcel = post->senders[i].parcels;
		for (; parcel != NULL && engine->batch.size < RECORDS_SIZE_MAX;
			parcel = parcel->next) {
			if (!parcel->admitted && !parcel->done) {
				parcel->admitted = true;
				post->nwaiting--;
				dtf__request_admit(engine, &parcel->request);
			}
			if (!parcel->admitted && !parcel->done) {
				/* What comes behind it may rest on it. */
				dtf__engine_retry_later(engine);
				break;
			}
		}
	}
}

/* ---- what a commit says ---- */

static bool is_through(const struct parcel *parcel) {
	return parcel->done || parcel->request.in_batch;
}

/* Up to where all are; how many behind that are, and their numbers. */
static bool describe(struct engine *engine, const struct sender *sender, struct slice *ret) {
	struct buf numbers = { 0 }, bytes = { 0 };
	uint64_t through = sender->through, count = 0;
	bool whole = true;
	for (const struct parcel *m = sender->parcels; m != NULL; m = m->next) {
		whole = whole && is_through(m);
		if (whole) {
			through = m->sequence;
		} else if (is_through(m)) {
			dtf__wire_put(&numbers, m->sequence);
			count++;
		}
	}
	for (size_t i = 0; i < sender->nahead; i++, count++) {
		dtf__wire_put(&numbers, sender->ahead[i]);
	}
	dtf__wire_put(&bytes, through);
	dtf__wire_put(&bytes, count);
	dtf__buf_add(&bytes, numbers.data, numbers.size);
	const char *copy = bytes.failed || numbers.failed
		? NULL
		: dtf__arena_copy(&engine->batch.arena, bytes.data, bytes.size);
	*ret = (struct slice){ copy, bytes.size };
	dtf__buf_finish(&numbers);
	dtf__buf_finish(&bytes);
	return copy != NULL;
}

static bool changes(const struct sender *sender) {
	const struct parcel *parcel = sender->parcels;
	while (parcel != NULL && (parcel->done || !parcel->request.in_batch)) {
		parcel = parcel->next;
	}
	return parcel != NULL;
}

bool dtf__post_put(struct engine *engine, struct store_batch *write) {
	struct post *post = &engine->post;
	write->messages = engine->batch.messages;
	write->nmessages = engine->batch.nmessages;
	write->first_message = post->last + 1;
	if (post->engines == NULL) {
		return true;
	}
	struct arena *arena = &engine->batch.arena;
	uint64_t *delivered = dtf__arena_alloc(arena, (post->nsent + 1) * sizeof(*delivered));
	struct store_put_received *received = dtf__arena_alloc(
		arena, post->count * sizeof(*received));
	if (delivered == NULL || received == NULL) {
		return false;
	}
	uint64_t last = post->last + write->nmessages;
	for (size_t i = 0; i < post->nsent; i++) {
		if (is_acknowledged(post, &post->sent[i]) && post->sent[i].sequence != last) {
			delivered[write->ndelivered++] = post->sent[i].sequence;
		}
	}
	bool ok = true;
	for (unsigned i = 0; i < post->count && ok; i++) {
		if (changes(&post->senders[i])) {
			struct store_put_received *put = &received[write->nreceived++];
			put->from = i;
			ok = describe(engine, &post->senders[i], &put->value);
		}
	}
	write->delivered = delivered;
	write->received = received;
	return ok;
}

void dtf__post_committed(struct engine *engine, const struct store_batch *write) {
	struct post *post = &engine->post;
	post->last += write->nmessages;
	size_t kept = 0, gone = 0;
	for (size_t i = 0; i < post->nsent; i++) {
		bool deleted = gone < write->ndelivered &&
			write->delivered[gone] == post->sent[i].sequence;
		gone += deleted ? 1 : 0;
		post->sent[kept] = post->sent[i];
		kept += deleted ? 0 : 1;
	}
	post->nsent = kept;
}

void dtf__post_answered(struct engine *engine) {
	struct post *post = &engine->post;
	for (unsigned i = 0; post->engines != NULL && i < post->count; i++) {
		uint64_t before = post->senders[i].through;
		advance(engine, i);
		if (post->senders[i].through != before) {
			tell_sender(engine, i);
		}
	}
}

/* ---- beginning and end ---- */

int dtf__post_join(
	struct engine *engine, struct engine *const *engines, unsigned partition, unsigned count) {
	struct post *post = &engine->post;
	post->acknowledged = calloc(count, sizeof(*post->acknowledged));
	post->senders = calloc(count, sizeof(*post->senders));
	if (post->acknowledged == NULL || post->senders == NULL) {
		return dtf__fail(DTF_ENOMEM, "out of memory for an engine");
	}
	for (unsigned i = 0; i < count; i++) {
		post->senders[i].end = &post->senders[i].parcels;
	}
	post->engines = engines;
	post->partition = partition;
	post->count = count;
	return 0;
}

void dtf__post_finish(struct engine *engine) {
	struct post *post = &engine->post;
	for (unsigned i = 0; post->senders != NULL && i < post->count; i++) {
		while (post->senders[i].parcels != NULL) {
			struct parcel *next = post->senders[i].parcels->next;
			dtf__parcel_free(post->senders[i].parcels);
			post->senders[i].parcels = next;
		}
		free(post->senders[i].ahead);
	}
	free(post->senders);
	free(post->acknowledged);
	free(post->sent);
	*post = (struct post){ .count = 1 };
}

static bool take_last(void *arg, uint64_t sequence, struct slice bytes) {
	(void)bytes;
	*(uint64_t *)arg = sequence;
	return true;
}

static int read_mark(struct sender *sender, struct slice bytes) {
	struct wire_reader reader = { .at = bytes.data, .end = bytes.data + bytes.size };
	free(sender->ahead); /* of an attempt to begin that failed */
	sender->nahead = 0;
	sender->through = dtf__wire_get(&reader);
	uint64_t count = dtf__wire_get_upto(&reader, bytes.size);
	sender->ahead = count == 0 ? NULL : calloc(count, sizeof(*sender->ahead));
	if (count > 0 && sender->ahead == NULL) {
		return dtf__fail(DTF_ENOMEM, "out of memory for messages");
	}
	while (sender->nahead < count) {
		sender->ahead[sender->nahead++] = dtf__wire_get(&reader);
	}
	return dtf__wire_result(&reader, "the mark of messages");
}

static int read_sender(struct engine *engine, unsigned from) {
	struct arena arena = { 0 };
	struct slice bytes;
	int rc = engine->store->ops->received(engine->store, &arena, from, &bytes);
	rc = rc == 0 ? read_mark(&engine->post.senders[from], bytes) : rc;
	dtf__arena_finish(&arena);
	return rc > 0 ? 0 : rc;
}

int dtf__post_recover(struct engine *engine) {
	struct post *post = &engine->post;
	struct store *store = engine->store;
	if (post->engines == NULL) {
		return 0;
	}
	int rc = store->ops->outbox(store, 0, take_last, &post->last);
	for (unsigned i = 0; rc == 0 && i < post->count; i++) {
		rc = read_sender(engine, i);
		if (rc == 0) {
			tell_sender(engine, i);
		}
	}
	return rc == 0 ? dtf__post_hand_over(engine) : rc;
}
