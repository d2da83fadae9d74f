/*
 * Linked into a program with -Wl,--wrap=mdb_txn_commit, kills it at a commit:
 * DIE_AT=N at the Nth of its writing commits, before it is made, or after it is
 * durable and before anybody heard of it when DIE_AFTER is set.  With DIE_COUNT
 * in place of DIE_AT it says at exit how many there were.  Its engine replays and
 * compares after every turn, whatever the program asked for.
 */
#include <lmdb.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include <dtf/dtf.h>

int __real_dtf_engine_open(const struct dtf_engine_options *options, struct dtf_engine **ret);
int __wrap_dtf_engine_open(const struct dtf_engine_options *options, struct dtf_engine **ret);
int __real_mdb_txn_commit(MDB_txn *txn);
int __wrap_mdb_txn_commit(MDB_txn *txn);

static atomic_long commits;

int __wrap_dtf_engine_open(const struct dtf_engine_options *options, struct dtf_engine **ret) {
	struct dtf_engine_options verifying = *options;
	verifying.verify = true;
	return __real_dtf_engine_open(&verifying, ret);
}

static void tell(void) {
	fprintf(stderr, "commits: %ld\n", atomic_load(&commits));
}

static void die_if_due(long number, const char *when) {
	const char *at = getenv("DIE_AT");
	if (at != NULL && (getenv("DIE_AFTER") != NULL) == (when[0] == 'a') &&
		strtol(at, NULL, 10) == number) {
		(void)raise(SIGKILL);
	}
}

int __wrap_mdb_txn_commit(MDB_txn *txn) {
	long number = atomic_fetch_add(&commits, 1) + 1;
	if (number == 1 && getenv("DIE_COUNT") != NULL) {
		(void)atexit(tell);
	}
	die_if_due(number, "before");
	int rc = __real_mdb_txn_commit(txn);
	die_if_due(number, "after");
	return rc;
}
