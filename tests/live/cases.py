"""What the live tests try, in order."""
import badinput
import copies
import program

Skip = program.Skip
ALL = program.ALL + copies.ALL + badinput.ALL
