/* A store around another that fails when a test says so. */
#ifndef DTF_TESTS_FAULTY_STORE_H
#define DTF_TESTS_FAULTY_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "../../runtime/store/store.h"

enum fault_when {
	FAULT_BEFORE, /* the commit did not happen */
	FAULT_AFTER,  /* it is durable, but its caller never hears of it */
};

struct fault {
	uint64_t at; /* the Nth commit from now, from 1; 0 = never */
	enum fault_when when;
	int code;      /* what the commit returns; 0 = the process dies by SIGKILL */
	bool for_good; /* afterwards everything fails with the code, as if the process had died */
};

/* Takes the inner store over: closing the one closes the other. */
int faulty_store_open(struct store *inner, struct store **ret);
/* Plans a fault; NULL cancels it, also one that is for good. */
void faulty_store_plan(struct store *store, const struct fault *fault);
/* Commits that were asked for since the store was opened or a fault was planned. */
uint64_t faulty_store_commits(struct store *store);
/* Records that were read since the store was opened. */
uint64_t faulty_store_reads(struct store *store);

#endif
