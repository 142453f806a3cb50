"""Editions and benchmarks as data: a TOML file each, every number with its source.

reading   a TOML file to a Protocol, one per scale
checking  what is wrong with a protocol, sentence by sentence
mending   the same of one whose layout has faults, as far as it can be read
lines     on which line of its file such a sentence is at home
"""

from harness.protocols.reading import FOLDER, bundled, check, load, load_scales

__all__ = ["FOLDER", "bundled", "check", "load", "load_scales"]
