/*
 * Another process with the same store: the test program itself, run again.
 *
 * LMDB must not cross fork(), so the child executes.  It opens a store, says
 * how that went, and does what it is told, a line at a time:
 *
 *	record N    commit TEXT    next    append TEXT    owned    usurp    stall
 */
#ifndef DTF_TESTS_HELPER_H
#define DTF_TESTS_HELPER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct helper {
	pid_t pid;
	int to, from;
};

/*
 * First thing in main: when this process is a helper, it is one and exits.
 * Extra roles, named by what helper_spawn() was given, go to `f`.
 */
void helper_main(int argc, char **argv, int (*f)(int argc, char **argv));

/* Runs this program again with these arguments; NULL ends them. */
void helper_spawn(struct helper *helper, const char *const *args);
/* One that serves a store: mode is "own" or "share", map_size_mib 0 the default. */
void helper_open(struct helper *helper, const char *mode, const char *dir, int map_size_mib);
/* Says one line (none if NULL) and reads the answer's. */
void helper_ask(struct helper *helper, const char *line, char *ret, size_t size);
/* Waits for its end: it sees the end of its input and closes the store. */
void helper_finish(struct helper *helper);
/* SIGKILL. */
void helper_kill(struct helper *helper);

#endif
