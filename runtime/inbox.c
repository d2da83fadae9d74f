/*
 * Commands of other processes.
 *
 * The inbox is durable: a sender is told "queued" when no engine is up, and
 * the command is carried out at the next start.
 *
 * What a command did and its answer are one commit, and an entry is deleted
 * only when it and all before it are answered.  One that could not be recorded
 * (a full store, no memory) is forgotten and read again later; one that is read
 * again although it was answered is recognised by that answer.  So each takes
 * effect exactly once, however often the engine dies or has to begin anew.
 */
#include "inbox.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"

/* So many are read in one round. */
#define COMMANDS_MAX 1024

static const char *const kinds[] = {
	[REQUEST_START] = "start",
	[REQUEST_RAISE] = "raise",
	[REQUEST_CANCEL] = "cancel",
	[REQUEST_TERMINATE] = "terminate",
	[REQUEST_SUSPEND] = "suspend",
	[REQUEST_RESUME] = "resume",
};

static void add_member(struct buf *buf, const char *name, const char *value) {
	if (value != NULL) {
		dtf__buf_printf(buf, ",\"%s\":", name);
		dtf__buf_json_string(buf, value);
	}
}

void dtf__inbox_encode(struct buf *buf, const char *request_id, const struct request *request) {
	dtf__buf_printf(buf, "{\"kind\":\"%s\"", kinds[request->kind]);
	add_member(buf, "request", request_id);
	add_member(buf, "id", request->id);
	add_member(buf, "name", request->name);
	add_member(buf, "text", request->text);
	add_member(buf, "payload", request->payload.data);
	dtf__buf_text(buf, "}");
}

int dtf__inbox_decode_answer(struct slice json, char *text, size_t size) {
	json_t *root = json_loadb(json.data, json.size, 0, NULL);
	const char *said = json_string_value(json_object_get(root, "text"));
	json_t *code = json_object_get(root, "rc");
	int rc = json_is_integer(code) ? (int)json_integer_value(code)
				       : dtf__fail(DTF_ECORRUPT, "an answer cannot be read");
	(void)snprintf(text, size, "%s", said == NULL ? "" : said);
	json_decref(root);
	return rc;
}

struct command {
	struct request request;
	json_t *root; /* owns the strings */
	uint64_t sequence;
	struct command *next;
	struct engine *engine;
	bool admitted;
};

static void unlink_command(const struct command *command) {
	struct command **at = &command->engine->commands;
	while (*at != command) {
		at = &(*at)->next;
	}
	*at = command->next;
}

/* The answer itself is a row of the batch, which is durable now; or there is none. */
static void answered(struct request *request, int rc, const char *text) {
	(void)rc;
	(void)text;
	struct command *command = request->arg;
	struct engine *engine = command->engine;
	unlink_command(command);
	if (!request->in_batch && command->sequence <= engine->inbox_seen) {
		engine->inbox_seen = command->sequence - 1; /* to be read again */
		engine->inbox_due = true;
	}
	json_decref(command->root);
	free(command);
}

static int kind_of(const char *name) {
	for (size_t i = 0; name != NULL && i < sizeof(kinds) / sizeof(*kinds); i++) {
		if (strcmp(kinds[i], name) == 0) {
			return (int)i;
		}
	}
	return -1;
}

static const char *member(json_t *root, const char *name) {
	return json_string_value(json_object_get(root, name));
}

static bool is_between(const char *text, size_t least, size_t most) {
	size_t size = text == NULL ? 0 : strlen(text);
	return size >= least && size <= most;
}

/* The names are keys of the store: one that is too long must not get that far. */
static bool is_sound(const struct request *request, bool has_kind) {
	bool named = request->kind == REQUEST_START || request->kind == REQUEST_RAISE;
	return has_kind && is_between(request->id, 1, STORE_ID_MAX) &&
		is_between(request->inbox_request, 1, STORE_ID_MAX) &&
		(!named || (request->name != NULL && request->payload.data != NULL));
}

/* 0; 1: it makes no sense; DTF_ENOMEM. */
static int decode(struct slice bytes, struct command *command) {
	json_error_t error;
	json_t *root = json_loadb(bytes.data, bytes.size, JSON_REJECT_DUPLICATES, &error);
	if (root == NULL) {
		return json_error_code(&error) == json_error_out_of_memory ? DTF_ENOMEM : 1;
	}
	int kind = kind_of(member(root, "kind"));
	const char *payload = member(root, "payload");
	command->root = root;
	command->request = (struct request){ .kind = (enum request_kind)(kind < 0 ? 0 : kind),
		.id = member(root, "id"),
		.name = member(root, "name"),
		.text = member(root, "text"),
		.payload = { payload, payload == NULL ? 0 : strlen(payload) },
		.inbox_request = member(root, "request"),
		.answer = answered,
		.arg = command };
	return is_sound(&command->request, kind >= 0) ? 0 : 1;
}

static bool is_pending(const struct engine *engine, uint64_t sequence) {
	const struct command *command = engine->commands;
	while (command != NULL && command->sequence < sequence) {
		command = command->next;
	}
	return command != NULL && command->sequence == sequence;
}

static void insert(struct command *command) {
	struct command **at = &command->engine->commands;
	while (*at != NULL && (*at)->sequence < command->sequence) {
		at = &(*at)->next;
	}
	command->next = *at;
	*at = command;
}

struct reading {
	struct engine *engine;
	unsigned count;
	int rc;
};

/* 0: it has been; STORE_NOT_FOUND: it has not. */
static int is_answered(struct engine *engine, const char *request) {
	struct arena arena = { 0 };
	struct slice answer;
	int rc = engine->store->ops->answer(engine->store, &arena, request, &answer);
	dtf__arena_finish(&arena);
	return rc;
}

static int take_one(struct engine *engine, uint64_t sequence, struct slice bytes) {
	struct command *command = calloc(1, sizeof(*command));
	if (command == NULL) {
		return DTF_ENOMEM;
	}
	command->engine = engine;
	command->sequence = sequence;
	int rc = decode(bytes, command);
	if (rc == 0) {
		rc = is_answered(engine, command->request.inbox_request);
		if (rc == STORE_NOT_FOUND) {
			insert(command);
			return 0;
		}
	} else if (rc > 0) {
		dtf__engine_log(engine, DTF_LOG_ERROR, "",
			"a command in the inbox makes no sense and was dropped");
	}
	json_decref(command->root);
	free(command);
	return rc < 0 ? rc : 0;
}

static bool take(void *arg, uint64_t sequence, struct slice bytes) {
	struct reading *reading = arg;
	struct engine *engine = reading->engine;
	if (!is_pending(engine, sequence)) {
		reading->rc = take_one(engine, sequence, bytes);
	}
	if (reading->rc == 0) {
		engine->inbox_seen = sequence;
	}
	return reading->rc == 0 && ++reading->count < COMMANDS_MAX;
}

/* The oldest that is not admitted yet: admission may let others go. */
static struct command *next_command(const struct engine *engine) {
	struct command *command = engine->commands;
	while (command != NULL && command->admitted) {
		command = command->next;
	}
	return command;
}

int dtf__inbox_read(struct engine *engine) {
	struct store *store = engine->store;
	struct reading reading = { .engine = engine };
	int rc = store->ops->inbox(store, engine->inbox_seen, take, &reading);
	rc = rc == 0 ? reading.rc : rc;
	if (reading.count == COMMANDS_MAX || rc == DTF_ENOMEM) {
		engine->inbox_due = true; /* there may be more */
	}
	bool in_order = true;
	struct command *command;
	while ((command = next_command(engine)) != NULL) {
		uint64_t sequence = command->sequence;
		command->admitted = true;
		if (in_order) {
			dtf__request_admit(engine, &command->request);
			in_order = engine->inbox_seen >= sequence;
		} else {
			/* One before it has to wait: so does it. */
			answered(&command->request, DTF_ENOMEM, "");
		}
	}
	return rc < 0 && rc != DTF_ENOMEM ? rc : 0;
}

uint64_t dtf__inbox_through(const struct engine *engine) {
	const struct command *command = engine->commands;
	while (command != NULL && command->request.in_batch) {
		command = command->next;
	}
	bool all = command == NULL || command->sequence > engine->inbox_seen;
	return all ? engine->inbox_seen : command->sequence - 1;
}
