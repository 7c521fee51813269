-- Two roles and one database: the owner changes tables at an upgrade, the app serves pages and can only add to the logs.
-- Run once as the superuser:  psql -v ON_ERROR_STOP=1 -f deploy/postgresql-roles.sql
CREATE ROLE accord_owner LOGIN;
CREATE ROLE accord_app LOGIN CONNECTION LIMIT 60;
CREATE DATABASE accord OWNER accord_owner ENCODING 'UTF8' TEMPLATE template0;

REVOKE ALL ON DATABASE accord FROM PUBLIC;
GRANT CONNECT ON DATABASE accord TO accord_app;

-- A stuck request must not hold everybody else up.
ALTER ROLE accord_app SET lock_timeout = '10s';
ALTER ROLE accord_app SET statement_timeout = '30s';
ALTER ROLE accord_app SET idle_in_transaction_session_timeout = '60s';
-- An upgrade that cannot get its lock gives up and can be run again, instead of making every page wait behind it.
ALTER ROLE accord_owner SET lock_timeout = '5s';

\connect accord
ALTER SCHEMA public OWNER TO accord_owner;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
