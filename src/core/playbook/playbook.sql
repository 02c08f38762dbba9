-- query: playbook_newest   one
-- The highest number of a code, whatever became of it.
-- in:   code text
-- out:  id ref playbook, number int, status states playbook_status, sha256 text
SELECT id, number, status, sha256
  FROM playbook
 WHERE org = :org AND code = :code
 ORDER BY number DESC
 LIMIT 1;

-- query: playbook_in_force   one
-- The version that counts on a day.
-- in:   code text, day date
-- out:  id ref playbook, number int
SELECT id, number
  FROM playbook
 WHERE org = :org AND code = :code AND status IN ('published', 'retired')
   AND effective_from <= :day
 ORDER BY effective_from DESC, number DESC
 LIMIT 1;

-- query: playbook_before   one
-- The version that a published or drafted one follows.
-- in:   code text, number int
-- out:  id ref playbook, number int
SELECT id, number
  FROM playbook
 WHERE org = :org AND code = :code AND number < :number AND status IN ('published', 'retired')
 ORDER BY number DESC
 LIMIT 1;

-- query: playbook_last_date   value
-- in:   code text
-- out:  effective_from date?
SELECT max(effective_from)
  FROM playbook
 WHERE org = :org AND code = :code AND status IN ('published', 'retired');

-- query: playbook_due   many
-- What is published and in force, oldest first: all but the last of a code have had their day.
-- in:   day date
-- out:  id ref playbook, code text, number int
SELECT id, code, number
  FROM playbook
 WHERE org = :org AND status = 'published' AND effective_from <= :day
 ORDER BY code, effective_from, number;

-- query: playbook_items   many
-- In the order in which they were written.
-- in:   playbook ref playbook
-- out:  section text, code text, name text?, name_en text?, body json
SELECT section, code, name, name_en, body
  FROM playbook_item
 WHERE org = :org AND playbook_id = :playbook
 ORDER BY id;

-- query: post_by_code   one
-- in:   code text
-- out:  id ref post
SELECT id
  FROM post
 WHERE org = :org AND code = :code;

-- query: role_any_by_code   one
-- Put away or not: a role that a company has put away is not made a second time.
-- in:   code text
-- out:  id ref role
SELECT id
  FROM role
 WHERE org = :org AND code = :code;

-- query: playbook_of_company   one
-- The code a company began with.
-- out:  code text?
SELECT playbook
  FROM company
 WHERE id = :org;

-- query: unit_people   many
-- Units that are in use, with their kind and the people in them.
-- out:  id ref unit, name text, name_en text?, kind text?, people int
SELECT u.id, u.name, u.name_en, u.kind,
       (SELECT count(*)
          FROM person p
         WHERE p.org = u.org AND p.unit_id = u.id AND p.status <> 'left'
           AND p.archived_at IS NULL)
  FROM unit u
 WHERE u.org = :org AND u.archived_at IS NULL
 ORDER BY u.path;

-- query: post_holders   many
-- out:  code text, person ref person, name text
SELECT o.code, p.id, p.name
  FROM person p
  JOIN post o ON o.org = p.org AND o.id = p.post_id
 WHERE p.org = :org AND p.status = 'active' AND p.archived_at IS NULL
 ORDER BY o.code, p.id;

-- query: person_place   one
-- in:   person ref person
-- out:  path text, post text?, level enum unit_level?
SELECT u.path, o.code, o.level
  FROM person p
  JOIN unit u ON u.org = p.org AND u.id = p.unit_id
  LEFT JOIN post o ON o.org = p.org AND o.id = p.post_id
 WHERE p.org = :org AND p.id = :person;

-- query: person_superiors   many
-- Holders of posts in the person's unit and those above it, nearest unit first.
-- in:   person ref person, path text
-- out:  person ref person, post text, level enum unit_level, permissions json?
SELECT p.id, o.code, o.level, r.permissions
  FROM unit u
  JOIN person p ON p.org = u.org AND p.unit_id = u.id
  JOIN post o ON o.org = p.org AND o.id = p.post_id
  LEFT JOIN role r ON r.org = o.org AND r.id = o.role_id AND r.archived_at IS NULL
 WHERE u.org = :org AND substr(:path, 1, length(u.path)) = u.path AND u.archived_at IS NULL
   AND p.id <> :person AND p.status = 'active' AND p.archived_at IS NULL
   AND o.archived_at IS NULL
 ORDER BY length(u.path) DESC, p.id;
