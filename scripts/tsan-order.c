/* Tells the thread sanitizer of two orders that Swift's runtime makes in code that it does not see. Without them all that a
   contended Mutex protects, and all that a continuation hands over, is reported. Each function stands in for one of the
   runtime, calls it, and says what it has done; preloaded by scripts/test-sanitizers.

   A Mutex that nobody waits for is locked and unlocked by atomic operations in our own code, which the sanitizer sees. Where
   threads contend, the library waits in the kernel: an acquire and a release on the same word that the fast path uses.

   A continuation that is resumed makes a release on its task, which the task acquires when it is run again. Where it was
   resumed before the task came to wait for it, the task goes straight on, without the acquire. The next that it does is to
   give back the frame of the call that it waited in: there the acquire is made up for. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define LOCK_SLOW "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define TRY_LOCK_SLOW "$s15Synchronization12_MutexHandleV12_tryLockSlowSbyF"
#define UNLOCK_SLOW "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"
#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context)) void *

/* Absent in programs that are preloaded too, and built without the sanitizer or without tasks. */
__attribute__((weak)) void __tsan_acquire(void *address);
__attribute__((weak)) void __tsan_release(void *address);
SWIFT __attribute__((weak)) void *swift_task_getCurrent(void);

SWIFT void lock_slow(uint32_t thread, SELF handle) __asm__(LOCK_SLOW);
SWIFT bool try_lock_slow(SELF handle) __asm__(TRY_LOCK_SLOW);
SWIFT void unlock_slow(SELF handle) __asm__(UNLOCK_SLOW);
SWIFT void swift_task_dealloc(void *frame);

static void *original(const char *name) {
    void *function = dlsym(RTLD_NEXT, name);
    if (!function) {
        fprintf(stderr, "tsan-order: the runtime has no %s\n", name);
        abort();
    }
    return function;
}

SWIFT void lock_slow(uint32_t thread, SELF handle) {
    void SWIFT (*lock)(uint32_t, SELF) = original(LOCK_SLOW);
    lock(thread, handle);
    if (__tsan_acquire) __tsan_acquire(handle);
}

SWIFT bool try_lock_slow(SELF handle) {
    bool SWIFT (*try_lock)(SELF) = original(TRY_LOCK_SLOW);
    bool is_locked = try_lock(handle);
    if (is_locked && __tsan_acquire) __tsan_acquire(handle);
    return is_locked;
}

SWIFT void unlock_slow(SELF handle) {
    void SWIFT (*unlock)(SELF) = original(UNLOCK_SLOW);
    if (__tsan_release) __tsan_release(handle);
    unlock(handle);
}

SWIFT void swift_task_dealloc(void *frame) {
    static void SWIFT (*_Atomic known)(void *);
    void SWIFT (*dealloc)(void *) = known;
    if (!dealloc) known = dealloc = original("swift_task_dealloc");
    void *task = swift_task_getCurrent ? swift_task_getCurrent() : NULL;
    if (task && __tsan_acquire) __tsan_acquire(task);
    dealloc(frame);
}
