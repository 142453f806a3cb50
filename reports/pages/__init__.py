"""The pages of a report.

index       the leaderboard's page: a table per track, figures, what was measured
factsheets  a page per entry
changes     what moved between two runs or tables
profile     the profile of one submission; the same tables on the terminal
history     what was done to the folder of results
figures     which figures of a run are drawn, and of whom
plots       how they are drawn: points, intervals, lines and boxes
pictures    crops of a few images side by side
weights     how what an entry learnt is kept, and what of it is zero
modules     what each module costs, as the rows of a tree
machine     the GPU's state during an entry's visits
templates   Jinja2 templates, filled into self-contained files
"""
