-- query: add  exec
-- in: id ref login, name text
INSERT INTO login (org, id, version, name, created_at, created_by, changed_at, changed_by)
VALUES (1, :id, 1, :name, 0, 0, 0, 0);
-- expect: 1: statement add: INSERT INTO login must set org to :org
