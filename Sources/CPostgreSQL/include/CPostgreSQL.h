/* libpq, as far as a store of records needs it: a connection in pipeline mode, each wait with a bound. All functions are
   for one thread at a time. */
#ifndef CPOSTGRESQL_H
#define CPOSTGRESQL_H

#include <stddef.h>
#include <stdint.h>

struct cpostgresql;

/* Whether libpq can read a URI. What it says of one that it cannot may hold the password, and is not told. */
int cpostgresql_is_valid(const char *uri);

/* Host, port and database of a URI, NUL-terminated, and nothing else of it. */
void cpostgresql_show(const char *uri, char *shown, size_t size);

/* Connects: each address within some seconds, or as the URI says; how long a name may take to resolve is the system's.
   NULL if that failed; then why is found in message, NUL-terminated. */
struct cpostgresql *cpostgresql_connect(const char *uri, char *message, size_t size);

void cpostgresql_close(struct cpostgresql *connection);

/* Hands over a script of several statements. Only while no pipeline is open. Returns 0 if that failed. */
int cpostgresql_send_script(struct cpostgresql *connection, const char *script);

/* From now on statements are prepared ones, in pipelines. Returns 0 if that failed. */
int cpostgresql_begin_pipelines(struct cpostgresql *connection);

/* Adds a prepared statement to the pipeline. The values stand behind each other, a NUL behind each; lengths has the octets
   of each without it, -1 for NULL, which has no NUL either. Values are in PostgreSQL's binary form where is_binary says so,
   and text otherwise. Returns 0 if that failed. */
int cpostgresql_send(struct cpostgresql *connection, const char *statement, const uint8_t *values, const int32_t *lengths,
                     const uint8_t *is_binary, int count);

/* Ends the pipeline: what it changed is committed, or nothing of it. Returns 0 if that failed. */
int cpostgresql_sync(struct cpostgresql *connection);

enum cpostgresql_event {
    /* A statement has been done; its rows are there until the next call. */
    CPOSTGRESQL_RESULT,
    /* The server has taken the end of the pipeline. */
    CPOSTGRESQL_SYNC,
    /* There is nothing more to come. */
    CPOSTGRESQL_END,
    /* A statement failed, or was not done because of one before it. */
    CPOSTGRESQL_REFUSED,
    /* The connection is of no more use. */
    CPOSTGRESQL_BROKEN
};

/* Waits for what comes next, so many milliseconds at most. */
enum cpostgresql_event cpostgresql_next(struct cpostgresql *connection, int timeout);

/* Of the last result: how many rows and columns, whether a value is NULL, its octets. */
int cpostgresql_rows(struct cpostgresql *connection);
int cpostgresql_columns(struct cpostgresql *connection);
int cpostgresql_is_null(struct cpostgresql *connection, int row, int column);
const uint8_t *cpostgresql_value(struct cpostgresql *connection, int row, int column, size_t *length);

/* What the server, or the connection, said last of an error, and its SQLSTATE; "" if there is none. */
const char *cpostgresql_error(struct cpostgresql *connection);
const char *cpostgresql_error_code(struct cpostgresql *connection);

#endif
