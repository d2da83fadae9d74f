/*
 * Activities as commands of the shell.  `dtf help run` says what a command gets
 * and how it answers.
 */
#ifndef DTF_CLI_COMMAND_H
#define DTF_CLI_COMMAND_H

#include "bind.h"

struct commands {
	const struct bindings *bindings;
	const char *db;   /* of the directory, as a command may name it */
	int64_t grace_ms; /* from SIGTERM to SIGKILL */
};

#define COMMANDS_MAX 64 /* at once: as many workers as the engine may have */

/* For struct dtf_engine_options, whose user is a struct commands. */
int command_run(struct dtf_activity *act);

/* Does one run? */
bool command_any(void);

/*
 * Ends all commands; from now on none of them reports anything, as if this
 * process were dead.  To be followed by _exit().  From a signal handler too.
 */
void command_abandon(void);

#endif
