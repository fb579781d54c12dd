//! Who the daemon is: looked up in the parent, by its name or number, and assumed in the daemon.

use crate::error::{Error, ErrorKind};
use crate::sys::users::{self, User};
use crate::sys::{memory, process};
use std::ffi::CString;
use std::io;

/// A user or group as an option names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Id {
    /// By its name, or by its number in digits if nobody has that name.
    Name(String),
    /// By its number.
    Number(u32),
}

impl From<&str> for Id {
    fn from(name: &str) -> Id {
        Id::Name(name.to_owned())
    }
}

impl From<String> for Id {
    fn from(name: String) -> Id {
        Id::Name(name)
    }
}

impl From<&String> for Id {
    fn from(name: &String) -> Id {
        Id::Name(name.clone())
    }
}

impl From<u32> for Id {
    fn from(number: u32) -> Id {
        Id::Number(number)
    }
}

impl From<&u32> for Id {
    fn from(number: &u32) -> Id {
        Id::Number(*number)
    }
}

/// What the system takes for "unchanged".
const UNCHANGED: u32 = u32::MAX;

/// Who the daemon is to become, if it is not all that already.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) user: Option<u32>,
    pub(crate) group: u32,
    /// All groups, `group` included.
    pub(crate) groups: Vec<u32>,
    /// `HOME`, and `USER` and `LOGNAME`, if the user is another one.
    pub(crate) account: Option<Account>,
    /// For messages.
    pub(crate) label: String,
}

/// What the environment says about a user.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Account {
    pub(crate) home: Vec<u8>,
    /// `None` for a number that is in no database.
    pub(crate) name: Option<Vec<u8>>,
}

/// Looks up who the options name; `None` if the process is that already.
pub(crate) fn look_up(user: Option<Id>, group: Option<Id>) -> Result<Option<Identity>, Error> {
    if user.is_none() && group.is_none() {
        return Ok(None);
    }
    let label = label(user.as_ref(), group.as_ref());
    let group = group.map(find_group).transpose()?;
    let identity = match user.map(find_user).transpose()? {
        None => {
            let group = group.unwrap_or_default();
            Identity { group, groups: vec![group], label, ..Identity::default() }
        }
        Some(Found::Entry(user)) => {
            let group = group.unwrap_or(user.group);
            let groups = CString::new(user.name.as_slice()).map(|name| users::groups_of(&name, group));
            let groups = groups.unwrap_or_else(|_| vec![group]);
            let account = Some(Account { home: user.home, name: Some(user.name) });
            Identity { user: Some(user.number), group, groups, account, label }
        }
        Some(Found::Number(number)) => {
            let Some(group) = group else {
                return Err(Error::new(
                    ErrorKind::NoSuchUser,
                    format!("user: {number} is not in the user database, so it needs the option group"),
                ));
            };
            let account = Some(Account { home: b"/".to_vec(), name: None });
            Identity { user: Some(number), group, groups: vec![group], account, label }
        }
    };
    identity.unless_current()
}

fn label(user: Option<&Id>, group: Option<&Id>) -> String {
    let text = |what, id: &Id| match id {
        Id::Name(name) => format!("{what} {name}"),
        Id::Number(number) => format!("{what} {number}"),
    };
    let parts = [user.map(|user| text("user", user)), group.map(|group| text("group", group))];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

enum Found {
    Entry(User),
    /// Not in the database.
    Number(u32),
}

fn find_user(id: Id) -> Result<Found, Error> {
    let failed = |id: &str, why| Error::system(format!("cannot look up the user {id}"), why);
    let number = match id {
        Id::Number(number) => number,
        Id::Name(name) => {
            let c_name = c_string("user", &name)?;
            match users::user_named(&c_name).map_err(|why| failed(&name, why))? {
                Some(user) => return Ok(Found::Entry(user)),
                None => number_of(&name).ok_or_else(|| {
                    Error::new(ErrorKind::NoSuchUser, format!("user: there is no user {name}"))
                })?,
            }
        }
    };
    check_number("user", number)?;
    let user = users::user_numbered(number).map_err(|why| failed(&number.to_string(), why))?;
    Ok(user.map_or(Found::Number(number), Found::Entry))
}

fn find_group(id: Id) -> Result<u32, Error> {
    let number = match id {
        Id::Number(number) => number,
        Id::Name(name) => {
            let group = users::group_named(&c_string("group", &name)?)
                .map_err(|why| Error::system(format!("cannot look up the group {name}"), why))?;
            match group.or_else(|| number_of(&name)) {
                Some(number) => number,
                None => {
                    return Err(Error::new(
                        ErrorKind::NoSuchGroup,
                        format!("group: there is no group {name}"),
                    ));
                }
            }
        }
    };
    check_number("group", number)?;
    Ok(number)
}

fn c_string(what: &str, name: &str) -> Result<CString, Error> {
    CString::new(name).map_err(|_| Error::zero_byte(what))
}

fn number_of(name: &str) -> Option<u32> {
    let is_number = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit());
    // One that is too large is refused as a number.
    is_number.then(|| name.parse().unwrap_or(UNCHANGED))
}

fn check_number(what: &str, number: u32) -> Result<(), Error> {
    if number != UNCHANGED {
        return Ok(());
    }
    Err(Error::new(ErrorKind::OutOfRange, format!("{what}: the number is over {}", u32::MAX - 1)))
}

fn same(some: &[u32], others: &[u32]) -> bool {
    some.iter().all(|id| others.contains(id)) && others.iter().all(|id| some.contains(id))
}

impl Identity {
    /// Refuses, before anything is opened, what the system is going to refuse.
    fn unless_current(mut self) -> Result<Option<Identity>, Error> {
        if self.is_current().map_err(|why| Error::system("cannot look up the own groups", why))? {
            return Ok(None);
        }
        if !process::may_change_ids(self.user.is_some()) {
            let what = format!("only root may become {}", self.label);
            return Err(Error::new(ErrorKind::NotPermitted, what));
        }
        if !self.changes_user() {
            self.account = None;
        }
        Ok(Some(self))
    }

    fn changes_user(&self) -> bool {
        self.user.is_some_and(|user| users::user_ids().iter().any(|&own| own != user))
    }

    /// Whether all ids are so. The group counts as one of the groups whether it is listed there or not.
    fn is_current(&self) -> io::Result<bool> {
        let with_group = |mut groups: Vec<u32>| {
            groups.push(self.group);
            groups
        };
        Ok(!self.changes_user()
            && users::group_ids().iter().all(|&own| own == self.group)
            && same(&with_group(users::groups()?), &with_group(self.groups.clone())))
    }

    /// Becomes it, for good.
    pub(crate) fn assume(&self) -> Result<(), Error> {
        let (old_users, old_groups) = (users::user_ids(), users::group_ids());
        self.change().and_then(|()| self.check(&old_users, &old_groups)).map_err(|why| {
            let kind = match why.kind() {
                io::ErrorKind::PermissionDenied => ErrorKind::NotPermitted,
                _ => ErrorKind::System,
            };
            Error::new(kind, format!("cannot become {}", self.label)).because(why)
        })?;
        if let Some(account) = &self.account {
            account.show();
        }
        Ok(())
    }

    /// Groups first: who is no longer root may not change them.
    fn change(&self) -> io::Result<()> {
        users::set_groups(&self.groups)?;
        users::set_group(self.group)?;
        if let Some(user) = self.user {
            users::set_user(user)?;
        }
        Ok(())
    }

    /// Proves that it is so, and that nothing comes back.
    fn check(&self, old_users: &[u32], old_groups: &[u32]) -> io::Result<()> {
        if !self.is_current()? {
            return Err(io::Error::other("the system says that it is done, and it is not"));
        }
        let user = users::user_ids();
        if user.contains(&0) {
            // Root can become anything again.
            return Ok(());
        }
        let other_users = old_users.iter().chain([&0]).filter(|old| !user.contains(old));
        let other_groups = old_groups.iter().chain([&0]).filter(|&&old| old != self.group);
        // The last one changes nothing, and needs the same privilege as any other list.
        let came_back = other_users.copied().any(|old| users::set_effective_user(old).is_ok())
            || other_groups.copied().any(|old| users::set_effective_group(old).is_ok())
            || users::set_groups(&self.groups).is_ok()
            || !process::has_no_capability();
        if came_back {
            return Err(io::Error::other("it could become again what it was"));
        }
        Ok(())
    }
}

impl Account {
    /// Shows it in the environment, as `su` does.
    fn show(&self) {
        let name = self.name.as_deref();
        let variables = [("HOME", Some(self.home.as_slice())), ("USER", name), ("LOGNAME", name)];
        memory::set_environment(&variables);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_a_number() {
        assert_eq!(number_of("1000"), Some(1000));
        assert_eq!(number_of("4294967294"), Some(u32::MAX - 1));
        assert_eq!(number_of("99999999999"), Some(UNCHANGED));
        for name in ["", "-1", "+1", "1a", "0x1"] {
            assert_eq!(number_of(name), None, "{name}");
        }
    }

    #[test]
    fn number_for_unchanged_is_out_of_range() {
        let error = look_up(Some(Id::Number(u32::MAX)), None).expect_err("no number");
        assert_eq!(error.kind(), ErrorKind::OutOfRange);
        let error = look_up(None, Some(Id::Name("4294967295".into()))).expect_err("no number");
        assert_eq!(error.kind(), ErrorKind::OutOfRange);
    }

    #[test]
    fn what_nobody_asked_for_is_nothing() {
        assert_eq!(look_up(None, None).expect("nothing"), None);
    }

    #[test]
    fn sets_are_compared_whatever_their_order() {
        assert!(same(&[1, 2, 2], &[2, 1]));
        assert!(!same(&[1], &[1, 2]));
        assert!(!same(&[1, 2], &[1]));
    }
}
