#include "CPostgreSQL.h"

#include <errno.h>
#include <poll.h>
#include <postgresql/libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct cpostgresql {
    PGconn *connection;
    PGresult *result;
    /* Whether results come in binary form: those of prepared statements do, those of scripts are text. */
    int is_pipelining;
    /* Whether the last PQgetResult was the end of a statement: two in a row are the end of everything. */
    int is_between;
};

enum { MOST_VALUES = 16 };

static int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

/* Waits for the socket until the deadline. Returns whether it is ready. */
static int wait_for(PGconn *connection, short events, int64_t deadline) {
    for (;;) {
        int64_t left = deadline - now();
        if (left <= 0) return 0;
        struct pollfd entry = {.fd = PQsocket(connection), .events = events};
        if (entry.fd < 0) return 0;
        int ready = poll(&entry, 1, left > 60000 ? 60000 : (int)left);
        if (ready > 0) return 1;
        if (ready < 0 && errno != EINTR) return 0;
    }
}

/* A server's notices would go to standard error. */
static void ignore_notice(void *context, const PGresult *result) {
    (void)context;
    (void)result;
}

/* The first line of what libpq says. */
static void copy_line(const char *text, char *message, size_t size) {
    size_t length = strcspn(text, "\r\n");
    if (length >= size) length = size - 1;
    memcpy(message, text, length);
    message[length] = 0;
}

/* The value of an option, or "". */
static const char *value_of(const PQconninfoOption *options, const char *keyword) {
    for (; options->keyword != NULL; options++) {
        if (strcmp(options->keyword, keyword) == 0 && options->val != NULL) return options->val;
    }
    return "";
}

void cpostgresql_show(const char *uri, char *shown, size_t size) {
    PQconninfoOption *options = PQconninfoParse(uri, NULL);
    if (options == NULL) {
        copy_line("", shown, size);
        return;
    }
    const char *port = value_of(options, "port");
    snprintf(shown, size, "%s%s%s/%s", value_of(options, "host"), *port == 0 ? "" : ":", port, value_of(options, "dbname"));
    PQconninfoFree(options);
}

/* Words that libpq takes for an option; it looks at them only when it connects. */
static const struct {
    const char *option, *words[8];
} choices[] = {
    {"sslmode", {"disable", "allow", "prefer", "require", "verify-ca", "verify-full"}},
    {"gssencmode", {"disable", "prefer", "require"}},
    {"channel_binding", {"disable", "prefer", "require"}},
    {"target_session_attrs", {"any", "read-write", "primary"}},
};

/* Whether a value is one that libpq can use. */
static int is_usable(const PQconninfoOption *option) {
    /* A password with an @ that is not encoded ends in the name of the host, which errors show. */
    if (strcmp(option->keyword, "host") == 0 || strcmp(option->keyword, "dbname") == 0) {
        return strchr(option->val, '@') == NULL;
    }
    if (strcmp(option->keyword, "port") == 0) {
        /* Several hosts may have a port each, or none. */
        for (const char *rest = option->val; *rest != 0;) {
            size_t digits = strspn(rest, "0123456789");
            long port = strtol(rest, NULL, 10);
            if (digits > 5 || (digits > 0 && (port < 1 || port > 65535))) return 0;
            rest += digits;
            if (*rest == ',') rest++;
            else if (*rest != 0) return 0;
        }
        return 1;
    }
    for (size_t index = 0; index < sizeof choices / sizeof *choices; index++) {
        if (strcmp(option->keyword, choices[index].option) != 0) continue;
        for (const char *const *word = choices[index].words; *word != NULL; word++) {
            if (strcmp(option->val, *word) == 0) return 1;
        }
        return 0;
    }
    return 1;
}

int cpostgresql_is_valid(const char *uri) {
    for (const char *octet = uri; *octet != 0; octet++) {
        if ((unsigned char)*octet <= ' ' || *octet == 127) return 0;
    }
    char *message = NULL;
    PQconninfoOption *options = PQconninfoParse(uri, &message);
    PQfreemem(message);
    if (options == NULL) return 0;
    int is_valid = 1;
    for (const PQconninfoOption *option = options; option->keyword != NULL; option++) {
        if (option->val != NULL && !is_usable(option)) is_valid = 0;
    }
    PQconninfoFree(options);
    return is_valid;
}

/* How many seconds libpq tries each address of a server, unless the URI says so. */
#define CONNECT_TIMEOUT "3"

struct cpostgresql *cpostgresql_connect(const char *uri, char *message, size_t size) {
    /* What stands later counts: the URI goes before our own default. */
    const char *const keywords[] = {"connect_timeout", "fallback_application_name", "dbname", NULL};
    const char *const values[] = {CONNECT_TIMEOUT, "postern", uri, NULL};
    PGconn *connection = PQconnectdbParams(keywords, values, 1);
    if (connection == NULL) {
        copy_line("out of memory", message, size);
        return NULL;
    }
    PQsetNoticeReceiver(connection, ignore_notice, NULL);
    struct cpostgresql *handle = NULL;
    if (PQstatus(connection) == CONNECTION_OK && PQsetnonblocking(connection, 1) == 0) {
        handle = calloc(1, sizeof *handle);
    }
    if (handle == NULL) {
        copy_line(PQerrorMessage(connection), message, size);
        PQfinish(connection);
        return NULL;
    }
    handle->connection = connection;
    return handle;
}

void cpostgresql_close(struct cpostgresql *handle) {
    PQclear(handle->result);
    PQfinish(handle->connection);
    free(handle);
}

int cpostgresql_send_script(struct cpostgresql *handle, const char *script) {
    handle->is_between = 1;
    return PQsendQuery(handle->connection, script);
}

int cpostgresql_begin_pipelines(struct cpostgresql *handle) {
    handle->is_pipelining = 1;
    return PQenterPipelineMode(handle->connection);
}

int cpostgresql_send(struct cpostgresql *handle, const char *statement, const uint8_t *values, const int32_t *lengths,
                     const uint8_t *is_binary, int count) {
    const char *pointers[MOST_VALUES];
    int sizes[MOST_VALUES], formats[MOST_VALUES];
    if (count > MOST_VALUES) return 0;
    for (int index = 0; index < count; index++) {
        pointers[index] = lengths[index] < 0 ? NULL : (const char *)values;
        sizes[index] = lengths[index];
        formats[index] = is_binary[index];
        if (lengths[index] >= 0) values += lengths[index] + 1;
    }
    return PQsendQueryPrepared(handle->connection, statement, count, pointers, sizes, formats, 1);
}

int cpostgresql_sync(struct cpostgresql *handle) {
    handle->is_between = 0;
    return PQpipelineSync(handle->connection);
}

enum cpostgresql_event cpostgresql_next(struct cpostgresql *handle, int timeout) {
    PGconn *connection = handle->connection;
    int64_t deadline = now() + timeout;
    for (;;) {
        int unsent = PQflush(connection);
        if (unsent < 0) return CPOSTGRESQL_BROKEN;
        if (PQisBusy(connection)) {
            if (!wait_for(connection, unsent ? POLLIN | POLLOUT : POLLIN, deadline)) return CPOSTGRESQL_BROKEN;
            if (!PQconsumeInput(connection)) return CPOSTGRESQL_BROKEN;
            continue;
        }
        PQclear(handle->result);
        handle->result = PQgetResult(connection);
        if (handle->result == NULL) {
            if (!handle->is_pipelining || handle->is_between) return CPOSTGRESQL_END;
            handle->is_between = 1;
            continue;
        }
        handle->is_between = 0;
        switch (PQresultStatus(handle->result)) {
        case PGRES_COMMAND_OK:
        case PGRES_TUPLES_OK:
            return CPOSTGRESQL_RESULT;
        case PGRES_PIPELINE_SYNC:
            return CPOSTGRESQL_SYNC;
        default:
            return PQstatus(connection) == CONNECTION_BAD ? CPOSTGRESQL_BROKEN : CPOSTGRESQL_REFUSED;
        }
    }
}

int cpostgresql_rows(struct cpostgresql *handle) {
    return PQntuples(handle->result);
}

int cpostgresql_columns(struct cpostgresql *handle) {
    return PQnfields(handle->result);
}

int cpostgresql_is_null(struct cpostgresql *handle, int row, int column) {
    return PQgetisnull(handle->result, row, column);
}

const uint8_t *cpostgresql_value(struct cpostgresql *handle, int row, int column, size_t *length) {
    *length = (size_t)PQgetlength(handle->result, row, column);
    return (const uint8_t *)PQgetvalue(handle->result, row, column);
}

const char *cpostgresql_error(struct cpostgresql *handle) {
    const char *primary = PQresultErrorField(handle->result, PG_DIAG_MESSAGE_PRIMARY);
    return primary != NULL ? primary : PQerrorMessage(handle->connection);
}

const char *cpostgresql_error_code(struct cpostgresql *handle) {
    const char *code = PQresultErrorField(handle->result, PG_DIAG_SQLSTATE);
    return code != NULL ? code : "";
}
