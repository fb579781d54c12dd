//! A daemon with tokio's attribute below ours.

use std::{error::Error, process};

use godaemon::Ready;
use tokio::{io::AsyncWriteExt, net};

#[godaemon::main(files = [listener = std::net::TcpListener::bind("127.0.0.1:0")?])]
#[tokio::main]
async fn main(listener: std::net::TcpListener, ready: Ready) -> Result<(), Box<dyn Error>> {
    let address = listener.local_addr()?.to_string();
    listener.set_nonblocking(true)?;
    let listener = net::TcpListener::from_std(listener)?;
    ready.notify()?;
    support::obey_with("body", &[("address", &address)])?;
    let served = tokio::spawn(async move {
        let (mut caller, _) = listener.accept().await?;
        caller.write_all(process::id().to_string().as_bytes()).await
    });
    Ok(served.await??)
}
