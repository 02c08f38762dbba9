-- 0001_foundation.sql
-- Why:    the first schema: company, people, logins, jobs, files, playbooks; products, customers,
--         orders and what becomes of them; plans, periods, statements, payouts.
-- Cost:   new tables only.
-- Before: nothing.

-- 组织单元 | Org unit
CREATE TABLE unit (
  org ID NOT NULL,
  id ID NOT NULL,
  version INT NOT NULL,
  changed_at INSTANT NOT NULL,
  changed_by REF NOT NULL,
  archived_at INSTANT,
  parent_id REF,
  path TEXT CHECK (length(path) <= 400),
  code TEXT NOT NULL CHECK (length(code) <= 40),
  name TEXT NOT NULL CHECK (length(name) <= 80),
  name_en TEXT CHECK (length(name_en) <= 80),
  level ENUM NOT NULL CHECK (level IN ('core', 'middle', 'execution')),
  kind TEXT CHECK (length(kind) <= 40),
  audience TEXT CHECK (length(audience) <= 200),
  planned INT CHECK (planned BETWEEN 0 AND 100000),
  sort INT NOT NULL CHECK (sort BETWEEN 0 AND 100000),
  created_at INSTANT NOT NULL,
  created_by REF NOT NULL,
  PRIMARY KEY (org, id),
  FOREIGN KEY (org, parent_id) REFERENCES unit (org, id)
) {{STRICT}};
CREATE UNIQUE INDEX unit_u_code ON unit (org, code);
CREATE INDEX unit_i_parent_sort ON unit (org, parent_id, sort);

-- 角色 | Role
CREATE TABLE role (
  org ID NOT NULL,
  id ID NOT NULL,
  version INT NOT NULL,
  changed_at INSTANT NOT NULL,
  changed_by REF NOT NULL,
  archived_at INSTANT,
  code TEXT NOT NULL CHECK (length(code) <= 40),
  name TEXT NOT NULL CHECK (length(name) <= 80),
  name_en TEXT CHECK (length(name_en) <= 80),
  permissions JSON NOT NULL,
  created_at INSTANT NOT NULL,
  created_by REF NOT NULL,
  PRIMARY KEY (org, id)
) {{STRICT}};
CREATE UNIQUE INDEX role_u_code ON role (org, code);

-- 岗位 | Post
CREATE TABLE post (
  org ID NOT NULL,
  id ID NOT NULL,
  version INT NOT NULL,
  changed_at INSTANT NOT NULL,
  changed_by REF NOT NULL,
  archived_at INSTANT,
  code TEXT NOT NULL CHECK (length(code) <= 40),
  name TEXT NOT NULL CHECK (length(name) <= 80),
  name_en TEXT CHECK (length(name_en) <= 80),
  level ENUM NOT NULL CHECK (level IN ('core', 'middle', 'execution')),
  unit_kind TEXT CHECK (length(unit_kind) <= 40),
  what TEXT CHECK (length(what) <= 2000),
  how TEXT CHECK (length(how) <= 2000),
  responsible_to TEXT CHECK (length(responsible_to) <= 400),
  role_id REF,
  heads INT NOT NULL CHECK (heads BETWEEN 0 AND 1000),
  created_at INSTANT NOT NULL,
  created_by REF NOT NULL,
  PRIMARY KEY (org, id),
  FOREIGN KEY (org, role_id) REFERENCES role (org, id)
) {{STRICT}};
CREATE UNIQUE INDEX post_u_code ON post (org, code);

-- 人员 | Person
CREATE TABLE person (
  org ID NOT NULL,
  id ID NOT NULL,
  version INT NOT NULL,
  changed_at INSTANT NOT NULL,
  changed_by REF NOT NULL,
  archived_at INSTANT,
  number TEXT NOT NULL CHECK (length(number) <= 40),
  name TEXT NOT NULL CHECK (length(name) <= 60),
  kind ENUM NOT NULL CHECK (kind IN ('employee', 'part_time', 'agency')),
  status STATE NOT NULL CHECK (status IN ('active', 'paused', 'left')),
  unit_id REF NOT NULL,
  post_id REF,
  leader_id REF,
  rank INT NOT NULL CHECK (rank BETWEEN 1 AND 9),
  joined_on DATE NOT NULL,
  left_on DATE,
  strength TEXT CHECK (length(strength) <= 200),
  phone_enc BLOB,
  phone_mask TEXT,
  phone_hash HASH,
  id_number_enc BLOB,
  id_number_mask TEXT,
  id_number_hash HASH,
  bank_card_enc BLOB,
  bank_card_mask TEXT,
  bank_card_hash HASH,
  created_at INSTANT NOT NULL,
  created_by REF NOT NULL,
  PRIMARY KEY (org, id),
  FOREIGN KEY (org, unit_id) REFERENCES unit (org, id),
  FOREIGN KEY (org, post_id) REFERENCES post (org, id),
  FOREIGN KEY (org, leader_id) REFERENCES person (org, id)
) {{STRICT}};
CREATE UNIQUE INDEX person_u_number ON person (org, number);
CREATE INDEX person_i_unit ON person (org, unit_id);
CREATE INDEX person_i_leader ON person (org, leader_id);

-- 客户 | Customer
CREATE TABLE customer (
  org ID NOT NULL,
  id ID NOT NULL,
  version INT NOT NULL,
  changed_at INSTANT NOT NULL,
  changed_by REF NOT NULL,
  archived_at INSTANT,
  number TEXT NOT NULL CHECK (length(number) <= 40),
  name TEXT NOT NULL CHECK (length(name) <= 120),
  kind ENUM NOT NULL CHECK (kind IN ('personal', 'business')),
  promoter_id REF,
  region TEXT CHECK (length(region) <= 80),
  phone_enc BLOB,
  phone_mask TEXT,
  phone_hash HASH,
  note TEXT CHECK (length(note) <= 2000),
  created_at INSTANT NOT NULL,
  created_by REF NOT NULL,
  PRIMARY KEY (org, id),
  FOREIGN KEY (org, promoter_id) REFERENCES person (org, id)
) {{STRICT}};
CREATE UNIQUE INDEX customer_u_number ON customer (org, number);
CREATE INDEX customer_i_promoter ON customer (org, promoter_id);

-- 活动事件 | Activity event
CREATE TABLE activity (
  org ID NOT NULL,
  id ID NOT NULL,
  version INT NOT NULL,
  promoter_id REF NOT NULL,
  kind ENUM NOT NULL CHECK (kind IN ('lead', 'visit')),
  customer_id REF,
  happened_on DATE NOT NULL,
  happened_at INSTANT NOT NULL,
  valid BOOL NOT NULL CHECK (valid BETWEEN 0 AND 1),
  note TEXT CHECK (length(note) <= 400),
  log_seq INT NOT NULL CHECK (log_seq BETWEEN 0 AND 9223372036854775807),
  created_at INSTANT NOT NULL,
  created_by REF NOT NULL,
  PRIMARY KEY (org, id),
  FOREIGN KEY (org, promoter_id) REFERENCES person (org, id),
  FOREIGN KEY (org, customer_id) REFERENCES customer (org, id)
) {{STRICT}};
CREATE INDEX activity_i_promoter_happened_on ON activity (org, promoter_id, happened_on);
CREATE INDEX activity_i_happened_on ON activity (org, happened_on);

-- 账号 | Login
CREATE TABLE login (
  org ID NOT NULL,
  id ID NOT NULL,
  version INT NOT NULL,
  changed_at INSTANT NOT NULL,
  changed_by REF NOT NULL,
  archived_at INSTANT,
  name TEXT NOT NULL CHECK (length(name) <= 60),
  person_id REF,
  status STATE NOT NULL CHECK (status IN ('active', 'disabled')),
  locale ENUM NOT NULL CHECK (locale IN ('zh', 'en')),
  password_hash TEXT CHECK (length(password_hash) <= 200),
  password_at INSTANT,
  must_change BOOL NOT NULL CHECK (must_change BETWEEN 0 AND 1),
  totp_secret_enc BLOB,
  totp_secret_mask TEXT,
  totp_secret_hash HASH,
  totp_on BOOL NOT NULL CHECK (totp_on BETWEEN 0 AND 1),
  totp_step INT CHECK (totp_step BETWEEN 0 AND 9223372036854775807),
  last_at INSTANT,
  created_at INSTANT NOT NULL,
  created_by REF NOT NULL,
  PRIMARY KEY (org, id),
  FOREIGN KEY (org, person_id) REFERENCES person (org, id)
) {{STRICT}};
CREATE UNIQUE INDEX login_u_name ON login (org, name);
CREATE INDEX login_i_person ON login (org, person_id);

-- 接口令牌 | API token
CREATE TABLE api_token (
  org ID NOT NULL,
  id ID NOT NULL,
  version INT NOT NULL,
  changed_at INSTANT NOT NULL,
  changed_by REF NOT NULL,
  login_id REF NOT NULL,
  name TEXT NOT NULL CHECK (length(name) <= 80),
  token_hash BLOB NOT NULL,
  expires_at INSTANT,
  ended_at INSTANT,
  created_at INSTANT NOT NULL,
  created_by REF NOT NULL,
  PRIMARY KEY (org, id),
  FOREIGN KEY (org, login_id) REFERENCES login (org, id)
) {{STRICT}};
CREATE UNIQUE INDEX api_token_u_token_hash ON api_token (org, token_hash);
CREATE INDEX api_token_i_login ON api_token (org, login_id);

-- 日历日 | Calendar day
CREATE TABLE calendar_day (
  org ID NOT NULL,
  id ID NOT NULL,
  version INT NOT NULL,
  changed_at INSTANT NOT NULL,
  changed_by REF NOT NULL,
  day DATE NOT NULL,
  kind ENUM NOT NULL CHECK (kind IN ('workday', 'weekend', 'holiday', 'makeup')),
  name TEXT CHECK (length(name) <= 80),
  source TEXT CHECK (length(source) <= 200),
  created_at INSTANT NOT NULL,
  created_by REF NOT NULL,
  PRIMARY KEY (org, id)
) {{STRICT}};
CREATE UNIQUE INDEX calendar_day_u_day ON calendar_day (org, day);

-- 订单 | Order
CREATE TABLE sales_order (
  org ID NOT NULL,
  id ID NOT NULL,
  version INT NOT NULL,
  changed_at INSTANT NOT NULL,
  changed_by REF NOT NULL,
  order_no TEXT NOT NULL CHECK (length(order_no) <= 60),
  kind ENUM NOT NULL CHECK (kind IN ('sale', 'cancellation', 'adjustment')),
  source ENUM NOT NULL CHECK (source IN ('desk', 'phone', 'import', 'api')),
  ordered_at INSTANT NOT NULL,
  ordered_on DATE NOT NULL,
  customer_id REF,
  promoter_id REF,
  unit_id REF,
  lines INT NOT NULL CHECK (lines BETWEEN 0 AND 1000000),
  amount MONEY NOT NULL CHECK (amount BETWEEN -1000000000000000 AND 1000000000000000),
  collected MONEY NOT NULL CHECK (collected BETWEEN -1000000000000000 AND 1000000000000000),
  refunded MONEY NOT NULL CHECK (refunded BETWEEN -1000000000000000 AND 1000000000000000),
  client_key TEXT CHECK (length(client_key) <= 40),
  created_at INSTANT NOT NULL,
  created_by REF NOT NULL,
  PRIMARY KEY (org, id),
  FOREIGN KEY (org, customer_id) REFERENCES customer (org, id),
  FOREIGN KEY (org, promoter_id) REFERENCES person (org, id),
  FOREIGN KEY (org, unit_id) REFERENCES unit (org, id)
) {{STRICT}};
CREATE UNIQUE INDEX sales_order_u_order_no ON sales_order (org, order_no);
CREATE INDEX sales_order_i_ordered_on ON sales_order (org, ordered_on);
CREATE INDEX sales_order_i_promoter_ordered_on ON sales_order (org, promoter_id, ordered_on);
CREATE INDEX sales_order_i_customer ON sales_order (org, customer_id);

-- 回款 | Collection
CREATE TABLE collection (
  org ID NOT NULL,
  id ID NOT NULL,
  version INT NOT NULL,
  sales_order_id REF NOT NULL,
  promoter_id REF,
  amount MONEY NOT NULL CHECK (amount BETWEEN -1000000000000000 AND 1000000000000000),
  collected_on DATE NOT NULL,
  collected_at INSTANT NOT NULL,
  method TEXT CHECK (length(method) <= 40),
  log_seq INT NOT NULL CHECK (log_seq BETWEEN 0 AND 9223372036854775807),
  created_at INSTANT NOT NULL,
  created_by REF NOT NULL,
  PRIMARY KEY (org, id),
  FOREIGN KEY (org, sales_order_id) REFERENCES sales_order (org, id),
  FOREIGN KEY (org, promoter_id) REFERENCES person (org, id)
) {{STRICT}};
CREATE INDEX collection_i_sales_order_collected_on ON collection (org, sales_order_id, collected_on);
CREATE INDEX collection_i_collected_on ON collection (org, collected_on);

-- 公司 | Company
-- Shared by all companies: the list of tenants itself: a sign-in must find the company before it knows one
CREATE TABLE company (
  id ID NOT NULL,
  version INT NOT NULL,
  changed_at INSTANT NOT NULL,
  changed_by REF NOT NULL,
  code TEXT NOT NULL CHECK (length(code) <= 40),
  name TEXT NOT NULL CHECK (length(name) <= 120),
  zone INT NOT NULL CHECK (zone BETWEEN -720 AND 840),
  playbook TEXT CHECK (length(playbook) <= 40),
  created_at INSTANT NOT NULL,
  created_by REF NOT NULL,
  PRIMARY KEY (id)
) {{STRICT}};
CREATE UNIQUE INDEX company_u_code ON company (code);

-- 文件 | File
CREATE TABLE file (
  org ID NOT NULL,
  id ID NOT NULL,
  version INT NOT NULL,
  name TEXT NOT NULL CHECK (length(name) <= 200),
  type TEXT NOT NULL CHECK (length(type) <= 100),
  bytes INT NOT NULL CHECK (bytes BETWEEN 0 AND 1099511627776),
  sha256 BLOB NOT NULL,
  owner_id REF,
  created_at INSTANT NOT NULL,
  created_by REF NOT NULL,
  PRIMARY KEY (org, id),
  FOREIGN KEY (org, owner_id) REFERENCES person (org, id)
) {{STRICT}};
CREATE INDEX file_i_sha256 ON file (org, sha256);

-- 后台任务 | Job
CREATE TABLE job (
  org ID NOT NULL,
  id ID NOT NULL,
  version INT NOT NULL,
  changed_at INSTANT NOT NULL,
  changed_by REF NOT NULL,
  kind TEXT NOT NULL CHECK (length(kind) <= 80),
  once_key TEXT CHECK (length(once_key) <= 120),
  live_key TEXT CHECK (length(live_key) <= 120),
  status STATE NOT NULL CHECK (status IN ('queued', 'running', 'done', 'failed', 'cancelled')),
  input JSON,
  result JSON,
  progress INT NOT NULL CHECK (progress BETWEEN 0 AND 1000),
  message TEXT CHECK (length(message) <= 500),
  error_code TEXT CHECK (length(error_code) <= 40),
  error_detail TEXT CHECK (length(error_detail) <= 1000),
  attempts INT NOT NULL CHECK (attempts BETWEEN 0 AND 1000),
  due_at INSTANT NOT NULL,
  started_at INSTANT,
  finished_at INSTANT,
  lease_until INSTANT,
  login_id REF,
  person_id REF,
  created_at INSTANT NOT NULL,
  created_by REF NOT NULL,
  PRIMARY KEY (org, id),
  FOREIGN KEY (org, login_id) REFERENCES login (org, id),
  FOREIGN KEY (org, person_id) REFERENCES person (org, id)
) {{STRICT}};
CREATE UNIQUE INDEX job_u_live_key ON job (org, live_key);
CREATE INDEX job_i_status_due_at ON job (org, status, due_at);
CREATE INDEX job_i_kind ON job (org, kind);

-- 商品 | Product
CREATE TABLE product (
  org ID NOT NULL,
  id ID NOT NULL,
  version INT NOT NULL,
  changed_at INSTANT NOT NULL,
  changed_by REF NOT NULL,
  archived_at INSTANT,
  code TEXT NOT NULL CHECK (length(code) <= 40),
  name TEXT NOT NULL CHECK (length(name) <= 200),
  category TEXT CHECK (length(category) <= 40),
  spiff MONEY NOT NULL CHECK (spiff BETWEEN 0 AND 100000000),
  sellable BOOL NOT NULL CHECK (sellable BETWEEN 0 AND 1),
  created_at INSTANT NOT NULL,
  created_by REF NOT NULL,
  PRIMARY KEY (org, id)
) {{STRICT}};
CREATE UNIQUE INDEX product_u_code ON product (org, code);
CREATE INDEX product_i_category ON product (org, category);

-- 订单行 | Order line
CREATE TABLE order_line (
  org ID NOT NULL,
  id ID NOT NULL,
  version INT NOT NULL,
  sales_order_id REF NOT NULL,
  number INT NOT NULL CHECK (number BETWEEN 1 AND 1000000),
  product_id REF NOT NULL,
  description TEXT CHECK (length(description) <= 200),
  quantity INT NOT NULL CHECK (quantity BETWEEN -1000000000 AND 1000000000),
  unit_price DECIMAL NOT NULL CHECK (unit_price BETWEEN -1000000000000 AND 1000000000000),
  amount MONEY NOT NULL CHECK (amount BETWEEN -1000000000000000 AND 1000000000000000),
  promoter_id REF,
  customer_id REF,
  ordered_on DATE NOT NULL,
  ordered_at INSTANT NOT NULL,
  log_seq INT NOT NULL CHECK (log_seq BETWEEN 0 AND 9223372036854775807),
  created_at INSTANT NOT NULL,
  created_by REF NOT NULL,
  PRIMARY KEY (org, id),
  FOREIGN KEY (org, sales_order_id) REFERENCES sales_order (org, id),
  FOREIGN KEY (org, product_id) REFERENCES product (org, id),
  FOREIGN KEY (org, promoter_id) REFERENCES person (org, id),
  FOREIGN KEY (org, customer_id) REFERENCES customer (org, id)
) {{STRICT}};
CREATE UNIQUE INDEX order_line_u_sales_order_number ON order_line (org, sales_order_id, number);
CREATE INDEX order_line_i_promoter_ordered_on ON order_line (org, promoter_id, ordered_on);
CREATE INDEX order_line_i_ordered_on ON order_line (org, ordered_on);
CREATE INDEX order_line_i_customer_product ON order_line (org, customer_id, product_id);

-- 薪酬计划 | Plan version
CREATE TABLE plan_version (
  org ID NOT NULL,
  id ID NOT NULL,
  version INT NOT NULL,
  changed_at INSTANT NOT NULL,
  changed_by REF NOT NULL,
  code TEXT NOT NULL CHECK (length(code) <= 60),
  number INT NOT NULL CHECK (number BETWEEN 1 AND 1000000),
  name TEXT NOT NULL CHECK (length(name) <= 120),
  name_en TEXT NOT NULL CHECK (length(name_en) <= 120),
  status STATE NOT NULL CHECK (status IN ('draft', 'published', 'retired', 'dropped')),
  effective_from DATE NOT NULL,
  max_levels INT NOT NULL CHECK (max_levels BETWEEN 0 AND 2),
  body TEXT NOT NULL CHECK (length(body) <= 1000000),
  sha256 TEXT NOT NULL CHECK (length(sha256) <= 64),
  published_at INSTANT,
  published_by_id REF,
  created_at INSTANT NOT NULL,
  created_by REF NOT NULL,
  PRIMARY KEY (org, id),
  FOREIGN KEY (org, published_by_id) REFERENCES login (org, id)
) {{STRICT}};
CREATE UNIQUE INDEX plan_version_u_code_number ON plan_version (org, code, number);

-- 结算周期 | Period
CREATE TABLE period (
  org ID NOT NULL,
  id ID NOT NULL,
  version INT NOT NULL,
  changed_at INSTANT NOT NULL,
  changed_by REF NOT NULL,
  code TEXT NOT NULL CHECK (length(code) <= 20),
  first_on DATE NOT NULL,
  last_on DATE NOT NULL,
  status STATE NOT NULL CHECK (status IN ('open', 'calculated', 'approved', 'locked')),
  plan_id REF,
  run INT NOT NULL CHECK (run BETWEEN 0 AND 1000000),
  as_of INSTANT,
  calculated_at INSTANT,
  calculated_by_id REF,
  approved_at INSTANT,
  approved_by_id REF,
  locked_at INSTANT,
  locked_by_id REF,
  unlock_reason TEXT CHECK (length(unlock_reason) <= 400),
  root TEXT CHECK (length(root) <= 64),
  created_at INSTANT NOT NULL,
  created_by REF NOT NULL,
  PRIMARY KEY (org, id),
  FOREIGN KEY (org, plan_id) REFERENCES plan_version (org, id),
  FOREIGN KEY (org, calculated_by_id) REFERENCES login (org, id),
  FOREIGN KEY (org, approved_by_id) REFERENCES login (org, id),
  FOREIGN KEY (org, locked_by_id) REFERENCES login (org, id)
) {{STRICT}};
CREATE UNIQUE INDEX period_u_code ON period (org, code);

-- 结算单 | Statement
CREATE TABLE statement (
  org ID NOT NULL,
  id ID NOT NULL,
  version INT NOT NULL,
  changed_at INSTANT NOT NULL,
  changed_by REF NOT NULL,
  number TEXT NOT NULL CHECK (length(number) <= 40),
  period_id REF NOT NULL,
  run INT NOT NULL CHECK (run BETWEEN 1 AND 1000000),
  person_id REF NOT NULL,
  unit_id REF,
  status STATE NOT NULL CHECK (status IN ('calculated', 'approved', 'locked', 'paid', 'replaced')),
  orders INT NOT NULL CHECK (orders BETWEEN 0 AND 100000000),
  refunds INT NOT NULL CHECK (refunds BETWEEN 0 AND 100000000),
  base MONEY NOT NULL CHECK (base BETWEEN -1000000000000000 AND 1000000000000000),
  gross MONEY NOT NULL CHECK (gross BETWEEN -1000000000000000 AND 1000000000000000),
  clawback MONEY NOT NULL CHECK (clawback BETWEEN -1000000000000000 AND 1000000000000000),
  carry MONEY NOT NULL CHECK (carry BETWEEN -1000000000000000 AND 1000000000000000),
  over_cap MONEY NOT NULL CHECK (over_cap BETWEEN -1000000000000000 AND 1000000000000000),
  payable MONEY NOT NULL CHECK (payable BETWEEN -1000000000000000 AND 1000000000000000),
  tax MONEY NOT NULL CHECK (tax BETWEEN -1000000000000000 AND 1000000000000000),
  net MONEY NOT NULL CHECK (net BETWEEN -1000000000000000 AND 1000000000000000),
  content JSON,
  log_seq INT CHECK (log_seq BETWEEN 0 AND 9223372036854775807),
  created_at INSTANT NOT NULL,
  created_by REF NOT NULL,
  PRIMARY KEY (org, id),
  FOREIGN KEY (org, period_id) REFERENCES period (org, id),
  FOREIGN KEY (org, person_id) REFERENCES person (org, id),
  FOREIGN KEY (org, unit_id) REFERENCES unit (org, id)
) {{STRICT}};
CREATE UNIQUE INDEX statement_u_period_run_person ON statement (org, period_id, run, person_id);
CREATE UNIQUE INDEX statement_u_number ON statement (org, number);
CREATE INDEX statement_i_person_period ON statement (org, person_id, period_id);

-- 付款 | Payout
CREATE TABLE payout (
  org ID NOT NULL,
  id ID NOT NULL,
  version INT NOT NULL,
  changed_at INSTANT NOT NULL,
  changed_by REF NOT NULL,
  statement_id REF NOT NULL,
  person_id REF NOT NULL,
  amount MONEY NOT NULL CHECK (amount BETWEEN 0 AND 1000000000000000),
  status STATE NOT NULL CHECK (status IN ('due', 'held', 'batched', 'sent', 'unknown', 'failed', 'paid')),
  due_on DATE NOT NULL,
  created_at INSTANT NOT NULL,
  created_by REF NOT NULL,
  PRIMARY KEY (org, id),
  FOREIGN KEY (org, statement_id) REFERENCES statement (org, id),
  FOREIGN KEY (org, person_id) REFERENCES person (org, id)
) {{STRICT}};
CREATE UNIQUE INDEX payout_u_statement ON payout (org, statement_id);
CREATE INDEX payout_i_status_due_on ON payout (org, status, due_on);

-- 策略包 | Playbook
CREATE TABLE playbook (
  org ID NOT NULL,
  id ID NOT NULL,
  version INT NOT NULL,
  changed_at INSTANT NOT NULL,
  changed_by REF NOT NULL,
  code TEXT NOT NULL CHECK (length(code) <= 40),
  number INT NOT NULL CHECK (number BETWEEN 1 AND 1000000),
  name TEXT NOT NULL CHECK (length(name) <= 120),
  name_en TEXT NOT NULL CHECK (length(name_en) <= 120),
  about_zh TEXT CHECK (length(about_zh) <= 1000),
  about_en TEXT CHECK (length(about_en) <= 1000),
  status STATE NOT NULL CHECK (status IN ('draft', 'published', 'retired', 'dropped')),
  effective_from DATE,
  published_at INSTANT,
  published_by_id REF,
  sha256 TEXT NOT NULL CHECK (length(sha256) <= 64),
  created_at INSTANT NOT NULL,
  created_by REF NOT NULL,
  PRIMARY KEY (org, id),
  FOREIGN KEY (org, published_by_id) REFERENCES login (org, id)
) {{STRICT}};
CREATE UNIQUE INDEX playbook_u_code_number ON playbook (org, code, number);

-- 策略条目 | Playbook item
CREATE TABLE playbook_item (
  org ID NOT NULL,
  id ID NOT NULL,
  version INT NOT NULL,
  playbook_id REF NOT NULL,
  section TEXT NOT NULL CHECK (length(section) <= 40),
  code TEXT NOT NULL CHECK (length(code) <= 80),
  name TEXT CHECK (length(name) <= 120),
  name_en TEXT CHECK (length(name_en) <= 120),
  body JSON NOT NULL,
  created_at INSTANT NOT NULL,
  created_by REF NOT NULL,
  PRIMARY KEY (org, id),
  FOREIGN KEY (org, playbook_id) REFERENCES playbook (org, id)
) {{STRICT}};
CREATE UNIQUE INDEX playbook_item_u_playbook_section_code ON playbook_item (org, playbook_id, section, code);

-- 价格 | Price
CREATE TABLE price (
  org ID NOT NULL,
  id ID NOT NULL,
  version INT NOT NULL,
  changed_at INSTANT NOT NULL,
  changed_by REF NOT NULL,
  product_id REF NOT NULL,
  from_on DATE NOT NULL,
  unit_price DECIMAL NOT NULL CHECK (unit_price BETWEEN 0 AND 1000000000000),
  created_at INSTANT NOT NULL,
  created_by REF NOT NULL,
  PRIMARY KEY (org, id),
  FOREIGN KEY (org, product_id) REFERENCES product (org, id)
) {{STRICT}};
CREATE UNIQUE INDEX price_u_product_from_on ON price (org, product_id, from_on);

-- 退款 | Refund
CREATE TABLE refund (
  org ID NOT NULL,
  id ID NOT NULL,
  version INT NOT NULL,
  sales_order_id REF,
  origin_id REF,
  match ENUM NOT NULL CHECK (match IN ('matched', 'unmatched')),
  promoter_id REF,
  customer_id REF,
  product_id REF,
  quantity INT NOT NULL CHECK (quantity BETWEEN 0 AND 1000000000),
  amount MONEY NOT NULL CHECK (amount BETWEEN -1000000000000000 AND 1000000000000000),
  refunded_on DATE NOT NULL,
  refunded_at INSTANT NOT NULL,
  reason TEXT CHECK (length(reason) <= 400),
  log_seq INT NOT NULL CHECK (log_seq BETWEEN 0 AND 9223372036854775807),
  created_at INSTANT NOT NULL,
  created_by REF NOT NULL,
  PRIMARY KEY (org, id),
  FOREIGN KEY (org, sales_order_id) REFERENCES sales_order (org, id),
  FOREIGN KEY (org, origin_id) REFERENCES order_line (org, id),
  FOREIGN KEY (org, promoter_id) REFERENCES person (org, id),
  FOREIGN KEY (org, customer_id) REFERENCES customer (org, id),
  FOREIGN KEY (org, product_id) REFERENCES product (org, id)
) {{STRICT}};
CREATE INDEX refund_i_origin_refunded_on ON refund (org, origin_id, refunded_on);
CREATE INDEX refund_i_refunded_on ON refund (org, refunded_on);
CREATE INDEX refund_i_promoter_refunded_on ON refund (org, promoter_id, refunded_on);

-- 授权 | Role grant
CREATE TABLE role_grant (
  org ID NOT NULL,
  id ID NOT NULL,
  version INT NOT NULL,
  changed_at INSTANT NOT NULL,
  changed_by REF NOT NULL,
  archived_at INSTANT,
  login_id REF NOT NULL,
  role_id REF NOT NULL,
  unit_id REF,
  from_on DATE NOT NULL,
  until_on DATE,
  created_at INSTANT NOT NULL,
  created_by REF NOT NULL,
  PRIMARY KEY (org, id),
  FOREIGN KEY (org, login_id) REFERENCES login (org, id),
  FOREIGN KEY (org, role_id) REFERENCES role (org, id),
  FOREIGN KEY (org, unit_id) REFERENCES unit (org, id)
) {{STRICT}};
CREATE INDEX role_grant_i_login ON role_grant (org, login_id);

-- 会话 | Session
CREATE TABLE session (
  org ID NOT NULL,
  id ID NOT NULL,
  version INT NOT NULL,
  changed_at INSTANT NOT NULL,
  changed_by REF NOT NULL,
  login_id REF NOT NULL,
  token_hash BLOB NOT NULL,
  csrf TEXT NOT NULL CHECK (length(csrf) <= 64),
  expires_at INSTANT NOT NULL,
  ended_at INSTANT,
  address TEXT CHECK (length(address) <= 64),
  agent TEXT CHECK (length(agent) <= 200),
  created_at INSTANT NOT NULL,
  created_by REF NOT NULL,
  PRIMARY KEY (org, id),
  FOREIGN KEY (org, login_id) REFERENCES login (org, id)
) {{STRICT}};
CREATE UNIQUE INDEX session_u_token_hash ON session (org, token_hash);
CREATE INDEX session_i_login ON session (org, login_id);

-- 设置值 | Setting value
CREATE TABLE setting_value (
  org ID NOT NULL,
  id ID NOT NULL,
  version INT NOT NULL,
  changed_at INSTANT NOT NULL,
  changed_by REF NOT NULL,
  name TEXT NOT NULL CHECK (length(name) <= 80),
  number INT CHECK (number BETWEEN -9223372036854775807 AND 9223372036854775807),
  words TEXT CHECK (length(words) <= 2000),
  created_at INSTANT NOT NULL,
  created_by REF NOT NULL,
  PRIMARY KEY (org, id)
) {{STRICT}};
CREATE UNIQUE INDEX setting_value_u_name ON setting_value (org, name);

-- 结算快照 | Settlement run
CREATE TABLE settlement_run (
  org ID NOT NULL,
  id ID NOT NULL,
  version INT NOT NULL,
  period_id REF NOT NULL,
  number INT NOT NULL CHECK (number BETWEEN 1 AND 1000000),
  plan_id REF NOT NULL,
  as_of INSTANT NOT NULL,
  log_seq INT NOT NULL CHECK (log_seq BETWEEN 0 AND 9223372036854775807),
  inputs JSON NOT NULL,
  statements INT NOT NULL CHECK (statements BETWEEN 0 AND 100000000),
  gross MONEY NOT NULL CHECK (gross BETWEEN -1000000000000000 AND 1000000000000000),
  tax MONEY NOT NULL CHECK (tax BETWEEN -1000000000000000 AND 1000000000000000),
  net MONEY NOT NULL CHECK (net BETWEEN -1000000000000000 AND 1000000000000000),
  root TEXT NOT NULL CHECK (length(root) <= 64),
  reason TEXT CHECK (length(reason) <= 400),
  by_login_id REF,
  created_at INSTANT NOT NULL,
  created_by REF NOT NULL,
  PRIMARY KEY (org, id),
  FOREIGN KEY (org, period_id) REFERENCES period (org, id),
  FOREIGN KEY (org, plan_id) REFERENCES plan_version (org, id),
  FOREIGN KEY (org, by_login_id) REFERENCES login (org, id)
) {{STRICT}};
CREATE UNIQUE INDEX settlement_run_u_period_number ON settlement_run (org, period_id, number);

-- 登录限速 | Sign-in throttle
CREATE TABLE sign_in_throttle (
  org ID NOT NULL,
  id ID NOT NULL,
  version INT NOT NULL,
  changed_at INSTANT NOT NULL,
  changed_by REF NOT NULL,
  subject TEXT NOT NULL CHECK (length(subject) <= 120),
  failures INT NOT NULL CHECK (failures BETWEEN 0 AND 1000000),
  until INSTANT,
  last_on INSTANT,
  created_at INSTANT NOT NULL,
  created_by REF NOT NULL,
  PRIMARY KEY (org, id)
) {{STRICT}};
CREATE UNIQUE INDEX sign_in_throttle_u_subject ON sign_in_throttle (org, subject);

-- 结算单行 | Statement line
CREATE TABLE statement_line (
  org ID NOT NULL,
  id ID NOT NULL,
  version INT NOT NULL,
  statement_id REF NOT NULL,
  person_id REF NOT NULL,
  component TEXT NOT NULL CHECK (length(component) <= 60),
  source TEXT NOT NULL CHECK (length(source) <= 40),
  source_row INT CHECK (source_row BETWEEN 0 AND 9223372036854775807),
  title TEXT CHECK (length(title) <= 200),
  day DATE,
  base MONEY CHECK (base BETWEEN -1000000000000000 AND 1000000000000000),
  amount MONEY NOT NULL CHECK (amount BETWEEN -1000000000000000 AND 1000000000000000),
  created_at INSTANT NOT NULL,
  created_by REF NOT NULL,
  PRIMARY KEY (org, id),
  FOREIGN KEY (org, statement_id) REFERENCES statement (org, id),
  FOREIGN KEY (org, person_id) REFERENCES person (org, id)
) {{STRICT}};
CREATE INDEX statement_line_i_statement_component ON statement_line (org, statement_id, component);
CREATE INDEX statement_line_i_person_day ON statement_line (org, person_id, day);
CREATE INDEX statement_line_i_source_row ON statement_line (org, source_row);

-- 上传 | Upload
CREATE TABLE upload (
  org ID NOT NULL,
  id ID NOT NULL,
  version INT NOT NULL,
  changed_at INSTANT NOT NULL,
  changed_by REF NOT NULL,
  name TEXT NOT NULL CHECK (length(name) <= 200),
  type TEXT NOT NULL CHECK (length(type) <= 100),
  bytes INT NOT NULL CHECK (bytes BETWEEN 1 AND 1099511627776),
  received INT NOT NULL CHECK (received BETWEEN 0 AND 1099511627776),
  sha256 BLOB,
  status STATE NOT NULL CHECK (status IN ('open', 'kept', 'dropped')),
  file_id REF,
  owner_id REF,
  created_at INSTANT NOT NULL,
  created_by REF NOT NULL,
  PRIMARY KEY (org, id),
  FOREIGN KEY (org, file_id) REFERENCES file (org, id),
  FOREIGN KEY (org, owner_id) REFERENCES person (org, id)
) {{STRICT}};
