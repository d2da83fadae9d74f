/*
 * jansson parses and checks; three things are added here.  Depth is counted over
 * the text before it is parsed, so that no input makes the parser recurse
 * deeply.  Since jansson says at which byte it stopped but not in which value,
 * the path is found by walking the text once more up to there: only on errors,
 * and only over text that was well-formed so far.  And when memory runs out
 * jansson goes on with the token as far as it had room for it, a number with
 * fewer digits included.  So its allocation functions, whichever the host has
 * set, are wrapped to note that one failed; then whatever it says is void.
 */
#include "json.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "number.h"
#include "path.h"

static _Thread_local bool out_of_memory;
static pthread_once_t wrapped = PTHREAD_ONCE_INIT;
static json_malloc_t host_malloc;

static void *noting_malloc(size_t size) {
	void *memory = host_malloc(size);
	if (memory == NULL) {
		out_of_memory = true;
	}
	return memory;
}

static void wrap_allocation(void) {
	json_free_t host_free;
	json_get_alloc_funcs(&host_malloc, &host_free);
	json_set_alloc_funcs(noting_malloc, host_free);
}

struct level {
	bool object;
	bool in_value; /* object: after the colon */
	size_t index;
	struct slice key; /* raw, between the quotes */
};

struct walk {
	const char *at, *end;
	struct level levels[JSON_DEPTH_MAX + 1];
	size_t depth;
};

/* Moves past a string whose opening quote is at `at`. */
static const char *skip_string(const char *at, const char *end) {
	for (at++; at < end && *at != '"'; at++) {
		if (*at == '\\') {
			at++;
		}
	}
	return at < end ? at + 1 : end;
}

static bool too_deep(struct slice text, unsigned depth_max) {
	unsigned depth = 0;
	const char *at = text.data, *end = text.data + text.size;
	while (at < end) {
		if (*at == '"') {
			at = skip_string(at, end);
			continue;
		}
		if (*at == '[' || *at == '{') {
			if (++depth > depth_max) {
				return true;
			}
		} else if ((*at == ']' || *at == '}') && depth > 0) {
			depth--;
		}
		at++;
	}
	return false;
}

static void walk_step(struct walk *walk) {
	struct level *level = &walk->levels[walk->depth];
	switch (*walk->at) {
	case '"': {
		const char *start = walk->at;
		walk->at = skip_string(walk->at, walk->end);
		if (level->object && !level->in_value) {
			size_t size = (size_t)(walk->at - start);
			level->key = (struct slice){ start + 1, size < 2 ? 0 : size - 2 };
		}
		return;
	}
	case '[':
	case '{':
		if (walk->depth < JSON_DEPTH_MAX) {
			walk->levels[++walk->depth] = (struct level){ .object = *walk->at == '{' };
		}
		break;
	case ']':
	case '}':
		if (walk->depth > 0) {
			walk->depth--;
		}
		break;
	case ':':
		level->in_value = true;
		break;
	case ',':
		level->in_value = false;
		level->index++;
		break;
	default:
		break;
	}
	walk->at++;
}

static int fail_at(const struct walk *walk, const char *root, const struct dtf_type *type,
	const char *message) {
	struct path steps[JSON_DEPTH_MAX + 1] = { { .name = root == NULL ? "" : root } };
	char names[JSON_DEPTH_MAX + 1][48];
	size_t count = 1;
	for (size_t i = 1; i <= walk->depth; i++) {
		const struct level *level = &walk->levels[i];
		if (level->object && !level->in_value) {
			break;
		}
		struct path *step = &steps[count];
		*step = (struct path){ .up = step - 1, .index = level->index };
		if (level->object) {
			size_t size = level->key.size < sizeof(names[0]) ? level->key.size
									 : sizeof(names[0]) - 1;
			if (size > 0) {
				memcpy(names[count], level->key.data, size);
			}
			names[count][size] = '\0';
			step->name = names[count];
		} else if (i == 1 && type != NULL && type->kind == DTF_KIND_TUPLE &&
			level->index < type->count) {
			step->name = type->fields[level->index].name;
		}
		count++;
	}
	return dtf__path_fail(DTF_EPAYLOAD, &steps[count - 1], "%s", message);
}

int dtf__json_read(struct slice text, const char *root, const struct dtf_type *type, unsigned depth,
	json_t **ret) {
	struct path at_root = { .name = root == NULL ? "" : root };
	if (text.size == 0) {
		return dtf__path_fail(DTF_EPAYLOAD, &at_root, "no JSON: empty");
	}
	if (memchr(text.data, 0, text.size) != NULL) {
		/* jansson drops one that ends a token. */
		return dtf__path_fail(DTF_EPAYLOAD, &at_root, "no JSON: a NUL byte");
	}
	if (too_deep(text, depth)) {
		return dtf__path_fail(
			DTF_EPAYLOAD, &at_root, "nested deeper than %d levels", JSON_DEPTH_MAX);
	}
	(void)pthread_once(&wrapped, wrap_allocation);
	out_of_memory = false;
	json_error_t error;
	json_t *json = json_loadb(
		text.data, text.size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
	if (out_of_memory) {
		json_decref(json);
		return dtf__fail(DTF_ENOMEM, "out of memory");
	}
	if (json != NULL) {
		*ret = json;
		return 0;
	}
	enum json_error_code code = json_error_code(&error);
	bool nul = code == json_error_null_character || code == json_error_null_byte_in_key;
	size_t stop = error.position < 0 ? 0 : (size_t)error.position;
	struct walk walk = {
		.at = text.data,
		.end = text.data + (stop < text.size ? stop : text.size),
	};
	while (walk.at < walk.end) {
		walk_step(&walk);
	}
	return fail_at(&walk, root, type, nul ? "U+0000 in a string" : error.text);
}

static bool write_array(struct buf *buf, json_t *array) {
	dtf__buf_text(buf, "[");
	for (size_t i = 0; i < json_array_size(array); i++) {
		if (i > 0) {
			dtf__buf_text(buf, ",");
		}
		if (!dtf__json_write(buf, json_array_get(array, i))) {
			return false;
		}
	}
	dtf__buf_text(buf, "]");
	return true;
}

struct member {
	const char *key;
	json_t *value;
};

static int by_key(const void *a, const void *b) {
	const struct member *x = a, *y = b;
	return strcmp(x->key, y->key);
}

static bool write_object(struct buf *buf, json_t *object) {
	size_t count = 0;
	struct member *members = calloc(json_object_size(object) + 1, sizeof(*members));
	if (members == NULL) {
		buf->failed = true;
		return false;
	}
	for (void *at = json_object_iter(object); at != NULL;
		at = json_object_iter_next(object, at)) {
		members[count].key = json_object_iter_key(at);
		members[count++].value = json_object_iter_value(at);
	}
	qsort(members, count, sizeof(*members), by_key);
	dtf__buf_text(buf, "{");
	bool ok = true;
	for (size_t i = 0; i < count && ok; i++) {
		if (i > 0) {
			dtf__buf_text(buf, ",");
		}
		dtf__buf_json_string(buf, members[i].key);
		dtf__buf_text(buf, ":");
		ok = dtf__json_write(buf, members[i].value);
	}
	dtf__buf_text(buf, "}");
	free(members);
	return ok;
}

bool dtf__json_write(struct buf *buf, json_t *json) {
	char number[FLOAT_TEXT_MAX];
	switch (json_typeof(json)) {
	case JSON_OBJECT:
		return write_object(buf, json);
	case JSON_ARRAY:
		return write_array(buf, json);
	case JSON_STRING:
		dtf__buf_json_string(buf, json_string_value(json));
		break;
	case JSON_INTEGER:
		dtf__buf_printf(buf, "%" JSON_INTEGER_FORMAT, json_integer_value(json));
		break;
	case JSON_REAL:
		dtf__float_text(number, json_real_value(json));
		dtf__buf_text(buf, number);
		break;
	case JSON_TRUE:
		dtf__buf_text(buf, "true");
		break;
	case JSON_FALSE:
		dtf__buf_text(buf, "false");
		break;
	case JSON_NULL:
		dtf__buf_text(buf, "null");
		break;
	default:
		break;
	}
	return !buf->failed;
}
