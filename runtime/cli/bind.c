/*
 * What activities and workflows a program has is read from its manifests.  A
 * workflow's sites name everything it does, so it is known before anything
 * starts which commands will be asked for: those of its steps and undos, and of
 * the workflows that it calls.
 */
#include "bind.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *text_of(json_t *object, const char *key) {
	const char *text = json_string_value(json_object_get(object, key));
	return text == NULL ? "" : text;
}

static bool is_called(const char *full, const char *name) {
	const char *dot = strrchr(full, '.');
	return strcmp(full, name) == 0 || (dot != NULL && strcmp(dot + 1, name) == 0);
}

/* activity shop.charge(order: string, cents: int) -> string fails shop.card_declined */
static void print_signature(FILE *out, const char *word, json_t *entry) {
	json_t *one;
	size_t i;
	fprintf(out, "  %s %s(", word, text_of(entry, "name"));
	json_array_foreach(json_object_get(entry, "parameters"), i, one) {
		fprintf(out, "%s%s: %s", i == 0 ? "" : ", ", text_of(one, "name"),
			text_of(one, "type"));
	}
	const char *result = text_of(entry, "result");
	fprintf(out, ")%s%s", result[0] == '\0' ? "" : " -> ", result);
	json_array_foreach(json_object_get(entry, "fails"), i, one) {
		fprintf(out, "%s%s", i == 0 ? " fails " : ", ", json_string_value(one));
	}
	putc('\n', out);
}

/* ---- activities ---- */

const struct binding *bindings_find(const struct bindings *bindings, const char *name) {
	for (size_t i = 0; i < bindings->count; i++) {
		if (strcmp(bindings->items[i].name, name) == 0) {
			return &bindings->items[i];
		}
	}
	return NULL;
}

static bool unknown_activity(const struct bindings *bindings, const char *name) {
	fprintf(stderr, "dtf: --activity: there is no activity '%s'%s\n", name,
		bindings->count == 0 ? "" : "; there are");
	for (size_t i = 0; i < bindings->count; i++) {
		print_signature(stderr, "activity", bindings->items[i].activity);
	}
	return false;
}

static bool bind(struct bindings *bindings, const char *argument) {
	const char *equals = strchr(argument, '=');
	if (equals == NULL || equals == argument || equals[1] == '\0') {
		fprintf(stderr, "dtf: --activity takes NAME=COMMAND, not '%s'\n", argument);
		return false;
	}
	char name[256];
	(void)snprintf(name, sizeof(name), "%.*s", (int)(equals - argument), argument);
	struct binding *found = NULL;
	for (size_t i = 0; i < bindings->count; i++) {
		struct binding *it = &bindings->items[i];
		if (is_called(it->name, name)) {
			if (found != NULL) {
				fprintf(stderr, "dtf: --activity: '%s' may be %s or %s\n", name,
					found->name, it->name);
				return false;
			}
			found = it;
		}
	}
	if (found == NULL) {
		return unknown_activity(bindings, name);
	}
	if (found->command != NULL) {
		fprintf(stderr, "dtf: --activity: %s has two commands\n", found->name);
		return false;
	}
	found->command = equals + 1;
	return true;
}

bool bindings_make(const struct program *program, const char *const *arguments, size_t count,
	struct bindings *ret) {
	size_t total = 0, i;
	for (size_t m = 0; m < program->count; m++) {
		total += json_array_size(json_object_get(program->manifests[m], "activities"));
	}
	*ret = (struct bindings){ .items = calloc(total + 1, sizeof(struct binding)) };
	if (ret->items == NULL) {
		fputs("dtf: out of memory\n", stderr);
		return false;
	}
	for (size_t m = 0; m < program->count; m++) {
		json_t *activities = json_object_get(program->manifests[m], "activities"), *one;
		json_array_foreach(activities, i, one) {
			ret->items[ret->count++] = (struct binding){ .name = text_of(one, "name"),
				.activity = one };
		}
	}
	bool ok = true;
	for (i = 0; i < count && ok; i++) {
		ok = bind(ret, arguments[i]);
	}
	return ok;
}

void bindings_finish(struct bindings *bindings) {
	free(bindings->items);
	*bindings = (struct bindings){ 0 };
}

bool bindings_complete(const struct bindings *bindings) {
	bool complete = true;
	for (size_t i = 0; i < bindings->count; i++) {
		const struct binding *it = &bindings->items[i];
		if (it->needed && it->command == NULL) {
			fputs(complete ? "dtf: these have no --activity NAME=COMMAND:\n" : "",
				stderr);
			complete = false;
			print_signature(stderr, "activity", it->activity);
		}
	}
	return complete;
}

/* ---- workflows ---- */

/* The next entry of a workflow of that name, all versions; *m and *i say where to go on. */
static json_t *next_version(const struct program *program, const char *name, size_t *m, size_t *i) {
	for (; *m < program->count; (*m)++, *i = 0) {
		json_t *workflows = json_object_get(program->manifests[*m], "workflows");
		while (*i < json_array_size(workflows)) {
			json_t *one = json_array_get(workflows, (*i)++);
			if (strcmp(text_of(one, "name"), name) == 0) {
				return one;
			}
		}
	}
	return NULL;
}

/* Adds what the workflow names to those that are still to be looked at. */
static void need_sites(struct bindings *bindings, json_t *workflow, json_t *pending) {
	json_t *site;
	size_t i;
	json_array_foreach(json_object_get(workflow, "sites"), i, site) {
		const char *kind = text_of(site, "kind"), *name = text_of(site, "name");
		if (strcmp(kind, "call") == 0 || strcmp(kind, "spawn") == 0) {
			(void)json_array_append_new(pending, json_string(name));
		}
		for (size_t a = 0; a < bindings->count; a++) {
			struct binding *it = &bindings->items[a];
			it->needed = it->needed || strcmp(it->name, name) == 0;
		}
	}
}

void bindings_need(struct bindings *bindings, const struct program *program, const char *workflow) {
	json_t *pending = json_pack("[s]", workflow), *seen = json_object(), *version;
	while (json_array_size(pending) > 0) {
		size_t last = json_array_size(pending) - 1, m = 0, i = 0;
		json_t *name = json_incref(json_array_get(pending, last));
		const char *text = json_string_value(name);
		(void)json_array_remove(pending, last);
		if (json_object_get(seen, text) == NULL) {
			(void)json_object_set_new(seen, text, json_true());
			while ((version = next_version(program, text, &m, &i)) != NULL) {
				need_sites(bindings, version, pending);
			}
		}
		json_decref(name);
	}
	json_decref(pending);
	json_decref(seen);
}

static void list_workflows(const struct program *program) {
	json_t *one;
	size_t i;
	json_array_foreach(json_object_get(program->manifests[0], "workflows"), i, one) {
		print_signature(stderr, "workflow", one);
	}
}

const char *find_workflow(const struct program *program, const char *name) {
	const char *found = NULL;
	for (size_t m = 0; m < (name == NULL ? 1 : program->count); m++) {
		json_t *workflows = json_object_get(program->manifests[m], "workflows"), *one;
		size_t i;
		json_array_foreach(workflows, i, one) {
			const char *full = text_of(one, "name");
			if (name != NULL && !is_called(full, name)) {
				continue;
			}
			if (found != NULL && strcmp(found, full) != 0) {
				fprintf(stderr, "dtf: which workflow?%s\n",
					name == NULL ? "  There are" : "");
				list_workflows(program);
				return NULL;
			}
			found = full;
		}
	}
	if (found == NULL) {
		fprintf(stderr, "dtf: there is no workflow%s%s\n", name == NULL ? "" : " ",
			name == NULL ? " in it" : name);
		list_workflows(program);
	}
	return found;
}
