/*
 * What tools ask of a store; no engine need be up.  The contracts are those of
 * dtf_info, dtf_list, dtf_history and dtf_where in dtf.h.
 */
#ifndef DTF_INSPECT_H
#define DTF_INSPECT_H

#include <stdbool.h>

#include <dtf/dtf.h>

#include "store/partition.h"

int dtf__inspect_info(const struct stores *stores, const char *id,
	void (*f)(void *arg, const struct dtf_instance_info *info), void *arg);
int dtf__inspect_list(const struct stores *stores,
	bool (*f)(void *arg, const struct dtf_instance_info *info), void *arg);
int dtf__inspect_history(struct store *store, const char *id, int64_t execution,
	bool (*f)(void *arg, const struct dtf_history_event *event), void *arg);
int dtf__inspect_where(struct store *store, const char *id,
	bool (*f)(void *arg, const struct dtf_waiting *waiting), void *arg);

#endif
