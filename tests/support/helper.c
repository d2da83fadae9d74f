#include "helper.h"

#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../runtime/error.h"
#include "../../runtime/store/lmdb_impl.h"
#include "store_world.h"

/* ---- the helper's side ---- */

/* Another owner where locks do not work: it takes the epoch and nothing else. */
static int usurp(struct lmdb_env *env, MDB_txn *txn, void *arg) {
	struct lmdb_state state;
	int rc = dtf__lmdb_state_read(env, txn, &state);
	state.epoch++;
	return rc == 0 ? dtf__lmdb_state_write(env, txn, &state) : rc;
}

static void say_record(struct store *store, const char *position) {
	struct arena arena = { 0 };
	struct slice record;
	int rc = store->ops->record(store, &arena, strtoull(position, NULL, 10), &record);
	if (rc == 0) {
		printf("%zu %.*s\n", record.size, record.size > 40 ? 40 : (int)record.size,
			record.data);
	} else {
		printf("%d\n", rc);
	}
	dtf__arena_finish(&arena);
}

static void obey(struct store *store, const char *verb, const char *text) {
	struct lmdb_env *env = ((struct lmdb_store *)store)->env;
	if (strcmp(verb, "record") == 0) {
		say_record(store, text);
	} else if (strcmp(verb, "commit") == 0) {
		printf("%d\n", commit_record(store, text, strlen(text)));
	} else if (strcmp(verb, "next") == 0) {
		printf("%llu\n", (unsigned long long)store->ops->next(store));
	} else if (strcmp(verb, "append") == 0) {
		uint64_t sequence = 0;
		struct slice command = { text, strlen(text) };
		int rc = store->ops->inbox_append(store, command, &sequence);
		printf("%d %llu\n", rc, (unsigned long long)sequence);
	} else if (strcmp(verb, "owned") == 0) {
		printf("%d\n", store->ops->owned(store));
	} else if (strcmp(verb, "usurp") == 0) {
		printf("%d\n", dtf__lmdb_update(env, usurp, NULL));
	} else if (strcmp(verb, "stall") == 0) {
		MDB_txn *txn; /* never ended */
		printf("%d\n", dtf__lmdb_begin(env, &txn));
	} else {
		printf("what is %s?\n", verb);
	}
}

static int serve(const char *mode, const char *dir, const char *map_size_mib) {
	struct store *store;
	struct store_options options = { .map_size = (size_t)strtoul(map_size_mib, NULL, 10)
			<< 20 };
	enum store_mode how = strcmp(mode, "own") == 0 ? STORE_OWN : STORE_SHARE;
	int rc = dtf__store_lmdb_open(dir, how, &options, &store);
	printf("%d %s\n", rc, rc == 0 ? "" : dtf_errmsg());
	(void)fflush(stdout);
	if (rc != 0) {
		return 0;
	}
	char line[256];
	while (fgets(line, sizeof(line), stdin) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		char *text = line + strcspn(line, " ");
		if (*text != '\0') {
			*text++ = '\0';
		}
		obey(store, line, text);
		(void)fflush(stdout);
	}
	store->ops->close(store);
	return 0;
}

void helper_main(int argc, char **argv, int (*f)(int argc, char **argv)) {
	if (argc >= 5 && strcmp(argv[1], "serve") == 0) {
		exit(serve(argv[2], argv[3], argv[4]));
	}
	if (argc >= 2 && f != NULL) {
		exit(f(argc, argv));
	}
}

/* ---- the test's side ---- */

void helper_spawn(struct helper *helper, const char *const *args) {
	char *argv[16];
	size_t count = 0;
	argv[count++] = strdup("helper");
	for (; args[count - 1] != NULL; count++) {
		ck_assert_uint_lt(count, 15);
		argv[count] = strdup(args[count - 1]);
	}
	argv[count] = NULL;
	int to[2];
	int from[2];
	ck_assert_int_eq(pipe(to), 0);
	ck_assert_int_eq(pipe(from), 0);
	helper->pid = fork();
	ck_assert_int_ge(helper->pid, 0);
	if (helper->pid == 0) {
		(void)dup2(to[0], STDIN_FILENO);
		(void)dup2(from[1], STDOUT_FILENO);
		for (int fd = 3; fd < 256; fd++) {
			(void)close(fd);
		}
		(void)execv("/proc/self/exe", argv);
		_exit(127);
	}
	(void)close(to[0]);
	(void)close(from[1]);
	helper->to = to[1];
	helper->from = from[0];
	for (size_t i = 0; i < count; i++) {
		free(argv[i]);
	}
}

void helper_open(struct helper *helper, const char *mode, const char *dir, int map_size_mib) {
	char size[16];
	(void)snprintf(size, sizeof(size), "%d", map_size_mib);
	helper_spawn(helper, (const char *const[]){ "serve", mode, dir, size, NULL });
}

void helper_ask(struct helper *helper, const char *line, char *ret, size_t size) {
	if (line != NULL) {
		char text[256];
		int length = snprintf(text, sizeof(text), "%s\n", line);
		ck_assert_int_eq(write(helper->to, text, (size_t)length), length);
	}
	size_t count = 0;
	for (;;) {
		ck_assert_uint_lt(count, size - 1);
		ssize_t rc = read(helper->from, ret + count, 1);
		ck_assert_msg(rc == 1, "the helper says nothing");
		if (ret[count] == '\n') {
			break;
		}
		count++;
	}
	ret[count] = '\0';
}

static int wait_for(struct helper *helper) {
	int status;
	(void)close(helper->to);
	while (waitpid(helper->pid, &status, 0) < 0) {
		ck_assert_int_eq(errno, EINTR);
	}
	(void)close(helper->from);
	return status;
}

void helper_finish(struct helper *helper) {
	int status = wait_for(helper);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the helper failed: %x",
		(unsigned)status);
}

void helper_kill(struct helper *helper) {
	ck_assert_int_eq(kill(helper->pid, SIGKILL), 0);
	int status = wait_for(helper);
	ck_assert(WIFSIGNALED(status));
}
