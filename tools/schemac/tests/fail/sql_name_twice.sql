-- query: person_get  many
-- out: name text
SELECT name FROM person WHERE org = :org;
-- expect: 1: this makes the C name person_get, which src/base/base.entity:11 makes too
