/* The event ids that a batch accepts. */
#ifndef DTF_MARKS_H
#define DTF_MARKS_H

#include "store/store.h"

/* All zero is an empty one. */
struct marks {
	struct store_put_mark *marks; /* owned; their strings are not */
	struct mark_link {
		uint64_t hash;
		uint32_t next; /* in its chain: 1 + its number; 0 = the last */
	} * links;             /* owned, one for each of them */
	uint32_t *heads;       /* owned, as many as there is room for marks */
	size_t count, capacity;
};

/* False: memory is exhausted. */
bool dtf__marks_add(struct marks *marks, struct store_put_mark mark);
bool dtf__marks_have(const struct marks *marks, struct store_put_mark mark);
/* Takes out what was added since there were so many. */
void dtf__marks_go_back(struct marks *marks, size_t count);
void dtf__marks_finish(struct marks *marks);

#endif
