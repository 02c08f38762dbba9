-- query: calendar_between   many
-- in:   from_day date, to_day date
-- out:  day date, kind enum day_kind
SELECT day, kind
  FROM calendar_day
 WHERE org = :org AND day BETWEEN :from_day AND :to_day
 ORDER BY day;

-- query: calendar_has   many
-- in:   day date
-- out:  id ref calendar_day
SELECT id
  FROM calendar_day
 WHERE org = :org AND day = :day;
