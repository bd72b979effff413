# SPDX-License-Identifier: GPL-2.0
#
# Makes a Rust module of each example in the documentation of a crate, as rustdoc does, so that they are compiled. The
# first argument is the root of the crate: a module that it has under a `cfg` has its examples under that `cfg`.

# The root comes first, so its folder and its modules are known when there is an example.
FNR == 1 {
	if (NR == 1)
		root = substr(FILENAME, 1, length(FILENAME) - length("lib.rs"))
	path = substr(FILENAME, length(root) + 1)
	module = path
	sub(/[\/.].*/, "", module)
	inside = 0
}

NR == FNR && /^#\[cfg/ { condition = $0; next }
NR == FNR && /^(pub )?mod / {
	name = $NF
	sub(/;$/, "", name)
	conditions[name] = condition
	condition = ""
}

# The text of a documentation comment, or nothing.
!match($0, /^ *\/\/[\/!]( |$)/) { inside = 0; next }
{ text = substr($0, RLENGTH + 1) }

text == "```" && !inside {
	inside = 1
	lines = ""
	last = ""
	line = FNR
	next
}

text == "```" {
	inside = 0
	fallible = last ~ /^Ok::<\(\), .*Error>\(\(\)\)$/
	printf "// %s:%d\n%s\n#[allow(unused)]\nmod example_%d {\n", path, line, conditions[module], ++count
	printf "    fn example()%s {\n%s    }\n}\n\n", fallible ? " -> Result<(), kernel::error::Error>" : "", lines
	next
}

# As for rustdoc, `# ` begins a line that is not shown.
inside {
	sub(/^# /, "", text)
	lines = lines "        " text "\n"
	last = text
}

END {
	if (!count) {
		print "there are no examples" >"/dev/stderr"
		exit 1
	}
}
