"""The tables of the state.

A conversion points to a batch and the batch has the state, so that marking or settling a request
is one update. No identifier is here, raw or hashed. Times are milliseconds since 1970 (UTC). The
words in braces are those of `connector.state.dialect`.
"""

# A batch is `claimed` until its request may have left, then `sent`, in the end `accepted`,
# `refused`, `in_doubt` or `held`. `previous` and `previous_digest` are what a conversion was before
# its claim, so that a claim can be taken back; `doubt_since` is a doubt from before it.
TABLES = """
create table meta (
  key text primary key,
  value text not null
);
create table destinations (
  id {number},
  target text not null,
  pixel_id text not null,
  event_id text not null,
  unique (target, pixel_id, event_id)
);
create table mappings (
  target text not null,
  mapping text not null,
  keys_digest text not null,
  rules_digest text not null,
  cursor text,
  begun_before {integer},
  begun_at {integer} not null,
  finished_at {integer},
  primary key (target, mapping)
);
create table runs (
  id {number},
  run_id text not null,
  mapping text not null,
  target text not null,
  started_at {integer} not null,
  finished_at {integer},
  status text not null,
  summary text,
  unique (run_id, mapping)
);
create index runs_by_mapping on runs (mapping, target, id);
create table batches (
  id {number},
  run {integer} not null,
  mapping text not null,
  destination {integer} not null,
  state text not null,
  rules_digest text not null,
  claimed_at {integer} not null,
  sent_at {integer},
  doubt_since {integer},
  settled_at {integer},
  debug_id text,
  reason text
);
create index batches_waiting on batches (mapping, state) where state <> 'accepted';
create table conversions (
  destination {integer} not null,
  conversion_id {key} not null,
  batch {integer} not null,
  previous {integer},
  digest text not null,
  previous_digest text,
  doubt_since {integer},
  primary key (destination, conversion_id)
) {clustered};
create table amounts (
  batch {integer} not null,
  day text not null,
  currency text not null,
  conversions {integer} not null,
  amount text not null
);
create table rejects (
  target text not null,
  mapping text not null,
  row_key {key} not null,
  reasons text not null,
  run {integer} not null,
  primary key (target, mapping, row_key)
);
"""

# What was used of a rate budget and when, so that processes and hosts can share it.
BUDGETS = """
create table budgets (
  name text not null,
  used_at {integer} not null,
  amount {integer} not null
);
create index budgets_by_name on budgets (name, used_at);
"""

# Credentials that are shared: `facts` is public and in the clear, `sealed` is ciphertext whose key
# is never here. Every writing but of `last_used_at` raises the revision.
CONNECTIONS = """
create table connections (
  name {key} primary key,
  visibility text not null,
  facts text not null,
  sealed text not null,
  revision {integer} not null,
  last_used_at {integer}
);
"""
