-- query: team_hand_over   exec
-- The team of someone who leaves goes to the successor.
-- in:   leader ref person, successor ref person
UPDATE person
   SET leader_id = :successor, version = version + 1
 WHERE org = :org AND leader_id = :leader AND id <> :successor;

-- query: unit_by_code   one
-- in:   code text
-- out:  id ref unit, path text
SELECT id, path
  FROM unit
 WHERE org = :org AND code = :code;
