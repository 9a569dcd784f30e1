# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the guides tell people to type, and how each of these commands is run by test_guide_commands.py.

A command stands in a guide in a console block behind "$ ", in README.md in an indented block. A guide that gets a new
one needs a line in COMMANDS; tests/project/test_guides.py says so. It is run as it stands, in a folder as mtv-api-tests
leaves it, with a cluster and a vCenter. Where that cannot be, Case.instead is run, and Case.why says why not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_RST_BLOCK = re.compile(r"^( *)\.\. code-block:: (\w+)\n\n((?:\1   .*\n|\n)+)", flags=re.MULTILINE)
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL)
_INDENTED = re.compile(r"(?<=\n\n)(?:    .*\n|\n(?=    ))+")


@dataclass(frozen=True)
class Case:
    """there: whether the session is there before (None: whatever); before: what is run first; code: the exit code;
    left: whether the session is there afterwards; shows: what the output has to have in it; files: what has to be there
    afterwards; instead: what is run in its place, and why: for what reason."""

    code: int = 0
    there: bool | None = True
    left: bool = False
    shows: str = ""
    files: tuple[str, ...] = ()
    before: str = ""
    instead: str = ""
    why: str = ""


_RESULT = (".data-collector/teardown-auto-ab12.result.json",)
_CHECKED = Case(left=True, shows="to be deleted:")
_CLEAN = Case(shows="CLEAN: everything was read", files=_RESULT)
_LOOKED = Case(there=False, shows="CLEAN: everything was read")
_NO_SESSION = Case(there=None)
_FILES = "-e resources_file=.data-collector/resources.json"
_PROVIDERS = "-e providers_file=.providers.json"
_PREFIX = "-e session_prefix=auto-ab12"
_TEARDOWN, _VERIFY = "ansible-playbook mtv.teardown.teardown", "ansible-playbook mtv.teardown.verify"
_VERDICT, _RUN = "ansible-playbook mtv.teardown.verdict", "-e mtv_teardown_run_id=build-4711"
_WITH_RESULT = f"grep -sq build-4711 {_RESULT[0]} || {_TEARDOWN} {_PREFIX} {_RUN}"
_GOVC = "govc permissions.set -principal teardown@vsphere.local"
_PODMAN = (
    "podman run --rm --read-only --read-only-tmpfs=false --user 1000 --userns keep-id:uid=1000"
    " --volume ./.data-collector:/runner/artifacts:Z --volume ~/.kube/config:/kubeconfig:ro,z"
    " --env KUBECONFIG=/kubeconfig mtv-teardown-ee"
    " ansible-playbook mtv.teardown.teardown -e data_collector_path=/runner/artifacts"
)

_RECORDED = (
    "ANSIBLE_CALLBACKS_ENABLED=mtv.teardown.recorder MTV_TEARDOWN_RECORDER_PATH=recorded ansible-playbook setup.yml"
)
_SETUP = f"cp {ROOT}/docs/examples/recording/setup.yml.example ./setup.yml"

COMMANDS: dict[str, Case] = {
    # Installing. ansible-galaxy and pip: see test_guide_commands.py. The collection comes from the tarball, since it
    # is not published yet, and Python's packages go into a venv that is thrown away.
    "ansible-galaxy collection install mtv.teardown": _NO_SESSION,
    "pip install kubernetes jmespath": _NO_SESSION,
    "pip install pyvmomi openstacksdk ovirt-engine-sdk-python paramiko": _NO_SESSION,
    "pip install kubernetes jmespath pyvmomi openstacksdk ovirt-engine-sdk-python paramiko": _NO_SESSION,
    # Out of the collection that was installed above.
    "pip install ~/.ansible/collections/ansible_collections/mtv/teardown/extensions/pytest": _NO_SESSION,
    "export KUBECONFIG=~/.kube/config": _NO_SESSION,
    "export ANSIBLE_CALLBACKS_ENABLED=mtv.teardown.progress": _NO_SESSION,
    "ansible-doc -t lookup mtv.teardown.causes": Case(there=None, shows="webhook-refuses"),
    # Looking.
    f"{_TEARDOWN} {_FILES} --check": _CHECKED,
    f"{_TEARDOWN} {_FILES} {_PROVIDERS} --check": _CHECKED,
    f"{_TEARDOWN} {_PREFIX} --check": _CHECKED,
    f'{_VERIFY} {_FILES}; echo "exit code $?"': Case(left=True, shows="exit code 2"),
    # Tearing down.
    f"{_TEARDOWN} {_FILES}": _CLEAN,
    f"{_TEARDOWN} {_FILES} {_PROVIDERS}": _CLEAN,
    f"{_TEARDOWN} {_FILES} {_PROVIDERS} {_RUN}": _CLEAN,
    f"{_TEARDOWN} {_PREFIX} {_PROVIDERS}": _CLEAN,
    # Recording.
    _RECORDED: Case(left=True, before=_SETUP, files=("recorded/resources.json",)),
    # The play has made nothing on the vCenter, so what is there is for others to tear down.
    f"{_TEARDOWN} -e resources_file=recorded/resources.json {_PROVIDERS}": Case(
        there=None, before=f"{_SETUP} && {_RECORDED}", shows="CLEAN: everything was read", files=_RESULT
    ),
    # Afterwards. What the commands above have left is what these look at; alone, each has a run before it.
    f"{_VERIFY} {_PREFIX}": _LOOKED,
    f"{_VERDICT} {_RUN}": Case(there=False, before=_WITH_RESULT, shows="the verdict is clean"),
    f"ansible-playbook mtv.teardown.audit -e result_file={_RESULT[0]}": Case(
        there=False, before=_WITH_RESULT, shows="clean, and the file supports it"
    ),
    f"ansible-playbook mtv.teardown.report -e result_file={_RESULT[0]}": Case(
        there=False,
        before=_WITH_RESULT,
        shows="CLEAN: everything was read",
        files=tuple(_RESULT[0].replace("result.json", end) for end in ("html", "junit.xml", "md", "prom")),
    ),
    # AWX, and an image.
    "export CONTROLLER_HOST=https://awx.example.com CONTROLLER_OAUTH_TOKEN=…": _NO_SESSION,
    "ansible-playbook mtv.teardown.awx -e @ours.yml": Case(
        there=None, instead=f"ls {ROOT}/playbooks/awx.yml", why="test_awx.py runs it against the API of a controller"
    ),
    "ansible-builder build --file execution-environment.yml --tag mtv-teardown-ee": Case(
        there=None,
        instead=f"ansible-builder create --file {ROOT}/extensions/execution-environment/execution-environment.yml",
        files=("context/_build/requirements.yml",),
        why="there is no podman here; test_runs_environment.py follows the steps of the build",
    ),
    _PODMAN: Case(
        there=None,
        instead=f"ls {ROOT}/tests/tools/readonly.sh",
        why="there is no podman here; test_runs_environment.py runs the same on such a file system",
    ),
    # Rights; test_least_privilege.py and test_vsphere_rights.py try what these give.
    "oc apply -f extensions/rights/every-run.yml": _NO_SESSION,
    "oc create clusterrolebinding mtv-teardown-every-run --clusterrole mtv-teardown-every-run"
    " --serviceaccount ci:teardown": _NO_SESSION,
    "oc apply -n auto-ab12 -f extensions/rights/session-namespace.yml": Case(left=True),
    "oc create rolebinding -n auto-ab12 mtv-teardown --role mtv-teardown-session-namespace"
    " --serviceaccount ci:teardown": Case(left=True),
    "govc role.create mtv-teardown VirtualMachine.Interact.PowerOff VirtualMachine.Inventory.Delete"
    " Datastore.Browse": _NO_SESSION,
    f"{_GOVC} -role ReadOnly -propagate=true /": _NO_SESSION,
    f"{_GOVC} -role mtv-teardown -propagate=true /DC0/vm/clones": _NO_SESSION,
    f"{_GOVC} -role mtv-teardown -propagate=true /DC0/datastore": _NO_SESSION,
}


@dataclass(frozen=True)
class Block:
    """A block of code of one file."""

    file: Path
    language: str
    text: str


def guides() -> list[Path]:
    return [
        ROOT / "README.md",
        *sorted((ROOT / "docs/docsite/rst").glob("*.rst")),
        *sorted(ROOT.glob("roles/*/README.md")),
    ]


def blocks(file: Path) -> Iterator[Block]:
    text = file.read_text(encoding="utf-8")
    if file.suffix == ".rst":
        for _indent, language, body in _RST_BLOCK.findall(text):
            yield Block(file, language, _dedent(body))
        return
    for language, body in _FENCE.findall(text):
        yield Block(file, language, body)
    for body in _INDENTED.findall(_FENCE.sub("", text)):
        yield Block(file, "commands", _dedent(body))


def _dedent(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    width = min(len(line) - len(line.lstrip()) for line in lines)
    return "".join(f"{line[width:]}\n" for line in text.splitlines())


def _commands(block: Block) -> Iterator[str]:
    joined = re.sub(r" *\\\n\s*(?:> )?", " ", block.text)
    for line in joined.splitlines():
        if block.language == "commands" or (block.language == "console" and line.startswith("$ ")):
            command = " ".join(re.sub(r"(^|\s)#.*", "", line.removeprefix("$ ")).split())
            # What make does here is for those who work on the collection: test_guides.py looks whether it is there.
            if command and not command.startswith("make "):
                yield command


def commands() -> dict[str, str]:
    """Each command, with the files that tell it."""
    found: dict[str, list[str]] = {}
    for file in guides():
        for block in blocks(file):
            for command in _commands(block):
                found.setdefault(command, []).append(str(file.relative_to(ROOT)))
    return {command: ", ".join(files) for command, files in found.items()}


def plays() -> dict[str, str]:
    """The playbooks that the guides show, by the file and the number of the block."""
    return {
        f"{file.parent.name}-{file.stem}-{number}": block.text
        for file in guides()
        for number, block in enumerate(blocks(file))
        if block.language == "yaml" and re.match(r"(---\n)?- (name: .*\n  )?hosts:", block.text)
    }
