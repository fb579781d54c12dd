//! daemonize: the parent exits when the first child has, and knows of the daemon no more than that it was made.

use daemonize::Daemonize;
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    Daemonize::new().start()?;
    report::report()?;
    report::hold()?;
    Ok(())
}
