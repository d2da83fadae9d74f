/* Activities of tests/golden/order.dtf for tests: each counts, and does as told. */
#include "shop.h"

#include <stdio.h>
#include <string.h>

struct shop_world shop_world;

static int count(struct dtf_activity *act, atomic_int *counter) {
	atomic_fetch_add(counter, 1);
	while (shop_world.block && !dtf_activity_cancelled(act)) {
		/* until the test lets go */
	}
	return 0;
}

int shop_reserve(struct dtf_activity *act, const struct shop_order *order) {
	(void)count(act, &shop_world.reserved);
	if (shop_world.reserving != NULL) {
		shop_world.reserving(act);
	}
	if (strcmp(order->id, "gone") == 0) {
		return shop_fail_out_of_stock(act, "x", "nothing left");
	}
	return 0;
}

int shop_release(struct dtf_activity *act, const char *order) {
	(void)order;
	return count(act, &shop_world.released);
}

int shop_charge(struct dtf_activity *act, const char *order, const char *customer, int64_t cents,
	const char **ret) {
	(void)customer;
	(void)cents;
	*ret = dtf_activity_printf(act, "ch-%s", order);
	return count(act, &shop_world.charged);
}

int shop_refund(struct dtf_activity *act, const char *order) {
	(void)order;
	return count(act, &shop_world.refunded);
}

int shop_print_label(struct dtf_activity *act, const struct shop_item *item, const char **ret) {
	*ret = dtf_activity_printf(act, "%lld %s", (long long)item->qty, item->sku);
	return count(act, &shop_world.labels);
}

int shop_notify(struct dtf_activity *act, const char *customer, const char *text) {
	(void)customer;
	(void)text;
	return count(act, &shop_world.notified);
}
