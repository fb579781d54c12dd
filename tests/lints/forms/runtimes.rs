//! With the attribute of a runtime.
#![expect(clippy::question_mark_used, reason = "the `?` are the user's")]

pub mod below {
    //! Below.

    use godaemon::Ready;
    use std::{io::Result, net::TcpListener};
    use tokio::task::yield_now;

    /// The daemon.
    ///
    /// # Errors
    ///
    /// The supervisor cannot be told.
    #[godaemon::main(files = [listener = TcpListener::bind("127.0.0.1:0")?])]
    #[tokio::main(flavor = "current_thread")]
    pub async fn main(listener: TcpListener, ready: Ready) -> Result<()> {
        yield_now().await;
        drop(listener);
        ready.notify()
    }
}

pub mod below_without_a_value {
    //! Below, with nothing else.

    use tokio::task::yield_now;

    /// The daemon.
    #[godaemon::main]
    #[tokio::main(flavor = "current_thread")]
    pub async fn main() {
        yield_now().await;
    }
}

pub mod above {
    //! Above.

    use tokio::task::yield_now;

    /// The daemon.
    #[tokio::main(flavor = "current_thread")]
    #[godaemon::main]
    pub async fn main() {
        yield_now().await;
    }
}

pub mod by_hand {
    //! Started in the body.

    use std::io::Result;
    use tokio::{runtime::Builder, task::yield_now};

    /// The daemon.
    ///
    /// # Errors
    ///
    /// No thread.
    #[godaemon::main]
    pub fn main() -> Result<()> {
        let runtime = Builder::new_current_thread().build()?;
        runtime.block_on(yield_now());
        Ok(())
    }
}
