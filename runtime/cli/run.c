/*
 * run: a workflow file, durably, with commands of the shell as its activities.
 *
 * Signals are blocked in all threads and taken by this one, so that the first
 * interrupt is an ordinary cancel.  Leaving is a crash that was asked for: the
 * commands are ended, nothing more is recorded, and the next run finds what any
 * crash leaves.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"
#include "command.h"
#include "follow.h"
#include "say.h"
#include "temporary.h"

#define PATIENCE_MS  1000 /* for commands that nobody wants any more to end */
#define TICK_MAX_MS  50
#define TICKS_PROBED 20 /* after so many ticks without news: does the engine still work? */

const char help_run[] =
	"FILE.dtf is compiled and loaded, and the workflow that is named, or its only one, is\n"
	"run.  Everything is recorded in the directory --db, else $DTF_DB, else a temporary\n"
	"one; the same --db and --id go on where it was, whatever happened to this process.\n"
	"\n"
	"  dtf run hello.dtf --input '[\"world\"]' \\\n"
	"      --activity greet='printf \"\\\"Hello, %s!\\\"\" \"$1\"'\n"
	"\n"
	"A command is run by /bin/sh.  It gets its arguments as a JSON array on standard input,\n"
	"and each as $1, $2, … (a string as it is, anything else as JSON).  It writes its\n"
	"result to standard output as JSON and exits with 0; an activity without a result may\n"
	"write what it likes.  Another exit status is a failure, its message the last line on\n"
	"standard error; or standard output says more:\n"
	"\n"
	"  {\"error\": \"card_declined\", \"data\": {\"code\": \"51\"}}    a declared error\n"
	"  {\"error\": \"no such file\", \"retryable\": false}        not to be tried again\n"
	"\n"
	"One that a signal ends is lost: nobody knows whether it has done its work.\n"
	"\n"
	"  DTF_KEY            the same in all attempts of a step: give it to what you call\n"
	"  DTF_ATTEMPT        from 1\n"
	"  DTF_ACTIVITY, DTF_INSTANCE, DTF_DB\n"
	"  DTF_HEARTBEAT_FD   whatever is written there is a sign of life: printf . >&3\n"
	"\n"
	"When it is not wanted any more, or has had its time, its process group gets SIGTERM,\n"
	"and after the grace SIGKILL.  What it leaves running in that group ends with it.  If\n"
	"dtf is killed its commands are not: one may still run when its step is tried again.\n"
	"\n"
	"Progress goes to standard error, the result to standard output.  An interrupt cancels\n"
	"the workflow: its undos run; a second one leaves it as it is.  From another terminal:\n"
	"dtf --db DIR raise ID EVENT JSON.\n"
	"\n"
	"Exit status: 0 completed; 1 failed, cancelled, terminated, not compiled; 2 usage;\n"
	"4 the id is of another workflow; 5 store; 130 left.\n";

struct session {
	struct cli *cli;
	struct program program;
	struct bindings bindings;
	struct commands commands;
	struct dtf_engine *engine;
	struct follow follow;
	sigset_t signals;
	const char *workflow;
	char db[PATH_MAX];
	bool temporary;
};

/* ---- the directory ---- */

static int choose_directory(struct session *s) {
	s->temporary = s->cli->db == NULL;
	if (s->temporary) {
		return temporary_make("dtf-run", s->db) ? EXIT_OK : EXIT_FAILED;
	}
	int n = snprintf(s->db, sizeof(s->db), "%s", s->cli->db);
	if (n < 0 || (size_t)n >= sizeof(s->db)) {
		fputs("dtf: the directory's name is too long\n", stderr);
		return EXIT_USAGE;
	}
	return EXIT_OK;
}

/* ---- the engine ---- */

/* On the engine's thread. */
static void keep_log(void *user, enum dtf_log_level level, const char *instance, const char *text) {
	static const char *const names[] = { "debug", "log", "warning", "error" };
	(void)user;
	(void)instance;
	say(names[level], text);
}

static int open_engine(struct session *s) {
	struct dtf_engine_options options = { .dir = s->db,
		.grace_ms = s->commands.grace_ms == 0 ? 1 : s->commands.grace_ms,
		.log = keep_log,
		.user = &s->commands,
		.run = command_run };
	int rc = dtf_engine_open(&options, &s->engine);
	for (size_t i = 0; rc == 0 && i < s->program.count; i++) {
		rc = dtf_engine_register(s->engine, s->program.modules[i]);
	}
	if (rc < 0) {
		return cli_failed(s->db, rc);
	}
	s->follow.client = dtf_engine_client(s->engine);
	char *full = realpath(s->db, NULL); /* commands may be elsewhere */
	if (full != NULL && strlen(full) < sizeof(s->db)) {
		memcpy(s->db, full, strlen(full) + 1);
	}
	free(full);
	return EXIT_OK;
}

/* Other instances in the directory go on too: what they may run has to be there. */
static bool need_of(void *arg, const struct dtf_instance_info *info) {
	struct session *s = arg;
	if (info->status <= DTF_SUSPENDED) {
		bindings_need(&s->bindings, &s->program, info->workflow);
	}
	return true;
}

static int check_others(struct session *s) {
	int rc = dtf_list(s->follow.client, need_of, s);
	if (rc < 0) {
		return cli_failed(s->db, rc);
	}
	return bindings_complete(&s->bindings) ? EXIT_OK : EXIT_USAGE;
}

struct known {
	const char *workflow;
	bool other; /* the instance is one of another workflow */
	enum dtf_status status;
};

static void know(void *arg, const struct dtf_instance_info *info) {
	struct known *known = arg;
	known->other = strcmp(info->workflow, known->workflow) != 0;
	known->status = info->status;
	if (known->other) {
		fprintf(stderr, "dtf: %s is there, an instance of %s; --id names another\n",
			info->id, info->workflow);
	}
}

static bool tell_waiting(void *arg, const struct dtf_waiting *waiting) {
	const struct session *s = arg;
	follow_note(&s->follow, LOOK_PLAIN, "it is at %s%s%s  %s:%u", waiting->kind,
		waiting->name[0] == '\0' ? "" : " ", waiting->name,
		waiting->file == NULL ? "?" : waiting->file, (unsigned)waiting->line);
	return true;
}

/* What has happened before is not told again, only where it is. */
static int tell_where(struct session *s, enum dtf_status status) {
	if (status > DTF_SUSPENDED) {
		follow_note(&s->follow, LOOK_STRONG, "%s has ended before; --id starts another",
			s->follow.id);
		return 0;
	}
	follow_note(&s->follow, LOOK_STRONG, "%s goes on", s->follow.id);
	return dtf_where(s->follow.client, s->follow.id, tell_waiting, s);
}

/* Starts the instance, or finds it there. */
static int start(struct session *s, const char *input) {
	const char *id = s->follow.id;
	struct known known = { .workflow = s->workflow };
	int rc = dtf_start(s->follow.client, s->workflow, id, input);
	if (rc == DTF_EEXISTS) {
		/* The answer to a second request is of a later round: by then it is known
		 * whether this code can go on with what others have left. */
		(void)dtf_start(s->follow.client, s->workflow, id, input);
		rc = dtf_info(s->follow.client, id, know, &known);
		if (rc == 0 && known.other) {
			return EXIT_WRONG_STATE;
		}
		rc = rc == 0 && !s->follow.quiet ? tell_where(s, known.status) : rc;
	}
	if (rc == DTF_EPAYLOAD) {
		fprintf(stderr, "dtf: --input: %s\n", dtf_errmsg());
		return EXIT_USAGE;
	}
	return rc < 0 ? cli_failed(id, rc) : EXIT_OK;
}

/* ---- while it runs ---- */

/* A signal, or 0 after that time. */
static int next_signal(const struct session *s, int64_t ms) {
	struct timespec time = { (time_t)(ms / 1000), (long)(ms % 1000) * 1000000 };
	int signal = sigtimedwait(&s->signals, NULL, &time);
	return signal < 0 ? 0 : signal;
}

static void say_how_to_go_on(const struct session *s) {
	follow_note(&s->follow, LOOK_STRONG, "left as it is; --db %s --id %s goes on", s->db,
		s->follow.id);
}

/* Never returns. */
static void leave(const struct session *s, int signal) {
	command_abandon();
	say_how_to_go_on(s);
	_exit(128 + signal);
}

static void interrupt(struct session *s) {
	int rc = dtf_cancel(s->follow.client, s->follow.id, "interrupted");
	if (rc < 0 && rc != DTF_EENDED) {
		(void)cli_failed(s->follow.id, rc);
	} else {
		follow_note(&s->follow, LOOK_WAIT,
			"interrupted: it is cancelled; once more leaves it as it is");
	}
}

/* EXIT_OK when the instance has ended. */
static int attend(struct session *s) {
	bool interrupted = false, news = false;
	int64_t tick_ms = 1, ticks = 0;
	for (;;) {
		int rc = follow_look(&s->follow, &news);
		if (rc == 0 && ++ticks % TICKS_PROBED == 0) {
			rc = dtf_wait_result(s->follow.client, s->follow.id, 0, NULL);
			rc = rc == DTF_ETIMEOUT ? 0 : rc;
		}
		if (rc < 0) {
			return cli_failed(s->db, rc);
		}
		if (s->follow.status > DTF_SUSPENDED) {
			return EXIT_OK;
		}
		if (s->follow.suspended[0] != '\0' &&
			strcmp(s->follow.suspended, "operator") != 0) {
			follow_note(&s->follow, LOOK_BAD, "it cannot go on: %s%s%s",
				s->follow.suspended, s->follow.why[0] == '\0' ? "" : ": ",
				s->follow.why);
			return EXIT_FAILED;
		}
		tick_ms = news ? 1 : tick_ms * 2 < TICK_MAX_MS ? tick_ms * 2 : TICK_MAX_MS;
		int signal = next_signal(s, tick_ms);
		if (signal == SIGINT && !interrupted) {
			interrupted = true;
			interrupt(s);
			tick_ms = 1;
		} else if (signal != 0) {
			leave(s, signal);
		}
	}
}

/* ---- the end ---- */

static void end_now(int signal) {
	command_abandon();
	_exit(128 + signal);
}

/* What is still running may take its time to end; an interrupt ends the waiting. */
static void close_engine(struct session *s) {
	int signal = 0;
	for (int64_t i = 0; command_any() && signal == 0 && i < PATIENCE_MS; i += TICK_MAX_MS) {
		signal = next_signal(s, TICK_MAX_MS);
	}
	if (signal != 0) {
		end_now(signal);
	}
	if (command_any()) {
		follow_note(&s->follow, LOOK_WAIT,
			"waits for commands that still run; an interrupt ends them");
	}
	static const int ends[] = { SIGINT, SIGTERM, SIGHUP };
	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
		struct sigaction action = { .sa_handler = end_now }, old;
		if (sigaction(ends[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN) {
			(void)sigaction(ends[i], &action, NULL);
		}
	}
	(void)pthread_sigmask(SIG_UNBLOCK, &s->signals, NULL);
	dtf_engine_close(s->engine);
	struct said *said = say_take();
	while (said != NULL) {
		struct said *next = said->next;
		free(said);
		said = next;
	}
}

static int finish(struct session *s) {
	struct dtf_result result = { 0 };
	int rc = dtf_wait_result(s->follow.client, s->follow.id, -1, &result);
	if (rc < 0) {
		return cli_failed(s->follow.id, rc);
	}
	int status = cli_result(s->cli, &result);
	dtf_result_free(&result);
	(void)fflush(stdout);
	return status;
}

static int play(struct session *s, const char *input) {
	int status = open_engine(s);
	status = status == EXIT_OK ? check_others(s) : status;
	if (status != EXIT_OK) {
		return status;
	}
	if (s->temporary && !s->follow.quiet) {
		follow_note(&s->follow, LOOK_DIM, "%s in %s", s->follow.id, s->db);
	}
	s->follow.since_ms = show_now_ms();
	int rc = dtf_engine_start(s->engine);
	if (rc < 0) {
		return cli_failed(s->db, rc);
	}
	status = start(s, input);
	if (status != EXIT_OK) {
		return status;
	}
	status = attend(s);
	if (status != EXIT_OK) {
		s->temporary = false; /* it has not ended */
		say_how_to_go_on(s);
		return status;
	}
	return finish(s);
}

static bool prepare_signals(struct session *s) {
	(void)sigemptyset(&s->signals);
	(void)sigaddset(&s->signals, SIGINT);
	(void)sigaddset(&s->signals, SIGTERM);
	(void)sigaddset(&s->signals, SIGHUP);
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	(void)sigaction(SIGPIPE, &ignore, NULL);
	return pthread_sigmask(SIG_BLOCK, &s->signals, NULL) == 0;
}

static int run(struct session *s, const char *input) {
	int status = choose_directory(s);
	if (status != EXIT_OK) {
		return status;
	}
	if (!prepare_signals(s)) {
		fputs("dtf: signals cannot be blocked\n", stderr);
		return EXIT_FAILED;
	}
	status = play(s, input);
	close_engine(s);
	if (s->temporary) {
		temporary_remove(s->db);
	}
	return status;
}

/* So that no pipe or file of ours is taken for a standard stream. */
static bool have_streams(void) {
	int fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO) {
		fd = open("/dev/null", O_RDWR);
	}
	return fd >= 0 && close(fd) == 0;
}

int cmd_run(struct cli *cli) {
	struct session s = { .cli = cli };
	const char *input;
	char *memory = NULL;
	if (!have_streams() || !cli_payload(cli->input, "[]", &input, &memory)) {
		return EXIT_FAILED;
	}
	int status = program_load(cli->operands[0], &s.program);
	if (status == EXIT_OK) {
		s.workflow = find_workflow(&s.program, cli->operands[1]);
		bool ok = s.workflow != NULL &&
			bindings_make(&s.program, cli->activities, cli->nactivities, &s.bindings);
		if (ok) {
			bindings_need(&s.bindings, &s.program, s.workflow);
			ok = bindings_complete(&s.bindings);
		}
		status = ok ? EXIT_OK : EXIT_USAGE;
	}
	if (status == EXIT_OK) {
		const char *dot = strrchr(s.workflow, '.');
		s.commands = (struct commands){ &s.bindings, s.db, cli->grace_ms };
		s.follow = (struct follow){ .look = { .color = look_wanted(STDERR_FILENO) },
			.id = cli->id != NULL ? cli->id
				: dot == NULL ? s.workflow
					      : dot + 1,
			.db = s.db,
			.quiet = cli->quiet };
		status = run(&s, input);
	}
	follow_finish(&s.follow);
	bindings_finish(&s.bindings);
	program_finish(&s.program);
	free(memory);
	return status;
}
