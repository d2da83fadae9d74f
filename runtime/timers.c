/*
 * A binary heap of what is due when.  Nothing is ever removed before its time:
 * an entry whose op is gone is recognised when it is popped, which keeps
 * cancelling a timer free and the heap simple.
 */
#include "engine.h"

#include <stdlib.h>

#include "error.h"

static bool earlier(const struct due *a, const struct due *b) {
	if (a->time_ms != b->time_ms) {
		return a->time_ms < b->time_ms;
	}
	return a->instance != b->instance ? a->instance < b->instance : a->op < b->op;
}

int dtf__timers_push(struct timers *timers, int64_t time_ms, uint64_t instance, uint32_t op) {
	if (timers->count == timers->capacity) {
		size_t capacity = timers->capacity == 0 ? 64 : timers->capacity * 2;
		struct due *heap = realloc(timers->heap, capacity * sizeof(*heap));
		if (heap == NULL) {
			return dtf__fail(DTF_ENOMEM, "out of memory for timers");
		}
		timers->heap = heap;
		timers->capacity = capacity;
	}
	struct due due = { time_ms, instance, op };
	size_t i = timers->count++;
	while (i > 0 && earlier(&due, &timers->heap[(i - 1) / 2])) {
		timers->heap[i] = timers->heap[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	timers->heap[i] = due;
	return 0;
}

bool dtf__timers_pop(struct timers *timers, int64_t now_ms, struct due *ret) {
	if (timers->count == 0 || timers->heap[0].time_ms > now_ms) {
		return false;
	}
	*ret = timers->heap[0];
	struct due last = timers->heap[--timers->count];
	size_t i = 0;
	for (;;) {
		size_t child = 2 * i + 1;
		if (child >= timers->count) {
			break;
		}
		if (child + 1 < timers->count &&
			earlier(&timers->heap[child + 1], &timers->heap[child])) {
			child++;
		}
		if (!earlier(&timers->heap[child], &last)) {
			break;
		}
		timers->heap[i] = timers->heap[child];
		i = child;
	}
	if (timers->count > 0) {
		timers->heap[i] = last;
	}
	return true;
}

int64_t dtf__timers_next(const struct timers *timers) {
	return timers->count == 0 ? INT64_MAX : timers->heap[0].time_ms;
}

void dtf__timers_finish(struct timers *timers) {
	free(timers->heap);
	*timers = (struct timers){ 0 };
}
