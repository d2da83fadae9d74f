/*
 * The order of checking: names of all files, then signatures, then constants,
 * then bodies, each with the passes that judge it.  Every stage goes on through
 * all declarations, so one run reports as much as can be known.
 */
#include "checker.h"

#include <string.h>

static void make_builtin_errors(struct unit *unit) {
	static const char *const names[FAULT_COUNT] = {
		[FAULT_ACTIVITY_FAILED] = "activity_failed",
		[FAULT_TIMEOUT] = "timeout",
		[FAULT_LOST] = "lost",
		[FAULT_CHILD_FAILED] = "child_failed",
		[FAULT_BAD_PAYLOAD] = "bad_payload",
		[FAULT_PAYLOAD_TOO_LARGE] = "payload_too_large",
		[FAULT_HISTORY_FULL] = "history_full",
		[FAULT_RUNAWAY] = "runaway",
		[FAULT_OVERFLOW] = "overflow",
		[FAULT_DIVISION_BY_ZERO] = "division_by_zero",
		[FAULT_OUT_OF_RANGE] = "out_of_range",
		[FAULT_BAD_VALUE] = "bad_value",
	};
	struct decl **tail = &unit->builtin_errors;
	for (unsigned i = 0; i < FAULT_COUNT; i++) {
		struct decl *decl = mem_new(unit->arena, struct decl);
		*decl = (struct decl){
			.kind = DECL_ERROR, .name = { names[i], { 0, 0 } }, .used = true
		};
		*tail = decl;
		tail = &decl->next;
	}
}

/* Pure expressions over the variables of the body (LANGUAGE.md 5), so after it. */
static void check_queries(struct checker *c, struct decl *decl) {
	c->pure = "a query";
	for (struct query *q = decl->queries; q != NULL; q = q->next) {
		q->type = check_type(c, q->syntax);
		(void)check_expect(c, q->value, q->type);
		for (const struct query *other = decl->queries; other != q; other = other->next) {
			if (strcmp(other->name.text, q->name.text) == 0) {
				struct diagnostic *said = report(c, DUPLICATE_NAME, q->name.span,
					NULL, "the query '%s' is declared twice", q->name.text);
				note(c, said, c->file, other->name.span, "the first one is here");
			}
		}
	}
	c->pure = NULL;
}

static void warn_unused(struct checker *c, const struct decl *decl) {
	for (const struct var *v = decl->vars; v != NULL; v = v->next) {
		bool counts = v->kind == VAR_LET || v->kind == VAR_VAR || v->kind == VAR_ARM;
		if (counts && !v->used && v->captured == NULL && v->name.text[0] != '_') {
			report(c, UNUSED_VARIABLE, v->name.span,
				"a name that begins with _ is left alone",
				"the variable '%s' is never used", v->name.text);
		}
	}
}

void check_workflow(struct checker *c, struct decl *decl) {
	struct inside inside, body;
	unsigned errors = c->diag->errors;
	c->workflow = decl;
	c->vars_tail = &decl->vars;
	c->strand = &decl->strand;
	c->place = NULL;
	c->narrow = NULL;
	c->is_too_deep = false;
	check_scope_open(c, &inside);
	for (struct field *f = decl->fields; f != NULL; f = f->next) {
		const struct binding *same = scope_find_here(c->scope, f->name.text);
		if (same != NULL) { /* reported with the signature */
			f->var = same->var;
			continue;
		}
		f->var = check_declare(
			c, VAR_PARAM, f->name, f->type == NULL ? basic(c, TYPE_ERROR) : f->type);
		f->var->assigned = true;
	}
	check_deadline(c, decl);
	check_scope_open(c, &body);
	check_statements(c, decl->body);
	check_queries(c, decl);
	check_scope_close(c, &body);
	check_scope_close(c, &inside);
	c->workflow = NULL;
	if (c->is_too_deep) {
		return;
	}
	check_flow(c, decl);
	check_sharing(c, decl);
	check_loops(c, decl);
	check_raises(c, decl);
	check_undone(c, decl);
	if (c->diag->errors == errors) {
		warn_unused(c, decl);
	}
}

static void check_file(struct checker *c, bool is_root) {
	for (struct decl *d = c->file->decls; d != NULL; d = d->next) {
		if (d->kind == DECL_CONST) {
			(void)check_const(c, d, NULL);
		}
	}
	for (struct decl *d = c->file->decls; d != NULL; d = d->next) {
		if (d->kind == DECL_WORKFLOW) {
			check_workflow(c, d);
		}
	}
	if (is_root && c->diag->errors == 0) {
		check_unused_decls(c);
	}
}

bool check_unit(struct unit *unit) {
	struct checker checker = {
		.unit = unit, .arena = unit->arena, .diag = unit->diag, .types = unit->types
	};
	struct checker *c = &checker;
	unsigned errors = unit->diag->errors;
	make_builtin_errors(unit);
	for (c->file = unit->files; c->file != NULL; c->file = c->file->next) {
		check_declare_all(c);
	}
	for (c->file = unit->files; c->file != NULL; c->file = c->file->next) {
		check_packages(c);
		check_imports(c);
		check_signatures(c);
	}
	check_records(c);
	for (c->file = unit->files; c->file != NULL; c->file = c->file->next) {
		check_versions(c);
	}
	for (c->file = unit->files; c->file != NULL; c->file = c->file->next) {
		check_file(c, c->file == unit->files);
	}
	return unit->diag->errors == errors;
}
