/*
 * Damerau-Levenshtein with git's weights: two letters swapped cost nothing, a
 * letter left out is cheaper than a wrong one, and a letter too many is dearest,
 * because people abbreviate more than they invent.
 *
 * A suggestion that is wrong costs more than none: it is made only if one
 * candidate is strictly nearest and its distance at most a third of the wanted
 * name's length, plus one.  Names that differ in case only always qualify.
 */
#include "suggest.h"

#include <string.h>
#include <strings.h>

enum { SWAP = 0, SUBSTITUTE = 2, INSERT = 1, DELETE = 3 };
enum { LENGTH_MAX = 128 };

static unsigned least(unsigned a, unsigned b) {
	return a < b ? a : b;
}

/* What it costs to make `to` of `from`; both shorter than LENGTH_MAX. */
static unsigned distance(const char *from, size_t nfrom, const char *to, size_t nto) {
	unsigned rows[3][LENGTH_MAX + 1];
	unsigned *before = rows[0], *last = rows[1], *row = rows[2];
	for (size_t j = 0; j <= nto; j++) {
		last[j] = (unsigned)j * INSERT;
	}
	for (size_t i = 0; i < nfrom; i++) {
		row[0] = (unsigned)(i + 1) * DELETE;
		for (size_t j = 0; j < nto; j++) {
			unsigned cost = last[j] + (from[i] != to[j] ? SUBSTITUTE : 0);
			if (i > 0 && j > 0 && from[i - 1] == to[j] && from[i] == to[j - 1]) {
				cost = least(cost, before[j - 1] + SWAP);
			}
			cost = least(cost, last[j + 1] + DELETE);
			row[j + 1] = least(cost, row[j] + INSERT);
		}
		unsigned *spare = before;
		before = last;
		last = row;
		row = spare;
	}
	return last[nto];
}

void suggest_offer(struct suggest *suggest, const char *candidate) {
	size_t nwanted = strlen(suggest->wanted), ncandidate = strlen(candidate);
	if (nwanted >= LENGTH_MAX || ncandidate >= LENGTH_MAX ||
		strcmp(suggest->wanted, candidate) == 0 ||
		(suggest->best != NULL && strcmp(suggest->best, candidate) == 0)) {
		return;
	}
	/* Zero is kept for a difference in case: nearer than any swap. */
	unsigned cost = 0;
	if (strcasecmp(suggest->wanted, candidate) != 0) {
		cost = 1 + distance(suggest->wanted, nwanted, candidate, ncandidate);
		if (cost - 1 > nwanted / 3 + 1) {
			return;
		}
	}
	if (suggest->best == NULL || cost < suggest->distance) {
		suggest->best = candidate;
		suggest->distance = cost;
		suggest->is_tied = false;
	} else if (cost == suggest->distance) {
		suggest->is_tied = true;
	}
}

const char *suggest_best(const struct suggest *suggest) {
	return suggest->is_tied ? NULL : suggest->best;
}
