#!/usr/bin/python
# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the faces of results."""

from __future__ import annotations

DOCUMENTATION = r"""
module: report
short_description: Show the result of a run to people, to a pipeline and to a monitoring system
version_added: 0.3.0
description:
  - Makes a page, JUnit XML, Markdown and Prometheus' text format of the result file of a run, and the lines for a terminal.
  - All of it comes from the file alone, so that each says the same numbers. It asks no server.
  - With O(result) it writes that file first, and beside it what a later run has to know.
  - What nobody knows is shown as unknown, and never as zero.
author:
  - mtv.teardown contributors (!UNKNOWN)
requirements:
  - python >= 3.11
  - junitparser >= 3.1.0
  - prometheus_client >= 0.17.0
extends_documentation_fragment:
  - mtv.teardown._attributes.files
options:
  results:
    description: Result files, and folders of which each C(*.result.json) is one.
    type: list
    elements: path
    required: true
  result:
    description:
      - What M(mtv.teardown.leftovers_info) returned. It is written to the one file that O(results) names, in mode V(0600), before any face is
        made, and its RV(mtv.teardown.leftovers_info#module:journal) into O(data_collector_path).
      - With a verdict that is clean that is written only where a note of an earlier run is, and no list of what earlier runs asked for stays.
      - Or what stands for it until there is one, C(verdict) V(unverified), C(run_id), C(began), an empty C(ended), and C(summary); of that no face is made.
    type: dict
  data_collector_path:
    description: The folder for what a later run has to know. Default is that of the file.
    type: path
  faces:
    description:
      - Which files are made of each result, beside it or in O(path), with its name and another ending.
      - V(html) (C(.html)) is a page for people in one file, without scripts, that loads nothing - the verdict, a picture of the deletion,
        what is left and why, what was read, and what was not touched.
      - It needs Jinja2, which ansible-core brings along.
      - V(junit) (C(.junit.xml)) needs junitparser. It has a case for the verdict, for each test of the record, and for all that could not be read.
      - V(markdown) (C(.md)) is for the summary of a job.
      - V(prometheus) (C(.prom)) needs prometheus_client. It is for the textfile collector of a node exporter.
    type: list
    elements: str
    choices: [html, junit, markdown, prometheus]
    default: [html]
  path:
    description: The folder to write to; it is made when it is not there. Default is that of each result.
    type: path
  mode:
    description: The mode of the files, in octal and as text. A collector that runs as another account needs V(0644).
    type: str
    default: "0600"
seealso:
  - module: mtv.teardown.leftovers_info
"""

EXAMPLES = r"""
- name: A page and JUnit XML of one run
  mtv.teardown.report:
    results: [.data-collector/teardown-auto-ab12.result.json]
    faces: [html, junit]

- name: All of the night's runs for the textfile collector
  mtv.teardown.report:
    results: [.data-collector]
    faces: [prometheus]
    path: /var/lib/node_exporter
    mode: "0644"
"""

RETURN = r"""
written:
  description: The file that O(result) was written to, also where a face could not be made and the module fails.
  type: str
  returned: with O(result)
results:
  description: What was made of each result.
  type: list
  elements: dict
  returned: always
  contains:
    result:
      description: The file that was read.
      type: str
      returned: always
    verdict:
      description: Its verdict.
      type: str
      returned: always
    totals:
      description: How many entries each list of it has, as every face says it. Null is not known.
      type: dict
      returned: always
    files:
      description: The files of its faces, by their names.
      type: dict
      returned: always
    lines:
      description: The face for a terminal.
      type: list
      elements: str
      returned: always
  sample:
    - result: .data-collector/teardown-auto-ab12.result.json
      verdict: clean
      totals: {deleted: 60, leftovers: 0}
      files: {html: .data-collector/teardown-auto-ab12.html}
      lines: ["session auto-ab12", "CLEAN: everything was read, and nothing of the session is left."]
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

from ansible.module_utils.basic import missing_required_lib
from ansible_collections.mtv.teardown.plugins.module_utils import _texts
from ansible_collections.mtv.teardown.plugins.module_utils._errors import TeardownError
from ansible_collections.mtv.teardown.plugins.module_utils._report import faces, files, kept
from ansible_collections.mtv.teardown.plugins.module_utils._run import module as _module


def _made(params: Mapping[str, Any], check_mode: bool) -> dict[str, Any]:
    """The faces of all results."""
    wanted, folder = params["faces"], params["path"] or ""
    for face in (faces.FACES[name] for name in wanted):
        if face.missing:
            raise TeardownError(missing_required_lib(face.library))
    write = partial(files.write, mode=files.mode_of(params["mode"]), check_mode=check_mode)
    made, changed = [], False
    for path in faces.files_of(params["results"]):
        told = faces.read(path)
        named = {name: faces.file_name(path, name, folder) for name in wanted}
        for name, text in faces.render(told, wanted).items():
            changed = write(named[name], text) or changed
        one = {"result": path, "verdict": told.verdict, "totals": dict(told.totals), "files": named}
        made.append({**one, "lines": faces.lines(told)})
    return {"changed": changed, "results": made}


def main() -> None:
    """Read, make, write what has changed."""
    module = _module.Module(
        argument_spec={
            "results": {"type": "list", "elements": "path", "required": True},
            "result": {"type": "dict"},
            "data_collector_path": {"type": "path"},
            "faces": {"type": "list", "elements": "str", "choices": sorted(faces.FACES), "default": ["html"]},
            "path": {"type": "path"},
            "mode": {"type": "str", "default": "0600"},
        },
        supports_check_mode=True,
    )
    # Not told again at the end: it may be large.
    params, given = module.params, module.params.pop("result")
    check_mode = bool(module.check_mode)

    def work() -> dict[str, Any]:
        result = _texts.opened(given or {}, "result")
        if not result:
            return _made(params, check_mode)
        written = kept.one_file(params["results"])
        if kept.is_begun(result):
            return {"changed": kept.begin(result, written, check_mode), "written": written, "results": []}
        changed = kept.write(result, written, params["data_collector_path"] or "", check_mode)
        if check_mode:  # there is no file to make them of
            return {"changed": changed, "written": written, "results": []}
        try:
            made = _made(params, check_mode)
        except TeardownError as exc:
            return {"failed": True, "msg": exc.msg, "changed": changed, "written": written, "results": []}
        return {**made, "changed": changed or made["changed"], "written": written}

    _module.run(module, work)


if __name__ == "__main__":
    main()
