/* Names of the .dtf file as C identifiers: see cname.c for the rules. */
#ifndef DTFC_CNAME_H
#define DTFC_CNAME_H

#include "ast.h"
#include "mem.h"

/* "OrderItem" is "order_item", "HTTPServer" "http_server". */
const char *cname_snake(struct arena *arena, const char *name);
const char *cname_upper(struct arena *arena, const char *name);
/* As a member, parameter or variable: `int` is `int_`. */
const char *cname_plain(struct arena *arena, const char *name);
/* The same beside fixed parameters of that function, up to a NULL. */
const char *cname_beside(struct arena *arena, const char *name, const char *const *fixed);
/* At file scope: what would be the runtime's gets x_ in front. */
const char *cname_global(struct arena *arena, const char *name);
/* Good inside a C string literal: everything but plain ASCII in octal. */
const char *cname_string(struct arena *arena, const char *text, size_t len);
/* The same into `out`, which has room for 4 * len bytes: how many it is, without a NUL. */
size_t cname_escape(char *out, const char *text, size_t len);
/* Good inside a comment. */
const char *cname_comment(struct arena *arena, const char *text);

/* Identifiers that are taken; a set in a set avoids the outer one's too. */
struct cname_set;
struct cname_set *cname_set_create(struct arena *arena, struct cname_set *outer);
/* `set` avoids the names of `other` too, which is avoided by no further one. */
void cname_set_avoid(struct cname_set *set, struct cname_set *other);
bool cname_taken(const struct cname_set *set, const char *name);
void cname_take(struct cname_set *set, const char *name);
/* name, or name_2, name_3 …; takes it. */
const char *cname_unique(struct cname_set *set, const char *name);
/*
 * The first of base, base_2, … for which base with each of the suffixes
 * ("%" stands for base: "struct_%", up to a NULL) is free; takes them all.
 */
const char *cname_family(struct cname_set *set, const char *base, const char *const *patterns);

#endif
