"""Measurements on real clouds: a lab, whose users and recorder are those of tests/clouds."""

import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.append(str(ROOT / "tests"))
