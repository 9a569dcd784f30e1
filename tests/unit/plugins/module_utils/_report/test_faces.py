# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each face says what the result says, and the same as the others; no name is taken for more than a name."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from ansible.module_utils.testing import patch_module_args
from ansible_collections.mtv.teardown.plugins.module_utils._errors import RecordError, TeardownError
from ansible_collections.mtv.teardown.plugins.module_utils._report import faces, files, html, told
from ansible_collections.mtv.teardown.plugins.modules import report
from ansible_collections.mtv.teardown.tests.unit.plugins import results
from prometheus_client.parser import text_string_to_metric_families

EVIL = [
    "<script>alert(1)</script>",
    "&lt;b&gt;",
    "a|b`c`[x](y)<img src=x>",
    '"><svg onload=alert(1)>',
    "\x1b[31mred\x00",
    "\u202egnp.exe",
    "]]>",
    "é€😀",
]


class Page(HTMLParser):
    """What a browser makes of it: elements, and the totals."""

    VOID = frozenset({"meta", "link", "rect", "line"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.totals: dict[str, str] = {}
        self._words: list[str] = []
        self._total = ""
        self.feed(text)
        self.close()

    @property
    def words(self) -> str:
        return "".join(self._words)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._total = dict(attrs).get("data-total") or ""
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self.VOID:
            return
        assert self.open.pop() == tag, f"{tag} is closed and {self.open} were open"
        self._total = ""

    def handle_data(self, data: str) -> None:
        self._words.append(data)
        if self._total:
            self.totals[self._total] = data


@pytest.fixture(scope="module", params=sorted(results.MADE))
def made(request: pytest.FixtureRequest) -> told.Told:
    return told.of(results.MADE[request.param](), "r.result.json")


def totals_of(name: str, text: str) -> dict[str, int]:
    """What a face says of each list."""
    if name == "html":
        return {key: int(value) for key, value in Page(text).totals.items()}
    if name == "junit":
        found = {p.get("name"): p.get("value") for p in ElementTree.fromstring(text).iter("property")}
        return {key: int(str(found[key])) for key in told.TOTALS}
    if name == "prometheus":
        families = {family.name: family for family in text_string_to_metric_families(text)}
        return {s.labels["list"]: int(s.value) for s in families["mtv_teardown_entries"].samples}
    words = {
        re.sub(r"\\", "", cells[1]): int(cells[2]) for line in text.splitlines() if len(cells := _cells(line)) == 4
    }
    return {key: words[told.WORDS[key]] for key in told.TOTALS}


def _cells(line: str) -> list[str]:
    cells = [cell.strip() for cell in line.split("|")]
    return cells if len(cells) == 4 and cells[2].isdigit() else []


def test_all_faces_agree_in_every_total(made: told.Told) -> None:
    expected = {name: len(made.data[name]) for name in told.TOTALS}
    for name, text in faces.render(made, faces.FACES).items():
        assert totals_of(name, text) == expected, name
    line = next(line for line in faces.lines(made) if line.startswith("deleted "))
    told_numbers = [int(number) for number in re.findall(r"\d+", line)]
    names = ("deleted", "absent", "leftovers", "accepted", "kept", "refused", "scopes")
    assert told_numbers[:-1] == [expected[name] for name in names]


def test_the_terminal_face_is_the_summary_of_the_run(made: told.Told) -> None:
    assert faces.lines(made) == made.data["summary"]


def test_the_summary_has_phases_and_the_command_to_look() -> None:
    lines = faces.lines(told.of(results.leftovers()))
    table = lines[2:12]
    assert table[0].split() == ["phase", "found", "deleted", "left", "time"]
    assert {len(line) for line in table if line.rstrip().endswith("s")} == {len(table[1])}
    assert "    look: kubectl get PersistentVolumeClaim/both --namespace shared-vms --output yaml" in lines
    assert "left for contested: 2" in lines


@pytest.mark.parametrize("evil", EVIL)
def test_no_name_is_more_than_a_name(evil: str) -> None:
    text = json.dumps(results.leftovers())
    plain = Page(faces.render(told.of(json.loads(text)), ["html"])["html"])
    result = told.of(json.loads(text.replace("auto-ab12-vm", json.dumps(f"auto-ab12-{evil}")[1:-1])))
    rendered = faces.render(result, faces.FACES)
    page = Page(rendered["html"])
    assert [tag for tag, _attributes in page.elements] == [tag for tag, _attributes in plain.elements]
    assert not any(name.startswith("on") for _tag, attributes in page.elements for name in attributes)
    ElementTree.fromstring(rendered["junit"])
    assert list(text_string_to_metric_families(rendered["prometheus"]))
    assert "<script" not in rendered["markdown"] and "<img" not in rendered["markdown"]
    for face in rendered.values():
        assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\u202e]", face)


def test_the_page_needs_nothing_else(made: told.Told) -> None:
    text = faces.render(made, ["html"])["html"]
    page = Page(text)
    assert page.open == []
    links = [v for _tag, a in page.elements for k, v in a.items() if k in ("src", "href", "xlink:href", "action")]
    assert all(str(link).startswith(("#", "data:")) for link in links)
    assert "url(" not in text and "@import" not in text and "script" not in {tag for tag, _a in page.elements}


def test_the_page_can_be_found_through_without_seeing_it(made: told.Told) -> None:
    page = Page(faces.render(made, ["html"])["html"])
    tags = [tag for tag, _attributes in page.elements]
    assert page.elements[0] == ("html", {"lang": "en"}) and tags.count("h1") == tags.count("main") == 1
    levels = [int(tag[1]) for tag in tags if re.fullmatch(r"h[1-6]", tag)]
    assert all(after - before <= 1 for before, after in pairwise(levels))
    ids = [str(a["id"]) for _tag, a in page.elements if "id" in a]
    assert len(ids) == len(set(ids))
    named = [str(v) for _t, a in page.elements for k, v in a.items() if k == "aria-labelledby"]
    assert {one for name in named for one in name.split()} <= set(ids)
    assert {str(a["href"])[1:] for tag, a in page.elements if tag == "a"} <= set(ids)
    assert all("scope" in a for tag, a in page.elements if tag == "th")
    assert tags.count("caption") == tags.count("table")
    assert tags.count("svg") == 0 or ("title" in tags and "desc" in tags)


def _light(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_colours_can_be_read_in_the_light_and_in_the_dark() -> None:
    """WCAG AA: 4.5 to 1 for text, 3 to 1 for the bars of the picture."""
    light, dark = (dict(re.findall(r"--(\w+):\s*(#[0-9a-f]{6})", part)) for part in html.page.STYLE.split("@media")[:2])
    for theme in (light, {**light, **dark}):
        for colour, behind, least in (
            *((one, back, 4.5) for one in ("fg", "soft", "ok", "bad", "warn") for back in ("bg", "card")),
            *((one, "band", 3.0) for one in ("bar", "bad")),
        ):
            pair = sorted((_light(theme[colour]), _light(theme[behind])))
            assert (pair[1] + 0.05) / (pair[0] + 0.05) >= least, (colour, behind)


def test_what_was_not_read_is_no_number() -> None:
    rendered = faces.render(told.of(results.unverified()), faces.FACES)
    page = Page(rendered["html"])
    assert "not read · not read" in page.words and "3 scopes not read" not in page.words
    errors = [
        case for case in ElementTree.fromstring(rendered["junit"]).iter("testcase") if case.find("error") is not None
    ]
    assert len([case for case in errors if str(case.get("name")).startswith("could not be read")]) == 3


def test_a_run_that_was_cut_off_is_known_by_nothing() -> None:
    begun = {
        "verdict": "unverified",
        "run_id": "b",
        "began": "2026-01-01T10:00:00Z",
        "ended": "",
        "summary": ["s", "U."],
    }
    made = told.of(begun)
    assert set(made.totals.values()) == {None} and faces.lines(made) == ["s", "U."]
    rendered = faces.render(made, faces.FACES)
    assert set(Page(rendered["html"]).totals.values()) == {told.DASH}
    assert "mtv_teardown_entries{" not in rendered["prometheus"] and "verdict: unverified" in rendered["junit"]


def test_junit_has_a_case_for_each_test_of_the_record() -> None:
    result = results.leftovers()
    for entry in result["leftovers"][:2]:
        entry["test_name"] = "test_cold"
    result["deleted"][0]["test_name"] = "test_warm"
    root = ElementTree.fromstring(faces.render(told.of(result), ["junit"])["junit"])
    suite = root.find("testsuite")
    assert (
        suite is not None and suite.get("failures") == "3" and suite.get("tests") == str(len(suite.findall("testcase")))
    )
    cases = {case.get("name"): case for case in suite.findall("testcase")}
    failure = cases["test_cold"].find("failure")
    assert failure is not None and failure.get("message") == f"left {told.counts(result['leftovers'][:2])}"
    assert list(cases["test_warm"]) == []
    assert float(str(suite.get("time"))) == float(str(root.get("time"))) == result["seconds"]
    assert suite.get("errors") == str(len(result["not_done"]))


# jenkinsci/xunit-plugin: src/main/resources/org/jenkinsci/plugins/xunit/types/model/xsd/junit-10.xsd. Element ->
# (attributes that it may have, those that it has to have, what may be in it).
JUNIT: dict[str, tuple[set[str], set[str], set[str]]] = {
    "testsuites": ({"name", "time", "tests", "failures", "errors"}, set(), {"testsuite"}),
    "testsuite": (
        {"name", "tests", "failures", "errors", "skipped", "time", "timestamp", "hostname", "id", "package"},
        {"name", "tests", "failures", "errors"},
        {"properties", "testcase"},
    ),
    "properties": (set(), set(), {"property"}),
    "property": ({"name", "value"}, {"name", "value"}, set()),
    "testcase": ({"name", "time", "classname"}, {"name"}, {"error", "failure"}),
    "failure": ({"type", "message"}, set(), set()),
    "error": ({"type", "message"}, set(), set()),
}


def test_junit_is_what_jenkins_and_gitlab_take(made: told.Told) -> None:
    root = ElementTree.fromstring(faces.render(made, ["junit"])["junit"])
    assert root.tag == "testsuites"
    for element in root.iter():
        may, must, inside = JUNIT[element.tag]
        assert must <= set(element.attrib) <= may and {child.tag for child in element} <= inside, element.tag
        assert re.fullmatch(r"\d+(\.\d+)?", element.get("time", "0"))


def run(capfd: pytest.CaptureFixture[str], check: bool = False, **options: Any) -> dict[str, Any]:
    with patch_module_args({**options, "_ansible_check_mode": check}), pytest.raises(SystemExit):
        report.main()
    answer: dict[str, Any] = json.loads(capfd.readouterr().out)
    return answer


def test_the_module_writes_each_face_once(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for name in ("teardown-auto-ab12", "verify-auto-ab12"):
        (tmp_path / f"{name}.result.json").write_text(json.dumps(results.clean()), encoding="utf-8")
    options = {"results": [str(tmp_path)], "faces": sorted(faces.FACES)}
    assert run(capfd, check=True, **options)["changed"] is True
    assert len(list(tmp_path.iterdir())) == 2
    told_files = run(capfd, **options)
    files = [Path(path) for one in told_files["results"] for path in one["files"].values()]
    assert len(files) == 8 and {file.stat().st_mode & 0o777 for file in files} == {0o600}
    assert sorted(p.name for p in tmp_path.iterdir() if "verify" in p.name) == [
        "verify-auto-ab12.html",
        "verify-auto-ab12.junit.xml",
        "verify-auto-ab12.md",
        "verify-auto-ab12.prom",
        "verify-auto-ab12.result.json",
    ]
    assert run(capfd, **options)["changed"] is False
    elsewhere = tmp_path / "node" / "exporter"
    one = {"results": [str(tmp_path / "verify-auto-ab12.result.json")], "path": str(elsewhere), "mode": "0644"}
    made = run(capfd, **one, faces=["prometheus"])["results"][0]
    assert made["verdict"] == "clean" and made["totals"]["deleted"] == len(results.clean()["deleted"])
    assert (elsewhere / "verify-auto-ab12.prom").stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"verdict": "fine"}', '{"verdict": "clean", "deleted": 7}', "\ud800"]
)
def test_what_is_no_result_is_told(tmp_path: Path, capfd: pytest.CaptureFixture[str], text: str) -> None:
    file = tmp_path / "x.result.json"
    file.write_text(text, encoding="utf-8", errors="surrogatepass")
    answer = run(capfd, results=[str(file)])
    assert answer["failed"] and str(file) in answer["msg"]
    assert [path.name for path in tmp_path.iterdir()] == ["x.result.json"]
    assert run(capfd, results=[str(file)], mode="rw")["failed"]


def test_the_module_writes_the_result_and_its_note_first(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    made, beside = results.leftovers(), tmp_path / "collector"
    file, note = tmp_path / "x.result.json", beside / "teardown-auto-ab12.session.json"
    options = {"results": [str(file)], "data_collector_path": str(beside)}
    predicted = run(capfd, check=True, result=made, **options)
    assert (predicted["changed"], predicted["written"]) == (True, str(file)) and not list(tmp_path.iterdir())
    told_files = run(capfd, result=made, **options)
    assert told_files["written"] == str(file) and list(told_files["results"][0]["files"]) == ["html"]
    assert {one.stat().st_mode & 0o777 for one in (file, note)} == {0o600}
    assert json.loads(file.read_text(encoding="utf-8")) == {"$schema": made["schema"], **made}
    assert json.loads(note.read_text(encoding="utf-8")) == made["journal"]["content"]
    assert run(capfd, result=made, **options)["changed"] is False


def test_after_a_clean_run_a_note_says_so_where_there_was_one(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    made, note = results.clean(), tmp_path / "teardown-auto-ab12.session.json"
    options = {"results": [str(tmp_path / "x.result.json")], "faces": []}
    run(capfd, result=made, **options)
    assert [one.name for one in tmp_path.iterdir()] == ["x.result.json"]
    note.write_text("{}", encoding="utf-8")
    run(capfd, result=made, **options)
    assert json.loads(note.read_text(encoding="utf-8"))["verdict"] == "clean"


def test_a_result_is_written_whatever_becomes_of_its_faces(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    file, in_the_way = tmp_path / "x.result.json", tmp_path / "file"
    in_the_way.write_text("", encoding="utf-8")
    options = {"results": [str(file)], "result": results.clean()}
    answer = run(capfd, **options, path=str(in_the_way))
    assert answer["failed"] and answer["written"] == str(file) and file.exists()
    answer = run(capfd, **{**options, "results": [str(in_the_way / "x.result.json")]})
    assert answer["failed"] and "written" not in answer


NO_NOTES: list[dict[str, Any]] = [
    {},
    {"name": "../teardown-auto-ab12.session.json", "content": {"prefix": "auto-ab12"}},
    {"name": "teardown-../x.session.json", "content": {"prefix": "../x"}},
    {"name": "resources.json", "content": {"prefix": "auto-ab12"}},
    {"name": "teardown-auto-ab12.session.json", "content": {}},
]


@pytest.mark.parametrize("note", NO_NOTES)
def test_a_note_is_no_other_file(tmp_path: Path, capfd: pytest.CaptureFixture[str], note: dict[str, Any]) -> None:
    folder = tmp_path / "collector"
    folder.mkdir()
    result = {**results.leftovers(), "journal": note}
    answer = run(capfd, results=[str(folder / "x.result.json")], result=result)
    assert answer["failed"] and not list(folder.iterdir()) and [one.name for one in tmp_path.iterdir()] == ["collector"]
    answer = run(capfd, results=[str(folder)], result=results.clean())
    assert answer["failed"] and "one file" in answer["msg"]


def test_the_very_lines_that_were_seen() -> None:
    condition = {"type": "NamespaceContentRemaining", "status": "True", "message": "secrets. has 1"}
    held = {
        "deletion_requested": "2026-01-01T12:00:00Z",
        "finalizers": ["a.b/c", "kubernetes.io/x"],
        "owners": [],
        "conditions": [condition],
        "phase": "",
        "pods": ["importer"],
        "locked": True,
        "snapshots": [["before", "locked"]],
    }
    assert told.seen_lines({"held_by": held}) == [
        "deletion requested: 2026-01-01T12:00:00Z",
        "finalizer: a.b/c",
        "finalizer: kubernetes.io/x",
        "condition: NamespaceContentRemaining=True secrets. has 1",
        "pod: importer",
        "locked: True",
        "snapshot: before locked",
    ]
    assert told.seen_lines({}) == told.seen_lines({"held_by": "x"}) == []
    result = results.leftovers()
    result["leftovers"][0]["held_by"] = held
    assert "finalizer: a.b/c" in Page(faces.render(told.of(result), ["html"])["html"]).words


def _thousand() -> dict[str, Any]:
    """What a run leaves that could delete nothing: a thousand objects, of four causes, in ten kinds."""
    result = results.leftovers()
    one = result["leftovers"][0]
    held = {"finalizers": ["example.com/held"], "deletion_requested": "2026-01-01T12:00:00Z", "pods": ["user"]}
    causes = ("finalizer", "pod-uses-claim", "forbidden", "of-a-later-release")
    result["leftovers"] = [
        {**one, "kind": f"Kind{number % 10}", "api_version": "example.com/v1", "name": f"auto-ab12-{number}"}
        | {"uid": f"uid-{number}", "cause": causes[number % 4], "held_by": held, "reason": "held by example.com/held"}
        for number in range(1000)
    ]
    return result


def test_a_thousand_leftovers_can_be_read() -> None:
    """Grouped, each explained once, and no file of a size that nobody opens or a job's summary refuses (1 MiB)."""
    made = told.of(_thousand(), "r.result.json")
    lines, rendered = faces.lines(made), faces.render(made, faces.FACES)
    assert [line for line in lines if line.startswith("left for ")] == [
        "left for finalizer: 250",
        "left for forbidden: 250",
        "left for of-a-later-release: 250",
        "left for pod-uses-claim: 250",
    ]
    assert lines.count("  … and 200 more, in the result") == 4
    assert len(lines) < 1500 and sum(len(line) for line in lines) < 200_000
    assert len([line for line in lines if line.startswith("  before you mend: ")]) == 1
    assert rendered["markdown"].count("### Left for ") == 4 and rendered["markdown"].count("<details>") == 3
    sizes = {name: len(text.encode()) for name, text in rendered.items()}
    assert sizes["markdown"] < 250_000 and sizes["prometheus"] < 20_000, sizes
    assert sizes["html"] < 3_000_000 and sizes["junit"] < 1_500_000, sizes
    page = Page(rendered["html"])
    assert sum(tag == "details" and "open" in attributes for tag, attributes in page.elements) <= 4 * 5 + 1
    assert rendered["html"].count("auto-ab12-777") >= 1  # the page has all of them


def test_odd_results_are_errors_of_ours() -> None:
    result = results.leftovers()
    for name in result:
        for odd in (None, "x", 7, [], {}, [None], [{}], {"x": []}):
            try:
                faces.render(told.of({**result, name: odd}, "r"), faces.FACES)
            except RecordError as exc:
                assert exc.msg.startswith("r is")


def test_a_file_that_cannot_come_to_its_place_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.html").mkdir()
    with pytest.raises(TeardownError, match="cannot be written"):
        files.write(str(tmp_path / "a.html"), "<p>", 0o600, False)
    assert [one.name for one in tmp_path.iterdir()] == ["a.html"]
    assert files.write(str(tmp_path / "b.html"), "<p>", 0o600, False)
    assert not files.write(str(tmp_path / "b.html"), "<p>", 0o600, False)
