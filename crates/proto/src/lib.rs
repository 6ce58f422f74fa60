//! The contracts of Observe: the types and gRPC stubs generated from `proto/`, one module per package.
//!
//! Nothing is written by hand here. To learn what an RPC does, read its `.proto` file.

#![allow(missing_docs, clippy::disallowed_methods, reason = "generated code builds its own status")]

/// Shared vocabulary: call context, errors, ranges, filters.
pub mod common {
    /// Version 1.
    pub mod v1 {
        tonic::include_proto!("observe.common.v1");
    }
}

/// Events: capture, ingest, log, lists, pipeline.
pub mod events {
    /// Version 1.
    pub mod v1 {
        tonic::include_proto!("observe.events.v1");
    }
}

/// Identity: accounts, projects, keys, persons.
pub mod identity {
    /// Version 1.
    pub mod v1 {
        tonic::include_proto!("observe.identity.v1");
    }
}

/// Monitor: monitors, checks, incidents, alert channels.
pub mod monitor {
    /// Version 1.
    pub mod v1 {
        tonic::include_proto!("observe.monitor.v1");
    }
}

/// Reports: insights, errors, latency, overview, usage.
pub mod reports {
    /// Version 1.
    pub mod v1 {
        tonic::include_proto!("observe.reports.v1");
    }
}

/// All contracts as an encoded `google.protobuf.FileDescriptorSet`, for reflection and JSON transcoding.
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));
