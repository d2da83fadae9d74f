/* The one door to the lexer and parser. */
#ifndef GRAMMAR_H
#define GRAMMAR_H

#include "../dtfc/diag.h"

/*
 * Parses one source.  Always returns a file with all that could be understood;
 * `ok` is false if an error was reported.  Reports several errors a run.
 */
struct file *grammar_parse(struct arena *arena, struct diag *diag, struct source *source);
/* Prints the tokens with positions, one a line: --emit=tokens. */
void grammar_dump_tokens(struct arena *arena, struct diag *diag, struct source *source, FILE *out);

#endif
