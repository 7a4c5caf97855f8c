"""Papers as PDF: what people wrote stays text, pages are numbered, the same gives the same."""

import io
import threading
from datetime import UTC, datetime

import pypdf
import pytest

from genjin.foundation import pdf

AT = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


def data(**changes):
    """The least that the paper template takes, with one table."""
    return {
        "title": "报价单",
        "head": {"name": "晨光办公设备有限公司", "lines": ["上海市世纪大道"]},
        "page_words": ["第 ", " 页，共 ", " 页"],
        "footer": "QT-2026-00001",
        "meta": [["编号", "QT-2026-00001"]],
        "parties": [{"role": "客户", "name": "王小明", "lines": []}],
        "opening": [],
        "columns": [
            {"title": "货品", "align": "start", "width": 3},
            {"title": "金额", "align": "end", "width": 0},
        ],
        "rows": [["激光打印机", "2,560.00"]],
        "strong_rows": [],
        "totals": [{"label": "合计", "value": "2,560.00", "is_strong": True}],
        "capitals": [["大写", "人民币贰仟伍佰陆拾元整"]],
        "remarks_label": "备注",
        "remarks": [],
        "signatures": [],
        "bank": [],
        "bank_label": "",
        "mark": "",
        **changes,
    }


def texts(made: bytes) -> list[str]:
    """The text of each page, without spaces: what a search of the file finds."""
    return [
        "".join(page.extract_text().split()) for page in pypdf.PdfReader(io.BytesIO(made)).pages
    ]


@pytest.mark.parametrize("language", pdf.LANGUAGES)
def test_the_text_of_a_paper_can_be_searched_in_every_language(language):
    (page,) = texts(pdf.render("paper", data(), language, at=AT))
    assert "报价单" in page
    assert "激光打印机" in page
    assert "人民币贰仟伍佰陆拾元整" in page


def test_what_people_wrote_is_never_markup():
    wild = (
        '#panic("x") *b* $x^2$ [c] @ref <lab> `r` \\ "q" = Head {{d}} </script> #read("base.typ")'
    )
    parties = [{"role": wild, "name": wild, "lines": [wild]}]
    rows = [[wild, wild]]
    made = pdf.render(
        "paper",
        data(title=wild, parties=parties, rows=rows, remarks=[wild], footer=wild),
        "en",
        at=AT,
    )
    whole = "".join(texts(made))
    assert whole.count("".join(wild.split())) == 8
    assert "let" not in whole


def test_a_long_table_repeats_its_head_and_numbers_its_pages():
    rows = [[f"第{n}项激光打印机", f"{n}.00"] for n in range(1, 1501)]
    made = texts(pdf.render("paper", data(rows=rows), "zh-hans", at=AT))
    count = len(made)
    assert count > 20
    assert all("货品金额" in page for page in made)
    for number, page in enumerate(made, 1):
        assert f"第{number}页，共{count}页" in page
    together = "".join(made)
    assert all(f"第{n}项激光打印机{n}.00" in together for n in range(1, 1501))
    assert "合计2,560.00" in made[-1]


def test_the_same_paper_has_the_same_bytes_and_another_moment_others():
    first = pdf.render("paper", data(), "zh-hant", at=AT)
    assert pdf.render("paper", data(), "zh-hant", at=AT) == first
    later = pdf.render("paper", data(), "zh-hant", at=datetime(2027, 1, 1, tzinfo=UTC))
    assert later != first
    meta = pypdf.PdfReader(io.BytesIO(first)).metadata
    assert meta.creation_date == AT
    assert meta.title == "报价单"


def test_the_fonts_are_embedded_as_subsets_so_that_the_file_stays_small():
    made = pdf.render("paper", data(), "zh-hans", at=AT)
    page = pypdf.PdfReader(io.BytesIO(made)).pages[0]
    names = {str(font.get_object()["/BaseFont"]) for font in page["/Resources"]["/Font"].values()}
    assert {name.split("+")[1] for name in names} == {"NotoSansSC-Regular", "NotoSansSC-Bold"}
    assert len(made) < 60_000


def test_taiwan_has_the_shapes_of_taiwan():
    made = pdf.render("paper", data(title="報價單"), "zh-hant", at=AT)
    page = pypdf.PdfReader(io.BytesIO(made)).pages[0]
    names = {str(font.get_object()["/BaseFont"]) for font in page["/Resources"]["/Font"].values()}
    assert "NotoSansTC-Bold" in {name.split("+")[1] for name in names}


def test_threads_set_papers_side_by_side():
    expected = {n: pdf.render("paper", data(footer=f"R{n}"), "en", at=AT) for n in range(6)}
    found: dict[int, bytes] = {}

    def work(start):
        for n in range(start, 6, 3):
            found[n] = pdf.render("paper", data(footer=f"R{n}"), "en", at=AT)

    threads = [threading.Thread(target=work, args=(start,)) for start in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert found == expected


@pytest.mark.parametrize(
    ("template", "language", "error"),
    [
        ("no_such", "en", ValueError),
        ("../pdf", "en", ValueError),
        ("", "en", ValueError),
        ("paper", "fr", KeyError),
    ],
)
def test_what_is_not_there_is_refused(template, language, error):
    with pytest.raises(error):
        pdf.render(template, data(), language, at=AT)


def test_a_value_that_is_not_json_is_refused():
    with pytest.raises(TypeError):
        pdf.render("paper", data(footer=object()), "en", at=AT)
