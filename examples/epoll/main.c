/*
 * One thread and an event loop of its own: the engine is one more descriptor in it.
 *
 * Reads lines `ID COMMAND | COMMAND` from its input, runs the workflow jobs.both for
 * each, and prints `ID: OUTPUT` when it has ended.  An activity starts its command and
 * returns; the loop completes it when the command has.  No thread waits for anything.
 */
#include "jobs.dtf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

#define IN_FLIGHT_MAX 64 /* commands at once */

/* What is behind a descriptor of the loop. */
struct source {
	void (*ready)(struct source *source);
};

static struct {
	int fd;
	struct dtf_engine *engine;
	bool ends;         /* the input has ended */
	size_t open_lines; /* without an answer */
	int failed;
} loop;

static bool watch(int fd, struct source *source) {
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = source };
	return epoll_ctl(loop.fd, EPOLL_CTL_ADD, fd, &event) == 0;
}

/* ---- commands: activities that are completed by the loop ---- */

struct command {
	struct source source;
	struct dtf_activity *act;
	const char **ret;
	int fd;
	pid_t pid;
	char output[4096]; /* what is longer is cut */
	size_t size;
};

static void command_ended(struct command *command) {
	struct dtf_activity *act = command->act;
	int status, rc = 0;
	/* A child that has just been forked has it too: closing alone would not do. */
	(void)epoll_ctl(loop.fd, EPOLL_CTL_DEL, command->fd, NULL);
	(void)close(command->fd);
	(void)waitpid(command->pid, &status, 0);
	*command->ret = dtf_activity_printf(act, "%.*s", (int)command->size, command->output);
	if (status != 0) {
		rc = dtf_activity_fail(act, "exit", *command->ret);
	}
	dtf_activity_complete(act, rc);
	free(command);
}

static void command_ready(struct source *source) {
	struct command *command = (struct command *)source;
	char rest[512];
	size_t room = sizeof(command->output) - command->size;
	ssize_t got = room > 0 ? read(command->fd, command->output + command->size, room)
			       : read(command->fd, rest, sizeof(rest));
	if (got > 0) {
		command->size += room > 0 ? (size_t)got : 0;
	} else if (got == 0 || errno != EINTR) {
		command_ended(command);
	}
}

int jobs_sh(struct dtf_activity *act, const char *text, const char **ret) {
	struct command *command = calloc(1, sizeof(*command));
	int fds[2];
	if (command == NULL || pipe2(fds, O_CLOEXEC) != 0) {
		free(command);
		return dtf_activity_fail(act, NULL, "no memory or no pipe");
	}
	*command = (struct command){
		.source = { command_ready }, .act = act, .ret = ret, .fd = fds[0], .pid = fork()
	};
	if (command->pid == 0) {
		(void)dup2(fds[1], STDOUT_FILENO);
		(void)execl("/bin/sh", "sh", "-c", text, (char *)NULL);
		_exit(127);
	}
	(void)close(fds[1]);
	if (command->pid < 0 || !watch(fds[0], &command->source)) {
		(void)close(fds[0]);
		free(command);
		return dtf_activity_fail(act, NULL, "the command cannot be started");
	}
	return DTF_DEFERRED;
}

/* ---- the engine ---- */

static void engine_ready(struct source *source) {
	(void)source;
	if (dtf_engine_run_once(loop.engine) < 0) {
		(void)fprintf(stderr, "epoll: %s\n", dtf_errmsg());
		exit(1);
	}
}

/* ---- lines of the input ---- */

static void line_ended(void *arg, int rc, const struct dtf_result *result) {
	char *id = arg;
	bool ok = rc == 0 && result->status == DTF_COMPLETED;
	printf("%s: %s\n", id, ok ? result->output : rc < 0 ? dtf_errmsg() : result->error.message);
	(void)fflush(stdout);
	loop.failed |= !ok;
	loop.open_lines--;
	free(id);
}

/* A call that waits drives the engine meanwhile; here that is a commit. */
static bool begin(char *id, const char *left, const char *right) {
	struct dtf_client *client = dtf_engine_client(loop.engine);
	int rc = jobs_both_start(client, id, left, right);
	if (rc < 0 && rc != DTF_EEXISTS) { /* it may be there from the last time */
		return false;
	}
	struct dtf_request wait = { .verb = DTF_ASK_WAIT, .id = id, .done = line_ended, .arg = id };
	return dtf_ask(client, &wait) == 0;
}

/* ID COMMAND | COMMAND */
static void take_line(char *line) {
	char *left = strchr(line, ' '), *right = left == NULL ? NULL : strchr(left, '|');
	if (right == NULL) {
		(void)fprintf(stderr, "epoll: no `ID COMMAND | COMMAND`: %s\n", line);
		loop.failed = 1;
		return;
	}
	*left++ = *right++ = '\0';
	char *id = strdup(line);
	loop.open_lines++;
	if (id == NULL || !begin(id, left, right)) {
		(void)fprintf(stderr, "epoll: %s: %s\n", line, dtf_errmsg());
		loop.failed = 1;
		loop.open_lines--;
		free(id);
	}
}

static void input_ready(struct source *source) {
	static char text[4096];
	static size_t size;
	(void)source;
	ssize_t got = read(STDIN_FILENO, text + size, sizeof(text) - 1 - size);
	if (got <= 0) {
		loop.ends = true;
		(void)epoll_ctl(loop.fd, EPOLL_CTL_DEL, STDIN_FILENO, NULL);
		return;
	}
	size += (size_t)got;
	text[size] = '\0';
	char *line = text, *end;
	while ((end = strchr(line, '\n')) != NULL) {
		*end = '\0';
		take_line(line);
		line = end + 1;
	}
	size -= (size_t)(line - text);
	memmove(text, line, size);
}

/* ---- the loop ---- */

static bool prepare(const char *dir) {
	static struct source engine = { engine_ready }, input = { input_ready };
	struct dtf_engine_options options = {
		.dir = dir, .workers = DTF_NO_WORKERS, .in_flight_max = IN_FLIGHT_MAX
	};
	loop.fd = epoll_create1(EPOLL_CLOEXEC);
	return dtf_engine_open(&options, &loop.engine) == 0 &&
		dtf_engine_register(loop.engine, &jobs_module) == 0 &&
		dtf_engine_attach(loop.engine) == 0 && watch(dtf_engine_fd(loop.engine), &engine) &&
		watch(STDIN_FILENO, &input);
}

int main(int argc, char **argv) {
	if (!prepare(argc > 1 ? argv[1] : "jobs.db")) {
		(void)fprintf(stderr, "epoll: %s; the input has to be a pipe or a terminal\n",
			dtf_errmsg());
		return 1;
	}
	while (!loop.ends || loop.open_lines > 0) {
		struct epoll_event events[16];
		int n = epoll_wait(loop.fd, events, 16, -1);
		for (int i = 0; i < n; i++) {
			struct source *source = events[i].data.ptr;
			source->ready(source);
		}
	}
	dtf_engine_close(loop.engine);
	(void)close(loop.fd);
	return loop.failed;
}
