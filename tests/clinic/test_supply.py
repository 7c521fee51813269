"""What Accord is made of, and to whom it speaks: packages locked by hash, and which files reach another machine."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKED = ("requirements.txt", "requirements-test.txt")
PINNED = re.compile(r"[a-z0-9][\w.-]*(?:\[[\w,-]+\])?==[\w.!+]+(?: ; [^\\]+)?(?: --hash=sha256:[0-9a-f]{64})+")
REACH = r"requests|urllib\.request|urllib3|http\.client|httpx|aiohttp|socket|smtplib"
SPEAKS = re.compile(rf"^\s*(?:from|import) +({REACH})\b", re.M)
SPEAKERS = {
    "accounts/launch.py": "requests",  # the care records that an admin has listed, at the addresses that these name
    "accounts/sso.py": "requests",  # the one provider of the settings
    "demo/mail.py": "smtplib",  # to nobody: it refuses as a mail server does
    "imports/calendar/fetching.py": "socket, urllib3",  # a calendar's own address, judged before it is asked
    "messages/sms_gateway.py": "requests",  # the one gateway of the settings
    "upkeep/examination.py": "requests, smtplib",  # `accord_clinic check`: the provider and mail server of the settings
    "upkeep/serving.py": "socket",  # whether our own port is free
    "upkeep/web_worker.py": "socket",  # the visitors of our own server
}


def requirements(text: str) -> list[str]:
    """The lines of a locked file, each requirement with its hashes on one."""
    whole = re.sub(r"\s*\\\n\s*", " ", text)
    return [line.strip() for line in whole.splitlines() if line.strip() and not line.strip().startswith("#")]


@pytest.mark.parametrize("name", LOCKED)
def test_every_package_is_one_version_with_its_hashes_and_no_address(name):
    found = requirements((ROOT / name).read_text())
    assert len(found) > 20
    wrong = [line[:80] for line in found if not PINNED.fullmatch(line)]
    assert not wrong, f"{name}: not NAME==VERSION with hashes. Run `make lock`.\n" + "\n".join(wrong)


@pytest.mark.parametrize(
    "bad",
    [
        "django==5.2.19", "django>=5.2 --hash=sha256:" + "0" * 64, "-i https://index.example/simple",
        "--extra-index-url https://index.example", "django @ https://files.example/d.whl --hash=sha256:" + "0" * 64,
        "git+https://code.example/d.git", "django==5.2.19 --hash=md5:" + "0" * 32, "-e .",
    ],
)  # fmt: skip
def test_a_line_that_is_less_than_that_is_found(bad):
    """The check is worth something only if it can fail."""
    good = "argon2-cffi==25.1.0 \\\n    --hash=sha256:" + "a" * 64
    assert [bool(PINNED.fullmatch(line)) for line in requirements(f"{good}\n{bad}\n")] == [True, False]


@pytest.mark.parametrize("path", ["Makefile", "deploy/install.sh", "deploy/Containerfile"])
def test_every_way_to_install_asks_for_the_hashes(path):
    commands = re.sub(r"\\\n\s*", " ", (ROOT / path).read_text())
    installs = [line for line in commands.splitlines() if re.search(r"pip[3\"]? .*\binstall\b.* -r\b", line)]
    assert installs, f"{path} installs nothing, so nothing was looked at"
    assert all("--require-hashes" in line for line in installs), installs


def test_only_these_files_speak_to_another_machine():
    """No page fetches an address that somebody typed: a new file here has to say to whom it speaks."""
    source = ROOT / "src" / "accord_clinic"
    found = {}
    for path in sorted([*source.rglob("*.py"), *(ROOT / "src" / "accord").rglob("*.py")]):
        if names := sorted(set(SPEAKS.findall(path.read_text()))):
            found[str(path.relative_to(source)) if source in path.parents else str(path)] = ", ".join(names)
    assert found == SPEAKERS
