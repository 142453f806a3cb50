"""SR images that teams upload without their code: checked, scored, and shown.

Codabench runs this package, with `errors`, `records` and `images`, from files beside its images:
what it imports there is numpy, Pillow and PyTorch, and to check alone not even PyTorch.

archive     a ZIP file unpacked, if it holds nothing but small plain files
readme      what a team's readme.txt claims
checking    whether every image is there, under its name, of its size and kind
scoring     PSNR and SSIM of every image
slips       what low figures look like: channel order, data range
references  what uploads of a split must hold; the one module that Codabench does not run
"""
