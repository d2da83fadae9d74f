/* Where commands stand in .dtf files, from the manifests in a store. */
#ifndef DTF_SITES_H
#define DTF_SITES_H

#include <stdint.h>

#include "store/store.h"

/* Strings live as long as the struct sites.  file NULL: the place is not known. */
struct place {
	const char *file;
	uint32_t line, column;
	const char *name; /* of what is done there: "shop.release" of an undo; "" = none */
	const char *source;
	uint32_t source_column; /* where source begins in its line; 0 = not known */
};

struct sites_manifest;
struct sites_workflow; /* one workflow of one manifest */

/* Zeroed but for the store, which is borrowed, it is ready for use. */
struct sites {
	struct store *store;
	struct sites_manifest *manifests; /* owned; those read so far */
};

/*
 * The sites of a workflow, *ret NULL when the store has no such manifest or it
 * names no such workflow: then no place is known, which is no error.
 */
int dtf__sites_find(struct sites *sites, const char *manifest, const char *workflow,
	int64_t version, const struct sites_workflow **ret);
struct place dtf__sites_place(const struct sites_workflow *workflow, uint32_t site);
void dtf__sites_finish(struct sites *sites);

#endif
