"""Data sets in the layouts in use, and HR alone."""

import re
import tempfile
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness import cli, protocols
from harness.errors import DataError
from harness.images.datasets import layouts, open_splits, public
from harness.images.datasets.layouts import LAYOUTS, find
from harness.images.png import crop_to_multiple, read_image, write_image
from harness.images.resize import downscale

CLASSIC = protocols.load("classic", 4)
HR = np.random.default_rng(7).integers(0, 256, (50, 65, 3), np.uint8)
LR = downscale(crop_to_multiple(HR, 4), 4)
HR_12 = crop_to_multiple(HR, 12)
LR_12 = downscale(HR_12, 4)
FOUND = ""
MADE = "MATLAB's bicubic (border replicated, height first, rounded between the passes)"


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("ESR_HARNESS_CACHE", str(tmp_path / "cache"))


def write(data, **images):
    """Write images under paths whose `__` is a slash."""
    for name, image in images.items():
        file = data / f"{name.replace('__', '/')}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        write_image(file, image)
    return data


def opened(data):
    return {split.name: split for split in open_splits(CLASSIC, data) if split.pairs}


PLACES = [
    ({"Set5__HR__a": HR, "Set5__LR_bicubic__X4__ax4": LR}, "EDSR, KAIR", FOUND),
    ({"Set5__GTmod12__a": HR_12, "Set5__LRbicx4__a": LR_12}, "BasicSR", FOUND),
    ({"Set5__GTmod4__a": HR[:48, :64], "Set5__LRbicx4__a": LR}, "BasicSR, HAT", FOUND),
    ({"Set5__original__a": HR, "Set5__LRbicx4__a": LR_12}, "BasicSR, original", FOUND),
    ({"Set5_HR__a": HR, "Set5_LR__ax4": LR}, "NTIRE", FOUND),
    ({"Set5_HR__a": HR, "Set5_LR_bicubic__X4__ax4": LR}, "DIV2K", FOUND),
    (
        {
            "Set5__image_SRF_4__img_001_SRF_4_HR": HR[:48, :64],
            "Set5__image_SRF_4__img_001_SRF_4_LR": LR,
        },
        "SelfExSR",
        FOUND,
    ),
    ({"HR__Set5__x4__a_HR_x4": HR, "LR__LRBI__Set5__x4__a_LRBI_x4": LR}, "RCAN", FOUND),
    ({"Set5__HR__a": HR}, "EDSR, KAIR", MADE),
    ({"Set5__HR__a": HR, "Set5__LR_bicubic__X2__ax2": HR}, "EDSR, KAIR", MADE),
    ({"Set5__GTmod12__a": HR_12, "Set5__LRbicx2__a": HR}, "BasicSR", MADE),
    ({"Set5__a": HR}, "HR images alone", MADE),
]


@pytest.mark.parametrize(("images", "layout", "made"), PLACES)
def test_each_layout_gives_the_pair(tmp_path, images, layout, made):
    split = opened(write(tmp_path / "data", **images))["Set5"]
    info = split.info()
    assert (info.layout, info.made_lr) == (layout, made)
    (pair,) = split.pairs
    assert pair.name == f"{next(iter(images)).rpartition('__')[2]}.png"
    of_12 = layout in ("BasicSR", "BasicSR, original")
    np.testing.assert_array_equal(pair.lr.read(), LR_12 if of_12 else LR)
    cropped = crop_to_multiple(pair.hr.read(), 4)
    np.testing.assert_array_equal(cropped, HR_12 if of_12 else HR[:48, :64])


def test_a_set_in_place_of_its_folder_is_told_so(tmp_path):
    data = write(tmp_path, Set5__HR__a=HR)
    said = f"is itself a data set: name the folder that it lies in, {tmp_path}; it wants Set5"
    with pytest.raises(DataError, match=re.escape(said)):
        opened(data / "Set5")


def test_lr_images_alone_can_be_timed(tmp_path):
    split = opened(write(tmp_path / "data", Set5__LRbicx4__a=LR))["Set5"]
    assert not split.scorable
    assert split.info().layout == "BasicSR"


def test_lr_images_are_made_for_a_protocol_that_states_its_files(tmp_path):
    data = write(tmp_path / "data", DIV2K_valid_HR__0801=HR)
    valid, test = open_splits(protocols.load("ntire2022"), data)
    np.testing.assert_array_equal(valid.pairs[0].lr.read(), LR)
    assert (valid.info().layout, valid.info().made_lr, test.pairs) == ("", MADE, ())


def test_lr_files_of_other_names_are_not_replaced_in_silence(tmp_path):
    data = write(tmp_path / "data", Set5__HR__a=HR, Set5__LR_bicubic__X4__a=LR)
    with pytest.raises(DataError, match=r"a.png .*none fits Set5/LR_bicubic/X4/\*x4.png"):
        opened(data)


NAMES = st.text("ax4._- []", min_size=1, max_size=5).filter(lambda name: name[0] != ".")


@settings(deadline=None, max_examples=30)
@given(
    layout=st.sampled_from(LAYOUTS[:-1]),
    names=st.sets(NAMES, min_size=1, max_size=4),
    scale=st.sampled_from([2, 4]),
)
def test_images_of_any_name_find_their_other_side(layout, names, scale):
    filled = layout.filled("Set5", scale)
    with tempfile.TemporaryDirectory() as data:
        for name, pattern in product(names, (filled.hr, filled.lr)):
            file = Path(data, pattern.replace("*", name))
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch()
        found = find(Path(data), "Set5", scale)
    assert (found.layout.name, set(found.hr), set(found.lr)) == (layout.name, names, names)


def test_folders_under_their_other_names(tmp_path):
    data = write(tmp_path / "data", BSDS100__HR__a=HR, urban100__original__a=HR, nothing__HR__a=HR)
    assert list(opened(data)) == ["B100", "Urban100"]


def test_made_lr_images_are_made_once(tmp_path, monkeypatch):
    data = write(tmp_path / "data", Set5__HR__a=HR)
    before = opened(data)

    def refuse(*_):
        raise AssertionError("LR was made again")

    monkeypatch.setattr("harness.images.datasets.pairs.make_lr", refuse)
    assert opened(data) == before


def test_faults_are_listed_together(tmp_path):
    data = write(
        tmp_path / "data",
        Set5__HR__a=HR,
        Set5__HR__b=HR,
        Set5__LR_bicubic__X4__ax4=LR[:, 1:],
        Set14__HR__small=HR[:18],
        Set14__HR__tiny=HR[:1, :1],
    )
    with pytest.raises(DataError) as caught:
        opened(data)
    for words in (
        "4 fault(s)",
        "Set5: b.png has no LR image Set5/LR_bicubic/X4/*x4.png",
        "Set5: a.png is 65x50, its LR image is 15x12; times 4 they must agree",
        "Set14: small.png is 65x18; with a border of 4, PSNR and SSIM need 19 pixels",
        "Set14: tiny.png is 1x1",
    ):
        assert words in str(caught.value)
    with pytest.raises(DataError, match="it wants Set5 in a known layout, Set14 in"):
        opened(write(tmp_path / "other", Set6__HR__a=HR))


# ---------------------------------------------------------------- prepare and check


def checked(folder, capsys):
    status = cli.main(["data", "check", str(folder)])
    return status, capsys.readouterr()


@pytest.mark.parametrize("border", ["replicate", "symmetric"])
def test_prepared_images_are_seen_for_what_they_are(tmp_path, capsys, border):
    data = write(tmp_path / "mine", HR__a=HR, HR__b=HR[:41])
    command = ["data", "prepare", str(data / "HR"), "--to", str(data), "--scales", "2,3"]
    assert cli.main([*command, "--border", border]) == cli.OK
    assert "X3: 2 LR images" in capsys.readouterr().out
    assert read_image(data / "LR_bicubic" / "X3" / "bx3.png").shape == (13, 21, 3)
    status, printed = checked(data, capsys)
    assert status == cli.OK
    lines = printed.out.splitlines()
    assert lines[0] == "ok   mine, x2: 2 pairs, HR 65x41 to 65x50 (layout EDSR, KAIR)"
    words = {"replicate": "border replicated", "symmetric": "border mirrored"}[border]
    made = f"LR of 2 is MATLAB's bicubic of HR in every pixel ({words}, height first, rounded"
    assert made in lines[3]
    assert ("not the usual" in lines[3]) == (border == "symmetric")


def test_a_check_tells_what_to_correct(tmp_path, capsys):
    other = LR.copy()
    other[0, 0] ^= 3
    data = write(
        tmp_path / "data",
        first__HR__a=HR,
        first__HR__b=HR,
        first__LR_bicubic__X4__ax4=other,
        other__HR__c=HR,
        DIV2K_valid_HR__d=HR,
        DIV2K_valid_LR__dx4=LR,
        test__LRbicx4__e=LR,
        nothing__else__f=HR,
    )
    status, printed = checked(data, capsys)
    assert status == cli.SOMETHING_FAILED
    assert printed.out.splitlines() == [
        "ok   DIV2K_valid, x4: 1 pairs, HR 65x50 to 65x50 (layout NTIRE)",
        f"ok   DIV2K_valid, x4: LR of 1 is {MADE.replace(' (', ' of HR in every pixel (')}",
        "ok   first, x4: 1 pairs, HR 65x50 to 65x50 (layout EDSR, KAIR)",
        "FIX  first, x4: b.png has no LR image first/LR_bicubic/X4/*x4.png",
        "FIX  first, x4: LR of a.png is MATLAB's bicubic of HR by no convention: 0.5% of its "
        "values differ, by up to 3 levels; `data prepare` makes it anew",
        "ok   other: 1 HR images, from which LR is made where it is needed, 65x50 to 65x50 "
        "(layout EDSR, KAIR)",
        "ok   test, x4: 1 LR images, which can be timed but not scored, 16x12 to 16x12 "
        "(layout BasicSR)",
    ]


@pytest.mark.parametrize("layout", ["SelfExSR", "RCAN"])
def test_a_check_says_what_the_releases_of_others_lack(tmp_path, capsys, layout):
    names = {
        "SelfExSR": ("BSD100__image_SRF_4__{}_SRF_4_HR", "BSD100__image_SRF_4__{}_SRF_4_LR"),
        "RCAN": ("HR__BSD100__x4__{}_HR_x4", "LR__LRBI__BSD100__x4__{}_LRBI_x4"),
    }[layout]
    images = {
        name.format(f"{i:03}"): pixels
        for i in range(99)
        for name, pixels in zip(names, (HR[:48, :64], LR), strict=True)
    }
    status, printed = checked(write(tmp_path / "data", **images), capsys)
    assert status == cli.SOMETHING_FAILED
    source = public.known("BSD100").source
    assert printed.out.splitlines() == [
        f"ok   BSD100, x4: 99 pairs, HR 64x48 to 64x48 (layout {layout})",
        f"FIX  BSD100, x4: 99 images, and B100 has 100: 1 are missing; see {source}",
        f"ok   BSD100, x4: LR of 99 is {MADE.replace(' (', ' of HR in every pixel (')}",
        "ok   BSD100: nothing at x2, x3; LR is made there of whole HR images in BSD100/HR",
    ]


def test_a_check_refuses_what_a_run_refuses(tmp_path, capsys):
    """HR images alone that are too small at a scale, and a folder of LR images without any."""
    data = write(tmp_path / "data", Set5__HR__a=HR[:18], Set14__HR__b=HR)
    (data / "Set14" / "LR_bicubic" / "X4").mkdir(parents=True)
    (data / "Set14" / "HR" / "c.bmp").touch()
    source = public.known("Set5").source
    status, printed = checked(data, capsys)
    assert status == cli.SOMETHING_FAILED
    assert printed.out.splitlines() == [
        "ok   Set14, x4: 0 pairs, HR (layout EDSR, KAIR)",
        f"FIX  Set14, x4: 1 images, and Set14 has 14: 13 are missing; see {source}",
        "FIX  Set14, x4: there is no LR image Set14/LR_bicubic/X4/*x4.png of its 1 HR images; make "
        f"them: esr-harness data prepare {data}/Set14/HR --scales 4 --to {data}/Set14",
        "ok   Set14, x4: c.bmp: no image of the set, as it fits no pattern Set14/HR/*.png or "
        "Set14/LR_bicubic/X4/*x4.png",
        "ok   Set5: 1 HR images, from which LR is made where it is needed, 65x18 to 65x18 "
        "(layout EDSR, KAIR)",
        f"FIX  Set5: 1 images, and Set5 has 5: 4 are missing; see {source}",
        "FIX  Set5, x4: a.png is 65x18; with a border of 4, PSNR and SSIM need 19 pixels on each "
        "side",
    ]
    with pytest.raises(DataError) as caught:
        opened(data)
    assert "Set14: there is no LR image" in str(caught.value)
    assert "Set5: a.png is 65x18; with a border of 4" in str(caught.value)


def test_folders_without_images(tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    status, printed = checked(tmp_path / "empty", capsys)
    assert (status, "holds no data set" in printed.err) == (cli.UNUSABLE, True)
    assert checked(tmp_path / "nowhere", capsys)[0] == cli.UNUSABLE
    for folder, words in (("empty", "holds no PNG"), ("nowhere", "is not a folder")):
        command = ["data", "prepare", str(tmp_path / folder), "--to", str(tmp_path / "out")]
        assert cli.main(command) == cli.UNUSABLE
        assert words in capsys.readouterr().err
    write(tmp_path, few__a=HR, few__b=HR[:3])
    assert cli.main(["data", "prepare", str(tmp_path / "few"), *command[3:]]) == cli.UNUSABLE
    assert "b.png is 65x3, too small for x4" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("dataset", ["Set5", pytest.param("Set14", marks=pytest.mark.heavy)])
def test_the_lr_files_in_circulation_are_met(shared, tmp_path, dataset):
    theirs = shared / "data" / dataset
    command = ["data", "prepare", str(theirs / "HR"), "--to", str(tmp_path / dataset)]
    assert cli.main(command) == cli.OK
    files = sorted(file.relative_to(theirs) for file in theirs.glob("LR_bicubic/*/*.png"))
    assert len(files) == {"Set5": 15, "Set14": 42}[dataset]
    for file in files:
        ours = read_image(tmp_path / dataset / file)
        np.testing.assert_array_equal(ours, read_image(theirs / file), err_msg=str(file))


def test_a_suffix_fits_whatever_its_case_and_two_of_one_name_are_refused(tmp_path):
    for name in ("a.png", "b.PNG", "c.Png", "d.bmp"):
        (tmp_path / name).touch()
    assert list(layouts.files(tmp_path, "*.png")) == ["a", "b", "c"]
    (tmp_path / "a.PNG").touch()
    with pytest.raises(DataError, match="are one image; remove one of them"):
        layouts.files(tmp_path, "*.png")
