"""Making a failing schedule as small as it gets: an order of schedules, a budget, and one way to get smaller a file."""

from pytest_racecheck.campaign.shrink.attempt import Attempt
from pytest_racecheck.campaign.shrink.search import shrink

__all__ = ["Attempt", "shrink"]
