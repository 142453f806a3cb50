"""Raw samples in, figures out. Pure.

estimates  medians, means, intervals over rounds, outlying rounds
runtimes   the ratios of each entry's visits to the baseline, and its runtime
launches   what launching kernels costs beside computing them
figures    an entry's measurements reduced to the figures that are ranked
flags      what an inspection flags: counters that disagree, twins, stand-ins, precision
referee    the harness's own clock beside the worker's: whose runtime it disputes
sameness   whether timed calls compute another function than ordinary ones
scrutiny   what visits flag: disturbed, clocks that differ, remembered content, impossible times
"""
