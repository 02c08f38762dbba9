-- 0003_proof.sql
-- Why:    every fact that pays, judges or consents leaves an entry in a tamper-evident log.
-- Cost:   new tables only.
-- Before: facts written earlier have no entry; `qibing check` tells how many.

-- The number of the next entry. Its own row: whoever appends waits here and nowhere else.
CREATE TABLE proof_guard (
  org       ID  NOT NULL,
  next_seq  INT NOT NULL CHECK (next_seq >= 0),
  PRIMARY KEY (org)
) {{STRICT}};

-- A log has a key and a name. A second one is opened only when the first can no longer be signed.
CREATE TABLE proof_log (
  org       ID      NOT NULL,
  number    INT     NOT NULL CHECK (number >= 1),
  origin    TEXT    NOT NULL,
  vkey      TEXT    NOT NULL,
  opened_at INSTANT NOT NULL,
  PRIMARY KEY (org, number)
) {{STRICT}};

-- content and salt are NULL after an erasure: digest and leaf keep the tree whole.
CREATE TABLE proof_entry (
  org        ID      NOT NULL,
  seq        INT     NOT NULL CHECK (seq >= 0),
  kind       TEXT    NOT NULL,
  subject    {{BLOB}},
  person_id  ID,
  period     TEXT    NOT NULL,
  written_at INSTANT NOT NULL,
  entity     TEXT    NOT NULL,
  row_id     ID,
  content    TEXT,
  salt       {{BLOB}},
  digest     {{BLOB}} NOT NULL,
  leaf       {{BLOB}} NOT NULL,
  erased_at  INSTANT,
  PRIMARY KEY (org, seq)
) {{STRICT}};
-- Partial: every entry is written once and most are looked for by number only.
CREATE INDEX proof_entry_i_subject ON proof_entry (org, subject, period, seq) WHERE subject IS NOT NULL;
CREATE INDEX proof_entry_i_plan ON proof_entry (org, seq) WHERE kind = 'plan';
CREATE INDEX proof_entry_i_row ON proof_entry (org, entity, row_id) WHERE row_id IS NOT NULL;
CREATE INDEX proof_entry_i_person ON proof_entry (org, person_id) WHERE person_id IS NOT NULL;

-- How far tiles and signatures have come.
CREATE TABLE proof_tree (
  org         ID  NOT NULL,
  size        INT NOT NULL CHECK (size >= 0),
  signed_size INT NOT NULL CHECK (signed_size >= 0 AND signed_size <= size),
  PRIMARY KEY (org)
) {{STRICT}};

-- hashes: 32 bytes each, at most 256; a tile grows until it is full.
CREATE TABLE proof_tile (
  org    ID  NOT NULL,
  level  INT NOT NULL CHECK (level BETWEEN 0 AND 7),
  n      INT NOT NULL CHECK (n >= 0),
  hashes {{BLOB}} NOT NULL,
  PRIMARY KEY (org, level, n)
) {{STRICT}};

CREATE TABLE proof_checkpoint (
  org       ID      NOT NULL,
  number    INT     NOT NULL,
  size      INT     NOT NULL CHECK (size >= 0),
  root      {{BLOB}} NOT NULL,
  note      TEXT    NOT NULL,
  signed_at INSTANT NOT NULL,
  PRIMARY KEY (org, number, size),
  FOREIGN KEY (org, number) REFERENCES proof_log (org, number)
) {{STRICT}};
