"""The leaderboard as a table, in every format.

columns    the columns that people read, in the order of the challenge's own tables
notes      numbers footnotes; each format says which remarks become one
terminal   as text for a terminal
csv_table  as CSV: base units, full precision, one row per entry or image
markdown   as Markdown
latex      as LaTeX: booktabs, a rank as subscript, footnotes; cells are worded in columns
factsheet  the one-line table of a factsheet: measured, claimed
"""
