"""Pixels and what they are compared with: all that sees HR. Never in a worker.

datasets/   pairs of HR and LR: found in the layouts in use, checked, made, fetched
png         PNG files to uint8 arrays and back; cropping to a multiple of the scale
resize      bicubic resizing that equals MATLAB's imresize in every pixel
cache       decoded images on disk, so that no image is decoded twice
fidelity    PSNR and SSIM, in RGB and on luma
compiled    the sums behind them, compiled by numba
plain       the same sums in numpy, where numba is not there
comparison  an SR image beside its HR image: its fidelity, and the crop that pictures show
crops       which window of every image pictures show, chosen from HR alone
scorers     threads that score SR images while the worker restores the next ones
"""
