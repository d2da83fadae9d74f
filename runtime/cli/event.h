/* One event of a history as a line of progress. */
#ifndef DTF_CLI_EVENT_H
#define DTF_CLI_EVENT_H

#include "cli.h"

struct teller {
	const struct cli *look;
	const char *db, *id;
	bool is_child; /* its lines name it */
};

/* Without its time and newline.  False: it means nothing to whoever looks on. */
bool event_tell(FILE *out, const struct teller *teller, const struct dtf_history_event *event);

#endif
