/*
 * Finding what a name means: declarations of this file and of imported
 * packages (LANGUAGE.md 5), and types (4).
 *
 * A name that is not found offers only names of the kind that could stand
 * there: an event is no help to someone who misspelt an activity.
 */
#include "checker.h"

#include <string.h>

const char *check_kind_text(enum decl_kind kind) {
	static const char *const texts[] = {
		[DECL_IMPORT] = "an import",
		[DECL_CONST] = "a constant",
		[DECL_RECORD] = "a record",
		[DECL_ENUM] = "an enum",
		[DECL_ERROR] = "an error",
		[DECL_ACTIVITY] = "an activity",
		[DECL_EVENT] = "an event",
		[DECL_WORKFLOW] = "a workflow",
	};
	return texts[kind];
}

/* The article cut off, for "unknown activity 'x'". */
static const char *kind_noun(enum decl_kind kind) {
	return strchr(check_kind_text(kind), ' ') + 1;
}

const char *check_did_you_mean(struct checker *c, const struct suggest *suggest) {
	const char *best = suggest_best(suggest);
	return best ? mem_printf(c->arena, "did you mean '%s'?", best) : NULL;
}

void check_note_decl(struct checker *c, struct diagnostic *to, const struct decl *decl) {
	if (decl->file) {
		note(c, to, decl->file, decl->name.span, "'%s' is declared here", decl->name.text);
	}
}

struct decl *check_builtin_error(struct checker *c, const char *text) {
	struct decl *error = c->unit->builtin_errors;
	while (error && strcmp(error->name.text, text) != 0) {
		error = error->next;
	}
	return error;
}

/* ---- packages ---- */

const struct decl *check_import(struct checker *c, const char *text) {
	const struct decl *d = c->file->imports;
	while (d && strcmp(d->imported->package.text, text) != 0) {
		d = d->next_import;
	}
	return d;
}

struct file *check_package(struct checker *c, const char *text) {
	const struct decl *import = check_import(c, text);
	if (import) {
		return import->imported;
	}
	return strcmp(c->file->package.text, text) == 0 ? c->file : NULL;
}

static void report_package(struct checker *c, const struct name *package) {
	struct suggest suggest = { .wanted = package->text };
	for (struct decl *d = c->file->decls; d; d = d->next) {
		if (d->kind == DECL_IMPORT && !d->imported) {
			return; /* it could not be read, which has been said */
		}
		if (d->kind == DECL_IMPORT && d->imported->package.text) {
			suggest_offer(&suggest, d->imported->package.text);
		}
	}
	const char *label = check_did_you_mean(c, &suggest);
	report(c, UNKNOWN_PACKAGE, package->span,
		label ? label : "import \"….dtf\" brings the package of another file",
		"unknown package '%s'", package->text);
}

/* ---- declarations ---- */

struct decl *check_find_any(struct checker *c, const struct name *package, const char *text) {
	const struct file *file = c->file;
	if (package && package->text) {
		file = check_package(c, package->text);
	}
	struct decl *decl = file ? names_find(file->names, text) : NULL;
	return decl;
}

const char *check_how_to(const struct decl *decl) {
	switch ((int)decl->kind) {
	case DECL_ACTIVITY:
		return "an activity is run with `do`";
	case DECL_WORKFLOW:
		return "a workflow is run with `call` or `spawn`";
	case DECL_EVENT:
		return "an event is awaited with `wait`, or `on` in a select";
	case DECL_RECORD:
		return "a record is written `NAME { field: value }`";
	case DECL_ENUM:
		return "a member of an enum is written `ENUM.MEMBER`";
	case DECL_ERROR:
		return "an error is raised with `fail`";
	default:
		return NULL;
	}
}

static void report_kind(struct checker *c, const struct name *name, const struct decl *decl,
	enum decl_kind wanted) {
	struct diagnostic *d = report(c, WRONG_KIND, name->span, check_how_to(decl),
		"'%s' is %s, not %s", name->text, check_kind_text(decl->kind),
		check_kind_text(wanted));
	check_note_decl(c, d, decl);
}

/* The name in one of the imported packages, as it would have to be written. */
static const char *in_imports(struct checker *c, const char *text, enum decl_kind kind) {
	for (struct decl *d = c->file->decls; d; d = d->next) {
		if (d->kind == DECL_IMPORT && d->imported && d->imported->names) {
			const struct decl *found = names_find(d->imported->names, text);
			if (found && found->kind == kind) {
				return mem_printf(c->arena, "did you mean '%s.%s'?",
					d->imported->package.text, text);
			}
		}
	}
	return NULL;
}

static void report_unknown(
	struct checker *c, const struct file *file, const struct name *name, enum decl_kind kind) {
	struct suggest suggest = { .wanted = name->text };
	for (const struct decl *d = file->decls; d; d = d->next) {
		if (d->kind == kind) {
			suggest_offer(&suggest, d->name.text);
		}
	}
	const char *label = check_did_you_mean(c, &suggest);
	if (file != c->file) {
		report(c, UNKNOWN_DECLARATION, name->span, label, "the package '%s' has no %s '%s'",
			file->package.text, kind_noun(kind), name->text);
		return;
	}
	report(c, UNKNOWN_DECLARATION, name->span, label ? label : in_imports(c, name->text, kind),
		"unknown %s '%s'", kind_noun(kind), name->text);
}

struct decl *check_find(struct checker *c, const struct name *package, const struct name *name,
	enum decl_kind kind) {
	const struct file *file = package->text ? check_package(c, package->text) : c->file;
	if (!file) {
		report_package(c, package);
		return NULL;
	}
	struct decl *decl = names_find(file->names, name->text);
	if (!decl && kind == DECL_ERROR && !package->text) {
		decl = check_builtin_error(c, name->text);
	}
	if (!decl) {
		report_unknown(c, file, name, kind);
		return NULL;
	}
	if (decl->kind != kind) {
		report_kind(c, name, decl, kind);
		return NULL;
	}
	decl->used = true;
	return decl;
}

/* ---- types ---- */

static const struct {
	const char *text;
	enum type_kind kind;
} basics[] = {
	{ "bool", TYPE_BOOL },
	{ "int", TYPE_INT },
	{ "float", TYPE_FLOAT },
	{ "string", TYPE_STRING },
	{ "bytes", TYPE_BYTES },
	{ "duration", TYPE_DURATION },
	{ "time", TYPE_TIME },
	{ "json", TYPE_JSON },
};
#define NBASICS (sizeof(basics) / sizeof(*basics))

bool check_is_basic_type(const char *text) {
	for (size_t i = 0; i < NBASICS; i++) {
		if (strcmp(basics[i].text, text) == 0) {
			return true;
		}
	}
	return false;
}

static void report_type(struct checker *c, const struct file *file, const struct name *name) {
	struct suggest suggest = { .wanted = name->text };
	for (const struct decl *d = file->decls; d; d = d->next) {
		if (d->kind == DECL_RECORD || d->kind == DECL_ENUM) {
			suggest_offer(&suggest, d->name.text);
		}
	}
	const char *label = NULL;
	if (file == c->file) {
		for (size_t i = 0; i < NBASICS; i++) {
			suggest_offer(&suggest, basics[i].text);
		}
		label = in_imports(c, name->text, DECL_RECORD);
		label = label ? label : in_imports(c, name->text, DECL_ENUM);
	}
	label = label ? label : check_did_you_mean(c, &suggest);
	if (file != c->file) {
		report(c, UNKNOWN_TYPE, name->span, label, "the package '%s' has no type '%s'",
			file->package.text, name->text);
		return;
	}
	report(c, UNKNOWN_TYPE, name->span, label, "unknown type '%s'", name->text);
}

static const struct type *named_type(struct checker *c, const struct type_syntax *syntax) {
	const struct name *name = &syntax->name;
	const struct file *file = c->file;
	if (syntax->package.text) {
		file = check_package(c, syntax->package.text);
		if (!file) {
			report_package(c, &syntax->package);
			return basic(c, TYPE_ERROR);
		}
	} else {
		for (size_t i = 0; i < NBASICS; i++) {
			if (strcmp(basics[i].text, name->text) == 0) {
				return basic(c, basics[i].kind);
			}
		}
	}
	struct decl *decl = names_find(file->names, name->text);
	if (!decl) {
		report_type(c, file, name);
		return basic(c, TYPE_ERROR);
	}
	if (decl->kind != DECL_RECORD && decl->kind != DECL_ENUM) {
		struct diagnostic *d = report(c, WRONG_KIND, name->span, NULL,
			"'%s' is %s, not a type", name->text, check_kind_text(decl->kind));
		check_note_decl(c, d, decl);
		return basic(c, TYPE_ERROR);
	}
	decl->used = true;
	return type_decl(c->types, decl);
}

/* m[k] is none where there is no k, so it could not tell a value that is none. */
const struct type *check_map_of(struct checker *c, struct span span, const struct type *of) {
	if (of->kind == TYPE_OPTIONAL) {
		report(c, DOUBLE_OPTIONAL, span, "a key without a value can be left out",
			"a map cannot hold values of type %s: m[k] would be '%s?'", text_of(c, of),
			text_of(c, of));
		of = of->of;
	}
	return type_map(c->types, of);
}

const struct type *check_type(struct checker *c, const struct type_syntax *syntax) {
	if (syntax->kind == TYPE_SYNTAX_NAME) {
		return named_type(c, syntax);
	}
	if (!check_enter(c, syntax->span)) {
		return basic(c, TYPE_ERROR);
	}
	const struct type *of = check_type(c, syntax->of);
	check_leave(c);
	if (of->kind == TYPE_ERROR) {
		return of;
	}
	if (syntax->kind == TYPE_SYNTAX_LIST) {
		return type_list(c->types, of);
	}
	if (syntax->kind == TYPE_SYNTAX_MAP) {
		return check_map_of(c, syntax->span, of);
	}
	if (of->kind == TYPE_OPTIONAL) {
		report(c, DOUBLE_OPTIONAL, syntax->span, "write one '?'",
			"a value is there or it is none: '%s?' does not exist", text_of(c, of));
		return basic(c, TYPE_ERROR);
	}
	return type_optional(c->types, of);
}
