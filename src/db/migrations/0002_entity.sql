-- 0002_entity.sql
-- Why:    the engine of the entities keeps what changed, what happened, and the answers to requests
--         with an Idempotency-Key (src/entity/store.h).
-- Cost:   three empty tables.
-- Before: nothing was kept; history begins here.

-- 变更记录 | Change record
CREATE TABLE change_record (
  org ID NOT NULL,
  id ID NOT NULL,
  version INT NOT NULL,
  kind TEXT NOT NULL CHECK (length(kind) <= 60),
  subject INT NOT NULL CHECK (subject BETWEEN 1 AND 9223372036854775807),
  operation TEXT NOT NULL CHECK (length(operation) <= 60),
  by_name TEXT CHECK (length(by_name) <= 200),
  changes JSON NOT NULL,
  created_at INSTANT NOT NULL,
  created_by REF NOT NULL,
  PRIMARY KEY (org, id)
) {{STRICT}};
CREATE INDEX change_record_i_kind_subject ON change_record (org, kind, subject);

-- 事件 | Event
CREATE TABLE event (
  org ID NOT NULL,
  id ID NOT NULL,
  version INT NOT NULL,
  name TEXT NOT NULL CHECK (length(name) <= 120),
  kind TEXT CHECK (length(kind) <= 60),
  subject INT CHECK (subject BETWEEN 1 AND 9223372036854775807),
  person INT CHECK (person BETWEEN 1 AND 9223372036854775807),
  data JSON,
  created_at INSTANT NOT NULL,
  created_by REF NOT NULL,
  PRIMARY KEY (org, id)
) {{STRICT}};
CREATE INDEX event_i_name ON event (org, name);
CREATE INDEX event_i_kind_subject ON event (org, kind, subject);

-- 已答复的请求 | Kept answer
CREATE TABLE kept_answer (
  org ID NOT NULL,
  id ID NOT NULL,
  version INT NOT NULL,
  login INT NOT NULL CHECK (login BETWEEN 0 AND 9223372036854775807),
  key TEXT NOT NULL CHECK (length(key) <= 200),
  request BLOB NOT NULL,
  status INT NOT NULL CHECK (status BETWEEN 100 AND 599),
  body BLOB NOT NULL,
  type TEXT CHECK (length(type) <= 100),
  location TEXT CHECK (length(location) <= 400),
  row_version INT CHECK (row_version BETWEEN 1 AND 9223372036854775807),
  created_at INSTANT NOT NULL,
  created_by REF NOT NULL,
  PRIMARY KEY (org, id)
) {{STRICT}};
CREATE UNIQUE INDEX kept_answer_u_login_key ON kept_answer (org, login, key);
CREATE INDEX kept_answer_i_created_at ON kept_answer (org, created_at);
