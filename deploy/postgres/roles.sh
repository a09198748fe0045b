#!/bin/sh
# Makes the two roles and the database, once, when the data folder is new.
set -eu
psql --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres \
    --set owner_password="$OWNER_PASSWORD" --set app_password="$APP_PASSWORD" <<'SQL'
CREATE ROLE ivportal_owner LOGIN NOSUPERUSER PASSWORD :'owner_password';
CREATE ROLE ivportal_app LOGIN NOSUPERUSER NOBYPASSRLS PASSWORD :'app_password';
CREATE DATABASE ivportal OWNER ivportal_owner;
SQL
