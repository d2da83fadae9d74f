/*
 * Messages are collected and printed at the end: stages report in whatever
 * order they find things, people read in the order of the source.
 *
 * What is printed comes from files that somebody may have written to harm the
 * reader's terminal, so excerpts and messages pass through one function that
 * lets only printable UTF-8 out.  It also knows how wide each character is: the
 * caret line is measured, not counted, and a tab fills up to the next stop in
 * both lines.  A long line is shown as a window around the caret.
 */
#include "diag.h"

#include <stdlib.h>
#include <string.h>

#include "text.h"

enum { ERRORS_MAX = 20, TAB = 8, WINDOW_BEFORE = 60, WINDOW_AFTER = 100 };

struct diagnostic {
	struct diagnostic *next; /* of a note: the next note */
	enum diag_code code;
	const struct source *source;
	struct span span;
	unsigned serial;
	const char *message, *label;
	struct diagnostic *notes, **notes_tail;
};

static const struct {
	unsigned number;
	const char *warning; /* NULL: an error */
	bool is_on;
} codes[DIAG_COUNT] = {
#define X(number, id) [DIAG_##id] = { number, NULL, true },
	DIAG_ERRORS(X)
#undef X
#define X(number, id, name, is_on) [DIAG_##id] = { number, name, is_on },
		DIAG_WARNINGS(X)
#undef X
};

unsigned diag_number(enum diag_code code) {
	return codes[code].number;
}

const char *diag_warning(enum diag_code code) {
	return codes[code].warning;
}

static bool is_said(const struct diag *diag, enum diag_code code) {
	enum diag_choice choice = diag->choices[code];

	return codes[code].warning == NULL || choice == DIAG_WANTED ||
		(choice == DIAG_AS_USUAL && codes[code].is_on);
}

static bool is_error(const struct diag *diag, enum diag_code code) {
	return codes[code].warning == NULL || diag->warnings_are_errors;
}

static struct diagnostic *create(struct arena *arena, const struct source *source, struct span span,
	const char *format, va_list args) __attribute__((format(printf, 4, 0)));

static struct diagnostic *create(struct arena *arena, const struct source *source, struct span span,
	const char *format, va_list args) {
	struct diagnostic *d = mem_new(arena, struct diagnostic);
	d->source = source;
	d->span = span;
	d->message = mem_vprintf(arena, format, args);
	d->notes_tail = &d->notes;
	return d;
}

struct diagnostic *diag_report(struct diag *diag, enum diag_code code, const struct source *source,
	struct span span, const char *label, const char *format, ...) {
	va_list args;
	va_start(args, format);
	struct diagnostic *d = create(diag->arena, source, span, format, args);
	va_end(args);
	d->code = code;
	d->label = label;
	if (!is_said(diag, code)) {
		return d; /* takes notes, is never seen */
	}
	d->serial = diag->errors + diag->warnings;
	if (is_error(diag, code)) {
		diag->errors++;
	} else {
		diag->warnings++;
	}
	if (diag->tail == NULL) {
		diag->tail = &diag->first;
	}
	*diag->tail = d;
	diag->tail = &d->next;
	return d;
}

void diag_note(struct diag *diag, struct diagnostic *to, const struct source *source,
	struct span span, const char *format, ...) {
	va_list args;
	va_start(args, format);
	struct diagnostic *note = create(diag->arena, source, span, format, args);
	va_end(args);
	*to->notes_tail = note;
	to->notes_tail = &note->next;
}

/* ---- order ---- */

static int compare_places(const struct diagnostic *a, const struct diagnostic *b) {
	if (a->source != b->source) {
		int order = strcmp(a->source->name, b->source->name);
		if (order != 0) {
			return order;
		}
	}
	return (a->span.at > b->span.at) - (a->span.at < b->span.at);
}

static int compare(const void *left, const void *right) {
	const struct diagnostic *a = *(const struct diagnostic *const *)left;
	const struct diagnostic *b = *(const struct diagnostic *const *)right;
	int order = compare_places(a, b);
	return order != 0 ? order : (a->serial > b->serial) - (a->serial < b->serial);
}

/* Is it said already, at the same place? */
static bool is_repeated(struct diagnostic *const *all, size_t i) {
	for (size_t j = i; j > 0 && compare_places(all[j - 1], all[i]) == 0; j--) {
		if (all[j - 1]->code == all[i]->code &&
			strcmp(all[j - 1]->message, all[i]->message) == 0) {
			return true;
		}
	}
	return false;
}

/* All diagnostics once, by position; NULL-terminated. */
static struct diagnostic **sort(struct diag *diag) {
	size_t n = 0, kept = 0;
	for (struct diagnostic *d = diag->first; d != NULL; d = d->next) {
		n++;
	}
	struct diagnostic **all = mem_alloc(diag->arena, (n + 1) * sizeof(struct diagnostic *));
	size_t i = 0;
	for (struct diagnostic *d = diag->first; d != NULL; d = d->next) {
		all[i++] = d;
	}
	qsort(all, n, sizeof(struct diagnostic *), compare);
	for (i = 0; i < n; i++) {
		struct diagnostic *d = all[i];
		all[kept] = d;
		if (!is_repeated(all, kept)) {
			kept++;
		}
	}
	all[kept] = NULL;
	return all;
}

/* ---- printing for people ---- */

struct style {
	const char *error, *warning, *note, *caret, *bold, *off;
};

static const struct style plain = { "", "", "", "", "", "" };
static const struct style coloured = { "\033[1;31m", "\033[1;35m", "\033[1;36m", "\033[1;32m",
	"\033[1m", "\033[0m" };

/*
 * Prints [text, text + len) from `column` on, or blanks of the same width, and
 * returns the column after it.
 */
static unsigned print_clean(FILE *out, const char *text, size_t len, unsigned column, char blank) {
	for (size_t i = 0; i < len;) {
		uint32_t code;
		size_t used = text_decode(text + i, len - i, &code);
		unsigned width = code == '\t' ? TAB - column % TAB : text_width(code);
		for (unsigned k = 0; k < width && (blank != 0 || code == '\t'); k++) {
			(void)fputc(blank != 0 ? blank : ' ', out);
		}
		if (blank == 0 && code != '\t') {
			if (text_is_printable(code)) {
				(void)fwrite(text + i, 1, used, out);
			} else {
				(void)fputs("\xEF\xBF\xBD", out); /* U+FFFD */
			}
		}
		column += width;
		i += used;
	}
	return column;
}

static uint32_t shift_to_start(const char *line, uint32_t at) {
	while (at > 0 && ((unsigned char)line[at] & 0xC0) == 0x80) {
		at--;
	}
	return at;
}

static void print_excerpt(
	FILE *out, const struct diagnostic *d, const struct style *style, const char *label) {
	struct position position = src_position(d->source, d->span.at);
	uint32_t len;
	const char *line = src_line(d->source, position.line, &len);
	uint32_t from = position.column - 1 < len ? position.column - 1 : len;
	uint32_t to = d->span.len < len - from ? from + d->span.len : len;
	uint32_t first = 0, end = len;
	if (from > WINDOW_BEFORE + WINDOW_AFTER) {
		first = shift_to_start(line, from - WINDOW_BEFORE);
	}
	if (len - from > 2 * WINDOW_AFTER) {
		end = shift_to_start(line, from + WINDOW_AFTER);
	}
	to = to < end ? to : end;

	(void)fprintf(out, "%5u | %s", position.line, first > 0 ? "..." : "");
	(void)print_clean(out, line + first, end - first, 0, 0);
	(void)fprintf(out, "%s\n      | %s", end < len ? "..." : "", first > 0 ? "   " : "");
	unsigned column = print_clean(out, line + first, from - first, 0, ' ');
	(void)fprintf(out, "%s^", style->caret);
	uint32_t code;
	uint32_t rest = from;
	if (from < to) {
		/* A first character wider than the caret is underlined to its end. */
		rest += (uint32_t)text_decode(line + from, to - from, &code);
		unsigned width = code == '\t' ? TAB - column % TAB : text_width(code);
		for (unsigned k = 1; k < width; k++) {
			(void)fputc('~', out);
		}
		column += width;
		(void)print_clean(out, line + rest, to - rest, column, '~');
	}
	if (label != NULL) {
		(void)fputc(' ', out);
		(void)print_clean(out, label, strlen(label), 0, 0);
	}
	(void)fprintf(out, "%s\n", style->off);
}

static void print_one(FILE *out, const struct diagnostic *d, const struct style *style,
	const char *severity, const char *colour, const char *tag) {
	struct position position = src_position(d->source, d->span.at);
	(void)fprintf(out, "%s%s:%u:%u:%s ", style->bold, d->source->name, position.line,
		position.column, style->off);
	(void)fprintf(out, "%s%s:%s %s", colour, severity, style->off, style->bold);
	(void)print_clean(out, d->message, strlen(d->message), 0, 0);
	(void)fprintf(out, "%s%s\n", style->off, tag);
	print_excerpt(out, d, style, d->label);
}

static const char *plural(unsigned n) {
	return n == 1 ? "" : "s";
}

static void print_count(FILE *out, unsigned errors, unsigned warnings) {
	if (errors > 0) {
		(void)fprintf(out, "%u error%s", errors, plural(errors));
	}
	if (warnings > 0) {
		(void)fprintf(
			out, "%s%u warning%s", errors > 0 ? ", " : "", warnings, plural(warnings));
	}
	if (errors + warnings > 0) {
		(void)fputc('\n', out);
	}
}

static void print_explain(FILE *out, struct diagnostic *const *all) {
	bool one = true;
	for (size_t i = 1; all[0] != NULL && all[i] != NULL; i++) {
		one = one && all[i]->code == all[0]->code;
	}
	if (all[0] != NULL && one) {
		(void)fprintf(out, "dtfc explain DTF%04u says more\n", codes[all[0]->code].number);
	} else if (all[0] != NULL) {
		(void)fputs("dtfc explain CODE says more about each\n", out);
	}
}

void diag_print(struct diag *diag, FILE *out, bool colour) {
	const struct style *style = colour ? &coloured : &plain;
	unsigned errors = 0, warnings = 0;
	struct diagnostic **all = sort(diag);
	for (size_t i = 0; all[i] != NULL; i++) {
		const struct diagnostic *d = all[i];
		bool error = is_error(diag, d->code);
		if (error) {
			errors++;
		} else {
			warnings++;
		}
		if (errors > ERRORS_MAX) {
			continue; /* counted all the same */
		}
		char tag[64];
		const char *name = codes[d->code].warning;
		(void)snprintf(tag, sizeof(tag), " [DTF%04u%s%s]", codes[d->code].number,
			name != NULL ? " " : "", name != NULL ? name : "");
		print_one(out, d, style, error ? "error" : "warning",
			error ? style->error : style->warning, tag);
		for (const struct diagnostic *n = d->notes; n != NULL; n = n->next) {
			print_one(out, n, style, "note", style->note, "");
		}
	}
	if (errors > ERRORS_MAX) {
		(void)fprintf(out, "only the first %u errors are shown\n", (unsigned)ERRORS_MAX);
	}
	print_count(out, errors, warnings);
	print_explain(out, all);
}

/* ---- printing for programs ---- */

static void print_json_place(FILE *out, const struct diagnostic *d) {
	struct position position = src_position(d->source, d->span.at);
	(void)fputs("{\"file\":", out);
	text_print_json(out, d->source->name);
	(void)fprintf(out, ",\"line\":%u,\"column\":%u,\"offset\":%u,\"length\":%u", position.line,
		position.column, d->span.at, d->span.len);
	(void)fputs(",\"message\":", out);
	text_print_json(out, d->message);
}

void diag_print_json(struct diag *diag, FILE *out) {
	struct diagnostic **all = sort(diag);
	(void)fputc('[', out);
	for (size_t i = 0; all[i] != NULL; i++) {
		const struct diagnostic *d = all[i];
		(void)fputs(i > 0 ? ",\n " : "", out);
		print_json_place(out, d);
		(void)fprintf(out, ",\"severity\":\"%s\",\"code\":\"DTF%04u\"",
			is_error(diag, d->code) ? "error" : "warning", codes[d->code].number);
		if (codes[d->code].warning != NULL) {
			(void)fprintf(out, ",\"name\":\"%s\"", codes[d->code].warning);
		}
		if (d->label != NULL) {
			(void)fputs(",\"label\":", out);
			text_print_json(out, d->label);
		}
		if (d->notes != NULL) {
			(void)fputs(",\"notes\":[", out);
			for (const struct diagnostic *n = d->notes; n != NULL; n = n->next) {
				print_json_place(out, n);
				(void)fputs(n->next != NULL ? "}," : "}]", out);
			}
		}
		(void)fputc('}', out);
	}
	(void)fputs("]\n", out);
}
