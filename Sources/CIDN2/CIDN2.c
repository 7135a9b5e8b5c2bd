#include "CIDN2.h"

#include <idn2.h>
#include <string.h>

static const struct cidn2_name invalid;

struct cidn2_name cidn2_empty(void) {
    struct cidn2_name name = {.is_valid = true};
    return name;
}

struct cidn2_name cidn2_appending(struct cidn2_name name, uint8_t octet) {
    /* NUL would end the string for libidn2. */
    if (!name.is_valid || octet == 0 || name.count >= CIDN2_CAPACITY) return invalid;
    name.octets[name.count] = octet;
    name.count += 1;
    return name;
}

uint8_t cidn2_octet(struct cidn2_name name, uint16_t index) {
    return index < name.count ? name.octets[index] : 0;
}

/* Takes over what libidn2 returned, and frees it. */
static struct cidn2_name taken(int result, char *text) {
    struct cidn2_name name = cidn2_empty();
    if (result != IDN2_OK) return invalid;
    size_t count = strlen(text);
    if (count > CIDN2_CAPACITY) {
        name = invalid;
    } else {
        memcpy(name.octets, text, count);
        name.count = (uint16_t)count;
    }
    idn2_free(text);
    return name;
}

struct cidn2_name cidn2_a_labels(struct cidn2_name name) {
    if (!name.is_valid) return invalid;
    char *text = NULL;
    /* Without IDN2_USE_STD3_ASCII_RULES, under which libidn2 leaves out the characters that break these rules instead of
     * refusing them. The caller checks what comes back. */
    int result = idn2_to_ascii_8z((const char *)name.octets, &text, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
    return taken(result, text);
}

struct cidn2_name cidn2_u_labels(struct cidn2_name name) {
    if (!name.is_valid) return invalid;
    char *text = NULL;
    int result = idn2_to_unicode_8z8z((const char *)name.octets, &text, 0);
    return taken(result, text);
}
