#ifndef CRESIDENTMEMORY_H
#define CRESIDENTMEMORY_H

/**
 * Lets the kernel unmap the pages of the executable's own code and constants.
 *
 * A start runs through code that is not needed again, and the kernel maps sixteen pages for each that is touched. What is
 * still needed comes back from the page cache when it is, at the cost of a minor fault. Only segments that cannot be written
 * to are meant: in these a page can hold nothing that is not in the file, unless a debugger has put a breakpoint there, which
 * is lost.
 */
void cresidentmemory_release_code(void);

#endif
