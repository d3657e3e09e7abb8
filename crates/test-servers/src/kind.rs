//! The kinds of servers.

pub(crate) mod mariadb;
pub(crate) mod memcached;
pub(crate) mod redis;
