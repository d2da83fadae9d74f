/*
 * A workflow in C: its sites, the frames of its strands, their run functions,
 * and what ties them together.
 */
#include "emit.h"

#include <inttypes.h>
#include <string.h>

#include "cname.h"

static void emit_sites(struct emit *e, const struct ir_workflow *workflow) {
	unsigned n = 0;

	if (workflow->nsites == 0) {
		return;
	}
	emit_line(e, "static const struct dtf_site %s[] = {", workflow->sites_name);
	for (const struct ir_site *s = workflow->sites; s != NULL; s = s->next) {
		const char *text = cname_string(e->arena, s->text, strlen(s->text));
		const char *place = mem_printf(
			e->arena, "[%u] = { %u, %u,", n++, s->line, s->column);
		if (8 + strlen(place) + strlen(text) + 6 <= EMIT_WIDTH) {
			emit_line(e, "\t%s \"%s\" },", place, text);
		} else {
			emit_line(e, "\t%s", place);
			emit_line(e, "\t\t\"%s\" },", text);
		}
	}
	emit_plain(e, "};");
	emit_blank(e);
}

static void emit_frame_type(
	struct emit *e, const struct ir_strand *strand, const struct ir_field *shown) {
	const char *c = mem_printf(e->arena, "struct %s_frame", strand->c_name);
	const char *fields = mem_printf(e->arena, "%s_frame_fields", strand->c_name);

	emit_c_fields(e, fields, c, shown);
	emit_c_table(e, true, mem_printf(e->arena, "%s_frame_type", strand->c_name), "DTF_RECORD",
		strand->path, c, fields);
	emit_blank(e);
}

/* A finally keeps the state that it goes on to. */
static void emit_states_type(struct emit *e, const struct ir_strand *strand) {
	const char *names = mem_printf(e->arena, "%s_at_names", strand->c_name);
	struct ir_field *members = NULL, **tail = &members;

	for (const struct ir_state *s = strand->states; s != NULL; s = s->next) {
		*tail = mem_new(e->arena, struct ir_field);
		(*tail)->name = s->name;
		tail = &(*tail)->next;
	}
	emit_c_members(e, names, members);
	emit_c_table(e, true, mem_printf(e->arena, "%s_at_type", strand->c_name), "DTF_ENUM",
		strand->path, mem_printf(e->arena, "enum %s_at", strand->c_name), names);
	emit_blank(e);
}

static void emit_captured(struct emit *e, const struct ir_strand *strand) {
	const char *name = strand->captured_table; /* x_captured_type */
	const char *fields = mem_printf(e->arena, "%s_captured_fields", strand->c_name);

	emit_line(e, "%s {", strand->captured_c);
	for (const struct ir_field *f = strand->captured; f != NULL; f = f->next) {
		emit_member(e, f->c_type, f->c_name);
	}
	emit_plain(e, "};");
	emit_blank(e);
	emit_c_fields(e, fields, strand->captured_c, strand->captured);
	emit_c_table(e, true, name, "DTF_RECORD", strand->path, strand->captured_c, fields);
	emit_blank(e);
}

static void emit_frame(
	struct emit *e, const struct ir_workflow *workflow, const struct ir_strand *strand) {
	const char *c = strand->c_name;
	bool is_body = strand == workflow->body;
	struct ir_field *shown = NULL, **tail = &shown;

	if (strand->captured != NULL) {
		emit_captured(e, strand);
	}
	emit_line(e, "struct %s_frame {", c);
	if (strand->captured_c != NULL) {
		emit_line(e, "\t%s captured;", strand->captured_c);
	}
	emit_line(e, "\tenum %s_at at;", c);
	if (is_body && workflow->input_c != NULL) {
		emit_line(e, "\tstruct %s in;", workflow->input_c);
	}
	for (const struct ir_slot *s = strand->slots; s != NULL; s = s->next) {
		if (!s->in_frame) {
			continue;
		}
		if (s->prefix[0] == '\0') {
			emit_member(e, s->c_type, s->name);
		}
		*tail = mem_new(e->arena, struct ir_field);
		(*tail)->name = s->name;
		(*tail)->table = s->table;
		(*tail)->c_name = mem_printf(e->arena, "%s%s", s->prefix, s->name);
		tail = &(*tail)->next;
	}
	emit_plain(e, "};");
	emit_blank(e);
	if (strand->shows_at) {
		emit_states_type(e, strand);
	}
	if (shown != NULL) {
		emit_frame_type(e, strand, shown);
	}
}

static bool shows_frame(const struct ir_strand *strand) {
	for (const struct ir_slot *s = strand->slots; s != NULL; s = s->next) {
		if (s->in_frame) {
			return true;
		}
	}
	return false;
}

static void emit_states(struct emit *e, const struct ir_strand *strand) {
	emit_line(e, "enum %s_at {", strand->c_name);
	for (const struct ir_state *s = strand->states; s != NULL; s = s->next) {
		emit_line(e, "\t%s,", s->name);
	}
	emit_plain(e, "};");
	emit_blank(e);
}

/* The states and frame of a strand, then of those under it: in reverse of `strands`. */
static void emit_frames(
	struct emit *e, const struct ir_workflow *w, const struct ir_strand *strand) {
	emit_line(e, "/* %s */", strand->path);
	emit_blank(e);
	emit_states(e, strand);
	emit_frame(e, w, strand);
	for (const struct ir_strand *s = strand->below; s != NULL; s = s->beside) {
		emit_frames(e, w, s);
	}
}

static void emit_strand_def(struct emit *e, const struct ir_strand *strand) {
	const char *c = strand->c_name;

	emit_line(e, "static const struct dtf_strand_def %s = {", strand->def);
	emit_line(e, "\t.name = \"%s\",", strand->path);
	emit_line(e, "\t.frame_size = sizeof(struct %s_frame),", c);
	emit_line(e, "\t.at = offsetof(struct %s_frame, at),", c);
	if (shows_frame(strand)) {
		emit_line(e, "\t.frame = &%s_frame_type,", c);
	} else {
		emit_plain(e, "\t.frame = &dtf_type_no_args,");
	}
	emit_line(e, "\t.run = %s_run,", c);
	if (strand->captured_c != NULL) {
		emit_line(e, "\t.captured = &%s,", strand->captured_table);
	}
	if (strand->late_table != NULL) {
		emit_line(e, "\t.late = &%s,", strand->late_table);
		emit_line(e, "\t.late_at = offsetof(struct %s_frame, captured.%s),", c,
			strand->late_field);
	}
	if (strand->site != 0) {
		emit_line(e, "\t.site = %u,", strand->site);
	}
	if (strand->yields_table != NULL) {
		emit_line(e, "\t.yields = &%s,", strand->yields_table);
	}
	if (strand->element != NULL) {
		emit_line(e, "\t.element = &%s,", strand->element->table);
		emit_line(e, "\t.element_at = offsetof(struct %s_frame, %s),", c,
			strand->element->name);
	}
	emit_plain(e, "};");
	emit_blank(e);
}

static const char *queries_name(struct emit *e, const struct ir_workflow *w) {
	return mem_printf(e->arena, "%s_queries", w->c_name);
}

static void emit_queries(struct emit *e, const struct ir_workflow *w) {
	if (w->queries == NULL) {
		return;
	}
	for (const struct ir_query *q = w->queries; q != NULL; q = q->next) {
		emit_c_query(e, w->body, q);
		emit_blank(e);
	}
	emit_line(e, "static const struct dtf_query_def %s[] = {", queries_name(e, w));
	for (const struct ir_query *q = w->queries; q != NULL; q = q->next) {
		emit_line(e, "\t{ \"%s\", &%s, %s },", q->name, q->table, q->c_name);
	}
	emit_plain(e, "};");
	emit_blank(e);
}

static void emit_workflow_def(struct emit *e, const struct ir_workflow *w) {
	struct ir_name *strands = NULL, **tail = &strands;
	size_t nqueries = 0;

	for (const struct ir_strand *s = w->strands; s != NULL; s = s->next) {
		*tail = mem_new(e->arena, struct ir_name);
		(*tail)->name = s->def;
		tail = &(*tail)->next;
	}

	for (const struct ir_query *q = w->queries; q != NULL; q = q->next) {
		nqueries++;
	}
	emit_line(e, "const struct dtf_workflow_def %s = {", w->def);
	e->indent++;
	emit_line(e, ".name = \"%s\",", w->name);
	emit_line(e, ".version = %s,", ir_int(e->arena, w->version));
	emit_line(e, ".fingerprint = UINT64_C(0x%016" PRIx64 "),", w->fingerprint);
	emit_line(e, ".input = &%s,", w->input_table);
	emit_line(e, ".output = &%s,", w->output_table);
	if (w->input_c != NULL) {
		emit_line(e, ".input_at = offsetof(struct %s_frame, in),", w->c_name);
	}
	emit_line(e, ".body = &%s,", w->body->def);
	if (w->nsites > 0) {
		emit_line(e, ".sites = %s,", w->sites_name);
		emit_line(e, ".nsites = %u,", w->nsites);
	}
	emit_c_pointers(e, "events", "dtf_event_def", w->events);
	emit_c_pointers(e, "fails", "dtf_error_def", w->fails);
	if (nqueries > 0) {
		emit_line(e, ".queries = %s,", queries_name(e, w));
		emit_line(e, ".nqueries = %zu,", nqueries);
	}
	if (w->deadline_ms > 0) {
		emit_line(e, ".deadline_ms = %s,", ir_int(e->arena, w->deadline_ms));
	}
	emit_c_pointers(e, "strands", "dtf_strand_def", strands);
	emit_c_pointers(e, "activities", "dtf_activity_def", w->activities);
	emit_c_pointers(e, "children", "dtf_workflow_def", w->children);
	emit_line(e, ".code = UINT64_C(0x%016" PRIx64 "),", emit_hash_end(e));
	e->indent--;
	emit_plain(e, "};");
	emit_blank(e);
}

static void emit_client(struct emit *e, const struct ir_workflow *w) {
	struct ir_expr *def = ir_textf(e->arena, "&%s", w->def);
	struct ir_expr *args = w->input_c != NULL ? emit_c_struct(e, w->input_c, w->params)
						  : ir_text(e->arena, "NULL");

	emit_c_function(e, emit_start_prototype(e, w),
		ir_call(e->arena, "dtf_start_typed", ir_text(e->arena, "client"), def,
			ir_text(e->arena, "instance"), args, NULL));
	emit_c_function(e, emit_wait_prototype(e, w),
		ir_call(e->arena, "dtf_wait_typed", ir_text(e->arena, "client"), def,
			ir_text(e->arena, "instance"), ir_text(e->arena, "timeout_ms"),
			ir_text(e->arena, w->output_c != NULL ? "ret" : "NULL"),
			ir_text(e->arena, "result"), NULL));
	for (const struct ir_query *q = w->queries; q != NULL; q = q->next) {
		emit_c_function(e, emit_query_prototype(e, q),
			ir_call(e->arena, "dtf_query_typed", ir_text(e->arena, "client"), def,
				ir_text(e->arena, "instance"),
				ir_textf(e->arena, "\"%s\"", q->name), ir_text(e->arena, "ret"),
				ir_text(e->arena, "result"), NULL));
	}
}

void emit_c_workflow(struct emit *e, const struct ir_workflow *w) {
	if (w->is_old) {
		emit_line(e, "/* ---- workflow %s version %s ---- */", w->short_name,
			ir_int(e->arena, w->version));
	} else {
		emit_line(e, "/* ---- workflow %s ---- */", w->short_name);
	}
	emit_blank(e);
	emit_sites(e, w);
	emit_hash_begin(e);
	for (const struct ir_policy *p = w->policies; p != NULL; p = p->next) {
		emit_line(e, "static const struct dtf_policy %s = {", p->c_name);
		e->indent++;
		emit_c_policy(e, &p->policy);
		e->indent--;
		emit_plain(e, "};");
		emit_blank(e);
	}
	if (w->input_c != NULL) {
		const char *c = mem_printf(e->arena, "struct %s", w->input_c);
		emit_c_fields(e, w->input_fields, c, w->params);
		emit_c_table(e, true, w->input_table, "DTF_TUPLE", w->name, c, w->input_fields);
		emit_blank(e);
	}
	/* a branch uses the frames of all strands above it: parents first */
	emit_frames(e, w, w->body);
	for (const struct ir_strand *s = w->strands; s != NULL; s = s->next) {
		emit_c_run(e, s);
		emit_blank(e);
		emit_strand_def(e, s);
	}
	emit_queries(e, w);
	emit_workflow_def(e, w);
	if (!w->is_old) {
		emit_client(e, w);
	}
}
