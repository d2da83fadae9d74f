/*
 * A stack that threads push to and one thread takes whole: no lock, and nobody
 * waits for the terminal.
 */
#include "say.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

static _Atomic(struct said *) newest;

void say(const char *who, const char *text) {
	size_t size = strlen(text) + 1;
	struct said *said = malloc(sizeof(*said) + size);
	if (said == NULL) {
		fprintf(stderr, "%s: %s\n", who, text); /* out of order, but said */
		return;
	}
	said->time_ms = show_now_ms();
	said->who = who;
	memcpy(said->text, text, size);
	said->next = atomic_load(&newest);
	while (!atomic_compare_exchange_weak(&newest, &said->next, said)) {
	}
}

struct said *say_take(void) {
	struct said *list = atomic_exchange(&newest, NULL), *oldest = NULL;
	while (list != NULL) {
		struct said *next = list->next;
		list->next = oldest;
		oldest = list;
		list = next;
	}
	return oldest;
}
