/* What a command says and how it ended, as the outcome of an attempt. */
#ifndef DTF_CLI_ANSWER_H
#define DTF_CLI_ANSWER_H

#include "bind.h"

/* A growing text; zeroed it is empty. */
struct text {
	char *data; /* owned; NUL-terminated once anything was added */
	size_t size, capacity;
	bool failed; /* memory ran out, or there is more than ANSWER_MAX */
};

#define ANSWER_MAX ((size_t)16 * 1024 * 1024)

void text_add(struct text *text, const char *bytes, size_t size);

/* A stream whose lines are shown as they come. */
struct lines {
	const char *who;
	struct text line; /* begun */
	char *last;       /* the last that was not blank; owned */
};

void lines_add(struct lines *lines, const char *bytes, size_t size);
void lines_end(struct lines *lines);

struct answer {
	const struct binding *binding;
	struct text out;    /* standard output, of an activity with a result */
	struct lines shown; /* standard output of one without */
	struct lines err;
	int status;  /* as waitpid has it */
	bool killed; /* by us, because nobody wants it any more */
};

/* What the activity function returns. */
int answer_report(struct dtf_activity *act, struct answer *answer);
void answer_finish(struct answer *answer);

#endif
