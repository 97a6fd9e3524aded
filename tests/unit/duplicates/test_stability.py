"""What lies in indexes and databases for weeks must be found by every later release.

A change of these bytes is a new version of the sketch, with an index of its own.
"""

import hashlib

from newsmill_enrich.duplicates import SKETCH_VERSION, fingerprint
from tests.unit.duplicates.builders import NOW, a_headline, a_story, an_unspaced_story

FORM = (
    "Exchange rates of 4 March",
    (
        "The dollar is at 1.7000, the euro at 1.9876 manat.\nUSD 1.7000\nEUR 1.9876\nGBP 2.2710\n"
        "The rates apply until 18:00 on 05.03.2026, says the bank in Baku."
    ),
)
SIDEBAR = (
    "Ein Titel",
    f"{a_story(3)}\nMehr zum Thema\nWahl in Baku\nWetter am Montag\nSport kompakt",
)
MARKED = (
    "İstanbul’da bir başlık",
    f"{a_story(4)} Şəhər ﬁnal ＡＢＣ 𝐛𝐨𝐥𝐝 co\u00adoperate café 12:30",
)


def test_keys_and_sketches_are_those_of_the_version() -> None:
    documents = [
        *((a_headline(number), a_story(number)) for number in range(5)),
        *(
            (a_headline(number), an_unspaced_story(number, thai=number % 2 == 0))
            for number in (6, 7)
        ),
        FORM,
        SIDEBAR,
        MARKED,
        ("Short", "Nothing more to say."),
        ("", ""),
    ]

    written = hashlib.sha256()
    for title, text in documents:
        mark = fingerprint(title, text, page_key="page", published_at=NOW)
        written.update(mark.document + repr(mark.keys).encode() + mark.sketch)

    assert (SKETCH_VERSION, written.hexdigest()[:16]) == (1, "55b191e4e2feff97")
