//! Pausing, resuming and removing monitors.

use observe_core::{ProjectId, UserId};
use sqlx::PgConnection;
use sqlx::types::Uuid;

use crate::error::Error;
use crate::incident::{Ending, EntryKind, Kind};
use crate::state::State;
use crate::store::incident;
use crate::store::monitor::{MonitorStore, lock, now, state_number};

impl MonitorStore {
    /// Removes a monitor and all that was recorded of it. Its incidents stay; an open one is closed.
    pub(crate) async fn delete(
        &self,
        project: ProjectId,
        monitor: Uuid,
        user: Option<UserId>,
    ) -> Result<(), Error> {
        let mut tx = self.database.tenant(project).await?;
        lock(&mut tx, monitor).await?;
        self.close_incident(&mut tx, project, monitor, "The monitor was deleted.", user).await?;
        for statement in [
            "delete from monitor_state where monitor_id = $1",
            "delete from check_slot where monitor_id = $1",
            "delete from check_bucket where monitor_id = $1",
            "delete from monitor where id = $1",
        ] {
            sqlx::query(statement).bind(monitor).execute(&mut *tx).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// Stops checking. A check that is under way is not recorded.
    pub(crate) async fn pause(
        &self,
        project: ProjectId,
        monitor: Uuid,
        user: Option<UserId>,
    ) -> Result<(), Error> {
        let mut tx = self.database.tenant(project).await?;
        lock(&mut tx, monitor).await?;
        let changed = sqlx::query(
            "update monitor_state set state = $2, state_since = now(), failures = 0, failing_since = null,
                                      next_at = 'infinity', begun_at = null
             where monitor_id = $1 and state <> $2",
        )
        .bind(monitor)
        .bind(state_number(State::Paused))
        .execute(&mut *tx)
        .await?;
        if changed.rows_affected() == 1 {
            sqlx::query("delete from check_slot where monitor_id = $1 and outcome = 0")
                .bind(monitor)
                .execute(&mut *tx)
                .await?;
            self.close_incident(&mut tx, project, monitor, "The monitor was paused.", user).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// Checks again. A heartbeat that was ever called gets a whole interval.
    pub(crate) async fn resume(&self, project: ProjectId, monitor: Uuid) -> Result<(), Error> {
        let mut tx = self.database.tenant(project).await?;
        lock(&mut tx, monitor).await?;
        sqlx::query(
            "update monitor_state s set state = $2, state_since = now(), next_at = case
                 when not s.heartbeat then date_trunc('milliseconds', now())
                 when exists (select from check_slot c where c.monitor_id = $1)
                     then now() + (m.interval_s + m.grace_s) * interval '1 second'
                 else 'infinity' end
             from monitor m where s.monitor_id = $1 and m.id = $1 and s.state = $3",
        )
        .bind(monitor)
        .bind(state_number(State::Pending))
        .bind(state_number(State::Paused))
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(())
    }

    async fn close_incident(
        &self,
        connection: &mut PgConnection,
        project: ProjectId,
        monitor: Uuid,
        text: &str,
        user: Option<UserId>,
    ) -> Result<(), Error> {
        let at = now(connection).await?;
        let ending = Ending { kind: EntryKind::Closed, text: text.to_owned(), user, at };
        let subject = monitor.to_string();
        incident::close(connection, &self.outbox, project, Kind::MonitorDown, &subject, &ending)
            .await?;
        Ok(())
    }
}
