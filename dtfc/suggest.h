/* "did you mean": the name that was probably meant, if one stands out. */
#ifndef DTFC_SUGGEST_H
#define DTFC_SUGGEST_H

#include <stdbool.h>

/*
 * Usage:
 *	struct suggest suggest = { .wanted = "chrage" };
 *	suggest_offer(&suggest, candidate);  for each name visible and of the right kind
 *	const char *name = suggest_best(&suggest);
 */
struct suggest {
	const char *wanted;
	/* private: */
	const char *best;
	unsigned distance;
	bool is_tied; /* another candidate is as near as `best` */
};

/* The candidate must live as long as the answer is used. */
void suggest_offer(struct suggest *suggest, const char *candidate);
/* The one candidate nearer than all others and near enough, or NULL. */
const char *suggest_best(const struct suggest *suggest);

#endif
