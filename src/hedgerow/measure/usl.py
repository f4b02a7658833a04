"""How capacity grows with workers: Gunther's Universal Scalability Law, fitted.

    X(N) = lam * N / (1 + sigma * (N - 1) + kappa * N * (N - 1))

``lam`` is what one worker does alone, ``sigma`` the share that cannot be done side by side
(contention), ``kappa`` what pairs of workers cost each other (coherency).  With ``kappa``
above 0 more workers are less at some point, which is the peak.  N. J. Gunther, *Guerrilla
Capacity Planning* (2007), chapters 4 to 6.  Must not know what was measured.

The law is linear in ``1/lam, sigma/lam, kappa/lam`` when it is turned around to N / X, which
gives the start; some Gauss-Newton steps then minimise the squares in X itself, as R's package
``usl`` does.  A fit in which a coefficient would be negative is made again with it at 0:
superlinear figures come out as linear, with a lower ``r2``.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

_STEPS: Final = 100  # of Gauss-Newton; a handful is enough for clean figures
_TERMS: Final = ((0, 1, 2), (0, 1), (0, 2), (0,))  # which coefficients are free

_Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class UslFit:
    """The law's coefficients, and what follows from them."""

    lam: float  # throughput of one worker
    sigma: float  # contention
    kappa: float  # coherency
    r2: float  # share of the variance that the law explains; 1 with 3 points says nothing
    peak_n: float | None  # workers at the peak; None: it never falls
    peak_x: float | None  # throughput there, or where it levels off; None: it never does

    def throughput(self, n: float) -> float:
        """What the law says of this many workers."""
        return self.lam * n / (1 + self.sigma * (n - 1) + self.kappa * n * (n - 1))


def fit_usl(points: Sequence[_Point]) -> UslFit:
    """Fit the law to (workers, throughput); ValueError for too few or impossible points."""
    if any(n <= 0 or x <= 0 or not math.isfinite(n * x) for n, x in points):
        raise ValueError("workers and throughput above 0")
    if len({n for n, _ in points}) < 3:
        raise ValueError("throughput at 3 or more different numbers of workers")
    fits = [fit for terms in _TERMS if (fit := _fit(points, terms)) is not None]
    return _described(points, _simplest_of_the_best(points, fits))


def _simplest_of_the_best(points: Sequence[_Point], fits: list[list[float]]) -> list[float]:
    """Choose the fit with fewest terms among those that rounding alone sets apart."""
    rounding = 1e-12 * sum(x * x for _, x in points)
    least = min(_squares(points, fit) for fit in fits)
    return [fit for fit in fits if _squares(points, fit) <= least + rounding][-1]


def _described(points: Sequence[_Point], inverse: list[float]) -> UslFit:
    lam = 1 / inverse[0]
    sigma, kappa = inverse[1] * lam, inverse[2] * lam
    mean = sum(x for _, x in points) / len(points)
    variance = sum((x - mean) ** 2 for _, x in points)
    squares = _squares(points, inverse)
    r2 = 1 - squares / variance if variance else float(squares < 1e-9 * mean * mean)
    peak_n = None
    peak_x = lam / sigma if sigma > 0 else None
    if kappa > 0:
        peak_n = max(1.0, math.sqrt(max(0.0, 1 - sigma) / kappa))
        peak_x = UslFit(lam, sigma, kappa, r2, None, None).throughput(peak_n)
    return UslFit(lam, sigma, kappa, r2, peak_n, peak_x)


def _fit(points: Sequence[_Point], terms: tuple[int, ...]) -> list[float] | None:
    """Return 1/lam, sigma/lam and kappa/lam with only these terms free; None: not possible."""
    best = _linear(points, terms)
    if not _is_possible(best):
        return None
    squares = _squares(points, best)
    for _ in range(_STEPS):
        step = _gauss_newton(points, best, terms)
        improved = _stepped(points, best, step)
        if improved is None or _squares(points, improved) > squares * (1 - 1e-14):
            break
        best, squares = improved, _squares(points, improved)
    return best


def _stepped(points: Sequence[_Point], start: list[float], step: list[float]) -> list[float] | None:
    """Go the step, or half of it, or half of that, until the squares are fewer."""
    squares = _squares(points, start)
    for halvings in range(30):
        there = [value + change / 2**halvings for value, change in zip(start, step, strict=True)]
        if _is_possible(there) and _squares(points, there) <= squares:
            return there
    return None


def _is_possible(inverse: list[float]) -> bool:
    return inverse[0] > 0 and inverse[1] >= 0 and inverse[2] >= 0


def _linear(points: Sequence[_Point], terms: tuple[int, ...]) -> list[float]:
    """Fit N / X, each point weighted by what an error of X does to it."""
    rows = [[value * x * x / n for value in _basis(n)] for n, x in points]
    return _least_squares(rows, [x for _, x in points], terms)


def _gauss_newton(
    points: Sequence[_Point], inverse: list[float], terms: tuple[int, ...]
) -> list[float]:
    rows, residuals = [], []
    for n, x in points:
        modelled = n / _below(n, inverse)
        rows.append([-value * modelled * modelled / n for value in _basis(n)])
        residuals.append(x - modelled)
    return _least_squares(rows, residuals, terms)


def _squares(points: Sequence[_Point], inverse: list[float]) -> float:
    return sum((x - n / _below(n, inverse)) ** 2 for n, x in points)


def _basis(n: float) -> tuple[float, float, float]:
    return 1.0, n - 1, n * (n - 1)


def _below(n: float, inverse: list[float]) -> float:
    return sum(value * factor for value, factor in zip(inverse, _basis(n), strict=True))


def _least_squares(
    rows: list[list[float]], targets: list[float], terms: tuple[int, ...]
) -> list[float]:
    """Solve the normal equations for the free terms; the others are 0."""
    scales = {i: math.sqrt(sum(row[i] ** 2 for row in rows)) or 1.0 for i in terms}
    matrix = [
        [sum(row[i] * row[j] for row in rows) / scales[i] / scales[j] for j in terms]
        + [sum(row[i] * target for row, target in zip(rows, targets, strict=True)) / scales[i]]
        for i in terms
    ]
    solution = [0.0, 0.0, 0.0]
    for i, value in zip(terms, _solved(matrix), strict=True):
        solution[i] = value / scales[i]
    return solution


def _solved(matrix: list[list[float]]) -> list[float]:
    """Gauss-Jordan elimination with pivots; a singular column leaves its unknown at 0."""
    size = len(matrix)
    for column in range(size):
        pivot = max(range(column, size), key=lambda row: abs(matrix[row][column]))
        matrix[column], matrix[pivot] = matrix[pivot], matrix[column]
        if abs(matrix[column][column]) < 1e-14:
            matrix[column] = [0.0] * (size + 1)
            continue
        matrix[column] = [value / matrix[column][column] for value in matrix[column]]
        for row in range(size):
            if row != column:
                factor = matrix[row][column]
                pairs = zip(matrix[row], matrix[column], strict=True)
                matrix[row] = [value - factor * other for value, other in pairs]
    return [row[size] for row in matrix]
