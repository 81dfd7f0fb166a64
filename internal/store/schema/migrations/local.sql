-- Made from all migrations in local/ by go test ./internal/store/localfile -update: do not edit.

CREATE TABLE goose_db_version (
		id INTEGER PRIMARY KEY AUTOINCREMENT,
		version_id INTEGER NOT NULL,
		is_applied INTEGER NOT NULL,
		tstamp TIMESTAMP DEFAULT (datetime('now'))
	);

CREATE TABLE record (
    seq         INTEGER PRIMARY KEY,
    record_id   BLOB    NOT NULL CHECK (length(record_id) = 16),
    trading_day INTEGER NOT NULL, -- YYYYMMDD
    login_time  INTEGER NOT NULL, -- seconds since 1970, UTC
    vendor_id   TEXT    NOT NULL,
    key_version TEXT    NOT NULL,
    terminal    BLOB    NOT NULL, -- ciphertext, empty if the terminal sent none
    supplement  BLOB    NOT NULL, -- ciphertext
    flag        INTEGER NOT NULL, -- 异常标识, 0..3
    app_id      TEXT    NOT NULL,
    account     TEXT    NOT NULL,
    user_type   INTEGER NOT NULL, -- 1 customer, 2 operator
    front_id    INTEGER NOT NULL,
    session_id  INTEGER NOT NULL, provisional INTEGER NOT NULL DEFAULT 0, crc INTEGER, relay_app_id     TEXT, relay_mode       INTEGER, visit_time       INTEGER, relay_login_time INTEGER, relay_sealed BLOB,
    UNIQUE (trading_day, record_id)
);

CREATE TABLE quarantine (
    seq         INTEGER PRIMARY KEY,
    record_id   BLOB    NOT NULL,
    trading_day INTEGER NOT NULL,
    login_time  INTEGER NOT NULL,
    vendor_id   TEXT    NOT NULL,
    key_version TEXT    NOT NULL,
    terminal    BLOB    NOT NULL,
    supplement  BLOB    NOT NULL,
    flag        INTEGER NOT NULL,
    app_id      TEXT    NOT NULL,
    account     TEXT    NOT NULL,
    user_type   INTEGER NOT NULL,
    front_id    INTEGER NOT NULL,
    session_id  INTEGER NOT NULL,
    error       TEXT    NOT NULL
, provisional INTEGER NOT NULL DEFAULT 0, crc INTEGER, relay_app_id     TEXT, relay_mode       INTEGER, visit_time       INTEGER, relay_login_time INTEGER, relay_sealed BLOB);

CREATE TABLE directory (
    only_row   INTEGER PRIMARY KEY CHECK (only_row = 1),
    generation INTEGER NOT NULL
, relays INTEGER NOT NULL DEFAULT 0);

CREATE TABLE app (
    app_id   TEXT    PRIMARY KEY,
    app_type INTEGER NOT NULL, -- 1 direct
    sealed   BLOB    NOT NULL, -- authcode, encrypted under the master key
    enabled  INTEGER NOT NULL, -- 0 or 1
    created  INTEGER NOT NULL,
    changed  INTEGER NOT NULL
, cipher INTEGER NOT NULL DEFAULT 0, previous_sealed BLOB    NOT NULL DEFAULT x'', previous_cipher INTEGER NOT NULL DEFAULT 0, previous_until  INTEGER NOT NULL DEFAULT 0, version INTEGER NOT NULL DEFAULT 0, bound_accounts    TEXT NOT NULL DEFAULT '', bound_networks    TEXT NOT NULL DEFAULT '', confined_accounts TEXT NOT NULL DEFAULT '');

CREATE TABLE account (
    account       TEXT    PRIMARY KEY,
    user_type     INTEGER NOT NULL,
    password_hash TEXT    NOT NULL,
    created       INTEGER NOT NULL,
    changed       INTEGER NOT NULL,
    unlocked      INTEGER NOT NULL -- 0 if never
, version INTEGER NOT NULL DEFAULT 0, state INTEGER NOT NULL DEFAULT 0 CHECK (state IN (0, 1, 2)));

CREATE INDEX record_provisional ON record (login_time, record_id) WHERE provisional <> 0;

CREATE INDEX record_arrival ON record (trading_day);

CREATE TABLE report_export (
    day         INTEGER NOT NULL, -- YYYYMMDD
    number      INTEGER NOT NULL, -- 1, 2, … within the day
    kind        TEXT    NOT NULL CHECK (kind IN ('full', 'partial', 'supplement')),
    exported_at INTEGER NOT NULL,
    row_count   INTEGER NOT NULL, -- lines of the file
    bytes       INTEGER NOT NULL,
    sha256      BLOB    NOT NULL CHECK (length(sha256) = 32),
    file_name   TEXT    NOT NULL, -- without its folder
    position    INTEGER NOT NULL,
    version     TEXT    NOT NULL, -- of the program
    made_on     TEXT    NOT NULL, -- name of the machine
    unit_id     TEXT    NOT NULL,
    PRIMARY KEY (day, number)
);

CREATE TABLE reassigned_from (
    day     INTEGER PRIMARY KEY, -- YYYYMMDD
    arrival INTEGER NOT NULL
);

CREATE TABLE identity (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    store_id BLOB    NOT NULL CHECK (length(store_id) = 16)
);

CREATE TABLE mirror (
    only_row   INTEGER PRIMARY KEY CHECK (only_row = 1),
    generation INTEGER NOT NULL, -- of this copy: it grows at each change
    theirs     INTEGER NOT NULL, -- PostgreSQL's generation when it was taken
    taken      INTEGER NOT NULL  -- when that was, microseconds since 1970
, relays       INTEGER NOT NULL DEFAULT 0, their_relays INTEGER NOT NULL DEFAULT -1, their_token TEXT NOT NULL DEFAULT '');

CREATE TABLE mirror_app (
    app_id   TEXT    PRIMARY KEY,
    app_type INTEGER NOT NULL,
    cipher   INTEGER NOT NULL,
    sealed   BLOB    NOT NULL, -- authcode, encrypted under the master key as it is there
    previous_sealed BLOB    NOT NULL,
    previous_cipher INTEGER NOT NULL,
    previous_until  INTEGER NOT NULL,
    enabled  INTEGER NOT NULL,
    created  INTEGER NOT NULL,
    changed  INTEGER NOT NULL
, bound_accounts    TEXT NOT NULL DEFAULT '', bound_networks    TEXT NOT NULL DEFAULT '', confined_accounts TEXT NOT NULL DEFAULT '');

CREATE TABLE mirror_account (
    account       TEXT    PRIMARY KEY,
    user_type     INTEGER NOT NULL,
    password_hash TEXT    NOT NULL, -- argon2id, as it is there
    created       INTEGER NOT NULL,
    changed       INTEGER NOT NULL,
    unlocked      INTEGER NOT NULL
, state INTEGER NOT NULL DEFAULT 0);

CREATE TABLE waiver (
    day       INTEGER NOT NULL, -- YYYYMMDD
    waived_at INTEGER NOT NULL,
    waived_by TEXT    NOT NULL, -- user@machine
    reason    TEXT    NOT NULL CHECK (reason <> ''),
    obstacles TEXT    NOT NULL, -- JSON, as they were then
    PRIMARY KEY (day, waived_at)
);

CREATE TABLE life (
    seq    INTEGER PRIMARY KEY,
    life   BLOB    NOT NULL UNIQUE CHECK (length(life) = 16),
    number INTEGER NOT NULL
);

CREATE TABLE probe (
	only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
	filler   BLOB NOT NULL
);

CREATE TABLE handed_in (
    day       INTEGER NOT NULL, -- YYYYMMDD
    noted_at  INTEGER NOT NULL,
    noted_by  TEXT    NOT NULL, -- user@machine
    number    INTEGER NOT NULL, receipt TEXT NOT NULL DEFAULT '', -- of report_export
    PRIMARY KEY (day, noted_at)
);

CREATE TABLE forwarded (
    day      INTEGER PRIMARY KEY, -- YYYYMMDD
    records  INTEGER NOT NULL
);

CREATE TABLE forwarded_submission (
    record_id   BLOB    NOT NULL,
    trading_day INTEGER NOT NULL, -- YYYYMMDD; a record may stand in two days
    PRIMARY KEY (record_id, trading_day)
) WITHOUT ROWID;

CREATE TABLE relay (
    app_id        TEXT    PRIMARY KEY,
    networks      TEXT    NOT NULL, -- it may come from; [] admits none
    operators     TEXT    NOT NULL, -- accounts that may log in through it
    terminal_apps TEXT    NOT NULL, -- listed or audit
    allowed_apps  TEXT    NOT NULL, -- AppIDs of its terminals; [] is every enabled one
    client_certs   TEXT    NOT NULL, -- SHA-256 of its TLS client key, hex; '' for any
    connections   INTEGER NOT NULL,
    rate          INTEGER NOT NULL,
    burst         INTEGER NOT NULL,
    window_size   INTEGER NOT NULL,
    chained       INTEGER NOT NULL,
    scope_version TEXT    NOT NULL, -- drawn anew whenever its rows of relay_scope change
    created       INTEGER NOT NULL,
    changed       INTEGER NOT NULL
);

CREATE TABLE relay_scope (
    app_id   TEXT    NOT NULL,
    operator TEXT    NOT NULL,
    kind     TEXT    NOT NULL, -- A all, P prefix, S single
    value    TEXT    NOT NULL,
    granted  INTEGER NOT NULL,
    changed  INTEGER NOT NULL,
    PRIMARY KEY (app_id, operator, kind, value)
) WITHOUT ROWID;

CREATE TABLE mirror_relay (
    app_id        TEXT    PRIMARY KEY,
    networks      TEXT    NOT NULL,
    operators     TEXT    NOT NULL,
    terminal_apps TEXT    NOT NULL,
    allowed_apps  TEXT    NOT NULL,
    client_certs   TEXT    NOT NULL,
    connections   INTEGER NOT NULL,
    rate          INTEGER NOT NULL,
    burst         INTEGER NOT NULL,
    window_size   INTEGER NOT NULL,
    chained       INTEGER NOT NULL,
    scope_version TEXT    NOT NULL,
    created       INTEGER NOT NULL,
    changed       INTEGER NOT NULL
);

CREATE TABLE mirror_relay_scope (
    app_id   TEXT    NOT NULL,
    operator TEXT    NOT NULL,
    kind     TEXT    NOT NULL,
    value    TEXT    NOT NULL,
    PRIMARY KEY (app_id, operator, kind, value)
) WITHOUT ROWID;

CREATE INDEX app_version     ON app (version)     WHERE version > 0;

CREATE INDEX account_version ON account (version) WHERE version > 0;

CREATE TABLE directory_change (
    generation INTEGER PRIMARY KEY,
    token      TEXT    NOT NULL
);

CREATE TABLE directory_removed (
    generation INTEGER NOT NULL,
    kind       TEXT    NOT NULL CHECK (kind IN ('app', 'account')),
    name       TEXT    NOT NULL,
    PRIMARY KEY (generation, kind, name)
) WITHOUT ROWID;

CREATE TABLE verifier (
    account TEXT    PRIMARY KEY,
    key     TEXT    NOT NULL, -- fingerprint of the master key
    kib     INTEGER NOT NULL, -- memory of its argon2id
    tag     BLOB    NOT NULL
);

CREATE INDEX verifier_key ON verifier (key);

CREATE TABLE seen_terminals (
    id          INTEGER PRIMARY KEY,
    trading_day INTEGER NOT NULL, -- YYYYMMDD
    hashes      BLOB    NOT NULL CHECK (length(hashes) > 0 AND length(hashes) % 16 = 0),
    visits      BLOB    CHECK (visits IS NULL OR length(visits) * 2 = length(hashes))
);

CREATE TABLE operator_action (
    id        TEXT    PRIMARY KEY, -- UUIDv7
    acted_at  INTEGER NOT NULL,
    os_user   TEXT    NOT NULL, -- under whose name the command ran
    real_user TEXT    NOT NULL, -- who logged in to the machine, where that is another; '' else
    host      TEXT    NOT NULL,
    command   TEXT    NOT NULL,
    subject   TEXT    NOT NULL, -- what was changed: an account, an AppID, …
    changes   TEXT    NOT NULL, -- JSON: what had which value before and after
    why       TEXT    NOT NULL
) WITHOUT ROWID;

CREATE INDEX operator_action_acted_at ON operator_action (acted_at);

CREATE TABLE ban (
    network   TEXT    PRIMARY KEY, -- in canonical form, 192.0.2.7/32
    ends      INTEGER NOT NULL,
    created   INTEGER NOT NULL,
    banned_by TEXT    NOT NULL,
    why       TEXT    NOT NULL
) WITHOUT ROWID;

CREATE TABLE mirror_ban (
    network   TEXT    PRIMARY KEY,
    ends      INTEGER NOT NULL,
    created   INTEGER NOT NULL,
    banned_by TEXT    NOT NULL,
    why       TEXT    NOT NULL
) WITHOUT ROWID;

INSERT INTO goose_db_version (id, version_id, is_applied) VALUES
	(1, 0, 1),
	(2, 1, 1),
	(3, 2, 1),
	(4, 3, 1),
	(5, 4, 1),
	(6, 5, 1),
	(7, 6, 1),
	(8, 7, 1),
	(9, 8, 1),
	(10, 9, 1),
	(11, 10, 1),
	(12, 11, 1),
	(13, 12, 1),
	(14, 13, 1),
	(15, 14, 1),
	(16, 15, 1),
	(17, 16, 1),
	(18, 17, 1),
	(19, 18, 1),
	(20, 19, 1),
	(21, 20, 1),
	(22, 21, 1),
	(23, 22, 1);
INSERT INTO directory (only_row, generation, relays) VALUES
	(1, 0, 0);
