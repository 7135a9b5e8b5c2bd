#define _GNU_SOURCE
#include "CResidentMemory.h"

#ifdef __linux__

#include <link.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

static int release(struct dl_phdr_info *object, size_t size, void *context)
{
    const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);

    (void)size;
    (void)context;
    for (int index = 0; index < object->dlpi_phnum; index++) {
        const ElfW(Phdr) *segment = &object->dlpi_phdr[index];
        const uintptr_t start = object->dlpi_addr + segment->p_vaddr;
        const uintptr_t first = (start + page - 1) / page * page;
        const uintptr_t end = (start + segment->p_filesz) / page * page;

        /* With DT_TEXTREL the loader would have written to it; no linker makes that of code that is position-independent. */
        if (segment->p_type == PT_LOAD && (segment->p_flags & PF_W) == 0 && first < end)
            (void)madvise((void *)first, end - first, MADV_DONTNEED);
    }
    /* The first object is the executable; the others are ignored. */
    return 1;
}

void cresidentmemory_release_code(void)
{
    (void)dl_iterate_phdr(release, NULL);
}

#else

void cresidentmemory_release_code(void)
{
}

#endif
