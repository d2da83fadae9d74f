/* Temporary directories, in $TMPDIR, else /tmp; only their owner may enter. */
#ifndef DTF_CLI_TEMPORARY_H
#define DTF_CLI_TEMPORARY_H

#include <limits.h>
#include <stdbool.h>

/* Makes one whose name begins with this; false: it was said why not. */
bool temporary_make(const char *name, char ret[PATH_MAX]);
/* With all that is in it. */
void temporary_remove(const char *dir);

#endif
