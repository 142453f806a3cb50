"""What the hardware says of itself, and a pass run on it.

local        a pass on this machine, the GPU watched while it is timed
environment  the fingerprint of a run: what results depend on, what was merely observed
nvml         what NVML says of a GPU: clocks, throttling, energy counter, processes, memory
sampler      samples the GPU during a visit, from the harness's process; energy of bursts
ceiling      what a device can do at most, from its make and clocks
"""
