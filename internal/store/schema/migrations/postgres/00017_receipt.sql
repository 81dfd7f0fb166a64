-- +goose Up

-- What the monitoring centre answered when the report was handed in; '' where the clerk noted none.
ALTER TABLE handed_in ADD COLUMN receipt text NOT NULL DEFAULT '';
