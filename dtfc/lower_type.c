/*
 * Names and types of a module in C.
 *
 * A file's names come from that file alone, so a file that imports it computes
 * the same ones.  Lists, optionals and maps have no declaration: the header of the
 * first file that uses one over its own record defines its struct, everybody
 * else guards the definition (see derive).
 */
#include "lower_in.h"

#include <inttypes.h>
#include <string.h>

struct map_entry {
	const void *key; /* NULL: free */
	void *value;
};

/* Where the key is, or would be.  Only in a map with entries. */
static struct map_entry *entry_of(const struct map *map, const void *key) {
	uint64_t hash = (uint64_t)((uintptr_t)key >> 4) * UINT64_C(0x9e3779b97f4a7c15);
	for (size_t i = (size_t)(hash >> 32);; i++) {
		struct map_entry *e = &map->entries[i & (map->capacity - 1)];
		if (e->key == NULL || e->key == key) {
			return e;
		}
	}
}

void *map_get(const struct map *map, const void *key) {
	return map->capacity == 0 ? NULL : entry_of(map, key)->value;
}

static void grow(struct arena *arena, struct map *map) {
	struct map_entry *old = map->entries;
	size_t n = map->capacity;

	map->capacity = n == 0 ? 8 : 2 * n;
	map->entries = mem_alloc(arena, map->capacity * sizeof(*map->entries));
	for (size_t i = 0; i < n; i++) {
		if (old[i].key != NULL) {
			*entry_of(map, old[i].key) = old[i];
		}
	}
}

void map_put(struct arena *arena, struct map *map, const void *key, void *value) {
	if (2 * map->count >= map->capacity) {
		grow(arena, map);
	}
	struct map_entry *e = entry_of(map, key);
	map->count += e->key == NULL;
	*e = (struct map_entry){ key, value };
}

/* ---- names ---- */

static const char *package_of(struct lower *l, const struct file *file) {
	const char *snake = cname_snake(l->arena, file->package.text);
	bool is_ours = strcmp(snake, "dtf") == 0 || strncmp(snake, "dtf_", 4) == 0;

	return is_ours ? mem_printf(l->arena, "x_%s", snake) : snake;
}

#define DERIVED                                                                       \
	"struct P_%", "struct P_%_list", "struct P_%_opt", "struct P_%_list_list",    \
		"struct P_%_list_opt", "struct P_%_opt_list", "struct P_%_map",       \
		"struct P_%_map_entry", "struct P_%_list_map", "struct P_%_map_list", \
		"struct P_%_map_map", "struct P_%_map_opt"

/*
 * Everything a declaration makes in C, "%" being its name.  The structs of lists,
 * optionals and maps of it are among them whether anybody uses one or not: names do
 * not depend on that.
 */
static const char *const *patterns_of(enum decl_kind kind) {
	static const char *const none[] = { NULL };
	static const char *const record[] = { "P_%", "P_%_type", "P_%_fields", DERIVED, NULL };
	static const char *const an_enum[] = { "P_%", "P_%_type", "P_%_members", DERIVED, NULL };
	static const char *const error[] = { "P_%_error", "P_fail_%", "P_%_fields",
		"P_%_fields_type", NULL };
	static const char *const activity[] = { "P_%", "P_%_args", "P_%_args_type",
		"P_%_args_fields", "P_%_activity", "P_%_thunk", NULL };
	static const char *const event[] = { "P_raise_%", "P_%_event", NULL };
	static const char *const workflow[] = { "P_%_start", "P_%_wait", "P_%_workflow",
		"P_%_input", "P_%_input_type", "P_%_input_fields", NULL };

	switch (kind) {
	case DECL_RECORD:
		return record;
	case DECL_ENUM:
		return an_enum;
	case DECL_ERROR:
		return error;
	case DECL_ACTIVITY:
		return activity;
	case DECL_EVENT:
		return event;
	case DECL_WORKFLOW:
		return workflow;
	case DECL_IMPORT:
	case DECL_CONST:
		return none;
	}
	bug("a declaration without a kind");
}

/* P_ replaced by the package. */
static const char *const *with_package(
	struct lower *l, const char *const *patterns, const char *package) {
	size_t count = 0;

	while (patterns[count] != NULL) {
		count++;
	}
	const char **out = mem_alloc(l->arena, (count + 1) * sizeof(*out));
	for (size_t i = 0; i < count; i++) {
		const char *at = strchr(patterns[i], 'P');
		out[i] = mem_printf(l->arena, "%.*s%s%s", (int)(at - patterns[i]), patterns[i],
			package, at + 1);
	}
	return out;
}

static void name_members(
	struct lower *l, struct decl *decl, struct decl_names *names, struct cname_set *set) {
	size_t count = 0;

	for (struct field *f = decl->fields; f != NULL; f = f->next) {
		count++;
	}
	names->members = mem_alloc(l->arena, (count + 1) * sizeof(*names->members));
	for (struct field *f = decl->fields; f != NULL; f = f->next) {
		const char *member = cname_upper(l->arena,
			mem_printf(l->arena, "%s_%s", names->base,
				cname_snake(l->arena, f->name.text)));
		names->members[f->index] = cname_unique(set, member);
	}
}

static const char *def_of(
	struct lower *l, const struct decl *decl, const struct decl_names *names) {
	switch (decl->kind) {
	case DECL_ACTIVITY:
		return mem_printf(l->arena, "%s_activity", names->base);
	case DECL_ERROR:
		return mem_printf(l->arena, "%s_%s_error", decl->file->c_package, names->base);
	case DECL_EVENT:
		return mem_printf(l->arena, "%s_%s_event", decl->file->c_package, names->base);
	case DECL_WORKFLOW:
		return mem_printf(l->arena, "%s_%s_workflow", decl->file->c_package, names->base);
	case DECL_IMPORT:
	case DECL_CONST:
	case DECL_RECORD:
	case DECL_ENUM:
		return NULL;
	}
	bug("a declaration without a kind");
}

void lower_names(struct lower *l, struct file *file) {
	struct cname_set *set = cname_set_create(l->arena, NULL);
	const char *const *packaged[DECL_KINDS] = { NULL };
	const char *package = file->c_package = package_of(l, file);

	cname_set_avoid(l->globals, set); /* statics keep clear of them */
	cname_take(set, mem_printf(l->arena, "%s_module", package));
	cname_take(set, mem_printf(l->arena, "%s_manifest", package));
	for (struct decl *d = file->decls; d != NULL; d = d->next) {
		const char *const *patterns = packaged[d->kind];
		if (patterns == NULL) {
			patterns = with_package(l, patterns_of(d->kind), package);
			packaged[d->kind] = patterns;
		}
		if (patterns[0] == NULL) {
			continue;
		}
		struct decl_names *names = mem_new(l->arena, struct decl_names);
		const char *name = cname_snake(l->arena, d->name.text);
		if (d->is_old) {
			name = mem_printf(l->arena, "%s_v%" PRId64, name, d->version);
		}
		name = cname_family(set, name, patterns);
		names->base = mem_printf(l->arena, "%s_%s", package, name);
		if (d->kind == DECL_WORKFLOW || d->kind == DECL_ERROR || d->kind == DECL_EVENT) {
			names->base = name;
		}
		if (d->kind == DECL_ENUM) {
			name_members(l, d, names, set);
		}
		names->def = def_of(l, d, names);
		names->full = mem_printf(l->arena, "%s.%s", file->package.text, d->name.text);
		map_put(l->arena, &l->names, d, names);
	}
}

const struct decl_names *lower_decl(struct lower *l, const struct decl *decl) {
	const struct decl_names *names = map_get(&l->names, decl);

	if (names == NULL) {
		bug("a declaration without a name in C");
	}
	return names;
}

const char *lower_full_name(struct lower *l, const struct decl *decl) {
	return decl->file == NULL ? decl->name.text : lower_decl(l, decl)->full;
}

const char *lower_def(struct lower *l, const struct decl *decl) {
	if (decl->kind == DECL_ERROR && decl->file == NULL) {
		return mem_printf(l->arena, "dtf_%s", decl->name.text);
	}
	return lower_decl(l, decl)->def;
}

struct ir_field *lower_fields(struct lower *l, struct field *fields, const char *const *fixed) {
	struct ir_field *first = NULL, **tail = &first;

	for (struct field *f = fields; f != NULL; f = f->next) {
		struct ir_field *field = mem_new(l->arena, struct ir_field);
		const struct ctype *type = lower_ctype(l, f->type);
		field->name = f->name.text;
		field->c_name = cname_beside(l->arena, f->name.text, fixed);
		field->c_type = type->c;
		field->table = type->table;
		field->type = type_text(l->arena, f->type);
		field->by_pointer = type->is_struct;
		*tail = field;
		tail = &field->next;
	}
	return first;
}

/* ---- types ---- */

/* Does a type occur in what a file's header declares? */
static bool within(const struct type *type, const struct type *part) {
	for (; type != NULL; type = type->of) {
		if (type == part) {
			return true;
		}
	}
	return false;
}

static bool header_uses(const struct file *file, const struct type *type) {
	for (struct decl *d = file->decls; d != NULL; d = d->next) {
		if (d->kind == DECL_CONST || d->kind == DECL_IMPORT || d->kind == DECL_ENUM) {
			continue;
		}
		bool is_type = d->kind == DECL_RECORD;
		if (!is_type && within(d->type, type)) {
			return true;
		}
		for (struct field *f = d->fields; f != NULL; f = f->next) {
			if (within(f->type, type)) {
				return true;
			}
		}
	}
	return false;
}

/* The file whose record or enum it is made of, or NULL. */
static struct file *home(const struct type *type) {
	while (type->of != NULL) {
		type = type->of;
	}
	return type->decl != NULL ? type->decl->file : NULL;
}

/* A record's or enum's names: its definition may come later. */
static struct ctype *named(struct lower *l, const struct type *type) {
	struct ctype *ctype = map_get(&l->types, type);

	if (ctype == NULL) {
		bool is_enum = type->kind == TYPE_ENUM;
		ctype = mem_new(l->arena, struct ctype);
		ctype->stem = ctype->table_stem = lower_decl(l, type->decl)->base;
		ctype->c = mem_printf(l->arena, "%s %s", is_enum ? "enum" : "struct", ctype->stem);
		ctype->table = mem_printf(l->arena, "%s_type", ctype->stem);
		ctype->is_struct = !is_enum;
		map_put(l->arena, &l->types, type, ctype);
	}
	return ctype;
}

static struct ir_type *add_type(struct lower *l, enum ir_type_kind kind, const struct type *type,
	const struct ctype *ctype) {
	struct ir_type *t = mem_new(l->arena, struct ir_type);
	const char *c = ctype->c;

	t->kind = kind;
	t->text = type_text(l->arena, type);
	t->c_name = strchr(c, ' ') != NULL ? strchr(c, ' ') + 1 : c;
	t->table = ctype->table;
	if (kind == IR_TYPE_FORWARD || kind == IR_TYPE_ENTRY) {
		t->table = "";
	} else {
		lower_add_table(l, t);
	}
	t->in_header = l->in_header;
	*l->types_tail = t;
	l->types_tail = &t->next;
	return t;
}

static bool struct_is_defined(struct lower *l, const char *c_name) {
	static const char *const in_dtf_h[] = { "dtf_bool_list", "dtf_int_list", "dtf_float_list",
		"dtf_string_list", "dtf_bool_opt", "dtf_int_opt", "dtf_float_opt", "dtf_string_opt",
		"dtf_bool_map", "dtf_int_map", "dtf_float_map", "dtf_string_map" };

	for (size_t i = 0; i < sizeof(in_dtf_h) / sizeof(*in_dtf_h); i++) {
		if (strcmp(in_dtf_h[i], c_name) == 0) {
			return true;
		}
	}
	return table_find(&l->structs, c_name) != NULL;
}

static void define_struct(struct lower *l, struct ir_type *type) {
	type->define = true;
	table_put(l->arena, &l->structs, type->c_name, type);
}

/* An optional of a record that can contain itself. */
static bool is_pointer(const struct type *type) {
	return type->kind == TYPE_OPTIONAL && type->of->kind == TYPE_RECORD &&
		type->of->decl->is_recursive;
}

/*
 * What items, entries or a pointer point to.  In a cycle of records (they all stand
 * in one file) its definition has to wait: it may hold the record that is being
 * defined by value.
 */
static void lower_pointee(struct lower *l, const struct type *pointing) {
	const struct type *type = pointing->of;
	const struct type *record = is_pointer(type) ? type->of : type;
	bool cyclic = record->kind == TYPE_RECORD && l->defining != NULL &&
		record->decl->component == l->defining->component;

	if (!cyclic) {
		lower_ctype(l, type);
		return;
	}
	struct ctype *ctype = named(l, record);
	bool is_list = pointing->kind == TYPE_LIST;
	bool in_itself = record->decl == l->defining && !is_list;
	bool in_entry = pointing->kind == TYPE_MAP; /* that comes later too */
	if (!ctype->defined && !ctype->announced && !in_itself && !in_entry) {
		define_struct(l, add_type(l, IR_TYPE_FORWARD, record, ctype));
		ctype->announced = true;
	}
	if (type != record) {
		lower_ctype(l, type);
	}
}

static enum ir_type_kind derived_kind(const struct type *type, const char **ret_suffix) {
	*ret_suffix = "opt";
	if (type->kind == TYPE_LIST) {
		*ret_suffix = "list";
		return IR_TYPE_LIST;
	}
	if (type->kind == TYPE_MAP) {
		*ret_suffix = "map";
		return IR_TYPE_MAP;
	}
	return is_pointer(type) ? IR_TYPE_POINTER : IR_TYPE_OPTIONAL;
}

/* A list, optional or map: its struct, if nobody else has it, and its table. */
static void derive(struct lower *l, const struct type *type, struct ctype *ctype) {
	const struct ctype *of = map_get(&l->types, type->of);
	const char *suffix;
	enum ir_type_kind kind = derived_kind(type, &suffix);
	struct file *file = home(type);

	ctype->stem = mem_printf(l->arena, "%s_%s", of->stem, suffix);
	ctype->c = mem_printf(l->arena, "struct %s", ctype->stem);
	ctype->table_stem = mem_printf(l->arena, "%s_%s", of->table_stem, suffix);
	ctype->table = cname_unique(l->globals, mem_printf(l->arena, "%s_type", ctype->table_stem));
	ctype->is_pointer = is_pointer(type);
	ctype->is_struct = !ctype->is_pointer;
	bool elsewhere = struct_is_defined(l, ctype->stem) ||
		(file != NULL && file != l->file && header_uses(file, type));
	struct ir_type *t = add_type(l, kind, type, ctype);
	t->of_c = of->c;
	t->of_table = of->table;
	if (!elsewhere && !ctype->is_pointer) {
		define_struct(l, t);
	}
	t->guarded = file != l->file;
	t->alone = kind == IR_TYPE_MAP && type->of->kind == TYPE_RECORD && file == l->file &&
		!of->defined;
	if (t->alone) {
		*l->alone_tail = t;
		l->alone_tail = &t->next_alone;
	}
	if (ctype->is_pointer) {
		ctype->c = mem_printf(l->arena, "const %s *", of->c);
	}
}

static struct ir_field *members(struct lower *l, struct decl *decl) {
	const struct decl_names *names = lower_decl(l, decl);
	struct ir_field *first = NULL, **tail = &first;

	for (struct field *f = decl->fields; f != NULL; f = f->next) {
		*tail = mem_new(l->arena, struct ir_field);
		(*tail)->name = f->name.text;
		(*tail)->c_name = names->members[f->index];
		tail = &(*tail)->next;
	}
	return first;
}

/* Of the maps that could not have them before the record was complete. */
static void define_entries(struct lower *l, const struct type *type, const struct ctype *ctype) {
	for (struct ir_type *map = l->alone; map != NULL; map = map->next_alone) {
		if (map->define && map->of_c == ctype->c) {
			struct ir_type *entry = add_type(l, IR_TYPE_ENTRY, type, ctype);
			entry->c_name = map->c_name;
			entry->of_c = map->of_c;
			define_struct(l, entry);
		}
	}
}

/* A record or enum, after all that its struct holds by value. */
static void define(struct lower *l, const struct type *type, struct ctype *ctype) {
	static const char *const none[] = { NULL };
	struct decl *decl = type->decl;
	bool is_enum = type->kind == TYPE_ENUM;
	const struct decl *outer = l->defining;

	if (ctype->begun || decl->file != l->file) {
		return;
	}
	ctype->begun = true;
	l->defining = decl;
	struct ir_field *fields = is_enum ? members(l, decl) : lower_fields(l, decl->fields, none);
	l->defining = outer;
	ctype->defined = true;
	struct ir_type *t = add_type(l, is_enum ? IR_TYPE_ENUM : IR_TYPE_RECORD, type, ctype);
	t->fields = fields;
	t->fields_name = mem_printf(l->arena, "%s_%s", ctype->stem, is_enum ? "members" : "fields");
	t->doc = decl->doc;
	define_struct(l, t);
	t->is_public = true;
	define_entries(l, type, ctype);
}

static struct ir_field *member(
	struct lower *l, const char *name, const char *c, const char *table) {
	struct ir_field *field = mem_new(l->arena, struct ir_field);

	field->name = field->c_name = name;
	field->c_type = c;
	field->table = table;
	return field;
}

/* The element of `parallel settle`: a record of this C file, as dtf_join_values fills it. */
static void outcome(struct lower *l, const struct type *type, struct ctype *ctype) {
	const struct ctype *of = lower_ctype(l, type->of);
	bool has_value = type->of->kind != TYPE_UNIT;
	bool foreign = strncmp(of->stem, "dtf_", 4) == 0;
	const char *stem = foreign
		? mem_printf(l->arena, "%s_%s", l->module->c_package, of->table_stem)
		: of->stem;
	struct ir_field *fields = member(l, "ok", "bool", "dtf_type_bool");
	struct ir_field *error = member(l, "error", "struct dtf_failure", "dtf_type_failure");

	fields->next = error;
	if (has_value) {
		const struct ctype *value = lower_ctype(l, type_optional(l->unit->types, type->of));
		fields->next = member(l, "value", value->c, value->table);
		fields->next->next = error;
	}
	ctype->stem = cname_unique(l->globals, mem_printf(l->arena, "%s_outcome", stem));
	ctype->table_stem = ctype->stem;
	ctype->c = mem_printf(l->arena, "struct %s", ctype->stem);
	ctype->table = cname_unique(l->globals, mem_printf(l->arena, "%s_type", ctype->stem));
	ctype->is_struct = true;
	struct ir_type *t = add_type(l, IR_TYPE_RECORD, type, ctype);
	t->fields = fields;
	t->fields_name = cname_unique(l->globals, mem_printf(l->arena, "%s_fields", ctype->stem));
	define_struct(l, t);
}

/* Those that need nothing of their own in C. */
static bool is_basic(enum type_kind kind, struct ctype *ret) {
	static const struct {
		enum type_kind kind;
		const char *c, *stem, *table_stem, *table;
		bool is_struct;
	} rows[] = {
		{ TYPE_UNIT, "void", "dtf_unit", "unit", "dtf_type_unit", false },
		{ TYPE_BOOL, "bool", "dtf_bool", "bool", "dtf_type_bool", false },
		{ TYPE_INT, "int64_t", "dtf_int", "int", "dtf_type_int", false },
		{ TYPE_FLOAT, "double", "dtf_float", "float", "dtf_type_float", false },
		{ TYPE_STRING, "const char *", "dtf_string", "string", "dtf_type_string", false },
		{ TYPE_BYTES, "struct dtf_bytes", "dtf_bytes", "bytes", "dtf_type_bytes", true },
		{ TYPE_DURATION, "int64_t", "dtf_int", "duration", "dtf_type_duration", false },
		{ TYPE_TIME, "int64_t", "dtf_int", "time", "dtf_type_time", false },
		{ TYPE_JSON, "const char *", "dtf_string", "json", "dtf_type_json", false },
		{ TYPE_FAILURE, "struct dtf_failure", "dtf_failure", "failure", "dtf_type_failure",
			true },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		if (rows[i].kind == kind) {
			ret->c = rows[i].c;
			ret->stem = rows[i].stem;
			ret->table_stem = rows[i].table_stem;
			ret->table = rows[i].table;
			ret->is_struct = rows[i].is_struct;
			return true;
		}
	}
	return false;
}

const struct ctype *lower_ctype(struct lower *l, const struct type *type) {
	if (type->kind == TYPE_RECORD || type->kind == TYPE_ENUM) {
		struct ctype *ctype = named(l, type);
		define(l, type, ctype);
		return ctype;
	}
	struct ctype *ctype = map_get(&l->types, type);
	if (ctype != NULL) {
		return ctype;
	}
	if (type->kind == TYPE_LIST || type->kind == TYPE_MAP || is_pointer(type)) {
		lower_pointee(l, type);
	} else if (type->kind == TYPE_OPTIONAL) {
		lower_ctype(l, type->of);
	}
	ctype = map_get(&l->types, type); /* a record in there may hold this very type */
	if (ctype != NULL) {
		return ctype;
	}
	ctype = mem_new(l->arena, struct ctype);
	map_put(l->arena, &l->types, type, ctype);
	if (is_basic(type->kind, ctype)) {
		return ctype;
	}
	switch ((int)type->kind) {
	case TYPE_LIST:
	case TYPE_OPTIONAL:
	case TYPE_MAP:
		derive(l, type, ctype);
		return ctype;
	case TYPE_OUTCOME:
		outcome(l, type, ctype);
		return ctype;
	default:
		bug("a type that checking should have settled");
	}
}
