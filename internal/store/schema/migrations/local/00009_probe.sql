-- +goose Up

-- What a front writes to find out whether there is room for logins again: one row, always replaced.
CREATE TABLE probe (
	only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
	filler   BLOB NOT NULL
);
