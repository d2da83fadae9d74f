/* What tokens are called in messages and dumps. */
#include "lex.h"
#include "parse.h"

const char *lex_kind_name(int kind) {
	static const char *const names[] = {
		[0] = "end of file",
		[T_IDENT] = "a name",
		[T_INT] = "a number",
		[T_FLOAT] = "a float",
		[T_DURATION] = "a duration",
		[T_STRING] = "a string",
		[T_STRING_BEGIN] = "the beginning of a string",
		[T_STRING_MIDDLE] = "the middle of a string",
		[T_STRING_END] = "the end of a string",
		[T_SEMI] = "end of line",
		[T_LBRACE] = "'{'",
		[T_LITERAL_BRACE] = "'{'",
		[T_RBRACE] = "'}'",
		[T_LPAREN] = "'('",
		[T_RPAREN] = "')'",
		[T_LBRACKET] = "'['",
		[T_RBRACKET] = "']'",
		[T_PARSE_BRACKET] = "'parse['",
		[T_COMMA] = "','",
		[T_COLON] = "':'",
		[T_DOT] = "'.'",
		[T_DOTDOT] = "'..'",
		[T_QUESTION] = "'?'",
		[T_ARROW] = "'->'",
		[T_FAT_ARROW] = "'=>'",
		[T_ASSIGN] = "'='",
		[T_PLUS_ASSIGN] = "'+='",
		[T_MINUS_ASSIGN] = "'-='",
		[T_STAR_ASSIGN] = "'*='",
		[T_COALESCE] = "'\?\?'",
		[T_EQ] = "'=='",
		[T_NE] = "'!='",
		[T_LT] = "'<'",
		[T_LE] = "'<='",
		[T_GT] = "'>'",
		[T_GE] = "'>='",
		[T_PLUS] = "'+'",
		[T_MINUS] = "'-'",
		[T_STAR] = "'*'",
		[T_SLASH] = "'/'",
		[T_PERCENT] = "'%'",
		[T_IN] = "`in`",
		[T_WITH] = "`with`",
		[T_PACKAGE] = "`package`",
	};
	bool known = kind >= 0 && (size_t)kind < sizeof(names) / sizeof(*names) &&
		names[kind] != NULL;
	return known ? names[kind] : "a keyword";
}
