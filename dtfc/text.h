/* UTF-8: reading, writing, how wide it shows, and as a JSON string. */
#ifndef DTFC_TEXT_H
#define DTFC_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define TEXT_INVALID UINT32_MAX

/*
 * The code point at text, len > 0 bytes long; returns how many bytes it takes.
 * A byte that begins no well-formed sequence is TEXT_INVALID, one byte long.
 */
size_t text_decode(const char *text, size_t len, uint32_t *ret_code);
/* Writes a code point (no surrogate, at most 0x10FFFF); returns its length, 1 to 4. */
size_t text_encode(uint32_t code, char out[4]);
/* Columns on a terminal: 0, 1 or 2. */
unsigned text_width(uint32_t code);
/* False for what could steer a terminal or turn the direction of text. */
bool text_is_printable(uint32_t code);
/* A space to the eye, or nothing, outside ASCII: what pasted text brings along. */
bool text_is_space(uint32_t code);
/* Is it a name of the language: [A-Za-z_][A-Za-z0-9_]*? */
bool text_is_name(const char *text, size_t len);
/* In quotes; what is no UTF-8 becomes U+FFFD. */
void text_print_json(FILE *out, const char *text);

#endif
