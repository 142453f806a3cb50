"""SR images that teams upload without their code: checked, scored, and shown.

Codabench runs this package from files beside `errors`, `records`, `store` and `images`: it imports
numpy, Pillow and PyTorch, and to check alone not even PyTorch.

archive     a ZIP file unpacked, if it holds nothing but small plain files
readme      what a team's readme.txt claims
checking    whether every image is there, under its name, of its size and kind
scoring     PSNR and SSIM of every image
slips       what low figures look like: channel order, data range
crops       where an SR image is worst, shown without HR
columns     the columns of the leaderboard
page        the page of one upload, self-contained
program     what the scoring container runs
kit         what `check.py` of the starting kit runs
references  what uploads of a split must hold; the one module that Codabench does not run
"""
