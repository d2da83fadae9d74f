/*
 * A sorted set in pages: an array of arrays, both sorted.
 *
 * Finding is two binary searches.  Adding moves half a page on average, and when one
 * is full and splits, the pages behind it; for the hundred thousand places of rows that
 * wait for a checkpoint that is less than a tree's pointers would cost.
 */
#include "order.h"

#include <stdlib.h>
#include <string.h>

#define PAGE 128 /* places */

struct order_page {
	size_t count;
	struct index_place places[PAGE];
};

bool dtf__place_before(struct index_place a, struct index_place b) {
	return a.key != b.key ? a.key < b.key : a.instance < b.instance;
}

/* The first in the page that is not before the place. */
static size_t lower_bound(const struct order_page *page, struct index_place place) {
	size_t low = 0, high = page->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (dtf__place_before(page->places[middle], place)) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low;
}

/* The first page whose last is not before the place; npages: all are. */
static size_t find_page(const struct order *order, struct index_place place) {
	size_t low = 0, high = order->npages;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct order_page *page = order->pages[middle];
		if (dtf__place_before(page->places[page->count - 1], place)) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low;
}

/* Puts a page that has the places from `from` on of the one before, or none, at `at`. */
static bool insert_page(struct order *order, size_t at, size_t from) {
	if (order->npages == order->capacity) {
		size_t capacity = order->capacity == 0 ? 8 : order->capacity * 2;
		struct order_page **pages = realloc(
			order->pages, capacity * sizeof(struct order_page *));
		if (pages == NULL) {
			return false;
		}
		order->pages = pages;
		order->capacity = capacity;
	}
	struct order_page *page = malloc(sizeof(*page));
	if (page == NULL) {
		return false;
	}
	page->count = 0;
	if (at > 0) {
		struct order_page *before = order->pages[at - 1];
		page->count = before->count - from;
		memcpy(page->places, before->places + from,
			page->count * sizeof(struct index_place));
		before->count = from;
	}
	memmove(order->pages + at + 1, order->pages + at,
		(order->npages - at) * sizeof(struct order_page *));
	order->pages[at] = page;
	order->npages++;
	return true;
}

bool dtf__order_add(struct order *order, struct index_place place) {
	size_t at = find_page(order, place);
	if (at == order->npages && at > 0) {
		at--; /* behind all: at the end of the last page */
	}
	if (order->npages == 0 && !insert_page(order, 0, 0)) {
		return false;
	}
	struct order_page *page = order->pages[at];
	size_t i = lower_bound(page, place);
	if (i < page->count && !dtf__place_before(place, page->places[i])) {
		return true;
	}
	if (page->count == PAGE) {
		/* What only grows at its end leaves full pages behind. */
		size_t from = i == PAGE ? PAGE : PAGE / 2;
		if (!insert_page(order, at + 1, from)) {
			return false;
		}
		if (i >= from) {
			page = order->pages[at + 1];
			i -= from;
		}
	}
	memmove(page->places + i + 1, page->places + i,
		(page->count - i) * sizeof(struct index_place));
	page->places[i] = place;
	page->count++;
	return true;
}

bool dtf__order_has(const struct order *order, struct index_place place) {
	size_t at = find_page(order, place);
	if (at == order->npages) {
		return false;
	}
	const struct order_page *page = order->pages[at];
	return !dtf__place_before(place, page->places[lower_bound(page, place)]);
}

struct order_at dtf__order_behind(const struct order *order, struct index_place place) {
	struct order_at at = { find_page(order, place), 0 };
	if (at.page < order->npages) {
		const struct order_page *page = order->pages[at.page];
		at.at = lower_bound(page, place);
		if (!dtf__place_before(place, page->places[at.at])) {
			dtf__order_next(order, &at);
		}
	}
	return at;
}

bool dtf__order_get(const struct order *order, struct order_at at, struct index_place *ret) {
	if (at.page == order->npages) {
		return false;
	}
	*ret = order->pages[at.page]->places[at.at];
	return true;
}

void dtf__order_next(const struct order *order, struct order_at *at) {
	if (++at->at == order->pages[at->page]->count) {
		at->page++;
		at->at = 0;
	}
}

void dtf__order_remove(struct order *order, struct order_at *at) {
	struct order_page *page = order->pages[at->page];
	page->count--;
	memmove(page->places + at->at, page->places + at->at + 1,
		(page->count - at->at) * sizeof(struct index_place));
	if (page->count == 0) {
		free(page);
		order->npages--;
		memmove(order->pages + at->page, order->pages + at->page + 1,
			(order->npages - at->page) * sizeof(struct order_page *));
	} else if (at->at == page->count) {
		at->page++;
		at->at = 0;
	}
}

void dtf__order_finish(struct order *order) {
	for (size_t i = 0; i < order->npages; i++) {
		free(order->pages[i]);
	}
	free(order->pages);
	*order = (struct order){ 0 };
}
