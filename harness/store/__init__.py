"""What is kept, whole or not at all.

passes     results of finished passes, and their keys: digests of all that they depend on
claims    who works on which unit, seen from all nodes
runs       a finished run: `results.json`, from which all else is rendered
trail      what was done to a folder of results, event after event
lock       one run at a time on a folder of results
album      small pictures on disk, one file for a split
cache      where the program's cache folder is
files      files written whole or not at all
csv_rows   CSV files as rows that know file, line and column
downloads  files from the web: whole, and known by their sha256
"""
