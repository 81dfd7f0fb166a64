-- +goose Up

-- Whether the account may log in: 0 yes; 1 an operator disabled it; 2 an operator removed it, and no list shows it.
ALTER TABLE account        ADD COLUMN state INTEGER NOT NULL DEFAULT 0 CHECK (state IN (0, 1, 2));
ALTER TABLE mirror_account ADD COLUMN state INTEGER NOT NULL DEFAULT 0;

-- What an operator changed by a command: who, when, what, why. Nothing updates a row. Times are microseconds since 1970, UTC.
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
