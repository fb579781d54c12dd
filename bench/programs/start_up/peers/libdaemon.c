/* libdaemon: the parent waits until `daemon_retval_send`, as in its example, which has a pid file and handlers besides. */

#include "report.h"

#include <libdaemon/dfork.h>
#include <libdaemon/dsignal.h>

int main(void)
{
    if (daemon_reset_sigs(-1) < 0 || daemon_unblock_sigs(-1) < 0 || daemon_retval_init() < 0)
        return 1;
    pid_t daemon = daemon_fork();
    if (daemon < 0) {
        daemon_retval_done();
        return 1;
    }
    if (daemon > 0) {
        int status = daemon_retval_wait(20);
        return status < 0 ? 255 : status;
    }
    if (report() != 0 || daemon_close_all(-1) < 0) {
        daemon_retval_send(1);
        return 1;
    }
    daemon_retval_send(0);
    return hold() != 0;
}
