"""The demo: Raceway and three banks as real processes, transfers over HTTP, and what was found."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

import click

from raceway_cli.client import Client
from raceway_cli.deployment import Deployment
from raceway_cli.process import running
from raceway_cli.show.finding import findings_text
from raceway_core.errors import Rejected
from raceway_core.finding_view import FindingView

BANKS = ("bank", "bank_locked", "bank_asyncio")
TRANSFERS, AT_ONCE = 24, 6
_READY = r"(?:Running|running) on (http://\S+)"
_TRAFFIC_S = 60


class Bank(NamedTuple):
    """A running bank."""

    name: str
    url: str


def examples_folder() -> Path:
    """Return the folder of the banks in the checkout that this command was installed from.

    Raises:
        Rejected: There is none; the message says where to get it.
    """
    folder = Path(__file__).parents[3] / "examples" / "banking"
    if not (folder / "bank.py").is_file():
        raise Rejected(f"the demo runs examples/banking of Raceway's repository, and {folder} is not there")
    return folder


def drive_banks(events_url: str, data: Path, *, say: Callable[[str], None]) -> None:
    """Run the banks, which send their events to `events_url`, and drive concurrent transfers through them."""
    with _banks(events_url, data) as banks:
        for bank in banks:
            say(f"  {bank.name:13} {_drive(bank)}")


def findings_of(deployment: Deployment) -> list[FindingView]:
    """Return what Raceway finds, once it is at rest."""
    deployment.wait_idle()
    with Client(deployment.api_url) as client:
        return list(client.findings())


def report(findings: Sequence[FindingView], deployment: Deployment) -> str:
    """Return the findings, the locked banks' acquittal, and where to look next."""
    accused = {service for finding in findings for service in finding.services}
    clean = [name for name in BANKS if _service(name) not in accused]
    lines = [findings_text(findings), ""]
    if clean:
        names = ", ".join(_service(name) for name in clean)
        lines.append(click.style(f"no findings for {names}", fg="green"))
    url, raceway = deployment.api_url, command_name()
    option = "" if url == "http://127.0.0.1:8080" else f" --url {url}"
    lines += [
        "",
        "Look further:",
        f"  {raceway} races --all{option}",
        f"  {raceway} traces{option}",
        *(f"  {raceway} trace {trace}{option}" for trace in _traces(findings)),
        f"  {url}/docs",
    ]
    return "\n".join(lines)


def command_name() -> str:
    """Return what to type for `raceway` here: its path, where it is not on PATH."""
    return "raceway" if shutil.which("raceway") else os.path.relpath(sys.argv[0])


def _traces(findings: Sequence[FindingView]) -> list[str]:
    return [finding.examples[0].first.trace_id for finding in findings[:1] if finding.examples]


@contextmanager
def _banks(events_url: str, data: Path) -> Iterator[list[Bank]]:
    folder = examples_folder()
    data.mkdir(parents=True, exist_ok=True)
    environment = {"RACEWAY_URL": events_url, "BANK_DATA": str(data), "PORT": "0"}
    with ExitStack() as stack:
        yield [
            Bank(_service(name), stack.enter_context(_bank(name, folder, data, environment)))
            for name in BANKS
        ]


@contextmanager
def _bank(name: str, folder: Path, data: Path, environment: dict[str, str]) -> Iterator[str]:
    program = [sys.executable, str(folder / f"{name}.py")]
    with running(name, program, ready=_READY, logs=data / "logs", environment=environment) as child:
        yield child.said


def _drive(bank: Bank) -> str:
    program = [sys.executable, str(examples_folder() / "traffic.py"), bank.url]
    command = [*program, "--transfers", str(TRANSFERS), "--at-once", str(AT_ONCE)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=_TRAFFIC_S, check=False)  # noqa: S603 - our own script
    if not done.stdout:
        raise Rejected(f"no traffic for {bank.name}: {done.stderr.strip()[-500:]}")
    return done.stdout.strip()


def _service(name: str) -> str:
    return name.replace("_", "-")
