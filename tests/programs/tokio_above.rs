//! A daemon with tokio's attribute above ours.

use std::error::Error;

#[tokio::main]
#[godaemon::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let threads = tokio::spawn(async { tokio::runtime::Handle::current().metrics().num_workers() }).await?;
    Ok(support::obey_with("body", &[("threads", &threads.to_string())])?)
}
