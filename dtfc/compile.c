/*
 * Read, parse, load imports, check, lower, emit: a list of calls.
 *
 * Each stage goes on through all it has and leaves diagnostics; the next one
 * starts only if there was no error, so that nobody reads the consequences of
 * a mistake as further mistakes.
 */
#include "compile.h"

#include <string.h>
#include <sys/stat.h>

#include "../grammar/grammar.h"
#include "dump.h"
#include "emit.h"
#include "lower.h"
#include "output.h"

/* A file that was loaded, by identity: two paths to one file are one import. */
struct loaded {
	struct loaded *next;
	dev_t device;
	ino_t inode;
	struct file *file;
	struct loaded *importer; /* NULL: the root */
	struct decl *by;         /* the import that led here */
	bool is_open;
};

struct compile {
	const struct compile_options *options;
	struct arena arena;
	struct diag diag;
	struct unit unit;
	struct loaded *loaded;
	const char *unreadable; /* why the root could not be read */
};

const char *compile_base_name(const char *path) {
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

/* ---- imports ---- */

static const char *beside(struct arena *arena, const char *file, const char *path) {
	const char *slash = strrchr(file, '/');

	while (path[0] == '.' && path[1] == '/') {
		path += 2;
	}
	if (slash == NULL) {
		return path;
	}
	return mem_printf(arena, "%.*s/%s", (int)(slash - file), file, path);
}

static struct loaded *find_loaded(struct compile *c, const struct stat *st) {
	for (struct loaded *l = c->loaded; l != NULL; l = l->next) {
		if (l->device == st->st_dev && l->inode == st->st_ino) {
			return l;
		}
	}
	return NULL;
}

/* "a.dtf imports b.dtf imports a.dtf", as notes from the first import on. */
static void report_cycle(struct compile *c, struct file *file, struct decl *decl,
	struct loaded *again, struct loaded *from) {
	struct diagnostic *d = diag_report(&c->diag, DIAG_IMPORT_CYCLE, file->source,
		decl->path_span, NULL, "the import of '%s' makes a cycle", decl->path);

	for (struct loaded *l = from; l != NULL && l != again; l = l->importer) {
		diag_note(&c->diag, d, l->importer->file->source, l->by->path_span,
			"'%s' is imported here", l->by->path);
	}
}

/* Headers are included by the last part of their path, so that any layout of outputs works. */
static void check_base_name(struct compile *c, struct file *file, struct decl *decl) {
	const char *base = compile_base_name(decl->path);
	struct loaded *l = c->loaded;

	while (l != NULL && strcmp(compile_base_name(l->file->source->name), base) != 0) {
		l = l->next;
	}
	if (l == NULL) {
		return;
	}
	struct diagnostic *d = diag_report(&c->diag, DIAG_SAME_FILE_NAME, file->source,
		decl->path_span, "give one of them another name",
		"two files are called '%s': the headers of both would be '%s.h'", base, base);
	if (l->by == NULL) {
		diag_note(&c->diag, d, l->file->source, l->file->package.span,
			"the other one is this");
	} else {
		diag_note(&c->diag, d, l->importer->file->source, l->by->path_span,
			"the other one is imported here");
	}
}

static void load_imports(struct compile *c, struct loaded *from);

static void load_import(struct compile *c, struct loaded *from, struct decl *decl) {
	struct file *file = from->file;
	const char *error = NULL, *path = beside(&c->arena, file->source->name, decl->path);
	struct stat st = { 0 };

	if (decl->path[0] == '/') {
		diag_report(&c->diag, DIAG_BAD_IMPORT, file->source, decl->path_span, NULL,
			"an import's path is relative to the importing file");
		return;
	}
	struct loaded *known = stat(path, &st) == 0 ? find_loaded(c, &st) : NULL;
	if (known != NULL) {
		decl->imported = known->file;
		if (known->is_open) {
			report_cycle(c, file, decl, known, from);
		}
		return;
	}
	struct source *source = src_read(&c->arena, path, &error);
	if (source == NULL) {
		diag_report(&c->diag, DIAG_BAD_IMPORT, file->source, decl->path_span, NULL,
			"cannot import: %s", error);
		return;
	}
	check_base_name(c, file, decl);
	struct loaded *loaded = mem_new(&c->arena, struct loaded);
	*loaded = (struct loaded){
		.device = st.st_dev, .inode = st.st_ino, .importer = from, .by = decl
	};
	loaded->file = grammar_parse(&c->arena, &c->diag, source);
	decl->imported = loaded->file;
	loaded->next = c->loaded;
	c->loaded = loaded;
	load_imports(c, loaded);
}

/* Imports first, then the file before all that is there: users stand before what they use. */
static void load_imports(struct compile *c, struct loaded *from) {
	from->is_open = true;
	for (struct decl *d = from->file->decls; d != NULL; d = d->next) {
		if (d->kind == DECL_IMPORT && d->path != NULL) {
			load_import(c, from, d);
		}
	}
	from->is_open = false;
	from->file->next = c->unit.files;
	c->unit.files = from->file;
}

static bool load(struct compile *c) {
	struct loaded *root = mem_new(&c->arena, struct loaded);
	struct source *source = src_read(&c->arena, c->options->input, &c->unreadable);
	struct stat st;

	if (source == NULL) {
		return false;
	}
	if (stat(c->options->input, &st) == 0) {
		root->device = st.st_dev;
		root->inode = st.st_ino;
	}
	if (c->options->dump == COMPILE_DUMP_TOKENS) {
		grammar_dump_tokens(&c->arena, &c->diag, source, stdout);
		return true;
	}
	root->file = grammar_parse(&c->arena, &c->diag, source);
	c->loaded = root;
	load_imports(c, root);
	return true;
}

/* ---- outputs ---- */

/* A name in the text of outputs: never an absolute path. */
static const char *shown_name(const char *path) {
	return path[0] == '/' ? compile_base_name(path) : path;
}

static const char *header_of(struct arena *arena, const struct file *import) {
	return mem_printf(arena, "%s.h", compile_base_name(import->source->name));
}

/* A path in a makefile rule. */
static void add_path(struct emit *e, const char *path) {
	for (const char *c = path; *c != '\0'; c++) {
		if (*c == ' ' || *c == '#') {
			emit_text(e, "\\");
		} else if (*c == '$') {
			emit_text(e, "$");
		}
		emit_text(e, (const char[]){ *c, '\0' });
	}
}

static void emit_depfile(struct compile *c, struct emit *e) {
	const struct compile_options *o = c->options;
	const char *outputs[] = { o->c, o->header, o->manifest };

	for (size_t i = 0; i < 3; i++) {
		if (outputs[i] != NULL) {
			emit_text(e, e->text.size > 0 ? " " : "");
			add_path(e, outputs[i]);
		}
	}
	emit_text(e, ":");
	for (struct file *f = c->unit.files; f != NULL; f = f->next) {
		emit_text(e, " ");
		add_path(e, f->source->name);
	}
	emit_text(e, "\n");
}

/* What is written: one output for each path that was asked for. */
struct writing {
	struct output outputs[4];
	size_t count;
	const char *error;
};

/* The output, or NULL: not asked for, or something is wrong. */
static struct output *begin_output(
	struct compile *c, struct writing *w, const char *path, const char *banner) {
	if (path == NULL || w->error != NULL) {
		return NULL;
	}
	struct output *output = &w->outputs[w->count];
	w->error = output_open(output, &c->arena, path, banner);
	w->count += w->error == NULL;
	return w->error == NULL ? output : NULL;
}

static void take_text(void *output, const char *text, size_t size) {
	output_write(output, text, size);
}

/* What is left of the text. */
static void end_output(struct output *output, struct emit *e) {
	if (output != NULL) {
		buffer_drain(&e->text, take_text, output);
	}
}

static void begin_text(struct compile *c, struct emit *e, struct output *output) {
	emit_init(e, &c->arena);
	e->take = output != NULL ? take_text : NULL;
	e->to = output;
}

static void write_texts(struct compile *c, const struct ir_module *module, struct output *c_file,
	struct output *header_file, struct emit *manifest) {
	const struct compile_options *o = c->options;
	const char *base = compile_base_name(o->input);
	struct emit text, header;
	struct emit_options options = {
		.stamps = !o->no_line,
		.no_functions = o->no_functions,
		.c_file = o->c != NULL ? compile_base_name(o->c)
				       : mem_printf(&c->arena, "%s.c", base),
		.h_file = o->header != NULL ? compile_base_name(o->header)
					    : mem_printf(&c->arena, "%s.h", base),
		.manifest = &manifest->text,
	};

	if (c_file != NULL) {
		begin_text(c, &text, c_file);
		emit_c(&text, module, &options);
		end_output(c_file, &text);
	}
	if (header_file != NULL) {
		begin_text(c, &header, header_file);
		emit_header(&header, module);
		end_output(header_file, &header);
	}
}

static enum compile_exit write_outputs(struct compile *c, const struct ir_module *module) {
	const struct compile_options *o = c->options;
	struct emit manifest, depfile;
	struct writing w = { .count = 0 };
	struct output *c_file = begin_output(c, &w, o->c, EMIT_BANNER_START);
	struct output *header_file = begin_output(c, &w, o->header, EMIT_BANNER_START);
	struct output *manifest_file = begin_output(c, &w, o->manifest, EMIT_JSON_START);
	struct output *depfile_file = begin_output(c, &w, o->depfile, NULL);

	if (w.error == NULL) {
		emit_init(&manifest, &c->arena);
		emit_manifest(&manifest, module);
		write_texts(c, module, c_file, header_file, &manifest);
		end_output(manifest_file, &manifest);
		emit_init(&depfile, &c->arena);
		emit_depfile(c, &depfile);
		end_output(depfile_file, &depfile);
	}
	w.error = output_finish_all(w.outputs, w.count, w.error);
	if (w.error != NULL) {
		fprintf(stderr, "dtfc: %s\n", w.error);
		return COMPILE_NO_OUTPUT;
	}
	return COMPILE_OK;
}

static enum compile_exit dump(struct compile *c, const struct ir_module *module) {
	struct emit e;

	emit_init(&e, &c->arena);
	if (c->options->dump == COMPILE_DUMP_IR) {
		emit_ir(&e, module);
	} else {
		emit_dot(&e, module);
	}
	for (const struct buffer_piece *p = e.text.first; p != NULL; p = p->next) {
		(void)fwrite(p->data, 1, p->size, stdout);
	}
	return fflush(stdout) == 0 && !ferror(stdout) ? COMPILE_OK : COMPILE_NO_OUTPUT;
}

/* ---- the stages ---- */

static enum compile_exit run(struct compile *c) {
	const struct compile_options *o = c->options;
	struct lower_options lower = { .file = shown_name(o->input), .header_of = header_of };

	if (!load(c)) {
		return COMPILE_NO_INPUT;
	}
	if (c->diag.errors > 0) {
		return COMPILE_ERRORS;
	}
	if (o->dump == COMPILE_DUMP_TOKENS) {
		return COMPILE_OK;
	}
	if (o->dump == COMPILE_DUMP_AST) {
		dump_file(c->unit.files, stdout);
		return COMPILE_OK;
	}
	if (!check_unit(&c->unit) || c->diag.errors > 0) {
		return COMPILE_ERRORS;
	}
	struct ir_module *module = lower_unit(&c->unit, &lower);
	if (o->dump != COMPILE_DUMP_NONE) {
		return dump(c, module);
	}
	return o->check_only ? COMPILE_OK : write_outputs(c, module);
}

enum compile_exit compile_run(const struct compile_options *options) {
	struct compile c = { .options = options, .arena.block_max = (size_t)32 * 1024 * 1024 };

	c.diag.arena = &c.arena;
	c.diag.warnings_are_errors = options->warnings_are_errors;
	memcpy(c.diag.choices, options->choices, sizeof(c.diag.choices));
	c.unit.arena = &c.arena;
	c.unit.diag = &c.diag;
	c.unit.types = types_create(&c.arena);
	enum compile_exit code = run(&c);
	if (c.unreadable != NULL) {
		fprintf(stderr, "dtfc: %s\n", c.unreadable);
	} else if (options->json) {
		diag_print_json(&c.diag, stdout);
	} else {
		diag_print(&c.diag, stderr, options->colour);
	}
	dtf__arena_finish(&c.arena);
	return code;
}
