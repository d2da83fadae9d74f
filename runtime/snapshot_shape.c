/*
 * What a snapshot's bytes mean is in the program's tables, so their shape is part
 * of it.  The workflow's own C is one hash that dtfc made; the types of imported
 * files, and what steps take and give, are looked at here, since those files are
 * compiled on their own.
 */
#include "snapshot.h"

#include <stdlib.h>
#include <string.h>

#include <xxhash.h>

#include "wire.h"

struct shape {
	struct buf text;
	const struct dtf_type **seen; /* in order; a type that comes again is its place */
	size_t nseen, capacity;
};

static bool remember(struct shape *s, const struct dtf_type *type) {
	if (s->nseen == s->capacity) {
		size_t capacity = s->capacity == 0 ? 32 : s->capacity * 2;
		const struct dtf_type **seen = realloc(s->seen, capacity * sizeof(*seen));
		if (seen == NULL) {
			s->text.failed = true;
			return false;
		}
		s->seen = seen;
		s->capacity = capacity;
	}
	s->seen[s->nseen++] = type;
	return true;
}

static void add_type(struct shape *s, const struct dtf_type *type) {
	for (size_t i = 0; i < s->nseen; i++) {
		if (s->seen[i] == type) {
			dtf__wire_put(&s->text, i + 2);
			return;
		}
	}
	dtf__wire_put(&s->text, type == NULL ? 0 : 1);
	if (type == NULL || !remember(s, type)) {
		return;
	}
	dtf__wire_put(&s->text, (uint64_t)type->kind);
	dtf__wire_put(&s->text, type->count);
	dtf__wire_put(&s->text, type->kind == DTF_KIND_OPTIONAL && type->value_at == 0);
	for (size_t i = 0; i < type->count; i++) {
		if (type->fields != NULL) {
			dtf__wire_put_text(&s->text, type->fields[i].name);
			add_type(s, type->fields[i].type);
		} else {
			dtf__wire_put_text(&s->text, type->members[i]);
		}
	}
	add_type(s, type->of);
}

static void add_strand(struct shape *s, const struct dtf_strand_def *strand) {
	dtf__wire_put_text(&s->text, strand->name);
	add_type(s, strand->frame);
	add_type(s, strand->captured);
	add_type(s, strand->late);
	add_type(s, strand->yields);
	add_type(s, strand->element);
}

static void add_activity(struct shape *s, const struct dtf_activity_def *activity) {
	struct event_policy policy = dtf__policy_of(&activity->policy);
	dtf__wire_put_text(&s->text, activity->name);
	dtf__policy_put(&s->text, &policy);
	add_type(s, activity->args);
	add_type(s, activity->result);
}

static void add_workflow(struct shape *s, const struct dtf_workflow_def *workflow) {
	dtf__wire_put(&s->text, DTF_ABI);
	dtf__wire_put(&s->text, workflow->fingerprint);
	dtf__wire_put(&s->text, workflow->code);
	for (const struct dtf_strand_def *const *d = workflow->strands; *d != NULL; d++) {
		add_strand(s, *d);
	}
	for (const struct dtf_activity_def *const *d = workflow->activities; *d != NULL; d++) {
		add_activity(s, *d);
	}
	for (const struct dtf_event_def *const *d = workflow->events; *d != NULL; d++) {
		dtf__wire_put_text(&s->text, (*d)->name);
		add_type(s, (*d)->payload);
	}
	for (const struct dtf_workflow_def *const *d = workflow->children; *d != NULL; d++) {
		dtf__wire_put_text(&s->text, (*d)->name);
		add_type(s, (*d)->output);
	}
}

bool dtf__snapshot_shape(const struct dtf_workflow_def *workflow, uint64_t *ret) {
	struct shape s = { 0 };
	add_workflow(&s, workflow);
	bool whole = !s.text.failed;
	*ret = whole ? XXH3_64bits(s.text.data, s.text.size) : 0;
	dtf__buf_finish(&s.text);
	free(s.seen);
	return whole;
}
