/*
 * A page is Markdown that reads well as it is, so little is done to it for a
 * terminal: headings are bold, code is indented instead of fenced, a link is its
 * text.  The lines stay as they are in the file, short enough for any terminal.
 */
#include "explain.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "diag.h"
#include "suggest.h"
#include "text.h"

/* NULL: an error */
static const char *warning_name(const struct explain_page *page) {
	for (int code = 0; code < DIAG_COUNT; code++) {
		if (diag_number((enum diag_code)code) == page->number) {
			return diag_warning((enum diag_code)code);
		}
	}
	return NULL;
}

/* ---- finding ---- */

/* Is it a code, with or without DTF before it? */
static bool read_code(const char *wanted, unsigned *ret_number) {
	const char *digits = strncasecmp(wanted, "DTF", 3) == 0 ? wanted + 3 : wanted;
	size_t len = strlen(digits);

	if (len == 0 || len > 4 || strspn(digits, "0123456789") != len) {
		return false;
	}
	*ret_number = (unsigned)strtoul(digits, NULL, 10);
	return true;
}

const struct explain_page *explain_find(const char *wanted) {
	unsigned number = 0;
	bool is_code = read_code(wanted, &number);

	for (size_t i = 0; i < explain_npages; i++) {
		const struct explain_page *page = &explain_pages[i];
		const char *name = warning_name(page);
		if (is_code ? page->number == number : name && strcmp(name, wanted) == 0) {
			return page;
		}
	}
	return NULL;
}

static void print_near(unsigned number, FILE *out) {
	const struct explain_page *below = NULL, *above = NULL;

	for (size_t i = 0; i < explain_npages && above == NULL; i++) {
		if (explain_pages[i].number < number) {
			below = &explain_pages[i];
		} else {
			above = &explain_pages[i];
		}
	}
	(void)fprintf(out, "there is no code DTF%04u; the nearest ", number);
	if (below != NULL && above != NULL) {
		(void)fprintf(out, "are DTF%04u and DTF%04u", below->number, above->number);
	} else if (below != NULL) {
		(void)fprintf(out, "is DTF%04u", below->number);
	} else if (above != NULL) {
		(void)fprintf(out, "is DTF%04u", above->number);
	}
}

void explain_unknown(const char *wanted, FILE *out) {
	unsigned number = 0;

	(void)fputs("dtfc: ", out);
	if (read_code(wanted, &number)) {
		print_near(number, out);
	} else {
		struct suggest suggest = { .wanted = wanted };
		for (int code = 0; code < DIAG_COUNT; code++) {
			const char *name = diag_warning((enum diag_code)code);
			if (name != NULL) {
				suggest_offer(&suggest, name);
			}
		}
		const char *best = suggest_best(&suggest);
		(void)fprintf(out, "there is no code and no warning '%s'", wanted);
		if (best != NULL) {
			(void)fprintf(out, ", did you mean '%s'?", best);
		}
	}
	(void)fputs("\n(dtfc explain lists all)\n", out);
}

/* ---- for people ---- */

struct style {
	const char *bold, *code, *off;
};

static const struct style plain = { "", "", "" };
static const struct style coloured = { "\033[1m", "\033[36m", "\033[0m" };

static void print_list(FILE *out) {
	for (size_t i = 0; i < explain_npages; i++) {
		const struct explain_page *page = &explain_pages[i];
		const char *name = warning_name(page);
		(void)fprintf(out, "DTF%04u  %s%s%s%s\n", page->number, page->title,
			name != NULL ? " [" : "", name != NULL ? name : "",
			name != NULL ? "]" : "");
	}
}

/* `code` and [text](address); between backticks nothing else has a meaning. */
static void print_prose(FILE *out, const char *line, size_t len, const struct style *style) {
	bool in_code = false, in_link = false;

	for (size_t i = 0; i < len; i++) {
		if (line[i] == '`') {
			in_code = !in_code;
			const char *colour = in_code ? style->code : style->off;
			(void)fputs(*colour != '\0' ? colour : "`", out);
		} else if (!in_code && line[i] == '[') {
			in_link = true;
		} else if (!in_code && in_link && line[i] == ']') {
			in_link = false;
			i += strcspn(line + i, ")");
		} else {
			(void)fputc(line[i], out);
		}
	}
	(void)fputc('\n', out);
}

static void print_page(const struct explain_page *page, FILE *out, const struct style *style) {
	bool in_code = false;

	for (const char *line = page->text; *line != '\0'; line += strcspn(line, "\n") + 1) {
		int len = (int)strcspn(line, "\n");
		if (strncmp(line, "```", 3) == 0) {
			in_code = !in_code;
		} else if (in_code) {
			(void)fprintf(out, "%s%.*s\n", len > 0 ? "    " : "", len, line);
		} else if (*line == '#') {
			int marks = (int)strspn(line, "# ");
			(void)fprintf(out, "%s%.*s%s\n", style->bold, len - marks, line + marks,
				style->off);
		} else {
			print_prose(out, line, (size_t)len, style);
		}
	}
}

void explain_print(const struct explain_page *page, FILE *out, bool colour) {
	if (page != NULL) {
		print_page(page, out, colour ? &coloured : &plain);
	} else {
		print_list(out);
	}
}

/* ---- for programs ---- */

static void print_json(const struct explain_page *page, FILE *out, bool with_text) {
	const char *name = warning_name(page);

	(void)fprintf(out, "{\"code\":\"DTF%04u\",\"severity\":\"%s\"", page->number,
		name != NULL ? "warning" : "error");
	if (name != NULL) {
		(void)fprintf(out, ",\"name\":\"%s\"", name);
	}
	(void)fputs(",\"title\":", out);
	text_print_json(out, page->title);
	if (with_text) {
		(void)fputs(",\"text\":", out);
		text_print_json(out, page->text);
	}
	(void)fputc('}', out);
}

void explain_print_json(const struct explain_page *page, FILE *out) {
	if (page != NULL) {
		print_json(page, out, true);
		(void)fputc('\n', out);
		return;
	}
	for (size_t i = 0; i < explain_npages; i++) {
		(void)fputs(i == 0 ? "[" : ",\n ", out);
		print_json(&explain_pages[i], out, false);
	}
	(void)fputs("]\n", out);
}
