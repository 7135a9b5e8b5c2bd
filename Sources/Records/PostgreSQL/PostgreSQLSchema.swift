/// The tables in a database, how those of an older version are brought up to date, and the statements about them.
enum PostgreSQLSchema {
    /// The version that this program knows.
    static let version = 1

    /// Instances that start at once make the tables one after another; the number means nothing.
    private static let lock = "SELECT pg_advisory_xact_lock(5781326)"

    /// Asks whether there are tables; the last statement's row says so.
    static let look = "SELECT to_regclass('postern_meta') IS NOT NULL"
    /// Asks whether this user may create them.
    static let mayCreate = "SELECT has_schema_privilege(current_schema(), 'CREATE')"
    /// Asks for the version of the tables.
    static let readVersion = "SELECT convert_from(value, 'UTF8') FROM postern_meta WHERE name = 'version'"

    /// Creates the tables, unless another instance was faster.
    ///
    /// - Parameter secret: the secret to keep with them, in hexadecimal digits.
    static func create(secret: String) -> String {
        """
        BEGIN;
        \(lock);
        CREATE TABLE IF NOT EXISTS postern_meta (name text PRIMARY KEY, value bytea NOT NULL);
        CREATE TABLE IF NOT EXISTS postern_instance (id bytea PRIMARY KEY, seen timestamptz NOT NULL);
        CREATE TABLE IF NOT EXISTS postern_record (
            key bytea PRIMARY KEY, fingerprint bytea NOT NULL, state smallint NOT NULL, owner bytea, response bytea,
            size integer NOT NULL, expires timestamptz NOT NULL);
        CREATE INDEX IF NOT EXISTS postern_record_expires ON postern_record (expires, size);
        INSERT INTO postern_meta VALUES ('version', '\(version)'), ('secret', '\\x\(secret)') ON CONFLICT DO NOTHING;
        COMMIT
        """
    }

    /// Asks whether turns at relays can be shared.
    static let lookForTurns = "SELECT to_regclass('postern_turn') IS NOT NULL"

    /// Asks whether this user may use them.
    static let mayUseTurns = """
        SELECT has_table_privilege('postern_turn', 'SELECT') AND has_table_privilege('postern_turn', 'INSERT')
            AND has_table_privilege('postern_turn', 'UPDATE') AND has_table_privilege('postern_turn', 'DELETE')
        """

    /// Creates the table of turns, which earlier programs do without: so the version stays the same, and both work side by
    /// side. The turns of a relay are numbered without a gap, so that the one that is so many before can be found at once.
    static let createTurns = """
        BEGIN;
        \(lock);
        CREATE TABLE IF NOT EXISTS postern_turn (
            relay text, number int8, at timestamptz NOT NULL, expires timestamptz NOT NULL,
            PRIMARY KEY (relay, number));
        CREATE INDEX IF NOT EXISTS postern_turn_expires ON postern_turn (expires, number);
        COMMIT
        """

    /// The prepared statements about turns: the next one comes when the relay has had none for the length of each window
    /// but for one less than the window allows, and not before the last one. Whoever takes one holds the lock. No turn is forgotten
    /// before an earlier one, even if instances have different windows.
    static let turns = """
        PREPARE postern_turn_lock (text) AS SELECT pg_advisory_xact_lock(5781326, hashtext($1));
        PREPARE postern_turn (text, float8[], int8[], float8) AS
            WITH last AS (SELECT number, at, expires FROM postern_turn WHERE relay = $1 ORDER BY number DESC LIMIT 1),
            count AS (SELECT coalesce((SELECT number FROM last), 0) AS number),
            next AS (
                SELECT count.number + 1 AS number, greatest(
                    clock_timestamp(), (SELECT at FROM last),
                    (SELECT max(t.at + w.period * interval '1 s') FROM unnest($2, $3) AS w (period, size)
                    JOIN postern_turn t ON t.relay = $1 AND t.number = count.number + 1 - w.size)) AS at
                FROM count),
            taken AS (
                INSERT INTO postern_turn
                SELECT $1, number, at, greatest(
                    at + (SELECT max(p) FROM unnest($2) p) * interval '1 s', (SELECT expires FROM last)) FROM next
                WHERE at <= clock_timestamp() + $4 * interval '1 s' RETURNING number)
            SELECT extract(epoch FROM next.at - clock_timestamp())::float8, (SELECT count(*) FROM taken) FROM next;
        PREPARE postern_turn_expire (int4) AS
            DELETE FROM postern_turn WHERE (relay, number) IN (
                SELECT relay, number FROM postern_turn WHERE expires <= clock_timestamp()
                ORDER BY expires, number LIMIT $1 FOR UPDATE SKIP LOCKED)
        """

    static let readSecret = "SELECT encode(value, 'hex') FROM postern_meta WHERE name = 'secret'"

    /// What a session needs, and the prepared statements. An instance lives if it was seen within the lease, by the
    /// server's clock.
    ///
    /// - Parameter lease: in seconds.
    static func session(lease: Double) -> String {
        // An owner is an instance with the number of its attempt behind.
        let instance = "substring(r.owner FROM 1 FOR 16)"
        let isAlive =
            "EXISTS (SELECT FROM postern_instance i WHERE i.id = \(instance) AND i.seen > now() - interval '\(lease) s')"
        let isOver = "r.expires <= now() AND (r.state IN (0, 3) OR NOT \(isAlive))"
        return """
            SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off';
            SET lock_timeout = '2s';
            SET default_transaction_isolation = 'read committed';
            SET tcp_keepalives_idle = 10;
            SET tcp_keepalives_interval = 5;
            SET tcp_keepalives_count = 3;
            PREPARE postern_claim (bytea, bytea, bytea, float8) AS
                INSERT INTO postern_record AS r (key, fingerprint, state, owner, size, expires)
                VALUES ($1, $2, 1, $3, \(RecordLimits.overhead), now() + $4 * interval '1 s')
                ON CONFLICT (key) DO UPDATE SET
                    fingerprint = excluded.fingerprint, state = 1, owner = excluded.owner, response = NULL,
                    size = excluded.size, expires = excluded.expires
                WHERE \(isOver)
                    OR r.state = 0 AND r.fingerprint = excluded.fingerprint
                    OR r.state = 1 AND CASE WHEN \(instance) = substring(excluded.owner FROM 1 FOR 16)
                        THEN r.owner < excluded.owner ELSE NOT \(isAlive) END
                RETURNING 1;
            PREPARE postern_look (bytea) AS
                SELECT fingerprint, state, owner, response, \(isAlive), \(isOver)
                FROM postern_record r WHERE key = $1;
            PREPARE postern_start (bytea, bytea) AS
                UPDATE postern_record SET state = 2 WHERE key = $1 AND owner = $2 AND state IN (1, 2) RETURNING 1;
            PREPARE postern_done (bytea, bytea, bytea, bytea, int4, float8) AS
                INSERT INTO postern_record AS r (key, fingerprint, state, owner, response, size, expires)
                VALUES ($1, $2, 3, NULL, $4, $5, now() + $6 * interval '1 s')
                ON CONFLICT (key) DO UPDATE SET
                    state = 3, owner = NULL, response = excluded.response, size = excluded.size,
                    expires = excluded.expires
                WHERE r.owner = $3 AND r.state IN (1, 2)
                RETURNING 1;
            PREPARE postern_open (bytea, bytea, float8) AS
                UPDATE postern_record
                SET state = 0, owner = NULL, expires = now() + $3 * interval '1 s'
                WHERE key = $1 AND owner = $2 AND state IN (1, 2) RETURNING 1;
            PREPARE postern_free (bytea, bytea) AS
                DELETE FROM postern_record WHERE key = $1 AND owner = $2 AND state = 1 RETURNING 1;
            PREPARE postern_live (bytea) AS
                INSERT INTO postern_instance VALUES ($1, clock_timestamp())
                ON CONFLICT (id) DO UPDATE SET seen = excluded.seen;
            PREPARE postern_leave (bytea) AS DELETE FROM postern_instance WHERE id = $1;
            PREPARE postern_forget AS
                DELETE FROM postern_instance WHERE seen < now() - interval '1 h';
            PREPARE postern_expire (int4) AS
                DELETE FROM postern_record WHERE key IN (
                    SELECT key FROM postern_record r WHERE expires <= now() AND \(isOver)
                    ORDER BY expires LIMIT $1 FOR UPDATE SKIP LOCKED);
            PREPARE postern_sum AS SELECT coalesce(sum(size), 0)::int8 FROM postern_record;
            PREPARE postern_evict (int8, int4) AS
                WITH oldest AS (
                    SELECT key, size, expires FROM postern_record WHERE state IN (0, 3) ORDER BY expires, key LIMIT $2),
                surplus AS (
                    SELECT key, sum(size) OVER (ORDER BY expires, key) - size AS before FROM oldest)
                DELETE FROM postern_record
                WHERE state IN (0, 3) AND key IN (SELECT key FROM surplus WHERE before < $1)
                RETURNING size
            """
    }
}
