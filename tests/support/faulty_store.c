/*
 * Dying at the Nth commit, for N = 1, 2, … until a run needs fewer, visits
 * every state that a crash can leave behind: between two commits nothing
 * durable happens.  Each N has two variants, because a commit may be durable
 * although nobody was told.
 *
 * In one process a crash is an error that stays: the engine sees its commit
 * fail and nothing that it does afterwards reaches the store.  In a child
 * process the fault can be a real SIGKILL.
 */
#include "faulty_store.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "../../runtime/error.h"

struct faulty {
	struct store base;
	struct store *inner; /* owned */
	struct fault fault;
	_Atomic uint64_t commits, reads;
	_Atomic int dead; /* the code that everything returns; 0 = alive */
};

static struct faulty *of(struct store *store) {
	return (struct faulty *)store;
}

static int is_dead(struct store *store) {
	int code = of(store)->dead;
	return code == 0 ? 0 : dtf__fail(code, "a test made the store fail for good");
}

static int strike(struct faulty *faulty) {
	if (faulty->fault.code == 0) {
		(void)raise(SIGKILL);
	}
	if (faulty->fault.for_good) {
		faulty->dead = faulty->fault.code;
	}
	return dtf__fail(faulty->fault.code, "a test made commit %llu fail",
		(unsigned long long)faulty->fault.at);
}

static int faulty_commit(struct store *store, const struct store_batch *batch) {
	struct faulty *faulty = of(store);
	int rc = is_dead(store);
	if (rc < 0) {
		return rc;
	}
	bool now = ++faulty->commits == faulty->fault.at;
	if (now && faulty->fault.when == FAULT_BEFORE) {
		return strike(faulty);
	}
	rc = faulty->inner->ops->commit(faulty->inner, batch);
	return now && rc == 0 ? strike(faulty) : rc;
}

static void faulty_close(struct store *store) {
	if (store != NULL) {
		of(store)->inner->ops->close(of(store)->inner);
		free(store);
	}
}

static uint64_t faulty_next(struct store *store) {
	return of(store)->inner->ops->next(of(store)->inner);
}

static uint64_t faulty_next_instance(struct store *store) {
	return of(store)->inner->ops->next_instance(of(store)->inner);
}

static int64_t faulty_clock_ms(struct store *store) {
	return of(store)->inner->ops->clock_ms(of(store)->inner);
}

static uint64_t faulty_epoch(struct store *store) {
	return of(store)->inner->ops->epoch(of(store)->inner);
}

static int faulty_record(
	struct store *store, struct arena *arena, uint64_t position, struct slice *ret) {
	int rc = is_dead(store);
	struct store *inner = of(store)->inner;
	of(store)->reads++;
	return rc < 0 ? rc : inner->ops->record(inner, arena, position, ret);
}

static int faulty_row(
	struct store *store, struct arena *arena, uint64_t instance, struct slice *ret) {
	int rc = is_dead(store);
	struct store *inner = of(store)->inner;
	return rc < 0 ? rc : inner->ops->row(inner, arena, instance, ret);
}

static int faulty_snapshot(
	struct store *store, struct arena *arena, uint64_t instance, struct slice *ret) {
	int rc = is_dead(store);
	struct store *inner = of(store)->inner;
	return rc < 0 ? rc : inner->ops->snapshot(inner, arena, instance, ret);
}

static int faulty_find(struct store *store, const char *id, uint64_t *ret_instance) {
	int rc = is_dead(store);
	struct store *inner = of(store)->inner;
	return rc < 0 ? rc : inner->ops->find(inner, id, ret_instance);
}

static int faulty_mark(
	struct store *store, uint64_t instance, const char *event, const char *event_id) {
	int rc = is_dead(store);
	struct store *inner = of(store)->inner;
	return rc < 0 ? rc : inner->ops->mark(inner, instance, event, event_id);
}

static int faulty_manifest(
	struct store *store, struct arena *arena, const char *hash, struct slice *ret) {
	int rc = is_dead(store);
	struct store *inner = of(store)->inner;
	return rc < 0 ? rc : inner->ops->manifest(inner, arena, hash, ret);
}

static int faulty_rows(struct store *store, uint64_t after,
	bool (*f)(void *arg, uint64_t instance, struct slice row), void *arg) {
	int rc = is_dead(store);
	struct store *inner = of(store)->inner;
	return rc < 0 ? rc : inner->ops->rows(inner, after, f, arg);
}

static int faulty_index(struct store *store, enum store_index index, uint64_t key,
	uint64_t instance, bool (*f)(void *arg, uint64_t key, uint64_t instance), void *arg) {
	int rc = is_dead(store);
	struct store *inner = of(store)->inner;
	return rc < 0 ? rc : inner->ops->index(inner, index, key, instance, f, arg);
}

static int faulty_trash(struct store *store, uint64_t *ret_position) {
	int rc = is_dead(store);
	struct store *inner = of(store)->inner;
	return rc < 0 ? rc : inner->ops->trash(inner, ret_position);
}

static int faulty_outbox(struct store *store, uint64_t after,
	bool (*f)(void *arg, uint64_t sequence, struct slice message), void *arg) {
	int rc = is_dead(store);
	struct store *inner = of(store)->inner;
	return rc < 0 ? rc : inner->ops->outbox(inner, after, f, arg);
}

static int faulty_received(
	struct store *store, struct arena *arena, uint64_t from, struct slice *ret) {
	int rc = is_dead(store);
	struct store *inner = of(store)->inner;
	return rc < 0 ? rc : inner->ops->received(inner, arena, from, ret);
}

static int faulty_inbox_append(struct store *store, struct slice command, uint64_t *ret_sequence) {
	int rc = is_dead(store);
	struct store *inner = of(store)->inner;
	return rc < 0 ? rc : inner->ops->inbox_append(inner, command, ret_sequence);
}

static int faulty_inbox(struct store *store, uint64_t after,
	bool (*f)(void *arg, uint64_t sequence, struct slice command), void *arg) {
	int rc = is_dead(store);
	struct store *inner = of(store)->inner;
	return rc < 0 ? rc : inner->ops->inbox(inner, after, f, arg);
}

static int faulty_answer(
	struct store *store, struct arena *arena, const char *request, struct slice *ret) {
	int rc = is_dead(store);
	struct store *inner = of(store)->inner;
	return rc < 0 ? rc : inner->ops->answer(inner, arena, request, ret);
}

static int faulty_owned(struct store *store) {
	return of(store)->inner->ops->owned(of(store)->inner);
}

static int faulty_wake_fd(struct store *store) {
	return of(store)->inner->ops->wake_fd(of(store)->inner);
}

static void faulty_drain(struct store *store) {
	of(store)->inner->ops->drain(of(store)->inner);
}

static const struct store_ops faulty_ops = {
	.close = faulty_close,
	.next = faulty_next,
	.next_instance = faulty_next_instance,
	.clock_ms = faulty_clock_ms,
	.epoch = faulty_epoch,
	.commit = faulty_commit,
	.record = faulty_record,
	.row = faulty_row,
	.snapshot = faulty_snapshot,
	.find = faulty_find,
	.mark = faulty_mark,
	.manifest = faulty_manifest,
	.rows = faulty_rows,
	.index = faulty_index,
	.trash = faulty_trash,
	.outbox = faulty_outbox,
	.received = faulty_received,
	.inbox_append = faulty_inbox_append,
	.inbox = faulty_inbox,
	.answer = faulty_answer,
	.owned = faulty_owned,
	.wake_fd = faulty_wake_fd,
	.drain = faulty_drain,
};

int faulty_store_open(struct store *inner, struct store **ret) {
	struct faulty *faulty = calloc(1, sizeof(*faulty));
	if (faulty == NULL) {
		return dtf__fail(DTF_ENOMEM, "out of memory");
	}
	faulty->base.ops = &faulty_ops;
	faulty->inner = inner;
	*ret = &faulty->base;
	return 0;
}

void faulty_store_plan(struct store *store, const struct fault *fault) {
	of(store)->fault = fault == NULL ? (struct fault){ 0 } : *fault;
	of(store)->commits = 0;
	of(store)->dead = 0;
}

uint64_t faulty_store_reads(struct store *store) {
	return of(store)->reads;
}

uint64_t faulty_store_commits(struct store *store) {
	return of(store)->commits;
}
