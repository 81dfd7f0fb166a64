-- +goose Up

-- What an AppID's challenge is answered with: 0 AES-128, 1 SM4.
ALTER TABLE app ADD COLUMN cipher INTEGER NOT NULL DEFAULT 0;
