/*
 * What the order's steps do.  Each one's effect on the world is a line in the
 * effects file:
 *
 *	KEY <tab> STEP <tab> DETAIL
 *
 * An activity runs at least once, and again when its process died before the
 * outcome was recorded.  Its key is the same every time, so the shop looks
 * whether the effect is there already: that is how a payment service uses an
 * idempotency key, and why no customer is charged twice.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "order.dtf.h"
#include "shop.h"

/* 1: the file has a line with this key; 0: it has not; -1: it cannot be read. */
static int has_effect(const char *path, const char *key) {
	FILE *file = fopen(path, "re");
	if (file == NULL) {
		return access(path, F_OK) == 0 ? -1 : 0;
	}
	char *line = NULL;
	size_t capacity = 0, size = strlen(key);
	int found = 0;
	while (found == 0 && getline(&line, &capacity, file) >= 0) {
		found = strncmp(line, key, size) == 0 && line[size] == '\t';
	}
	if (ferror(file)) {
		found = -1;
	}
	free(line);
	(void)fclose(file);
	return found;
}

/* One write, so that lines never mix, and on the disk before it counts. */
static bool append(const char *path, const char *line) {
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
	if (fd < 0) {
		return false;
	}
	ssize_t size = (ssize_t)strlen(line);
	bool ok = write(fd, line, (size_t)size) == size && fsync(fd) == 0;
	return close(fd) == 0 && ok;
}

/* Has the effect once, however often it is called for. */
static int effect(struct dtf_activity *act, const char *step, const char *detail) {
	struct shop *shop = dtf_activity_user(act);
	const char *key = dtf_activity_key(act);
	if (shop->die_after > 0 && atomic_load(&shop->done) >= shop->die_after) {
		(void)raise(SIGKILL);
	}
	int there = has_effect(shop->effects, key);
	if (there == 0) {
		const char *line = dtf_activity_printf(act, "%s\t%s\t%s\n", key, step, detail);
		if (line == NULL || !append(shop->effects, line)) {
			there = -1;
		}
	}
	if (there < 0) {
		return dtf_activity_fail(act, "effects", "the effects file does not work");
	}
	printf("  %s %s\n", step, detail);
	(void)fflush(stdout);
	atomic_fetch_add(&shop->done, 1);
	return 0;
}

int shop_reserve(struct dtf_activity *act, const struct shop_order *order) {
	for (size_t i = 0; i < order->items.count; i++) {
		if (strcmp(order->items.items[i].sku, "unobtainium") == 0) {
			return shop_fail_out_of_stock(act, "unobtainium", "there is none");
		}
	}
	return effect(act, "reserve", order->id);
}

int shop_release(struct dtf_activity *act, const char *order) {
	return effect(act, "release", order);
}

int shop_charge(struct dtf_activity *act, const char *order, const char *customer, int64_t cents,
	const char **ret) {
	if (strcmp(customer, "mallory") == 0) {
		return shop_fail_card_declined(act, "stolen", "the card was reported stolen");
	}
	*ret = dtf_activity_printf(act, "ch-%s", order);
	return effect(act, "charge",
		dtf_activity_printf(act, "%s %lld.%02d", customer, (long long)(cents / 100),
			(int)(cents % 100)));
}

int shop_refund(struct dtf_activity *act, const char *order) {
	return effect(act, "refund", order);
}

int shop_print_label(struct dtf_activity *act, const struct shop_item *item, const char **ret) {
	if (dtf_activity_heartbeat(act)) {
		return dtf_activity_fail(act, NULL, "the label is not wanted any more");
	}
	*ret = dtf_activity_printf(act, "%lld x %s", (long long)item->qty, item->sku);
	return effect(act, "label", *ret);
}

int shop_notify(struct dtf_activity *act, const char *customer, const char *text) {
	return effect(act, "notify", dtf_activity_printf(act, "%s: %s", customer, text));
}
