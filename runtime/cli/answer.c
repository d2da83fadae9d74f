/*
 * A command that exits with 0 has succeeded, and its standard output is the
 * result.  Any other status is a failure, of which it says more by printing an
 * object {"error": …} there; else its last words on standard error are the
 * message.  One that a signal ended has said nothing: whether it has done its
 * work is unknown, so it is lost.
 */
#include "answer.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "cli.h"
#include "say.h"

#define LINE_MAX_SIZE 4096 /* longer ones are shown in pieces */

void text_add(struct text *text, const char *bytes, size_t size) {
	if (text->failed || size > ANSWER_MAX - text->size) {
		text->failed = true;
		return;
	}
	if (text->size + size + 1 > text->capacity) {
		size_t capacity = (text->size + size + 1) * 2;
		char *data = realloc(text->data, capacity);
		if (data == NULL) {
			text->failed = true;
			return;
		}
		text->data = data;
		text->capacity = capacity;
	}
	memcpy(text->data + text->size, bytes, size);
	text->size += size;
	text->data[text->size] = '\0';
}

/* Whatever it was, it is UTF-8 now. */
static void make_utf8(char *text) {
	json_t *valid = json_string(text);
	for (char *at = text; valid == NULL && *at != '\0'; at++) {
		if (((unsigned char)*at & 0x80) != 0) {
			*at = '?';
		}
	}
	json_decref(valid);
}

static void show_line(struct lines *lines) {
	char *line = lines->line.data;
	if (line != NULL && line[strspn(line, " \t\r")] != '\0') {
		make_utf8(line);
		say(lines->who, line);
		free(lines->last);
		lines->last = strdup(line);
	}
	lines->line.size = 0;
	if (line != NULL) {
		line[0] = '\0';
	}
}

void lines_add(struct lines *lines, const char *bytes, size_t size) {
	for (size_t i = 0; i < size; i++) {
		if (bytes[i] == '\n') {
			show_line(lines);
			continue;
		}
		text_add(&lines->line, bytes[i] == '\0' ? "?" : &bytes[i], 1);
		if (lines->line.size == LINE_MAX_SIZE) {
			show_line(lines);
		}
	}
}

void lines_end(struct lines *lines) {
	show_line(lines);
}

/* ---- outcomes ---- */

static const char *text_of(json_t *object, const char *key) {
	return json_string_value(json_object_get(object, key));
}

static bool is_declared(const struct binding *binding, const char *error) {
	json_t *one;
	size_t i;
	json_array_foreach(json_object_get(binding->activity, "fails"), i, one) {
		const char *full = json_string_value(one), *dot = strrchr(full, '.');
		if (strcmp(full, error) == 0 || (dot != NULL && strcmp(dot + 1, error) == 0)) {
			return true;
		}
	}
	return false;
}

/* {"error": NAME or message, "data", "message", "retryable"} */
static int fail_as_said(struct dtf_activity *act, struct answer *answer, json_t *said) {
	const char *error = text_of(said, "error"), *message = text_of(said, "message");
	message = message != NULL ? message : answer->err.last != NULL ? answer->err.last : error;
	if (is_declared(answer->binding, error)) {
		json_t *data = json_object_get(said, "data");
		char *fields = data == NULL ? NULL
					    : json_dumps(data, JSON_COMPACT | JSON_ENCODE_ANY);
		int rc = dtf_activity_fail_json(act, error, fields, message);
		free(fields);
		return rc;
	}
	return json_is_false(json_object_get(said, "retryable"))
		? dtf_activity_fail_final(act, error, message)
		: dtf_activity_fail(act, error, message);
}

static int fail_by_status(struct dtf_activity *act, struct answer *answer, int status) {
	char code[32];
	(void)snprintf(code, sizeof(code), "exit status %d", status);
	if (answer->out.data != NULL) {
		struct lines rest = { .who = answer->err.who };
		lines_add(&rest, answer->out.data, answer->out.size);
		lines_end(&rest);
		free(rest.line.data);
		free(rest.last);
	}
	return dtf_activity_fail(act, code, answer->err.last == NULL ? code : answer->err.last);
}

static int fail(struct dtf_activity *act, struct answer *answer, int status) {
	json_t *said = answer->out.data == NULL ? NULL : json_loads(answer->out.data, 0, NULL);
	int rc = text_of(said, "error") != NULL ? fail_as_said(act, answer, said)
						: fail_by_status(act, answer, status);
	json_decref(said);
	return rc;
}

static int succeed(struct dtf_activity *act, struct answer *answer) {
	const char *type = text_of(answer->binding->activity, "result");
	if (answer->out.data == NULL) {
		return dtf_activity_return_json(act, "null");
	}
	int rc = dtf_activity_return_json(act, answer->out.data);
	if (rc != 0 && strcmp(type, "string") == 0) {
		say(answer->err.who, "the result is JSON: a string is printed with its quotes");
	}
	return rc;
}

/* Shells report that a signal ended what they ran as a status above 128. */
static int signal_of(int status) {
	if (WIFSIGNALED(status)) {
		return WTERMSIG(status);
	}
	int code = WEXITSTATUS(status);
	return code > 128 && code <= 128 + 64 ? code - 128 : 0;
}

int answer_report(struct dtf_activity *act, struct answer *answer) {
	int signal = signal_of(answer->status);
	if (answer->out.failed) {
		return dtf_activity_lost(act, "it printed more than 16 MiB");
	}
	if (signal == 0) {
		int status = WEXITSTATUS(answer->status);
		return status == 0 ? succeed(act, answer) : fail(act, answer, status);
	}
	char text[64];
	const char *name = strsignal(signal);
	(void)snprintf(
		text, sizeof(text), "ended by signal %d (%s)", signal, name == NULL ? "?" : name);
	return answer->killed ? dtf_activity_fail(act, "killed", text)
			      : dtf_activity_lost(act, text);
}

void answer_finish(struct answer *answer) {
	free(answer->out.data);
	free(answer->shown.line.data);
	free(answer->shown.last);
	free(answer->err.line.data);
	free(answer->err.last);
}
