//! The services of what people keep: cohorts, saved insights, dashboards, annotations.

use std::sync::Arc;

use observe_core::page::PageTokens;
use observe_core::{Clock, Entropy};
use observe_proto::reports::v1::annotation_service_server::AnnotationServiceServer;
use observe_proto::reports::v1::cohort_service_server::CohortServiceServer;
use observe_proto::reports::v1::dashboard_service_server::DashboardServiceServer;
use observe_proto::reports::v1::saved_insight_service_server::SavedInsightServiceServer;
use observe_runtime::postgres::Database;
use tonic::service::Routes;

use super::annotation::Annotations;
use super::cohort::Cohorts;
use super::dashboard::{Dashboards, Shared};
use super::insight::Insight;
use super::persons::PersonPages;
use super::saved_insight::SavedInsights;
use crate::cohort::counter::Counter;
use crate::engine::Slots;
use crate::published::Published;
use crate::store::annotation::AnnotationStore;
use crate::store::dashboard::DashboardStore;
use crate::store::saved_insight::SavedInsightStore;

/// What these services are built from.
pub(crate) struct Kept {
    pub(crate) database: Database,
    pub(crate) published: Arc<Published>,
    pub(crate) slots: Slots,
    pub(crate) counter: Counter,
    pub(crate) pages: PersonPages,
    pub(crate) insight: Insight,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) page_tokens: PageTokens,
}

impl Kept {
    /// Adds them to those that are served.
    pub(crate) fn add_to(self, routes: Routes) -> Routes {
        let cohorts = Cohorts {
            counter: self.counter,
            published: self.published,
            slots: self.slots.clone(),
            entropy: self.entropy.clone(),
            pages: self.pages,
        };
        let saved_insights = SavedInsights {
            store: SavedInsightStore(self.database.clone()),
            slots: self.slots,
            clock: self.clock.clone(),
            entropy: self.entropy.clone(),
            page_tokens: self.page_tokens,
        };
        let dashboards = Dashboards {
            store: DashboardStore(self.database.clone()),
            insights: SavedInsightStore(self.database.clone()),
            shared: Shared::new(self.insight),
            clock: self.clock.clone(),
            entropy: self.entropy.clone(),
        };
        let store = AnnotationStore(self.database);
        let annotations = Annotations { store, clock: self.clock, entropy: self.entropy };
        routes
            .add_service(CohortServiceServer::new(cohorts))
            .add_service(SavedInsightServiceServer::new(saved_insights))
            .add_service(DashboardServiceServer::new(dashboards))
            .add_service(AnnotationServiceServer::new(annotations))
    }
}
