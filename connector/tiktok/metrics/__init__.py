"""TikTok's reports as rows of ad metrics, in as few requests as it takes.

For D days of an advertiser in spans of at most 30 that is, where nothing is refused or missing:

    1 + Σ spans (1 + Σ parts max(1, ⌈rows / 1000⌉)) + Σ kinds min(⌈all / 1000⌉, ⌈named / 100⌉)

The first is the advertiser, a span's own is the check sum, its parts are the days that one report
may be about (30, halved whenever TikTok calls it too large), and the kinds are campaigns, ad groups
and ads: listed whole, or by the ids that the reports name. Which of the two is less shows on the
first page of a list, so that a kind may take one more. What earlier spans named is not asked for
again. Upgraded Smart+ ads take ⌈ads / 100⌉ more. Something that a list does not have costs two more
for its kind, and TopView one more for a span whose check sum is not met. From 20,000 ads on a span
is one asynchronous report: created, looked after while it is made, and fetched as a file. By hour a
part is a day, and there is no check sum.

`reading.opened`, `reading.days` and `reading.hours` are what there is to call.
"""
