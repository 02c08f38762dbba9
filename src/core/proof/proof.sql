-- query: proof_take   exec
-- Takes the number of the next entry; whoever appends at the same time waits or runs again. Without
-- RETURNING, for which SQLite would keep a statement journal and flush the search index each time.
UPDATE proof_guard SET next_seq = next_seq + 1
 WHERE org = :org;

-- query: proof_guard_open   exec
-- Two first entries at once: one opens the log, the other runs again.
INSERT INTO proof_guard (org, next_seq) VALUES (:org, 0)
ON CONFLICT (org) DO NOTHING;

-- query: proof_appended   value
-- out:  next_seq int
SELECT next_seq FROM proof_guard WHERE org = :org;

-- query: proof_company_code   value
-- out:  code text
SELECT code FROM company WHERE id = :org;

-- query: proof_company_by_code   value
-- A public address names the company by its code.
-- in:   code text
-- out:  id ref company
SELECT id FROM company WHERE code = :code;

-- query: proof_log_current   one
-- out:  number int, origin text, vkey text
SELECT number, origin, vkey
  FROM proof_log
 WHERE org = :org
 ORDER BY number DESC
 LIMIT 1;

-- query: proof_logs   many
-- out:  number int, origin text, vkey text
SELECT number, origin, vkey
  FROM proof_log
 WHERE org = :org
 ORDER BY number;

-- query: proof_log_open   exec
-- in:   number int, origin text, vkey text, at instant
INSERT INTO proof_log (org, number, origin, vkey, opened_at)
VALUES (:org, :number, :origin, :vkey, :at);

-- query: proof_entry_add   exec
-- in:   seq int, kind text, subject bytes?, person ref person?, period text, at instant, entity text, row ref person?, content text, salt bytes, digest bytes, leaf bytes
INSERT INTO proof_entry (org, seq, kind, subject, person_id, period, written_at, entity, row_id,
                         content, salt, digest, leaf)
VALUES (:org, :seq, :kind, :subject, :person, :period, :at, :entity, :row, :content, :salt, :digest,
        :leaf);

-- query: proof_entries   many
-- A stretch of the log with all that its entries are made of.
-- in:   from int, to int
-- out:  seq int, kind text, subject bytes?, period text, at instant, content text?, salt bytes?, digest bytes, leaf bytes, erased_at instant?
SELECT seq, kind, subject, period, written_at, content, salt, digest, leaf, erased_at
  FROM proof_entry
 WHERE org = :org AND seq >= :from AND seq < :to
 ORDER BY seq;

-- query: proof_leaves   many
-- in:   from int, to int
-- out:  seq int, leaf bytes
SELECT seq, leaf
  FROM proof_entry
 WHERE org = :org AND seq >= :from AND seq < :to
 ORDER BY seq;

-- query: proof_of_subject   many
-- All that was logged of a person in a period.
-- in:   subject bytes, period text, before int
-- out:  seq int, kind text, leaf bytes
SELECT seq, kind, leaf
  FROM proof_entry
 WHERE org = :org AND subject = :subject AND period = :period AND seq < :before
 ORDER BY seq;

-- query: proof_plans   many
-- Newest first: the publication in force is among the last.
-- out:  seq int, content text?
SELECT seq, content
  FROM proof_entry
 WHERE org = :org AND kind = 'plan'
 ORDER BY seq DESC;

-- query: proof_entries_erase   exec
-- in:   person ref person, at instant
UPDATE proof_entry SET content = NULL, salt = NULL, person_id = NULL, erased_at = :at
 WHERE org = :org AND person_id = :person;

-- query: proof_tree_now   one
-- out:  size int, signed_size int
SELECT size, signed_size FROM proof_tree WHERE org = :org;

-- query: proof_tree_open   exec
INSERT INTO proof_tree (org, size, signed_size) VALUES (:org, 0, 0);

-- query: proof_tree_grow   exec
-- Only from the size that was read: two sequencers must not both add the same leaves.
-- in:   old int, new int
UPDATE proof_tree SET size = :new WHERE org = :org AND size = :old;

-- query: proof_tree_signed   exec
-- in:   signed_size int
UPDATE proof_tree SET signed_size = :signed_size WHERE org = :org;

-- query: proof_behind   many
-- out:  company ref company
-- across: the sequencer serves all companies
SELECT g.org
  FROM proof_guard g
  LEFT JOIN proof_tree t ON t.org = g.org
 WHERE t.org IS NULL OR t.size < g.next_seq OR t.signed_size < t.size
 ORDER BY g.org;

-- query: proof_tile_get   value
-- in:   level int, n int
-- out:  hashes bytes
SELECT hashes FROM proof_tile WHERE org = :org AND level = :level AND n = :n;

-- query: proof_tile_put   exec
-- in:   level int, n int, hashes bytes
INSERT INTO proof_tile (org, level, n, hashes) VALUES (:org, :level, :n, :hashes)
ON CONFLICT (org, level, n) DO UPDATE SET hashes = excluded.hashes;

-- query: proof_tiles   many
-- in:   level int, from int, to int
-- out:  n int, hashes bytes
SELECT n, hashes
  FROM proof_tile
 WHERE org = :org AND level = :level AND n >= :from AND n < :to
 ORDER BY n;

-- query: proof_checkpoint_add   exec
-- The same tree is signed with the same bytes: doing so twice changes nothing.
-- in:   number int, size int, root bytes, note text, at instant
INSERT INTO proof_checkpoint (org, number, size, root, note, signed_at)
VALUES (:org, :number, :size, :root, :note, :at)
ON CONFLICT (org, number, size) DO NOTHING;

-- query: proof_checkpoint_last   one
-- in:   number int
-- out:  size int, note text
SELECT size, note
  FROM proof_checkpoint
 WHERE org = :org AND number = :number
 ORDER BY size DESC
 LIMIT 1;

-- query: proof_checkpoints   many
-- By size over all logs: they are checked in one walk over the leaves.
-- in:   from int, to int
-- out:  number int, size int, root bytes, note text
SELECT number, size, root, note
  FROM proof_checkpoint
 WHERE org = :org AND size >= :from AND size < :to
 ORDER BY size, number;
