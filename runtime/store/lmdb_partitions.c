/*
 * A directory of several stores:
 *
 *	dtf.partitions   one line, "4"
 *	p000 … p003      a store each, whose dtf.format says which of how many it is
 *
 * One partition needs none of this: the directory is its store.  dtf.partitions is
 * written when all stores are there; a crash before leaves some that hold nothing,
 * which the next attempt takes for its own.  From then on one that is missing is lost,
 * and never made anew.
 */
#include "lmdb_impl.h"
#include "partition.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../error.h"

#define PARTITIONS_NEW LMDB_PARTITIONS ".new"

/* 0: there is no such file. */
static int read_count(int dir_fd, const char *dir, unsigned *ret) {
	char text[16] = "";
	ssize_t size = dtf__lmdb_dir_read(dir_fd, LMDB_PARTITIONS, text, sizeof(text) - 1);
	*ret = 0;
	if (size < 0 && errno == ENOENT) {
		return 0;
	}
	char *end = text;
	unsigned long count = text[0] >= '1' && text[0] <= '9' ? strtoul(text, &end, 10) : 0;
	if (size < 0 || count < 2 || count > PARTITIONS_MAX || strcmp(end, "\n") != 0) {
		return dtf__fail(DTF_ECORRUPT, "%s/" LMDB_PARTITIONS " is damaged", dir);
	}
	*ret = (unsigned)count;
	return 0;
}

static int write_count(int dir_fd, const char *dir, unsigned count) {
	char text[16];
	int size = snprintf(text, sizeof(text), "%u\n", count);
	int fd = openat(dir_fd, PARTITIONS_NEW,
		O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	bool ok = fd >= 0 && write(fd, text, (size_t)size) == size && fsync(fd) == 0;
	ok = ok && renameat(dir_fd, PARTITIONS_NEW, dir_fd, LMDB_PARTITIONS) == 0 &&
		fsync(dir_fd) == 0;
	int error = errno;
	if (fd >= 0) {
		(void)close(fd);
	}
	return ok ? 0
		  : dtf__fail(error == ENOSPC ? DTF_EFULL : DTF_ESTORE,
			    "write %s/" LMDB_PARTITIONS ": %s", dir, strerror(error));
}

static int open_one(const char *dir, enum store_mode mode, const struct store_options *options,
	bool is_new, struct store **ret) {
	char path[4096], data[4096];
	int size = snprintf(path, sizeof(path), "%s/p%03u", dir, options->partition);
	(void)snprintf(data, sizeof(data), "%.4000s/" LMDB_DATA, path);
	struct stat st;
	if (size < 0 || size > 4000) {
		return dtf__fail(DTF_EINVAL, "%.100s…: the path is too long", dir);
	}
	if (!is_new && stat(data, &st) != 0) {
		return dtf__fail(DTF_ECORRUPT, "%s is gone: %s", data, strerror(errno));
	}
	return dtf__store_lmdb_open(path, mode, options, ret);
}

static int open_all(const char *dir, enum store_mode mode, const struct store_options *options,
	bool is_new, unsigned count, struct stores *ret) {
	struct stores stores = { calloc(count, sizeof(struct store *)), count };
	size_t all = options->checkpoint == 0 ? CHECKPOINT_PUTS : options->checkpoint;
	int rc = stores.stores == NULL ? dtf__fail(DTF_ENOMEM, "out of memory") : 0;
	for (unsigned i = 0; rc == 0 && i < count; i++) {
		struct store_options own = *options;
		own.size_max = options->size_max == 0 ? 0 : options->size_max / count + 1;
		own.checkpoint = all / count + 1;
		own.partition = i;
		own.partitions = count;
		rc = open_one(dir, mode, &own, is_new, &stores.stores[i]);
	}
	if (rc < 0) {
		dtf__stores_close(&stores);
		return rc;
	}
	*ret = stores;
	return 0;
}

/* Under the gate of the directory. */
static int open_several(int dir_fd, const char *dir, enum store_mode mode,
	const struct store_options *options, unsigned wanted, unsigned count, struct stores *ret) {
	bool is_new = count == 0;
	struct stat st;
	if (is_new && fstatat(dir_fd, LMDB_DATA, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		return dtf__fail(DTF_EINVAL, "%s has one partition, not %u", dir, wanted);
	}
	if (!is_new && wanted != 0 && wanted != count) {
		return dtf__fail(DTF_EINVAL, "%s has %u partitions, not %u", dir, count, wanted);
	}
	int rc = is_new ? dtf__lmdb_dir_check_partitions(dir_fd, dir) : 0;
	rc = rc == 0 ? open_all(dir, mode, options, is_new, is_new ? wanted : count, ret) : rc;
	if (rc == 0 && is_new) {
		rc = write_count(dir_fd, dir, wanted);
		if (rc < 0) {
			dtf__stores_close(ret);
		}
	}
	return rc;
}

static int open_only(const char *dir, enum store_mode mode, const struct store_options *options,
	struct stores *ret) {
	struct stores stores = { calloc(1, sizeof(struct store *)), 1 };
	int rc = stores.stores == NULL
		? dtf__fail(DTF_ENOMEM, "out of memory")
		: dtf__store_lmdb_open(dir, mode, options, &stores.stores[0]);
	if (rc < 0) {
		free(stores.stores);
		return rc;
	}
	*ret = stores;
	return 0;
}

int dtf__stores_open(const char *dir, enum store_mode mode, const struct store_options *options,
	unsigned wanted, struct stores *ret) {
	int dir_fd;
	unsigned count = 0;
	int rc = dtf__lmdb_dir_open(dir, mode, &dir_fd);
	if (rc < 0) {
		return rc;
	}
	rc = dtf__lmdb_gate_lock(dir_fd);
	if (rc == 0) {
		rc = read_count(dir_fd, dir, &count);
		bool several = count > 0 || (mode == STORE_OWN && wanted > 1);
		if (rc == 0 && several) {
			rc = open_several(dir_fd, dir, mode, options, wanted, count, ret);
		}
		dtf__lmdb_gate_unlock(dir_fd);
		if (rc == 0 && !several) {
			rc = open_only(dir, mode, options, ret);
		}
	}
	(void)close(dir_fd);
	return rc;
}
