/* Tells a program how many cores there are: BENCHMARK_CORES, whatever the machine has. Loaded with LD_PRELOAD.

   SwiftNIO asks a control group first and the C library second, so there is no control group. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

long sysconf(int name)
{
  static long (*real)(int);
  const char *cores = getenv("BENCHMARK_CORES");
  if (real == NULL)
    *(void **) &real = dlsym(RTLD_NEXT, "sysconf");
  if (cores != NULL && (name == _SC_NPROCESSORS_ONLN || name == _SC_NPROCESSORS_CONF))
    return atol(cores);
  return real(name);
}

int statfs(const char *path, struct statfs *about)
{
  static int (*real)(const char *, struct statfs *);
  if (real == NULL)
    *(void **) &real = dlsym(RTLD_NEXT, "statfs");
  if (strcmp(path, "/sys/fs/cgroup") == 0) {
    errno = ENOENT;
    return -1;
  }
  return real(path, about);
}
