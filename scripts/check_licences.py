"""The licence gate: every installed distribution must be under a licence that newsmill accepts.

Accepted are permissive licences and the weak copyleft of MPL and LGPL, whose terms end at the
library. GPL, AGPL and whatever cannot be told are refused. A dependency's licence is what it
declares: its SPDX expression, else its trove classifiers, else its ``License`` field.
"""

import re
import sys
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageMetadata, distributions

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

__all__ = ["Verdict", "accepts", "declared_licence", "judge"]

OWN = "newsmill-"

ACCEPTED = frozenset(
    {
        "0BSD",
        "Apache-2.0",
        "BSD-2-Clause",
        "BSD-3-Clause",
        "CC0-1.0",
        "CNRI-Python",
        "HPND",
        "ISC",
        "LGPL-2.1-only",
        "LGPL-2.1-or-later",
        "LGPL-3.0-only",
        "LGPL-3.0-or-later",
        "MIT",
        "MIT-0",
        "MPL-1.1",
        "MPL-2.0",
        "PSF-2.0",
        "Unlicense",
        "Zlib",
    }
)
"""SPDX identifiers, https://spdx.org/licenses/."""

CLASSIFIERS = {
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD-3-Clause",
    "GNU Lesser General Public License v3 (LGPLv3)": "LGPL-3.0-only",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
    "The Unlicense (Unlicense)": "Unlicense",
}
"""Trove classifiers that name a licence; any other is refused until it is added here."""

# What a bracket came to: a licence that is accepted, or one that is not.
_YES, _NO = "0BSD", "LicenseRef-Refused"

EXCEPTIONS: dict[str, str] = {
    "axe-playwright-python": "declares none; its licence file is MIT, the axe-core in it MPL 2.0",
}
"""Distribution -> why it may be used though the gate refuses it."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the gate says of one distribution."""

    name: str
    licence: str
    """As declared, an SPDX expression where possible; empty when nothing is declared."""
    accepted: bool


def declared_licence(metadata: PackageMetadata) -> str:
    """Return the licence a distribution declares, as an SPDX expression where that can be told.

    Several classifiers may mean a choice or a sum; they are read as a sum, the stricter of the two.
    """
    if "License-Expression" in metadata:
        return metadata["License-Expression"]
    classifiers = [
        classifier.rpartition(" :: ")[2]
        for classifier in metadata.get_all("Classifier") or []
        if classifier.startswith("License :: ") and not classifier.endswith(" approved")
    ]
    if classifiers:
        return " AND ".join(CLASSIFIERS.get(name, f"'{name}'") for name in classifiers)
    return metadata["License"].strip() if "License" in metadata else ""


def accepts(expression: str) -> bool:
    """Whether accepted licences alone satisfy an SPDX expression; False when it is none."""
    try:
        rest: str = canonicalize_license_expression(expression)
    except InvalidLicenseExpression:
        return False
    while "(" in rest:
        rest = re.sub(r"\(([^()]*)\)", lambda inner: _reduce(inner[1]), rest)
    return _reduce(rest) == _YES


def _reduce(flat: str) -> str:
    """Reduce an expression without brackets to one word; AND binds closer than OR."""
    choices = (choice.split(" AND ") for choice in flat.split(" OR "))
    return _YES if any(ACCEPTED.issuperset(licences) for licences in choices) else _NO


def judge(distribution: Distribution) -> Verdict:
    """Judge one installed distribution."""
    name = distribution.metadata["Name"]
    licence = declared_licence(distribution.metadata)
    return Verdict(name, licence, accepts(licence) or name in EXCEPTIONS)


def main() -> int:
    """Judge all that is installed beside this interpreter; 1 when something is refused."""
    verdicts = sorted(
        (judge(found) for found in distributions() if not found.metadata["Name"].startswith(OWN)),
        key=lambda verdict: verdict.name.casefold(),
    )
    refused = [verdict for verdict in verdicts if not verdict.accepted]
    for verdict in refused:
        licence = verdict.licence.partition("\n")[0] or "no licence declared"
        print(f"refused: {verdict.name}: {licence}", file=sys.stderr)
    print(f"licences: {len(verdicts)} distributions, {len(refused)} refused")
    return 1 if refused else 0


if __name__ == "__main__":
    sys.exit(main())
