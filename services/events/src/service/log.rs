//! `LogService`: the event log, for projections.

use observe_core::{CallContext, Violations, respond};
use observe_proto::events::v1::log_service_server::LogService;
use observe_proto::events::v1::{
    ListHeadsRequest, ListHeadsResponse, LogRow, ReadLogRequest, ReadLogResponse, ShardHead,
};
use observe_runtime::postgres::Database;
use tonic::{Request, Response, Status};

use crate::error::Error;
use crate::shard::Shard;
use crate::store;

/// See the contract.
pub struct Log {
    /// Where the log is.
    pub database: Database,
    /// How many shards there are.
    pub shards: Shard,
}

impl Log {
    async fn read(
        &self,
        ctx: &CallContext,
        request: ReadLogRequest,
    ) -> Result<ReadLogResponse, Error> {
        ctx.require_service()?;
        let shard = Shard::try_from(request.shard).ok().filter(|shard| *shard < self.shards);
        let mut violations = Violations::new();
        violations.require(shard.is_some(), "shard", "is not a shard");
        violations.require(request.from_sequence >= 1, "from_sequence", "begins at 1");
        violations.finish()?;
        let shard = shard.unwrap_or_default();
        let pool = self.database.worker();
        // The head first: what is committed in between must not look like a gap.
        let heads = store::log::heads(pool).await?;
        let rows = store::log::read(pool, shard, request.from_sequence).await?;
        let head_sequence = heads.iter().find(|(id, _)| *id == shard).map_or(0, |(_, head)| *head);
        let found = rows.first().map(|row| row.first_sequence);
        let expired = match found {
            Some(first) => first != request.from_sequence,
            None => request.from_sequence <= head_sequence,
        };
        if expired {
            let kept = store::log::first_kept(pool, shard).await?;
            let first_sequence = kept.unwrap_or(head_sequence + 1);
            return Err(Error::PositionExpired { shard: request.shard, first_sequence });
        }
        Ok(ReadLogResponse { rows: rows.into_iter().map(to_wire).collect(), head_sequence })
    }

    async fn heads(&self, ctx: &CallContext) -> Result<ListHeadsResponse, Error> {
        ctx.require_service()?;
        let heads = store::log::heads(self.database.worker()).await?;
        let to_head =
            |(shard, sequence)| ShardHead { shard: u32::try_from(shard).unwrap_or(0), sequence };
        Ok(ListHeadsResponse { heads: heads.into_iter().map(to_head).collect() })
    }
}

fn to_wire(row: store::log::LogRow) -> LogRow {
    LogRow {
        project_id: row.project_id.as_bytes().to_vec(),
        first_sequence: row.first_sequence,
        count: u32::try_from(row.count).unwrap_or(0),
        payload: row.payload.into(),
    }
}

#[tonic::async_trait]
impl LogService for Log {
    async fn read_log(
        &self,
        request: Request<ReadLogRequest>,
    ) -> Result<Response<ReadLogResponse>, Status> {
        let ctx = CallContext::from_request(&request);
        respond(match ctx {
            Ok(ctx) => self.read(&ctx, request.into_inner()).await,
            Err(error) => Err(error.into()),
        })
    }

    async fn list_heads(
        &self,
        request: Request<ListHeadsRequest>,
    ) -> Result<Response<ListHeadsResponse>, Status> {
        let ctx = CallContext::from_request(&request);
        respond(match ctx {
            Ok(ctx) => self.heads(&ctx).await,
            Err(error) => Err(error.into()),
        })
    }
}
