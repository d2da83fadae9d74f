/*
 * LMDB environments.
 *
 * LMDB must not be opened twice in a process: it does not notice, and closing
 * the one takes the other's reader slots and locks away.  So a registry holds
 * one environment per directory, shared by all handles.  Nor must it cross
 * fork(): a child could write through its parent's environment unnoticed.  So
 * each use compares process numbers, and a child leaves what it inherited
 * alone, even when it closes it.
 *
 * The map is address space, not memory: 1 TiB where the system gives it, so
 * that growing is rare.  When it must grow (or has, in another process), no
 * transaction of this process may run, which is what map_lock is for.  A commit
 * that found the map full wrote nothing and is simply run again.
 *
 * What a failure means is decided here.  A full disk aborts a commit and no
 * more.  After an I/O error nobody knows what the disk has: the environment
 * fails for good, and everything says so until it is opened anew.
 */
#include "lmdb_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../error.h"

#define MAP_SIZE_DEFAULT ((size_t)1 << (sizeof(size_t) > 4 ? 40 : 30))
#define MAP_SIZE_MIN     ((size_t)16 * 1024 * 1024)
#define READERS_MAX      1024

enum lmdb_failed { FAILED_NOT, FAILED, FAILED_TOLD };

static pthread_mutex_t registry_mutex = PTHREAD_MUTEX_INITIALIZER;
static struct lmdb_env *registry; /* guarded by registry_mutex */

void dtf__lmdb_registry_lock(void) {
	dtf__assert(pthread_mutex_lock(&registry_mutex) == 0);
}

void dtf__lmdb_registry_unlock(void) {
	dtf__assert(pthread_mutex_unlock(&registry_mutex) == 0);
}

/* ---- results ---- */

static int fail_for_good(struct lmdb_env *env, int code, const char *what) {
	int expected = FAILED_NOT;
	if (atomic_compare_exchange_strong(&env->failed, &expected, FAILED)) {
		(void)snprintf(env->why, sizeof(env->why), "%s: %s", what, mdb_strerror(code));
		atomic_store(&env->failed, FAILED_TOLD);
	}
	return dtf__fail(DTF_ESTORE, "%s: %s: %s", env->dir, what, mdb_strerror(code));
}

int dtf__lmdb_env_check(struct lmdb_env *env) {
	if (env->pid != getpid()) {
		return dtf__fail(DTF_EFORK, "%s: the handle was inherited by fork()", env->dir);
	}
	int failed = atomic_load(&env->failed);
	if (failed != FAILED_NOT) {
		return dtf__fail(DTF_ESTORE, "%s: failed before: %s", env->dir,
			failed == FAILED_TOLD ? env->why : "just now");
	}
	return 0;
}

int dtf__lmdb_result(struct lmdb_env *env, int code, const char *what) {
	if (code == 0 || (code < 0 && code > -1000)) {
		return code; /* DTF's own */
	}
	switch (code) {
	case ENOMEM:
		return dtf__fail(DTF_ENOMEM, "%s: %s: out of memory", env->dir, what);
	case ENOSPC:
	case EDQUOT:
	case EFBIG:
	case MDB_MAP_FULL:
		return dtf__fail(DTF_EFULL, "%s: %s: %s", env->dir, what, mdb_strerror(code));
	case MDB_TXN_FULL:
		return dtf__fail(DTF_ETOO_LARGE, "%s: %s: too much for one commit", env->dir, what);
	case MDB_READERS_FULL:
		return dtf__fail(
			DTF_ESTORE, "%s: %s: more than %d readers", env->dir, what, READERS_MAX);
	case MDB_NOTFOUND: /* of what must be there */
	case MDB_CORRUPTED:
	case MDB_PAGE_NOTFOUND:
	case MDB_INVALID:
	case MDB_BAD_VALSIZE:
		return dtf__fail(DTF_ECORRUPT, "%s: %s: %s", env->dir, what, mdb_strerror(code));
	case EIO:
		/* LMDB's word for a write cut short, which is what a full disk does. */
		if (dtf__lmdb_dir_is_full(env->dir_fd)) {
			return dtf__fail(DTF_EFULL, "%s: %s: the disk is full", env->dir, what);
		}
		return fail_for_good(env, code, what);
	default:
		return fail_for_good(env, code, what);
	}
}

/* ---- the map ---- */

static void map_lock_shared(struct lmdb_env *env) {
	dtf__assert(pthread_rwlock_rdlock(&env->map_lock) == 0);
}

static void map_lock_exclusive(struct lmdb_env *env) {
	dtf__assert(pthread_rwlock_wrlock(&env->map_lock) == 0);
}

static void map_unlock(struct lmdb_env *env) {
	dtf__assert(pthread_rwlock_unlock(&env->map_lock) == 0);
}

/* LMDB gives its map up before it asks for another: ask whether there is one. */
static bool has_room_for_map(size_t size) {
	void *map = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (map == MAP_FAILED) {
		return false;
	}
	(void)munmap(map, size);
	return true;
}

static int grow_locked(struct lmdb_env *env) {
	MDB_envinfo info;
	int rc = mdb_env_info(env->mdb, &info);
	if (rc != 0) {
		return rc;
	}
	size_t size = info.me_mapsize > SIZE_MAX / 2 ? SIZE_MAX : info.me_mapsize * 2;
	if (env->map_size_max != 0 && size > env->map_size_max) {
		size = env->map_size_max;
	}
	if (size <= info.me_mapsize || !has_room_for_map(size)) {
		return MDB_MAP_FULL;
	}
	rc = mdb_env_set_mapsize(env->mdb, size);
	return rc == 0 ? 0 : fail_for_good(env, rc, "growing the map");
}

static int grow(struct lmdb_env *env) {
	map_lock_exclusive(env);
	int rc = grow_locked(env);
	map_unlock(env);
	return rc;
}

/* Another process grew its map and wrote beyond ours. */
static int follow(struct lmdb_env *env) {
	map_lock_exclusive(env);
	int rc = mdb_env_set_mapsize(env->mdb, 0);
	map_unlock(env);
	return rc == 0 ? 0 : fail_for_good(env, rc, "following the map");
}

/* ---- transactions ---- */

void dtf__lmdb_reap(struct lmdb_env *env) {
	int dead;
	/* It can only fail by a dead process's lock; then the slots stay taken. */
	(void)mdb_reader_check(env->mdb, &dead);
}

static int begin(struct lmdb_env *env, unsigned flags, MDB_txn **ret) {
	bool reaped = false;
	for (;;) {
		map_lock_shared(env);
		int rc = mdb_txn_begin(env->mdb, NULL, flags, ret);
		if (rc == 0) {
			return 0; /* the lock goes with the transaction */
		}
		map_unlock(env);
		if (rc == MDB_MAP_RESIZED) {
			rc = follow(env);
		} else if (rc == MDB_READERS_FULL && !reaped) {
			dtf__lmdb_reap(env);
			reaped = true;
			rc = 0;
		}
		if (rc != 0) {
			return rc;
		}
	}
}

/* Using a reader's slot again is much cheaper than asking for one. */
static bool renew(struct lmdb_env *env, MDB_txn **ret) {
	MDB_txn *txn = atomic_exchange(&env->spare, NULL);
	if (txn == NULL) {
		return false;
	}
	map_lock_shared(env);
	if (mdb_txn_renew(txn) == 0) {
		*ret = txn;
		return true; /* the lock goes with the transaction */
	}
	mdb_txn_abort(txn);
	map_unlock(env);
	return false; /* a new one says what is the matter */
}

int dtf__lmdb_begin(struct lmdb_env *env, MDB_txn **ret) {
	return renew(env, ret) ? 0 : begin(env, MDB_RDONLY, ret);
}

void dtf__lmdb_end(struct lmdb_env *env, MDB_txn *txn) {
	MDB_txn *none = NULL;
	mdb_txn_reset(txn);
	if (!atomic_compare_exchange_strong(&env->spare, &none, txn)) {
		mdb_txn_abort(txn);
	}
	map_unlock(env);
}

int dtf__lmdb_update(
	struct lmdb_env *env, int (*f)(struct lmdb_env *env, MDB_txn *txn, void *arg), void *arg) {
	for (;;) {
		MDB_txn *txn;
		int rc = begin(env, 0, &txn);
		if (rc != 0) {
			return rc;
		}
		rc = f(env, txn, arg);
		if (rc == 0) {
			rc = mdb_txn_commit(txn);
		} else {
			mdb_txn_abort(txn);
		}
		map_unlock(env);
		if (rc == MDB_MAP_FULL) {
			rc = grow(env);
			if (rc == 0) {
				continue;
			}
		}
		return rc;
	}
}

/* ---- create, open, close ---- */

static int open_tables(struct lmdb_env *env, MDB_txn *txn, unsigned flags) {
	static const char *const names[NTABLES] = { "log", "inst", "name", "mark", "journal",
		"index", "trash", "outbox", "received", "inbox", "answer", "manifest", "snapshot",
		"meta" };
	for (size_t i = 0; i < NTABLES; i++) {
		int rc = mdb_dbi_open(txn, names[i], flags, &env->tables[i]);
		if (rc != 0) {
			return rc;
		}
	}
	return 0;
}

/* In mdb_env_open's words; after a failure the environment is closed. */
static int open_mdb(struct lmdb_env *env, const char *path, size_t map_size, unsigned flags) {
	int rc = mdb_env_create(&env->mdb);
	if (rc != 0) {
		return rc;
	}
	rc = mdb_env_set_maxdbs(env->mdb, NTABLES);
	if (rc == 0) {
		rc = mdb_env_set_maxreaders(env->mdb, READERS_MAX);
	}
	if (rc == 0) {
		rc = mdb_env_set_mapsize(env->mdb, map_size);
	}
	if (rc == 0) {
		rc = mdb_env_open(env->mdb, path, flags, 0600);
	}
	if (rc != 0) {
		mdb_env_close(env->mdb);
		env->mdb = NULL;
	}
	return rc;
}

static int fill_new(struct lmdb_env *env) {
	MDB_txn *txn;
	int rc = mdb_txn_begin(env->mdb, NULL, 0, &txn);
	if (rc != 0) {
		return rc;
	}
	rc = open_tables(env, txn, MDB_CREATE);
	if (rc == 0) {
		rc = dtf__lmdb_meta_init(env, txn);
	}
	if (rc != 0) {
		mdb_txn_abort(txn);
		return rc;
	}
	return mdb_txn_commit(txn);
}

int dtf__lmdb_env_create(int dir_fd, const char *dir, const struct store_options *options) {
	char path[4096];
	int length = snprintf(path, sizeof(path), "%s/" LMDB_DATA_NEW, dir);
	if (length < 0 || (size_t)length >= sizeof(path)) {
		return dtf__fail(DTF_EINVAL, "%.100s: the path is too long", dir);
	}
	if (unlinkat(dir_fd, LMDB_DATA_NEW, 0) != 0 && errno != ENOENT) {
		return dtf__fail(DTF_ESTORE, "unlink %s: %s", path, strerror(errno));
	}
	int rc = dtf__lmdb_dir_write_format(dir_fd, dir, options);
	if (rc < 0) {
		return rc;
	}
	char *name = strdup(dir);
	if (name == NULL) {
		return dtf__fail(DTF_ENOMEM, "out of memory");
	}
	struct lmdb_env env = { .dir_fd = dir_fd, .dir = name };
	rc = open_mdb(&env, path, MAP_SIZE_MIN, MDB_NOSUBDIR | MDB_NOLOCK);
	if (rc == 0) {
		rc = fill_new(&env);
		if (rc == 0) {
			rc = mdb_env_sync(env.mdb, 1);
		}
		mdb_env_close(env.mdb);
	}
	rc = dtf__lmdb_result(&env, rc, "create");
	free(name);
	return rc < 0 ? rc : dtf__lmdb_dir_publish(dir_fd, dir);
}

static int open_map(struct lmdb_env *env, const struct store_options *options) {
	if (options->map_size != 0) {
		return open_mdb(env, env->dir, options->map_size, MDB_NOTLS);
	}
	size_t size = MAP_SIZE_DEFAULT;
	if (options->map_size_max != 0 && size > options->map_size_max) {
		size = options->map_size_max;
	}
	int rc = open_mdb(env, env->dir, size, MDB_NOTLS);
	while ((rc == ENOMEM || rc == EINVAL) && size > MAP_SIZE_MIN) {
		size /= 2;
		rc = open_mdb(env, env->dir, size, MDB_NOTLS);
	}
	return rc;
}

static int open_env(struct lmdb_env *env, const struct store_options *options) {
	int rc = open_map(env, options);
	if (rc != 0) {
		return rc;
	}
	dtf__lmdb_reap(env);
	MDB_txn *txn;
	rc = begin(env, MDB_RDONLY, &txn);
	if (rc != 0) {
		return rc;
	}
	rc = open_tables(env, txn, 0);
	if (rc == 0) {
		rc = dtf__lmdb_meta_check(env, txn);
	}
	if (rc == 0) {
		rc = mdb_txn_commit(txn); /* keeps the tables' handles */
		map_unlock(env);
	} else {
		dtf__lmdb_end(env, txn);
	}
	return rc;
}

static void destroy(struct lmdb_env *env) {
	MDB_txn *spare = atomic_exchange(&env->spare, NULL);
	if (spare != NULL) {
		mdb_txn_abort(spare);
	}
	if (env->mdb != NULL) {
		mdb_env_close(env->mdb);
	}
	if (env->dir_fd >= 0) {
		(void)close(env->dir_fd);
	}
	dtf__assert(pthread_rwlock_destroy(&env->map_lock) == 0);
	free(env->dir);
	free(env);
}

struct lmdb_env *dtf__lmdb_env_find(int dir_fd) {
	struct stat st;
	if (fstat(dir_fd, &st) != 0) {
		return NULL;
	}
	struct lmdb_env *env = registry;
	while (env != NULL && (env->device != st.st_dev || env->inode != st.st_ino)) {
		env = env->next;
	}
	return env;
}

int dtf__lmdb_env_open(
	const char *dir, const struct store_options *options, struct lmdb_env **ret) {
	struct stat st;
	struct lmdb_env *env = calloc(1, sizeof(*env));
	if (env == NULL) {
		return dtf__fail(DTF_ENOMEM, "out of memory");
	}
	dtf__assert(pthread_rwlock_init(&env->map_lock, NULL) == 0);
	env->map_size_max = options->map_size_max;
	env->pid = getpid();
	env->dir = strdup(dir);
	env->dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int rc;
	if (env->dir == NULL) {
		rc = dtf__fail(DTF_ENOMEM, "out of memory");
	} else if (env->dir_fd < 0 || fstat(env->dir_fd, &st) != 0) {
		rc = dtf__fail(DTF_ESTORE, "open %s: %s", dir, strerror(errno));
	} else {
		rc = dtf__lmdb_result(env, open_env(env, options), "open");
	}
	if (rc < 0) {
		destroy(env);
		return rc;
	}
	env->device = st.st_dev;
	env->inode = st.st_ino;
	env->references = 1;
	env->next = registry;
	registry = env;
	*ret = env;
	return 0;
}

void dtf__lmdb_env_release(struct lmdb_env *env) {
	if (--env->references > 0) {
		return;
	}
	struct lmdb_env **link = &registry;
	while (*link != env) {
		link = &(*link)->next;
	}
	*link = env->next;
	destroy(env);
}
