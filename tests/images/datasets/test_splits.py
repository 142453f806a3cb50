"""Finding and checking image pairs."""

import numpy as np
import PIL.Image
import pytest

from harness import protocols
from harness.errors import DataError
from harness.images.cache import ImageCache
from harness.images.datasets import open_splits, write_bundled
from tests.support import tiny

EDITION = protocols.load(tiny.PROTOCOL)


def opened(data, edition=EDITION, names=()):
    return open_splits(edition, data, names, ImageCache(data / "cache"))


def test_pairs_come_in_order_of_their_names(tmp_path):
    tiny.write_pair(tmp_path, "0002", 12, 13)
    tiny.write_pair(tmp_path, "0001", 16, 20)
    (split,) = opened(tmp_path)
    assert [pair.name for pair in split.pairs] == ["0001.png", "0002.png"]
    assert [(pair.lr.height, pair.lr.width) for pair in split.pairs] == [(16, 20), (12, 13)]
    assert split.pairs[0].hr.read().shape == (64, 80, 3)


def test_every_fault_of_every_pair_is_listed_together(tmp_path):
    for name in "abcdefg":
        tiny.write_pair(tmp_path, name, 16, 20)
    hr, lr = tmp_path / "valid_HR", tmp_path / "valid_LR"
    (hr / "a.png").unlink()
    (lr / "bx4.png").unlink()
    (hr / "c.png").write_bytes(b"no image")
    PIL.Image.fromarray(np.zeros((64, 80, 4), np.uint8)).save(hr / "d.png")
    PIL.Image.fromarray(np.zeros((64, 80), np.uint16)).save(hr / "e.png")
    PIL.Image.fromarray(np.zeros((64, 84, 3), np.uint8)).save(hr / "f.png")
    tiny.write_pair(tmp_path, "h", 16, 4)
    with pytest.raises(DataError) as caught:
        opened(tmp_path)
    text = str(caught.value)
    assert "7 fault(s)" in text
    for words in (
        "ax4.png has no HR image",
        "b.png has no LR image",
        "c.png is not a PNG",
        "d.png has an alpha channel",
        "e.png has 16 bits",
        "f.png is 84x64, its LR image is 20x16",
        "h.png is 16x64; with a border of 4, PSNR and SSIM need 19 pixels on each side",
    ):
        assert words in text


def test_image_files_that_no_pattern_takes_are_named(tmp_path):
    tiny.write_data(tmp_path)
    for place in ("HR/c.bmp", "HR/d.JPG", "HR/e.txt", "HR/.f.png", "LR/ax2.png"):
        (tmp_path / f"valid_{place}").touch()
    (split,) = opened(tmp_path)
    assert split.left_out == split.info().left_out
    assert split.left_out == (
        "c.bmp, d.JPG, ax2.png: no image of the set, as they fit no pattern valid_HR/*.png or "
        "valid_LR/*x4.png"
    )
    for number in range(30):
        (tmp_path / "valid_HR" / f"{number:02}.webp").touch()
    (split,) = opened(tmp_path)
    assert "17.webp, 18.webp, 19.webp and 13 more: " in split.left_out


@pytest.mark.parametrize("side", ["HR", "LR"])
def test_a_side_of_which_no_image_is_taken_is_a_fault(tmp_path, side):
    tiny.write_data(tmp_path)
    for image in (tmp_path / f"valid_{side}").iterdir():
        image.rename(image.with_suffix(".bmp"))
    with pytest.raises(DataError, match=f"of the {side} images, a(x4)?.bmp and others, none fits"):
        opened(tmp_path)


def test_a_split_of_which_no_image_is_taken_is_a_fault_too(tmp_path):
    tiny.write_data(tmp_path)
    for image in tmp_path.rglob("*.png"):
        image.rename(image.with_suffix(".jpg"))
    with pytest.raises(DataError, match=r"has 2 fault\(s\)"):
        opened(tmp_path)


def test_lr_of_a_scale_that_nobody_made_is_said_once_with_what_makes_it(tmp_path):
    for name in "abc":
        tiny.write_pair(tmp_path, name, 16, 20)
        (tmp_path / "valid_LR" / f"{name}x4.png").unlink()
    with pytest.raises(DataError) as caught:
        opened(tmp_path)
    (said,) = str(caught.value).splitlines()[1:]
    hr = tmp_path / "valid_HR"
    assert said.strip() == (
        "valid: there is no LR image valid_LR/*x4.png of its 3 HR images; make them: esr-harness "
        f"data prepare {hr} --scales 4 --to {tmp_path}, and name LR_bicubic/X4/*x4.png there as "
        "lr in the protocol"
    )


def test_an_hr_size_that_is_no_multiple_of_the_scale_is_cropped(tmp_path):
    tiny.write_pair(tmp_path, "a", 16, 20)
    PIL.Image.fromarray(np.zeros((67, 81, 3), np.uint8)).save(tmp_path / "valid_HR" / "a.png")
    (split,) = opened(tmp_path)
    assert split.pairs[0].hr.height == 67


def test_grey_images_are_repeated_to_rgb(tmp_path):
    tiny.write_pair(tmp_path, "a", 16, 20)
    grey = np.arange(64 * 80, dtype=np.uint8).reshape(64, 80)
    PIL.Image.fromarray(grey).save(tmp_path / "valid_HR" / "a.png")
    (split,) = opened(tmp_path)
    assert np.array_equal(split.pairs[0].hr.read(), np.stack([grey] * 3, axis=2))


def test_a_split_without_hr_images_can_be_timed_but_not_scored(tmp_path):
    tiny.write_pair(tmp_path, "a", 16, 20)
    (tmp_path / "valid_HR" / "a.png").unlink()
    (split,) = opened(tmp_path)
    assert [pair.name for pair in split.pairs] == ["ax4.png"]
    assert not split.scorable


def test_absent_splits_are_reported_and_an_empty_folder_is_refused(tmp_path):
    edition = protocols.load("ntire2024")
    for side, suffix in (("HR", ""), ("LR", "x4")):
        folder = tmp_path / f"DIV2K_LSDIR_valid_{side}"
        folder.mkdir()
        pixels = np.zeros((64, 64, 3) if side == "HR" else (16, 16, 3), np.uint8)
        PIL.Image.fromarray(pixels).save(folder / f"0801{suffix}.png")
    valid, test = opened(tmp_path, edition)
    assert (len(valid.pairs), len(test.pairs)) == (1, 0)
    with pytest.raises(DataError, match="holds no split of protocol ntire2024"):
        opened(tmp_path, edition, ["test"])
    with pytest.raises(DataError, match="has no split 'tset'"):
        opened(tmp_path, edition, ["tset"])
    with pytest.raises(DataError, match="does not exist"):
        open_splits(edition, tmp_path / "nowhere", cache=ImageCache(tmp_path / "cache"))


def test_an_image_is_decoded_once(tmp_path, monkeypatch):
    tiny.write_pair(tmp_path, "a", 16, 20)
    (before,) = opened(tmp_path)

    def refuse(path):
        raise AssertionError(f"{path} was decoded again")

    monkeypatch.setattr("harness.images.cache.read_image", refuse)
    assert opened(tmp_path) == (before,)


def test_a_damaged_cache_is_found_out_and_decoded_anew(tmp_path):
    tiny.write_pair(tmp_path, "a", 16, 20)
    (split,) = opened(tmp_path)
    hr = split.pairs[0].hr
    image, whole = hr.read().copy(), hr.array.read_bytes()
    for damaged in (whole[:-1] + bytes([whole[-1] ^ 1]), whole[:-9], b""):
        hr.array.write_bytes(damaged)
        with pytest.raises(DataError, match="was damaged and is removed; run again"):
            hr.read()
        (again,) = opened(tmp_path)
        np.testing.assert_array_equal(again.pairs[0].hr.read(), image)


def test_progress_is_told_of_every_pair(tmp_path):
    for name in ("a", "b"):
        tiny.write_pair(tmp_path, name, 16, 20)
    told = []
    cache = ImageCache(tmp_path / "cache")
    open_splits(EDITION, tmp_path, cache=cache, progress=lambda *one: told.append(one))
    assert told == [("valid", 1, 2), ("valid", 2, 2)]


def test_the_digest_is_that_of_pixels_not_of_files(tmp_path):
    tiny.write_pair(tmp_path, "a", 16, 20)
    (before,) = opened(tmp_path)
    file = tmp_path / "valid_HR" / "a.png"
    with PIL.Image.open(file) as image:
        image.load()
        image.save(file, compress_level=0)
    (after,) = opened(tmp_path)
    assert (after.hr_digest, after.lr_digest) == (before.hr_digest, before.lr_digest)
    tiny.write_pair(tmp_path, "a", 16, 24)
    (other,) = opened(tmp_path)
    assert other.hr_digest != before.hr_digest
    assert other.lr_digest != before.lr_digest


def test_the_embedded_challenge_has_its_images(tmp_path):
    edition = protocols.load("demo")
    write_bundled(edition, tmp_path)
    valid, test = opened(tmp_path, edition)
    assert [pair.name for pair in valid.pairs] == ["astronaut.png", "coffee.png"]
    assert [pair.name for pair in test.pairs] == ["chelsea.png", "motorcycle_left.png"]
    assert all(split.scorable for split in (valid, test))
