/*
 * The generated C file: tables of types, errors, activities and events, then
 * each workflow, then the module that ties them together.
 */
#include "emit.h"

#include <inttypes.h>
#include <string.h>

#include "cname.h"

/* static const struct dtf_type name = MACRO(…); */
void emit_c_table(struct emit *e, bool is_static, const char *name, const char *macro,
	const char *text, const char *c_type, const char *last) {
	struct ir_expr *call = ir_call(e->arena, macro, ir_textf(e->arena, "\"%s\"", text),
		ir_text(e->arena, c_type), ir_text(e->arena, last), NULL);

	emit_expr(e, NULL,
		mem_printf(e->arena, "%sconst struct dtf_type %s = ", is_static ? "static " : "",
			name),
		call, ";");
}

void emit_c_fields(
	struct emit *e, const char *table, const char *c_type, const struct ir_field *fields) {
	emit_line(e, "static const struct dtf_field %s[] = {", table);
	for (; fields != NULL; fields = fields->next) {
		emit_line(e, "\t{ \"%s\", &%s, offsetof(%s, %s) },", fields->name, fields->table,
			c_type, fields->c_name);
	}
	emit_plain(e, "};");
}

void emit_c_members(struct emit *e, const char *table, const struct ir_field *fields) {
	struct ir_expr *members = ir_literal(e->arena, "");
	size_t width = strlen(table) + 40;

	for (const struct ir_field *f = fields; f != NULL; f = f->next) {
		width += strlen(f->name) + 4;
		ir_add(e->arena, members, NULL, ir_textf(e->arena, "\"%s\"", f->name));
	}
	if (width <= EMIT_WIDTH) {
		const char *flat = emit_flat(e->arena, NULL, members);
		emit_line(e, "static const char *const %s[] = %s;", table, flat);
		return;
	}
	emit_line(e, "static const char *const %s[] = {", table);
	for (const struct ir_field *f = fields; f != NULL; f = f->next) {
		emit_line(e, "\t\"%s\",", f->name);
	}
	emit_plain(e, "};");
}

static void emit_record_table(struct emit *e, const struct ir_type *type, const char *c) {
	if (type->fields == NULL) {
		emit_expr(e, NULL, mem_printf(e->arena, "const struct dtf_type %s = ", type->table),
			ir_call(e->arena, "DTF_EMPTY", ir_textf(e->arena, "\"%s\"", type->text),
				ir_text(e->arena, c), NULL),
			";");
		return;
	}
	emit_c_fields(e, type->fields_name, c, type->fields);
	emit_c_table(e, false, type->table, "DTF_RECORD", type->text, c, type->fields_name);
}

static void emit_type_table(struct emit *e, const struct ir_type *type) {
	const char *kind = type->kind == IR_TYPE_ENUM ? "enum" : "struct";
	const char *c = mem_printf(e->arena, "%s %s", kind, type->c_name);

	switch (type->kind) {
	case IR_TYPE_RECORD:
		emit_record_table(e, type, c);
		break;
	case IR_TYPE_ENUM:
		emit_c_members(e, type->fields_name, type->fields);
		emit_c_table(e, false, type->table, "DTF_ENUM", type->text, c, type->fields_name);
		break;
	case IR_TYPE_LIST:
	case IR_TYPE_OPTIONAL:
	case IR_TYPE_MAP:
		emit_c_table(e, true, type->table,
			type->kind == IR_TYPE_LIST          ? "DTF_LIST"
				: type->kind == IR_TYPE_MAP ? "DTF_MAP"
							    : "DTF_OPTIONAL",
			type->text, c, mem_printf(e->arena, "&%s", type->of_table));
		return;
	case IR_TYPE_POINTER:
		emit_c_table(e, true, type->table, "DTF_POINTER", type->text, type->of_c,
			mem_printf(e->arena, "&%s", type->of_table));
		return;
	case IR_TYPE_FORWARD:
	case IR_TYPE_ENTRY:
		return;
	}
	emit_blank(e);
}

static bool is_derived(const struct ir_type *type) {
	return type->kind == IR_TYPE_LIST || type->kind == IR_TYPE_OPTIONAL ||
		type->kind == IR_TYPE_POINTER || type->kind == IR_TYPE_MAP;
}

void emit_c_types(struct emit *e, const struct ir_module *module) {
	bool derived = false;

	emit_type_definitions(e, module, false);
	if (module->types == NULL) {
		return;
	}
	emit_plain(e, "/* ---- types: the runtime's one codec walks these tables ---- */");
	emit_blank(e);
	for (const struct ir_type *t = module->types; t != NULL; t = t->next) {
		if (is_derived(t) && t->has_table) {
			emit_line(e, "static const struct dtf_type %s;", t->table);
			derived = true;
		}
	}
	if (derived) {
		emit_blank(e);
	}
	for (const struct ir_type *t = module->types; t != NULL; t = t->next) {
		if (!is_derived(t) && t->has_table) {
			emit_type_table(e, t);
			emit_done(e);
		}
	}
	for (const struct ir_type *t = module->types; t != NULL; t = t->next) {
		if (is_derived(t) && t->has_table) {
			emit_type_table(e, t);
			emit_done(e);
		}
	}
	if (derived) {
		emit_blank(e);
	}
}

/* ---- errors, activities, events ---- */

/* What a person passed, as a member of a struct. */
static void add_value(struct emit *e, struct ir_expr *to, const struct ir_field *field) {
	ir_add(e->arena, to, field->c_name,
		ir_textf(e->arena, "%s%s", field->by_pointer ? "*" : "", field->c_name));
}

struct ir_expr *emit_c_struct(struct emit *e, const char *c_type, const struct ir_field *fields) {
	struct ir_expr *literal = ir_literal(e->arena, mem_printf(e->arena, "struct %s", c_type));

	literal->brief = true;
	for (; fields != NULL; fields = fields->next) {
		add_value(e, literal, fields);
	}
	return ir_unary(e->arena, "&", literal);
}

void emit_c_function(struct emit *e, const struct ir_expr *prototype, const struct ir_expr *call) {
	emit_expr(e, NULL, "int ", prototype, " {");
	e->indent++;
	emit_expr(e, NULL, "return ", call, ";");
	e->indent--;
	emit_plain(e, "}");
	emit_blank(e);
}

static void emit_error(struct emit *e, const struct ir_error *error) {
	const char *fields = "dtf_type_unit";
	struct ir_expr *value = ir_text(e->arena, "NULL");

	if (error->fields_c != NULL) {
		const char *c = mem_printf(e->arena, "struct %s", error->fields_c);
		fields = error->fields_table;
		emit_c_fields(e, error->fields_name, c, error->fields);
		emit_c_table(e, false, fields, "DTF_RECORD", error->name, c, error->fields_name);
		value = emit_c_struct(e, error->fields_c, error->fields);
	}
	emit_line(e, "const struct dtf_error_def %s = {", error->def);
	emit_line(e, "\t.name = \"%s\",", error->name);
	emit_line(e, "\t.fields = &%s,", fields);
	emit_plain(e, "};");
	emit_blank(e);
	emit_c_function(e, emit_helper_prototype(e, error),
		ir_call(e->arena, "dtf_activity_fail_typed", ir_text(e->arena, "act"),
			ir_textf(e->arena, "&%s", error->def), value, ir_text(e->arena, "message"),
			NULL));
}

static void emit_errors(struct emit *e, const struct ir_module *module) {
	if (module->errors == NULL) {
		return;
	}
	emit_plain(e, "/* ---- errors ---- */");
	emit_blank(e);
	for (const struct ir_error *error = module->errors; error != NULL; error = error->next) {
		emit_error(e, error);
		emit_done(e);
	}
}

void emit_c_policy(struct emit *e, const struct policy *policy) {
	const struct {
		const char *name;
		int64_t value;
	} members[] = {
		{ "timeout_ms", policy->timeout_ms },
		{ "deadline_ms", policy->deadline_ms },
		{ "heartbeat_ms", policy->heartbeat_ms },
		{ "attempts", policy->attempts },
		{ "backoff_min_ms", policy->backoff_min_ms },
		{ "backoff_max_ms", policy->backoff_max_ms },
		{ "priority", policy->priority },
	};
	const char *tag = policy->tag != NULL ? policy->tag : "";

	for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++) {
		if (members[i].value != 0) {
			emit_line(e, ".%s = %s,", members[i].name,
				ir_int(e->arena, members[i].value));
		}
	}
	emit_line(e, ".factor = %s,", ir_float(e->arena, policy->factor));
	emit_line(e, ".tag = \"%s\",", cname_string(e->arena, tag, strlen(tag)));
}

/* (const struct of *const[]){ &a, &b, NULL } */
static size_t pointers_width(const char *of, const struct ir_name *names) {
	size_t width = strlen("(const struct  *const[]){ NULL }") + strlen(of);

	for (; names != NULL; names = names->next) {
		width += strlen("&, ") + strlen(names->name);
	}
	return width;
}

void emit_c_pointers(
	struct emit *e, const char *member, const char *of, const struct ir_name *names) {
	size_t width = strlen(". = ,") + strlen(member) + pointers_width(of, names);

	if (8 * e->indent + width <= EMIT_WIDTH) {
		emit_begin(e);
		emit_print(e, ".%s = (const struct %s *const[]){ ", member, of);
		for (; names != NULL; names = names->next) {
			emit_print(e, "&%s, ", names->name);
		}
		emit_print(e, "NULL },");
		emit_end(e);
		return;
	}
	emit_line(e, ".%s =", member);
	emit_line(e, "\t(const struct %s *const[]){", of);
	for (; names != NULL; names = names->next) {
		emit_line(e, "\t\t&%s,", names->name);
	}
	emit_plain(e, "\t\tNULL,");
	emit_plain(e, "\t},");
}

static void emit_thunk(struct emit *e, const struct ir_activity *activity) {
	struct ir_expr *call = ir_call(
		e->arena, activity->function, ir_text(e->arena, "act"), NULL);

	emit_line(e, "static int %s(struct dtf_activity *act, const void *args, void *ret) {",
		activity->thunk);
	e->indent++;
	if (activity->args_c != NULL) {
		emit_line(e, "const struct %s *a = args;", activity->args_c);
		emit_blank(e);
	} else {
		emit_plain(e, "(void)args;");
	}
	for (const struct ir_field *f = activity->params; f != NULL; f = f->next) {
		ir_add(e->arena, call, NULL,
			ir_textf(e->arena, "%sa->%s", f->by_pointer ? "&" : "", f->c_name));
	}
	if (activity->result_c != NULL) {
		ir_add(e->arena, call, NULL, ir_text(e->arena, "ret"));
	} else {
		emit_plain(e, "(void)ret;");
	}
	emit_expr(e, NULL, "return ", call, ";");
	e->indent--;
	emit_plain(e, "}");
	emit_blank(e);
}

static void emit_activity(
	struct emit *e, const struct ir_activity *activity, const struct emit_options *options) {
	if (activity->args_c != NULL) {
		const char *c = mem_printf(e->arena, "struct %s", activity->args_c);
		emit_c_fields(e, activity->args_fields, c, activity->params);
		emit_c_table(e, false, activity->args_table, "DTF_TUPLE", activity->name, c,
			activity->args_fields);
		emit_blank(e);
	}
	if (!options->no_functions) {
		emit_thunk(e, activity);
	}
	emit_line(e, "const struct dtf_activity_def %s = {", activity->def);
	e->indent++;
	emit_line(e, ".name = \"%s\",", activity->name);
	emit_line(e, ".args = &%s,", activity->args_table);
	emit_line(e, ".result = &%s,", activity->result_table);
	emit_plain(e, ".policy = {");
	e->indent++;
	emit_c_policy(e, &activity->policy);
	e->indent--;
	emit_plain(e, "},");
	emit_c_pointers(e, "fails", "dtf_error_def", activity->fails);
	if (!options->no_functions) {
		emit_line(e, ".run = %s,", activity->thunk);
	}
	e->indent--;
	emit_plain(e, "};");
	emit_blank(e);
}

static void emit_events(struct emit *e, const struct ir_module *module) {
	if (module->events == NULL) {
		return;
	}
	emit_plain(e, "/* ---- events ---- */");
	emit_blank(e);
	for (const struct ir_event *event = module->events; event != NULL; event = event->next) {
		const struct ir_field *payload = event->payload;
		emit_line(e, "const struct dtf_event_def %s = {", event->def);
		emit_line(e, "\t.name = \"%s\",", event->name);
		emit_line(
			e, "\t.payload = &%s,", payload != NULL ? payload->table : "dtf_type_unit");
		emit_line(e, "\t.capacity = %s,", ir_int(e->arena, event->capacity));
		emit_plain(e, "};");
		emit_blank(e);
		const char *value = payload == NULL ? "NULL"
			: payload->by_pointer       ? "value"
						    : "&value";
		emit_c_function(e, emit_raise_prototype(e, event),
			ir_call(e->arena, "dtf_raise_typed", ir_text(e->arena, "client"),
				ir_text(e->arena, "instance"),
				ir_textf(e->arena, "&%s", event->def), ir_text(e->arena, value),
				ir_text(e->arena, "event_id"), NULL));
		emit_done(e);
	}
}

/* ---- the module ---- */

enum { PIECE_MAX = 4000 }; /* C promises 4095 bytes of a literal */

static void emit_embedded_manifest(
	struct emit *e, const struct ir_module *module, const struct buffer *manifest) {
	emit_line(e, "static const char *const %s[] = {", module->manifest_name);
	struct buffer_mark at = { NULL, 0 };
	size_t left;
	for (const char *line; (line = buffer_line(manifest, &at, &left)) != NULL;) {
		while (left > 0) {
			size_t len = left > PIECE_MAX ? PIECE_MAX : left;
			emit_text(e, "\t\"");
			char *room = buffer_room(&e->text, 4 * len);
			buffer_used(&e->text, cname_escape(room, line, len));
			emit_text(e, "\",\n");
			line += len;
			left -= len;
		}
	}
	emit_plain(e, "\tNULL,");
	emit_plain(e, "};");
	emit_blank(e);
}

/* The defs of a list of things that start with `next` and have a `def`. */
#define NAMES_OF(e, list, type, ret)                                              \
	do {                                                                      \
		struct ir_name **tail_ = &(ret);                                  \
		for (const struct type *x_ = (list); x_ != NULL; x_ = x_->next) { \
			*tail_ = mem_new((e)->arena, struct ir_name);             \
			(*tail_)->name = x_->def;                                 \
			tail_ = &(*tail_)->next;                                  \
		}                                                                 \
	} while (0)

static void emit_module(
	struct emit *e, const struct ir_module *module, const struct buffer *manifest) {
	struct ir_name *activities = NULL, *events = NULL, *workflows = NULL;

	NAMES_OF(e, module->activities, ir_activity, activities);
	NAMES_OF(e, module->events, ir_event, events);
	NAMES_OF(e, module->workflows, ir_workflow, workflows);
	emit_plain(e, "/* ---- the module ---- */");
	emit_blank(e);
	emit_embedded_manifest(e, module, manifest);
	emit_line(e, "const struct dtf_module %s = {", module->def);
	e->indent++;
	emit_plain(e, ".abi = DTF_ABI,");
	emit_line(e, ".name = \"%s\",", module->package);
	emit_line(e, ".file = \"%s\",", cname_string(e->arena, module->file, strlen(module->file)));
	emit_line(e, ".manifest = %s,", module->manifest_name);
	emit_c_pointers(e, "activities", "dtf_activity_def", activities);
	emit_c_pointers(e, "events", "dtf_event_def", events);
	emit_c_pointers(e, "workflows", "dtf_workflow_def", workflows);
	e->indent--;
	emit_plain(e, "};");
}

void emit_c(struct emit *e, const struct ir_module *module, const struct emit_options *options) {
	e->stamps = options->stamps;
	e->file = options->c_file;
	e->source_name = module->file;
	emit_line(e, EMIT_BANNER, module->file, module->file);
	emit_line(e, "#include \"%s\"", options->h_file);
	emit_blank(e);
	emit_plain(e, "#include <dtf/abi.h>");
	emit_blank(e);
	emit_line(e, "#if DTF_ABI != %d", DTF_ABI);
	emit_line(e, "#error \"%s was generated for dtf ABI %d: run dtfc again\"", options->c_file,
		DTF_ABI);
	emit_plain(e, "#endif");
	emit_blank(e);
	emit_c_types(e, module);
	emit_errors(e, module);
	if (module->activities != NULL) {
		emit_plain(e, "/* ---- activities ---- */");
		emit_blank(e);
	}
	for (const struct ir_activity *a = module->activities; a != NULL; a = a->next) {
		emit_activity(e, a, options);
		emit_done(e);
	}
	emit_events(e, module);
	for (const struct ir_workflow *w = module->workflows; w != NULL; w = w->next) {
		emit_c_workflow(e, w);
		emit_done(e);
	}
	emit_module(e, module, options->manifest);
	emit_done(e);
}
