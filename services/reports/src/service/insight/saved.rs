//! Questions that were saved: asked on behalf of whoever may see a dashboard, and answered with numbers alone.

use observe_core::{CallContext, ErrorCode, ProjectId, ServiceError as _};
use observe_proto::reports::v1::insight_query::Kind;
use observe_proto::reports::v1::query_shared_tile_response::Kind as Answered;

use super::Insight;
use crate::convert::in_project;
use crate::error::ReportsError;
use crate::refusal::Refusal;
use crate::store::saved_insight::SAVED_INSIGHT;

impl Insight {
    /// Answers a saved question as if a reader of the project asked it now, without what an answer tells of other names.
    ///
    /// # Errors
    /// `Unreadable` if this version does not take the question; those of the question.
    pub(crate) async fn ask_saved(
        &self,
        project: ProjectId,
        request_id: String,
        mut question: Kind,
    ) -> Result<Answered, ReportsError> {
        let ctx = CallContext::service("reports", request_id);
        in_project(&mut question, project.to_string());
        let mut answer = self.ask_kind(ctx, question).await.map_err(of_saved)?;
        drop_hints(&mut answer);
        Ok(answer)
    }

    async fn ask_kind(&self, ctx: CallContext, question: Kind) -> Result<Answered, ReportsError> {
        Ok(match question {
            Kind::Trends(one) => {
                Answered::Trends(self.knowing(&ctx, &one).await?.insight.trends(ctx, one).await?)
            }
            Kind::Funnel(one) => {
                Answered::Funnel(self.knowing(&ctx, &one).await?.insight.funnel(ctx, one).await?)
            }
            Kind::Retention(one) => Answered::Retention(
                self.knowing(&ctx, &one).await?.insight.retention(ctx, one).await?,
            ),
            Kind::Lifecycle(one) => Answered::Lifecycle(
                self.knowing(&ctx, &one).await?.insight.lifecycle(ctx, one).await?,
            ),
            Kind::Stickiness(one) => Answered::Stickiness(
                self.knowing(&ctx, &one).await?.insight.stickiness(ctx, one).await?,
            ),
            Kind::Paths(one) => {
                Answered::Paths(self.knowing(&ctx, &one).await?.insight.paths(ctx, one).await?)
            }
        })
    }
}

/// Nobody who looks at a dashboard has said anything wrong: what is refused of its question is ours to say in other words.
fn of_saved(error: ReportsError) -> ReportsError {
    match error.code() {
        ErrorCode::InvalidArgument | ErrorCode::NotFound => {
            Refusal::Unreadable(SAVED_INSIGHT).into()
        }
        _ => error,
    }
}

/// Hints tell names of events and properties that the question does not have.
fn drop_hints(answer: &mut Answered) {
    match answer {
        Answered::Trends(one) => one.hints.clear(),
        Answered::Funnel(one) => one.hints.clear(),
        Answered::Retention(one) => one.hints.clear(),
        Answered::Lifecycle(one) => one.hints.clear(),
        Answered::Stickiness(one) => one.hints.clear(),
        Answered::Paths(one) => one.hints.clear(),
    }
}
