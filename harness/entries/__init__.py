"""What teams hand in: found, read, checked, digested. Nothing of it is executed here.

files         the one list of a submission's files: what is digested and what a worker gets
discovery     from paths to submissions with their checkpoints: folders, official repositories
manifest      `submission.toml`: read, and every value checked
submission    a submission on disk, and the digest of its files
imports       packages that a submission's code wants and that are not here
checkpoints   published checkpoints: found by their sha256 in folders and cache, or fetched
repository    an official challenge repository as it is, entry by entry
overlays/     what a repository's code does not say of itself, as data
closure       the code of an official entry: what its branch imports, and what that imports
adoption      one official entry as a native folder: what `import` writes
exporting     a native folder as an entry of an official repository: what `export` writes
drafting      a manifest from a model file and its checkpoint: what `init` writes
packing       the archive that a team hands in: what `pack` writes
illustration  the method figure that a factsheet names
"""
