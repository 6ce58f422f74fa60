//! `observe.monitor.v1.AlertChannelService`.

use std::sync::Arc;

use observe_core::context::Permission;
use observe_core::{CallContext, Clock, Entropy, Secret, Violations, respond};
use observe_egress::Guard;
use observe_proto::monitor::v1 as pb;
use observe_proto::monitor::v1::alert_channel::Address;
use observe_proto::monitor::v1::alert_channel_service_server::AlertChannelService;
use tokio::sync::{Notify, Semaphore};
use tonic::{Request, Response, Status};

use crate::error::Error;
use crate::incident::test_message;
use crate::monitor::name;
use crate::seal::Sealer;
use crate::service::{id, judge_url};
use crate::store::channel::{ChannelRow, ChannelStore};
use crate::{convert, webhook};

/// Makes and reads alert channels.
pub(crate) struct AlertChannels {
    pub(crate) store: ChannelStore,
    pub(crate) guard: Guard,
    pub(crate) sealer: Sealer,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    /// Wakes the deliveries of this process.
    pub(crate) wake: Arc<Notify>,
    pub(crate) tests: Semaphore,
}

impl AlertChannels {
    async fn create(
        &self,
        context: &CallContext,
        request: pb::CreateAlertChannelRequest,
    ) -> Result<pb::CreateAlertChannelResponse, Error> {
        let project = context.project(&request.project_id, Permission::Write)?;
        let channel = request.alert_channel.unwrap_or_default();
        let (name, url) = self.checked(&channel).await?;
        let now = self.clock.now();
        let id = self.entropy.uuid(now);
        let secret = webhook::generate_secret(self.entropy.as_ref());
        let row = ChannelRow {
            id,
            name,
            url,
            secret: self.sealer.seal(id, secret.expose().as_bytes()),
            created_at: now,
            disabled_reason: String::new(),
            attempt_at: None,
            attempt_delivered: false,
            attempt_status: 0,
            attempt_message: String::new(),
        };
        self.store.create(project, &row).await?;
        Ok(pb::CreateAlertChannelResponse {
            alert_channel: Some(convert::channel(row)),
            secret: secret.expose().to_owned(),
        })
    }

    async fn list(
        &self,
        context: &CallContext,
        request: pb::ListAlertChannelsRequest,
    ) -> Result<pb::ListAlertChannelsResponse, Error> {
        let project = context.project(&request.project_id, Permission::Read)?;
        let rows = self.store.list(project).await?;
        let alert_channels = rows.into_iter().map(convert::channel).collect();
        Ok(pb::ListAlertChannelsResponse { alert_channels })
    }

    async fn update(
        &self,
        context: &CallContext,
        request: pb::UpdateAlertChannelRequest,
    ) -> Result<pb::UpdateAlertChannelResponse, Error> {
        let project = context.project(&request.project_id, Permission::Write)?;
        let channel = request.alert_channel.unwrap_or_default();
        let id = id(&channel.id, "alert_channel.id", "alert channel")?;
        self.store.get(project, id).await?;
        let (name, url) = self.checked(&channel).await?;
        self.store.update(project, id, &name, &url).await?;
        self.wake.notify_one();
        let row = self.store.get(project, id).await?;
        Ok(pb::UpdateAlertChannelResponse { alert_channel: Some(convert::channel(row)) })
    }

    async fn delete(
        &self,
        context: &CallContext,
        request: pb::DeleteAlertChannelRequest,
    ) -> Result<pb::DeleteAlertChannelResponse, Error> {
        let project = context.project(&request.project_id, Permission::Write)?;
        let id = id(&request.alert_channel_id, "alert_channel_id", "alert channel")?;
        self.store.delete(project, id).await?;
        Ok(pb::DeleteAlertChannelResponse {})
    }

    async fn test(
        &self,
        context: &CallContext,
        request: pb::TestAlertChannelRequest,
    ) -> Result<pb::TestAlertChannelResponse, Error> {
        let project = context.project(&request.project_id, Permission::Write)?;
        let id = id(&request.alert_channel_id, "alert_channel_id", "alert channel")?;
        let row = self.store.get(project, id).await?;
        let Ok(_turn) = self.tests.try_acquire() else { return Err(Error::Busy) };
        let secret = self.sealer.open(id, &row.secret);
        let secret = secret.and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default();
        let now = self.clock.now();
        let body = test_message(project, &row.name, now);
        let message_id = self.entropy.uuid(now);
        let secret = Secret::new(secret);
        let attempt = webhook::send(&self.guard, &row.url, &secret, message_id, &body, now).await;
        self.store.note_attempt(project, id, &attempt, now).await?;
        Ok(pb::TestAlertChannelResponse { attempt: Some(convert::attempt(attempt, now)) })
    }

    /// Checks what was asked for, the address included. Returns name and URL.
    async fn checked(&self, channel: &pb::AlertChannel) -> Result<(String, String), Error> {
        let mut violations = Violations::new();
        let name = name(&channel.name, "alert_channel.name", &mut violations);
        let url = match &channel.address {
            Some(Address::Webhook(webhook)) => {
                let field = "alert_channel.webhook.url";
                judge_url(&self.guard, &webhook.url, field, &mut violations).await?;
                webhook.url.clone()
            }
            None => {
                violations.add("alert_channel.address", "is needed: webhook");
                String::new()
            }
        };
        violations.finish()?;
        Ok((name, url))
    }
}

#[tonic::async_trait]
impl AlertChannelService for AlertChannels {
    async fn create_alert_channel(
        &self,
        request: Request<pb::CreateAlertChannelRequest>,
    ) -> Result<Response<pb::CreateAlertChannelResponse>, Status> {
        let context = respond(CallContext::from_request(&request))?.into_inner();
        respond(self.create(&context, request.into_inner()).await)
    }

    async fn list_alert_channels(
        &self,
        request: Request<pb::ListAlertChannelsRequest>,
    ) -> Result<Response<pb::ListAlertChannelsResponse>, Status> {
        let context = respond(CallContext::from_request(&request))?.into_inner();
        respond(self.list(&context, request.into_inner()).await)
    }

    async fn update_alert_channel(
        &self,
        request: Request<pb::UpdateAlertChannelRequest>,
    ) -> Result<Response<pb::UpdateAlertChannelResponse>, Status> {
        let context = respond(CallContext::from_request(&request))?.into_inner();
        respond(self.update(&context, request.into_inner()).await)
    }

    async fn delete_alert_channel(
        &self,
        request: Request<pb::DeleteAlertChannelRequest>,
    ) -> Result<Response<pb::DeleteAlertChannelResponse>, Status> {
        let context = respond(CallContext::from_request(&request))?.into_inner();
        respond(self.delete(&context, request.into_inner()).await)
    }

    async fn test_alert_channel(
        &self,
        request: Request<pb::TestAlertChannelRequest>,
    ) -> Result<Response<pb::TestAlertChannelResponse>, Status> {
        let context = respond(CallContext::from_request(&request))?.into_inner();
        respond(self.test(&context, request.into_inner()).await)
    }
}
