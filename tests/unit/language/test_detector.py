"""What language a document is said to be in, and on what grounds."""

import os

import pytest

from newsmill_enrich.language import Detected, Detector, Hints

TITLES = {
    "az": "Bakıda yeni metro stansiyası gələn həftə açılacaq",
    "be": "У Мінску адкрылася выстава маладых мастакоў",
    "bg": "Правителството обсъжда бюджета за следващата година",
    "ca": "El govern aprova els pressupostos amb els vots de l'oposició",
    "cs": "Vláda schválila návrh rozpočtu na příští rok",
    "da": "Regeringen vil bruge flere penge på skoler efter sommerferien",
    "de": "Der Bundestag stimmt am Freitag über das neue Gesetz ab",
    "el": "Η κυβέρνηση ανακοίνωσε νέα μέτρα για την ακρίβεια",
    "en": "Council approves new budget after a long night of talks",
    "es": "El Gobierno aprueba una subida de las pensiones para el próximo año",
    "et": "Valitsus kiitis heaks järgmise aasta eelarve",
    "fa": "دولت بودجه سال آینده را به مجلس ارائه کرد",
    "fi": "Hallitus esitteli ensi vuoden talousarvion eduskunnalle",
    "fr": "Le gouvernement présente son projet de budget pour l'année prochaine",
    "gl": "O goberno galego aproba unha nova lei de vivenda para a mocidade",
    "hi": "सरकार ने अगले साल के बजट की घोषणा की है",
    "hr": "Tko će tijekom sljedećeg tjedna predložiti proračun za tisuće obitelji",
    "hu": "A kormány jövő héten terjeszti be a költségvetést",
    "hy": "Կառավարությունը հաստատեց հաջորդ տարվա բյուջեն",
    "id": "Polisi mengatakan bahwa kecelakaan itu terjadi karena hujan deras",
    "it": "Il governo approva la manovra dopo una lunga trattativa",
    "ja": "政府は来年度の予算案を決定した",
    "ka": "მთავრობამ მომავალი წლის ბიუჯეტი დაამტკიცა",
    "kk": "Үкімет келесі жылдың бюджетін бекітті және оны парламентке жіберді",
    "ko": "정부가 내년 예산안을 확정했다",
    "ky": "Өкмөт кийинки жылдын бюджетин бекитип, парламентке жөнөттү",
    "mk": "Владата го усвои буџетот за следната година",
    "mr": "सरकारने पुढील वर्षाच्या अर्थसंकल्पाची घोषणा केली आहे",
    "ms": "Polis berkata kemalangan itu berlaku kerana hujan lebat di bandar tersebut",
    "nl": "Het kabinet wil volgend jaar meer geld uitgeven aan scholen",
    "no": "Regjeringen vil bruke mer penger på skoler etter sommeren",
    "pl": "Rząd przyjął projekt budżetu na przyszły rok",
    "pt": "O governo não aprovou o orçamento e as negociações vão continuar",
    "ro": "Guvernul a aprobat bugetul pentru anul viitor",
    "ru": "Правительство утвердило бюджет на следующий год",
    "sk": "Vláda schválila rozpočet na budúci rok, ktorý ešte môže zmeniť parlament",
    "sl": "Vlada je potrdila proračun za prihodnje leto",
    "sq": "Qeveria miratoi buxhetin për vitin e ardhshëm",
    "sv": "Regeringen vill att skolorna får mer pengar nästa år",
    "sw": "Serikali imetangaza bajeti mpya ya mwaka ujao",
    "tr": "Hükümet gelecek yılın bütçesini meclise sundu",
    "tt": "Хөкүмәт киләсе ел бюджетын раслады һәм аны парламентка җибәрде",
    "uk": "Уряд схвалив проєкт бюджету на наступний рік",
    "ur": "حکومت نے اگلے سال کے بجٹ کا اعلان کیا ہے",
    "vi": "Chính phủ công bố ngân sách cho năm tới",
}

GEORGIAN = (
    "მთავრობამ დღეს დაამტკიცა მომავალი წლის ბიუჯეტი, რომელიც პარლამენტს გადაეგზავნება. "
    "ფინანსთა მინისტრის თქმით, თანხების დიდი ნაწილი სკოლებსა და საავადმყოფოებს მოხმარდება."
)
ENGLISH = (
    "The council approved the new budget on Monday after a long night of talks. Most of the money "
    "will go to schools and hospitals, the finance minister told reporters, and the rest will be "
    "spent on roads that were damaged by last winter's floods."
)
RUSSIAN = (
    "Правительство в понедельник утвердило бюджет на следующий год. По словам министра финансов, "
    "большая часть средств пойдёт на школы и больницы, а остальное потратят на ремонт дорог, "
    "которые пострадали от наводнения прошлой зимой."
)
MENU = "Home\nWorld\nPolitics\nSport\nSign in\nSubscribe\nRead more\nAdvertisement\n"


def shares(detected: Detected) -> dict[str, float]:
    found = detected.evidence["shares"]
    assert isinstance(found, dict)
    return {name: float(str(share)) for name, share in found.items()}


def paragraph_languages(detected: Detected) -> list[str]:
    listed = detected.evidence["paragraphs"]
    assert isinstance(listed, list)
    return [str(entry["language"]) for entry in listed if isinstance(entry, dict)]


@pytest.mark.parametrize("language", TITLES)
def test_a_title_is_enough(detector: Detector, language: str) -> None:
    detected = detector.detect(TITLES[language], "")

    assert detected.language.tag == language
    assert 0.5 < detected.language.confidence <= 1.0


@pytest.mark.parametrize(
    ("tag", "text"),
    [
        ("sr-Latn", "Vlada je u ponedeljak usvojila budžet, rekao je predsednik posle sednice"),
        ("sr", "Влада је у понедељак усвојила буџет, рекао је председник после седнице"),
        ("zh-Hans", "政府宣布明年的预算，并将在下周提交议会讨论"),
        ("zh-Hant", "政府宣布明年的預算，並將在下週提交議會討論"),
        ("az-Cyrl", "Азәрбајҹан һөкуматы ҝәлән илин бүдҹәсини тәсдиг етди"),
    ],
)
def test_the_script_is_named_where_it_matters(detector: Detector, tag: str, text: str) -> None:
    detected = detector.detect("", text)

    assert detected.language.tag == tag


def test_an_article_is_answered_at_a_glance(detector: Detector) -> None:
    detected = detector.detect("", "\n".join([ENGLISH] * 3))

    assert detected.language.tag == "en"
    assert detected.evidence["rule"] == "detectors agree on the whole text"
    assert paragraph_languages(detected) == ["en", "en", "en"]


def test_menus_in_another_language_do_not_move_the_verdict(detector: Detector) -> None:
    detected = detector.detect("", MENU + GEORGIAN + "\n" + MENU)

    assert detected.language.tag == "ka"


def test_a_mixed_page_is_in_the_language_of_its_larger_part(detector: Detector) -> None:
    detected = detector.detect("", "\n".join([RUSSIAN, ENGLISH, RUSSIAN]))

    assert detected.language.tag == "ru"
    assert paragraph_languages(detected) == ["ru", "en", "ru"]
    assert shares(detected)["ru"] > shares(detected)["en"] > 0.2


def test_foreign_names_do_not_move_the_verdict(detector: Detector) -> None:
    names = "Əliyev, Məmmədov, Hüseynzadə, Qurbanova and Rəhimli of the Müsavat party"

    detected = detector.detect("", f"The meeting in Baku was attended by {names}. {ENGLISH}")

    assert detected.language.tag == "en"


def test_a_title_in_another_language_is_kept_apart(detector: Detector) -> None:
    detected = detector.detect(TITLES["az"], "\n".join([ENGLISH] * 3))

    title = detected.evidence["title"]
    assert detected.language.tag == "en"
    assert isinstance(title, dict)
    assert title["language"] == "az"


@pytest.mark.parametrize(
    "hints",
    [
        Hints(declared={"html": "en", "og": "en_US", "header": "en"}),
        Hints(declared={"html": "tr"}, host="example.tr", usual={"tr": 1.0}),
    ],
)
def test_a_false_declaration_never_beats_the_text(detector: Detector, hints: Hints) -> None:
    assert detector.detect(TITLES["az"], "", hints).language.tag == "az"
    assert detector.detect("", RUSSIAN * 3, hints).language.tag == "ru"


def test_hints_decide_what_the_text_leaves_open(detector: Detector) -> None:
    text = "Ministar je posjetio školu u Mostaru"

    croatian = detector.detect(text, "", Hints(declared={"html": "hr"}, host="example.hr"))
    bosnian = detector.detect(text, "", Hints(declared={"html": "bs"}, host="example.ba"))

    assert croatian.language.tag == "hr"
    assert bosnian.language.tag == "bs"


@pytest.mark.parametrize(
    "text",
    [
        "BTC/USD 65,432.10 +2.3%",
        "qwrtpsdfg",
        "aaaaaaaaaaaaaaaa",
        "SHA256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "https://example.org/a/b.html info@example.org @someone #2024",
        "ⵜⴰⵎⴰⵣⵉⵖⵜ ⵜⵓⵜⵍⴰⵢⵜ ⵏ ⵉⵎⴰⵣⵉⵖⵏ",
    ],
)
def test_what_cannot_be_told_is_undetermined_with_a_ground(detector: Detector, text: str) -> None:
    detected = detector.detect("", text)

    assert detected.language.tag == "und"
    assert detected.language.confidence == 0.0
    assert detected.evidence["ground"]


def test_the_same_document_gets_the_same_answer(detector: Detector) -> None:
    first = detector.detect(TITLES["fr"], ENGLISH)

    assert detector.detect(TITLES["fr"], ENGLISH) == first
    assert Detector().detect(TITLES["fr"], ENGLISH) == first


def test_a_forked_child_uses_its_parents_models(detector: Detector) -> None:
    reading, writing = os.pipe()

    child = os.fork()
    if child == 0:
        os.write(writing, detector.detect(TITLES["hu"], "").language.tag.encode())
        os._exit(0)
    os.close(writing)
    answer = os.read(reading, 16)
    os.close(reading)
    _, status = os.waitpid(child, 0)

    assert status == 0
    assert answer == b"hu"
