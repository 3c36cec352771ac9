"""Command line options and their ini twins, read once and checked before anything runs.

Every option has a twin of the same words in the configuration file: `--racecheck-max-steps=9` is `racecheck_max_steps = 9`.
Values from the command line stay text until they are checked here, so that all complaints are spelled alike and in one
line; argparse would print the whole usage. (Named tuples and not dataclasses, because every pytest session pays for this
module, and a dataclass costs a millisecond to make.)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from pytest_racecheck.model.errors import UsageError
from pytest_racecheck.model.pending import availability, refuse_pending, refuse_pending_options
from pytest_racecheck.model.settings import MODES, START_METHODS, STRATEGIES, TIMEOUTS, Settings

if TYPE_CHECKING:
    from pytest_racecheck.plugin.wanted_replay import WantedReplay


class Option(NamedTuple):
    """One option: its word, what help says, its type in the configuration file; a flag takes no value."""

    word: str
    help: str
    ini: str = "string"
    metavar: str = "NAME"

    @property
    def flag(self) -> str:
        """As typed on the command line."""
        return f"--racecheck-{self.word.replace('_', '-')}" if self.word else "--racecheck"

    @property
    def key(self) -> str:
        """As written in the configuration file, and the attribute pytest keeps it under."""
        return f"racecheck_{self.word}" if self.word else "racecheck"


SWITCH = Option("", "explore every test whose body starts threads or processes", "bool")
SETTINGS = (
    Option("mode", f"the engine: {availability('mode', MODES)}"),
    Option(
        "schedules",
        "the most runs to make of one test (default: 1000, under jitter 200)",
        "int",
        "N",
    ),
    Option("seconds", "the most seconds to spend on one test (default: 10)", "float", "S"),
    Option("seed", "where all randomness comes from (default: drawn, and shown)", "int", "N"),
    Option("strategy", f"what makes the choices: {availability('strategy', STRATEGIES)}"),
    Option("scope", "modules to look into besides the project's own", "args", "MODULE[,MODULE]"),
    Option(
        "max_steps",
        f"scheduling points before a run is judged a livelock {availability('max_steps')}",
        "int",
        "N",
    ),
    Option("timeouts", f"when a timed wait times out: {availability('timeouts', TIMEOUTS)}"),
    Option("races", f"also report unordered conflicting accesses {availability('races')}", "bool"),
    Option("gc", f"make garbage collection a possible operation {availability('gc')}", "bool"),
    Option("keep_going", "go on after the first failure (default under jitter)", "bool"),
    Option("start_method", f"how processes start: {', '.join(START_METHODS)}"),
)
OTHERS = (
    Option(
        "replay", "replay the one run of this token, which a report has printed", metavar="TOKEN"
    ),
    Option("strict", "fail tests without a verdict", "bool"),
    Option("html", f"write reports as HTML to this folder {availability('html')}", metavar="DIR"),
    Option("json", f"write reports as JSON to this file {availability('json')}", metavar="FILE"),
)
_EXPECTED = {"int": "a whole number", "float": "a number", "bool": "true or false"}


class Options(NamedTuple):
    """What was asked for in this session, checked."""

    on: bool = False
    strict: bool = False
    replay: WantedReplay | None = None
    command_line: Settings = Settings()
    ini: Settings = Settings()

    @property
    def layers(self) -> tuple[Settings, Settings]:
        """Command line before configuration file."""
        return self.command_line, self.ini


_KEY = pytest.StashKey[Options]()


def options_of(config: pytest.Config) -> Options:
    """The session's options; the built-in ones where the plugin itself was not loaded."""
    return config.stash.get(_KEY, Options())


def add_options(parser: pytest.Parser) -> None:
    """Make every option and its twin known."""
    group = parser.getgroup("racecheck", "race conditions made visible")
    for option in (SWITCH, *SETTINGS, *OTHERS):
        form: dict[str, Any] = (
            {"action": "store_true"} if option.ini == "bool" else {"metavar": option.metavar}
        )
        group.addoption(option.flag, dest=option.key, default=None, help=option.help, **form)
        kind: Any = option.ini
        parser.addini(option.key, f"{option.help} ({option.flag})", type=kind, default=None)


def read_options(config: pytest.Config) -> Options:
    """Check what was asked for and keep it; raises pytest.UsageError in one line for what cannot be."""
    try:
        options = _read(config)
    except UsageError as error:
        raise pytest.UsageError(str(error)) from None
    config.stash[_KEY] = options
    return options


def _read(config: pytest.Config) -> Options:
    typed = {option.word: _typed(config, option) for option in (SWITCH, *SETTINGS, *OTHERS)}
    written = {option.word: _written(config, option) for option in (SWITCH, *SETTINGS, *OTHERS)}
    refuse_pending_options(typed, _on_command_line)
    refuse_pending_options(written, _in_file)
    replay = _replay(typed["replay"], written["replay"])
    if typed["replay"] is not None and typed["mode"] == "jitter":
        raise UsageError(
            f"{_on_command_line('mode')} is 'jitter' beside {_on_command_line('replay')}; expected 'explore'"
        )
    return Options(
        # Whoever replays a token wants the test explored.
        on=bool(_first(typed[""], written[""]) or replay),
        # Nor does a run that did not take place, or went another way, tell anything.
        strict=bool(_first(typed["strict"], written["strict"]) or replay),
        replay=replay,
        command_line=_checked(typed, _on_command_line),
        ini=_checked(written, _in_file),
    )


def _checked(values: Mapping[str, object], source: Callable[[str], str]) -> Settings:
    words = {option.word: values[option.word] for option in SETTINGS}
    settings = Settings.checked(words, source)
    refuse_pending(settings, source)
    return settings


def _replay(typed: object, written: object) -> WantedReplay | None:
    """The run to replay, checked; its token is read again by whoever replays it."""
    token = _first(typed, written)
    if token is None:
        return None
    from pytest_racecheck.campaign.mode import refuse_replay
    from pytest_racecheck.plugin.wanted_replay import WantedReplay

    source = _on_command_line if typed is not None else _in_file
    wanted = WantedReplay.parse(token, source("replay"))
    refuse_replay(source("replay"))
    return wanted


def _on_command_line(word: str) -> str:
    return Option(word, "").flag


def _in_file(word: str) -> str:
    return f"ini option {Option(word, '').key}"


def _first(typed: object, written: object) -> object:
    return written if typed is None else typed


def _typed(config: pytest.Config, option: Option) -> object:
    """The value from the command line, as a number where one is meant and given."""
    value = config.getoption(option.key)
    convert = {"int": int, "float": float}.get(option.ini)
    if convert is None or not isinstance(value, str):
        return value
    try:
        return convert(value)
    except ValueError:
        return value


def _written(config: pytest.Config, option: Option) -> object:
    """The value from the configuration file, whether typed (native TOML) or text."""
    try:
        value = config.getini(option.key)
    except (TypeError, ValueError, pytest.UsageError) as error:
        expected = _EXPECTED.get(option.ini, "text" if option.ini == "string" else "a list")
        raise UsageError(f"{_in_file(option.word)}: {error}; expected {expected}") from None
    if isinstance(value, list):
        return [name for text in value for name in text.split(",") if name.strip()]
    return value
