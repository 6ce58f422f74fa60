//! Making the first organization, project and keys, and the first account if one is given, once, on an empty database.

use observe_core::{Secret, UserId};
use observe_proto::common::v1::KeyKind;
use observe_runtime::postgres::{Database, PoolSizes};
use observe_runtime::{Deps, StartError};
use serde::{Serialize, Serializer};

use crate::SCHEMA;
use crate::account::{NewAccount, User};
use crate::config::{Bootstrap, CompleteBootstrap, Config};
use crate::error::IdentityError;
use crate::password::Passwords;
use crate::store::bootstrap::{FirstRows, create, is_empty};

/// One connection is enough, and the app role is not used.
const POOLS: PoolSizes = PoolSizes { app: 1, worker: 1 };

/// How to get into an installation that was just made. Serialized, it holds the secrets in clear: it is meant for a file
/// that only its owner can read.
#[derive(Clone, Debug, Serialize)]
pub struct Credentials {
    /// The first project.
    pub project_id: String,
    /// The first account's e-mail, if the account was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The account's password, if it was generated; one that was given is the giver's to keep.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "clear_option")]
    pub password: Option<Secret>,
    /// The project's write key.
    #[serde(serialize_with = "clear")]
    pub write_key: Secret,
    /// The project's secret key.
    #[serde(serialize_with = "clear")]
    pub secret_key: Secret,
}

fn clear<S: Serializer>(secret: &Secret, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose())
}

#[expect(clippy::ref_option, reason = "the signature that serde asks for")]
fn clear_option<S: Serializer>(secret: &Option<Secret>, serializer: S) -> Result<S::Ok, S::Error> {
    secret.as_ref().map(Secret::expose).serialize(serializer)
}

/// Makes the organization and project `Default` and the project's two keys, and the first account if its e-mail is given,
/// if the database is empty; keys that are not given are generated. Without an account the installation waits for
/// its setup link ([`crate::setup_token`]). Safe to call from many processes at once, and again at every start. Call it after
/// [`crate::migrate`].
///
/// `keep` is given the credentials before they come into force, so that a process that dies at any instant has either kept
/// them or made none. Returns them if it was this call that made them; they cannot be had again.
///
/// # Errors
/// A sentence if the database is away, or that of `keep`.
pub async fn bootstrap(
    config: &Config,
    bootstrap: Bootstrap,
    deps: &Deps,
    keep: impl FnOnce(&Credentials) -> Result<(), StartError>,
) -> Result<Option<Credentials>, StartError> {
    let fail = |error: IdentityError| {
        StartError::new(format!("the first account and project could not be made: {error}"))
    };
    let database = Database::open(&config.database_url, SCHEMA, POOLS)?;
    // Looked at first, so that a start of an old installation does not cost a password hash.
    if !is_empty(&database).await.map_err(fail)? {
        return Ok(None);
    }
    let given = bootstrap.complete(&*deps.entropy);
    let now = deps.clock.now();
    let id = || deps.entropy.uuid(now);
    let account = match &given.account {
        None => None,
        Some(account) => {
            let hash = Passwords::new().hash(account.password.clone(), &*deps.entropy).await;
            let name = account.email.split('@').next().unwrap_or_default().to_owned();
            let user = User { id: UserId::new(id()), email: account.email.clone(), name };
            Some(NewAccount { user, password_hash: hash.map_err(fail)? })
        }
    };
    let rows = FirstRows {
        organization: id(),
        project: id(),
        account,
        keys: [
            (id(), KeyKind::Write, "First write key", given.write_key.expose()),
            (id(), KeyKind::Secret, "First secret key", given.secret_key.expose()),
        ],
        now,
    };
    let Some(made) = create(&database, &rows).await.map_err(fail)? else { return Ok(None) };
    let project_id = rows.project.to_string();
    let credentials = credentials(project_id, given);
    keep(&credentials)?;
    made.commit().await.map_err(|error| fail(error.into()))?;
    Ok(Some(credentials))
}

fn credentials(project_id: String, given: CompleteBootstrap) -> Credentials {
    let (email, password) = match given.account {
        None => (None, None),
        Some(account) => {
            (Some(account.email), account.generated_password.then_some(account.password))
        }
    };
    Credentials {
        project_id,
        email,
        password,
        write_key: given.write_key,
        secret_key: given.secret_key,
    }
}
