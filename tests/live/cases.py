"""What the live tests try, in order."""
import badinput
import collector
import copies
import dump
import edges
import garbage
import heap
import inner
import overview
import program
import real
import reprs
import sizes

Skip = program.Skip
ALL = program.ALL + reprs.ALL + copies.ALL + edges.ALL + \
    collector.ALL + garbage.ALL + dump.ALL + heap.ALL + inner.ALL + \
    overview.ALL + real.ALL + sizes.ALL + badinput.ALL
