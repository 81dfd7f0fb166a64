-- +goose Up

-- The hash of the configuration that is in force in a front, so that fronts with different settings are seen; '' of an older program.
ALTER TABLE front ADD COLUMN config text NOT NULL DEFAULT '';
