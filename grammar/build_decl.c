/* Declarations. */
#include <string.h>

#include "build.h"

void build_package(struct parse *p, const struct token *keyword, const struct token *name) {
	if (p->file->package.text != NULL) {
		build_error(p, DIAG_SYNTAX, build_join(keyword->span, name->span), NULL,
			"the file has a package already");
		return;
	}
	if (p->file->decls != NULL) {
		build_error(p, DIAG_SYNTAX, build_join(keyword->span, name->span), NULL,
			"`package` stands before all declarations");
	}
	p->file->package = build_name(p, name);
}

void build_add_decl(struct parse *p, struct decl *decl) {
	if (decl != NULL) {
		*p->decls_tail = decl;
		p->decls_tail = &decl->next;
	}
}

struct decl *build_decl(struct parse *p, enum decl_kind kind, const struct token *keyword,
	const struct token *name) {
	struct decl *decl = mem_new(p->arena, struct decl);
	decl->kind = kind;
	decl->span = build_join(keyword->span, name->span);
	decl->name = build_name(p, name);
	decl->doc = keyword->doc;
	decl->file = p->file;
	decl->version = 1;
	return decl;
}

struct decl *build_import(struct parse *p, const struct token *keyword, struct expr *path) {
	struct decl *decl = mem_new(p->arena, struct decl);
	decl->kind = DECL_IMPORT;
	decl->span = build_join(keyword->span, path->span);
	decl->path_span = path->span;
	decl->file = p->file;
	const struct string_part *part = path->u.parts;
	if (part != NULL && (part->expr != NULL || part->next != NULL)) {
		build_error(p, DIAG_SYNTAX, path->span, NULL,
			"the path of an import is a plain string");
		return NULL;
	}
	decl->path = part == NULL ? "" : part->text;
	return decl;
}

void build_version(struct decl *decl, const struct token *number) {
	if (number->kind != 0) {
		decl->version = number->value.integer;
		decl->version_written = true;
		decl->version_span = number->span;
	}
}

void build_workflow(
	struct parse *p, struct decl *decl, const struct prologue *prologue, struct block *body) {
	(void)p;
	struct query *queries = NULL;
	for (struct query *query = prologue->queries, *next; query != NULL; query = next) {
		next = query->next;
		query->next = queries;
		queries = query;
	}
	decl->queries = queries;
	decl->deadline = prologue->deadline;
	decl->body = body;
	decl->strand = (struct strand_syntax){ .kind = STRAND_BODY, .span = body->span };
}

void build_deadline(struct parse *p, struct prologue *prologue, struct expr *value) {
	build_check_duration(p, value);
	if (prologue->deadline != NULL) {
		build_error(p, DIAG_SYNTAX, value->span, NULL, "`deadline` stands twice");
	}
	prologue->deadline = value;
}

struct query *build_query(struct parse *p, struct query *before, const struct token *keyword,
	const struct token *name, struct type_syntax *type, struct expr *value) {
	struct query *query = mem_new(p->arena, struct query);
	*query = (struct query){ .next = before,
		.name = build_name(p, name),
		.syntax = type,
		.value = value,
		.span = build_join(keyword->span, value->span) };
	return query;
}

struct field *build_field(struct parse *p, const struct token *name, struct type_syntax *type) {
	struct field *field = mem_new(p->arena, struct field);
	field->name = build_name(p, name);
	field->syntax = type;
	field->span = type == NULL ? name->span : build_join(name->span, type->span);
	field->doc = name->doc;
	return field;
}

struct field *build_reverse_fields(struct field *list) {
	struct field *first = NULL;
	while (list != NULL) {
		struct field *next = list->next;
		list->next = first;
		first = list;
		list = next;
	}
	return first;
}

struct type_syntax *build_type_name(
	struct parse *p, const struct token *package, const struct token *name) {
	struct type_syntax *type = mem_new(p->arena, struct type_syntax);
	type->kind = TYPE_SYNTAX_NAME;
	type->name = build_name(p, name);
	type->span = name->span;
	if (package != NULL) {
		type->package = build_name(p, package);
		type->span = build_join(package->span, name->span);
	}
	return type;
}

struct type_syntax *build_type_of(struct parse *p, enum type_syntax_kind kind, struct span from,
	struct type_syntax *of, struct span to) {
	struct type_syntax *type = mem_new(p->arena, struct type_syntax);
	*type = (struct type_syntax){ .kind = kind, .span = build_join(from, to), .of = of };
	return type;
}

struct error_name *build_error_name(
	struct parse *p, struct error_name *before, const struct qname *name) {
	struct error_name *error = mem_new(p->arena, struct error_name);
	*error = (struct error_name){
		.next = before, .package = name->package, .name = name->name
	};
	return error;
}

struct error_name *build_reverse_errors(struct error_name *list) {
	struct error_name *first = NULL;
	while (list != NULL) {
		struct error_name *next = list->next;
		list->next = first;
		first = list;
		list = next;
	}
	return first;
}

struct attribute *build_attribute(struct parse *p, enum attribute_kind kind,
	const struct token *keyword, struct expr *value) {
	struct attribute *attribute = mem_new(p->arena, struct attribute);
	*attribute = (struct attribute){ .kind = kind,
		.value = value,
		.span = value == NULL ? keyword->span : build_join(keyword->span, value->span) };
	if (kind == ATTRIBUTE_TIMEOUT || kind == ATTRIBUTE_DEADLINE ||
		kind == ATTRIBUTE_HEARTBEAT) {
		build_check_duration(p, value);
	}
	return attribute;
}

struct attribute *build_retry(struct parse *p, const struct token *keyword, struct expr *times,
	const struct token *forever, const struct backoff *backoff) {
	struct attribute *attribute = build_attribute(p, ATTRIBUTE_RETRY, keyword, NULL);
	if (forever != NULL) {
		attribute->retry = RETRY_FOREVER;
		attribute->span = build_join(keyword->span, forever->span);
	} else {
		/* `none` is an expression wherever it stands; here it means no retry. */
		attribute->retry = times->kind == EXPR_NONE ? RETRY_NONE : RETRY_TIMES;
		attribute->times = times;
		attribute->span = build_join(keyword->span, times->span);
	}
	attribute->backoff_min = backoff->min;
	attribute->backoff_max = backoff->max;
	attribute->factor = backoff->factor;
	build_check_duration(p, backoff->min);
	build_check_duration(p, backoff->max);
	const struct expr *last = backoff->factor != NULL ? backoff->factor : backoff->max;
	if (last != NULL) {
		attribute->span = build_join(attribute->span, last->span);
	}
	return attribute;
}

struct attribute *build_reverse_attributes(struct attribute *list) {
	struct attribute *first = NULL;
	while (list != NULL) {
		struct attribute *next = list->next;
		list->next = first;
		first = list;
		list = next;
	}
	return first;
}
