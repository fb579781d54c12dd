//! fork, with `checked_daemon`: the parent waits until `notify_ready`.

use fork::{CheckedDaemon, DaemonOptions, checked_daemon};
use std::error::Error;
use std::time::Duration;

fn main() -> Result<(), Box<dyn Error>> {
    let mut options = DaemonOptions::new();
    options.current_directory("/")?.redirect_standard_io_to_null()?;
    match checked_daemon(options, Duration::from_secs(3))? {
        CheckedDaemon::Parent(_) => Ok(()),
        CheckedDaemon::Daemon(notifier) => {
            if let Err(error) = report::report() {
                notifier.fail_and_exit(&error);
            }
            notifier.notify_ready()?;
            report::hold()?;
            Ok(())
        }
    }
}
