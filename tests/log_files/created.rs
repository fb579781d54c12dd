//! Mode and owner of a log file: those that were made here are the daemon's, those that were there are left alone.

use std::{
    fs::{self, Permissions},
    os::unix::fs::{MetadataExt, PermissionsExt, chown},
};

use support::{Case, is_root, skip};

use crate::{ONE_FILE, TWO_FILES, folder, mode, printer, read, with};

/// A user and a group that are in no database.
const USER: u32 = 42_001;
const GROUP: u32 = 42_002;

#[test]
fn mode_of_a_new_file_depends_on_the_daemons_umask_and_not_on_the_callers() {
    let table =
        [("--umask=022", 0o640), ("--umask=0", 0o640), ("--umask=077", 0o600), ("--umask=227", 0o440)];
    for callers in ["0", "022", "077", "777"] {
        for (option, wanted) in table {
            let case = Case::new();
            let args = with(&TWO_FILES, &[option, "println=text", "ready", "stop=up"]);
            let _daemon = printer(&case, &args).first(["umask", callers]).daemon();
            for name in ["out", "err"] {
                let seen = mode(&case.folder().join(name));
                assert_eq!(seen, wanted, "{seen:o}, {option}, caller's {callers}");
            }
        }
    }
}

#[test]
fn mode_of_a_file_that_was_there_stays() {
    for wanted in [0o600, 0o666, 0o755, 0o200] {
        let case = Case::new();
        let log = case.folder().join("log");
        fs::write(&log, "of yesterday\n").unwrap();
        fs::set_permissions(&log, Permissions::from_mode(wanted)).unwrap();
        let _daemon = printer(&case, &with(&ONE_FILE, &["println=text", "ready", "stop=up"])).daemon();
        assert_eq!(mode(&log), wanted);
    }
}

#[test]
fn new_files_belong_to_the_user_and_the_group() {
    if !is_root() {
        return skip("only root becomes another user");
    }
    let both = [format!("--user={USER}"), format!("--group={GROUP}")];
    let table = [
        (vec![], (0, 0)),
        (vec![both[0].as_str(), &both[1]], (USER, GROUP)),
        // The user stays.
        (vec![both[1].as_str()], (0, GROUP)),
    ];
    for (options, wanted) in table {
        let case = Case::new();
        let args = with(&with(&TWO_FILES, &options), &["println=text", "ready", "stop=up"]);
        let _daemon = printer(&case, &args).daemon();
        for name in ["out", "err"] {
            let file = fs::metadata(case.folder().join(name)).unwrap();
            assert_eq!((file.uid(), file.gid()), wanted, "{options:?}");
            assert_eq!(file.mode() & 0o7777, 0o640);
        }
    }
}

#[test]
fn owner_of_a_file_that_was_there_stays() {
    if !is_root() {
        return skip("only root becomes another user");
    }
    for owner in [(0, 0), (USER + 10, GROUP + 10)] {
        let case = Case::new();
        let log = case.folder().join("log");
        fs::write(&log, "of yesterday\n").unwrap();
        chown(&log, Some(owner.0), Some(owner.1)).unwrap();
        let (user, group) = (format!("--user={USER}"), format!("--group={GROUP}"));
        let args = with(&ONE_FILE, &[&user, &group, "println=text", "ready", "stop=up"]);
        // Opened before the rights were given up.
        let _daemon = printer(&case, &args).daemon();
        let file = fs::metadata(&log).unwrap();
        assert_eq!((file.uid(), file.gid()), owner);
        assert_eq!(fs::read_to_string(log).unwrap(), "of yesterday\ntext\n");
    }
}

#[test]
fn files_in_a_folder_that_only_root_can_write_to_are_there_for_an_ordinary_user() {
    if !is_root() {
        return skip("only root becomes another user");
    }
    let case = Case::new();
    folder(&case, "logs", 0o700);
    let (user, group) = (format!("--user={USER}"), format!("--group={GROUP}"));
    let args = ["--stdout=logs/out", "--stderr=logs/err", &user, &group, "println=one", "eprintln=two"];
    let daemon = printer(&case, &with(&args, &["ready", "stop=up"])).daemon();
    assert_eq!(daemon.process().status("Uid"), format!("{USER}\t{USER}\t{USER}\t{USER}"));
    assert_eq!([read(&case, "logs/out"), read(&case, "logs/err")], ["one\n", "two\n"]);
}
