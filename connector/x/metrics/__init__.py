"""X's numbers as rows of ad metrics, in as few requests as it takes.

For a span of at most 30 days, where nothing fails:

    2 + numbers + Σ kinds ⌈active or above / 200⌉ + ⌈tweets / 200⌉ + ⌈cards / 200⌉

The first two are the lists of active ads and line items, the kinds are campaigns, line items and
ads; `questions.planned` has the formula of the numbers. Only cards of tweets whose links have no
UTM parameters are asked for, and nothing that earlier spans named. Tweets that the account's own
user did not write take one request more, and one for each 200 and further user. Opening takes two.

`reading.opened`, `reading.days`, `reading.hours` and `attribution.attributed` are what there is to
call.
"""
