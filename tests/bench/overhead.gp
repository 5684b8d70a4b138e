# SPDX-License-Identifier: GPL-2.0-only
# Draws the file "plot": for each case and kernel a bar for the ratio to untraced, and one for that
# without the reader, on a log scale.
set terminal svg size 900,520 font "sans,12" background "white"
set style data histogram
set style histogram clustered gap 1
set style fill solid 0.8 noborder
set logscale y
set yrange [0.95:*]
set ytics (1, 1.05, 1.1, 1.2, 1.5, 2, 3, 5, 10, 20)
set grid ytics
set xtics rotate by -35 nomirror
set key top left
set datafile missing "-"
set ylabel "fork+exit+wait, ratio to untraced"
stats "plot" skip 1 using 2 nooutput
plot for [i = 2:(STATS_columns)] "plot" using i:xtic(1) title columnheader(i)
