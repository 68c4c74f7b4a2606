-- What: the roles, the schema `auth` and its three functions, as Supabase provides them; the extension `vector`; the
--       schema `ops`; the two helpers that the row policies ask.
-- Why:  row level security and the keys to `auth.users` then work alike on Supabase and on a plain PostgreSQL.
-- Safe while old code runs: yes. Every step happens only where its object is missing; nothing that exists is altered.

DO $roles$
DECLARE
    role_name text;
BEGIN
    FOREACH role_name IN ARRAY ARRAY['anon', 'authenticated', 'service_role'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role_name) THEN
            -- No BYPASSRLS: managed servers refuse it, and the policies do without.
            EXECUTE format('CREATE ROLE %I NOLOGIN', role_name);
        END IF;
    END LOOP;
END
$roles$;

DO $schemas$
DECLARE
    schema_name text;
BEGIN
    FOREACH schema_name IN ARRAY ARRAY['auth', 'extensions', 'ops'] LOOP
        IF to_regnamespace(schema_name) IS NULL THEN
            EXECUTE format('CREATE SCHEMA %I', schema_name);
        END IF;
    END LOOP;
END
$schemas$;

-- Where it is already installed in another schema it stays there.
CREATE EXTENSION IF NOT EXISTS vector SCHEMA extensions;

DO $auth$
BEGIN
    IF to_regclass('auth.users') IS NULL THEN
        CREATE TABLE auth.users (
            id                 uuid PRIMARY KEY DEFAULT gen_random_uuid(),
            email              text UNIQUE,
            phone              text UNIQUE,
            raw_app_meta_data  jsonb NOT NULL DEFAULT '{}',
            raw_user_meta_data jsonb NOT NULL DEFAULT '{}',
            created_at         timestamptz NOT NULL DEFAULT now(),
            updated_at         timestamptz NOT NULL DEFAULT now()
        );
    END IF;

    -- The claims of the request, or NULL when there are none.
    IF to_regprocedure('auth.jwt()') IS NULL THEN
        CREATE FUNCTION auth.jwt() RETURNS jsonb
            LANGUAGE sql STABLE SET search_path = '' AS
        $$
            SELECT coalesce(
                nullif(current_setting('request.jwt.claim', true), ''),
                nullif(current_setting('request.jwt.claims', true), ''))::jsonb
        $$;
    END IF;

    -- Who asks.
    IF to_regprocedure('auth.uid()') IS NULL THEN
        CREATE FUNCTION auth.uid() RETURNS uuid
            LANGUAGE sql STABLE SET search_path = '' AS
        $$
            SELECT coalesce(
                nullif(current_setting('request.jwt.claim.sub', true), ''),
                nullif(auth.jwt() ->> 'sub', ''))::uuid
        $$;
    END IF;

    -- As what.
    IF to_regprocedure('auth.role()') IS NULL THEN
        CREATE FUNCTION auth.role() RETURNS text
            LANGUAGE sql STABLE SET search_path = '' AS
        $$
            SELECT coalesce(
                nullif(current_setting('request.jwt.claim.role', true), ''),
                nullif(auth.jwt() ->> 'role', ''))
        $$;
    END IF;
END
$auth$;

DO $grants$
DECLARE
    role_name   text;
    schema_name text;
BEGIN
    FOREACH role_name IN ARRAY ARRAY['anon', 'authenticated', 'service_role'] LOOP
        FOREACH schema_name IN ARRAY ARRAY['auth', 'public', 'extensions'] LOOP
            IF NOT has_schema_privilege(role_name, schema_name, 'USAGE') THEN
                EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', schema_name, role_name);
            END IF;
        END LOOP;
    END LOOP;
    GRANT USAGE ON SCHEMA ops TO service_role;
END
$grants$;

-- On a plain PostgreSQL only, which is where the schema `auth` is ours: accounts are made and deleted here, and the
-- login role acts as the service by itself and as a player by SET LOCAL ROLE.
DO $plain$
DECLARE
    role_name  text;
    login_role text;
BEGIN
    IF NOT pg_has_role(current_user, (SELECT nspowner FROM pg_namespace WHERE nspname = 'auth'), 'USAGE') THEN
        RETURN;
    END IF;
    GRANT SELECT, INSERT, UPDATE, DELETE ON auth.users TO service_role;
    FOREACH login_role IN ARRAY ARRAY[current_user, session_user] LOOP
        FOREACH role_name IN ARRAY ARRAY['anon', 'authenticated', 'service_role'] LOOP
            IF login_role <> role_name AND NOT EXISTS (
                SELECT FROM pg_auth_members
                 WHERE roleid = role_name::regrole AND member = login_role::regrole
                   AND inherit_option AND set_option) THEN
                EXECUTE format('GRANT %I TO %I WITH INHERIT TRUE, SET TRUE', role_name, login_role);
            END IF;
        END LOOP;
    END LOOP;

    -- `vector` and its operators are found by every connection, also behind a pooler that forgets session settings.
    BEGIN
        EXECUTE format('ALTER DATABASE %I SET search_path = public, extensions', current_database());
    EXCEPTION WHEN insufficient_privilege THEN
        RAISE NOTICE 'the search path of the database stays as it is: set it to "public, extensions" for the login role';
    END;
END
$plain$;

-- True iff the claims make the caller an admin. Never asks user_metadata, which a client can write, nor an address.
CREATE OR REPLACE FUNCTION public.is_admin() RETURNS boolean
    LANGUAGE sql STABLE SET search_path = '' AS
$$
    SELECT coalesce(auth.jwt() -> 'app_metadata' ->> 'role' = 'admin', false)
$$;

-- True iff the caller is the service: by its claims, or as a role that inherits from service_role. False as soon as the
-- transaction has set its role to `authenticated` or `anon`.
CREATE OR REPLACE FUNCTION public.is_service() RETURNS boolean
    LANGUAGE sql STABLE SET search_path = '' AS
$$
    SELECT coalesce(auth.role() = 'service_role', false) OR pg_has_role(current_user, 'service_role', 'USAGE')
$$;

REVOKE ALL ON FUNCTION public.is_admin(), public.is_service() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION public.is_admin(), public.is_service() TO anon, authenticated, service_role;
