//! The first account, by the setup link.

use observe_core::OrganizationId;
use observe_proto::common::v1::Role;
use observe_runtime::postgres::Database;
use sqlx::PgConnection;
use sqlx::types::Uuid;

use crate::account::{NewAccount, NewSession};
use crate::error::IdentityError;
use crate::store::account::insert_account;
use crate::store::bootstrap::{first_organization, insert_defaults, lock_first};
use crate::store::organization::insert_member;
use crate::store::session::insert_session;

/// The ids of an organization and a project, for an installation that has none.
pub(crate) struct DefaultIds {
    pub(crate) organization: Uuid,
    pub(crate) project: Uuid,
}

/// Makes the first account.
#[derive(Clone)]
pub(crate) struct SetupStore(pub(crate) Database);

impl SetupStore {
    /// Returns whether there is no account.
    pub(crate) async fn is_needed(&self) -> Result<bool, IdentityError> {
        has_no_user(&self.0).await
    }

    /// Makes the first account as owner of the first organization, and opens its session. Returns whether there was none
    /// before: else nothing is made.
    pub(crate) async fn sign_up(
        &self,
        account: &NewAccount,
        session: &NewSession,
        defaults: &DefaultIds,
    ) -> Result<bool, IdentityError> {
        let mut tx = self.0.worker().begin().await?;
        lock_first(&mut tx).await?;
        if !is_without_user(&mut tx).await? {
            return Ok(false);
        }
        let organization = match first_organization(&mut tx).await? {
            Some(organization) => organization,
            // A process that was given no keys makes nothing at its start.
            None => {
                insert_defaults(&mut tx, defaults.organization, defaults.project, session.now)
                    .await?;
                OrganizationId::new(defaults.organization)
            }
        };
        insert_account(&mut tx, account, session.now).await?;
        insert_member(&mut tx, organization, account.user.id, Role::Owner, session.now).await?;
        insert_session(&mut tx, session).await?;
        tx.commit().await?;
        Ok(true)
    }
}

/// Returns whether there is no account.
pub(crate) async fn has_no_user(database: &Database) -> Result<bool, IdentityError> {
    let mut connection = database.worker().acquire().await?;
    is_without_user(&mut connection).await
}

async fn is_without_user(connection: &mut PgConnection) -> Result<bool, IdentityError> {
    Ok(sqlx::query_scalar("select not exists (select 1 from user_account)")
        .fetch_one(connection)
        .await?)
}
