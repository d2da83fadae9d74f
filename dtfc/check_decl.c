/*
 * Declarations (LANGUAGE.md 5): names, signatures, versions, attributes,
 * and whether they are used.
 *
 * All names of all files come first, then all signatures, so that order and
 * direction of imports do not matter to what follows.  After this every field,
 * parameter and result has a type, poisoned if its text meant nothing, and every
 * activity has the whole policy that the runtime is told: defaults are filled
 * in here and nowhere else.
 */
#include "checker.h"

#include <string.h>

/* ---- names ---- */

/* Another version of a workflow; the name means the newest (LANGUAGE.md 13). */
static void declare_version(struct checker *c, struct decl *decl, struct decl *newest) {
	for (const struct decl *d = c->file->decls; d != decl; d = d->next) {
		if (d->kind == DECL_WORKFLOW && d->version == decl->version &&
			strcmp(d->name.text, decl->name.text) == 0) {
			struct diagnostic *said = report(c, DUPLICATE_NAME, decl->name.span,
				"give it a `version`", "'%s' is declared twice", decl->name.text);
			check_note_decl(c, said, d);
			return;
		}
	}
	if (decl->version > newest->version) {
		names_put(c->file->names, decl);
	}
}

static void declare(struct checker *c, struct decl *decl) {
	if (decl->kind == DECL_IMPORT) {
		return;
	}
	struct decl *other = names_find(c->file->names, decl->name.text);
	if (other != NULL && other->kind == DECL_WORKFLOW && decl->kind == DECL_WORKFLOW) {
		declare_version(c, decl, other);
		return;
	}
	if (other != NULL) {
		struct diagnostic *said = report(c, DUPLICATE_NAME, decl->name.span, NULL,
			"'%s' is declared twice", decl->name.text);
		check_note_decl(c, said, other);
		return;
	}
	if (decl->kind == DECL_ERROR &&
		(check_builtin_error(c, decl->name.text) != NULL ||
			strcmp(decl->name.text, "cancelled") == 0)) {
		report(c, RESERVED_NAME, decl->name.span, "give it another name",
			"'%s' is a built-in error", decl->name.text);
	}
	if ((decl->kind == DECL_RECORD || decl->kind == DECL_ENUM) &&
		check_is_basic_type(decl->name.text)) {
		report(c, RESERVED_NAME, decl->name.span, "give it another name",
			"'%s' is a built-in type", decl->name.text);
	}
	if (strcmp(decl->name.text, "self") == 0) {
		report(c, RESERVED_NAME, decl->name.span, "give it another name",
			"'self' has a meaning of its own");
	}
	names_put(c->file->names, decl);
}

void check_declare_all(struct checker *c) {
	struct decl **imports_tail = &c->file->imports;

	c->file->names = names_create(c->arena);
	for (struct decl *d = c->file->decls; d != NULL; d = d->next) {
		d->file = c->file;
		if (d->kind == DECL_IMPORT && d->imported != NULL &&
			d->imported->package.text != NULL) {
			*imports_tail = d;
			imports_tail = &d->next_import;
		}
		declare(c, d);
	}
}

void check_imports(struct checker *c) {
	for (struct decl *d = c->file->decls; d != NULL; d = d->next) {
		if (d->kind != DECL_IMPORT || d->imported == NULL) {
			continue;
		}
		for (struct decl *e = c->file->decls; e != d; e = e->next) {
			if (e->kind == DECL_IMPORT && e->imported == d->imported) {
				struct diagnostic *said = report(c, DUPLICATE_NAME, d->path_span,
					"once is enough", "the package '%s' is imported twice",
					d->imported->package.text);
				note(c, said, c->file, e->path_span, "the first time here");
			}
		}
	}
}

/* Names in C and of workflows begin with the package: it belongs to one file. */
void check_packages(struct checker *c) {
	for (const struct file *f = c->unit->files; f != c->file; f = f->next) {
		if (strcmp(f->package.text, c->file->package.text) == 0) {
			struct diagnostic *said = report(c, DUPLICATE_NAME, c->file->package.span,
				"each file of a program has a package of its own",
				"another file has the package '%s' too", f->package.text);
			note(c, said, f, f->package.span, "it is this one");
			return;
		}
	}
}

/* ---- signatures ---- */

static void check_fields(struct checker *c, struct decl *decl, const char *what) {
	uint32_t index = 0;
	for (struct field *f = decl->fields; f != NULL; f = f->next) {
		f->index = index++;
		f->type = f->syntax == NULL ? type_decl(c->types, decl) : check_type(c, f->syntax);
		const struct field *first = table_find(&decl->by_name, f->name.text);
		if (first != NULL) {
			struct diagnostic *said = report(c, DUPLICATE_FIELD, f->name.span, NULL,
				"the %s '%s' is declared twice", what, f->name.text);
			note(c, said, c->file, first->name.span, "the first one is here");
		} else {
			table_put(c->arena, &decl->by_name, f->name.text, f);
		}
	}
}

static void check_fails(struct checker *c, struct decl *decl) {
	for (struct error_name *e = decl->fails; e != NULL; e = e->next) {
		e->error = check_find(c, &e->package, &e->name, DECL_ERROR);
		if (e->error != NULL && e->error->file == NULL) {
			report(c, WRONG_KIND, e->name.span, "leave it out",
				"built-in errors need no listing: '%s'", e->name.text);
			e->error = NULL;
		}
		if (e->error != NULL && e->error->listed == decl) {
			report(c, DUPLICATE_NAME, e->name.span, NULL, "'%s' is listed twice",
				e->name.text);
		} else if (e->error != NULL) {
			e->error->listed = decl;
		}
	}
}

static void check_signature(struct checker *c, struct decl *d) {
	static const char *const whats[] = { [DECL_RECORD] = "field",
		[DECL_ENUM] = "member",
		[DECL_ERROR] = "field",
		[DECL_ACTIVITY] = "parameter",
		[DECL_WORKFLOW] = "parameter",
		[DECL_EVENT] = "" };
	if (d->kind == DECL_IMPORT || d->kind == DECL_CONST) {
		return;
	}
	if (d->version < 1) {
		report(c, BAD_ATTRIBUTE, d->version_span, NULL, "versions count from 1");
	}
	check_fields(c, d, whats[d->kind]);
	check_fails(c, d);
	d->type = d->result == NULL ? basic(c, TYPE_UNIT) : check_type(c, d->result);
	if (d->kind == DECL_RECORD || d->kind == DECL_ENUM) {
		d->type = type_decl(c->types, d);
	}
	if (d->kind == DECL_ENUM && d->fields == NULL) {
		report(c, EMPTY_BLOCK, d->name.span, "its values are its members",
			"the enum '%s' has no members", d->name.text);
	}
	if (d->kind == DECL_ACTIVITY || d->kind == DECL_EVENT) {
		check_attributes(c, d);
	}
}

void check_signatures(struct checker *c) {
	for (struct decl *d = c->file->decls; d != NULL; d = d->next) {
		check_signature(c, d);
	}
}

/* ---- versions ---- */

/* Only optional parameters may be added (DECISIONS 21). */
static bool is_compatible(const struct decl *old, const struct decl *new) {
	const struct field *f = old->fields, *g = new->fields;
	for (; f != NULL && g != NULL; f = f->next, g = g->next) {
		if (f->type != g->type || strcmp(f->name.text, g->name.text) != 0) {
			return false;
		}
	}
	for (; g != NULL; g = g->next) {
		if (g->type->kind != TYPE_OPTIONAL) {
			return false;
		}
	}
	return f == NULL && old->type == new->type;
}

void check_versions(struct checker *c) {
	for (struct decl *d = c->file->decls; d != NULL; d = d->next) {
		const struct decl *newest = d->kind != DECL_WORKFLOW
			? NULL
			: names_find(c->file->names, d->name.text);
		d->is_old = newest != NULL && newest != d && newest->kind == DECL_WORKFLOW;
		if (!d->is_old || is_compatible(d, newest)) {
			continue;
		}
		struct diagnostic *said = report(c, VERSIONS_DIFFER, newest->name.span,
			"only optional parameters may be added; else give it a new name",
			"version %lld of '%s' does not fit version %lld",
			(long long)newest->version, d->name.text, (long long)d->version);
		note(c, said, c->file, d->name.span, "version %lld is here", (long long)d->version);
	}
}

/* ---- attributes ---- */

/* The literal that an attribute's value is; NULL if there is none, or after a report. */
static const struct expr *constant(struct checker *c, struct expr *e, enum type_kind kind) {
	if (e == NULL) {
		return NULL;
	}
	const char *pure = c->pure;
	unsigned errors = c->diag->errors;
	c->pure = "an attribute";
	(void)check_expect(c, e, basic(c, kind));
	c->pure = pure;
	if (c->diag->errors > errors || e->type->kind == TYPE_ERROR) {
		return NULL;
	}
	const struct expr *literal = check_literal(e);
	if (literal == NULL) {
		report(c, NOT_CONSTANT, e->span, NULL, "an attribute's value must be a constant");
	}
	return literal;
}

static void constant_int(
	struct checker *c, struct expr *e, enum type_kind kind, int64_t min, int64_t *ret) {
	const struct expr *literal = constant(c, e, kind);
	if (literal != NULL && literal->u.integer < min) {
		report(c, BAD_ATTRIBUTE, e->span, NULL, "this must be at least %lld%s",
			(long long)min, kind == TYPE_DURATION ? "ms" : "");
	} else if (literal != NULL) {
		*ret = literal->u.integer;
	}
}

static void retry(struct checker *c, struct attribute *a, struct policy *policy) {
	if (a->retry == RETRY_FOREVER) {
		policy->attempts = 0;
	} else if (a->retry == RETRY_NONE) {
		policy->attempts = 1;
	} else {
		constant_int(c, a->times, TYPE_INT, 1, &policy->attempts);
	}
	constant_int(c, a->backoff_min, TYPE_DURATION, 0, &policy->backoff_min_ms);
	constant_int(c, a->backoff_max, TYPE_DURATION, 0, &policy->backoff_max_ms);
	if (a->backoff_max != NULL && policy->backoff_max_ms < policy->backoff_min_ms) {
		report(c, BAD_ATTRIBUTE, a->backoff_max->span, NULL,
			"the longest backoff is shorter than the first");
	} else if (policy->backoff_max_ms < policy->backoff_min_ms) {
		policy->backoff_max_ms = policy->backoff_min_ms;
	}
	const struct expr *factor = constant(c, a->factor, TYPE_FLOAT);
	if (factor != NULL && factor->u.real < 1.0) {
		report(c, BAD_ATTRIBUTE, a->factor->span, NULL,
			"a factor below 1.0 would shorten the backoff");
	} else if (factor != NULL) {
		policy->factor = factor->u.real;
	}
}

void check_deadline(struct checker *c, struct decl *workflow) {
	if (workflow->deadline != NULL) {
		constant_int(c, workflow->deadline, TYPE_DURATION, 1, &workflow->deadline_ms);
	}
}

static void tag(struct checker *c, struct expr *e, struct policy *policy) {
	const struct expr *literal = constant(c, e, TYPE_STRING);
	if (literal != NULL) {
		size_t len;
		policy->tag = check_string(c, literal, &len);
	}
}

static const char *attribute_name(enum attribute_kind kind) {
	static const char *const names[] = { "timeout", "deadline", "heartbeat", "retry", "tag",
		"priority", "capacity" };
	return names[kind];
}

static void read_attributes(
	struct checker *c, struct attribute *list, struct policy *policy, int64_t *capacity) {
	for (struct attribute *a = list; a != NULL; a = a->next) {
		for (const struct attribute *b = list; b != a; b = b->next) {
			if (b->kind == a->kind) {
				struct diagnostic *said = report(c, BAD_ATTRIBUTE, a->span, NULL,
					"'%s' is given twice", attribute_name(a->kind));
				note(c, said, c->file, b->span, "the first one is here");
			}
		}
		bool of_event = a->kind == ATTRIBUTE_CAPACITY;
		if (of_event != (capacity != NULL)) {
			report(c, BAD_ATTRIBUTE, a->span, NULL, "'%s' is no attribute of %s",
				attribute_name(a->kind),
				capacity != NULL ? "an event" : "an activity");
			continue;
		}
		switch (a->kind) {
		case ATTRIBUTE_TIMEOUT:
			constant_int(c, a->value, TYPE_DURATION, 1, &policy->timeout_ms);
			break;
		case ATTRIBUTE_DEADLINE:
			constant_int(c, a->value, TYPE_DURATION, 1, &policy->deadline_ms);
			break;
		case ATTRIBUTE_HEARTBEAT:
			constant_int(c, a->value, TYPE_DURATION, 1, &policy->heartbeat_ms);
			break;
		case ATTRIBUTE_RETRY:
			retry(c, a, policy);
			break;
		case ATTRIBUTE_TAG:
			tag(c, a->value, policy);
			break;
		case ATTRIBUTE_PRIORITY:
			constant_int(c, a->value, TYPE_INT, INT64_MIN, &policy->priority);
			break;
		case ATTRIBUTE_CAPACITY:
			constant_int(c, a->value, TYPE_INT, 1, capacity);
			break;
		}
	}
}

void check_attributes(struct checker *c, struct decl *decl) {
	decl->policy = (struct policy){ .timeout_ms = 300000,
		.attempts = 3,
		.backoff_min_ms = 1000,
		.backoff_max_ms = 60000,
		.factor = 2.0,
		.tag = "" };
	decl->capacity = 1024;
	read_attributes(c, decl->attributes, &decl->policy,
		decl->kind == DECL_EVENT ? &decl->capacity : NULL);
}

void check_overrides(struct checker *c, struct expr *step) {
	step->u.step->policy = &step->decl->policy;
	if (step->u.step->with != NULL) {
		struct policy *policy = mem_new(c->arena, struct policy);
		*policy = step->decl->policy;
		read_attributes(c, step->u.step->with, policy, NULL);
		step->u.step->policy = policy;
	}
}

/* ---- use ---- */

/* A file without a workflow is there for others to use. */
void check_unused_decls(struct checker *c) {
	bool has_workflow = false;
	for (const struct decl *d = c->file->decls; d != NULL; d = d->next) {
		has_workflow = has_workflow || d->kind == DECL_WORKFLOW;
	}
	if (!has_workflow) {
		return;
	}
	for (const struct decl *d = c->file->decls; d != NULL; d = d->next) {
		if (d->kind == DECL_ACTIVITY && !d->used) {
			report(c, UNUSED_ACTIVITY, d->name.span, NULL,
				"the activity '%s' is never used", d->name.text);
		} else if (d->kind == DECL_EVENT && !d->awaited) {
			report(c, EVENT_NEVER_AWAITED, d->name.span, NULL,
				"no code waits for the event '%s'", d->name.text);
		}
	}
}
