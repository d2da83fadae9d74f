/*
 * One command, from start to end, on a worker's thread: /bin/sh -c COMMAND in a
 * process group of its own, with pipes to its standard streams and one to hear
 * its heartbeat.
 *
 * The thread feeds and drains the pipes and looks every now and then whether the
 * attempt is still wanted.  The command has ended when its shell has; what it
 * left running in its group ends with it, so an attempt that is over has no
 * processes any more.
 */
#include "command.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "answer.h"
#include "cli.h"

#define LOOK_MS        50     /* between looks at whether it is still wanted */
#define PARAMETERS_MAX 100000 /* bytes that are also given as $1, $2, … */
#define BEAT_FD        3      /* in the command */
#define READS_MAX      16
#define LEAVE_MS       500 /* for commands to end when all are abandoned */

extern char **environ;

static _Atomic pid_t groups[COMMANDS_MAX]; /* process groups that run; 0: free */
static atomic_bool abandoned;

enum stream { IN, OUT, ERR, BEAT, STREAMS };

struct run {
	struct dtf_activity *act;
	const struct commands *commands;
	struct answer answer;
	pid_t pid;
	int ours[STREAMS], theirs[STREAMS]; /* ends of pipes; -1: closed */
	const char *input;                  /* what is left to write */
	size_t input_size;
	int64_t kill_ms; /* by the steady clock; 0: it has not been asked to end */
	bool killed;
};

static void nap(int64_t ms) {
	struct timespec time = { (time_t)(ms / 1000), (long)(ms % 1000) * 1000000 };
	(void)nanosleep(&time, NULL);
}

/* ---- all of them ---- */

static void signal_all(int signal) {
	for (size_t i = 0; i < COMMANDS_MAX; i++) {
		pid_t group = groups[i];
		if (group != 0) {
			(void)kill(-group, signal);
		}
	}
}

bool command_any(void) {
	for (size_t i = 0; i < COMMANDS_MAX; i++) {
		if (groups[i] != 0) {
			return true;
		}
	}
	return false;
}

void command_abandon(void) {
	abandoned = true;
	signal_all(SIGTERM);
	for (int64_t waited_ms = 0; command_any() && waited_ms < LEAVE_MS; waited_ms += 10) {
		nap(10);
	}
	signal_all(SIGKILL);
}

static void enter(pid_t group) {
	for (size_t i = 0;; i = (i + 1) % COMMANDS_MAX) {
		pid_t none = 0;
		if (atomic_compare_exchange_strong(&groups[i], &none, group)) {
			return;
		}
	}
}

static void leave(pid_t group) {
	for (size_t i = 0; i < COMMANDS_MAX; i++) {
		pid_t same = group;
		(void)atomic_compare_exchange_strong(&groups[i], &same, 0);
	}
}

/* This process is as good as dead: what is not reported is lost. */
static void report_nothing(void) {
	while (abandoned) {
		(void)pause();
	}
}

/* ---- what a command gets ---- */

struct strings {
	char **items; /* NULL-terminated; those from `owned` on are freed */
	size_t count, owned;
};

static void strings_finish(struct strings *strings) {
	for (size_t i = strings->owned; i < strings->count; i++) {
		free(strings->items[i]);
	}
	free(strings->items);
}

static bool put_variable(struct strings *env, const char *name, const char *value) {
	if (asprintf(&env->items[env->count], "%s=%s", name, value) < 0) {
		env->items[env->count] = NULL;
		return false;
	}
	env->count++;
	return true;
}

static bool make_environment(const struct run *run, struct strings *env) {
	char attempt[32], fd[16];
	(void)snprintf(attempt, sizeof(attempt), "%" PRId64, dtf_activity_attempt(run->act));
	(void)snprintf(fd, sizeof(fd), "%d", BEAT_FD);
	const char *const own[][2] = { { "DTF_ACTIVITY", dtf_activity_name(run->act) },
		{ "DTF_INSTANCE", dtf_activity_instance(run->act) },
		{ "DTF_KEY", dtf_activity_key(run->act) }, { "DTF_ATTEMPT", attempt },
		{ "DTF_DB", run->commands->db }, { "DTF_HEARTBEAT_FD", fd } };
	enum { NOWN = sizeof(own) / sizeof(*own) };
	size_t n = 0;
	while (environ[n] != NULL) {
		n++;
	}
	env->items = calloc(n + NOWN + 1, sizeof(char *));
	if (env->items == NULL) {
		return false;
	}
	for (size_t i = 0; i < n; i++) {
		bool taken = false;
		for (size_t j = 0; j < NOWN; j++) {
			size_t size = strlen(own[j][0]);
			taken = taken ||
				(strncmp(environ[i], own[j][0], size) == 0 &&
					environ[i][size] == '=');
		}
		if (!taken) {
			env->items[env->count++] = environ[i];
		}
	}
	env->owned = env->count;
	bool ok = true;
	for (size_t j = 0; j < NOWN && ok; j++) {
		ok = put_variable(env, own[j][0], own[j][1]);
	}
	return ok;
}

/* $1, $2, …: a string as it is, anything else as JSON.  Too much for a command
 * line: none, they are on standard input anyway. */
static bool add_parameters(struct strings *argv, json_t *args) {
	size_t before = argv->count, size = 0, i;
	json_t *one;
	json_array_foreach(args, i, one) {
		const char *text = json_string_value(one);
		char *copy = text != NULL ? strdup(text)
					  : json_dumps(one, JSON_COMPACT | JSON_ENCODE_ANY);
		if (copy == NULL) {
			return false;
		}
		size += strlen(copy) + 1;
		argv->items[argv->count++] = copy;
	}
	while (size > PARAMETERS_MAX && argv->count > before) {
		free(argv->items[--argv->count]);
		argv->items[argv->count] = NULL;
	}
	return true;
}

/* /bin/sh -c COMMAND ACTIVITY PARAMETER… */
static bool make_arguments(const struct run *run, struct strings *argv) {
	static char shell[] = "/bin/sh", flag[] = "-c";
	const struct binding *binding = run->answer.binding;
	const char *const texts[] = { binding->command, binding->name };
	json_t *args = json_loads(dtf_activity_args(run->act), 0, NULL);
	argv->items = calloc(json_array_size(args) + 5, sizeof(char *));
	bool ok = argv->items != NULL;
	if (ok) {
		argv->items[0] = shell;
		argv->items[1] = flag;
		argv->owned = argv->count = 2;
	}
	for (size_t i = 0; i < 2 && ok; i++) {
		char *copy = strdup(texts[i]);
		ok = copy != NULL;
		argv->items[argv->count] = copy;
		argv->count += ok;
	}
	ok = ok && add_parameters(argv, args);
	json_decref(args);
	return ok;
}

/* ---- start ---- */

static void close_end(int *fd) {
	if (*fd >= 0) {
		(void)close(*fd);
		*fd = -1;
	}
}

static int make_pipes(struct run *run) {
	for (int i = 0; i < STREAMS; i++) {
		run->ours[i] = run->theirs[i] = -1;
	}
	for (int i = 0; i < STREAMS; i++) {
		int ends[2];
		if (pipe2(ends, O_CLOEXEC) != 0) {
			return errno;
		}
		run->ours[i] = ends[i == IN ? 1 : 0];
		run->theirs[i] = ends[i == IN ? 0 : 1];
		(void)fcntl(run->ours[i], F_SETFL, O_NONBLOCK);
	}
	return 0;
}

static int set_attributes(posix_spawnattr_t *attributes) {
	sigset_t none, pipe;
	(void)sigemptyset(&none);
	(void)sigemptyset(&pipe);
	(void)sigaddset(&pipe, SIGPIPE);
	int rc = posix_spawnattr_setflags(
		attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	rc = rc != 0 ? rc : posix_spawnattr_setpgroup(attributes, 0);
	rc = rc != 0 ? rc : posix_spawnattr_setsigmask(attributes, &none);
	return rc != 0 ? rc : posix_spawnattr_setsigdefault(attributes, &pipe);
}

static int spawn(struct run *run, char **argv, char **env) {
	static const int places[STREAMS] = { STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO, BEAT_FD };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	int rc = posix_spawn_file_actions_init(&actions);
	if (rc != 0) {
		return rc;
	}
	rc = posix_spawnattr_init(&attributes);
	if (rc == 0) {
		rc = set_attributes(&attributes);
		for (int i = 0; i < STREAMS && rc == 0; i++) {
			rc = posix_spawn_file_actions_adddup2(&actions, run->theirs[i], places[i]);
		}
		rc = rc != 0 ? rc
			     : posix_spawn(&run->pid, argv[0], &actions, &attributes, argv, env);
		(void)posix_spawnattr_destroy(&attributes);
	}
	(void)posix_spawn_file_actions_destroy(&actions);
	return rc;
}

static int start(struct run *run) {
	struct strings argv = { 0 }, env = { 0 };
	int rc = make_arguments(run, &argv) && make_environment(run, &env) ? 0 : ENOMEM;
	rc = rc != 0 ? rc : make_pipes(run);
	rc = rc != 0 ? rc : spawn(run, argv.items, env.items);
	for (int i = 0; i < STREAMS; i++) {
		close_end(&run->theirs[i]);
	}
	strings_finish(&argv);
	strings_finish(&env);
	if (rc == 0) {
		enter(run->pid);
	}
	return rc;
}

/* ---- while it runs ---- */

static void feed(struct run *run) {
	while (run->input_size > 0) {
		ssize_t n = write(run->ours[IN], run->input, run->input_size);
		if (n < 0) {
			if (errno == EAGAIN || errno == EINTR) {
				return;
			}
			break; /* it does not read: that is its business */
		}
		run->input += n;
		run->input_size -= (size_t)n;
	}
	close_end(&run->ours[IN]);
}

static void take(struct run *run, enum stream stream, const char *bytes, size_t size) {
	struct answer *answer = &run->answer;
	if (stream == ERR) {
		lines_add(&answer->err, bytes, size);
	} else if (stream == BEAT) {
		(void)dtf_activity_heartbeat(run->act);
	} else if (answer->shown.who != NULL) {
		lines_add(&answer->shown, bytes, size);
	} else {
		text_add(&answer->out, bytes, size);
	}
}

/* Takes what there is, but from one that never stops only so much at a time. */
static void drain(struct run *run, enum stream stream) {
	char bytes[65536];
	for (int i = 0; i < READS_MAX && run->ours[stream] >= 0; i++) {
		ssize_t n = read(run->ours[stream], bytes, sizeof(bytes));
		if (n > 0) {
			take(run, stream, bytes, (size_t)n);
		} else if (n < 0 && errno == EINTR) {
			continue;
		} else if (n < 0 && errno == EAGAIN) {
			return;
		} else {
			close_end(&run->ours[stream]);
		}
	}
}

static void pump(struct run *run, int wait_ms) {
	struct pollfd fds[STREAMS];
	for (int i = 0; i < STREAMS; i++) {
		fds[i] = (struct pollfd){ .fd = run->ours[i],
			.events = i == IN ? POLLOUT : POLLIN };
	}
	(void)poll(fds, STREAMS, wait_ms);
	if (run->ours[IN] >= 0) {
		feed(run);
	}
	for (int i = OUT; i < STREAMS; i++) {
		drain(run, (enum stream)i);
	}
}

/* Asks it to end when nobody wants it any more; makes it, after the grace. */
static void look(struct run *run) {
	bool unwanted = dtf_activity_cancelled(run->act) ||
		dtf_activity_remaining_ms(run->act) == 0;
	if (run->kill_ms == 0 && (unwanted || run->answer.out.failed)) {
		run->answer.killed = unwanted;
		run->kill_ms = show_steady_ms() + run->commands->grace_ms;
		(void)kill(-run->pid, SIGTERM);
	} else if (run->kill_ms != 0 && !run->killed && show_steady_ms() >= run->kill_ms) {
		run->killed = true;
		(void)kill(-run->pid, SIGKILL);
	}
}

/* Not reaped yet: until then no other process can have its number. */
static bool has_ended(const struct run *run) {
	siginfo_t info = { 0 };
	return waitid(P_PID, (id_t)run->pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
		info.si_pid == run->pid;
}

static void attend(struct run *run) {
	int wait_ms = 1;
	while (!has_ended(run)) {
		/* With both streams closed it is about to end, most likely. */
		bool silent = run->ours[OUT] < 0 && run->ours[ERR] < 0;
		pump(run, silent ? wait_ms : LOOK_MS);
		wait_ms = wait_ms * 2 < LOOK_MS ? wait_ms * 2 : LOOK_MS;
		look(run);
	}
	pump(run, 0);
	(void)kill(-run->pid, SIGKILL); /* what it left behind */
	leave(run->pid);
	while (waitpid(run->pid, &run->answer.status, 0) < 0 && errno == EINTR) {
	}
}

int command_run(struct dtf_activity *act) {
	const struct commands *commands = dtf_activity_user(act);
	const struct binding *binding = bindings_find(commands->bindings, dtf_activity_name(act));
	if (binding == NULL || binding->command == NULL) {
		return dtf_activity_fail(act, NULL, "it has no command");
	}
	struct run run = { .act = act, .commands = commands, .input = dtf_activity_args(act) };
	run.input_size = strlen(run.input);
	run.answer.binding = binding;
	run.answer.err.who = binding->name;
	const char *result = json_string_value(json_object_get(binding->activity, "result"));
	run.answer.shown.who = result == NULL || result[0] == '\0' ? binding->name : NULL;
	report_nothing();
	int rc = start(&run);
	if (rc == 0) {
		attend(&run);
		report_nothing();
		lines_end(&run.answer.err);
		lines_end(&run.answer.shown);
		rc = answer_report(act, &run.answer);
	} else {
		rc = dtf_activity_fail(act, "spawn", strerror(rc));
	}
	for (int i = 0; i < STREAMS; i++) {
		close_end(&run.ours[i]);
	}
	answer_finish(&run.answer);
	return rc;
}
