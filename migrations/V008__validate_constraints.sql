-- What: validates the checks and foreign keys of V007.
-- Why:  in a transaction of its own the scan holds no lock that stops readers or writers.
-- Safe while old code runs: yes.

DO $validate$
DECLARE
    pending record;
BEGIN
    FOR pending IN
        SELECT constraint_row.conname, table_row.relname
          FROM pg_constraint AS constraint_row
          JOIN pg_class AS table_row ON table_row.oid = constraint_row.conrelid
         WHERE NOT constraint_row.convalidated AND table_row.relnamespace = 'public'::regnamespace
         ORDER BY table_row.relname, constraint_row.conname
    LOOP
        EXECUTE format('ALTER TABLE public.%I VALIDATE CONSTRAINT %I', pending.relname, pending.conname);
    END LOOP;
END
$validate$;
