/* What the order workflow's activities have done, and what they shall do. */
#ifndef DTF_TESTS_SHOP_H
#define DTF_TESTS_SHOP_H

#include <stdatomic.h>

#include "../golden/order.dtf.h"

extern struct shop_world {
	atomic_int reserved, released, charged, refunded, labels, notified;
	atomic_bool block; /* activities do not return until it is false, or cancelled */
	void (*reserving)(struct dtf_activity *act); /* what reserve does besides; or NULL */
} shop_world;

#endif
