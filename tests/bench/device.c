/* Else these would be called pwrite64 and the like, and LMDB calls what has no number. */
#undef _FILE_OFFSET_BITS

#include "device.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <unistd.h>

static _Atomic uint64_t flushes, commits, bytes;

struct device device_now(void) {
	return (struct device){ flushes, commits, bytes };
}

struct device device_since(const struct device *before) {
	struct device now = device_now();
	return (struct device){ now.flushes - before->flushes, now.commits - before->commits,
		now.bytes - before->bytes };
}

/* dlsym() gives a void *, for which C has no way to a function. */
union function {
	void *found;
	int (*sync)(int fd);
	ssize_t (*at)(int fd, const void *data, size_t size, off_t offset);
	ssize_t (*parts)(int fd, const struct iovec *parts, int count);
	ssize_t (*parts_at)(int fd, const struct iovec *parts, int count, off_t offset);
};

static union function next(const char *name) {
	union function function = { .found = dlsym(RTLD_NEXT, name) };
	if (function.found == NULL) {
		abort();
	}
	return function;
}

static ssize_t wrote(int fd, ssize_t size) {
	if (size > 0) {
		bytes += (uint64_t)size;
		int flags = fcntl(fd, F_GETFL);
		if (flags >= 0 && (flags & O_DSYNC) != 0) {
			flushes++;
			commits++;
		}
	}
	return size;
}

int fdatasync(int fd) {
	flushes++;
	return next("fdatasync").sync(fd);
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t offset) {
	return wrote(fd, next("pwrite").at(fd, data, size, offset));
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
	return wrote(fd, next("writev").parts(fd, parts, count));
}

ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t offset) {
	return wrote(fd, next("pwritev").parts_at(fd, parts, count, offset));
}
