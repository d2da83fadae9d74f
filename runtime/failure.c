/*
 * An error as it is recorded: by a type table of its own, so that its bytes are
 * canonical like all others.  Texts come from activities and from the system
 * and must not make an error unrecordable: what is not UTF-8 in them becomes
 * U+FFFD, and data that is no JSON is left out.
 */
#include "codec.h"

#include <string.h>

#include "error.h"
#include "utf8.h"

struct wire {
	const char *name;
	struct dtf_string_opt message, data;
	struct dtf_bool_opt retryable;
	struct dtf_string_opt kind;
	struct dtf_int_opt attempts;
	struct dtf_string_opt code, id, status;
	struct dtf_string_opt suppressed;
};

static const struct dtf_type string_opt = DTF_OPTIONAL(
	"string?", struct dtf_string_opt, &dtf_type_string);
static const struct dtf_type json_opt = DTF_OPTIONAL(
	"json?", struct dtf_string_opt, &dtf_type_json);
static const struct dtf_type bool_opt = DTF_OPTIONAL("bool?", struct dtf_bool_opt, &dtf_type_bool);
static const struct dtf_type int_opt = DTF_OPTIONAL("int?", struct dtf_int_opt, &dtf_type_int);

static const struct dtf_field fields[] = {
	{ "name", &dtf_type_string, offsetof(struct wire, name) },
	{ "message", &string_opt, offsetof(struct wire, message) },
	{ "data", &json_opt, offsetof(struct wire, data) },
	{ "retryable", &bool_opt, offsetof(struct wire, retryable) },
	{ "kind", &string_opt, offsetof(struct wire, kind) },
	{ "attempts", &int_opt, offsetof(struct wire, attempts) },
	{ "code", &string_opt, offsetof(struct wire, code) },
	{ "id", &string_opt, offsetof(struct wire, id) },
	{ "status", &string_opt, offsetof(struct wire, status) },
	{ "suppressed", &json_opt, offsetof(struct wire, suppressed) },
};
static const struct dtf_type type = DTF_RECORD("error", struct wire, fields);

/* The text itself when it is UTF-8, else a repaired copy in buf. */
static const char *repair(struct buf *buf, const char *text) {
	size_t size = strlen(text);
	if (dtf__utf8_valid(text, size)) {
		return text;
	}
	while (size > 0) {
		size_t step = dtf__utf8_step(text, size);
		dtf__buf_add(buf, step == 0 ? "\xef\xbf\xbd" : text, step == 0 ? 3 : step);
		step = step == 0 ? 1 : step;
		text += step;
		size -= step;
	}
	return buf->failed ? "" : buf->data;
}

static struct dtf_string_opt text_of(struct buf *buf, const char *text) {
	if (text == NULL) {
		return (struct dtf_string_opt){ false, NULL };
	}
	return (struct dtf_string_opt){ true, repair(buf, text) };
}

void dtf__failure_encode(struct buf *buf, const struct dtf_failure *failure) {
	enum { NAME, MESSAGE, KIND, CODE, ID, STATUS, COUNT };
	struct buf texts[COUNT] = { { 0 } };
	struct wire wire = {
		.name = failure->name == NULL ? "" : repair(&texts[NAME], failure->name),
		.message = text_of(&texts[MESSAGE], failure->message),
		.data = { failure->data != NULL, failure->data },
		.retryable = { failure->retryable, failure->retryable },
		.kind = text_of(&texts[KIND], failure->kind),
		.attempts = { failure->attempts != 0, failure->attempts },
		.code = text_of(&texts[CODE], failure->code),
		.id = text_of(&texts[ID], failure->id),
		.status = text_of(&texts[STATUS], failure->status),
		.suppressed = { failure->suppressed != NULL, failure->suppressed },
	};
	int rc = dtf__encode(buf, &type, &wire);
	if (rc == CODEC_BAD_VALUE) {
		wire.data.has = false;
		wire.suppressed.has = false;
		rc = dtf__encode(buf, &type, &wire);
	}
	for (size_t i = 0; i < COUNT; i++) {
		if (texts[i].failed) {
			buf->failed = true;
		}
		dtf__buf_finish(&texts[i]);
	}
	if (rc != 0) {
		buf->failed = true; /* only memory can be short now */
	}
}

int dtf__failure_decode(struct arena *arena, struct slice json, struct dtf_failure *ret) {
	struct wire wire = { 0 };
	int rc = dtf__decode(arena, &type, "error", json, &wire);
	if (rc != 0) {
		return rc;
	}
	*ret = (struct dtf_failure){
		.name = wire.name,
		.message = wire.message.has ? wire.message.value : NULL,
		.data = wire.data.has ? wire.data.value : NULL,
		.retryable = wire.retryable.has && wire.retryable.value,
		.kind = wire.kind.has ? wire.kind.value : NULL,
		.attempts = wire.attempts.has ? wire.attempts.value : 0,
		.code = wire.code.has ? wire.code.value : NULL,
		.id = wire.id.has ? wire.id.value : NULL,
		.status = wire.status.has ? wire.status.value : NULL,
		.suppressed = wire.suppressed.has ? wire.suppressed.value : NULL,
	};
	return 0;
}
