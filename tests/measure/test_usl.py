import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedgerow.measure.usl import UslFit, fit_usl
from tests.measure.oracle import many_examples

WORKERS = (1, 2, 4, 8, 16, 32)

#: SPEC SDM 91 on a Sun SPARCcenter 2000, as in the R package usl, whose own fit (its README)
#: is alpha 0.0277285, beta 0.0001044, gamma 89.9952330, peak 1884 at 96.52.
SPEC_SDM_91 = (
    (1, 64.9), (18, 995.9), (36, 1652.4), (72, 1853.2), (108, 1828.9), (144, 1775.0), (216, 1702.2),
)  # fmt: skip


def law(lam: float, sigma: float, kappa: float) -> UslFit:
    return UslFit(lam, sigma, kappa, 1.0, None, None)


def points_of(fit: UslFit) -> list[tuple[float, float]]:
    return [(n, fit.throughput(n)) for n in WORKERS]


class TestExactFigures:
    @given(st.floats(1, 1e5), st.floats(0, 0.9), st.floats(0, 0.05))
    @many_examples
    def test_give_their_coefficients_back(self, lam: float, sigma: float, kappa: float) -> None:
        fit = fit_usl(points_of(law(lam, sigma, kappa)))
        assert fit.lam == pytest.approx(lam, rel=1e-3)
        assert fit.sigma == pytest.approx(sigma, rel=1e-3, abs=1e-4)
        assert fit.kappa == pytest.approx(kappa, rel=1e-3, abs=1e-5)

    def test_are_explained_wholly(self) -> None:
        assert fit_usl(points_of(law(100, 0.1, 0.01))).r2 == pytest.approx(1)

    def test_may_come_in_any_order(self) -> None:
        points = points_of(law(100, 0.1, 0.01))
        assert fit_usl(points[::-1]).kappa == pytest.approx(0.01)


class TestPeak:
    def test_is_where_more_workers_are_less(self) -> None:
        fit = fit_usl(points_of(law(100, 0.1, 0.01)))
        assert fit.peak_n == pytest.approx((0.9 / 0.01) ** 0.5, rel=1e-3)
        assert fit.peak_x == pytest.approx(law(100, 0.1, 0.01).throughput(90**0.5), rel=1e-3)

    def test_is_at_one_worker_when_every_other_is_a_burden(self) -> None:
        fit = fit_usl(points_of(law(100, 1.0, 0.5)))
        assert fit.peak_n == pytest.approx(1.0)

    def test_of_linear_scaling_is_not_there(self) -> None:
        fit = fit_usl([(n, 50.0 * n) for n in WORKERS])
        assert fit.lam == pytest.approx(50)
        assert (fit.sigma, fit.kappa, fit.peak_n, fit.peak_x) == (0, 0, None, None)

    def test_without_coherency_is_a_level(self) -> None:
        fit = fit_usl([(1, 100), (2, 100), (4, 100), (8, 100)])
        assert fit.sigma == pytest.approx(1)
        assert fit.peak_x == pytest.approx(100)


class TestFiguresThatTheLawCannotExplain:
    def test_superlinear_ones_come_out_as_linear(self) -> None:
        fit = fit_usl([(n, n**1.5) for n in WORKERS])
        assert (fit.sigma, fit.kappa, fit.peak_n, fit.peak_x) == (0, 0, None, None)
        assert fit.r2 < 0.96

    @given(st.lists(st.tuples(st.integers(1, 64), st.floats(1, 1e6)), min_size=3, max_size=9))
    @many_examples
    def test_never_give_negative_coefficients(self, points: list[tuple[int, float]]) -> None:
        if len({n for n, _ in points}) < 3:
            return
        fit = fit_usl(points)
        assert fit.lam > 0
        assert fit.sigma >= 0
        assert fit.kappa >= 0


class TestNoise:
    def test_of_3_percent_moves_the_peak_little(self) -> None:
        rng = random.Random(7)
        true = law(1000, 0.05, 0.002)
        points = [(n, true.throughput(n) * rng.gauss(1, 0.03)) for n in WORKERS for _ in range(5)]
        fit = fit_usl(points)
        assert fit.peak_n == pytest.approx((0.95 / 0.002) ** 0.5, rel=0.2)
        assert 0.95 < fit.r2 < 1


class TestPublishedExample:
    def test_comes_out_as_published(self) -> None:
        fit = fit_usl(SPEC_SDM_91)
        assert fit.sigma == pytest.approx(0.0277285, abs=5e-8)
        assert fit.kappa == pytest.approx(0.0001044, abs=5e-8)
        assert fit.lam == pytest.approx(89.9952330, abs=5e-5)
        assert fit.peak_n == pytest.approx(96.52, abs=5e-3)
        assert fit.peak_x == pytest.approx(1884, abs=0.5)


class TestTooLittle:
    @pytest.mark.parametrize("points", [[], [(1, 5)], [(1, 5), (2, 9), (2, 9), (1, 5)]])
    def test_is_refused(self, points: list[tuple[float, float]]) -> None:
        with pytest.raises(ValueError, match="3 or more"):
            fit_usl(points)

    @pytest.mark.parametrize("bad", [(0, 5), (3, 0), (3, float("inf")), (-1, 5)])
    def test_and_impossible_points_too(self, bad: tuple[float, float]) -> None:
        with pytest.raises(ValueError, match="above 0"):
            fit_usl([(1, 5), (2, 9), (4, 15), bad])
