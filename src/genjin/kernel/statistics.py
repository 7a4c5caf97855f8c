"""Honest proportions: a share is shown with how sure we may be of it."""

from functools import lru_cache
from math import sqrt
from statistics import NormalDist


@lru_cache(maxsize=32)
def _z(confidence: float) -> float:
    if not 0 < confidence < 1:
        raise ValueError("confidence must lie between 0 and 1")
    return NormalDist().inv_cdf(0.5 + confidence / 2)


def ratio(part: float, whole: float) -> float | None:
    """Give part / whole, or None when there is no whole: "no calls yet" is not "0 %"."""
    return part / whole if whole else None


def wilson_interval(
    successes: int, trials: int, *, confidence: float = 0.95
) -> tuple[float, float]:
    """Say between which shares the true one probably lies, also after few trials.

    Ends lie in 0..1; without a trial it is (0, 1). Formula: Wilson's score interval (1927).
    Raises ValueError unless 0 <= successes <= trials.
    """
    if not 0 <= successes <= trials:
        raise ValueError("successes must lie between 0 and trials")
    z = _z(confidence)
    if trials == 0:
        return 0.0, 1.0
    share = successes / trials
    squared = z * z / trials
    middle = (share + squared / 2) / (1 + squared)
    half = z * sqrt(share * (1 - share) / trials + squared / (4 * trials)) / (1 + squared)
    low = 0.0 if successes == 0 else max(0.0, middle - half)
    high = 1.0 if successes == trials else min(1.0, middle + half)
    return low, high
