"""What the live tests try, in order."""
import badinput
import copies
import edges
import heap
import program
import reprs
import sizes

Skip = program.Skip
ALL = program.ALL + reprs.ALL + copies.ALL + edges.ALL + heap.ALL + \
    sizes.ALL + badinput.ALL
