from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.bucket_size import BucketSize
from typing import cast
import datetime

if TYPE_CHECKING:
  from ..models.dependency import Dependency
  from ..models.feed_lag import FeedLag
  from ..models.finding_count import FindingCount
  from ..models.overview_bucket import OverviewBucket
  from ..models.overview_figures import OverviewFigures
  from ..models.webhook_backlog import WebhookBacklog

T = TypeVar("T", bound="Overview")

@_attrs_define
class Overview:
    """ How the shop is doing.

        Attributes:
            bucket (BucketSize): The length of a bucket of time.
            buckets (list[OverviewBucket]): Every bucket of the time, oldest first: 1-744.
            complete_from (datetime.datetime | None): Time from which on everything is counted; null: all of it is. Of what
                happened before, only a part is counted:
                more happened than is counted, or orders of that time are archived.
            dependencies (list[Dependency]): The condition of each dependency, as `/readyz` reports it.
            feed (FeedLag): What waits for a number in the feed of events.
            findings (list[FindingCount]): The open findings of each kind that has any, whenever they were found.
            from_ (datetime.datetime): Start of the first bucket, RFC 3339 in UTC.
            generated_at (datetime.datetime): Time of the request by the service's clock. Figures, `feed` and `webhooks` are
                at most 5 s older.
            to (datetime.datetime): End of the last bucket, which is not within, RFC 3339 in UTC.
            totals (list[OverviewFigures]): The sums over all buckets, by currency code.
            webhooks (WebhookBacklog): What waits to be sent to endpoints of webhooks.
     """

    bucket: BucketSize
    buckets: list[OverviewBucket]
    complete_from: datetime.datetime | None
    dependencies: list[Dependency]
    feed: FeedLag
    findings: list[FindingCount]
    from_: datetime.datetime
    generated_at: datetime.datetime
    to: datetime.datetime
    totals: list[OverviewFigures]
    webhooks: WebhookBacklog

    def to_dict(self) -> dict[str, Any]:
        from ..models.dependency import Dependency # noqa: PLC0415
        from ..models.feed_lag import FeedLag # noqa: PLC0415
        from ..models.finding_count import FindingCount # noqa: PLC0415
        from ..models.overview_bucket import OverviewBucket # noqa: PLC0415
        from ..models.overview_figures import OverviewFigures # noqa: PLC0415
        from ..models.webhook_backlog import WebhookBacklog # noqa: PLC0415
        bucket = self.bucket.value

        buckets = []
        for buckets_item_data in self.buckets:
            buckets_item = buckets_item_data.to_dict()
            buckets.append(buckets_item)

        complete_from: None | str
        if isinstance(self.complete_from, datetime.datetime):
            complete_from = self.complete_from.isoformat()
        else:
            complete_from = self.complete_from

        dependencies = []
        for dependencies_item_data in self.dependencies:
            dependencies_item = dependencies_item_data.to_dict()
            dependencies.append(dependencies_item)

        feed = self.feed.to_dict()

        findings = []
        for findings_item_data in self.findings:
            findings_item = findings_item_data.to_dict()
            findings.append(findings_item)

        from_ = self.from_.isoformat()

        generated_at = self.generated_at.isoformat()

        to = self.to.isoformat()

        totals = []
        for totals_item_data in self.totals:
            totals_item = totals_item_data.to_dict()
            totals.append(totals_item)

        webhooks = self.webhooks.to_dict()

        field_dict: dict[str, Any] = {}

        field_dict.update({
            "bucket": bucket,
            "buckets": buckets,
            "completeFrom": complete_from,
            "dependencies": dependencies,
            "feed": feed,
            "findings": findings,
            "from": from_,
            "generatedAt": generated_at,
            "to": to,
            "totals": totals,
            "webhooks": webhooks,
        })

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.dependency import Dependency # noqa: PLC0415
        from ..models.feed_lag import FeedLag # noqa: PLC0415
        from ..models.finding_count import FindingCount # noqa: PLC0415
        from ..models.overview_bucket import OverviewBucket # noqa: PLC0415
        from ..models.overview_figures import OverviewFigures # noqa: PLC0415
        from ..models.webhook_backlog import WebhookBacklog # noqa: PLC0415
        d = dict(src_dict)
        bucket = BucketSize(d.pop("bucket"))

        buckets = []
        _buckets = d.pop("buckets")
        for buckets_item_data in (_buckets):
            buckets_item = OverviewBucket.from_dict(buckets_item_data)

            buckets.append(buckets_item)

        def _parse_complete_from(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                complete_from_type_0 = datetime.datetime.fromisoformat(data)

                return complete_from_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        complete_from = _parse_complete_from(d.pop("completeFrom"))

        dependencies = []
        _dependencies = d.pop("dependencies")
        for dependencies_item_data in (_dependencies):
            dependencies_item = Dependency.from_dict(dependencies_item_data)

            dependencies.append(dependencies_item)

        feed = FeedLag.from_dict(d.pop("feed"))

        findings = []
        _findings = d.pop("findings")
        for findings_item_data in (_findings):
            findings_item = FindingCount.from_dict(findings_item_data)

            findings.append(findings_item)

        from_ = datetime.datetime.fromisoformat(d.pop("from"))

        generated_at = datetime.datetime.fromisoformat(d.pop("generatedAt"))

        to = datetime.datetime.fromisoformat(d.pop("to"))

        totals = []
        _totals = d.pop("totals")
        for totals_item_data in (_totals):
            totals_item = OverviewFigures.from_dict(totals_item_data)

            totals.append(totals_item)

        webhooks = WebhookBacklog.from_dict(d.pop("webhooks"))

        overview = cls(
            bucket=bucket,
            buckets=buckets,
            complete_from=complete_from,
            dependencies=dependencies,
            feed=feed,
            findings=findings,
            from_=from_,
            generated_at=generated_at,
            to=to,
            totals=totals,
            webhooks=webhooks,
        )

        return overview
