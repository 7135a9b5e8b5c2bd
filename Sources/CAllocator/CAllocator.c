#define _GNU_SOURCE
#include "CAllocator.h"

#ifdef __linux__

#include <dlfcn.h>
#include <malloc.h>

void callocator_release_free(void)
{
    /* The release build is linked with tcmalloc, a debug build with the C library's own allocator. */
    void (*release)(void) = (void (*)(void))dlsym(RTLD_DEFAULT, "MallocExtension_ReleaseFreeMemory");

    if (release != NULL)
        release();
    else
        (void)malloc_trim(0);
}

#else

void callocator_release_free(void)
{
}

#endif
