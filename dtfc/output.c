/*
 * Outputs replace what stood there in one step each, after all of them have
 * been written beside their targets: a full disk or a signal leaves the old
 * files, a reader never sees half of a new one.  A file that a person wrote is
 * not replaced: it does not begin as generated files do.
 */
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Is there nothing, or something that dtfc wrote? */
static const char *refuse(struct arena *arena, const struct output *output, bool *ret_special) {
	char start[64] = "";
	struct stat st;

	*ret_special = false;
	if (stat(output->path, &st) != 0) {
		return errno == ENOENT ? NULL
				       : mem_printf(arena, "%s: %s", output->path, strerror(errno));
	}
	if (!S_ISREG(st.st_mode)) {
		*ret_special = true; /* a device or pipe: written to, never replaced */
		return S_ISDIR(st.st_mode) ? mem_printf(arena, "%s: is a directory", output->path)
					   : NULL;
	}
	if (output->banner == NULL || st.st_size == 0) {
		return NULL;
	}
	FILE *file = fopen(output->path, "r");
	if (file == NULL) {
		return mem_printf(arena, "%s: %s", output->path, strerror(errno));
	}
	size_t size = fread(start, 1, sizeof(start) - 1, file);
	fclose(file);
	start[size] = '\0';
	if (strncmp(start, output->banner, strlen(output->banner)) != 0) {
		return mem_printf(
			arena, "%s: not written by dtfc, so it is not replaced", output->path);
	}
	return NULL;
}

static const char *write_to(struct arena *arena, int fd, const struct output *output) {
	for (const struct buffer_piece *p = output->text->first; p != NULL; p = p->next) {
		for (size_t done = 0; done < p->size;) {
			ssize_t n = write(fd, p->data + done, p->size - done);
			if (n < 0 && errno != EINTR) {
				return mem_printf(arena, "%s: %s", output->path, strerror(errno));
			}
			done += n < 0 ? 0 : (size_t)n;
		}
	}
	return NULL;
}

/* Writes beside the target, or into a device; *ret_temp is what is to be renamed. */
static const char *prepare(struct arena *arena, const struct output *output, char **ret_temp) {
	bool special;
	const char *error = refuse(arena, output, &special);
	int fd;

	if (error != NULL) {
		return error;
	}
	if (special) {
		fd = open(output->path, O_WRONLY | O_CLOEXEC);
	} else {
		*ret_temp = mem_printf(arena, "%s.XXXXXX", output->path);
		fd = mkostemp(*ret_temp, O_CLOEXEC);
	}
	if (fd < 0) {
		*ret_temp = NULL;
		return mem_printf(arena, "%s: %s", output->path, strerror(errno));
	}
	error = write_to(arena, fd, output);
	if (error == NULL && !special) {
		mode_t mask = umask(0); /* a temporary file is private; the output is not */
		umask(mask);
		if (fchmod(fd, 0666 & ~mask) != 0) {
			error = mem_printf(arena, "%s: %s", output->path, strerror(errno));
		}
	}
	if (close(fd) != 0 && error == NULL) {
		error = mem_printf(arena, "%s: %s", output->path, strerror(errno));
	}
	return error;
}

const char *output_write_all(struct arena *arena, const struct output *outputs, size_t count) {
	char **temps = mem_alloc(arena, (count + 1) * sizeof(char *));
	const char *error = NULL;

	for (size_t i = 0; i < count && error == NULL; i++) {
		error = prepare(arena, &outputs[i], &temps[i]);
	}
	for (size_t i = 0; i < count && error == NULL; i++) {
		if (temps[i] != NULL && rename(temps[i], outputs[i].path) != 0) {
			error = mem_printf(arena, "%s: %s", outputs[i].path, strerror(errno));
		} else {
			temps[i] = NULL;
		}
	}
	for (size_t i = 0; i < count; i++) {
		if (temps[i] != NULL) {
			unlink(temps[i]);
		}
	}
	return error;
}
