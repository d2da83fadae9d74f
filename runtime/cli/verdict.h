/* How a scenario went, shown to people and to programs. */
#ifndef DTF_CLI_VERDICT_H
#define DTF_CLI_VERDICT_H

#include "../scenario/scenario.h"
#include "cli.h"

struct verdict {
	const char *file;    /* where it stands */
	const char *name;    /* its own, or "scenario 3" */
	const char *trouble; /* why it was not run; NULL: it was */
	const struct scenario_run *runs;
	size_t count;
};

bool verdict_ok(const struct verdict *verdict);
void verdict_show(const struct cli *cli, const struct verdict *verdict);
/* An object; its newline included. */
void verdict_json(const struct verdict *verdict);

#endif
