/* The shop's outside world, as far as this example has one: a file of effects. */
#ifndef SHOP_H
#define SHOP_H

#include <stdatomic.h>

/* Handed to the engine as `user`; activities find it there. */
struct shop {
	const char *effects; /* the file */
	int die_after;       /* steps that may be done before the process kills itself; 0 = all */
	atomic_int done;     /* by this process */
};

#endif
