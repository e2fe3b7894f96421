"""An experiment from its file, or all that is wrong with it, by line."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from connector.campaigns import checks, fields
from connector.errors import ConfigurationError, Problem
from connector.experiments.model import CONTROL, MOST_TWEETS, ExperimentFile
from connector.experiments.model import Variant as Written
from connector.project.judge import judge
from connector.project.load import shown
from connector.project.scalars import is_name
from connector.project.tree import Fault, Places, Tree, read_tree, unread
from connector.project.tree import Path as Keys

FOLDER = "experiments"
LONGEST_NAME = 60
_TWEETS = "PROMOTED_TWEETS"
_STAND_IN = "0"


@dataclass(frozen=True, kw_only=True)
class Variant:
    """One line item to be.

    Attributes:
        values: its fields as people write them, without its name and campaign.
        targeting: its criteria, likewise.
        tweets: ids of what it promotes.
    """

    name: str
    values: Mapping[str, object]
    targeting: tuple[Mapping[str, object], ...]
    tweets: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """An experiment; the first variant is the control.

    Attributes:
        connection: the one its file names, None where it names none.
    """

    name: str
    connection: str | None
    campaign_id: str
    variants: tuple[Variant, ...]

    @property
    def digest(self) -> str:
        """The same for files that mean the same."""
        told = [self.campaign_id, *([one.name, *_meant(one)] for one in self.variants)]
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:32]

    def line_item_name(self, variant: Variant) -> str:
        """What the line item of a variant is called."""
        return f"{self.name} / {variant.name}"


def checked_name(name: str) -> str:
    """The name of an experiment.

    Raises:
        ConfigurationError: it is none.
    """
    if not is_name(name) or len(name) > LONGEST_NAME:
        raise ConfigurationError(
            f"{name!r} is no name of an experiment: it is of lower-case letters, digits, - and _,"
            f" up to {LONGEST_NAME}, and the file is {FOLDER}/NAME.yaml"
        )
    return name


def load_experiment(root: Path, name: str) -> Experiment:
    """The experiment of a name, from `experiments/NAME.yaml` below the project's folder.

    Raises:
        ConfigurationError: there is none, or with every problem of its file.
    """
    path = root / FOLDER / f"{checked_name(name)}.yaml"
    tree = _tree(path)
    model, faults = judge(ExperimentFile, tree, between_keys=lambda _: ())
    if model is None or faults:
        raise _refusal(path, faults)
    experiment = _experiment(name, model)
    wrong = sorted(_faults(experiment, model, tree.places), key=lambda fault: fault.mark)
    if wrong:
        raise _refusal(path, wrong)
    return experiment


def _tree(path: Path) -> Tree:
    try:
        return read_tree(path.read_bytes())
    except FileNotFoundError:
        raise ConfigurationError(f"there is no file {shown(path)}") from None
    except OSError as error:
        return unread(f"the file can't be read: {error.strerror}")


def _refusal(path: Path, faults: list[Fault]) -> ConfigurationError:
    file = shown(path)
    problems = [Problem(file, fault.message, *fault.mark) for fault in faults]
    many = "problem" if len(problems) == 1 else "problems"
    return ConfigurationError(f"{len(problems)} {many} in {file}:", problems)


def _experiment(name: str, model: ExperimentFile) -> Experiment:
    written = {CONTROL: model.control, **model.treatments}
    return Experiment(
        name=name, connection=model.connection, campaign_id=model.campaign,
        variants=tuple(_variant(key, model, one) for key, one in written.items()),
    )  # fmt: skip


def _variant(name: str, model: ExperimentFile, written: Written) -> Variant:
    shared: dict[str, Any] = model.line_item.model_dump(exclude_none=True)
    bid = written.bid
    own = {"bid_amount_local": bid.amount, "bid_strategy": bid.strategy} if bid is not None else {}
    targeting = written.targeting or model.targeting or ()
    return Variant(
        name=name,
        values={**shared, **{key: text for key, text in own.items() if text}},
        targeting=tuple(one.model_dump(exclude_none=True) for one in targeting),
        tweets=written.tweets or model.tweets or (),
    )


def _faults(experiment: Experiment, model: ExperimentFile, places: Places) -> Iterator[Fault]:
    """What is wrong with variants that are right field by field."""
    if CONTROL in model.treatments:
        yield _fault(("treatments", CONTROL), "is the control's name; take another one", places)
        return
    seen: dict[str, str] = {}
    for variant in experiment.variants:
        is_control = variant.name == CONTROL
        path = (CONTROL,) if is_control else ("treatments", variant.name)
        for keys, text in _problems(variant, experiment.campaign_id, path):
            yield _fault(keys, text, places)
        first = seen.setdefault(json.dumps(_meant(variant)), variant.name)
        if first != variant.name:
            yield _fault(path, f"is the same as {first}; say what is different about it", places)


def _fault(path: Keys, text: str, places: Places) -> Fault:
    return Fault(f"{'.'.join(path)} {text}", places.value(path), path)


def _problems(variant: Variant, campaign_id: str, path: Keys) -> Iterator[tuple[Keys, str]]:
    """What is wrong with a variant, and where."""
    params, problems = fields.read(
        "line_item", "create", {**variant.values, "campaign_id": campaign_id}
    )
    for problem in problems or checks.problems("line_item", "create", params):
        name, _, text = problem.partition(": ")
        yield (*path, name), text
    if len(set(variant.tweets)) < len(variant.tweets):
        yield (*path, "tweets"), "names one twice"
    if len(variant.tweets) > MOST_TWEETS:
        yield (*path, "tweets"), f"are {len(variant.tweets)}, and X takes {MOST_TWEETS} at once"
    if not variant.tweets and params.get("product_type") == _TWEETS:
        yield (*path, "tweets"), "are missing; name them here, or for all variants at the top"


def _meant(variant: Variant) -> list[object]:
    """What a variant is, whichever way it is written."""
    params, _ = fields.read("line_item", "create", {**variant.values, "campaign_id": _STAND_IN})
    targeting = [sorted(map(list, one.items())) for one in variant.targeting]
    return [sorted(fields.texts(params).items()), sorted(targeting), sorted(variant.tweets)]
