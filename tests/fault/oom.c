/*
 * oom.c - a library to preload: the n-th allocation of a program fails, once or from there on.
 *
 *   OOM_AT=17 [OOM_STAY=1] [OOM_MARK=FILE] LD_PRELOAD=oom.so PROGRAM …
 *
 * malloc, calloc, realloc, aligned allocation and anonymous mmap and mprotect are counted together
 * (an arena reserves with mmap and commits with mprotect). OOM_MARK is created when the count comes
 * to OOM_AT, so that a sweep knows when it is beyond the last one. With OOM_COUNT=FILE the total is
 * written there at the end. Stacks of threads and the loader are served by libc itself, uncounted.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *old, size_t size);
extern void *__libc_memalign(size_t align, size_t size);

static long at = -1, count;
static bool stay;

static bool fails(void)
{
    if (at < 0) { /* the first allocation is made before there are threads */
        const char *text = getenv("OOM_AT");
        stay = getenv("OOM_STAY") != NULL;
        at = text ? atol(text) : 0;
    }
    long n = __sync_add_and_fetch(&count, 1);
    if (at == 0 || (n != at && !(stay && n > at)))
        return false;
    const char *mark = n == at ? getenv("OOM_MARK") : NULL;
    int fd = mark ? open(mark, O_CREAT | O_WRONLY | O_CLOEXEC, 0600) : -1;
    if (fd >= 0)
        close(fd);
    errno = ENOMEM;
    return true;
}

__attribute__((destructor)) static void tell(void)
{
    const char *path = getenv("OOM_COUNT");
    int fd = path ? open(path, O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0600) : -1;
    if (fd < 0)
        return;
    char text[32];
    int len = snprintf(text, sizeof(text), "%ld\n", count);
    if (write(fd, text, (size_t)len) < 0)
        _exit(99);
    close(fd);
}

void *malloc(size_t size)
{
    return fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
    return fails() ? NULL : __libc_calloc(n, size);
}

void *realloc(void *old, size_t size)
{
    return fails() ? NULL : __libc_realloc(old, size);
}

void *reallocarray(void *old, size_t n, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(n, size, &bytes)) {
        errno = ENOMEM;
        return NULL;
    }
    return realloc(old, bytes);
}

int posix_memalign(void **ret, size_t align, size_t size)
{
    if (fails())
        return ENOMEM;
    *ret = __libc_memalign(align, size);
    return *ret ? 0 : ENOMEM;
}

void *aligned_alloc(size_t align, size_t size)
{
    return fails() ? NULL : __libc_memalign(align, size);
}

void *mmap(void *where, size_t size, int protection, int flags, int fd, off_t offset)
{
    if ((flags & MAP_ANONYMOUS) && fails())
        return MAP_FAILED;
    return (void *)syscall(SYS_mmap, where, size, protection, flags, fd, offset);
}

int mprotect(void *where, size_t size, int protection)
{
    if ((protection & PROT_WRITE) && fails())
        return -1;
    return (int)syscall(SYS_mprotect, where, size, protection);
}
