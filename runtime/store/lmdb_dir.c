/*
 * The store's directory.
 *
 *	data.mdb      LMDB's file
 *	lock.mdb      LMDB's readers and its writer's mutex
 *	dtf.format    "dtf store 3.0", and of one of several "partition 1 of 4"
 *	dtf.lock      flock()ed by the owner, with its process number inside
 *	dtf.wake      a FIFO, written to when something is in the inbox
 *	data.new      only while the store is being made
 *
 * Making an LMDB file is not atomic: its first two pages are written without a
 * sync, and a crash there leaves a file that never opens again.  So it is made
 * under another name, synced, and renamed.  The store exists when data.mdb
 * does; a crash before leaves files that the next attempt replaces.
 *
 * The format stands in a file beside the database, because reading it must be
 * safe before anything is known: opening the database would write to lock.mdb,
 * and reading it without locks while another process writes is a race.
 *
 * Two locks.  The owner's, on dtf.lock, is held as long as the owner lives and
 * vanishes with it, however it dies.  The gate, on the directory itself, is
 * held for moments: LMDB's lock file has races between opening and closing in
 * some versions, and asking whether there is an owner must not look like one.
 *
 * Whoever can write in the directory, or put another in its place, can make us
 * read a crafted file, against which LMDB has no defence.  So the directory
 * must be ours or root's, and not writable by everybody.
 */
#include "lmdb_impl.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "../error.h"

#define FORMAT_FILE "dtf.format"
#define LOCK_FILE   "dtf.lock"
#define WAKE_FILE   "dtf.wake"
#define LMDB_LOCK   "lock.mdb"

/* As in lmdb's mdb.c, whose header does not tell them. */
#define LMDB_MAGIC        0xBEEFC0DEU
#define LMDB_DATA_VERSION 1U
#define LMDB_META_OFFSET  (sizeof(size_t) + 8) /* behind a page's header */

/* ---- the directory ---- */

static int sync_fd(int fd, const char *dir, const char *name) {
	if (fsync(fd) != 0) {
		return dtf__fail(DTF_ESTORE, "fsync %s/%s: %s", dir, name, strerror(errno));
	}
	return 0;
}

static int sync_parent(int dir_fd, const char *dir) {
	int fd = openat(dir_fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) {
		return dtf__fail(DTF_ESTORE, "open %s/..: %s", dir, strerror(errno));
	}
	int rc = sync_fd(fd, dir, "..");
	(void)close(fd);
	return rc;
}

/* LMDB needs memory maps and locks that all processes see: one machine's disk. */
static bool is_remote(int dir_fd) {
	static const unsigned long remote[] = { 0x6969 /* NFS */, 0x517B /* SMB */,
		0xFF534D42 /* CIFS */, 0xFE534D42 /* SMB 2 */ };
	struct statfs fs;
	if (fstatfs(dir_fd, &fs) != 0) {
		return false;
	}
	for (size_t i = 0; i < sizeof(remote) / sizeof(*remote); i++) {
		if (((unsigned long)fs.f_type & 0xFFFFFFFFUL) == remote[i]) {
			return true;
		}
	}
	return false;
}

static int check_directory(int dir_fd, const char *dir) {
	struct stat st;
	if (fstat(dir_fd, &st) != 0) {
		return dtf__fail(DTF_ESTORE, "stat %s: %s", dir, strerror(errno));
	}
	if ((st.st_mode & S_IWOTH) != 0) {
		return dtf__fail(DTF_EINVAL, "%s: everybody may write in it (chmod o-w)", dir);
	}
	uid_t me = geteuid();
	if (me != 0 && st.st_uid != me && st.st_uid != 0) {
		return dtf__fail(DTF_EINVAL, "%s: belongs to another user (%lu)", dir,
			(unsigned long)st.st_uid);
	}
	if (is_remote(dir_fd)) {
		return dtf__fail(
			DTF_EINVAL, "%s: is on a network file system, which cannot work", dir);
	}
	return 0;
}

int dtf__lmdb_dir_open(const char *dir, enum store_mode mode, int *ret_fd) {
	bool made = mode == STORE_OWN && mkdir(dir, 0700) == 0;
	if (mode == STORE_OWN && !made && errno != EEXIST) {
		return dtf__fail(DTF_ESTORE, "mkdir %s: %s", dir, strerror(errno));
	}
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) {
		int code = errno == ENOENT || errno == ENOTDIR ? DTF_EFORMAT : DTF_ESTORE;
		return dtf__fail(code, "no store in %s: %s", dir, strerror(errno));
	}
	int rc = check_directory(fd, dir);
	if (rc == 0 && made) {
		rc = sync_parent(fd, dir);
	}
	if (rc < 0) {
		(void)close(fd);
		return rc;
	}
	*ret_fd = fd;
	return 0;
}

bool dtf__lmdb_dir_is_full(int dir_fd) {
	/* LMDB writes at most 64 pages at a time; leave room for doubt. */
	const uint64_t least = (uint64_t)1024 * 1024;
	struct statvfs fs;
	if (fstatvfs(dir_fd, &fs) != 0) {
		return false;
	}
	uint64_t blocks = geteuid() == 0 ? fs.f_bfree : fs.f_bavail;
	return blocks * fs.f_frsize < least;
}

/* ---- the gate ---- */

static int lock_file(int fd, int how) {
	int rc;
	do {
		rc = flock(fd, how);
	} while (rc != 0 && errno == EINTR);
	return rc;
}

int dtf__lmdb_gate_lock(int dir_fd) {
	if (lock_file(dir_fd, LOCK_EX) != 0) {
		return dtf__fail(DTF_ESTORE, "flock of the directory: %s", strerror(errno));
	}
	return 0;
}

void dtf__lmdb_gate_unlock(int dir_fd) {
	(void)lock_file(dir_fd, LOCK_UN);
}

/* ---- is it a store? ---- */

ssize_t dtf__lmdb_dir_read(int dir_fd, const char *name, char *bytes, size_t size) {
	int fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0) {
		return -1;
	}
	ssize_t count;
	do {
		count = pread(fd, bytes, size, 0);
	} while (count < 0 && errno == EINTR);
	(void)close(fd);
	return count;
}

static bool exists(int dir_fd, const char *name) {
	struct stat st;
	return fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

static bool is_partition(const char *name) {
	return name[0] == 'p' && strlen(name) == 4 && strspn(name + 1, "0123456789") == 3;
}

static bool may_be_there(const char *name, bool partitions) {
	static const char *const names[] = { ".", "..", "lost+found", FORMAT_FILE, LOCK_FILE,
		WAKE_FILE, LMDB_DATA_NEW };
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (strcmp(name, names[i]) == 0) {
			return true;
		}
	}
	return partitions && (is_partition(name) || strcmp(name, LMDB_PARTITIONS ".new") == 0);
}

/* A new store gets a directory of its own: a wrong path must not be littered. */
static int check_empty(int dir_fd, const char *dir, bool partitions) {
	if (exists(dir_fd, LMDB_LOCK)) {
		return dtf__fail(DTF_ECORRUPT, "%s: " LMDB_DATA " is gone", dir);
	}
	int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	if (stream == NULL) {
		int error = errno;
		if (fd >= 0) {
			(void)close(fd);
		}
		return dtf__fail(DTF_ESTORE, "read %s: %s", dir, strerror(error));
	}
	int rc = LMDB_DIR_EMPTY;
	const struct dirent *entry;
	while (rc >= 0 && (entry = readdir(stream)) != NULL) {
		if (!may_be_there(entry->d_name, partitions)) {
			rc = dtf__fail(DTF_EFORMAT,
				"%s: no store, and not empty (%.60s): give it its own", dir,
				entry->d_name);
		}
	}
	(void)closedir(stream);
	return rc;
}

/* "dtf store MAJOR.MINOR\n"; false when it is not that. */
static bool parse_format(const char *text, unsigned long *ret_major) {
	static const char start[] = "dtf store ";
	if (strncmp(text, start, sizeof(start) - 1) != 0) {
		return false;
	}
	const char *digits = text + sizeof(start) - 1;
	char *end;
	if (*digits < '0' || *digits > '9') {
		return false;
	}
	*ret_major = strtoul(digits, &end, 10);
	return *end == '.' && end[1] >= '0' && end[1] <= '9' && strchr(end, '\n') != NULL;
}

static int check_header(int dir_fd, const char *dir) {
	char header[LMDB_META_OFFSET + 8];
	ssize_t count = dtf__lmdb_dir_read(dir_fd, LMDB_DATA, header, sizeof(header));
	if (count < 0) {
		return dtf__fail(DTF_ESTORE, "read %s/" LMDB_DATA ": %s", dir, strerror(errno));
	}
	if (count < (ssize_t)sizeof(header)) {
		return dtf__fail(DTF_ECORRUPT, "%s/" LMDB_DATA " is cut off", dir);
	}
	uint32_t magic, version; /* in this machine's order, as LMDB writes them */
	memcpy(&magic, header + LMDB_META_OFFSET, sizeof(magic));
	memcpy(&version, header + LMDB_META_OFFSET + 4, sizeof(version));
	if (magic != LMDB_MAGIC) {
		return dtf__fail(DTF_EFORMAT, "%s/" LMDB_DATA " was not written by LMDB", dir);
	}
	if (version != LMDB_DATA_VERSION) {
		return dtf__fail(DTF_EFORMAT,
			"%s/" LMDB_DATA " has LMDB's data version %lu; this one reads %lu", dir,
			(unsigned long)version, (unsigned long)LMDB_DATA_VERSION);
	}
	return 0;
}

int dtf__lmdb_dir_check_partitions(int dir_fd, const char *dir) {
	int rc = check_empty(dir_fd, dir, true);
	return rc == LMDB_DIR_EMPTY ? 0 : rc;
}

static int format_text(char *ret, size_t size, const struct store_options *options) {
	int length = snprintf(ret, size, "dtf store %d.%d\n", DTF_FORMAT_MAJOR, DTF_FORMAT_MINOR);
	return options->partitions == 0 ? length
					: length +
			snprintf(ret + length, size - (size_t)length, "partition %u of %u\n",
				options->partition, options->partitions);
}

/* What the text of a format says behind its first line. */
static void place_of(const char *text, char ret[64]) {
	const char *second = strchr(text, '\n') + 1;
	(void)snprintf(ret, 64, "%.*s", (int)strcspn(second, "\n"), second);
	if (ret[0] == '\0') {
		(void)snprintf(ret, 64, "a store of its own");
	}
}

/* A partition that was moved or copied to another's place would be read as that one. */
static int check_place(const char *text, const char *dir, const struct store_options *options) {
	char own[64], wanted[64], found[64];
	(void)format_text(own, sizeof(own), options);
	place_of(own, wanted);
	place_of(text, found);
	return strcmp(wanted, found) == 0
		? 0
		: dtf__fail(DTF_EFORMAT, "%s is %s, not %s", dir, found, wanted);
}

int dtf__lmdb_dir_check(int dir_fd, const char *dir, const struct store_options *options) {
	char text[64] = "";
	unsigned long major = 0;
	bool has_format = dtf__lmdb_dir_read(dir_fd, FORMAT_FILE, text, sizeof(text) - 1) >= 0;
	bool has_data = exists(dir_fd, LMDB_DATA);
	bool known = has_format && parse_format(text, &major);
	if (known && major != DTF_FORMAT_MAJOR) {
		return dtf__fail(DTF_EFORMAT,
			"%s was written by %s dtf: format %lu, this one reads %d", dir,
			major > DTF_FORMAT_MAJOR ? "a newer" : "an older", major, DTF_FORMAT_MAJOR);
	}
	if (!has_data) {
		return check_empty(dir_fd, dir, false);
	}
	if (!known) {
		return dtf__fail(DTF_EFORMAT, "%s/" LMDB_DATA " is no store of dtf: %s", dir,
			has_format ? FORMAT_FILE " is damaged" : "there is no " FORMAT_FILE);
	}
	int rc = check_place(text, dir, options);
	return rc < 0 ? rc : check_header(dir_fd, dir);
}

/* ---- making one ---- */

int dtf__lmdb_dir_write_format(int dir_fd, const char *dir, const struct store_options *options) {
	char text[64];
	int size = format_text(text, sizeof(text), options);
	int fd = openat(
		dir_fd, FORMAT_FILE, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0) {
		return dtf__fail(DTF_ESTORE, "create %s/" FORMAT_FILE ": %s", dir, strerror(errno));
	}
	int rc = 0;
	if (write(fd, text, (size_t)size) != size) {
		rc = dtf__fail(errno == ENOSPC ? DTF_EFULL : DTF_ESTORE,
			"write %s/" FORMAT_FILE ": %s", dir, strerror(errno));
	}
	if (rc == 0) {
		rc = sync_fd(fd, dir, FORMAT_FILE);
	}
	(void)close(fd);
	return rc;
}

int dtf__lmdb_dir_publish(int dir_fd, const char *dir) {
	int fd = openat(dir_fd, LMDB_DATA_NEW, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0) {
		return dtf__fail(DTF_ESTORE, "open %s/" LMDB_DATA_NEW ": %s", dir, strerror(errno));
	}
	int rc = sync_fd(fd, dir, LMDB_DATA_NEW);
	(void)close(fd);
	if (rc < 0) {
		return rc;
	}
	/* The other files' names first: they must be there when data.mdb is. */
	rc = sync_fd(dir_fd, dir, "");
	if (rc < 0) {
		return rc;
	}
	if (renameat(dir_fd, LMDB_DATA_NEW, dir_fd, LMDB_DATA) != 0) {
		return dtf__fail(
			DTF_ESTORE, "rename %s/" LMDB_DATA_NEW ": %s", dir, strerror(errno));
	}
	return sync_fd(dir_fd, dir, "");
}

/* ---- the owner ---- */

static int owned_by(int fd, const char *dir) {
	char text[32] = "";
	ssize_t size = pread(fd, text, sizeof(text) - 1, 0);
	text[strcspn(text, "\n")] = '\0';
	return dtf__fail(
		DTF_EOWNED, "%s is owned by process %s", dir, size > 0 ? text : "(unknown)");
}

int dtf__lmdb_own(int dir_fd, const char *dir, int *ret_lock_fd) {
	int fd = openat(dir_fd, LOCK_FILE, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0) {
		return dtf__fail(DTF_ESTORE, "open %s/" LOCK_FILE ": %s", dir, strerror(errno));
	}
	int rc = 0;
	char text[32];
	int size = snprintf(text, sizeof(text), "%ld\n", (long)getpid());
	if (lock_file(fd, LOCK_EX | LOCK_NB) != 0) {
		rc = errno == EWOULDBLOCK
			? owned_by(fd, dir)
			: dtf__fail(DTF_ESTORE, "flock %s/" LOCK_FILE ": %s", dir, strerror(errno));
	} else if (ftruncate(fd, 0) != 0 || pwrite(fd, text, (size_t)size, 0) != size) {
		rc = dtf__fail(errno == ENOSPC ? DTF_EFULL : DTF_ESTORE,
			"write %s/" LOCK_FILE ": %s", dir, strerror(errno));
	}
	if (rc < 0) {
		(void)close(fd);
		return rc;
	}
	*ret_lock_fd = fd;
	return 0;
}

void dtf__lmdb_disown(int lock_fd) {
	/* Unlock, not only close: a child may have inherited the descriptor. */
	(void)!ftruncate(lock_fd, 0);
	(void)lock_file(lock_fd, LOCK_UN);
	(void)close(lock_fd);
}

int dtf__lmdb_is_owned(int dir_fd, const char *dir) {
	int fd = openat(dir_fd, LOCK_FILE, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0) {
		return errno == ENOENT
			? 0
			: dtf__fail(DTF_ESTORE, "open %s/" LOCK_FILE ": %s", dir, strerror(errno));
	}
	int rc = 0;
	if (lock_file(fd, LOCK_SH | LOCK_NB) != 0) {
		rc = errno == EWOULDBLOCK
			? 1
			: dtf__fail(DTF_ESTORE, "flock %s/" LOCK_FILE ": %s", dir, strerror(errno));
	}
	(void)close(fd);
	return rc;
}

int dtf__lmdb_wake_open(int dir_fd, const char *dir, int *ret_fd) {
	*ret_fd = -1;
	if (mkfifoat(dir_fd, WAKE_FILE, 0600) != 0 && errno != EEXIST) {
		/* Some file systems have no FIFOs; the owner polls the inbox then. */
		if (errno == EPERM || errno == ENOTSUP || errno == EINVAL || errno == ENOSYS) {
			return 0;
		}
		return dtf__fail(DTF_ESTORE, "mkfifo %s/" WAKE_FILE ": %s", dir, strerror(errno));
	}
	/* Both ends: opening does not wait for the other, writing gets no SIGPIPE. */
	int fd = openat(dir_fd, WAKE_FILE, O_RDWR | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;
	if (fd < 0) {
		return dtf__fail(DTF_ESTORE, "open %s/" WAKE_FILE ": %s", dir, strerror(errno));
	}
	if (fstat(fd, &st) != 0 || !S_ISFIFO(st.st_mode)) {
		(void)close(fd);
		return dtf__fail(DTF_EFORMAT, "%s/" WAKE_FILE " is no FIFO", dir);
	}
	*ret_fd = fd;
	return 0;
}
