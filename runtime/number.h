/* Floats and durations as text, the same in every locale. */
#ifndef DTF_NUMBER_H
#define DTF_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

#define FLOAT_TEXT_MAX    32
#define DURATION_TEXT_MAX 64

/*
 * The shortest decimal that reads back as x, valid JSON, and recognisably a
 * float: "3.0", "0.1", "1e+100", "2.5e-7".  x is finite; -0 is written as 0.0,
 * because it equals 0 and equal values have equal texts.
 */
void dtf__float_text(char ret[FLOAT_TEXT_MAX], double x);

/* Reads [-]digits[.digits][e[+-]digits], at most 400 bytes, all
 * of it; false: it is none, or not finite. */
bool dtf__float_read(const char *text, double *ret);

/* "1h30m", "250ms", "0s": exact, without the parts that are 0. */
void dtf__duration_text(char ret[DURATION_TEXT_MAX], int64_t ms);

#endif
