/* A program that has nothing to do with godaemon, and the shared library in it: linked against it (LINKED), or loaded by its
   path. Beside it a thread uses the environment. It stops wherever a test wants to look at it. */
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

enum { DONE = 42 };

static void *use_environment(void *unused) {
    while (getenv("NOT SET") == NULL)
        ;
    return unused;
}

#ifdef LINKED

int running_daemon(void);

static int use_library(const char *path) {
    (void)path;
    if (running_daemon() != 0)
        return 2;
    raise(SIGSTOP);
    return DONE;
}

#else

static int use_library(const char *path) {
    void *library = dlopen(path, RTLD_NOW);
    int (*running_daemon)(void);

    if (library == NULL)
        return 3;
    raise(SIGSTOP);
    *(void **)&running_daemon = dlsym(library, "running_daemon");
    if (running_daemon == NULL || running_daemon() != 0)
        return 2;
    raise(SIGSTOP);
    if (dlclose(library) != 0)
        return 4;
    raise(SIGSTOP);
    return DONE;
}

#endif

int main(int argc, char **argv) {
    pthread_t thread;

    if (argc > 2 || pthread_create(&thread, NULL, use_environment, NULL) != 0)
        return 1;
    raise(SIGSTOP);
    return use_library(argv[1]);
}
