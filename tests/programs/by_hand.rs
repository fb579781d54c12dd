//! A daemon without the attribute. Its first argument says how it is made; it tells what came of it, and goes on.

use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    error::Error,
    fs::{File, TryLockError},
    hint, io,
    net::TcpListener,
    panic, process,
    sync::{
        Arc, Barrier,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread::{self, JoinHandle, ScopedJoinHandle},
    time::Duration,
};

use godaemon::{Options, Stage, Started};
use nix::{
    errno::Errno,
    sys::{
        signal::{Signal, kill, raise},
        wait::{WaitPidFlag, waitpid},
    },
    unistd::getppid,
};
use support::{Descriptor, Process};

fn main() -> Result<(), Box<dyn Error>> {
    let what = env::args().nth(1).ok_or("what?")?;
    match what.as_str() {
        "plain" => plain(),
        "start" => start(),
        "many-starts" => many_starts(),
        "busy" => busy(),
        "ready" => ready(&env::args().nth(2).ok_or("what to do with it?")?),
        "many-failures" => many_failures(),
        "gives-back" => gives_back(),
        "gives-back-at" => gives_back_at(&env::args().nth(2).ok_or("at what?")?),
        "gives-back-others" => gives_back_others(),
        "gives-back-namesakes" => gives_back_namesakes(),
        "takes-files" => takes_files(),
        "again" => again(false),
        "again-in-foreground" => again(true),
        "moves-away" => moves_away(),
        "hook" => hook(),
        "slow-hook" => slow_hook(),
        "silent-hook" => silent_hook(),
        "raises-in-on-ready" => raises_in_on_ready(),
        "handles" => handles(),
        "masks" => masks(),
        "mask-after-start" => mask_after_start(),
        "overflow" => overflow(),
        "foreground" => foreground(false),
        "foreground-ready" => foreground(true),
        "foreground-fails" => {
            let mut daemon = Options::new().foreground(true).wait_for_ready().daemonize()?;
            daemon.take_ready().ok_or("no `Ready`")?.fail("no luck")
        }
        "foreground-twice" => foreground_twice(),
        "supervised" => {
            print!("{}", godaemon::supervised());
            Ok(())
        }
        // As under `if stdout().is_terminal()`: the copy takes another path than the parent.
        "never" if godaemon::stage() == Stage::Daemon => Ok(()),
        "never" => tried(godaemon::daemonize()),
        "umask" => tried(Options::new().umask(0o1000).daemonize()),
        "zero-byte" => tried(Options::new().program_name("zero\0byte").daemonize()),
        "same-name" => tried(Options::new().file_with("file", null).file_with("file", null).daemonize()),
        "expression" => tried(Options::new().file_with("file", || File::open("no such file")).daemonize()),
        _ => Err("no such thing to do".into()),
    }
}

fn null() -> io::Result<File> {
    File::open("/dev/null")
}

/// Says all about the error of a call that does not return otherwise, at least not here.
fn tried<T>(result: Result<T, godaemon::Error>) -> Result<(), Box<dyn Error>> {
    let error = result.err().ok_or("this should have failed")?;
    println!("{}", summary(&error));
    eprintln!("{error:#}");
    Ok(())
}

fn summary(error: &godaemon::Error) -> String {
    format!("{:?}, {}, {}", error.kind(), error.stage(), error.exit_code())
}

fn plain() -> Result<(), Box<dyn Error>> {
    let before = godaemon::stage();
    let _daemon = Options::new().daemonize()?;
    let stages = format!("{before}, {}", godaemon::stage());
    Ok(support::obey_with("body", &[("stages", &stages)])?)
}

/// Calls twice more. Should that start a daemon after all, that one does not: it would never end.
fn again(foreground: bool) -> Result<(), Box<dyn Error>> {
    let _daemon = Options::new().foreground(foreground).daemonize()?;
    let folder = godaemon::launch_dir().ok_or("no launch directory")?;
    File::create_new(folder.join("again"))?;
    let mut errors = [Options::new().file("null", null()?).daemonize().err(), Options::new().start().err()];
    let back = errors[0].as_mut().and_then(|error| error.take_file::<File>("null")).is_some();
    let errors = errors.map(|error| error.as_ref().map_or_else(|| "none".to_owned(), summary));
    Ok(support::obey_with("body", &[("errors", &errors.join("; ")), ("back", &back.to_string())])?)
}

/// The parent goes on, and what it has to say comes after the daemon's being up.
fn start() -> Result<(), Box<dyn Error>> {
    match Options::new().file_with("file", null).on_ready(|pid| println!("up: {pid}")).start()? {
        Started::Parent(pid) => Ok(support::obey_with("parent", &[("started", &pid.to_string())])?),
        Started::Daemon(_daemon) => Ok(support::obey("daemon")?),
    }
}

/// One after the other, and several at once.
fn many_starts() -> Result<(), Box<dyn Error>> {
    let start_one = || Options::new().file_with("file", null).capture_output().start();
    if godaemon::stage() == Stage::Daemon {
        let _daemon = start_one()?;
        return Ok(support::obey("daemon")?);
    }
    let one = || match start_one() {
        Ok(Started::Parent(pid)) => Ok(pid.to_string()),
        Ok(Started::Daemon(_)) => Err("this was the parent".to_owned()),
        Err(error) => Err(format!("{error:#}")),
    };
    let before = descriptors();
    let mut started = vec![one()?, one()?, one()?];
    let at_once: Vec<_> = thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(one)).collect();
        threads.into_iter().map(ScopedJoinHandle::join).collect()
    });
    for result in at_once {
        started.push(result.map_err(|_| "a thread panicked")??);
    }
    let (left, same) = (children(), (descriptors() == before).to_string());
    let mut report = vec![("children", left.as_str()), ("same_descriptors", same.as_str())];
    report.extend(started.iter().map(|pid| ("started", pid.as_str())));
    Ok(support::obey_with("parent", &report)?)
}

fn descriptors() -> BTreeMap<i32, Descriptor> {
    Process(process::id().cast_signed()).descriptors()
}

fn children() -> String {
    match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
        Err(Errno::ECHILD) => "nobody".to_owned(),
        other => format!("{other:?}"),
    }
}

/// One after the other, and several at once. All of them fail, in every process.
fn many_failures() -> Result<(), Box<dyn Error>> {
    let options = || Options::new().file_with("file", null).capture_output().wait_for_ready();
    if godaemon::stage() == Stage::Daemon {
        let mut daemon = options().daemonize()?;
        daemon.take_ready().ok_or("no `Ready`")?.fail("no luck");
    }
    let failures = || -> Vec<_> {
        [options(), options().umask(0o1000), options().program_name("x".repeat(1 << 20))]
            .map(|options| {
                options.start().map_or_else(|error| format!("{error:#}"), |started| format!("{started:?}"))
            })
            .into()
    };
    let before = descriptors();
    let one_by_one = failures();
    let same = thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(failures)).collect();
        threads.into_iter().all(|thread| thread.join().is_ok_and(|failures| failures == one_by_one))
    });
    println!("{}", one_by_one.join("\n"));
    println!("the same in all threads: {same}");
    println!("children: {}", children());
    println!("the same descriptors: {}", descriptors() == before);
    Ok(())
}

/// Fifty threads that do what is said to be dangerous beside a `fork`: they allocate, take the lock of stdout, and look
/// at the environment.
struct Busy {
    enough: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Busy {
    const COUNT: usize = 50;

    /// Returns when all of them are at it.
    fn start() -> Self {
        let enough = Arc::new(AtomicBool::new(false));
        let begun = Arc::new(Barrier::new(Self::COUNT + 1));
        let work = || {
            let (enough, begun) = (Arc::clone(&enough), Arc::clone(&begun));
            move || {
                begun.wait();
                while !enough.load(Ordering::Relaxed) {
                    let environment: Vec<_> = env::vars_os().collect();
                    let output = io::stdout().lock();
                    drop((environment, output));
                }
            }
        };
        let threads = (0..Self::COUNT).map(|_| thread::spawn(work())).collect();
        begun.wait();
        Self { enough, threads }
    }

    fn end(self) -> thread::Result<()> {
        self.enough.store(true, Ordering::Relaxed);
        self.threads.into_iter().try_for_each(JoinHandle::join)
    }
}

/// In the parent and in the daemon.
fn busy() -> Result<(), Box<dyn Error>> {
    let busy = Busy::start();
    let mut daemon = Options::new().capture_output().file_with("file", null).wait_for_ready().daemonize()?;
    let _file: File = daemon.take_file("file")?;
    daemon.take_ready().ok_or("no `Ready`")?.notify()?;
    let threads = busy.threads.len().to_string();
    busy.end().map_err(|_| "a thread panicked")?;
    Ok(support::obey_with("body", &[("threads", &threads)])?)
}

fn ready(what: &str) -> Result<(), Box<dyn Error>> {
    let limit = (what == "never").then_some(Duration::from_millis(100));
    let mut daemon = match Options::new().wait_for_ready().start_timeout(limit).daemonize() {
        Ok(daemon) => daemon,
        Err(error) => return tried::<()>(Err(error)),
    };
    let ready = daemon.take_ready().ok_or("no `Ready`")?;
    match what {
        "obey" => {
            support::obey("before")?;
            ready.notify()?;
            Ok(support::obey("after")?)
        }
        "fail" => ready.fail("no luck"),
        "drop" => {
            drop(ready);
            Ok(support::obey("dropped")?)
        }
        "never" => Ok(support::obey("never")?),
        // Rust drops `ready` before anybody sees the error.
        "error" => Err("database is down".into()),
        _ => Err("no such thing to do".into()),
    }
}

/// A start that fails in the daemon, and a program that goes on without one, with its lock.
fn gives_back() -> Result<(), Box<dyn Error>> {
    let lock = || -> Result<File, Box<dyn Error>> {
        let file = File::create("lock")?;
        file.try_lock()?;
        Ok(file)
    };
    let options =
        Options::new().file_with("lock", lock).file_with("listener", || TcpListener::bind("127.0.0.1:0"));
    let mut error = match options.wait_for_ready().daemonize() {
        Ok(mut daemon) => match daemon.take_ready() {
            Some(ready) => ready.fail("no luck"),
            // Of the second start: every daemon comes out of the first call.
            None => return Ok(support::obey("daemon")?),
        },
        Err(error) => error,
    };
    let say = |what: &str, yes: bool| println!("{what}: {yes}");
    say("no such name", error.take_file::<File>("other").is_none());
    say("another kind", error.take_file::<File>("listener").is_none());
    say("listener", error.take_file::<TcpListener>("listener").is_some());
    let file: File = error.take_file("lock").ok_or("the lock is gone")?;
    drop(error);
    let other = File::open("lock")?;
    say("locked", matches!(other.try_lock(), Err(TryLockError::WouldBlock)));
    drop(file);
    say("free", other.try_lock().is_ok());
    drop(other);
    // One that fails before it opens anything gives back what had been open.
    let mut error = Options::new().file("null", null()?).umask(0o1000).daemonize().err().ok_or("no error")?;
    say("early", error.take_file::<File>("null").is_some());
    // And nothing of them stands in the way of another try.
    if let Started::Parent(pid) = Options::new().file_with("lock", lock).start()? {
        say("next start", Process(pid.cast_signed()).is_alive());
    }
    Ok(())
}

/// Starts, with a lock, what fails at this point, and says why and whether the lock is back.
fn gives_back_at(point: &str) -> Result<(), Box<dyn Error>> {
    let options = Options::new().wait_for_ready().file_with("lock", || -> Result<File, Box<dyn Error>> {
        let file = File::create("lock")?;
        file.try_lock()?;
        Ok(file)
    });
    let options = match point {
        "file" => options.file_with("failing", || File::open("no such file")),
        "name" => options.file_with("lock", null),
        // More than a program may be given.
        "exec" => options.program_name("x".repeat(1 << 20)),
        "time" => options.start_timeout(Duration::ZERO),
        "stopped first child" => options.start_timeout(Duration::from_secs(1)),
        "never" if godaemon::stage() == Stage::Daemon => return Ok(()),
        _ => options,
    };
    let mut error = match options.daemonize() {
        Ok(mut daemon) => match (daemon.take_ready(), point) {
            (Some(ready), "fail") => ready.fail("no luck"),
            (_, "panic") => panic!("the sky fell"),
            (_, "exit") => process::exit(3),
            (_, "stopped first child") => {
                kill(getppid(), Signal::SIGSTOP)?;
                // It takes the system a while to end what has much memory.
                let _much = hint::black_box(vec![1_u8; 128 << 20]);
                return Ok(support::obey("daemon")?);
            }
            (_, "first child") => return Ok(kill(getppid(), Signal::SIGKILL)?),
            _ => return Ok(support::obey("daemon")?),
        },
        Err(error) => error,
    };
    println!("{}", summary(&error));
    let file: File = error.take_file("lock").ok_or("the lock is gone")?;
    let other = File::open("lock")?;
    println!("locked: {}", matches!(other.try_lock(), Err(TryLockError::WouldBlock)));
    drop((error, file));
    println!("free: {}", other.try_lock().is_ok());
    Ok(())
}

/// One file fails; what is open before and behind it comes back, and nothing is opened for it any more.
fn gives_back_others() -> Result<(), Box<dyn Error>> {
    let options = Options::new()
        .file("before", null()?)
        .file_with("failing", || File::open("no such file"))
        .file("behind", null()?)
        .file_with("later", || File::create("later"));
    let mut error = options.daemonize().err().ok_or("no error")?;
    let given = ["before", "failing", "behind", "later"].map(|name| error.take_file::<File>(name).is_some());
    println!("{given:?}");
    Ok(())
}

/// Both files of one name come back, one after the other.
fn gives_back_namesakes() -> Result<(), Box<dyn Error>> {
    let options = Options::new().file("null", null()?).file_with("null", null);
    let mut error = options.daemonize().err().ok_or("no error")?;
    let given = [(); 3].map(|()| error.take_file::<File>("null").is_some());
    println!("{given:?}");
    Ok(())
}

fn takes_files() -> Result<(), Box<dyn Error>> {
    let mut daemon = Options::new()
        .file_with("null", null)
        .file_with("two", || Ok::<_, io::Error>(vec![null()?, null()?]))
        .daemonize()?;
    let kinds = [
        daemon.take_file::<File>("other").err(),
        daemon.take_file::<TcpListener>("null").err(),
        daemon.take_file::<File>("two").err(),
        // What was refused can still be taken as what it is, once.
        daemon.take_file::<File>("null").err(),
        daemon.take_file::<File>("null").err(),
        daemon.take_file::<Vec<File>>("two").err(),
    ]
    .map(|error| error.map(|error| error.kind()));
    let rest =
        [daemon.take_stdout().is_some(), daemon.take_stderr().is_some(), daemon.take_ready().is_some()];
    Ok(support::obey_with("body", &[("errors", &format!("{kinds:?}")), ("rest", &format!("{rest:?}"))])?)
}

/// Both processes come here; from the same directory, or else the second would not find the way.
fn moves_away() -> Result<(), Box<dyn Error>> {
    let stage = godaemon::stage();
    env::set_current_dir("away")?;
    if stage == Stage::Parent {
        println!("{}", godaemon::launch_dir().ok_or("no launch directory")?.display());
    }
    let _daemon = Options::new().daemonize()?;
    Ok(support::obey("body")?)
}

/// A hook that was there before the daemon.
fn hook() -> Result<(), Box<dyn Error>> {
    let previous = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        let folder = godaemon::launch_dir().unwrap_or_else(|| process::abort());
        if File::create_new(folder.join("hooked")).is_err() {
            process::abort();
        }
        previous(info);
    }));
    match Options::new().wait_for_ready().daemonize() {
        Ok(_daemon) => panic!("the sky fell"),
        Err(error) => tried::<()>(Err(error)),
    }
}

/// A hook that is still at work when another thread says that the daemon is up.
fn slow_hook() -> Result<(), Box<dyn Error>> {
    let (at_work, up) = (Arc::new(Barrier::new(2)), Arc::new(Barrier::new(2)));
    let (begun, may_end) = (Arc::clone(&at_work), Arc::clone(&up));
    panic::set_hook(Box::new(move |_| {
        begun.wait();
        may_end.wait();
    }));
    let mut daemon = Options::new().wait_for_ready().daemonize()?;
    let ready = daemon.take_ready().ok_or("asked for")?;
    let thread = thread::spawn(|| panic!("the sky fell"));
    at_work.wait();
    ready.notify()?;
    up.wait();
    if thread.join().is_ok() {
        return Err("it did not panic".into());
    }
    Ok(support::obey("up")?)
}

/// Of a panic under a hook that says nothing, `Ready` knows, which it drops.
fn silent_hook() -> Result<(), Box<dyn Error>> {
    match Options::new().wait_for_ready().daemonize() {
        Ok(mut daemon) => {
            let _ready = daemon.take_ready().ok_or("no `Ready`")?;
            panic::set_hook(Box::new(|_| {}));
            panic!("the sky fell")
        }
        Err(error) => tried::<()>(Err(error)),
    }
}

/// When `on_ready` runs the start has happened, and no signal may say anything else.
fn raises_in_on_ready() -> Result<(), Box<dyn Error>> {
    let on_ready = |_| match raise(Signal::SIGTERM) {
        Ok(()) => println!("raised"),
        Err(error) => println!("{error}"),
    };
    let _daemon = Options::new().on_ready(on_ready).daemonize()?;
    Ok(support::obey("body")?)
}

/// A parent that handles SIGUSR1.
fn handles() -> Result<(), Box<dyn Error>> {
    signal_hook::flag::register(signal_hook::consts::SIGUSR1, Arc::default())?;
    let mut daemon = Options::new().wait_for_ready().daemonize()?;
    support::obey("body")?;
    daemon.take_ready().ok_or("no `Ready`")?.notify()?;
    Ok(support::obey("up")?)
}

/// Says what is blocked after starts that fail before there is any copy.
fn masks() -> Result<(), Box<dyn Error>> {
    for options in [Options::new().umask(0o1000), Options::new().program_name("x".repeat(1 << 20))] {
        let failed = options.start().is_err();
        println!("{failed}, {:?}", blocked());
    }
    Ok(())
}

/// Says what is blocked after a start, however it went.
fn mask_after_start() -> Result<(), Box<dyn Error>> {
    let result = match Options::new().wait_for_ready().start() {
        Ok(Started::Daemon(mut daemon)) => {
            support::obey("body")?;
            daemon.take_ready().ok_or("no `Ready`")?.notify()?;
            return Ok(support::obey("up")?);
        }
        Ok(Started::Parent(_)) => "up".to_owned(),
        Err(error) => format!("{error:#}"),
    };
    println!("{result}, {:?}", blocked());
    Ok(())
}

fn blocked() -> BTreeSet<i32> {
    Process(process::id().cast_signed()).signals("SigBlk")
}

/// In a thread that is older than the daemon's being one.
fn overflow() -> Result<(), Box<dyn Error>> {
    #[expect(unconditional_recursion, reason = "that is the purpose")]
    fn dive(depth: u64) -> u64 {
        hint::black_box(dive(hint::black_box(depth) + 1)) + 1
    }
    let (sender, receiver) = mpsc::channel();
    let thread = thread::Builder::new().name("deep".into()).spawn(move || receiver.recv().map(dive))?;
    match Options::new().wait_for_ready().daemonize() {
        Ok(_daemon) => {
            sender.send(0)?;
            Err(format!("{:?}", thread.join().is_ok()).into())
        }
        Err(error) => tried::<()>(Err(error)),
    }
}

fn foreground(wait: bool) -> Result<(), Box<dyn Error>> {
    let options = Options::new().foreground(true).file_with("file", null).capture_output();
    let mut daemon = if wait { options.wait_for_ready() } else { options }.daemonize()?;
    let _file: File = daemon.take_file("file")?;
    support::obey("before")?;
    if let Some(ready) = daemon.take_ready() {
        ready.notify()?;
    }
    Ok(support::obey("after")?)
}

/// Two threads that come to staying in the foreground at once, which only one of them can.
fn foreground_twice() -> Result<(), Box<dyn Error>> {
    let opened = Arc::new(Barrier::new(2));
    let stay = || {
        let opened = Arc::clone(&opened);
        // Behind the look at the stage, and before anybody stays.
        let open = move || {
            opened.wait();
            null()
        };
        match Options::new().foreground(true).file_with("file", open).daemonize() {
            Ok(_daemon) => "in the foreground".to_owned(),
            Err(mut error) => format!("{}, {}", summary(&error), error.take_file::<File>("file").is_some()),
        }
    };
    let both = thread::scope(|scope| [scope.spawn(stay), scope.spawn(stay)].map(ScopedJoinHandle::join));
    let mut lines = Vec::new();
    for line in both {
        lines.push(line.map_err(|_| "a thread panicked")?);
    }
    lines.sort_unstable();
    println!("{}", lines.join("\n"));
    Ok(())
}
