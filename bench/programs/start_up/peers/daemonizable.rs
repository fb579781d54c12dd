//! daemonizable: `spawn_daemon` returns in the parent when the daemon has come up and said which build it is.
//!
//! No message goes either way: a daemon of whose own notion of being up the parent is to learn would answer a request.

use daemonizable::{Daemonizable, Daemonizer, RpcServer, detach_stdio};
use std::process::{self, ExitCode};

struct Program;

#[daemonizable::main]
impl Daemonizable for Program {
    type Request = ();
    type Response = ();

    fn build_id() -> String {
        format!("daemonizable {}", env!("CARGO_PKG_VERSION"))
    }

    fn run_foreground(daemonizer: Daemonizer<Self>) -> ExitCode {
        match daemonizer.spawn_daemon() {
            Ok(_connection) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("{error}");
                ExitCode::FAILURE
            }
        }
    }

    fn run_daemon(connection: RpcServer<(), ()>) -> ! {
        let reported = report::report();
        let detached = detach_stdio();
        drop(connection);
        let held = report::hold();
        process::exit((reported.is_err() || detached.is_err() || held.is_err()).into())
    }
}
