/* What libpq calls of Kerberos and LDAP, for the image: see scripts/image-parts. Only the arguments that are used are declared; the
 * calling conventions of C on Linux permit that. */

#include <stddef.h>

#ifdef KERBEROS

/* RFC 2744, section 3.9.1. */
enum { COMPLETE = 0, FAILURE = 13 << 16 };
/* RFC 2744, section 5.11: whose status is asked for. */
enum { GSS_CODE = 1 };

typedef struct {
    size_t length;
    const void *value;
} buffer;

static const char text[] = "Kerberos (GSSAPI) is not part of this image";

const void *const GSS_C_NT_HOSTBASED_SERVICE = NULL;

#define RETURNS(name, status) \
    unsigned name(unsigned *minor) \
    { \
        *minor = 0; \
        return status; \
    }

/* The first call for each connection: whether there are credentials. */
RETURNS(gss_acquire_cred, FAILURE)
/* The first call if the server asks for Kerberos. */
RETURNS(gss_import_name, FAILURE)
RETURNS(gss_init_sec_context, FAILURE)
RETURNS(gss_delete_sec_context, FAILURE)
RETURNS(gss_wrap, FAILURE)
RETURNS(gss_wrap_size_limit, FAILURE)
RETURNS(gss_unwrap, FAILURE)
/* There is nothing to be released. */
RETURNS(gss_release_buffer, COMPLETE)
RETURNS(gss_release_cred, COMPLETE)
RETURNS(gss_release_name, COMPLETE)

unsigned gss_display_status(
    unsigned *minor, unsigned status, int type, const void *mechanism, unsigned *more, buffer *message)
{
    (void)status, (void)mechanism;
    *minor = 0;
    *more = 0;
    if (type != GSS_CODE) return FAILURE;
    message->length = sizeof text - 1;
    message->value = text;
    return COMPLETE;
}

#else

#define RETURNS(type, name, value) \
    type name(void) \
    { \
        return value; \
    }

/* The first call. libpq says that it cannot create a structure of LDAP, and makes none of the others. */
RETURNS(void *, ldap_init, NULL)

/* LDAP_OTHER, RFC 4511, section 4.1.9. */
RETURNS(int, ldap_set_option, 80)
RETURNS(int, ldap_search_st, 80)
RETURNS(int, ldap_unbind, 80)
RETURNS(int, ldap_simple_bind, -1)
RETURNS(int, ldap_result, -1)
RETURNS(int, ldap_count_entries, 0)
RETURNS(int, ldap_msgfree, 0)
RETURNS(void *, ldap_first_entry, NULL)
RETURNS(void *, ldap_get_values_len, NULL)
RETURNS(const char *, ldap_err2string, "LDAP is not part of this image")

void ldap_value_free_len(void)
{
}

#endif
