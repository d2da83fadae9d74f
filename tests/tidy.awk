# The engine of tidy.sh: reads its tables, then every file that they name.

function say(rule) {
	printf "%s:%d: %s\n", path, line_number, rule
}

# Does name match one of the patterns, where a final * stands for anything?
function matches(name, pattern) {
	if (substr(pattern, length(pattern)) == "*") {
		return index(name, substr(pattern, 1, length(pattern) - 1)) == 1
	}
	return name == pattern
}

function part_of(file) {
	if (file ~ /^runtime\/cli\//) {
		return "cli"
	}
	if (file ~ /^(dtfc|grammar)\//) {
		return "dtfc"
	}
	return file ~ /^runtime\// ? "runtime" : ""
}

# A layer's number, or 0.  Stems are relative to the part's directory; the longest
# that matches counts, so `lower_x` may stand elsewhere than `lower_*`.
function rank(part, file,   stem, i, best, size) {
	stem = file
	sub(/\.[a-z]+$/, "", stem)
	if (part == "cli") {
		sub(/^runtime\/cli\//, "", stem)
	} else if (!sub("^" part "/", "", stem)) {
		stem = "../" stem
	}
	for (i = 1; i <= nlayers; i++) {
		if (layer_part[i] == part && length(layer_stem[i]) > size &&
			matches(stem, layer_stem[i])) {
			best = layer_rank[i]
			size = length(layer_stem[i])
		}
	}
	return best + 0
}

# dtfc + ../runtime/arena.h -> runtime/arena.h
function resolve(file, name,   base) {
	base = file
	sub(/\/[^\/]*$/, "", base)
	while (sub(/^\.\.\//, "", name)) {
		if (!sub(/\/[^\/]*$/, "", base)) {
			base = ""
		}
	}
	return base == "" ? name : base "/" name
}

# Quoted names are found beside the file, or from the root of its part.
function target(file, name,   candidate, part) {
	candidate = resolve(file, name)
	if (candidate in known) {
		return candidate
	}
	part = part_of(file)
	if (part == "dtfc") {
		if (("dtfc/" name) in known) {
			return "dtfc/" name
		}
		if (("grammar/" name) in known) {
			return "grammar/" name
		}
	}
	if (("runtime/" name) in known) {
		return "runtime/" name
	}
	return candidate
}

function check_quoted(name,   part, from, to, goal) {
	part = part_of(path)
	if (part == "") {
		if (path ~ /^examples\// && name ~ /\//) {
			say("an example includes <dtf/dtf.h> and its own files only")
		}
		return
	}
	goal = target(path, name)
	from = rank(part, path)
	to = rank(part, goal)
	if (!from) {
		return # said once for the file
	}
	if (!to && goal ~ /^grammar\/(parse|lex)\.h$/) {
		return # generated, inside grammar
	}
	if (!to) {
		say("\"" name "\" is in no layer that " part " may use (tests/tidy.sh)")
	} else if (to > from) {
		say("\"" name "\" is of a higher layer (tests/tidy.sh)")
	}
}

function check_angled(name,   i, n, allowed, ok) {
	if (name in door) {
		n = split(door[name], allowed, " ")
		for (i = 1; i <= n; i++) {
			ok = ok || matches(path, allowed[i])
		}
		if (!ok) {
			say("<" name "> does not belong here (tests/tidy.sh)")
		}
	}
	if (part_of(path) == "cli" && name == "dtf/abi.h") {
		say("the tool uses <dtf/dtf.h> only")
	}
}

# Takes comments and the insides of quotes away; comment_open goes on over lines.
function strip(text,   out, c, two, quote, i) {
	out = ""
	for (i = 1; i <= length(text); i++) {
		c = substr(text, i, 1)
		two = substr(text, i, 2)
		if (comment_open) {
			if (two == "*/") {
				comment_open = 0
				i++
			}
		} else if (quote != "") {
			if (c == "\\") {
				i++
			} else if (c == quote) {
				quote = ""
				out = out c
			}
		} else if (two == "/*") {
			comment_open = 1
			i++
		} else if (two == "//") {
			break
		} else {
			if (c == "\"" || c == "'") {
				quote = c
			}
			out = out c
		}
	}
	return out
}

# Columns: a tab goes to the next multiple of 8, UTF-8 continuation bytes take none.
function columns(text,   n, i, parts, width) {
	gsub(/[\200-\277]/, "", text)
	n = split(text, parts, "\t")
	for (i = 1; i < n; i++) {
		width += length(parts[i])
		width += 8 - width % 8
	}
	return width + length(parts[n])
}

function check_code(text,   code, i) {
	if (text ~ /^[ \t]*#[ \t]*include/) {
		if (match(text, /"[^"]+"/)) {
			check_quoted(substr(text, RSTART + 1, RLENGTH - 2))
		} else if (match(text, /<[^>]+>/)) {
			check_angled(substr(text, RSTART + 1, RLENGTH - 2))
		}
		return
	}
	code = strip(text)
	if (path ~ /^(runtime|dtfc|grammar)\//) {
		for (i = 1; i <= nbanned; i++) {
			if ((" " code) ~ ("[^A-Za-z0-9_]" ban[i] "[ ]*\\(")) {
				say(ban[i] "() is banned")
			}
		}
	}
	if (code ~ /(define|undef)[ \t]+NDEBUG/) {
		say("assertions stay on: NDEBUG is never set")
	}
	if (path ~ /\.[ch]$/) {
		check_length(code)
	}
}

# A function's head starts in column 1 and its end is a brace alone in column 1.
function check_length(code,   size) {
	if (!in_function && code ~ /^[A-Za-z_]/) {
		head = line_number
		head_text = code
	}
	if (!in_function && head && code ~ /\)[A-Za-z_() ]*[{]$/) {
		in_function = 1
	} else if (!in_function && code ~ /[;}]$/) {
		head = 0
	}
	if (in_function && code ~ /^}/) {
		size = line_number - head + 1
		# a state machine is one switch, however long
		if (size > 70 && head_text !~ /_run\(/) {
			printf "%s:%d: function of %d lines (70)\n", path, head, size
		}
		in_function = 0
		head = 0
	}
}

function check_file(   text, is_code) {
	is_code = path ~ /\.[chy]$/ || path ~ /\.re$/
	line_number = 0
	comment_open = in_function = head = 0
	if (path ~ /\.[ch]$/ && part_of(path) != "" && path !~ /^runtime\/include\// &&
		!rank(part_of(path), path)) {
		line_number = 1
		say("this file is in no layer yet (tests/tidy.sh)")
		line_number = 0
	}
	while ((getline text <path) > 0) {
		line_number++
		if (text ~ /[ \t\r]$/) {
			say("blank at the end of the line")
		}
		if (path !~ /\.md$/ && columns(text) > 100) {
			say("line of more than 100 columns")
		}
		if (path !~ /^tests\/tidy\./ && path != "tests/tidy_test.sh") {
			check_words(text)
		}
		if (is_code) {
			check_code(text)
		}
	}
	close(path)
	if (is_code && line_number > 800) {
		say("file of more than 800 lines")
	}
}

function check_words(text) {
	if ((" " text " ") ~ /[^A-Za-z0-9_](TODO|FIXME|XXX|HACK)[^A-Za-z0-9_]/) {
		say("work left undone: do it, or write it down where plans are")
	}
	if (text ~ /\/(home|root|work|Users)\/[A-Za-z0-9_]/) {
		say("path of one machine")
	}
	if (text ~ /^(<<<<<<<|>>>>>>>) /) {
		say("leftover of a merge")
	}
	if (text ~ /-DNDEBUG|b_ndebug=(true|if-release)/) {
		say("assertions stay on: NDEBUG is never set")
	}
}

$1 == "layer" {
	if ($2 != "+:") {
		part = substr($2, 1, length($2) - 1)
		level++
	}
	for (i = 3; i <= NF; i++) {
		nlayers++
		layer_part[nlayers] = part
		layer_stem[nlayers] = $i
		layer_rank[nlayers] = level
	}
}
$1 == "door" {
	header = $2
	sub(/:$/, "", header)
	$1 = $2 = ""
	door[header] = door[header] " " $0
}
$1 == "banned" {
	for (i = 2; i <= NF; i++) {
		ban[++nbanned] = $i
	}
}
$1 == "file" {
	order[++nfiles] = $2
	known[$2] = 1
}
END {
	for (f = 1; f <= nfiles; f++) {
		path = order[f]
		check_file()
	}
}
