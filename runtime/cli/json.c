/*
 * JSON on stdout, member by member.  Payloads are JSON already and are passed
 * through untouched, so numbers keep every digit they were recorded with.
 */
#include "cli.h"

#include <inttypes.h>

void json_quote(FILE *out, const char *text) {
	putc('"', out);
	for (const unsigned char *at = (const unsigned char *)text; *at != '\0'; at++) {
		if (*at == '"' || *at == '\\') {
			putc('\\', out);
			putc(*at, out);
		} else if (*at < 0x20 || *at == 0x7f) {
			fprintf(out, "\\u%04x", *at);
		} else {
			putc(*at, out);
		}
	}
	putc('"', out);
}

static void key(struct json *json, const char *name) {
	fputs(json->some ? "," : "", json->out);
	json->some = true;
	json_quote(json->out, name);
	putc(':', json->out);
}

void json_begin(struct json *json, FILE *out) {
	*json = (struct json){ .out = out };
	putc('{', out);
}

void json_text(struct json *json, const char *name, const char *value) {
	if (value != NULL) {
		key(json, name);
		json_quote(json->out, value);
	}
}

void json_int(struct json *json, const char *name, int64_t value) {
	key(json, name);
	fprintf(json->out, "%" PRId64, value);
}

void json_bool(struct json *json, const char *name, bool value) {
	key(json, name);
	fputs(value ? "true" : "false", json->out);
}

void json_raw(struct json *json, const char *name, const char *value) {
	if (value != NULL) {
		key(json, name);
		fputs(value, json->out);
	}
}

void json_end(struct json *json) {
	fputs("}\n", json->out);
}
