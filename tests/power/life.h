/*
 * A program that runs an engine on a store in a directory, and whatever it is told
 * to be durable it marks in the record.
 */
#ifndef DTF_TESTS_LIFE_H
#define DTF_TESTS_LIFE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LIFE_MARKS = 128, LIFE_INSTANCES = 20 };

/* How the engine is set up; 0: as usual. */
struct life_settings {
	size_t checkpoint;   /* puts between two checkpoints of the store */
	size_t window;       /* timers in memory */
	uint32_t snapshot;   /* events of an instance between two snapshots of it */
	unsigned crowd;      /* instances that sleep beside the others */
	unsigned partitions; /* 0 = 1 */
};

/* What each instance came to: of the first run, which nothing disturbed. */
struct life_ends {
	bool known;
	unsigned count; /* of instances */
	struct {
		char status[16], output[64];
	} of[LIFE_INSTANCES];
};

/*
 * From whatever stands in `dir`, which is maybe nothing, to where everything has ended.
 * What is in `acked`, by mark, was told to be durable by those who died here before;
 * it is looked for, and not asked for again.  The ends are compared, or kept when they
 * are not known.  0; DTF_E… of the engine; 1: a promise is broken, and *why says which.
 */
int life_run(const char *dir, const struct life_settings *settings, const bool acked[LIFE_MARKS],
	struct life_ends *ends, const char **ret_why);

#endif
