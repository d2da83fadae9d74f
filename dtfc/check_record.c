/*
 * Records that contain themselves (LANGUAGE.md 4).
 *
 * By value that has no end and is an error, which names the way round.  Through
 * a list, a map or a `?` it is a tree: such records are marked, since their
 * structs in C need an order and pointers.  Two records are in one component if
 * each can be found in the other.
 *
 * So there are two walks: along the fields that hold a record by value, and
 * along all of them, by Tarjan's algorithm.  The second also holds how deeply
 * types lie in each other to what later passes can recurse through.
 */
#include "checker.h"

/* ---- by value ---- */

/* The fields that led here, innermost first. */
struct way {
	const struct way *outer;
	const struct decl *record;
	const struct field *field;
};

/* "A.b.c" from `first` on. */
static const char *way_text(struct checker *c, const struct way *way, const struct decl *first) {
	const char *before = way->record == first ? first->name.text
						  : way_text(c, way->outer, first);

	return mem_printf(c->arena, "%s.%s", before, way->field->name.text);
}

/* Each way back to a record that is being gone through is reported where it closes. */
static void check_values(struct checker *c, struct decl *record, const struct way *outer) {
	if (record->mark != MARK_NEW || !check_enter(c, record->name.span)) {
		return;
	}
	struct file *file = c->file;
	c->file = record->file;
	record->mark = MARK_BUSY;
	for (struct field *f = record->fields; f != NULL; f = f->next) {
		if (f->type == NULL || f->type->kind != TYPE_RECORD) {
			continue;
		}
		struct decl *inner = f->type->decl;
		struct way way = { outer, record, f };
		check_values(c, inner, &way);
		if (inner->mark == MARK_BUSY) {
			struct diagnostic *said = report(c, RECORD_CYCLE, f->span,
				"put a list, a map or a `?` in between",
				"the record '%s' contains itself: %s", inner->name.text,
				way_text(c, &way, inner));
			if (inner != record) {
				check_note_decl(c, said, inner);
			}
		}
	}
	record->mark = MARK_DONE;
	c->file = file;
	check_leave(c);
}

/* ---- in any way ---- */

struct walk {
	struct checker *c;
	uint32_t count;     /* of records met */
	struct decl *stack; /* those without a component, newest first */
};

static void visit(struct walk *w, struct decl *record);

static uint32_t least(uint32_t a, uint32_t b) {
	return a < b ? a : b;
}

static void visit_type(struct walk *w, struct decl *record, const struct type *type) {
	if (!check_enter(w->c, record->name.span)) {
		return;
	}
	if (type->of != NULL) {
		visit_type(w, record, type->of);
	} else if (type->kind == TYPE_RECORD) {
		struct decl *inner = type->decl;
		if (inner->order == 0) {
			visit(w, inner);
			record->oldest = least(record->oldest, inner->oldest);
		} else if (inner->component == 0) {
			record->oldest = least(record->oldest, inner->order);
		}
		record->is_recursive = record->is_recursive || inner == record;
		record->is_endless = record->is_endless || inner->is_endless;
	}
	check_leave(w->c);
}

static void visit(struct walk *w, struct decl *record) {
	struct file *file = w->c->file;

	w->c->file = record->file;
	record->order = record->oldest = ++w->count;
	record->below = w->stack;
	w->stack = record;
	for (struct field *f = record->fields; f != NULL; f = f->next) {
		if (f->type != NULL) {
			visit_type(w, record, f->type);
		}
	}
	w->c->file = file;
	if (record->oldest != record->order) {
		return; /* part of an older one's component */
	}
	bool alone = w->stack == record;
	while (record->component == 0) {
		struct decl *member = w->stack;
		w->stack = member->below;
		member->component = record->order;
		member->is_recursive = member->is_recursive || !alone;
		member->is_endless = member->is_endless || member->is_recursive;
	}
}

bool check_is_endless(const struct type *type) {
	while (type->of != NULL) {
		type = type->of;
	}
	return type->kind == TYPE_RECORD && type->decl->is_endless;
}

void check_records(struct checker *c) {
	struct walk walk = { .c = c };

	for (c->file = c->unit->files; c->file != NULL; c->file = c->file->next) {
		for (struct decl *d = c->file->decls; d != NULL; d = d->next) {
			if (d->kind == DECL_RECORD) {
				check_values(c, d, NULL);
			}
		}
		for (struct decl *d = c->file->decls; d != NULL; d = d->next) {
			if (d->kind == DECL_RECORD && d->order == 0) {
				visit(&walk, d);
			}
		}
	}
}
