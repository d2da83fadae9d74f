/* Lines from other threads, for the one that prints. */
#ifndef DTF_CLI_SAY_H
#define DTF_CLI_SAY_H

#include <stdint.h>

struct said {
	struct said *next;
	int64_t time_ms;
	const char *who; /* borrowed for ever: "log", an activity's name */
	char text[];
};

/* From any thread. */
void say(const char *who, const char *text);
/* All that was said since, oldest first; the caller frees each. */
struct said *say_take(void);

#endif
