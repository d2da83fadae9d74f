/*
 * Every diagnostic: code, identifier, severity, and for warnings the name that
 * -Wno-NAME takes.  Codes are stable: never reuse one.
 */
#ifndef DTFC_CODES_H
#define DTFC_CODES_H

#define DIAG_ERRORS(X)                                                                          \
	/* text and syntax; FOREIGN is another language's habit, BAD_FILE a file that cannot be \
	 * read */                                                                              \
	X(101, SYNTAX)                                                                          \
	X(102, ENCODING)                                                                        \
	X(103, NUMBER)                                                                          \
	X(104, STRING)                                                                          \
	X(105, LIMIT)                                                                           \
	X(106, FOREIGN)                                                                         \
	X(107, BAD_FILE)                                                                        \
	/* names and declarations */                                                            \
	X(290, BAD_IMPORT)                                                                      \
	X(291, IMPORT_CYCLE)                                                                    \
	/* not supported yet */                                                                 \
	X(601, NOT_SUPPORTED_YET)

#define DIAG_WARNINGS(X) X(901, UNREACHABLE, "unreachable")

enum diag_code {
#define X(number, id) DIAG_##id,
	DIAG_ERRORS(X)
#undef X
#define X(number, id, name) DIAG_##id,
		DIAG_WARNINGS(X)
#undef X
			DIAG_COUNT
};

#endif
