/* UTF-8 as the language has it: well-formed, without U+0000. */
#ifndef DTF_UTF8_H
#define DTF_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes of the well-formed sequence at the start of [s, s + size); 0: there is none. */
size_t dtf__utf8_step(const char *s, size_t size);
bool dtf__utf8_valid(const char *s, size_t size);
/* How many bytes from s on are ASCII that JSON has in a string as they are. */
size_t dtf__utf8_unescaped(const char *s, size_t size);
/* Puts a '?' for each byte that belongs to no sequence; a text that was cut in the
 * middle of one is whole again. */
void dtf__utf8_repair(char *s);

#endif
