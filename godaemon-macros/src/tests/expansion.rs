//! WRITE: the whole answer, for typical uses: what a reader of `cargo expand` sees.
//!
//! After a change: `UPDATE_EXPECT=1 cargo test -p godaemon-macros`, and then read the diff.

use super::expand;
use expect_test::{Expect, expect};

fn check(options: &str, item: &str, expected: &Expect) {
    let written = syn::parse2(expand(options, item)).expect("what is written can be parsed");
    expected.assert_eq(&prettyplease::unparse(&written));
}

#[test]
fn nothing_but_the_attribute() {
    check(
        "",
        "fn main() { serve() }",
        &expect![[r#"
            fn main() {
                use ::godaemon::{Options as __GodaemonOptions, __private as __godaemon};
                #[cfg(all(target_os = "linux", target_env = "gnu"))]
                const _: () = {
                    #[used]
                    #[unsafe(link_section = ".preinit_array")]
                    static BEFORE_MAIN: __godaemon::BeforeMain = __godaemon::before_main;
                };
                fn __godaemon_main() {
                    serve()
                }
                let __godaemon_start = __godaemon::Start::new(__godaemon::Parts::NONE);
                let mut __godaemon_daemon = if __godaemon::Start::is_parent(&__godaemon_start) {
                    let __godaemon_options = __GodaemonOptions::new();
                    let mut __godaemon_prepared = __godaemon::Start::prepare(
                        &__godaemon_start,
                        __godaemon_options,
                    );
                    __godaemon::Prepared::daemonize(__godaemon_prepared)
                } else {
                    __godaemon::Start::settle(&__godaemon_start)
                };
                __godaemon::drop(__godaemon_daemon);
                let __godaemon_result = __godaemon_main();
                {
                    use __godaemon::outcome::*;
                    (&&&&&__godaemon::outcome::Outcome(&__godaemon_result)).__godaemon_report();
                }
                __godaemon_result
            }
        "#]],
    );
}

#[test]
fn files_that_stay_open() {
    check(
        "files = [lock = open_lock()?, listener = TcpListener::bind(ADDRESS)?]",
        "fn main(_lock: File, listener: TcpListener) -> io::Result<()> { serve(listener) }",
        &expect![[r#"
            fn main() -> io::Result<()> {
                use ::godaemon::{Options as __GodaemonOptions, __private as __godaemon};
                #[cfg(all(target_os = "linux", target_env = "gnu"))]
                const _: () = {
                    #[used]
                    #[unsafe(link_section = ".preinit_array")]
                    static BEFORE_MAIN: __godaemon::BeforeMain = __godaemon::before_main;
                };
                fn __godaemon_main(_lock: File, listener: TcpListener) -> io::Result<()> {
                    serve(listener)
                }
                let __godaemon_start = __godaemon::Start::new(__godaemon::Parts::NONE);
                let mut __godaemon_daemon = if __godaemon::Start::is_parent(&__godaemon_start) {
                    let __godaemon_options = __GodaemonOptions::new();
                    let mut __godaemon_prepared = __godaemon::Start::prepare(
                        &__godaemon_start,
                        __godaemon_options,
                    );
                    let lock = __godaemon::Prepared::files::<
                        File,
                    >(
                        &mut __godaemon_prepared,
                        "lock",
                        (|| -> __godaemon::Attempt<_> {
                            let __godaemon_value: File = open_lock()?;
                            __godaemon::Ok(__godaemon_value)
                        })(),
                    );
                    let listener = __godaemon::Prepared::files::<
                        TcpListener,
                    >(
                        &mut __godaemon_prepared,
                        "listener",
                        (|| -> __godaemon::Attempt<_> {
                            let __godaemon_value: TcpListener = TcpListener::bind(ADDRESS)?;
                            __godaemon::Ok(__godaemon_value)
                        })(),
                    );
                    __godaemon::Prepared::hand_on::<File>(&mut __godaemon_prepared, "lock", lock);
                    __godaemon::Prepared::hand_on::<
                        TcpListener,
                    >(&mut __godaemon_prepared, "listener", listener);
                    __godaemon::Prepared::daemonize(__godaemon_prepared)
                } else {
                    __godaemon::Start::settle(&__godaemon_start)
                };
                let lock = __godaemon::Start::take::<
                    File,
                >(&__godaemon_start, &mut __godaemon_daemon, "lock");
                let listener = __godaemon::Start::take::<
                    TcpListener,
                >(&__godaemon_start, &mut __godaemon_daemon, "listener");
                __godaemon::drop(__godaemon_daemon);
                let __godaemon_result = __godaemon_main(lock, listener);
                {
                    use __godaemon::outcome::*;
                    (&&&&&__godaemon::outcome::Outcome(&__godaemon_result)).__godaemon_report();
                }
                __godaemon_result
            }
        "#]],
    );
}

#[test]
fn arguments_and_options() {
    check(
        "values = [args = Args::parse()], foreground = args.foreground, pid_file = &args.pid_file",
        "fn main(args: Args) { serve(args) }",
        &expect![[r#"
            fn main() {
                use ::godaemon::{Options as __GodaemonOptions, __private as __godaemon};
                #[cfg(all(target_os = "linux", target_env = "gnu"))]
                const _: () = {
                    #[used]
                    #[unsafe(link_section = ".preinit_array")]
                    static BEFORE_MAIN: __godaemon::BeforeMain = __godaemon::before_main;
                };
                fn __godaemon_main(args: Args) {
                    serve(args)
                }
                let __godaemon_start = __godaemon::Start::new(__godaemon::Parts::NONE.pid_file());
                let args = __godaemon::Start::values(
                    &__godaemon_start,
                    "args",
                    (|| -> __godaemon::Attempt<_> {
                        let __godaemon_value: Args = Args::parse();
                        __godaemon::Ok(__godaemon_value)
                    })(),
                );
                let mut __godaemon_daemon = if __godaemon::Start::is_parent(&__godaemon_start) {
                    let __godaemon_options = __GodaemonOptions::new();
                    let __godaemon_options = __godaemon::Start::option(
                        &__godaemon_start,
                        "foreground",
                        (|| -> __godaemon::Attempt<_> {
                            __godaemon::Ok(
                                __godaemon::With(__godaemon_options.foreground(args.foreground)),
                            )
                        })(),
                    );
                    let __godaemon_options = __godaemon::Start::option(
                        &__godaemon_start,
                        "pid_file",
                        (|| -> __godaemon::Attempt<_> {
                            __godaemon::Ok(
                                __godaemon::With(__godaemon_options.pid_file(&args.pid_file)),
                            )
                        })(),
                    );
                    let mut __godaemon_prepared = __godaemon::Start::prepare(
                        &__godaemon_start,
                        __godaemon_options,
                    );
                    __godaemon::Prepared::daemonize(__godaemon_prepared)
                } else {
                    __godaemon::Start::settle(&__godaemon_start)
                };
                __godaemon::drop(__godaemon_daemon);
                let __godaemon_result = __godaemon_main(args);
                {
                    use __godaemon::outcome::*;
                    (&&&&&__godaemon::outcome::Outcome(&__godaemon_result)).__godaemon_report();
                }
                __godaemon_result
            }
        "#]],
    );
}

#[test]
fn captured_output() {
    check(
        "capture_output",
        "fn main(stdout: Reader, mut stderr: Reader) { log(stdout, stderr) }",
        &expect![[r#"
            fn main() {
                use ::godaemon::{Options as __GodaemonOptions, __private as __godaemon};
                #[cfg(all(target_os = "linux", target_env = "gnu"))]
                const _: () = {
                    #[used]
                    #[unsafe(link_section = ".preinit_array")]
                    static BEFORE_MAIN: __godaemon::BeforeMain = __godaemon::before_main;
                };
                fn __godaemon_main(stdout: Reader, mut stderr: Reader) {
                    log(stdout, stderr)
                }
                let __godaemon_start = __godaemon::Start::new(
                    __godaemon::Parts::NONE.capture_output(),
                );
                let mut __godaemon_daemon = if __godaemon::Start::is_parent(&__godaemon_start) {
                    let __godaemon_options = __GodaemonOptions::new();
                    let __godaemon_options = __godaemon_options.capture_output();
                    let mut __godaemon_prepared = __godaemon::Start::prepare(
                        &__godaemon_start,
                        __godaemon_options,
                    );
                    __godaemon::Prepared::daemonize(__godaemon_prepared)
                } else {
                    __godaemon::Start::settle(&__godaemon_start)
                };
                let __godaemon_stdout = __godaemon::stdout::<Reader>(&mut __godaemon_daemon);
                let __godaemon_stderr = __godaemon::stderr::<Reader>(&mut __godaemon_daemon);
                __godaemon::drop(__godaemon_daemon);
                let __godaemon_result = __godaemon_main(__godaemon_stdout, __godaemon_stderr);
                {
                    use __godaemon::outcome::*;
                    (&&&&&__godaemon::outcome::Outcome(&__godaemon_result)).__godaemon_report();
                }
                __godaemon_result
            }
        "#]],
    );
}

#[test]
fn a_start_that_is_waited_for() {
    check(
        "start_timeout = limit()?, on_ready = |pid| println!(\"up: {pid}\")",
        "fn main(ready: Ready) -> io::Result<()> { ready.notify() }",
        &expect![[r#"
            fn main() -> io::Result<()> {
                use ::godaemon::{Options as __GodaemonOptions, __private as __godaemon};
                #[cfg(all(target_os = "linux", target_env = "gnu"))]
                const _: () = {
                    #[used]
                    #[unsafe(link_section = ".preinit_array")]
                    static BEFORE_MAIN: __godaemon::BeforeMain = __godaemon::before_main;
                };
                fn __godaemon_main(ready: Ready) -> io::Result<()> {
                    ready.notify()
                }
                let __godaemon_start = __godaemon::Start::new(__godaemon::Parts::NONE);
                let mut __godaemon_daemon = if __godaemon::Start::is_parent(&__godaemon_start) {
                    let __godaemon_options = __GodaemonOptions::new();
                    let __godaemon_options = __godaemon_options.wait_for_ready();
                    let __godaemon_options = __godaemon::Start::option(
                        &__godaemon_start,
                        "start_timeout",
                        (|| -> __godaemon::Attempt<_> {
                            __godaemon::Ok(
                                __godaemon::With(__godaemon_options.start_timeout(limit()?)),
                            )
                        })(),
                    );
                    let __godaemon_options = __godaemon_options
                        .on_ready(|pid| println!("up: {pid}"));
                    let mut __godaemon_prepared = __godaemon::Start::prepare(
                        &__godaemon_start,
                        __godaemon_options,
                    );
                    __godaemon::Prepared::daemonize(__godaemon_prepared)
                } else {
                    __godaemon::Start::settle(&__godaemon_start)
                };
                let __godaemon_ready = __godaemon::ready::<Ready>(&mut __godaemon_daemon);
                __godaemon::drop(__godaemon_daemon);
                let __godaemon_result = __godaemon_main(__godaemon_ready);
                {
                    use __godaemon::outcome::*;
                    (&&&&&__godaemon::outcome::Outcome(&__godaemon_result)).__godaemon_report();
                }
                __godaemon_result
            }
        "#]],
    );
}

#[test]
fn an_async_main() {
    check(
        "files = [listener = TcpListener::bind(ADDRESS)?]",
        "#[tokio::main(flavor = \"current_thread\")] async fn main(listener: TcpListener) { serve(listener).await }",
        &expect![[r#"
            fn main() {
                use ::godaemon::{Options as __GodaemonOptions, __private as __godaemon};
                #[cfg(all(target_os = "linux", target_env = "gnu"))]
                const _: () = {
                    #[used]
                    #[unsafe(link_section = ".preinit_array")]
                    static BEFORE_MAIN: __godaemon::BeforeMain = __godaemon::before_main;
                };
                #[tokio::main(flavor = "current_thread")]
                async fn __godaemon_main(listener: TcpListener) {
                    serve(listener).await
                }
                let __godaemon_start = __godaemon::Start::new(__godaemon::Parts::NONE);
                let mut __godaemon_daemon = if __godaemon::Start::is_parent(&__godaemon_start) {
                    let __godaemon_options = __GodaemonOptions::new();
                    let mut __godaemon_prepared = __godaemon::Start::prepare(
                        &__godaemon_start,
                        __godaemon_options,
                    );
                    let listener = __godaemon::Prepared::files::<
                        TcpListener,
                    >(
                        &mut __godaemon_prepared,
                        "listener",
                        (|| -> __godaemon::Attempt<_> {
                            let __godaemon_value: TcpListener = TcpListener::bind(ADDRESS)?;
                            __godaemon::Ok(__godaemon_value)
                        })(),
                    );
                    __godaemon::Prepared::hand_on::<
                        TcpListener,
                    >(&mut __godaemon_prepared, "listener", listener);
                    __godaemon::Prepared::daemonize(__godaemon_prepared)
                } else {
                    __godaemon::Start::settle(&__godaemon_start)
                };
                let listener = __godaemon::Start::take::<
                    TcpListener,
                >(&__godaemon_start, &mut __godaemon_daemon, "listener");
                __godaemon::drop(__godaemon_daemon);
                let __godaemon_result = __godaemon_main(listener);
                {
                    use __godaemon::outcome::*;
                    (&&&&&__godaemon::outcome::Outcome(&__godaemon_result)).__godaemon_report();
                }
                __godaemon_result
            }
        "#]],
    );
}

#[test]
fn a_documented_main_that_never_returns() {
    check(
        "crate = daemons",
        "/// What it does.\n#[allow(clippy::too_many_lines)] #[instrument] pub fn main() -> ! { serve() }",
        &expect![[r#"
            /// What it does.
            #[allow(clippy::too_many_lines)]
            pub fn main() -> ! {
                use daemons::{Options as __GodaemonOptions, __private as __godaemon};
                #[cfg(all(target_os = "linux", target_env = "gnu"))]
                const _: () = {
                    #[used]
                    #[unsafe(link_section = ".preinit_array")]
                    static BEFORE_MAIN: __godaemon::BeforeMain = __godaemon::before_main;
                };
                #[instrument]
                fn __godaemon_main() -> ! {
                    serve()
                }
                let __godaemon_start = __godaemon::Start::new(__godaemon::Parts::NONE);
                let mut __godaemon_daemon = if __godaemon::Start::is_parent(&__godaemon_start) {
                    let __godaemon_options = __GodaemonOptions::new();
                    let mut __godaemon_prepared = __godaemon::Start::prepare(
                        &__godaemon_start,
                        __godaemon_options,
                    );
                    __godaemon::Prepared::daemonize(__godaemon_prepared)
                } else {
                    __godaemon::Start::settle(&__godaemon_start)
                };
                __godaemon::drop(__godaemon_daemon);
                __godaemon_main()
            }
        "#]],
    );
}

/// The body keeps its parameters, and so its types: errors and completion in it work as before.
#[test]
fn a_misspelt_option() {
    check(
        "umsk = 0o027",
        "fn main(lock: File) -> io::Result<()> { lock.sync_all()?; serve() }",
        &expect![[r#"
        ::core::compile_error! {
            "unknown option `umsk`\nhelp: an option with a similar name exists: `umask`"
        }
        #[allow(dead_code)]
        fn main() {
            fn __godaemon_main(lock: File) -> io::Result<()> {
                lock.sync_all()?;
                serve()
            }
        }
    "#]],
    );
}
