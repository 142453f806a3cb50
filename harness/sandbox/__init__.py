"""Starts a worker, shows it little, believes it nothing.

process  starts a worker, follows it within its time limit, ends it, takes what comes back
staging  what a worker may see: copies of the entry's files, LR images, a bare environment
answers  what comes back, held to the form of an answer to what was asked
log      what an entry prints, kept within bounds
"""
