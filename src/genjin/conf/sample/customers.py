"""Sample customers as a file that goes in by the ordinary import."""

import csv
import random
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

COLUMNS = (
    "kind", "name", "sex", "phone", "address", "custodian", "source", "time_zone",
    "industry", "organisation_size", "credit_standing", "enthusiasm",
)  # fmt: skip
ORGANISATION_SHARE = 0.08
ABROAD_SHARE = 0.3
FACETS = {
    "industry": ("manufacturing", "wholesale", "retail", "catering", "education", "services"),
    "organisation_size": ("1-9", "10-49", "50-199", "200-499"),
    "credit_standing": ("excellent", "good", "good", "fair", "unknown"),
    "enthusiasm": ("hot", "warm", "warm", "cool", "cold", ""),
}


def _phone(number: int) -> str:
    """A well-formed number that nobody has: 154 and eight digits of its own."""
    return f"154{(number * 48271 + 11) % 100_000_000:08d}"


def _person(names: Mapping[str, Any], rng: random.Random) -> tuple[str, str]:
    sex = rng.choice("fm")
    is_compound = rng.random() < 0.03
    surname = rng.choice(names["compound"]) if is_compound else rng.choice(names["surnames"])
    return surname + rng.choice(names["female" if sex == "f" else "male"]), sex


def _organisation(names: Mapping[str, Any], rng: random.Random, place: str) -> str:
    parts = (names["company_heads"], names["company_trades"], names["company_forms"])
    return place + "".join(rng.choice(part) for part in parts)


def rows(data: Mapping[str, Any], count: int) -> Iterator[tuple[str, ...]]:
    """`count` believable customers, the same each time."""
    rng = random.Random(20261123)  # noqa: S311 - a sample, not a secret
    custodians = [user["username"] for user in data["users"] if user["role"] == "agent"]
    for number in range(1, count + 1):
        place = rng.choice(data["abroad" if rng.random() < ABROAD_SHARE else "places"])
        street = data["streets"]["form"].format(
            street=rng.choice(data["streets"]["names"]), number=rng.randint(1, 398)
        )
        is_organisation = rng.random() < ORGANISATION_SHARE
        name, sex = (
            (_organisation(data["names"], rng, place["short"]), "")
            if is_organisation
            else _person(data["names"], rng)
        )
        flat = data["streets"]["flat"].format(block=rng.randint(1, 18), door=rng.randint(101, 2604))
        yield (
            "organisation" if is_organisation else "person",
            name,
            sex,
            _phone(number),
            place["text"] + street + ("" if is_organisation else flat),
            rng.choice(custodians) if rng.random() < 0.7 else "",
            rng.choice(data["names"]["sources"]),
            place.get("time_zone", ""),
            rng.choice(FACETS["industry"]) if is_organisation else "",
            rng.choice(FACETS["organisation_size"]) if is_organisation else "",
            rng.choice(FACETS["credit_standing"]) if is_organisation else "",
            rng.choice(FACETS["enthusiasm"]),
        )


def write_file(data: Mapping[str, Any], count: int, path: Path) -> None:
    """Writes the customers as a CSV with a header."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows(rows(data, count))
