/* A walk through an instance's history, as it stands in the store. */
#ifndef DTF_WALK_H
#define DTF_WALK_H

#include "event.h"
#include "sites.h"

/* One event; everything in it is valid until the callback returns. */
struct visit {
	int64_t execution;
	uint32_t number; /* from 1 in its execution */
	const struct event *event;
	const char *name;   /* of the activity, event or workflow it is about; or NULL */
	struct place place; /* of the command it is or belongs to */
};

/* What a callback answers. */
enum { WALK_ON, WALK_STOP }; /* or a negative error */

/*
 * Calls f for the events of one execution (0: the current one; -1: all, oldest
 * first).  0 also when f stopped it.  DTF_EINVAL: there is no such execution.
 * DTF_EUNKNOWN_INSTANCE: it was taken away meanwhile.  DTF_ECORRUPT, DTF_ESTORE, and
 * what f returned.
 */
int dtf__walk(struct store *store, const struct row *row, int64_t execution,
	int (*f)(void *arg, const struct visit *visit), void *arg);

/* Finds an instance's row, copied into the arena, and its number.  DTF_EUNKNOWN_INSTANCE. */
int dtf__walk_locate(struct store *store, struct arena *arena, const char *id, uint64_t *ret_number,
	struct row *ret);
int dtf__walk_find(struct store *store, struct arena *arena, const char *id, struct row *ret);
/*
 * Has the instance of that id gone on since the row was read, or been taken away, so that
 * what the row leads to may be missing?  1, 0, or an error.
 */
int dtf__walk_changed(struct store *store, const struct row *row);

#endif
