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
#include "words.h"

#define NESTING_MAX 200
#define IDENTIFIER_MAX 64
#define STRING_MAX 65536
#define LEX_ERRORS_MAX 50

struct lexer {
	struct arena *arena;
	struct diag *diag;
	struct source *source;
	const char *at, *limit;
	struct words words;
	struct token *items;
	uint32_t count, capacity;
	struct comment *comments, **comments_tail;
	bool newline;
	bool skipped;     /* bytes before the next token made none */
	bool line_is_bad; /* an error was reported on this line */
	bool lost;        /* what follows has no meaning: it was not read */
	unsigned errors;
	const char *doc, *doc_end; /* /// lines that wait for a token right below */
	uint32_t doc_line;         /* of the last of them */
	/* open braces of each interpolation that is under way */
	uint32_t braces[NESTING_MAX];
	unsigned depth;
};

static struct span span_of(const struct lexer *lx, const char *from, const char *to) {
	return (struct span){ (uint32_t)(from - lx->source->text), (uint32_t)(to - from) };
}

static void report(struct lexer *lx, enum diag_code code, struct span span, const char *label,
	const char *message) {
	lx->line_is_bad = true;
	if (lx->errors++ < LEX_ERRORS_MAX) {
		(void)diag_report(lx->diag, code, lx->source, span, label, "%s", message);
	}
}

/* The /// lines without their slashes. */
static const char *doc_text(struct lexer *lx) {
	char *text = mem_alloc(lx->arena, (size_t)(lx->doc_end - lx->doc) + 1), *to = text;
	for (const char *at = lx->doc; at < lx->doc_end;) {
		while (memcmp(at, "///", 3) != 0) {
			at++;
		}
		at += at[3] == ' ' ? 4 : 3;
		const char *newline = memchr(at, '\n', (size_t)(lx->doc_end - at));
		const char *next = newline == NULL ? lx->doc_end : newline + 1;
		const char *end = newline == NULL ? lx->doc_end : newline;
		while (end > at && (end[-1] == '\r' || end[-1] == ' ' || end[-1] == '\t')) {
			end--;
		}
		memcpy(to, at, (size_t)(end - at));
		to += end - at;
		*to++ = '\n';
		at = next;
	}
	to[-1] = '\0';
	return text;
}

/* Those right above a word that begins at `from`, or NULL. */
static const char *doc_of(struct lexer *lx, const char *from) {
	if (lx->doc == NULL) {
		return NULL;
	}
	uint32_t at = span_of(lx, from, from).at;
	return src_position(lx->source, at).line == lx->doc_line + 1 ? doc_text(lx) : NULL;
}

static struct token *push(struct lexer *lx, int kind, const char *from, const char *to) {
	if (lx->count == lx->capacity) {
		/* Few sources have more, and memory that is not touched is free. */
		uint32_t usual = lx->source->size / 4 + 16;
		uint32_t capacity = lx->capacity == 0 ? usual : lx->capacity * 2;
		struct token *items = mem_alloc(lx->arena, capacity * sizeof(*items));
		if (lx->count > 0) {
			memcpy(items, lx->items, lx->count * sizeof(*items));
		}
		lx->items = items;
		lx->capacity = capacity;
	}
	struct token *token = &lx->items[lx->count++];
	*token = (struct token){ .kind = kind, .span = span_of(lx, from, to),
		.after_newline = lx->newline, .bad = lx->skipped };
	lx->newline = lx->skipped = false;
	lx->doc = NULL;
	return token;
}

/* ---- words ---- */

static void push_word(struct lexer *lx, const char *from, const char *to) {
	size_t size = (size_t)(to - from);
	const struct lex_word *word = words_find(&lx->words, from, size);
	int kind = word->kind;
	if (kind == T_IDENT && *to == '[' && strcmp(word->text, "parse") == 0) {
		kind = T_PARSE_BRACKET;
		to++;
	}
	lx->at = to;
	const char *doc = doc_of(lx, from);
	struct token *token = push(lx, kind, from, to);
	token->text = word->text;
	token->doc = doc;
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
		unsigned digit = (unsigned)(*c <= '9' ? *c - '0' : (*c | 0x20) - 'a' + 10);
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
		token->value.integer = (int64_t)value;
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
	token->value.real = strtod(text, NULL);
	if (to - from >= (ptrdiff_t)sizeof(text) || token->value.real > 1.7976931348623157e308) {
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
	token->value.integer = fits ? sum : 0;
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

static void add_bytes(
	struct lexer *lx, struct string_bytes *bytes, const char *data, size_t size) {
	if (size == 0) {
		return;
	}
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
	at += ok ? 1 : 0;
	while (ok && n < 7 && *at != '\0' && strchr("0123456789abcdefABCDEF", *at) != NULL) {
		code = code * 16 + (uint32_t)(*at <= '9' ? *at - '0' : (*at | 0x20) - 'a' + 10);
		at++;
		n++;
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

/* A string ends on its line, what is interpolated included. */
static void end_interpolations(struct lexer *lx) {
	for (; lx->depth > 0; lx->depth--) {
		struct token *token = push(lx, T_STRING_END, lx->at, lx->at);
		token->text = "";
		token->bad = true;
	}
}

/*
 * From the byte behind a quote, or behind the brace that ends an interpolated
 * expression, to the quote or brace that ends this piece.
 */
static void push_string(struct lexer *lx, const char *from, const char *at, bool goes_on) {
	struct string_bytes bytes = { 0 };
	for (;;) {
		size_t plain = strcspn(at, "\"{\\\n");
		add_bytes(lx, &bytes, at, plain);
		at += plain;
		if (*at != '\\') {
			break;
		}
		at = escape(lx, &bytes, at);
	}
	bool closed = at < lx->limit && *at == '"', opens = at < lx->limit && *at == '{';
	if (!closed && !opens) {
		report(lx, DIAG_STRING, span_of(lx, from, at), "no closing '\"' on this line",
			"the string does not end");
	}
	if (opens && lx->depth == NESTING_MAX) {
		/* Long before this the parser has said that it is too deep. */
		lx->at = lx->limit;
		return;
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
	if (!closed && !opens) {
		token->bad = true;
		end_interpolations(lx);
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
	/* Behind a token it is a remark on that line, not the text of what follows. */
	if (lx->count > 0 && !lx->newline) {
		return;
	}
	uint32_t line = src_position(lx->source, comment->span.at).line;
	if (lx->doc == NULL || lx->doc_line + 1 != line) {
		lx->doc = from;
	}
	lx->doc_end = to;
	lx->doc_line = line;
}

static void bad_comment(struct lexer *lx, const char *from) {
	report(lx, DIAG_SYNTAX, span_of(lx, from, from + 2), "no '*/' follows",
		"the comment does not end");
	lx->at = lx->limit;
	lx->lost = true;
}

/* ---- what only other languages know ---- */

static void foreign(struct lexer *lx, int kind, const char *from, const char *to, const char *label,
	const char *message) {
	lx->at = to;
	report(lx, DIAG_FOREIGN, span_of(lx, from, to), label, message);
	if (kind != 0) {
		push(lx, kind, from, to)->bad = true;
	}
}

static void single_quotes(struct lexer *lx, const char *from) {
	const char *at = from + 1;
	while (at < lx->limit && *at != '\n' && *at != *from) {
		at += *at == '\\' && at + 1 < lx->limit && at[1] != '\n' ? 2 : 1;
	}
	at += at < lx->limit && *at == *from ? 1 : 0;
	foreign(lx, T_STRING, from, at, "write it with \"", "strings stand in double quotes");
	lx->items[lx->count - 1].text = "";
}

static void bad_byte(struct lexer *lx, const char *from) {
	uint32_t code;
	size_t size = text_decode(from, (size_t)(lx->limit - from), &code);
	struct span span = span_of(lx, from, from + size);
	lx->at = from + size;
	lx->skipped = true;
	if (code == 0x201c || code == 0x201d) {
		foreign(lx, 0, from, from + size, "write a plain \"", "a typographic quote");
	} else if (text_is_space(code)) {
		report(lx, DIAG_SYNTAX, span, "write a plain space",
			"this looks like a space and is none");
	} else if (code == '\\') {
		report(lx, DIAG_SYNTAX, span, "quotes inside { } are written without it",
			"a '\\' outside a string");
	} else if (code >= 0x80) {
		while (lx->at < lx->limit && (text_is_name(lx->at, 1) || (*lx->at & 0x80) != 0)) {
			lx->at++;
		}
		report(lx, DIAG_SYNTAX, span_of(lx, from, lx->at),
			"names are made of a-z, A-Z, 0-9 and _", "this is no name");
		struct token *token = push(lx, T_IDENT, from, lx->at);
		token->text = "";
		token->bad = true;
	} else {
		report(lx, DIAG_SYNTAX, span, NULL, "this character has no meaning here");
	}
}

/* The whole text once, so that an invalid byte in a string or comment is found too. */
static void check_encoding(struct lexer *lx) {
	const char *at = lx->at;
	while (at < lx->limit) {
		if (*at > 0 && *at < 0x7f) {
			at++;
			continue;
		}
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

static void mark(struct lexer *lx, int kind, const char *to) {
	const char *from = lx->at;
	lx->at = to;
	(void)push(lx, kind, from, to);
}

static void bad_number(struct lexer *lx, const char *from, const char *to, const char *message) {
	report(lx, DIAG_NUMBER, span_of(lx, from, to), "units are ms, s, m, h, d and w", message);
	push(lx, T_DURATION, from, to)->bad = true;
}

static void newline(struct lexer *lx) {
	if (lx->depth > 0) {
		const struct token *last = &lx->items[lx->count - 1];
		if (!lx->line_is_bad) {
			report(lx, DIAG_STRING, (struct span){ last->span.at + last->span.len, 1 },
				"a '}' and a '\"' are missing",
				"the string does not end on its line");
		}
		end_interpolations(lx);
	}
	lx->newline = true;
	lx->line_is_bad = false;
}

static void scan(struct lexer *lx) {
	const char *YYCURSOR, *YYMARKER, *from;
	const char *YYLIMIT = lx->limit;
	while (lx->at < lx->limit && lx->errors < LEX_ERRORS_MAX) {
		from = lx->at;
		YYCURSOR = from;
		/*!re2c
		re2c:define:YYCTYPE = "unsigned char";
		re2c:yyfill:enable = 0;
		re2c:eof = 0;

		digits = [0-9] [0-9_]*;
		hex = "0" [xX] [0-9a-fA-F] [0-9a-fA-F_]*;
		unit = "ms" | [smhdw];
		word = [A-Za-z_] [A-Za-z0-9_]*;
		exponent = [eE] [-+]? [0-9]+;
		float = digits "." digits exponent? | digits exponent;

		* { bad_byte(lx, from); continue; }
		$ { lx->at = lx->limit; continue; }
		[ \t\r]+ { lx->at = YYCURSOR; continue; }
		"\n" { lx->at = YYCURSOR; newline(lx); continue; }
		"//" [^\n\x00]* { lx->at = YYCURSOR; add_comment(lx, from, YYCURSOR); continue; }
		"/*" ([^*\x00] | "*"+ [^*/\x00])* "*"+ "/" {
			lx->at = YYCURSOR;
			add_comment(lx, from, YYCURSOR);
			if (memchr(from, '\n', (size_t)(YYCURSOR - from)) != NULL) {
				newline(lx);
			}
			continue;
		}
		"/*" { bad_comment(lx, from); continue; }
		word { push_word(lx, from, YYCURSOR); continue; }
		digits | hex { lx->at = YYCURSOR; push_int(lx, from, YYCURSOR); continue; }
		float { lx->at = YYCURSOR; push_float(lx, from, YYCURSOR); continue; }
		(digits unit)+ { lx->at = YYCURSOR; push_duration(lx, from, YYCURSOR); continue; }
		digits word {
			lx->at = YYCURSOR;
			bad_number(lx, from, YYCURSOR, "this is no number or duration");
			continue;
		}
		digits "." digits unit {
			lx->at = YYCURSOR;
			bad_number(lx, from, YYCURSOR,
				"a duration is made of whole numbers: 1h30m");
			continue;
		}
		"\"" { push_string(lx, from, YYCURSOR, false); continue; }
		[{}] { lx->at = YYCURSOR; push_brace(lx, from, YYCURSOR); continue; }
		"(" { mark(lx, T_LPAREN, YYCURSOR); continue; }
		")" { mark(lx, T_RPAREN, YYCURSOR); continue; }
		"[" { mark(lx, T_LBRACKET, YYCURSOR); continue; }
		"]" { mark(lx, T_RBRACKET, YYCURSOR); continue; }
		"," { mark(lx, T_COMMA, YYCURSOR); continue; }
		";" { mark(lx, T_SEMI, YYCURSOR); continue; }
		":" { mark(lx, T_COLON, YYCURSOR); continue; }
		"." { mark(lx, T_DOT, YYCURSOR); continue; }
		".." { mark(lx, T_DOTDOT, YYCURSOR); continue; }
		"?" { mark(lx, T_QUESTION, YYCURSOR); continue; }
		"?" "?" { mark(lx, T_COALESCE, YYCURSOR); continue; }
		"->" { mark(lx, T_ARROW, YYCURSOR); continue; }
		"=>" { mark(lx, T_FAT_ARROW, YYCURSOR); continue; }
		"==" { mark(lx, T_EQ, YYCURSOR); continue; }
		"!=" { mark(lx, T_NE, YYCURSOR); continue; }
		"<=" { mark(lx, T_LE, YYCURSOR); continue; }
		">=" { mark(lx, T_GE, YYCURSOR); continue; }
		"<" { mark(lx, T_LT, YYCURSOR); continue; }
		">" { mark(lx, T_GT, YYCURSOR); continue; }
		"+=" { mark(lx, T_PLUS_ASSIGN, YYCURSOR); continue; }
		"-=" { mark(lx, T_MINUS_ASSIGN, YYCURSOR); continue; }
		"*=" { mark(lx, T_STAR_ASSIGN, YYCURSOR); continue; }
		"=" { mark(lx, T_ASSIGN, YYCURSOR); continue; }
		"+" { mark(lx, T_PLUS, YYCURSOR); continue; }
		"-" { mark(lx, T_MINUS, YYCURSOR); continue; }
		"*" { mark(lx, T_STAR, YYCURSOR); continue; }
		"/" { mark(lx, T_SLASH, YYCURSOR); continue; }
		"%" { mark(lx, T_PERCENT, YYCURSOR); continue; }
		"&&" | "&" {
			foreign(lx, T_AND, from, YYCURSOR, "write `and`", "there is no '&'");
			continue;
		}
		"||" | "|" {
			foreign(lx, T_OR, from, YYCURSOR, "write `or`", "there is no '|'");
			continue;
		}
		"!" {
			foreign(lx, T_NOT, from, YYCURSOR, "write `not`", "there is no '!'");
			continue;
		}
		['`] { single_quotes(lx, from); continue; }
		"#" [^\n\x00]* {
			foreign(lx, 0, from, YYCURSOR, "write //",
				"a comment does not begin with '#'");
			continue;
		}
		*/
	}
}

struct tokens lex_all(struct arena *arena, struct diag *diag, struct source *source) {
	struct lexer lx = { .arena = arena, .diag = diag, .source = source, .at = source->text,
		.limit = source->text + source->size };
	lx.comments_tail = &lx.comments;
	words_init(&lx.words, arena);
	check_encoding(&lx);
	if (lx.errors == 0) {
		scan(&lx);
	}
	(void)push(&lx, 0, lx.limit, lx.limit);
	return (struct tokens){ lx.items, lx.count, lx.comments, lx.errors == 0,
		lx.lost || lx.errors >= LEX_ERRORS_MAX };
}
