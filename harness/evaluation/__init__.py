"""Decides who is measured when; measures nothing itself.

units      what one job does whole, wherever it runs
executors  who has units done: one after another, or several devices of this machine
cluster    the same by jobs of a cluster: submitted, watched, followed up
slurm      such jobs, counted and cancelled by their name
task       what a task of a job does: unit after unit of a plan
book       the run written as far as it is, and the trail of what was done
finished   a run that came to its end before, recognised at once
challenge  many submissions: each evaluated, then all timed; none stops the others
evaluate   one submission: inspect, restore and score, each pass from the store where it is there
scoring    the restore pass: every SR image scored as it arrives, then deleted
identity   a network that costs nothing, for what the exchange of images takes
timing     one visit of the clock to a submission: on which images, what it depends on
clock/     the clock of a visit: what is called when, until all is measured
rounds     which timing sessions serve whom, and which are yet to be made
inspecting  the inspect pass: what ordinary images cost, and give, while they are counted
twins      whether a twin for the counters computes what its network does, each alone
sameness   whether timed calls compute what ordinary ones do, in a second process
visits     the visits of one entry put together
session    rounds in which the same crew is visited: order, brackets, what is measured again
forecast   how long passes may take, before any of them is made
outlook    what a run would measure, and what its store has
building   what a build is of and depends on, and how its product reaches later passes
bench      what evaluations of a run share; a pass taken from the store, or run and stored
merging    runs of several machines joined into one
preflight  a team's `check`: will it load, does it restore, does it pass, how would it rank
specimens  photographs that a check restores where there is no data, and that costs may depend on
hints      what is probably wrong with a manifest, from how its network behaves
countdown  how long the timing of a check takes, said before every round
profiling  a team's `profile`: sizes, operators, other precisions and compilers
"""
