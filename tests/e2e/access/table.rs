//! The table of who may call what, as it is written in `table.txt`.

/// Who calls, in the order of the table's columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Caller {
    Stranger,
    OtherSession,
    OtherKey,
    Viewer,
    Member,
    Admin,
    Owner,
    WriteKey,
    SecretKey,
}

impl Caller {
    pub(crate) const ALL: [Self; 9] = [
        Self::Stranger,
        Self::OtherSession,
        Self::OtherKey,
        Self::Viewer,
        Self::Member,
        Self::Admin,
        Self::Owner,
        Self::WriteKey,
        Self::SecretKey,
    ];
}

/// What a caller is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Admitted: what is answered is about the request.
    Yes,
    /// Admitted to what is the caller's own.
    Own,
    Unauthenticated,
    Denied,
    /// The project or the organization is not found.
    Hidden,
    /// There is no such RPC, from outside.
    Internal,
}

impl Verdict {
    fn parse(mark: &str) -> Self {
        match mark {
            "yes" => Self::Yes,
            "own" => Self::Own,
            "401" => Self::Unauthenticated,
            "403" => Self::Denied,
            "404" => Self::Hidden,
            "internal" => Self::Internal,
            other => unreachable!("a mark that nobody knows: {other}"),
        }
    }

    pub(crate) fn admits(self) -> bool {
        matches!(self, Self::Yes | Self::Own)
    }

    /// Returns the status over HTTP of one that is not admitted.
    pub(crate) fn http_status(self) -> Option<u16> {
        match self {
            Self::Yes | Self::Own => None,
            Self::Unauthenticated => Some(401),
            Self::Denied => Some(403),
            Self::Hidden => Some(404),
            Self::Internal => Some(501),
        }
    }
}

/// One RPC.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    /// With its package.
    pub(crate) service: String,
    pub(crate) method: String,
    /// One for each of [`Caller::ALL`].
    pub(crate) verdicts: [Verdict; Caller::ALL.len()],
}

impl Row {
    pub(crate) fn verdict(&self, caller: Caller) -> Verdict {
        self.verdicts[caller as usize]
    }

    /// Returns whether only services call it.
    pub(crate) fn is_internal(&self) -> bool {
        self.verdicts.contains(&Verdict::Internal)
    }

    /// Returns whether a credential is not even looked at.
    pub(crate) fn is_public(&self) -> bool {
        self.verdict(Caller::Stranger).admits()
    }

    /// Returns the name with the package, but for our own prefix.
    pub(crate) fn path(&self) -> String {
        format!("{}/{}", self.service.trim_start_matches("observe."), self.method)
    }

    /// Returns the name for people: without the package.
    pub(crate) fn name(&self) -> String {
        let service = self.service.rsplit('.').next().unwrap_or_default();
        format!("{service}/{}", self.method)
    }
}

/// Reads `table.txt`.
pub(crate) fn read() -> Vec<Row> {
    let mut rows = Vec::new();
    let mut service = "";
    for line in include_str!("table.txt").lines() {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if !line.starts_with(' ') {
            service = line;
            continue;
        }
        let mut words = line.split_whitespace();
        let method = words.next().unwrap_or_default();
        if method == "stranger" {
            let columns = "stranger other session other key viewer member admin owner write secret";
            let written: Vec<_> = line.split_whitespace().collect();
            assert_eq!(written.join(" "), columns, "the columns of {service}");
            continue;
        }
        let verdicts: Vec<_> = words.map(Verdict::parse).collect();
        let verdicts = if verdicts == [Verdict::Internal] {
            [Verdict::Internal; Caller::ALL.len()]
        } else {
            verdicts.try_into().unwrap_or_else(|marks: Vec<_>| {
                unreachable!("{service}/{method} has {} marks, not one a caller", marks.len())
            })
        };
        rows.push(Row { service: service.to_owned(), method: method.to_owned(), verdicts });
    }
    rows
}
