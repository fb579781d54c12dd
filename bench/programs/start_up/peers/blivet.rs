//! blivet: the parent waits until `notify_parent`.

use blivet::{DaemonConfig, daemonize};
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let mut context = daemonize(&DaemonConfig::new())?;
    report::report()?;
    context.notify_parent()?;
    report::hold()?;
    Ok(())
}
