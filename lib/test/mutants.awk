# mutants.awk FILE…: reads files of mutants (their form: lib/test/check-mutants) and says which can be applied.
# One line for each, with tabs between: NUMBER BASE FILE WHERE WHY; mutants with one test and one
# environment have one BASE. What is wrong goes to standard error, as FILE:LINE: …, and into the exit status.
# Environment: TESTS, the tests that there are, one a line; PATTERN, a regular expression that a mutant has to
# match; OUT, a directory that gets N.new, the file with mutant N in it, and B.test and B.env for BASE B.

function bad(line, what) {
	printf "%s:%d: %s\n", data, line, what >"/dev/stderr"
	errors++
}

# The text of a file, each line with its newline; read once.
function text_of(file,  line, text, rc) {
	if (!(file in texts)) {
		while ((rc = (getline line <file)) > 0)
			text = text line "\n"
		if (rc < 0)
			return ""
		close(file)
		texts[file] = text
	}
	return texts[file]
}

# How often old is in text; where it is first is left in at.
function count(text, old,  n, i, before) {
	at = index(text, old)
	while ((i = index(text, old)) > 0) {
		n++
		text = substr(text, i + 1)
	}
	return n + 0
}

function base_of(test, env) {
	if (!((test, env) in bases)) {
		bases[test, env] = ++n_bases
		if (OUT != "") {
			printf "%s\n", test >(OUT "/" n_bases ".test")
			printf "%s", env >(OUT "/" n_bases ".env")
			close(OUT "/" n_bases ".test")
			close(OUT "/" n_bases ".env")
		}
	}
	return bases[test, env]
}

# The record that has been read is whole: is it good, and does it apply?
function finish(  text, n) {
	if (begin == "" || file == "" && test == "" && !n_old && !n_new)
		return clear() # nothing, or the words at the head of the file
	if (PATTERN != "" && all !~ PATTERN)
		return clear()
	if (why == "")
		bad(begin, "no '# …' line says what the mutant breaks")
	else if (file == "")
		bad(begin, "no 'file' line")
	else if (test == "")
		bad(begin, "no 'test' line")
	else if (!(test in tests))
		bad(begin, "no such test: " test)
	else if (!n_old || old == "")
		bad(begin, "no '- …' line with the old text")
	else if (n_new && old == new)
		bad(begin, "the new text is the old one")
	else if ((text = text_of(file)) == "")
		bad(begin, "no such file: " file)
	else if ((n = count(text, old)) != 1)
		bad(begin, "no longer applies: the old text is " n " times in " file)
	else {
		number++
		if (OUT != "") {
			printf "%s%s%s", substr(text, 1, at - 1), new, substr(text, at + length(old)) >(OUT "/" number ".new")
			close(OUT "/" number ".new")
		}
		printf "%d\t%d\t%s\t%s:%d\t%s\n", number, base_of(test, env), file, data, begin, why
	}
	clear()
}

function clear() {
	begin = why = file = test = env = old = new = all = ""
	n_old = n_new = 0
}

BEGIN {
	n = split(ENVIRON["TESTS"], list, "\n")
	for (i = 1; i <= n; i++) {
		sub(/^fuzz:/, "fuzz/", list[i])
		sub(/:.*/, "", list[i]) # a fuzzer's corpus
		sub(/^fuzz\//, "fuzz:", list[i])
		tests[list[i]] = 1
	}
	PATTERN = ENVIRON["PATTERN"]
	OUT = ENVIRON["OUT"]
	clear()
}
FNR == 1 {
	finish()
	data = FILENAME
}
/^$/ {
	finish()
	next
}
{
	if (begin == "")
		begin = FNR
	all = all $0 "\n"
	value = substr($0, index($0, " ") + 1)
}
/^#/ {
	sub(/^# ?/, "")
	why = why (why == "" ? "" : " ") $0
	next
}
/^file [^ ]+$/ && file == "" {
	file = value
	next
}
/^test [^ ]+$/ && test == "" {
	test = value
	next
}
/^env [A-Za-z_][A-Za-z_0-9]*=/ {
	env = env value "\n"
	next
}
(/^- / || /^-$/) && !n_new {
	old = old (n_old++ ? "\n" : "") substr($0, 3)
	next
}
/^[+] / || /^[+]$/ {
	new = new (n_new++ ? "\n" : "") substr($0, 3)
	next
}
{ bad(FNR, "not a line of a mutant: " $0) }
END {
	finish()
	exit errors > 0
}
