"""Starts a worker, shows it little, believes it nothing.

process     starts a worker, follows it within its time limit, ends it, takes what comes back
jail        the jail around every pass, chosen once: bubblewrap, landlock or none; what is limited
bubblewrap  namespaces and a file tree made for the pass
visible     what of this machine a worker may read
cell        what a jail makes of a worker's command line
cgroup      how many processes and how much memory a pass may have, where the harness runs as root
disk        how much a pass may write
reaper      starts workers, and ends them with all that they left behind
exchange    LR images handed over, SR images taken, by the harness's own clock
staging     what a worker may see: copies of the entry's files, a bare environment
answers     what comes back, held to the form of an answer to what was asked
log         what an entry prints, kept within bounds
"""
