/* Clients: the doors through which other threads and processes come. */
#ifndef DTF_CLIENT_H
#define DTF_CLIENT_H

#include "engine.h"

/* handle NULL: another process's, and the stores are the client's. */
int dtf__client_create(
	struct dtf_engine *handle, const struct stores *stores, struct dtf_client **ret);
void dtf__client_destroy(struct dtf_client *client);
/* Its engine takes requests from now on. */
void dtf__client_started(struct dtf_client *client);
int dtf__client_check_started(const struct dtf_client *client);
/* 0, or why this client cannot be used here; clears the error text. */
int dtf__client_check(const struct dtf_client *client);
/* For reading: safe from any thread. */
const struct stores *dtf__client_stores(const struct dtf_client *client);
/* The one that has the instance. */
struct store *dtf__client_store(const struct dtf_client *client, const char *id);
/* NULL: it is another process's. */
struct dtf_engine *dtf__client_handle(const struct dtf_client *client);
/* Of these, the one that has the instance; NULL likewise. */
struct engine *dtf__client_engine(const struct dtf_client *client, const char *id);
/* 0, or why this client cannot ask for this: what needs no engine to be known. */
int dtf__client_check_request(const struct dtf_client *client, const struct request *request);
/* The instance's row: DTF_EUNKNOWN_INSTANCE. */
int dtf__client_row(
	const struct dtf_client *client, struct arena *arena, const char *id, struct row *ret);

/* ask.c: into the engine's queue.  size: of it at the gate; 0: it passes none. */
int dtf__ask_send(struct dtf_client *client, struct request *request, size_t size, bool may_wait);

/* door.c: the client's engine is asked, and this thread waits for the answer;
 * timeout_ms < 0: as long as it takes.  Only a wait can be given up.  ret: of a wait, what
 * came of the instance; NULL: that it has ended is enough. */
int dtf__ask_and_wait(struct dtf_client *client, const struct request *request, int64_t timeout_ms,
	struct dtf_result *ret);

/* Computes a query of an instance from what is committed; ret->output is its value. */
int dtf__query(
	struct engine *engine, const struct row *row, const char *name, struct dtf_result *ret);

#endif
