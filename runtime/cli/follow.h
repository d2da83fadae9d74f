/* What happens to an instance, told on stderr while it happens. */
#ifndef DTF_CLI_FOLLOW_H
#define DTF_CLI_FOLLOW_H

#include "cli.h"

struct follow {
	struct cli look; /* its colours are those of stderr */
	struct dtf_client *client;
	const char *id, *db;
	bool quiet;
	int64_t execution, number; /* the last event told of */
	int64_t told_ms;           /* when, by the steady clock, and */
	int64_t cost_ms;           /* how long it took */
	/* as of the last look */
	enum dtf_status status;
	char suspended[16]; /* "operator", or why it cannot go on; "" if it does */
	char why[256];
};

/* Tells what is new.  *ret_news: anything was.  Negative: it cannot be read. */
int follow_look(struct follow *follow, bool *ret_news);
/* A line of ours among the others. */
void follow_note(const struct follow *follow, enum look look, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
