-- query: file_owner_path   one
-- in:   person ref person
-- out:  path text
SELECT u.path
  FROM person p
  JOIN unit u ON u.org = p.org AND u.id = p.unit_id
 WHERE p.org = :org AND p.id = :person;
