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
            use ::godaemon::{Options as __Options, __private as __godaemon};
            #[cfg(all(target_os = "linux", target_env = "gnu"))]
            const _: () = {
                #[used]
                #[unsafe(link_section = ".preinit_array")]
                static BEFORE_MAIN: __godaemon::BeforeMain = __godaemon::before_main;
            };
            #[allow(clippy::too_many_arguments)]
            fn __godaemon_main() {
                serve()
            }
            let start = __godaemon::Start::new();
            let mut daemon = if start.is_parent() {
                let options = __Options::new();
                let mut prepared = start.prepare(options);
                prepared.daemonize()
            } else {
                start.settle()
            };
            ::core::mem::drop(daemon);
            let result = __godaemon_main();
            {
                use __godaemon::outcome::*;
                (&&&&&__godaemon::outcome::Outcome(&result)).report();
            }
            result
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
                use ::godaemon::{Options as __Options, __private as __godaemon};
                #[cfg(all(target_os = "linux", target_env = "gnu"))]
                const _: () = {
                    #[used]
                    #[unsafe(link_section = ".preinit_array")]
                    static BEFORE_MAIN: __godaemon::BeforeMain = __godaemon::before_main;
                };
                #[allow(clippy::too_many_arguments)]
                fn __godaemon_main(_lock: File, listener: TcpListener) -> io::Result<()> {
                    serve(listener)
                }
                let start = __godaemon::Start::new();
                let mut daemon = if start.is_parent() {
                    let options = __Options::new();
                    let mut prepared = start.prepare(options);
                    let lock = prepared
                        .file::<
                            File,
                        >(
                            "lock",
                            (|| -> ::core::result::Result<
                                _,
                                ::std::boxed::Box<dyn ::core::error::Error>,
                            > {
                                let value: File = open_lock()?;
                                ::core::result::Result::Ok(value)
                            })(),
                        );
                    let listener = prepared
                        .file::<
                            TcpListener,
                        >(
                            "listener",
                            (|| -> ::core::result::Result<
                                _,
                                ::std::boxed::Box<dyn ::core::error::Error>,
                            > {
                                let value: TcpListener = TcpListener::bind(ADDRESS)?;
                                ::core::result::Result::Ok(value)
                            })(),
                        );
                    prepared.hand_on::<File>("lock", lock);
                    prepared.hand_on::<TcpListener>("listener", listener);
                    prepared.daemonize()
                } else {
                    start.settle()
                };
                let lock = start.take::<File>(&mut daemon, "lock");
                let listener = start.take::<TcpListener>(&mut daemon, "listener");
                ::core::mem::drop(daemon);
                let result = __godaemon_main(lock, listener);
                {
                    use __godaemon::outcome::*;
                    (&&&&&__godaemon::outcome::Outcome(&result)).report();
                }
                result
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
                use ::godaemon::{Options as __Options, __private as __godaemon};
                #[cfg(all(target_os = "linux", target_env = "gnu"))]
                const _: () = {
                    #[used]
                    #[unsafe(link_section = ".preinit_array")]
                    static BEFORE_MAIN: __godaemon::BeforeMain = __godaemon::before_main;
                };
                #[allow(clippy::too_many_arguments)]
                fn __godaemon_main(args: Args) {
                    serve(args)
                }
                let start = __godaemon::Start::new();
                let args = start
                    .value(
                        "args",
                        (|| -> ::core::result::Result<
                            _,
                            ::std::boxed::Box<dyn ::core::error::Error>,
                        > {
                            let value: Args = Args::parse();
                            ::core::result::Result::Ok(value)
                        })(),
                    );
                let mut daemon = if start.is_parent() {
                    let options = __Options::new();
                    let options = start
                        .option(
                            "foreground",
                            (|| -> ::core::result::Result<
                                _,
                                ::std::boxed::Box<dyn ::core::error::Error>,
                            > { ::core::result::Result::Ok(options.foreground(args.foreground)) })(),
                        );
                    let options = start
                        .option(
                            "pid_file",
                            (|| -> ::core::result::Result<
                                _,
                                ::std::boxed::Box<dyn ::core::error::Error>,
                            > { ::core::result::Result::Ok(options.pid_file(&args.pid_file)) })(),
                        );
                    let mut prepared = start.prepare(options);
                    prepared.daemonize()
                } else {
                    start.settle()
                };
                ::core::mem::drop(daemon);
                let result = __godaemon_main(args);
                {
                    use __godaemon::outcome::*;
                    (&&&&&__godaemon::outcome::Outcome(&result)).report();
                }
                result
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
            use ::godaemon::{Options as __Options, __private as __godaemon};
            #[cfg(all(target_os = "linux", target_env = "gnu"))]
            const _: () = {
                #[used]
                #[unsafe(link_section = ".preinit_array")]
                static BEFORE_MAIN: __godaemon::BeforeMain = __godaemon::before_main;
            };
            #[allow(clippy::too_many_arguments)]
            fn __godaemon_main(stdout: Reader, mut stderr: Reader) {
                log(stdout, stderr)
            }
            let start = __godaemon::Start::new();
            let mut daemon = if start.is_parent() {
                let options = __Options::new();
                let options = options.capture_output();
                let mut prepared = start.prepare(options);
                prepared.daemonize()
            } else {
                start.settle()
            };
            let stdout = __godaemon::reader::<Reader>(daemon.take_stdout());
            let stderr = __godaemon::reader::<Reader>(daemon.take_stderr());
            ::core::mem::drop(daemon);
            let result = __godaemon_main(stdout, stderr);
            {
                use __godaemon::outcome::*;
                (&&&&&__godaemon::outcome::Outcome(&result)).report();
            }
            result
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
                use ::godaemon::{Options as __Options, __private as __godaemon};
                #[cfg(all(target_os = "linux", target_env = "gnu"))]
                const _: () = {
                    #[used]
                    #[unsafe(link_section = ".preinit_array")]
                    static BEFORE_MAIN: __godaemon::BeforeMain = __godaemon::before_main;
                };
                #[allow(clippy::too_many_arguments)]
                fn __godaemon_main(ready: Ready) -> io::Result<()> {
                    ready.notify()
                }
                let start = __godaemon::Start::new();
                let mut daemon = if start.is_parent() {
                    let options = __Options::new();
                    let options = options.wait_for_ready();
                    let options = start
                        .option(
                            "start_timeout",
                            (|| -> ::core::result::Result<
                                _,
                                ::std::boxed::Box<dyn ::core::error::Error>,
                            > { ::core::result::Result::Ok(options.start_timeout(limit()?)) })(),
                        );
                    let options = options.on_ready(|pid| println!("up: {pid}"));
                    let mut prepared = start.prepare(options);
                    prepared.daemonize()
                } else {
                    start.settle()
                };
                let ready = __godaemon::ready::<Ready>(daemon.take_ready());
                ::core::mem::drop(daemon);
                let result = __godaemon_main(ready);
                {
                    use __godaemon::outcome::*;
                    (&&&&&__godaemon::outcome::Outcome(&result)).report();
                }
                result
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
                use ::godaemon::{Options as __Options, __private as __godaemon};
                #[cfg(all(target_os = "linux", target_env = "gnu"))]
                const _: () = {
                    #[used]
                    #[unsafe(link_section = ".preinit_array")]
                    static BEFORE_MAIN: __godaemon::BeforeMain = __godaemon::before_main;
                };
                #[tokio::main(flavor = "current_thread")]
                #[allow(clippy::too_many_arguments)]
                async fn __godaemon_main(listener: TcpListener) {
                    serve(listener).await
                }
                let start = __godaemon::Start::new();
                let mut daemon = if start.is_parent() {
                    let options = __Options::new();
                    let mut prepared = start.prepare(options);
                    let listener = prepared
                        .file::<
                            TcpListener,
                        >(
                            "listener",
                            (|| -> ::core::result::Result<
                                _,
                                ::std::boxed::Box<dyn ::core::error::Error>,
                            > {
                                let value: TcpListener = TcpListener::bind(ADDRESS)?;
                                ::core::result::Result::Ok(value)
                            })(),
                        );
                    prepared.hand_on::<TcpListener>("listener", listener);
                    prepared.daemonize()
                } else {
                    start.settle()
                };
                let listener = start.take::<TcpListener>(&mut daemon, "listener");
                ::core::mem::drop(daemon);
                let result = __godaemon_main(listener);
                {
                    use __godaemon::outcome::*;
                    (&&&&&__godaemon::outcome::Outcome(&result)).report();
                }
                result
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
                use daemons::{Options as __Options, __private as __godaemon};
                #[cfg(all(target_os = "linux", target_env = "gnu"))]
                const _: () = {
                    #[used]
                    #[unsafe(link_section = ".preinit_array")]
                    static BEFORE_MAIN: __godaemon::BeforeMain = __godaemon::before_main;
                };
                #[instrument]
                #[allow(clippy::too_many_arguments)]
                fn __godaemon_main() -> ! {
                    serve()
                }
                let start = __godaemon::Start::new();
                let mut daemon = if start.is_parent() {
                    let options = __Options::new();
                    let mut prepared = start.prepare(options);
                    prepared.daemonize()
                } else {
                    start.settle()
                };
                ::core::mem::drop(daemon);
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
