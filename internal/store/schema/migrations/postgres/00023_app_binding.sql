-- +goose Up

-- What limits the terminals of a direct AppID: which accounts may log in through it (an account, or 8001* for all that begin so), from which networks
-- they may connect, which accounts log in through no other. Each list is sorted and joined by spaces; '' does not limit.
ALTER TABLE app
    ADD COLUMN bound_accounts    text NOT NULL DEFAULT '',
    ADD COLUMN bound_networks    text NOT NULL DEFAULT '',
    ADD COLUMN confined_accounts text NOT NULL DEFAULT '';
