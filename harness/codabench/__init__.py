"""The phases of a challenge on Codabench: a bundle made from a protocol, a leaderboard read back.

competition  competition.yaml: pages, tasks, phases, leaderboard
pages        overview, evaluation and terms in Markdown, from the protocol
logo         a drawn logo
shipped      the programs in a bundle: parts of this package, copied
leaderboard  a phase's exported table: scores, and claims beside what was measured
ingestion    what the ingestion container runs on submitted code
bundle       all of it, as a folder and a ZIP file
"""
