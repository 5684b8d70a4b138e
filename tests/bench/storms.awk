# SPDX-License-Identifier: GPL-2.0-only
# The table of storms in docs/bench.md, from lines of
# kernel cpus case storm forks ns - bytes lost why

{
	if (!(($1, $2) in rows)) {
		rows[$1, $2]
		row[++nr_rows] = $1 SUBSEP $2
	}
	forks[$1, $2, $3] = $5
	lost[$1, $2, $3] = $9
	if ($5 == "-")
		why = substr($0, length($1 $2 $3 $4) + 15)
}

function ratio(at, c) {
	if (forks[at, c] + 0 == 0 || forks[at, "untraced"] + 0 == 0)
		return "- | -"
	return sprintf("%.3f | %s", forks[at, "untraced"] / forks[at, c], lost[at, c])
}

END {
	print "## On more CPUs\n"
	print "A storm of forks and threads, one worker bound to each CPU, for a second of the guest's time."
	print "The CPUs take turns, an instruction at a time in sum, so that the clock says nothing about how"
	print "much faster more of them are. What it shows is how many instructions more a fork takes when"
	print "CPUs get into each other's way, spinning on locks included, and the tracer's own process.\n"
	print "| kernel | CPUs | forks untraced | registers: ratio | lost | core-stages: ratio | lost |"
	print "|---|---|---|---|---|---|---|"
	for (i = 1; i <= nr_rows; i++) {
		split(row[i], part, SUBSEP)
		printf "| %s | %s | %s | %s | %s |\n", part[1], part[2], forks[row[i], "untraced"],
			ratio(row[i], "registers"), ratio(row[i], "core-stages")
	}
	if (why)
		print "\nSkipped: " why
}
