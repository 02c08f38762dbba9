-- query: company_by_code   one
-- A sign-in names its company by code; nothing is known yet, so this looks across companies.
-- in:   code text
-- out:  id ref company, name text, zone int
SELECT id, name, zone
  FROM company
 WHERE code = :code;

-- query: company_all   many
-- For jobs and checks that visit every company in turn.
-- out:  id ref company, code text, name text, zone int
SELECT id, code, name, zone
  FROM company
 ORDER BY id;

-- query: login_by_name   one
-- in:   name text
-- out:  id ref login
SELECT id
  FROM login
 WHERE org = :org AND name = :name AND archived_at IS NULL;

-- query: session_by_token   one
-- One look-up per request: the session with what the context needs of login and person.
-- in:   token_hash bytes
-- out:  id ref session, login ref login, csrf text, expires_at instant, ended_at instant?, status states login_status, login_name text, locale enum login_locale, person ref person?, person_name text?, unit ref unit?, unit_path text?, post ref post?, zone int, must_change bool
SELECT s.id, s.login_id, s.csrf, s.expires_at, s.ended_at, l.status, l.name, l.locale, p.id, p.name,
       u.id, u.path, p.post_id, c.zone, l.must_change
  FROM session s
  JOIN login l ON l.org = s.org AND l.id = s.login_id
  JOIN company c ON c.id = s.org
  LEFT JOIN person p ON p.org = s.org AND p.id = l.person_id AND p.status <> 'left'
  LEFT JOIN unit u ON u.org = s.org AND u.id = p.unit_id
 WHERE s.org = :org AND s.token_hash = :token_hash AND l.archived_at IS NULL;

-- query: api_token_by_hash   one
-- in:   token_hash bytes
-- out:  id ref api_token, login ref login, expires_at instant?, ended_at instant?, status states login_status, login_name text, locale enum login_locale, person ref person?, person_name text?, unit ref unit?, unit_path text?, post ref post?, zone int
SELECT t.id, t.login_id, t.expires_at, t.ended_at, l.status, l.name, l.locale, p.id, p.name,
       u.id, u.path, p.post_id, c.zone
  FROM api_token t
  JOIN login l ON l.org = t.org AND l.id = t.login_id
  JOIN company c ON c.id = t.org
  LEFT JOIN person p ON p.org = t.org AND p.id = l.person_id AND p.status <> 'left'
  LEFT JOIN unit u ON u.org = t.org AND u.id = p.unit_id
 WHERE t.org = :org AND t.token_hash = :token_hash AND l.archived_at IS NULL;

-- query: role_of_login   many
-- What has been granted and is in force; the unit of a grant limits how far it reaches.
-- in:   login ref login, today date
-- out:  code text, name text, name_en text?, permissions json, unit_path text?
SELECT r.code, r.name, r.name_en, r.permissions, u.path
  FROM role_grant g
  JOIN role r ON r.org = g.org AND r.id = g.role_id
  LEFT JOIN unit u ON u.org = g.org AND u.id = g.unit_id
 WHERE g.org = :org AND g.login_id = :login AND g.from_on <= :today
   AND (g.until_on IS NULL OR g.until_on >= :today)
   AND g.archived_at IS NULL AND r.archived_at IS NULL
 ORDER BY r.code, g.id;

-- query: role_of_post   many
-- The role that comes with the post a person holds.
-- in:   post ref post
-- out:  code text, name text, name_en text?, permissions json
SELECT r.code, r.name, r.name_en, r.permissions
  FROM post o
  JOIN role r ON r.org = o.org AND r.id = o.role_id
 WHERE o.org = :org AND o.id = :post AND o.archived_at IS NULL AND r.archived_at IS NULL;

-- query: unit_levels_above   many
-- The unit itself and all above it, lowest first, to find the region someone belongs to.
-- in:   path text
-- out:  path text, level enum unit_level
SELECT path, level
  FROM unit
 WHERE org = :org AND substr(:path, 1, length(path)) = path
 ORDER BY length(path) DESC;

-- query: session_end   exec
-- in:   id ref session, at instant
UPDATE session
   SET ended_at = :at, version = version + 1
 WHERE org = :org AND id = :id AND ended_at IS NULL;

-- query: session_end_all   exec
-- A new password or a disabled login ends all its sessions.
-- in:   login ref login, at instant
UPDATE session
   SET ended_at = :at, version = version + 1
 WHERE org = :org AND login_id = :login AND ended_at IS NULL;

-- query: session_purge   exec
-- in:   before instant
DELETE FROM session
 WHERE org = :org AND expires_at < :before;

-- query: throttle_of   one
-- in:   subject text
-- out:  id ref sign_in_throttle
SELECT id
  FROM sign_in_throttle
 WHERE org = :org AND subject = :subject;

-- query: throttle_clear   exec
-- in:   subject text
DELETE FROM sign_in_throttle
 WHERE org = :org AND subject = :subject;

-- query: role_by_code   one
-- in:   code text
-- out:  id ref role
SELECT id
  FROM role
 WHERE org = :org AND code = :code AND archived_at IS NULL;
