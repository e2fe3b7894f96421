"""A user's project: config.yaml and the mappings, read once into frozen models.

Every mistake of every file is told at once, each with its line.
"""

from connector.project.config import (
    Auth,
    Config,
    OAuth1,
    RateLimits,
    TikTokAuth,
    TikTokConnection,
    XConnection,
)
from connector.project.durations import Rate, parse_duration
from connector.project.expressions import Consent, ConversionTime, Expression, Phone
from connector.project.load import Project, earlier_mapping, find_config, load_project
from connector.project.mapping import Mapping, MappingTest
from connector.project.metrics import Metrics
from connector.project.tree import Scalar, plain

__all__ = [
    "Auth",
    "Config",
    "Consent",
    "ConversionTime",
    "Expression",
    "Mapping",
    "MappingTest",
    "Metrics",
    "OAuth1",
    "Phone",
    "Project",
    "Rate",
    "RateLimits",
    "Scalar",
    "TikTokAuth",
    "TikTokConnection",
    "XConnection",
    "earlier_mapping",
    "find_config",
    "load_project",
    "parse_duration",
    "plain",
]
