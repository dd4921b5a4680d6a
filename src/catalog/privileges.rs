//! What gives a container power over its host: capabilities, sockets, paths, devices.

use std::sync::OnceLock;

use super::table::{Name, column, names_of, rows};

const TABLE: &str = include_str!("privileges.txt");

/// What sort of thing gives it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sort {
    Capability,
    /// A path that is a control socket.
    Socket,
    /// A path that holds one.
    Folder,
    Path,
    Device,
}

/// How far it reaches.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Reach {
    /// Something to know.
    Within,
    /// Beyond the container.
    Beyond,
    /// The host is taken over with it and nothing else.
    Host,
}

/// One line of the table.
#[derive(Debug)]
pub struct Privilege {
    sort: Sort,
    names: Vec<Name>,
    /// `None` where there is nothing to say.
    pub written: Option<Reach>,
    /// The same, where it can only be read.
    pub read: Option<Reach>,
    /// What it gives, in English and in Chinese.
    pub gives: (&'static str, &'static str),
}

fn reach(word: &str) -> Option<Reach> {
    match word {
        "error" => Some(Reach::Host),
        "warning" => Some(Reach::Beyond),
        "info" => Some(Reach::Within),
        _ => None,
    }
}

fn sort(word: &str) -> Option<Sort> {
    Some(match word {
        "capability" => Sort::Capability,
        "socket" => Sort::Socket,
        "folder" => Sort::Folder,
        "path" => Sort::Path,
        "device" => Sort::Device,
        _ => return None,
    })
}

fn table() -> &'static [Privilege] {
    static READ: OnceLock<Vec<Privilege>> = OnceLock::new();
    READ.get_or_init(|| {
        rows(TABLE)
            .filter_map(|(_, row)| {
                Some(Privilege {
                    sort: sort(column(&row, 0))?,
                    names: names_of(column(&row, 1)).map(Name::new).collect(),
                    written: reach(column(&row, 2)),
                    read: reach(column(&row, 3)),
                    gives: (column(&row, 4), column(&row, 5)),
                })
            })
            .collect()
    })
}

/// What a name of a sort gives.
pub fn privilege(of: Sort, name: &str) -> Option<&'static Privilege> {
    // A person's whole home, whoever it is.
    let home = name.strip_prefix("/home/").is_some_and(|rest| !rest.contains('/'));
    let name = if of == Sort::Path && home { "~" } else { name };
    table().iter().find(|p| p.sort == of && p.names.iter().any(|known| known.fits(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_has_the_form() {
        let mut count = 0;
        for (line, row) in rows(TABLE) {
            assert_eq!(row.len(), 7, "privileges.txt:{line}: sort | names | written | read | gives | 给予 | source");
            assert!(sort(column(&row, 0)).is_some(), "privileges.txt:{line}: a sort that is none");
            for word in [column(&row, 2), column(&row, 3)] {
                assert!(reach(word).is_some() || word == "-", "privileges.txt:{line}: `{word}` is no severity");
            }
            assert!(column(&row, 4).is_ascii() && !column(&row, 5).is_ascii(), "privileges.txt:{line}: two languages");
            assert!(column(&row, 6).starts_with("https://"), "privileges.txt:{line}: no source");
            count += 1;
        }
        assert_eq!(table().len(), count);
    }

    #[test]
    fn the_first_line_that_fits_counts() {
        let written = |sort, name| privilege(sort, name).and_then(|p| p.written);
        assert_eq!(written(Sort::Capability, "SYS_ADMIN"), Some(Reach::Host));
        assert_eq!(written(Sort::Capability, "NET_BIND_SERVICE"), None);
        assert_eq!(written(Sort::Socket, "/run/user/1000/podman/podman.sock"), Some(Reach::Host));
        assert_eq!(written(Sort::Path, "/etc/localtime"), None);
        assert_eq!(written(Sort::Path, "/etc/cron.d"), Some(Reach::Host));
        assert_eq!(written(Sort::Path, "/etc/nginx/nginx.conf"), Some(Reach::Beyond));
        assert_eq!(written(Sort::Path, "/srv/data"), None);
        assert_eq!(written(Sort::Device, "/dev/dri"), None);
        assert_eq!(written(Sort::Device, "/dev/nvme0n1"), Some(Reach::Host));
    }
}
