/*
 * The event ids that a batch accepts, as the store takes them, and found by what
 * they are: a second event of one id may come in the same round.
 *
 * A chain begins with its newest mark, so taking the newest ones out again is
 * going back in their chains.
 */
#include "marks.h"

#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define ROOM_MIN 32

static uint64_t hash_of(const struct store_put_mark *mark) {
	uint64_t hash = XXH3_64bits_withSeed(mark->event, strlen(mark->event), mark->instance);
	return XXH3_64bits_withSeed(mark->event_id, strlen(mark->event_id), hash);
}

static uint32_t *head_of(const struct marks *marks, uint64_t hash) {
	return &marks->heads[hash & (marks->capacity - 1)];
}

static void link_mark(struct marks *marks, size_t number) {
	struct mark_link *link = &marks->links[number];
	uint32_t *head = head_of(marks, link->hash);
	link->next = *head;
	*head = (uint32_t)number + 1;
}

static bool grow(struct marks *marks) {
	size_t capacity = marks->capacity == 0 ? ROOM_MIN : marks->capacity * 2;
	struct store_put_mark *grown = realloc(marks->marks, capacity * sizeof(*grown));
	marks->marks = grown == NULL ? marks->marks : grown;
	struct mark_link *links = realloc(marks->links, capacity * sizeof(*links));
	marks->links = links == NULL ? marks->links : links;
	uint32_t *heads = capacity > UINT32_MAX ? NULL : calloc(capacity, sizeof(*heads));
	if (grown == NULL || links == NULL || heads == NULL) {
		free(heads);
		return false;
	}
	free(marks->heads);
	marks->heads = heads;
	marks->capacity = capacity;
	for (size_t i = 0; i < marks->count; i++) {
		link_mark(marks, i);
	}
	return true;
}

bool dtf__marks_add(struct marks *marks, struct store_put_mark mark) {
	if (marks->count == marks->capacity && !grow(marks)) {
		return false;
	}
	marks->marks[marks->count] = mark;
	marks->links[marks->count].hash = hash_of(&mark);
	link_mark(marks, marks->count++);
	return true;
}

bool dtf__marks_have(const struct marks *marks, struct store_put_mark mark) {
	if (marks->count == 0) {
		return false;
	}
	uint64_t hash = hash_of(&mark);
	for (uint32_t n = *head_of(marks, hash); n != 0; n = marks->links[n - 1].next) {
		const struct store_put_mark *other = &marks->marks[n - 1];
		if (marks->links[n - 1].hash == hash && other->instance == mark.instance &&
			strcmp(other->event, mark.event) == 0 &&
			strcmp(other->event_id, mark.event_id) == 0) {
			return true;
		}
	}
	return false;
}

void dtf__marks_go_back(struct marks *marks, size_t count) {
	while (marks->count > count) {
		const struct mark_link *link = &marks->links[--marks->count];
		*head_of(marks, link->hash) = link->next;
	}
}

void dtf__marks_finish(struct marks *marks) {
	free(marks->marks);
	free(marks->links);
	free(marks->heads);
	*marks = (struct marks){ 0 };
}
