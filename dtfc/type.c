/*
 * Types as understood.
 *
 * Invariant: equal types are one pointer, so everything else compares with ==.
 * A type is identified by its kind and the pointers it is made of, which are
 * interned themselves; one hash table over those four words is all it takes.
 */
#include "type.h"

#include <string.h>

struct types {
	struct arena *arena;
	const struct type **slots;
	size_t capacity; /* a power of two */
	size_t count;
};

struct types *types_create(struct arena *arena) {
	struct types *types = mem_new(arena, struct types);
	types->arena = arena;
	types->capacity = 64;
	types->slots = mem_alloc(arena, types->capacity * sizeof(*types->slots));
	return types;
}

static size_t hash_word(size_t hash, uintptr_t word) {
	return (hash ^ (size_t)(word >> 4)) * (size_t)0x9e3779b97f4a7c15;
}

static bool same(const struct type *a, const struct type *b) {
	return a->kind == b->kind && a->of == b->of && a->decl == b->decl &&
		a->failure == b->failure;
}

/* The slot that holds the type, or the empty one where it belongs. */
static const struct type **slot_of(const struct types *types, const struct type *key) {
	size_t hash = (size_t)key->kind + 1;
	hash = hash_word(hash, (uintptr_t)key->of);
	hash = hash_word(hash, (uintptr_t)key->decl);
	hash = hash_word(hash, (uintptr_t)key->failure);
	hash ^= hash >> 29;
	for (size_t i = hash;; i++) {
		const struct type **slot = &types->slots[i & (types->capacity - 1)];
		if (!*slot || same(*slot, key)) {
			return slot;
		}
	}
}

static void grow(struct types *types) {
	const struct type **old = types->slots;
	size_t n = types->capacity;
	types->capacity *= 2;
	types->slots = mem_alloc(types->arena, types->capacity * sizeof(*types->slots));
	for (size_t i = 0; i < n; i++) {
		if (old[i]) {
			*slot_of(types, old[i]) = old[i];
		}
	}
}

static const struct type *intern(struct types *types, struct type key) {
	const struct type **slot = slot_of(types, &key);
	if (*slot) {
		return *slot;
	}
	struct type *type = mem_new(types->arena, struct type);
	*type = key;
	*slot = type;
	if (++types->count * 2 > types->capacity) {
		grow(types);
	}
	return type;
}

const struct type *type_basic(struct types *types, enum type_kind kind) {
	return intern(types, (struct type){ .kind = kind });
}

const struct type *type_list(struct types *types, const struct type *of) {
	return intern(types, (struct type){ .kind = TYPE_LIST, .of = of });
}

const struct type *type_map(struct types *types, const struct type *of) {
	return intern(types, (struct type){ .kind = TYPE_MAP, .of = of });
}

/* An optional of a poisoned type is poisoned; T?? does not exist (DECISIONS 5). */
const struct type *type_optional(struct types *types, const struct type *of) {
	if (of->kind == TYPE_ERROR || of->kind == TYPE_OPTIONAL) {
		return of;
	}
	return intern(types, (struct type){ .kind = TYPE_OPTIONAL, .of = of });
}

const struct type *type_outcome(struct types *types, const struct type *of) {
	return intern(types, (struct type){ .kind = TYPE_OUTCOME, .of = of });
}

const struct type *type_decl(struct types *types, struct decl *decl) {
	enum type_kind kind = decl->kind == DECL_ENUM ? TYPE_ENUM : TYPE_RECORD;
	return intern(types, (struct type){ .kind = kind, .decl = decl });
}

const struct type *type_failure(struct types *types, struct decl *error) {
	return intern(types, (struct type){ .kind = TYPE_FAILURE, .failure = error });
}

bool type_is_open(const struct type *type) {
	while (type->of) {
		type = type->of;
	}
	return type->kind == TYPE_NONE || type->kind == TYPE_EMPTY;
}

static const char *basic_text(enum type_kind kind) {
	static const char *const texts[] = {
		[TYPE_ERROR] = "an unknown type",
		[TYPE_UNIT] = "nothing",
		[TYPE_BOOL] = "bool",
		[TYPE_INT] = "int",
		[TYPE_FLOAT] = "float",
		[TYPE_STRING] = "string",
		[TYPE_BYTES] = "bytes",
		[TYPE_DURATION] = "duration",
		[TYPE_TIME] = "time",
		[TYPE_JSON] = "json",
		[TYPE_NONE] = "none",
		[TYPE_EMPTY] = "[]",
	};
	return texts[kind];
}

const char *type_text_in(struct arena *arena, const struct type *type, const struct file *file) {
	switch (type->kind) {
	case TYPE_LIST:
		return mem_printf(arena, "[%s]", type_text_in(arena, type->of, file));
	case TYPE_MAP:
		return mem_printf(arena, "map[%s]", type_text_in(arena, type->of, file));
	case TYPE_OPTIONAL:
		return mem_printf(arena, "%s?", type_text_in(arena, type->of, file));
	case TYPE_OUTCOME:
		return mem_printf(arena, "outcome[%s]", type_text_in(arena, type->of, file));
	case TYPE_RECORD:
	case TYPE_ENUM:
		if (type->decl->file == file) {
			return type->decl->name.text;
		}
		return mem_printf(
			arena, "%s.%s", type->decl->file->package.text, type->decl->name.text);
	case TYPE_FAILURE:
		return type->failure ? mem_printf(arena, "the error '%s'", type->failure->name.text)
				     : "an error";
	case TYPE_ERROR:
	case TYPE_UNIT:
	case TYPE_BOOL:
	case TYPE_INT:
	case TYPE_FLOAT:
	case TYPE_STRING:
	case TYPE_BYTES:
	case TYPE_DURATION:
	case TYPE_TIME:
	case TYPE_JSON:
	case TYPE_NONE:
	case TYPE_EMPTY:
		return basic_text(type->kind);
	}
	bug("a type of no kind");
}

const char *type_text(struct arena *arena, const struct type *type) {
	return type_text_in(arena, type, NULL);
}
