#!/bin/sh
# PostgreSQL's image runs this once, when its volume is created: it adds an account for the atlas, which only reads the tables
# (a migration lets it write lists and notes).
#
#   ATLAS_PASSWORD                  of the account viz_atlas
#   POSTGRES_USER, POSTGRES_DB      the owner of the tables, and the database
set -e
: "${ATLAS_PASSWORD:?is missing}"
psql -v ON_ERROR_STOP=1 -q -U "$POSTGRES_USER" -d "$POSTGRES_DB" <<'SQL'
\set password `printf %s "$ATLAS_PASSWORD"`
CREATE ROLE viz_atlas LOGIN PASSWORD :'password';
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO viz_atlas;
SQL
