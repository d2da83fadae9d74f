#include "steps.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

const char *effects_path;

static pthread_mutex_t gate_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t gate_moved = PTHREAD_COND_INITIALIZER;
static unsigned gate_count; /* guarded by gate_lock, like the next */
static bool gate_is_open;

unsigned gate_waiting(void) {
	(void)pthread_mutex_lock(&gate_lock);
	unsigned waiting = gate_count;
	(void)pthread_mutex_unlock(&gate_lock);
	return waiting;
}

static void set_gate(bool open) {
	(void)pthread_mutex_lock(&gate_lock);
	gate_is_open = open;
	(void)pthread_cond_broadcast(&gate_moved);
	(void)pthread_mutex_unlock(&gate_lock);
}

void gate_open(void) {
	set_gate(true);
}

void gate_close(void) {
	set_gate(false);
}

void gate_await(unsigned count) {
	(void)pthread_mutex_lock(&gate_lock);
	while (gate_count < count) {
		(void)pthread_cond_wait(&gate_moved, &gate_lock);
	}
	(void)pthread_mutex_unlock(&gate_lock);
}

static void pass_gate(void) {
	(void)pthread_mutex_lock(&gate_lock);
	gate_count++;
	(void)pthread_cond_broadcast(&gate_moved);
	while (!gate_is_open) {
		(void)pthread_cond_wait(&gate_moved, &gate_lock);
	}
	gate_count--;
	(void)pthread_mutex_unlock(&gate_lock);
}

/* One write, so that lines of several threads and processes do not mix. */
static void effect(struct dtf_activity *act, const char *name) {
	if (effects_path == NULL) {
		return;
	}
	char line[600];
	int size = snprintf(line, sizeof(line), "%s %s %lld\n", name, dtf_activity_key(act),
		(long long)dtf_activity_attempt(act));
	int fd = open(effects_path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
	(void)!write(fd, line, (size_t)size);
	(void)close(fd);
}

int hello_greet(struct dtf_activity *act, const char *name, const char **ret) {
	if (strcmp(name, "gate") == 0) {
		pass_gate();
	}
	effect(act, "greet");
	*ret = dtf_activity_printf(act, "Hello, %s!", name);
	return 0;
}

int shop_reserve(struct dtf_activity *act, const struct shop_order *order) {
	effect(act, "reserve");
	return 0;
}

int shop_release(struct dtf_activity *act, const char *order) {
	effect(act, "release");
	return 0;
}

int shop_charge(struct dtf_activity *act, const char *order, const char *customer, int64_t cents,
	const char **ret) {
	if (strcmp(customer, "gate") == 0) {
		pass_gate();
	}
	if (strcmp(customer, "poor") == 0) {
		return shop_fail_card_declined(act, "51", "no money");
	}
	if (strcmp(customer, "moody") == 0 && dtf_activity_attempt(act) == 1) {
		return dtf_activity_fail(act, "mood", "not now");
	}
	effect(act, "charge");
	*ret = dtf_activity_printf(act, "charge-%s", order);
	return 0;
}

int shop_refund(struct dtf_activity *act, const char *order) {
	effect(act, "refund");
	return 0;
}

int shop_print_label(struct dtf_activity *act, const struct shop_item *item, const char **ret) {
	effect(act, "print_label");
	*ret = dtf_activity_printf(act, "label-%s", item->sku);
	return 0;
}

int shop_notify(struct dtf_activity *act, const char *customer, const char *text) {
	effect(act, "notify");
	return 0;
}

const char *order_json(
	char *ret, size_t size, const char *id, const char *customer, long cents, unsigned labels) {
	int n = snprintf(ret, size, "[{\"id\":\"%s\",\"customer\":\"%s\",\"cents\":%ld,\"items\":[",
		id, customer, cents);
	for (unsigned i = 0; i < labels; i++) {
		n += snprintf(ret + n, size - (size_t)n, "%s{\"sku\":\"s%u\",\"qty\":1}",
			i == 0 ? "" : ",", i);
	}
	(void)snprintf(ret + n, size - (size_t)n, "]}]");
	return ret;
}
