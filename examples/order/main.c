/*
 * Fulfils one order and shows the receipt.  Started again after it was killed,
 * it goes on where it was: the order's id is the instance's id.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "order.dtf.h"
#include "shop.h"

static const char
	usage[] = "usage: order [OPTION]...\n"
		  "  --db DIR          where the history is kept (order.db)\n"
		  "  --effects FILE    what the steps do to the world (effects.log)\n"
		  "  --id ID           of the order (order-1)\n"
		  "  --customer NAME   (ada); mallory's card is declined\n"
		  "  --cents N         (4200); above 100000 it waits for an approval\n"
		  "  --die-after N     kill -9 this process when N steps are done\n"
		  "  --verify          replay the whole history after every turn and compare\n";

struct command {
	struct dtf_engine_options engine;
	struct shop_order order;
};

static void show(const struct shop_receipt *receipt, const struct dtf_result *result) {
	if (result->status != DTF_COMPLETED) {
		printf("%s: %s: %s\n", dtf_status_name(result->status),
			result->error.name == NULL ? "" : result->error.name,
			result->error.message == NULL ? "" : result->error.message);
		return;
	}
	printf("receipt: order %s, charge %s", receipt->order, receipt->charge);
	for (size_t i = 0; i < receipt->labels.count; i++) {
		printf(", label \"%s\"", receipt->labels.items[i]);
	}
	printf("\n");
}

static int fulfil(struct dtf_client *client, const struct shop_order *order) {
	int rc = shop_fulfil_start(client, order->id, order);
	if (rc < 0 && rc != DTF_EEXISTS) {
		return rc;
	}
	printf(rc == 0 ? "order %s: started\n" : "order %s: going on\n", order->id);
	(void)fflush(stdout);
	struct shop_receipt receipt;
	struct dtf_result result = { 0 };
	rc = shop_fulfil_wait(client, order->id, -1, &receipt, &result);
	if (rc == 0) {
		show(&receipt, &result);
	}
	dtf_result_free(&result);
	return rc;
}

static int run(const struct command *command) {
	struct dtf_engine *engine = NULL;
	int rc = dtf_engine_open(&command->engine, &engine);
	if (rc == 0) {
		rc = dtf_engine_register(engine, &shop_module);
	}
	if (rc == 0) {
		rc = dtf_engine_start(engine);
	}
	if (rc == 0) {
		rc = fulfil(dtf_engine_client(engine), &command->order);
	}
	if (rc < 0) {
		fprintf(stderr, "order: %s\n", dtf_errmsg());
	}
	dtf_engine_close(engine);
	return rc;
}

/* False: the arguments make no sense. */
static bool parse(int argc, char **argv, struct command *command, struct shop *shop) {
	static const struct option options[] = {
		{ "db", required_argument, NULL, 'd' },
		{ "effects", required_argument, NULL, 'e' },
		{ "id", required_argument, NULL, 'i' },
		{ "customer", required_argument, NULL, 'c' },
		{ "cents", required_argument, NULL, 'n' },
		{ "die-after", required_argument, NULL, 'k' },
		{ "verify", no_argument, NULL, 'v' },
		{ 0 },
	};
	int option;
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'd':
			command->engine.dir = optarg;
			break;
		case 'e':
			shop->effects = optarg;
			break;
		case 'i':
			command->order.id = optarg;
			break;
		case 'c':
			command->order.customer = optarg;
			break;
		case 'n':
			command->order.cents = strtoll(optarg, NULL, 10);
			break;
		case 'k':
			shop->die_after = (int)strtol(optarg, NULL, 10);
			break;
		case 'v':
			command->engine.verify = true;
			break;
		default:
			return false;
		}
	}
	return optind == argc;
}

int main(int argc, char **argv) {
	static const struct shop_item items[] = { { "teapot", 1 }, { "cup", 6 } };
	struct shop shop = { .effects = "effects.log" };
	struct command command = {
		.engine = { .dir = "order.db", .user = &shop },
		.order = { .id = "order-1",
			.customer = "ada",
			.items = { items, 2 },
			.cents = 4200 },
	};
	if (!parse(argc, argv, &command, &shop)) {
		fputs(usage, stderr);
		return 2;
	}
	return run(&command) < 0;
}
