/*
 * The manifest: what tools need to show a history in the user's source with
 * no worker alive.  JSON, a line for each thing, so that it reads and compares
 * well and a C string literal can hold each line.
 */
#include "emit.h"

#include <inttypes.h>
#include <string.h>

static const char *quoted(struct emit *e, const char *text) {
	size_t len = strlen(text), n = 0;
	char *out = mem_alloc(e->arena, 6 * len + 3);

	out[n++] = '"';
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];
		if (c == '"' || c == '\\') {
			out[n++] = '\\';
			out[n++] = (char)c;
		} else if (c < ' ') {
			static const char hex[] = "0123456789abcdef";
			memcpy(out + n, "\\u00", 4);
			out[n + 4] = hex[c >> 4];
			out[n + 5] = hex[c & 15];
			n += 6;
		} else {
			out[n++] = (char)c;
		}
	}
	out[n++] = '"';
	return out;
}

static void emit_fields(struct emit *e, const struct ir_field *fields) {
	emit_text(e, "[");
	for (const struct ir_field *f = fields; f != NULL; f = f->next) {
		emit_text(e,
			mem_printf(e->arena, "{\"name\":%s,\"type\":%s}%s", quoted(e, f->name),
				quoted(e, f->type), f->next != NULL ? "," : ""));
	}
	emit_text(e, "]");
}

static void emit_types(struct emit *e, const struct ir_module *module) {
	bool first = true;

	emit_text(e, "\"types\":[");
	for (const struct ir_type *t = module->types; t != NULL; t = t->next) {
		if (!t->is_public) {
			continue;
		}
		emit_text(e, first ? "\n" : ",\n");
		first = false;
		emit_text(e, mem_printf(e->arena, "{\"name\":%s,", quoted(e, t->text)));
		if (t->kind == IR_TYPE_RECORD) {
			emit_text(e, "\"fields\":");
			emit_fields(e, t->fields);
		} else {
			emit_text(e, "\"members\":[");
			for (const struct ir_field *f = t->fields; f != NULL; f = f->next) {
				emit_text(e, quoted(e, f->name));
				emit_text(e, f->next != NULL ? "," : "");
			}
			emit_text(e, "]");
		}
		emit_text(e, "}");
	}
	emit_text(e, "],\n");
}

static void emit_errors(struct emit *e, const struct ir_module *module) {
	emit_text(e, "\"errors\":[");
	for (const struct ir_error *x = module->errors; x != NULL; x = x->next) {
		emit_text(e,
			mem_printf(e->arena, "%s\n{\"name\":%s,\"fields\":",
				x == module->errors ? "" : ",", quoted(e, x->name)));
		emit_fields(e, x->fields);
		emit_text(e, "}");
	}
	emit_text(e, "],\n");
}

static void emit_activities(struct emit *e, const struct ir_module *module) {
	emit_text(e, "\"activities\":[");
	for (const struct ir_activity *a = module->activities; a != NULL; a = a->next) {
		const char *tag = a->policy.tag != NULL ? a->policy.tag : "";
		emit_text(e,
			mem_printf(e->arena, "%s\n{\"name\":%s,\"parameters\":",
				a == module->activities ? "" : ",", quoted(e, a->name)));
		emit_fields(e, a->params);
		emit_text(e,
			mem_printf(e->arena,
				",\"result\":%s,\"timeout_ms\":%" PRId64 ",\"attempts\":%" PRId64
				",\"tag\":%s",
				quoted(e, a->result), a->policy.timeout_ms, a->policy.attempts,
				quoted(e, tag)));
		for (const struct ir_name *f = a->fails; f != NULL; f = f->next) {
			emit_text(e, f == a->fails ? ",\"fails\":[" : ",");
			emit_text(e, quoted(e, f->text));
		}
		emit_text(e, a->fails == NULL ? "}" : "]}");
	}
	emit_text(e, "],\n");
}

static void emit_events(struct emit *e, const struct ir_module *module) {
	emit_text(e, "\"events\":[");
	for (const struct ir_event *x = module->events; x != NULL; x = x->next) {
		const char *type = x->payload != NULL ? x->payload->type : "";
		emit_text(e,
			mem_printf(e->arena,
				"%s\n{\"name\":%s,\"payload\":%s,\"capacity\":%" PRId64 "}",
				x == module->events ? "" : ",", quoted(e, x->name), quoted(e, type),
				x->capacity));
	}
	emit_text(e, "],\n");
}

static void emit_workflow(struct emit *e, const struct ir_workflow *w) {
	emit_text(e,
		mem_printf(e->arena,
			"{\"name\":%s,\"version\":%" PRId64 ",\"fingerprint\":\"%016" PRIx64
			"\",\"parameters\":",
			quoted(e, w->name), w->version, w->fingerprint));
	emit_fields(e, w->params);
	emit_text(e, mem_printf(e->arena, ",\"result\":%s", quoted(e, w->output)));
	for (const struct ir_query *q = w->queries; q != NULL; q = q->next) {
		emit_text(e,
			mem_printf(e->arena, "%s{\"name\":%s,\"type\":%s}%s",
				q == w->queries ? ",\"queries\":[" : ",", quoted(e, q->name),
				quoted(e, q->type), q->next == NULL ? "]" : ""));
	}
	emit_text(e, ",\"sites\":[");
	for (const struct ir_site *s = w->sites; s != NULL; s = s->next) {
		emit_text(e,
			mem_printf(e->arena,
				"%s\n{\"kind\":%s,\"name\":%s,\"line\":%u,"
				"\"column\":%u,\"text_column\":%u,\"text\":%s}",
				s == w->sites ? "" : ",", quoted(e, s->kind), quoted(e, s->name),
				s->line, s->column, s->text_column, quoted(e, s->text)));
	}
	emit_text(e, "]}");
}

void emit_manifest(struct emit *e, const struct ir_module *module) {
	emit_text(e,
		mem_printf(e->arena,
			EMIT_JSON_START "\"%s\",\"package\":%s,\"file\":%s,\"hash\":%s,\n",
			DTF_VERSION, quoted(e, module->package), quoted(e, module->file),
			quoted(e, module->content_hash)));
	emit_types(e, module);
	emit_errors(e, module);
	emit_activities(e, module);
	emit_events(e, module);
	emit_text(e, "\"workflows\":[");
	for (const struct ir_workflow *w = module->workflows; w != NULL; w = w->next) {
		emit_text(e, w == module->workflows ? "\n" : ",\n");
		emit_workflow(e, w);
	}
	emit_text(e, "]}\n");
}
