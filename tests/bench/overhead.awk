# SPDX-License-Identifier: GPL-2.0-only
# The tables of docs/bench.md, or with plot=1 what gnuplot draws, from lines of
# kernel case operation count clock_ns cpu_ns bytes lost why

{
	if (!($1 in kernels)) {
		kernels[$1]
		kernel[++nr_kernels] = $1
	}
	if (!($2 in cases)) {
		cases[$2]
		name[++nr_cases] = $2
	}
	key = $1 SUBSEP $2 SUBSEP $3
	if ($4 == "-") {
		why[key] = substr($0, length($1 $2 $3) + 14)
		next
	}
	clock[key] = $5 / $4
	cpu[key] = $6 / $4
	bytes[key] = $7 / ($4 + 50)	# 50 are not counted, to warm up
	lost[key] = $8
}

function ratio(k, c, operation, what,   key, base) {
	key = k SUBSEP c SUBSEP operation
	base = k SUBSEP "untraced" SUBSEP operation
	if (!(key in clock) || !(base in clock))
		return "-"
	return sprintf("%.3f", what == "cpu" ? cpu[key] / cpu[base] : clock[key] / clock[base])
}

function table_of_forks(k,   i, key) {
	print "| case | ns a fork | ratio | ratio, reader apart | bytes a fork | lost |"
	print "|---|---|---|---|---|---|"
	for (i = 1; i <= nr_cases; i++) {
		key = k SUBSEP name[i] SUBSEP "fork"
		if (key in clock)
			printf "| %s | %d | %s | %s | %d | %s |\n", name[i], clock[key],
				ratio(k, name[i], "fork"), ratio(k, name[i], "fork", "cpu"),
				bytes[key], lost[key]
		else
			printf "| %s | skipped: %s | | | | |\n", name[i], why[key]
	}
}

function table_of_others(k,   i) {
	print "| case | fork+exec | vfork+exec | pthread_create+join | reader apart: fork+exec | vfork+exec | pthread |"
	print "|---|---|---|---|---|---|---|"
	for (i = 1; i <= nr_cases; i++)
		printf "| %s | %s | %s | %s | %s | %s | %s |\n", name[i],
			ratio(k, name[i], "exec"), ratio(k, name[i], "vfork"),
			ratio(k, name[i], "pthread"), ratio(k, name[i], "exec", "cpu"),
			ratio(k, name[i], "vfork", "cpu"), ratio(k, name[i], "pthread", "cpu")
}

END {
	if (plot) {
		printf "case"
		for (j = 1; j <= nr_kernels; j++)
			printf " \"%s\" \"%s, reader apart\"", kernel[j], kernel[j]
		print ""
		for (i = 2; i <= nr_cases; i++) {
			printf "%s", name[i]
			for (j = 1; j <= nr_kernels; j++)
				printf " %s %s", ratio(kernel[j], name[i], "fork"),
					ratio(kernel[j], name[i], "fork", "cpu")
			print ""
		}
		exit
	}
	print "<!-- SPDX-License-Identifier: GPL-2.0-only -->"
	print "<!-- Written by `make bench`. -->"
	print "# What tracing costs\n"
	print "Measured by `make bench` in qemu with `-icount shift=0` and one CPU: a nanosecond is an"
	print "instruction of the guest, so that the figures repeat within 0.7 % on any machine. Exceptions,"
	print "caches and TLBs cost nothing there. The operation of the first table is fork, `_exit` in the"
	print "child, `waitpid`. `ratio` is to the untraced operation of the same boot, on the one CPU that"
	print "the tracer's own process runs on, too; `reader apart` leaves that process out and counts the"
	print "CPU time of the workload, which is what a fork itself is slowed down by. strace and perf trace"
	print "stop the workload until they have read, so that only `ratio` tells their cost. The cases are in"
	print "`tests/bench/cases`.\n"
	print "![ratios to untraced](bench.svg)\n"
	for (j = 1; j <= nr_kernels; j++) {
		printf "## Kernel %s\n\n", kernel[j]
		table_of_forks(kernel[j])
		print "\nRatios of the other operations:\n"
		table_of_others(kernel[j])
		print ""
	}
}
