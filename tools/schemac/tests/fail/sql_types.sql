-- query: a  many
-- out: id ref unit, name money, unit date
SELECT id, name, unit_id FROM person WHERE org = :org;
-- expect: 2: id is read as ref unit, but the column id is ref person
-- expect: 2: name is read as money, but the column name is text
-- expect: 2: unit is read as date, but the column unit_id is ref unit
