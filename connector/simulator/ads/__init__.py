"""X Ads management: what an ad account holds, and the calls that read and change it.

`simulation.ads(account_id)` is the account's `store.Store`. To read it:

    store.campaigns, .line_items, .promoted_tweets, .tweets, .cards, .media, .creatives,
    .account_media, .criteria: dicts of the frozen dataclasses of `entities` by id
    (tweets by tweet id, media by media key), deleted ones too, in the order they were made
    store.active_spans(promoted_tweet): when it, its line item and its campaign all were active
    store.is_hidden(entity): deleted, or below something deleted

Every moment is in whole epoch seconds, every amount in micros. Only `Store.put` changes a store.
`founding.founded` makes one, of a seed and a moment.
"""
