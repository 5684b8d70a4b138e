# SPDX-License-Identifier: GPL-2.0-only
"""Prints each field of a CSV file as Python reads it: row, name, value in one line each."""
import csv
import sys

with open(sys.argv[1], newline="", encoding="ascii") as file:
    for number, row in enumerate(csv.DictReader(file, strict=True), start=1):
        for name, value in row.items():
            print(number, name, value, sep="|")
