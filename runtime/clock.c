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

struct timespec dtf__clock_after_ms(int64_t ms) {
	struct timespec at;
	(void)clock_gettime(CLOCK_MONOTONIC, &at);
	at.tv_sec += (time_t)(ms / 1000);
	at.tv_nsec += (long)(ms % 1000) * 1000000;
	if (at.tv_nsec >= 1000000000) {
		at.tv_sec++;
		at.tv_nsec -= 1000000000;
	}
	return at;
}

/* Rounded up: who sleeps so long does not wake too early. */
int64_t dtf__clock_left_ms(const struct timespec *until) {
	struct timespec now;
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	int64_t left_ns = (int64_t)(until->tv_nsec - now.tv_nsec);
	int64_t left_s = (int64_t)until->tv_sec - now.tv_sec;
	if (left_ns < 0) {
		left_ns += 1000000000;
		left_s--;
	}
	if (left_s < 0 || left_s >= INT64_MAX / 1000 - 1) {
		return left_s < 0 ? 0 : INT64_MAX;
	}
	return left_s * 1000 + (left_ns + 999999) / 1000000;
}
