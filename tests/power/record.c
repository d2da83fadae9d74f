/*
 * System calls are made directly, so that whatever else stands before the C library,
 * as sanitizers do, is not in the way.  A write is written down when it has been made.
 *
 * Random numbers come from a seed, so that the same program makes the same writes.
 *
 * Both names of a function whose offsets come in two sizes are the same here: this
 * file is compiled without 64-bit names, on systems where they are one.
 */
#undef _FILE_OFFSET_BITS
#include "record.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { FDS = 256, FILES = 64, NOT_OURS = 0, DIRECTORY, A_FILE };

static struct {
	bool on;
	char dir[PATH_MAX];
	struct disk_record record;
	struct {
		int kind;
		bool durable;
		uint32_t file;
		char below[32]; /* of a directory: "", or "p000/" */
	} fds[FDS];
	ino_t inodes[FILES];
	uint32_t nfiles;
	unsigned long faults, fail_at;
	int error;
	bool fail_all, failed;
	uint64_t random;
} now;

static _Noreturn void die(const char *what) {
	fprintf(stderr, "record: %s\n", what);
	abort();
}

static struct disk_op *push(enum disk_op_kind kind) {
	struct disk_record *r = &now.record;
	if (r->count == r->capacity) {
		r->capacity = r->capacity == 0 ? 1024 : 2 * r->capacity;
		r->ops = realloc(r->ops, r->capacity * sizeof(*r->ops));
		if (r->ops == NULL) {
			die("out of memory");
		}
	}
	struct disk_op *op = &r->ops[r->count++];
	*op = (struct disk_op){ .kind = kind };
	return op;
}

void record_begin(const char *dir, uint64_t seed) {
	memset(&now, 0, sizeof(now));
	(void)snprintf(now.dir, sizeof(now.dir), "%s", dir);
	now.random = (seed + 1) * UINT64_C(0x9e3779b97f4a7c15);
	now.on = true;
}

void record_mark(uint64_t mark) {
	if (now.on) {
		push(OP_MARK)->at = mark;
	}
}

void record_end(struct disk_record *ret) {
	*ret = now.record;
	memset(&now, 0, sizeof(now));
}

void record_finish(struct disk_record *record) {
	for (size_t i = 0; i < record->count; i++) {
		free(record->ops[i].data);
	}
	free(record->ops);
	*record = (struct disk_record){ 0 };
}

void record_fail(unsigned long nth, int error, bool all) {
	now.fail_at = nth == 0 ? 0 : now.faults + nth;
	now.error = error;
	now.fail_all = all;
}

unsigned long record_count(void) {
	return now.faults;
}

bool record_failed(void) {
	return now.failed;
}

/* ---- which file ---- */

static bool is_ours(int fd, int kind) {
	return now.on && fd >= 0 && fd < FDS && now.fds[fd].kind == kind;
}

enum { NAME = sizeof(((struct disk_op *)NULL)->name) };

static void name_to(char *to, const char *below, const char *name) {
	int size = snprintf(to, NAME, "%s%s", below, name);
	if (size < 0 || size >= NAME) {
		die("a name is too long");
	}
}

/* The name of what stands in the directory, or below it; false: it does not. */
static bool name_in(int dir_fd, const char *path, char ret[NAME]) {
	if (!now.on) {
		return false;
	}
	if (is_ours(dir_fd, DIRECTORY) && path[0] != '/' && strcmp(path, "..") != 0) {
		name_to(ret, now.fds[dir_fd].below, path);
		return true;
	}
	size_t len = strlen(now.dir);
	bool below = strncmp(path, now.dir, len) == 0 && path[len] == '/';
	if (below) {
		name_to(ret, "", path + len + 1);
	}
	return below;
}

static uint32_t number_of(ino_t inode, const char *name, bool is_new) {
	for (uint32_t i = now.nfiles; i > 0 && !is_new; i--) {
		if (now.inodes[i - 1] == inode) {
			return i - 1;
		}
	}
	if (now.nfiles == FILES) {
		die("too many files");
	}
	now.inodes[now.nfiles] = inode;
	struct disk_op *op = push(is_new ? OP_CREATE : OP_FOUND);
	op->file = now.nfiles;
	name_to(op->name, "", name);
	return now.nfiles++;
}

/* Is it the directory, or one in it?  Then where names in it begin. */
static bool is_directory(int dir_fd, const char *path, const struct stat *st, char ret[NAME]) {
	char name[NAME];
	ret[0] = '\0';
	if (strcmp(path, now.dir) == 0) {
		return true;
	}
	if (is_ours(dir_fd, DIRECTORY) && strcmp(path, ".") == 0) {
		name_to(ret, now.fds[dir_fd].below, "");
		return true;
	}
	if (is_ours(dir_fd, DIRECTORY) && strcmp(path, "..") == 0) {
		return now.fds[dir_fd].below[0] != '\0';
	}
	bool below = S_ISDIR(st->st_mode) && name_in(dir_fd, path, name);
	if (below) {
		name_to(ret, name, "/");
	}
	return below;
}

static int opened(int dir_fd, const char *path, int flags, mode_t mode) {
	struct stat st = { 0 };
	char name[NAME], below[NAME];
	bool named = name_in(dir_fd, path, name);
	bool is_new = named && (flags & O_CREAT) != 0 &&
		syscall(SYS_newfstatat, dir_fd, path, &st, AT_SYMLINK_NOFOLLOW) != 0;
	int fd = (int)syscall(SYS_openat, dir_fd, path, flags, mode);
	if (fd < 0 || !now.on) {
		return fd;
	}
	if (fd >= FDS) {
		die("too many descriptors");
	}
	bool known = syscall(SYS_fstat, fd, &st) == 0;
	now.fds[fd].kind = NOT_OURS;
	if (known && is_directory(dir_fd, path, &st, below)) {
		now.fds[fd].kind = DIRECTORY;
		memcpy(now.fds[fd].below, below, sizeof(below));
	} else if (named && known && S_ISREG(st.st_mode)) {
		now.fds[fd].kind = A_FILE;
		now.fds[fd].durable = (flags & O_DSYNC) != 0;
		now.fds[fd].file = number_of(st.st_ino, name, is_new);
		if ((flags & O_TRUNC) != 0) {
			push(OP_TRUNCATE)->file = now.fds[fd].file;
		}
	}
	return fd;
}

/* ---- what is written down ---- */

static bool fails(void) {
	now.faults++;
	if (now.fail_at == 0 || now.faults < now.fail_at ||
		(now.faults > now.fail_at && !now.fail_all)) {
		return false;
	}
	now.failed = true;
	errno = now.error;
	return true;
}

/* Of one part, if there is more than one byte. */
static bool half(const struct iovec *parts, struct iovec *ret) {
	*ret = (struct iovec){ parts[0].iov_base, (parts[0].iov_len + 1) / 2 };
	return now.error == 0;
}

static void wrote(int fd, uint64_t at, const struct iovec *parts, int count, ssize_t size) {
	if (size <= 0) {
		return;
	}
	struct disk_op *op = push(OP_WRITE);
	op->file = now.fds[fd].file;
	op->durable = now.fds[fd].durable;
	op->at = at;
	op->data = malloc((size_t)size);
	if (op->data == NULL) {
		die("out of memory");
	}
	for (int i = 0; i < count && op->size < (size_t)size; i++) {
		size_t left = (size_t)size - op->size;
		size_t len = parts[i].iov_len < left ? parts[i].iov_len : left;
		memcpy(op->data + op->size, parts[i].iov_base, len);
		op->size += len;
	}
}

static ssize_t write_at(int fd, const struct iovec *parts, int count, off_t at) {
	struct iovec less;
	if (is_ours(fd, A_FILE) && fails()) {
		if (!half(parts, &less)) {
			return -1;
		}
		parts = &less;
		count = 1;
	}
	ssize_t size = syscall(SYS_pwritev, fd, parts, count, at, 0);
	if (is_ours(fd, A_FILE)) {
		wrote(fd, (uint64_t)at, parts, count, size);
	}
	return size;
}

static ssize_t write_here(int fd, const struct iovec *parts, int count) {
	bool ours = is_ours(fd, A_FILE);
	struct iovec less;
	if (ours && fails()) {
		if (!half(parts, &less)) {
			return -1;
		}
		parts = &less;
		count = 1;
	}
	off_t at = ours ? (off_t)syscall(SYS_lseek, fd, 0, SEEK_CUR) : 0;
	ssize_t size = syscall(SYS_writev, fd, parts, count);
	if (ours) {
		wrote(fd, (uint64_t)at, parts, count, size);
	}
	return size;
}

static int sync_fd(int fd, long call) {
	if (is_ours(fd, A_FILE)) {
		if (fails() && now.error != 0) {
			push(OP_LOST)->file = now.fds[fd].file;
			return -1;
		}
		push(OP_SYNC)->file = now.fds[fd].file;
		return 0; /* what it would do is written down */
	}
	if (is_ours(fd, DIRECTORY)) {
		if (fails() && now.error != 0) {
			return -1;
		}
		name_to(push(OP_SYNC_DIR)->name, now.fds[fd].below, "");
		return 0;
	}
	return (int)syscall(call, fd);
}

/* ---- in the place of the C library ---- */

int open(const char *path, int flags, ...);
int open64(const char *path, int flags, ...);
int openat(int dir_fd, const char *path, int flags, ...);
int openat64(int dir_fd, const char *path, int flags, ...);
ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at);
ssize_t pwritev64(int fd, const struct iovec *parts, int count, off64_t at);
int ftruncate64(int fd, off64_t size);

#define MODE_OF(flags, ret)                                            \
	do {                                                           \
		va_list args_;                                         \
		va_start(args_, flags);                                \
		(ret) = (flags & O_CREAT) ? va_arg(args_, mode_t) : 0; \
		va_end(args_);                                         \
	} while (0)

int open(const char *path, int flags, ...) {
	mode_t mode;
	MODE_OF(flags, mode);
	return opened(AT_FDCWD, path, flags, mode);
}

int open64(const char *path, int flags, ...) {
	mode_t mode;
	MODE_OF(flags, mode);
	return opened(AT_FDCWD, path, flags, mode);
}

int openat(int dir_fd, const char *path, int flags, ...) {
	mode_t mode;
	MODE_OF(flags, mode);
	return opened(dir_fd, path, flags, mode);
}

int openat64(int dir_fd, const char *path, int flags, ...) {
	mode_t mode;
	MODE_OF(flags, mode);
	return opened(dir_fd, path, flags, mode);
}

int close(int fd) {
	if (fd >= 0 && fd < FDS) {
		now.fds[fd].kind = NOT_OURS;
	}
	return (int)syscall(SYS_close, fd);
}

#define ONE(data, size)                         \
	&(struct iovec) {                       \
		(void *)(uintptr_t)(data), size \
	}

ssize_t pwrite(int fd, const void *data, size_t size, off_t at) {
	return write_at(fd, ONE(data, size), 1, at);
}

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at) {
	return write_at(fd, ONE(data, size), 1, (off_t)at);
}

ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t at) {
	return write_at(fd, parts, count, at);
}

ssize_t pwritev64(int fd, const struct iovec *parts, int count, off64_t at) {
	return write_at(fd, parts, count, (off_t)at);
}

ssize_t write(int fd, const void *data, size_t size) {
	return write_here(fd, ONE(data, size), 1);
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
	return write_here(fd, parts, count);
}

int fsync(int fd) {
	return sync_fd(fd, SYS_fsync);
}

int fdatasync(int fd) {
	return sync_fd(fd, SYS_fdatasync);
}

int ftruncate(int fd, off_t size) {
	int rc = (int)syscall(SYS_ftruncate, fd, size);
	if (rc == 0 && is_ours(fd, A_FILE)) {
		struct disk_op *op = push(OP_TRUNCATE);
		op->file = now.fds[fd].file;
		op->at = (uint64_t)size;
	}
	return rc;
}

int ftruncate64(int fd, off64_t size) {
	return ftruncate(fd, (off_t)size);
}

int renameat(int from_fd, const char *from, int to_fd, const char *to) {
	char name[NAME], new_name[NAME];
	struct stat st;
	bool ours = name_in(from_fd, from, name) && name_in(to_fd, to, new_name) &&
		syscall(SYS_newfstatat, from_fd, from, &st, AT_SYMLINK_NOFOLLOW) == 0;
	int rc = (int)syscall(SYS_renameat, from_fd, from, to_fd, to);
	if (rc == 0 && ours) {
		uint32_t file = number_of(st.st_ino, name, false);
		struct disk_op *op = push(OP_RENAME);
		op->file = file;
		name_to(op->name, "", name);
		name_to(op->to, "", new_name);
	}
	return rc;
}

int rename(const char *from, const char *to) {
	return renameat(AT_FDCWD, from, AT_FDCWD, to);
}

int unlinkat(int dir_fd, const char *path, int flags) {
	char name[NAME];
	bool ours = name_in(dir_fd, path, name);
	int rc = (int)syscall(SYS_unlinkat, dir_fd, path, flags);
	if (rc == 0 && ours) {
		name_to(push(OP_UNLINK)->name, "", name);
	}
	return rc;
}

int unlink(const char *path) {
	return unlinkat(AT_FDCWD, path, 0);
}

int mkdir(const char *path, mode_t mode) {
	char name[NAME];
	int rc = (int)syscall(SYS_mkdir, path, mode);
	if (rc == 0 && name_in(AT_FDCWD, path, name)) {
		name_to(push(OP_MKDIR)->name, "", name);
	}
	return rc;
}

ssize_t getrandom(void *data, size_t size, unsigned flags) {
	unsigned char *to = data;
	if (!now.on) {
		return syscall(SYS_getrandom, data, size, flags);
	}
	for (size_t i = 0; i < size; i++) {
		now.random ^= now.random << 13;
		now.random ^= now.random >> 7;
		now.random ^= now.random << 17;
		to[i] = (unsigned char)(now.random >> 32);
	}
	return (ssize_t)size;
}
