/*
 * The wall's clock says when things happen, and people and other machines set
 * it; the steady one measures how long they take.  An engine keeps time by both
 * (step.c); attempts look at them through its watch, from their own threads.
 */
#include "clock.h"

#include <stdlib.h>
#include <time.h>

static int64_t read_ms(clockid_t id) {
	struct timespec now;
	(void)clock_gettime(id, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t wall_ms(void *arg) {
	(void)arg;
	return read_ms(CLOCK_REALTIME);
}

static int64_t steady_ms(void *arg) {
	(void)arg;
	return read_ms(CLOCK_BOOTTIME);
}

const struct clock dtf__clock_system = { .now_ms = wall_ms, .steady_ms = steady_ms };

struct watch *dtf__watch_create(const struct clock *clock) {
	struct watch *watch = calloc(1, sizeof(*watch));
	if (watch != NULL) {
		watch->clock = *clock;
		watch->users = 1;
	}
	return watch;
}

struct watch *dtf__watch_share(struct watch *watch) {
	watch->users++;
	return watch;
}

void dtf__watch_drop(struct watch *watch) {
	if (watch != NULL && --watch->users == 0) {
		free(watch);
	}
}

int64_t dtf__watch_now_ms(const struct watch *watch) {
	return watch->clock.now_ms(watch->clock.arg) + watch->ahead_ms;
}

int64_t dtf__watch_steady_ms(const struct watch *watch) {
	const struct clock *clock = &watch->clock;
	return clock->steady_ms == NULL ? clock->now_ms(clock->arg) : clock->steady_ms(clock->arg);
}
