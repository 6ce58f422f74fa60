//! Newtypes over UUIDs, so that one kind of id cannot be taken for another.

use uuid::Uuid;

macro_rules! define_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        pub struct $name(Uuid);

        impl $name {
            /// Wraps a UUID that is known to be one of these ids.
            #[must_use]
            pub const fn new(id: Uuid) -> Self {
                Self(id)
            }

            /// Returns the UUID, for storage and the wire.
            #[must_use]
            pub const fn uuid(self) -> Uuid {
                self.0
            }

            /// Reads the text form of the wire; `None` if it is no UUID.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                Uuid::try_parse(text).ok().map(Self)
            }

            /// Reads the 16-byte form of internal messages; `None` for any other length.
            #[must_use]
            pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
                Uuid::from_slice(bytes).ok().map(Self)
            }

            /// Returns the 16-byte form of internal messages.
            #[must_use]
            pub fn to_bytes(self) -> Vec<u8> {
                self.0.as_bytes().to_vec()
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }
    };
}

define_id!(
    /// A site or an app: the scope of all data.
    ProjectId
);
define_id!(
    /// A group of users that share projects.
    OrganizationId
);
define_id!(
    /// Somebody who signs in.
    UserId
);
define_id!(
    /// A project's write or secret key.
    KeyId
);
define_id!(
    /// A sign-in session (not a visitor's session, which is text of the sender's).
    SessionId
);
define_id!(
    /// Somebody whose events are captured.
    PersonId
);

impl PersonId {
    /// Returns the id of the person that a distinct id is before anything else is known of it: the UUIDv5 of the distinct
    /// id in the namespace of the project.
    #[must_use]
    pub fn of_distinct_id(project: ProjectId, distinct_id: &str) -> Self {
        Self(Uuid::new_v5(&project.0, distinct_id.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_distinct_id_is_another_person_in_another_project() {
        let (a, b) = (ProjectId::new(Uuid::from_u128(1)), ProjectId::new(Uuid::from_u128(2)));
        assert_eq!(PersonId::of_distinct_id(a, "x"), PersonId::of_distinct_id(a, "x"));
        assert_ne!(PersonId::of_distinct_id(a, "x"), PersonId::of_distinct_id(b, "x"));
    }

    #[test]
    fn bytes_of_another_length_are_no_id() {
        assert_eq!(ProjectId::from_bytes(&[1; 15]), None);
        let id = ProjectId::new(Uuid::from_u128(7));
        assert_eq!(ProjectId::from_bytes(&id.to_bytes()), Some(id));
    }
}
