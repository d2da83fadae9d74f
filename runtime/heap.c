/*
 * A binary heap of ops, by a key: what is due when, or what is to start next.
 * Nothing is ever removed before its turn: an entry whose op is gone is
 * recognised when it is popped, which keeps cancelling a timer free and the
 * heap simple.  So that timers of months do not heap up under what is set and
 * cancelled all day, the whole is looked through whenever it has doubled.
 */
#include "engine.h"

#include <stdlib.h>

#include "error.h"

static bool earlier(const struct due *a, const struct due *b) {
	if (a->key != b->key) {
		return a->key < b->key;
	}
	if (a->ticket != b->ticket) {
		return a->ticket < b->ticket;
	}
	return a->instance != b->instance ? a->instance < b->instance : a->op < b->op;
}

int dtf__heap_push(struct heap *heap, struct due due) {
	if (heap->count == heap->capacity) {
		size_t capacity = heap->capacity == 0 ? 64 : heap->capacity * 2;
		struct due *entries = realloc(heap->entries, capacity * sizeof(*entries));
		if (entries == NULL) {
			return dtf__fail(DTF_ENOMEM, "out of memory for what is due");
		}
		heap->entries = entries;
		heap->capacity = capacity;
	}
	size_t i = heap->count++;
	while (i > 0 && earlier(&due, &heap->entries[(i - 1) / 2])) {
		heap->entries[i] = heap->entries[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	heap->entries[i] = due;
	return 0;
}

bool dtf__heap_pop(struct heap *heap, int64_t key_max, struct due *ret) {
	if (heap->count == 0 || heap->entries[0].key > key_max) {
		return false;
	}
	*ret = heap->entries[0];
	struct due last = heap->entries[--heap->count];
	size_t i = 0;
	for (;;) {
		size_t child = 2 * i + 1;
		if (child >= heap->count) {
			break;
		}
		if (child + 1 < heap->count &&
			earlier(&heap->entries[child + 1], &heap->entries[child])) {
			child++;
		}
		if (!earlier(&heap->entries[child], &last)) {
			break;
		}
		heap->entries[i] = heap->entries[child];
		i = child;
	}
	if (heap->count > 0) {
		heap->entries[i] = last;
	}
	return true;
}

static int by_op(const void *a, const void *b) {
	const struct due *x = a, *y = b;
	if (x->instance != y->instance) {
		return x->instance < y->instance ? -1 : 1;
	}
	if (x->op != y->op) {
		return x->op < y->op ? -1 : 1;
	}
	return earlier(x, y) ? -1 : earlier(y, x);
}

static int by_turn(const void *a, const void *b) {
	return earlier(a, b) ? -1 : earlier(b, a);
}

void dtf__heap_sift(struct heap *heap, bool (*f)(void *arg, struct due *due), void *arg) {
	size_t kept = 0;
	for (size_t i = 0; i < heap->count; i++) {
		struct due due = heap->entries[i];
		if (f(arg, &due)) {
			heap->entries[kept++] = due;
		}
	}
	if (kept > 0) {
		qsort(heap->entries, kept, sizeof(*heap->entries), by_op);
	}
	heap->count = 0;
	for (size_t i = 0; i < kept; i++) {
		const struct due *due = &heap->entries[i];
		const struct due *last = heap->count == 0 ? NULL : &heap->entries[heap->count - 1];
		bool same = last != NULL && last->instance == due->instance && last->op == due->op;
		if (!same || (due->op != 0 && last->key != due->key)) {
			heap->entries[heap->count++] = *due;
		}
	}
	if (heap->count > 0) {
		/* What is sorted is a heap. */
		qsort(heap->entries, heap->count, sizeof(*heap->entries), by_turn);
	}
}

int64_t dtf__heap_next(const struct heap *heap) {
	return heap->count == 0 ? INT64_MAX : heap->entries[0].key;
}

void dtf__heap_finish(struct heap *heap) {
	free(heap->entries);
	*heap = (struct heap){ 0 };
}
