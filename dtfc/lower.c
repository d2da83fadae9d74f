/*
 * The module as a whole: declarations in source order, then each workflow.
 */
#include "lower_in.h"

/* ---- declarations ---- */

static struct ir_name *lower_fails(struct lower *l, const struct decl *decl) {
	struct ir_name *fails = NULL, **tail = &fails;

	for (struct error_name *f = decl->fails; f != NULL; f = f->next) {
		*tail = mem_new(l->arena, struct ir_name);
		(*tail)->name = lower_def(l, f->error);
		(*tail)->text = lower_full_name(l, f->error);
		tail = &(*tail)->next;
	}
	return fails;
}

static struct ir_activity *lower_activity(struct lower *l, struct decl *decl) {
	struct ir_activity *activity = mem_new(l->arena, struct ir_activity);
	const char *base = lower_decl(l, decl)->base;

	activity->name = lower_full_name(l, decl);
	activity->function = base;
	activity->def = lower_def(l, decl);
	activity->thunk = mem_printf(l->arena, "%s_thunk", base);
	activity->doc = decl->doc;
	activity->params = lower_fields(l, decl->fields, lower_activity_fixed);
	activity->args_table = "dtf_type_no_args";
	if (decl->fields != NULL) {
		activity->args_c = mem_printf(l->arena, "%s_args", base);
		activity->args_table = mem_printf(l->arena, "%s_args_type", base);
		activity->args_fields = mem_printf(l->arena, "%s_args_fields", base);
	}
	const struct ctype *result = lower_ctype(l, decl->type);
	activity->result_c = decl->type->kind == TYPE_UNIT ? NULL : result->c;
	activity->result_table = result->table;
	activity->result = activity->result_c == NULL ? "" : type_text(l->arena, decl->type);
	activity->policy = decl->policy;
	activity->fails = lower_fails(l, decl);
	return activity;
}

static struct ir_error *lower_error(struct lower *l, struct decl *decl) {
	struct ir_error *error = mem_new(l->arena, struct ir_error);
	const char *package = decl->file->c_package;
	const char *base = lower_decl(l, decl)->base;

	error->name = lower_full_name(l, decl);
	error->def = lower_def(l, decl);
	error->helper = mem_printf(l->arena, "%s_fail_%s", package, base);
	error->doc = decl->doc;
	error->fields = lower_fields(l, decl->fields, lower_fail_fixed);
	if (decl->fields != NULL) {
		error->fields_c = mem_printf(l->arena, "%s_%s_fields", package, base);
		error->fields_name = error->fields_c;
		error->fields_table = mem_printf(l->arena, "%s_type", error->fields_c);
	}
	return error;
}

static struct ir_event *lower_event(struct lower *l, struct decl *decl) {
	struct ir_event *event = mem_new(l->arena, struct ir_event);

	event->name = lower_full_name(l, decl);
	event->def = lower_def(l, decl);
	event->raise = mem_printf(
		l->arena, "%s_raise_%s", decl->file->c_package, lower_decl(l, decl)->base);
	event->doc = decl->doc;
	event->capacity = decl->capacity;
	if (decl->type->kind != TYPE_UNIT) {
		const struct ctype *type = lower_ctype(l, decl->type);
		event->payload = mem_new(l->arena, struct ir_field);
		event->payload->name = "value";
		event->payload->c_name = "value";
		event->payload->c_type = type->c;
		event->payload->table = type->table;
		event->payload->type = type_text(l->arena, decl->type);
		event->payload->by_pointer = type->is_struct;
	}
	return event;
}

const char *lower_input(struct lower *l, const struct decl *workflow) {
	if (workflow->fields == NULL) {
		return NULL;
	}
	return mem_printf(
		l->arena, "%s_%s_input", workflow->file->c_package, lower_decl(l, workflow)->base);
}

static struct ir_workflow *lower_workflow_head(struct lower *l, struct decl *decl) {
	struct ir_workflow *w = mem_new(l->arena, struct ir_workflow);
	const char *package = decl->file->c_package;
	const char *base = lower_decl(l, decl)->base;

	w->name = lower_full_name(l, decl);
	w->short_name = decl->name.text;
	w->doc = decl->doc;
	w->def = lower_def(l, decl);
	w->start = mem_printf(l->arena, "%s_%s_start", package, base);
	w->wait = mem_printf(l->arena, "%s_%s_wait", package, base);
	w->params = lower_fields(l, decl->fields, lower_start_fixed);
	w->fails = lower_fails(l, decl);
	w->input_table = "dtf_type_no_args";
	w->input_c = lower_input(l, decl);
	if (w->input_c != NULL) {
		w->input_table = mem_printf(l->arena, "%s_type", w->input_c);
		w->input_fields = mem_printf(l->arena, "%s_fields", w->input_c);
	}
	const struct ctype *output = lower_ctype(l, decl->type);
	w->output_c = decl->type->kind == TYPE_UNIT ? NULL : output->c;
	w->output_table = output->table;
	w->output = w->output_c == NULL ? "" : type_text(l->arena, decl->type);
	w->version = decl->version;
	w->is_old = decl->is_old;
	w->sites_tail = &w->sites;
	lower_query_heads(l, w, decl);
	w->deadline_ms = decl->deadline_ms;
	return w;
}

/* ---- workflows ---- */

static void lower_parameters(struct lower *l, struct strand *body) {
	struct ir_field *field = l->workflow->params;

	for (struct field *f = l->decl->fields; f != NULL; f = f->next, field = field->next) {
		struct ir_slot *slot = lower_slot(l, field->c_name, lower_ctype(l, f->type));
		slot->name = field->c_name;
		slot->var = f->var;
		slot->prefix = "in.";
		slot->declared = true;
		slot->in_frame = true;
		map_put(l->arena, &body->slots, f->var, slot);
	}
}

static void lower_workflow(struct lower *l, struct decl *decl, struct ir_workflow *w) {
	l->workflow = w;
	l->decl = decl;
	l->strands_tail = &w->strands;
	l->policies_tail = &w->policies;
	l->npolicies = 0;
	w->fingerprint = lower_fingerprint(l, decl); /* lowering settles indexes in the tree */
	struct strand *body = lower_strand_begin(
		l, &decl->strand, decl->name.text, lower_decl(l, decl)->base);
	w->c_name = body->ir->c_name;
	w->body = body->ir;
	w->sites_name = cname_unique(l->globals, mem_printf(l->arena, "%s_sites", w->c_name));
	lower_parameters(l, body);
	lower_block(l, decl->body);
	if (!body->dead) {
		lower_at(l, decl->body->close);
		lower_return(l, lower_ctx_call(l, "dtf_return", ir_text(l->arena, "NULL"), NULL));
	}
	lower_queries(l, w, decl);
	lower_strand_end(l, body);
	ir_verify(l->arena, w);
	lower_use_workflow(l, w);
}

static void lower_heads(struct lower *l) {
	struct ir_module *m = l->module;
	struct ir_error **errors = &m->errors;
	struct ir_activity **activities = &m->activities;
	struct ir_event **events = &m->events;
	struct ir_workflow **workflows = &m->workflows;

	for (struct decl *d = l->file->decls; d != NULL; d = d->next) {
		switch (d->kind) {
		case DECL_RECORD:
		case DECL_ENUM:
			lower_ctype(l, type_decl(l->unit->types, d));
			break;
		case DECL_ERROR:
			*errors = lower_error(l, d);
			errors = &(*errors)->next;
			break;
		case DECL_ACTIVITY:
			*activities = lower_activity(l, d);
			activities = &(*activities)->next;
			break;
		case DECL_EVENT:
			*events = lower_event(l, d);
			events = &(*events)->next;
			break;
		case DECL_WORKFLOW:
			*workflows = lower_workflow_head(l, d);
			workflows = &(*workflows)->next;
			break;
		case DECL_IMPORT:
		case DECL_CONST:
			break;
		}
	}
}

static void lower_imports(struct lower *l, const struct lower_options *options) {
	struct ir_name **tail = &l->module->imports;

	for (struct decl *d = l->file->decls; d != NULL; d = d->next) {
		if (d->kind == DECL_IMPORT) {
			*tail = mem_new(l->arena, struct ir_name);
			(*tail)->name = options->header_of(l->arena, d->imported);
			tail = &(*tail)->next;
		}
	}
}

static struct cname_set *take_members(struct arena *arena, struct cname_set *globals) {
	struct cname_set *members = cname_set_create(arena, globals);

	cname_take(members, "at");
	cname_take(members, "in");
	cname_take(members, "captured");
	for (unsigned n = 2; n < 32; n++) {
		cname_take(members, mem_printf(arena, "up_%u", n));
	}
	return members;
}

struct ir_module *lower_unit(struct unit *unit, const struct lower_options *options) {
	struct lower l = { .arena = unit->arena, .unit = unit, .file = unit->files };
	struct ir_module *m = mem_new(l.arena, struct ir_module);

	l.module = m;
	l.types_tail = &m->types;
	l.alone_tail = &l.alone;
	l.globals = cname_set_create(l.arena, NULL);
	l.members = take_members(l.arena, l.globals);
	for (struct file *f = unit->files; f != NULL; f = f->next) {
		lower_names(&l, f);
	}
	m->package = l.file->package.text;
	m->c_package = l.file->c_package;
	m->file = options->file;
	m->def = mem_printf(l.arena, "%s_module", m->c_package);
	m->manifest_name = mem_printf(l.arena, "%s_manifest", m->c_package);
	m->content_hash = lower_content_hash(l.arena, l.file->source);
	lower_imports(&l, options);
	l.in_header = true;
	lower_heads(&l);
	l.in_header = false;
	struct ir_workflow *w = m->workflows;
	for (struct decl *d = l.file->decls; d != NULL && w != NULL; d = d->next) {
		if (d->kind == DECL_WORKFLOW) {
			lower_workflow(&l, d, w);
			w = w->next;
		}
	}
	lower_used_tables(&l);
	return m;
}
