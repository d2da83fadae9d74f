/*
 * Bytes to tokens.
 *
 * re2c finds where a token ends; what it means is computed below.  A string is
 * read by hand, since an interpolated expression inside it may hold strings
 * itself: it comes as STRING_BEGIN, the expression's tokens, STRING_MIDDLE …
 * STRING_END, and `braces` counts what is open so that the right one closes it.
 */
#include "lex.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../dtfc/text.h"
#include "parse.h"

#define NESTING_MAX 128
#define IDENTIFIER_MAX 64
#define STRING_MAX 65536

struct lexer {
	struct arena *arena;
	struct diag *diag;
	struct source *source;
	const char *at, *limit;
	struct token *items;
	uint32_t count, capacity;
	struct comment *comments, **comments_tail;
	bool newline, ok;
	const char *doc; /* waiting for the next token */
	uint32_t doc_line; /* of its last line */
	/* open braces of each interpolation that is under way */
	uint32_t braces[NESTING_MAX];
	unsigned depth;
};

static struct span span_of(const struct lexer *lx, const char *from, const char *to) {
	return (struct span){ (uint32_t)(from - lx->source->text), (uint32_t)(to - from) };
}

static void report(struct lexer *lx, enum diag_code code, struct span span, const char *label,
	const char *message) {
	lx->ok = false;
	(void)diag_report(lx->diag, code, lx->source, span, label, "%s", message);
}

static struct token *push(struct lexer *lx, int kind, const char *from, const char *to) {
	if (lx->count == lx->capacity) {
		uint32_t capacity = lx->capacity == 0 ? 256 : lx->capacity * 2;
		struct token *items = mem_alloc(lx->arena, capacity * sizeof(*items));
		if (lx->count > 0) {
			memcpy(items, lx->items, lx->count * sizeof(*items));
		}
		lx->items = items;
		lx->capacity = capacity;
	}
	struct token *token = &lx->items[lx->count++];
	*token = (struct token){ .kind = kind, .span = span_of(lx, from, to),
		.after_newline = lx->newline, .doc = lx->doc };
	lx->newline = false;
	lx->doc = NULL;
	return token;
}

/* ---- words ---- */

static const struct {
	const char *text;
	int kind;
} words[] = {
	{ "activity", T_ACTIVITY }, { "after", T_AFTER }, { "and", T_AND }, { "as", T_AS },
	{ "at", T_AT }, { "backoff", T_BACKOFF }, { "break", T_BREAK }, { "call", T_CALL },
	{ "capacity", T_CAPACITY }, { "catch", T_CATCH }, { "const", T_CONST },
	{ "continue", T_CONTINUE }, { "deadline", T_DEADLINE }, { "do", T_DO }, { "else", T_ELSE },
	{ "enum", T_ENUM }, { "error", T_ERROR }, { "event", T_EVENT }, { "factor", T_FACTOR },
	{ "fail", T_FAIL }, { "fails", T_FAILS }, { "false", T_FALSE }, { "finally", T_FINALLY },
	{ "for", T_FOR }, { "forever", T_FOREVER }, { "heartbeat", T_HEARTBEAT }, { "id", T_ID },
	{ "if", T_IF }, { "import", T_IMPORT }, { "in", T_IN }, { "let", T_LET },
	{ "limit", T_LIMIT }, { "log", T_LOG }, { "loop", T_LOOP }, { "map", T_MAP },
	{ "match", T_MATCH }, { "none", T_NONE }, { "not", T_NOT }, { "on", T_ON }, { "or", T_OR },
	{ "package", T_PACKAGE }, { "parallel", T_PARALLEL }, { "priority", T_PRIORITY },
	{ "query", T_QUERY }, { "record", T_RECORD }, { "retry", T_RETRY }, { "return", T_RETURN },
	{ "select", T_SELECT }, { "settle", T_SETTLE }, { "shield", T_SHIELD },
	{ "sleep", T_SLEEP }, { "spawn", T_SPAWN }, { "status", T_STATUS }, { "tag", T_TAG },
	{ "timeout", T_TIMEOUT }, { "true", T_TRUE }, { "try", T_TRY }, { "undo", T_UNDO },
	{ "until", T_UNTIL }, { "var", T_VAR }, { "version", T_VERSION }, { "wait", T_WAIT },
	{ "while", T_WHILE }, { "with", T_WITH }, { "within", T_WITHIN },
	{ "workflow", T_WORKFLOW }, { "yield", T_YIELD },
};

static int compare_word(const void *key, const void *word) {
	return strcmp(key, ((const struct { const char *text; int kind; } *)word)->text);
}

static void push_word(struct lexer *lx, const char *from, const char *to) {
	size_t size = (size_t)(to - from);
	const char *text = mem_copy(lx->arena, from, size);
	const void *word = bsearch(text, words, sizeof(words) / sizeof(*words), sizeof(*words),
		compare_word);
	int kind = word == NULL ? T_IDENT :
				  words[(size_t)((const char *)word - (const char *)words) /
					  sizeof(*words)].kind;
	if (kind == T_IDENT && strcmp(text, "parse") == 0 && *to == '[') {
		kind = T_PARSE_BRACKET;
		lx->at = ++to;
	}
	struct token *token = push(lx, kind, from, to);
	token->text = text;
	token->size = (uint32_t)size;
	if (size > IDENTIFIER_MAX) {
		report(lx, DIAG_LIMIT, token->span, NULL, "a name has at most 64 characters");
	}
}

/* ---- numbers ---- */

static bool digits_value(const char *from, const char *to, unsigned base, uint64_t *ret) {
	uint64_t value = 0;
	for (const char *c = from; c < to; c++) {
		if (*c == '_') {
			continue;
		}
		unsigned digit = *c <= '9' ? (unsigned)(*c - '0')
					   : (unsigned)((*c | 0x20) - 'a') + 10;
		if (__builtin_mul_overflow(value, base, &value) ||
			__builtin_add_overflow(value, digit, &value)) {
			return false;
		}
	}
	*ret = value;
	return true;
}

static void push_int(struct lexer *lx, const char *from, const char *to) {
	bool hex = to - from > 2 && from[0] == '0' && (from[1] == 'x' || from[1] == 'X');
	struct token *token = push(lx, T_INT, from, to);
	uint64_t value;
	bool fits = digits_value(hex ? from + 2 : from, to, hex ? 16 : 10, &value);
	if (fits && value <= INT64_MAX) {
		token->integer = (int64_t)value;
	} else if (fits && value == (uint64_t)INT64_MAX + 1) {
		token->is_min = true;
	} else {
		report(lx, DIAG_NUMBER, token->span, NULL, "the number does not fit into 64 bits");
	}
}

static void push_float(struct lexer *lx, const char *from, const char *to) {
	struct token *token = push(lx, T_FLOAT, from, to);
	char text[128];
	size_t n = 0;
	for (const char *c = from; c < to && n < sizeof(text) - 1; c++) {
		if (*c != '_') {
			text[n++] = *c;
		}
	}
	text[n] = '\0';
	errno = 0;
	token->real = strtod(text, NULL);
	if (to - from >= (ptrdiff_t)sizeof(text) || token->real > 1.7976931348623157e308) {
		report(lx, DIAG_NUMBER, token->span, NULL, "the number does not fit into a float");
	}
}

/* 1h30m: each unit smaller than the one before is a matter of taste, not of sense. */
static void push_duration(struct lexer *lx, const char *from, const char *to) {
	static const struct {
		const char *unit;
		int64_t ms;
	} units[] = { { "ms", 1 }, { "s", 1000 }, { "m", 60000 }, { "h", 3600000 },
		{ "d", 86400000 }, { "w", 604800000 } };
	struct token *token = push(lx, T_DURATION, from, to);
	int64_t sum = 0;
	bool fits = true;
	for (const char *c = from; c < to && fits;) {
		const char *digits = c;
		while (*c >= '0' && (*c <= '9' || *c == '_')) {
			c++;
		}
		uint64_t value;
		size_t i = 0;
		while (strncmp(c, units[i].unit, strlen(units[i].unit)) != 0) {
			i++;
		}
		int64_t part;
		fits = digits_value(digits, c, 10, &value) && value <= INT64_MAX &&
			!__builtin_mul_overflow((int64_t)value, units[i].ms, &part) &&
			!__builtin_add_overflow(sum, part, &sum);
		c += strlen(units[i].unit);
	}
	token->integer = fits ? sum : 0;
	if (!fits) {
		report(lx, DIAG_NUMBER, token->span, NULL,
			"the duration does not fit into 64 bits");
	}
}

/* ---- strings ---- */

struct string_bytes {
	char *data;
	uint32_t size, capacity;
};

static void add_bytes(struct lexer *lx, struct string_bytes *bytes, const char *data, size_t size) {
	if (bytes->size + size > bytes->capacity) {
		uint32_t capacity = bytes->capacity * 2 + 64 + (uint32_t)size;
		char *grown = mem_alloc(lx->arena, capacity);
		if (bytes->size > 0) {
			memcpy(grown, bytes->data, bytes->size);
		}
		bytes->data = grown;
		bytes->capacity = capacity;
	}
	memcpy(bytes->data + bytes->size, data, size);
	bytes->size += (uint32_t)size;
}

/* \u{1F600}; at points behind the u. */
static const char *code_escape(struct lexer *lx, struct string_bytes *bytes, const char *start,
	const char *at) {
	uint32_t code = 0;
	unsigned n = 0;
	bool ok = *at == '{';
	for (at += ok ? 1 : 0; ok && n < 7 && *at != '\0' &&
		strchr("0123456789abcdefABCDEF", *at) != NULL;
		at++, n++) {
		code = code * 16 + (uint32_t)(*at <= '9' ? *at - '0' : (*at | 0x20) - 'a' + 10);
	}
	ok = ok && n > 0 && *at == '}';
	at += ok ? 1 : 0;
	if (!ok || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) {
		report(lx, DIAG_STRING, span_of(lx, start, at), "write it like \\u{1F600}",
			"this is no Unicode code point");
	} else if (code == 0) {
		report(lx, DIAG_STRING, span_of(lx, start, at), NULL,
			"a string cannot contain U+0000");
	} else {
		char utf8[4];
		add_bytes(lx, bytes, utf8, text_encode(code, utf8));
	}
	return at;
}

static const char *escape(struct lexer *lx, struct string_bytes *bytes, const char *at) {
	static const char from[] = "nt\"\\{}", to[] = "\n\t\"\\{}";
	const char *found = at[1] == '\0' ? NULL : strchr(from, at[1]);
	if (found != NULL) {
		add_bytes(lx, bytes, &to[found - from], 1);
		return at + 2;
	}
	if (at[1] == 'u') {
		return code_escape(lx, bytes, at, at + 2);
	}
	report(lx, DIAG_STRING, span_of(lx, at, at + (at + 1 < lx->limit && at[1] != '\n' ? 2 : 1)),
		"known are \\n \\t \\\" \\\\ \\{ \\} \\u{…}", "unknown escape in a string");
	return at + 1;
}

/*
 * From the byte behind a quote, or behind the brace that ends an interpolated
 * expression, to the quote or brace that ends this piece.
 */
static void push_string(struct lexer *lx, const char *from, const char *at, bool goes_on) {
	struct string_bytes bytes = { 0 };
	while (at < lx->limit && *at != '"' && *at != '{' && *at != '\n') {
		if (*at == '\\') {
			at = escape(lx, &bytes, at);
			continue;
		}
		add_bytes(lx, &bytes, at, 1);
		at++;
	}
	bool closed = at < lx->limit && *at == '"', opens = at < lx->limit && *at == '{';
	if (!closed && !opens) {
		report(lx, DIAG_STRING, span_of(lx, from, at), "no closing '\"' on this line",
			"the string does not end");
	}
	if (opens && lx->depth == NESTING_MAX) {
		report(lx, DIAG_LIMIT, span_of(lx, at, at + 1), NULL,
			"strings are nested too deeply (limit 128)");
		opens = false;
	}
	int kind = opens ? (goes_on ? T_STRING_MIDDLE : T_STRING_BEGIN) :
			   (goes_on ? T_STRING_END : T_STRING);
	lx->at = closed || opens ? at + 1 : at;
	struct token *token = push(lx, kind, from, lx->at);
	token->text = mem_copy(lx->arena, bytes.data == NULL ? "" : bytes.data, bytes.size);
	token->size = bytes.size;
	if (opens) {
		lx->braces[lx->depth++] = 0;
	}
	if (bytes.size > STRING_MAX) {
		report(lx, DIAG_LIMIT, token->span, NULL, "a string has at most 65,536 bytes");
	}
}

static void push_brace(struct lexer *lx, const char *from, const char *to) {
	bool open = *from == '{';
	if (lx->depth > 0 && !open && lx->braces[lx->depth - 1] == 0) {
		lx->depth--;
		push_string(lx, from, to, true);
		return;
	}
	if (lx->depth > 0) {
		lx->braces[lx->depth - 1] += open ? 1u : (uint32_t)-1;
	}
	(void)push(lx, open ? T_LBRACE : T_RBRACE, from, to);
}

/* ---- comments ---- */

static void add_comment(struct lexer *lx, const char *from, const char *to) {
	struct comment *comment = mem_new(lx->arena, struct comment);
	comment->span = span_of(lx, from, to);
	comment->is_doc = to - from >= 3 && from[0] == '/' && from[1] == '/' && from[2] == '/' &&
		(to - from == 3 || from[3] != '/');
	*lx->comments_tail = comment;
	lx->comments_tail = &comment->next;
	if (!comment->is_doc) {
		return;
	}
	from += 3;
	from += from < to && *from == ' ' ? 1 : 0;
	while (to > from && (to[-1] == '\r' || to[-1] == ' ' || to[-1] == '\t')) {
		to--;
	}
	uint32_t line = src_position(lx->source, comment->span.at).line;
	bool goes_on = lx->doc != NULL && lx->doc_line + 1 == line;
	lx->doc = goes_on ? mem_printf(lx->arena, "%s\n%.*s", lx->doc, (int)(to - from), from) :
			    mem_copy(lx->arena, from, (size_t)(to - from));
	lx->doc_line = line;
}

static void bad_comment(struct lexer *lx, const char *from) {
	report(lx, DIAG_SYNTAX, span_of(lx, from, from + 2), "no '*/' follows",
		"the comment does not end");
	lx->at = lx->limit;
}

/* ---- bytes that are no token ---- */

static void bad_byte(struct lexer *lx, const char *from) {
	uint32_t code;
	size_t size = text_decode(from, (size_t)(lx->limit - from), &code);
	struct span span = span_of(lx, from, from + size);
	lx->at = from + size;
	if (*from == '\0') {
		report(lx, DIAG_ENCODING, span, NULL, "a NUL byte in the text");
	} else if (code == TEXT_INVALID) {
		report(lx, DIAG_ENCODING, span, NULL, "the text is not valid UTF-8 here");
	} else if (*from == '\'') {
		report(lx, DIAG_FOREIGN, span, "strings are written with \"", "unexpected '''");
	} else if (*from == '&' || *from == '|') {
		report(lx, DIAG_FOREIGN, span, *from == '&' ? "write `and`" : "write `or`",
			*from == '&' ? "unexpected '&'" : "unexpected '|'");
	} else if (*from == '!') {
		report(lx, DIAG_FOREIGN, span, "write `not`", "unexpected '!'");
	} else {
		report(lx, DIAG_SYNTAX, span, NULL, "this character has no meaning here");
	}
}

/* The whole text once, so that an invalid byte in a string or comment is found too. */
static void check_encoding(struct lexer *lx) {
	const char *at = lx->at;
	while (at < lx->limit) {
		uint32_t code;
		size_t size = text_decode(at, (size_t)(lx->limit - at), &code);
		if (code == TEXT_INVALID || code == 0) {
			report(lx, DIAG_ENCODING, span_of(lx, at, at + size), NULL,
				code == 0 ? "a NUL byte in the text" :
					    "the text is not valid UTF-8 here");
			return;
		}
		at += size;
	}
}

/* ---- the scanner ---- */

static void punctuation(struct lexer *lx, int kind, const char *from, const char *to) {
	lx->at = to;
	(void)push(lx, kind, from, to);
}

static void scan(struct lexer *lx) {
	const char *YYCURSOR, *YYMARKER, *from;
	const char *YYLIMIT = lx->limit;
	while (lx->at < lx->limit) {
		from = lx->at;
		YYCURSOR = from;
		/*!re2c
		re2c:define:YYCTYPE = "unsigned char";
		re2c:yyfill:enable = 0;
		re2c:eof = 0;

		digits = [0-9] [0-9_]*;
		unit = "ms" | [smhdw];
		word = [A-Za-z_] [A-Za-z0-9_]*;
		exponent = [eE] [-+]? [0-9]+;

		* { bad_byte(lx, from); continue; }
		$ { lx->at = lx->limit; continue; }
		[ \t\r]+ { lx->at = YYCURSOR; continue; }
		"\n" { lx->at = YYCURSOR; lx->newline = true; continue; }
		"//" [^\n\x00]* { lx->at = YYCURSOR; add_comment(lx, from, YYCURSOR); continue; }
		"/*" ([^*\x00] | "*"+ [^*/\x00])* "*"+ "/" {
			lx->at = YYCURSOR;
			lx->newline = lx->newline ||
				memchr(from, '\n', (size_t)(YYCURSOR - from)) != NULL;
			add_comment(lx, from, YYCURSOR);
			continue;
		}
		"/*" { bad_comment(lx, from); continue; }
		word { lx->at = YYCURSOR; push_word(lx, from, YYCURSOR); continue; }
		digits | "0" [xX] [0-9a-fA-F] [0-9a-fA-F_]* {
			lx->at = YYCURSOR;
			push_int(lx, from, YYCURSOR);
			continue;
		}
		digits "." digits exponent? | digits exponent {
			lx->at = YYCURSOR;
			push_float(lx, from, YYCURSOR);
			continue;
		}
		(digits unit)+ { lx->at = YYCURSOR; push_duration(lx, from, YYCURSOR); continue; }
		digits word {
			lx->at = YYCURSOR;
			report(lx, DIAG_NUMBER, span_of(lx, from, YYCURSOR),
				"units are ms s m h d w", "this is no number or duration");
			(void)push(lx, T_INT, from, YYCURSOR);
			continue;
		}
		"\"" { push_string(lx, from, YYCURSOR, false); continue; }
		[{}] { lx->at = YYCURSOR; push_brace(lx, from, YYCURSOR); continue; }
		"(" { punctuation(lx, T_LPAREN, from, YYCURSOR); continue; }
		")" { punctuation(lx, T_RPAREN, from, YYCURSOR); continue; }
		"[" { punctuation(lx, T_LBRACKET, from, YYCURSOR); continue; }
		"]" { punctuation(lx, T_RBRACKET, from, YYCURSOR); continue; }
		"," { punctuation(lx, T_COMMA, from, YYCURSOR); continue; }
		";" { punctuation(lx, T_SEMI, from, YYCURSOR); continue; }
		":" { punctuation(lx, T_COLON, from, YYCURSOR); continue; }
		".." { punctuation(lx, T_DOTDOT, from, YYCURSOR); continue; }
		"." { punctuation(lx, T_DOT, from, YYCURSOR); continue; }
		"??" { punctuation(lx, T_COALESCE, from, YYCURSOR); continue; }
		"?" { punctuation(lx, T_QUESTION, from, YYCURSOR); continue; }
		"->" { punctuation(lx, T_ARROW, from, YYCURSOR); continue; }
		"=>" { punctuation(lx, T_FAT_ARROW, from, YYCURSOR); continue; }
		"==" { punctuation(lx, T_EQ, from, YYCURSOR); continue; }
		"!=" { punctuation(lx, T_NE, from, YYCURSOR); continue; }
		"<=" { punctuation(lx, T_LE, from, YYCURSOR); continue; }
		">=" { punctuation(lx, T_GE, from, YYCURSOR); continue; }
		"<" { punctuation(lx, T_LT, from, YYCURSOR); continue; }
		">" { punctuation(lx, T_GT, from, YYCURSOR); continue; }
		"+=" { punctuation(lx, T_PLUS_ASSIGN, from, YYCURSOR); continue; }
		"-=" { punctuation(lx, T_MINUS_ASSIGN, from, YYCURSOR); continue; }
		"*=" { punctuation(lx, T_STAR_ASSIGN, from, YYCURSOR); continue; }
		"=" { punctuation(lx, T_ASSIGN, from, YYCURSOR); continue; }
		"+" { punctuation(lx, T_PLUS, from, YYCURSOR); continue; }
		"-" { punctuation(lx, T_MINUS, from, YYCURSOR); continue; }
		"*" { punctuation(lx, T_STAR, from, YYCURSOR); continue; }
		"/" { punctuation(lx, T_SLASH, from, YYCURSOR); continue; }
		"%" { punctuation(lx, T_PERCENT, from, YYCURSOR); continue; }
		*/
	}
}

struct tokens lex_all(struct arena *arena, struct diag *diag, struct source *source) {
	struct lexer lx = { .arena = arena, .diag = diag, .source = source, .at = source->text,
		.limit = source->text + source->size, .ok = true };
	lx.comments_tail = &lx.comments;
	check_encoding(&lx);
	if (lx.ok) {
		scan(&lx);
	}
	(void)push(&lx, 0, lx.limit, lx.limit);
	return (struct tokens){ lx.items, lx.count, lx.comments, lx.ok };
}
