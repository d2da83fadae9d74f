/*
 * What to say when a token does not fit.
 *
 * The parser tells exactly which tokens would fit; people think in larger
 * things, so a set that has a number and a string in it is "an expression", one
 * that has `let` is "a statement", and of the rest closers come first.
 *
 * Below the caret stands the most likely reason: a habit of another language, a
 * word that is misspelt, or what a statement can begin with.
 */
#include "feed.h"

#include <string.h>

#include "../dtfc/suggest.h"

/* ---- what came, what would fit ---- */

/* A SEMI that was put in stands for the end of the line, or for the '}' behind it. */
static bool is_made_up(const struct token *token) {
	return token->kind == T_SEMI && token->span.len == 0;
}

static const struct token *next_token(const struct feed *feed) {
	return &feed->tokens->items[feed->at];
}

static const char *came_text(struct feed *feed, const struct token *token) {
	if (is_made_up(token) && next_token(feed)->kind == 0) {
		token = next_token(feed);
	} else if (is_made_up(token) && !next_token(feed)->after_newline) {
		token = next_token(feed);
	}
	if (token->kind == 0) {
		return "end of file";
	}
	if (is_made_up(token)) {
		return "end of line";
	}
	if (token->kind == T_STRING || token->kind == T_STRING_BEGIN) {
		return "string";
	}
	if (token->kind == T_STRING_MIDDLE || token->kind == T_STRING_END) {
		return "'}'";
	}
	return mem_printf(feed->p.arena, "'%.*s'", (int)token->span.len,
		feed->p.source->text + token->span.at);
}

struct fits {
	const char *items[4];
	unsigned n;
};

static void add(struct fits *fits, const char *item) {
	if (fits->n < sizeof(fits->items) / sizeof(*fits->items)) {
		fits->items[fits->n++] = item;
	}
}

/* The name of a set that is too large to list, or NULL. */
static const char *set_name(void *parser) {
	bool name = parse_would_accept(parser, T_IDENT);
	if (parse_would_accept(parser, T_LET)) {
		return "a statement";
	}
	if (parse_would_accept(parser, T_INT) && parse_would_accept(parser, T_STRING)) {
		return "an expression";
	}
	if (name) {
		return parse_would_accept(parser, T_LBRACKET) ? "a type" : "a name";
	}
	if (parse_would_accept(parser, T_IMPORT)) {
		return "a declaration";
	}
	if (parse_would_accept(parser, T_TIMEOUT)) {
		return "an attribute";
	}
	return parse_would_accept(parser, T_AFTER) ? "an arm of `select`" : NULL;
}

static const char *fits_text(struct feed *feed) {
	static const int closers[] = { T_RPAREN, T_RBRACKET, T_RBRACE, T_LBRACE, T_SEMI, T_COMMA,
		T_COLON, T_ARROW, T_FAT_ARROW, T_DOTDOT, T_IN };
	static const int openers[] = { T_LPAREN, T_ASSIGN, T_STRING, T_INT };
	void *parser = feed->p.parser;
	struct fits fits = { .n = 0 };
	const char *set = set_name(parser);
	if (set != NULL) {
		add(&fits, set);
	}
	bool begins = set != NULL && feed->first == feed->p.token; /* a line may be empty, too */
	for (size_t i = 0; i < sizeof(closers) / sizeof(*closers); i++) {
		bool empty = begins && (closers[i] == T_SEMI || closers[i] == T_LBRACE);
		if (!empty && parse_would_accept(parser, closers[i])) {
			add(&fits, lex_kind_name(closers[i]));
		}
	}
	if (parse_would_accept(parser, T_STRING_END)) {
		add(&fits, "'}'");
	}
	bool value = parse_would_accept(parser, T_PLUS) || parse_would_accept(parser, T_FLOAT);
	for (size_t i = 0; i < sizeof(openers) / sizeof(*openers) && !value; i++) {
		if (parse_would_accept(parser, openers[i])) {
			add(&fits, lex_kind_name(openers[i]));
		}
	}
	const char *text = fits.n > 0 ? fits.items[0] : NULL;
	for (unsigned i = 1; i < fits.n; i++) {
		const char *between = i + 1 == fits.n ? " or " : ", ";
		text = mem_printf(feed->p.arena, "%s%s%s", text, between, fits.items[i]);
	}
	return text;
}

/* ---- why ---- */

static const char *habit_of_text(const char *text) {
	static const struct {
		const char *word, *label;
	} habits[] = {
		{ "async", "a workflow needs no such word" },
		{ "auto", "write `let x = …`" },
		{ "await", "a step is run with `do`, a child workflow with `call`" },
		{ "bool", "the type stands behind the name: `let x: bool = …`" },
		{ "case", "an arm is written `value => { … }`" },
		{ "class", "write `record`" },
		{ "const", "a value that stays is a `let`; a `const` is declared outside" },
		{ "def", "declare a `workflow` or an `activity`" },
		{ "default", "the last arm is written `else => { … }`" },
		{ "defer", "a step is undone with `undo`, a block ends with `finally`" },
		{ "echo", "write `log info \"…\"`" },
		{ "elif", "write `else if`" },
		{ "elseif", "write `else if`" },
		{ "elsif", "write `else if`" },
		{ "except", "write `catch`" },
		{ "export", "whatever a file declares can be imported" },
		{ "float", "the type stands behind the name: `let x: float = …`" },
		{ "fn", "declare a `workflow` or an `activity`" },
		{ "foreach", "write `for x in list { … }`" },
		{ "func", "declare a `workflow` or an `activity`" },
		{ "function", "declare a `workflow` or an `activity`" },
		{ "go", "branches run side by side in `parallel { … }`" },
		{ "include", "write `import \"file.dtf\"`" },
		{ "int", "the type stands behind the name: `let x: int = …`" },
		{ "interface", "write `record`" },
		{ "mut", "write `var`" },
		{ "new", "a record is written `Name { field: value }`" },
		{ "print", "write `log info \"…\"`" },
		{ "println", "write `log info \"…\"`" },
		{ "pub", "whatever a file declares can be imported" },
		{ "public", "whatever a file declares can be imported" },
		{ "raise", "write `fail`" },
		{ "string", "the type stands behind the name: `let x: string = …`" },
		{ "struct", "write `record`" },
		{ "switch", "write `match`" },
		{ "then", "a block stands in braces" },
		{ "throw", "write `fail`" },
		{ "type", "write `record` or `enum`" },
		{ "use", "write `import \"file.dtf\"`" },
		{ "using", "write `import \"file.dtf\"`" },
	};
	for (size_t i = 0; i < sizeof(habits) / sizeof(*habits); i++) {
		if (strcmp(text, habits[i].word) == 0) {
			return habits[i].label;
		}
	}
	return NULL;
}

/* Of the name that is there instead, or of the one before, unless that is a type. */
static const char *habit_of_word(const struct feed *feed, const struct token *token) {
	const struct token *before = feed->before;
	const char *label = token->kind == T_IDENT ? habit_of_text(token->text) : NULL;
	if (label != NULL || before == NULL || before->kind != T_IDENT) {
		return label;
	}
	int left = before > feed->tokens->items ? before[-1].kind : 0;
	bool is_type = left == T_COLON || left == T_ARROW || left == T_LBRACKET ||
		left == T_PARSE_BRACKET;
	return is_type ? NULL : habit_of_text(before->text);
}

static bool is_next_to(const struct token *a, const struct token *b) {
	return a->span.at + a->span.len == b->span.at;
}

static const char *habit_of_operator(const struct feed *feed, const struct token *token) {
	const struct token *before = feed->before, *next = next_token(feed);
	int last = before == NULL ? 0 : before->kind;
	switch (token->kind) {
	case T_ASSIGN:
		if (last == T_COLON && is_next_to(before, token)) {
			return "write `=`";
		}
		return feed->stack[feed->depth].head != 0 ? "comparing is written ==" : NULL;
	case T_PLUS:
		return last == T_PLUS ? "write `x += 1`" : NULL;
	case T_COLON:
		return next[1].kind == T_ASSIGN && is_next_to(token, &next[1])
			? "write `let x = …`, or `x = …` for what is declared already"
			: NULL;
	case T_QUESTION:
		return "there is no `a ? b : c`, write `if`";
	case T_LT:
	case T_LE:
	case T_GT:
	case T_GE:
	case T_EQ:
	case T_NE:
		return parse_would_accept(feed->p.parser, T_PLUS)
			? "comparisons do not chain: write `a < b and b < c`"
			: NULL;
	case T_DOT:
		return last == T_DOT || last == T_DOTDOT ? "a range is written a..b" : NULL;
	default:
		return NULL;
	}
}

static bool is_in_block(const struct feed *feed) {
	for (unsigned depth = feed->depth; depth > 0; depth--) {
		if (feed->stack[depth].kind == BLOCK) {
			return true;
		}
	}
	return false;
}

static const char *habit_of_line(const struct feed *feed, const struct token *token) {
	const struct token *before = feed->before;
	int last = before == NULL ? 0 : before->kind;
	if (is_made_up(token)) {
		if (last == T_MINUS && feed->at >= 2 &&
			feed->tokens->items[feed->at - 2].kind == T_MINUS) {
			return "write `x -= 1`";
		}
		return NULL;
	}
	bool line_above = last == T_SEMI && token->after_newline;
	switch (token->kind) {
	case T_LBRACE:
		if (parse_would_accept(feed->p.parser, T_FAT_ARROW)) {
			return "an arm is written `value => { … }`";
		}
		return NULL;
	case T_ARROW:
	case T_FAILS:
	case T_BACKOFF:
	case T_FACTOR:
	case T_DOT:
		return line_above ? "this belongs on the line above" : NULL;
	case T_COMMA:
		return feed->stack[feed->depth].of == T_MATCH ? "arms end with their line" : NULL;
	case T_LPAREN:
		if (last == T_IDENT && before > feed->tokens->items && before[-1].kind == T_EVENT) {
			return "what comes with an event is written `event NAME: T`";
		}
		return last == T_IDENT && is_in_block(feed)
			? "a step is run with `do`; only built-in functions are called like this"
			: NULL;
	case T_RPAREN:
	case T_RBRACKET:
	case T_RBRACE:
		return feed->depth == 0 ? "nothing is open that it would close" : NULL;
	default:
		return NULL;
	}
}

/* Words that would fit in the token's place. */
static const char *misspelt(struct feed *feed, const struct token *token) {
	size_t n;
	const struct lex_word *words = lex_words(&n);
	if (token->kind != T_IDENT) {
		return NULL;
	}
	struct suggest suggest = { .wanted = token->text };
	for (size_t i = 0; i < n; i++) {
		if (parse_would_accept(feed->p.parser, words[i].kind)) {
			suggest_offer(&suggest, words[i].text);
		}
	}
	return suggest_best(&suggest);
}

/* Words that would have fitted at the start of the statement instead of a name. */
static const char *misspelt_first(const struct token *first) {
	static const char *const words[] = { "let", "var", "if", "while", "loop", "for", "match",
		"break", "continue", "return", "yield", "fail", "try", "undo", "select", "sleep",
		"within", "shield", "status", "log", "do", "call", "spawn", "wait", "parallel" };
	struct suggest suggest = { .wanted = first->text };
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		suggest_offer(&suggest, words[i]);
	}
	return suggest_best(&suggest);
}

/* ---- saying it ---- */

static struct span behind(const struct token *token) {
	return (struct span){ token->span.at + token->span.len, 1 };
}

static struct diagnostic *report(
	struct feed *feed, bool foreign, struct span span, const char *label, const char *text) {
	feed->p.errors++;
	return diag_report(feed->p.diag, foreign ? DIAG_FOREIGN : DIAG_SYNTAX, feed->p.source, span,
		label, "%s", text);
}

static bool holds_statements(int of) {
	return of != T_MATCH && of != T_SELECT && of != T_RECORD && of != T_ENUM &&
		of != T_ACTIVITY && of != T_EVENT && of != T_QUERY;
}

/* `foo bar`: a name where a statement begins, and nothing that goes on from it. */
static bool report_statement(struct feed *feed, const struct token *token) {
	const struct token *first = feed->first;
	const struct bracket *top = &feed->stack[feed->depth];
	bool plain = top->kind == BLOCK && holds_statements(top->of);
	bool value = feed_is_word(token) || token->kind == T_INT || token->kind == T_FLOAT ||
		token->kind == T_DURATION || token->kind == T_STRING ||
		token->kind == T_STRING_BEGIN || token->kind == T_LBRACE;
	if (feed->before != first || first == NULL || !plain || !value) {
		return false;
	}
	if (first->kind == T_QUERY || first->kind == T_DEADLINE) {
		(void)report(feed, false, first->span, NULL,
			mem_printf(feed->p.arena,
				"`%s` stands before the first statement of a workflow",
				first->text));
		return true;
	}
	if (first->kind != T_IDENT && first->kind != T_CONST) {
		return false;
	}
	const char *label = habit_of_text(first->text), *word = misspelt_first(first);
	bool foreign = label != NULL;
	if (label == NULL && word != NULL) {
		label = mem_printf(feed->p.arena, "did you mean '%s'?", word);
	}
	if (label == NULL) {
		label = "a statement assigns a value or begins with a word like `let`, `do` or "
			"`if`";
	}
	(void)report(feed, foreign, first->span, label,
		mem_printf(feed->p.arena, "no statement begins with '%s'", first->text));
	return true;
}

static void note_open(struct feed *feed, struct diagnostic *said) {
	const struct bracket *open = &feed->stack[feed->depth];
	if (feed->suspect != NULL) {
		diag_note(feed->p.diag, said, feed->p.source, feed->suspect->span,
			"the '}' that closes this is indented otherwise");
	} else if (feed->depth > 0) {
		diag_note(feed->p.diag, said, feed->p.source, open->token->span,
			"this is still open");
	}
}

void expect_closer(struct feed *feed, const struct token *token) {
	const struct bracket *open = &feed->stack[feed->depth];
	const char *closer = open->kind == PAREN ? ")" : open->kind == SQUARE ? "]" : "}";
	struct diagnostic *said = report(feed, false, behind(feed->before), NULL,
		mem_printf(feed->p.arena, "a '%s' is missing before %s", closer,
			came_text(feed, token)));
	diag_note(feed->p.diag, said, feed->p.source, open->token->span, "to close this");
}

/* The closer would fit, and what came stands on the next line. */
static bool report_closer(struct feed *feed, const struct token *token) {
	enum bracket_kind kind = feed->stack[feed->depth].kind;
	bool fits = (kind == PAREN && parse_would_accept(feed->p.parser, T_RPAREN)) ||
		(kind == SQUARE && parse_would_accept(feed->p.parser, T_RBRACKET));
	if (fits && token->after_newline) {
		expect_closer(feed, token);
	}
	return fits && token->after_newline;
}

void expect_report(struct feed *feed, const struct token *token) {
	if (report_statement(feed, token) || report_closer(feed, token)) {
		return;
	}
	bool colon = token->kind == T_IDENT && feed->before != NULL &&
		feed->before->kind == T_IDENT && parse_would_accept(feed->p.parser, T_COLON) &&
		!parse_would_accept(feed->p.parser, T_ASSIGN);
	const char *label = colon ? "a ':' stands between a name and its type" : NULL;
	label = label != NULL ? label : habit_of_word(feed, token);
	label = label != NULL ? label : habit_of_operator(feed, token);
	label = label != NULL ? label : habit_of_line(feed, token);
	bool foreign = label != NULL;
	const char *word = label == NULL ? misspelt(feed, token) : NULL;
	if (word != NULL) {
		label = mem_printf(feed->p.arena, "did you mean '%s'?", word);
	}
	struct span span = token->span;
	if (is_made_up(token) && feed->before != NULL) {
		span = behind(feed->before);
	}
	const char *came = came_text(feed, token), *fits = fits_text(feed);
	(void)report(feed, foreign, span, label,
		fits == NULL ? mem_printf(feed->p.arena, "unexpected %s", came)
			     : mem_printf(feed->p.arena, "unexpected %s, expected %s", came, fits));
}

void expect_same_line(struct feed *feed, const struct token *token) {
	(void)report(feed, true, token->span, "it ends the line above",
		"a '{' does not begin a line of its own here");
}

void expect_brace(struct feed *feed, const struct token *token) {
	note_open(feed,
		report(feed, false, token->kind == 0 ? behind(feed->before) : token->span, NULL,
			mem_printf(feed->p.arena, "a '}' is missing before %s",
				came_text(feed, token))));
}
