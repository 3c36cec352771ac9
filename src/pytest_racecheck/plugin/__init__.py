"""All of pytest, and nothing else: what pytest loads when the plugin is installed.

This module is imported in every session, so it imports nothing but pytest, the standard library and plain data. What costs
anything is loaded when it is asked for: by --racecheck, or by a fixture that is called.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest

from pytest_racecheck.model.settings import layered
from pytest_racecheck.plugin.fixtures import manager_race as manager_race
from pytest_racecheck.plugin.fixtures import process_race as process_race
from pytest_racecheck.plugin.fixtures import race as race
from pytest_racecheck.plugin.fixtures import thread_race as thread_race
from pytest_racecheck.plugin.marker import (
    pytest_collection_modifyitems as pytest_collection_modifyitems,
)
from pytest_racecheck.plugin.marker import register_marker
from pytest_racecheck.plugin.options import Options, add_options, read_options
from pytest_racecheck.plugin.seeds import WORKER_INPUT, base_seed

if TYPE_CHECKING:
    from pytest_racecheck.instrument.scope import Scope

# This module is known under its entry point's name and under its own, for `-p` and `pytest_plugins`.
_NAMES = ("racecheck", __name__)


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    """Make the options and their ini twins known, and see to it that being loaded twice does no harm."""
    own = pluginmanager.get_name(sys.modules[__name__])
    for name in _NAMES:
        if name != own:
            pluginmanager.set_blocked(name)
    add_options(parser)


def pytest_configure(config: pytest.Config) -> None:
    """Check what was asked for; with --racecheck, load the rest."""
    register_marker(config)
    options = read_options(config)
    if not options.on:
        return
    from pytest_racecheck.plugin.items import Campaigns
    from pytest_racecheck.plugin.limits import TimeLimits
    from pytest_racecheck.plugin.reports import Reports
    from pytest_racecheck.plugin.same_start import SameStart
    from pytest_racecheck.plugin.summary import Summary

    Reports.register(config)
    same_start = SameStart(_scope(config, options))
    config.pluginmanager.register(same_start, "racecheck-same-start")
    config.pluginmanager.register(Campaigns(options, same_start), "racecheck-campaigns")
    config.pluginmanager.register(TimeLimits(), "racecheck-time-limits")
    config.pluginmanager.register(Summary(), "racecheck-summary")


def _scope(config: pytest.Config, options: Options) -> Scope:
    from pytest_racecheck.instrument.scope import Scope, ScopeError

    try:
        return Scope(config.rootpath, layered(*options.layers).scope or ())
    except ScopeError as error:
        told = ScopeError(error.name, "--racecheck-scope (racecheck_scope in an ini-file)")
        raise pytest.UsageError(str(told)) from None


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Give a worker of xdist the controller's seed."""
    node.workerinput[WORKER_INPUT] = base_seed(node.config)
