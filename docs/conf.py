"""How the documentation is built."""

from importlib.metadata import version as installed

project = "pytest-racecheck"
author = "The pytest-racecheck developers"
try:
    release = installed("pytest-racecheck")
except ModuleNotFoundError:
    release = "unreleased"
extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
html_theme = "furo"
html_title = "pytest-racecheck"
exclude_patterns = ["_build", "**/__pycache__"]
myst_heading_anchors = 3
