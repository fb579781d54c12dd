//! A program without the attribute that becomes a daemon and somebody else.
//!
//!     changed_by_hand HOW WHO

use std::{
    env,
    error::Error,
    sync::{Arc, Barrier},
    thread,
    time::Duration,
};

use godaemon::Options;

#[expect(clippy::needless_borrows_for_generic_args, reason = "a borrowed option is one of the types")]
fn main() -> Result<(), Box<dyn Error>> {
    let mut args = env::args().skip(1);
    let mut next = || args.next().ok_or("an argument is missing");
    let (how, who) = (next()?, next()?);
    let (some, number) = (Some(who.clone()), who.parse::<u32>().ok());
    match how.as_str() {
        "user-str" => become_daemon(Options::new().user(who.as_str())),
        "user-string" => become_daemon(Options::new().user(who)),
        "user-ref-string" => become_daemon(Options::new().user(&who)),
        "user-option-str" => become_daemon(Options::new().user(Some(who.as_str()))),
        "user-option-string" => become_daemon(Options::new().user(Some(who))),
        "user-ref-option-string" => become_daemon(Options::new().user(&some)),
        "user-u32" => become_daemon(Options::new().user(number.ok_or("which number?")?)),
        "user-option-u32" => become_daemon(Options::new().user(number)),
        "user-ref-option-u32" => become_daemon(Options::new().user(&number)),
        "group-str" => become_daemon(Options::new().group(who.as_str())),
        "group-string" => become_daemon(Options::new().group(who)),
        "group-option-str" => become_daemon(Options::new().group(Some(who.as_str()))),
        "group-ref-option-string" => become_daemon(Options::new().group(&some)),
        "group-u32" => become_daemon(Options::new().group(number.ok_or("which number?")?)),
        "group-option-u32" => become_daemon(Options::new().group(number)),
        "nobody" => become_daemon(Options::new().user(None::<&str>).group(&None::<String>)),
        // What is no number and no name that there could be; and numbers that mean "as it is" to the system.
        "zero-byte" => tried(Options::new().user(format!("{who}\0")).daemonize()),
        "zero-byte-in-group" => tried(Options::new().group(format!("{who}\0")).daemonize()),
        "no-user" => tried(Options::new().user(u32::MAX).group(who).daemonize()),
        "no-group" => tried(Options::new().user(who).group(u32::MAX).daemonize()),
        "user-tried" => tried(Options::new().user(who).daemonize()),
        "group-tried" => tried(Options::new().group(who).daemonize()),
        "capable" => {
            // What a change of the user would take away.
            nix::sys::prctl::set_keepcaps(true)?;
            tried(Options::new().user(who).daemonize())
        }
        "threads" => threads(who),
        "elsewhere" => elsewhere(who),
        "fails" => fails(who),
        _ => Err("no such thing to do".into()),
    }
}

fn become_daemon(options: Options) -> Result<(), Box<dyn Error>> {
    let _daemon = options.daemonize()?;
    Ok(support::obey("body")?)
}

/// Says all about the error of a start that is to fail.
fn tried<T>(result: Result<T, godaemon::Error>) -> Result<(), Box<dyn Error>> {
    let error = result.err().ok_or("this should have failed")?;
    println!("{:?}, {}, {}", error.kind(), error.stage(), error.exit_code());
    eprintln!("{error:#}");
    Ok(())
}

/// Fifty threads that are older than the daemon's being somebody else, and look at the environment meanwhile.
fn threads(who: String) -> Result<(), Box<dyn Error>> {
    const COUNT: usize = 50;
    let begun = Arc::new(Barrier::new(COUNT + 1));
    for _ in 0..COUNT {
        let begun = Arc::clone(&begun);
        thread::spawn(move || {
            begun.wait();
            loop {
                let _home = env::var_os("HOME");
                thread::sleep(Duration::from_millis(1));
            }
        });
    }
    begun.wait();
    become_daemon(Options::new().user(who))
}

/// On a thread that is not the first one.
fn elsewhere(who: String) -> Result<(), Box<dyn Error>> {
    let thread = thread::spawn(|| become_daemon(Options::new().user(who)).map_err(|error| error.to_string()));
    Ok(thread.join().map_err(|_| "a thread panicked")??)
}

/// It has become somebody else, and never will be up.
fn fails(who: String) -> Result<(), Box<dyn Error>> {
    let options = Options::new().user(who).pid_file("pid").wait_for_ready();
    match options.daemonize() {
        Ok(mut daemon) => {
            let ready = daemon.take_ready().ok_or("no `Ready`")?;
            support::obey("body")?;
            ready.fail("no luck")
        }
        Err(error) => tried::<()>(Err(error)),
    }
}
