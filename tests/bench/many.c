#include "many.h"

#include <semaphore.h>
#include <stdio.h>

#include "bench.h"

#define OPEN_MAX 1000

#define TEN     "xxxxxxxxxx"
#define HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN

const char *many_text(void) {
	return "\"" HUNDRED "\"";
}

const char *many_input(void) {
	return "[\"" HUNDRED "\"]";
}

/* On the engine's thread. */
static void answered(void *arg, int rc, const struct dtf_result *result) {
	(void)result;
	if (rc < 0) {
		bench_die("a request: %s", dtf_errmsg());
	}
	(void)sem_post(arg);
}

static void enter(sem_t *open) {
	while (sem_wait(open) != 0) {
	}
}

static void ask_all(struct dtf_client *client, const struct dtf_request *request,
	const char *prefix, size_t first, size_t count) {
	sem_t open;
	struct dtf_request asked = *request;
	asked.done = answered;
	asked.arg = &open;
	(void)sem_init(&open, 0, OPEN_MAX);
	for (size_t i = first; i < first + count; i++) {
		char id[64];
		(void)snprintf(id, sizeof(id), "%s-%zu", prefix, i);
		asked.id = request->id == NULL ? id : request->id;
		enter(&open);
		bench_must(dtf_ask(client, &asked), asked.id);
		if (i % 1000 == 0) {
			bench_progress("%s %zu", prefix, i);
		}
	}
	for (size_t i = 0; i < OPEN_MAX; i++) {
		enter(&open);
	}
	bench_progress("%s", "");
	(void)sem_destroy(&open);
}

void many_ask(struct dtf_client *client, const struct dtf_request *request, const char *prefix,
	size_t first, size_t count) {
	struct dtf_request asked = *request;
	asked.id = NULL;
	ask_all(client, &asked, prefix, first, count);
}

void many_repeat(struct dtf_client *client, const struct dtf_request *request, size_t count) {
	ask_all(client, request, request->id, 0, count);
}
