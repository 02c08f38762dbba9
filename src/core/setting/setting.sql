-- query: setting_by_name   one
-- in:   name text
-- out:  id ref setting_value, number int?, words text?, version int
SELECT id, number, words, version
  FROM setting_value
 WHERE org = :org AND name = :name;
