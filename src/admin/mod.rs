//! The admin listener: status, health and metrics.
