/*
 * Types as understood: interned, so that equal types are the same pointer.
 */
#ifndef DTFC_TYPE_H
#define DTFC_TYPE_H

#include "ast.h"
#include "mem.h"

/* Owns all types of a unit. */
struct types;

struct types *types_create(struct arena *arena);
const struct type *type_basic(struct types *types, enum type_kind kind);
const struct type *type_list(struct types *types, const struct type *of);
const struct type *type_map(struct types *types, const struct type *of);
const struct type *type_optional(struct types *types, const struct type *of);
const struct type *type_outcome(struct types *types, const struct type *of);
const struct type *type_decl(struct types *types, struct decl *decl); /* record, enum */
const struct type *type_failure(struct types *types, struct decl *error);
/* Of a literal that has not met its type yet: none, [], [[]]. */
bool type_is_open(const struct type *type);
/* As written in a .dtf file: "[shop.Item]?". */
const char *type_text(struct arena *arena, const struct type *type);
/* As written in this file, where its own names stand bare: "[Item]?". */
const char *type_text_in(struct arena *arena, const struct type *type, const struct file *file);

/* The built-in errors, in the order of unit->builtin_errors. */
enum fault {
	FAULT_ACTIVITY_FAILED,
	FAULT_TIMEOUT,
	FAULT_LOST,
	FAULT_CHILD_FAILED,
	FAULT_BAD_PAYLOAD,
	FAULT_PAYLOAD_TOO_LARGE,
	FAULT_HISTORY_FULL,
	FAULT_RUNAWAY,
	/* what an expression can raise by itself, besides the two about payloads */
	FAULT_OVERFLOW,
	FAULT_DIVISION_BY_ZERO,
	FAULT_OUT_OF_RANGE,
	FAULT_BAD_VALUE,
	FAULT_COUNT,
};

/* Built-in functions; EXPR_CALL's `builtin`. */
enum builtin {
	BUILTIN_NONE,
	BUILTIN_LEN,
	BUILTIN_CONTAINS,
	BUILTIN_STARTS_WITH,
	BUILTIN_ENDS_WITH,
	BUILTIN_LOWER,
	BUILTIN_UPPER,
	BUILTIN_TRIM,
	BUILTIN_SPLIT,
	BUILTIN_JOIN,
	BUILTIN_SLICE,
	BUILTIN_REPLACE,
	BUILTIN_FIND,
	BUILTIN_MIN,
	BUILTIN_MAX,
	BUILTIN_ABS,
	BUILTIN_FLOOR,
	BUILTIN_CEIL,
	BUILTIN_ROUND,
	BUILTIN_SUM,
	BUILTIN_STRING,
	BUILTIN_INT,
	BUILTIN_FLOAT,
	BUILTIN_JSON,
	BUILTIN_PARSE,
	BUILTIN_KEYS,
	BUILTIN_VALUES,
	BUILTIN_HAS,
	BUILTIN_SORT,
	BUILTIN_REVERSE,
	BUILTIN_UNIQUE,
	BUILTIN_RANGE,
	BUILTIN_FORMAT_TIME,
	BUILTIN_PARSE_TIME,
	BUILTIN_HASH,
	BUILTIN_NOW,
	BUILTIN_UUID,
	BUILTIN_RANDOM,
	BUILTIN_RANDOM_BELOW,
};

/* Fields that are not a record's; EXPR_FIELD's `builtin`. */
enum builtin_field {
	FIELD_NONE,
	FIELD_SELF_ID,
	FIELD_SELF_EXECUTION,
	FIELD_SELF_WORKFLOW,
	FIELD_SELF_HISTORY,
	/* of a caught error */
	FIELD_ERROR_NAME,
	FIELD_ERROR_MESSAGE,
	FIELD_ERROR_RETRYABLE,
	FIELD_ERROR_KIND,     /* timeout: attempt, deadline, heartbeat, within */
	FIELD_ERROR_ATTEMPTS, /* activity_failed, timeout, lost */
	FIELD_ERROR_CODE,     /* activity_failed */
	FIELD_ERROR_ID,
	FIELD_ERROR_STATUS, /* child_failed */
	FIELD_ERROR_DATA,   /* a declared field: `member` names it */
	/* of outcome[T] */
	FIELD_OUTCOME_OK,
	FIELD_OUTCOME_VALUE,
	FIELD_OUTCOME_ERROR,
};

#endif
