"""Builds the dashboard while the wheel is built; all the rest of the package's metadata is in setup.cfg."""

import shutil
import subprocess
import sys
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).resolve().parent


class BuildWithDashboard(build_py):
    """An editable install skips it: its server shows what `make web` has built."""

    def run(self) -> None:
        if not self.editable_mode:
            subprocess.run([sys.executable, ROOT / "web" / "npm.py", "build"], check=True)
            self.__dict__.pop("data_files", None)  # they may have been listed before the dashboard was there
            shutil.rmtree(Path(self.build_lib, "tracker_server", "static"), ignore_errors=True)  # an older one's
        super().run()


setup(cmdclass={"build_py": BuildWithDashboard})
