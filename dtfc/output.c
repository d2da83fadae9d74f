/*
 * Outputs replace what stood there in one step each, after all of them have
 * been written, piece by piece as they are made, beside their targets: a full disk or a signal
 * leaves the old files, a reader never sees half of a new one.  A file that a person wrote is not
 * replaced: it does not begin as generated files do.
 */
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *failed(const struct output *output) {
	return mem_printf(output->arena, "%s: %s", output->path, strerror(errno));
}

/* Is there nothing, or something that dtfc wrote? */
static const char *refuse(const struct output *output, bool *ret_special) {
	char start[64] = "";
	struct stat st;

	*ret_special = false;
	if (stat(output->path, &st) != 0) {
		return errno == ENOENT ? NULL : failed(output);
	}
	if (!S_ISREG(st.st_mode)) {
		*ret_special = true; /* a device or pipe: written to, never replaced */
		return S_ISDIR(st.st_mode)
			? mem_printf(output->arena, "%s: is a directory", output->path)
			: NULL;
	}
	if (output->banner == NULL || st.st_size == 0) {
		return NULL;
	}
	FILE *file = fopen(output->path, "r");
	if (file == NULL) {
		return failed(output);
	}
	size_t size = fread(start, 1, sizeof(start) - 1, file);
	fclose(file);
	start[size] = '\0';
	if (strncmp(start, output->banner, strlen(output->banner)) != 0) {
		return mem_printf(output->arena, "%s: not written by dtfc, so it is not replaced",
			output->path);
	}
	return NULL;
}

const char *output_open(
	struct output *output, struct arena *arena, const char *path, const char *banner) {
	bool special;

	*output = (struct output){ .path = path, .banner = banner, .arena = arena };
	const char *error = refuse(output, &special);
	if (error != NULL) {
		return error;
	}
	char *temp = mem_printf(arena, "%s.XXXXXX", path);
	output->fd = special ? open(path, O_WRONLY | O_CLOEXEC) : mkostemp(temp, O_CLOEXEC);
	output->temp = special ? NULL : temp;
	return output->fd < 0 ? failed(output) : NULL;
}

void output_write(struct output *output, const char *text, size_t size) {
	for (size_t done = 0; done < size && output->error == NULL;) {
		ssize_t n = write(output->fd, text + done, size - done);
		if (n < 0 && errno != EINTR) {
			output->error = failed(output);
		}
		done += n < 0 ? 0 : (size_t)n;
	}
}

static void close_one(struct output *output) {
	mode_t mask = umask(0); /* a temporary file is private; the output is not */

	umask(mask);
	bool shown = output->temp == NULL || fchmod(output->fd, 0666 & ~mask) == 0;
	if (!shown && output->error == NULL) {
		output->error = failed(output);
	}
	if (close(output->fd) != 0 && output->error == NULL) {
		output->error = failed(output);
	}
}

const char *output_finish_all(struct output *outputs, size_t count, const char *error) {
	for (size_t i = 0; i < count; i++) {
		close_one(&outputs[i]);
		error = error != NULL ? error : outputs[i].error;
	}
	for (size_t i = 0; i < count && error == NULL; i++) {
		if (outputs[i].temp != NULL && rename(outputs[i].temp, outputs[i].path) != 0) {
			error = failed(&outputs[i]);
		} else {
			outputs[i].temp = NULL;
		}
	}
	for (size_t i = 0; i < count; i++) {
		if (outputs[i].temp != NULL) {
			unlink(outputs[i].temp);
		}
	}
	return error;
}
