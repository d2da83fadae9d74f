/* `dtfc explain`: a page about each code, docs/explain/ as it was when dtfc was built. */
#ifndef DTFC_EXPLAIN_H
#define DTFC_EXPLAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct explain_page {
	unsigned number;
	const char *title;
	const char *text; /* Markdown, the title included */
};

/* By number; pages.py writes them. */
extern const struct explain_page explain_pages[];
extern const size_t explain_npages;

/* The page about "DTF0203", "203" or a warning of that name; NULL: there is none. */
const struct explain_page *explain_find(const char *wanted);
/* Says that there is none, and what is near. */
void explain_unknown(const char *wanted, FILE *out);

/* The page, or a line about each if it is NULL. */
void explain_print(const struct explain_page *page, FILE *out, bool colour);
/* The same as a JSON object, or an array of them without the texts. */
void explain_print_json(const struct explain_page *page, FILE *out);

#endif
