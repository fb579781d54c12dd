//! Users and groups of the tests' own, in place of the system's: a mount namespace makes that possible.

use std::{
    fmt::Write,
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    path::Path,
};

use support::{Case, Launch};

/// A user in several groups, one of which has 10,000 members before her.
pub(crate) const ALICE: u32 = 40_001;
/// Her login group, those that she is in, all of them.
pub(crate) const ALICES: u32 = 40_100;
pub(crate) const WEB: u32 = 40_700;
pub(crate) const CROWD: u32 = 40_702;
pub(crate) const ALL_OF_ALICE: [u32; 4] = [ALICES, WEB, 40_701, CROWD];

/// A user in no other group than the one of his login.
pub(crate) const BOB: u32 = 40_002;
pub(crate) const BOBS: u32 = 40_200;

/// The number of the user whose name is `4711`, and of his login group; another user has the number 4711.
pub(crate) const DIGITS: u32 = 40_003;
pub(crate) const DIGITS_GROUP: u32 = 40_300;
pub(crate) const CAROL: u32 = 4711;
pub(crate) const CAROLS: u32 = 40_400;
/// The number of the group whose name is `4712`; another group has the number 4712.
pub(crate) const GROUP_OF_DIGITS: u32 = 40_703;

/// A user whose entry is as long as nobody's.
pub(crate) const DORA: u32 = 40_005;
pub(crate) const DORAS: u32 = 40_500;

/// A user in 300 groups, beside the one of her login.
pub(crate) const ERIN: u32 = 40_006;
pub(crate) const ERINS: u32 = 40_600;
pub(crate) const FIRST_OF_ERIN: u32 = 41_000;
pub(crate) const COUNT_OF_ERIN: u32 = 300;

/// Numbers that no entry has.
pub(crate) const UNKNOWN: u32 = 40_008;
pub(crate) const UNKNOWN_GROUP: u32 = 40_009;

fn users() -> String {
    let long = "x".repeat(100_000);
    format!(
        "root:x:0:0:root:/root:/bin/sh\n\
         nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n\
         dora:x:{DORA}:{DORAS}:{long}:/home/dora:/bin/sh\n\
         alice:x:{ALICE}:{ALICES}:Alice:/home/alice:/bin/sh\n\
         bob:x:{BOB}:{BOBS}:Bob:/home/bob:/bin/sh\n\
         carol:x:{CAROL}:{CAROLS}:Carol:/home/carol:/bin/sh\n\
         4711:x:{DIGITS}:{DIGITS_GROUP}:Digits:/home/digits:/bin/sh\n\
         erin:x:{ERIN}:{ERINS}:Erin:/home/erin:/bin/sh\n"
    )
}

fn groups() -> String {
    let crowd: String = (0..10_000).map(|number| format!("member{number},")).collect();
    let mut groups = format!(
        "root:x:0:\n\
         nogroup:x:65534:\n\
         crowd:x:{CROWD}:{crowd}alice\n\
         alice:x:{ALICES}:\n\
         web:x:{WEB}:alice\n\
         print:x:40701:carol,alice\n\
         other:x:4712:\n\
         4712:x:{GROUP_OF_DIGITS}:\n"
    );
    for number in 0..COUNT_OF_ERIN {
        writeln!(groups, "erin{number}:x:{}:erin", FIRST_OF_ERIN + number).unwrap();
    }
    groups
}

/// Starts it where these users and groups are the only ones. For root, as any mount.
pub(crate) fn among_them<'case>(case: &'case Case, launch: Launch<'case>) -> Launch<'case> {
    let services = "passwd: files\ngroup: files\ninitgroups: files\n".to_owned();
    let files = [("passwd", users()), ("group", groups()), ("nsswitch.conf", services)];
    let mut launch = launch.first(["namespace"]);
    for (name, text) in files {
        let (path, target) = (case.folder().join(name), Path::new("/etc").join(name));
        fs::write(&path, text).unwrap();
        // Whatever the umask: an ordinary user reads them, too.
        fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        // Without the last one a system looks into the other two anyway.
        if target.exists() {
            launch = launch.first(["bind", path.to_str().unwrap(), target.to_str().unwrap()]);
        }
    }
    launch
}
