/* libidn2 for Swift, without a pointer in sight.
 *
 * Domain names go to and fro as values of a fixed size: Swift adds octets and asks for octets, and the strings of C with
 * their owners stay on this side. So the module that uses it needs no unsafe code. */
#ifndef CIDN2_H
#define CIDN2_H

#include <stdbool.h>
#include <stdint.h>

/* Room for a domain name in octets of UTF-8. A domain of 253 octets (RFC 1035, section 2.3.4) comes from a text of no more
 * than four labels of 59 characters with four octets each, and separators. */
#define CIDN2_CAPACITY 1023

/* A domain name. */
struct cidn2_name {
    /* The octets, of which the first `count` are in use; the others are zero. */
    uint8_t octets[CIDN2_CAPACITY + 1];
    uint16_t count;
    /* Whether all is well: false after more octets than there is room for, and where libidn2 refused the name. */
    bool is_valid;
};

/* A name without octets. */
struct cidn2_name cidn2_empty(void);

/* The name with one octet more. */
struct cidn2_name cidn2_appending(struct cidn2_name name, uint8_t octet);

/* The octet at an index, 0 behind the end. */
uint8_t cidn2_octet(struct cidn2_name name, uint16_t index);

/* The name with its labels as A-labels (RFC 5891, section 4, with the mapping of UTS 46, non-transitional). */
struct cidn2_name cidn2_a_labels(struct cidn2_name name);

/* The name with its A-labels as U-labels. */
struct cidn2_name cidn2_u_labels(struct cidn2_name name);

#endif
