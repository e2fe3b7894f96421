"""X's analytics: numbers that are functions of seed, ad, hour and placement, and how X tells them.

`series` makes the numbers of an ad, `sums` adds them up, `questions` reads what is asked,
`answering`, `activity` and `jobs` put the answers, `truth` is what only the simulator can tell.
"""
