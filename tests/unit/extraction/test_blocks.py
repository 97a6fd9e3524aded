"""A page becomes blocks of text in reading order, each with its links and its element."""

from newsmill_enrich.extraction.blocks import CATEGORIES, HIDDEN, TAGS, category_bits, walk
from tests.unit.extraction.pages import parsed


def texts(markup: str) -> list[str]:
    return [block.text for block in walk(parsed(markup)).blocks]


def test_inline_elements_stay_in_their_block() -> None:
    found = texts("<p>One <b>two</b> <a href=x>three</a>.</p><p>Four</p>")

    assert found == ["One two three.", "Four"]


def test_text_around_a_nested_element_is_in_blocks_of_its_own() -> None:
    found = texts("<div>before<p>inside</p>after<ul><li>item</ul></div>end")

    assert found == ["before", "inside", "after", "item", "end"]


def test_scripts_and_forms_of_input_are_no_text() -> None:
    found = texts("<p>text</p><script>no()</script><style>.x{}</style><textarea>no</textarea>")

    assert found == ["text"]


def test_embedded_data_is_no_text() -> None:
    found = texts("<p>text</p><div>" + "PGRpdiBjbGFzcz0ic3At" * 100 + "</div>")

    assert found == ["text"]


def test_long_lines_set_apart_by_breaks_are_blocks() -> None:
    long = "A sentence that is long enough to stand as a paragraph of its own on any page."

    found = texts(f"<div>{long}<br>{long} Again.<br><br>{long} Once more.</div>")

    assert found == [long, f"{long} Again.", f"{long} Once more."]


def test_short_lines_set_apart_by_breaks_are_one_block() -> None:
    found = texts("<h1>A headline<br>in two lines</h1>")

    assert found == ["A headline in two lines"]


def test_links_and_bold_are_counted_in_characters() -> None:
    block = walk(parsed("<p>ab<a>cde</a><strong>fg</strong></p>")).blocks[0]

    assert (block.link, block.bold) == (3, 2)


def test_elements_know_their_tag_and_what_their_names_speak_of() -> None:
    page = walk(parsed('<div class="articleBody" hidden><p class="photo-caption">x</p></div>'))

    element = page.blocks[0].element
    names = [name for i, name in enumerate(CATEGORIES) if page.own[element] >> i & 1]

    assert TAGS[page.tag[element]] == "p"
    assert names == ["media"]
    assert page.around[element] & HIDDEN


def test_names_are_read_word_by_word() -> None:
    assert category_bits("relatedArticles") == category_bits("related-articles")
    assert category_bits("shadow") == 0


def test_deep_pages_need_no_recursion() -> None:
    found = texts("<div>" * 5_000 + "deep")

    assert found == ["deep"]
