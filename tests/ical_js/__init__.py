"""What an app built on ical.js sees of an .ics: `read.js`, run by node with the version that package.json names."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from tests import npm

HERE = Path(__file__).parent
FILES = ("package.json", "read.js")


@dataclass(frozen=True)
class IcalJs:
    """The reader, installed in a folder."""

    folder: Path

    def read(self, text: str, kind: str, through: date) -> list[dict[str, Any]]:
        """Every occurrence through that day. `kind`: vtodo or vevent."""
        command = ["node", "read.js", kind, through.isoformat()]
        ran = subprocess.run(
            command, cwd=self.folder, input=text.encode(), capture_output=True, timeout=120, check=False
        )
        assert ran.returncode == 0, ran.stderr.decode()
        found: list[dict[str, Any]] = json.loads(ran.stdout)
        return found


def install(folder: Path) -> IcalJs:
    """The reader in `folder`, made by npm where it is not there yet."""
    npm.install(HERE, FILES, folder)
    shutil.copy(HERE / "read.js", folder / "read.js")
    return IcalJs(folder)
