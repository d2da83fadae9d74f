#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

int process_run(char *const argv[], int fd) {
	posix_spawn_file_actions_t actions;
	pid_t pid;
	int status, rc = posix_spawn_file_actions_init(&actions);
	if (rc != 0) {
		return -rc;
	}
	rc = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	rc = rc != 0 ? rc : posix_spawn_file_actions_adddup2(&actions, fd, STDOUT_FILENO);
	rc = rc != 0 ? rc : posix_spawn_file_actions_adddup2(&actions, fd, STDERR_FILENO);
	rc = rc != 0 ? rc : posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ);
	(void)posix_spawn_file_actions_destroy(&actions);
	if (rc != 0) {
		return -rc;
	}
	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR) {
			return -errno;
		}
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
