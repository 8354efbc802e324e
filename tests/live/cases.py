"""What the live tests try, in order."""
import badinput
import collector
import copies
import dump
import edges
import garbage
import heap
import overview
import program
import reprs
import sizes

Skip = program.Skip
ALL = program.ALL + reprs.ALL + copies.ALL + edges.ALL + \
    collector.ALL + dump.ALL + heap.ALL + overview.ALL + sizes.ALL + \
    badinput.ALL
