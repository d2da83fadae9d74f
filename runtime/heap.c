/*
 * A binary heap of ops, by a key: what is due when, or what is to start next.
 * Nothing is ever removed before its turn: an entry whose op is gone is
 * recognised when it is popped, which keeps cancelling a timer free and the
 * heap simple.
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

int64_t dtf__heap_next(const struct heap *heap) {
	return heap->count == 0 ? INT64_MAX : heap->entries[0].key;
}

void dtf__heap_finish(struct heap *heap) {
	free(heap->entries);
	*heap = (struct heap){ 0 };
}
