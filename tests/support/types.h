/* The types of LANGUAGE.md's example, and one of each kind. */
#ifndef DTF_TESTS_TYPES_H
#define DTF_TESTS_TYPES_H

#include <dtf/abi.h>

enum decision { APPROVED, REJECTED };
static const char *const decision_members[] = { "approved", "rejected" };
static const struct dtf_type decision_type = DTF_ENUM(
	"shop.Decision", enum decision, decision_members);

struct item {
	const char *sku;
	int64_t qty;
};
static const struct dtf_field item_fields[] = {
	{ "sku", &dtf_type_string, offsetof(struct item, sku) },
	{ "qty", &dtf_type_int, offsetof(struct item, qty) },
};
static const struct dtf_type item_type = DTF_RECORD("shop.Item", struct item, item_fields);
DTF_DEFINE_LIST(item_list, struct item);
static const struct dtf_type item_list_type = DTF_LIST("[shop.Item]", struct item_list, &item_type);
static const struct dtf_type bool_opt_type = DTF_OPTIONAL(
	"bool?", struct dtf_bool_opt, &dtf_type_bool);
static const struct dtf_type int_opt_type = DTF_OPTIONAL("int?", struct dtf_int_opt, &dtf_type_int);
static const struct dtf_type int_list_type = DTF_LIST("[int]", struct dtf_int_list, &dtf_type_int);

struct order {
	const char *id;
	struct item_list items;
	struct dtf_bool_opt express;
};
static const struct dtf_field order_fields[] = {
	{ "id", &dtf_type_string, offsetof(struct order, id) },
	{ "items", &item_list_type, offsetof(struct order, items) },
	{ "express", &bool_opt_type, offsetof(struct order, express) },
};
static const struct dtf_type order_type = DTF_RECORD("shop.Order", struct order, order_fields);

struct args {
	struct order order;
	int64_t n;
	struct dtf_int_opt limit;
};
static const struct dtf_field args_fields[] = {
	{ "order", &order_type, offsetof(struct args, order) },
	{ "n", &dtf_type_int, offsetof(struct args, n) },
	{ "limit", &int_opt_type, offsetof(struct args, limit) },
};
static const struct dtf_type args_type = DTF_TUPLE("(order, n, limit)", struct args, args_fields);

struct entry {
	const char *key;
	int64_t value;
};
struct map {
	const struct entry *items;
	size_t count;
};
static const struct dtf_type map_type = { "map[int]", DTF_KIND_MAP, sizeof(struct map),
	&dtf_type_int, offsetof(struct entry, value), sizeof(struct entry), NULL, NULL, 0 };

/* A record that holds a list of itself. */
struct node;
DTF_DEFINE_LIST(node_list, struct node);
struct node {
	struct node_list children;
};
static const struct dtf_type node_list_type;
static const struct dtf_field node_fields[] = {
	{ "children", &node_list_type, offsetof(struct node, children) },
};
static const struct dtf_type node_type = DTF_RECORD("t.Node", struct node, node_fields);
static const struct dtf_type node_list_type = DTF_LIST("[t.Node]", struct node_list, &node_type);

/* One that holds an optional of itself. */
struct chain {
	int64_t n;
	const struct chain *next;
};
static const struct dtf_type chain_opt_type;
static const struct dtf_field chain_fields[] = {
	{ "n", &dtf_type_int, offsetof(struct chain, n) },
	{ "next", &chain_opt_type, offsetof(struct chain, next) },
};
static const struct dtf_type chain_type = DTF_RECORD("t.Chain", struct chain, chain_fields);
static const struct dtf_type chain_opt_type = DTF_POINTER("t.Chain?", struct chain, &chain_type);

#endif
