"""Everything that runs in the child beside an entry, and nothing else.

It imports `errors`, `records` and itself: in a worker process the rest of the project cannot be
imported at all (start.py).

start         the child's first lines: its life tied to the harness's, the wall on its import path
confinement   what it gives up before it sees a line of an entry: limits, capabilities, network
landlock      the files that it gives up
main          a job in, a result out
folder        files that pass between worker and harness: job and result
exchange      what both say while images are restored, and the worker's end of it
service       restores whatever is handed over, scored or timed
calls         calls of a network: each guarded, each on an LR image of its own
building      code of an entry's own that is compiled: its command run, what it made found
extension     C++ and CUDA sources as one extension of torch: a script that a build runs
regular       a stranger's file read as data: no link, no FIFO, of a stated size
passes        what each pass does: inspect (fusing at the first call), restore, probe, profile
desk          what a pass works with: its job, the loaded network, LR images
pixels        uint8 pixels to a network's tensors and back, by the official arithmetic
witness       whether an entry tampered with the clock, or left threads running
variants      the same network in another precision, memory order, compiler or graph
select_model  `select_model` of an official test_demo.py, read as a syntax tree
loading/      from a manifest to a network that restores images
complexity/   parameters, FLOPs, activations, convolutions
devices/      where a network runs, and how its time and memory are taken
"""
