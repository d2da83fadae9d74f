/*
 * The modules that are linked in, and who is who in them.
 *
 * Several versions of a workflow may be registered.  New instances take the
 * newest; a recorded execution takes its own version, preferably with the
 * fingerprint it was recorded under.
 */
#include "engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "codec.h"
#include "error.h"

static bool read_manifest(const struct dtf_module *module, struct manifest *ret) {
	struct buf text = { 0 };
	for (const char *const *piece = module->manifest; *piece != NULL; piece++) {
		dtf__buf_text(&text, *piece);
	}
	if (text.failed || text.data == NULL) {
		dtf__buf_finish(&text);
		return false;
	}
	XXH128_hash_t hash = XXH3_128bits(text.data, text.size);
	(void)snprintf(ret->hash, sizeof(ret->hash), "%016llx%016llx",
		(unsigned long long)hash.high64, (unsigned long long)hash.low64);
	ret->text = text.data; /* the buffer's memory is the manifest's now */
	return true;
}

/* Of two versions the later: what it adds to the parameters may be left out. */
static int check_parameters(
	const struct dtf_workflow_def *before, const struct dtf_workflow_def *after) {
	const struct dtf_type *old = before->input, *new = after->input;
	for (size_t i = 0; i < old->count || i < new->count; i++) {
		const struct dtf_field *a = i < old->count ? &old->fields[i] : NULL;
		const struct dtf_field *b = i < new->count ? &new->fields[i] : NULL;
		if (b == NULL) {
			return dtf__fail(DTF_EVERSION,
				"%s: parameter %s of version %lld is missing in version %lld",
				after->name, a->name, (long long)before->version,
				(long long)after->version);
		}
		if (a == NULL && b->type->kind != DTF_KIND_OPTIONAL) {
			return dtf__fail(DTF_EVERSION,
				"%s: parameter %s is new in version %lld and not optional",
				after->name, b->name, (long long)after->version);
		}
		if (a != NULL && dtf__type_hash(a->type) != dtf__type_hash(b->type)) {
			return dtf__fail(DTF_EVERSION,
				"%s: parameter %s has different types in versions %lld and %lld",
				after->name, b->name, (long long)before->version,
				(long long)after->version);
		}
	}
	return 0;
}

static int check_pair(const struct dtf_workflow_def *a, const struct dtf_workflow_def *b) {
	if (a->version == b->version && a->fingerprint == b->fingerprint) {
		return dtf__fail(DTF_EVERSION, "%s version %lld is registered twice", a->name,
			(long long)a->version);
	}
	uint64_t hash = dtf__type_hash(a->output), other = dtf__type_hash(b->output);
	if (hash == 0 || other == 0) {
		return dtf__fail(DTF_ENOMEM, "out of memory for %s", a->name);
	}
	if (hash != other) {
		return dtf__fail(DTF_EVERSION, "%s: versions %lld and %lld have different results",
			a->name, (long long)a->version, (long long)b->version);
	}
	return a->version <= b->version ? check_parameters(a, b) : check_parameters(b, a);
}

/* Versions of one workflow go together: what a caller or a parent knows of
 * parameters and result holds for all of them (DECISIONS 21). */
static int check_against(const struct dtf_workflow_def *const *all,
	const struct dtf_workflow_def *const *end, const struct dtf_workflow_def *added) {
	for (const struct dtf_workflow_def *const *w = all; w != end && *w != NULL; w++) {
		int rc = strcmp((*w)->name, added->name) == 0 ? check_pair(*w, added) : 0;
		if (rc < 0) {
			return rc;
		}
	}
	return 0;
}

static int check_versions(const struct engine *engine, const struct dtf_module *module) {
	for (const struct dtf_workflow_def *const *w = module->workflows; *w != NULL; w++) {
		int rc = check_against(module->workflows, w, *w);
		for (size_t i = 0; rc == 0 && i < engine->nmodules; i++) {
			rc = check_against(engine->modules[i]->workflows, NULL, *w);
		}
		if (rc < 0) {
			return rc;
		}
	}
	return 0;
}

int dtf__registry_add(struct engine *engine, const struct dtf_module *module) {
	if (module == NULL) {
		return dtf__fail(DTF_EINVAL, "dtf_engine_register: no module");
	}
	if (module->abi != DTF_ABI) {
		return dtf__fail(DTF_EABI, "module %s was generated for ABI %d, this is %d",
			module->name, module->abi, DTF_ABI);
	}
	int rc = check_versions(engine, module);
	if (rc < 0) {
		return rc;
	}
	size_t n = engine->nmodules;
	const struct dtf_module **modules = realloc(engine->modules, (n + 1) * sizeof(*modules));
	if (modules != NULL) {
		engine->modules = modules;
	}
	struct manifest *manifests = realloc(engine->manifests, (n + 1) * sizeof(*manifests));
	if (manifests != NULL) {
		engine->manifests = manifests;
	}
	if (modules == NULL || manifests == NULL || !read_manifest(module, &manifests[n])) {
		return dtf__fail(DTF_ENOMEM, "out of memory for module %s", module->name);
	}
	engine->modules[n] = module;
	engine->nmodules++;
	return 0;
}

static bool better(const struct dtf_workflow_def *a, const struct dtf_workflow_def *b) {
	return b == NULL || a->version > b->version;
}

const struct dtf_workflow_def *dtf__registry_newest(const struct engine *engine, const char *name) {
	const struct dtf_workflow_def *found = NULL;
	for (size_t i = 0; i < engine->nmodules; i++) {
		for (const struct dtf_workflow_def *const *w = engine->modules[i]->workflows;
			*w != NULL; w++) {
			if (strcmp((*w)->name, name) == 0 && better(*w, found)) {
				found = *w;
			}
		}
	}
	return found;
}

const struct dtf_workflow_def *dtf__registry_find(
	const struct engine *engine, const char *name, int64_t version, uint64_t fingerprint) {
	const struct dtf_workflow_def *found = NULL;
	for (size_t i = 0; i < engine->nmodules; i++) {
		for (const struct dtf_workflow_def *const *w = engine->modules[i]->workflows;
			*w != NULL; w++) {
			if (strcmp((*w)->name, name) != 0 || (*w)->version != version) {
				continue;
			}
			if ((*w)->fingerprint == fingerprint) {
				return *w;
			}
			found = *w;
		}
	}
	return found;
}

uint64_t dtf__registry_kind(const char *workflow, int64_t version) {
	uint64_t kind = XXH3_64bits_withSeed(workflow, strlen(workflow), (uint64_t)version);
	return kind == 0 ? 1 : kind;
}

static size_t module_of(const struct engine *engine, const struct dtf_workflow_def *workflow) {
	for (size_t i = 0; i < engine->nmodules; i++) {
		for (const struct dtf_workflow_def *const *w = engine->modules[i]->workflows;
			*w != NULL; w++) {
			if (*w == workflow) {
				return i;
			}
		}
	}
	dtf__assert_failed(__FILE__, __LINE__, "a workflow belongs to a module");
}

int64_t dtf__registry_deadline(const struct dtf_workflow_def *workflow, int64_t created_ms) {
	int64_t due_ms;
	bool endless = workflow->deadline_ms <= 0 ||
		__builtin_add_overflow(created_ms, workflow->deadline_ms, &due_ms);
	return endless ? 0 : due_ms;
}

const char *dtf__registry_manifest(
	const struct engine *engine, const struct dtf_workflow_def *workflow) {
	return engine->manifests[module_of(engine, workflow)].hash;
}

const char *dtf__registry_file(
	const struct engine *engine, const struct dtf_workflow_def *workflow) {
	return engine->modules[module_of(engine, workflow)]->file;
}

const struct dtf_event_def *dtf__registry_event(
	const struct dtf_workflow_def *workflow, const char *name) {
	name = dtf__event_full_name(workflow, name);
	for (const struct dtf_event_def *const *e = workflow->events; *e != NULL; e++) {
		if (strcmp((*e)->name, name) == 0) {
			return *e;
		}
	}
	return NULL;
}

int dtf__registry_store(struct engine *engine) {
	if (engine->nmodules == 0) {
		return 0;
	}
	struct store_put_manifest *puts = calloc(engine->nmodules, sizeof(*puts));
	if (puts == NULL) {
		return dtf__fail(DTF_ENOMEM, "out of memory for manifests");
	}
	size_t n = 0;
	for (size_t i = 0; i < engine->nmodules; i++) {
		struct arena arena = { 0 };
		struct slice known;
		const struct manifest *manifest = &engine->manifests[i];
		struct store *store = engine->store;
		int rc = store->ops->manifest(store, &arena, manifest->hash, &known);
		dtf__arena_finish(&arena);
		if (rc < 0) {
			free(puts);
			return rc;
		}
		if (rc == STORE_NOT_FOUND) {
			puts[n++] = (struct store_put_manifest){ manifest->hash,
				{ manifest->text, strlen(manifest->text) } };
		}
	}
	struct store_batch batch = { .manifests = puts, .nmanifests = n };
	int rc = n == 0 ? 0 : engine->store->ops->commit(engine->store, &batch);
	free(puts);
	return rc;
}
