//! Policy files on disk: reading, and expanding `include` patterns.
