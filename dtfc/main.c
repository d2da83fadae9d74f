/*
 * dtfc: the command.  Options in, one call, an exit code out.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compile.h"
#include "explain.h"
#include <dtf/version.h>

static const char help
	[] = "usage: dtfc FILE.dtf [options]\n"
	     "       dtfc explain [CODE] [--json] [--color=WHEN]\n"
	     "\n"
	     "Compiles a workflow file to FILE.dtf.c, FILE.dtf.h and FILE.dtf.json; or says what\n"
	     "a message means, by its code or a warning's name, and lists all codes without one.\n"
	     "\n"
	     "outputs:\n"
	     "  -o DIR            write all three into DIR (default: beside the input)\n"
	     "  --c FILE          write only what is named by these\n"
	     "  --header FILE\n"
	     "  --manifest FILE\n"
	     "  --depfile FILE    a make rule that names all imports\n"
	     "  --check           report mistakes, write nothing\n"
	     "  --emit=WHAT       print tokens, ast, ir or dot instead\n"
	     "  --no-line         C without #line\n"
	     "  --no-functions    C that calls no activity: the program that loads it runs them\n"
	     "\n"
	     "messages:\n"
	     "  -Werror           warnings are errors\n"
	     "  -Wno-NAME         not this warning\n"
	     "  -WNAME            this one too: missing-undo is off unless asked for\n"
	     "  --json            as a JSON array on standard output\n"
	     "  --color=WHEN      auto, always or never\n"
	     "\n"
	     "  --version  --help\n"
	     "\n"
	     "Exit codes: 0 done; 1 mistakes in the source; 2 wrong usage; 66 input not readable;\n"
	     "70 a bug in dtfc; 73 output not writable.  Outputs are replaced all or none, and\n"
	     "only if dtfc wrote them.\n";

enum option_id {
	OPTION_C = 256,
	OPTION_HEADER,
	OPTION_MANIFEST,
	OPTION_DEPFILE,
	OPTION_CHECK,
	OPTION_EMIT,
	OPTION_NO_LINE,
	OPTION_NO_FUNCTIONS,
	OPTION_JSON,
	OPTION_COLOR,
	OPTION_VERSION,
	OPTION_HELP,
};

static const struct option long_options[] = {
	{ "c", required_argument, NULL, OPTION_C },
	{ "header", required_argument, NULL, OPTION_HEADER },
	{ "manifest", required_argument, NULL, OPTION_MANIFEST },
	{ "depfile", required_argument, NULL, OPTION_DEPFILE },
	{ "check", no_argument, NULL, OPTION_CHECK },
	{ "emit", required_argument, NULL, OPTION_EMIT },
	{ "no-line", no_argument, NULL, OPTION_NO_LINE },
	{ "no-functions", no_argument, NULL, OPTION_NO_FUNCTIONS },
	{ "json", no_argument, NULL, OPTION_JSON },
	{ "color", required_argument, NULL, OPTION_COLOR },
	{ "version", no_argument, NULL, OPTION_VERSION },
	{ "help", no_argument, NULL, OPTION_HELP },
	{ 0 },
};

struct command {
	struct compile_options options;
	const char *dir;
	const char *color;
	const char *stop; /* print this and exit with success */
};

static bool usage(const char *problem, const char *what) {
	fprintf(stderr, "dtfc: %s '%s'\n(dtfc --help shows all options)\n", problem, what);
	return false;
}

static bool set_warning(struct compile_options *o, const char *what) {
	if (strcmp(what, "error") == 0) {
		o->warnings_are_errors = true;
		return true;
	}
	bool silence = strncmp(what, "no-", 3) == 0;
	const char *name = silence ? what + 3 : what;
	for (int code = 0; code < DIAG_COUNT; code++) {
		const char *warning = diag_warning((enum diag_code)code);
		if (warning != NULL && strcmp(name, warning) == 0) {
			o->choices[code] = silence ? DIAG_SILENCED : DIAG_WANTED;
			return true;
		}
	}
	return usage("there is no warning", what);
}

static bool set_dump(struct compile_options *o, const char *what) {
	static const char *const names[] = {
		[COMPILE_DUMP_TOKENS] = "tokens",
		[COMPILE_DUMP_AST] = "ast",
		[COMPILE_DUMP_IR] = "ir",
		[COMPILE_DUMP_DOT] = "dot",
	};

	for (size_t i = COMPILE_DUMP_TOKENS; i <= COMPILE_DUMP_DOT; i++) {
		if (strcmp(names[i], what) == 0) {
			o->dump = (enum compile_dump)i;
			return true;
		}
	}
	return usage("--emit does not know", what);
}

static bool set_option(struct command *command, int id, const char *value) {
	struct compile_options *o = &command->options;

	switch (id) {
	case 'o':
		command->dir = value;
		return true;
	case 'W':
		return set_warning(o, value);
	case OPTION_C:
		o->c = value;
		return true;
	case OPTION_HEADER:
		o->header = value;
		return true;
	case OPTION_MANIFEST:
		o->manifest = value;
		return true;
	case OPTION_DEPFILE:
		o->depfile = value;
		return true;
	case OPTION_CHECK:
		o->check_only = true;
		return true;
	case OPTION_EMIT:
		return set_dump(o, value);
	case OPTION_NO_LINE:
		o->no_line = true;
		return true;
	case OPTION_NO_FUNCTIONS:
		o->no_functions = true;
		return true;
	case OPTION_JSON:
		o->json = true;
		return true;
	case OPTION_COLOR:
		command->color = value;
		return true;
	case OPTION_VERSION:
		command->stop = "dtfc " DTF_VERSION "\n";
		return true;
	case OPTION_HELP:
		command->stop = help;
		return true;
	default: /* getopt has said what is wrong */
		fputs("(dtfc --help shows all options)\n", stderr);
		return false;
	}
}

/* For what goes to `fd`. */
static bool set_color(const char *color, int fd, bool *ret) {
	const char *term = getenv("TERM");

	if (strcmp(color, "always") == 0) {
		*ret = true;
	} else if (strcmp(color, "auto") == 0) {
		*ret = isatty(fd) && getenv("NO_COLOR") == NULL && term != NULL &&
			strcmp(term, "dumb") != 0;
	} else if (strcmp(color, "never") != 0) {
		return usage("--color does not know", color);
	}
	return true;
}

/* A name stands in comments and #line of the output. */
static bool is_plain(const char *path) {
	for (; *path != '\0'; path++) {
		unsigned char c = (unsigned char)*path;
		bool ends_comment = c == '*' && path[1] == '/';
		if (c < ' ' || c == 0x7f || c == '"' || c == '\\' || c == '?' || ends_comment) {
			return false;
		}
	}
	return true;
}

static char *output_path(const char *dir, const char *input, const char *suffix) {
	const char *base = compile_base_name(input);
	int dir_len = dir != NULL ? (int)strlen(dir) : (int)(base - input);
	size_t size = (size_t)dir_len + strlen(base) + strlen(suffix) + 2;
	char *path = malloc(size);

	if (path == NULL) {
		bug("out of memory");
	}
	bool slash = dir != NULL && dir_len > 0 && dir[dir_len - 1] != '/';
	snprintf(path, size, "%.*s%s%s%s", dir_len, dir != NULL ? dir : input, slash ? "/" : "",
		base, suffix);
	return path;
}

static bool check_command(struct command *command, int argc, char **argv) {
	struct compile_options *o = &command->options;

	if (optind >= argc) {
		return usage("which file is it?  It ends in", ".dtf");
	}
	if (optind + 1 < argc) {
		return usage("one file at a time, not also", argv[optind + 1]);
	}
	o->input = argv[optind];
	size_t len = strlen(o->input);
	if (len < 5 || strcmp(o->input + len - 4, ".dtf") != 0) {
		return usage("not a .dtf file:", o->input);
	}
	bool named = o->c != NULL || o->header != NULL || o->manifest != NULL;
	const char *paths[] = { o->input, o->c, o->header, o->manifest };
	for (size_t i = 0; i < 4; i++) {
		if (paths[i] != NULL && !is_plain(paths[i])) {
			return usage("a file name with characters that C cannot quote:", paths[i]);
		}
	}
	if (named && command->dir != NULL) {
		return usage("-o DIR goes without", "--c, --header, --manifest");
	}
	if (o->json && o->dump != COMPILE_DUMP_NONE) {
		return usage("--json goes without", "--emit");
	}
	return set_color(command->color, STDERR_FILENO, &o->colour);
}

static enum compile_exit flush(void) {
	return fflush(stdout) != 0 || ferror(stdout) ? COMPILE_NO_OUTPUT : COMPILE_OK;
}

/* argv[0] is the word itself. */
static enum compile_exit explain(int argc, char **argv) {
	static const struct option options[] = {
		{ "json", no_argument, NULL, OPTION_JSON },
		{ "color", required_argument, NULL, OPTION_COLOR },
		{ 0 },
	};
	struct command command = { .color = "auto" };
	const struct explain_page *page = NULL;
	bool colour = false;
	int id;

	while ((id = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (!set_option(&command, id, optarg)) {
			return COMPILE_USAGE;
		}
	}
	if (!set_color(command.color, STDOUT_FILENO, &colour)) {
		return COMPILE_USAGE;
	}
	if (optind + 1 < argc) {
		(void)usage("one code at a time, not also", argv[optind + 1]);
		return COMPILE_USAGE;
	}
	if (optind < argc && (page = explain_find(argv[optind])) == NULL) {
		explain_unknown(argv[optind], stderr);
		return COMPILE_USAGE;
	}
	if (command.options.json) {
		explain_print_json(page, stdout);
	} else {
		explain_print(page, stdout, colour);
	}
	return flush();
}

int main(int argc, char **argv) {
	struct command command = { .color = "auto" };
	struct compile_options *o = &command.options;
	char *defaults[3] = { NULL, NULL, NULL };
	int id;

	if (argc > 1 && strcmp(argv[1], "explain") == 0) {
		return (int)explain(argc - 1, argv + 1);
	}
	while ((id = getopt_long(argc, argv, "o:W:", long_options, NULL)) != -1) {
		if (!set_option(&command, id, optarg)) {
			return COMPILE_USAGE;
		}
	}
	if (command.stop != NULL) {
		(void)fputs(command.stop, stdout);
		return (int)flush();
	}
	if (!check_command(&command, argc, argv)) {
		return COMPILE_USAGE;
	}
	if (o->c == NULL && o->header == NULL && o->manifest == NULL) {
		o->c = defaults[0] = output_path(command.dir, o->input, ".c");
		o->header = defaults[1] = output_path(command.dir, o->input, ".h");
		o->manifest = defaults[2] = output_path(command.dir, o->input, ".json");
	}
	enum compile_exit code = compile_run(o);
	for (size_t i = 0; i < 3; i++) {
		free(defaults[i]);
	}
	return (int)code;
}
