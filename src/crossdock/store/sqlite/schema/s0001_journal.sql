-- Version 1: the whole journal.

CREATE TABLE stamp (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE pin (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE name (no INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);

CREATE TABLE message (
  id INTEGER PRIMARY KEY,
  system INTEGER NOT NULL, topic INTEGER NOT NULL, company INTEGER NOT NULL, node INTEGER NOT NULL,
  received_at INTEGER NOT NULL, size INTEGER NOT NULL, pieces INTEGER NOT NULL, conflicts_with INTEGER,
  content_type TEXT NOT NULL, headers TEXT NOT NULL, dedupe_key TEXT NOT NULL, origin TEXT NOT NULL,
  digest BLOB NOT NULL, body BLOB NOT NULL
);
CREATE TABLE body_chunk (
  message_id INTEGER NOT NULL, n INTEGER NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY (message_id, n)
);
CREATE TABLE upload (message_id INTEGER PRIMARY KEY);
CREATE TABLE message_state (
  id INTEGER PRIMARY KEY, state INTEGER NOT NULL, received_at INTEGER NOT NULL, note TEXT NOT NULL
);
CREATE INDEX message_accepted ON message_state (id) WHERE state = 1;
CREATE TABLE seen (
  bucket INTEGER NOT NULL, hash INTEGER NOT NULL, scope INTEGER NOT NULL, ref INTEGER NOT NULL,
  PRIMARY KEY (bucket, hash, scope, ref)
) WITHOUT ROWID;
CREATE TABLE duplicate (system TEXT PRIMARY KEY, n INTEGER NOT NULL) WITHOUT ROWID;

CREATE TABLE document (
  id INTEGER PRIMARY KEY, message_id INTEGER NOT NULL,
  kind INTEGER NOT NULL, company INTEGER NOT NULL, interface INTEGER NOT NULL, created_at INTEGER NOT NULL,
  key TEXT NOT NULL, source_version TEXT NOT NULL, transactions TEXT NOT NULL, filtered_by TEXT NOT NULL,
  digest BLOB NOT NULL, body BLOB NOT NULL
);
CREATE INDEX document_message ON document (message_id);
CREATE TABLE link (hash INTEGER NOT NULL, document_id INTEGER NOT NULL, PRIMARY KEY (hash, document_id))
  WITHOUT ROWID;

CREATE TABLE delivery (
  id INTEGER PRIMARY KEY, document_id INTEGER NOT NULL, message_id INTEGER NOT NULL,
  interface INTEGER NOT NULL, interface_version INTEGER NOT NULL, target_index INTEGER NOT NULL,
  target INTEGER NOT NULL, company INTEGER NOT NULL, operation INTEGER NOT NULL, object_kind INTEGER NOT NULL,
  created_at INTEGER NOT NULL, received_at INTEGER NOT NULL, supersede INTEGER NOT NULL,
  object_key TEXT NOT NULL, effect_key TEXT NOT NULL, source_version TEXT NOT NULL, txn TEXT NOT NULL
);
CREATE INDEX delivery_document ON delivery (document_id);
CREATE TABLE delivery_state (
  id INTEGER PRIMARY KEY, key_hash INTEGER NOT NULL, target INTEGER NOT NULL, lane INTEGER NOT NULL,
  state INTEGER NOT NULL, due_at INTEGER NOT NULL, attempts INTEGER NOT NULL, sent_at INTEGER NOT NULL,
  effect_done INTEGER NOT NULL, named INTEGER, holds INTEGER NOT NULL
);
CREATE INDEX delivery_ready ON delivery_state (target, id) WHERE state = 1;
CREATE INDEX delivery_sent ON delivery_state (target, id) WHERE state = 2;
CREATE INDEX delivery_active ON delivery_state (key_hash) WHERE state < 50;
CREATE INDEX delivery_stuck ON delivery_state (key_hash) WHERE state IN (3, 4, 6, 7);
CREATE INDEX delivery_due ON delivery_state (due_at) WHERE due_at > 0;
CREATE TABLE rival (
  key_hash INTEGER NOT NULL, operation INTEGER NOT NULL, delivery_id INTEGER NOT NULL, version TEXT NOT NULL,
  PRIMARY KEY (key_hash, operation, delivery_id)
) WITHOUT ROWID;
CREATE TABLE waiting_fact (
  hash INTEGER NOT NULL, delivery_id INTEGER NOT NULL, since INTEGER NOT NULL, fact TEXT NOT NULL,
  PRIMARY KEY (hash, delivery_id)
) WITHOUT ROWID;
CREATE INDEX waiting_delivery ON waiting_fact (delivery_id);

CREATE TABLE artefact (
  id INTEGER PRIMARY KEY, system INTEGER NOT NULL, operation INTEGER NOT NULL, sent_at INTEGER NOT NULL,
  deliveries TEXT NOT NULL, request BLOB NOT NULL
);
CREATE TABLE attempt (
  id INTEGER PRIMARY KEY, delivery_id INTEGER NOT NULL, at INTEGER NOT NULL, state INTEGER NOT NULL,
  artefact_id INTEGER, outcome TEXT NOT NULL, error_code TEXT NOT NULL, error_text TEXT NOT NULL, answer BLOB NOT NULL
);
CREATE INDEX attempt_delivery ON attempt (delivery_id);
CREATE TABLE xref (
  id INTEGER PRIMARY KEY, hash INTEGER NOT NULL, external_hash INTEGER NOT NULL, seq INTEGER NOT NULL,
  tombstone INTEGER NOT NULL, changed_at INTEGER NOT NULL,
  system TEXT NOT NULL, company TEXT NOT NULL, kind TEXT NOT NULL, key TEXT NOT NULL, external_id TEXT NOT NULL
);
CREATE INDEX xref_hash ON xref (hash);
CREATE INDEX xref_external ON xref (external_hash);

CREATE TABLE exception (
  id INTEGER PRIMARY KEY, identity INTEGER NOT NULL, state TEXT NOT NULL,
  code TEXT NOT NULL, severity TEXT NOT NULL, class TEXT NOT NULL, owner TEXT NOT NULL, stage TEXT NOT NULL,
  text TEXT NOT NULL, mend TEXT NOT NULL, detail TEXT NOT NULL, place TEXT NOT NULL,
  system TEXT NOT NULL, interface TEXT NOT NULL, txn TEXT NOT NULL,
  message_id INTEGER, document_id INTEGER, delivery_id INTEGER,
  first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL, count INTEGER NOT NULL,
  assignee TEXT NOT NULL, resolution TEXT NOT NULL
);
CREATE INDEX exception_identity ON exception (identity);
CREATE INDEX exception_open ON exception (state, id);
CREATE INDEX exception_delivery ON exception (delivery_id) WHERE delivery_id IS NOT NULL;
CREATE INDEX exception_message ON exception (message_id) WHERE message_id IS NOT NULL;
CREATE INDEX exception_txn ON exception (txn) WHERE txn <> '';

CREATE TABLE event (
  id INTEGER PRIMARY KEY, at INTEGER NOT NULL, kind INTEGER NOT NULL, system INTEGER NOT NULL,
  message_id INTEGER, document_id INTEGER, delivery_id INTEGER, txn_hash INTEGER,
  txn TEXT NOT NULL, data TEXT NOT NULL
);
CREATE INDEX event_document ON event (document_id) WHERE document_id IS NOT NULL;
CREATE INDEX event_txn ON event (txn_hash) WHERE txn_hash IS NOT NULL;
CREATE TABLE cursor (name TEXT PRIMARY KEY, position INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE ledger_fact (
  txn TEXT NOT NULL, line_id TEXT NOT NULL, measure TEXT NOT NULL, system TEXT NOT NULL, ref TEXT NOT NULL,
  quantity TEXT NOT NULL, PRIMARY KEY (txn, line_id, measure, system, ref)
) WITHOUT ROWID;
CREATE TABLE watermark (
  system TEXT NOT NULL, source TEXT NOT NULL, company TEXT NOT NULL, value BLOB NOT NULL,
  PRIMARY KEY (system, source, company)
) WITHOUT ROWID;
CREATE TABLE idempotency (
  scope TEXT NOT NULL, key TEXT NOT NULL, digest BLOB NOT NULL, answer BLOB NOT NULL, at INTEGER NOT NULL,
  PRIMARY KEY (scope, key)
);
