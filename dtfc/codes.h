/*
 * Every diagnostic: code, identifier, severity, and for warnings the name that
 * -WNAME and -Wno-NAME take, and whether it is on without.  Codes are stable:
 * never reuse one.
 */
#ifndef DTFC_CODES_H
#define DTFC_CODES_H

/* clang-format off */
#define DIAG_ERRORS(X) \
	/* text and syntax; FOREIGN is another language's habit */ \
	X(101, SYNTAX) \
	X(102, ENCODING) \
	X(103, NUMBER) \
	X(104, STRING) \
	X(105, LIMIT) \
	X(106, FOREIGN) \
	/* names and declarations */ \
	X(201, UNKNOWN_NAME) \
	X(202, UNKNOWN_DECLARATION) \
	X(203, UNKNOWN_PACKAGE) \
	X(204, UNKNOWN_TYPE) \
	X(205, UNKNOWN_FUNCTION) \
	X(206, UNKNOWN_FIELD) \
	X(207, WRONG_KIND) \
	X(208, DUPLICATE_NAME) \
	X(209, DUPLICATE_FIELD) \
	X(210, RESERVED_NAME) \
	X(211, RECORD_CYCLE) \
	X(212, CONST_CYCLE) \
	X(213, NOT_CONSTANT) \
	X(214, BAD_ATTRIBUTE) \
	X(215, EMPTY_BLOCK) \
	X(216, BAD_IMPORT) \
	X(217, IMPORT_CYCLE) \
	X(218, VERSIONS_DIFFER) \
	X(219, SAME_FILE_NAME) \
	/* types */ \
	X(301, WRONG_TYPE) \
	X(302, OPTIONAL_USED) \
	X(303, DOUBLE_OPTIONAL) \
	X(304, BAD_OPERAND) \
	X(305, ARGUMENT_COUNT) \
	X(306, MISSING_FIELD) \
	X(307, NO_TYPE) \
	X(308, NOT_A_VALUE) \
	X(309, NOT_PRINTABLE) \
	X(310, NOT_ASSIGNABLE) \
	X(311, ALWAYS_FAULTS) \
	/* flow and durable operations */ \
	X(401, UNASSIGNED) \
	X(402, MISSING_RETURN) \
	X(403, NOT_EXHAUSTIVE) \
	X(404, DUPLICATE_ARM) \
	X(405, MISPLACED) \
	X(406, DURABLE_INSIDE) \
	X(407, NO_EFFECT) \
	X(408, LOOP_WITHOUT_WAIT) \
	X(409, SHARED_DATA) \
	X(410, NOT_PURE) \
	X(411, MISSING_YIELD) \
	/* errors and undo */ \
	X(501, NOT_IN_FAILS) \
	X(502, CATCH_CANCELLED) \
	X(503, UNREACHABLE_CATCH) \
	X(504, UNDO_IN_UNDO)

#define DIAG_WARNINGS(X) \
	X(901, UNREACHABLE, "unreachable", true) \
	X(902, UNUSED_VARIABLE, "unused-variable", true) \
	X(903, UNUSED_ACTIVITY, "unused-activity", true) \
	X(904, EVENT_NEVER_AWAITED, "event-never-awaited", true) \
	X(905, SHADOW, "shadow", true) \
	X(906, UNDO_USES_RESULT, "undo-uses-result", true) \
	X(907, FAILS_TOO_LARGE, "fails-too-large", true) \
	X(908, UNBOUNDED_HISTORY, "unbounded-history", true) \
	X(909, MISSING_UNDO, "missing-undo", false) \
	X(910, ENDLESS_WAIT, "endless-wait", true)
/* clang-format on */

enum diag_code {
#define X(number, id) DIAG_##id,
	DIAG_ERRORS(X)
#undef X
#define X(number, id, name, is_on) DIAG_##id,
		DIAG_WARNINGS(X)
#undef X
			DIAG_COUNT
};

#endif
