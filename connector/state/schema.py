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

# What changes ad accounts: a row for each write that is meant, from before its request leaves. It
# holds no name and no parameter, only digests of them. `token` is the word at the end of a name,
# `seen` a JSON list of the ids that were there before, `run` whoever works on it.
WRITES = """
create table writes (
  key text primary key,
  target text not null,
  account_id text not null,
  entity text not null,
  what text not null,
  intent text not null,
  digest text not null,
  token text,
  state text not null,
  is_doubtful {integer} not null,
  entity_ids text,
  seen text,
  reason text,
  sendings {integer} not null,
  run text not null,
  who text not null,
  planned_at {integer} not null,
  sent_at {integer},
  settled_at {integer},
  told_at {integer}
);
create index writes_by_intent on writes (target, account_id, intent, planned_at);
"""

# Files on their way to X in pieces, and those that arrived. `digest` is the file's, `owners` are
# the users who may use it beside the one who sends it; X has the first `segments` pieces, each of
# `segment_bytes` but the last.
UPLOADS = """
create table uploads (
  target text not null,
  account_id text not null,
  digest text not null,
  category text not null,
  owners text not null,
  media_id text not null,
  media_key text not null,
  segment_bytes {integer} not null,
  segments {integer} not null,
  state text not null,
  expires_at {integer} not null,
  changed_at {integer} not null,
  primary key (target, account_id, digest, category, owners)
);
"""

# Experiments: `variants` is a JSON object of line item ids by variant, `digest` that of the file,
# `started_at` when all of it was there.
EXPERIMENTS = """
create table experiments (
  target text not null,
  account_id text not null,
  name text not null,
  campaign_id text not null,
  digest text not null,
  variants text not null,
  started_at {integer},
  primary key (target, account_id, name)
);
"""
