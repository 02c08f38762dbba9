# What the samples refer to: people, units, jobs, files, logins.
entity unit "组织 | Unit"
  parent  ref unit      "上级 | Parent"
  path    text 400 readonly "路径 | Path"
  name    text 40 required "名称 | Name"
  tree    parent path

api units unit scope unit id
  list  base.read  filter parent  sort name

entity person "人员 | Person"
  unit  ref unit             "组织 | Unit"
  name  text 40 required     "姓名 | Name"

api people person scope person id
  list  base.read  filter unit  sort name

entity job "任务 | Job"
  kind  text 40 required  "种类 | Kind"

entity file "文件 | File"
  name  text 200 required  "名称 | Name"

entity login "账号 | Login"
  name  text 40 required unique  "账号 | Name"

permission base.read "查看 | Read"

%sql
-- query: a  many
-- out: id ref person
WITH u AS (SELECT id FROM unit) SELECT person.id FROM person WHERE person.org = :org AND unit_id IN (SELECT id FROM u);
-- expect: 1: statement a: table unit belongs to companies and needs unit.org = :org
