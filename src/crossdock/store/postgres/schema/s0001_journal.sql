-- Version 1: the whole journal, as in SQLite, with names as text and leases as rows.

CREATE TABLE pin (name text PRIMARY KEY, value text NOT NULL);

CREATE TABLE message (
  id bigint PRIMARY KEY,
  system text NOT NULL, topic text NOT NULL, company text NOT NULL, node text NOT NULL,
  received_at bigint NOT NULL, size bigint NOT NULL, pieces integer NOT NULL, conflicts_with bigint,
  content_type text NOT NULL, headers text NOT NULL, dedupe_key text NOT NULL, origin text NOT NULL,
  digest bytea NOT NULL, body bytea NOT NULL
);
CREATE SEQUENCE message_id;
CREATE TABLE body_chunk (
  message_id bigint NOT NULL, n integer NOT NULL, bytes bytea NOT NULL, PRIMARY KEY (message_id, n)
);
CREATE TABLE upload (message_id bigint PRIMARY KEY, touched_at bigint NOT NULL);
CREATE TABLE message_state (
  id bigint PRIMARY KEY, state smallint NOT NULL, received_at bigint NOT NULL, note text NOT NULL
) WITH (fillfactor = 80);
CREATE INDEX message_accepted ON message_state (id) WHERE state = 1;
CREATE TABLE seen (
  bucket integer NOT NULL, hash bigint NOT NULL, scope smallint NOT NULL, ref bigint NOT NULL,
  PRIMARY KEY (bucket, hash, scope, ref)
);
CREATE TABLE duplicate (system text PRIMARY KEY, n bigint NOT NULL);

CREATE TABLE document (
  id bigint PRIMARY KEY, message_id bigint NOT NULL,
  kind text NOT NULL, company text NOT NULL, interface text NOT NULL, created_at bigint NOT NULL,
  key text NOT NULL, source_version text NOT NULL, transactions text NOT NULL, filtered_by text NOT NULL,
  digest bytea NOT NULL, body bytea NOT NULL
);
CREATE SEQUENCE document_id;
CREATE INDEX document_message ON document (message_id);
CREATE TABLE link (hash bigint NOT NULL, document_id bigint NOT NULL, PRIMARY KEY (hash, document_id));

CREATE TABLE delivery (
  id bigint PRIMARY KEY, document_id bigint NOT NULL, message_id bigint NOT NULL,
  interface text NOT NULL, interface_version integer NOT NULL, target_index integer NOT NULL,
  target text NOT NULL, company text NOT NULL, operation text NOT NULL, object_kind text NOT NULL,
  created_at bigint NOT NULL, received_at bigint NOT NULL, supersede boolean NOT NULL,
  object_key text NOT NULL, effect_key text NOT NULL, source_version text NOT NULL, txn text NOT NULL
);
CREATE SEQUENCE delivery_id;
CREATE INDEX delivery_document ON delivery (document_id);
CREATE TABLE delivery_state (
  id bigint PRIMARY KEY, key_hash bigint NOT NULL, target text NOT NULL, lane smallint NOT NULL,
  state smallint NOT NULL, due_at bigint NOT NULL, attempts integer NOT NULL, sent_at bigint NOT NULL,
  effect_done boolean NOT NULL, named bigint, holds boolean NOT NULL
) WITH (fillfactor = 70);
CREATE INDEX delivery_ready ON delivery_state (target, id) WHERE state = 1;
CREATE INDEX delivery_sent ON delivery_state (target, id) WHERE state = 2;
CREATE INDEX delivery_active ON delivery_state (key_hash) WHERE state < 50;
CREATE INDEX delivery_stuck ON delivery_state (key_hash) WHERE state IN (3, 4, 6, 7);
CREATE INDEX delivery_due ON delivery_state (due_at) WHERE due_at > 0;
CREATE TABLE rival (
  key_hash bigint NOT NULL, operation text NOT NULL, delivery_id bigint NOT NULL, version text NOT NULL,
  PRIMARY KEY (key_hash, operation, delivery_id)
);
CREATE TABLE waiting_fact (
  hash bigint NOT NULL, delivery_id bigint NOT NULL, since pg_snapshot, fact text NOT NULL,
  PRIMARY KEY (hash, delivery_id)
);
CREATE INDEX waiting_delivery ON waiting_fact (delivery_id);

CREATE SEQUENCE lane_token;
CREATE TABLE lane (
  target text NOT NULL, lane smallint NOT NULL, worker text NOT NULL, token bigint NOT NULL,
  expires_at bigint NOT NULL, PRIMARY KEY (target, lane)
);

CREATE TABLE artefact (
  id bigint PRIMARY KEY, system text NOT NULL, operation text NOT NULL, sent_at bigint NOT NULL,
  deliveries text NOT NULL, request bytea NOT NULL
);
CREATE SEQUENCE artefact_id;
CREATE TABLE attempt (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, delivery_id bigint NOT NULL, at bigint NOT NULL,
  state smallint NOT NULL, artefact_id bigint, outcome text NOT NULL, error_code text NOT NULL,
  error_text text NOT NULL, answer bytea NOT NULL
);
CREATE INDEX attempt_delivery ON attempt (delivery_id);
CREATE TABLE xref (
  hash bigint NOT NULL, external_hash bigint NOT NULL, changed_by xid8 NOT NULL, tombstone boolean NOT NULL,
  changed_at bigint NOT NULL,
  system text NOT NULL, company text NOT NULL, kind text NOT NULL, key text NOT NULL, external_id text NOT NULL,
  PRIMARY KEY (hash, key)
);
CREATE INDEX xref_external ON xref (external_hash);

CREATE SEQUENCE exception_id;
CREATE TABLE exception (
  id bigint PRIMARY KEY, identity bigint NOT NULL UNIQUE, state text NOT NULL,
  code text NOT NULL, severity text NOT NULL, class text NOT NULL, owner text NOT NULL, stage text NOT NULL,
  text text NOT NULL, mend text NOT NULL, detail text NOT NULL, place text NOT NULL,
  system text NOT NULL, interface text NOT NULL, txn text NOT NULL,
  message_id bigint, document_id bigint, delivery_id bigint,
  first_seen bigint NOT NULL, last_seen bigint NOT NULL, count integer NOT NULL,
  assignee text NOT NULL, resolution text NOT NULL
);
CREATE INDEX exception_open ON exception (state, id);
CREATE INDEX exception_delivery ON exception (delivery_id) WHERE delivery_id IS NOT NULL;
CREATE INDEX exception_message ON exception (message_id) WHERE message_id IS NOT NULL;
CREATE INDEX exception_txn ON exception (txn) WHERE txn <> '';

CREATE TABLE event (
  id bigint PRIMARY KEY, at bigint NOT NULL, kind text NOT NULL, system text NOT NULL,
  message_id bigint, document_id bigint, delivery_id bigint, txn_hash bigint,
  txn text NOT NULL, data text NOT NULL
);
CREATE SEQUENCE event_id;
CREATE INDEX event_document ON event (document_id) WHERE document_id IS NOT NULL;
CREATE INDEX event_txn ON event (txn_hash) WHERE txn_hash IS NOT NULL;
CREATE TABLE cursor (name text PRIMARY KEY, position bigint NOT NULL);
CREATE TABLE ledger_fact (
  txn text NOT NULL, line_id text NOT NULL, measure text NOT NULL, system text NOT NULL, ref text NOT NULL,
  quantity text NOT NULL, PRIMARY KEY (txn, line_id, measure, system, ref)
);
CREATE TABLE watermark (
  system text NOT NULL, source text NOT NULL, company text NOT NULL, value bytea NOT NULL,
  PRIMARY KEY (system, source, company)
);
CREATE TABLE idempotency (
  scope text NOT NULL, key text NOT NULL, digest bytea NOT NULL, answer bytea NOT NULL, at bigint NOT NULL,
  PRIMARY KEY (scope, key)
);
