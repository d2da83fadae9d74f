/*
 * The manifest: what tools need to show a history in the user's source with
 * no worker alive.  JSON, a line for each thing, so that it reads and compares
 * well and a C string literal can hold each line.
 */
#include "emit.h"

#include <inttypes.h>
#include <string.h>

/* before "text" */
static void string(struct emit *e, const char *before, const char *text) {
	size_t len = strlen(text), n = 0;

	emit_text(e, before);
	char *out = buffer_room(&e->text, 6 * len + 2); /* the escape of a control is the longest */
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
	buffer_used(&e->text, n);
}

static void emit_fields(struct emit *e, const struct ir_field *fields) {
	emit_text(e, "[");
	for (const struct ir_field *f = fields; f != NULL; f = f->next) {
		string(e, "{\"name\":", f->name);
		string(e, ",\"type\":", f->type);
		emit_text(e, f->next != NULL ? "}," : "}");
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
		string(e, first ? "\n{\"name\":" : ",\n{\"name\":", t->text);
		first = false;
		if (t->kind == IR_TYPE_RECORD) {
			emit_text(e, ",\"fields\":");
			emit_fields(e, t->fields);
		} else {
			emit_text(e, ",\"members\":[");
			for (const struct ir_field *f = t->fields; f != NULL; f = f->next) {
				string(e, f == t->fields ? "" : ",", f->name);
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
		string(e, x == module->errors ? "\n{\"name\":" : ",\n{\"name\":", x->name);
		emit_text(e, ",\"fields\":");
		emit_fields(e, x->fields);
		emit_text(e, "}");
	}
	emit_text(e, "],\n");
}

static void emit_activities(struct emit *e, const struct ir_module *module) {
	emit_text(e, "\"activities\":[");
	for (const struct ir_activity *a = module->activities; a != NULL; a = a->next) {
		string(e, a == module->activities ? "\n{\"name\":" : ",\n{\"name\":", a->name);
		emit_text(e, ",\"parameters\":");
		emit_fields(e, a->params);
		string(e, ",\"result\":", a->result);
		emit_print(e, ",\"timeout_ms\":%" PRId64 ",\"attempts\":%" PRId64,
			a->policy.timeout_ms, a->policy.attempts);
		string(e, ",\"tag\":", a->policy.tag != NULL ? a->policy.tag : "");
		for (const struct ir_name *f = a->fails; f != NULL; f = f->next) {
			string(e, f == a->fails ? ",\"fails\":[" : ",", f->text);
		}
		emit_text(e, a->fails == NULL ? "}" : "]}");
	}
	emit_text(e, "],\n");
}

static void emit_events(struct emit *e, const struct ir_module *module) {
	emit_text(e, "\"events\":[");
	for (const struct ir_event *x = module->events; x != NULL; x = x->next) {
		string(e, x == module->events ? "\n{\"name\":" : ",\n{\"name\":", x->name);
		string(e, ",\"payload\":", x->payload != NULL ? x->payload->type : "");
		emit_print(e, ",\"capacity\":%" PRId64 "}", x->capacity);
	}
	emit_text(e, "],\n");
}

static void emit_workflow(struct emit *e, const struct ir_workflow *w) {
	string(e, "{\"name\":", w->name);
	emit_print(e, ",\"version\":%" PRId64 ",\"fingerprint\":\"%016" PRIx64 "\",\"parameters\":",
		w->version, w->fingerprint);
	emit_fields(e, w->params);
	string(e, ",\"result\":", w->output);
	for (const struct ir_query *q = w->queries; q != NULL; q = q->next) {
		string(e, q == w->queries ? ",\"queries\":[{\"name\":" : ",{\"name\":", q->name);
		string(e, ",\"type\":", q->type);
		emit_text(e, q->next == NULL ? "}]" : "}");
	}
	emit_text(e, ",\"sites\":[");
	for (const struct ir_site *s = w->sites; s != NULL; s = s->next) {
		string(e, s == w->sites ? "\n{\"kind\":" : ",\n{\"kind\":", s->kind);
		string(e, ",\"name\":", s->name);
		emit_print(e, ",\"line\":%u,\"column\":%u,\"text_column\":%u", s->line, s->column,
			s->text_column);
		string(e, ",\"text\":", s->text);
		emit_text(e, "}");
	}
	emit_text(e, "]}");
}

void emit_manifest(struct emit *e, const struct ir_module *module) {
	emit_print(e, EMIT_JSON_START "\"%s\"", DTF_VERSION);
	string(e, ",\"package\":", module->package);
	string(e, ",\"file\":", module->file);
	string(e, ",\"hash\":", module->content_hash);
	emit_text(e, ",\n");
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
