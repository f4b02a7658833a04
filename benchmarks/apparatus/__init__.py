"""The apparatus that every experiment shares; it knows no contender and no experiment.

processes    start a program, wait until it listens, count its CPU, stop it for certain
session      how a run ends, and what it leaves
machine      what ran where: CPU, kernel, versions, and who else used the cores
cores        which core each part runs on
footprint    memory, descriptors and sockets of a running program
quantities   durations and sizes with their unit, as options take them
rounds       the interleaved, seeded order of trials
spread       medians and ratios with their range
table        columns of text
"""
