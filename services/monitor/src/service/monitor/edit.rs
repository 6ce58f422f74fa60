//! Making, changing and trying monitors.

use observe_core::context::Permission;
use observe_core::{CallContext, Violations, token};
use observe_proto::monitor::v1 as pb;
use prost::Message as _;
use uuid::Uuid;

use super::Monitors;
use crate::check::{Outcome, micros};
use crate::convert;
use crate::error::Error;
use crate::heartbeat;
use crate::monitor::{Spec, Target, checked};
use crate::probe;
use crate::service::{id, judge_url};
use crate::store::check::CheckRow;
use crate::store::monitor::{Found, Stored};

impl Monitors {
    pub(super) async fn create(
        &self,
        context: &CallContext,
        request: pb::CreateMonitorRequest,
    ) -> Result<pb::CreateMonitorResponse, Error> {
        let project = context.project(&request.project_id, Permission::Write)?;
        let (spec, host) = self.checked(&request.monitor.unwrap_or_default(), None).await?;
        let now = self.clock.now();
        let id = self.entropy.uuid(now);
        let token = match spec.target {
            Target::Heartbeat { .. } => Some(heartbeat::generate_token(self.entropy.as_ref())),
            Target::Http(_) => None,
        };
        let sealed = token.as_ref().map(|token| self.sealer.seal(id, token.as_bytes()));
        let stored = Stored {
            token_hash: token.map(|token| token::hash(&token).to_vec()),
            ..self.stored(id, spec, host, sealed)
        };
        self.store.create(project, &stored, now).await?;
        self.wake.notify_one();
        let monitor = self.shown(context, project, id).await?;
        Ok(pb::CreateMonitorResponse { monitor: Some(monitor) })
    }

    pub(super) async fn update(
        &self,
        context: &CallContext,
        request: pb::UpdateMonitorRequest,
    ) -> Result<pb::UpdateMonitorResponse, Error> {
        let project = context.project(&request.project_id, Permission::Write)?;
        let monitor = request.monitor.unwrap_or_default();
        let id = id(&monitor.id, "monitor.id", "monitor")?;
        let found = self.store.get(project, id).await?;
        let (spec, host) = self.checked(&monitor, Some(&found)).await?;
        // A heartbeat keeps its token.
        let sealed =
            matches!(spec.target, Target::Heartbeat { .. }).then(|| found.0.sealed.clone());
        self.store.update(project, &self.stored(id, spec, host, sealed)).await?;
        self.wake.notify_one();
        let monitor = self.shown(context, project, id).await?;
        Ok(pb::UpdateMonitorResponse { monitor: Some(monitor) })
    }

    pub(super) async fn test(
        &self,
        context: &CallContext,
        request: pb::TestMonitorRequest,
    ) -> Result<pb::TestMonitorResponse, Error> {
        let project = context.project(&request.project_id, Permission::Write)?;
        let mut monitor = request.monitor.unwrap_or_default();
        let found = if monitor.id.is_empty() {
            None
        } else {
            Some(self.store.get(project, id(&monitor.id, "monitor.id", "monitor")?).await?)
        };
        if monitor.name.trim().is_empty() {
            // It is not saved; it may have no name yet.
            "test".clone_into(&mut monitor.name);
        }
        let (spec, _) = self.checked(&monitor, found.as_ref()).await?;
        let timeout = spec.timeout();
        let Target::Http(http) = spec.target else {
            return Err(crate::error::invalid("monitor.http", "is needed: only URLs can be tried"));
        };
        let Ok(_turn) = self.tests.try_acquire() else { return Err(Error::Busy) };
        let slot = self.clock.now();
        let verdict = probe::look(&self.guard, &http, timeout).await.verdict;
        let (reason, message) = verdict.why.map_or((None, None), |(reason, message)| {
            (Some(reason.word().to_owned()), Some(message))
        });
        let phases = verdict.phases;
        let check = CheckRow {
            monitor_id: Uuid::nil(),
            slot,
            outcome: verdict.outcome as i16,
            attempt: 0,
            reason,
            message,
            status_code: verdict.status_code,
            total_us: verdict.total.map(micros),
            dns_us: phases.dns.map(micros),
            connect_us: phases.connect.map(micros),
            tls_us: phases.tls.map(micros),
            first_byte_us: phases.first_byte.map(micros),
            transfer_us: phases.transfer.map(micros),
        };
        debug_assert!(verdict.outcome != Outcome::Unspecified, "a look has an outcome");
        Ok(pb::TestMonitorResponse { check: Some(convert::check(check)) })
    }

    /// Checks what was asked for, the target's addresses included. Returns it with the host that is watched.
    async fn checked(
        &self,
        monitor: &pb::Monitor,
        there: Option<&Found>,
    ) -> Result<(Spec, String), Error> {
        let mut violations = Violations::new();
        let known = there.map(|found| self.headers(found)).unwrap_or_default();
        let spec = checked(monitor, &known, &mut violations);
        if let Some((row, _)) = there
            && monitor.target.is_some()
        {
            let same = row.kind == spec.target.kind();
            violations.require(
                same,
                "monitor.target",
                "cannot change its kind; make a new monitor",
            );
        }
        let host = match &spec.target {
            Target::Http(http) => {
                judge_url(&self.guard, &http.url, "monitor.http.url", &mut violations).await?
            }
            Target::Heartbeat { .. } => String::new(),
        };
        violations.finish()?;
        Ok((spec, host))
    }

    /// Returns the headers of a monitor, with their values; none if they cannot be read.
    fn headers(&self, (row, _): &Found) -> Vec<pb::HttpHeader> {
        if row.kind != "http" {
            return Vec::new();
        }
        let plain = self.sealer.open(row.id, &row.sealed).unwrap_or_default();
        pb::HttpTarget::decode(&plain[..]).map(|http| http.headers).unwrap_or_default()
    }

    /// Returns what is written of a monitor. Header values are sealed here; a heartbeat's token was before.
    fn stored(&self, id: Uuid, spec: Spec, host: String, sealed: Option<Vec<u8>>) -> Stored {
        let kind = spec.target.kind();
        let (target, secrets, grace_ms) = match spec.target {
            Target::Http(mut http) => {
                let headers = http.headers.clone();
                for header in &mut http.headers {
                    header.value.clear();
                }
                let secrets = pb::HttpTarget { headers, ..Default::default() };
                (http.encode_to_vec(), secrets.encode_to_vec(), 0)
            }
            Target::Heartbeat { grace_ms } => (Vec::new(), Vec::new(), grace_ms),
        };
        // All of these were checked to be small.
        let small = |millis: i64| i32::try_from(millis).unwrap_or(i32::MAX);
        Stored {
            id,
            name: spec.name,
            kind,
            interval_s: small(spec.interval_ms / 1_000),
            timeout_ms: small(spec.timeout_ms),
            retries: spec.retries,
            retry_interval_ms: small(spec.retry_interval_ms),
            grace_s: small(grace_ms / 1_000),
            target,
            sealed: sealed.unwrap_or_else(|| self.sealer.seal(id, &secrets)),
            host,
            token_hash: None,
        }
    }
}
