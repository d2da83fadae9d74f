/* Names, spans and errors: what all actions share. */
#include "build.h"

#include <stdarg.h>
#include <stdio.h>

void build_error(struct parse *p, enum diag_code code, struct span span, const char *label,
	const char *format, ...) {
	char text[256];
	va_list args;
	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	p->errors++;
	(void)diag_report(p->diag, code, p->source, span, label, "%s", text);
}

struct span build_join(struct span a, struct span b) {
	if (a.len == 0 && a.at == 0) {
		return b;
	}
	uint32_t from = a.at < b.at ? a.at : b.at;
	uint32_t a_end = a.at + a.len, b_end = b.at + b.len;
	return (struct span){ from, (a_end > b_end ? a_end : b_end) - from };
}

struct name build_name(struct parse *p, const struct token *token) {
	(void)p;
	return (struct name){ token->text, token->span };
}

void build_check_duration(struct parse *p, const struct expr *expr) {
	if (expr != NULL && expr->kind == EXPR_INT) {
		build_error(p, DIAG_FOREIGN, expr->span, "write its unit, like 24h or 24s",
			"a duration has a unit");
	}
}
