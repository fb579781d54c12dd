//! A daemon that cannot leave its directory.

use std::fs;

use nix::unistd::User;
use support::{Case, Launch, Process, is_root, program, skip};

use crate::{assert_refused, daemon_in, end};

/// With a `/run` of its own: the real one may hold the file of a real one.
fn example<'case>(case: &'case Case, args: &[&str]) -> Launch<'case> {
    let run = case.folder().join("run");
    fs::create_dir_all(&run).unwrap();
    let launch = args.iter().fold(case.program(program!("chroot_and_limits")), Launch::arg);
    launch.first(["namespace", "bind", run.to_str().unwrap(), "/run"])
}

/// Soft and hard limit.
#[track_caller]
fn limit(process: Process, name: &str) -> Vec<String> {
    let text = fs::read_to_string(format!("/proc/{}/limits", process.0)).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    line.split_whitespace().take(2).map(str::to_owned).collect()
}

#[test]
fn daemon_is_in_its_directory_and_has_its_limits() {
    let Some(nobody) = User::from_name("nobody").unwrap() else {
        return skip("there is no nobody here");
    };
    if !is_root() {
        return skip("only root can change the root directory");
    }
    let case = Case::new();
    let cage = case.folder().join("cage");
    fs::create_dir(&cage).unwrap();
    fs::write(cage.join("only"), "").unwrap();
    // A relative path.
    let outcome = example(&case, &["cage", "nobody"]).run();
    assert!(outcome.status.success() && outcome.stdout.is_empty(), "{outcome:?}");
    let text = str::from_utf8(&outcome.stderr).unwrap();
    let daemon = daemon_in(&case, text);
    let pid = daemon.0;
    assert_eq!(text, format!("process {pid} sees 1 files in / and can open 64; end it with: kill {pid}\n"));

    let root = fs::read_link(format!("/proc/{pid}/root")).unwrap();
    assert_eq!([root.as_path(), &daemon.directory()], [cage.as_path(); 2]);
    assert_eq!(limit(daemon, "Max open files"), ["64", "64"]);
    assert_eq!(limit(daemon, "Max core file size"), ["0", "0"]);
    let [user, group] = [nobody.uid.as_raw(), nobody.gid.as_raw()];
    assert_eq!(daemon.status("Uid"), [user; 4].map(|id| id.to_string()).join("\t"));
    assert_eq!(daemon.status("Gid"), [group; 4].map(|id| id.to_string()).join("\t"));
    assert_eq!(daemon.status("Groups"), group.to_string());
    assert_eq!(daemon.status("CapEff"), "0000000000000000");

    // Its path means nothing in there: the file is emptied, and stays.
    let pid_file = case.folder().join("run/chroot_and_limits.pid");
    assert_eq!(fs::read_to_string(&pid_file).unwrap(), format!("{pid}\n"));
    end(daemon);
    assert_eq!(fs::read_to_string(&pid_file).unwrap(), "");
}

#[test]
fn what_is_wrong_is_told_at_the_terminal() {
    if !is_root() {
        return skip("only root can change the root directory");
    }
    let case = Case::new();
    let refused = |args: &[&str], line: &str, status| {
        assert_refused(&example(&case, args).run(), line, status);
        case.wait_until_empty();
    };
    let missing = "expected a directory and a user";
    refused(&[], &format!("chroot_and_limits: root: {missing}"), 1);
    refused(&["cage"], &format!("chroot_and_limits: user: {missing}"), 1);
    refused(&["cage", "no-such-user"], "chroot_and_limits: user: nobody here is called no-such-user", 1);
    refused(&["cage", "nobody"], "chroot_and_limits: daemon: ENOENT: No such file or directory", 1);
}
