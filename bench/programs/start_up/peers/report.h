/* What a measured program does besides becoming a daemon, as src/report.rs does it for those in Rust. */

#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* Writes the record. To be called as the first of all. 0 if that was done. */
static int report(void)
{
    struct timespec now;
    if (clock_gettime(CLOCK_MONOTONIC, &now) != 0)
        return -1;
    uint64_t words[2] = {(uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec, (uint64_t)getpid()};
    unsigned char record[16];
    for (int place = 0; place < 16; place++)
        record[place] = (unsigned char)(words[place / 8] >> place % 8 * 8);
    const char *path = getenv("GODAEMON_BENCH_REPORT");
    int fifo = path == NULL ? -1 : open(path, O_WRONLY | O_CLOEXEC);
    if (fifo < 0 || write(fifo, record, sizeof record) != sizeof record)
        return -1;
    return close(fifo);
}

/* Waits until the benchmark opens the other end, if it wants that. 0 if that was done. */
static int hold(void)
{
    const char *path = getenv("GODAEMON_BENCH_HOLD");
    if (path == NULL)
        return 0;
    int fifo = open(path, O_RDONLY | O_CLOEXEC);
    return fifo < 0 ? -1 : close(fifo);
}
