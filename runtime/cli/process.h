/* Other programs: started with their arguments as they are, no shell in between. */
#ifndef DTF_CLI_PROCESS_H
#define DTF_CLI_PROCESS_H

/*
 * Runs a program, found in PATH if it has no slash, to its end.  It reads
 * nothing; what it writes goes to fd; signals that are blocked here are not
 * there.  Its exit status, 128 and more if a signal ended it; -errno: it could
 * not be started.
 */
int process_run(char *const argv[], int fd);

#endif
