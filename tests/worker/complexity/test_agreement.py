"""When counters disagree, from counts alone."""

from hypothesis import example, given
from hypothesis import strategies as st

from harness.records import Complexity, Count
from harness.worker.complexity import blind_spots, disagreement


def complexity(uncalled: tuple[str, ...] = (), **tables: dict[str, int]) -> Complexity:
    counts = {
        counter: Count(flops=sum(table.values()), by_operator=table, unknown={})
        for counter, table in tables.items()
    }
    return Complexity(flops=counts, activations=0, num_conv=0, uncalled=uncalled)


@given(
    figures=st.lists(st.integers(0, 10**13), min_size=1, max_size=4),
)
@example(figures=[9_900, 9_999])
@example(figures=[9_900, 10_000])
@example(figures=[10_000, 10_100])
@example(figures=[10_000, 10_101])
@example(figures=[0, 1])
@example(figures=[0, 0])
def test_more_than_one_per_cent_of_the_smallest_total(figures: list[int]) -> None:
    tables = {f"counter{i}": {"conv": flops} for i, flops in enumerate(figures)}
    apart = 100 * (max(figures) - min(figures)) > min(figures)
    assert (disagreement(complexity(**tables)) is not None) == apart


def test_nothing_counted_is_no_disagreement() -> None:
    assert disagreement(complexity()) is None
    assert blind_spots(complexity()) is None


def test_conventions_below_one_per_cent_are_no_disagreement() -> None:
    """EFDN, the entry with the widest conventions among the baselines: 0.67 %."""
    efdn = complexity(
        fvcore={"conv": 16_690_887_936, "upsample_bilinear2d": 12_582_912},
        hooks={"Conv2d": 16_690_887_936, "PReLU": 37_748_736, "ReLU": 161_376},
        torch={"aten::convolution": 16_690_887_936},
        ptflops={"aten::convolution": 16_802_004_672},
    )
    assert disagreement(efdn) is None


@given(biases=st.integers(0, 10**6), more=st.integers(0, 30_000))
@example(biases=10**6, more=10_000)
@example(biases=10**6, more=10_001)
def test_biases_are_no_disagreement(biases: int, more: int) -> None:
    """A few filters with a bias on many pixels, which ptflops counts, and what else it has."""
    plain = Count(1_000_000, {"aten::convolution": 1_000_000}, {})
    biased = Count(
        1_000_000 + biases + more,
        {"aten::convolution": 1_000_000 + biases + more},
        {},
        {"aten::convolution": biases},
    )
    explanation = disagreement(Complexity({"torch": plain, "ptflops": biased}, 0, 0))
    assert (explanation is not None) == (more > 10_000)


def test_the_family_that_differs_is_set_side_by_side() -> None:
    transformer = complexity(
        fvcore={"conv": 8_000_000_000, "linear": 3_000_000_000, "matmul": 1_000_000_000},
        hooks={"Conv2d": 8_000_000_000, "Linear": 40_000_000_000},
        torch={"aten::convolution": 8_000_000_000, "aten::addmm": 4_000_000_000},
        ptflops={"aten::convolution": 8_010_000_000, "aten::addmm": 4_020_000_000},
    )
    assert disagreement(transformer) == (
        "fvcore 12 G, hooks 48 G, torch 12 G, ptflops 12.03 G; "
        "matrix products: fvcore 4 G (linear, matmul), "
        "hooks 40 G (Linear: modules alone, by the first two dimensions of their input), "
        "torch 4 G (aten::addmm), ptflops 4.02 G (aten::addmm: with biases)"
    )


def test_small_differences_that_add_up_name_the_widest() -> None:
    explanation = disagreement(
        complexity(
            torch={"aten::convolution": 1_000_000},
            hooks={"Conv2d": 1_000_000, "Linear": 4_000, "ReLU": 9_000},
        )
    )
    assert explanation == (
        "torch 0.001 G, hooks 0.001013 G; work per element: torch 0 G, hooks 9e-06 G (ReLU)"
    )


def test_modules_that_were_not_called_explain_what_hooks_miss() -> None:
    explanation = disagreement(
        complexity(
            uncalled=("a", "b", "c", "d", "e", "f"),
            hooks={"Conv2d": 1_000_000},
            torch={"aten::convolution": 2_000_000},
        )
    )
    assert explanation is not None
    assert explanation.endswith("not called as modules: a, b, c, d and 2 more")


@given(calls=st.integers(1, 99))
def test_only_operators_that_hide_multiplications_are_blind_spots(calls: int) -> None:
    harmless = ("aten::add", "aten::leaky_relu_", "aten::softmax", "aten::pixel_shuffle",
                "aten::upsample_bicubic2d", "aten::linalg_vector_norm", "aten::max_pool2d",
                "aten::_weight_norm", "aten::group_norm")  # fmt: skip
    hiding = ("aten::_convolution_mode", "aten::baddbmm", "aten::bilinear", "aten::fft_rfftn",
              "aten::lstm", "aten::_transformer_encoder_layer_fwd", "prim::CallFunction",
              "prim::PythonOp.Scan", "team::scan")  # fmt: skip
    for operator in harmless + hiding:
        count = Count(flops=0, by_operator={}, unknown={operator: calls})
        blind = blind_spots(Complexity({"fvcore": count, "torch": count}, 0, 0))
        named = operator if calls == 1 else f"{operator} ×{calls}"
        expected = f"unknown to fvcore and torch: {named}" if operator in hiding else None
        assert blind == expected
