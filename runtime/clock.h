/* Two clocks, and what an engine shares of them with its attempts. */
#ifndef DTF_CLOCK_H
#define DTF_CLOCK_H

#include <stdint.h>
#include <time.h>

struct clock {
	int64_t (*now_ms)(void *arg); /* since 1970; may be set back */
	void *arg;
	int64_t (*steady_ms)(void *arg); /* since whenever; never set.  NULL: there is none */
};

/* From any thread.  An attempt that its activity has deferred may outlive the engine:
 * so it goes when the last of its users does. */
struct watch {
	struct clock clock;
	_Atomic int64_t ahead_ms; /* of the durable clock before the wall's */
	_Atomic unsigned users;
};

struct watch *dtf__watch_create(const struct clock *clock); /* NULL: no memory */
struct watch *dtf__watch_share(struct watch *watch);
void dtf__watch_drop(struct watch *watch);
int64_t dtf__watch_now_ms(const struct watch *watch);    /* the durable clock */
int64_t dtf__watch_steady_ms(const struct watch *watch); /* never set */

extern const struct clock dtf__clock_system;

/* For a thread that waits: so long from now, by CLOCK_MONOTONIC, and how long until then;
 * 0: it is past. */
struct timespec dtf__clock_after_ms(int64_t ms);
int64_t dtf__clock_left_ms(const struct timespec *until);

#endif
