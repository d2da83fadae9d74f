/*
 * The type tables of what needs no declaration, the errors that have no
 * package, and the hash of a type.
 *
 * The hash must be the same for equal content however the tables are shared or
 * tied into cycles.  So no type is ever "the one seen before": in round 0 each
 * type's hash is of its own kind and names, and in each further round of that
 * and its parts' hashes of the round before.  After k rounds two hashes are
 * equal when the types look equal down to k levels.  Values have at most 64
 * levels, each of which may be an optional, hence twice as many rounds tell apart
 * all that can differ in a value; types without a cycle settle after as many as
 * they have levels.
 */
#include "codec.h"

#include <stdlib.h>
#include <string.h>

#include <xxhash.h>

#include "json.h"

enum { ROUNDS_MAX = 2 * JSON_DEPTH_MAX, FEW = 32 };

#define BASIC(name, kind, type) \
	{ (name), (kind), sizeof(type), NULL, 0, 0, NULL, NULL, 0 }

const struct dtf_type dtf_type_unit = { "unit", DTF_KIND_UNIT, 0, NULL, 0, 0, NULL, NULL, 0 };
const struct dtf_type dtf_type_bool = BASIC("bool", DTF_KIND_BOOL, bool);
const struct dtf_type dtf_type_int = BASIC("int", DTF_KIND_INT, int64_t);
const struct dtf_type dtf_type_float = BASIC("float", DTF_KIND_FLOAT, double);
const struct dtf_type dtf_type_string = BASIC("string", DTF_KIND_STRING, const char *);
const struct dtf_type dtf_type_bytes = BASIC("bytes", DTF_KIND_BYTES, struct dtf_bytes);
const struct dtf_type dtf_type_duration = BASIC("duration", DTF_KIND_DURATION, int64_t);
const struct dtf_type dtf_type_time = BASIC("time", DTF_KIND_TIME, int64_t);
const struct dtf_type dtf_type_json = BASIC("json", DTF_KIND_JSON, const char *);
const struct dtf_type dtf_type_no_args = { "()", DTF_KIND_TUPLE, 0, NULL, 0, 0, NULL, NULL, 0 };

static const struct dtf_field failure_fields[] = {
	{ "name", &dtf_type_string, offsetof(struct dtf_failure, name) },
	{ "message", &dtf_type_string, offsetof(struct dtf_failure, message) },
};
const struct dtf_type dtf_type_failure = DTF_RECORD("failure", struct dtf_failure, failure_fields);

const struct dtf_error_def dtf_activity_failed = { "activity_failed", &dtf_type_unit };
const struct dtf_error_def dtf_timeout = { "timeout", &dtf_type_unit };
const struct dtf_error_def dtf_lost = { "lost", &dtf_type_unit };
const struct dtf_error_def dtf_child_failed = { "child_failed", &dtf_type_unit };
const struct dtf_error_def dtf_bad_payload = { "bad_payload", &dtf_type_unit };
const struct dtf_error_def dtf_payload_too_large = { "payload_too_large", &dtf_type_unit };
const struct dtf_error_def dtf_history_full = { "history_full", &dtf_type_unit };
const struct dtf_error_def dtf_runaway = { "runaway", &dtf_type_unit };
const struct dtf_error_def dtf_overflow = { "overflow", &dtf_type_unit };
const struct dtf_error_def dtf_division_by_zero = { "division_by_zero", &dtf_type_unit };
const struct dtf_error_def dtf_out_of_range = { "out_of_range", &dtf_type_unit };
const struct dtf_error_def dtf_bad_value = { "bad_value", &dtf_type_unit };

struct node {
	const struct dtf_type *type;
	uint64_t own, now, next;
	size_t first, count; /* its parts in the list of edges */
};

/* All types reachable from one; parts are indices of nodes. */
struct graph {
	struct node *nodes;
	size_t nnodes, nodes_max;
	size_t *edges;
	size_t nedges, edges_max;
	bool failed;
	/* Each command asks, and most types are small: these do without malloc. */
	struct node few_nodes[FEW];
	size_t few_edges[FEW];
};

static void *grow(struct graph *graph, void *memory, const void *few, size_t *max, size_t size) {
	void *grown = realloc(memory == few ? NULL : memory, *max * 2 * size);
	if (grown == NULL) {
		graph->failed = true;
		return memory;
	}
	if (memory == few) {
		memcpy(grown, few, *max * size);
	}
	*max *= 2;
	return grown;
}

static size_t node_of(struct graph *graph, const struct dtf_type *type) {
	for (size_t i = 0; i < graph->nnodes; i++) {
		if (graph->nodes[i].type == type) {
			return i;
		}
	}
	if (graph->nnodes == graph->nodes_max) {
		graph->nodes = grow(graph, graph->nodes, graph->few_nodes, &graph->nodes_max,
			sizeof(*graph->nodes));
	}
	if (graph->failed) {
		return 0;
	}
	graph->nodes[graph->nnodes] = (struct node){ .type = type };
	return graph->nnodes++;
}

static void add_edge(struct graph *graph, const struct dtf_type *part) {
	size_t node = node_of(graph, part);
	if (graph->nedges == graph->edges_max) {
		graph->edges = grow(graph, graph->edges, graph->few_edges, &graph->edges_max,
			sizeof(*graph->edges));
	}
	if (!graph->failed) {
		graph->edges[graph->nedges++] = node;
	}
}

/* An enum has members instead, an argument list cannot do without a place. */
static bool may_come_and_go(const struct dtf_type *type, size_t i) {
	return type->kind == DTF_KIND_RECORD && type->fields[i].type->kind == DTF_KIND_OPTIONAL;
}

static uint64_t hash_own(const struct dtf_type *type) {
	uint64_t hash = (uint64_t)type->kind + 1;
	for (size_t i = 0; i < type->count; i++) {
		if (may_come_and_go(type, i)) {
			continue;
		}
		const char *name = type->fields != NULL ? type->fields[i].name : type->members[i];
		hash = XXH3_64bits_withSeed(name, strlen(name), hash);
	}
	return hash;
}

static void expand(struct graph *graph, size_t at) {
	const struct dtf_type *type = graph->nodes[at].type;
	size_t first = graph->nedges;
	if (type->of != NULL) {
		add_edge(graph, type->of);
	}
	for (size_t i = 0; type->fields != NULL && i < type->count; i++) {
		if (!may_come_and_go(type, i)) {
			add_edge(graph, type->fields[i].type);
		}
	}
	if (graph->failed) {
		return;
	}
	struct node *node = &graph->nodes[at];
	node->first = first;
	node->count = graph->nedges - first;
	node->own = node->now = hash_own(type);
}

/* False when nothing has changed, nor ever will. */
static bool next_round(struct graph *graph) {
	for (size_t i = 0; i < graph->nnodes; i++) {
		struct node *node = &graph->nodes[i];
		node->next = node->own;
		for (size_t k = 0; k < node->count; k++) {
			uint64_t part = graph->nodes[graph->edges[node->first + k]].now;
			node->next = XXH3_64bits_withSeed(&part, sizeof(part), node->next);
		}
	}
	bool changed = false;
	for (size_t i = 0; i < graph->nnodes; i++) {
		struct node *node = &graph->nodes[i];
		changed = changed || node->now != node->next;
		node->now = node->next;
	}
	return changed;
}

uint64_t dtf__type_hash(const struct dtf_type *type) {
	if (type->of == NULL && (type->fields == NULL || type->count == 0)) {
		return hash_own(type) | 1; /* as below, in which no round would change it */
	}
	struct graph graph;
	graph.nodes = graph.few_nodes;
	graph.edges = graph.few_edges;
	graph.nodes_max = graph.edges_max = FEW;
	graph.nnodes = graph.nedges = 0;
	graph.failed = false;
	(void)node_of(&graph, type);
	for (size_t i = 0; i < graph.nnodes && !graph.failed; i++) {
		expand(&graph, i);
	}
	int round = 0;
	while (!graph.failed && round < ROUNDS_MAX && next_round(&graph)) {
		round++;
	}
	uint64_t hash = graph.failed ? 0 : graph.nodes[0].now | 1; /* so never 0 */
	if (graph.nodes != graph.few_nodes) {
		free(graph.nodes);
	}
	if (graph.edges != graph.few_edges) {
		free(graph.edges);
	}
	return hash;
}
