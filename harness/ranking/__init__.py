"""Figures in, places out. Pure: it measures nothing.

eligibility  who may be ranked: status, unranked ids, PSNR thresholds at stated decimals
scores       scores and how one is printed, tracks, ranks, the rule for ties, the baseline
certainty    intervals of scores, who is surely ahead, ties that the clock cannot decide
rank_sums    the same where ranks are summed, by drawing
forecast     where an entry would stand in an edition's published table
leaderboard  a run, or a table, as ranked rows with notes
columns      the columns of leaderboard.csv: base units, full precision
table        a CSV table in the form of leaderboard.csv, read into figures
frames       a run as pandas DataFrames: what `harness.load` gives
"""
