/*
 * A manifest says for each workflow of a .dtf file where its commands stand;
 * the n-th site of the list is what events call site n.  The store keeps every
 * manifest that ever was registered, by the hash of its text, and an execution
 * records the hash it runs under: so a history can be shown in the source it
 * was written from, whatever is linked today.
 *
 * Places are for people.  A manifest that is missing or makes no sense only
 * means that no place can be shown.
 */
#include "sites.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"

struct sites_workflow {
	struct sites_workflow *next;
	const char *name; /* this and all below: owned by the manifest's root */
	int64_t version;
	const char *file;
	const json_t *list;
};

struct sites_manifest {
	struct sites_manifest *next;
	struct sites_workflow *workflows;
	json_t *root;        /* NULL: there is none to be read */
	struct arena memory; /* of workflows */
	char hash[];         /* the name it was asked for */
};

static const char *member_text(const json_t *object, const char *name) {
	const char *text = json_string_value(json_object_get(object, name));
	return text == NULL ? "" : text;
}

static uint32_t member_number(const json_t *object, const char *name) {
	json_int_t value = json_integer_value(json_object_get(object, name));
	return value < 0 || value > UINT32_MAX ? 0 : (uint32_t)value;
}

static int read_workflows(struct sites_manifest *manifest) {
	const json_t *all = json_object_get(manifest->root, "workflows");
	for (size_t i = 0; i < json_array_size(all); i++) {
		const json_t *one = json_array_get(all, i);
		struct sites_workflow *workflow = dtf__arena_alloc(
			&manifest->memory, sizeof(*workflow));
		if (workflow == NULL) {
			return dtf__fail(DTF_ENOMEM, "out of memory");
		}
		workflow->name = member_text(one, "name");
		workflow->version = json_integer_value(json_object_get(one, "version"));
		workflow->file = member_text(manifest->root, "file");
		workflow->list = json_object_get(one, "sites");
		workflow->next = manifest->workflows;
		manifest->workflows = workflow;
	}
	return 0;
}

static int read_manifest(struct store *store, struct sites_manifest *manifest) {
	struct arena scratch = { 0 };
	struct slice text;
	int rc = store->ops->manifest(store, &scratch, manifest->hash, &text);
	if (rc == 0) {
		manifest->root = json_loadb(text.data, text.size, 0, NULL);
		rc = read_workflows(manifest);
	}
	dtf__arena_finish(&scratch);
	return rc < 0 ? rc : 0; /* without it no place is known */
}

static int get_manifest(struct sites *sites, const char *hash, struct sites_manifest **ret) {
	for (struct sites_manifest *it = sites->manifests; it != NULL; it = it->next) {
		if (strcmp(it->hash, hash) == 0) {
			*ret = it;
			return 0;
		}
	}
	size_t size = strlen(hash) + 1;
	struct sites_manifest *manifest = calloc(1, sizeof(*manifest) + size);
	if (manifest == NULL) {
		return dtf__fail(DTF_ENOMEM, "out of memory");
	}
	memcpy(manifest->hash, hash, size);
	manifest->next = sites->manifests;
	sites->manifests = manifest;
	*ret = manifest;
	return read_manifest(sites->store, manifest);
}

int dtf__sites_find(struct sites *sites, const char *manifest, const char *workflow,
	int64_t version, const struct sites_workflow **ret) {
	struct sites_manifest *found = NULL;
	int rc = get_manifest(sites, manifest, &found);
	if (rc < 0) {
		return rc;
	}
	const struct sites_workflow *it = found->workflows;
	while (it != NULL && (it->version != version || strcmp(it->name, workflow) != 0)) {
		it = it->next;
	}
	*ret = it;
	return 0;
}

struct place dtf__sites_place(const struct sites_workflow *workflow, uint32_t site) {
	const json_t *at = workflow == NULL ? NULL : json_array_get(workflow->list, site);
	if (at == NULL) {
		return (struct place){ 0 };
	}
	return (struct place){
		.file = workflow->file,
		.line = member_number(at, "line"),
		.column = member_number(at, "column"),
		.name = member_text(at, "name"),
		.source = member_text(at, "text"),
		.source_column = member_number(at, "text_column"),
	};
}

void dtf__sites_finish(struct sites *sites) {
	while (sites->manifests != NULL) {
		struct sites_manifest *manifest = sites->manifests;
		sites->manifests = manifest->next;
		json_decref(manifest->root);
		dtf__arena_finish(&manifest->memory);
		free(manifest);
	}
}
