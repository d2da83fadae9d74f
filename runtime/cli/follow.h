/* What happens to an instance and its children, told on stderr while it happens. */
#ifndef DTF_CLI_FOLLOW_H
#define DTF_CLI_FOLLOW_H

#include "cli.h"

/* One of those that are followed. */
struct followed {
	char *id;                  /* owned */
	int64_t execution, number; /* the last event told of */
	enum dtf_status status;    /* as of the last look */
};

struct follow {
	struct cli look; /* its colours are those of stderr */
	struct dtf_client *client;
	const char *id, *db;
	bool quiet;
	int64_t since_ms;     /* what happened before is not told */
	struct followed *all; /* the instance, then its children as they start; owned */
	size_t count, capacity;
	int64_t told_ms; /* when, by the steady clock, and */
	int64_t cost_ms; /* how long it took */
	/* of the instance, as of the last look */
	enum dtf_status status;
	char suspended[16]; /* "operator", or why it cannot go on; "" if it does */
	char why[256];
};

/* Tells what is new.  *ret_news: anything was.  Negative: it cannot be read. */
int follow_look(struct follow *follow, bool *ret_news);
void follow_finish(struct follow *follow);
/* A line of ours among the others. */
void follow_note(const struct follow *follow, enum look look, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
