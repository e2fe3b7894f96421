"""Experiments: line items of one campaign side by side, started, switched and stopped.

Whatever dies in between, the same command goes on where it ended, and no variant is there twice.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from connector.api.managing import Manager, managed
from connector.api.projects import Edges
from connector.api.switching import ACTIVE, PAUSED, named
from connector.campaigns.fields import Row
from connector.campaigns.requests import Written, digests_of
from connector.campaigns.writes import Write, creating, updating
from connector.errors import ConfigurationError
from connector.experiments.file import Experiment, Variant, load_experiment
from connector.experiments.outcome import Done, Outcome
from connector.project import Project
from connector.state import experiments
from connector.state.experiments import Kept, Named
from connector.state.journal import Journal

EXPERIMENT_STEPS: dict[str, str] = {
    "recorded": "the line item of a variant is kept as one of the experiment",
    "started": "all variants are there, and the control begins",
}
"""After each of them a process may die, and the same command goes on."""
_STAND_IN = "0"


def start_experiment(project: Project, connection: str | None, name: str, edges: Edges) -> Outcome:
    """Make a line item for each variant, then let the control begin.

    Raises:
        ConfigurationError: the file is wrong, or not the one the experiment was started with.
        ConnectorError: as `Manager.write`; the same command goes on.
    """
    experiment = load_experiment(project.root, name)
    with managed(project, connection or experiment.connection, edges) as manager:
        starting = _Starting(manager=manager, experiment=experiment, edges=edges)
        if not manager.live:
            return starting.rehearsed()
        kept = experiments.kept(manager.state, starting.named)
        if kept is not None and kept.started_at is not None:
            return starting.known(kept)
        return starting.carried_out(kept)


@dataclass(kw_only=True)
class _Starting:
    """An experiment that is being started; `written` and `made` grow."""

    manager: Manager
    experiment: Experiment
    edges: Edges
    written: list[Written] = field(default_factory=list)
    made: list[Done] = field(default_factory=list)

    @property
    def named(self) -> Named:
        """What it is kept under."""
        return named(self.manager.connection, self.experiment.name)

    def carried_out(self, kept: Kept | None) -> Outcome:
        """Make what is not there yet."""
        experiment, manager = self.experiment, self.manager
        campaign = manager.row("campaign", experiment.campaign_id)
        if kept is not None and kept.digest != experiment.digest:
            self._refuse_leftovers(kept)
        kept = Kept(
            campaign_id=experiment.campaign_id, digest=experiment.digest,
            variants=dict(kept.variants) if kept is not None else {},
        )  # fmt: skip
        # What contradicts the campaign is told before anything is made.
        writes = [self._meant(variant, campaign) for variant in experiment.variants]
        for variant, write in zip(experiment.variants, writes, strict=True):
            item = self._line_item(variant, write)
            kept = replace(kept, variants={**kept.variants, variant.name: item.id})
            experiments.keep(manager.state, self.named, kept)
            self.edges.progress.reached("recorded")
            self._children(variant, item.id)
        self._begin()
        now = int(self.edges.now().timestamp() * 1000)
        experiments.keep(manager.state, self.named, replace(kept, started_at=now))
        self.edges.progress.reached("started")
        return self._outcome("started", *_of_campaign(campaign))

    def _begin(self) -> None:
        """Wake the control, once: one that was paused since an earlier start died stays so."""
        control = self.made[0]
        key = self._key(f"begin/{control.line_item_id}")
        begun = self._write(updating("line_item", control.line_item_id, _BEGIN, key=key))
        status = next((str(row["entity_status"]) for row in begun.rows), ACTIVE)
        self.made[0] = replace(control, entity_status=status)

    def known(self, kept: Kept) -> Outcome:
        """An experiment that was started before: nothing is sent, as it may be under way."""
        if kept.digest != self.experiment.digest:
            raise ConfigurationError(
                f"experiment {self.experiment.name} was started with another file, and is not"
                " changed under way: put the file back, or start another experiment of another name"
            )
        self.made = [
            Done(variant=name, line_item_id=id_, status="adopted", entity_status=None)
            for name, id_ in kept.variants.items()
        ]
        return self._outcome("started_before", "it was started before; nothing was sent")

    def rehearsed(self) -> Outcome:
        """What would be sent, with ids that are made up."""
        for variant in self.experiment.variants:
            item = self._line_item(variant, self._meant(variant, None))
            self._children(variant, item.id)
        begin = updating("line_item", _STAND_IN, _BEGIN)
        self._write(replace(begin, id=self.made[0].line_item_id))
        self.made[0] = replace(self.made[0], entity_status=ACTIVE)
        return self._outcome("dry_run")

    def _meant(self, variant: Variant, campaign: Row | None) -> Write:
        """The line item of a variant, paused until all are there."""
        values = {
            **variant.values, "campaign_id": self.experiment.campaign_id,
            "name": self.experiment.line_item_name(variant),
        }  # fmt: skip
        return creating("line_item", values, parent=campaign, key=self._key(variant.name))

    def _line_item(self, variant: Variant, write: Write) -> Written:
        if self.manager.live:
            self._refuse_other(write, variant)
        written = self._write(write)
        done = Done(
            variant=variant.name, line_item_id=written.id, status=written.status,
            entity_status=PAUSED,
        )  # fmt: skip
        self.made.append(done)
        return written

    def _children(self, variant: Variant, line_item_id: str) -> None:
        """Whom it is shown to, then what: never what without whom."""
        for criterion in variant.targeting:
            write = creating("targeting_criterion", {**criterion, "line_item_id": _STAND_IN})
            self._write(_on(write, line_item_id))
        if variant.tweets:
            tweets = {"line_item_id": _STAND_IN, "tweet_ids": variant.tweets}
            self._write(_on(creating("promoted_tweet", tweets), line_item_id))

    def _write(self, write: Write) -> Written:
        written = self.manager.write(write)
        self.written.append(written)
        return written

    def _key(self, what: str) -> str:
        return f"experiment/{self.experiment.name}/{what}"

    def _refuse_other(self, write: Write, variant: Variant) -> None:
        """Refuse a line item that was made with other fields."""
        manager = self.manager
        journal = Journal(
            manager.state, target=manager.connection.target, account_id=manager.account_id,
            run="", now=lambda: self.edges.now().timestamp(),
        )  # fmt: skip
        digest, intent = digests_of(write)
        last = journal.last(intent)
        if last is not None and last.state != "refused" and last.digest != digest:
            raise ConfigurationError(
                f"experiment {self.experiment.name}: {variant.name} was begun with other fields of"
                " its line item than the file has now; put the file back, or take another name"
            )

    def _refuse_leftovers(self, kept: Kept) -> None:
        """Refuse what a file that was changed leaves of a start that did not end."""
        wanted = {variant.name: variant for variant in self.experiment.variants}
        for name, id_ in kept.variants.items():
            if name not in wanted:
                left = "is of no variant that the file names"
            elif _has_others(self.manager, wanted[name], id_):
                left = "has tweets or targeting that the file does not name"
            else:
                continue
            raise ConfigurationError(
                f"experiment {self.experiment.name}: line item {id_} ({name}) {left} any more; put"
                f" the file back, or `connector line-items delete {id_}` and take another name"
            )

    def _outcome(self, status: str, *remarks: str) -> Outcome:
        manager = self.manager
        told = tuple(remark for one in self.written for remark in one.remarks if not manager.live)
        return Outcome(
            experiment=self.experiment.name, status=status, connection=manager.name,
            live=manager.live, campaign_id=self.experiment.campaign_id, variants=tuple(self.made),
            requests=tuple(one.request for one in self.written) if not manager.live else (),
            remarks=(*remarks, *told),
        )  # fmt: skip


_BEGIN = {"entity_status": ACTIVE}


def _on(write: Write, line_item_id: str) -> Write:
    """A write on a line item, which a rehearsal has made up."""
    return replace(write, params={**write.params, "line_item_id": line_item_id})


def _has_others(manager: Manager, variant: Variant, id_: str) -> bool:
    """Whether a line item has tweets or targeting that its variant has not."""
    tweets = {str(row["tweet_id"]) for row in manager.rows("promoted_tweet", line_item_ids=id_)}
    there = {
        (str(row["targeting_type"]), str(row["targeting_value"]))
        for row in manager.rows("targeting_criterion", line_item_ids=id_)
    }
    wanted = {
        (str(one["targeting_type"]), str(one["targeting_value"])) for one in variant.targeting
    }
    return bool(tweets - set(variant.tweets) or there - wanted)


def _of_campaign(campaign: Row) -> Iterator[str]:
    if campaign.get("entity_status") != ACTIVE:
        yield (
            f"campaign {campaign['id']} is {campaign.get('entity_status')}, so nothing is shown"
            f" yet: `connector campaigns resume {campaign['id']}`"
        )
