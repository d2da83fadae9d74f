/*
 * The generated header: what people call and implement first, what other
 * generated code needs last.
 */
#include "emit.h"

#include <string.h>

#include "cname.h"

/* Text above a declaration, sanitised. */
static void emit_doc(struct emit *e, const char *doc) {
	if (doc == NULL) {
		return;
	}
	const char *text = cname_comment(e->arena, doc);
	if (strchr(text, '\n') == NULL) {
		emit_line(e, "/* %s */", text);
		return;
	}
	emit_plain(e, "/*");
	for (const char *line = text; line != NULL;) {
		const char *end = strchr(line, '\n');
		int len = end != NULL ? (int)(end - line) : (int)strlen(line);
		emit_line(e, len > 0 ? " * %.*s" : " *", len, line);
		line = end != NULL ? end + 1 : NULL;
	}
	emit_plain(e, " */");
}

static void emit_prototype(struct emit *e, const struct ir_expr *call, const char *after) {
	emit_expr(e, NULL, "int ", call, after);
}

/* A parameter as a person passes it. */
static void add_param(struct emit *e, struct ir_expr *call, const char *c_type, bool by_pointer,
	const char *name) {
	const char *type = by_pointer ? mem_printf(e->arena, "const %s *", c_type) : c_type;

	ir_add(e->arena, call, NULL, ir_text(e->arena, emit_declarator(e->arena, type, name)));
}

static void add_params(struct emit *e, struct ir_expr *call, const struct ir_field *fields) {
	for (; fields != NULL; fields = fields->next) {
		add_param(e, call, fields->c_type, fields->by_pointer, fields->c_name);
	}
}

static struct ir_expr *function(struct emit *e, const char *name, const char *first) {
	return ir_call(e->arena, name, ir_text(e->arena, first), NULL);
}

static void add(struct emit *e, struct ir_expr *call, const char *param) {
	ir_add(e->arena, call, NULL, ir_text(e->arena, param));
}

/* Where a result goes. */
static const char *ret_param(struct emit *e, const char *c_type) {
	bool pointer = c_type[strlen(c_type) - 1] == '*';

	return mem_printf(e->arena, "%s%s*ret", c_type, pointer ? "" : " ");
}

struct ir_expr *emit_activity_prototype(struct emit *e, const struct ir_activity *activity) {
	struct ir_expr *call = function(e, activity->function, "struct dtf_activity *act");

	add_params(e, call, activity->params);
	if (activity->result_c != NULL) {
		add(e, call, ret_param(e, activity->result_c));
	}
	return call;
}

struct ir_expr *emit_helper_prototype(struct emit *e, const struct ir_error *error) {
	struct ir_expr *call = function(e, error->helper, "struct dtf_activity *act");

	add_params(e, call, error->fields);
	add(e, call, "const char *message");
	return call;
}

struct ir_expr *emit_raise_prototype(struct emit *e, const struct ir_event *event) {
	struct ir_expr *call = function(e, event->raise, "struct dtf_client *client");

	add(e, call, "const char *instance");
	add_params(e, call, event->payload);
	add(e, call, "const char *event_id");
	return call;
}

struct ir_expr *emit_start_prototype(struct emit *e, const struct ir_workflow *workflow) {
	struct ir_expr *call = function(e, workflow->start, "struct dtf_client *client");

	add(e, call, "const char *instance");
	add_params(e, call, workflow->params);
	return call;
}

struct ir_expr *emit_wait_prototype(struct emit *e, const struct ir_workflow *workflow) {
	struct ir_expr *call = function(e, workflow->wait, "struct dtf_client *client");

	add(e, call, "const char *instance");
	add(e, call, "int64_t timeout_ms");
	if (workflow->output_c != NULL) {
		add(e, call, ret_param(e, workflow->output_c));
	}
	add(e, call, "struct dtf_result *result");
	return call;
}

struct ir_expr *emit_query_prototype(struct emit *e, const struct ir_query *query) {
	struct ir_expr *call = function(e, query->client, "struct dtf_client *client");

	add(e, call, "const char *instance");
	add(e, call, ret_param(e, query->result_c));
	add(e, call, "struct dtf_result *result");
	return call;
}

/* ---- types ---- */

static void emit_struct(struct emit *e, const char *name, const struct ir_field *fields) {
	emit_line(e, "struct %s {", name);
	if (fields == NULL) {
		emit_plain(e, "\tchar empty; /* C wants a member */");
	}
	for (; fields != NULL; fields = fields->next) {
		emit_member(e, fields->c_type, fields->c_name);
	}
	emit_plain(e, "};");
}

static void emit_derived(struct emit *e, const struct ir_type *type) {
	const char *guard = cname_upper(e->arena, type->c_name);
	const char *of = type->of_c, *what = "OPTIONAL";

	if (type->kind == IR_TYPE_MAP || type->kind == IR_TYPE_ENTRY) {
		what = type->kind == IR_TYPE_MAP ? "MAP" : "ENTRY";
	} else if (type->kind == IR_TYPE_LIST) {
		what = "LIST";
	}
	if (type->kind == IR_TYPE_LIST && of[strlen(of) - 1] == '*') {
		/* the macro puts const in front, where the pointer is what must not change */
		of = mem_printf(e->arena, "%sconst", of + strlen("const "));
	}
	if (type->guarded) {
		emit_line(e, "#ifndef DTF_HAVE_%s", guard);
		emit_line(e, "#define DTF_HAVE_%s", guard);
	}
	if (type->alone) {
		emit_line(e, "DTF_DECLARE_MAP(%s);", type->c_name);
	} else {
		emit_line(e, "DTF_DEFINE_%s(%s, %s);", what, type->c_name, of);
	}
	if (type->guarded) {
		emit_plain(e, "#endif");
	}
}

static void emit_type(struct emit *e, const struct ir_type *type) {
	emit_doc(e, type->doc);
	switch (type->kind) {
	case IR_TYPE_RECORD:
		emit_struct(e, type->c_name, type->fields);
		break;
	case IR_TYPE_ENUM:
		emit_line(e, "enum %s {", type->c_name);
		for (const struct ir_field *f = type->fields; f != NULL; f = f->next) {
			emit_line(e, "\t%s,", f->c_name);
		}
		emit_plain(e, "};");
		break;
	case IR_TYPE_LIST:
	case IR_TYPE_OPTIONAL:
	case IR_TYPE_MAP:
	case IR_TYPE_ENTRY:
		emit_derived(e, type);
		break;
	case IR_TYPE_FORWARD:
		emit_line(e, "struct %s;", type->c_name);
		break;
	case IR_TYPE_POINTER:
		return;
	}
	emit_blank(e);
}

void emit_type_definitions(struct emit *e, const struct ir_module *module, bool in_header) {
	for (const struct ir_type *t = module->types; t != NULL; t = t->next) {
		if (t->define && t->in_header == in_header) {
			emit_type(e, t);
			emit_done(e);
		}
	}
}

/* ---- the sections ---- */

static void emit_activities(struct emit *e, const struct ir_module *module) {
	if (module->activities == NULL) {
		return;
	}
	emit_text(e,
		"/*\n"
		" * Activities: you write these.  They run on a pool thread, at least once each,\n"
		" * and again after a crash or a failure.  What they are given is borrowed until\n"
		" * they return; what they store through `ret` must be constant or come from\n"
		" * dtf_activity_alloc().  Return 0, or what one of the fail functions gave.\n"
		" */\n\n");
	for (const struct ir_activity *a = module->activities; a != NULL; a = a->next) {
		emit_doc(e, a->doc);
		emit_prototype(e, emit_activity_prototype(e, a), ";");
		emit_done(e);
	}
	emit_blank(e);
}

static void emit_errors(struct emit *e, const struct ir_module *module) {
	if (module->errors == NULL) {
		return;
	}
	emit_plain(e,
		"/* What an activity returns to fail with a declared error: it is not retried. */");
	for (const struct ir_error *error = module->errors; error != NULL; error = error->next) {
		emit_doc(e, error->doc);
		emit_prototype(e, emit_helper_prototype(e, error), ";");
		emit_done(e);
	}
	emit_blank(e);
}

static void emit_events(struct emit *e, const struct ir_module *module) {
	if (module->events == NULL) {
		return;
	}
	emit_plain(
		e, "/* Events.  A repeated event_id is accepted and ignored; it may be NULL. */");
	for (const struct ir_event *event = module->events; event != NULL; event = event->next) {
		emit_doc(e, event->doc);
		emit_prototype(e, emit_raise_prototype(e, event), ";");
		emit_done(e);
	}
	emit_blank(e);
}

static void emit_workflows(struct emit *e, const struct ir_module *module) {
	if (module->workflows == NULL) {
		return;
	}
	emit_plain(e, "/*");
	emit_plain(e,
		" * Workflows: start an instance, wait for its end.  dtf_result_free(result) also");
	emit_plain(e, " * frees what `ret` points into.");
	emit_plain(e, " */");
	emit_blank(e);
	for (const struct ir_workflow *w = module->workflows; w != NULL; w = w->next) {
		if (w->is_old) {
			continue;
		}
		emit_doc(e, w->doc);
		emit_prototype(e, emit_start_prototype(e, w), ";");
		emit_prototype(e, emit_wait_prototype(e, w), ";");
		for (const struct ir_query *q = w->queries; q != NULL; q = q->next) {
			emit_prototype(e, emit_query_prototype(e, q), ";");
		}
		emit_done(e);
		emit_blank(e);
	}
}

/* For generated code that imports the file. */
static void emit_shared(struct emit *e, const struct ir_module *module) {
	emit_line(e, "/* ---- for generated code that imports %s ---- */", module->file);
	emit_blank(e);
	for (const struct ir_type *t = module->types; t != NULL; t = t->next) {
		if (t->is_public) {
			emit_line(e, "extern const struct dtf_type %s;", t->table);
		}
	}
	for (const struct ir_error *error = module->errors; error != NULL; error = error->next) {
		if (error->fields_c != NULL) {
			emit_struct(e, error->fields_c, error->fields);
			emit_line(e, "extern const struct dtf_type %s;", error->fields_table);
		}
		emit_line(e, "extern const struct dtf_error_def %s;", error->def);
	}
	for (const struct ir_activity *a = module->activities; a != NULL; a = a->next) {
		if (a->args_c != NULL) {
			emit_struct(e, a->args_c, a->params);
			emit_line(e, "extern const struct dtf_type %s;", a->args_table);
		}
		emit_line(e, "extern const struct dtf_activity_def %s;", a->def);
	}
	for (const struct ir_event *event = module->events; event != NULL; event = event->next) {
		emit_line(e, "extern const struct dtf_event_def %s;", event->def);
	}
	for (const struct ir_workflow *w = module->workflows; w != NULL; w = w->next) {
		if (w->input_c != NULL) {
			emit_struct(e, w->input_c, w->params);
		}
		emit_line(e, "extern const struct dtf_workflow_def %s;", w->def);
	}
	emit_blank(e);
}

void emit_header(struct emit *e, const struct ir_module *module) {
	const char *guard = mem_printf(
		e->arena, "%s_DTF_H", cname_upper(e->arena, module->c_package));

	emit_line(e, EMIT_BANNER, module->file, module->file);
	emit_line(e, "#ifndef %s", guard);
	emit_line(e, "#define %s", guard);
	emit_blank(e);
	emit_plain(e, "#include <dtf/dtf.h>");
	emit_blank(e);
	for (const struct ir_name *i = module->imports; i != NULL; i = i->next) {
		emit_line(e, "#include \"%s\"", i->name);
	}
	if (module->imports != NULL) {
		emit_blank(e);
	}
	emit_text(e, "#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n");
	emit_type_definitions(e, module, true);
	emit_activities(e, module);
	emit_errors(e, module);
	emit_events(e, module);
	emit_workflows(e, module);
	emit_plain(e, "/* Hand this to dtf_engine_register(). */");
	emit_line(e, "extern const struct dtf_module %s;", module->def);
	emit_blank(e);
	emit_shared(e, module);
	emit_text(e, "#ifdef __cplusplus\n}\n#endif\n\n#endif\n");
	emit_done(e);
}
