/*
 * Commands of other processes.
 *
 * The inbox is durable: a sender is told "queued" when no engine is up, and
 * the command is carried out at the next start.  Entries are deleted, and
 * answered, in the very commit that records what they did, so each takes
 * effect exactly once however often the engine dies in between.
 */
#include "inbox.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"

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
};

static void answered(struct request *request, int rc, const char *text) {
	(void)rc;
	(void)text; /* the answer itself is a row of the batch */
	struct command *command = request->arg;
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

/* NULL: it makes no sense; the entry is dropped and said so in the log. */
static struct command *decode(struct slice bytes) {
	struct command *command = calloc(1, sizeof(*command));
	json_t *root = json_loadb(bytes.data, bytes.size, JSON_REJECT_DUPLICATES, NULL);
	int kind = kind_of(member(root, "kind"));
	const char *id = member(root, "id"), *name = member(root, "name");
	bool named = kind != REQUEST_START && kind != REQUEST_RAISE;
	bool sound = command != NULL && kind >= 0 && id != NULL &&
		member(root, "request") != NULL &&
		(named || (name != NULL && member(root, "payload") != NULL));
	if (!sound) {
		json_decref(root);
		free(command);
		return NULL;
	}
	const char *payload = member(root, "payload");
	command->root = root;
	command->request = (struct request){ .kind = (enum request_kind)kind,
		.id = id,
		.name = name,
		.text = member(root, "text"),
		.payload = { payload, payload == NULL ? 0 : strlen(payload) },
		.inbox_request = member(root, "request"),
		.answer = answered,
		.arg = command };
	return command;
}

static bool take(void *arg, uint64_t sequence, struct slice bytes) {
	struct dtf_engine *engine = arg;
	engine->inbox_seen = sequence;
	engine->batch.inbox_through = sequence;
	struct command *command = decode(bytes);
	if (command != NULL) {
		/* Admission may read the store: after this scan. */
		command->request.next = engine->inbox_commands;
		engine->inbox_commands = &command->request;
	} else if (engine->options.log != NULL) {
		engine->options.log(engine->options.user, DTF_LOG_ERROR, "",
			"a command in the inbox makes no sense and was dropped");
	}
	return true;
}

int dtf__inbox_read(struct dtf_engine *engine) {
	struct store *store = engine->store;
	int rc = store->ops->inbox(store, engine->inbox_seen, take, engine);
	struct request *oldest = NULL;
	while (engine->inbox_commands != NULL) {
		struct request *request = engine->inbox_commands;
		engine->inbox_commands = request->next;
		request->next = oldest;
		oldest = request;
	}
	while (oldest != NULL) {
		struct request *next = oldest->next;
		dtf__request_admit(engine, oldest);
		oldest = next;
	}
	return rc < 0 ? rc : 0;
}
