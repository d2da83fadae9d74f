#include "temporary.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool temporary_make(const char *name, char ret[PATH_MAX]) {
	const char *tmp = getenv("TMPDIR");
	char path[PATH_MAX];
	tmp = tmp == NULL || *tmp == '\0' ? "/tmp" : tmp;
	int n = snprintf(path, sizeof(path), "%s/%s-XXXXXX", tmp, name);
	errno = n < 0 || (size_t)n >= sizeof(path) ? ENAMETOOLONG : 0;
	if (errno != 0 || mkdtemp(path) == NULL) {
		fprintf(stderr, "dtf: no temporary directory in %s: %s\n", tmp, strerror(errno));
		return false;
	}
	memcpy(ret, path, (size_t)n + 1);
	return true;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw) {
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

void temporary_remove(const char *dir) {
	if (nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT) != 0) {
		fprintf(stderr, "dtf: %s could not be removed\n", dir);
	}
}
