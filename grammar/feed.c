/*
 * From tokens to the parser: where a statement ends, which brace opens a
 * literal, and what to say when a token does not fit.
 *
 * Newlines.  One ends a statement when the token before it can end one, except
 * inside ( ) and [ ], and except before `undo` and `with` right behind a
 * durable call and `else`, `catch`, `finally` behind a brace.  A SEMI stands
 * before every brace that closes a block, so the grammar needs one rule.
 *
 * Braces.  Between a word like `if`, `for` or `workflow` and its block ("the
 * head") a bare brace is the block's; at the start of a statement too.
 * Elsewhere a brace behind a name or where an expression begins is a literal's.
 *
 * Errors.  Lemon has reduced by the time it calls %syntax_error, so the parser
 * is asked before a token is fed: then the set of what would fit is exact.
 */
#include <stdlib.h>
#include <string.h>

#include "../dtfc/suggest.h"
#include "build.h"
#include "grammar.h"
#include "parse.h"

#define NESTING_MAX 128

void *ParseAlloc(void *(*allocate)(size_t size));
void ParseFree(void *parser, void (*release)(void *memory));
void Parse(void *parser, int kind, struct token token, struct parse *p);

enum bracket_kind { BASE, PAREN, SQUARE, BLOCK, LITERAL, INTERPOLATION };

struct bracket {
	enum bracket_kind kind;
	bool head;   /* a block's brace is still to come on this level */
	int durable; /* 2: of a do, call or spawn, or its `with`; 1: of an undo's call */
	bool names;  /* of an enum: every word is a name */
	const struct token *token;
};

struct feed {
	struct parse p;
	const struct tokens *tokens;
	uint32_t at; /* index of the token being looked at */
	struct bracket stack[NESTING_MAX + 2];
	unsigned depth;             /* index of the innermost */
	const struct token *before; /* last one fed, SEMI included; NULL at first */
	int closed_durable;         /* `before` closed one of these; 0: none */
	bool said;                  /* the token being fed was reported */
	bool stopped;
};

/* ---- what kinds of tokens there are ---- */

static bool is_word(const struct token *token) {
	return token->text != NULL && token->kind != T_STRING && token->kind != T_STRING_BEGIN &&
		token->kind != T_STRING_MIDDLE && token->kind != T_STRING_END;
}

/* Can it end a statement?  Any word can that is not reserved for something else. */
static bool can_end(const struct token *token) {
	switch (token->kind) {
	case T_INT:
	case T_FLOAT:
	case T_DURATION:
	case T_STRING:
	case T_STRING_END:
	case T_TRUE:
	case T_FALSE:
	case T_NONE:
	case T_RPAREN:
	case T_RBRACKET:
	case T_RBRACE:
	case T_QUESTION:
	case T_RETURN:
	case T_BREAK:
	case T_CONTINUE:
	case T_FAIL:
		return true;
	default:
		return token->kind == T_IDENT || parse_is_contextual(token->kind);
	}
}

/* Does an expression begin behind it? */
static bool begins_expression(const struct token *token) {
	switch (token->kind) {
	case T_ASSIGN:
	case T_PLUS_ASSIGN:
	case T_MINUS_ASSIGN:
	case T_STAR_ASSIGN:
	case T_LPAREN:
	case T_LBRACKET:
	case T_COMMA:
	case T_COLON:
	case T_RETURN:
	case T_YIELD:
	case T_STATUS:
	case T_COALESCE:
	case T_EQ:
	case T_NE:
	case T_PLUS:
		return true;
	default:
		return false;
	}
}

static bool starts_statement(const struct feed *feed) {
	return feed->before == NULL || feed->before->kind == T_SEMI ||
		feed->before->kind == T_LBRACE || feed->before->kind == T_RBRACE;
}

/* ---- heads and brackets ---- */

static bool opens_head(const struct feed *feed, const struct token *token) {
	switch (token->kind) {
	case T_IF:
	case T_WHILE:
	case T_FOR:
	case T_MATCH:
	case T_WITHIN:
	case T_PARALLEL:
	case T_CATCH:
	case T_AS:
		return true;
	case T_ID:
		return feed->before != NULL && feed->before->kind == T_RPAREN;
	case T_RECORD:
	case T_ENUM:
	case T_ERROR:
	case T_ACTIVITY:
	case T_EVENT:
	case T_WORKFLOW:
	case T_QUERY:
	case T_ON:
	case T_AFTER:
	case T_AT:
		return starts_statement(feed);
	default:
		return false;
	}
}

/* `(` behind do NAME, call PACKAGE.NAME, spawn, undo. */
static int opens_durable(const struct feed *feed) {
	const struct token *items = feed->tokens->items;
	uint32_t i = feed->at;
	if (i < 2 || !is_word(&items[i - 1])) {
		return 0;
	}
	i--;
	if (i >= 3 && items[i - 1].kind == T_DOT && is_word(&items[i - 2])) {
		i -= 2;
	}
	int kind = items[i - 1].kind;
	bool step = kind == T_DO || kind == T_CALL || kind == T_SPAWN;
	return step ? 2 : kind == T_UNDO ? 1 : 0;
}

static enum bracket_kind brace_kind(const struct feed *feed) {
	const struct token *before = feed->before;
	if (before == NULL || feed->stack[feed->depth].head) {
		return BLOCK;
	}
	if (begins_expression(before)) {
		return LITERAL;
	}
	return before->kind == T_IDENT ? LITERAL : BLOCK;
}

static void open_bracket(struct feed *feed, const struct token *token, enum bracket_kind kind) {
	if (feed->depth >= NESTING_MAX) {
		build_error(&feed->p, DIAG_LIMIT, token->span, NULL, "nested too deeply (limit %d)",
			NESTING_MAX);
		feed->stopped = true;
		return;
	}
	struct bracket *outer = &feed->stack[feed->depth];
	struct bracket *bracket = &feed->stack[++feed->depth];
	*bracket = (struct bracket){ .kind = kind, .token = token };
	if (kind == PAREN) {
		bracket->durable = opens_durable(feed);
	} else if (kind == BLOCK) {
		bracket->durable = feed->before != NULL && feed->before->kind == T_WITH ? 2 : 0;
		bracket->names = outer->names;
		outer->head = false;
		outer->names = false;
	}
}

static void close_bracket(struct feed *feed, const struct token *token) {
	bool brace = token->kind == T_RBRACE;
	unsigned depth = feed->depth;
	/* A closer closes what it can: what is open inside was forgotten. */
	while (depth > 0) {
		enum bracket_kind kind = feed->stack[depth].kind;
		bool fits = token->kind == T_RPAREN   ? kind == PAREN
			: token->kind == T_RBRACKET   ? kind == SQUARE
			: token->kind == T_STRING_END ? kind == INTERPOLATION
						      : kind == BLOCK || kind == LITERAL;
		if (fits) {
			feed->closed_durable = feed->stack[depth].durable;
			feed->depth = depth - 1;
			return;
		}
		if (!brace && (kind == BLOCK || kind == LITERAL)) {
			return;
		}
		depth--;
	}
}

/* ---- messages ---- */

static const char *token_text(struct feed *feed, const struct token *token) {
	if (token->kind == 0) {
		return "end of file";
	}
	if (token->kind == T_SEMI && token->span.len == 0) {
		return "end of line";
	}
	if (token->kind == T_STRING || token->kind == T_STRING_BEGIN ||
		token->kind == T_STRING_MIDDLE || token->kind == T_STRING_END) {
		return "a string";
	}
	return mem_printf(feed->p.arena, "'%.*s'", (int)token->span.len,
		feed->p.source->text + token->span.at);
}

/* Fits here: "an expression", "'{'", "a name, ')' or ','". */
static const char *expected_text(struct feed *feed) {
	void *parser = feed->p.parser;
	const char *items[6];
	unsigned n = 0;
	bool expression = parse_would_accept(parser, T_INT) && parse_would_accept(parser, T_STRING);
	if (expression) {
		items[n++] = "an expression";
	} else if (parse_would_accept(parser, T_IDENT)) {
		items[n++] = "a name";
	} else if (parse_would_accept(parser, T_WORKFLOW)) {
		return "a declaration";
	}
	static const int worth_saying[] = { T_SEMI, T_RBRACE, T_RPAREN, T_RBRACKET, T_LBRACE,
		T_LPAREN, T_ASSIGN, T_COLON, T_COMMA, T_FAT_ARROW, T_DOTDOT, T_IN, T_STRING,
		T_INT };
	size_t count = sizeof(worth_saying) / sizeof(*worth_saying);
	for (size_t i = 0; i < count && n < 4; i++) {
		bool part = expression &&
			(worth_saying[i] == T_LPAREN || worth_saying[i] == T_STRING ||
				worth_saying[i] == T_INT);
		if (!part && parse_would_accept(parser, worth_saying[i])) {
			items[n++] = lex_kind_name(worth_saying[i]);
		}
	}
	if (n == 0) {
		return NULL;
	}
	const char *text = items[0];
	for (unsigned i = 1; i < n; i++) {
		text = mem_printf(
			feed->p.arena, "%s%s%s", text, i + 1 == n ? " or " : ", ", items[i]);
	}
	return text;
}

/* What people write who come from another language; NULL: nothing that is known. */
static const char *habit(const struct feed *feed, const struct token *token) {
	const struct token *before = feed->before;
	const char *word = before != NULL && before->kind == T_IDENT ? before->text : "";
	if (token->kind == T_ASSIGN && feed->stack[feed->depth].head) {
		return "comparing is written ==";
	}
	if (token->kind == T_LBRACE && parse_would_accept(feed->p.parser, T_FAT_ARROW)) {
		return "an arm is written `value => { … }`";
	}
	if (strcmp(word, "await") == 0) {
		return "a step is run with `do`";
	}
	if (strcmp(word, "function") == 0 || strcmp(word, "func") == 0 ||
		strcmp(word, "def") == 0 || strcmp(word, "fn") == 0) {
		return "declarations begin with `workflow` or `activity`";
	}
	if (token->kind == T_PLUS && before != NULL && before->kind == T_PLUS) {
		return "write `x += 1`";
	}
	if (token->kind == T_DOTDOT || (before != NULL && before->kind == T_DOTDOT)) {
		return "durations have a unit: 1s..5m";
	}
	return NULL;
}

static const char *misspelt(struct feed *feed, const struct token *token) {
	static const struct {
		const char *text;
		int kind;
	} keywords[] = { { "workflow", T_WORKFLOW }, { "activity", T_ACTIVITY },
		{ "record", T_RECORD }, { "event", T_EVENT }, { "import", T_IMPORT },
		{ "package", T_PACKAGE }, { "const", T_CONST }, { "enum", T_ENUM },
		{ "error", T_ERROR }, { "fails", T_FAILS }, { "timeout", T_TIMEOUT },
		{ "retry", T_RETRY }, { "backoff", T_BACKOFF }, { "deadline", T_DEADLINE },
		{ "factor", T_FACTOR }, { "catch", T_CATCH }, { "finally", T_FINALLY },
		{ "else", T_ELSE }, { "after", T_AFTER } };
	if (token == NULL || token->kind != T_IDENT) {
		return NULL;
	}
	struct suggest suggest = { .wanted = token->text };
	for (size_t i = 0; i < sizeof(keywords) / sizeof(*keywords); i++) {
		if (parse_would_accept(feed->p.parser, keywords[i].kind)) {
			suggest_offer(&suggest, keywords[i].text);
		}
	}
	const char *best = suggest_best(&suggest);
	return best == NULL ? NULL : mem_printf(feed->p.arena, "did you mean '%s'?", best);
}

static void report_unexpected(struct feed *feed, const struct token *token) {
	struct parse *p = &feed->p;
	const char *label = habit(feed, token);
	if (label == NULL) {
		label = misspelt(feed, token);
	}
	const char *expected = expected_text(feed);
	struct span span = token->span;
	bool late = token->kind == T_SEMI && span.len == 0;
	if (late && feed->before != NULL) {
		span = (struct span){ feed->before->span.at + feed->before->span.len, 1 };
	}
	const char *text = expected == NULL
		? mem_printf(p->arena, "unexpected %s", token_text(feed, token))
		: mem_printf(p->arena, "unexpected %s, expected %s", token_text(feed, token),
			  expected);
	p->reported = true;
	struct diagnostic *said = diag_report(p->diag, label != NULL ? DIAG_FOREIGN : DIAG_SYNTAX,
		p->source, span, label, "%s", text);
	const struct bracket *open = &feed->stack[feed->depth];
	if (token->kind == 0 && open->kind != BASE) {
		diag_note(p->diag, said, p->source, open->token->span, "this is still open");
	}
}

/* Behind an error the parser still owes reductions when it is asked, so a token
 * may turn out not to fit only while it is fed. */
void feed_syntax_error(struct parse *p) {
	struct feed *feed = (struct feed *)p;
	if (!feed->said) {
		report_unexpected(feed, p->token);
	}
}

void feed_too_deep(struct parse *p) {
	struct feed *feed = (struct feed *)p;
	if (!feed->stopped) {
		build_error(p, DIAG_LIMIT, p->token->span, NULL, "nested too deeply");
	}
	feed->stopped = true;
}

/* ---- feeding ---- */

static void put(struct feed *feed, const struct token *token) {
	if (feed->stopped) {
		return;
	}
	struct parse *p = &feed->p;
	p->token = token;
	feed->said = !parse_recovering(p->parser) && !parse_would_accept(p->parser, token->kind);
	if (feed->said) {
		report_unexpected(feed, token);
	}
	Parse(p->parser, token->kind, *token, p);
	feed->before = token;
}

static void put_semi(struct feed *feed) {
	struct token *semi = mem_new(feed->p.arena, struct token);
	semi->kind = T_SEMI;
	semi->span.at = feed->before == NULL ? 0 : feed->before->span.at + feed->before->span.len;
	feed->stack[feed->depth].head = false;
	put(feed, semi);
}

static bool newline_counts(const struct feed *feed, const struct token *token) {
	enum bracket_kind kind = feed->stack[feed->depth].kind;
	if (!token->after_newline || feed->before == NULL || !can_end(feed->before) ||
		kind == PAREN || kind == SQUARE || kind == INTERPOLATION) {
		return false;
	}
	if (token->kind == T_UNDO || token->kind == T_WITH) {
		/* `with` may follow an undo's call too; an undo of an undo does not exist. */
		return feed->closed_durable < (token->kind == T_UNDO ? 2 : 1);
	}
	bool goes_on = token->kind == T_ELSE || token->kind == T_CATCH || token->kind == T_FINALLY;
	return !(goes_on && feed->before->kind == T_RBRACE);
}

/* Words that are reserved elsewhere are names behind a dot, before a colon, in an enum. */
static void as_name(const struct feed *feed, struct token *token) {
	const struct token *next = &feed->tokens->items[feed->at + 1];
	bool value = token->kind == T_TRUE || token->kind == T_FALSE || token->kind == T_NONE;
	if (!is_word(token) || token->kind == T_PARSE_BRACKET) {
		return;
	}
	bool member = feed->before != NULL && feed->before->kind == T_DOT;
	if (member || feed->stack[feed->depth].names || (!value && next->kind == T_COLON)) {
		token->kind = T_IDENT;
	}
}

/* What stands in braces behind an error is not looked at: the error has taken
 * its meaning.  Goes on behind the brace that closes it. */
static void skip_block(struct feed *feed) {
	unsigned open = 0;
	for (; feed->at + 1 < feed->tokens->count; feed->at++) {
		int kind = feed->tokens->items[feed->at].kind;
		open += kind == T_LBRACE ? 1 : 0;
		open -= kind == T_RBRACE ? 1 : 0;
		if (open == 0) {
			break;
		}
	}
	feed->before = &feed->tokens->items[feed->at];
	feed->stack[feed->depth].head = false;
}

/* A statement begins or ends inside parentheses: their end was forgotten. */
static bool forgot_closer(const struct feed *feed, const struct token *token) {
	enum bracket_kind kind = feed->stack[feed->depth].kind;
	if (kind != PAREN && kind != SQUARE) {
		return false;
	}
	switch (token->kind) {
	case T_SEMI:
	case T_RBRACE:
		return true;
	case T_LET:
	case T_VAR:
	case T_IF:
	case T_WHILE:
	case T_LOOP:
	case T_FOR:
	case T_RETURN:
	case T_FAIL:
	case T_TRY:
	case T_SELECT:
	case T_SLEEP:
	case T_STATUS:
	case T_DO:
		return token->after_newline;
	default:
		return false;
	}
}

static void leave_parentheses(struct feed *feed) {
	while (feed->stack[feed->depth].kind == PAREN || feed->stack[feed->depth].kind == SQUARE) {
		feed->depth--;
	}
}

static void take(struct feed *feed, struct token *token) {
	if (forgot_closer(feed, token)) {
		leave_parentheses(feed);
	}
	if (newline_counts(feed, token)) {
		put_semi(feed);
	}
	if (token->kind == T_LBRACE && parse_recovering(feed->p.parser)) {
		skip_block(feed);
		return;
	}
	as_name(feed, token);
	struct bracket *top = &feed->stack[feed->depth];
	if (opens_head(feed, token)) {
		top->head = true;
		top->names = token->kind == T_ENUM;
	}
	int durable = 0;
	switch (token->kind) {
	case T_LPAREN:
		open_bracket(feed, token, PAREN);
		break;
	case T_LBRACKET:
	case T_PARSE_BRACKET:
		open_bracket(feed, token, SQUARE);
		break;
	case T_STRING_BEGIN:
		open_bracket(feed, token, INTERPOLATION);
		break;
	case T_LBRACE: {
		enum bracket_kind kind = brace_kind(feed);
		open_bracket(feed, token, kind);
		token->kind = kind == LITERAL ? T_LITERAL_BRACE : T_LBRACE;
		break;
	}
	case T_RBRACE:
		if (top->kind == BLOCK && feed->before != NULL && feed->before->kind != T_SEMI &&
			feed->before->kind != T_LBRACE) {
			put_semi(feed);
		}
		close_bracket(feed, token);
		durable = feed->closed_durable;
		break;
	case T_RPAREN:
	case T_RBRACKET:
	case T_STRING_END:
		close_bracket(feed, token);
		durable = feed->closed_durable;
		break;
	case T_SEMI:
		top->head = false;
		break;
	default:
		break;
	}
	feed->closed_durable = durable;
	put(feed, token);
}

/* -9223372036854775808 is one number: its digits alone would not fit. */
static void join_minus(struct tokens *tokens) {
	for (uint32_t i = 1; i + 1 < tokens->count; i++) {
		struct token *minus = &tokens->items[i], *number = &tokens->items[i + 1];
		if (minus->kind == T_MINUS && number->is_min && !can_end(&tokens->items[i - 1])) {
			number->is_min = false;
			number->integer = INT64_MIN;
			number->span = build_join(minus->span, number->span);
			number->after_newline = minus->after_newline;
			memmove(minus, number, (tokens->count - i - 1) * sizeof(*minus));
			tokens->count--;
		}
	}
}

struct file *grammar_parse(struct arena *arena, struct diag *diag, struct source *source) {
	struct file *file = mem_new(arena, struct file);
	struct tokens tokens = lex_all(arena, diag, source);
	struct feed *feed = mem_new(arena, struct feed);
	file->source = source;
	file->comments = tokens.comments;
	join_minus(&tokens);
	feed->tokens = &tokens;
	feed->p = (struct parse){ .arena = arena, .diag = diag, .source = source, .file = file };
	feed->p.decls_tail = &file->decls;
	feed->p.parser = ParseAlloc(malloc);
	if (feed->p.parser == NULL) {
		bug("out of memory for the parser");
	}
	for (feed->at = 0; feed->at + 1 < tokens.count && !feed->stopped; feed->at++) {
		take(feed, &tokens.items[feed->at]);
	}
	if (feed->before != NULL && feed->before->kind != T_SEMI && feed->depth == 0) {
		put_semi(feed);
	}
	put(feed, &tokens.items[tokens.count - 1]);
	ParseFree(feed->p.parser, free);
	file->ok = tokens.ok && !feed->p.reported && !feed->p.failed && !feed->stopped;
	if (file->ok && file->package.text == NULL) {
		build_error(&feed->p, DIAG_SYNTAX, (struct span){ 0, 1 },
			"write `package NAME` first", "the file does not say its package");
		file->ok = false;
	}
	return file;
}

void grammar_dump_tokens(struct arena *arena, struct diag *diag, struct source *source, FILE *out) {
	struct tokens tokens = lex_all(arena, diag, source);
	for (uint32_t i = 0; i < tokens.count; i++) {
		const struct token *token = &tokens.items[i];
		struct position at = src_position(source, token->span.at);
		fprintf(out, "%u:%u\t%s\t%.*s\n", at.line, at.column, lex_kind_name(token->kind),
			(int)token->span.len, source->text + token->span.at);
	}
}
