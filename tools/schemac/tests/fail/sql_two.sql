-- query: a  exec
DELETE FROM person WHERE org = :org; DELETE FROM unit WHERE org = :org;
-- expect: 1: statement a holds more than one
